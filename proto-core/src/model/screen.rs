//! Parts of what the terminal shows and does.

use crate::wire::names::{ChallengeType, KeyPress, VoidReason};
use crate::wire::object::objects;

objects! {
    /// A key that may be pressed while a screen is up (`protocol/model.md` §5).
    InputOption, InputOptionDraft {
        /// The key.
        key_press: name(KeyPress) = "keyPress";
        /// What is written on it.
        description: text = "description";
    }

    /// Something that the merchant has to decide (`protocol/connector.md` §8.2).
    Challenge, ChallengeDraft {
        /// The question for people.
        message: text = "message";
        /// What it is about.
        kind: name(ChallengeType) = "type";
        /// The reason to give when it is rejected.
        reason: name(VoidReason) = "reason";
    }

    /// A payment that was taken offline and is not sent yet (`protocol/model.md` §5).
    PendingPaymentEntry, PendingPaymentEntryDraft {
        /// The terminal's id of the payment.
        payment_id: text = "paymentId";
        /// What was charged, without the tip.
        amount: money = "amount";
        /// The point of sale's id of the attempt.
        external_payment_id: text = "externalPaymentId";
        /// The tip.
        tip_amount: money = "tipAmount";
    }

    /// Which payment or activity the terminal is busy with (`protocol/model.md` §5
    /// ExternalDeviceStateData).
    DeviceStateData, DeviceStateDataDraft {
        /// The point of sale's id of the payment.
        external_payment_id: text = "externalPaymentId";
        /// The running activity.
        custom_activity_id: text = "customActivityId" | "customerActivityId";
    }
}
