//! The point of sale's end of the link.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{fmt, mem};

use nusb::{DeviceId, MaybeFuture as _};
use proto_core::driver::{Alarm, ThreadPark};
use proto_core::link::{Down, DownReason, Link, LinkInfo, LinkKind, Step};

use crate::bus::{Bus, Found};
use crate::frames::Came;
use crate::handshake::{self, Strings};
use crate::holder::holder;
use crate::identity::{Identities, Mode};
use crate::pipe::Pipe;
use crate::terminal::{Pick, Place, Terminal, pick};
use crate::{Target, down};

/// The point of sale's end of a USB Pay Display link (`protocol/link.md` §1).
///
/// It implements [`Link`]: while it is stepped, it watches the bus, switches its terminal to accessory mode the
/// moment that it appears in merchant mode, waits for it to come back, and opens the pipe. It comes up again by
/// itself when the cable is pulled and plugged in again, so what is in its way is [`Step::Waiting`] and never
/// [`Step::Down`], and it is told once until something else is. After [`close`](Link::close) it is
/// [`Step::Down`] with [`DownReason::Local`].
///
/// Its futures may be polled with any waker; what it waits for besides wakes at the [`Alarm`] of the
/// [`ThreadPark`] that [`new`](Self::new) returns.
///
/// | What happened | Reason |
/// |---|---|
/// | no terminal, or not the one that is meant | `NoTerminal`, with what is there instead |
/// | two terminals, and no serial number was said | `Several`, with their serial numbers |
/// | it went away before or during the handshake | `Vanished` |
/// | its device may not be opened | `NotPermitted` |
/// | its interface is held | `InUse`, with the program's or driver's name where that is known |
/// | Windows: not bound to WinUSB | `NoDriver` |
/// | it refuses the handshake, or does not change its mode | `NotAccessory`, with the step |
/// | the cable was pulled, the terminal was restarted, or it takes no data | `Lost` |
/// | it halts the pipe again and again | `Protocol` |
pub struct UsbLink {
    target: Target,
    options: UsbOptions,
    alarm: Alarm,
    bus: Bus,
    state: State,
    /// The terminal that this link has used: it stays with it.
    bound: Option<Place>,
    /// What stood in the way of the last attempt.
    trouble: Option<Trouble>,
    /// What was told last; the same is not told twice.
    told: Option<Down>,
    /// That nobody tells of changes was said.
    said_listing: bool,
    look: bool,
}

/// How a [`UsbLink`] goes about it. Make one with `default()` and change what must be different.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UsbOptions {
    /// Which devices are terminals.
    pub identities: Identities,
    /// What this side says of itself in the handshake.
    pub strings: Strings,
    /// How long to leave a terminal alone after its pipe was opened: its app may not listen yet. 1 s by
    /// default, as in the Android SDK (`protocol/link.md` §1.5). A byte from the terminal ends it.
    pub settle: Duration,
    /// How long a switched terminal may take to come back in accessory mode. 10 s by default.
    pub return_limit: Duration,
    /// How long what may be a delay of the system is not told, after a device was plugged in: permissions and
    /// drivers come some time after it. 3 s by default.
    pub grace: Duration,
    /// How long [`close`](Link::close) waits for what is on its way. 1 s by default.
    pub close_limit: Duration,
}

impl Default for UsbOptions {
    fn default() -> Self {
        Self {
            identities: Identities::default(),
            strings: Strings::default(),
            settle: Duration::from_secs(1),
            return_limit: Duration::from_secs(10),
            grace: Duration::from_secs(3),
            close_limit: Duration::from_secs(1),
        }
    }
}

impl UsbLink {
    /// A link to the terminal that `target` names, still down, and the park that it is run with.
    #[must_use]
    pub fn new(target: Target, options: UsbOptions) -> (Self, ThreadPark) {
        let park = ThreadPark::new();
        let link = Self {
            target,
            options,
            alarm: park.alarm(),
            bus: Bus::new(),
            state: State::Seeking,
            bound: None,
            trouble: None,
            told: None,
            said_listing: false,
            look: true,
        };
        (link, park)
    }
}

impl Link for UsbLink {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let event = poll_fn(|context| self.poll(out, buf, context)).await;
        event.into_step(buf)
    }

    /// As [`Link::close`] says; what is on its way is waited for, at most [`UsbOptions::close_limit`]. When it
    /// is done, nothing is claimed.
    async fn close(&mut self) {
        let until = Instant::now() + self.options.close_limit;
        poll_fn(|context| self.poll_close(until, context)).await;
    }
}

impl fmt::Debug for UsbLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsbLink")
            .field("target", &self.target)
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

/// What happened in one step; [`Step`] without the caller's buffer.
enum Event {
    Up(LinkInfo),
    Sent,
    Came(Came),
    Waiting(Box<Down>),
    Closed,
}

