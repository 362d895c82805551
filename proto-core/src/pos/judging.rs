//! What a payment that was found means for its request (`design.md` "Money" 6, 9).

use super::case::Entry;
use super::event::Event;
use super::outcome::{
    Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, OutcomeMessage, ResultCode,
};
use super::proof::{Fact, Said, Verdict, finality, prove};
use super::question::QuestionKind;
use super::request::{RequestId, RequestKind};
use super::session::cut;
use super::state::Pos;
use crate::model::Payment;
use crate::time::Instant;
use crate::wire::json::Text;

/// How much the clocks of point of sale and terminal may differ when a refund is recognised by its time.
const CLOCKS_MS: i64 = 60_000;

impl Pos<'_> {
    pub(super) fn judge_found<'m>(
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
}

/// Whether it was made offline, and that is all that is known.
pub(super) fn is_offline(entry: &Entry) -> bool {
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
