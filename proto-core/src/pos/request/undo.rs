//! Requests about a payment that was made: refund and void.

use super::sealed::Sealed;
use super::{Asked, ExternalId, PaymentId, Refused, RequestKind, checked_id, first_broken};
use crate::message::{MessageDraft, RefundRequestDraft, VoidPaymentDraft};
use crate::model::{PaymentReferenceDraft, ReferenceDraft};
use crate::time::Duration;
use crate::wire::json::Text;
use crate::wire::names::VoidReason;
use crate::wire::{InString, Nested};

/// A refund of a payment, all of it or a part (`protocol/connector.md` §5.10).
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "RefundPaymentRequest")]
pub struct RefundPayment<'a> {
    /// The terminal's id of the payment.
    #[doc(alias = "PaymentID")]
    pub payment_id: &'a str,
    /// The order of the payment.
    pub order_id: Option<&'a str>,
    /// How much in minor units; `None` for the original total, whatever was refunded before.
    #[doc(alias = "FullRefund")]
    pub amount: Option<i64>,
    /// Your own id of this attempt, 1 to 32 characters. It stays on this side: this message has no place
    /// for it.
    pub external_id: &'a str,
    /// The external id that the payment was made under. With it the payment can be looked up when the answer
    /// is lost; without it that ends in an unknown outcome.
    pub original: Option<&'a str>,
    /// The terminal does not print.
    pub disable_printing: Option<bool>,
    /// Skip the receipt screen.
    pub disable_receipt_selection: Option<bool>,
    /// Texts that are passed through.
    pub extras: &'a [(&'a str, &'a str)],
    /// How long to wait for the outcome, if not as long as usual.
    pub deadline: Option<Duration>,
    /// Ask again under an external id that was sent before.
    pub retry: bool,
}

impl<'a> RefundPayment<'a> {
    /// A refund of the whole payment. It needs an [`external_id`](Self::external_id).
    #[must_use]
    pub fn full(payment_id: &'a str) -> Self {
        Self {
            payment_id,
            ..Self::default()
        }
    }

    /// A refund of a part, in minor units. It needs an [`external_id`](Self::external_id).
    #[must_use]
    pub fn partial(payment_id: &'a str, amount: i64) -> Self {
        Self {
            amount: Some(amount),
            ..Self::full(payment_id)
        }
    }

    /// Sets the id of this attempt.
    #[must_use]
    pub fn external_id(mut self, id: &'a str) -> Self {
        self.external_id = id;
        self
    }

    /// Sets the external id that the payment was made under.
    #[must_use]
    pub fn original(mut self, id: &'a str) -> Self {
        self.original = Some(id);
        self
    }
}

impl Sealed for RefundPayment<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::Refund
    }

    fn check(&self) -> Result<Asked, Refused> {
        first_broken(&[
            (
                self.payment_id.is_empty(),
                "In RefundPayment : RefundPaymentRequest PaymentID cannot be empty.",
            ),
            (
                self.amount.is_some_and(|amount| amount <= 0),
                "In RefundPayment : RefundPaymentRequest Amount must be greater than zero when FullRefund is set to false.",
            ),
        ])?;
        let external_id = checked_id(
            self.external_id,
            "In RefundPayment : RefundPaymentRequest ExternalId cannot be empty.",
            "In RefundPayment : RefundPaymentRequest ExternalId cannot be longer than 32 characters.",
        )?;
        Ok(Asked {
            kind: RequestKind::Refund,
            external_id,
            payment: Some(payment_id(
                self.payment_id,
                "In RefundPayment : RefundPaymentRequest PaymentID cannot be longer than 32 characters.",
            )?),
            original: original_id(
                self.original,
                "In RefundPayment : RefundPaymentRequest Original cannot be longer than 32 characters.",
            )?,
            amount: self.amount.unwrap_or(0),
            tip: None,
            needs_vault: false,
            draws_signature: false,
            deadline: self.deadline,
            retry: self.retry,
        })
    }

    fn with_draft(&self, _asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        write(&RefundRequestDraft {
            order_id: Some(self.order_id.unwrap_or_default().into()),
            payment_id: Some(self.payment_id.into()),
            amount: self.amount,
            full_refund: Some(self.amount.is_none()),
            disable_clover_printing: self.disable_printing,
            disable_receipt_selection: self.disable_receipt_selection,
            extras: (!self.extras.is_empty()).then_some(Nested::Draft(self.extras)),
            more: &[],
        });
    }
}

