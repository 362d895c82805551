//! Events that wait for `poll_event`, in few bytes: an event has room for all that a message can bring, and these bring
//! little.

use heapless::Deque;

use super::event::Event;
use super::query::Query;
use super::question::{Answered, Question};
use super::request::RequestId;
use crate::link::{Detail, Down, DownReason, LinkInfo, LinkKind};
use crate::wire::FrameError;

/// Events that wait. When it is full the oldest is dropped; an outcome waits in its case and never is.
const NOTES: usize = 16;
/// How many of them wait with all that was said: of older ones the description is left out.
const DETAILS: usize = 2;

/// An event that waits; what is said at length beside it waits in [`Notes::details`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Note {
    Connected {
        kind: LinkKind,
        max_piece: Option<u32>,
    },
    Disconnected(DownReason),
    Oversize {
        total: usize,
    },
    Garbled(FrameError),
    PairingTimedOut,
    Answered(Answered),
    Withdrawn(Question),
    Recovering(RequestId),
    JournalFailed(RequestId),
    Unanswered(Query),
    CancelImpossible,
    NoProgress,
}

impl Note {
    const fn has_detail(self) -> bool {
        matches!(
            self,
            Self::Connected { .. } | Self::Disconnected(_) | Self::Oversize { .. }
        )
    }

    fn event(self, detail: Detail) -> Event<'static> {
        match self {
            Self::Connected { kind, max_piece } => Event::Connected(LinkInfo {
                kind,
                max_piece,
                peer: detail,
            }),
            Self::Disconnected(reason) => Event::Disconnected(Down { reason, detail }),
            Self::Oversize { total } => Event::Oversize {
                method: detail,
                total,
            },
            Self::Garbled(error) => Event::Garbled(error),
            Self::PairingTimedOut => Event::PairingTimedOut,
            Self::Answered(answered) => Event::Answered(answered),
            Self::Withdrawn(question) => Event::Withdrawn(question),
            Self::Recovering(request) => Event::Recovering(request),
            Self::JournalFailed(request) => Event::JournalFailed(request),
            Self::Unanswered(query) => Event::Unanswered(query),
            Self::CancelImpossible => Event::CancelImpossible,
            Self::NoProgress => Event::NoProgress,
        }
    }
}

/// The events that wait, the oldest first.
pub(super) struct Notes {
    notes: Deque<Note, NOTES>,
    /// Those of the last notes that have one.
    details: Deque<Detail, DETAILS>,
}

impl Notes {
    pub(super) const fn new() -> Self {
        Self {
            notes: Deque::new(),
            details: Deque::new(),
        }
    }

    #[inline(never)]
    pub(super) fn push(&mut self, note: Note) {
        if self.notes.is_full() {
            let _ = self.pop();
        }
        // There is room now.
        let _ = self.notes.push_back(note);
    }

    /// A note with a detail.
    #[inline(never)]
    pub(super) fn push_with(&mut self, note: Note, detail: Detail) {
        self.push(note);
        if self.details.is_full() {
            self.details.pop_front();
        }
        let _ = self.details.push_back(detail);
    }

    #[inline(never)]
    pub(super) fn pop(&mut self) -> Option<Event<'static>> {
        let note = self.notes.pop_front()?;
        let waiting = self.notes.iter().filter(|note| note.has_detail()).count();
        // The details are those of the last notes: there may be none left for this one.
        let detail = if note.has_detail() && self.details.len() > waiting {
            self.details.pop_front()
        } else {
            None
        };
        Some(note.event(detail.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_their_order_with_what_was_said() {
        let mut notes = Notes::new();
        notes.push_with(
            Note::Disconnected(DownReason::Lost),
            Detail::new("the cable"),
        );
        notes.push(Note::NoProgress);
        notes.push_with(Note::Oversize { total: 7 }, Detail::new("FINISH_OK"));
        assert!(
            matches!(notes.pop(), Some(Event::Disconnected(down)) if down.detail.as_str() == "the cable")
        );
        assert!(matches!(notes.pop(), Some(Event::NoProgress)));
        assert!(
            matches!(notes.pop(), Some(Event::Oversize { method, total: 7 }) if method.as_str() == "FINISH_OK")
        );
        assert!(notes.pop().is_none());
    }

    #[test]
    fn of_many_the_last_are_told_at_length() {
        let mut notes = Notes::new();
        for total in 0..NOTES + 3 {
            let detail = if total % 2 == 0 { "even" } else { "odd" };
            notes.push_with(Note::Oversize { total }, Detail::new(detail));
        }
        for total in 3..NOTES + 3 {
            let Some(Event::Oversize {
                method,
                total: told,
            }) = notes.pop()
            else {
                panic!("{total} is missing");
            };
            let said = match (total + DETAILS >= NOTES + 3, total % 2) {
                (false, _) => "",
                (true, 0) => "even",
                (true, _) => "odd",
            };
            assert_eq!((told, method.as_str()), (total, said));
        }
    }
}
