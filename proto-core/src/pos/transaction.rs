//! The open request: from the moment it is asked for to its one outcome (`design.md` "Money" 1 to 3, 8).

use super::case::{Due, Entry};
use super::closing::not_sent;
use super::notes::Note;
use super::outcome::{Cause, Certainty, Ending, Evidence};
use super::question::{Question, QuestionKind};
use super::request::{Asked, Env, ExternalId, PaymentId, RequestId};
use super::state::{Pos, ScreenName, Timer};
use crate::fingerprint::{Fingerprints, fingerprint};
use crate::journal::{JournalFailed, RECORD_VERSION, Record, RecordId, RecordState};
use crate::model::Payment;
use crate::time::{Duration, Instant};
use crate::wire::json::Text;
use crate::wire::names::ErrorCode;

/// How many payments are remembered, so that a repeated one is not taken for a new one.
const KNOWN_PAYMENTS: usize = 16;
/// How many external ids that were sent are remembered: none of the last so many is sent again unless that is asked
/// for by name. Of older ones only the application's records know.
pub const REMEMBERED: usize = 32;
/// How many ends are remembered, so that what contradicts them is noticed.
const ENDS: usize = 16;
/// How long a refusal may be about another command (`protocol/decisions.md`, queries).
const REFUSAL: Duration = Duration::from_secs(10);

/// What `transmit` has handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    Nothing,
    Outbox,
    Withheld,
}

/// How far the start of the transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for the journal.
    Withheld,
    /// It may leave.
    Released,
    /// It may have left.
    Sent,
}

/// What a request has while it is open; what was asked stands in its record.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// The number of its message; an ACK names it.
    pub(super) message: u32,
    pub(super) stage: Stage,
    /// It has left whole: from here on a screen may be about it.
    pub(super) left: bool,
    /// A card was declined.
    pub(super) declined: bool,
    pub(super) cancel: Cancel,
    /// A question was rejected.
    pub(super) rejected: Option<QuestionKind>,
    /// What REFUND_RESPONSE said, until FINISH_OK or FINISH_CANCEL confirms it.
    pub(super) held: Option<HeldRefund>,
}

impl Open {
    /// A request whose message has this number and waits for the journal.
    fn new(message: u32) -> Self {
        Self {
            message,
            stage: Stage::Withheld,
            left: false,
            declined: false,
            cancel: Cancel::No,
            rejected: None,
            held: None,
        }
    }

    /// A request that may have been sent by an earlier run of the application.
    pub(super) fn resumed() -> Self {
        Self {
            stage: Stage::Sent,
            ..Self::new(0)
        }
    }
}

/// What REFUND_RESPONSE said.
#[derive(Debug, Clone)]
pub(super) struct HeldRefund {
    pub(super) done: bool,
    pub(super) refund: Option<PaymentId>,
    pub(super) amount: i64,
    pub(super) why: Option<ErrorCode<'static>>,
}

/// How a cancel from this side stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    /// Wanted; it waits for a screen that offers the key.
    Wanted(Cause),
    /// The key was pressed, or the terminal reset.
    Sent(Cause),
}

impl Cancel {
    pub(super) const fn cause(self) -> Option<Cause> {
        match self {
            Self::No => None,
            Self::Wanted(cause) | Self::Sent(cause) => Some(cause),
        }
    }
}

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking {
    pub(super) generation: u32,
    /// The answer to a signature that waits for the answer to the confirmation.
    pub(super) held: Option<bool>,
}

/// How a request under an external id ended, in so few bytes that many cost nothing.
#[derive(Debug, Clone, Copy)]
struct End {
    external_id: u32,
    /// The payment that it was about, or 0 if there was none.
    payment: u32,
    made: bool,
}

/// The fingerprint of a payment's id; no id has 0.
fn mark(payment: Option<Text<'_>>) -> u32 {
    payment.filter(|id| !id.is_empty()).map_or(0, fingerprint)
}

/// A record that the journal was asked to store.
#[derive(Debug, Clone, Copy)]
struct Writing {
    id: RecordId,
    request: RequestId,
    state: RecordState,
    /// It has changed since: what is stored then is not what there is to store.
    again: bool,
}