impl Event {
    fn into_step(self, buf: &mut [u8]) -> Step<'_> {
        match self {
            Self::Up(info) => Step::Up(info),
            Self::Sent => Step::Sent,
            Self::Came(came) => came.into_step(buf),
            Self::Waiting(down) => Step::Waiting(*down),
            Self::Closed => Step::Down(Down::new(DownReason::Local, "")),
        }
    }
}

type Handshake = Pin<Box<dyn Future<Output = Result<(), Box<Down>>> + Send>>;

/// What the link is about.
enum State {
    /// No terminal is open.
    Seeking,
    /// The handshake runs. It outlives the future of a step.
    Switching { found: Box<Found>, run: Handshake },
    /// A switched terminal is on its way back.
    Returning { old: Box<Found>, until: Instant },
    /// The pipe is open, and left alone for a moment.
    Settling { open: Box<Open>, until: Instant },
    /// The link is up.
    Up(Box<Open>),
    /// `close` was called, and the caller is told by the next step.
    Left,
}

struct Open {
    found: Found,
    pipe: Pipe,
}

/// An attempt that failed; the same device is tried again.
struct Trouble {
    id: DeviceId,
    terminal: Terminal,
    down: Box<Down>,
    /// From when on it is told.
    tell: Instant,
    pause: Duration,
    next: Instant,
}

/// What came of one move.
enum Move {
    To(State),
    Tell(Box<Down>),
    Up(Box<Open>),
    Wait(State),
}

impl UsbLink {
    fn poll(
        &mut self,
        out: Option<&[u8]>,
        buf: &mut [u8],
        context: &mut Context<'_>,
    ) -> Poll<Event> {
        let event = match &mut self.state {
            State::Up(open) => match exchange(open, out, buf, context) {
                Poll::Ready(Ok(event)) => Poll::Ready(event),
                Poll::Ready(Err(down)) => Poll::Ready(self.lose(down)),
                Poll::Pending => {
                    let id = open.found.info.id();
                    if self.bus.poll_changed(context).is_ready() && self.bus.is_gone(id) {
                        let gone = down::down(DownReason::Lost, "it was unplugged");
                        Poll::Ready(self.lose(gone))
                    } else {
                        Poll::Pending
                    }
                }
            },
            State::Left => {
                self.state = State::Seeking;
                self.look = true;
                Poll::Ready(Event::Closed)
            }
            _ => self.bring_up(context),
        };
        self.alarm.set(match event {
            Poll::Pending => self.deadline(),
            Poll::Ready(_) => None,
        });
        event
    }

    fn poll_close(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let State::Up(open) = &mut self.state
            && open.pipe.poll_drained(context).is_pending()
            && Instant::now() < until
        {
            self.alarm.set(Some(until));
            return Poll::Pending;
        }
        self.state = State::Left;
        self.alarm.set(None);
        Poll::Ready(())
    }

    /// The link was up and is not any more. The device may be listed for some time, or have lost a transfer
    /// only: it is left alone for a moment.
    fn lose(&mut self, mut down: Box<Down>) -> Event {
        if let Some(listing) = self.listing() {
            down = down::down(down.reason, format_args!("{}; {listing}", down.detail));
        }
        if let State::Up(open) = mem::replace(&mut self.state, State::Seeking) {
            let now = Instant::now();
            self.trouble = Some(Trouble {
                id: open.found.info.id(),
                terminal: open.found.terminal.clone(),
                down: down.clone(),
                tell: now + self.options.grace,
                pause: AFTER_LOSS,
                next: now + AFTER_LOSS,
            });
        }
        self.look = true;
        self.told = Some((*down).clone());
        Event::Waiting(down)
    }

