//! What comes in for a role, on its way through the joiner.

use super::{Handler, Room};
use crate::link::Down;
use crate::role::Role;
use crate::time::Instant;
use crate::wire::{JoinError, Joined, Joiner, OpenError, Unreadable, name_in_head};

/// Gives a role the messages of its link, whole: fragments are joined first. [`drive`](super::drive) has one; a
/// loop of your own calls it in place of the role's verbs of the same names.
///
/// What fragments do not make becomes an event as well (`Unreadable`, with the message's name).
#[derive(Debug)]
pub struct Intake<'b, F: ?Sized> {
    joiner: Joiner,
    room: &'b mut F,
}

impl<'b, F: Room + ?Sized> Intake<'b, F> {
    /// An intake that joins in this memory. It need be no longer than the longest message that comes in
    /// fragments; with none at all every such message is told as unreadable.
    #[must_use]
    pub const fn new(room: &'b mut F) -> Self {
        Self {
            joiner: Joiner::new(),
            room,
        }
    }

    /// A message came from the link.
    pub fn handle_message<R: Role>(
        &mut self,
        now: Instant,
        role: &mut R,
        message: &mut [u8],
        handler: &mut impl Handler<R>,
    ) {
        loop {
            match self.joiner.join(now, message, self.room.room()) {
                Joined::Other => {
                    if let Some(event) = role.handle_message(now, message) {
                        handler.handle(now, role, event);
                    }
                    return;
                }
                Joined::Taken => return,
                Joined::NeedsRoom(needed) => self.room.grow(needed),
                Joined::Overtaken(len) => self.deliver(now, role, len, handler),
                Joined::Whole(len) => return self.deliver(now, role, len, handler),
                Joined::Lost(error) => return tell(now, role, message, error, handler),
            }
        }
    }

    /// The link is down: what is there of a message in fragments comes before that.
    pub fn handle_link_down<R: Role>(
        &mut self,
        now: Instant,
        role: &mut R,
        down: &Down,
        handler: &mut impl Handler<R>,
    ) {
        self.end(now, role, handler);
        role.handle_link_down(now, down);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.joiner.poll_timeout()
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named may have come. Calls too early do nothing.
    pub fn handle_timeout<R: Role>(
        &mut self,
        now: Instant,
        role: &mut R,
        handler: &mut impl Handler<R>,
    ) {
        if self.poll_timeout().is_some_and(|due| due <= now) {
            self.end(now, role, handler);
        }
    }

    fn end<R: Role>(&mut self, now: Instant, role: &mut R, handler: &mut impl Handler<R>) {
        if let Some(len) = self.joiner.end(self.room.room()) {
            self.deliver(now, role, len, handler);
        }
    }

    /// Gives the role what was joined, and wipes it: it may hold a card's data.
    fn deliver<R: Role>(
        &mut self,
        now: Instant,
        role: &mut R,
        len: usize,
        handler: &mut impl Handler<R>,
    ) {
        let Some(message) = self.room.room().get_mut(..len) else {
            return;
        };
        if let Some(event) = role.handle_message(now, message) {
            handler.handle(now, role, event);
        }
        message.fill(0);
    }
}

fn tell<R: Role>(
    now: Instant,
    role: &mut R,
    fragment: &[u8],
    error: JoinError,
    handler: &mut impl Handler<R>,
) {
    let unreadable = Unreadable {
        method: name_in_head(fragment),
        why: OpenError::Fragments(error),
    };
    if let Some(event) = role.handle_unreadable(now, unreadable) {
        handler.handle(now, role, event);
    }
}
