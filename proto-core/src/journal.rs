//! What must be on record before money can move (`design.md` "Money" 2).
//!
//! The journal is two verbs, not a trait that the core calls: [`Role::poll_journal`](crate::role::Role)
//! gives a record, [`Role::journal_done`](crate::role::Role) says that it is stored. Until then the message
//! that it is about does not leave.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::pos::{Ending, ExternalId, PaymentId, RequestId, RequestKind};

/// Room for any record as JSON, in bytes.
pub const RECORD_LEN: usize = 2_048;

/// The format of the records that this version writes.
pub const RECORD_VERSION: u8 = 1;

/// Names one record until it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecordId(pub(crate) u32);

/// The journal could not store a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct JournalFailed;

impl fmt::Display for JournalFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the journal could not be written")
    }
}

impl core::error::Error for JournalFailed {}

/// One record: what was asked of which terminal, and how it stands. No card data, no token, no names.
///
/// The records of one request have the same number; the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record {
    /// The format, [`RECORD_VERSION`].
    pub version: u8,
    /// The request.
    pub request: RequestId,
    /// What it asked for.
    pub kind: RequestKind,
    /// The point of sale's id of the attempt.
    pub external_id: ExternalId,
    /// The payment that a refund or a void is about, by the terminal's id.
    pub payment: Option<PaymentId>,
    /// The same by the point of sale's id, if it said so: the key to look it up.
    pub original: Option<ExternalId>,
    /// The amount in minor units, without the tip; 0 for a full refund and for a void.
    pub amount: i64,
    /// The tip in minor units, if the request had one.
    pub tip: Option<i64>,
    /// The serial number of the terminal that was asked.
    pub terminal: heapless::String<32>,
    /// The merchant that the terminal belongs to.
    pub merchant: heapless::String<32>,
    /// It says that it is a simulator: whatever it tells, no money moves.
    pub simulated: bool,
    /// The caller's wall clock, milliseconds since 1970, if it has one.
    pub unix_ms: Option<u64>,
    /// A payment was made while the terminal had this one that says it is another one, and may be this one under a
    /// wrong name: that there is none under its own name proves nothing.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub other_paid: bool,
    /// How it stands.
    pub state: RecordState,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}

impl Record {
    /// Whether there is something left to do about it after a restart: an end to find out, or one that the
    /// application has not stored. Such a record goes to [`Pos::resume`](crate::pos::Pos::resume).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != RecordState::Delivered || !self.is_settled()
    }

    /// Whether nothing is left to find out about it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.ending.as_ref().is_some_and(Ending::is_settled)
    }

    /// Writes the record as one JSON object; [`RECORD_LEN`] bytes are enough for any. Returns its length.
    ///
    /// # Errors
    ///
    /// [`JournalFailed`] if it does not fit.
    pub fn to_json(&self, room: &mut [u8]) -> Result<usize, JournalFailed> {
        serde_json_core::to_slice(self, room).map_err(|_| JournalFailed)
    }

    /// Reads a record that [`to_json`](Self::to_json) wrote, white space around it allowed; `None` if it is
    /// something else, or of another [version](Self::version).
    #[must_use]
    pub fn from_json(text: &[u8]) -> Option<Self> {
        // Room for the longest string in it, unescaped.
        let mut scratch = [0; 64];
        let (record, used): (Self, _) =
            serde_json_core::from_slice_escaped(text, &mut scratch).ok()?;
        let whole = text.get(used..)?.trim_ascii().is_empty();
        (whole && record.version == RECORD_VERSION).then_some(record)
    }
}

/// How a request stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordState {
    /// It is about to be sent; from here on the money is in doubt.
    Intent,
    /// It has ended, see [`Record::ending`]; the application has not stored that yet.
    Outcome,
    /// The application has stored the outcome.
    Delivered,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pos::{Cause, Certainty, Evidence, Finality, Missing, ResultCode};

    fn record(text: &str) -> Record {
        Record {
            version: RECORD_VERSION,
            request: RequestId::from_number(7),
            kind: RequestKind::Sale,
            external_id: ExternalId::new(text).unwrap(),
            amount: i64::MAX,
            tip: Some(i64::MIN),
            payment: Some(text.try_into().unwrap()),
            original: ExternalId::new(text),
            terminal: text.try_into().unwrap(),
            merchant: text.try_into().unwrap(),
            simulated: true,
            unix_ms: Some(u64::MAX),
            other_paid: true,
            state: RecordState::Outcome,
            ending: Some(Ending {
                missing: Some(Missing::Terminal),
                approved: i64::MIN,
                tip: i64::MIN,
                payment: Some(text.try_into().unwrap()),
                ..Ending::new(
                    Certainty::Made(Finality::Authorised),
                    ResultCode::Unsupported,
                    Cause::RejectedChallenge,
                    Evidence::RefundResponse,
                )
            }),
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let full = [&"\u{1}".repeat(32), &"\"".repeat(32), &"ä".repeat(16)];
        for text in ["INV-1", "q\"b\\s", "ä😀", "tab\tnl\n."]
            .into_iter()
            .chain(full.map(String::as_str))
        {
            let mut room = [0; RECORD_LEN];
            let record = record(text);
            let len = record.to_json(&mut room).unwrap();
            assert_eq!(Record::from_json(&room[..len]), Some(record), "{text:?}");
            let theirs: serde_json::Value = serde_json::from_slice(&room[..len]).unwrap();
            assert_eq!(theirs["external_id"], text);
        }
    }

    #[test]
    fn what_is_cut_or_does_not_fit_is_no_record() {
        let mut room = [0; RECORD_LEN];
        let record = record("INV-1");
        let len = record.to_json(&mut room).unwrap();
        for cut in 0..len {
            assert_eq!(Record::from_json(&room[..cut]), None, "{cut}");
            assert_eq!(
                record.to_json(&mut vec![0; cut]),
                Err(JournalFailed),
                "{cut}"
            );
        }
        assert_eq!(Record::from_json(b"{} x"), None);
    }
}
