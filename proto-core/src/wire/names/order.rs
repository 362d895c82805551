//! Names for orders, batches and customers.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// Whether an order is paid (`protocol/model.md` §6).
    PaymentState {
        Open = "OPEN",
        Paid = "PAID",
        Refunded = "REFUNDED",
        Credited = "CREDITED",
        PartiallyPaid = "PARTIALLY_PAID",
        PartiallyRefunded = "PARTIALLY_REFUNDED",
    }

    /// How an order is split (`protocol/model.md` §6).
    PayType {
        SplitGuest = "SPLIT_GUEST",
        SplitItem = "SPLIT_ITEM",
        SplitCustom = "SPLIT_CUSTOM",
        Full = "FULL",
    }

    /// What a discount is for (`protocol/model.md` §6).
    DiscType {
        Default = "DEFAULT",
        CashDiscount = "CASH_DISCOUNT",
    }

    /// How far closing a batch is (`protocol/model.md` §6).
    BatchState {
        Open = "OPEN",
        QueuedForProcessing = "QUEUED_FOR_PROCESSING",
        Processing = "PROCESSING",
        Closed = "CLOSED",
        Failed = "FAILED",
    }

    /// Who closed a batch (`protocol/model.md` §6).
    BatchType {
        ManualClose = "MANUAL_CLOSE",
        AutoClose = "AUTO_CLOSE",
    }

    /// Which data of a customer; any other name may be agreed on (`protocol/model.md` §4 LoyaltyDataConfig).
    LoyaltyDataType {
        Vas = "VAS",
        Email = "EMAIL",
        Phone = "PHONE",
        Barcode = "BARCODE",
        Clear = "CLEAR",
    }
}
