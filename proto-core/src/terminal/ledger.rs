//! The books of a terminal: what it did, and what it says when it is asked (`protocol/connector.md` §5.18, §5.19).

use core::fmt;

use crate::model::{
    CardTransactionDraft, CreditDraft, PaymentDraft, PendingPaymentEntryDraft, ReferenceDraft,
    RefundDraft, TenderDraft,
};
use crate::redact::Secret;
use crate::time::{Duration, Instant};
use crate::wire::Nested;
use crate::wire::json::Text;
use crate::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, CardType, PaymentResult, VoidReason,
};

/// How long a payment can be looked up by its external id.
pub const LOOK_UP: Duration = Duration::from_secs(24 * 3_600);

/// Refunds of one payment that are kept.
pub const REFUNDS: usize = 4;

/// Payments that wait offline and are told in one answer.
pub(super) const PENDING: usize = 16;

type Id = heapless::String<16>;
type Word = heapless::String<32>;

/// One entry of the books: a payment or a credit, with all that is told of it.
#[derive(Clone)]
pub struct Booked {
    /// Whether it is a credit (manual refund): those are never found by a look-up.
    pub credit: bool,
    /// The terminal's id.
    pub id: Id,
    /// The point of sale's id of the attempt.
    pub external_id: Word,
    /// What was charged (for a credit: given back) in minor units, without the tip.
    pub amount: i64,
    /// The tip in minor units.
    pub tip: Option<i64>,
    /// What became of it.
    pub result: PaymentResult<'static>,
    /// Whether it was taken offline.
    pub offline: bool,
    /// Whether it waits to be sent.
    pub pending: bool,
    /// What was given back of it.
    pub refunds: heapless::Vec<BookedRefund, REFUNDS>,
    booked_at: Instant,
    created_ms: Option<i64>,
    order: Option<Id>,
    employee: Option<Id>,
    reference: Option<Word>,
    tax: Option<i64>,
    cashback: Option<i64>,
    void_reason: Option<VoidReason<'static>>,
    card: Option<BookedCard>,
}

/// A refund on the books.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BookedRefund {
    /// The terminal's id.
    pub id: Id,
    /// How much in minor units.
    pub amount: i64,
    /// Milliseconds since 1970.
    pub created_ms: Option<i64>,
}

#[derive(Clone)]
struct BookedCard {
    card_type: CardType<'static>,
    entry_type: CardEntryType<'static>,
    kind: CardTransactionType<'static>,
    state: CardTransactionState<'static>,
    first6: Id,
    last4: Id,
    auth_code: Id,
    number: Id,
}

/// Without the authorisation code.
impl fmt::Debug for Booked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booked")
            .field("id", &self.id)
            .field("external_id", &self.external_id)
            .field("amount", &self.amount)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

fn copy<const N: usize>(text: Option<Text<'_>>) -> Option<heapless::String<N>> {
    text.filter(|text| !text.is_empty())?.copied()
}

/// The listed value of a name; one that is not listed cannot be kept.
macro_rules! listed {
    ($value:expr, $kind:ident) => {
        $value
            .and_then(|value| $kind::ALL.iter().find(|listed| **listed == value))
            .copied()
    };
}

impl Booked {
    fn payment(now: Instant, draft: &PaymentDraft<'_>) -> Self {
        let offline = draft.offline == Some(true);
        let result = listed!(draft.result, PaymentResult).unwrap_or(PaymentResult::Success);
        Self {
            credit: false,
            id: copy(draft.id).unwrap_or_default(),
            external_id: copy(draft.external_payment_id).unwrap_or_default(),
            amount: draft.amount.unwrap_or(0),
            tip: draft.tip_amount,
            result,
            offline,
            pending: offline && is_charged(result),
            refunds: heapless::Vec::new(),
            booked_at: now,
            created_ms: draft.created_time,
            order: copy(draft.order.and_then(|order| order.id)),
            employee: copy(draft.employee.and_then(|employee| employee.id)),
            reference: copy(draft.external_reference_id),
            tax: draft.tax_amount,
            cashback: draft.cashback_amount,
            void_reason: listed!(draft.void_reason, VoidReason),
            card: draft.card_transaction.map(|card| BookedCard {
                card_type: listed!(card.card_type, CardType).unwrap_or(CardType::Unknown),
                entry_type: listed!(card.entry_type, CardEntryType)
                    .unwrap_or(CardEntryType::EmvContact),
                kind: listed!(card.kind, CardTransactionType).unwrap_or(CardTransactionType::Auth),
                state: listed!(card.state, CardTransactionState)
                    .unwrap_or(CardTransactionState::Closed),
                first6: copy(card.first6).unwrap_or_default(),
                last4: copy(card.last4).unwrap_or_default(),
                auth_code: copy(card.auth_code.map(Secret::expose)).unwrap_or_default(),
                number: copy(card.reference_id).unwrap_or_default(),
            }),
        }
    }

