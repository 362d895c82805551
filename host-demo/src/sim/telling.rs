//! What the simulator shows and sends.

use proto_core::message::{
    ConfirmPaymentDraft, FinishOkDraft, MessageDraft, PrintCreditDeclineDraft, PrintCreditDraft,
    PrintPaymentDeclineDraft, PrintPaymentDraft, PrintPaymentMerchantCopyDraft,
    VerifySignatureDraft,
};
use proto_core::model::{ChallengeDraft, InputOptionDraft, OrderDraft, Payment};
use proto_core::terminal::{Terminal, Unsent};
use proto_core::time::Instant;
use proto_core::wire::names::{RequestInfo, UiDirection};
use proto_core::wire::{DraftOf, Nested};

use super::Simulator;
use super::acting::{OnSale, Stage};
use super::course::Challenges;
use super::payment::State;
use super::screens::Screen;
use super::seen::{Question, Seen};
use super::signature::Drawn;

impl Simulator<'_> {
    pub(super) fn enter(&mut self, screen: Screen) {
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

    pub(super) fn exit(&mut self) {
        if let Some(screen) = self.stage.screen.take() {
            let sent = self
                .terminal
                .screen(screen.state, UiDirection::Exit, screen.text, &[]);
            self.note(sent);
        }
    }

    /// Leaves what a sale left on the screen.
    pub(super) fn leave(&mut self) {
        self.exit();
        self.stage = Stage::default();
    }

    pub(super) fn challenge(&mut self, challenges: Challenges) {
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

    pub(super) fn verify_signature(&mut self) {
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

    pub(super) fn print_receipt(&mut self) {
        self.see(Seen::Printed("receipt"));
        let Some(sale) = &self.stage.sale else {
            return;
        };
        let terminal = &mut self.terminal;
        let order = OrderDraft {
            id: Some(sale.sold.order_id.as_str().into()),
            ..OrderDraft::default()
        };
        let sent = if sale.sold.is_credit() {
            sale.sold.with_credit(State::Paid, |credit| {
                terminal.send(&PrintCreditDraft {
                    credit: Some(Nested::Draft(credit)),
                    more: &[],
                })
            })
        } else {
            sale.sold.with_payment(State::Paid, |payment| {
                terminal.send(&PrintPaymentDraft {
                    payment: Some(Nested::Draft(payment)),
                    order: Some(Nested::Draft(&order)),
                    more: &[],
                })
            })
        };
        self.note(sent);
    }

    pub(super) fn print_merchant_copy(&mut self) {
        self.see(Seen::Printed("merchant copy"));
        self.tell(State::Paid, |terminal, payment| {
            terminal.send(&PrintPaymentMerchantCopyDraft {
                payment: Some(payment),
                more: &[],
            })
        });
    }

    pub(super) fn print_decline(&mut self) {
        const WHY: &str = "DECLINED";
        self.see(Seen::Printed("decline slip"));
        let Some(sale) = &self.stage.sale else {
            return;
        };
        let terminal = &mut self.terminal;
        let sent = if sale.sold.is_credit() {
            sale.sold.with_credit(State::Declined, |credit| {
                terminal.send(&PrintCreditDeclineDraft {
                    credit: Some(Nested::Draft(credit)),
                    reason: Some(WHY.into()),
                    more: &[],
                })
            })
        } else {
            sale.sold.with_payment(State::Declined, |payment| {
                terminal.send(&PrintPaymentDeclineDraft {
                    payment: Some(Nested::Draft(payment)),
                    reason: Some(WHY.into()),
                    more: &[],
                })
            })
        };
        self.note(sent);
    }

    pub(super) fn finish(&mut self, now: Instant) {
        self.book(now, State::Paid);
        let Some(sale) = self.stage.sale.take() else {
            return;
        };
        if sale.sold.is_credit() {
            return self.finish_credit(&sale);
        }
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

    fn finish_credit(&mut self, sale: &OnSale) {
        let terminal = &mut self.terminal;
        let sent = sale.sold.with_credit(State::Paid, |credit| {
            terminal.finish_credit(credit)?;
            if sale.plan.twice {
                let info = sale.asked.request_info.as_str();
                terminal.send(&FinishOkDraft {
                    credit: Some(Nested::Draft(credit)),
                    request_info: Some(RequestInfo::from_name(info.into())),
                    ..FinishOkDraft::default()
                })?;
            }
            Ok(())
        });
        self.note(sent);
        self.see(Seen::GivenBack {
            id: sale.sold.payment_id.clone(),
            amount: sale.sold.amount,
        });
    }

    /// Puts the payment or the credit on the books as it stands.
    pub(super) fn book(&mut self, now: Instant, state: State) {
        let Some(OnSale { sold, plan, .. }) = &self.stage.sale else {
            return;
        };
        let books = self.terminal.books_mut();
        if sold.is_credit() {
            let id = &sold.external_id;
            return sold.with_credit(state, |credit| books.book_credit(now, credit, id));
        }
        sold.with_payment(state, |payment| books.book(now, payment));
        if sold.offline && state == State::Paid {
            self.uploads.add(now, &sold.payment_id, plan);
        }
    }

    pub(super) fn send(&mut self, draft: &dyn MessageDraft) {
        let sent = self.terminal.send(draft);
        self.note(sent);
    }

    /// Sends something about the payment of the sale.
    pub(super) fn tell(
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

const IS_IT_RIGHT: &str = "Is the signature right?";