pub(super) struct Transaction<'b> {
    /// The start of the transaction until it has left.
    pub(super) withheld: &'b mut [u8],
    pub(super) withheld_len: usize,
    pub(super) last_request: u32,
    last_record: u32,
    /// The record that the journal was asked to store.
    writing: Option<Writing>,
    /// The payment of the open questions, as it was received.
    pub(super) hold: &'b mut [u8],
    pub(super) hold_len: usize,
    pub(super) payment_id: heapless::String<32>,
    pub(super) generation: u32,
    pub(super) confirm: Option<Asking>,
    pub(super) signature: Option<Asking>,
    /// The request that the open questions are about.
    pub(super) asked_about: Option<RequestId>,
    /// The payments that were asked about last, by kind of question.
    confirmed: Fingerprints<1>,
    signed: Fingerprints<1>,
    pub(super) screen: Option<(ScreenName, bool)>,
    pub(super) known: Fingerprints<KNOWN_PAYMENTS>,
    /// The external ids that were sent: each once, unless asked for again by name.
    sent: Fingerprints<REMEMBERED>,
    ends: heapless::Deque<End, ENDS>,
    /// When another command was sent last.
    other_sent: Option<Instant>,
}

impl<'b> Transaction<'b> {
    pub(super) fn new(withheld: &'b mut [u8], hold: &'b mut [u8], last_request: u32) -> Self {
        Self {
            withheld,
            withheld_len: 0,
            last_request,
            last_record: 0,
            writing: None,
            hold,
            hold_len: 0,
            payment_id: heapless::String::new(),
            generation: 0,
            confirm: None,
            signature: None,
            asked_about: None,
            confirmed: Fingerprints::new(),
            signed: Fingerprints::new(),
            screen: None,
            known: Fingerprints::new(),
            sent: Fingerprints::new(),
            ends: heapless::Deque::new(),
            other_sent: None,
        }
    }

    /// The record of this request has changed: if it is being written, it is written again.
    pub(super) fn write_again(&mut self, request: RequestId) {
        if let Some(writing) = &mut self.writing {
            writing.again |= writing.request == request;
        }
    }

    /// Whether this external id was sent before.
    pub(super) fn was_sent(&self, id: &ExternalId) -> bool {
        self.sent.knows(id.as_str().into())
    }

    pub(super) fn remember_sent(&mut self, id: &ExternalId) {
        self.sent.remember(id.as_str().into());
    }

    /// A command that is no start was sent.
    pub(super) fn note_other(&mut self, now: Instant) {
        self.other_sent = Some(now);
    }

    /// Whether a refusal that names nothing can be about nothing but the start.
    pub(super) fn is_alone(&self, now: Instant) -> bool {
        self.other_sent
            .is_none_or(|sent| now.since(sent) >= REFUSAL)
    }

    pub(super) fn withheld_message(&self) -> Option<&[u8]> {
        self.withheld.get(..self.withheld_len)
    }

    /// Forgets the text of the start: it may hold a card token.
    pub(super) fn wipe_withheld(&mut self) {
        if let Some(text) = self.withheld.get_mut(..self.withheld_len) {
            text.fill(0);
        }
        self.withheld_len = 0;
    }

    pub(super) fn wipe_hold(&mut self) {
        if let Some(text) = self.hold.get_mut(..self.hold_len) {
            text.fill(0);
        }
        self.hold_len = 0;
        self.payment_id.clear();
    }

    /// Whether the screen that is up offers the cancel key.
    pub(super) fn cancel_offered(&self) -> bool {
        self.screen.as_ref().is_some_and(|(_, offered)| *offered)
    }

    pub(super) fn remember(&mut self, id: Option<Text<'_>>) {
        if let Some(id) = id {
            self.known.remember(id);
        }
    }

    pub(super) fn knows(&self, id: Option<Text<'_>>) -> bool {
        id.is_some_and(|id| self.known.knows(id))
    }

    /// Remembers how a request ended, and what it was about.
    pub(super) fn remember_end(&mut self, record: &Record, ending: &Ending) {
        if record.kind.is_charge() {
            self.note_end(&record.external_id, ending);
        }
        self.remember(ending.payment.as_deref().map(Text::from));
    }

