//! How a thread waits when nothing is to be done.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Wake;
use std::time::{Duration, Instant};

use super::Alarm;

/// A way to wait for what a link waits for: the readiness of its socket, or nothing but a wake-up.
///
/// A link that runs on a thread of the driver comes with its `Park`. Whenever the driver has polled
/// the link and found nothing to do, it parks here, and polls again when `park` returns.
pub trait Park {
    /// Waits until [`waker`](Self::waker) was woken, until what the link waits for is ready, or until
    /// `limit` has passed; `None` waits without a limit. May return early.
    ///
    /// # Errors
    ///
    /// The operating system's error; the driver then stops with it.
    fn park(&mut self, limit: Option<Duration>) -> std::io::Result<()>;

    /// What ends a `park` from any thread. A wake-up before `park` is called is not lost.
    fn waker(&self) -> Waker;
}

/// Waits for nothing but wake-ups and its alarm, for links whose I/O wakes by itself (USB).
#[derive(Debug, Default)]
pub struct ThreadPark {
    flag: Arc<Flag>,
    alarm: Alarm,
}

#[derive(Debug, Default)]
struct Flag {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}

impl ThreadPark {
    /// A new one; it may be moved to another thread before it is used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The deadline that ends a park besides a wake-up, for the link that is run with it.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }
}

impl Park for ThreadPark {
    fn park(&mut self, limit: Option<Duration>) -> std::io::Result<()> {
        let guard = self
            .flag
            .woken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut guard = match self.alarm.within(limit) {
            None => self
                .flag
                .changed
                .wait_while(guard, |woken| !*woken)
                .unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                self.flag
                    .changed
                    .wait_timeout_while(guard, limit, |woken| !*woken)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        *guard = false;
        drop(guard);
        self.alarm.ended();
        Ok(())
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.flag))
    }
}

/// Runs a future to its end on this thread. Between two polls it parks; `next_wake` names the time at
/// which it must be polled again whatever happens.
///
/// # Errors
///
/// The error of [`Park::park`].
pub fn block_on<F: Future>(
    park: &mut impl Park,
    next_wake: impl Fn() -> Option<Instant>,
    future: F,
) -> std::io::Result<F::Output> {
    let waker = park.waker();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        let limit = next_wake().map(|at| at.saturating_duration_since(Instant::now()));
        if limit != Some(Duration::ZERO) {
            park.park(limit)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_before_the_park_is_not_lost() {
        let mut park = ThreadPark::new();
        park.waker().wake();
        park.park(None).unwrap();
    }

    #[test]
    fn a_park_ends_at_its_limit() {
        let mut park = ThreadPark::new();
        park.park(Some(Duration::from_millis(1))).unwrap();
    }

    #[test]
    fn a_deadline_ends_exactly_one_park() {
        let mut park = ThreadPark::new();
        let alarm = park.alarm();
        alarm.set(Some(Instant::now() + Duration::from_millis(1)));
        park.park(None).unwrap();
        assert_eq!(alarm.get(), None);
        let far = Instant::now() + Duration::from_secs(3600);
        alarm.set(Some(far));
        park.park(Some(Duration::from_millis(1))).unwrap();
        assert_eq!(alarm.get(), Some(far));
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_park() {
        let mut park = ThreadPark::new();
        let waker = park.waker();
        let other = std::thread::spawn(move || waker.wake());
        park.park(None).unwrap();
        other.join().unwrap();
    }
}
