//! A simulated terminal: the terminal role with a plan for everything that moves money.
//!
//! [`Simulator`] is a [`Role`] like the one it is made of: it has no thread, socket or clock, so the tests run
//! it under a virtual clock. [`SimulatorThread`] gives it a thread and a WebSocket. What becomes of a sale, auth,
//! pre-auth, manual refund, refund of a payment or void is data, a [`Plan`].
//!
//! One of them runs at a time; whatever else moves money is refused meanwhile. What was done stands on its books, and
//! outlives a restart. What was taken offline is sent to the bank after [`Plan::upload`].
//!
//! It says what it is in the protocol: merchant and model are `SIMULATOR`, its serial number and the ids of its
//! payments begin with `SIM`.

mod acting;
mod asked;
mod card;
mod course;
mod faulty;
mod payment;
mod plan;
mod random;
mod screens;
pub mod script;
mod seen;
mod serial;
mod signature;
mod telling;
mod thread;
mod undo;
mod upload;

use std::collections::VecDeque;

use proto_core::Role;
use proto_core::link::{Down, LinkInfo};
use proto_core::message::PairingRequest;
use proto_core::terminal::{Event, Identity, Ledger, Memory, Terminal, Unsent};
use proto_core::time::Instant;
use proto_core::wire::{FrameError, Unreadable};

use acting::Stage;
pub use plan::{End, Plan, PlanError};
use random::Random;
pub use script::Script;
pub use seen::{Question, Seen};
pub use serial::TcpLine;
pub use thread::{Keyboard, SimulatorOptions, SimulatorThread};
use upload::Uploads;

/// Who types the pairing code on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// The simulator by itself.
    Auto,
    /// A person.
    Type,
}

/// A terminal that acts by plans.
#[derive(Debug)]
pub struct Simulator<'b> {
    terminal: Terminal<'b>,
    pairing: Pairing,
    plans: VecDeque<Plan>,
    random: Random,
    unix_ms: fn() -> i64,
    /// Tokens that are good, the newest last.
    tokens: VecDeque<String>,
    till: Till,
    stage: Stage,
    uploads: Uploads,
    seen: VecDeque<Seen>,
}

/// The point of sale that pairs.
#[derive(Debug, Default)]
struct Till {
    name: String,
    code: Option<String>,
    /// When the code is typed by itself.
    type_at: Option<Instant>,
}

/// Tokens that are kept; an older one needs a new code.
const TOKENS: usize = 16;

impl<'b> Simulator<'b> {
    /// A simulator with its memory, who types its codes, and what becomes of one transaction after the other;
    /// after the last it stays with that one. `seed` decides its ids, codes and cards.
    #[must_use]
    pub fn new(
        memory: impl Into<Memory<'b>>,
        pairing: Pairing,
        plans: impl IntoIterator<Item = Plan>,
        seed: u64,
        unix_ms: fn() -> i64,
    ) -> Self {
        Self::with_identity(Identity::SIMULATOR, memory, pairing, plans, seed, unix_ms)
    }

    /// The same with another name, serial number and the like.
    #[must_use]
    pub fn with_identity(
        identity: Identity<'b>,
        memory: impl Into<Memory<'b>>,
        pairing: Pairing,
        plans: impl IntoIterator<Item = Plan>,
        seed: u64,
        unix_ms: fn() -> i64,
    ) -> Self {
        Self {
            terminal: Terminal::new(identity, memory),
            pairing,
            plans: plans.into_iter().collect(),
            random: Random::new(seed),
            unix_ms,
            tokens: VecDeque::new(),
            till: Till::default(),
            stage: Stage::default(),
            uploads: Uploads::default(),
            seen: VecDeque::new(),
        }
    }

    /// A person typed this code.
    pub fn type_code(&mut self, typed: &str) {
        match self.till.code.take() {
            Some(code) if code == typed.trim() => self.accept_pairing(true),
            Some(_) => {
                self.see(Seen::WrongCode);
                let refused = self.terminal.refuse_pairing();
                self.note(refused);
            }
            None => {}
        }
    }

