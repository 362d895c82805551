//! The engine: it takes one step after the other, and listens to what the point of sale says meanwhile.

use std::collections::VecDeque;

use proto_core::message::{
    CashbackSelectedDraft, PartialAuthDraft, PaymentConfirmed, PaymentRejected, PaymentVoidedDraft,
    SignatureVerified, TipAddedDraft, TxStart, TxStateMessageDraft,
};
use proto_core::model::Payment;
use proto_core::pos::RequestKind;
use proto_core::terminal::Unsent;
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::{
    CardEntryType, KeyPress, Method, TxStartResult, TxState, VoidReason,
};

use super::Simulator;
use super::asked::Asked;
use super::card::Card;
use super::course::{CANCELLED, Course, GIVEN_UP, Step, signature_rejected, void};
use super::payment::{Sold, State};
use super::plan::Plan;
use super::screens::{Effect, Screen};
use super::seen::{Question, Seen};
use super::signature::Drawn;
use super::undo::Undo;

/// What is on at the terminal.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) sale: Option<OnSale>,
    pub(super) undo: Option<Undo>,
    pub(super) screen: Option<Screen>,
    steps: VecDeque<Step>,
    /// How long a step takes.
    pace: Duration,
    next_step: Option<Instant>,
    /// What the point of sale was asked and has not answered.
    pub(super) open: Open,
    /// When the merchant at the terminal decides in its place.
    patience: Option<Instant>,
}

/// The sale, auth, pre-auth or manual refund that is running.
#[derive(Debug)]
pub(super) struct OnSale {
    pub(super) plan: Plan,
    pub(super) asked: Asked,
    entry: CardEntryType<'static>,
    pub(super) sold: Sold,
    pub(super) signature: Option<Drawn>,
    /// The bank has approved: giving up means to void.
    approved: bool,
    /// Nothing can stop it any more.
    sure: bool,
}

impl OnSale {
    fn course(&self) -> Course<'_> {
        Course {
            plan: &self.plan,
            asked: &self.asked,
            entry: self.entry,
        }
    }
}

/// Questions that are open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open {
    /// Challenges, with the reason to void the payment if nobody decides.
    pub(super) confirm: Option<VoidReason<'static>>,
    pub(super) signature: bool,
}

/// How long the terminal waits for an answer: longer than a point of sale lets its people think.
const PATIENCE: Duration = Duration::from_secs(120);

const DUPLICATE: &str = "DUPLICATE";

impl Stage {
    /// When [`Simulator::act`] wants to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next_step
    }

    /// What is running.
    pub(super) fn kind(&self) -> Option<RequestKind> {
        let asked = self.sale.as_ref().map(|sale| sale.asked.kind);
        // What the simulator does not take is refused as a sale would be.
        let asked = asked.map(|kind| kind.unwrap_or(RequestKind::Sale));
        asked.or_else(|| self.undo.as_ref().map(Undo::kind))
    }

    /// Begins with these steps.
    pub(super) fn begin(&mut self, now: Instant, plan: &Plan, steps: Vec<Step>) {
        self.pace = plan.step;
        self.take(now.after(plan.step.min(Plan::STEP)), steps);
    }

    /// Takes these steps in the place of what was to come.
    pub(super) fn take(&mut self, at: Instant, steps: impl IntoIterator<Item = Step>) {
        self.steps = steps.into_iter().collect();
        self.next_step = Some(at);
        self.open = Open::default();
        self.patience = None;
    }
}

