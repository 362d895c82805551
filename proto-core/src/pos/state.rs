//! Every transition of the point of sale.

use core::fmt;

use super::case::{Cases, Standing};
use super::config::{Config, Memory, Screens, TOKEN_LEN};
use super::event::{Event, Unsolicited};
use super::inquiry::Inquiry;
use super::notes::{Note, Notes};
use super::query::{Queries, Query};
use super::request::{Refused, RequestId};
use super::session::{Phase, Session, Terminal};
use super::transaction::{Front, Transaction};
use crate::journal::{JournalFailed, Record, RecordId};
use crate::link::{Detail, Down, LinkInfo, LinkKind};
use crate::message::{
    DiscoveryRequestDraft, DiscoveryResponse, MessageDraft, PairingRequestDraft,
    ShowThankYouScreenDraft, ShowWelcomeScreenDraft, UiStateMessage,
};
use crate::outbox::Outbox;
use crate::redact::Secret;
use crate::role::Role;
use crate::time::{Duration, Instant, Timers, earlier};
use crate::wire::names::{MessageType, Method, UiDirection, UiState};
use crate::wire::{FrameError, Message, Sender, Unreadable, name_in_head, open, package_name};

/// How long the thank-you screen stays.
const THANK_YOU: Duration = Duration::from_secs(3);

/// The names of the timers.
#[derive(Clone, Copy)]
pub(super) enum Timer {
    Discovery,
    Pairing,
    PairingAgain,
    Welcome,
    Journal,
    Total,
    Quiet,
    Cancel,
    Confirm,
    Signature,
    Refund,
    Progress,
    Inquiry,
    StatusQuery,
    PaymentQuery,
    PendingQuery,
}
pub(super) const TIMERS: usize = 16;

/// Small messages that are due and are written as soon as there is room.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    pub(super) pairing: bool,
    pub(super) discovery: bool,
    pub(super) pong: bool,
    pub(super) welcome: bool,
    pub(super) thank_you: bool,
}

/// A point of sale.
///
/// ```
/// use proto_core::pos::{Case, Config, Memory, Pos};
///
/// let (mut send, mut withheld, mut hold) = ([0; 1024], [0; 2048], [0; 2048]);
/// let memory = Memory {
///     send: &mut send,
///     withheld: &mut withheld,
///     hold: &mut hold,
///     cases: &mut [Case::EMPTY; 4],
///     receive: 8192,
/// };
/// let pos = Pos::new(Config::new("com.example.pos:1.0"), memory);
/// assert!(!pos.is_ready());
/// ```
#[doc(alias = "CloverConnector")]
pub struct Pos<'b> {
    pub(super) config: Config<'b>,
    pub(super) token: heapless::String<TOKEN_LEN>,
    pub(super) session: Session,
    pub(super) terminal: Terminal,
    pub(super) outbox: Outbox<'b>,
    /// What `transmit` has handed out.
    pub(super) front: Front,
    /// A screen of ours is in the outbox, or about to be.
    screens_wait: bool,
    pub(super) due: Due,
    pub(super) tx: Transaction<'b>,
    pub(super) cases: Cases<'b>,
    /// The length of the receive buffer.
    pub(super) receive: usize,
    /// What is being found out about a case.
    pub(super) inquiry: Option<Inquiry>,
    pub(super) queries: Queries,
    /// The wall clock when it was last told: milliseconds since 1970.
    pub(super) wall: Option<(Instant, u64)>,
    pub(super) timers: Timers<TIMERS>,
    notes: Notes,
    pub(super) pong_at: Option<Instant>,
}

/// Without what it holds: tokens, card tokens, payments.
impl fmt::Debug for Pos<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pos")
            .field("config", &self.config)
            .field("ready", &self.is_ready())
            .field("open", &self.open_request())
            .finish_non_exhaustive()
    }
}