    /// What it did.
    #[must_use]
    pub fn books(&self) -> &Ledger<'b> {
        self.terminal.books()
    }

    /// What it did, to be added to.
    pub fn books_mut(&mut self) -> &mut Ledger<'b> {
        self.terminal.books_mut()
    }

    /// The power was lost: what was running is gone, the books stay.
    pub fn restart(&mut self) {
        self.stage = Stage::default();
        self.till = Till::default();
        self.terminal.restart();
    }

    fn see(&mut self, seen: Seen) {
        self.seen.push_back(seen);
    }

    /// What could not be sent is no error of the simulator: a sale goes on without the point of sale.
    fn note(&mut self, sent: Result<(), Unsent>) {
        match sent {
            Ok(()) | Err(Unsent::NotConnected) => {}
            Err(error) => self.see(Seen::Trouble(error.to_string())),
        }
    }

    fn react(&mut self, now: Instant, event: Event<'_>) {
        match event {
            Event::Connected(info) => self.see(Seen::Connected(info.peer.to_string())),
            Event::Disconnected(down) => {
                self.till = Till::default();
                self.see(Seen::Disconnected(down.to_string()));
            }
            Event::PairingRequested(request) => self.pair(now, request),
            Event::MessageShown(text) => self.see(Seen::Message(text.to_string())),
            Event::WelcomeShown => self.welcome_shown(),
            Event::ThankYouShown => self.see(Seen::ThankYou),
            Event::Started(start) => self.sale_started(now, start),
            Event::KeyPressed(key) => self.key_pressed(now, key),
            Event::Reset => self.reset(now),
            Event::Confirmed(answer) => self.confirmed(now, answer),
            Event::Rejected(answer) => self.rejected(now, answer),
            Event::SignatureVerified(answer) => self.signature_answered(now, answer),
            Event::RefundAsked(request) => self.refund_asked(now, request),
            Event::VoidAsked(request) => self.void_asked(now, request),
            Event::Refused(_) => self.see(Seen::NotStarted("something else is running")),
            Event::StartedAgain => {
                self.see(Seen::NotStarted("its external id was used before"));
            }
            Event::Unreadable(unreadable) => self.see(Seen::Trouble(unreadable.to_string())),
            Event::Oversize { method, total } => {
                self.see(Seen::Trouble(format!(
                    "{method} of {total} bytes: too long"
                )));
            }
            _ => {}
        }
    }

    fn pair(&mut self, now: Instant, request: PairingRequest<'_>) {
        self.till.name = request.name().unwrap_or_default().to_string();
        let known = request.authentication_token().and_then(|token| {
            let is_it = |known: &String| token.expose() == known.as_str();
            let at = self.tokens.iter().position(is_it)?;
            self.tokens.remove(at)
        });
        if known.is_some() {
            return self.accept_pairing(false);
        }
        let code = self.random.digits(4);
        let shown = self.terminal.show_code(&code);
        self.note(shown);
        self.see(Seen::Code(code.clone(), self.pairing));
        self.till.code = Some(code);
        self.till.type_at = (self.pairing == Pairing::Auto).then(|| now.after(Plan::STEP));
    }

    fn accept_pairing(&mut self, with_code: bool) {
        let token = format!("SIM-{:016X}{:016X}", self.random.next(), self.random.next());
        let accepted = self.terminal.accept_pairing(&token, Some((self.unix_ms)()));
        self.note(accepted);
        self.tokens.push_back(token);
        if self.tokens.len() > TOKENS {
            self.tokens.pop_front();
        }
        let name = std::mem::take(&mut self.till).name;
        self.see(Seen::Paired { name, with_code });
    }
}

impl Role for Simulator<'_> {
    type Event<'m> = Seen;

    fn handle_link_up(&mut self, now: Instant, info: LinkInfo) {
        self.terminal.handle_link_up(now, info);
    }

    fn handle_link_down(&mut self, now: Instant, down: &Down) {
        self.terminal.handle_link_down(now, down);
    }

    fn handle_message(&mut self, now: Instant, message: &mut [u8]) -> Option<Seen> {
        if let Some(event) = self.terminal.handle_message(now, message) {
            self.react(now, event);
        }
        self.seen.pop_front()
    }

    fn handle_unreadable(&mut self, now: Instant, unreadable: Unreadable<'_>) -> Option<Seen> {
        if let Some(event) = self.terminal.handle_unreadable(now, unreadable) {
            self.react(now, event);
        }
        self.seen.pop_front()
    }

    fn handle_oversize(&mut self, now: Instant, head: &[u8], total: usize) {
        self.terminal.handle_oversize(now, head, total);
    }

    fn handle_garbled(&mut self, now: Instant, error: FrameError) {
        self.terminal.handle_garbled(now, error);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.terminal.handle_timeout(now);
        if self.till.type_at.take_if(|at| *at <= now).is_some() {
            self.accept_pairing(true);
        }
        self.act(now);
        self.upload(now);
    }

    fn poll_event(&mut self) -> Option<Seen> {
        while let Some(event) = self.terminal.poll_event() {
            // These came from no message, so nothing begins with them, and the time does not matter.
            self.react(Instant::ZERO, event);
        }
        self.seen.pop_front()
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        self.terminal.transmit()
    }

    fn transmitted(&mut self, now: Instant) {
        self.terminal.transmitted(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = [
            self.terminal.poll_timeout(),
            self.till.type_at,
            self.stage.due(),
            self.next_upload(),
        ];
        due.into_iter().flatten().min()
    }

    fn prepare_close(&mut self, now: Instant) {
        self.terminal.prepare_close(now);
    }
}
