//! Names for cards.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// What the check of the cardholder's address found (`protocol/model.md` §6).
    AvsResult {
        Success = "SUCCESS",
        ZipCodeMatch = "ZIP_CODE_MATCH",
        ZipCodeMatchAddressNotChecked = "ZIP_CODE_MATCH_ADDRESS_NOT_CHECKED",
        AddressMatch = "ADDRESS_MATCH",
        AddressMatchZipNotChecked = "ADDRESS_MATCH_ZIP_NOT_CHECKED",
        NeitherMatch = "NEITHER_MATCH",
        ServiceFailure = "SERVICE_FAILURE",
        ServiceUnavailable = "SERVICE_UNAVAILABLE",
        NotChecked = "NOT_CHECKED",
        ZipCodeNotMatchedAddressNotChecked = "ZIP_CODE_NOT_MATCHED_ADDRESS_NOT_CHECKED",
        AddressNotMatchedZipCodeNotChecked = "ADDRESS_NOT_MATCHED_ZIP_CODE_NOT_CHECKED",
        Partial = "PARTIAL",
    }

    /// How a transaction stands at the gateway (`protocol/model.md` §6).
    GatewayTxState {
        Initiated = "INITIATED",
        InitiatedOnAuth = "INITIATED_ON_AUTH",
        Acknowledged = "ACKNOWLEDGED",
        ConnectFailed = "CONNECT_FAILED",
        Timeout = "TIMEOUT",
        Failed = "FAILED",
        ReverseInitiated = "REVERSE_INITIATED",
        ReverseInitiatedOnAuth = "REVERSE_INITIATED_ON_AUTH",
        Reversed = "REVERSED",
        ReversalFailed = "REVERSAL_FAILED",
        External = "EXTERNAL",
    }

    /// What a card is for (`protocol/model.md` §6).
    CardFunction {
        Credit = "CREDIT",
        Debit = "DEBIT",
        Prepaid = "PREPAID",
        SignatureDebit = "SIGNATURE_DEBIT",
        PinlessDebit = "PINLESS_DEBIT",
        Ebt = "EBT",
        Snap = "SNAP",
    }

    /// What a card's token may be used for (`protocol/model.md` §6).
    TokenType {
        Oneoff = "ONEOFF",
        Multipay = "MULTIPAY",
        Recurring = "RECURRING",
    }
}
