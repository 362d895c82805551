//! Questions about what happened.

use super::messages;
use crate::model::{Payment, PendingPaymentEntry, PendingPaymentEntryDraft};
use crate::wire::names::{QueryStatus, ResultStatus};

messages! {
    /// Looks a payment up by the point of sale's id (`protocol/messages.md` §3).
    RetrievePaymentRequest, RetrievePaymentRequestDraft = RetrievePaymentRequest, ToTerminal, 1 {
        /// The id given in TX_START.
        external_payment_id: text = "externalPaymentId";
    }

    /// What the look-up found (`protocol/messages.md` §3).
    RetrievePaymentResponse, RetrievePaymentResponseDraft = RetrievePaymentResponse, ToPos, 1 {
        /// How the question went.
        status: name(ResultStatus) = "status";
        /// Whether there is such a payment.
        query_status: name(QueryStatus) = "queryStatus";
        /// The id that was asked for.
        external_payment_id: text = "externalPaymentId";
        /// The payment.
        payment: json(Payment) = "payment";
        /// A short reason.
        reason: text = "reason";
        /// A text for people.
        message: text = "message";
    }

    /// Asks for the payments taken offline and not sent yet (`protocol/messages.md` §3).
    RetrievePendingPayments, RetrievePendingPaymentsDraft = RetrievePendingPayments, ToTerminal, 1 {}

    /// The payments taken offline and not sent yet (`protocol/messages.md` §3).
    RetrievePendingPaymentsResponse, RetrievePendingPaymentsResponseDraft = RetrievePendingPaymentsResponse, ToPos, 1 {
        /// How the question went.
        status: name(ResultStatus) = "status";
        /// Why, if it went wrong.
        reason: text = "reason";
        /// The same, as one SDK reads it.
        message: text = "message";
        /// The payments.
        pending_payment_entries: list(PendingPaymentEntry, PendingPaymentEntryDraft) = "pendingPaymentEntries";
    }
}
