//! What regions, currencies and certifications add to a payment.

use super::{Reference, ReferenceDraft};
use crate::wire::names::{
    AccountType, CardEntryType, CardType, IdType, ReversalReason, SelectedService,
    TransactionResult, TxFormat,
};
use crate::wire::object::objects;

objects! {
    /// What regions and certifications need (`protocol/model.md` §4). Most of it is for receipts and hosts
    /// of one country and is passed on as it came.
    TransactionInfo, TransactionInfoDraft {
        /// The cardholder's language.
        language_indicator: text = "languageIndicator";
        /// Language and country of the transaction.
        transaction_locale: text = "transactionLocale";
        /// Which account was chosen.
        account_selection: name(AccountType) = "accountSelection";
        /// The fiscal invoice's number (Argentina).
        fiscal_invoice_number: text = "fiscalInvoiceNumber";
        /// How many instalments.
        installments_quantity: int = "installmentsQuantity";
        /// Which kind of instalments.
        installments_type: text = "installmentsType";
        /// The instalment plan's code.
        installments_plan_code: text = "installmentsPlanCode";
        /// The instalment plan's id.
        installments_plan_id: text = "installmentsPlanId";
        /// The instalment plan for people.
        installments_plan_desc: text = "installmentsPlanDesc";
        /// The brand for people.
        card_type_label: text = "cardTypeLabel";
        /// A short sign for the brand.
        card_symbol: text = "cardSymbol";
        /// The system trace audit number (ISO 8583).
        stan: int = "stan";
        /// A document that the cardholder showed.
        identity_document: opaque = "identityDocument";
        /// The batch's number.
        batch_number: text = "batchNumber";
        /// The receipt's number.
        receipt_number: text = "receiptNumber";
        /// The reference of a reversal.
        reversal_stan_ref_num: text = "reversalStanRefNum";
        /// The trace number of a reversal.
        reversal_stan: int = "reversalStan";
        /// The authentication code (MAC) of a reversal.
        reversal_mac: text = "reversalMac";
        /// The key serial number of that code.
        reversal_mac_ksn: text = "reversalMacKsn";
        /// The acquirer's id of the terminal (TID).
        terminal_identification: text = "terminalIdentification";
        /// Another id of the terminal.
        external_terminal_id: text = "externalTerminalId";
        /// The acquirer's number of the merchant (MID).
        merchant_identifier: text = "merchantIdentifier";
        /// The merchant's name and place.
        merchant_name_location: text = "merchantNameLocation";
        /// Track 2 with the number masked.
        masked_track2: text = "maskedTrack2";
        /// Further text for the receipt.
        receipt_extra_data: text = "receiptExtraData";
        /// What was done, in the terms of the card schemes.
        selected_service: name(SelectedService) = "selectedService";
        /// How it ended, in the terms of the card schemes.
        transaction_result: name(TransactionResult) = "transactionResult";
        /// EMV data objects; the card's number may be among them.
        transaction_tags: secret = "transactionTags";
        /// Which of the protocols with the acquirer.
        tx_format: name(TxFormat) = "txFormat";
        /// The card's number, masked.
        pan_mask: text = "panMask";
        /// The terminal's counter of transactions.
        transaction_sequence_counter: text = "transactionSequenceCounter";
        /// Which of the cards with this number (EMV 5F34).
        application_pan_sequence_number: text = "applicationPanSequenceNumber";
        /// The card's counter of transactions (EMV 9F36).
        application_transaction_counter: text = "applicationTransactionCounter";
        /// Why it was reversed.
        reversal_reason: name(ReversalReason) = "reversalReason";
        /// Whether a token was charged.
        is_token_based_tx: flag = "isTokenBasedTx";
        /// The counter of the transaction that this one belongs to.
        orig_transaction_sequence_counter: text = "origTransactionSequenceCounter";
        /// The counter of the last change.
        transaction_sequence_counter_update: text = "transactionSequenceCounterUpdate";
        /// Whether it was made in an emergency.
        emergency_flag: flag = "emergencyFlag";
        /// How the card was read.
        entry_type: name(CardEntryType) = "entryType";
        /// Advertising of the issuer.
        promotional_message: opaque = "promotionalMessage";
        /// A SEPA direct debit.
        sepa_elv_transaction_info: opaque = "sepaElvTransactionInfo";
        /// The brand, as the terminal saw it.
        client_card_type: name(CardType) = "clientCardType";
        /// The card's application that the cardholder chose.
        explicitly_selected_app: text = "explicitlySelectedApp";
        /// Whether it is a SEPA direct debit.
        is_sepa_elv: flag = "isSepaElv";
        /// How the card was read.
        card_entry_type: name(CardEntryType) = "cardEntryType";
        /// Texts that have to be shown or printed.
        print_messages: opaques = "printMessages";
        /// Whether less than the purchase with cash was approved.
        is_partial_approved_cashback_transaction: flag = "isPartialApprovedCashbackTransaction";
        /// The acquirer.
        acquirer: text = "acquirer";
        /// A number of the SiTef host (Brazil).
        nsu_si_tef: text = "nsuSiTef";
        /// A number of the host behind it (Brazil).
        nsu_host: text = "nsuHost";
        /// The customer's receipt from SiTef (Brazil).
        si_tef_customer_receipt: text = "siTefCustomerReceipt";
        /// The merchant's receipt from SiTef (Brazil).
        si_tef_merchant_receipt: text = "siTefMerchantReceipt";
        /// Whether the conversion failed when a pre-authorisation was captured.
        is_dcc_failed_for_pre_auth_completion: flag = "isDccFailedForPreAuthCompletion";
        /// Whether the card has two brands.
        is_co_brand_card: flag = "isCoBrandCard";
        /// What the sale was for at first.
        original_sale_amount: money = "originalSaleAmount";
        /// What is not paid yet.
        partial_pending_amount: money = "partialPendingAmount";
        /// For which day it is (pre-dated payments).
        pre_dated_date: text = "preDatedDate";
        /// In how many days it is (pre-dated payments).
        pre_dated_term: int = "preDatedTerm";
        /// Internet payments.
        e_comm_transaction_info: opaque = "eCommTransactionInfo";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
        /// The manual refund.
        credit_ref: object(Reference, ReferenceDraft) = "creditRef";
        /// The refund.
        refund_ref: object(Reference, ReferenceDraft) = "refundRef";
        /// The refund of a manual refund.
        credit_refund_ref: object(Reference, ReferenceDraft) = "creditRefundRef";
    }

    /// How an amount was converted to the card's currency (`protocol/model.md` §4 DCCInfo).
    DccInfo, DccInfoDraft {
        /// The number of the enquiry for the rate.
        inquiry_rate_id: int = "inquiryRateId";
        /// Whether the cardholder chose the conversion.
        dcc_applied: flag = "dccApplied";
        /// The card's currency.
        foreign_currency_code: text = "foreignCurrencyCode";
        /// The amount in the card's currency, in its minor units.
        foreign_amount: int = "foreignAmount";
        /// The rate.
        exchange_rate: number = "exchangeRate";
        /// What is added to the market's rate, in percent.
        margin_rate_percentage: text = "marginRatePercentage";
        /// Who gives the rate.
        exchange_rate_source_name: text = "exchangeRateSourceName";
        /// From when the rate is.
        exchange_rate_source_time_stamp: text = "exchangeRateSourceTimeStamp";
        /// Whether it could be converted.
        dcc_eligible: flag = "dccEligible";
        /// The rate's id.
        exchange_rate_id: text = "exchangeRateId";
        /// The id of the question for the rate.
        rate_request_id: text = "rateRequestId";
        /// The amount before.
        base_amount: money = "baseAmount";
        /// The currency before.
        base_currency_code: text = "baseCurrencyCode";
        /// Until when the rate holds.
        valid_until: time = "validUntil";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
        /// The manual refund.
        credit_ref: object(Reference, ReferenceDraft) = "creditRef";
    }

    /// What the German market needs (`protocol/model.md` §4). Texts of the terminal's kernel for host and
    /// receipt, passed on as they came.
    GermanInfo, GermanInfoDraft {
        /// Track 2.
        card_track2: secret = "cardTrack2";
        /// Which of the cards with this number.
        card_sequence_number: text = "cardSequenceNumber";
        /// The case, in the kernel's terms.
        transaction_case_germany: text = "transactionCaseGermany";
        /// The type, in the kernel's terms.
        transaction_type_germany: text = "transactionTypeGermany";
        /// The terminal's id.
        terminal_id: text = "terminalID";
        /// The trace number.
        trace_number: text = "traceNumber";
        /// The trace number of the transaction that this one belongs to.
        old_trace_number: text = "oldTraceNumber";
        /// The receipt's number.
        receipt_number: text = "receiptNumber";
        /// The card application's id (AID).
        transaction_aid: text = "transactionAID";
        /// The magnetic stripe's application.
        transaction_ms_app: text = "transactionMSApp";
        /// What the issuer's scripts gave.
        transaction_script_results: text = "transactionScriptResults";
        /// Which kind of receipt.
        receipt_type: text = "receiptType";
        /// Data objects for the customer's receipt.
        customer_transaction_dol_values: text = "customerTransactionDOLValues";
        /// Data objects for the merchant's receipt.
        merchant_transaction_dol_values: text = "merchantTransactionDOLValues";
        /// Which data objects go to the merchant's journal.
        merchant_journal_dol: text = "merchantJournalDOL";
        /// Data objects for the merchant's journal.
        merchant_journal_dol_values: text = "merchantJournalDOLValues";
        /// The merchant's id in the configuration.
        config_merchant_id: text = "configMerchantId";
        /// The product's name in the configuration.
        config_product_label: text = "configProductLabel";
        /// Field 53 of the host's answer.
        host_response_aid_par_bmp53: text = "hostResponseAidParBMP53";
        /// Field 60 of the host's answer: text to print.
        host_response_print_data_bm60: text = "hostResponsePrintDataBM60";
        /// SEPA direct debit: the form of the receipt.
        sepa_elv_receipt_format: text = "sepaElvReceiptFormat";
        /// SEPA direct debit: the application's name.
        sepa_elv_ext_app_label: text = "sepaElvExtAppLabel";
        /// SEPA direct debit: the notice before the debit.
        sepa_elv_pre_notification: text = "sepaElvPreNotification";
        /// SEPA direct debit: the mandate's text.
        sepa_elv_mandate: text = "sepaElvMandate";
        /// SEPA direct debit: the creditor's id.
        sepa_elv_creditor_id: text = "sepaElvCreditorId";
        /// SEPA direct debit: the mandate's id.
        sepa_elv_mandate_id: text = "sepaElvMandateId";
        /// SEPA direct debit: the account's number.
        sepa_elv_iban: secret = "sepaElvIban";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
        /// The manual refund.
        credit_ref: object(Reference, ReferenceDraft) = "creditRef";
        /// The refund.
        refund_ref: object(Reference, ReferenceDraft) = "refundRef";
        /// The refund of a manual refund.
        credit_refund_ref: object(Reference, ReferenceDraft) = "creditRefundRef";
    }

    /// Who gets a cash advance (`protocol/model.md` §4).
    CashAdvanceCustomerIdentification, CashAdvanceCustomerIdentificationDraft {
        /// Which document was shown.
        id_type: name(IdType) = "idType";
        /// The document's number.
        serial_number: text = "serialNumber";
        /// The document's number, masked.
        masked_serial_number: text = "maskedSerialNumber";
        /// The document's number, encrypted.
        encrypted_serial_number: secret = "encryptedSerialNumber";
        /// Until when the document is valid.
        expiration_date: secret = "expirationDate";
        /// The state that issued it.
        issuing_state: text = "issuingState";
        /// The country that issued it.
        issuing_country: text = "issuingCountry";
        /// The person's name.
        customer_name: text = "customerName";
        /// The person's street.
        address_street1: text = "addressStreet1";
        /// The person's street, continued.
        address_street2: text = "addressStreet2";
        /// The person's city.
        address_city: text = "addressCity";
        /// The person's state.
        address_state: text = "addressState";
        /// The person's postal code.
        address_zip_code: text = "addressZipCode";
        /// The person's country.
        address_country: text = "addressCountry";
        /// Who pays it out.
        teller_id: int = "tellerID";
    }

    /// What a customer agrees to with the signature (`protocol/model.md` §4).
    SignatureDisclaimer, SignatureDisclaimerDraft {
        /// The text, with places to fill in.
        disclaimer_text: text = "disclaimerText";
        /// What to fill in.
        disclaimer_values: map = "disclaimerValues";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
    }
}
