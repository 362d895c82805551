//! Time as the caller tells it.
//!
//! The core has no clock. Every verb takes `now`, an [`Instant`]: milliseconds since a moment that
//! the caller chose (boot, process start). An instant means nothing in another process and is never
//! stored.

/// Milliseconds since a start that the caller chose. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The start that the caller chose.
    pub const ZERO: Self = Self(0);

    /// The instant `ms` milliseconds after the start.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the start.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This instant and `span` more; the end of time if that is too far away.
    #[must_use]
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// A span of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `ms` milliseconds.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// A span of `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000))
    }

    /// The span in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl From<Duration> for core::time::Duration {
    fn from(span: Duration) -> Self {
        Self::from_millis(span.0)
    }
}

/// Named timers of a role: each is set or not, and the earliest one is what the caller waits for.
///
/// `N` is the number of names; a name is anything that converts to its index.
#[derive(Debug, Clone)]
pub(crate) struct Timers<const N: usize> {
    /// When each is due; one that is not set never is.
    due: [Instant; N],
}

impl<const N: usize> Timers<N> {
    pub(crate) const fn new() -> Self {
        Self { due: [NEVER; N] }
    }

    /// Sets the timer, replacing what it was set to.
    pub(crate) fn set(&mut self, timer: usize, due: Instant) {
        self.put(timer, due.min(LAST));
    }

    pub(crate) fn stop(&mut self, timer: usize) {
        self.put(timer, NEVER);
    }

    fn put(&mut self, timer: usize, due: Instant) {
        if let Some(slot) = self.due.get_mut(timer) {
            *slot = due;
        }
    }

    pub(crate) fn is_set(&self, timer: usize) -> bool {
        self.due.get(timer).is_some_and(|due| *due != NEVER)
    }

    /// Whether the timer is due; if so it is stopped.
    pub(crate) fn take_due(&mut self, timer: usize, now: Instant) -> bool {
        let due = self.due.get(timer).is_some_and(|due| *due <= now.min(LAST));
        if due {
            self.stop(timer);
        }
        due
    }

    /// The earliest timer that is set.
    pub(crate) fn next(&self) -> Option<Instant> {
        let next = self.due.iter().min().copied();
        next.filter(|due| *due != NEVER)
    }
}

/// When a timer is due that is not set, and the last moment that one can be set to.
const NEVER: Instant = Instant(u64::MAX);
const LAST: Instant = Instant(u64::MAX - 1);

/// The earlier of two moments of which each may never come.
#[inline(never)]
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_timer_fires_once() {
        let mut timers = Timers::<2>::new();
        timers.set(1, Instant::from_millis(5));
        assert_eq!(timers.next(), Some(Instant::from_millis(5)));
        assert!(!timers.take_due(1, Instant::from_millis(4)));
        assert!(timers.take_due(1, Instant::from_millis(5)));
        assert!(!timers.take_due(1, Instant::from_millis(6)));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn time_never_wraps() {
        let end = Instant::from_millis(u64::MAX);
        assert_eq!(end.after(Duration::from_secs(1)), end);
        assert_eq!(Instant::ZERO.since(end), Duration::ZERO);
    }
}
