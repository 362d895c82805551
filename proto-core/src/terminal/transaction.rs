//! What is running at a terminal: a transaction, a refund or a void, from its start to its end.

use super::event::Event;
use super::identity::Unsent;
use super::state::Terminal;
use crate::message::{
    FinishCancelDraft, FinishOkDraft, InvalidStateTransitionDraft, RefundRequest, TxStart,
    TxStartResponseDraft, UiStateMessageDraft, VoidPayment, VoidPaymentResponseDraft,
};
use crate::model::{
    CreditDraft, DeviceStateDataDraft, InputOptionDraft, PaymentDraft, RefundDraft, SignatureDraft,
};
use crate::wire::json::{Object, Text};
use crate::wire::names::{
    DeviceState, Method, RequestInfo, ResultStatus, TxStartResult, UiDirection, UiState,
};
use crate::wire::{InString, Message, Nested};

/// What is running.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    /// The point of sale's id of it; empty if it gave none, and for a refund or a void.
    pub(super) external_id: heapless::String<64>,
    request_info: heapless::String<24>,
}

impl Running {
    fn new(external_id: Text<'_>, request_info: Option<RequestInfo<'_>>) -> Self {
        Self {
            external_id: external_id.copied().unwrap_or_default(),
            request_info: request_info
                .and_then(|info| info.name().copied())
                .unwrap_or_default(),
        }
    }

    fn request_info(&self) -> RequestInfo<'_> {
        RequestInfo::from_name(self.request_info.as_str().into())
    }

    /// What a point of sale is told of it.
    pub(super) fn data(&self) -> Option<DeviceStateDataDraft<'_>> {
        (!self.external_id.is_empty()).then(|| DeviceStateDataDraft {
            external_payment_id: Some(self.external_id.as_str().into()),
            ..DeviceStateDataDraft::default()
        })
    }
}

/// Which questions to the point of sale are open; both may be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asking {
    pub(super) confirm: bool,
    pub(super) signature: bool,
}

impl Asking {
    pub(super) const fn anything(self) -> bool {
        self.confirm || self.signature
    }
}

/// Whether a message asks for something that moves money: one such thing at a time.
const fn moves_money(method: Method<'_>) -> bool {
    matches!(
        method,
        Method::TxStart
            | Method::RefundRequest
            | Method::VoidPayment
            | Method::VoidPaymentRefund
            | Method::VoidCredit
            | Method::CapturePreauth
            | Method::IncrementPreauthRequest
            | Method::TipAdjust
            | Method::CloseoutRequest
    )
}

