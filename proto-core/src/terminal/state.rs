//! The terminal's link, pairing and discovery, and where each message goes.

use heapless::Deque;

use super::event::Event;
use super::identity::{Identity, Unsent};
use super::ledger::Ledger;
use super::transaction::{Asking, Running};
use crate::fingerprint::Fingerprints;
use crate::link::{Detail, Down, DownReason, LinkInfo, LinkKind};
use crate::message::{
    AckDraft, DiscoveryResponseDraft, KeyPressMessage, MessageDraft, PairingCodeDraft,
    PairingRequest, PairingResponseDraft, PaymentConfirmed, PaymentRejected,
    ResetDeviceResponseDraft, RetrieveDeviceStatusRequest, RetrievePaymentRequest,
    SignatureVerified, TerminalMessage, TxStart,
};
use crate::outbox::Outbox;
use crate::redact::{Hidden, Secret};
use crate::role::Role;
use crate::time::{Instant, Timers};
use crate::wire::json::Text;
use crate::wire::names::{DeviceState, MessageType, Method, PairingState, ResultStatus};
use crate::wire::{FrameError, Message, Sender, Unreadable, name_in_head, open, package_name};

/// Events that wait for `poll_event`; when it is full the oldest is dropped.
const EVENTS: usize = 8;
/// Messages that wait to be acknowledged.
const RECEIPTS: usize = 8;
/// How many external ids are remembered.
const REMEMBERED: usize = 64;

const PING: usize = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Phase {
    Down,
    Pairing,
    Paired,
}

/// The memory of a terminal, lent by the caller.
pub struct Memory<'b> {
    /// Messages that wait to be sent.
    pub send: &'b mut [u8],
    /// The last question or end, to be sent again when a point of sale asks for it.
    pub last: &'b mut [u8],
    /// What it did.
    pub books: Ledger<'b>,
}

impl core::fmt::Debug for Memory<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Memory")
            .field("send", &Hidden::of(self.send))
            .field("last", &Hidden::of(self.last))
            .field("books", &self.books)
            .finish()
    }
}

/// Memory for messages only: a terminal that repeats nothing and remembers nothing.
impl<'b> From<&'b mut [u8]> for Memory<'b> {
    fn from(send: &'b mut [u8]) -> Self {
        Self {
            send,
            last: &mut [],
            books: Ledger::new(&mut []),
        }
    }
}

impl<'b, const N: usize> From<&'b mut [u8; N]> for Memory<'b> {
    fn from(send: &'b mut [u8; N]) -> Self {
        Self::from(send.as_mut_slice())
    }
}

/// A terminal.
pub struct Terminal<'b> {
    pub(super) identity: Identity<'b>,
    phase: Phase,
    kind: LinkKind,
    pub(super) outbox: Outbox<'b>,
    pub(super) last: &'b mut [u8],
    pub(super) last_len: usize,
    pub(super) books: Ledger<'b>,
    pub(super) running: Option<Running>,
    pub(super) asking: Asking,
    /// The screen that is up wants something of the customer.
    pub(super) waits_for_customer: bool,
    /// The external ids that count as used.
    pub(super) seen: Fingerprints<REMEMBERED>,
    /// The id of the message that asked for the last refund or void since a point of sale came to this link.
    pub(super) undoing: Option<heapless::String<16>>,
    /// The ids of messages whose receipt is due.
    receipts: Deque<heapless::String<16>, RECEIPTS>,
    discovery_due: bool,
    pong_due: bool,
    timers: Timers<1>,
    events: Deque<Event<'static>, EVENTS>,
}

/// Without what it holds.
impl core::fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Terminal")
            .field("serial", &self.identity.serial)
            .field("paired", &self.is_paired())
            .field("running", &self.running())
            .finish_non_exhaustive()
    }
}

