//! Payments of the simulator.

use proto_core::model::{CardTransactionDraft, PaymentDraft, ReferenceDraft, TenderDraft};
use proto_core::redact::Secret;
use proto_core::wire::Nested;
use proto_core::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, PaymentResult, VoidReason,
};

use super::asked::{Asked, SignaturePlace};
use super::card::Card;
use super::course::Course;
use super::random::Random;

/// The payment that a sale becomes.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    pub(super) amount: i64,
    pub(super) payment_id: String,
    pub(super) order_id: String,
    external_id: String,
    tip: i64,
    tax: i64,
    cashback: Option<i64>,
    offline: bool,
    reference: Option<String>,
    signed: bool,
    card: Card,
    auth_code: String,
    number: String,
    host_number: String,
    /// When it was made, in milliseconds since 1970.
    created_ms: i64,
}

impl Sold {
    pub(super) fn of(course: Course<'_>, card: Card, created_ms: i64, random: &mut Random) -> Self {
        let Asked {
            external_id,
            reference,
            tax,
            ..
        } = course.asked;
        Self {
            amount: course.amount(),
            tip: course.tip(),
            tax: *tax,
            cashback: course.cashback(),
            offline: course.is_offline(),
            external_id: external_id.clone(),
            reference: reference.clone(),
            signed: course.signature() != SignaturePlace::Nowhere,
            card,
            payment_id: random.id(),
            order_id: random.id(),
            auth_code: random.digits(6),
            number: random.digits(6),
            host_number: random.digits(10),
            created_ms,
        }
    }

    /// The same payment, as somebody else's: nothing in it is of this sale.
    pub(super) fn of_somebody_else(&self, random: &mut Random) -> Self {
        Self {
            external_id: random.text(13),
            payment_id: random.id(),
            order_id: random.id(),
            reference: None,
            ..self.clone()
        }
    }

    /// Hands the payment over; the parts that it borrows live here.
    pub(super) fn with_payment<R>(
        &self,
        state: State,
        write: impl FnOnce(&PaymentDraft<'_>) -> R,
    ) -> R {
        let reference = |id| ReferenceDraft {
            id: Some(id),
            more: &[],
        };
        let brand = self.card.brand;
        let is_paid = state == State::Paid;
        let verified = if self.signed {
            "SIGNATURE"
        } else {
            "NO_CVM_REQUIRED"
        };
        let extra = [
            ("cvmResult", verified),
            ("applicationIdentifier", brand.application),
            ("applicationLabel", brand.label),
        ];
        let has_chip = matches!(
            self.card.entry,
            CardEntryType::EmvContact | CardEntryType::EmvContactless
        );
        // Who was not reached has given no code.
        let auth_code = (is_paid && !self.offline).then(|| self.auth_code.as_str().into());
        write(&PaymentDraft {
            id: Some(self.payment_id.as_str().into()),
            order: Some(reference(self.order_id.as_str().into())),
            tender: Some(TenderDraft {
                id: Some("SIMTENDER0001".into()),
                label_key: Some("com.clover.tender.credit_card".into()),
                label: Some("Credit Card".into()),
                ..TenderDraft::default()
            }),
            amount: Some(self.amount),
            tip_amount: Some(self.tip),
            tax_amount: Some(self.tax),
            cashback_amount: self.cashback,
            external_payment_id: Some(self.external_id.as_str().into()),
            external_reference_id: self.reference.as_deref().map(Into::into),
            employee: Some(reference("DFLTEMPLOYEE".into())),
            created_time: Some(self.created_ms),
            offline: Some(self.offline),
            result: Some(match state {
                State::Paid => PaymentResult::Success,
                State::Declined => PaymentResult::Fail,
                State::Voided(_) => PaymentResult::Voided,
            }),
            void_reason: match state {
                State::Voided(reason) => Some(reason),
                State::Paid | State::Declined => None,
            },
            card_transaction: Some(CardTransactionDraft {
                card_type: Some(brand.card_type),
                entry_type: Some(self.card.entry),
                first6: Some(self.card.first6.as_str().into()),
                last4: Some(self.card.last4.as_str().into()),
                kind: Some(CardTransactionType::Auth),
                auth_code: auth_code.map(Secret::new),
                reference_id: Some(self.host_number.as_str().into()),
                transaction_no: Some(self.number.as_str().into()),
                state: Some(if is_paid && !self.offline {
                    CardTransactionState::Closed
                } else {
                    CardTransactionState::Pending
                }),
                cardholder_name: self.card.name.as_deref().map(Into::into),
                currency: Some("USD".into()),
                extra: Some(Nested::Draft(if has_chip { &extra } else { &extra[..1] })),
                ..CardTransactionDraft::default()
            }),
            ..PaymentDraft::default()
        })
    }
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Paid,
    Declined,
    Voided(VoidReason<'static>),
}
