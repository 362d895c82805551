//! Payments.

use super::{
    AppTracking, CardTransaction, CardTransactionDraft, DccInfo, GermanInfo, Refund, RefundDraft,
    ServiceChargeAmount, SignatureDisclaimer, TransactionInfo, TransactionSettings,
};
use crate::wire::DraftOf;
use crate::wire::names::{
    AdditionalChargeType, AuthorizationType, CardType, PaymentResult, VoidReason,
};
use crate::wire::object::objects;

objects! {
    /// A payment (`protocol/model.md` §4).
    Payment, PaymentDraft {
        /// The terminal's id, 13 characters.
        id: text = "id";
        /// The order that it pays.
        order: object(Reference, ReferenceDraft) = "order";
        /// The terminal; a UUID.
        device: object(Reference, ReferenceDraft) = "device";
        /// Cash, card, …
        tender: object(Tender, TenderDraft) = "tender";
        /// What was charged, without the tip.
        amount: money = "amount";
        /// The tip.
        tip_amount: money = "tipAmount";
        /// The tax, part of the amount.
        tax_amount: money = "taxAmount";
        /// Cash given out.
        cashback_amount: money = "cashbackAmount";
        /// Cash taken in.
        cash_tendered: money = "cashTendered";
        /// The point of sale's id of this attempt, at most 32 characters.
        external_payment_id: text = "externalPaymentId";
        /// The point of sale's second id, e.g. the invoice number.
        external_reference_id: text = "externalReferenceId";
        /// Who was logged in.
        employee: object(Reference, ReferenceDraft) = "employee";
        /// When the server made it.
        created_time: time = "createdTime";
        /// When the terminal made it.
        client_created_time: time = "clientCreatedTime";
        /// When the gateway worked on it.
        gateway_processing_time: time = "gatewayProcessingTime";
        /// When it was changed last.
        modified_time: time = "modifiedTime";
        /// Whether it was taken offline and is not authorised yet.
        offline: flag = "offline";
        /// What became of it: a payment is judged by this.
        result: name(PaymentResult) = "result";
        /// Why it was voided.
        void_reason: name(VoidReason) = "voidReason";
        /// Why it was voided, in detail.
        void_reason_details: opaque = "voidReasonDetails";
        /// What was done with the card.
        card_transaction: object(CardTransaction, CardTransactionDraft) = "cardTransaction";
        /// A service charge.
        service_charge: object(ServiceChargeAmount) = "serviceCharge";
        /// Texts kept with it.
        attributes: map = "attributes";
        /// Surcharges and fees.
        additional_charges: elements(AdditionalChargeAmount, AdditionalChargeAmountDraft) = "additionalCharges";
        /// The taxes in it.
        tax_rates: elements(PaymentTaxRate, PaymentTaxRateDraft) = "taxRates";
        /// What was given back of it.
        refunds: elements(Refund, RefundDraft) = "refunds";
        /// A note, at most 255 characters.
        note: text = "note";
        /// Which items of the order it pays.
        line_item_payments: elements(LineItemPayment, LineItemPaymentDraft) = "lineItemPayments";
        /// The authorisation that it captured.
        authorization: object(Reference, ReferenceDraft) = "authorization";
        /// The payment that voids it.
        void_payment_ref: object(Reference, ReferenceDraft) = "voidPaymentRef";
        /// How it was converted to the card's currency.
        dcc_info: object(DccInfo) = "dccInfo";
        /// The settings it was made with.
        transaction_settings: object(TransactionSettings) = "transactionSettings";
        /// What the German market needs.
        german_info: object(GermanInfo) = "germanInfo";
        /// Which software asked for it.
        app_tracking: object(AppTracking) = "appTracking";
        /// Cash advances.
        cash_advance_extra: opaque = "cashAdvanceExtra";
        /// What regions and certifications need.
        transaction_info: object(TransactionInfo) = "transactionInfo";
        /// What the customer agreed to with the signature.
        signature_disclaimer: object(SignatureDisclaimer) = "signatureDisclaimer";
        /// The merchant.
        merchant: object(Reference, ReferenceDraft) = "merchant";
        /// How a pre-authorisation was raised.
        increments: elements(IncrementalAuthorization, IncrementalAuthorizationDraft) = "increments";
        /// Purchase card data, level 2.
        purchase_card_l2: opaque = "purchaseCardL2";
        /// Purchase card data, level 3.
        purchase_card_l3: opaque = "purchaseCardL3";
        /// What a gateway needs.
        ocean_gateway_info: opaque = "oceanGatewayInfo";
        /// What a gateway needs.
        klarna_gateway_info: opaque = "klarnaGatewayInfo";
        /// Parts of the terminal's software.
        terminal_management_components: opaques = "terminalManagementComponents";
        /// Equal monthly instalments.
        emi_info: opaque = "emiInfo";
        /// An instalment plan.
        installment_plan: opaque = "installmentPlan";
        /// The batch that it was closed in.
        closeout_batch_info: opaque = "closeoutBatchInfo";
        /// Counters of the terminal.
        feature_metrics: opaque = "featureMetrics";
        /// Whether it is captured.
        capture: flag = "capture";
        /// Texts kept with it, one SDK's form.
        custom_attributes: opaque = "CustomAttributes";
    }

    /// The id of another object (`protocol/model.md` §4).
    Reference, ReferenceDraft {
        /// The id.
        id: text = "id";
    }

    /// A payment in a message that says no more than which one it is about. It is read as a [`Payment`].
    PaymentReference, PaymentReferenceDraft {
        /// The terminal's id.
        id: text = "id";
        /// The order that it pays.
        order: object(Reference, ReferenceDraft) = "order";
        /// Who is logged in.
        employee: object(Reference, ReferenceDraft) = "employee";
    }

    /// What was paid with (`protocol/model.md` §4).
    Tender, TenderDraft {
        /// The id.
        id: text = "id";
        /// Whether the merchant may change it.
        editable: flag = "editable";
        /// The key of its name, e.g. `com.clover.tender.credit_card`.
        label_key: text = "labelKey";
        /// Its name.
        label: text = "label";
        /// Whether the drawer opens for it.
        opens_cash_drawer: flag = "opensCashDrawer";
        /// Whether tips can be given with it.
        supports_tipping: flag = "supportsTipping";
        /// Whether it can be used.
        enabled: flag = "enabled";
        /// Whether it is shown.
        visible: flag = "visible";
        /// What to do when it is used.
        instructions: text = "instructions";
        /// Whether the discount for cash applies.
        supports_cash_discount: flag = "supportsCashDiscount";
    }

    /// A pre-authorisation (`protocol/model.md` §4).
    Authorization, AuthorizationDraft {
        /// Its id.
        id: text = "id";
        /// The payment that it was made with.
        payment: object(Payment) = "payment";
        /// The name of the tab.
        tab_name: text = "tabName";
        /// How much is authorised.
        amount: money = "amount";
        /// The brand.
        card_type: name(CardType) = "cardType";
        /// The last four digits.
        last4: text = "last4";
        /// The issuer's authorisation code.
        authcode: secret = "authcode";
        /// A token for the card.
        token: secret = "token";
        /// What it is for.
        kind: name(AuthorizationType) = "type";
        /// A note.
        note: text = "note";
        /// The point of sale's second id.
        external_reference_id: text = "externalReferenceId";
        /// The payment that captured it.
        closing_payment: object(Payment) = "closingPayment";
        /// When it was made.
        created_time: time = "createdTime";
        /// When it was deleted.
        deleted_time: time = "deletedTime";
        /// Surcharges and fees.
        additional_charges: elements(AdditionalChargeAmount, AdditionalChargeAmountDraft) = "additionalCharges";
        /// The terminal's counter of transactions.
        transaction_sequence_counter: text = "transactionSequenceCounter";
        /// The acquirer's id of the terminal (TID).
        acquirer_terminal_id: text = "acquirerTerminalId";
        /// Whether it is taken back.
        reverse: flag = "reverse";
        /// An id to settle it by.
        reconciliation_id: text = "reconciliationId";
    }

    /// One raise of a pre-authorisation (`protocol/model.md` §4).
    IncrementalAuthorization, IncrementalAuthorizationDraft {
        /// Its id.
        id: text = "id";
        /// How much is authorised now.
        amount: money = "amount";
        /// What was done with the card.
        card_transaction: object(CardTransaction, CardTransactionDraft) = "cardTransaction";
        /// What became of it.
        result: name(PaymentResult) = "result";
        /// When it was made.
        created_time: time = "createdTime";
        /// Who was logged in.
        employee: object(Reference, ReferenceDraft) = "employee";
        /// By how much it was raised.
        increment_amount: money = "incrementAmount";
        /// Surcharges and fees.
        additional_charges: elements(AdditionalChargeAmount, AdditionalChargeAmountDraft) = "additionalCharges";
        /// The server's number of the merchant.
        merchant_id: int = "merchantId";
        /// The server's number of the payment.
        payment_id: int = "paymentId";
        /// The gateway's number of the transaction.
        gateway_tx_id: int = "gatewayTxId";
    }

    /// Which part of an item a payment pays (`protocol/model.md` §4).
    LineItemPayment, LineItemPaymentDraft {
        /// Its id.
        id: text = "id";
        /// Which part, in percent.
        percentage: int = "percentage";
        /// The name of the item's group.
        bin_name: text = "binName";
        /// Whether it was given back.
        refunded: flag = "refunded";
        /// The item.
        line_item_ref: object(Reference, ReferenceDraft) = "lineItemRef";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
    }

    /// A tax in a payment (`protocol/model.md` §4).
    PaymentTaxRate, PaymentTaxRateDraft {
        /// The tax's id.
        id: text = "id";
        /// The tax's name.
        name: text = "name";
        /// The rate, scaled as in [`TaxableAmountRate::rate`](super::TaxableAmountRate::rate).
        rate: int = "rate";
        /// Whether it is the usual one.
        is_default: flag = "isDefault";
        /// What is taxed.
        taxable_amount: money = "taxableAmount";
        /// Whether it is contained in the prices.
        is_vat: flag = "isVat";
        /// The tax.
        tax_amount: money = "taxAmount";
        /// The payment.
        payment_ref: object(Reference, ReferenceDraft) = "paymentRef";
    }

    /// A surcharge or fee (`protocol/model.md` §4).
    AdditionalChargeAmount, AdditionalChargeAmountDraft {
        /// Its id.
        id: text = "id";
        /// How much.
        amount: money = "amount";
        /// Its rate.
        rate: int = "rate";
        /// Whether it is taxed.
        pretax: flag = "pretax";
        /// What it is for.
        kind: name(AdditionalChargeType) = "type";
    }
}

impl DraftOf<Payment<'_>> for PaymentReferenceDraft<'_> {}
