//! Flash memory: RAM that a reset leaves alone, and that behaves as flash does. Erased it is all ones; writing clears
//! bits and sets none.

use core::mem::MaybeUninit;
use core::ptr::addr_of_mut;

use proto_core::journal::{JournalFailed, RECORD_LEN, Record};
use proto_core::wire::crc32;

/// Its size in bytes.
const SIZE: usize = 64 * 1_024;
/// What stands at its beginning if it was ever erased.
const MARK: [u8; 8] = *b"JOURNAL1";
/// Before each record: its length and its CRC-32.
const HEAD: usize = 6;

#[unsafe(link_section = ".uninit.flash")]
static mut FLASH: MaybeUninit<[u8; SIZE]> = MaybeUninit::uninit();

/// The journal in it: one record behind the other, each with its length and its CRC-32.
#[derive(Debug)]
pub struct Journal {
    flash: &'static mut [u8; SIZE],
    end: usize,
}

impl Journal {
    /// The journal as the last run left it; empty if there was none. Called once.
    #[must_use]
    pub fn open() -> Self {
        // SAFETY: any bytes are an array of bytes, and nobody else has it: this is called once.
        let flash = unsafe { (*addr_of_mut!(FLASH)).assume_init_mut() };
        let mut journal = Self {
            flash,
            end: MARK.len(),
        };
        if journal.flash.get(..MARK.len()) != Some(&MARK) {
            journal.flash.fill(0xFF);
            journal.program(0, &MARK);
        }
        while let Some((_, next)) = journal.at(journal.end) {
            journal.end = next;
        }
        journal
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// There is no room left.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalFailed> {
        let mut room = [0; HEAD + RECORD_LEN];
        let (head, text) = room.split_at_mut(HEAD);
        let len = record.to_json(text)?;
        let text = text.get(..len).ok_or(JournalFailed)?;
        let (length, check) = head.split_at_mut(2);
        length.copy_from_slice(&u16::try_from(len).map_err(|_| JournalFailed)?.to_le_bytes());
        check.copy_from_slice(&crc32(text).to_le_bytes());
        let bytes = room.get(..HEAD + len).ok_or(JournalFailed)?;
        if self.end + bytes.len() > SIZE {
            return Err(JournalFailed);
        }
        self.program(self.end, bytes);
        self.end += bytes.len();
        Ok(())
    }

    /// Every record, in the order in which they were written.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let mut at = MARK.len();
        core::iter::from_fn(move || {
            let (record, next) = self.at(at)?;
            at = next;
            Some(record)
        })
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

    /// The record there, and where the next one is.
    fn at(&self, at: usize) -> Option<(Record, usize)> {
        let (length, rest) = self.flash.get(at..)?.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let text = rest.get(..length)?;
        let whole = crc32(text) == u32::from_le_bytes(*check);
        Some((
            Record::from_json(text).filter(|_| whole)?,
            at + HEAD + length,
        ))
    }

    fn program(&mut self, at: usize, bytes: &[u8]) {
        for (cell, byte) in self.flash.iter_mut().skip(at).zip(bytes) {
            assert!(*cell & *byte == *byte, "flash sets no bit");
            *cell &= *byte;
        }
    }
}
