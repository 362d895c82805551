//! What a terminal answers by itself when it is asked what happened.

use super::state::Terminal;
use super::transaction::Running;
use crate::message::{
    MessageDraft, RetrieveDeviceStatusRequest, RetrieveDeviceStatusResponseDraft,
    RetrievePaymentRequest, RetrievePaymentResponseDraft, RetrievePendingPaymentsResponseDraft,
};
use crate::time::Instant;
use crate::wire::names::{DeviceState, Method, QueryStatus, ResultStatus};
use crate::wire::write_message;
use crate::wire::{InString, Nested};

/// Which messages are worth repeating (`protocol/connector.md` §5.20): questions and ends.
pub(super) const fn is_worth_repeating(method: Method<'_>) -> bool {
    matches!(
        method,
        Method::ConfirmPaymentMessage
            | Method::VerifySignature
            | Method::FinishOk
            | Method::FinishCancel
            | Method::RefundResponse
            | Method::VoidPaymentResponse
            | Method::TxStartResponse
    )
}

impl Terminal<'_> {
    /// What it is doing.
    #[must_use]
    pub fn device_state(&self) -> DeviceState<'static> {
        if self.running.is_none() {
            DeviceState::Idle
        } else if self.asking.anything() {
            DeviceState::WaitingForPos
        } else if self.waits_for_customer {
            DeviceState::WaitingForCustomer
        } else {
            DeviceState::Busy
        }
    }

    pub(super) fn answer_status(&mut self, request: RetrieveDeviceStatusRequest<'_>) {
        let sender = self.sender();
        let running = self.running.as_ref().filter(|_| self.names_running());
        let response = RetrieveDeviceStatusResponseDraft {
            result: Some(ResultStatus::Success),
            state: Some(self.device_state()),
            data: running.and_then(Running::data),
            ..RetrieveDeviceStatusResponseDraft::default()
        };
        // Without room it stays unanswered; the point of sale asks again.
        let _ = self.outbox.push(&sender, &response);
        if request.send_last_message() == Some(true)
            && let Some(last) = self.last.get(..self.last_len)
            && !last.is_empty()
        {
            let _ = self.outbox.push_text(last);
        }
    }

    pub(super) fn answer_look_up(&mut self, now: Instant, request: RetrievePaymentRequest<'_>) {
        let id = request.external_payment_id().unwrap_or_default();
        let sender = self.sender();
        let runs = self.names_running()
            && self
                .running
                .as_ref()
                .is_some_and(|running| !id.is_empty() && id == *running.external_id.as_str());
        let answer = RetrievePaymentResponseDraft {
            status: Some(ResultStatus::Success),
            query_status: Some(if runs {
                QueryStatus::InProgress
            } else {
                QueryStatus::NotFound
            }),
            external_payment_id: Some(id),
            ..RetrievePaymentResponseDraft::default()
        };
        let outbox = &mut self.outbox;
        // Without room it stays unanswered; the point of sale asks again.
        let booked = self.books.look_up(now, id);
        // What is charged may still be voided while it runs.
        let _ = match booked.filter(|_| !runs) {
            Some(booked) => booked.with_payment(|payment| {
                outbox.push(
                    &sender,
                    &RetrievePaymentResponseDraft {
                        query_status: Some(QueryStatus::Found),
                        payment: Some(InString::Draft(payment)),
                        ..answer
                    },
                )
            }),
            None => outbox.push(&sender, &answer),
        };
    }

    pub(super) fn answer_pending(&mut self) {
        let sender = self.sender();
        let pending = self.books.pending();
        let response = RetrievePendingPaymentsResponseDraft {
            status: Some(ResultStatus::Success),
            pending_payment_entries: Some(Nested::Draft(&pending)),
            ..RetrievePendingPaymentsResponseDraft::default()
        };
        let _ = self.outbox.push(&sender, &response);
    }

    /// Keeps a message that is worth repeating. One that does not fit is not repeated.
    pub(super) fn keep_last(&mut self, id: u32, draft: &dyn MessageDraft) {
        if is_worth_repeating(draft.method()) {
            let sender = self.sender();
            self.last_len = write_message(self.last, &sender, id, draft).unwrap_or(0);
        }
    }
}
