//! Parts of what the terminal shows and does.

use crate::wire::json::Text;
use crate::wire::names::KeyPress;
use crate::wire::object::objects;

objects! {
    /// A key that may be pressed while a screen is up.
    InputOption, InputOptionDraft {
        /// The key.
        key_press: KeyPress<'m> = "keyPress";
        /// What is written on it.
        description: Text<'m> = "description";
    }

    /// Which payment or activity the terminal is busy with.
    DeviceStateData, DeviceStateDataDraft {
        /// The point of sale's id of the payment.
        external_payment_id: Text<'m> = "externalPaymentId";
        /// The running activity.
        custom_activity_id: Text<'m> = "customActivityId";
    }
}
