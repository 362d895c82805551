//! How a request ended.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::journal::Record;
use crate::model::{Credit, Payment, Refund, Signature};
use crate::pos::request::{ExternalId, PaymentId, RequestId, RequestKind};
use crate::wire::json::Text;

/// The result codes of the reference (`protocol/connector.md` §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "UPPERCASE")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
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
    /// REFUND_RESPONSE said what became of the refund.
    RefundResponse,
    /// VOID_PAYMENT_RESPONSE said what became of the void.
    VoidResponse,
    /// The payment was looked up.
    LookedUp,
    /// The payment was looked up in vain, and every condition for taking that as proof held
    /// (`design.md` "Money" 7).
    NotFound,
    /// The terminal has acknowledged the message. That is no proof.
    Acknowledged,
    /// A person has looked, and said so.
    ByHand,
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
            Self::RefundResponse => "refund_response",
            Self::VoidResponse => "void_response",
            Self::LookedUp => "looked_up",
            Self::NotFound => "not_found",
            Self::Acknowledged => "acknowledged",
            Self::ByHand => "by_hand",
            Self::NotSent => "not_sent",
            Self::JournalFailed => "journal_failed",
            Self::None => "none",
        }
    }
}

/// What is missing to know what happened: the first condition that does not hold (`design.md` "Money" 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    /// The terminal has not been asked, or has not answered.
    Answer,
    /// Another terminal is connected: ask the one that is named.
    Terminal,
    /// The terminal belongs to another merchant now.
    Merchant,
    /// The terminal was not idle before or after it was asked.
    Idle,
    /// The terminal says that the payment is still running.
    End,
    /// The payment is there, but does not say what became of it.
    Result,
    /// The payment is there, but does not say how much was charged.
    Amount,
    /// The caller has no wall clock, now or when it asked.
    Clock,
    /// The request is too old to be looked up: the terminal remembers 24 hours.
    Age,
    /// It may wait among the payments taken offline.
    Pending,
    /// A look-up proves nothing for this kind of request, or there is no id to look up.
    Proof,
}

impl Missing {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Terminal => "terminal",
            Self::Merchant => "merchant",
            Self::Idle => "idle",
            Self::End => "end",
            Self::Result => "result",
            Self::Amount => "amount",
            Self::Clock => "clock",
            Self::Age => "age",
            Self::Pending => "pending",
            Self::Proof => "proof",
        }
    }

    /// What that means, for people.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Answer => "The terminal has not said how it ended.",
            Self::Terminal => "Another terminal is connected than the one that was asked.",
            Self::Merchant => "The terminal belongs to another merchant now.",
            Self::Idle => {
                "The terminal is busy with something else, so its look-up proves nothing yet."
            }
            Self::End => "The terminal says that the payment is still running.",
            Self::Result => "The terminal has the payment, but does not say what became of it.",
            Self::Amount => "The terminal says that it is paid, but not how much.",
            Self::Clock => {
                "The terminal does not find the payment, but without a clock that proves nothing."
            }
            Self::Age => "The request is too old to be looked up at the terminal.",
            Self::Pending => "The payment may wait among those taken offline.",
            Self::Proof => {
                "The terminal cannot be asked for this kind of request; look at its receipts."
            }
        }
    }
}

/// How a request ended, as it is put on record: no texts of the terminal, no card data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ending {
    /// Whether money moved.
    pub certainty: Certainty,
    /// The reference's code.
    pub result: ResultCode,
    /// Why it ended so.
    pub cause: Cause,
    /// What that rests on.
    pub evidence: Evidence,
    /// What is missing to know it, if it is unknown.
    pub missing: Option<Missing>,
    /// What was charged (for a refund: given back) in minor units, without the tip.
    pub approved: i64,
    /// The tip that was charged in minor units.
    pub tip: i64,
    /// The terminal's id of what was made: payment, credit or refund.
    pub payment: Option<PaymentId>,
    /// Whether the till was released although it is unknown.
    pub parked: bool,
}

impl Ending {
    /// An end with this certainty, and nothing charged.
    pub(crate) const fn new(
        certainty: Certainty,
        result: ResultCode,
        cause: Cause,
        evidence: Evidence,
    ) -> Self {
        Self {
            certainty,
            result,
            cause,
            evidence,
            missing: None,
            approved: 0,
            tip: 0,
            payment: None,
            parked: false,
        }
    }

