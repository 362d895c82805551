//! Payments and credits of the simulator.

use proto_core::model::{
    CardTransactionDraft, CreditDraft, PaymentDraft, ReferenceDraft, TenderDraft,
};
use proto_core::pos::RequestKind;
use proto_core::redact::Secret;
use proto_core::wire::Nested;
use proto_core::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, PaymentResult, VoidReason,
};

use super::asked::{Asked, SignaturePlace};
use super::card::Card;
use super::course::Course;
use super::random::Random;

/// The payment, or the credit, that a transaction becomes.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    kind: RequestKind,
    pub(super) amount: i64,
    pub(super) payment_id: String,
    pub(super) order_id: String,
    pub(super) external_id: String,
    tip: i64,
    tax: i64,
    cashback: Option<i64>,
    pub(super) offline: bool,
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
            kind,
            external_id,
            reference,
            tax,
            ..
        } = course.asked;
        Self {
            kind: kind.unwrap_or(RequestKind::Sale),
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

    /// Whether money is given back, and none taken.
    pub(super) fn is_credit(&self) -> bool {
        self.kind == RequestKind::ManualRefund
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
        // What these three make of a payment: `protocol/connector.md` §7.1.
        let is_closed = self.kind == RequestKind::Sale;
        let card_kind = if is_closed {
            CardTransactionType::Auth
        } else {
            CardTransactionType::Preauth
        };
        // Who was not reached has given no code.
        let auth_code = (is_paid && !self.offline).then(|| self.auth_code.as_str().into());
        write(&PaymentDraft {
            id: Some(self.payment_id.as_str().into()),
            order: Some(reference(&self.order_id)),
            tender: Some(tender()),
            amount: Some(self.amount),
            tip_amount: Some(self.tip),
            tax_amount: Some(self.tax),
            cashback_amount: self.cashback,
            external_payment_id: Some(self.external_id.as_str().into()),
            external_reference_id: self.reference.as_deref().map(Into::into),
            employee: Some(reference(EMPLOYEE)),
            created_time: Some(self.created_ms),
            offline: Some(self.offline),
            result: Some(match state {
                State::Paid if self.kind == RequestKind::PreAuth => PaymentResult::Auth,
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
                kind: Some(card_kind),
                auth_code: auth_code.map(Secret::new),
                reference_id: Some(self.host_number.as_str().into()),
                transaction_no: Some(self.number.as_str().into()),
                state: Some(if is_paid && is_closed && !self.offline {
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

impl Sold {
    /// Hands the credit over; the parts that it borrows live here.
    pub(super) fn with_credit<R>(
        &self,
        state: State,
        write: impl FnOnce(&CreditDraft<'_>) -> R,
    ) -> R {
        let result = match state {
            State::Paid => PaymentResult::Success,
            State::Declined | State::Voided(_) => PaymentResult::Fail,
        };
        write(&CreditDraft {
            id: Some(self.payment_id.as_str().into()),
            order: Some(reference(&self.order_id)),
            tender: Some(tender()),
            employee: Some(reference(EMPLOYEE)),
            amount: Some(self.amount),
            tax_amount: Some(self.tax),
            created_time: Some(self.created_ms),
            external_reference_id: self.reference.as_deref().map(Into::into),
            result: Some(result),
            card_transaction: Some(CardTransactionDraft {
                card_type: Some(self.card.brand.card_type),
                entry_type: Some(self.card.entry),
                first6: Some(self.card.first6.as_str().into()),
                last4: Some(self.card.last4.as_str().into()),
                kind: Some(CardTransactionType::Nakedrefund),
                reference_id: Some(self.host_number.as_str().into()),
                transaction_no: Some(self.number.as_str().into()),
                state: Some(CardTransactionState::Closed),
                cardholder_name: self.card.name.as_deref().map(Into::into),
                currency: Some("USD".into()),
                ..CardTransactionDraft::default()
            }),
            ..CreditDraft::default()
        })
    }
}

fn reference(id: &str) -> ReferenceDraft<'_> {
    ReferenceDraft {
        id: Some(id.into()),
        more: &[],
    }
}

fn tender() -> TenderDraft<'static> {
    TenderDraft {
        id: Some("SIMTENDER0001".into()),
        label_key: Some("com.clover.tender.credit_card".into()),
        label: Some("Credit Card".into()),
        ..TenderDraft::default()
    }
}

const EMPLOYEE: &str = "DFLTEMPLOYEE";

/// What became of a payment or a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Paid,
    Declined,
    Voided(VoidReason<'static>),
}