    fn bring_up(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let next = match mem::replace(&mut self.state, State::Seeking) {
                State::Switching { found, run } => self.switching(found, run, context),
                State::Returning { old, until } => self.returning(old, until, context),
                State::Settling { open, until } => self.settling(open, until, context),
                State::Seeking | State::Up(_) | State::Left => self.seeking(context),
            };
            match next {
                Move::To(state) => self.state = state,
                Move::Wait(state) => {
                    self.state = state;
                    return Poll::Pending;
                }
                Move::Tell(down) => {
                    if self.told.as_ref() != Some(&*down) {
                        self.told = Some((*down).clone());
                        return Poll::Ready(Event::Waiting(down));
                    }
                }
                Move::Up(open) => {
                    self.told = None;
                    self.trouble = None;
                    self.bound = Some(open.found.terminal.place.clone());
                    let peer = open.found.terminal.to_string();
                    self.state = State::Up(open);
                    return Poll::Ready(Event::Up(LinkInfo::new(LinkKind::Usb, &peer)));
                }
            }
        }
    }

    fn seeking(&mut self, context: &mut Context<'_>) -> Move {
        let changed = self.bus.poll_changed(context).is_ready();
        let due = self
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.next <= Instant::now());
        if !(mem::take(&mut self.look) || changed || due) {
            return Move::Wait(State::Seeking);
        }
        let (found, others) = match self.bus.list(&self.options.identities) {
            Ok(listed) => listed,
            Err(error) => return Move::Tell(down::usb(&error)),
        };
        if let Some(vanished) = self.vanished(&found) {
            self.look = true;
            return Move::Tell(vanished);
        }
        let terminals = found.iter().map(|found| &found.terminal);
        let picked = pick(terminals, self.target.serial(), self.bound.as_ref());
        if due && !matches!(picked, Pick::This(_)) {
            self.trouble = None;
        }
        match picked {
            Pick::This(index) => found
                .into_iter()
                .nth(index)
                .map_or(Move::Wait(State::Seeking), |found| self.attempt(found)),
            Pick::Several(names) => Move::Tell(down::down(DownReason::Several, names)),
            Pick::None(instead) => {
                let unknown = others
                    .into_iter()
                    .map(|name| format!("{name} is not known"));
                let listing = self.listing().map(str::to_owned);
                let instead = (!instead.is_empty()).then_some(instead);
                let all: Vec<_> = listing.into_iter().chain(instead).chain(unknown).collect();
                if all.is_empty() && self.has_told_that_it_went() {
                    return Move::Wait(State::Seeking);
                }
                Move::Tell(down::down(DownReason::NoTerminal, all.join("; ")))
            }
        }
    }

    /// That a terminal has gone is one piece of news, not two.
    fn has_told_that_it_went(&self) -> bool {
        let told = self.told.as_ref().map(|down| down.reason);
        matches!(told, Some(DownReason::Lost | DownReason::Vanished))
    }

    /// A terminal that could not be switched in time has gone.
    fn vanished(&mut self, found: &[Found]) -> Option<Box<Down>> {
        let trouble = self.trouble.take_if(|trouble| {
            let same = |found: &Found| found.info.id() == trouble.id;
            !found.iter().any(same)
        })?;
        let back = |found: &Found| found.terminal.place.is(&trouble.terminal.place);
        let switched = trouble.terminal.identity.mode == Mode::Accessory || found.iter().any(back);
        if switched || trouble.down.reason == DownReason::Vanished {
            return None;
        }
        let before = &trouble.down;
        // A detail is short: what it says goes before what its reason says.
        let why: &dyn fmt::Display = match before.detail.as_str() {
            "" => before,
            _ => &before.detail,
        };
        Some(down::down(
            DownReason::Vanished,
            format_args!("{}; before that: {why}", trouble.terminal),
        ))
    }

    /// Said once: that the bus is listed, because nobody tells of changes.
    fn listing(&mut self) -> Option<&'static str> {
        (!self.bus.is_told() && !mem::replace(&mut self.said_listing, true))
            .then_some("no udevd runs here, so the bus is listed every 2 s")
    }

    fn attempt(&mut self, found: Found) -> Move {
        let id = found.info.id();
        if let Some(trouble) = &self.trouble
            && trouble.id == id
            && trouble.next > Instant::now()
        {
            return Move::Wait(State::Seeking);
        }
        let begun = match found.terminal.identity.mode {
            Mode::Merchant => handshake::open(&found.info).map(|control| {
                let strings = self.options.strings.clone();
                State::Switching {
                    found: Box::new(found.clone()),
                    run: Box::pin(handshake::switch(control, strings)),
                }
            }),
            Mode::Accessory => open_pipe(&found).map(|pipe| State::Settling {
                open: Box::new(Open {
                    found: found.clone(),
                    pipe,
                }),
                until: Instant::now() + self.options.settle,
            }),
        };
        begun.map_or_else(|down| self.failed(&found, down), Move::To)
    }

    /// Notes the failure and when to try again; tells it unless it may be a delay after the plug.
    fn failed(&mut self, found: &Found, down: Box<Down>) -> Move {
        let now = Instant::now();
        let id = found.info.id();
        let before = self.trouble.take().filter(|trouble| trouble.id == id);
        // A device that we saw come, and whose permission or driver may still be on its way; or one that goes.
        let fresh = self.bus.arrived(id).map(|at| at + self.options.grace);
        let tell = match down.reason {
            DownReason::NotAccessory | DownReason::Protocol | DownReason::Vanished => now,
            DownReason::Lost => now + self.options.grace,
            _ => fresh.unwrap_or(now),
        };
        let tell = before.as_ref().map_or(tell, |before| before.tell.min(tell));
        let pause = before.map_or(FIRST_PAUSE, |before| (before.pause * 2).min(LONGEST_PAUSE));
        self.trouble = Some(Trouble {
            id,
            terminal: found.terminal.clone(),
            down: down.clone(),
            tell,
            pause,
            next: now + pause,
        });
        if tell > now {
            return Move::Wait(State::Seeking);
        }
        Move::Tell(name_holder(down, found))
    }

    fn switching(
        &mut self,
        found: Box<Found>,
        mut run: Handshake,
        context: &mut Context<'_>,
    ) -> Move {
        match run.as_mut().poll(context) {
            Poll::Pending => Move::Wait(State::Switching { found, run }),
            Poll::Ready(Ok(())) => {
                self.trouble = None;
                Move::To(State::Returning {
                    old: found,
                    until: Instant::now() + self.options.return_limit,
                })
            }
            Poll::Ready(Err(down)) => {
                // It holds the device.
                drop(run);
                self.failed(&found, down)
            }
        }
    }

    /// Waits for the terminal to come back under another id; the old one is listed for some time.
    fn returning(&mut self, old: Box<Found>, until: Instant, context: &mut Context<'_>) -> Move {
        let due = until <= Instant::now();
        if self.bus.poll_changed(context).is_pending() && !due {
            return Move::Wait(State::Returning { old, until });
        }
        let (found, _) = match self.bus.list(&self.options.identities) {
            Ok(listed) => listed,
            Err(error) => return Move::Tell(down::usb(&error)),
        };
        let (mut there, mut back) = (false, false);
        for found in found {
            let same = found.info.id() == old.info.id();
            there |= same;
            back |= !same && found.terminal.place.is(&old.terminal.place);
        }
        if back {
            self.look = true;
            return Move::To(State::Seeking);
        }
        if !due {
            return Move::To(State::Returning { old, until });
        }
        let limit = self.options.return_limit.as_secs();
        if there {
            let what = format_args!("it has not changed its mode within {limit} s");
            let down = down::down(DownReason::NotAccessory, what);
            return self.failed(&old, down);
        }
        let what = format_args!("it was switched, but did not come back within {limit} s");
        self.look = true;
        Move::Tell(down::down(DownReason::Lost, what))
    }

    fn settling(&mut self, mut open: Box<Open>, until: Instant, context: &mut Context<'_>) -> Move {
        match open.pipe.poll_any(context) {
            Poll::Ready(Err(down)) => {
                let Open { found, pipe } = *open;
                drop(pipe);
                self.failed(&found, down)
            }
            Poll::Pending if until > Instant::now() => Move::Wait(State::Settling { open, until }),
            // A byte says that the app listens.
            Poll::Ready(Ok(())) | Poll::Pending => Move::Up(open),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Seeking => {
                let again = self.trouble.as_ref().map(|trouble| trouble.next);
                [again, self.bus.deadline()].into_iter().flatten().min()
            }
            State::Returning { until, .. } => {
                let until = [Some(*until), self.bus.deadline()];
                until.into_iter().flatten().min()
            }
            State::Settling { until, .. } => Some(*until),
            State::Up(open) => open.pipe.deadline(),
            // The system's own limits end it.
            State::Switching { .. } | State::Left => None,
        }
    }
}

