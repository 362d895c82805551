//! What the terminal says about refunds and voids (`protocol/connector.md` §5.8, §5.10, `design.md` "Money" 9).

use super::case::Entry;
use super::event::{Event, Unsolicited};
use super::judging::texts;
use super::outcome::{Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, ResultCode};
use super::proof::{Fact, Verdict, prove};
use super::request::{RequestId, RequestKind};
use super::state::{Pos, Timer};
use super::transaction::HeldRefund;
use crate::message::{Ack, RefundResponse, VoidPaymentResponse};
use crate::model::{Credit, Refund};
use crate::time::{Duration, Instant};
use crate::wire::json::Text;
use crate::wire::names::{ErrorCode, Method, PaymentResult, ResultStatus, TxState};

/// Whether this side asks for such things at all: then their answers are looked for.
pub(super) const ASKS: bool = cfg!(feature = "refund");

/// How long REFUND_RESPONSE stands alone before it counts without FINISH_OK or FINISH_CANCEL.
const CONFIRMED: Duration = Duration::from_secs(5);

impl Pos<'_> {
    /// The request of this kind that a message is about which names neither request nor attempt: one that was
    /// sent on this session, is not settled, and is the only one that `fits`. Of several each is looked up.
    fn only_one(
        &mut self,
        now: Instant,
        kind: RequestKind,
        fits: &dyn Fn(&Entry) -> bool,
    ) -> Option<RequestId> {
        let here = Some(self.session.number);
        let mut fitting = self.cases.iter_mut().filter(|entry| {
            entry.record.kind == kind
                && entry.is_unsettled()
                && entry.session == here
                && fits(entry)
        });
        let (first, second) = (fitting.next()?, fitting.next());
        let Some(second) = second else {
            return Some(first.record.request);
        };
        [first, second]
            .into_iter()
            .chain(fitting)
            .for_each(|entry| entry.ask_at(now));
        None
    }

    pub(super) fn handle_refund_response<'m>(
        &mut self,
        now: Instant,
        response: RefundResponse<'m>,
        method: Method<'m>,
    ) -> Option<Event<'m>> {
        let refund = response.refund();
        let done = match response.code() {
            Some(TxState::Success) => true,
            Some(TxState::Fail) => false,
            // START is no answer yet; without a code the refund itself tells.
            None if refund.is_some() => true,
            _ => return Some(Event::Unsolicited(Unsolicited::Message(Some(method)))),
        };
        let (payment, amount) = (
            response.payment_id(),
            refund.and_then(|refund| refund.amount()),
        );
        let ours = self.only_one(now, RequestKind::Refund, &|entry| {
            gives_back(entry, payment, amount)
        });
        let Some(request) = ours else {
            return Some(match refund {
                Some(refund) if done => Event::Unsolicited(Unsolicited::Refund(refund)),
                _ => Event::Unsolicited(Unsolicited::Message(Some(method))),
            });
        };
        let why = match response.reason() {
            Some(ErrorCode::OrderNotFound) => Some(ErrorCode::OrderNotFound),
            Some(ErrorCode::PaymentNotFound) => Some(ErrorCode::PaymentNotFound),
            _ => None,
        };
        let held = HeldRefund {
            done,
            refund: refund.and_then(|refund| refund.id()).map(Text::cut),
            amount: amount.unwrap_or(0),
            why,
        };
        let entry = self.cases.get_mut(request)?;
        entry.started = true;
        match &mut entry.open {
            // What is done is done, whatever is said about it later.
            Some(open) if !done && open.held.as_ref().is_some_and(|held| held.done) => {}
            Some(open) => open.held = Some(held),
            // Nobody waits for more any longer.
            None => {
                let ending = held.ending(entry.record.amount);
                self.end_case(now, request, ending);
                return None;
            }
        }
        self.set(Timer::Refund, now, CONFIRMED);
        None
    }

    /// How the open refund ends by what REFUND_RESPONSE said, if it has said anything.
    pub(super) fn held_refund(&self) -> Option<Ending> {
        let entry = self.cases.open().filter(|_| ASKS)?;
        let held = entry.open.as_ref()?.held.as_ref()?;
        Some(held.ending(entry.record.amount))
    }

    /// What REFUND_RESPONSE said counts without FINISH_OK or FINISH_CANCEL.
    pub(super) fn refund_stands(&mut self, now: Instant) {
        if let Some(ending) = self.held_refund() {
            self.end_own(now, ending);
            self.screens_after(now, false);
        }
    }

    /// FINISH_OK with a refund. It names neither request nor attempt: it answers on the session that asked, if
    /// it is new, about our payment, and not more than was asked.
    pub(super) fn handle_refund_finished<'m>(
        &mut self,
        now: Instant,
        refund: Refund<'m>,
    ) -> Event<'m> {
        let payment = refund.payment().and_then(|payment| payment.id());
        let held = self
            .open()
            .and_then(|open| open.held.as_ref()?.refund.as_deref());
        let confirms = held.is_some_and(|held| refund.id().is_some_and(|id| id == *held));
        let is_new = refund.id().is_some_and(|id| !self.tx.knows(Some(id)));
        let request = match self.open_request() {
            Some(open) if confirms => Some(open),
            _ if is_new => self.only_one(now, RequestKind::Refund, &|entry| {
                gives_back(entry, payment, refund.amount())
            }),
            _ => None,
        };
        let Some(request) = request else {
            // A look-up may find it yet as the one that is waited for.
            let awaited = |entry: &Entry| {
                entry.record.kind == RequestKind::Refund
                    && entry.is_unsettled()
                    && gives_back(entry, payment, refund.amount())
            };
            if !self.cases.iter().any(awaited) {
                self.tx.remember(refund.id());
            }
            return Event::Unsolicited(Unsolicited::Refund(refund));
        };
        let amount = refund.amount();
        match self.end_given_back(now, request, refund.id(), amount) {
            Some((told, outcome)) => told.event(Outcome {
                refund: Some(refund),
                ..outcome
            }),
            None => Event::Unsolicited(Unsolicited::Refund(refund)),
        }
    }

    /// FINISH_OK with a credit, likewise.
    pub(super) fn handle_credit_finished<'m>(
        &mut self,
        now: Instant,
        credit: Credit<'m>,
    ) -> Event<'m> {
        let is_new = credit.id().is_some_and(|id| !self.tx.knows(Some(id)));
        // The terminal has taken the open one: everything before it is over.
        let taken = self.cases.open().is_some_and(|entry| entry.taken);
        let request = self.only_one(now, RequestKind::ManualRefund, &|entry| {
            let asked = entry.record.amount;
            is_new
                && entry.open.is_some() == taken
                && credit.amount().is_some_and(|amount| amount <= asked)
        });
        let Some(request) = request else {
            self.tx.remember(credit.id());
            return Event::Unsolicited(Unsolicited::Credit(credit));
        };
        match self.end_given_back(now, request, credit.id(), credit.amount()) {
            Some((told, outcome)) => told.event(Outcome {
                credit: Some(credit),
                ..outcome
            }),
            None => Event::Unsolicited(Unsolicited::Credit(credit)),
        }
    }

    fn end_given_back(
        &mut self,
        now: Instant,
        request: RequestId,
        id: Option<Text<'_>>,
        amount: Option<i64>,
    ) -> Option<(super::case::Told, Outcome<'static>)> {
        let entry = self.cases.get(request)?;
        let (kind, asked, was_open) =
            (entry.record.kind, entry.record.amount, entry.open.is_some());
        let Verdict::Made(evidence) = prove(kind, Fact::GivenBack) else {
            return None;
        };
        let ending = given_back(id, amount, asked, evidence);
        let end = self.end_with(now, request, ending)?;
        if was_open {
            self.screens_after(now, kind == RequestKind::ManualRefund);
        }
        Some(end)
    }

    pub(super) fn handle_void_response<'m>(
        &mut self,
        now: Instant,
        response: VoidPaymentResponse<'m>,
        method: Method<'m>,
    ) -> Event<'m> {
        let other = Event::Unsolicited(Unsolicited::Message(Some(method)));
        let payment = response.payment();
        let id = payment.and_then(|payment| payment.id());
        let voided = payment.and_then(|payment| payment.result()) == Some(PaymentResult::Voided);
        let done = match response.status() {
            _ if voided => true,
            Some(status) => status == ResultStatus::Success,
            None => match response.success() {
                Some(success) => success,
                None => return other,
            },
        };
        // A payment that is said to be voided is, whoever asked and when.
        let request =
            self.only_one(now, RequestKind::Void, &|entry| is_about(entry, id))
                .or_else(|| {
                    let mut voids = self.cases.iter().filter(|entry| {
                        entry.record.kind == RequestKind::Void && entry.is_unsettled()
                    });
                    let entry = voids.find(|entry| done && id.is_some() && is_about(entry, id))?;
                    Some(entry.record.request)
                });
        let Some(entry) = request.and_then(|request| self.cases.get(request)) else {
            return other;
        };
        let (request, was_open) = (entry.record.request, entry.open.is_some());
        let fact = if done {
            Fact::VoidDone
        } else {
            Fact::VoidFailed
        };
        let ending = match prove(RequestKind::Void, fact) {
            Verdict::Made(evidence) => Ending {
                approved: payment.and_then(|payment| payment.amount()).unwrap_or(0),
                payment: id.map(Text::cut),
                ..made(0, 0, evidence)
            },
            Verdict::NotMade(evidence) => Ending::new(
                Certainty::NotMade,
                match response.status() {
                    Some(ResultStatus::Cancel) => ResultCode::Cancel,
                    _ => ResultCode::Fail,
                },
                Cause::Failed,
                evidence,
            ),
            Verdict::Unknown(_) | Verdict::Running => return other,
        };
        let Some((told, outcome)) = self.end_with(now, request, ending) else {
            return other;
        };
        if was_open {
            self.screens_after(now, false);
        }
        let status = response.status().map(|status| status.name());
        told.event(Outcome {
            payment,
            ..texts(outcome, response.reason().or(status), response.message())
        })
    }

    /// ACK is the only answer of an older terminal to a void. It says that the message arrived, not what
    /// became of the payment.
    pub(super) fn handle_ack(&mut self, now: Instant, ack: Ack<'_>) {
        let open = self.cases.open().map(|entry| entry.record.kind);
        if self.terminal.void_payment_response
            || open != Some(RequestKind::Void)
            || !self.is_sent_here()
        {
            return;
        }
        let named = ack
            .source_message_id()
            .and_then(|id| id.as_str()?.parse::<u32>().ok());
        if self.open().is_none_or(|open| Some(open.message) != named) {
            return;
        }
        if let Verdict::Unknown(missing) = prove(RequestKind::Void, Fact::Acknowledged) {
            let until = now.after(self.config.deadlines.look_up);
            self.doubt_open(now, Cause::Unknown, Some(until));
            if let Some(entry) = self.cases.open_mut()
                && let Some(doubt) = &mut entry.doubt
            {
                doubt.evidence = Evidence::Acknowledged;
                doubt.missing = missing;
            }
        }
    }
}

