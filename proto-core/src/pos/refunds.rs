//! What the terminal says about refunds and voids (`protocol/connector.md` §5.8, §5.10, `design.md` "Money" 9).

use super::event::{Event, Unsolicited};
use super::judging::texts;
use super::outcome::{Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, ResultCode};
use super::proof::{Fact, Verdict, prove};
use super::request::{RequestId, RequestKind};
use super::session::cut;
use super::state::{Pos, Timer};
use super::transaction::HeldRefund;
use crate::message::{Ack, RefundResponse, VoidPaymentResponse};
use crate::model::{Credit, Refund};
use crate::time::{Duration, Instant};
use crate::wire::json::Text;
use crate::wire::names::{ErrorCode, Method, PaymentResult, ResultStatus, TxState};

/// How long REFUND_RESPONSE stands alone before it counts without FINISH_OK or FINISH_CANCEL.
const CONFIRMED: Duration = Duration::from_secs(5);

impl Pos<'_> {
    /// The open request, if it is of this kind and was sent on this session.
    fn sent_here(&self, kind: RequestKind) -> Option<RequestId> {
        let entry = self.cases.open()?;
        (entry.record.kind == kind && self.is_sent_here()).then_some(entry.record.request)
    }

    /// Whether a message is about the payment that the request is about. One that names none is.
    fn is_about(&self, request: RequestId, payment: Option<Text<'_>>) -> bool {
        let about = self
            .cases
            .get(request)
            .and_then(|entry| entry.record.payment.as_deref());
        payment
            .filter(|id| !id.is_empty())
            .is_none_or(|id| about.is_some_and(|about| id == *about))
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
        let ours = self
            .sent_here(RequestKind::Refund)
            .is_some_and(|request| self.is_about(request, response.payment_id()));
        if !ours {
            return Some(match refund {
                Some(refund) if done => Event::Unsolicited(Unsolicited::Refund(refund)),
                _ => Event::Unsolicited(Unsolicited::Message(Some(method))),
            });
        }
        self.mark_started();
        let why = match response.reason() {
            Some(ErrorCode::OrderNotFound) => Some(ErrorCode::OrderNotFound),
            Some(ErrorCode::PaymentNotFound) => Some(ErrorCode::PaymentNotFound),
            _ => None,
        };
        if let Some(open) = self.open_mut()
            && (done || !open.held.as_ref().is_some_and(|held| held.done))
        {
            // What is done is done, whatever is said about it later.
            open.held = Some(HeldRefund {
                done,
                refund: refund.and_then(|refund| refund.id()).map(cut),
                amount: refund.and_then(|refund| refund.amount()).unwrap_or(0),
                why,
            });
        }
        self.set(Timer::Refund, now.after(CONFIRMED));
        None
    }

    /// How the open refund ends by what REFUND_RESPONSE said, if it has said anything.
    pub(super) fn held_refund(&self) -> Option<Ending> {
        let entry = self.cases.open()?;
        let held = entry.open.as_ref()?.held.as_ref()?;
        Some(held_ending(held, entry.record.amount))
    }

    /// What REFUND_RESPONSE said counts without FINISH_OK or FINISH_CANCEL.
    pub(super) fn refund_stands(&mut self, now: Instant) {
        if let Some(ending) = self.held_refund() {
            self.end_own(now, ending);
            self.screens_after(now, false);
        }
    }

    fn asked_amount(&self, request: RequestId) -> i64 {
        self.cases
            .get(request)
            .map_or(0, |entry| entry.record.amount)
    }

    /// FINISH_OK with a refund. It names neither request nor attempt: it answers on the session that asked, if
    /// it is new, about our payment, and not more than was asked.
    pub(super) fn handle_refund_finished<'m>(
        &mut self,
        now: Instant,
        refund: Refund<'m>,
    ) -> Event<'m> {
        let payment = refund.payment().and_then(|payment| payment.id());
        let request = self.sent_here(RequestKind::Refund).filter(|request| {
            let asked = self.asked_amount(*request);
            let held = self.open().and_then(|open| open.held.as_ref());
            let confirms = held
                .and_then(|held| held.refund.as_deref())
                .is_some_and(|held| refund.id().is_some_and(|id| id == *held));
            confirms
                || (self.is_about(*request, payment)
                    && refund.id().is_some_and(|id| !self.tx.knows(Some(id)))
                    && (asked == 0 || refund.amount().unwrap_or(0) <= asked))
        });
        let Some(request) = request else {
            self.tx.remember(refund.id());
            return Event::Unsolicited(Unsolicited::Refund(refund));
        };
        let amount = refund.amount();
        match self.given_back(now, request, refund.id(), amount) {
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
        let request = self.sent_here(RequestKind::ManualRefund).filter(|request| {
            credit.id().is_some_and(|id| !self.tx.knows(Some(id)))
                && credit
                    .amount()
                    .is_some_and(|amount| amount <= self.asked_amount(*request))
        });
        let Some(request) = request else {
            self.tx.remember(credit.id());
            return Event::Unsolicited(Unsolicited::Credit(credit));
        };
        match self.given_back(now, request, credit.id(), credit.amount()) {
            Some((told, outcome)) => told.event(Outcome {
                credit: Some(credit),
                ..outcome
            }),
            None => Event::Unsolicited(Unsolicited::Credit(credit)),
        }
    }

    fn given_back(
        &mut self,
        now: Instant,
        request: RequestId,
        id: Option<Text<'_>>,
        amount: Option<i64>,
    ) -> Option<(super::case::Told, Outcome<'static>)> {
        let kind = self.cases.get(request)?.record.kind;
        let Verdict::Made(evidence) = prove(kind, Fact::GivenBack) else {
            return None;
        };
        let asked = self.asked_amount(request);
        let amount = amount.unwrap_or(asked);
        let ending = Ending {
            approved: amount,
            payment: id.map(cut),
            ..made(amount, asked, evidence)
        };
        let told = self.conclude(now, request, ending)?;
        let outcome = self.outcome_of(request)?;
        self.screens_after(now, kind == RequestKind::ManualRefund);
        self.cases.tidy();
        Some((told, outcome))
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
            self.sent_here(RequestKind::Void)
                .filter(|request| self.is_about(*request, id))
                .or_else(|| {
                    let entry = self.cases.iter().find(|entry| {
                        entry.record.kind == RequestKind::Void && entry.is_unsettled()
                    })?;
                    let request = entry.record.request;
                    (done && id.is_some() && self.is_about(request, id)).then_some(request)
                });
        let Some(request) = request else {
            return other;
        };
        let fact = if done {
            Fact::VoidDone
        } else {
            Fact::VoidFailed
        };
        let ending = match prove(RequestKind::Void, fact) {
            Verdict::Made(evidence) => Ending {
                approved: payment.and_then(|payment| payment.amount()).unwrap_or(0),
                payment: id.map(cut),
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
        let Some(told) = self.conclude(now, request, ending) else {
            return other;
        };
        let Some(outcome) = self.outcome_of(request) else {
            return other;
        };
        self.screens_after(now, false);
        self.cases.tidy();
        let status = response.status().map(|status| status.name());
        told.event(Outcome {
            payment,
            ..texts(outcome, response.reason().or(status), response.message())
        })
    }

    /// ACK is the only answer of an older terminal to a void. It says that the message arrived, not what
    /// became of the payment.
    pub(super) fn handle_ack(&mut self, now: Instant, ack: Ack<'_>) {
        if self.terminal.void_payment_response || self.sent_here(RequestKind::Void).is_none() {
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

fn held_ending(held: &HeldRefund, asked: i64) -> Ending {
    let fact = if held.done {
        Fact::RefundDone
    } else {
        Fact::RefundFailed
    };
    match prove(RequestKind::Refund, fact) {
        Verdict::Made(evidence) => {
            let amount = match held.amount {
                0 => asked,
                amount => amount,
            };
            Ending {
                approved: amount,
                payment: held.refund.clone(),
                ..made(amount, asked, evidence)
            }
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
