//! A link, and the terminals at its end, to which happens what a script says.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::pin;
use std::task::Poll;

use proto_core::Role;
use proto_core::driver::StdClock;
use proto_core::link::{Down, DownReason, Link, LinkInfo, Step};
use proto_core::run::Clock as _;
use proto_core::time::{Duration, Instant};
use proto_core::wire::{FrameError, MAX_MESSAGE, Unreadable};

use super::script::{Faults, What};
use super::{Seen, Simulator};

/// What the link tells the terminals at its end.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// The terminal has failed.
    restart: Cell<bool>,
    /// Which terminal is at the address.
    terminal: Cell<usize>,
}

/// The terminals that are at the address, one at a time: the next link finds the one that the board names.
pub(super) struct Terminals<'b> {
    pub(super) each: [Simulator<'b>; 2],
    pub(super) board: &'b Board,
    pub(super) at: usize,
}

impl<'b> Terminals<'b> {
    /// The one that is there.
    pub(super) fn here(&mut self) -> &mut Simulator<'b> {
        let [first, second] = &mut self.each;
        if self.at == 0 { first } else { second }
    }
}

impl Role for Terminals<'_> {
    type Event<'m> = Seen;

    fn handle_link_up(&mut self, now: Instant, info: LinkInfo) {
        self.at = self.board.terminal.get();
        self.here().handle_link_up(now, info);
    }

    fn handle_link_down(&mut self, now: Instant, down: &Down) {
        self.here().handle_link_down(now, down);
        if self.board.restart.take() {
            self.here().restart();
        }
    }

    fn handle_message(&mut self, now: Instant, message: &mut [u8]) -> Option<Seen> {
        self.here().handle_message(now, message)
    }

    fn handle_unreadable(&mut self, now: Instant, unreadable: Unreadable<'_>) -> Option<Seen> {
        self.here().handle_unreadable(now, unreadable)
    }

    fn handle_oversize(&mut self, now: Instant, head: &[u8], total: usize) {
        self.here().handle_oversize(now, head, total);
    }

    fn handle_garbled(&mut self, now: Instant, error: FrameError) {
        self.here().handle_garbled(now, error);
    }

    fn handle_timeout(&mut self, now: Instant) {
        // Who is not at the address goes on with what was begun.
        for terminal in &mut self.each {
            if terminal.poll_timeout().is_some_and(|due| due <= now) {
                terminal.handle_timeout(now);
            }
        }
    }

    fn poll_event(&mut self) -> Option<Seen> {
        self.each.iter_mut().find_map(Role::poll_event)
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        self.here().transmit()
    }

    fn transmitted(&mut self, now: Instant) {
        self.here().transmitted(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.each.iter().filter_map(Role::poll_timeout).min()
    }

    fn prepare_close(&mut self, now: Instant) {
        self.here().prepare_close(now);
    }
}

/// A link to which happens what a script says. Without faults it is the link alone.
pub(super) struct FaultyLink<'c, L> {
    link: L,
    clock: &'c StdClock,
    board: &'c Board,
    faults: Faults,
    up: bool,
    /// What comes to the terminal, and what goes to the point of sale.
    ways: [Way; 2],
    /// What arrives first thing on the next connection.
    held: Vec<(usize, Vec<u8>)>,
    /// The link is about to be lost, for so many milliseconds.
    losing: Option<u64>,
    /// It stays down until then.
    down_until: Option<Instant>,
    /// The first terminal is at the address again.
    back_at: Option<Instant>,
    buffer: Vec<u8>,
}

/// Messages on their way in one direction, each with the time when it arrives.
#[derive(Debug, Default)]
struct Way {
    messages: VecDeque<(Instant, Vec<u8>)>,
    /// None arrives before.
    from: Instant,
}

impl Way {
    fn put(&mut self, now: Instant, message: Vec<u8>) {
        self.messages.push_back((now.max(self.from), message));
    }

    fn due(&self) -> Option<Instant> {
        self.messages.front().map(|(at, _)| *at)
    }
}

const IN: usize = 0;
const OUT: usize = 1;
/// So many messages are on their way to the point of sale; then the terminal waits.
const ON_THE_WAY: usize = 64;

/// What a step has brought.
enum Came {
    Up(LinkInfo),
    Down(Down),
    Sent,
    Message(usize),
    NeedsRoom(usize),
    Nothing,
}

impl<'c, L: Link> FaultyLink<'c, L> {
    pub(super) fn new(link: L, faults: Faults, clock: &'c StdClock, board: &'c Board) -> Self {
        Self {
            link,
            clock,
            board,
            faults,
            up: false,
            ways: [Way::default(), Way::default()],
            held: Vec::new(),
            losing: None,
            down_until: None,
            back_at: None,
            buffer: vec![0; 8_192],
        }
    }

