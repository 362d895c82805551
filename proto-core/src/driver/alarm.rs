//! The deadline that a link brings into a park.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The nearest deadline of a link, so that no timer is needed for it: the link sets it whenever it starts to
/// wait, and its [`Park`](super::Park) ends there.
#[derive(Debug, Default, Clone)]
pub struct Alarm(Arc<Mutex<Option<Instant>>>);

impl Alarm {
    /// Sets the deadline, or none.
    pub fn set(&self, at: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// The deadline.
    #[must_use]
    pub fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a park: the time that it may take if it may take `limit`.
    #[must_use]
    pub fn within(&self, limit: Option<Duration>) -> Option<Duration> {
        let until_due = self
            .get()
            .map(|at| at.saturating_duration_since(Instant::now()));
        match (limit, until_due) {
            (Some(limit), Some(until_due)) => Some(limit.min(until_due)),
            (limit, until_due) => limit.or(until_due),
        }
    }

    /// For a park that has ended: a deadline ends one park. If the link is not stepped after it, the thread
    /// must still be able to wait for other things without spinning.
    pub fn ended(&self) {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *due = due.filter(|at| *at > Instant::now());
    }
}
