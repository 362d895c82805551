//! Cards: how they were read, what was done with them, their tokens.

use super::{Reference, ReferenceDraft};
use crate::wire::names::{
    AvsResult, CardEntryType, CardFunction, CardTransactionState, CardTransactionType, CardType,
    GatewayTxState, TokenType,
};
use crate::wire::object::objects;

objects! {
    /// What was done with the card (`protocol/model.md` §4).
    CardTransaction, CardTransactionDraft {
        /// The brand.
        card_type: name(CardType) = "cardType";
        /// How the card was read.
        entry_type: name(CardEntryType) = "entryType";
        /// The first six digits.
        first6: text = "first6";
        /// The last four digits.
        last4: text = "last4";
        /// AUTH for a sale; PREAUTH for an auth or pre-auth; NAKEDREFUND for a manual refund.
        kind: name(CardTransactionType) = "type";
        /// The issuer's authorisation code.
        auth_code: secret = "authCode";
        /// The acquirer's reference.
        reference_id: text = "referenceId";
        /// The transaction's number.
        transaction_no: text = "transactionNo";
        /// Whether it is closed.
        state: name(CardTransactionState) = "state";
        /// Texts of the network and the region; the keys are in `protocol/model.md` §3.
        extra: map = "extra";
        /// What was on a gift or benefit card before.
        beg_balance: money = "begBalance";
        /// What is on a gift or benefit card now.
        end_balance: money = "endBalance";
        /// What the address check found.
        avs_result: name(AvsResult) = "avsResult";
        /// The name on the card.
        cardholder_name: text = "cardholderName";
        /// A token for the card.
        token: secret = "token";
        /// The card as a token.
        vaulted_card: object(VaultedCard) = "vaultedCard";
        /// How it stands at the gateway.
        gateway_tx_state: name(GatewayTxState) = "gatewayTxState";
        /// ISO 4217.
        currency: text = "currency";
        /// Whether it is captured.
        captured: flag = "captured";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
        /// The manual refund.
        credit_ref: object(Reference, ReferenceDraft) = "creditRef";
    }

    /// A card as a token (`protocol/model.md` §4).
    VaultedCard, VaultedCardDraft {
        /// The first six digits.
        first6: text = "first6";
        /// The last four digits.
        last4: text = "last4";
        /// The name on the card, at most 26 characters.
        cardholder_name: text = "cardholderName";
        /// Until when it is valid, MMYY.
        expiration_date: secret = "expirationDate";
        /// The token, at most 72 characters.
        token: secret = "token";
    }

    /// What was read from a card (`protocol/model.md` §5). Of bank cards masked or encrypted.
    CardData, CardDataDraft {
        /// Track 1.
        track1: secret = "track1";
        /// Track 2.
        track2: secret = "track2";
        /// Track 3.
        track3: secret = "track3";
        /// Whether the tracks are encrypted.
        encrypted: flag = "encrypted";
        /// Track 1 with the number masked.
        masked_track1: text = "maskedTrack1";
        /// Track 2 with the number masked.
        masked_track2: text = "maskedTrack2";
        /// Track 3 with the number masked.
        masked_track3: text = "maskedTrack3";
        /// The card's number.
        pan: secret = "pan";
        /// The name on the card.
        cardholder_name: text = "cardholderName";
        /// The first name on the card.
        first_name: text = "firstName";
        /// The last name on the card.
        last_name: text = "lastName";
        /// Until when it is valid.
        exp: secret = "exp";
        /// The last four digits.
        last4: text = "last4";
        /// The first six digits.
        first6: text = "first6";
    }

    /// What was read from a card whose balance was asked for (`protocol/model.md` §4).
    PaymentRequestCardDetails, PaymentRequestCardDetailsDraft {
        /// Track 1.
        track1: secret = "track1";
        /// Track 2.
        track2: secret = "track2";
        /// Track 3.
        track3: secret = "track3";
        /// Whether the tracks are encrypted.
        encrypted: flag = "encrypted";
        /// Track 1 with the number masked.
        masked_track1: text = "maskedTrack1";
        /// Track 2 with the number masked.
        masked_track2: text = "maskedTrack2";
        /// Track 3 with the number masked.
        masked_track3: text = "maskedTrack3";
        /// A token for the card.
        unique_token: secret = "uniqueToken";
        /// The card's number.
        pan: secret = "pan";
        /// The first name on the card.
        first_name: text = "firstName";
        /// The last name on the card.
        last_name: text = "lastName";
        /// The issuer's country.
        country_code: text = "countryCode";
        /// Until when it is valid.
        exp: secret = "exp";
        /// The cardholder's street.
        street_address: text = "streetAddress";
        /// The cardholder's postal code.
        zip: text = "zip";
        /// The card's check number.
        cvv: secret = "cvv";
        /// The last four digits.
        last4: text = "last4";
        /// The first four digits.
        first4: text = "first4";
        /// The serial number of the encryption key (DUKPT).
        dukpt_serial: text = "dukptSerial";
        /// How swiping went.
        swipe_status: text = "swipeStatus";
        /// The same for every reading of the same card.
        fingerprint: text = "fingerprint";
        /// The reader's serial number.
        device_serial: text = "deviceSerial";
        /// Whether the number was typed.
        manual_entered: flag = "manualEntered";
        /// Whether it was read in the background.
        is_async: flag = "async";
        /// Whether another way to read it failed before.
        is_fallback: flag = "isFallback";
        /// Whether an authorisation is wanted.
        is_auth: flag = "isAuth";
        /// Whether it is a prepaid card.
        is_prepaid: flag = "isPrepaid";
        /// Credit, debit, …
        card_function: name(CardFunction) = "cardFunction";
        /// Whether it came from a QR code.
        qr_code: flag = "qrCode";
        /// The brand.
        card_type: name(CardType) = "cardType";
        /// How the card was read.
        entry_type: name(CardEntryType) = "entryType";
        /// The transaction's number.
        transaction_no: text = "transactionNo";
        /// The name on the card.
        cardholder_name: text = "cardholderName";
        /// What was read, not encrypted.
        plain_card_data: secret = "plainCardData";
        /// What the chip said.
        transaction_data: opaque = "transactionData";
        /// Which account was chosen.
        account_selection: text = "accountSelection";
        /// The key serial number of the number's encryption.
        pan_ksn: text = "panKsn";
        /// The key serial number of track 1's encryption.
        track1_ksn: text = "track1Ksn";
        /// The key serial number of track 2's encryption.
        track2_ksn: text = "track2Ksn";
        /// The key serial number of track 3's encryption.
        track3_ksn: text = "track3Ksn";
        /// A key, itself encrypted.
        enc_random_key: secret = "encRandomKey";
    }

    /// A card of a customer (`protocol/model.md` §4).
    Card, CardDraft {
        /// Its id.
        id: text = "id";
        /// The first six digits.
        first6: text = "first6";
        /// The last four digits.
        last4: text = "last4";
        /// The first name on the card.
        first_name: text = "firstName";
        /// The last name on the card.
        last_name: text = "lastName";
        /// Until when it is valid.
        expiration_date: secret = "expirationDate";
        /// The brand, as text.
        card_type: text = "cardType";
        /// A token for the card.
        token: secret = "token";
        /// What the token may be used for.
        token_type: name(TokenType) = "tokenType";
        /// When it was changed last.
        modified_time: time = "modifiedTime";
        /// The customer.
        customer: object(Reference, ReferenceDraft) = "customer";
    }
}
