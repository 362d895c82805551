//! A simulated terminal: the terminal role with a script.
//!
//! [`Simulator`] is a [`Role`] like the one it is made of: it has no thread, socket or clock, so the tests run
//! it under a virtual clock. [`SimulatorThread`] gives it a thread and a WebSocket.
//!
//! It says what it is in the protocol: merchant and model are `SIMULATOR`, its serial number and the ids of its
//! payments begin with `SIM`.

mod payment;
mod script;
mod thread;

use std::collections::VecDeque;

use proto_core::Role;
use proto_core::link::{Down, LinkInfo};
use proto_core::message::TxStateMessageDraft;
use proto_core::model::InputOptionDraft;
use proto_core::terminal::{Event, Identity, Terminal};
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::{KeyPress, TxState, UiDirection, UiState};
use proto_core::wire::{FrameError, Unreadable};

use payment::Sold;
pub use script::{Behaviour, UnknownBehaviour};
pub use thread::{Keyboard, SimulatorOptions, SimulatorThread};

/// How long the simulator takes for each step of a sale, in milliseconds: long enough to be steps, short
/// enough to try things quickly.
const STEP_MS: u64 = 10;

/// Who types the pairing code on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// The simulator by itself.
    Auto,
    /// A person.
    Type,
}

/// What happens at the terminal, for people to see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A point of sale is connected.
    Connected(String),
    /// It is gone.
    Disconnected(String),
    /// This code is to be typed; by whom.
    Code(String, Pairing),
    /// The code was right, or a token was known.
    Paired {
        /// Its name.
        name: String,
        /// Whether a code was needed.
        with_code: bool,
    },
    /// The code was wrong.
    WrongCode,
    /// A line of text is shown.
    Message(String),
    /// The welcome screen is shown.
    Welcome,
    /// The thank-you screen is shown.
    ThankYou,
    /// A sale begins.
    Sale {
        /// What is to be charged in minor units.
        amount: i64,
        /// The point of sale's id.
        external_id: String,
    },
    /// A screen of the sale.
    Screen {
        /// Its name on the wire.
        state: String,
        /// The text on it.
        text: String,
    },
    /// The sale was paid.
    Paid {
        /// The payment's id.
        payment: String,
        /// What was charged in minor units.
        amount: i64,
    },
    /// The sale ended without a payment.
    NotPaid,
    /// The point of sale pressed a key.
    Key(String),
    /// The point of sale reset the terminal.
    Reset,
    /// Something was refused or could not be read.
    Trouble(String),
}

/// A terminal that acts by a script.
#[derive(Debug)]
pub struct Simulator<'b> {
    terminal: Terminal<'b>,
    pairing: Pairing,
    script: VecDeque<Behaviour>,
    random: Random,
    unix_ms: fn() -> i64,
    /// Tokens that are good, the newest last.
    tokens: VecDeque<String>,
    till: Till,
    steps: VecDeque<Step>,
    next_step: Option<Instant>,
    sold: Option<Sold>,
    cancel_offered: bool,
    seen: VecDeque<Seen>,
}

/// The point of sale that pairs.
#[derive(Debug, Default)]
struct Till {
    name: String,
    code: Option<String>,
}

