//! Orders, as the merchant's books have them.

use super::{
    Authorization, AuthorizationDraft, Credit, CreditDraft, Customer, CustomerDraft,
    LineItemPayment, LineItemPaymentDraft, Payment, PaymentDraft, Reference, ReferenceDraft,
    Refund, RefundDraft,
};
use crate::wire::names::{DiscType, PayType, PaymentState};
use crate::wire::object::objects;

objects! {
    /// An order (`protocol/model.md` §4). Point of sale systems send none; a terminal sends one for
    /// receipts.
    Order, OrderDraft {
        /// Its id.
        id: text = "id";
        /// ISO 4217.
        currency: text = "currency";
        /// Who buys.
        customers: elements(Customer, CustomerDraft) = "customers";
        /// Delivery and pick-up.
        fulfillment_info: opaque = "fulfillmentInfo";
        /// Who made it.
        employee: object(Reference, ReferenceDraft) = "employee";
        /// What it amounts to.
        total: money = "total";
        /// The point of sale's id.
        external_reference_id: text = "externalReferenceId";
        /// The invoice's id.
        invoice_id: text = "invoiceId";
        /// What is not paid yet.
        unpaid_balance: money = "unpaidBalance";
        /// Whether it is paid.
        payment_state: name(PaymentState) = "paymentState";
        /// Its title.
        title: text = "title";
        /// A note.
        note: text = "note";
        /// Its type, e.g. take-away.
        order_type: opaque = "orderType";
        /// Whether no tax is due.
        tax_removed: flag = "taxRemoved";
        /// Whether the tax is contained in the prices.
        is_vat: flag = "isVat";
        /// Whether it is open or locked.
        state: text = "state";
        /// Whether an amount was typed and not items.
        manual_transaction: flag = "manualTransaction";
        /// Whether equal items stand together.
        group_line_items: flag = "groupLineItems";
        /// Whether it is a test.
        test_mode: flag = "testMode";
        /// How it is split.
        pay_type: name(PayType) = "payType";
        /// When the server made it.
        created_time: time = "createdTime";
        /// When the terminal made it.
        client_created_time: time = "clientCreatedTime";
        /// When it was changed last.
        modified_time: time = "modifiedTime";
        /// When it was deleted.
        deleted_timestamp: time = "deletedTimestamp";
        /// A service charge.
        service_charge: opaque = "serviceCharge";
        /// Surcharges and fees.
        additional_charges: opaques = "additionalCharges";
        /// Discounts on all of it.
        discounts: elements(Discount, DiscountDraft) = "discounts";
        /// Its items.
        line_items: elements(LineItem, LineItemDraft) = "lineItems";
        /// What was paid.
        payments: elements(Payment, PaymentDraft) = "payments";
        /// What was given back.
        refunds: elements(Refund, RefundDraft) = "refunds";
        /// What was given back without a payment.
        credits: elements(Credit, CreditDraft) = "credits";
        /// What was paid and voided.
        voids: elements(Payment, PaymentDraft) = "voids";
        /// What is pre-authorised.
        pre_auths: elements(Payment, PaymentDraft) = "preAuths";
        /// The terminal.
        device: object(Reference, ReferenceDraft) = "device";
        /// Its pre-authorisations.
        authorizations: elements(Authorization, AuthorizationDraft) = "authorizations";
        /// The merchant.
        merchant: object(Reference, ReferenceDraft) = "merchant";
        /// Where it was ordered.
        online_order: opaque = "onlineOrder";
        /// What is printed where.
        print_groups: opaques = "printGroups";
        /// How far making it is.
        order_fulfillment_event: opaque = "orderFulfillmentEvent";
        /// The server's number of the customer.
        customer_id: int = "customerId";
        /// The customer's id.
        customer_uuid: text = "customerUuid";
        /// The server's number of the type.
        order_type_id: int = "orderTypeId";
        /// The taxes in it.
        tax_rates: opaques = "taxRates";
    }

    /// One item of an order (`protocol/model.md` §4).
    LineItem, LineItemDraft {
        /// Its id.
        id: text = "id";
        /// The article in the inventory.
        item: object(Reference, ReferenceDraft) = "item";
        /// Its colour on the screen.
        color_code: text = "colorCode";
        /// Its name.
        name: text = "name";
        /// Its name in another language.
        alternate_name: text = "alternateName";
        /// The price of one.
        price: money = "price";
        /// The price with what was added to it.
        price_with_modifiers: money = "priceWithModifiers";
        /// The price with what was added, less all discounts.
        price_with_modifiers_and_item_and_order_discounts: money = "priceWithModifiersAndItemAndOrderDiscounts";
        /// How much, in thousandths of the unit: 2500 is 2.5.
        unit_qty: int = "unitQty";
        /// The unit.
        unit_name: text = "unitName";
        /// The article's code.
        item_code: text = "itemCode";
        /// A note.
        note: text = "note";
        /// Whether it was sent to the kitchen.
        printed: flag = "printed";
        /// The item that it was exchanged for.
        exchanged_line_item: object(Reference, ReferenceDraft) = "exchangedLineItem";
        /// The name of its group.
        bin_name: text = "binName";
        /// Whatever an application keeps with it.
        user_data: text = "userData";
        /// When it was added.
        created_time: time = "createdTime";
        /// When the terminal made the order.
        order_client_created_time: time = "orderClientCreatedTime";
        /// Discounts on it.
        discounts: elements(Discount, DiscountDraft) = "discounts";
        /// Its part of the discounts on the order.
        order_level_discounts: elements(Discount, DiscountDraft) = "orderLevelDiscounts";
        /// What the discounts on it amount to.
        discount_amount: money = "discountAmount";
        /// What its part of the order's discounts amounts to.
        order_level_discount_amount: money = "orderLevelDiscountAmount";
        /// Whether it was exchanged.
        exchanged: flag = "exchanged";
        /// What was added to it.
        modifications: elements(Modification, ModificationDraft) = "modifications";
        /// Its tags.
        tags: opaques = "tags";
        /// Whether it was given back.
        refunded: flag = "refunded";
        /// The refund that gave it back.
        refund: object(Refund) = "refund";
        /// Whether it counts as revenue.
        is_revenue: flag = "isRevenue";
        /// The taxes on it.
        tax_rates: opaques = "taxRates";
        /// Which part of it is paid.
        payments: elements(LineItemPayment, LineItemPaymentDraft) = "payments";
        /// What it adds to the revenue.
        revenue_amount: money = "revenueAmount";
        /// How much was sold.
        quantity_sold: number = "quantitySold";
        /// Where it is printed.
        print_group: object(Reference, ReferenceDraft) = "printGroup";
        /// Whether it is not shown.
        hidden: flag = "hidden";
        /// A share, in percent.
        percentage: int = "percentage";
        /// The fee that it stands for.
        order_fee: object(Reference, ReferenceDraft) = "orderFee";
        /// Whether it is a fee.
        is_order_fee: flag = "isOrderFee";
        /// Whether it is a fee of the platform.
        is_platform_order_fee: flag = "isPlatformOrderFee";
        /// Which kind of fee.
        order_fee_type: text = "orderFeeType";
        /// How many decimals the quantity has.
        unit_qty_decimal_digits: int = "unitQtyDecimalDigits";
        /// Whether the buyer's age has to be checked.
        is_age_restricted: flag = "isAgeRestricted";
        /// Why the age counts.
        age_restricted_type: text = "ageRestrictedType";
        /// How old the buyer has to be, in years.
        minimum_age: int = "minimumAge";
        /// Whether the discount for cash does not apply.
        exclude_cash_discount: flag = "excludeCashDiscount";
        /// More about it.
        line_item_info: opaque = "lineItemInfo";
        /// Why it is in its state.
        line_item_status_reason: text = "lineItemStatusReason";
        /// The order.
        order_ref: object(Reference, ReferenceDraft) = "orderRef";
    }

    /// Something that was added to an item (`protocol/model.md` §4).
    Modification, ModificationDraft {
        /// Its id.
        id: text = "id";
        /// Its name.
        name: text = "name";
        /// Its name in another language.
        alternate_name: text = "alternateName";
        /// What it costs.
        amount: money = "amount";
        /// The modifier in the inventory.
        modifier: opaque = "modifier";
        /// How many.
        quantity_sold: int = "quantitySold";
        /// The item.
        line_item_ref: object(Reference, ReferenceDraft) = "lineItemRef";
    }

    /// A discount: an amount or a percentage (`protocol/model.md` §4).
    Discount, DiscountDraft {
        /// Its id.
        id: text = "id";
        /// The discount in the inventory.
        discount: object(Reference, ReferenceDraft) = "discount";
        /// Who approved it.
        approver: object(Reference, ReferenceDraft) = "approver";
        /// Its name.
        name: text = "name";
        /// How much.
        amount: money = "amount";
        /// Whole percent.
        percentage: int = "percentage";
        /// Percent times 10 000.
        percentage_decimal: int = "percentageDecimal";
        /// What it is for.
        disc_type: name(DiscType) = "discType";
    }
}
