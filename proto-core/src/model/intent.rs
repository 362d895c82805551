//! What to charge, and how.

use super::{
    CashAdvanceCustomerIdentification, GermanInfo, Reference, ReferenceDraft, VaultedCard,
    VaultedCardDraft,
};
use crate::wire::names::{DataEntryLocation, PreAuthType, TipMode, TransactionType};
use crate::wire::object::objects;

/// The magnetic stripe, for merchant and customer (`protocol/model.md` §3). Ways to read a card are joined with
/// `|`.
#[doc(alias = "CARD_ENTRY_METHOD_MAG_STRIPE")]
pub const CARD_ENTRY_SWIPE: i64 = 0x8101;
/// The chip.
#[doc(alias = "CARD_ENTRY_METHOD_ICC_CONTACT")]
pub const CARD_ENTRY_CHIP: i64 = 0x8202;
/// Contactless.
#[doc(alias = "CARD_ENTRY_METHOD_NFC_CONTACTLESS")]
pub const CARD_ENTRY_CONTACTLESS: i64 = 0x8404;
/// Typing the card's number.
#[doc(alias = "CARD_ENTRY_METHOD_MANUAL")]
pub const CARD_ENTRY_MANUAL: i64 = 0x8808;
/// Every way to read a card but typing its number.
pub const CARD_ENTRY_DEFAULT: i64 = CARD_ENTRY_SWIPE | CARD_ENTRY_CHIP | CARD_ENTRY_CONTACTLESS;

