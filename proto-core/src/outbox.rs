//! Messages that wait to be sent, in the caller's memory, first in first out.

use crate::message::MessageDraft;
use crate::wire::json::Full;
use crate::wire::names::MessageType;
use crate::wire::{Sender, write_liveness, write_message};

/// The length of a message stands before it, in this many bytes.
const LENGTH: usize = 4;

pub(crate) struct Outbox<'b> {
    buf: &'b mut [u8],
    /// What waits lies between `start` and `end`.
    start: usize,
    end: usize,
    last_id: u32,
}

impl<'b> Outbox<'b> {
    pub(crate) fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            start: 0,
            end: 0,
            last_id: 0,
        }
    }

    /// Whether a message that takes so much can ever be taken.
    pub(crate) fn can_hold(&self, needed: usize) -> bool {
        needed <= self.buf.len().saturating_sub(LENGTH)
    }

    /// The number for the next message: they count up for the life of the role.
    pub(crate) fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        self.last_id
    }

    /// Writes a message behind the others and returns its number.
    pub(crate) fn push(
        &mut self,
        sender: &Sender<'_>,
        draft: &dyn MessageDraft,
    ) -> Result<u32, Full> {
        let id = self.next_id();
        self.append(|room| write_message(room, sender, id, draft))?;
        Ok(id)
    }

    pub(crate) fn push_liveness(
        &mut self,
        sender: &Sender<'_>,
        kind: MessageType<'_>,
    ) -> Result<(), Full> {
        self.append(|room| write_liveness(room, sender, kind))
    }

    /// A message that is written already.
    pub(crate) fn push_text(&mut self, text: &[u8]) -> Result<(), Full> {
        self.append(|room| match room.get_mut(..text.len()) {
            Some(slot) => {
                slot.copy_from_slice(text);
                Ok(text.len())
            }
            None => Err(Full { needed: text.len() }),
        })
    }

    /// The first message, if there is one.
    pub(crate) fn front(&self) -> Option<&[u8]> {
        let (start, len) = self.front_place()?;
        self.buf.get(start..start.checked_add(len)?)
    }

    /// Forgets the first message, and its text: it may hold a token.
    pub(crate) fn pop(&mut self) {
        if let Some((start, len)) = self.front_place() {
            let end = start.saturating_add(len).min(self.end);
            if let Some(text) = self.buf.get_mut(start..end) {
                text.fill(0);
            }
            self.start = end;
        }
        if self.start == self.end {
            self.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        if let Some(text) = self.buf.get_mut(self.start..self.end) {
            text.fill(0);
        }
        self.start = 0;
        self.end = 0;
    }

    fn append(&mut self, write: impl FnOnce(&mut [u8]) -> Result<usize, Full>) -> Result<(), Full> {
        if self.start > 0 && self.end <= self.buf.len() {
            // Byte by byte: what moves slices in one go has a way to panic, which would be linked.
            let mut end = 0usize;
            for from in self.start..self.end {
                let byte = self.buf.get(from).copied().unwrap_or(0);
                if let Some(slot) = self.buf.get_mut(end) {
                    *slot = byte;
                }
                end = end.saturating_add(1);
            }
            if let Some(left_over) = self.buf.get_mut(end..self.end) {
                left_over.fill(0);
            }
            self.start = 0;
            self.end = end;
        }
        let text = self.end.saturating_add(LENGTH);
        let room = self.buf.get_mut(text..).unwrap_or_default();
        let len = write(room)?;
        if let Some(slot) = self.buf.get_mut(self.end..text) {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            for (slot, byte) in slot.iter_mut().zip(len.to_le_bytes()) {
                *slot = byte;
            }
        }
        self.end = text.saturating_add(len);
        Ok(())
    }

    fn front_place(&self) -> Option<(usize, usize)> {
        if self.start >= self.end {
            return None;
        }
        let text = self.start.checked_add(LENGTH)?;
        let len = self.buf.get(self.start..text)?.try_into().ok()?;
        Some((text, usize::try_from(u32::from_le_bytes(len)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::AckDraft;

    const SENDER: Sender<'_> = Sender {
        package_name: "p",
        application_id: None,
        source_sdk: false,
        version: 1,
    };

    #[test]
    fn messages_leave_in_their_order_with_rising_ids() {
        let mut memory = [0; 1_024];
        let mut outbox = Outbox::new(&mut memory);
        for round in 0..20 {
            assert_eq!(
                outbox.push(&SENDER, &AckDraft::default()),
                Ok(round * 2 + 1)
            );
            assert_eq!(
                outbox.push(&SENDER, &AckDraft::default()),
                Ok(round * 2 + 2)
            );
            let id = format!("{{\"id\":\"{}\",", round * 2 + 1);
            assert!(outbox.front().unwrap().starts_with(id.as_bytes()));
            outbox.pop();
            outbox.pop();
            assert_eq!(outbox.front(), None);
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut memory = [0; 200];
        let mut outbox = Outbox::new(&mut memory);
        outbox.push(&SENDER, &AckDraft::default()).unwrap();
        let front = outbox.front().unwrap().to_vec();
        outbox.push(&SENDER, &AckDraft::default()).unwrap_err();
        assert_eq!(outbox.front().unwrap(), front);
        outbox.pop();
        outbox.push(&SENDER, &AckDraft::default()).unwrap();
    }
}
