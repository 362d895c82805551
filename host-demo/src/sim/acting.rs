//! The engine: it takes one step after the other, and listens to what the point of sale says meanwhile.

use std::collections::VecDeque;

use proto_core::message::{
    CashbackSelectedDraft, ConfirmPaymentDraft, FinishOkDraft, MessageDraft, PartialAuthDraft,
    PaymentConfirmed, PaymentRejected, PaymentVoidedDraft, PrintPaymentDeclineDraft,
    PrintPaymentDraft, PrintPaymentMerchantCopyDraft, SignatureVerified, TipAddedDraft, TxStart,
    TxStateMessageDraft, VerifySignatureDraft,
};
use proto_core::model::{ChallengeDraft, InputOptionDraft, OrderDraft, Payment};
use proto_core::terminal::{Terminal, Unsent};
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::{
    CardEntryType, KeyPress, RequestInfo, TxStartResult, TxState, UiDirection, VoidReason,
};
use proto_core::wire::{DraftOf, Nested};

use super::Simulator;
use super::asked::Asked;
use super::card::Card;
use super::course::{
    CANCELLED, Challenges, Course, Effect, RESET, Screen, Step, signature_rejected, void,
};
use super::payment::{Sold, State};
use super::plan::Plan;
use super::seen::{Question, Seen};
use super::signature::Drawn;

/// What is on at the terminal.
#[derive(Debug, Default)]
pub(super) struct Stage {
    sale: Option<OnSale>,
    screen: Option<Screen>,
    steps: VecDeque<Step>,
    /// How long a step takes.
    pace: Duration,
    next_step: Option<Instant>,
    /// What the point of sale was asked and has not answered.
    open: Open,
    /// When the merchant at the terminal decides in its place.
    patience: Option<Instant>,
}

/// The sale that is running.
#[derive(Debug)]
struct OnSale {
    plan: Plan,
    asked: Asked,
    entry: CardEntryType<'static>,
    sold: Sold,
    signature: Option<Drawn>,
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
struct Open {
    /// Challenges, with the reason to void the payment if nobody decides.
    confirm: Option<VoidReason<'static>>,
    signature: bool,
}

/// How long the terminal waits for an answer: longer than a point of sale lets its people think.
const PATIENCE: Duration = Duration::from_secs(120);

const DUPLICATE: &str = "DUPLICATE";
const IS_IT_RIGHT: &str = "Is the signature right?";

impl Stage {
    /// When [`Simulator::act`] wants to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next_step
    }

    /// Takes these steps in the place of what was to come.
    fn take(&mut self, at: Instant, steps: impl IntoIterator<Item = Step>) {
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
        self.see(Seen::Sale {
            amount: asked.amount,
            external_id: asked.external_id.clone(),
        });
        let plan = match self.plans.len() {
            0 | 1 => self.plans.front().cloned(),
            _ => self.plans.pop_front(),
        };
        let plan = plan.unwrap_or_default();
        let card = Card::present(&asked.tender, &mut self.random);
        let entry = card.entry;
        let course = Course {
            plan: &plan,
            asked: &asked,
            entry,
        };
        let steps = course.steps();
        let sold = Sold::of(course, card, (self.unix_ms)(), &mut self.random);
        self.stage.pace = plan.step;
        self.stage.take(now.after(plan.step.min(Plan::STEP)), steps);
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
        let Some(sale) = &self.stage.sale else {
            return self.leave();
        };
        let steps = if sale.sure {
            [Step::Exit]
                .into_iter()
                .chain(sale.course().ending())
                .collect()
        } else if sale.approved {
            void(VoidReason::UserCancel).to_vec()
        } else {
            RESET.to_vec()
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
        // A sale keeps the screen.
        if self.stage.sale.is_none() {
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
                let sent = self.terminal.refuse_busy();
                self.not_started(sent, "the terminal does something else");
            }
            Step::RefuseKind => {
                const WHY: &str = "the simulator takes sales only";
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
            Step::PrintMerchantCopy => {
                self.see(Seen::Printed("merchant copy"));
                self.tell(State::Paid, |terminal, payment| {
                    terminal.send(&PrintPaymentMerchantCopyDraft {
                        payment: Some(payment),
                        more: &[],
                    })
                });
            }
            Step::PrintDecline => {
                self.see(Seen::Printed("decline slip"));
                self.tell(State::Declined, |terminal, payment| {
                    terminal.send(&PrintPaymentDeclineDraft {
                        payment: Some(payment),
                        reason: Some("DECLINED".into()),
                        more: &[],
                    })
                });
            }
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
                self.stage.sale = None;
                let sent = self.terminal.finish_cancel();
                self.note(sent);
                self.see(Seen::NotPaid);
            }
            // `act` takes these itself.
            Step::Enter(_) | Step::Wait(_) | Step::Answers => {}
        }
    }

