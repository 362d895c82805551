//! Closing the batch.

use super::messages;
use crate::model::Batch;
use crate::wire::names::ResultStatus;

messages! {
    /// Closes the batch of payments (`protocol/messages.md` §3).
    CloseoutRequest, CloseoutRequestDraft = CloseoutRequest, ToTerminal, 1 {
        /// Whether to close it although pre-authorisations are open.
        allow_open_tabs: flag = "allowOpenTabs";
        /// Which batch; absent is the open one.
        batch_id: text = "batchId";
    }

    /// What became of closing (`protocol/messages.md` §3).
    CloseoutResponse, CloseoutResponseDraft = CloseoutResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// The batch.
        batch: json(Batch) = "batch";
    }
}