impl<'b> Pos<'b> {
    /// A point of sale without a link.
    #[must_use]
    pub fn new(config: Config<'b>, memory: Memory<'b>) -> Self {
        let token = config.token.unwrap_or_default();
        Self {
            config,
            token: token.try_into().unwrap_or_default(),
            session: Session::NONE,
            terminal: Terminal::default(),
            outbox: Outbox::new(memory.send),
            front: Front::Nothing,
            screens_wait: false,
            due: Due::default(),
            tx: Transaction::new(memory.withheld, memory.hold, config.last_request),
            cases: Cases::new(memory.cases),
            receive: memory.receive,
            inquiry: None,
            queries: Queries::default(),
            wall: None,
            timers: Timers::new(),
            notes: Notes::new(),
            pong_at: None,
        }
    }

    /// Whether the terminal takes requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.session.phase == Phase::Ready
    }

    /// What the terminal said of itself, once it was ready.
    #[must_use]
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// The request that is open, if there is one.
    #[must_use]
    pub fn open_request(&self) -> Option<RequestId> {
        self.cases.open().map(|entry| entry.record.request)
    }

    /// How a request stands; `None` once nothing is left to do about it.
    #[must_use]
    pub fn standing(&self, request: RequestId) -> Option<Standing> {
        let entry = self.cases.get(request)?;
        let asking = self.tx.is_asked();
        Some(entry.standing(asking && entry.open.is_some()))
    }

    /// The record of a request as it stands now, the journal may have it later; `None` once nothing is left to do
    /// about it.
    #[must_use]
    pub fn record(&self, request: RequestId) -> Option<&Record> {
        Some(&self.cases.get(request)?.record)
    }

    pub(super) fn send(&mut self, draft: &dyn MessageDraft) -> Result<u32, Refused> {
        let sender = self.sender();
        self.outbox
            .push(&sender, draft)
            .map_err(|full| Refused::full(full.needed))
    }

    pub(super) fn sender(&self) -> Sender<'b> {
        Sender {
            package_name: package_name(self.session.kind),
            application_id: Some(self.config.application_id),
            source_sdk: true,
            version: 1,
        }
    }

    pub(super) fn emit(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Sets the timer to so long from now.
    #[inline(never)]
    pub(super) fn set(&mut self, timer: Timer, now: Instant, wait: Duration) {
        self.timers.set(timer as usize, now.after(wait));
    }

    #[inline(never)]
    pub(super) fn stop(&mut self, timer: Timer) {
        self.timers.stop(timer as usize);
    }

    #[inline(never)]
    fn fires(&mut self, timer: Timer, now: Instant) -> bool {
        self.timers.take_due(timer as usize, now)
    }

    /// The screens after a transaction.
    pub(super) fn screens_after(&mut self, now: Instant, paid: bool) {
        if self.config.screens == Screens::Off || self.session.phase != Phase::Ready {
            return;
        }
        if paid {
            self.due.thank_you = true;
            self.set(Timer::Welcome, now, THANK_YOU);
        } else {
            self.due.welcome = true;
        }
        self.pump();
    }

    /// Writes what is due as far as there is room.
    pub(super) fn pump(&mut self) {
        let sender = self.sender();
        if self.due.pong {
            self.due.pong = self
                .outbox
                .push_liveness(&sender, MessageType::Pong)
                .is_err();
        }
        if self.due.pairing {
            let token = Some(self.token.as_str())
                .filter(|token| !token.is_empty())
                .map(|token| Secret::new(token.into()));
            let request = PairingRequestDraft {
                serial_number: Some(self.config.serial.into()),
                name: Some(self.config.name.into()),
                application_name: Some(self.config.name.into()),
                authentication_token: token,
                ..PairingRequestDraft::default()
            };
            self.due.pairing = self.outbox.push(&sender, &request).is_err();
        }
        if self.due.discovery {
            let request = DiscoveryRequestDraft {
                supports_order_modification: Some(false),
                ..DiscoveryRequestDraft::default()
            };
            self.due.discovery = self.outbox.push(&sender, &request).is_err();
        }
        self.screens_wait |= self.due.thank_you || self.due.welcome;
        if self.due.thank_you {
            self.due.thank_you = self
                .outbox
                .push(&sender, &ShowThankYouScreenDraft::default())
                .is_err();
        }
        if self.due.welcome {
            self.due.welcome = self
                .outbox
                .push(&sender, &ShowWelcomeScreenDraft::default())
                .is_err();
        }
        self.pump_transaction();
    }

    // Messages

    fn handle_opened<'m>(&mut self, now: Instant, message: Message<'m>) -> Option<Event<'m>> {
        match message.kind {
            MessageType::Ping => {
                self.handle_ping(now);
                return None;
            }
            MessageType::Command => {}
            // PONG, QUERY and EVENT need no answer; the name of an unknown kind is told.
            MessageType::Pong => return None,
            _ => return Some(Event::Unsolicited(Unsolicited::Message(message.method))),
        }
        // A payment is told in every phase; everything else waits for the pairing.
        if self.session.phase == Phase::Pairing && message.method != Some(Method::FinishOk) {
            return self.handle_pairing(now, &message);
        }
        match message.method {
            // Receipts, and answers to what is asked by itself, say nothing about the payment.
            Some(
                Method::Ack
                | Method::RetrieveDeviceStatusResponse
                | Method::RetrievePaymentResponse
                | Method::RetrievePendingPaymentsResponse,
            ) => {}
            _ => self.sign_of_life(now),
        }
        match message.method {
            Some(Method::DiscoveryResponse) => {
                self.handle_discovery(now, DiscoveryResponse::of(message.payload))
            }
            Some(
                Method::RetrieveDeviceStatusResponse
                | Method::RetrievePaymentResponse
                | Method::RetrievePendingPaymentsResponse,
            ) => self.handle_answer(now, &message),
            Some(Method::UiState) => self.handle_screen(now, UiStateMessage::of(message.payload)),
            // Pairing is over; what is said about it again changes nothing.
            Some(Method::PairingCode | Method::PairingResponse) => None,
            _ => self.handle_transaction(now, &message),
        }
    }

    fn handle_screen<'m>(&mut self, now: Instant, screen: UiStateMessage<'m>) -> Option<Event<'m>> {
        let shown = screen.ui_direction() != Some(UiDirection::Exit);
        if !shown
            && screen.ui_state() == Some(UiState::ReceiptOptions)
            && self.cases.open().is_none()
        {
            self.stop(Timer::Welcome);
            self.screens_after(now, false);
        }
        self.handle_transaction_screen(now, screen, shown);
        Some(if shown {
            Event::ScreenShown(screen)
        } else {
            Event::ScreenGone(screen)
        })
    }
}

