//! Orders, as a terminal shows them.

use crate::wire::object::objects;

objects! {
    /// A basket to show (`protocol/model.md` §4). Amounts are texts, formatted by the point of sale.
    DisplayOrder, DisplayOrderDraft {
        /// The point of sale's id; the same for every update.
        id: text = "id";
        /// ISO 4217.
        currency: text = "currency";
        /// Who serves.
        employee: text = "employee";
        /// The sum before tax, as text.
        subtotal: text = "subtotal";
        /// The tax, as text.
        tax: text = "tax";
        /// The sum, as text.
        total: text = "total";
        /// A title.
        title: text = "title";
        /// A note.
        note: text = "note";
        /// Whether the tax is contained in the prices.
        is_vat: flag = "isVat";
        /// The service charge's name.
        service_charge_name: text = "serviceChargeName";
        /// The service charge, as text.
        service_charge_amount: text = "serviceChargeAmount";
        /// Discounts on all of it.
        discounts: elements(DisplayDiscount, DisplayDiscountDraft) = "discounts";
        /// Its items.
        line_items: elements(DisplayLineItem, DisplayLineItemDraft) = "lineItems";
        /// Fees.
        order_fee_items: opaques = "orderFeeItems";
        /// What is not paid yet, as text.
        amount_remaining: text = "amountRemaining";
        /// What is paid.
        payments: elements(DisplayPayment, DisplayPaymentDraft) = "payments";
        /// The sum with the discount for cash, as text.
        cash_discount_total: text = "cashDiscountTotal";
        /// The discount for cash, as text.
        cash_discount_percentage: text = "cashDiscountPercentage";
    }

    /// One item of a basket (`protocol/model.md` §4).
    DisplayLineItem, DisplayLineItemDraft {
        /// The point of sale's id.
        id: text = "id";
        /// The basket.
        order_id: text = "orderId";
        /// Its name.
        name: text = "name";
        /// Its name in another language.
        alternate_name: text = "alternateName";
        /// What it costs, as text.
        price: text = "price";
        /// What one costs, as text.
        unit_price: text = "unitPrice";
        /// How many, as text.
        quantity: text = "quantity";
        /// How many of what, as text: `10 @ $1.99/oz`.
        unit_quantity: text = "unitQuantity";
        /// A note.
        note: text = "note";
        /// Whether it was sent to the kitchen.
        printed: flag = "printed";
        /// The name of its group.
        bin_name: text = "binName";
        /// Whatever an application keeps with it.
        user_data: text = "userData";
        /// Discounts on it.
        discounts: elements(DisplayDiscount, DisplayDiscountDraft) = "discounts";
        /// What the discounts amount to, as text.
        discount_amount: text = "discountAmount";
        /// Whether it was exchanged.
        exchanged: flag = "exchanged";
        /// What was exchanged, as text.
        exchanged_amount: text = "exchangedAmount";
        /// What was added to it.
        modifications: elements(DisplayModification, DisplayModificationDraft) = "modifications";
        /// Whether it was given back.
        refunded: flag = "refunded";
        /// What was given back, as text.
        refunded_amount: text = "refundedAmount";
        /// A share, as text.
        percent: text = "percent";
    }

    /// A discount to show (`protocol/model.md` §4).
    DisplayDiscount, DisplayDiscountDraft {
        /// The point of sale's id.
        id: text = "id";
        /// The item.
        line_item_id: text = "lineItemId";
        /// Its name.
        name: text = "name";
        /// How much, as text.
        amount: text = "amount";
        /// How much in percent, as text.
        percentage: text = "percentage";
    }

    /// Something that was added to an item, to show (`protocol/model.md` §4).
    DisplayModification, DisplayModificationDraft {
        /// The point of sale's id.
        id: text = "id";
        /// Its name.
        name: text = "name";
        /// What it costs, as text.
        amount: text = "amount";
    }

    /// A payment to show (`protocol/model.md` §4).
    DisplayPayment, DisplayPaymentDraft {
        /// Its id.
        id: text = "id";
        /// The tender's name.
        label: text = "label";
        /// How much, as text.
        amount: text = "amount";
        /// The tip, as text.
        tip_amount: text = "tipAmount";
        /// The tax. One SDK writes a formatted text, which is not read here.
        tax_amount: money = "taxAmount";
    }

    /// Items were added to the basket (`protocol/model.md` §4).
    LineItemsAddedOperation, LineItemsAddedOperationDraft {
        /// The items.
        ids: element_texts = "ids";
        /// The basket.
        order_id: text = "orderId";
    }

    /// Items were taken out of the basket (`protocol/model.md` §4).
    LineItemsDeletedOperation, LineItemsDeletedOperationDraft {
        /// The items.
        ids: element_texts = "ids";
        /// The basket.
        order_id: text = "orderId";
    }

    /// Discounts were given (`protocol/model.md` §4).
    DiscountsAddedOperation, DiscountsAddedOperationDraft {
        /// The discounts.
        ids: element_texts = "ids";
        /// The basket.
        order_id: text = "orderId";
    }

    /// Discounts were taken back (`protocol/model.md` §4).
    DiscountsDeletedOperation, DiscountsDeletedOperationDraft {
        /// The discounts.
        ids: element_texts = "ids";
        /// The basket.
        order_id: text = "orderId";
    }

    /// The basket is gone (`protocol/model.md` §4).
    OrderDeletedOperation, OrderDeletedOperationDraft {
        /// The basket.
        id: text = "id";
    }
}
