//! The session with a terminal: pairing, discovery, liveness, and what is known of the terminal.

use super::event::{Event, Unsolicited};
use super::state::{Pos, Timer};
use crate::link::LinkKind;
use crate::message::{DiscoveryResponse, PairingCode, PairingResponse};
use crate::terminal::SIMULATOR;
use crate::time::{Duration, Instant};
use crate::wire::Message;
use crate::wire::json::Text;
use crate::wire::names::{Method, PairingState};

/// A PING is answered at most this often (`protocol/link.md` §4.11).
const PING_FLOOD: Duration = Duration::from_millis(800);
/// Discovery is asked again this often until the terminal is ready (`protocol/decisions.md`).
const DISCOVERY_AGAIN: Duration = Duration::from_secs(5);
/// A pairing request that nothing at all answers is sent again after this.
const PAIRING_UNHEARD: Duration = Duration::from_secs(15);
/// The pauses before a refused pairing is tried again in seconds, the last one for ever.
const PAIRING_PAUSES: [u64; 4] = [2, 5, 10, 30];

/// How far a session is (`protocol/connector.md` §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Phase {
    /// No link.
    Down,
    /// The link is up; the terminal must accept this point of sale first.
    Pairing,
    /// The terminal was asked who it is.
    Discovering,
    /// The terminal is there, but takes no requests.
    NotReady,
    /// The terminal takes requests.
    Ready,
}

/// The session with a terminal, from link up to link down.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) phase: Phase,
    pub(super) kind: LinkKind,
    /// Counts the sessions, so that an answer can be told from one of an earlier session.
    pub(super) number: u32,
    /// The token was refused on this session; the next refusal is not about the token.
    pub(super) token_refused: bool,
    /// How often the pairing was refused, on this and earlier links: a terminal that refuses and closes
    /// must not be asked in a circle.
    pub(super) refusals: u32,
}

impl Session {
    pub(super) const NONE: Self = Self {
        phase: Phase::Down,
        kind: LinkKind::Network,
        number: 0,
        token_refused: false,
        refusals: 0,
    };
}

/// What the terminal said of itself. Absent flags are read as `protocol/decisions.md` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[doc(alias = "MerchantInfo")]
pub struct Terminal {
    /// The merchant's id.
    pub merchant_id: heapless::String<32>,
    /// The terminal's serial number.
    pub serial: heapless::String<32>,
    /// It says that it is a simulator (`design.md` "Money" 14).
    pub simulated: bool,
    /// It acknowledges commands.
    pub acknowledges: bool,
    /// Cards can be vaulted, and tokens charged.
    pub vault_card: bool,
    /// Authorisations with a later tip are allowed.
    #[doc(alias = "supportsAuths")]
    pub auth: bool,
    /// Pre-authorisations are allowed.
    pub pre_auth: bool,
    /// Tips can be adjusted.
    pub tip_adjust: bool,
    /// Refunds without a payment are allowed.
    pub manual_refund: bool,
    /// A void is answered.
    pub void_payment_response: bool,
}

impl Terminal {
    pub(super) fn of(info: DiscoveryResponse<'_>) -> Self {
        let text = |text: Option<Text<'_>>| text.unwrap_or_default().cut();
        let tip_adjust = info.supports_tip_adjust().unwrap_or(true);
        let multi_pay_token = info.supports_multi_pay_token().unwrap_or(true);
        let says = |text: Option<Text<'_>>| text.is_some_and(|text| text == SIMULATOR);
        Self {
            merchant_id: text(info.merchant_id()),
            serial: text(info.serial()),
            simulated: says(info.merchant_id()) || says(info.model()),
            acknowledges: info.supports_acknowledgement().unwrap_or(false),
            vault_card: info.supports_vault_card().unwrap_or(multi_pay_token),
            auth: info.supports_auth().unwrap_or(tip_adjust),
            pre_auth: info.supports_pre_auth().unwrap_or(tip_adjust),
            tip_adjust,
            manual_refund: info.supports_manual_refund().unwrap_or(true),
            void_payment_response: info.supports_void_payment_response().unwrap_or(false),
        }
    }
}