    /// Hands the payment over as it stands on the books.
    pub fn with_payment<R>(&self, write: impl FnOnce(&PaymentDraft<'_>) -> R) -> R {
        let mut refunds = [RefundDraft::default(); REFUNDS];
        for (draft, refund) in refunds.iter_mut().zip(&self.refunds) {
            *draft = RefundDraft {
                id: Some(refund.id.as_str().into()),
                amount: Some(refund.amount),
                created_time: refund.created_ms,
                payment: Some(reference(&self.id)),
                ..RefundDraft::default()
            };
        }
        let refunds = refunds.get(..self.refunds.len()).unwrap_or_default();
        write(&PaymentDraft {
            id: Some(self.id.as_str().into()),
            order: self.order.as_ref().map(reference),
            tender: Some(TenderDraft {
                label_key: Some("com.clover.tender.credit_card".into()),
                label: Some("Credit Card".into()),
                ..TenderDraft::default()
            }),
            amount: Some(self.amount),
            tip_amount: self.tip,
            tax_amount: self.tax,
            cashback_amount: self.cashback,
            external_payment_id: Some(self.external_id.as_str())
                .filter(|id| !id.is_empty())
                .map(Text::from),
            external_reference_id: self.reference.as_deref().map(Text::from),
            employee: self.employee.as_ref().map(reference),
            created_time: self.created_ms,
            offline: Some(self.offline),
            result: Some(self.result),
            void_reason: self.void_reason,
            card_transaction: self.card.as_ref().map(|card| CardTransactionDraft {
                card_type: Some(card.card_type),
                entry_type: Some(card.entry_type),
                first6: Some(card.first6.as_str().into()),
                last4: Some(card.last4.as_str().into()),
                kind: Some(card.kind),
                auth_code: Some(Secret::new(card.auth_code.as_str().into())),
                reference_id: Some(card.number.as_str().into()),
                transaction_no: Some(card.number.as_str().into()),
                state: Some(card.state),
                ..CardTransactionDraft::default()
            }),
            refunds: (!refunds.is_empty()).then_some(Nested::Draft(refunds)),
            ..PaymentDraft::default()
        })
    }

    /// Why it was voided, if it was.
    #[must_use]
    pub const fn void_reason(&self) -> Option<VoidReason<'static>> {
        self.void_reason
    }

    /// The order that it belongs to.
    #[must_use]
    pub fn order(&self) -> Option<&str> {
        self.order.as_deref()
    }

    /// What was given back of it in minor units.
    #[must_use]
    pub fn refunded(&self) -> i64 {
        self.refunds
            .iter()
            .fold(0, |sum, refund| sum.saturating_add(refund.amount))
    }
}

/// Whether money was charged or reserved.
const fn is_charged(result: PaymentResult<'_>) -> bool {
    matches!(
        result,
        PaymentResult::Success | PaymentResult::Auth | PaymentResult::AuthCompleted
    )
}

fn reference(id: &Id) -> ReferenceDraft<'_> {
    ReferenceDraft {
        id: Some(id.as_str().into()),
        more: &[],
    }
}

/// The books of a terminal, in the caller's memory: they outlive the [`Terminal`](super::Terminal), as a real
/// terminal's outlive a restart. When they are full the oldest entry is forgotten.
#[derive(Debug)]
pub struct Ledger<'b> {
    entries: &'b mut [Option<Booked>],
}

