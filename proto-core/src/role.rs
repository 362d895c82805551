//! The verbs that both roles have. `lib.rs` shows the loop that calls them.

use crate::journal::{JournalFailed, Record, RecordId};
use crate::link::{Down, LinkInfo};
use crate::time::Instant;
use crate::wire::{FrameError, Unreadable};

/// One end of the protocol: a point of sale ([`crate::pos::Pos`]) or a terminal
/// ([`crate::terminal::Terminal`]).
///
/// A role moves nothing and waits for nothing. The caller tells it what happened, and after each input
/// asks, in this order and each until `None`: [`poll_journal`](Self::poll_journal),
/// [`poll_event`](Self::poll_event), [`transmit`](Self::transmit); then waits until
/// [`poll_timeout`](Self::poll_timeout) at the latest.
pub trait Role {
    /// What the role tells the application. It borrows the message it came from, never the role.
    type Event<'m>;

    /// The link is up. With one that was up before, this means a new session.
    fn handle_link_up(&mut self, now: Instant, info: LinkInfo);

    /// The link is down. What was not yet handed out is dropped; see [`transmit`](Self::transmit).
    fn handle_link_down(&mut self, now: Instant, down: &Down);

    /// One whole message. Its buffer is rewritten in place (see [`crate::wire::open`]); at most one
    /// event borrows it. A message that cannot be read is an event too; the role stays usable.
    fn handle_message<'m>(
        &mut self,
        now: Instant,
        message: &'m mut [u8],
    ) -> Option<Self::Event<'m>>;

    /// A message came in pieces that do not make one; see [`Intake`](crate::run::Intake).
    fn handle_unreadable<'m>(
        &mut self,
        now: Instant,
        unreadable: Unreadable<'m>,
    ) -> Option<Self::Event<'m>>;

    /// A message of `total` bytes did not fit the caller's buffer; `head` is its beginning.
    fn handle_oversize(&mut self, now: Instant, head: &[u8], total: usize);

    /// A stretch of the stream that the link reads made no sense; messages may be missing.
    fn handle_garbled(&mut self, now: Instant, error: FrameError);

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come. Calls too early or too often
    /// do nothing.
    fn handle_timeout(&mut self, now: Instant);

    /// A record to be stored, the same one until [`journal_done`](Self::journal_done).
    #[must_use]
    fn poll_journal(&mut self) -> Option<(RecordId, &Record)> {
        None
    }

    /// The record was stored, or could not be.
    fn journal_done(&mut self, now: Instant, id: RecordId, done: Result<(), JournalFailed>) {
        let _ = (now, id, done);
    }

    /// The next event that came from no message: edges, deadlines, journal.
    #[must_use]
    fn poll_event(&mut self) -> Option<Self::Event<'static>>;

    /// The next message to send, the same one until [`transmitted`](Self::transmitted) or link down.
    /// From the first time that it is handed out it counts as *possibly sent*.
    #[must_use]
    fn transmit(&mut self) -> Option<&[u8]>;

    /// The message that [`transmit`](Self::transmit) gave has left.
    fn transmitted(&mut self, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, at the latest.
    #[must_use]
    fn poll_timeout(&self) -> Option<Instant>;

    /// The application is about to close the link: what was due later (a default screen) is due now.
    fn prepare_close(&mut self, now: Instant);
}
