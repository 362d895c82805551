//! Questions of the terminal: held, answered, withdrawn (`design.md` "Money" 10).

use super::event::{Event, Unsolicited};
use super::notes::Note;
use super::question::{
    Answer, Answered, AnsweredBy, Confirmation, Question, QuestionKind, SignatureCheck,
};
use super::request::{Refused, RequestId};
use super::state::{Pos, Timer};
use super::transaction::{Asking, Transaction};
use crate::message::{
    ConfirmPayment, PaymentConfirmedDraft, PaymentRejectedDraft, SignatureVerifiedDraft,
    VerifySignature,
};
use crate::model::{Payment, PaymentReferenceDraft};
use crate::outbox::Outbox;
use crate::time::Instant;
use crate::wire::json::{Full, Json};
use crate::wire::names::{Method, VoidReason};
use crate::wire::{DraftOf, InString, Sender};

impl Pos<'_> {
    pub(super) fn handle_confirm<'m>(
        &mut self,
        now: Instant,
        confirm: ConfirmPayment<'m>,
        method: Method<'m>,
    ) -> Event<'m> {
        let ours = |payment| Some((payment, self.asks_about(payment)?));
        let Some((payment, request)) = confirm.payment().and_then(ours) else {
            return Event::Unsolicited(Unsolicited::Message(Some(method)));
        };
        let (question, repeated) = self.open_question(now, QuestionKind::Confirm, payment, request);
        Event::Confirm(Confirmation {
            question,
            payment,
            challenges: confirm.challenges(),
            answer_within: self.config.deadlines.question,
            repeated,
        })
    }

    pub(super) fn handle_signature<'m>(
        &mut self,
        now: Instant,
        verify: VerifySignature<'m>,
        method: Method<'m>,
    ) -> Event<'m> {
        let ours = |payment| Some((payment, self.asks_about(payment)?));
        let Some((payment, request)) = verify.payment().and_then(ours) else {
            return Event::Unsolicited(Unsolicited::Message(Some(method)));
        };
        let (question, repeated) =
            self.open_question(now, QuestionKind::Signature, payment, request);
        Event::Signature(SignatureCheck {
            question,
            payment,
            signature: verify.signature(),
            answer_within: self.config.deadlines.question,
            repeated,
        })
    }

    /// Holds a question in place of the one of its kind before, and says whether it was asked before. Both kinds
    /// are about one payment: about another one, the question of the other kind is void.
    fn open_question(
        &mut self,
        now: Instant,
        kind: QuestionKind,
        payment: Payment<'_>,
        request: RequestId,
    ) -> (Question, bool) {
        let same = payment
            .id()
            .is_some_and(|id| id == *self.tx.payment_id.as_str());
        if !(same && self.tx.asked_about == Some(request)) {
            self.withdraw(match kind {
                QuestionKind::Confirm => QuestionKind::Signature,
                QuestionKind::Signature => QuestionKind::Confirm,
            });
        }
        self.tx.asked_about = Some(request);
        self.tx.hold(payment);
        self.set(timer_of(kind), now, self.config.deadlines.question);
        let asked = self.tx.asked(kind);
        let repeated = payment.id().is_some_and(|id| !asked.remember(id));
        (self.tx.ask(kind), repeated)
    }

    /// Which request a question is about: the open one, or one whose outcome is unknown: the terminal still waits
    /// for its answer.
    fn asks_about(&mut self, payment: Payment<'_>) -> Option<RequestId> {
        let open = self.cases.open();
        if let Some(request) = open
            .filter(|entry| self.answers(entry, payment))
            .map(|entry| entry.record.request)
        {
            self.mark_started();
            return Some(request);
        }
        match open {
            Some(_) => None,
            None => self.whose(payment),
        }
    }

    pub(super) fn answer_open(
        &mut self,
        now: Instant,
        question: Question,
        answer: Answer<'_>,
        by: AnsweredBy,
    ) -> Result<(), Refused> {
        let asking = *self.tx.asking(question.kind);
        let Some(asking) = asking.filter(|asking| asking.generation == question.generation) else {
            return Err(Refused::stale());
        };
        let accepted = answer == Answer::Accept;
        match question.kind {
            QuestionKind::Confirm => {
                let reason = match answer {
                    Answer::Accept => None,
                    Answer::Reject(reason) => Some(reason.unwrap_or(VoidReason::NotApproved)),
                };
                self.send_confirmation(reason)?;
                self.tx.confirm = None;
                self.stop(Timer::Confirm);
                // The signature's answer waited for this one, and is void if the payment is.
                if accepted {
                    self.pump_signature();
                } else {
                    self.withdraw(QuestionKind::Signature);
                }
            }
            QuestionKind::Signature if self.tx.confirm.is_some() => {
                if asking.held.is_some() {
                    return Err(Refused::stale());
                }
                if let Some(asking) = &mut self.tx.signature {
                    asking.held = Some(accepted);
                }
                self.stop(Timer::Signature);
            }
            QuestionKind::Signature => self.send_signature(accepted)?,
        }
        if let Some(open) = self.open_mut().filter(|_| !accepted) {
            open.rejected.get_or_insert(question.kind);
        }
        if !self.tx.is_asked() {
            self.tx.wipe_hold();
            if self.cases.open().is_some() {
                // It is the terminal's turn again.
                self.set(Timer::Progress, now, self.config.deadlines.progress);
            }
        }
        log!(info, "answered: {=bool}, by {}", accepted, by);
        self.emit(Note::Answered(Answered {
            question,
            accepted,
            by,
        }));
        Ok(())
    }

    /// Sends the answer to a confirmation: with a reason it is a rejection.
    fn send_confirmation(&mut self, reason: Option<VoidReason<'_>>) -> Result<(), Refused> {
        self.send_about_payment(|outbox, sender, payment| match reason {
            None => outbox.push(
                sender,
                &PaymentConfirmedDraft {
                    payment: Some(payment),
                    more: &[],
                },
            ),
            Some(_) => outbox.push(
                sender,
                &PaymentRejectedDraft {
                    payment: Some(payment),
                    reason,
                    more: &[],
                },
            ),
        })
    }

    /// Sends an answer about the held payment: as it was received, or by its id if that can never fit.
    fn send_about_payment(
        &mut self,
        write: impl Fn(&mut Outbox<'_>, &Sender<'_>, AnyPayment<'_>) -> Result<u32, Full>,
    ) -> Result<(), Refused> {
        let sender = self.sender();
        let (outbox, tx) = (&mut self.outbox, &self.tx);
        let sent = match tx.with_payment(|payment| write(outbox, &sender, payment)) {
            Err(full) if !outbox.can_hold(full.needed) => {
                tx.with_payment_id(|payment| write(outbox, &sender, payment))
            }
            sent => sent,
        };
        sent.map(|_| ()).map_err(|full| Refused::full(full.needed))
    }

    /// Sends the answer to a signature that waited for the answer to the confirmation. Without room it waits
    /// on; `pump` tries again.
    pub(super) fn pump_signature(&mut self) {
        if let Some(Asking {
            held: Some(held), ..
        }) = self.tx.signature
            && self.tx.confirm.is_none()
            && self.send_signature(held).is_ok()
        {
            self.tx.wipe_hold();
        }
    }

    fn send_signature(&mut self, verified: bool) -> Result<(), Refused> {
        self.send_about_payment(|outbox, sender, payment| {
            outbox.push(
                sender,
                &SignatureVerifiedDraft {
                    payment: Some(payment),
                    verified: Some(verified),
                    more: &[],
                },
            )
        })?;
        self.tx.signature = None;
        self.stop(Timer::Signature);
        Ok(())
    }

    pub(super) fn question_timed_out(&mut self, now: Instant, timer: Timer) {
        let kind = match timer {
            Timer::Confirm => QuestionKind::Confirm,
            _ => QuestionKind::Signature,
        };
        let Some(Asking { generation, .. }) = *self.tx.asking(kind) else {
            return;
        };
        let question = Question { kind, generation };
        if self
            .answer_open(now, question, Answer::Reject(None), AnsweredBy::Deadline)
            .is_err()
        {
            // No room now: the answer is due and is tried again.
            self.set(timer, now, crate::time::Duration::from_secs(1));
        }
    }

    pub(super) fn withdraw_questions(&mut self) {
        self.tx.asked_about = None;
        self.withdraw(QuestionKind::Confirm);
        self.withdraw(QuestionKind::Signature);
        self.tx.wipe_hold();
    }

    fn withdraw(&mut self, kind: QuestionKind) {
        self.stop(timer_of(kind));
        if let Some(Asking { generation, .. }) = self.tx.asking(kind).take() {
            self.emit(Note::Withdrawn(Question { kind, generation }));
        }
    }
}

/// A payment as it was received, or a draft of one.
type AnyPayment<'p> = InString<'p, dyn DraftOf<Payment<'static>> + 'p>;

impl Transaction<'_> {
    /// Hands the payment of the open questions over: as it was received, or its id if it did not fit.
    fn with_payment<R>(&self, write: impl FnOnce(AnyPayment<'_>) -> R) -> R {
        let held = self
            .hold
            .get(..self.hold_len)
            .and_then(|text| core::str::from_utf8(text).ok())
            .and_then(Json::parse);
        match held {
            Some(json) => write(InString::Text(json)),
            None => self.with_payment_id(write),
        }
    }

    /// Hands a payment over that has nothing but the id.
    fn with_payment_id<R>(&self, write: impl FnOnce(AnyPayment<'_>) -> R) -> R {
        write(InString::Draft(&PaymentReferenceDraft {
            id: Some(self.payment_id.as_str().into()),
            ..PaymentReferenceDraft::default()
        }))
    }
}

const fn timer_of(kind: QuestionKind) -> Timer {
    match kind {
        QuestionKind::Confirm => Timer::Confirm,
        QuestionKind::Signature => Timer::Signature,
    }
}
