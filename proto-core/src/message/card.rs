//! Cards without a payment: tokens, tracks, balances.

use super::messages;
use crate::model::{
    CardData, PayIntent, PayIntentDraft, Payment, PaymentRequestCardDetails, VaultedCard,
};
use crate::wire::names::ResultStatus;

messages! {
    /// Reads a card and makes a token of it (`protocol/messages.md` §3).
    VaultCard, VaultCardDraft = VaultCard, ToTerminal, 1 {
        /// Ways to read a card, a bit mask (`protocol/model.md` §3).
        card_entry_methods: int = "cardEntryMethods";
        /// What the token is for; newer.
        token_type: text = "tokenType";
        /// Whether the token is for one payment; newer.
        single_use: flag = "singleUse";
    }

    /// The token of a card (`protocol/messages.md` §3).
    VaultCardResponse, VaultCardResponseDraft = VaultCardResponse, ToPos, 1 {
        /// The card as a token.
        card: json(VaultedCard) = "card";
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// What the token is for; newer.
        token_type: text = "tokenType";
    }

    /// Reads a card (`protocol/messages.md` §3). The answer is [`CardDataResponse`].
    CardDataMessage, CardDataMessageDraft = CardData, ToTerminal, 1 {
        /// How to read it: transaction type DATA. SDKs disagree on where the ways to read a card stand:
        /// fill them in here and in the settings.
        pay_intent: object(PayIntent, PayIntentDraft) = "payIntent";
    }

    /// What was read from a card (`protocol/messages.md` §3).
    CardDataResponse, CardDataResponseDraft = CardDataResponse, ToPos, 1 {
        /// What was read.
        card_data: object(CardData) = "cardData";
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
    }

    /// Asks for the balance of a card (`protocol/messages.md` §3).
    BalanceInquiry, BalanceInquiryDraft = BalanceInquiry, ToTerminal, 1 {
        /// Ways to read a card, a bit mask (`protocol/model.md` §3).
        card_entry_methods: int = "cardEntryMethods";
        /// What to show while a card is read.
        card_data_message: text = "cardDataMessage";
    }

    /// The balance of a card (`protocol/messages.md` §3).
    BalanceInquiryResponse, BalanceInquiryResponseDraft = BalanceInquiryResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// The balance is this payment's amount.
        payment: json(Payment) = "payment";
        /// The card.
        card_details: json(PaymentRequestCardDetails) = "cardDetails";
    }
}