/// How it is taken, and how it ends.
impl Terminal<'_> {
    /// Takes the transaction that [`Event::Started`] asked for. From here on its external id counts as used; see
    /// [`Identity::forgets_cancelled`](super::Identity::forgets_cancelled).
    ///
    /// # Errors
    ///
    /// [`Unsent`]; it is taken all the same if a point of sale is missing.
    pub fn accept_start(&mut self) -> Result<(), Unsent> {
        let running = self.running.as_ref().ok_or(Unsent::Idle)?;
        if !running.external_id.is_empty() {
            self.seen.remember(running.external_id.as_str().into());
        }
        self.start_response(TxStartResult::Success, Text::default())
    }

    /// Does not take it. Nothing is running then.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn refuse_start(&mut self, result: TxStartResult<'_>, reason: &str) -> Result<(), Unsent> {
        let sent = self.start_response(result, reason.into());
        self.running = None;
        sent
    }

    /// Does not take what was asked for by a message of this name, because of something else that the terminal is
    /// doing. Nothing is running then.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn refuse_busy(&mut self, method: Method<'_>) -> Result<(), Unsent> {
        self.running.take().ok_or(Unsent::Idle)?;
        self.may_send()?;
        self.push_busy(method)
    }

    /// Shows a screen, or takes it away.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub fn screen(
        &mut self,
        state: UiState<'_>,
        direction: UiDirection<'_>,
        text: &str,
        options: &[InputOptionDraft<'_>],
    ) -> Result<(), Unsent> {
        self.waits_for_customer = direction == UiDirection::Enter && !options.is_empty();
        self.send(&UiStateMessageDraft {
            ui_state: Some(state),
            ui_text: Some(text.into()),
            ui_direction: Some(direction),
            input_options: Some(Nested::Draft(options)),
            more: &[],
        })
    }

    /// Ends the running transaction with a payment. Its external id is filled in if it has none.
    ///
    /// # Errors
    ///
    /// [`Unsent`]; the transaction is over all the same if a point of sale is missing.
    pub fn finish_ok(&mut self, payment: &PaymentDraft<'_>) -> Result<(), Unsent> {
        self.finish_ok_signed(payment, None)
    }

    /// The same with the signature that was given on the screen.
    ///
    /// # Errors
    ///
    /// [`Unsent`]; the transaction is over all the same if a point of sale is missing.
    pub fn finish_ok_signed(
        &mut self,
        payment: &PaymentDraft<'_>,
        signature: Option<SignatureDraft<'_>>,
    ) -> Result<(), Unsent> {
        let running = self.end()?;
        let mut payment = *payment;
        payment
            .external_payment_id
            .get_or_insert(running.external_id.as_str().into());
        self.send(&FinishOkDraft {
            payment: Some(InString::Draft(&payment)),
            signature,
            request_info: Some(running.request_info()),
            ..FinishOkDraft::default()
        })
    }

    /// Ends the running manual refund with a credit.
    ///
    /// # Errors
    ///
    /// [`Unsent`]; it is over all the same if a point of sale is missing.
    pub fn finish_credit(&mut self, credit: &CreditDraft<'_>) -> Result<(), Unsent> {
        let running = self.end()?;
        self.send(&FinishOkDraft {
            credit: Some(InString::Draft(credit)),
            request_info: Some(running.request_info()),
            ..FinishOkDraft::default()
        })
    }

    /// Ends the running refund of a payment, after REFUND_RESPONSE.
    ///
    /// # Errors
    ///
    /// [`Unsent`]; it is over all the same if a point of sale is missing.
    pub fn finish_refund(&mut self, refund: &RefundDraft<'_>) -> Result<(), Unsent> {
        let running = self.end()?;
        self.send(&FinishOkDraft {
            refund: Some(InString::Draft(refund)),
            request_info: Some(running.request_info()),
            ..FinishOkDraft::default()
        })
    }

    /// Whether it answers voids with more than a receipt.
    #[must_use]
    pub const fn answers_voids(&self) -> bool {
        self.identity.void_payment_response
    }

    /// Ends the running void. The answer is sent only if the terminal
    /// [answers voids](super::Identity::void_payment_response).
    ///
    /// # Errors
    ///
    /// [`Unsent`]; it is over all the same if a point of sale is missing.
    pub fn finish_void(&mut self, answer: &VoidPaymentResponseDraft<'_>) -> Result<(), Unsent> {
        self.end()?;
        if self.identity.void_payment_response {
            self.send(answer)
        } else {
            Ok(())
        }
    }

    /// Ends what is running without a payment.
    ///
    /// # Errors
    ///
    /// [`Unsent`]; it is over all the same if a point of sale is missing.
    pub fn finish_cancel(&mut self) -> Result<(), Unsent> {
        let running = self.end()?;
        if self.identity.forgets_cancelled {
            self.seen.forget(running.external_id.as_str().into());
        }
        self.send(&FinishCancelDraft {
            request_info: Some(running.request_info()),
            more: &[],
        })
    }

    fn end(&mut self) -> Result<Running, Unsent> {
        log!(info, "terminal: ended");
        self.asking = Asking::default();
        self.running.take().ok_or(Unsent::Idle)
    }

    // What the point of sale asks for

    /// Refuses what moves money while something is running.
    pub(super) fn handle_while_running<'m>(&mut self, method: Method<'m>) -> Option<Event<'m>> {
        if self.running.is_none() || !moves_money(method) {
            return None;
        }
        // Without room it hears nothing, as from an older terminal.
        let _ = self.push_busy(method);
        Some(Event::Refused(method))
    }

    pub(super) fn handle_start<'m>(&mut self, start: TxStart<'m>) -> Event<'m> {
        let id = start
            .pay_intent()
            .and_then(|intent| intent.external_payment_id())
            .unwrap_or_default();
        log!(info, "terminal: started");
        self.running = Some(Running::new(id, start.request_info()));
        if self.seen.knows(id) {
            let _ = self.refuse_start(TxStartResult::Duplicate, "DUPLICATE");
            return Event::StartedAgain;
        }
        Event::Started(start)
    }

    /// A refund or a void is running from here on.
    pub(super) fn handle_undoing<'m>(
        &mut self,
        payload: Object<'m>,
        method: Method<'m>,
    ) -> Event<'m> {
        let (info, event) = if method == Method::RefundRequest {
            let request = RefundRequest::of(payload);
            (RequestInfo::Refund, Event::RefundAsked(request))
        } else {
            let request = VoidPayment::of(payload);
            (RequestInfo::VoidPayment, Event::VoidAsked(request))
        };
        log!(info, "terminal: started {}", info);
        self.running = Some(Running::new(Text::default(), Some(info)));
        event
    }

    /// Whether this refund or void is a second copy of the message before: it is no second request. It is one if
    /// DISCOVERY_REQUEST came between the two: a point of sale that was restarted counts its messages anew, and a
    /// serial line does not go down for that.
    pub(super) fn is_copy(&mut self, message: &Message<'_>) -> bool {
        match (message.method, message.id.and_then(Text::copied)) {
            (Some(Method::RefundRequest | Method::VoidPayment), Some(id)) => {
                self.undoing.replace(id.clone()) == Some(id)
            }
            (Some(Method::DiscoveryRequest), _) => {
                self.undoing = None;
                false
            }
            _ => false,
        }
    }

    fn start_response(
        &mut self,
        result: TxStartResult<'_>,
        reason: Text<'_>,
    ) -> Result<(), Unsent> {
        let running = self.running.clone().ok_or(Unsent::Idle)?;
        self.send(&TxStartResponseDraft {
            success: Some(result == TxStartResult::Success),
            result: Some(result),
            external_payment_id: Some(running.external_id.as_str().into()),
            request_info: Some(running.request_info()),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            ..TxStartResponseDraft::default()
        })
    }

    /// Refuses a message because of what is running, or of what only people see.
    fn push_busy(&mut self, method: Method<'_>) -> Result<(), Unsent> {
        let sender = self.sender();
        let draft = InvalidStateTransitionDraft {
            result: Some(ResultStatus::Cancel),
            reason: Some("The terminal is busy".into()),
            requested_transition: Some(method.name()),
            state: Some(DeviceState::Busy),
            data: self.running.as_ref().and_then(Running::data),
            ..InvalidStateTransitionDraft::default()
        };
        self.outbox
            .push(&sender, &draft)
            .map(|_| ())
            .map_err(Unsent::from)
    }
}
