//! Pairing: may this point of sale use the terminal (`protocol/link.md` §2.6).

use super::messages;
use crate::wire::names::PairingState;

messages! {
    /// Opens or resumes a pairing; the first message on a network link (`protocol/link.md` §2.6).
    PairingRequest, PairingRequestDraft = PairingRequest, ToTerminal, 1 {
        /// The serial number of this point of sale.
        serial_number: text = "serialNumber";
        /// The name of this point of sale, shown on the terminal.
        name: text = "name";
        /// The name of the application.
        application_name: text = "applicationName";
        /// The token of the last pairing with this terminal.
        authentication_token: secret = "authenticationToken";
        /// The application's id, as in the envelope; one SDK repeats it here.
        remote_application_id: text = "remoteApplicationID";
        /// The SDK, as in the envelope; one SDK repeats it here.
        remote_source_sdk: text = "remoteSourceSDK";
    }

    /// The code that a person types on the terminal (`protocol/link.md` §2.6).
    PairingCode, PairingCodeDraft = PairingCode, ToPos, 1 {
        /// Digits. Text: leading zeros count.
        pairing_code: secret = "pairingCode";
    }

    /// How the pairing stands (`protocol/link.md` §2.6).
    PairingResponse, PairingResponseDraft = PairingResponse, ToPos, 1 {
        /// How it stands; PAIRED and INITIAL both mean success.
        pairing_state: name(PairingState) = "pairingState";
        /// The token for the next pairing. The one used before is worthless now.
        authentication_token: secret = "authenticationToken";
        /// The name of the application at the terminal.
        application_name: text = "applicationName";
        /// The point of sale's name, as it was sent.
        name: text = "name";
        /// The point of sale's serial number, as it was sent.
        serial_number: text = "serialNumber";
        /// The terminal's clock.
        millis: time = "millis";
    }
}
