//! Refunds of payments, and voids.

use proto_core::message::{
    FinishOkDraft, RefundPrintPaymentDraft, RefundRequest, RefundResponseDraft, VoidPayment,
    VoidPaymentResponseDraft,
};
use proto_core::model::{PaymentDraft, ReferenceDraft, RefundDraft};
use proto_core::pos::RequestKind;
use proto_core::terminal::{BookedRefund, Terminal, Unsent};
use proto_core::time::Instant;
use proto_core::wire::Nested;
use proto_core::wire::names::{ErrorCode, Method, RequestInfo, ResultStatus, TxState, VoidReason};

use super::Simulator;
use super::course::{GIVEN_UP, Step, refund, void_payment};
use super::plan::Plan;
use super::seen::Seen;

/// What is running: a payment is given back or voided.
#[derive(Debug)]
pub(super) struct Undo {
    plan: Plan,
    /// The terminal's id of the payment.
    payment: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Refund {
        /// The order, if the point of sale has named one.
        order: String,
        /// `None` is the whole payment.
        amount: Option<i64>,
        /// The point of sale prints.
        pos_prints: bool,
        made: Option<Refunded>,
    },
    Void {
        reason: VoidReason<'static>,
        made: bool,
    },
}

/// A refund that was made.
#[derive(Debug, Clone)]
struct Refunded {
    id: String,
    order: Option<String>,
    payment: String,
    amount: i64,
    created_ms: i64,
}

impl Undo {
    pub(super) fn kind(&self) -> RequestKind {
        match self.what {
            What::Refund { .. } => RequestKind::Refund,
            What::Void { .. } => RequestKind::Void,
        }
    }

    /// The message that asked for it.
    pub(super) fn method(&self) -> Method<'static> {
        match self.what {
            What::Refund { .. } => Method::RefundRequest,
            What::Void { .. } => Method::VoidPayment,
        }
    }

    /// The steps when the terminal is reset: what was done is done.
    pub(super) fn given_up(&self) -> [Step; 2] {
        match self.what {
            What::Refund { made: Some(_), .. } => [Step::Exit, Step::FinishRefund],
            What::Refund { made: None, .. } => GIVEN_UP,
            What::Void { made: true, .. } => [Step::Exit, Step::FinishVoid],
            What::Void { made: false, .. } => [Step::Exit, Step::RefuseVoid(ResultStatus::Cancel)],
        }
    }
}

impl Refunded {
    /// Hands the refund over; the parts that it borrows live here.
    fn with_draft<R>(&self, write: impl FnOnce(&RefundDraft<'_>) -> R) -> R {
        write(&RefundDraft {
            id: Some(self.id.as_str().into()),
            order: self.order.as_deref().map(reference),
            amount: Some(self.amount),
            created_time: Some(self.created_ms),
            payment: Some(reference(&self.payment)),
            ..RefundDraft::default()
        })
    }
}

fn reference(id: &str) -> ReferenceDraft<'_> {
    ReferenceDraft {
        id: Some(id.into()),
        more: &[],
    }
}

