//! The loop that joins a role, a link, a journal, an inbox and a clock.
//!
//! [`drive`] is all of the driver: it waits for the first of three things (the link, the inbox, the timer)
//! and polls nothing on a schedule. It names no executor: an Embassy task awaits it, a thread runs it under
//! [`block_on`](crate::driver::block_on).

mod intake;

use core::future::{Future, pending, poll_fn};
use core::ops::ControlFlow;
use core::pin::pin;
use core::task::Poll;

pub use intake::Intake;

use crate::journal::{JournalFailed, Record};
use crate::link::{Link, Step};
use crate::role::Role;
use crate::time::{Duration, Instant};
use crate::wire::MAX_MESSAGE;

/// The time, and waiting for it.
pub trait Clock {
    /// The time now. Never goes back.
    fn now(&self) -> Instant;

    /// Waits until `at`; for ever if there is nothing to wait for. Must be cancel-safe.
    fn sleep_until(&self, at: Option<Instant>) -> impl Future<Output = ()>;
}

/// Where records are stored before money moves.
pub trait Journal {
    /// Stores the record durably.
    ///
    /// # Errors
    ///
    /// [`JournalFailed`]; what the record is about is then not sent.
    fn append(&mut self, record: &Record) -> Result<(), JournalFailed>;
}

/// A journal that keeps nothing and says yes at once: for tests, and for what may be forgotten.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoJournal;

impl Journal for NoJournal {
    fn append(&mut self, _record: &Record) -> Result<(), JournalFailed> {
        Ok(())
    }
}

/// Where the application's requests come from.
pub trait Inbox<R: ?Sized> {
    /// Waits until there is a request. Must be cancel-safe.
    fn ready(&mut self) -> impl Future<Output = ()>;

    /// Makes the requests that are there. `Break` ends the loop.
    fn deliver(&mut self, now: Instant, role: &mut R) -> ControlFlow<()>;
}

/// No requests from elsewhere: the event handler makes them all.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoInbox;

impl<R: ?Sized> Inbox<R> for NoInbox {
    fn ready(&mut self) -> impl Future<Output = ()> {
        pending()
    }

    fn deliver(&mut self, _now: Instant, _role: &mut R) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Memory that messages come into.
pub trait Room {
    /// All of it.
    fn room(&mut self) -> &mut [u8];

    /// Makes it at least `needed` bytes long, if it can grow. What is in it stays.
    fn grow(&mut self, needed: usize);
}

impl Room for [u8] {
    fn room(&mut self) -> &mut [u8] {
        self
    }

    fn grow(&mut self, _needed: usize) {}
}

impl<const N: usize> Room for [u8; N] {
    fn room(&mut self) -> &mut [u8] {
        self
    }