/// Whether a message is about the payment that the request is about. One that names none is.
fn is_about(entry: &Entry, payment: Option<Text<'_>>) -> bool {
    let about = entry.record.payment.as_deref();
    payment
        .filter(|id| !id.is_empty())
        .is_none_or(|id| about.is_some_and(|about| id == *about))
}

/// Whether so much of this payment is not more than the refund has asked for; without an amount in the request that
/// is all of it.
fn gives_back(entry: &Entry, payment: Option<Text<'_>>, amount: Option<i64>) -> bool {
    let asked = entry.record.amount;
    is_about(entry, payment) && (asked == 0 || amount.unwrap_or(0) <= asked)
}

/// The end of a request that gave money back: which refund or credit it was, and how much.
pub(super) fn given_back(
    id: Option<Text<'_>>,
    amount: Option<i64>,
    asked: i64,
    evidence: Evidence,
) -> Ending {
    let amount = amount.unwrap_or(asked);
    Ending {
        approved: amount,
        payment: id.map(Text::cut),
        ..made(amount, asked, evidence)
    }
}

fn made(amount: i64, asked: i64, evidence: Evidence) -> Ending {
    let cause = if amount < asked {
        Cause::Partial
    } else {
        Cause::Approved
    };
    Ending::new(
        Certainty::Made(Finality::Final),
        ResultCode::Success,
        cause,
        evidence,
    )
}

impl HeldRefund {
    /// How a refund of so much ends by what REFUND_RESPONSE said.
    pub(super) fn ending(&self, asked: i64) -> Ending {
        let fact = if self.done {
            Fact::RefundDone
        } else {
            Fact::RefundFailed
        };
        match prove(RequestKind::Refund, fact) {
            Verdict::Made(evidence) => {
                let amount = Some(self.amount).filter(|amount| *amount != 0);
                let id = self.refund.as_deref().map(Text::from);
                given_back(id, amount, asked, evidence)
            }
            Verdict::NotMade(evidence) => Ending::new(
                Certainty::NotMade,
                ResultCode::Fail,
                Cause::Failed,
                evidence,
            ),
            Verdict::Unknown(missing) => Ending::unknown(Cause::Unknown, missing),
            Verdict::Running => Ending::unknown(Cause::Unknown, Missing::End),
        }
    }
}