impl<'b> Terminal<'b> {
    /// A terminal without a link, with this memory: a slice alone is for messages that wait to be sent.
    #[must_use]
    pub fn new(identity: Identity<'b>, memory: impl Into<Memory<'b>>) -> Self {
        let memory = memory.into();
        Self {
            identity,
            phase: Phase::Down,
            kind: LinkKind::Network,
            outbox: Outbox::new(memory.send),
            last: memory.last,
            last_len: 0,
            books: memory.books,
            running: None,
            asking: Asking::default(),
            waits_for_customer: false,
            seen: Fingerprints::new(),
            undoing: None,
            receipts: Deque::new(),
            discovery_due: false,
            pong_due: false,
            timers: Timers::new(),
            events: Deque::new(),
        }
    }

    /// Whether a point of sale is there and paired.
    #[must_use]
    pub fn is_paired(&self) -> bool {
        self.phase == Phase::Paired
    }

    /// The external id of the running transaction.
    #[must_use]
    pub fn running(&self) -> Option<&str> {
        self.running
            .as_ref()
            .map(|running| running.external_id.as_str())
    }

    /// What it did.
    #[must_use]
    pub fn books(&self) -> &Ledger<'b> {
        &self.books
    }

    /// What it did, to be added to.
    pub fn books_mut(&mut self) -> &mut Ledger<'b> {
        &mut self.books
    }

    /// Asks for the code: the point of sale shows it, a person types it here.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn show_code(&mut self, code: &str) -> Result<(), Unsent> {
        self.push(&PairingCodeDraft {
            pairing_code: Some(Secret::new(code.into())),
            more: &[],
        })
    }

    /// Takes the point of sale as paired, with this token for the next time.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn accept_pairing(&mut self, token: &str, unix_ms: Option<i64>) -> Result<(), Unsent> {
        self.pairing_response(PairingState::Paired, Some(token), unix_ms)?;
        self.enter(Phase::Paired);
        Ok(())
    }

    /// Refuses the pairing: a wrong code, a cancel, a token that is not known.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn refuse_pairing(&mut self) -> Result<(), Unsent> {
        self.pairing_response(PairingState::Failed, None, None)
    }

    /// Says how the pairing stands, e.g. that an employee must enter a passcode first.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn pairing_state(&mut self, state: PairingState<'_>) -> Result<(), Unsent> {
        self.pairing_response(state, None, None)
    }

    /// Says anew who this is; for when it becomes ready or stops being it.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn announce(&mut self, ready: bool) -> Result<(), Unsent> {
        self.identity.ready = ready;
        self.may_send()?;
        self.discovery_due = true;
        self.pump();
        Ok(())
    }

    /// Sends any message to the paired point of sale. A question or an end is kept also if none is there: it can
    /// ask for the last message when it is back.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn send(&mut self, draft: &dyn MessageDraft) -> Result<(), Unsent> {
        if let Err(unsent) = self.may_send() {
            let id = self.outbox.next_id();
            self.note_said(id, draft);
            return Err(unsent);
        }
        self.push(draft)
    }

    /// The power was lost: what was running is gone, the books stay.
    pub fn restart(&mut self) {
        self.handle_link_down(Instant::ZERO, &Down::from(DownReason::Lost));
        self.running = None;
        self.asking = Asking::default();
        self.waits_for_customer = false;
        self.last_len = 0;
    }

    pub(super) fn may_send(&self) -> Result<(), Unsent> {
        if self.phase == Phase::Paired {
            Ok(())
        } else {
            Err(Unsent::NotConnected)
        }
    }

    fn push(&mut self, draft: &dyn MessageDraft) -> Result<(), Unsent> {
        if self.phase == Phase::Down {
            return Err(Unsent::NotConnected);
        }
        let sender = self.sender();
        let id = self.outbox.push(&sender, draft).map_err(Unsent::from)?;
        self.note_said(id, draft);
        Ok(())
    }

    /// What was said, or would have been if a point of sale were there: it can ask for it when it is back.
    fn note_said(&mut self, id: u32, draft: &dyn MessageDraft) {
        self.keep_last(id, draft);
        match draft.method() {
            Method::ConfirmPaymentMessage => self.asking.confirm = true,
            Method::VerifySignature => self.asking.signature = true,
            _ => {}
        }
    }

    pub(super) const fn names_running(&self) -> bool {
        self.identity.names_running
    }

    pub(super) fn sender(&self) -> Sender<'static> {
        Sender {
            package_name: package_name(self.kind),
            application_id: None,
            source_sdk: false,
            version: 1,
        }
    }

    fn pairing_response(
        &mut self,
        state: PairingState<'_>,
        token: Option<&str>,
        unix_ms: Option<i64>,
    ) -> Result<(), Unsent> {
        let name = self.identity.name;
        self.push(&PairingResponseDraft {
            pairing_state: Some(state),
            authentication_token: token.map(|token| Secret::new(token.into())),
            application_name: Some(name.into()),
            millis: unix_ms,
            ..PairingResponseDraft::default()
        })
    }

    fn pump(&mut self) {
        let sender = self.sender();
        while let Some(id) = self.receipts.front() {
            let ack = AckDraft {
                source_message_id: Some(id.as_str().into()),
                ..AckDraft::default()
            };
            if self.outbox.push(&sender, &ack).is_err() {
                return;
            }
            self.receipts.pop_front();
        }
        if self.discovery_due {
            let who = self.identity;
            let response = DiscoveryResponseDraft {
                merchant_id: Some(who.merchant_id.into()),
                merchant_name: Some(who.merchant_name.into()),
                merchant_mid: Some(who.merchant_id.into()),
                name: Some(who.name.into()),
                serial: Some(who.serial.into()),
                model: Some(who.model.into()),
                ready: Some(who.ready),
                supports_acknowledgement: Some(who.acknowledges),
                supports_tip_adjust: Some(true),
                supports_manual_refund: Some(true),
                supports_multi_pay_token: Some(who.vault_card),
                supports_void_payment_response: Some(who.void_payment_response),
                supports_pre_auth: Some(true),
                supports_auth: Some(true),
                supports_vault_card: Some(who.vault_card),
                supports_remote_confirmation: Some(true),
                supports_naked_credit: Some(true),
                ..DiscoveryResponseDraft::default()
            };
            self.discovery_due = self.outbox.push(&sender, &response).is_err();
        }
        if self.pong_due {
            self.pong_due = self
                .outbox
                .push_liveness(&sender, MessageType::Pong)
                .is_err();
        }
    }

    fn enter(&mut self, phase: Phase) {
        log!(info, "terminal: {}", phase);
        self.phase = phase;
    }

    fn emit(&mut self, event: Event<'static>) {
        if self.events.is_full() {
            self.events.pop_front();
        }
        // There is room now.
        let _ = self.events.push_back(event);
    }

    fn handle_opened<'m>(&mut self, now: Instant, message: &Message<'m>) -> Option<Event<'m>> {
        match message.kind {
            MessageType::Ping => {
                self.pong_due = true;
                return None;
            }
            MessageType::Command => {}
            _ => return None,
        }
        let payload = message.payload;
        let method = message.method;
        if let (Method::PairingRequest, true) = (method?, self.kind == LinkKind::Network) {
            self.enter(Phase::Pairing);
            return Some(Event::PairingRequested(PairingRequest::of(payload)));
        }
        if self.phase != Phase::Paired {
            return Some(Event::Other(method));
        }
        if self.identity.acknowledges {
            let id = message.id.and_then(Text::copied);
            if let Some(id) = id {
                // A flood is not acknowledged; no sender waits for it.
                let _ = self.receipts.push_back(id);
            }
        }
        if self.is_copy(message) {
            return Some(Event::Other(method));
        }
        if let Some(refused) = self.handle_while_running(method?) {
            return Some(refused);
        }
        Some(match method? {
            Method::DiscoveryRequest => {
                self.discovery_due = true;
                Event::Discovered
            }
            Method::TerminalMessage => {
                Event::MessageShown(TerminalMessage::of(payload).text().unwrap_or_default())
            }
            Method::ShowWelcomeScreen => Event::WelcomeShown,
            Method::ShowThankYouScreen => Event::ThankYouShown,
            Method::TxStart => self.handle_start(TxStart::of(payload)),
            Method::KeyPress => KeyPressMessage::of(payload)
                .key_press()
                .map_or(Event::Other(method), Event::KeyPressed),
            Method::Break => {
                let sender = self.sender();
                let response = ResetDeviceResponseDraft {
                    result: Some(ResultStatus::Success),
                    state: Some(DeviceState::Idle),
                    ..ResetDeviceResponseDraft::default()
                };
                let _ = self.outbox.push(&sender, &response);
                Event::Reset
            }
            Method::PaymentConfirmed => {
                self.asking.confirm = false;
                Event::Confirmed(PaymentConfirmed::of(payload))
            }
            Method::PaymentRejected => {
                // The payment is voided; its signature does not matter any more.
                self.asking = Asking::default();
                Event::Rejected(PaymentRejected::of(payload))
            }
            Method::SignatureVerified => {
                self.asking.signature = false;
                Event::SignatureVerified(SignatureVerified::of(payload))
            }
            Method::RetrieveDeviceStatusRequest => {
                self.answer_status(RetrieveDeviceStatusRequest::of(payload));
                Event::Queried(Method::RetrieveDeviceStatusRequest)
            }
            Method::RetrievePaymentRequest => {
                self.answer_look_up(now, RetrievePaymentRequest::of(payload));
                Event::Queried(Method::RetrievePaymentRequest)
            }
            Method::RetrievePendingPayments => {
                self.answer_pending();
                Event::Queried(Method::RetrievePendingPayments)
            }
            undoing @ (Method::RefundRequest | Method::VoidPayment) => {
                self.handle_undoing(payload, undoing)
            }
            other => Event::Other(Some(other)),
        })
    }
}

