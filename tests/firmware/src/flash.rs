//! A journal in flash memory, which behaves as flash does: erased it is all ones; writing clears bits and sets none; and
//! the power may go between any two bytes.

use proto_core::journal::{JournalFailed, RECORD_LEN, Record};
use proto_core::wire::crc32;

/// What stands at its beginning if it was ever erased.
const MARK: [u8; 8] = *b"JOURNAL1";
/// Before each record: its length and its CRC-32.
const HEAD: usize = 6;
const ERASED: u8 = 0xFF;

/// One record behind the other, each with its length and its CRC-32. What was torn in the middle of writing stays where
/// it is and counts for nothing.
#[derive(Debug)]
pub struct Journal<'f> {
    flash: &'f mut [u8],
    /// Where the next record goes.
    end: usize,
    torn: bool,
}

impl<'f> Journal<'f> {
    /// The journal as the last run left it; empty if there was none.
    #[must_use]
    pub fn open(flash: &'f mut [u8]) -> Self {
        let mut journal = Self {
            end: flash.len(),
            flash,
            torn: false,
        };
        if journal.flash.get(..MARK.len()) != Some(&MARK) {
            journal.flash.fill(ERASED);
            journal.program(0, &MARK);
        }
        let whole = journal.whole().last().map_or(MARK.len(), |(_, end)| end);
        let programmed = journal.flash.iter().rposition(|cell| *cell != ERASED);
        let used = programmed.map_or(0, |last| last + 1);
        journal.torn = used > whole;
        // One cell stays erased behind what was torn: nothing that follows can make it whole.
        journal.end = if journal.torn { used + 1 } else { whole };
        journal
    }

    /// Whether the power went in the middle of the record that was written last.
    #[must_use]
    pub const fn torn(&self) -> bool {
        self.torn
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// There is no room left.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalFailed> {
        self.append_torn(record, usize::MAX)
    }

    /// Appends a record, and the power goes when so many bytes of it are written.
    ///
    /// # Errors
    ///
    /// There is no room left.
    pub fn append_torn(&mut self, record: &Record, bytes: usize) -> Result<(), JournalFailed> {
        let mut room = [0; HEAD + RECORD_LEN];
        let (head, text) = room.split_at_mut(HEAD);
        let len = record.to_json(text)?;
        let text = text.get(..len).ok_or(JournalFailed)?;
        let (length, check) = head.split_at_mut(2);
        length.copy_from_slice(&u16::try_from(len).map_err(|_| JournalFailed)?.to_le_bytes());
        check.copy_from_slice(&crc32(text).to_le_bytes());
        let whole = room.get(..HEAD + len).ok_or(JournalFailed)?;
        if self.end + whole.len() > self.flash.len() {
            return Err(JournalFailed);
        }
        self.program(self.end, whole.get(..bytes).unwrap_or(whole));
        self.end += whole.len();
        Ok(())
    }

    /// Every record, in the order in which they were written.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.whole().map(|(record, _)| record)
    }

    /// How every request stands, the oldest first.
    pub fn standing(&self) -> impl Iterator<Item = Record> {
        let last = |record: &Record| {
            let newer = self
                .records()
                .filter(|other| other.request == record.request)
                .last();
            newer.is_some_and(|newer| newer == *record)
        };
        self.records().filter(last)
    }

    /// Every record that is whole, and where it ends.
    fn whole(&self) -> impl Iterator<Item = (Record, usize)> {
        let mut at = MARK.len();
        core::iter::from_fn(move || {
            // Behind a torn one the next begins anywhere.
            let (record, end) = (at..self.end).find_map(|at| self.at(at))?;
            at = end;
            Some((record, end))
        })
    }

    /// The record there, and where it ends.
    fn at(&self, at: usize) -> Option<(Record, usize)> {
        let (length, rest) = self.flash.get(at..)?.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let text = rest.get(..length).filter(|_| length <= RECORD_LEN)?;
        if crc32(text) != u32::from_le_bytes(*check) {
            return None;
        }
        Some((Record::from_json(text)?, at + HEAD + length))
    }

    fn program(&mut self, at: usize, bytes: &[u8]) {
        for (cell, byte) in self.flash.iter_mut().skip(at).zip(bytes) {
            assert!(*cell & *byte == *byte, "flash sets no bit");
            *cell &= *byte;
        }
    }
}

impl proto_core::run::Journal for Journal<'_> {
    fn append(&mut self, record: &Record) -> Result<(), JournalFailed> {
        Journal::append(self, record)
    }
}
