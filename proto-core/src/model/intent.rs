//! What to charge, and how.

use crate::redact::Secret;
use crate::wire::json::{List, Object, Text};
use crate::wire::names::{DataEntryLocation, TipMode, TransactionType};
use crate::wire::object::objects;
use crate::wire::{Elements, Map};

/// Every way to read a card but typing its number (`protocol/model.md` §3).
pub const CARD_ENTRY_DEFAULT: i64 = 34_567;

objects! {
    /// What to charge, and how (`protocol/model.md` §2). Never JSON in a string.
    PayIntent, PayIntentDraft {
        /// What is to happen.
        transaction_type: TransactionType<'m> = "transactionType";
        /// The amount in minor units, without the tip; negative for a manual refund.
        amount: i64 = "amount";
        /// The tip in minor units; 0 says that there is none, absent that it comes later.
        tip_amount: i64 = "tipAmount";
        /// The tax in minor units, part of the amount.
        tax_amount: i64 = "taxAmount";
        /// The point of sale's id of this attempt, at most 32 characters: the key for all recovery.
        external_payment_id: Text<'m> = "externalPaymentId";
        /// A second id, e.g. the invoice number.
        external_reference_id: Text<'m> = "externalReferenceId";
        /// A card token to charge.
        vaulted_card: VaultedCard<'m>, VaultedCardDraft<'m> = "vaultedCard";
        /// Whether the card is not there.
        is_card_not_present: bool = "isCardNotPresent";
        /// Whether only a QR code is offered.
        is_present_qrc_only: bool = "isPresentQrcOnly";
        /// Whether the terminal asks the point of sale on challenges.
        requires_remote_confirmation: bool = "requiresRemoteConfirmation";
        /// Whether an approval for less is wanted. Absent means no.
        allow_partial_auth: bool = "allowPartialAuth";
        /// Leave false.
        is_testing: bool = "isTesting";
        /// What differs from the merchant's settings.
        transaction_settings: TransactionSettings<'m>, TransactionSettingsDraft<'m> = "transactionSettings";
        /// Texts that are passed through.
        pass_through_values: Object<'m>, Map<'m> = "passThroughValues";
    }

    /// What differs from the merchant's settings in one transaction; absent is the merchant's setting
    /// (`protocol/model.md` §4).
    TransactionSettings, TransactionSettingsDraft {
        /// Ways to read a card, a bit mask (`protocol/model.md` §3).
        card_entry_methods: i64 = "cardEntryMethods";
        /// No question about cash back.
        disable_cash_back: bool = "disableCashBack";
        /// Whether the terminal prints; if not, the point of sale is told what to print.
        clover_should_handle_receipts: bool = "cloverShouldHandleReceipts";
        /// End after a failed card instead of asking for another.
        disable_restart_transaction_on_failure: bool = "disableRestartTransactionOnFailure";
        /// Whether the payment may be taken offline.
        allow_offline_payment: bool = "allowOfflinePayment";
        /// Take it offline without asking.
        approve_offline_payment_without_prompt: bool = "approveOfflinePaymentWithoutPrompt";
        /// Take it offline even when online.
        force_offline_payment: bool = "forceOfflinePayment";
        /// A signature is asked for from this amount in minor units.
        signature_threshold: i64 = "signatureThreshold";
        /// Where the signature is given.
        signature_entry_location: DataEntryLocation<'m> = "signatureEntryLocation";
        /// Where the tip comes from.
        tip_mode: TipMode<'m> = "tipMode";
        /// What tips in percent are counted on, in minor units.
        tippable_amount: i64 = "tippableAmount";
        /// Skip the receipt screen.
        disable_receipt_selection: bool = "disableReceiptSelection";
        /// No question about possible duplicates.
        disable_duplicate_check: bool = "disableDuplicateCheck";
        /// The terminal accepts challenges by itself.
        auto_accept_payment_confirmations: bool = "autoAcceptPaymentConfirmations";
        /// The terminal accepts signatures by itself.
        auto_accept_signature: bool = "autoAcceptSignature";
        /// Tips to offer.
        tip_suggestions: List<'m, TipSuggestion<'m>>, Elements<'m, TipSuggestionDraft<'m>> = "tipSuggestions";
        /// Texts for one region's rules.
        regional_extras: Object<'m>, Map<'m> = "regionalExtras";
    }

    /// A card as a token (`protocol/model.md` §4).
    VaultedCard, VaultedCardDraft {
        /// The first six digits.
        first6: Text<'m> = "first6";
        /// The last four digits.
        last4: Text<'m> = "last4";
        /// The name on the card.
        cardholder_name: Text<'m> = "cardholderName";
        /// MMYY.
        expiration_date: Text<'m> = "expirationDate";
        /// The token, at most 72 characters.
        token: Secret<'m> = "token";
    }

    /// A tip to offer: a percentage or an amount (`protocol/model.md` §4).
    TipSuggestion, TipSuggestionDraft {
        /// An id.
        id: Text<'m> = "id";
        /// The text on the button.
        name: Text<'m> = "name";
        /// Whole percent.
        percentage: i64 = "percentage";
        /// Minor units.
        amount: i64 = "amount";
        /// Whether it is offered.
        is_enabled: bool = "isEnabled";
    }
}
