//! Receipts, resets, refusals and errors.

use super::messages;
use crate::model::DeviceStateData;
use crate::wire::json::Text;
use crate::wire::names::{DeviceState, DeviceSubState, ResultStatus};

messages! {
    /// The terminal has received a command. It says nothing about what becomes of it.
    Ack, AckDraft = Ack, 1 {
        /// The `id` of the message that was received.
        source_message_id: Text<'m> = "sourceMessageId";
    }

    /// Makes the terminal give up what it does and return to its welcome screen.
    Break, BreakDraft = Break, 1 {}

    /// The state that the terminal reached after BREAK. No evidence about money.
    ResetDeviceResponse, ResetDeviceResponseDraft = ResetDeviceResponse, 1 {
        /// How it went.
        result: ResultStatus<'m> = "result" | "status";
        /// Why not, if it did not.
        reason: Text<'m> = "reason";
        /// The state now.
        state: DeviceState<'m> = "state";
    }

    /// The terminal refused a command because of what it is doing.
    InvalidStateTransition, InvalidStateTransitionDraft = InvalidStateTransition, 1 {
        /// Usually CANCEL.
        result: ResultStatus<'m> = "result" | "status";
        /// Why.
        reason: Text<'m> = "reason";
        /// What was asked for, e.g. the name of the message.
        requested_transition: Text<'m> = "requestedTransition";
        /// What the terminal was doing.
        state: DeviceState<'m> = "state";
        /// The same, finer.
        substate: DeviceSubState<'m> = "substate";
        /// Which payment or activity it was doing it for.
        data: DeviceStateData<'m>, crate::model::DeviceStateDataDraft<'m> = "data";
    }

    /// An error of the terminal that fits no other answer. It does not say what caused it.
    RemoteError, RemoteErrorDraft = RemoteError, 1 {
        /// A number without a public meaning.
        error_code: i64 = "errorCode";
        /// A short text.
        error_message: Text<'m> = "errorMessage";
        /// A long text.
        error_detail: Text<'m> = "errorDetail";
    }
}
