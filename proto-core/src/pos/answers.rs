//! What the terminal says about a transaction, and what that means (`design.md` "Money" 5, 6).

use super::case::Entry;
use super::event::{Event, Unsolicited};
use super::judging::texts;
use super::outcome::{Cause, Certainty, Ending, Evidence, Missing, Outcome, ResultCode};
use super::proof::{Fact, Said, Verdict, finality, prove};
use super::refunds;
use super::request::{RequestId, RequestKind};
use super::state::{Pos, screen_name};
use super::transaction::Cancel;
use crate::message::{
    Ack, CashbackSelected, ConfirmPayment, FinishCancel, FinishOk, InvalidStateTransition,
    PartialAuth, RefundResponse, RemoteError, ResetDeviceResponse, TipAdded, TxStartResponse,
    TxStateMessage, UiStateMessage, VerifySignature, VoidPaymentResponse,
};
use crate::model::Payment;
use crate::time::Instant;
use crate::wire::json::Text;
use crate::wire::names::{KeyPress, Method, RequestInfo, TxStartResult, TxState, UiState};
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
                if refunds::ASKS {
                    self.handle_ack(now, Ack::of(payload));
                }
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
                self.terminal_is_at_work();
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
            Method::RefundResponse if refunds::ASKS => {
                return self.handle_refund_response(now, RefundResponse::of(payload), method);
            }
            Method::VoidPaymentResponse if refunds::ASKS => {
                self.handle_void_response(now, VoidPaymentResponse::of(payload), method)
            }
            Method::RemoteError => {
                // It does not say what went wrong: how the open request stands is asked.
                self.missed_something(now);
                Event::RemoteError(RemoteError::of(payload))
            }
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
            && self.cases.open().is_some_and(|entry| {
                entry.record.kind.starts()
                    && response
                        .external_payment_id()
                        .is_none_or(|id| id.is_empty() || id == *entry.record.external_id.as_str())
            });
        let other = Event::Unsolicited(Unsolicited::Message(Some(TxStartResponse::METHOD)));
        if !ours {
            return Some(other);
        }
        let success = match result {
            // What a newer terminal calls it is not known; whether it worked is said beside it.
            TxStartResult::Unlisted(_) => response.success() != Some(false),
            result => result == TxStartResult::Success,
        };
        if success {
            self.mark_started();
            if let Some(entry) = self.cases.open_mut() {
                entry.taken = entry.started;
            }
            return None;
        }
        // What is running was not refused, whatever this is about.
        if self.cases.open().is_some_and(|entry| entry.started) {
            return Some(other);
        }
        // The terminal has seen the id before: this request charged nothing, but an earlier one under the
        // same id may have. Only a look-up can tell.
        let duplicate = result == TxStartResult::Duplicate;
        let fact = if duplicate {
            Fact::Duplicate
        } else {
            Fact::StartRefused
        };
        let kind = self.cases.open()?.record.kind;
        let ending = match prove(kind, fact) {
            Verdict::NotMade(evidence) => Ending::new(
                Certainty::NotMade,
                ResultCode::Fail,
                Cause::Failed,
                evidence,
            ),
            _ => Ending {
                result: ResultCode::Cancel,
                evidence: Evidence::StartRefused,
                ..Ending::unknown(Cause::Duplicate, Missing::Answer)
            },
        };
        let (told, outcome) = self.end_open(now, ending)?;
        let reason = response.reason().unwrap_or(result.name());
        let message = response.message().filter(|_| !duplicate);
        Some(told.event(texts(outcome, Some(reason), message)))
    }

    /// Ends the open request; what is to be told of it.
    fn end_open(
        &mut self,
        now: Instant,
        ending: Ending,
    ) -> Option<(super::case::Told, Outcome<'static>)> {
        self.end_with(now, self.open_request()?, ending)
    }

    /// Ends a request with a message; what is to be told of it.
    pub(super) fn end_with(
        &mut self,
        now: Instant,
        request: RequestId,
        ending: Ending,
    ) -> Option<(super::case::Told, Outcome<'static>)> {
        let told = self.conclude(now, request, ending)?;
        let outcome = self.outcome_of(request)?;
        self.cases.tidy();
        Some((told, outcome))
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
                self.missed_something(now);
                return Event::Unreadable(Unreadable {
                    method: Some(method),
                    why: OpenError::BadField("payment"),
                });
            }
            return match (finish.credit(), finish.refund()) {
                (Some(credit), _) if refunds::ASKS => self.handle_credit_finished(now, credit),
                (Some(credit), _) => Event::Unsolicited(Unsolicited::Credit(credit)),
                (None, Some(refund)) if refunds::ASKS => self.handle_refund_finished(now, refund),
                (None, Some(refund)) => Event::Unsolicited(Unsolicited::Refund(refund)),
                (None, None) => Event::Unsolicited(Unsolicited::Message(Some(method))),
            };
        };
        let Some(request) = self.whose(payment).filter(|_| can_be_told(payment)) else {
            return self.unasked_payment(now, payment);
        };
        let Some(entry) = self.cases.get(request) else {
            return self.unasked_payment(now, payment);
        };
        let verdict = prove(entry.record.kind, Fact::Finished(Said::by(payment)));
        let Some(ending) = self.ending_of(request, verdict, payment, finality(payment, true))
        else {
            // Still running: the payment that counts is yet to come, and is not to be taken for this one.
            self.missed_something(now);
            return Event::Unsolicited(Unsolicited::Payment(payment));
        };
        match self.conclude_with(now, request, ending, Some(payment)) {
            Some(Event::Outcome(outcome)) => Event::Outcome(Outcome {
                signature: finish.signature(),
                ..outcome
            }),
            Some(event) => event,
            None => Event::Unsolicited(Unsolicited::Payment(payment)),
        }
    }

    /// A payment that answers nothing: told, and loudly if it contradicts what was told before.
    fn unasked_payment<'m>(&mut self, now: Instant, payment: Payment<'m>) -> Event<'m> {
        let made = !matches!(
            Said::by(payment),
            Said::Failed | Said::Voided | Said::Running
        );
        if made && !self.tx.knows(payment.id()) {
            self.other_was_paid(now);
        }
        let contradicts = payment
            .external_payment_id()
            .is_some_and(|id| !id.is_empty() && self.tx.contradicts(id, payment));
        self.tx.remember(payment.id());
        if made && contradicts {
            Event::Contradicted(payment)
        } else {
            Event::Unsolicited(Unsolicited::Payment(payment))
        }
    }

    /// A payment was made that is not the one that is open, while the terminal had that one: it may be it under a
    /// wrong name. The terminal knows.
    fn other_was_paid(&mut self, now: Instant) {
        let here = self.is_sent_here();
        let open = self.cases.open_mut();
        if let Some(entry) =
            open.filter(|entry| here && entry.taken && entry.record.kind.is_charge())
        {
            entry.record.other_paid = true;
            self.missed_something(now);
        }
    }

    /// Which request a payment answers (`design.md` "Money" 5).
    pub(super) fn whose(&self, payment: Payment<'_>) -> Option<RequestId> {
        if let Some(open) = self.cases.open().filter(|open| self.answers(open, payment)) {
            return Some(open.record.request);
        }
        let id = payment.external_payment_id().filter(|id| !id.is_empty())?;
        let entry = self.cases.under(id)?;
        let waits = entry.open.is_none() && entry.is_unsettled();
        waits.then_some(entry.record.request)
    }

    /// Whether a payment is the answer to the open request (`design.md` "Money" 5): by its external id; and
    /// without one only on the session that asked, if it is no known payment and not more than was asked.
    pub(super) fn answers(&self, entry: &Entry, payment: Payment<'_>) -> bool {
        if self.is_withheld() || !entry.record.kind.is_charge() {
            return false;
        }
        match payment.external_payment_id().filter(|id| !id.is_empty()) {
            Some(id) => entry.is_under(id),
            None => {
                self.is_sent_here()
                    && !self.tx.knows(payment.id())
                    && payment.amount().unwrap_or(0) <= entry.record.amount
            }
        }
    }

    fn handle_finish_cancel<'m>(&mut self, now: Instant, finish: FinishCancel<'m>) -> Event<'m> {
        let info = finish.request_info();
        let unasked = Event::Unsolicited(Unsolicited::Cancel(info));
        let Some(entry) = self.without_money(info).and_then(|id| self.cases.get(id)) else {
            let open = self.cases.open().map(|entry| entry.record.kind);
            if open.is_some_and(|kind| info.is_none_or(|info| kind.is_called(info))) {
                // It may be about ours all the same; the terminal knows.
                self.missed_something(now);
            }
            return unasked;
        };
        let (request, was_open) = (entry.record.request, entry.open.as_ref());
        let cause = match self.why_none(entry) {
            Cause::Failed => Cause::CancelledCustomer,
            cause => cause,
        };
        let held = was_open.and_then(|open| open.held.as_ref());
        let held = held.filter(|_| refunds::ASKS);
        let why = held.and_then(|held| held.why).map(|why| why.name());
        let was_open = was_open.is_some();
        // What REFUND_RESPONSE said before counts more.
        let held = held.map(|held| held.ending(entry.record.amount));
        let ending = match (held, prove(entry.record.kind, Fact::FinishedWithout)) {
            (Some(held), _) => held,
            (None, Verdict::NotMade(evidence)) => {
                Ending::new(Certainty::NotMade, ResultCode::Cancel, cause, evidence)
            }
            (None, _) => return unasked,
        };
        let Some((told, outcome)) = self.end_with(now, request, ending) else {
            return unasked;
        };
        if was_open {
            self.screens_after(now, false);
        }
        told.event(texts(outcome, why, None))
    }

    /// Which request FINISH_CANCEL ends: the open one, or one that cannot be looked up and is named by its kind; on
    /// the session that sent it, and after it was taken. Without a name it is about what is open.
    fn without_money(&self, info: Option<RequestInfo<'_>>) -> Option<RequestId> {
        let open = self.cases.open().map(|entry| entry.record.kind);
        let fits = |entry: &&Entry| {
            let kind = entry.record.kind;
            let named = match info {
                Some(info) => kind.is_called(info),
                None => open == Some(kind),
            };
            let late = !kind.is_charge() && entry.is_unsettled();
            named && (entry.open.is_some() || late)
        };
        let fitting = || self.cases.iter().filter(fits);
        let entry = fitting().max_by_key(|entry| entry.record.request)?;
        // A screen alone may be one of a transaction before, whose end this would be. Nothing says of a refund
        // that all before it are over: it must be the only one.
        let ends = match entry.record.kind {
            RequestKind::Refund => entry.started && fitting().count() == 1,
            _ => entry.taken,
        };
        (ends && !entry.record.other_paid && entry.session == Some(self.session.number))
            .then_some(entry.record.request)
    }

    /// A refusal ends the request only if it is about the start of a transaction and not about ours that
    /// runs, or if it can be about nothing else.
    fn handle_state_refused<'m>(
        &mut self,
        now: Instant,
        refused: InvalidStateTransition<'m>,
    ) -> Event<'m> {
        let unasked = Event::Unsolicited(Unsolicited::StateRefused(refused));
        let Some(entry) = self.cases.open() else {
            return unasked;
        };
        let kind = entry.record.kind;
        let transition = refused.requested_transition().unwrap_or_default();
        let names_start = transition == kind.method().name();
        // A screen that was shown just before may be what was refused.
        let only_start = transition.is_empty() && self.tx.is_alone(now);
        let running = refused
            .data()
            .and_then(|data| data.external_payment_id())
            .is_some_and(|id| id == *entry.record.external_id.as_str());
        let open = entry.open.as_ref();
        let only_ours =
            only_start && !entry.started && open.is_some_and(|open| open.cancel == Cancel::No);
        if running || !self.is_sent_here() || !(names_start || only_ours) {
            return unasked;
        }
        if entry.taken {
            // It was taken: the refusal is about a second copy of it, or about something else.
            self.missed_something(now);
            return unasked;
        }
        let Verdict::NotMade(evidence) = prove(kind, Fact::StateRefused) else {
            return unasked;
        };
        let ending = Ending::new(
            Certainty::NotMade,
            ResultCode::Cancel,
            Cause::Busy,
            evidence,
        );
        match self.end_open(now, ending) {
            Some((told, outcome)) => told.event(texts(outcome, refused.reason(), None)),
            None => unasked,
        }
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
            self.terminal_is_at_work();
        }
        if let Some(open) = self.open_mut() {
            open.declined |= matches!(state, UiState::Declined | UiState::Failed);
            if matches!(open.cancel, Cancel::Wanted(_)) && offered {
                self.press_cancel(now);
            }
        }
    }

    pub(super) fn mark_started(&mut self) {
        let here = self.is_sent_here();
        if let Some(entry) = self.cases.open_mut() {
            entry.started |= here && entry.open.as_ref().is_some_and(|open| open.left);
        }
    }
}

/// Whether a payment says enough of itself to be an answer: which one it is, and without our id how much.
fn can_be_told(payment: Payment<'_>) -> bool {
    let has = |id: Option<Text<'_>>| id.is_some_and(|id| !id.is_empty());
    has(payment.external_payment_id()) || (has(payment.id()) && payment.amount().is_some())
}

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
