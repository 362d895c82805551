//! Finding out what became of a request (`design.md` "Money" 7 to 9, 12).
//!
//! One case at a time is inquired into, on the terminal that its record names: what is the terminal doing (and
//! what did it say last), is the payment there, and if it is not, is it really not. Each step waits for its
//! answer; a link that goes down in between ends the inquiry, and the next session begins it anew.

use super::case::{Doubt, Entry, Told};
use super::event::Event;
use super::outcome::{
    Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, OutcomeMessage, ResultCode,
};
use super::proof::{Fact, Said, Verdict, finality, prove};
use super::question::QuestionKind;
use super::request::{Env, RequestId, RequestKind};
use super::session::{Phase, cut};
use super::state::{Pos, Timer};
use super::transaction::{Open, Stage};
use crate::message::{
    RetrieveDeviceStatusRequestDraft, RetrieveDeviceStatusResponse, RetrievePaymentRequestDraft,
    RetrievePaymentResponse, RetrievePendingPaymentsDraft, RetrievePendingPaymentsResponse,
};
use crate::model::Payment;
use crate::time::{Duration, Instant};
use crate::wire::json::Text;
use crate::wire::names::{DeviceState, QueryStatus, ResultStatus};

/// How long a last message that was asked for may take.
const REPEATED: Duration = Duration::from_secs(2);
/// How far two look-ups that find nothing must be apart to prove anything ("Money" 7).
const APART: Duration = Duration::from_secs(3);
/// How old a request may be for a look-up that finds nothing to prove anything, in milliseconds: 20 hours,
/// because the terminal remembers 24 ("Money" 7).
const PROOF_AGE_MS: u64 = 20 * 3_600_000;
/// How old a request may be to be asked for at all, in milliseconds.
const ASKED_AGE_MS: u64 = 24 * 3_600_000;
/// How much the clocks of point of sale and terminal may differ when a refund is recognised by its time.
const CLOCKS_MS: i64 = 60_000;
/// How soon it is tried again when there was no room to ask.
const NO_ROOM: Duration = Duration::from_secs(1);
/// How long after a payment was taken offline it is looked for first.
pub(super) const OFFLINE_FIRST: Duration = Duration::from_secs(60);

/// What is being found out about one case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry {
    request: RequestId,
    step: Step,
    /// The terminal was asked for its last message.
    last: bool,
    /// The terminal was idle before it was asked for the payment.
    idle: bool,
    /// When the payment was looked up in vain first.
    missed: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Asked what the terminal is doing.
    Status,
    /// Waiting for the last message.
    Repeated,
    /// Asked for the payment.
    LookUp,
    /// Waiting to ask for it once more.
    Apart,
    /// Asked for the payments taken offline.
    Pending,
    /// Asked what the terminal is doing, once more.
    StatusAgain,
}

