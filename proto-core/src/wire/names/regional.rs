//! Names for regions, certifications and fees.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// Which of the cardholder's accounts (`protocol/model.md` §6).
    AccountType {
        Credit = "CREDIT",
        Debit = "DEBIT",
        Checking = "CHECKING",
        Savings = "SAVINGS",
    }

    /// Which document a person showed (`protocol/model.md` §6).
    IdType {
        DriversLicense = "DRIVERS_LICENSE",
        Passport = "PASSPORT",
        UsMilitaryId = "US_MILITARY_ID",
        UsResident = "US_RESIDENT",
        ConsularId = "CONSULAR_ID",
        CanadianCitizen = "CANADIAN_CITIZEN",
        UsStateGovtId = "US_STATE_GOVT_ID",
        OtherId = "OTHER_ID",
    }

    /// What a surcharge or fee is for (`protocol/model.md` §6).
    AdditionalChargeType {
        Interac = "INTERAC",
        CreditSurcharge = "CREDIT_SURCHARGE",
        ConvenienceFee = "CONVENIENCE_FEE",
        InteracV2 = "INTERAC_V2",
        DeliveryFee = "DELIVERY_FEE",
        CashDiscount = "CASH_DISCOUNT",
        VisaCredit = "VISA_CREDIT",
        VisaDebit = "VISA_DEBIT",
        VisaInternational = "VISA_INTERNATIONAL",
        MastercardCredit = "MASTERCARD_CREDIT",
        MastercardDebit = "MASTERCARD_DEBIT",
        MastercardInternational = "MASTERCARD_INTERNATIONAL",
        Amex = "AMEX",
        Eftpos = "EFTPOS",
        Jcb = "JCB",
        CupCredit = "CUP_CREDIT",
        CupDebit = "CUP_DEBIT",
        DinersClub = "DINERS_CLUB",
    }

    /// What was done, in the terms of the card schemes (`protocol/model.md` §6).
    SelectedService {
        None = "NONE",
        Payment = "PAYMENT",
        Refund = "REFUND",
        Cancellation = "CANCELLATION",
        PreAuth = "PRE_AUTH",
        UpdatePreAuth = "UPDATE_PRE_AUTH",
        PaymentCompletion = "PAYMENT_COMPLETION",
        CashAdvance = "CASH_ADVANCE",
        DeferredPayment = "DEFERRED_PAYMENT",
        DeferredPaymentCompletion = "DEFERRED_PAYMENT_COMPLETION",
        VoiceAuthorisation = "VOICE_AUTHORISATION",
        CardholderDetection = "CARDHOLDER_DETECTION",
        TokenRequest = "TOKEN_REQUEST",
        Verification = "VERIFICATION",
    }

    /// How it ended, in the terms of the card schemes (`protocol/model.md` §6).
    TransactionResult {
        Approved = "APPROVED",
        Declined = "DECLINED",
        Aborted = "ABORTED",
        VoiceAuthorisation = "VOICE_AUTHORISATION",
        PaymentPartOnly = "PAYMENT_PART_ONLY",
        PartiallyApproved = "PARTIALLY_APPROVED",
        None = "NONE",
    }

    /// Which protocol with the acquirer (`protocol/model.md` §6).
    TxFormat {
        Default = "DEFAULT",
        Nexo = "NEXO",
        Sitef = "SITEF",
        Argentina = "ARGENTINA",
    }

    /// Why a transaction was reversed (`protocol/model.md` §6).
    ReversalReason {
        ChipDecline = "CHIP_DECLINE",
        CardholderCancellation = "CARDHOLDER_CANCELLATION",
        CommunicationError = "COMMUNICATION_ERROR",
        OtherReason = "OTHER_REASON",
    }
}
