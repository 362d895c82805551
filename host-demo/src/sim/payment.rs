//! Payments of the simulator.

use proto_core::message::TxStart;
use proto_core::model::{CardTransactionDraft, PaymentDraft, ReferenceDraft, TenderDraft};
use proto_core::redact::Secret;
use proto_core::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, CardType, PaymentResult,
};

use super::Random;

/// A sale that is being taken, and the payment that it may become.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    pub(super) amount: i64,
    pub(super) external_id: String,
    pub(super) payment_id: String,
    tip: i64,
    tax: i64,
    reference: Option<String>,
    order_id: String,
    auth_code: String,
    number: String,
}

impl Sold {
    pub(super) fn of(start: TxStart<'_>, random: &mut Random) -> Self {
        let intent = start.pay_intent();
        let amount = |get: fn(proto_core::model::PayIntent<'_>) -> Option<i64>| {
            intent.and_then(get).unwrap_or(0)
        };
        Self {
            amount: amount(|intent| intent.amount()),
            tip: amount(|intent| intent.tip_amount()),
            tax: amount(|intent| intent.tax_amount()),
            external_id: intent
                .and_then(|intent| intent.external_payment_id())
                .unwrap_or_default()
                .to_string(),
            reference: intent
                .and_then(|intent| intent.external_reference_id())
                .map(|reference| reference.to_string()),
            payment_id: random.id(),
            order_id: random.id(),
            auth_code: format!("{:06}", random.below(1_000_000)),
            number: format!("{:06}", random.below(1_000_000)),
        }
    }

    /// Hands the payment over; the parts that it borrows live here.
    pub(super) fn with_payment<R>(
        &self,
        unix_ms: i64,
        write: impl FnOnce(&PaymentDraft<'_>) -> R,
    ) -> R {
        let reference = |id| ReferenceDraft {
            id: Some(id),
            more: &[],
        };
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
            external_payment_id: Some(self.external_id.as_str().into()),
            external_reference_id: self.reference.as_deref().map(Into::into),
            employee: Some(reference("DFLTEMPLOYEE".into())),
            created_time: Some(unix_ms),
            offline: Some(false),
            result: Some(PaymentResult::Success),
            card_transaction: Some(CardTransactionDraft {
                card_type: Some(CardType::Visa),
                entry_type: Some(CardEntryType::EmvContactless),
                first6: Some("411111".into()),
                last4: Some("1111".into()),
                kind: Some(CardTransactionType::Auth),
                auth_code: Some(Secret::new(self.auth_code.as_str().into())),
                reference_id: Some(self.number.as_str().into()),
                transaction_no: Some(self.number.as_str().into()),
                state: Some(CardTransactionState::Closed),
                ..CardTransactionDraft::default()
            }),
            ..PaymentDraft::default()
        })
    }
}