    /// Remembers how a charge under this id ended.
    fn note_end(&mut self, id: &ExternalId, ending: &Ending) {
        self.forget_end(id);
        let made = match ending.certainty {
            Certainty::Unknown => return,
            Certainty::NotMade => false,
            Certainty::Made(_) => true,
        };
        if self.ends.is_full() {
            self.ends.pop_front();
        }
        let external_id = fingerprint(id.as_str().into());
        let _ = self.ends.push_back(End {
            external_id,
            payment: mark(ending.payment.as_deref().map(Text::from)),
            made,
        });
    }

    /// A new attempt under the same id begins.
    fn forget_end(&mut self, id: &ExternalId) {
        let id = fingerprint(id.as_str().into());
        for end in self.ends.iter_mut().filter(|end| end.external_id == id) {
            // No id has this fingerprint: it matches nothing any more.
            end.external_id = 0;
        }
    }

    /// Whether a payment that was made contradicts how the request under its external id ended: with none, or
    /// with another one. One that was taken offline and refused afterwards does not: that it was taken is repeated.
    pub(super) fn contradicts(&self, external_id: Text<'_>, payment: Payment<'_>) -> bool {
        let id = fingerprint(external_id);
        let same = mark(payment.id());
        let repeated = same != 0 && payment.offline() == Some(true);
        self.ends
            .iter()
            .any(|end| end.external_id == id && (end.payment != same || !end.made && !repeated))
    }

    /// Keeps the payment of a question, as it was received; too large a one by its id only.
    pub(super) fn hold(&mut self, payment: Payment<'_>) {
        self.wipe_hold();
        self.payment_id = payment.id().unwrap_or_default().cut();
        let text = payment.object().json().expose().as_bytes();
        if let Some(slot) = self.hold.get_mut(..text.len()) {
            slot.copy_from_slice(text);
            self.hold_len = text.len();
        }
    }

    /// Whether a question is open.
    pub(super) const fn is_asked(&self) -> bool {
        self.confirm.is_some() || self.signature.is_some()
    }

    pub(super) fn asking(&mut self, kind: QuestionKind) -> &mut Option<Asking> {
        match kind {
            QuestionKind::Confirm => &mut self.confirm,
            QuestionKind::Signature => &mut self.signature,
        }
    }

    pub(super) fn asked(&mut self, kind: QuestionKind) -> &mut Fingerprints<1> {
        match kind {
            QuestionKind::Confirm => &mut self.confirmed,
            QuestionKind::Signature => &mut self.signed,
        }
    }

    pub(super) fn ask(&mut self, kind: QuestionKind) -> Question {
        log!(info, "asked: {}", kind);
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        *self.asking(kind) = Some(Asking {
            generation,
            held: None,
        });
        Question { kind, generation }
    }
}