/// Writes and reads what can be written and read now. What has left is told first: neither direction can
/// starve the other.
fn exchange(
    open: &mut Open,
    out: Option<&[u8]>,
    buf: &mut [u8],
    context: &mut Context<'_>,
) -> Poll<Result<Event, Box<Down>>> {
    let wrote = open.pipe.poll_write(out, context);
    if out.is_some() && matches!(wrote, Poll::Ready(Ok(()))) {
        return Poll::Ready(Ok(Event::Sent));
    }
    match open.pipe.poll_read(buf, context) {
        Poll::Ready(came) => return Poll::Ready(came.map(Event::Came)),
        Poll::Pending => {}
    }
    match wrote {
        Poll::Ready(Err(down)) => Poll::Ready(Err(down)),
        _ => Poll::Pending,
    }
}

fn open_pipe(found: &Found) -> Result<Pipe, Box<Down>> {
    let device = found.info.open().wait();
    Pipe::open(&device.map_err(|error| down::usb(&error))?)
}

/// Says who holds the interface, if that is what stands in the way.
fn name_holder(down: Box<Down>, found: &Found) -> Box<Down> {
    if down.reason != DownReason::InUse {
        return down;
    }
    match holder(&found.info) {
        Some(holder) => down::down(down.reason, holder),
        None => down,
    }
}

/// The pause after a failed attempt; each is twice the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a device is left alone after the link was lost.
const AFTER_LOSS: Duration = Duration::from_secs(1);
