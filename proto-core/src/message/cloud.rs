//! What only the proxy of the cloud link says.

use super::messages;

messages! {
    /// The other side goes away (`protocol/messages.md` §3).
    Shutdown, ShutdownDraft = Shutdown, Both, 1 {}

    /// The proxy wants the connection closed and opened again (`protocol/messages.md` §3).
    Reset, ResetDraft = Reset, ToPos, 1 {}

    /// Another point of sale took the terminal over (`protocol/messages.md` §3). The one message of type
    /// EVENT.
    Forceconnect, ForceconnectDraft = Forceconnect, ToPos, 1, Event {
        /// The name of the one that took over.
        friendly_id: text = "friendlyId";
    }
}
