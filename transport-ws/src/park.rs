//! How the thread of a link waits: for its sockets, for a wake-up, for its nearest deadline.

use std::io;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use mio::{Events, Poll, Registry, Token};
use proto_core::driver::{Alarm, Park};

/// The [`Park`] of one [`WsClient`](crate::WsClient) or [`WsServer`](crate::WsServer), made together
/// with it. The link's futures make progress only if this park is the one that is parked in.
///
/// A park ends, besides what [`Park::park`] says, at the link's nearest deadline (connecting,
/// handshake, goodbye), so that no timer is needed for it.
#[derive(Debug)]
pub struct WsPark {
    poll: Poll,
    events: Events,
    bell: Arc<Bell>,
    alarm: Alarm,
}

impl Park for WsPark {
    fn park(&mut self, limit: Option<Duration>) -> io::Result<()> {
        // Which socket is ready is not looked at: the link tries each of its few sockets.
        let limit = self.alarm.within(limit);
        match self.poll.poll(&mut self.events, limit) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        self.alarm.ended();
        Ok(())
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.bell))
    }
}

impl WsPark {
    /// A park, and what the link that belongs to it needs of it.
    pub(crate) fn new() -> io::Result<(Self, Hooks)> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let bell = Arc::new(Bell(mio::Waker::new(poll.registry(), BELL)?));
        let park = Self {
            poll,
            events: Events::with_capacity(EVENTS),
            bell,
            alarm: Alarm::default(),
        };
        let hooks = Hooks {
            registry,
            waker: park.waker(),
            alarm: park.alarm.clone(),
        };
        Ok((park, hooks))
    }
}

/// What a link needs of its park.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// Where its sockets are registered.
    pub(crate) registry: Registry,
    /// Ends the park from another thread.
    pub(crate) waker: Waker,
    /// Ends the park at a deadline.
    pub(crate) alarm: Alarm,
}

#[derive(Debug)]
struct Bell(mio::Waker);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // It fails only if the poll is gone, and then nobody waits.
        let _ = self.0.wake();
    }
}

/// All sockets of a link share one token, as it tries them all.
pub(crate) const SOCKETS: Token = Token(1);

const BELL: Token = Token(0);

/// More than a link has sockets; what does not fit is reported by the next poll.
const EVENTS: usize = 16;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_wake_before_the_park_is_not_lost() {
        let (mut park, _hooks) = WsPark::new().unwrap();
        park.waker().wake();
        park.park(None).unwrap();
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_park() {
        let (mut park, _hooks) = WsPark::new().unwrap();
        let waker = park.waker();
        let other = std::thread::spawn(move || waker.wake());
        park.park(None).unwrap();
        other.join().unwrap();
    }

    #[test]
    fn a_park_ends_at_its_limit() {
        let (mut park, _hooks) = WsPark::new().unwrap();
        park.park(Some(Duration::from_millis(1))).unwrap();
    }

    #[test]
    fn a_deadline_ends_exactly_one_park() {
        let (mut park, hooks) = WsPark::new().unwrap();
        hooks
            .alarm
            .set(Some(Instant::now() + Duration::from_millis(1)));
        park.park(None).unwrap();
        assert_eq!(hooks.alarm.get(), None);
        let start = Instant::now();
        park.park(Some(Duration::from_millis(5))).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(5));
    }

    #[test]
    fn a_limit_before_the_deadline_keeps_the_deadline() {
        let (mut park, hooks) = WsPark::new().unwrap();
        let far = Instant::now() + Duration::from_secs(3600);
        hooks.alarm.set(Some(far));
        park.park(Some(Duration::from_millis(1))).unwrap();
        assert_eq!(hooks.alarm.get(), Some(far));
    }
}
