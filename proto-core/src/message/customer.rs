//! Who the customer is, and what is asked outside a payment: data, tip, signature.

use super::messages;
use crate::model::{
    CustomerInfo, LoyaltyDataConfig, LoyaltyDataConfigDraft, Signature, SignatureDraft,
    TipSuggestion, TipSuggestionDraft,
};
use crate::wire::names::ResultStatus;

messages! {
    /// Says which data of customers is wanted (`protocol/messages.md` §3).
    RegisterForCustData, RegisterForCustDataDraft = RegisterForCustData, ToTerminal, 1 {
        /// Which data.
        configurations: jsons(LoyaltyDataConfig, LoyaltyDataConfigDraft) = "configurations";
    }

    /// Data of a customer (`protocol/messages.md` §3).
    CustomerProvidedData, CustomerProvidedDataDraft = CustomerProvidedDataMessage, ToPos, 1 {
        /// Its id.
        event_id: text = "eventId";
        /// Which of the registrations it belongs to.
        config: json(LoyaltyDataConfig) = "config";
        /// The data; what it is depends on the registration. It stays a string.
        data: text = "data";
    }

    /// Tells the terminal who the customer is (`protocol/messages.md` §3).
    CustomerInfoMessage, CustomerInfoMessageDraft = CustomerInfoMessage, ToTerminal, 1 {
        /// The customer; absent is nobody.
        customer: json(CustomerInfo) = "customer";
    }

    /// Asks the customer for a tip (`protocol/messages.md` §3).
    RequestTip, RequestTipDraft = RequestTip, ToTerminal, 1 {
        /// What tips in percent are counted on.
        tippable_amount: money = "tippableAmount";
        /// Tips to offer.
        tip_suggestions: jsons(TipSuggestion, TipSuggestionDraft) = "tipSuggestions";
    }

    /// The tip that the customer chose (`protocol/messages.md` §3).
    RequestTipResponse, RequestTipResponseDraft = RequestTipResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// The tip.
        amount: money = "amount";
    }

    /// Asks the customer for a signature (`protocol/messages.md` §3).
    RequestSignature, RequestSignatureDraft = RequestSignature, ToTerminal, 1 {
        /// What is signed for, as text.
        acknowledgement_message: text = "acknowledgementMessage";
    }

    /// The signature that the customer gave (`protocol/messages.md` §3).
    RequestSignatureResponse, RequestSignatureResponseDraft = RequestSignatureResponse, ToPos, 1 {
        /// How it went.
        status: name(ResultStatus) = "status";
        /// A short reason.
        reason: text = "reason";
        /// The signature.
        signature: object(Signature, SignatureDraft) = "signature";
    }
}
