//! What must be on record before money can move (`design.md` "Money" 2).
//!
//! The journal is two verbs, not a trait that the core calls: [`Role::poll_journal`](crate::role::Role)
//! gives a record, [`Role::journal_done`](crate::role::Role) says that it is stored. Until then the message
//! that it is about does not leave.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::pos::{ExternalId, RequestId, RequestKind};

/// The format of the records that this version writes.
pub const RECORD_VERSION: u8 = 1;

/// Names one record until it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordId(pub(crate) u32);

/// The journal could not store a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalFailed;

impl fmt::Display for JournalFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the journal could not be written; nothing was sent")
    }
}

impl core::error::Error for JournalFailed {}

/// One record: what was asked of which terminal, and how it stands. No card data, no token, no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The format, [`RECORD_VERSION`].
    pub version: u8,
    /// The request.
    pub request: RequestId,
    /// What it asked for.
    pub kind: RequestKind,
    /// The point of sale's id of the attempt.
    pub external_id: ExternalId,
    /// The amount in minor units, without the tip.
    pub amount: i64,
    /// The tip in minor units, if the request had one.
    pub tip: Option<i64>,
    /// The serial number of the terminal that was asked.
    pub terminal: heapless::String<32>,
    /// The merchant that the terminal belongs to.
    pub merchant: heapless::String<32>,
    /// The caller's wall clock, milliseconds since 1970, if it has one.
    pub unix_ms: Option<u64>,
    /// How it stands.
    pub state: RecordState,
}

/// How a request stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordState {
    /// It is about to be sent; from here on the money is in doubt.
    Intent,
    /// Its outcome is known.
    Outcome,
    /// The application has stored the outcome.
    Delivered,
}