impl Pos<'_> {
    // What raises a doubt

    /// Something was not understood, is overdue, or could not be received: if a request is open, the terminal is
    /// asked how it stands.
    pub(super) fn missed_something(&mut self, now: Instant) {
        if self.is_sent() {
            self.doubt_open(now, Cause::Unknown, None);
        }
        for entry in self.cases.iter_mut().filter(|entry| entry.is_unresolved()) {
            if let Some(doubt) = &mut entry.doubt
                && doubt.ask_at.is_some()
            {
                doubt.ask_at = Some(now);
            }
        }
    }

    pub(super) fn is_sent(&self) -> bool {
        self.open()
            .is_some_and(|open| matches!(open.stage, Stage::Sent { .. }))
    }

    /// Takes up a request from the journal of an earlier run: what `record` leaves open is found out, and its
    /// outcome told, with [`Summary::redelivered`](super::Summary). Call it for every record that
    /// [is open](crate::journal::Record::is_open), before the first request.
    ///
    /// # Errors
    ///
    /// [`Refused`](super::Refused) if there is no place for it, see [`Memory::cases`](super::Memory::cases):
    /// try again when another one is settled.
    pub fn resume(
        &mut self,
        now: Instant,
        record: &crate::journal::Record,
        env: Env,
    ) -> Result<(), super::Refused> {
        self.note_wall(now, env);
        self.tx.last_request = self.tx.last_request.max(record.request.number());
        self.tx.remember_sent(&record.external_id);
        if self.cases.get(record.request).is_some() || !record.is_open() {
            return Ok(());
        }
        let mut entry = Entry::new(record.clone());
        entry.on_record = true;
        entry.resumed = true;
        match &record.ending {
            None => {
                let deadlines = self.config.deadlines;
                let unknown_at = Some(now.after(deadlines.lost));
                entry.doubt = Some(Doubt::new(now, Cause::LinkLost, unknown_at));
                // It may still be running: questions can come, and it can be cancelled.
                if self.cases.open().is_none() {
                    entry.open = Some(Open::resumed());
                    self.set(Timer::Total, now.after(deadlines.total));
                    self.set(Timer::Quiet, now.after(deadlines.quiet));
                }
            }
            Some(ending) => {
                entry.told = true;
                entry.stored = record.state == crate::journal::RecordState::Delivered;
                entry.tell = (!entry.stored).then_some(Told::Outcome);
                if !ending.is_settled() {
                    entry.doubt = Some(Doubt::new(now, ending.cause, None));
                }
            }
        }
        if !self.cases.insert(entry) {
            return Err(super::Refused::no_place());
        }
        if self.session.phase == Phase::Ready {
            self.terminal_is_back(now);
        }
        Ok(())
    }

    pub(super) fn note_wall(&mut self, now: Instant, env: Env) {
        if let Some(unix_ms) = env.unix_ms {
            self.wall = Some((now, unix_ms));
        }
    }

    /// A terminal is ready: what belongs to it is asked for, what belongs to another one is not known.
    pub(super) fn terminal_is_back(&mut self, now: Instant) {
        let serial = &self.terminal.serial;
        let mut elsewhere = None;
        for entry in self.cases.iter_mut() {
            let here = entry.record.terminal == *serial;
            let Some(doubt) = &mut entry.doubt else {
                continue;
            };
            doubt.asked = 0;
            if here {
                let offline = entry.told
                    && !entry
                        .record
                        .ending
                        .as_ref()
                        .is_some_and(|ending| ending.certainty == Certainty::Unknown);
                doubt.ask_at = Some(if offline {
                    now.after(OFFLINE_FIRST)
                } else {
                    now
                });
            } else {
                doubt.ask_at = None;
                doubt.missing = Missing::Terminal;
                if !entry.told {
                    elsewhere = Some((entry.record.request, doubt.cause));
                }
            }
        }
        if let Some((request, cause)) = elsewhere {
            self.end_case(now, request, Ending::unknown(cause, Missing::Terminal));
        }
        self.look_after_cases(now);
    }

    /// Time has passed: who waits too long hears that it is not known, and the next case is asked about.
    pub(super) fn look_after_cases(&mut self, now: Instant) {
        while let Some((request, doubt)) = self.overdue(now) {
            self.unknown(now, request, doubt);
        }
        if let Some(request) = self.next_to_ask(now) {
            self.inquire(now, request);
        }
    }

    /// When the next case wants attention.
    pub(super) fn next_case(&self) -> Option<Instant> {
        self.cases
            .iter()
            .flat_map(|entry| {
                let doubt = entry.doubt;
                let unknown_at = doubt.and_then(|doubt| doubt.unknown_at);
                let ask_at = doubt.and_then(|doubt| doubt.ask_at);
                [
                    unknown_at.filter(|_| !entry.told),
                    ask_at.filter(|_| self.may_inquire(entry)),
                ]
            })
            .flatten()
            .min()
    }

    fn overdue(&self, now: Instant) -> Option<(RequestId, Doubt)> {
        self.cases.iter().find_map(|entry| {
            let doubt = entry.doubt.filter(|doubt| {
                !entry.told && doubt.unknown_at.is_some_and(|until| until <= now)
            })?;
            Some((entry.record.request, doubt))
        })
    }

    fn unknown(&mut self, now: Instant, request: RequestId, doubt: Doubt) {
        let ending = Ending {
            evidence: doubt.evidence,
            ..Ending::unknown(doubt.cause, doubt.missing)
        };
        self.end_case(now, request, ending);
    }

    /// Whether anything may be asked now. While a request is open only it is asked about.
    fn may_inquire(&self, entry: &Entry) -> bool {
        self.session.phase == Phase::Ready
            && self.inquiry.is_none()
            && match self.cases.open() {
                Some(open) => open.record.request == entry.record.request && self.is_sent(),
                None => true,
            }
    }

    fn next_to_ask(&self, now: Instant) -> Option<RequestId> {
        self.cases
            .iter()
            .filter(|entry| self.may_inquire(entry))
            .filter_map(|entry| Some((entry.doubt?.ask_at?, entry.record.request)))
            .filter(|(at, _)| *at <= now)
            .min()
            .map(|(_, request)| request)
    }

    // The steps of an inquiry

    fn inquire(&mut self, now: Instant, request: RequestId) {
        let Some(entry) = self.cases.get(request) else {
            return;
        };
        let offline = entry.told && is_offline(entry);
        let old = self
            .age_ms(now, entry)
            .is_some_and(|age| age >= ASKED_AGE_MS);
        if old {
            return self.nothing_more_to_ask(now, request, Missing::Age);
        }
        let told = entry.told;
        let first = entry.doubt.is_some_and(|doubt| doubt.asked == 0);
        if !told && first {
            self.emit(Event::Recovering(request));
        }
        self.inquiry = Some(Inquiry {
            request,
            step: Step::Status,
            last: false,
            idle: false,
            missed: None,
        });
        if offline {
            self.ask_pending(now);
        } else {
            // What is repeated may be the end of the transaction before. On another session it counts by its
            // external id only; on this one it could be taken for ours, and is not asked for.
            let here = self.open_request() == Some(request) && self.is_sent_here();
            let last = !here && (!told || self.has_no_key(request));
            self.ask_status(now, Step::Status, last);
        }
    }

    fn has_no_key(&self, request: RequestId) -> bool {
        self.cases
            .get(request)
            .is_some_and(|entry| entry.key().is_none())
    }

    fn step(&mut self, now: Instant, step: Step, wait: Duration) {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.step = step;
        }
        self.set(Timer::Inquiry, now.after(wait));
    }

    /// Notes that a question was sent; without room for it the inquiry starts anew soon.
    fn asked(&mut self, now: Instant, step: Step, sent: bool) {
        if sent {
            self.tx.note_other(now);
            self.step(now, step, self.config.deadlines.query);
        } else if let Some(entry) = self.end_inquiry().and_then(|id| self.cases.get_mut(id))
            && let Some(doubt) = &mut entry.doubt
        {
            doubt.ask_at = Some(now.after(NO_ROOM));
        }
    }

    fn ask_status(&mut self, now: Instant, step: Step, send_last_message: bool) {
        let draft = RetrieveDeviceStatusRequestDraft {
            send_last_message: Some(send_last_message),
            more: &[],
        };
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.last |= send_last_message;
        }
        let sent = self.send(&draft).is_ok();
        self.asked(now, step, sent);
    }

    fn ask_pending(&mut self, now: Instant) {
        let sent = self.send(&RetrievePendingPaymentsDraft::default()).is_ok();
        self.asked(now, Step::Pending, sent);
    }

    fn look_up(&mut self, now: Instant) {
        let Some(inquiry) = self.inquiry else {
            return;
        };
        let sender = self.sender();
        let Some(entry) = self.cases.get(inquiry.request) else {
            return;
        };
        let Some(key) = entry.key() else {
            return self.nothing_more_to_ask(now, inquiry.request, Missing::Proof);
        };
        let draft = RetrievePaymentRequestDraft {
            external_payment_id: Some(key.as_str().into()),
            more: &[],
        };
        let sent = self.outbox.push(&sender, &draft).is_ok();
        self.asked(now, Step::LookUp, sent);
    }

    pub(super) fn inquiry_goes_on(&mut self, now: Instant) {
        match self.inquiry.map(|inquiry| inquiry.step) {
            Some(Step::Repeated | Step::Apart) => self.look_up(now),
            Some(_) => self.ask_later(now, Missing::Answer),
            None => {}
        }
    }

    /// What the terminal is doing. False if nobody asked for it here.
    pub(super) fn status_told(
        &mut self,
        now: Instant,
        status: RetrieveDeviceStatusResponse<'_>,
    ) -> bool {
        let Some(inquiry) = self.inquiry else {
            return false;
        };
        let idle = status.state() == Some(DeviceState::Idle);
        match inquiry.step {
            Step::Status => {
                let Some(entry) = self.cases.get(inquiry.request) else {
                    return false;
                };
                let about = status.data().and_then(|data| data.external_payment_id());
                let runs = !idle
                    && entry.record.kind.starts()
                    && about.is_some_and(|id| id == *entry.record.external_id.as_str());
                let asks = status.state() == Some(DeviceState::WaitingForPos)
                    && self.tx.confirm.is_none()
                    && self.tx.signature.is_none();
                if runs && asks && !inquiry.last {
                    // A question was missed.
                    self.ask_status(now, Step::Status, true);
                    return true;
                }
                if runs {
                    self.still_running(now, inquiry.request);
                    return true;
                }
                if let Some(inquiry) = &mut self.inquiry {
                    inquiry.idle = idle;
                }
                if inquiry.last {
                    self.step(now, Step::Repeated, REPEATED);
                } else {
                    self.look_up(now);
                }
                true
            }
            Step::StatusAgain => {
                let missing = if idle && inquiry.idle {
                    self.why_not_found_proves_nothing(now, inquiry.request)
                } else {
                    Some(Missing::Idle)
                };
                match missing {
                    Some(missing @ (Missing::Clock | Missing::Age)) => {
                        self.nothing_more_to_ask(now, inquiry.request, missing);
                    }
                    Some(missing) => self.ask_later(now, missing),
                    None => self.not_found(now, inquiry.request),
                }
                true
            }
            Step::Repeated | Step::LookUp | Step::Apart | Step::Pending => false,
        }
    }

    /// The terminal works on it: it is alive, and its end is yet to come.
    fn still_running(&mut self, now: Instant, request: RequestId) {
        self.sign_of_life(now);
        if let Some(entry) = self.cases.get_mut(request)
            && let Some(doubt) = &mut entry.doubt
            && entry.open.is_some()
            && doubt.cause != Cause::TimedOut
        {
            doubt.unknown_at = None;
        }
        self.ask_later(now, Missing::End);
        // On the session that started it its end comes by itself.
        if self.is_sent_here()
            && let Some(entry) = self.cases.open_mut()
            && entry.record.request == request
            && entry.doubt.is_some_and(|doubt| doubt.unknown_at.is_none())
        {
            entry.doubt = None;
        }
    }

    /// The payments taken offline. False if nobody asked for them here.
    pub(super) fn pending_told(
        &mut self,
        now: Instant,
        pending: RetrievePendingPaymentsResponse<'_>,
    ) -> bool {
        let Some(inquiry) = self.inquiry.filter(|inquiry| inquiry.step == Step::Pending) else {
            return false;
        };
        let Some(entry) = self.cases.get(inquiry.request) else {
            return false;
        };
        let told = matches!(pending.status(), None | Some(ResultStatus::Success));
        let payment = entry
            .record
            .ending
            .as_ref()
            .and_then(|ending| ending.payment.as_deref());
        let waits = pending
            .pending_payment_entries()
            .into_iter()
            .flatten()
            .any(|waiting| {
                waiting
                    .external_payment_id()
                    .is_some_and(|id| entry.is_under(id))
                    || waiting
                        .payment_id()
                        .is_some_and(|id| Some(id) == payment.map(Text::from))
            });
        let offline = is_offline(entry);
        if !told || waits {
            self.ask_later(now, Missing::Pending);
        } else if offline {
            self.look_up(now);
        } else {
            self.ask_status(now, Step::StatusAgain, false);
        }
        true
    }

    /// What a look-up found. `None` if nobody asked for it here; else the event that tells what it means, if it
    /// means anything: with `quietly` it is told by `poll_event` instead.
    pub(super) fn payment_told<'m>(
        &mut self,
        now: Instant,
        found: RetrievePaymentResponse<'m>,
        quietly: bool,
    ) -> Option<Option<Event<'m>>> {
        let inquiry = self
            .inquiry
            .filter(|inquiry| inquiry.step == Step::LookUp)?;
        let entry = self.cases.get(inquiry.request)?;
        let key = entry.key()?;
        let id = found.external_payment_id().unwrap_or_default();
        if !id.is_empty() && id != *key.as_str() {
            return None;
        }
        let kind = entry.record.kind;
        if let Some(payment) = found.payment() {
            return Some(self.judge_found(now, inquiry.request, payment, quietly));
        }
        match found.query_status() {
            Some(QueryStatus::NotFound) if !kind.is_charge() => {
                self.nothing_more_to_ask(now, inquiry.request, Missing::Proof);
            }
            Some(QueryStatus::NotFound) if is_offline(entry) => {
                self.ask_later(now, Missing::Answer);
            }
            Some(QueryStatus::NotFound) => match inquiry.missed {
                None => {
                    if let Some(inquiry) = &mut self.inquiry {
                        inquiry.missed = Some(now);
                    }
                    self.step(now, Step::Apart, APART);
                }
                Some(_) => self.ask_pending(now),
            },
            Some(QueryStatus::InProgress) => self.ask_later(now, Missing::End),
            _ => self.ask_later(now, Missing::Answer),
        }
        Some(None)
    }

    fn judge_found<'m>(
        &mut self,
        now: Instant,
        request: RequestId,
        payment: Payment<'m>,
        quietly: bool,
    ) -> Option<Event<'m>> {
        let entry = self.cases.get(request)?;
        let fact = match entry.record.kind {
            RequestKind::Refund if self.lists_refund(payment, entry) => Fact::RefundListed,
            RequestKind::Refund => Fact::RefundNotListed,
            _ => Fact::LookedUp(Said::by(payment)),
        };
        let offline = is_offline(entry);
        match prove(entry.record.kind, fact) {
            Verdict::Running => {
                self.ask_later(now, Missing::End);
                None
            }
            Verdict::Unknown(Missing::Proof) => {
                self.nothing_more_to_ask(now, request, Missing::Proof);
                None
            }
            Verdict::Unknown(missing) => {
                self.ask_later(now, missing);
                None
            }
            verdict => {
                let finality = match finality(payment) {
                    // It has left the list of those that wait: now its result counts.
                    Finality::Offline if offline => Finality::Final,
                    finality => finality,
                };
                let ending = self.ending_of(request, verdict, payment, finality)?;
                if ending.certainty == Certainty::Unknown {
                    self.ask_later(now, Missing::Amount);
                    return None;
                }
                self.end_inquiry();
                if quietly {
                    self.end_case(now, request, ending);
                    return None;
                }
                self.conclude_with(now, request, ending, Some(payment))
            }
        }
    }

    /// Ends a case with the message that brought the payment, and tells so.
    pub(super) fn conclude_with<'m>(
        &mut self,
        now: Instant,
        request: RequestId,
        ending: Ending,
        payment: Option<Payment<'m>>,
    ) -> Option<Event<'m>> {
        let made = matches!(ending.certainty, Certainty::Made(_));
        let was_open = self.open_request() == Some(request);
        let told = self.conclude(now, request, ending)?;
        let outcome = Outcome {
            payment,
            ..self.outcome_of(request)?
        };
        if was_open {
            self.screens_after(now, made);
        }
        self.cases.tidy();
        Some(told.event(outcome))
    }

    /// How a case ends by what its payment says.
    pub(super) fn ending_of(
        &self,
        request: RequestId,
        verdict: Verdict,
        payment: Payment<'_>,
        finality: Finality,
    ) -> Option<Ending> {
        let entry = self.cases.get(request)?;
        let mut ending = match verdict {
            Verdict::Made(evidence) => {
                // Without an amount it is not known what is left to be paid, and that must not be asked for again.
                let Some(amount) = payment.amount().filter(|amount| *amount >= 0) else {
                    return Some(Ending::unknown(Cause::Unknown, Missing::Amount));
                };
                let partial = entry.record.kind.is_charge() && amount < entry.record.amount;
                let cause = if partial {
                    Cause::Partial
                } else {
                    Cause::Approved
                };
                Ending {
                    approved: amount,
                    tip: payment.tip_amount().unwrap_or(0),
                    ..Ending::new(
                        Certainty::Made(finality),
                        ResultCode::Success,
                        cause,
                        evidence,
                    )
                }
            }
            Verdict::NotMade(Evidence::Voided) => Ending::new(
                Certainty::NotMade,
                ResultCode::Cancel,
                self.why_none(entry),
                Evidence::Voided,
            ),
            Verdict::NotMade(evidence) => Ending::new(
                Certainty::NotMade,
                ResultCode::Fail,
                Cause::Declined,
                evidence,
            ),
            Verdict::Unknown(_) | Verdict::Running => return None,
        };
        ending.payment = payment.id().map(cut);
        Some(ending)
    }

    /// Why no money moved, as far as this side knows.
    pub(super) fn why_none(&self, entry: &Entry) -> Cause {
        let open = entry.open.as_ref();
        match open.and_then(|open| open.rejected) {
            Some(QuestionKind::Confirm) => return Cause::RejectedChallenge,
            Some(QuestionKind::Signature) => return Cause::RejectedSignature,
            None => {}
        }
        match (open.and_then(|open| open.cancel.cause()), open, entry.doubt) {
            (Some(cause), ..) => cause,
            (None, Some(open), _) if open.declined => Cause::Declined,
            (None, _, Some(doubt)) if doubt.cause != Cause::Unknown => doubt.cause,
            _ => Cause::Failed,
        }
    }

    /// Whether a payment lists the refund of this case: by its id if that is known, else exactly one of its amount
    /// that is new to this side and not older than the request.
    fn lists_refund(&self, payment: Payment<'_>, entry: &Entry) -> bool {
        let refunds = || payment.refunds().into_iter().flatten();
        let held = entry.open.as_ref().and_then(|open| open.held.as_ref());
        if let Some(id) = held.and_then(|held| held.refund.as_deref()) {
            return refunds().any(|refund| refund.id().is_some_and(|found| found == *id));
        }
        let Some(since) = entry.record.unix_ms.and_then(|ms| i64::try_from(ms).ok()) else {
            return false;
        };
        let full = payment
            .amount()
            .unwrap_or(0)
            .saturating_add(payment.tip_amount().unwrap_or(0));
        let amount = match entry.record.amount {
            0 => full,
            part => part,
        };
        let mut fitting = refunds().filter(|refund| {
            refund.amount() == Some(amount)
                && !self.tx.knows(refund.id())
                && refund
                    .created_time()
                    .is_some_and(|at| at >= since.saturating_sub(CLOCKS_MS))
        });
        fitting.next().is_some() && fitting.next().is_none()
    }

    fn why_not_found_proves_nothing(&self, now: Instant, request: RequestId) -> Option<Missing> {
        let entry = self.cases.get(request)?;
        if entry.record.merchant != self.terminal.merchant_id {
            return Some(Missing::Merchant);
        }
        match self.age_ms(now, entry) {
            None => Some(Missing::Clock),
            Some(age) if age >= PROOF_AGE_MS => Some(Missing::Age),
            Some(_) => None,
        }
    }

    /// How old a request is by the caller's wall clock; `None` without one, or if it went back.
    fn age_ms(&self, now: Instant, entry: &Entry) -> Option<u64> {
        let (at, unix_ms) = self.wall?;
        let today = unix_ms.checked_add(now.since(at).as_millis())?;
        today.checked_sub(entry.record.unix_ms?)
    }

    fn not_found(&mut self, now: Instant, request: RequestId) {
        self.end_inquiry();
        let Some(entry) = self.cases.get(request) else {
            return;
        };
        let cause = self.why_none(entry);
        let result = match cause {
            Cause::CancelledPos => ResultCode::Cancel,
            _ => ResultCode::Fail,
        };
        if let Verdict::NotMade(evidence) = prove(entry.record.kind, Fact::NotFound) {
            let ending = Ending::new(Certainty::NotMade, result, cause, evidence);
            let was_open = entry.open.is_some();
            self.end_case(now, request, ending);
            if was_open {
                self.screens_after(now, false);
            }
        }
    }

    /// Whatever it says of itself, the terminal takes a payment: that one is not found proves nothing now.
    pub(super) fn terminal_is_at_work(&mut self) {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.idle = false;
        }
    }

    // The end of an inquiry

    pub(super) fn inquires_into(&self, request: RequestId) -> bool {
        self.inquiry
            .is_some_and(|inquiry| inquiry.request == request)
    }

    pub(super) fn end_inquiry(&mut self) -> Option<RequestId> {
        self.stop(Timer::Inquiry);
        self.inquiry.take().map(|inquiry| inquiry.request)
    }

    /// It is asked again after a pause.
    fn ask_later(&mut self, now: Instant, missing: Missing) {
        if let Some(entry) = self.end_inquiry().and_then(|id| self.cases.get_mut(id)) {
            entry.ask_later(now, missing);
        }
    }

    /// Asking cannot tell. Who waits for the outcome hears that now.
    fn nothing_more_to_ask(&mut self, now: Instant, request: RequestId, missing: Missing) {
        self.end_inquiry();
        let Some(entry) = self.cases.get_mut(request) else {
            return;
        };
        entry.ask_later(now, missing);
        let Some(doubt) = &mut entry.doubt else {
            return;
        };
        doubt.ask_at = None;
        let doubt = *doubt;
        if entry.told {
            return;
        }
        if doubt.unknown_at.is_some() {
            self.unknown(now, request, doubt);
        } else {
            // Only a pause in its progress: it goes on.
            entry.doubt = None;
        }
    }
}

fn is_offline(entry: &Entry) -> bool {
    entry
        .record
        .ending
        .as_ref()
        .is_some_and(|ending| ending.certainty == Certainty::Made(Finality::Offline))
}

/// The texts of a message, if it has any.
pub(super) fn texts<'m>(
    outcome: Outcome<'m>,
    reason: Option<Text<'m>>,
    message: Option<Text<'m>>,
) -> Outcome<'m> {
    Outcome {
        reason: reason.unwrap_or(outcome.reason),
        message: message.map_or(outcome.message.clone(), OutcomeMessage::Text),
        ..outcome
    }
}
