//! What comes after an authorisation: capture, increment, tip.

use super::messages;
use crate::model::Authorization;
use crate::wire::names::ResultStatus;

messages! {
    /// Captures a pre-authorisation (`protocol/messages.md` §3).
    CapturePreauth, CapturePreauthDraft = CapturePreauth, ToTerminal, 1 {
        /// The payment.
        payment_id: text = "paymentId";
        /// What to charge, without the tip.
        amount: money = "amount";
        /// The tip.
        tip_amount: money = "tipAmount";
    }

    /// What became of a capture (`protocol/messages.md` §3).
    CapturePreauthResponse, CapturePreauthResponseDraft = CapturePreauthResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// A text for people.
        message: text = "message";
        /// The payment.
        payment_id: text = "paymentId";
        /// What was charged, without the tip.
        amount: money = "amount";
        /// The tip.
        tip_amount: money = "tipAmount";
    }

    /// Raises a pre-authorisation (`protocol/messages.md` §3).
    IncrementPreauthRequest, IncrementPreauthRequestDraft = IncrementPreauthRequest, ToTerminal, 1 {
        /// By how much.
        amount: money = "amount";
        /// The payment.
        payment_id: text = "paymentId";
    }

    /// What became of a raise (`protocol/messages.md` §3).
    IncrementPreauthResponse, IncrementPreauthResponseDraft = IncrementPreauthResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// The pre-authorisation as it is now.
        authorization: json(Authorization) = "authorization";
    }

    /// Sets the tip of an authorisation (`protocol/messages.md` §3).
    TipAdjust, TipAdjustDraft = TipAdjust, ToTerminal, 1 {
        /// The order of the payment.
        order_id: text = "orderId";
        /// The payment.
        payment_id: text = "paymentId";
        /// The tip; not what is added to it.
        tip_amount: money = "tipAmount";
        /// Texts that are passed through; one SDK sends them.
        pass_through_values: map = "passThroughValues";
    }

    /// What became of a tip (`protocol/messages.md` §3).
    TipAdjustResponse, TipAdjustResponseDraft = TipAdjustResponse, ToPos, 1 {
        /// The order.
        order_id: text = "orderId";
        /// The payment.
        payment_id: text = "paymentId";
        /// The tip as it is now.
        amount: money = "amount";
        /// Whether it was set.
        success: flag = "success";
        /// A short reason.
        reason: text = "reason";
        /// A text for people.
        message: text = "message";
    }
}
