//! What was given back: refunds of payments, and credits without one.

use super::{
    AdditionalChargeAmount, AdditionalChargeAmountDraft, AppTracking, CardTransaction,
    CardTransactionDraft, Customer, DccInfo, GermanInfo, Reference, ReferenceDraft,
    ServiceChargeAmount, TaxableAmountRate, TaxableAmountRateDraft, Tender, TenderDraft,
    TransactionInfo, TransactionSettings,
};
use crate::wire::names::{PaymentResult, RefundStatus};
use crate::wire::object::objects;

objects! {
    /// A manual refund (`protocol/model.md` §4).
    Credit, CreditDraft {
        /// The terminal's id.
        id: text = "id";
        /// The order.
        order: object(Reference, ReferenceDraft) = "orderRef";
        /// The terminal.
        device: object(Reference, ReferenceDraft) = "device";
        /// What it was paid out with.
        tender: object(Tender, TenderDraft) = "tender";
        /// Who was logged in.
        employee: object(Reference, ReferenceDraft) = "employee";
        /// The customer; one, in spite of the name.
        customers: object(Customer) = "customers";
        /// What was given back, positive.
        amount: money = "amount";
        /// The tax, part of the amount.
        tax_amount: money = "taxAmount";
        /// The taxes in it.
        tax_rates: elements(TaxableAmountRate, TaxableAmountRateDraft) = "taxRates";
        /// When the server made it.
        created_time: time = "createdTime";
        /// When the terminal made it.
        client_created_time: time = "clientCreatedTime";
        /// What was done with the card.
        card_transaction: object(CardTransaction, CardTransactionDraft) = "cardTransaction";
        /// Whether it was voided.
        voided: flag = "voided";
        /// Why it was voided.
        void_reason: text = "voidReason";
        /// How it was converted to the card's currency.
        dcc_info: object(DccInfo) = "dccInfo";
        /// The settings it was made with.
        transaction_settings: object(TransactionSettings) = "transactionSettings";
        /// What was taken back of it.
        credit_refunds: opaques = "creditRefunds";
        /// What the German market needs.
        german_info: object(GermanInfo) = "germanInfo";
        /// Which software asked for it.
        app_tracking: object(AppTracking) = "appTracking";
        /// What became of it.
        result: name(PaymentResult) = "result";
        /// Why it was made.
        reason: text = "reason";
        /// What regions and certifications need.
        transaction_info: object(TransactionInfo) = "transactionInfo";
        /// The merchant.
        merchant: object(Reference, ReferenceDraft) = "merchant";
        /// The point of sale's second id.
        external_reference_id: text = "externalReferenceId";
        /// Texts kept with it.
        credit_attributes: map = "creditAttributes";
        /// The batch that it was closed in.
        closeout_batch_info: opaque = "closeoutBatchInfo";
    }

    /// A refund of a payment (`protocol/model.md` §4).
    Refund, RefundDraft {
        /// The terminal's id.
        id: text = "id";
        /// The order; may be missing.
        order: object(Reference, ReferenceDraft) = "orderRef";
        /// The terminal.
        device: object(Reference, ReferenceDraft) = "device";
        /// What was given back, tax and tip included.
        amount: money = "amount";
        /// The tax, part of the amount.
        tax_amount: money = "taxAmount";
        /// The tip, part of the amount.
        tip_amount: money = "tipAmount";
        /// When the server made it.
        created_time: time = "createdTime";
        /// When the terminal made it.
        client_created_time: time = "clientCreatedTime";
        /// When it was deleted.
        deleted_time: time = "deletedTime";
        /// When the gateway worked on it.
        gateway_processing_time: time = "gatewayProcessingTime";
        /// The payment that it refunds.
        payment: object(Reference, ReferenceDraft) = "payment";
        /// Who was logged in.
        employee: object(Reference, ReferenceDraft) = "employee";
        /// The items that were given back.
        line_items: elements(Reference, ReferenceDraft) = "lineItems";
        /// What it was paid out with, if not as it was paid.
        override_merchant_tender: object(Tender, TenderDraft) = "overrideMerchantTender";
        /// The taxes in it.
        taxable_amount_rates: elements(TaxableAmountRate, TaxableAmountRateDraft) = "taxableAmountRates";
        /// The service charge in it.
        service_charge_amount: object(ServiceChargeAmount) = "serviceChargeAmount";
        /// Surcharges and fees.
        additional_charges: elements(AdditionalChargeAmount, AdditionalChargeAmountDraft) = "additionalCharges";
        /// Texts kept with it.
        attributes: map = "attributes";
        /// What the German market needs.
        german_info: object(GermanInfo) = "germanInfo";
        /// Which software asked for it.
        app_tracking: object(AppTracking) = "appTracking";
        /// Whether it was voided.
        voided: flag = "voided";
        /// Why it was voided.
        void_reason: text = "voidReason";
        /// What was done with the card.
        card_transaction: object(CardTransaction, CardTransactionDraft) = "cardTransaction";
        /// What regions and certifications need.
        transaction_info: object(TransactionInfo) = "transactionInfo";
        /// The merchant.
        merchant: object(Reference, ReferenceDraft) = "merchant";
        /// The point of sale's second id.
        external_reference_id: text = "externalReferenceId";
        /// The issuer's authorisation code.
        auth_code: secret = "authCode";
        /// How it stands.
        status: name(RefundStatus) = "status";
        /// What a gateway needs.
        ocean_gateway_info: opaque = "oceanGatewayInfo";
        /// Why it was made.
        reason: text = "reason";
        /// The batch that it was closed in.
        closeout_batch_info: opaque = "closeoutBatchInfo";
    }
}