impl Pos<'_> {
    pub(super) fn open(&self) -> Option<&Open> {
        self.cases.open()?.open.as_ref()
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Open> {
        self.cases.open_mut()?.open.as_mut()
    }

    // From request to wire

    pub(super) fn begin(
        &mut self,
        now: Instant,
        asked: Asked,
        message: (u32, usize),
        env: Env,
    ) -> RequestId {
        let tx = &mut self.tx;
        (_, tx.withheld_len) = message;
        // A screen of the transaction before says nothing about this one.
        tx.screen = None;
        tx.last_request = tx.last_request.wrapping_add(1);
        tx.forget_end(&asked.external_id);
        let request = RequestId(tx.last_request);
        let mut entry = Entry::new(Record {
            version: RECORD_VERSION,
            request,
            kind: asked.kind,
            external_id: asked.external_id,
            payment: asked.payment,
            original: asked.original,
            amount: asked.amount,
            tip: asked.tip,
            terminal: self.terminal.serial.clone(),
            merchant: self.terminal.merchant_id.clone(),
            simulated: self.terminal.simulated,
            unix_ms: env.unix_ms,
            other_paid: false,
            state: RecordState::Intent,
            ending: None,
        });
        entry.due.intent = true;
        entry.open = Some(Open::new(message.0));
        // There is room: that was looked at before.
        let _ = self.cases.insert(entry);
        let deadlines = self.config.deadlines;
        let total = if asked.kind.starts() {
            self.set(Timer::Quiet, now, deadlines.quiet);
            deadlines.total
        } else {
            deadlines.other
        };
        log!(info, "{}: {} of {=i64}", request, asked.kind, asked.amount);
        self.set(Timer::Journal, now, deadlines.journal);
        self.set(Timer::Total, now, asked.deadline.unwrap_or(total));
        self.set(Timer::Progress, now, deadlines.progress);
        request
    }

    /// Hands the start out if it may leave; from here on it counts as possibly sent.
    pub(super) fn hand_out(&mut self) -> bool {
        let session = self.session.number;
        let Some(entry) = self.cases.open_mut() else {
            return false;
        };
        match &mut entry.open {
            Some(open) if open.stage == Stage::Released => {
                open.stage = Stage::Sent;
                log!(info, "{}: handed out", entry.record.request);
                entry.session = Some(session);
                self.tx.remember_sent(&entry.record.external_id);
                true
            }
            _ => false,
        }
    }

    /// The start has left whole.
    pub(super) fn start_left(&mut self) {
        if let Some(open) = self.open_mut() {
            open.left = true;
        }
        self.tx.wipe_withheld();
    }

    pub(super) fn is_withheld(&self) -> bool {
        self.open().is_some_and(|open| open.stage != Stage::Sent)
    }

    pub(super) fn is_sent_here(&self) -> bool {
        let here = Some(self.session.number);
        self.cases.open().is_some_and(|open| open.session == here)
    }

    /// A command came: the terminal lives.
    pub(super) fn sign_of_life(&mut self, now: Instant) {
        // A refund or a void has one deadline only.
        if self.timers.is_set(Timer::Quiet as usize) {
            self.set(Timer::Quiet, now, self.config.deadlines.quiet);
            self.set(Timer::Progress, now, self.config.deadlines.progress);
        }
    }

    // The journal

    pub(super) fn next_record(&mut self) -> Option<(RecordId, &Record)> {
        if self.tx.writing.is_none() {
            let entry = self
                .cases
                .iter_mut()
                .filter(|entry| entry.due.first().is_some())
                .min_by_key(|entry| entry.record.request)?;
            let state = entry.due.first()?;
            entry.record.state = state;
            entry.on_record = true;
            self.tx.last_record = self.tx.last_record.wrapping_add(1);
            let id = RecordId(self.tx.last_record);
            self.tx.writing = Some(Writing {
                id,
                request: entry.record.request,
                state,
                again: false,
            });
        }
        let writing = self.tx.writing?;
        Some((writing.id, &self.cases.get(writing.request)?.record))
    }

    pub(super) fn journal_answered(
        &mut self,
        now: Instant,
        id: RecordId,
        done: Result<(), JournalFailed>,
    ) {
        // A late answer is about another record, or none: it sends nothing.
        let Some(writing) = self.tx.writing.take_if(|writing| writing.id == id) else {
            return;
        };
        let (request, state) = (writing.request, writing.state);
        let Some(entry) = self.cases.get_mut(request) else {
            return;
        };
        if !writing.again {
            entry.due.done(state);
        }
        match (state, done) {
            (RecordState::Intent, Ok(())) => {
                if let Some(open) = &mut entry.open
                    && open.stage == Stage::Withheld
                {
                    open.stage = Stage::Released;
                    log!(debug, "{}: on record", request);
                    self.stop(Timer::Journal);
                }
            }
            (RecordState::Intent, Err(JournalFailed)) => {
                log!(error, "{}: not on record", request);
                // Nothing is there, so no end needs to be.
                entry.on_record = false;
                entry.due = Due::default();
                // Another one may be open by now.
                if entry.open.is_some() {
                    self.stop(Timer::Journal);
                    self.journal_failed(now);
                }
            }
            (_, Ok(())) => {}
            (_, Err(JournalFailed)) => self.emit(Note::JournalFailed(request)),
        }
        self.cases.tidy();
    }

    pub(super) fn journal_timed_out(&mut self, now: Instant) {
        if !self.is_withheld() {
            return;
        }
        // Its answer comes too late from here on. What it may have stored all the same gets an end.
        let intent = |writing: &mut Writing| writing.state == RecordState::Intent;
        if let Some(writing) = self.tx.writing.take_if(intent)
            && let Some(entry) = self.cases.get_mut(writing.request)
        {
            entry.due.intent = false;
        }
        self.journal_failed(now);
    }

    fn journal_failed(&mut self, now: Instant) {
        if self.is_withheld() {
            self.end_own(now, not_sent(Cause::Failed, Evidence::JournalFailed));
        }
    }
}
