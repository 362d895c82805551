//! Pairing and discovery: who is there, and may it be used.

use super::messages;
use crate::redact::Secret;
use crate::wire::json::Text;
use crate::wire::names::PairingState;

messages! {
    /// Opens or resumes a pairing; the first message on a network link (`protocol/link.md` §2.6).
    PairingRequest, PairingRequestDraft = PairingRequest, 1 {
        /// The serial number of this point of sale.
        serial_number: Text<'m> = "serialNumber";
        /// The name of this point of sale, shown on the terminal.
        name: Text<'m> = "name";
        /// The name of the application.
        application_name: Text<'m> = "applicationName";
        /// The token of the last pairing with this terminal.
        authentication_token: Secret<'m> = "authenticationToken";
    }

    /// The code that a person types on the terminal (`protocol/link.md` §2.6).
    PairingCode, PairingCodeDraft = PairingCode, 1 {
        /// Digits. Text: leading zeros count.
        pairing_code: Secret<'m> = "pairingCode";
    }

    /// How the pairing stands (`protocol/link.md` §2.6).
    PairingResponse, PairingResponseDraft = PairingResponse, 1 {
        /// How it stands; PAIRED and INITIAL both mean success.
        pairing_state: PairingState<'m> = "pairingState";
        /// The token for the next pairing. The one used before is worthless now.
        authentication_token: Secret<'m> = "authenticationToken";
        /// The name of the application at the terminal.
        application_name: Text<'m> = "applicationName";
        /// The point of sale's name, as it was sent.
        name: Text<'m> = "name";
        /// The point of sale's serial number, as it was sent.
        serial_number: Text<'m> = "serialNumber";
        /// The terminal's clock, milliseconds since 1970.
        millis: i64 = "millis";
    }

    /// Asks the terminal who it is and whether it can be used.
    DiscoveryRequest, DiscoveryRequestDraft = DiscoveryRequest, 1 {
        /// Whether the point of sale lets the terminal change the order; always false here.
        supports_order_modification: bool = "supportsOrderModification";
    }

    /// Who the terminal is, whether it is ready, and what its merchant may do.
    DiscoveryResponse, DiscoveryResponseDraft = DiscoveryResponse, 1 {
        /// The merchant's id, 13 characters.
        merchant_id: Text<'m> = "merchantId";
        /// The merchant's name for people.
        merchant_name: Text<'m> = "merchantName";
        /// The acquirer's number of the merchant (MID).
        merchant_mid: Text<'m> = "merchantMId";
        /// The terminal's name.
        name: Text<'m> = "name";
        /// The terminal's serial number.
        serial: Text<'m> = "serial";
        /// The terminal's model.
        model: Text<'m> = "model";
        /// Whether it takes requests now.
        ready: bool = "ready";
        /// Whether it acknowledges each command with ACK.
        supports_acknowledgement: bool = "supportsAcknowledgement";
        /// Whether tips can be adjusted later.
        supports_tip_adjust: bool = "supportsTipAdjust";
        /// Whether refunds without a payment are allowed.
        supports_manual_refund: bool = "supportsManualRefund";
        /// Whether card tokens for several payments are allowed.
        supports_multi_pay_token: bool = "supportsMultiPayToken";
        /// Whether a void is answered with VOID_PAYMENT_RESPONSE.
        supports_void_payment_response: bool = "supportsVoidPaymentResponse";
        /// Whether pre-authorisations are allowed.
        supports_pre_auth: bool = "supportsPreAuth";
        /// Whether authorisations with a later tip are allowed.
        supports_auth: bool = "supportsAuth";
        /// Whether cards can be vaulted.
        supports_vault_card: bool = "supportsVaultCard";
        /// Whether the terminal asks the point of sale to confirm payments.
        supports_remote_confirmation: bool = "supportsRemoteConfirmation";
        /// Whether naked credits are allowed.
        supports_naked_credit: bool = "supportsNakedCredit";
    }
}