    fn not_started(&mut self, sent: Result<(), Unsent>, why: &'static str) {
        self.stage.sale = None;
        self.note(sent);
        self.see(Seen::NotStarted(why));
    }

    fn enter(&mut self, screen: Screen) {
        self.exit();
        let keys: Vec<_> = screen
            .keys
            .iter()
            .map(|key| InputOptionDraft {
                key_press: Some(key.press),
                description: Some(key.label.into()),
                more: &[],
            })
            .collect();
        let sent = self
            .terminal
            .screen(screen.state, UiDirection::Enter, screen.text, &keys);
        self.note(sent);
        self.see(Seen::Screen {
            state: screen.state.to_string(),
            text: screen.text.to_owned(),
        });
        self.stage.screen = Some(screen);
    }

    fn exit(&mut self) {
        if let Some(screen) = self.stage.screen.take() {
            let sent = self
                .terminal
                .screen(screen.state, UiDirection::Exit, screen.text, &[]);
            self.note(sent);
        }
    }

    /// Leaves what a sale left on the screen.
    fn leave(&mut self) {
        self.exit();
        self.stage = Stage::default();
    }

    fn challenge(&mut self, challenges: Challenges) {
        let all: Vec<_> = challenges
            .each()
            .map(|(message, kind, reason)| ChallengeDraft {
                message: Some(message.into()),
                kind: Some(kind),
                reason: Some(reason),
                more: &[],
            })
            .collect();
        self.stage.open.confirm = challenges.each().map(|(_, _, reason)| reason).next();
        for (message, _, _) in challenges.each() {
            self.see(Seen::Asked(Question::Payment, message));
        }
        self.tell(State::Paid, |terminal, payment| {
            terminal.send(&ConfirmPaymentDraft {
                payment: Some(payment),
                challenges: Some(Nested::Draft(all.as_slice())),
                more: &[],
            })
        });
    }

    fn verify_signature(&mut self) {
        self.stage.open.signature = true;
        self.see(Seen::Asked(Question::Signature, IS_IT_RIGHT));
        let drawn = self
            .stage
            .sale
            .as_ref()
            .and_then(|sale| sale.signature.clone());
        self.tell(State::Paid, |terminal, payment| {
            Drawn::with_draft(drawn.as_ref(), |signature| {
                terminal.send(&VerifySignatureDraft {
                    payment: Some(payment),
                    signature,
                    more: &[],
                })
            })
        });
    }

    fn print_receipt(&mut self) {
        self.see(Seen::Printed("receipt"));
        let Some(sale) = &self.stage.sale else {
            return;
        };
        let id = sale.sold.order_id.clone();
        let order = OrderDraft {
            id: Some(id.as_str().into()),
            ..OrderDraft::default()
        };
        self.tell(State::Paid, |terminal, payment| {
            terminal.send(&PrintPaymentDraft {
                payment: Some(payment),
                order: Some(Nested::Draft(&order)),
                more: &[],
            })
        });
    }

    fn finish(&mut self, now: Instant) {
        self.book(now, State::Paid);
        let Some(sale) = self.stage.sale.take() else {
            return;
        };
        let told = if sale.plan.wrong_id {
            sale.sold.of_somebody_else(&mut self.random)
        } else {
            sale.sold
        };
        let terminal = &mut self.terminal;
        let sent = told.with_payment(State::Paid, |payment| {
            Drawn::with_draft(sale.signature.as_ref(), |signature| {
                terminal.finish_ok_signed(payment, signature)?;
                if sale.plan.twice {
                    let info = sale.asked.request_info.as_str();
                    terminal.send(&FinishOkDraft {
                        payment: Some(Nested::Draft(payment)),
                        signature,
                        request_info: Some(RequestInfo::from_name(info.into())),
                        ..FinishOkDraft::default()
                    })?;
                }
                Ok(())
            })
        });
        self.note(sent);
        self.see(Seen::Paid {
            payment: told.payment_id,
            amount: told.amount,
        });
    }

    /// Puts the payment on the books as it stands.
    fn book(&mut self, now: Instant, state: State) {
        if let Some(sale) = &self.stage.sale {
            let books = self.terminal.books_mut();
            sale.sold
                .with_payment(state, |payment| books.book(now, payment));
        }
    }

    fn send(&mut self, draft: &dyn MessageDraft) {
        let sent = self.terminal.send(draft);
        self.note(sent);
    }

    /// Sends something about the payment of the sale.
    fn tell(
        &mut self,
        state: State,
        send: impl FnOnce(&mut Terminal<'_>, AnyPayment<'_>) -> Result<(), Unsent>,
    ) {
        let Some(sale) = &self.stage.sale else {
            return;
        };
        let terminal = &mut self.terminal;
        let sent = sale
            .sold
            .with_payment(state, |payment| send(terminal, Nested::Draft(payment)));
        self.note(sent);
    }
}

/// A payment as it is sent.
type AnyPayment<'p> = Nested<'p, dyn DraftOf<Payment<'static>> + 'p>;