    /// An end that is not known.
    pub(crate) fn unknown(cause: Cause, missing: Missing) -> Self {
        Self {
            missing: Some(missing),
            ..Self::new(Certainty::Unknown, ResultCode::Error, cause, Evidence::None)
        }
    }

    /// An end that a person has looked up: as it was asked for, or none.
    #[cfg(feature = "std")]
    pub(crate) fn by_hand(record: &Record, made: bool) -> Self {
        let before = record.ending.as_ref();
        let cause = before.map_or(Cause::LinkLost, |before| before.cause);
        let end = |certainty, result, cause| Self {
            parked: before.is_some_and(|before| before.parked),
            ..Self::new(certainty, result, cause, Evidence::ByHand)
        };
        if !made {
            return end(Certainty::NotMade, ResultCode::Fail, cause);
        }
        let finality = match record.kind {
            RequestKind::Auth => Finality::Adjustable,
            RequestKind::PreAuth => Finality::Authorised,
            _ => Finality::Final,
        };
        Self {
            approved: record.amount,
            tip: record.tip.unwrap_or(0),
            ..end(
                Certainty::Made(finality),
                ResultCode::Success,
                Cause::Approved,
            )
        }
    }

    /// Whether there is nothing more to find out about it.
    #[must_use]
    #[inline(never)]
    pub const fn is_settled(&self) -> bool {
        !matches!(
            self.certainty,
            Certainty::Unknown | Certainty::Made(Finality::Offline)
        )
    }

    /// The reference's short and long text for an end that no message of the terminal explains.
    pub(crate) fn texts(&self, record: &Record) -> (&'static str, OutcomeMessage<'static>) {
        let plain = |text: &'static str| OutcomeMessage::Text(text.into());
        let (reason, message) = match (self.certainty, self.evidence, self.cause) {
            (Certainty::Made(_), ..) => ("", plain("")),
            (_, _, Cause::Duplicate) => (
                "DUPLICATE",
                OutcomeMessage::Duplicate(record.external_id.clone()),
            ),
            (Certainty::Unknown, ..) => {
                let missing = self.missing.unwrap_or(Missing::Answer);
                let reason = match self.cause {
                    Cause::LinkLost => "Device Connection Error",
                    Cause::TimedOut => "Timed Out",
                    _ => "Unknown",
                };
                let message = match missing {
                    Missing::Terminal => OutcomeMessage::AskTerminal(record.terminal.clone()),
                    missing => plain(missing.what()),
                };
                (reason, message)
            }
            (_, Evidence::JournalFailed, _) => (
                "Journal Error",
                plain("The journal could not be written; nothing was sent."),
            ),
            (_, Evidence::NotSent, Cause::CancelledPos) => (
                "Request Cancelled",
                plain("It was cancelled by the point of sale before it was sent."),
            ),
            (_, Evidence::NotSent, Cause::LinkLost) => (
                "Device Connection Error",
                plain("The connection was lost before the request was sent."),
            ),
            (_, Evidence::NotSent, _) => (
                "Timed Out",
                plain("The time was up before the request was sent."),
            ),
            (_, Evidence::NotFound, _) => (
                "Not Found",
                plain("The terminal was asked twice and has no such payment."),
            ),
            (_, Evidence::RefundResponse | Evidence::VoidResponse, _) => ("Failure", plain("")),
            (_, Evidence::Voided, _) => ("Voided", plain("The payment was voided.")),
            (_, Evidence::FinishCancel, _) => {
                ("Request Cancelled", plain(cancelled_text(record.kind)))
            }
            (_, _, Cause::Declined) => ("Declined", plain("The payment was not approved.")),
            (_, _, Cause::Busy) => ("Busy", plain("The terminal is busy with something else.")),
            (_, Evidence::ByHand, _) => ("By Hand", plain("A person has looked.")),
            _ => ("Failure", plain("")),
        };
        (reason, message)
    }
}

/// The reference's text when a request was cancelled (`protocol/connector.md` §7.1).
const fn cancelled_text(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Sale => "Sale Request cancelled by user",
        RequestKind::Auth => "Auth Request cancelled by user",
        RequestKind::PreAuth => "PreAuth Request cancelled by user",
        RequestKind::ManualRefund => "Manual Refund Request cancelled by user",
        RequestKind::Refund => "Refund Request cancelled by user",
        RequestKind::Void => "Void Request cancelled by user",
    }
}

