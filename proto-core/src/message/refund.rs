//! Giving money back: refunds and voids.

use super::messages;
use crate::model::{Payment, Refund};
use crate::wire::names::{ErrorCode, ResultStatus, TxState, VoidReason};

messages! {
    /// Gives a payment back, wholly or in part (`protocol/messages.md` §3).
    RefundRequest, RefundRequestDraft = RefundRequest, ToTerminal, 2 {
        /// The order of the payment.
        order_id: text = "orderId";
        /// The payment.
        payment_id: text = "paymentId";
        /// How much, if not all of it.
        amount: money = "amount";
        /// Whether to give back whatever is left.
        full_refund: flag = "fullRefund";
        /// Whether the terminal does not print.
        disable_clover_printing: flag = "disableCloverPrinting";
        /// Skip the receipt screen.
        disable_receipt_selection: flag = "disableReceiptSelection";
        /// Texts that are passed through.
        extras: map = "extras" | "passThroughValues";
    }

    /// What became of a refund; FINISH_OK or FINISH_CANCEL follows (`protocol/messages.md` §3).
    RefundResponse, RefundResponseDraft = RefundResponse, ToPos, 1 {
        /// The order.
        order_id: text = "orderId";
        /// The payment.
        payment_id: text = "paymentId";
        /// The refund.
        refund: json(Refund) = "refund";
        /// SUCCESS or FAIL.
        code: name(TxState) = "code";
        /// Why not.
        reason: name(ErrorCode) = "reason";
        /// A text for people.
        message: text = "message";
    }

    /// Voids a payment of the open batch (`protocol/messages.md` §3).
    ///
    /// Version 3 asks for VOID_PAYMENT_RESPONSE; a terminal that does not send it wants
    /// [`AtVersion`](super::AtVersion) 1.
    VoidPayment, VoidPaymentDraft = VoidPayment, ToTerminal, 3 {
        /// The payment; its id, its order's and its employee's are enough.
        payment: json(Payment) = "payment";
        /// Why.
        void_reason: name(VoidReason) = "voidReason";
        /// Whether the terminal does not print.
        disable_clover_printing: flag = "disableCloverPrinting";
        /// Skip the receipt screen.
        disable_receipt_selection: flag = "disableReceiptSelection";
        /// Texts that are passed through.
        extras: map = "extras" | "passThroughValues";
    }

    /// What became of a void (`protocol/messages.md` §3).
    VoidPaymentResponse, VoidPaymentResponseDraft = VoidPaymentResponse, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
        /// Why it was voided.
        void_reason: name(VoidReason) = "voidReason";
        /// How it went.
        status: name(ResultStatus) = "status";
        /// The same, shorter.
        success: flag = "success";
        /// A short reason.
        reason: text = "reason";
        /// A text for people.
        message: text = "message";
    }

    /// What became of voiding a refund, which no SDK asks for (`protocol/messages.md` §3).
    VoidPaymentRefundResponse, VoidPaymentRefundResponseDraft = VoidPaymentRefundResponse, ToPos, 1 {
        /// The refund.
        refund: json(Refund) = "refund";
        /// How it went.
        status: name(ResultStatus) = "status";
        /// The same, shorter.
        success: flag = "success";
        /// A short reason.
        reason: text = "reason";
        /// A text for people.
        message: text = "message";
    }
}
