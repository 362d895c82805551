//! How a request ended.

use core::fmt;

use crate::model::{Payment, Signature};
use crate::pos::request::{ExternalId, RequestId, RequestKind};
use crate::wire::json::Text;
use crate::wire::names::PaymentResult;

/// The result codes of the reference (`protocol/connector.md` §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "ResponseCode")]
pub enum ResultCode {
    /// It was done.
    Success,
    /// The caller's value was wrong, or the card was not accepted.
    Fail,
    /// The merchant's settings do not allow it.
    Unsupported,
    /// Somebody cancelled.
    Cancel,
    /// The link or something inside failed.
    Error,
}

impl ResultCode {
    /// Its name as the reference writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Fail => "FAIL",
            Self::Unsupported => "UNSUPPORTED",
            Self::Cancel => "CANCEL",
            Self::Error => "ERROR",
        }
    }
}

/// Whether money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It did.
    Made(Finality),
    /// It did not.
    NotMade,
    /// It is not known: ask the terminal for the external id.
    Unknown,
}

impl Certainty {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Made(_) => "made",
            Self::NotMade => "not_made",
            Self::Unknown => "unknown",
        }
    }
}

/// How final money that moved is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "isSale")]
pub enum Finality {
    /// Nothing more is to come.
    Final,
    /// Its tip can be adjusted until the batch is closed.
    Adjustable,
    /// Reserved; it must be captured.
    Authorised,
    /// Taken offline; the issuer may still decline it.
    Offline,
}

impl Finality {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Adjustable => "adjustable",
            Self::Authorised => "authorised",
            Self::Offline => "offline",
        }
    }
}

/// Why a request ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The whole amount was approved.
    Approved,
    /// Less than was asked was approved.
    Partial,
    /// The card was declined.
    Declined,
    /// The customer cancelled.
    CancelledCustomer,
    /// The merchant cancelled on the terminal.
    CancelledMerchant,
    /// The point of sale cancelled.
    CancelledPos,
    /// A challenge was rejected.
    RejectedChallenge,
    /// The signature was rejected.
    RejectedSignature,
    /// The terminal has seen the external id before.
    Duplicate,
    /// The terminal was busy with something else.
    Busy,
    /// The time was up.
    TimedOut,
    /// The link was lost.
    LinkLost,
    /// The request was refused before anything was sent.
    Refused,
    /// The terminal or something inside failed.
    Failed,
    /// It is not known.
    Unknown,
}

impl Cause {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Partial => "partial",
            Self::Declined => "declined",
            Self::CancelledCustomer => "cancelled_customer",
            Self::CancelledMerchant => "cancelled_merchant",
            Self::CancelledPos => "cancelled_pos",
            Self::RejectedChallenge => "rejected_challenge",
            Self::RejectedSignature => "rejected_signature",
            Self::Duplicate => "duplicate",
            Self::Busy => "busy",
            Self::TimedOut => "timed_out",
            Self::LinkLost => "link_lost",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What an outcome rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// FINISH_OK with the payment.
    FinishOk,
    /// The payment itself, which was voided.
    Voided,
    /// FINISH_CANCEL for the request.
    FinishCancel,
    /// TX_START_RESPONSE said that it was not started.
    StartRefused,
    /// INVALID_STATE_TRANSITION said that it was not started.
    StateRefused,
    /// The message never left this side.
    NotSent,
    /// The journal could not be written, so the message never left this side.
    JournalFailed,
    /// There is none.
    None,
}

impl Evidence {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FinishOk => "finish_ok",
            Self::Voided => "voided",
            Self::FinishCancel => "finish_cancel",
            Self::StartRefused => "start_refused",
            Self::StateRefused => "state_refused",
            Self::NotSent => "not_sent",
            Self::JournalFailed => "journal_failed",
            Self::None => "none",
        }
    }
}

/// The end of a request: what happened to the money, in figures. Owned and small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The request.
    pub request: RequestId,
    /// What it asked for.
    pub kind: RequestKind,
    /// The id of the attempt.
    pub external_id: ExternalId,
    /// What was asked for in minor units, without the tip.
    pub requested: i64,
    /// Whether money moved.
    pub certainty: Certainty,
    /// The reference's code.
    pub result: ResultCode,
    /// Why it ended so.
    pub cause: Cause,
    /// What that rests on.
    pub evidence: Evidence,
    /// What was charged in minor units, without the tip; 0 if nothing was, or it is not known.
    pub approved: i64,
    /// The tip that was charged in minor units.
    pub tip: i64,
    /// Whether it was taken offline.
    pub offline: bool,
    /// Whether the terminal is a simulator: no money moved in the world.
    pub simulated: bool,
    /// Whether this outcome was delivered before.
    pub redelivered: bool,
}

impl Summary {
    /// What is still to be paid in minor units, without the tip.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        match self.certainty {
            Certainty::Made(_) => self.requested.saturating_sub(self.approved).max(0),
            Certainty::NotMade | Certainty::Unknown => self.requested,
        }
    }
}

/// The end of a request, with what the terminal sent.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "SaleResponse")]
pub struct Outcome<'m> {
    /// What happened to the money.
    pub summary: Summary,
    /// The reference's or the terminal's short text.
    #[doc(alias = "Reason")]
    pub reason: Text<'m>,
    /// The reference's or the terminal's long text.
    pub message: OutcomeMessage<'m>,
    /// The payment, if there is one.
    pub payment: Option<Payment<'m>>,
    /// The signature, if one was given on the screen.
    pub signature: Option<Signature<'m>>,
}

/// The long text of an outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum OutcomeMessage<'m> {
    /// This text.
    Text(Text<'m>),
    /// The reference's text for an external id that was used before.
    Duplicate(ExternalId),
}

impl fmt::Display for OutcomeMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Display::fmt(text, f),
            Self::Duplicate(id) => write!(
                f,
                "The provided transaction id of {id} has already been processed and cannot be resubmitted."
            ),
        }
    }
}

/// What a payment's own result says of the money (`design.md` "Money" 6). `in_finish` is whether it came
/// in FINISH_OK, where an unknown result counts as made. `None` is: still running, ask again.
pub(crate) fn judge(payment: Payment<'_>, in_finish: bool) -> Option<Certainty> {
    use crate::wire::names::CardTransactionType;
    let offline = payment.offline() == Some(true);
    let tip_open = payment.card_transaction().and_then(|card| card.kind())
        == Some(CardTransactionType::Preauth);
    let made = |finality| {
        Some(Certainty::Made(if offline {
            Finality::Offline
        } else {
            finality
        }))
    };
    match payment.result() {
        Some(PaymentResult::Success) if tip_open => made(Finality::Adjustable),
        Some(PaymentResult::Success | PaymentResult::AuthCompleted | PaymentResult::VoidFailed) => {
            made(Finality::Final)
        }
        Some(PaymentResult::Auth) => made(Finality::Authorised),
        Some(PaymentResult::Fail | PaymentResult::Voided) => Some(Certainty::NotMade),
        Some(
            PaymentResult::Initiated
            | PaymentResult::Pending
            | PaymentResult::Voiding
            | PaymentResult::OfflineRetrying,
        ) => None,
        _ if in_finish => made(Finality::Final),
        _ => Some(Certainty::Unknown),
    }
}