/// The end of a request: what happened to the money, in figures. Owned and small.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Summary {
    /// The request.
    pub request: RequestId,
    /// What it asked for.
    pub kind: RequestKind,
    /// The id of the attempt.
    pub external_id: ExternalId,
    /// What was asked for in minor units, without the tip; 0 for a full refund and for a void.
    pub requested: i64,
    /// Whether money moved.
    pub certainty: Certainty,
    /// The reference's code.
    pub result: ResultCode,
    /// Why it ended so.
    pub cause: Cause,
    /// What that rests on.
    pub evidence: Evidence,
    /// What is missing to know it, if it is unknown.
    pub missing: Option<Missing>,
    /// What was charged in minor units, without the tip; 0 if nothing was, or it is not known.
    pub approved: i64,
    /// The tip that was charged in minor units.
    pub tip: i64,
    /// The terminal's id of the payment, credit or refund.
    pub payment_id: Option<PaymentId>,
    /// Whether it was taken offline.
    pub offline: bool,
    /// Whether the terminal is a simulator: no money moved in the world.
    pub simulated: bool,
    /// Whether this outcome may have been delivered before: it comes from a journal.
    pub redelivered: bool,
}

impl Summary {
    /// What is on record, once there is an end.
    #[must_use]
    pub fn of(record: &Record, redelivered: bool) -> Option<Self> {
        let ending = record.ending.as_ref()?;
        Some(Self {
            request: record.request,
            kind: record.kind,
            external_id: record.external_id.clone(),
            requested: record.amount,
            certainty: ending.certainty,
            result: ending.result,
            cause: ending.cause,
            evidence: ending.evidence,
            missing: ending.missing,
            approved: ending.approved,
            tip: ending.tip,
            payment_id: ending.payment.clone(),
            offline: ending.certainty == Certainty::Made(Finality::Offline),
            simulated: record.simulated,
            redelivered,
        })
    }

    /// A request under this id of which nothing is known.
    #[cfg(feature = "std")]
    pub(crate) const fn nothing(external_id: ExternalId) -> Self {
        Self {
            request: RequestId(0),
            kind: RequestKind::Sale,
            external_id,
            requested: 0,
            certainty: Certainty::Unknown,
            result: ResultCode::Error,
            cause: Cause::Unknown,
            evidence: Evidence::None,
            missing: None,
            approved: 0,
            tip: 0,
            payment_id: None,
            offline: false,
            simulated: false,
            redelivered: false,
        }
    }

    /// A request that is on record without an end.
    #[cfg(feature = "std")]
    pub(crate) fn open(record: &Record) -> Self {
        Self {
            request: record.request,
            kind: record.kind,
            requested: record.amount,
            simulated: record.simulated,
            ..Self::nothing(record.external_id.clone())
        }
    }

    /// Whether both tell the same end of the same request.
    pub(crate) fn is_end(&self, other: &Self) -> bool {
        let end = |of: &Self| (of.request, of.certainty, of.approved, of.tip);
        end(self) == end(other) && self.payment_id == other.payment_id
    }

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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[doc(alias = "SaleResponse")]
pub struct Outcome<'m> {
    /// What happened to the money.
    pub summary: Summary,
    /// The reference's or the terminal's short text.
    #[doc(alias = "Reason")]
    pub reason: Text<'m>,
    /// The reference's or the terminal's long text.
    pub message: OutcomeMessage<'m>,
    /// The payment, if there is one: for a void the one that was voided.
    pub payment: Option<Payment<'m>>,
    /// The credit of a manual refund.
    pub credit: Option<Credit<'m>>,
    /// The refund of a payment.
    pub refund: Option<Refund<'m>>,
    /// The signature, if one was given on the screen.
    pub signature: Option<Signature<'m>>,
}

/// The long text of an outcome.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OutcomeMessage<'m> {
    /// This text.
    Text(Text<'m>),
    /// The reference's text for an external id that was used before.
    Duplicate(ExternalId),
    /// The terminal with this serial number must be asked.
    AskTerminal(heapless::String<32>),
}

impl fmt::Display for OutcomeMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Display::fmt(text, f),
            Self::Duplicate(id) => write!(
                f,
                "The provided transaction id of {id} has already been processed and cannot be resubmitted."
            ),
            Self::AskTerminal(serial) => write!(
                f,
                "Another terminal is connected. Ask the terminal {serial} what became of it."
            ),
        }
    }
}
