//! Discovery: who is there, and what it can do.

use super::messages;

messages! {
    /// Asks the terminal who it is and whether it can be used (`protocol/messages.md` §3).
    DiscoveryRequest, DiscoveryRequestDraft = DiscoveryRequest, ToTerminal, 1 {
        /// Whether the point of sale lets the terminal change the order; always false here.
        supports_order_modification: flag = "supportsOrderModification";
        /// An id of the question; one SDK sends it.
        request_id: text = "requestId";
    }

    /// Who the terminal is, whether it is ready, and what its merchant may do (`protocol/messages.md` §3).
    ///
    /// What an absent flag means is in `protocol/decisions.md`.
    DiscoveryResponse, DiscoveryResponseDraft = DiscoveryResponse, ToPos, 1 {
        /// The merchant's id, 13 characters.
        merchant_id: text = "merchantId";
        /// The merchant's name for people.
        merchant_name: text = "merchantName";
        /// The acquirer's number of the merchant (MID).
        merchant_mid: text = "merchantMId";
        /// The terminal's name.
        name: text = "name";
        /// The terminal's serial number.
        serial: text = "serial";
        /// The terminal's model.
        model: text = "model";
        /// Whether it takes requests now.
        ready: flag = "ready";
        /// Whether it acknowledges each command with ACK.
        supports_acknowledgement: flag = "supportsAcknowledgement";
        /// Whether tips can be adjusted later.
        supports_tip_adjust: flag = "supportsTipAdjust";
        /// Whether refunds without a payment are allowed.
        supports_manual_refund: flag = "supportsManualRefund";
        /// Whether card tokens for several payments are allowed.
        supports_multi_pay_token: flag = "supportsMultiPayToken";
        /// Whether a void is answered with VOID_PAYMENT_RESPONSE.
        supports_void_payment_response: flag = "supportsVoidPaymentResponse";
        /// Whether pre-authorisations are allowed.
        supports_pre_auth: flag = "supportsPreAuth";
        /// Whether authorisations with a later tip are allowed.
        supports_auth: flag = "supportsAuth";
        /// Whether cards can be vaulted.
        supports_vault_card: flag = "supportsVaultCard";
        /// Whether the terminal asks the point of sale to confirm payments.
        supports_remote_confirmation: flag = "supportsRemoteConfirmation";
        /// Whether naked credits are allowed.
        supports_naked_credit: flag = "supportsNakedCredit";
        /// The id of the question; one SDK reads it.
        request_id: text = "requestId";
    }
}