    fn grow(&mut self, _needed: usize) {}
}

/// What the application does with an event. A closure `|now, role, event|` is one.
pub trait Handler<R: Role> {
    /// Looks at an event; may make requests and give answers at once.
    fn handle(&mut self, now: Instant, role: &mut R, event: R::Event<'_>);
}

impl<R, F> Handler<R> for F
where
    R: Role,
    F: FnMut(Instant, &mut R, R::Event<'_>),
{
    fn handle(&mut self, now: Instant, role: &mut R, event: R::Event<'_>) {
        self(now, role, event);
    }
}

/// The parts that a loop joins.
pub struct Parts<'a, R, L, J, I, C, B: ?Sized, F: ?Sized> {
    /// The role.
    pub role: &'a mut R,
    /// Its link.
    pub link: &'a mut L,
    /// Its journal.
    pub journal: &'a mut J,
    /// The application's requests.
    pub inbox: &'a mut I,
    /// The time.
    pub clock: &'a C,
    /// The receive buffer.
    pub buffer: &'a mut B,
    /// The buffer in which fragments of messages are joined; see [`Intake`].
    pub join: &'a mut F,
}

/// Runs a role over a link until the inbox says stop; then closes the link in good order, what was due to
/// be sent first.
///
/// A link that goes down is brought up again: at once, then after half a second, doubling to 30 s, each
/// pause a little different, until a message has come (`protocol/decisions.md`). It never gives up. A link that
/// waits itself ([`Step::Waiting`]) gets no pause.
pub async fn drive<R, L, J, I, C, B, F, H>(parts: Parts<'_, R, L, J, I, C, B, F>, mut handler: H)
where
    R: Role,
    L: Link,
    J: Journal,
    I: Inbox<R>,
    C: Clock,
    B: Room + ?Sized,
    F: Room + ?Sized,
    H: Handler<R>,
{
    let Parts {
        role,
        link,
        journal,
        inbox,
        clock,
        buffer,
        join,
    } = parts;
    let mut intake = Intake::new(join);
    let mut pauses = Pauses::new();
    let mut resting: Option<Instant> = None;
    let mut closing: Option<Instant> = None;
    loop {
        let now = clock.now();
        if closing.is_none() && inbox.deliver(now, role).is_break() {
            closing = Some(now.after(CLOSING));
            role.prepare_close(now);
        }
        if role.poll_timeout().is_some_and(|due| due <= now) {
            role.handle_timeout(now);
        }
        intake.handle_timeout(now, role, &mut handler);
        settle(role, journal, &mut handler, now);
        resting = resting.filter(|until| *until > now);

        let due = [role.poll_timeout(), intake.poll_timeout(), resting, closing];
        let due = due.into_iter().flatten().min();
        let out = role.transmit();
        if closing.is_some_and(|until| until <= now || out.is_none() || resting.is_some()) {
            break;
        }
        let step = async {
            match resting {
                Some(_) => pending().await,
                None => link.step(out, buffer.room()).await,
            }
        };
        // While closing no request is taken, so none is waited for.
        let request = async {
            match closing {
                Some(_) => pending().await,
                None => inbox.ready().await,
            }
        };
        let Some(step) = first(step, request, clock.sleep_until(due)).await else {
            continue;
        };
        let now = clock.now();
        match step {
            Step::Up(info) => role.handle_link_up(now, info),
            Step::Sent => role.transmitted(now),
            Step::Message(message) => {
                // Only now: a link that comes up and breaks at once is no reason to hurry.
                pauses = Pauses::new();
                intake.handle_message(now, role, message, &mut handler);
            }
            Step::NeedsRoom(needed) if needed <= MAX_MESSAGE => buffer.grow(needed),
            // The link gives it up.
            Step::NeedsRoom(_) => {}
            Step::TooLong { head, total } => role.handle_oversize(now, head, total),
            Step::Garbled(error) => role.handle_garbled(now, error),
            Step::Down(down) => {
                intake.handle_link_down(now, role, &down, &mut handler);
                resting = Some(now.after(pauses.next(now)));
            }
            Step::Waiting(down) => intake.handle_link_down(now, role, &down, &mut handler),
        }
    }
    link.close().await;
}

/// Journal and events, each until there is none, as often as one brings the other forth.
fn settle<R: Role>(
    role: &mut R,
    journal: &mut impl Journal,
    handler: &mut impl Handler<R>,
    now: Instant,
) {
    loop {
        let mut quiet = true;
        while let Some((id, record)) = role.poll_journal() {
            let done = journal.append(record);
            role.journal_done(now, id, done);
        }
        while let Some(event) = role.poll_event() {
            handler.handle(now, role, event);
            quiet = false;
        }
        if quiet {
            return;
        }
    }
}

/// The first of the three: the step, or `None` for one of the others.
async fn first<T>(
    step: impl Future<Output = T>,
    request: impl Future<Output = ()>,
    timer: impl Future<Output = ()>,
) -> Option<T> {
    let mut step = pin!(step);
    let mut request = pin!(request);
    let mut timer = pin!(timer);
    poll_fn(|context| {
        if let Poll::Ready(step) = step.as_mut().poll(context) {
            return Poll::Ready(Some(step));
        }
        let other =
            request.as_mut().poll(context).is_ready() || timer.as_mut().poll(context).is_ready();
        if other {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// The pauses between attempts to bring a link up.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pauses {
    next: u64,
    seed: u64,
}

impl Pauses {
    /// The first pause is none.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0, seed: 1 }
    }

    /// The next pause; `now` makes it a little different from that of others.
    pub fn next(&mut self, now: Instant) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        // A step of Knuth's generator: nothing hangs on its quality.
        self.seed = (self.seed ^ now.as_millis())
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let percent = 80u64.wrapping_add((self.seed >> 33) % 41);
        Duration::from_millis(pause.saturating_mul(percent) / 100)
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self::new()
    }
}

/// The second pause before a link is brought up again, in milliseconds; the first is none.
const FIRST_PAUSE: u64 = 500;
/// The longest such pause.
const LONGEST_PAUSE: u64 = 30_000;
/// How long closing may take for what is still to be sent.
const CLOSING: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_limit_and_differ_by_a_fifth() {
        let mut pauses = Pauses::new();
        let mut expected = 0u64;
        for round in 0..12 {
            let pause = pauses.next(Instant::from_millis(round * 977)).as_millis();
            assert!(pause >= expected * 80 / 100 && pause <= expected * 120 / 100);
            expected = (expected * 2).clamp(500, 30_000);
        }
        assert_eq!(expected, 30_000);
    }
}
