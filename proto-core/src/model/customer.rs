//! Customers.

use super::{Card, CardDraft, Reference, ReferenceDraft};
use crate::wire::names::LoyaltyDataType;
use crate::wire::object::objects;

objects! {
    /// Who the customer is (`protocol/model.md` §4).
    CustomerInfo, CustomerInfoDraft {
        /// The customer in the merchant's books.
        customer: object(Customer) = "customer";
        /// What to show.
        display_string: text = "displayString";
        /// The customer's id in another system.
        external_id: text = "externalId";
        /// That system's name.
        external_system_name: text = "externalSystemName";
        /// Texts that are passed through.
        extras: map = "extras";
    }

    /// A customer in the merchant's books (`protocol/model.md` §4).
    Customer, CustomerDraft {
        /// The id.
        id: text = "id";
        /// The merchant.
        merchant: object(Reference, ReferenceDraft) = "merchant";
        /// The first name.
        first_name: text = "firstName";
        /// The last name.
        last_name: text = "lastName";
        /// Whether advertising may be sent.
        marketing_allowed: flag = "marketingAllowed";
        /// Since when.
        customer_since: time = "customerSince";
        /// Orders.
        orders: elements(Reference, ReferenceDraft) = "orders";
        /// Addresses.
        addresses: elements(Address, AddressDraft) = "addresses";
        /// Electronic mail addresses.
        email_addresses: elements(EmailAddress, EmailAddressDraft) = "emailAddresses";
        /// Telephone numbers.
        phone_numbers: elements(PhoneNumber, PhoneNumberDraft) = "phoneNumbers";
        /// Cards.
        cards: elements(Card, CardDraft) = "cards";
        /// What else is kept.
        metadata: opaque = "metadata";
        /// The order.
        order_ref: object(Reference, ReferenceDraft) = "orderRef";
    }

    /// A telephone number (`protocol/model.md` §4).
    PhoneNumber, PhoneNumberDraft {
        /// Its id.
        id: text = "id";
        /// The number.
        phone_number: text = "phoneNumber";
        /// The customer.
        customer: object(Reference, ReferenceDraft) = "customer";
    }

    /// An electronic mail address (`protocol/model.md` §4).
    EmailAddress, EmailAddressDraft {
        /// Its id.
        id: text = "id";
        /// The address.
        email_address: text = "emailAddress";
        /// When it was checked.
        verified_time: time = "verifiedTime";
        /// Whether it is the main one.
        primary_email: flag = "primaryEmail";
        /// The customer.
        customer: object(Reference, ReferenceDraft) = "customer";
    }

    /// A postal address (`protocol/model.md` §4).
    Address, AddressDraft {
        /// Its id.
        id: text = "id";
        /// The first line.
        address1: text = "address1";
        /// The second line.
        address2: text = "address2";
        /// The third line.
        address3: text = "address3";
        /// The city.
        city: text = "city";
        /// The country.
        country: text = "country";
        /// The state.
        state: text = "state";
        /// The postal code.
        zip: text = "zip";
        /// The customer.
        customer: object(Reference, ReferenceDraft) = "customer";
        /// A telephone number; of what form is not known.
        phone_number: text = "phoneNumber";
    }

    /// Which data of customers a point of sale wants (`protocol/model.md` §4).
    LoyaltyDataConfig, LoyaltyDataConfigDraft {
        /// What the data is.
        kind: name(LoyaltyDataType) = "type";
        /// How to get it.
        configuration: map = "configuration";
    }
}
