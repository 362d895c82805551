//! Receipts that the point of sale is to print, because it told the terminal not to.

use super::messages;
use crate::model::{Payment, PaymentDraft, ReferenceDraft};
use crate::wire::InString;
use crate::wire::json::{Object, Text};

messages! {
    /// The customer's receipt.
    PrintPayment, PrintPaymentDraft = PrintPayment, 1 {
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// The order that it pays; can be large.
        order: Object<'m>, InString<'m, ReferenceDraft<'m>> = "order";
    }

    /// The merchant's copy.
    PrintPaymentMerchantCopy, PrintPaymentMerchantCopyDraft = PrintPaymentMerchantCopy, 1 {
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
    }

    /// A slip that says that the card was declined.
    PrintPaymentDecline, PrintPaymentDeclineDraft = PrintPaymentDecline, 1 {
        /// The payment that was not made.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Why not.
        reason: Text<'m> = "reason";
    }
}
