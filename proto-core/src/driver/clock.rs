//! The system's clock.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::task::Poll;

use crate::run::{Clock, Room};
use crate::time::Instant;

/// Milliseconds since this clock was made. Waiting works under [`block_on`](super::block_on), which is told
/// by [`next_wake`](Self::next_wake).
#[derive(Debug)]
pub struct StdClock {
    start: std::time::Instant,
    wake: Cell<Option<std::time::Instant>>,
}

impl StdClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
            wake: Cell::new(None),
        }
    }

    /// When what waits on this clock wants to be polled.
    #[must_use]
    pub fn next_wake(&self) -> Option<std::time::Instant> {
        self.wake.get()
    }
}

impl Default for StdClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for StdClock {
    fn now(&self) -> Instant {
        let elapsed = self.start.elapsed().as_millis();
        Instant::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn sleep_until(&self, at: Option<Instant>) -> impl Future<Output = ()> {
        poll_fn(move |_| match at {
            Some(at) if at <= self.now() => {
                self.wake.set(None);
                Poll::Ready(())
            }
            at => {
                let span = at.map(|at| std::time::Duration::from_millis(at.as_millis()));
                self.wake
                    .set(span.and_then(|span| self.start.checked_add(span)));
                Poll::Pending
            }
        })
    }
}

/// Memory on the heap: small at first, as large as the largest message later.
impl Room for Vec<u8> {
    fn room(&mut self) -> &mut [u8] {
        self
    }

    fn grow(&mut self, needed: usize) {
        if needed > self.len() {
            self.resize(needed, 0);
        }
    }
}
