//! Finding out what became of a request (`design.md` "Money" 7).
//!
//! One case at a time is inquired into, on the terminal that its record names: what is the terminal doing (and
//! what did it say last), is the payment there, and if it is not, is it really not. Each step waits for its
//! answer; a link that goes down in between ends the inquiry, and the next session begins it anew.

use super::case::Entry;
use super::event::{Event, Unsolicited};
use super::judging::is_offline;
use super::notes::Note;
use super::outcome::{Cause, Certainty, Ending, Missing, ResultCode};
use super::proof::{Fact, Verdict, prove};
use super::request::{ExternalId, RequestId};
use super::session::Phase;
use super::state::{Pos, Timer};
use crate::journal::Record;
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
/// How soon it is tried again when there was no room to ask.
const NO_ROOM: Duration = Duration::from_secs(1);

/// What is being found out about one case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry {
    request: RequestId,
    step: Step,
    /// The terminal was asked for its last message.
    last: bool,
    /// The terminal was idle before it was asked for the payment.
    idle: bool,
    /// It was busy then: an older one may not say what it is doing.
    busy: bool,
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
    // The steps of an inquiry

    pub(super) fn inquire(&mut self, now: Instant, request: RequestId) {
        let Some(entry) = self.cases.get(request) else {
            return;
        };
        let offline = entry.told && is_offline(entry);
        // What was taken offline is listed for as long as it waits.
        let age = self.age_ms(now, entry).filter(|_| !offline);
        let old = age.is_some_and(|age| age >= ASKED_AGE_MS);
        if old {
            return self.nothing_more_to_ask(now, request, Missing::Age);
        }
        let told = entry.told;
        let first = entry.doubt.is_some_and(|doubt| doubt.asked == 0);
        if !told && first {
            self.emit(Note::Recovering(request));
        }
        self.inquiry = Some(Inquiry {
            request,
            step: Step::Status,
            last: false,
            idle: false,
            busy: false,
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
        self.set(Timer::Inquiry, now, wait);
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
            return match entry.session == Some(self.session.number) {
                true => self.stop_asking(now, inquiry.request, Missing::Proof),
                false => self.nothing_more_to_ask(now, inquiry.request, Missing::Proof),
            };
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
                let asks =
                    status.state() == Some(DeviceState::WaitingForPos) && !self.tx.is_asked();
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
                    inquiry.busy = !idle && status.state().is_some();
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
            // Else its time is over, and nothing but this would end it.
            && self.timers.is_set(Timer::Total as usize)
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
                let named = waiting.payment_id();
                match waiting.external_payment_id().filter(|id| !id.is_empty()) {
                    Some(id) if entry.is_under(id) => true,
                    // Older terminals name only their payment: as long as we know none, it can be this one.
                    None if payment.is_none() => named.is_none_or(|id| !self.tx.knows(Some(id))),
                    _ => named.is_some_and(|id| Some(id) == payment.map(Text::from)),
                }
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
            if !is_meant(entry, key, payment) {
                self.ask_later(now, Missing::Proof);
                return Some(Some(Event::Unsolicited(Unsolicited::Payment(payment))));
            }
            return Some(self.judge_found(now, inquiry.request, payment, quietly));
        }
        match found.query_status() {
            Some(QueryStatus::NotFound) if !kind.is_charge() => {
                self.ask_later(now, Missing::Proof);
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

    fn why_not_found_proves_nothing(&self, now: Instant, request: RequestId) -> Option<Missing> {
        let entry = self.cases.get(request)?;
        let Record {
            terminal,
            merchant,
            other_paid,
            ..
        } = &entry.record;
        // No other terminal is asked at all; one that has no name can be any.
        if terminal.is_empty() {
            return Some(Missing::Terminal);
        }
        if merchant.is_empty() || *merchant != self.terminal.merchant_id {
            return Some(Missing::Merchant);
        }
        if *other_paid {
            return Some(Missing::Proof);
        }
        if self.session.phase != Phase::Ready {
            return Some(Missing::Idle);
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
            inquiry.busy = true;
        }
    }

    /// Whether the terminal was at work when it was asked for the payment, or is since.
    pub(super) fn terminal_was_busy(&self) -> bool {
        self.inquiry.is_some_and(|inquiry| inquiry.busy)
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
    pub(super) fn ask_later(&mut self, now: Instant, missing: Missing) {
        if let Some(entry) = self.end_inquiry().and_then(|id| self.cases.get_mut(id)) {
            entry.ask_later(now, missing);
        }
    }

    /// There is nothing to ask the terminal for, or asking does not tell; the end may come by itself.
    fn stop_asking(&mut self, now: Instant, request: RequestId, missing: Missing) {
        self.end_inquiry();
        let Some(entry) = self.cases.get_mut(request) else {
            return;
        };
        entry.ask_later(now, missing);
        if let Some(doubt) = &mut entry.doubt {
            doubt.ask_at = None;
            if doubt.unknown_at.is_none() && !entry.told {
                // Only a pause in its progress: it goes on.
                entry.doubt = None;
            }
        }
    }

    /// The same, and the end does not come by itself. Who waits for the outcome hears that now.
    fn nothing_more_to_ask(&mut self, now: Instant, request: RequestId, missing: Missing) {
        self.stop_asking(now, request, missing);
        if let Some(entry) = self.cases.get(request)
            && let Some(doubt) = entry.doubt.filter(|_| !entry.told)
        {
            self.unknown(now, request, doubt);
        }
    }
}

/// Whether a payment that was found is the one that was looked for, as far as it says: by the id that it was made
/// under, and for a refund or a void by the id of the payment that it is about.
fn is_meant(entry: &Entry, key: &ExternalId, payment: Payment<'_>) -> bool {
    let under = payment.external_payment_id().filter(|id| !id.is_empty());
    let about = entry.record.payment.as_deref().zip(payment.id());
    under.is_none_or(|id| id == *key.as_str()) && about.is_none_or(|(about, id)| id == *about)
}
