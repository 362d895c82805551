//! A journal on a disk that loses what was not synced.

use std::collections::BTreeMap;

use proto_core::journal::{Record, RecordId};
use proto_core::pos::RequestId;

use crate::random::Random;

/// How the disk answers a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// It is stored after so many milliseconds.
    Stored(u64),
    /// It is refused after so many milliseconds.
    Refused(u64),
}

/// The journal of a point of sale.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// What is stored for good.
    records: Vec<Record>,
    /// What was written and not answered yet.
    writing: Option<(RecordId, Record, Write)>,
}

impl Disk {
    /// A record is written; the answer comes later. `None` if it is being written already.
    pub(crate) fn write(
        &mut self,
        id: RecordId,
        record: &Record,
        random: &mut Random,
    ) -> Option<Write> {
        if self.writing.as_ref().is_some_and(|(open, ..)| *open == id) {
            return None;
        }
        let answer = match random.below(100) {
            0..80 => Write::Stored(random.below(4)),
            80..95 => Write::Stored(random.between(20, 400)),
            95..98 => Write::Stored(random.between(4_000, 8_000)),
            _ => Write::Refused(random.below(50)),
        };
        self.writing = Some((id, record.clone(), answer));
        Some(answer)
    }

    /// The write is done. `None` if it is not the one that is open.
    pub(crate) fn done(&mut self, id: RecordId) -> Option<bool> {
        let (_, record, answer) = self.writing.take_if(|(open, ..)| *open == id)?;
        let stored = matches!(answer, Write::Stored(_));
        if stored {
            self.records.push(record);
        }
        Some(stored)
    }

    /// The machine fails: what was being written is there or not.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        if let Some((_, record, Write::Stored(_))) = self.writing.take()
            && random.percent(50)
        {
            self.records.push(record);
        }
    }

    /// The last record of each request.
    #[must_use]
    pub(crate) fn last(&self) -> BTreeMap<RequestId, &Record> {
        self.records
            .iter()
            .map(|record| (record.request, record))
            .collect()
    }

    /// What is to be resumed.
    #[must_use]
    pub(crate) fn open(&self) -> Vec<Record> {
        self.last()
            .into_values()
            .filter(|record| record.is_open())
            .cloned()
            .collect()
    }

    /// The highest number of a request.
    #[must_use]
    pub(crate) fn last_request(&self) -> u32 {
        self.last().keys().last().map_or(0, |id| id.number())
    }
}
