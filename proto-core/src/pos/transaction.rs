//! The open transaction: from the request to its one outcome (`design.md` "Money" 1, 4 to 6, 8, 10, 11).

use super::config::Deadlines;
use super::outcome::{Cause, Certainty, Evidence, Outcome, OutcomeMessage, ResultCode, Summary};
use super::question::{Question, QuestionKind};
use super::request::{Asked, Env, ExternalId, RequestId, RequestKind};
use super::state::{Pos, ScreenName, TIMERS, Timer};
use crate::fingerprint::Fingerprints;
use crate::journal::{JournalFailed, RECORD_VERSION, Record, RecordId, RecordState};
use crate::model::Payment;
use crate::time::{Duration, Instant, Timers};

/// How many payments are remembered, so that a repeated one is not taken for a new one.
const KNOWN_PAYMENTS: usize = 16;

/// How many external ids that were sent are remembered.
const SENT_IDS: usize = 32;
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
    /// It may have left, on this session.
    Sent { session: u32 },
}

/// The request that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) request: RequestId,
    pub(super) kind: RequestKind,
    pub(super) external_id: ExternalId,
    pub(super) amount: i64,
    pub(super) stage: Stage,
    /// It has left whole: from here on a screen may be about it.
    pub(super) left: bool,
    /// The terminal has shown that it started.
    pub(super) started: bool,
    /// A card was declined.
    pub(super) declined: bool,
    pub(super) cancel: Cancel,
    /// A question was rejected.
    pub(super) rejected: Option<QuestionKind>,
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

pub(super) struct Transaction<'b> {
    pub(super) open: Option<Open>,
    /// The start of the transaction until it has left.
    pub(super) withheld: &'b mut [u8],
    pub(super) withheld_len: usize,
    pub(super) record: Option<(RecordId, Record)>,
    pub(super) last_request: u32,
    pub(super) last_record: u32,
    /// The payment of the open questions, as it was received.
    pub(super) hold: &'b mut [u8],
    pub(super) hold_len: usize,
    pub(super) payment_id: heapless::String<32>,
    pub(super) generation: u32,
    pub(super) confirm: Option<Asking>,
    pub(super) signature: Option<Asking>,
    pub(super) screen: Option<(ScreenName, bool)>,
    pub(super) known: Fingerprints<KNOWN_PAYMENTS>,
    /// The external ids that were sent: each once, unless asked for again by name.
    sent: Fingerprints<SENT_IDS>,
    /// When another command was sent last.
    other_sent: Option<Instant>,
    /// A request whose outcome is unknown: until it is settled or parked no money is asked for.
    pub(super) unresolved: Option<ExternalId>,
}

impl<'b> Transaction<'b> {
    pub(super) fn new(withheld: &'b mut [u8], hold: &'b mut [u8]) -> Self {
        Self {
            open: None,
            withheld,
            withheld_len: 0,
            record: None,
            last_request: 0,
            last_record: 0,
            hold,
            hold_len: 0,
            payment_id: heapless::String::new(),
            generation: 0,
            confirm: None,
            signature: None,
            screen: None,
            known: Fingerprints::new(),
            sent: Fingerprints::new(),
            other_sent: None,
            unresolved: None,
        }
    }

    /// Hands the start out if it may leave; from here on it counts as possibly sent.
    pub(super) fn hand_out(&mut self, session: u32) -> bool {
        match &mut self.open {
            Some(open) if open.stage == Stage::Released => {
                open.stage = Stage::Sent { session };
                self.sent.remember(open.external_id.as_str().into());
                true
            }
            _ => false,
        }
    }

    /// The start has left whole.
    pub(super) fn start_left(&mut self) {
        if let Some(open) = &mut self.open {
            open.left = true;
        }
        self.wipe_withheld();
    }

