//! Applications of the merchant on the terminal.

use super::messages;

messages! {
    /// Starts an activity (`protocol/messages.md` §3).
    ActivityRequest, ActivityRequestDraft = ActivityRequest, ToTerminal, 1 {
        /// Which one.
        action: text = "action";
        /// A text for it, often JSON; it stays a string.
        payload: text = "payload";
        /// Whether a payment may interrupt it.
        non_blocking: flag = "nonBlocking";
        /// Whether it interrupts even a payment. SDKs say false.
        force_launch: flag = "forceLaunch";
    }

    /// The activity ended (`protocol/messages.md` §3).
    ActivityResponse, ActivityResponseDraft = ActivityResponse, ToPos, 1 {
        /// -1 is success, anything else counts as cancelled.
        result_code: int = "resultCode";
        /// Why it failed.
        fail_reason: text = "failReason";
        /// Its result, often JSON; it stays a string.
        payload: text = "payload";
        /// Which one.
        action: text = "action";
        /// A text for people; one SDK reads it.
        message: text = "message";
    }

    /// A text for the running activity (`protocol/messages.md` §3).
    ActivityMessageToActivity, ActivityMessageToActivityDraft = ActivityMessageToActivity, ToTerminal, 1 {
        /// Which one.
        action: text = "action";
        /// The text, often JSON; it stays a string.
        payload: text = "payload";
    }

    /// A text from the running activity (`protocol/messages.md` §3).
    ActivityMessageFromActivity, ActivityMessageFromActivityDraft = ActivityMessageFromActivity, ToPos, 1 {
        /// Which one.
        action: text = "action";
        /// The text, often JSON; it stays a string.
        payload: text = "payload";
    }
}