/// A void of a payment that is not in a closed batch yet (`protocol/connector.md` §5.8).
#[derive(Debug, Clone, Copy)]
#[doc(alias = "VoidPaymentRequest")]
pub struct VoidPayment<'a> {
    /// The terminal's id of the payment.
    pub payment_id: &'a str,
    /// The order of the payment.
    pub order_id: Option<&'a str>,
    /// The employee.
    pub employee_id: Option<&'a str>,
    /// Why.
    pub reason: VoidReason<'a>,
    /// Your own id of this attempt, 1 to 32 characters. It stays on this side.
    pub external_id: &'a str,
    /// The external id that the payment was made under. With it the payment can be looked up when the answer
    /// is lost; without it that ends in an unknown outcome.
    pub original: Option<&'a str>,
    /// The terminal does not print.
    pub disable_printing: Option<bool>,
    /// Skip the receipt screen.
    pub disable_receipt_selection: Option<bool>,
    /// Texts that are passed through.
    pub extras: &'a [(&'a str, &'a str)],
    /// How long to wait for the outcome, if not as long as usual.
    pub deadline: Option<Duration>,
    /// Ask again under an external id that was sent before.
    pub retry: bool,
}

impl<'a> VoidPayment<'a> {
    /// A void for this reason. It needs an [`external_id`](Self::external_id).
    #[must_use]
    pub const fn new(payment_id: &'a str, reason: VoidReason<'a>) -> Self {
        Self {
            payment_id,
            order_id: None,
            employee_id: None,
            reason,
            external_id: "",
            original: None,
            disable_printing: None,
            disable_receipt_selection: None,
            extras: &[],
            deadline: None,
            retry: false,
        }
    }

    /// Sets the id of this attempt.
    #[must_use]
    pub const fn external_id(mut self, id: &'a str) -> Self {
        self.external_id = id;
        self
    }

    /// Sets the external id that the payment was made under.
    #[must_use]
    pub const fn original(mut self, id: &'a str) -> Self {
        self.original = Some(id);
        self
    }
}

impl Sealed for VoidPayment<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::Void
    }

    fn check(&self) -> Result<Asked, Refused> {
        first_broken(&[
            (
                self.payment_id.is_empty(),
                "In VoidPayment : VoidPaymentRequest PaymentId cannot be empty.",
            ),
            (
                self.reason.name().is_empty(),
                "In VoidPayment : VoidPaymentRequest VoidReason cannot be empty.",
            ),
            (
                matches!(self.reason, VoidReason::Unlisted(_)),
                "In VoidPayment : VoidPaymentRequest VoidReason invalid value.",
            ),
        ])?;
        let external_id = checked_id(
            self.external_id,
            "In VoidPayment : VoidPaymentRequest ExternalId cannot be empty.",
            "In VoidPayment : VoidPaymentRequest ExternalId cannot be longer than 32 characters.",
        )?;
        Ok(Asked {
            kind: RequestKind::Void,
            external_id,
            payment: Some(payment_id(
                self.payment_id,
                "In VoidPayment : VoidPaymentRequest PaymentId cannot be longer than 32 characters.",
            )?),
            original: original_id(
                self.original,
                "In VoidPayment : VoidPaymentRequest Original cannot be longer than 32 characters.",
            )?,
            amount: 0,
            tip: None,
            needs_vault: false,
            draws_signature: false,
            deadline: self.deadline,
            retry: self.retry,
        })
    }

    fn with_draft(&self, _asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        let reference = |id| ReferenceDraft {
            id: Some(Text::from(id)),
            more: &[],
        };
        let payment = PaymentReferenceDraft {
            id: Some(self.payment_id.into()),
            order: self.order_id.map(reference),
            employee: self.employee_id.map(reference),
            more: &[],
        };
        write(&VoidPaymentDraft {
            payment: Some(InString::Draft(&payment)),
            void_reason: Some(self.reason),
            disable_clover_printing: self.disable_printing,
            disable_receipt_selection: self.disable_receipt_selection,
            extras: (!self.extras.is_empty()).then_some(Nested::Draft(self.extras)),
            more: &[],
        });
    }
}

fn payment_id(id: &str, long: &'static str) -> Result<PaymentId, Refused> {
    id.try_into().map_err(|_| Refused::invalid(long))
}

/// The external id that the payment was made under, if it is known. One that is too long to be looked up is refused:
/// without it a lost answer could not be found out.
fn original_id(id: Option<&str>, long: &'static str) -> Result<Option<ExternalId>, Refused> {
    let given = id.filter(|id| !id.is_empty());
    given
        .map(|id| ExternalId::new(id).ok_or(Refused::invalid(long)))
        .transpose()
}