    /// A message passes in this direction.
    fn passes(&mut self, way: usize, message: &[u8]) {
        let now = self.clock.now();
        let later = |ms| now.after(Duration::from_millis(ms));
        let message = message.to_vec();
        match self.faults.passes(&message) {
            None => self.ways[way].put(now, message),
            Some(What::Cut { arrives, down }) => {
                if arrives {
                    self.ways[way].put(now, message);
                } else {
                    self.forget();
                }
                self.losing = Some(down);
            }
            Some(What::Stall(ms)) => {
                for way in &mut self.ways {
                    way.from = later(ms);
                }
                self.ways[way].put(now, message);
            }
            Some(What::Delay(ms)) => {
                self.ways[way].from = later(ms);
                self.ways[way].put(now, message);
            }
            Some(What::Duplicate) => {
                self.ways[way].put(now, message.clone());
                self.ways[way].put(now, message);
            }
            Some(What::Lose) => {}
            Some(What::Garble) => {
                let half = message.len() / 2;
                self.ways[way].put(now, message[..half].to_vec());
            }
            Some(What::Reorder(down)) => {
                self.held.push((way, message));
                self.lose(down);
            }
            Some(What::Restart(down)) => {
                self.board.restart.set(true);
                self.lose(down);
            }
            Some(What::OtherTerminal(ms)) => {
                self.back_at = Some(later(ms));
                self.stands(1);
            }
            Some(What::Unasked(said)) => {
                self.ways[way].put(now, message);
                self.ways[OUT].put(now, said);
            }
        }
    }

    fn forget(&mut self) {
        self.ways = [Way::default(), Way::default()];
    }

    fn lose(&mut self, down: u64) {
        self.forget();
        self.losing = Some(down);
    }

    /// This terminal is at the address from the next connection on. What another one had sent is not on its way
    /// any more.
    fn stands(&mut self, terminal: usize) {
        self.board.terminal.set(terminal);
        self.held.clear();
        self.lose(CHANGING);
    }

    /// Waits for the first of the link and the time.
    async fn comes(&mut self, until: Option<Instant>) -> Came {
        let now = self.clock.now();
        let sending = self.ways[OUT].messages.front();
        let out = sending.filter(|(at, _)| *at <= now);
        let step = async {
            match self
                .link
                .step(out.map(|(_, text)| &**text), &mut self.buffer)
                .await
            {
                Step::Up(info) => Came::Up(info),
                Step::Sent => Came::Sent,
                Step::Message(message) => Came::Message(message.len()),
                Step::NeedsRoom(needed) => Came::NeedsRoom(needed),
                Step::Down(down) | Step::Waiting(down) => Came::Down(down),
                Step::TooLong { .. } | Step::Garbled(_) => Came::Nothing,
            }
        };
        let mut step = pin!(step);
        let mut timer = pin!(self.clock.sleep_until(until));
        std::future::poll_fn(|context| {
            if let Poll::Ready(came) = step.as_mut().poll(context) {
                return Poll::Ready(came);
            }
            timer.as_mut().poll(context).map(|()| Came::Nothing)
        })
        .await
    }

    fn is_down(&mut self) {
        self.up = false;
        self.forget();
        let down = self.losing.take();
        let now = self.clock.now();
        self.down_until = down.map(|ms| now.after(Duration::from_millis(ms)));
    }
}

impl<L: Link> Link for FaultyLink<'_, L> {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        if self.faults.is_empty() && self.is_sound() {
            return self.sound(out, buf).await;
        }
        if let Some(until) = self.down_until {
            self.clock.sleep_until(Some(until)).await;
            self.down_until = None;
        }
        let mut out = out.filter(|_| self.up);
        loop {
            let now = self.clock.now();
            if self.back_at.is_some_and(|at| at <= now) {
                self.back_at = None;
                self.stands(0);
            }
            let empty = self.ways.iter().all(|way| way.messages.is_empty());
            if self.losing.is_some() && (empty || !self.up) {
                if self.up {
                    self.link.close().await;
                }
                self.is_down();
                return Step::Waiting(Down::new(DownReason::Lost, "by the script"));
            }
            if self.losing.is_none()
                && self.ways[OUT].messages.len() < ON_THE_WAY
                && let Some(message) = out.take()
            {
                self.passes(OUT, message);
                return Step::Sent;
            }
            if let Some((at, message)) = self.ways[IN].messages.front()
                && *at <= now
            {
                let len = message.len();
                let Some(room) = buf.get_mut(..len) else {
                    return Step::NeedsRoom(len);
                };
                room.copy_from_slice(message);
                self.ways[IN].messages.pop_front();
                return Step::Message(room);
            }
            let due = [
                self.ways[IN].due(),
                self.ways[OUT].due().filter(|at| *at > now),
                self.back_at,
            ];
            match self.comes(due.into_iter().flatten().min()).await {
                Came::Up(info) => {
                    self.up = true;
                    for (way, message) in std::mem::take(&mut self.held) {
                        self.ways[way].put(now, message);
                    }
                    return Step::Up(info);
                }
                Came::Down(down) => {
                    self.is_down();
                    return Step::Waiting(down);
                }
                Came::Sent => {
                    self.ways[OUT].messages.pop_front();
                }
                Came::Message(len) => {
                    let message = self.buffer[..len].to_vec();
                    self.passes(IN, &message);
                }
                Came::NeedsRoom(needed) if needed <= MAX_MESSAGE => self.buffer.resize(needed, 0),
                Came::NeedsRoom(_) | Came::Nothing => {}
            }
        }
    }

    async fn close(&mut self) {
        self.link.close().await;
    }
}

impl<L: Link> FaultyLink<'_, L> {
    /// Whether nothing of a fault is left.
    fn is_sound(&self) -> bool {
        self.ways.iter().all(|way| way.messages.is_empty())
            && self.held.is_empty()
            && self.losing.is_none()
            && self.down_until.is_none()
            && self.back_at.is_none()
    }

    async fn sound<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let step = self.link.step(out, buf).await;
        match &step {
            Step::Up(_) => self.up = true,
            Step::Down(_) | Step::Waiting(_) => self.up = false,
            _ => {}
        }
        step
    }
}

/// How long the link is down while one terminal takes the place of another.
const CHANGING: u64 = 1_000;
