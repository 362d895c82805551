//! What the terminal says about a transaction, and what that means (`design.md` "Money" 5, 6).

use super::event::{Event, Unsolicited};
use super::outcome::{Cause, Certainty, Evidence, Outcome, OutcomeMessage, ResultCode, judge};
use super::question::QuestionKind;
use super::state::{Pos, screen_name};
use super::transaction::{Cancel, Open, Stage};
use crate::message::{
    Ack, CashbackSelected, ConfirmPayment, FinishCancel, FinishOk, InvalidStateTransition,
    PartialAuth, RemoteError, ResetDeviceResponse, TipAdded, TxStartResponse, TxStateMessage,
    UiStateMessage, VerifySignature,
};
use crate::model::Payment;
use crate::time::Instant;
use crate::wire::json::Text;
use crate::wire::names::{KeyPress, Method, PaymentResult, TxStartResult, TxState, UiState};
use crate::wire::{Message, OpenError, Unreadable};

impl Pos<'_> {
    pub(super) fn handle_transaction<'m>(
        &mut self,
        now: Instant,
        message: &Message<'m>,
    ) -> Option<Event<'m>> {
        let payload = message.payload;
        // What is known by name but lacks what it is about is told like what is not known.
        let other = Event::Unsolicited(Unsolicited::Message(message.method));
        let Some(method) = message.method else {
            return Some(other);
        };
        Some(match method {
            Method::Ack => {
                // A receipt, not a start: good for nothing but diagnostics.
                let _ = Ack::of(payload).source_message_id();
                return None;
            }
            Method::TxStartResponse => {
                return self.handle_start_response(now, TxStartResponse::of(payload));
            }
            Method::TxState => {
                let state = TxStateMessage::of(payload).tx_state();
                if state == Some(TxState::Start) {
                    self.mark_started();
                }
                state.map_or(other, Event::TxState)
            }
            Method::TipAdded => {
                self.mark_started();
                let tip = TipAdded::of(payload).tip_amount();
                tip.map_or(other, Event::TipAdded)
            }
            Method::PartialAuth => {
                self.mark_started();
                let approved = PartialAuth::of(payload).partial_auth_amount();
                approved.map_or(other, Event::PartialAuth)
            }
            Method::CashbackSelected => {
                self.mark_started();
                let amount = CashbackSelected::of(payload).cashback_amount();
                amount.map_or(other, Event::CashbackSelected)
            }
            Method::ConfirmPaymentMessage => {
                self.handle_confirm(now, ConfirmPayment::of(payload), method)
            }
            Method::VerifySignature => {
                self.handle_signature(now, VerifySignature::of(payload), method)
            }
            Method::FinishOk => self.handle_finish_ok(now, FinishOk::of(payload), method),
            Method::FinishCancel => self.handle_finish_cancel(now, FinishCancel::of(payload)),
            Method::InvalidStateTransition => {
                self.handle_state_refused(now, InvalidStateTransition::of(payload))
            }
            Method::RemoteError => Event::RemoteError(RemoteError::of(payload)),
            Method::ResetDeviceResponse => {
                Event::Unsolicited(Unsolicited::Reset(ResetDeviceResponse::of(payload)))
            }
            _ => other,
        })
    }

    fn handle_start_response<'m>(
        &mut self,
        now: Instant,
        response: TxStartResponse<'m>,
    ) -> Option<Event<'m>> {
        let result = match (response.result(), response.success()) {
            (Some(result), _) => result,
            (None, Some(false)) => TxStartResult::Fail,
            (None, _) => TxStartResult::Success,
        };
        let ours = self.is_sent_here()
            && self.tx.open.as_ref().is_some_and(|open| {
                response
                    .external_payment_id()
                    .is_none_or(|id| id.is_empty() || id == *open.external_id.as_str())
            });
        if !ours {
            return Some(Event::Unsolicited(Unsolicited::Message(Some(
                TxStartResponse::METHOD,
            ))));
        }
        let success = match result {
            // What a newer terminal calls it is not known; whether it worked is said beside it.
            TxStartResult::Unlisted(_) => response.success() != Some(false),
            result => result == TxStartResult::Success,
        };
        if success {
            self.mark_started();
            return None;
        }
        // What is running was not refused, whatever this is about.
        if self.tx.open.as_ref().is_some_and(|open| open.started) {
            return Some(Event::Unsolicited(Unsolicited::Message(Some(
                TxStartResponse::METHOD,
            ))));
        }
        let open = self.tx.open.clone()?;
        let reason = response.reason().unwrap_or(result.name());
        // The terminal has seen the id before: this request charged nothing, but an earlier one under the
        // same id may have. Only a look-up can tell.
        let duplicate = result == TxStartResult::Duplicate;
        let (certainty, cause, code, message) = if duplicate {
            (
                Certainty::Unknown,
                Cause::Duplicate,
                ResultCode::Cancel,
                OutcomeMessage::Duplicate(open.external_id.clone()),
            )
        } else {
            (
                Certainty::NotMade,
                Cause::Failed,
                ResultCode::Fail,
                OutcomeMessage::Text(response.message().unwrap_or_default()),
            )
        };
        let summary = self.summary(&open, certainty, code, cause, Evidence::StartRefused);
        self.close(now);
        Some(Event::Outcome(Outcome {
            summary,
            reason,
            message,
            payment: None,
            signature: None,
        }))
    }

    fn handle_finish_ok<'m>(
        &mut self,
        now: Instant,
        finish: FinishOk<'m>,
        method: Method<'m>,
    ) -> Event<'m> {
        let Some(payment) = finish.payment() else {
            // A payment that is there but is no object may be the answer that is waited for.
            if finish.object().get("payment").is_some() {
                return Event::Unreadable(Unreadable {
                    method: Some(method),
                    why: OpenError::BadField("payment"),
                });
            }
            return Event::Unsolicited(match (finish.credit(), finish.refund()) {
                (Some(credit), _) => Unsolicited::Credit(credit),
                (None, Some(refund)) => Unsolicited::Refund(refund),
                (None, None) => Unsolicited::Message(Some(method)),
            });
        };
        let open = match self.tx.open.clone() {
            Some(open) if self.answers(&open, payment) && can_be_told(payment) => open,
            _ => {
                self.tx.remember(payment);
                self.settle_unresolved(payment);
                return Event::Unsolicited(Unsolicited::Payment(payment));
            }
        };
        let Some(certainty) = judge(payment, true) else {
            // Still running: the payment that counts is yet to come, and is not to be taken for this one.
            return Event::Unsolicited(Unsolicited::Payment(payment));
        };
        self.tx.remember(payment);
        // Without an amount it is not known what is left to be paid, and that must not be asked for again.
        let told = payment.amount().filter(|amount| *amount >= 0);
        let (certainty, message) = match (certainty, told) {
            (Certainty::Made(_), None) => (Certainty::Unknown, AMOUNT_NOT_TOLD),
            _ => (certainty, ""),
        };
        let approved = told.unwrap_or(0);
        let (cause, code) = match certainty {
            Certainty::Made(_) if approved < open.amount => (Cause::Partial, ResultCode::Success),
            Certainty::Made(_) => (Cause::Approved, ResultCode::Success),
            Certainty::NotMade => (Cause::Declined, ResultCode::Fail),
            Certainty::Unknown => (Cause::Unknown, ResultCode::Error),
        };
        let evidence = match payment.result() {
            Some(PaymentResult::Voided) => Evidence::Voided,
            _ => Evidence::FinishOk,
        };
        let mut summary = self.summary(&open, certainty, code, cause, evidence);
        if matches!(certainty, Certainty::Made(_)) {
            summary.approved = approved;
            summary.tip = payment.tip_amount().unwrap_or(0);
            summary.offline = payment.offline().unwrap_or(false);
        }
        self.close(now);
        self.screens_after(now, matches!(certainty, Certainty::Made(_)));
        Event::Outcome(Outcome {
            summary,
            reason: Text::default(),
            message: OutcomeMessage::Text(message.into()),
            payment: Some(payment),
            signature: finish.signature(),
        })
    }

    /// Whether a payment is the answer to the open request (`design.md` "Money" 5): by its external id; and
    /// without one only on the session that asked, if it is no known payment and not more than was asked.
    pub(super) fn answers(&self, open: &Open, payment: Payment<'_>) -> bool {
        if self.is_withheld() {
            return false;
        }
        match payment.external_payment_id().filter(|id| !id.is_empty()) {
            Some(id) => id == *open.external_id.as_str(),
            None => {
                self.is_sent_here()
                    && !self.tx.knows(payment)
                    && payment.amount().unwrap_or(0) <= open.amount
            }
        }
    }

    pub(super) fn is_sent_here(&self) -> bool {
        self.tx.open.as_ref().is_some_and(|open| {
            open.stage
                == Stage::Sent {
                    session: self.session.number,
                }
        })
    }

    fn handle_finish_cancel<'m>(&mut self, now: Instant, finish: FinishCancel<'m>) -> Event<'m> {
        let info = finish.request_info();
        let ours = self.is_sent_here()
            && self.tx.open.as_ref().is_some_and(|open| {
                open.started && info.is_none_or(|info| info == open.kind.request_info())
            });
        let Some(open) = self.tx.open.clone().filter(|_| ours) else {
            return Event::Unsolicited(Unsolicited::Cancel(info));
        };
        let cause = match (open.rejected, open.cancel.cause()) {
            (Some(QuestionKind::Confirm), _) => Cause::RejectedChallenge,
            (Some(QuestionKind::Signature), _) => Cause::RejectedSignature,
            (None, Some(cause)) => cause,
            (None, None) if open.declined => Cause::Declined,
            (None, None) => Cause::CancelledCustomer,
        };
        let summary = self.summary(
            &open,
            Certainty::NotMade,
            ResultCode::Cancel,
            cause,
            Evidence::FinishCancel,
        );
        self.close(now);
        self.screens_after(now, false);
        Event::Outcome(Outcome {
            summary,
            reason: "Request Cancelled".into(),
            message: OutcomeMessage::Text("Sale Request cancelled by user".into()),
            payment: None,
            signature: None,
        })
    }

    /// A refusal ends the request only if it is about the start of a transaction and not about ours that
    /// runs, or if it can be about nothing else.
    fn handle_state_refused<'m>(
        &mut self,
        now: Instant,
        refused: InvalidStateTransition<'m>,
    ) -> Event<'m> {
        let transition = refused.requested_transition().unwrap_or_default();
        let names_start = transition == "TX_START";
        // A screen that was shown just before may be what was refused.
        let only_start = transition.is_empty() && self.tx.is_alone(now);
        let ends = self.is_sent_here()
            && self.tx.open.as_ref().is_some_and(|open| {
                let running = refused
                    .data()
                    .and_then(|data| data.external_payment_id())
                    .is_some_and(|id| id == *open.external_id.as_str());
                let only_ours = only_start && !open.started && open.cancel == Cancel::No;
                !running && (names_start || only_ours)
            });
        let Some(open) = self.tx.open.clone().filter(|_| ends) else {
            return Event::Unsolicited(Unsolicited::StateRefused(refused));
        };
        let summary = self.summary(
            &open,
            Certainty::NotMade,
            ResultCode::Cancel,
            Cause::Busy,
            Evidence::StateRefused,
        );
        self.close(now);
        Event::Outcome(Outcome {
            summary,
            reason: refused.reason().unwrap_or("Busy".into()),
            message: OutcomeMessage::Text("The terminal is busy with something else.".into()),
            payment: None,
            signature: None,
        })
    }

    pub(super) fn handle_transaction_screen(
        &mut self,
        now: Instant,
        screen: UiStateMessage<'_>,
        shown: bool,
    ) {
        let Some(state) = screen.ui_state() else {
            return;
        };
        let name = screen_name(state);
        if !shown {
            // The end of one screen often comes after the start of the next.
            if self.tx.screen.as_ref().is_some_and(|(up, _)| *up == name) {
                self.tx.screen = None;
            }
            return;
        }
        let offered = screen
            .input_options()
            .into_iter()
            .flatten()
            .any(|option| option.key_press() == Some(KeyPress::Esc));
        self.tx.screen = Some((name, offered));
        if is_payment_screen(state) {
            self.mark_started();
        }
        if let Some(open) = self.tx.open.as_mut() {
            open.declined |= matches!(state, UiState::Declined | UiState::Failed);
            if matches!(open.cancel, Cancel::Wanted(_)) && offered {
                self.press_cancel(now);
            }
        }
    }

    pub(super) fn mark_started(&mut self) {
        let here = self.is_sent_here();
        if let Some(open) = self.tx.open.as_mut() {
            open.started |= here && open.left;
        }
    }
}

/// Whether a payment says enough of itself to be an answer: which one it is, and without our id how much.
fn can_be_told(payment: Payment<'_>) -> bool {
    let has = |id: Option<Text<'_>>| id.is_some_and(|id| !id.is_empty());
    has(payment.external_payment_id()) || (has(payment.id()) && payment.amount().is_some())
}

const AMOUNT_NOT_TOLD: &str = "The terminal says that it is paid, but not how much.";

/// Whether a screen shows that a payment is being taken.
const fn is_payment_screen(state: UiState<'_>) -> bool {
    !matches!(
        state,
        UiState::WelcomeScreen
            | UiState::ThankyouScreen
            | UiState::DisplayMessage
            | UiState::DisplayOrder
            | UiState::ReceiptOptions
            | UiState::CustomActivity
            | UiState::StartingCustomActivity
            | UiState::Unlisted(_)
    )
}
