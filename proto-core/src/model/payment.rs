//! What was charged, and how.

use crate::redact::Secret;
use crate::wire::json::{List, Object, Text};
use crate::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, CardType, ChallengeType,
    PaymentResult, VoidReason,
};
use crate::wire::object::objects;

objects! {
    /// A payment (`protocol/model.md` §4).
    Payment, PaymentDraft {
        /// The terminal's id, 13 characters.
        id: Text<'m> = "id";
        /// The order that it pays.
        order: Reference<'m>, ReferenceDraft<'m> = "order";
        /// The terminal.
        device: Reference<'m>, ReferenceDraft<'m> = "device";
        /// Cash, card, …
        tender: Tender<'m>, TenderDraft<'m> = "tender";
        /// What was charged in minor units, without the tip.
        amount: i64 = "amount";
        /// The tip in minor units.
        tip_amount: i64 = "tipAmount";
        /// The tax in minor units, part of the amount.
        tax_amount: i64 = "taxAmount";
        /// Cash given out, in minor units.
        cashback_amount: i64 = "cashbackAmount";
        /// The point of sale's id of this attempt.
        external_payment_id: Text<'m> = "externalPaymentId";
        /// The point of sale's second id.
        external_reference_id: Text<'m> = "externalReferenceId";
        /// Who was logged in.
        employee: Reference<'m>, ReferenceDraft<'m> = "employee";
        /// Milliseconds since 1970.
        created_time: i64 = "createdTime";
        /// Whether it was taken offline and is not authorised yet.
        offline: bool = "offline";
        /// What became of it: a payment is judged by this.
        result: PaymentResult<'m> = "result";
        /// Why it was voided.
        void_reason: VoidReason<'m> = "voidReason";
        /// What was done with the card.
        card_transaction: CardTransaction<'m>, CardTransactionDraft<'m> = "cardTransaction";
        /// What was given back of it.
        refunds: List<'m, Refund<'m>>, crate::wire::Elements<'m, RefundDraft<'m>> = "refunds";
    }

    /// A payment that was taken offline and is not sent yet (`protocol/model.md` §5).
    PendingPaymentEntry, PendingPaymentEntryDraft {
        /// The terminal's id of the payment.
        payment_id: Text<'m> = "paymentId";
        /// What was charged in minor units, without the tip.
        amount: i64 = "amount";
        /// The point of sale's id of the attempt.
        external_payment_id: Text<'m> = "externalPaymentId";
        /// The tip in minor units.
        tip_amount: i64 = "tipAmount";
    }

    /// What was done with the card (`protocol/model.md` §4).
    CardTransaction, CardTransactionDraft {
        /// The brand.
        card_type: CardType<'m> = "cardType";
        /// How the card was read.
        entry_type: CardEntryType<'m> = "entryType";
        /// The first six digits.
        first6: Text<'m> = "first6";
        /// The last four digits.
        last4: Text<'m> = "last4";
        /// AUTH for a sale; PREAUTH for an auth or pre-auth.
        kind: CardTransactionType<'m> = "type";
        /// The issuer's authorisation code.
        auth_code: Secret<'m> = "authCode";
        /// The acquirer's reference.
        reference_id: Text<'m> = "referenceId";
        /// The transaction's number.
        transaction_no: Text<'m> = "transactionNo";
        /// Whether it is closed.
        state: CardTransactionState<'m> = "state";
        /// The name on the card.
        cardholder_name: Text<'m> = "cardholderName";
        /// ISO 4217.
        currency: Text<'m> = "currency";
        /// Texts of the network and the region.
        extra: Object<'m>, crate::wire::Map<'m> = "extra";
    }

    /// A manual refund (`protocol/model.md` §4).
    Credit, CreditDraft {
        /// The terminal's id.
        id: Text<'m> = "id";
        /// The order.
        order: Reference<'m>, ReferenceDraft<'m> = "orderRef";
        /// What was given back in minor units, positive.
        amount: i64 = "amount";
        /// Milliseconds since 1970.
        created_time: i64 = "createdTime";
        /// What was done with the card.
        card_transaction: CardTransaction<'m>, CardTransactionDraft<'m> = "cardTransaction";
    }

    /// A refund of a payment (`protocol/model.md` §4).
    Refund, RefundDraft {
        /// The terminal's id.
        id: Text<'m> = "id";
        /// The order; may be missing.
        order: Reference<'m>, ReferenceDraft<'m> = "orderRef";
        /// What was given back in minor units.
        amount: i64 = "amount";
        /// Milliseconds since 1970.
        created_time: i64 = "createdTime";
        /// The payment that it refunds.
        payment: Reference<'m>, ReferenceDraft<'m> = "payment";
    }

    /// The id of another object.
    Reference, ReferenceDraft {
        /// The id.
        id: Text<'m> = "id";
    }

    /// What was paid with (`protocol/model.md` §4).
    Tender, TenderDraft {
        /// The id.
        id: Text<'m> = "id";
        /// The key of its name.
        label_key: Text<'m> = "labelKey";
        /// Its name.
        label: Text<'m> = "label";
    }

    /// Something that the merchant has to decide (`protocol/connector.md` §8.2).
    Challenge, ChallengeDraft {
        /// The question for people.
        message: Text<'m> = "message";
        /// What it is about.
        kind: ChallengeType<'m> = "type";
        /// The reason to give when it is rejected.
        reason: VoidReason<'m> = "reason";
    }

    /// A signature as lines (`protocol/model.md` §5).
    Signature, SignatureDraft {
        /// The width of the canvas in pixels.
        width: i64 = "width";
        /// The height of the canvas in pixels.
        height: i64 = "height";
        /// One stroke per time that the pen went down.
        strokes: List<'m, Stroke<'m>>, &'m [StrokeDraft<'m>] = "strokes";
    }

    /// One line of a signature.
    Stroke, StrokeDraft {
        /// Its points.
        points: List<'m, Point<'m>>, &'m [PointDraft<'m>] = "points";
    }

    /// A point; the origin is top left.
    Point, PointDraft {
        /// To the right, in pixels.
        x: i64 = "x";
        /// Down, in pixels.
        y: i64 = "y";
    }
}