    /// Whether this external id was sent before.
    pub(super) fn was_sent(&self, id: &ExternalId) -> bool {
        self.sent.knows(id.as_str().into())
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

    pub(super) fn reset_sent(&mut self) {
        if let Some(open) = &mut self.open {
            open.cancel = Cancel::Sent(Cause::CancelledPos);
        }
    }

    /// A command came: the terminal lives.
    pub(super) fn sign_of_life(
        &mut self,
        now: Instant,
        timers: &mut Timers<TIMERS>,
        deadlines: &Deadlines,
    ) {
        if self.open.is_some() && timers.is_set(Timer::Quiet as usize) {
            timers.set(Timer::Quiet as usize, now.after(deadlines.quiet));
            timers.set(Timer::Progress as usize, now.after(deadlines.progress));
        }
    }

    /// Whether the screen that is up offers the cancel key.
    pub(super) fn cancel_offered(&self) -> bool {
        self.screen.as_ref().is_some_and(|(_, offered)| *offered)
    }

    pub(super) fn remember(&mut self, payment: Payment<'_>) {
        if let Some(id) = payment.id() {
            self.known.remember(id);
        }
    }

    pub(super) fn knows(&self, payment: Payment<'_>) -> bool {
        payment.id().is_some_and(|id| self.known.knows(id))
    }

    /// Keeps the payment of a question, as it was received; too large a one by its id only.
    pub(super) fn hold(&mut self, payment: Payment<'_>) {
        self.wipe_hold();
        self.payment_id = super::session::cut(payment.id().unwrap_or_default());
        let text = payment.object().json().expose().as_bytes();
        if let Some(slot) = self.hold.get_mut(..text.len()) {
            slot.copy_from_slice(text);
            self.hold_len = text.len();
        }
    }

    pub(super) fn asking(&mut self, kind: QuestionKind) -> &mut Option<Asking> {
        match kind {
            QuestionKind::Confirm => &mut self.confirm,
            QuestionKind::Signature => &mut self.signature,
        }
    }

    pub(super) fn ask(&mut self, kind: QuestionKind) -> Question {
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
    // From request to wire

    pub(super) fn begin(&mut self, now: Instant, asked: &Asked, len: usize, env: Env) -> RequestId {
        let tx = &mut self.tx;
        tx.withheld_len = len;
        // A screen of the transaction before says nothing about this one.
        tx.screen = None;
        tx.last_request = tx.last_request.wrapping_add(1);
        tx.last_record = tx.last_record.wrapping_add(1);
        let request = RequestId(tx.last_request);
        tx.record = Some((
            RecordId(tx.last_record),
            Record {
                version: RECORD_VERSION,
                request,
                kind: RequestKind::Sale,
                external_id: asked.external_id.clone(),
                amount: asked.amount,
                tip: asked.tip,
                terminal: self.terminal.serial.clone(),
                merchant: self.terminal.merchant_id.clone(),
                unix_ms: env.unix_ms,
                state: RecordState::Intent,
            },
        ));
        tx.open = Some(Open {
            request,
            kind: RequestKind::Sale,
            external_id: asked.external_id.clone(),
            amount: asked.amount,
            stage: Stage::Withheld,
            left: false,
            started: false,
            declined: false,
            cancel: Cancel::No,
            rejected: None,
        });
        let deadlines = self.config.deadlines;
        self.set(Timer::Journal, now.after(deadlines.journal));
        self.set(
            Timer::Total,
            now.after(asked.deadline.unwrap_or(deadlines.total)),
        );
        self.set(Timer::Quiet, now.after(deadlines.quiet));
        self.set(Timer::Progress, now.after(deadlines.progress));
        request
    }

    pub(super) fn journal_answered(
        &mut self,
        now: Instant,
        id: RecordId,
        done: Result<(), JournalFailed>,
    ) {
        // A late answer finds another record, or none: it sends nothing.
        if self.tx.record.as_ref().is_none_or(|(open, _)| *open != id) {
            return;
        }
        self.tx.record = None;
        self.stop(Timer::Journal);
        match (done, &mut self.tx.open) {
            (Ok(()), Some(open)) if open.stage == Stage::Withheld => open.stage = Stage::Released,
            (Err(JournalFailed), _) => self.journal_timed_out(now),
            _ => {}
        }
    }

    pub(super) fn journal_timed_out(&mut self, now: Instant) {
        self.tx.record = None;
        if self.is_withheld() {
            self.end_own(
                now,
                Certainty::NotMade,
                Cause::Failed,
                Evidence::JournalFailed,
                "The journal could not be written; nothing was sent.",
            );
        }
    }

    pub(super) fn is_withheld(&self) -> bool {
        self.tx
            .open
            .as_ref()
            .is_some_and(|open| !matches!(open.stage, Stage::Sent { .. }))
    }

    // The end

    /// The outcome in figures. One that is unknown keeps the till from asking for more money.
    pub(super) fn summary(
        &mut self,
        open: &Open,
        certainty: Certainty,
        result: ResultCode,
        cause: Cause,
        evidence: Evidence,
    ) -> Summary {
        if certainty == Certainty::Unknown {
            self.tx.unresolved = Some(open.external_id.clone());
        }
        Summary {
            request: open.request,
            kind: open.kind,
            external_id: open.external_id.clone(),
            requested: open.amount,
            certainty,
            result,
            cause,
            evidence,
            approved: 0,
            tip: 0,
            offline: false,
            simulated: self.terminal.simulated,
            redelivered: false,
        }
    }

    /// A payment tells the end of a request whose outcome was unknown.
    pub(super) fn settle_unresolved(&mut self, payment: Payment<'_>) {
        let id = payment.external_payment_id();
        if self
            .tx
            .unresolved
            .as_ref()
            .is_some_and(|open| id.is_some_and(|id| id == *open.as_str()))
        {
            self.tx.unresolved = None;
        }
    }

    /// An end that comes from this side, not from a message.
    pub(super) fn end_own(
        &mut self,
        now: Instant,
        certainty: Certainty,
        cause: Cause,
        evidence: Evidence,
        message: &'static str,
    ) {
        let Some(open) = self.tx.open.clone() else {
            return;
        };
        let (result, reason) = match cause {
            Cause::CancelledPos => (ResultCode::Cancel, "Request Cancelled"),
            Cause::LinkLost => (ResultCode::Error, "Device Connection Error"),
            Cause::TimedOut => (ResultCode::Error, "Timed Out"),
            _ => (ResultCode::Error, "Journal Error"),
        };
        let summary = self.summary(&open, certainty, result, cause, evidence);
        self.close(now);
        self.outcome = Some(Outcome {
            summary,
            reason: reason.into(),
            message: OutcomeMessage::Text(message.into()),
            payment: None,
            signature: None,
        });
    }

    /// Clears the place for the next request.
    pub(super) fn close(&mut self, _now: Instant) {
        self.withdraw_questions();
        // The link may still be busy with it: what `transmit` has shown stays until `transmitted`.
        if self.front != Front::Withheld {
            self.tx.wipe_withheld();
        }
        self.tx.record = None;
        self.tx.open = None;
        for timer in [
            Timer::Journal,
            Timer::Total,
            Timer::Quiet,
            Timer::Expired,
            Timer::Cancel,
            Timer::Lost,
            Timer::Progress,
        ] {
            self.stop(timer);
        }
    }
}
