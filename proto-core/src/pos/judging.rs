//! What a payment that was found means for its request (`design.md` "Money" 6, 9).

use super::case::Entry;
use super::event::Event;
use super::outcome::{
    Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, OutcomeMessage, ResultCode,
};
use super::proof::{Fact, Said, Verdict, finality, prove};
use super::question::QuestionKind;
use super::refunds::{self, given_back};
use super::request::{RequestId, RequestKind};
use super::state::Pos;
use crate::model::{Payment, Refund};
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
        let kind = entry.record.kind;
        let refund = match kind {
            RequestKind::Refund if refunds::ASKS => self.listed_refund(payment, entry),
            _ => None,
        };
        let fact = match kind {
            RequestKind::Refund if refund.is_some() => Fact::RefundListed,
            RequestKind::Refund => Fact::RefundNotListed,
            _ => Fact::LookedUp(Said::by(payment)),
        };
        let offline = is_offline(entry);
        let ending = match (prove(kind, fact), refund) {
            (Verdict::Running, _) => Err(Missing::End),
            (Verdict::Unknown(missing), _) => Err(missing),
            (Verdict::Made(evidence), Some(refund)) => {
                let asked = entry.record.amount;
                Ok(given_back(refund.id(), refund.amount(), asked, evidence))
            }
            // It may still ask a question about it, and the answer can be no.
            (Verdict::Made(_), None) if kind.is_charge() && self.terminal_was_busy() => {
                Err(Missing::Idle)
            }
            (verdict, _) => {
                // It has left the list of those that wait offline: now its result counts.
                let finality = finality(payment, !offline);
                Ok(self.ending_of(request, verdict, payment, finality)?)
            }
        };
        match ending {
            Err(missing) => self.ask_later(now, missing),
            Ok(ending) if ending.certainty == Certainty::Unknown => {
                self.ask_later(now, Missing::Amount);
            }
            Ok(ending) => {
                self.end_inquiry();
                if !quietly {
                    return self.conclude_with(now, request, ending, Some(payment));
                }
                self.end_case(now, request, ending);
            }
        }
        None
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
        ending.payment = payment.id().map(Text::cut);
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

    /// The refund of this case in the list of its payment: of its amount, new to this side, and not older than the
    /// request. If others like it are waited for too, there must be one for each, and they are in the order of the
    /// requests.
    fn listed_refund<'m>(&self, payment: Payment<'m>, entry: &Entry) -> Option<Refund<'m>> {
        let record = &entry.record;
        let since = i64::try_from(record.unix_ms?).ok()?;
        let full = payment
            .amount()
            .unwrap_or(0)
            .saturating_add(payment.tip_amount().unwrap_or(0));
        let amount = match record.amount {
            0 => full,
            part => part,
        };
        let fitting = || {
            payment.refunds().into_iter().flatten().filter(|refund| {
                refund.amount() == Some(amount)
                    && !self.tx.knows(refund.id())
                    && refund
                        .created_time()
                        .is_some_and(|at| at >= since.saturating_sub(CLOCKS_MS))
            })
        };
        let alike = || {
            self.cases.iter().filter(|other| {
                other.is_unsettled()
                    && other.record.kind == record.kind
                    && other.record.payment == record.payment
                    && (other.record.amount == record.amount
                        || [0, full].contains(&other.record.amount) && amount == full)
            })
        };
        let before = alike().filter(|other| other.record.request < record.request);
        let place = before.count();
        if fitting().count() != alike().count() {
            return None;
        }
        // So few that looking for each is cheaper than keeping them in order.
        fitting().find(|refund| {
            let older = |other: &Refund<'_>| other.created_time() < refund.created_time();
            fitting().filter(older).count() == place
        })
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
        message: match message {
            Some(text) => OutcomeMessage::Text(text),
            None => outcome.message,
        },
        ..outcome
    }
}