impl Simulator<'_> {
    // What the point of sale does

    pub(super) fn sale_started(&mut self, now: Instant, start: TxStart<'_>) {
        self.leave();
        let asked = Asked::of(start);
        self.see(Seen::Begun {
            kind: asked.kind.unwrap_or(RequestKind::Sale),
            amount: asked.amount,
            id: asked.external_id.clone(),
        });
        let plan = self.next_plan();
        let card = Card::present(&asked.tender, &mut self.random);
        let entry = card.entry;
        let course = Course {
            plan: &plan,
            asked: &asked,
            entry,
        };
        let steps = course.steps();
        let sold = Sold::of(course, card, (self.unix_ms)(), &mut self.random);
        self.stage.begin(now, &plan, steps);
        self.stage.sale = Some(OnSale {
            plan,
            asked,
            entry,
            sold,
            signature: None,
            approved: false,
            sure: false,
        });
    }

    pub(super) fn key_pressed(&mut self, now: Instant, pressed: KeyPress<'_>) {
        let keys = self.stage.screen.map_or(&[][..], |screen| screen.keys);
        let key = keys.iter().find(|key| key.press == pressed);
        self.see(Seen::Key {
            key: pressed.to_string(),
            offered: key.is_some(),
        });
        match key.map(|key| key.effect) {
            Some(Effect::Cancel) => self.stage.take(now, CANCELLED),
            Some(Effect::Void(reason)) => self.stage.take(now, void(reason)),
            Some(Effect::GoOn) => {
                if let Some(Step::Wait(_)) = self.stage.steps.front() {
                    self.stage.steps.pop_front();
                }
                self.stage.next_step = Some(now);
            }
            None => {}
        }
    }

    pub(super) fn reset(&mut self, now: Instant) {
        self.see(Seen::Reset);
        let steps = match (&self.stage.sale, &self.stage.undo) {
            (Some(sale), _) if sale.sure => [Step::Exit]
                .into_iter()
                .chain(sale.course().ending())
                .collect(),
            (Some(sale), _) if sale.approved => void(VoidReason::UserCancel).to_vec(),
            (Some(_), _) => GIVEN_UP.to_vec(),
            (None, Some(undo)) => undo.given_up().to_vec(),
            (None, None) => return self.leave(),
        };
        self.stage.take(now, steps);
    }

    pub(super) fn confirmed(&mut self, now: Instant, answer: PaymentConfirmed<'_>) {
        let is_open = self.stage.open.confirm.is_some();
        if self.fits(Question::Payment, true, is_open, answer.payment()) {
            self.stage.open.confirm = None;
            self.go_on(now);
        }
    }

    pub(super) fn rejected(&mut self, now: Instant, answer: PaymentRejected<'_>) {
        let asked = self.stage.open.confirm;
        if self.fits(Question::Payment, false, asked.is_some(), answer.payment()) {
            let known = |reason| VoidReason::ALL.iter().find(|known| **known == reason);
            let reason = answer.reason().and_then(known).copied().or(asked);
            self.stage
                .take(now, void(reason.unwrap_or(VoidReason::NotApproved)));
        }
    }

    pub(super) fn signature_answered(&mut self, now: Instant, answer: SignatureVerified<'_>) {
        let verified = answer.verified() == Some(true);
        let is_open = self.stage.open.signature;
        if self.fits(Question::Signature, verified, is_open, answer.payment()) {
            if verified {
                self.stage.open.signature = false;
                self.go_on(now);
            } else {
                self.stage.take(now, signature_rejected());
            }
        }
    }

    pub(super) fn welcome_shown(&mut self) {
        // What is running keeps the screen.
        if self.stage.kind().is_none() {
            self.leave();
            self.see(Seen::Welcome);
        }
    }

    /// Whether an answer is one: to a question that is open, about the payment of this sale.
    fn fits(
        &mut self,
        question: Question,
        accepted: bool,
        is_open: bool,
        payment: Option<Payment<'_>>,
    ) -> bool {
        let ours = self.stage.sale.as_ref().map(|sale| &sale.sold.payment_id);
        let about = payment.and_then(|payment| payment.id());
        let is_ours = about
            .zip(ours)
            .is_some_and(|(about, ours)| about == ours.as_str());
        if is_open && is_ours {
            self.see(Seen::Answered(question, accepted));
            return true;
        }
        let what = if is_open {
            "an answer about another payment"
        } else {
            "an answer to nothing that was asked"
        };
        self.see(Seen::Trouble(what.to_owned()));
        false
    }

    /// Every question may be answered now.
    fn go_on(&mut self, now: Instant) {
        if !self.is_asking() && self.stage.steps.front() == Some(&Step::Answers) {
            self.stage.patience = None;
            self.stage.next_step = Some(now);
        }
    }

    fn is_asking(&self) -> bool {
        self.stage.open.confirm.is_some() || self.stage.open.signature
    }

    /// What becomes of the next one; the last plan stays.
    pub(super) fn next_plan(&mut self) -> Plan {
        let plan = match self.plans.len() {
            0 | 1 => self.plans.front().cloned(),
            _ => self.plans.pop_front(),
        };
        plan.unwrap_or_default()
    }

    // What the terminal does

    /// Takes the steps that are due.
    pub(super) fn act(&mut self, now: Instant) {
        if self.stage.next_step.take_if(|at| *at <= now).is_none() {
            return;
        }
        // What belongs together happens at once: up to the next screen.
        while let Some(step) = self.stage.steps.pop_front() {
            let pause = match step {
                Step::Answers if self.is_asking() => {
                    self.stage.steps.push_front(step);
                    return self.await_answers(now);
                }
                Step::Enter(screen) => {
                    self.enter(screen);
                    self.stage.pace
                }
                Step::Wait(time) => time,
                step => {
                    self.step(now, step);
                    continue;
                }
            };
            self.stage.next_step = Some(now.after(pause));
            return;
        }
    }

    fn await_answers(&mut self, now: Instant) {
        let until = *self.stage.patience.get_or_insert(now.after(PATIENCE));
        if until > now {
            self.stage.next_step = Some(until);
            return;
        }
        self.see(Seen::Trouble(
            "the point of sale does not answer: the merchant says no".to_owned(),
        ));
        match self.stage.open.confirm {
            Some(reason) => self.stage.take(now, void(reason)),
            None => self.stage.take(now, signature_rejected()),
        }
    }

    fn step(&mut self, now: Instant, step: Step) {
        match step {
            Step::Accept => {
                let sent = self.terminal.accept_start();
                self.note(sent);
            }
            Step::RefuseDuplicate => {
                let sent = self
                    .terminal
                    .refuse_start(TxStartResult::Duplicate, DUPLICATE);
                self.not_started(sent, "its external id was used before");
            }
            Step::RefuseBusy => {
                let method = self
                    .stage
                    .undo
                    .as_ref()
                    .map_or(Method::TxStart, Undo::method);
                let sent = self.terminal.refuse_busy(method);
                self.not_started(sent, "the terminal does something else");
            }
            Step::RefuseKind => {
                const WHY: &str = "the simulator takes nothing of that kind";
                let sent = self.terminal.refuse_start(TxStartResult::Fail, WHY);
                self.not_started(sent, WHY);
            }
            Step::State(state) => {
                if let Some(sale) = &mut self.stage.sale {
                    sale.sure |= state == TxState::Success;
                }
                self.send(&TxStateMessageDraft {
                    tx_state: Some(state),
                    more: &[],
                });
            }
            Step::Exit => self.exit(),
            Step::Tip(tip) => {
                self.see(Seen::Tip(tip));
                self.send(&TipAddedDraft {
                    tip_amount: Some(tip),
                    more: &[],
                });
            }
            Step::Cashback(amount) => {
                self.see(Seen::Cashback(amount));
                self.send(&CashbackSelectedDraft {
                    cashback_amount: Some(amount),
                    more: &[],
                });
            }
            Step::PartialAuth(amount) => {
                self.see(Seen::Partial(amount));
                self.send(&PartialAuthDraft {
                    partial_auth_amount: Some(amount),
                    more: &[],
                });
            }
            Step::Approved => {
                if let Some(sale) = &mut self.stage.sale {
                    sale.approved = true;
                    // What was given back is not taken again.
                    sale.sure |= sale.sold.is_credit();
                }
                // From here on the customer is charged, whatever becomes of the message that says so.
                self.book(now, State::Paid);
            }
            Step::Challenge(challenges) => self.challenge(challenges),
            Step::Sign => {
                let drawn = Drawn::new(&mut self.random);
                if let Some(sale) = &mut self.stage.sale {
                    sale.signature = Some(drawn);
                }
            }
            Step::VerifySignature => self.verify_signature(),
            Step::PrintReceipt => self.print_receipt(),
            Step::PrintMerchantCopy => self.print_merchant_copy(),
            Step::PrintDecline => self.print_decline(),
            Step::Finish => self.finish(now),
            Step::Void(reason) => {
                self.see(Seen::Voided(reason.to_string()));
                self.book(now, State::Voided(reason));
                self.tell(State::Voided(reason), |terminal, payment| {
                    terminal.send(&PaymentVoidedDraft {
                        payment: Some(payment),
                        void_reason: Some(reason),
                        more: &[],
                    })
                });
            }
            Step::Cancel => {
                let kind = self.stage.kind();
                (self.stage.sale, self.stage.undo) = (None, None);
                let sent = self.terminal.finish_cancel();
                self.note(sent);
                if let Some(kind) = kind {
                    self.see(Seen::NotDone(kind));
                }
            }
            Step::Refund => self.refund(now),
            Step::RefuseRefund(why) => self.refuse_refund(now, why),
            Step::FinishRefund => self.finish_refund(),
            Step::VoidPayment => self.void_payment(now),
            Step::FinishVoid => self.finish_void(),
            Step::RefuseVoid(status) => self.refuse_void(status),
            // `act` takes these itself.
            Step::Enter(_) | Step::Wait(_) | Step::Answers => {}
        }
    }

    fn not_started(&mut self, sent: Result<(), Unsent>, why: &'static str) {
        (self.stage.sale, self.stage.undo) = (None, None);
        self.note(sent);
        self.see(Seen::NotStarted(why));
    }
}