/// One step of what the terminal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    TypeCode,
    Accept,
    Enter(UiState<'static>, &'static str),
    Exit(UiState<'static>),
    State(TxState<'static>),
    Finish,
    Cancel,
}

/// Tokens that are kept; an older one needs a new code.
const TOKENS: usize = 16;

impl<'b> Simulator<'b> {
    /// A simulator with the memory for its messages, who types its codes, and what becomes of one sale after
    /// the other; after the last it stays with that one. `seed` decides its ids and codes.
    #[must_use]
    pub fn new(
        send: &'b mut [u8],
        pairing: Pairing,
        script: impl IntoIterator<Item = Behaviour>,
        seed: u64,
        unix_ms: fn() -> i64,
    ) -> Self {
        Self {
            terminal: Terminal::new(Identity::SIMULATOR, send),
            pairing,
            script: script.into_iter().collect(),
            random: Random(seed),
            unix_ms,
            tokens: VecDeque::new(),
            till: Till::default(),
            steps: VecDeque::new(),
            next_step: None,
            sold: None,
            cancel_offered: false,
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

    fn see(&mut self, seen: Seen) {
        self.seen.push_back(seen);
    }

    /// Something that could not be sent is no error of the simulator: the point of sale may be gone.
    fn note(&mut self, sent: Result<(), impl std::fmt::Display>) {
        if let Err(error) = sent {
            self.see(Seen::Trouble(error.to_string()));
        }
    }

    fn react(&mut self, now: Instant, event: Event<'_>) {
        match event {
            Event::Connected(info) => self.see(Seen::Connected(info.peer.to_string())),
            Event::Disconnected(down) => {
                self.till = Till::default();
                self.see(Seen::Disconnected(down.to_string()));
            }
            Event::PairingRequested(request) => {
                let token = request.authentication_token();
                let known = token.and_then(|token| {
                    let at = self
                        .tokens
                        .iter()
                        .position(|known| token.expose() == known.as_str())?;
                    self.tokens.remove(at)
                });
                self.till.name = request.name().unwrap_or_default().to_string();
                match (known, token) {
                    (Some(_), _) => self.accept_pairing(false),
                    (None, _) => self.show_code(now),
                }
            }
            Event::MessageShown(text) => self.see(Seen::Message(text.to_string())),
            Event::WelcomeShown => self.see(Seen::Welcome),
            Event::ThankYouShown => self.see(Seen::ThankYou),
            Event::Started(start) => {
                let sold = Sold::of(start, &mut self.random);
                self.see(Seen::Sale {
                    amount: sold.amount,
                    external_id: sold.external_id.clone(),
                });
                self.sold = Some(sold);
                let behaviour = match self.script.len() {
                    0 => Behaviour::Approve,
                    1 => self.script.front().copied().unwrap_or_default(),
                    _ => self.script.pop_front().unwrap_or_default(),
                };
                self.perform(now, behaviour.steps());
            }
            Event::KeyPressed(key) => {
                self.see(Seen::Key(key.to_string()));
                if key == KeyPress::Esc && self.cancel_offered {
                    self.perform(now, &script::CANCELLED);
                }
            }
            Event::Reset => {
                self.see(Seen::Reset);
                if self.terminal.running().is_some() {
                    self.perform(now, &script::RESET);
                }
            }
            Event::StartedTwice => {
                self.see(Seen::Trouble(
                    "a second sale while one is running: refused".to_owned(),
                ));
            }
            Event::StartedAgain => {
                self.see(Seen::Trouble(
                    "an external id that was used before: refused".to_owned(),
                ));
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

    fn show_code(&mut self, now: Instant) {
        let code = format!("{:04}", self.random.below(10_000));
        let shown = self.terminal.show_code(&code);
        self.note(shown);
        self.see(Seen::Code(code.clone(), self.pairing));
        self.till.code = Some(code);
        if self.pairing == Pairing::Auto {
            self.perform(now, &[Step::TypeCode]);
        }
    }

    fn accept_pairing(&mut self, with_code: bool) {
        let token = format!("SIM-{:016X}{:016X}", self.random.next(), self.random.next());
        let accepted = self.terminal.accept_pairing(&token, Some((self.unix_ms)()));
        self.note(accepted);
        self.tokens.push_back(token);
        if self.tokens.len() > TOKENS {
            self.tokens.pop_front();
        }
        self.till.code = None;
        let name = self.till.name.clone();
        self.see(Seen::Paired { name, with_code });
    }

    fn perform(&mut self, now: Instant, steps: &[Step]) {
        self.steps = steps.iter().copied().collect();
        self.next_step = Some(now.after(Duration::from_millis(STEP_MS)));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::TypeCode => {
                if self.till.code.is_some() {
                    self.accept_pairing(true);
                }
            }
            Step::Accept => {
                let sent = self.terminal.accept_start();
                self.note(sent);
            }
            Step::Enter(state, text) => self.screen(state, text),
            Step::Exit(state) => {
                self.cancel_offered = false;
                let sent = self.terminal.screen(state, UiDirection::Exit, "", &[]);
                self.note(sent);
            }
            Step::State(state) => {
                let sent = self.terminal.send(&TxStateMessageDraft {
                    tx_state: Some(state),
                    more: &[],
                });
                self.note(sent);
            }
            Step::Finish => {
                let Some(sold) = self.sold.take() else {
                    return;
                };
                let terminal = &mut self.terminal;
                let sent =
                    sold.with_payment((self.unix_ms)(), |payment| terminal.finish_ok(payment));
                self.note(sent);
                self.see(Seen::Paid {
                    payment: sold.payment_id,
                    amount: sold.amount,
                });
            }
            Step::Cancel => {
                self.sold = None;
                let sent = self.terminal.finish_cancel();
                self.note(sent);
                self.see(Seen::NotPaid);
            }
        }
    }

    fn screen(&mut self, state: UiState<'static>, text: &'static str) {
        let cancel = [InputOptionDraft {
            key_press: Some(KeyPress::Esc),
            description: Some("Cancel".into()),
            more: &[],
        }];
        self.cancel_offered = state == UiState::Start;
        let options = if self.cancel_offered {
            &cancel[..]
        } else {
            &[]
        };
        let sent = self
            .terminal
            .screen(state, UiDirection::Enter, text, options);
        self.note(sent);
        self.see(Seen::Screen {
            state: state.name().to_string(),
            text: text.to_owned(),
        });
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
        if self.next_step.is_some_and(|at| at <= now) {
            // What belongs together happens at once: up to the next screen.
            while let Some(step) = self.steps.pop_front() {
                self.step(step);
                if matches!(step, Step::Enter(..)) {
                    break;
                }
            }
            let more = !self.steps.is_empty();
            self.next_step = more.then(|| now.after(Duration::from_millis(STEP_MS)));
        }
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
        let due = [self.terminal.poll_timeout(), self.next_step];
        due.into_iter().flatten().min()
    }

    fn prepare_close(&mut self, now: Instant) {
        self.terminal.prepare_close(now);
    }
}

/// Ids and codes that look random and repeat with their seed (`SplitMix64`). Nothing secret hangs on it: a
/// simulator's tokens open nothing but the simulator.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// `SIM` and ten digits and letters: as long as the real ids.
    fn id(&mut self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let tail = (0..10).map(|_| char::from(ALPHABET[self.below(32) as usize]));
        "SIM".chars().chain(tail).collect()
    }
}