objects! {
    /// What to charge, and how (`protocol/model.md` §2). Always an object, never JSON in a string.
    ///
    /// The fields called *legacy* were replaced by [`TransactionSettings`]: the terminal takes each setting
    /// from there, and from here only if it is absent there.
    PayIntent, PayIntentDraft {
        /// An Android action. Leave it out.
        action: text = "action";
        /// What is to happen.
        transaction_type: name(TransactionType) = "transactionType";
        /// What to charge, without the tip; negative for a manual refund, absent for CARD_DATA.
        amount: money = "amount";
        /// Legacy: what tips in percent are counted on.
        tippable_amount: money = "tippableAmount";
        /// The tip; 0 says that there is none, absent that it comes later.
        tip_amount: money = "tipAmount";
        /// The tax, part of the amount.
        tax_amount: money = "taxAmount";
        /// Cash to give out; newer than the SDKs.
        cashback_amount: money = "cashbackAmount";
        /// An order that exists already.
        order_id: text = "orderId";
        /// The payment of a capture; not used in TX_START.
        payment_id: text = "paymentId";
        /// Who is at the till.
        employee_id: text = "employeeId";
        /// What is taxed, and at which rate.
        taxable_amount_rate_list: eithers(TaxableAmountRate, TaxableAmountRateDraft) = "taxableAmountRateList" | "taxableAmountRates";
        /// A service charge.
        service_charge_amount: either(ServiceChargeAmount) = "serviceChargeAmount";
        /// Legacy: no question about cash back.
        is_disable_cash_back: flag = "isDisableCashBack";
        /// Leave false.
        is_testing: flag = "isTesting";
        /// Ways to read a card, a bit mask (`protocol/model.md` §3). Legacy, but two SDKs use it for
        /// CARD_DATA.
        card_entry_methods: int = "cardEntryMethods";
        /// The code of an authorisation by telephone.
        voice_auth_code: secret = "voiceAuthCode";
        /// The cardholder's postal code, for the address check (AVS).
        postal_code: text = "postalCode";
        /// The cardholder's street, for the address check (AVS).
        street_address: text = "streetAddress";
        /// Whether the card is not there.
        is_card_not_present: flag = "isCardNotPresent";
        /// What to show while a card is read.
        card_data_message: text = "cardDataMessage";
        /// Legacy: whether the point of sale prints.
        remote_print: flag = "remotePrint";
        /// Legacy: a number of the transaction.
        transaction_no: text = "transactionNo";
        /// Ask for a PIN when a card is swiped. Legacy, but two SDKs use it for CARD_DATA.
        is_force_swipe_pin_entry: flag = "isForceSwipePinEntry";
        /// Legacy: end after a failed card instead of asking for another.
        disable_restart_transaction_when_failed: flag = "disableRestartTransactionWhenFailed";
        /// The point of sale's id of this attempt, at most 32 characters: the key for all recovery.
        external_payment_id: text = "externalPaymentId";
        /// A second id, e.g. the invoice number.
        external_reference_id: text = "externalReferenceId";
        /// The Android package that started it.
        originating_payment_package: text = "originatingPaymentPackage";
        /// A card token to charge.
        vaulted_card: either(VaultedCard, VaultedCardDraft) = "vaultedCard";
        /// Legacy: whether the payment may be taken offline. One SDK sends it only here.
        allow_offline_payment: flag = "allowOfflinePayment";
        /// Legacy: take it offline without asking. One SDK sends it only here.
        approve_offline_payment_without_prompt: flag = "approveOfflinePaymentWithoutPrompt";
        /// Whether the terminal asks the point of sale on challenges.
        requires_remote_confirmation: flag = "requiresRemoteConfirmation";
        /// Whether the terminal asks once more at the end; newer than the SDKs.
        requires_final_remote_approval: flag = "requiresFinalRemoteApproval";
        /// Whether the limit for direct debit (ELV) stays as it is.
        skip_elv_limit_override: flag = "skipELVLimitOverride";
        /// Which software asks.
        application_tracking: either(AppTracking) = "applicationTracking";
        /// Whether an approval for less is wanted. Absent means no.
        allow_partial_auth: flag = "allowPartialAuth";
        /// Use the card that was swiped last.
        use_last_swipe: flag = "useLastSwipe";
        /// What the German market needs.
        german_info: either(GermanInfo) = "germanInfo";
        /// A German direct debit (ELV).
        german_elv_transaction: text = "germanELVTransaction";
        /// Who gets a cash advance.
        cash_advance_customer_identification: either(CashAdvanceCustomerIdentification) = "cashAdvanceCustomerIdentification";
        /// What differs from the merchant's settings.
        transaction_settings: either(TransactionSettings, TransactionSettingsDraft) = "transactionSettings";
        /// Texts that are passed through.
        pass_through_values: map = "passThroughValues";
        /// Whether only a QR code is offered.
        is_present_qrc_only: flag = "isPresentQrcOnly";
        /// No surcharge for credit cards.
        is_disable_credit_surcharge: flag = "isDisableCreditSurcharge";
    }

    /// What differs from the merchant's settings in one transaction; absent is the merchant's setting
    /// (`protocol/model.md` §4).
    TransactionSettings, TransactionSettingsDraft {
        /// Ways to read a card, a bit mask (`protocol/model.md` §3).
        card_entry_methods: int = "cardEntryMethods";
        /// No question about cash back.
        disable_cash_back: flag = "disableCashBack";
        /// Whether the terminal prints; if not, the point of sale is told what to print.
        clover_should_handle_receipts: flag = "cloverShouldHandleReceipts";
        /// Ask for a PIN when a card is swiped.
        force_pin_entry_on_swipe: flag = "forcePinEntryOnSwipe";
        /// End after a failed card instead of asking for another.
        disable_restart_transaction_on_failure: flag = "disableRestartTransactionOnFailure";
        /// Whether the payment may be taken offline.
        allow_offline_payment: flag = "allowOfflinePayment";
        /// Take it offline without asking.
        approve_offline_payment_without_prompt: flag = "approveOfflinePaymentWithoutPrompt";
        /// Take it offline even when online.
        force_offline_payment: flag = "forceOfflinePayment";
        /// A signature is asked for from this amount.
        signature_threshold: money = "signatureThreshold";
        /// Where the signature is given.
        signature_entry_location: name(DataEntryLocation) = "signatureEntryLocation";
        /// Where the tip comes from.
        tip_mode: name(TipMode) = "tipMode";
        /// What tips in percent are counted on.
        tippable_amount: money = "tippableAmount";
        /// Skip the receipt screen.
        disable_receipt_selection: flag = "disableReceiptSelection";
        /// No question about possible duplicates.
        disable_duplicate_check: flag = "disableDuplicateCheck";
        /// The terminal accepts challenges by itself.
        auto_accept_payment_confirmations: flag = "autoAcceptPaymentConfirmations";
        /// The terminal accepts signatures by itself.
        auto_accept_signature: flag = "autoAcceptSignature";
        /// Answer before the receipt screen.
        return_result_on_transaction_complete: flag = "returnResultOnTransactionComplete";
        /// Tips to offer, one to four.
        tip_suggestions: elements(TipSuggestion, TipSuggestionDraft) = "tipSuggestions";
        /// Amounts of cash to offer.
        cashback_suggestions: opaques = "cashbackSuggestions";
        /// Texts for one region's rules; the keys are in `protocol/model.md` §3.
        regional_extras: map = "regionalExtras";
        /// No surcharge for credit cards.
        disable_credit_surcharge: flag = "disableCreditSurcharge";
        /// Which ways to give a receipt are offered.
        receipt_options: map = "receiptOptions";
        /// Whether the point of sale gives the receipt.
        remote_receipts: flag = "remoteReceipts";
        /// Whether the terminal asks the point of sale on challenges; newer than the SDKs.
        remote_confirmation_required: flag = "remoteConfirmationRequired";
        /// Which tenders are offered.
        tender_options: map = "tenderOptions";
        /// Whether nobody of the shop is at the terminal.
        enable_kiosk_mode: flag = "enableKioskMode";
        /// What a pre-authorisation is for.
        pre_auth_type: name(PreAuthType) = "preAuthType";
        /// How long the receipt screen stays.
        receipt_selection_timeout_threshold: int = "receiptSelectionTimeoutThreshold";
        /// Limits for providers of real-time discounts.
        rtd_providers: opaques = "rtdProviders";
        /// Which kind of tip screen.
        dynamic_tip_selection: text = "dynamicTipSelection";
    }

    /// A tip to offer: a percentage or an amount (`protocol/model.md` §4).
    TipSuggestion, TipSuggestionDraft {
        /// An id.
        id: text = "id";
        /// The text on the button.
        name: text = "name";
        /// Whole percent.
        percentage: int = "percentage";
        /// The amount.
        amount: money = "amount";
        /// Whether it is offered.
        is_enabled: flag = "isEnabled";
        /// A fixed amount; newer than the SDKs.
        flat_tip: int = "flatTip";
    }

    /// What is taxed, and at which rate (`protocol/model.md` §4).
    TaxableAmountRate, TaxableAmountRateDraft {
        /// The tax's id.
        id: text = "id";
        /// The tax's name.
        name: text = "name";
        /// What is taxed.
        taxable_amount: money = "taxableAmount";
        /// The rate. The sources do not give its scale; elsewhere on the platform 10 000 000 is 100 %.
        rate: int = "rate";
        /// Whether it is contained in the prices.
        is_vat: flag = "isVat";
        /// The tax.
        tax_amount: money = "taxAmount";
        /// The transaction.
        transaction_ref: object(Reference, ReferenceDraft) = "transactionRef";
    }

    /// A service charge (`protocol/model.md` §4).
    ServiceChargeAmount, ServiceChargeAmountDraft {
        /// Its id.
        id: text = "id";
        /// Its name.
        name: text = "name";
        /// How much.
        amount: money = "amount";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
    }

    /// Which software asked (`protocol/model.md` §4). The terminal fills it from the envelope.
    AppTracking, AppTrackingDraft {
        /// The application's id at the platform.
        developer_app_id: text = "developerAppId";
        /// The application's name.
        application_name: text = "applicationName";
        /// The application's id, `remoteApplicationID`.
        application_id: text = "applicationID";
        /// The application's version.
        application_version: text = "applicationVersion";
        /// The SDK's name, `remoteSourceSDK` before the colon.
        source_sdk: text = "sourceSDK";
        /// The SDK's version, `remoteSourceSDK` behind the colon.
        source_sdk_version: text = "sourceSDKVersion";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
        /// The manual refund.
        credit_ref: object(Reference, ReferenceDraft) = "creditRef";
        /// The refund.
        refund_ref: object(Reference, ReferenceDraft) = "refundRef";
        /// The refund of a manual refund.
        credit_refund_ref: object(Reference, ReferenceDraft) = "creditRefundRef";
    }
}
