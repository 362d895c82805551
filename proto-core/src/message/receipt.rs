//! Receipts: offered on the terminal, or left to the point of sale.

use super::messages;
use crate::model::{Credit, Order, Payment, Refund};
use crate::wire::names::ResultStatus;

messages! {
    /// Offers the receipt of a payment; old form (`protocol/messages.md` §3).
    ShowPaymentReceiptOptions, ShowPaymentReceiptOptionsDraft = ShowPaymentReceiptOptions, ToTerminal, 2 {
        /// The order.
        order_id: text = "orderId";
        /// The payment.
        payment_id: text = "paymentId";
        /// Whether printing is not offered.
        disable_clover_printing: flag = "disableCloverPrinting";
    }

    /// Offers the receipt of a payment, refund or manual refund (`protocol/messages.md` §3).
    ShowReceiptOptions, ShowReceiptOptionsDraft = ShowReceiptOptions, ToTerminal, 2 {
        /// The order.
        order_id: text = "orderId";
        /// The payment; one of the three ids has to be there.
        payment_id: text = "paymentId";
        /// The refund.
        refund_id: text = "refundId";
        /// The manual refund.
        credit_id: text = "creditId";
        /// Whether printing is not offered.
        disable_clover_printing: flag = "disableCloverPrinting";
        /// The payment; no SDK sends it.
        payment: json(Payment) = "payment";
        /// The manual refund.
        credit: json(Credit) = "credit";
        /// The refund.
        refund: json(Refund) = "refund";
        /// Whether it is a copy.
        is_reprint: flag = "isReprint";
    }

    /// The receipt screen is done (`protocol/messages.md` §3).
    ShowReceiptOptionsResponse, ShowReceiptOptionsResponseDraft = ShowReceiptOptionsResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
    }

    /// The point of sale has to print the receipt of a payment (`protocol/messages.md` §3).
    PrintPayment, PrintPaymentDraft = PrintPayment, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
        /// The order with its items; can be large.
        order: json(Order) = "order";
    }

    /// The point of sale has to print the merchant's copy (`protocol/messages.md` §3).
    PrintPaymentMerchantCopy, PrintPaymentMerchantCopyDraft = PrintPaymentMerchantCopy, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
    }

    /// The point of sale has to print that a payment was declined (`protocol/messages.md` §3).
    PrintPaymentDecline, PrintPaymentDeclineDraft = PrintPaymentDecline, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
        /// Why.
        reason: text = "reason";
    }

    /// The point of sale has to print the receipt of a manual refund (`protocol/messages.md` §3).
    PrintCredit, PrintCreditDraft = PrintCredit, ToPos, 1 {
        /// The manual refund.
        credit: json(Credit) = "credit";
    }

    /// The point of sale has to print that a manual refund was declined (`protocol/messages.md` §3).
    PrintCreditDecline, PrintCreditDeclineDraft = PrintCreditDecline, ToPos, 1 {
        /// The manual refund.
        credit: json(Credit) = "credit";
        /// Why.
        reason: text = "reason";
    }

    /// The point of sale has to print the receipt of a refund (`protocol/messages.md` §3).
    RefundPrintPayment, RefundPrintPaymentDraft = RefundPrintPayment, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
        /// The refund.
        refund: json(Refund) = "refund";
        /// The order.
        order: json(Order) = "order";
    }
}