impl Role for Pos<'_> {
    type Event<'m> = Event<'m>;

    fn handle_link_up(&mut self, now: Instant, info: LinkInfo) {
        if self.session.phase != Phase::Down {
            self.handle_link_down(now, &Down::from(crate::link::DownReason::Lost));
        }
        self.session = Session {
            kind: info.kind,
            number: self.session.number.wrapping_add(1),
            refusals: self.session.refusals,
            ..Session::NONE
        };
        self.enter(Phase::Pairing);
        self.pong_at = None;
        let (kind, max_piece) = (info.kind, info.max_piece);
        self.notes
            .push_with(Note::Connected { kind, max_piece }, info.peer);
        if self.session.kind == LinkKind::Network {
            self.set(Timer::Pairing, now, self.config.deadlines.pairing);
            match self.pairing_pause() {
                Duration::ZERO => self.start_pairing(now),
                pause => self.set(Timer::PairingAgain, now, pause),
            }
        } else {
            self.enter(Phase::Discovering);
            self.discover(now);
        }
    }

    fn handle_link_down(&mut self, now: Instant, down: &Down) {
        let was_up = self.session.phase != Phase::Down;
        self.enter(Phase::Down);
        self.outbox.clear();
        self.front = Front::Nothing;
        self.due = Due::default();
        for timer in [
            Timer::Discovery,
            Timer::Pairing,
            Timer::PairingAgain,
            Timer::Welcome,
        ] {
            self.stop(timer);
        }
        self.notes
            .push_with(Note::Disconnected(down.reason), down.detail.clone());
        // A further failure to come up loses nothing more.
        if was_up {
            self.lose_link(now);
        }
    }

    fn handle_message<'m>(&mut self, now: Instant, message: &'m mut [u8]) -> Option<Event<'m>> {
        self.notice_sleep(now);
        let event = match open(message) {
            Ok(message) => self.handle_opened(now, message),
            Err(unreadable) => self.handle_unreadable(now, unreadable),
        };
        self.pump();
        event
    }

    fn handle_unreadable<'m>(
        &mut self,
        now: Instant,
        unreadable: Unreadable<'m>,
    ) -> Option<Event<'m>> {
        self.missed_something(now);
        self.pump();
        Some(Event::Unreadable(unreadable))
    }

    fn handle_oversize(&mut self, now: Instant, head: &[u8], total: usize) {
        let method = name_in_head(head).map(|method| Detail::of(method.name()));
        let method = method.unwrap_or_default();
        self.missed_something(now);
        self.notes.push_with(Note::Oversize { total }, method);
    }

    fn handle_garbled(&mut self, now: Instant, error: FrameError) {
        self.missed_something(now);
        self.emit(Note::Garbled(error));
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.notice_sleep(now);
        if self.fires(Timer::Discovery, now) {
            self.discover(now);
        }
        if self.fires(Timer::Pairing, now) {
            self.emit(Note::PairingTimedOut);
            // Its answer may be lost: it is asked anew.
            self.set(Timer::Pairing, now, self.config.deadlines.pairing);
            self.start_pairing(now);
        }
        if self.fires(Timer::PairingAgain, now) {
            self.start_pairing(now);
        }
        if self.fires(Timer::Welcome, now) {
            self.due.welcome = true;
        }
        if self.fires(Timer::Journal, now) {
            self.journal_timed_out(now);
        }
        if self.fires(Timer::Total, now) || self.fires(Timer::Quiet, now) {
            self.expire(now);
        }
        if self.fires(Timer::Refund, now) {
            self.refund_stands(now);
        }
        if self.fires(Timer::Cancel, now) {
            self.cancel_impossible();
        }
        for timer in [Timer::Confirm, Timer::Signature] {
            if self.fires(timer, now) {
                self.question_timed_out(now, timer);
            }
        }
        if self.fires(Timer::Progress, now) {
            // While it asks, the terminal waits for this side.
            if !self.tx.is_asked() {
                self.emit(Note::NoProgress);
                self.missed_something(now);
            }
            self.set(Timer::Progress, now, self.config.deadlines.progress);
        }
        for query in Query::ALL {
            if self.fires(query.timer(), now) {
                self.query_timed_out(query);
            }
        }
        if self.fires(Timer::Inquiry, now) {
            self.inquiry_goes_on(now);
        }
        self.look_after_cases(now);
        self.pump();
    }

    fn poll_journal(&mut self) -> Option<(RecordId, &Record)> {
        self.next_record()
    }

    fn journal_done(&mut self, now: Instant, id: RecordId, done: Result<(), JournalFailed>) {
        self.journal_answered(now, id, done);
    }

    fn poll_event(&mut self) -> Option<Event<'static>> {
        self.notes.pop().or_else(|| self.next_told())
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        if self.front == Front::Nothing {
            self.pump();
            self.front = if self.outbox.front().is_some() {
                Front::Outbox
            } else if self.session.phase != Phase::Down && self.hand_out() {
                Front::Withheld
            } else {
                Front::Nothing
            };
        }
        match self.front {
            Front::Nothing => None,
            Front::Outbox => self.outbox.front(),
            Front::Withheld => self.tx.withheld_message(),
        }
    }

    fn transmitted(&mut self, now: Instant) {
        match core::mem::replace(&mut self.front, Front::Nothing) {
            Front::Nothing => {}
            Front::Outbox => {
                self.outbox.pop();
                if self.screens_wait {
                    // A refusal that names nothing can be about one of our own screens.
                    self.tx.note_other(now);
                    self.screens_wait = self.outbox.front().is_some();
                }
            }
            Front::Withheld => self.start_left(),
        }
        self.pump();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        earlier(self.timers.next(), self.next_case())
    }

    fn prepare_close(&mut self, _now: Instant) {
        if self.timers.is_set(Timer::Welcome as usize) && self.cases.open().is_none() {
            self.stop(Timer::Welcome);
            self.due.welcome = true;
            self.pump();
        }
    }
}

/// The current screen by name.
pub(super) type ScreenName = heapless::String<40>;

/// The name of a screen, cut to what fits.
pub(super) fn screen_name(state: UiState<'_>) -> ScreenName {
    state.name().cut()
}
