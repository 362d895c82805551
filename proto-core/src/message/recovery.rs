//! Questions about what happened, and the requests about payments that were made before.

use super::messages;
use crate::model::{
    DeviceStateData, DeviceStateDataDraft, Payment, PaymentDraft, PendingPaymentEntry,
    PendingPaymentEntryDraft, Refund, RefundDraft,
};
use crate::wire::json::{List, Text};
use crate::wire::names::{
    DeviceState, DeviceSubState, ErrorCode, QueryStatus, ResultStatus, TxState, VoidReason,
};
use crate::wire::{InString, Map};

messages! {
    /// Asks what the terminal is doing.
    RetrieveDeviceStatusRequest, RetrieveDeviceStatusRequestDraft = RetrieveDeviceStatusRequest, 1 {
        /// Whether it shall send its last message again.
        send_last_message: bool = "sendLastMessage";
    }

    /// What the terminal is doing.
    RetrieveDeviceStatusResponse, RetrieveDeviceStatusResponseDraft = RetrieveDeviceStatusResponse, 1 {
        /// How the question went.
        result: ResultStatus<'m> = "result" | "status";
        /// Why, if it went wrong.
        reason: Text<'m> = "reason";
        /// What it is doing.
        state: DeviceState<'m> = "state";
        /// The same, finer.
        substate: DeviceSubState<'m> = "substate" | "subState";
        /// Which payment or activity it is doing it for.
        data: DeviceStateData<'m>, DeviceStateDataDraft<'m> = "data";
    }

    /// Looks a payment up by the point of sale's id.
    RetrievePaymentRequest, RetrievePaymentRequestDraft = RetrievePaymentRequest, 1 {
        /// The id given in TX_START.
        external_payment_id: Text<'m> = "externalPaymentId";
    }

    /// What the look-up found.
    RetrievePaymentResponse, RetrievePaymentResponseDraft = RetrievePaymentResponse, 1 {
        /// How the question went.
        status: ResultStatus<'m> = "status" | "result";
        /// Whether there is such a payment.
        query_status: QueryStatus<'m> = "queryStatus";
        /// The id that was asked for.
        external_payment_id: Text<'m> = "externalPaymentId";
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Why, in a word.
        reason: Text<'m> = "reason";
        /// Why, in a sentence.
        message: Text<'m> = "message";
    }

    /// Asks for the payments taken offline and not sent yet.
    RetrievePendingPayments, RetrievePendingPaymentsDraft = RetrievePendingPayments, 1 {}

    /// The payments taken offline and not sent yet.
    RetrievePendingPaymentsResponse, RetrievePendingPaymentsResponseDraft = RetrievePendingPaymentsResponse, 1 {
        /// How the question went.
        status: ResultStatus<'m> = "status" | "result";
        /// Why, if it went wrong.
        reason: Text<'m> = "reason";
        /// The same.
        message: Text<'m> = "message";
        /// The payments.
        pending_payment_entries: List<'m, PendingPaymentEntry<'m>>, &'m [PendingPaymentEntryDraft<'m>] = "pendingPaymentEntries";
    }

    /// Refunds a payment.
    RefundRequest, RefundRequestDraft = RefundRequest, 2 {
        /// The order of the payment.
        order_id: Text<'m> = "orderId";
        /// The payment.
        payment_id: Text<'m> = "paymentId";
        /// How much in minor units, if not all.
        amount: i64 = "amount";
        /// Whether all of it.
        full_refund: bool = "fullRefund";
        /// The terminal does not print.
        disable_clover_printing: bool = "disableCloverPrinting";
        /// Skip the receipt screen.
        disable_receipt_selection: bool = "disableReceiptSelection";
        /// Texts that are passed through.
        extras: crate::wire::json::Object<'m>, Map<'m> = "extras" | "passThroughValues";
    }

    /// What became of a refund; FINISH_OK or FINISH_CANCEL follows.
    RefundResponse, RefundResponseDraft = RefundResponse, 1 {
        /// The order.
        order_id: Text<'m> = "orderId";
        /// The payment.
        payment_id: Text<'m> = "paymentId";
        /// The refund.
        refund: Refund<'m>, InString<'m, RefundDraft<'m>> = "refund";
        /// SUCCESS or FAIL.
        code: TxState<'m> = "code";
        /// Why not.
        reason: ErrorCode<'m> = "reason";
        /// Why not, in a sentence.
        message: Text<'m> = "message";
    }

    /// Voids a payment.
    VoidPayment, VoidPaymentDraft = VoidPayment, 3 {
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Why.
        void_reason: VoidReason<'m> = "voidReason";
        /// The terminal does not print.
        disable_clover_printing: bool = "disableCloverPrinting";
        /// Skip the receipt screen.
        disable_receipt_selection: bool = "disableReceiptSelection";
        /// Texts that are passed through.
        extras: crate::wire::json::Object<'m>, Map<'m> = "extras" | "passThroughValues";
    }

    /// What became of a void.
    VoidPaymentResponse, VoidPaymentResponseDraft = VoidPaymentResponse, 1 {
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Why it was voided.
        void_reason: VoidReason<'m> = "voidReason";
        /// How it went.
        status: ResultStatus<'m> = "status";
        /// The same.
        success: bool = "success";
        /// Why not, in a word.
        reason: Text<'m> = "reason";
        /// Why not, in a sentence.
        message: Text<'m> = "message";
    }
}