impl<'b> Ledger<'b> {
    /// Books with as many places as `entries` has.
    #[must_use]
    pub fn new(entries: &'b mut [Option<Booked>]) -> Self {
        Self { entries }
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = &Booked> {
        self.entries.iter().flatten()
    }

    /// The payment with this id of the terminal.
    #[must_use]
    pub fn payment(&self, id: &str) -> Option<&Booked> {
        self.iter()
            .find(|booked| !booked.credit && booked.id == *id)
    }

    /// Puts a payment on the books, or what is new of it.
    pub fn book(&mut self, now: Instant, draft: &PaymentDraft<'_>) {
        let booked = Booked::payment(now, draft);
        match self.find_mut(&booked.id) {
            Some(known) => {
                *known = Booked {
                    booked_at: known.booked_at,
                    refunds: core::mem::take(&mut known.refunds),
                    ..booked
                }
            }
            None => self.push(booked),
        }
    }

    /// Puts a credit on the books. One that is there already stays as it is.
    pub fn book_credit(&mut self, now: Instant, draft: &CreditDraft<'_>, external_id: &str) {
        if draft
            .id
            .is_some_and(|id| self.iter().any(|known| id == *known.id.as_str()))
        {
            return;
        }
        let payment = PaymentDraft {
            id: draft.id,
            amount: draft.amount,
            created_time: draft.created_time,
            external_payment_id: Some(external_id.into()),
            ..PaymentDraft::default()
        };
        self.push(Booked {
            credit: true,
            ..Booked::payment(now, &payment)
        });
    }

    /// Voids a payment. False if there is none with this id that is charged or reserved.
    pub fn void(&mut self, id: &str, reason: VoidReason<'_>) -> bool {
        match self.find_mut(id) {
            Some(booked) if !booked.credit && is_charged(booked.result) => {
                booked.result = PaymentResult::Voided;
                booked.pending = false;
                booked.void_reason = listed!(Some(reason), VoidReason);
                true
            }
            _ => false,
        }
    }

    /// Gives something of a payment back. False if there is none with this id that is charged, it still waits to be
    /// sent, or not so much is left of it.
    pub fn refund(&mut self, id: &str, refund: BookedRefund) -> bool {
        let Some(booked) = self.find_mut(id) else {
            return false;
        };
        let whole = booked.amount.saturating_add(booked.tip.unwrap_or(0));
        let left = whole.saturating_sub(booked.refunded());
        let charged = !booked.credit
            && !booked.pending
            && matches!(
                booked.result,
                PaymentResult::Success | PaymentResult::AuthCompleted
            );
        charged && refund.amount > 0 && refund.amount <= left && booked.refunds.push(refund).is_ok()
    }

    /// A payment that was taken offline is sent, with this result. One that does not wait for that stays as it is.
    pub fn send_offline(&mut self, id: &str, result: PaymentResult<'static>) {
        if let Some(booked) = self.find_mut(id).filter(|booked| booked.pending) {
            booked.pending = false;
            booked.result = result;
        }
    }

    /// What a look-up by the point of sale's id finds.
    pub(super) fn look_up(&self, now: Instant, external_id: Text<'_>) -> Option<&Booked> {
        self.iter()
            .filter(|booked| !booked.credit && external_id == *booked.external_id.as_str())
            .filter(|booked| now.since(booked.booked_at) < LOOK_UP)
            .max_by_key(|booked| booked.booked_at)
    }

    /// The payments that wait to be sent, as many as one answer tells.
    pub(super) fn pending(&self) -> heapless::Vec<PendingPaymentEntryDraft<'_>, PENDING> {
        self.iter()
            .filter(|booked| booked.pending)
            .take(PENDING)
            .map(|booked| PendingPaymentEntryDraft {
                payment_id: Some(booked.id.as_str().into()),
                amount: Some(booked.amount),
                external_payment_id: Some(booked.external_id.as_str().into()),
                tip_amount: booked.tip,
                ..PendingPaymentEntryDraft::default()
            })
            .collect()
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Booked> {
        self.entries
            .iter_mut()
            .flatten()
            .find(|booked| booked.id == *id)
    }

    fn push(&mut self, booked: Booked) {
        let place = match self.entries.iter().position(Option::is_none) {
            Some(empty) => Some(empty),
            None => (0..self.entries.len()).min_by_key(|at| {
                let entry = self.entries.get(*at).and_then(Option::as_ref);
                entry.map(|booked| booked.booked_at)
            }),
        };
        if let Some(place) = place.and_then(|at| self.entries.get_mut(at)) {
            *place = Some(booked);
        }
    }
}