impl Simulator<'_> {
    // What the point of sale asks for

    pub(super) fn refund_asked(&mut self, now: Instant, request: RefundRequest<'_>) {
        let whole = request.full_refund() == Some(true);
        let amount = (!whole).then(|| request.amount().unwrap_or(0));
        let what = What::Refund {
            order: request.order_id().unwrap_or_default().to_string(),
            amount,
            pos_prints: request.disable_clover_printing() == Some(true),
            made: None,
        };
        let payment = request.payment_id().unwrap_or_default().to_string();
        let plan = self.next_plan();
        let steps = refund(&plan, request.disable_receipt_selection() != Some(true));
        self.undoes(
            now,
            amount.unwrap_or(0),
            steps,
            Undo {
                plan,
                payment,
                what,
            },
        );
    }

    pub(super) fn void_asked(&mut self, now: Instant, request: VoidPayment<'_>) {
        let known = |reason| VoidReason::ALL.iter().find(|known| **known == reason);
        let reason = request.void_reason().and_then(known).copied();
        let what = What::Void {
            reason: reason.unwrap_or(VoidReason::UserCancel),
            made: false,
        };
        let id = request.payment().and_then(|payment| payment.id());
        let payment = id.unwrap_or_default().to_string();
        let plan = self.next_plan();
        let steps = void_payment(&plan);
        self.undoes(
            now,
            0,
            steps,
            Undo {
                plan,
                payment,
                what,
            },
        );
    }

    fn undoes(&mut self, now: Instant, amount: i64, steps: Vec<Step>, undo: Undo) {
        self.leave();
        self.see(Seen::Begun {
            kind: undo.kind(),
            amount,
            id: undo.payment.clone(),
        });
        self.stage.begin(now, &undo.plan, steps);
        self.stage.undo = Some(undo);
    }

    // Refunds

    pub(super) fn refund(&mut self, now: Instant) {
        let Some(Undo {
            payment,
            what:
                What::Refund {
                    order,
                    amount,
                    pos_prints,
                    made,
                },
            ..
        }) = &mut self.stage.undo
        else {
            return;
        };
        let books = self.terminal.books_mut();
        let Some(booked) = books.payment(payment) else {
            return self.refuse_refund(now, ErrorCode::PaymentNotFound);
        };
        if !order.is_empty() && booked.order() != Some(order.as_str()) {
            return self.refuse_refund(now, ErrorCode::OrderNotFound);
        }
        let whole = booked.amount.saturating_add(booked.tip.unwrap_or(0));
        let refunded = Refunded {
            id: self.random.id(),
            order: booked.order().map(str::to_owned),
            payment: payment.clone(),
            amount: amount.unwrap_or(whole),
            created_ms: (self.unix_ms)(),
        };
        let entry = BookedRefund {
            id: refunded.id.as_str().try_into().unwrap_or_default(),
            amount: refunded.amount,
            created_ms: Some(refunded.created_ms),
        };
        if !books.refund(payment, entry) {
            return self.refuse_refund(now, ErrorCode::Fail);
        }
        *made = Some(refunded);
        let prints = *pos_prints;
        self.tell_refund(|terminal, refunded, refund| {
            terminal.send(&RefundResponseDraft {
                order_id: refunded.order.as_deref().map(Into::into),
                payment_id: Some(refunded.payment.as_str().into()),
                refund: Some(Nested::Draft(refund)),
                code: Some(TxState::Success),
                ..RefundResponseDraft::default()
            })
        });
        if prints {
            self.see(Seen::Printed("receipt"));
            self.tell_refund(|terminal, refunded, refund| {
                let payment = PaymentDraft {
                    id: Some(refunded.payment.as_str().into()),
                    ..PaymentDraft::default()
                };
                terminal.send(&RefundPrintPaymentDraft {
                    payment: Some(Nested::Draft(&payment)),
                    refund: Some(Nested::Draft(refund)),
                    ..RefundPrintPaymentDraft::default()
                })
            });
        }
    }

    pub(super) fn refuse_refund(&mut self, now: Instant, why: ErrorCode<'static>) {
        let Some(Undo {
            payment,
            what: What::Refund { order, .. },
            ..
        }) = &self.stage.undo
        else {
            return;
        };
        let (order, message) = (order.clone(), why_not(why));
        let draft = RefundResponseDraft {
            order_id: (!order.is_empty()).then(|| order.as_str().into()),
            payment_id: Some(payment.as_str().into()),
            code: Some(TxState::Fail),
            reason: Some(why),
            message: Some(message.into()),
            ..RefundResponseDraft::default()
        };
        let sent = self.terminal.send(&draft);
        self.note(sent);
        self.stage.take(now, GIVEN_UP);
    }

    pub(super) fn finish_refund(&mut self) {
        let twice = self.stage.undo.as_ref().is_some_and(|undo| undo.plan.twice);
        self.tell_refund(|terminal, _, refund| {
            terminal.finish_refund(refund)?;
            if twice {
                terminal.send(&FinishOkDraft {
                    refund: Some(Nested::Draft(refund)),
                    request_info: Some(RequestInfo::Refund),
                    ..FinishOkDraft::default()
                })?;
            }
            Ok(())
        });
        if let Some(Undo {
            what: What::Refund {
                made: Some(made), ..
            },
            ..
        }) = self.stage.undo.take()
        {
            self.see(Seen::GivenBack {
                id: made.id,
                amount: made.amount,
            });
        }
    }

    /// Sends something about the refund that was made.
    fn tell_refund(
        &mut self,
        send: impl FnOnce(&mut Terminal<'_>, &Refunded, &RefundDraft<'_>) -> Result<(), Unsent>,
    ) {
        let Some(Undo {
            what: What::Refund {
                made: Some(made), ..
            },
            ..
        }) = &self.stage.undo
        else {
            return;
        };
        let terminal = &mut self.terminal;
        let sent = made.with_draft(|refund| send(terminal, made, refund));
        self.note(sent);
    }

    // Voids

    pub(super) fn void_payment(&mut self, now: Instant) {
        let Some(Undo {
            payment,
            what: What::Void { reason, made },
            ..
        }) = &mut self.stage.undo
        else {
            return;
        };
        *made = self.terminal.books_mut().void(payment, *reason);
        if *made {
            let reason = reason.to_string();
            self.see(Seen::Voided(reason));
        } else {
            self.stage
                .take(now, [Step::Exit, Step::RefuseVoid(ResultStatus::Fail)]);
        }
    }

    pub(super) fn finish_void(&mut self) {
        self.answer_void(ResultStatus::Success);
    }

    pub(super) fn refuse_void(&mut self, status: ResultStatus<'static>) {
        self.exit();
        self.answer_void(status);
        self.see(Seen::NotDone(RequestKind::Void));
    }

    /// Tells what became of the void, as often as the plan says.
    fn answer_void(&mut self, status: ResultStatus<'static>) {
        let Some(Undo {
            plan,
            payment,
            what: What::Void { reason, .. },
        }) = self.stage.undo.take()
        else {
            return;
        };
        let terminal = &mut self.terminal;
        let booked = terminal.books().payment(&payment).cloned();
        let is_done = status == ResultStatus::Success;
        let why = match (status, &booked) {
            (ResultStatus::Fail, None) => Some(ErrorCode::PaymentNotFound),
            (ResultStatus::Fail, Some(_)) => Some(ErrorCode::Fail),
            _ => None,
        };
        let mut answer = |draft: &PaymentDraft<'_>| {
            let response = VoidPaymentResponseDraft {
                payment: Some(Nested::Draft(draft)),
                void_reason: Some(reason),
                status: Some(status),
                success: Some(is_done),
                reason: why.map(ErrorCode::name),
                message: why.map(|why| why_not(why).into()),
                ..VoidPaymentResponseDraft::default()
            };
            terminal.finish_void(&response)?;
            if plan.twice && terminal.answers_voids() {
                terminal.send(&response)?;
            }
            Ok(())
        };
        let sent = match &booked {
            Some(booked) => booked.with_payment(|draft| answer(draft)),
            None => answer(&PaymentDraft {
                id: Some(payment.as_str().into()),
                ..PaymentDraft::default()
            }),
        };
        self.note(sent);
    }
}

/// What is told to people.
fn why_not(why: ErrorCode<'_>) -> &'static str {
    match why {
        ErrorCode::OrderNotFound => "The payment belongs to another order",
        ErrorCode::PaymentNotFound => "There is no such payment",
        _ => "That cannot be done to this payment",
    }
}