impl Pos<'_> {
    pub(super) fn enter(&mut self, phase: Phase) {
        log!(info, "session: {}", phase);
        self.session.phase = phase;
    }

    pub(super) fn discover(&mut self, now: Instant) {
        self.due.discovery = true;
        self.set(Timer::Discovery, now, DISCOVERY_AGAIN);
        self.pump();
    }

    pub(super) fn start_pairing(&mut self, now: Instant) {
        self.due.pairing = true;
        self.set(Timer::PairingAgain, now, PAIRING_UNHEARD);
        self.pump();
    }

    pub(super) fn handle_ping(&mut self, now: Instant) {
        let flood = self
            .pong_at
            .is_some_and(|last| now.since(last) < PING_FLOOD);
        if flood {
            return;
        }
        self.pong_at = Some(now);
        self.due.pong = true;
        match self.session.phase {
            Phase::Discovering | Phase::NotReady => self.discover(now),
            _ => self.pump(),
        }
    }

    pub(super) fn handle_pairing<'m>(
        &mut self,
        now: Instant,
        message: &Message<'m>,
    ) -> Option<Event<'m>> {
        // What lacks what it is about is told like what is not known.
        let other = Event::Unsolicited(Unsolicited::Message(message.method));
        match message.method {
            Some(Method::PairingCode) => {
                self.stop(Timer::PairingAgain);
                let code = PairingCode::of(message.payload).pairing_code();
                Some(code.map_or(other, Event::PairingCode))
            }
            Some(Method::PairingResponse) => {
                let response = PairingResponse::of(message.payload);
                Some(match response.pairing_state() {
                    Some(state) => self.handle_pairing_state(now, response, state),
                    None => other,
                })
            }
            // ACK and screens may come in between (`protocol/link.md` §2.7).
            _ => None,
        }
    }

    fn handle_pairing_state<'m>(
        &mut self,
        now: Instant,
        response: PairingResponse<'m>,
        state: PairingState<'m>,
    ) -> Event<'m> {
        match state {
            PairingState::Paired | PairingState::Initial => {
                let token = response.authentication_token();
                if let Some(token) = token {
                    self.token = token.expose().copied().unwrap_or_default();
                }
                self.session.refusals = 0;
                self.enter(Phase::Discovering);
                self.stop(Timer::Pairing);
                self.stop(Timer::PairingAgain);
                self.discover(now);
                Event::Paired { token }
            }
            PairingState::Failed => self.handle_refused_pairing(now),
            state => {
                self.stop(Timer::PairingAgain);
                Event::PairingState(state)
            }
        }
    }

    /// A refused token is forgotten and the pairing tried once more on the same link; after that it is
    /// tried ever more slowly, so that it never spins.
    fn handle_refused_pairing(&mut self, now: Instant) -> Event<'static> {
        let had_token = !self.token.is_empty();
        self.token.clear();
        if had_token && !self.session.token_refused {
            self.session.token_refused = true;
            self.start_pairing(now);
            return Event::TokenRefused;
        }
        self.session.refusals = self.session.refusals.saturating_add(1);
        self.set(Timer::PairingAgain, now, self.pairing_pause());
        Event::PairingFailed
    }

    /// How long to wait before the pairing is tried again; nothing if it was not refused.
    pub(super) fn pairing_pause(&self) -> Duration {
        let Some(step) = self.session.refusals.checked_sub(1) else {
            return Duration::ZERO;
        };
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let pause = PAIRING_PAUSES.get(step).or(PAIRING_PAUSES.last());
        Duration::from_secs(pause.copied().unwrap_or_default())
    }

    pub(super) fn handle_discovery<'m>(
        &mut self,
        now: Instant,
        info: DiscoveryResponse<'m>,
    ) -> Option<Event<'m>> {
        let terminal = Terminal::of(info);
        if info.ready() != Some(true) {
            self.terminal = terminal;
            self.enter(Phase::NotReady);
            self.set(Timer::Discovery, now, DISCOVERY_AGAIN);
            return Some(Event::NotReady(info));
        }
        self.stop(Timer::Discovery);
        self.due.discovery = false;
        if terminal.simulated && !self.config.accept_simulator {
            self.terminal = terminal;
            self.enter(Phase::NotReady);
            return Some(Event::SimulatorRefused);
        }
        let other = (&terminal.serial, &terminal.merchant_id)
            != (&self.terminal.serial, &self.terminal.merchant_id);
        self.terminal = terminal;
        let became = self.session.phase != Phase::Ready;
        self.enter(Phase::Ready);
        if became || other {
            self.end_inquiry();
            self.terminal_is_back(now);
        }
        became.then_some(Event::BecameReady(info))
    }
}