impl Role for Terminal<'_> {
    type Event<'m> = Event<'m>;

    fn handle_link_up(&mut self, now: Instant, info: LinkInfo) {
        if self.phase != Phase::Down {
            self.handle_link_down(now, &Down::from(DownReason::Lost));
        }
        self.kind = info.kind;
        self.enter(if info.kind == LinkKind::Network {
            Phase::Pairing
        } else {
            Phase::Paired
        });
        if let Some(every) = self.identity.ping {
            self.timers.set(PING, now.after(every));
        }
        self.emit(Event::Connected(info));
    }

    fn handle_link_down(&mut self, _now: Instant, down: &Down) {
        self.enter(Phase::Down);
        self.outbox.clear();
        self.receipts.clear();
        self.undoing = None;
        self.discovery_due = false;
        self.pong_due = false;
        self.timers.stop(PING);
        self.emit(Event::Disconnected(down.clone()));
    }

    fn handle_message<'m>(&mut self, now: Instant, message: &'m mut [u8]) -> Option<Event<'m>> {
        let event = match open(message) {
            Ok(message) => self.handle_opened(now, &message),
            Err(unreadable) => Some(Event::Unreadable(unreadable)),
        };
        self.pump();
        event
    }

    fn handle_unreadable<'m>(
        &mut self,
        _now: Instant,
        unreadable: Unreadable<'m>,
    ) -> Option<Event<'m>> {
        Some(Event::Unreadable(unreadable))
    }

    fn handle_oversize(&mut self, _now: Instant, head: &[u8], total: usize) {
        let method = name_in_head(head).map(|method| Detail::of(method.name()));
        let method = method.unwrap_or_default();
        self.emit(Event::Oversize { method, total });
    }

    fn handle_garbled(&mut self, _now: Instant, error: FrameError) {
        self.emit(Event::Garbled(error));
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.timers.take_due(PING, now) {
            let sender = self.sender();
            // Without room there is traffic enough.
            let _ = self.outbox.push_liveness(&sender, MessageType::Ping);
            if let Some(every) = self.identity.ping {
                self.timers.set(PING, now.after(every));
            }
        }
        self.pump();
    }

    fn poll_event(&mut self) -> Option<Event<'static>> {
        self.events.pop_front()
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        self.pump();
        self.outbox.front()
    }

    fn transmitted(&mut self, _now: Instant) {
        self.outbox.pop();
        self.pump();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn prepare_close(&mut self, _now: Instant) {}
}
