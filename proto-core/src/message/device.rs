//! What the terminal is doing: receipts, resets, refusals, errors, logs.

use super::messages;
use crate::model::{DeviceStateData, DeviceStateDataDraft};
use crate::wire::names::{DeviceState, DeviceSubState, LogLevel, ResultStatus};

messages! {
    /// The terminal has received a command (`protocol/link.md` §4.10). It says nothing about what becomes
    /// of it.
    Ack, AckDraft = Ack, Both, 1 {
        /// The `id` of the message that was received.
        source_message_id: text = "sourceMessageId";
        /// The name of the message that was received.
        source_method: text = "sourceMethod";
    }

    /// Makes the terminal give up what it does and return to its welcome screen (`protocol/messages.md`
    /// §3).
    Break, BreakDraft = Break, ToTerminal, 1 {}

    /// The state that the terminal reached after BREAK (`protocol/messages.md` §3). No evidence about
    /// money.
    ResetDeviceResponse, ResetDeviceResponseDraft = ResetDeviceResponse, ToPos, 1 {
        /// How it went. Sources name it either way, so it is written both ways (`protocol/messages.md` §5).
        result: name(ResultStatus) = "result" & "status";
        /// Why not, if it did not.
        reason: text = "reason";
        /// The state now.
        state: name(DeviceState) = "state";
    }

    /// Asks what the terminal is doing (`protocol/messages.md` §3). Allowed at any time.
    RetrieveDeviceStatusRequest, RetrieveDeviceStatusRequestDraft = RetrieveDeviceStatusRequest, ToTerminal, 1 {
        /// Whether it shall send its last message again.
        send_last_message: flag = "sendLastMessage";
    }

    /// What the terminal is doing (`protocol/messages.md` §3).
    RetrieveDeviceStatusResponse, RetrieveDeviceStatusResponseDraft = RetrieveDeviceStatusResponse, ToPos, 1 {
        /// How the question went. Sources name it either way, so it is written both ways
        /// (`protocol/messages.md` §5).
        result: name(ResultStatus) = "result" & "status";
        /// Why, if it went wrong.
        reason: text = "reason";
        /// What it is doing.
        state: name(DeviceState) = "state";
        /// The same, finer.
        substate: name(DeviceSubState) = "substate" | "subState";
        /// Which payment or activity it is doing it for.
        data: object(DeviceStateData, DeviceStateDataDraft) = "data";
    }

    /// The terminal refused a command because of what it is doing (`protocol/messages.md` §3).
    InvalidStateTransition, InvalidStateTransitionDraft = InvalidStateTransition, ToPos, 1 {
        /// Usually CANCEL.
        result: name(ResultStatus) = "result" | "status";
        /// Why.
        reason: text = "reason";
        /// What was asked for, e.g. the name of the message.
        requested_transition: text = "requestedTransition";
        /// What the terminal was doing.
        state: name(DeviceState) = "state";
        /// The same, finer.
        substate: name(DeviceSubState) = "substate" | "subState";
        /// Which payment or activity it was doing it for.
        data: object(DeviceStateData, DeviceStateDataDraft) = "data";
    }

    /// An error of the terminal that fits no other answer (`protocol/link.md` §4.12). It does not say what
    /// caused it.
    RemoteError, RemoteErrorDraft = RemoteError, ToPos, 1 {
        /// A number without a public meaning.
        error_code: int = "errorCode";
        /// A short text.
        error_message: text = "errorMessage";
        /// A long text.
        error_detail: text = "errorDetail";
    }

    /// Something for the terminal's log (`protocol/messages.md` §3).
    LogMessage, LogMessageDraft = LogMessage, ToTerminal, 1 {
        /// How much it matters.
        log_level: name(LogLevel) = "logLevel";
        /// Texts by name.
        messages: map = "messages";
    }

    /// Makes the terminal send its log to its maker (`protocol/messages.md` §3).
    CloverDeviceLogRequest, CloverDeviceLogRequestDraft = CloverDeviceLogRequest, ToTerminal, 1 {
        /// A text to find it by. One SDK spells the name with a capital.
        message: text = "message" | "Message";
    }
}
