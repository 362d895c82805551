//! How a sale ended: the last line, the text for people, the exit status.

use proto_core::model::Payment;
use proto_core::pos::{
    Cause, Certainty, Missing, Outcome, Refused, RequestKind, ResultCode, Summary,
};
use serde_json::{Value, json};

use super::{payment, text};
use crate::amount::major;

/// Exit status of the program.
pub mod status {
    /// Paid, or done.
    pub const OK: u8 = 0;
    /// The request was wrong; nothing was sent.
    pub const USAGE: u8 = 2;
    /// Something that was to be decoded is no message.
    pub const UNREADABLE: u8 = 3;
    /// The card was declined, or the terminal refused.
    pub const FAIL: u8 = 10;
    /// The merchant's settings do not allow it.
    pub const UNSUPPORTED: u8 = 11;
    /// Cancelled.
    pub const CANCEL: u8 = 12;
    /// The terminal was not reached.
    pub const ERROR: u8 = 13;
    /// It is not known what happened.
    pub const UNKNOWN: u8 = 14;
    /// Paid, but for less than was asked.
    pub const PARTIAL: u8 = 15;
    /// Something else is known under the external id; nothing was sent.
    pub const CONFLICT: u8 = 16;
}

/// The last line of a request.
#[must_use]
pub fn outcome_line(outcome: &Outcome<'_>) -> Value {
    let summary = &outcome.summary;
    json!({
        "event": "outcome",
        "request": summary.kind.name(),
        "certainty": summary.certainty.name(),
        "finality": finality(summary.certainty),
        "result": summary.result.name(),
        "cause": summary.cause.name(),
        "reason": outcome.reason.to_string(),
        "message": outcome.message.to_string(),
        "external_id": summary.external_id.as_str(),
        "requested": summary.requested,
        "approved": summary.approved,
        "tip": summary.tip,
        "remaining": summary.remaining(),
        "offline": summary.offline,
        "simulated": summary.simulated,
        "redelivered": summary.redelivered,
        "evidence": summary.evidence.name(),
        "missing": summary.missing.map(Missing::name),
        "payment": outcome.payment.map(payment),
    })
}

pub(super) const fn finality(certainty: Certainty) -> Option<&'static str> {
    match certainty {
        Certainty::Made(finality) => Some(finality.name()),
        Certainty::NotMade | Certainty::Unknown => None,
    }
}

/// The line when it is known after all: the same members.
pub(super) fn resolved_line(outcome: &Outcome<'_>) -> Value {
    let mut line = outcome_line(outcome);
    line["event"] = "resolved".into();
    line
}

/// A request that ended before the terminal was asked.
#[derive(Debug, Clone, Copy)]
pub struct NotStarted<'a> {
    /// What was asked for.
    pub request: RequestKind,
    /// Whether money moved: no, or not known.
    pub certainty: &'a str,
    /// The reference's code.
    pub result: ResultCode,
    /// Why.
    pub cause: &'a str,
    /// What that rests on.
    pub evidence: &'a str,
    /// What is missing to know it.
    pub missing: Option<&'a str>,
    /// The short text.
    pub reason: &'a str,
    /// The long text.
    pub message: &'a str,
    /// The id of the attempt, if it got one.
    pub external_id: Option<&'a str>,
    /// What was asked for in minor units, if that could be read.
    pub requested: Option<i64>,
    /// Whether the terminal is a simulator.
    pub simulated: bool,
}

impl<'a> NotStarted<'a> {
    /// A request that was refused.
    #[must_use]
    pub const fn refused(refused: &'a Refused) -> Self {
        Self::not_made(refused.result, "refused", refused.reason, refused.message)
    }

    /// No money moved.
    #[must_use]
    pub const fn not_made(
        result: ResultCode,
        cause: &'a str,
        reason: &'a str,
        message: &'a str,
    ) -> Self {
        Self {
            request: RequestKind::Sale,
            certainty: "not_made",
            result,
            cause,
            evidence: "not_sent",
            missing: None,
            reason,
            message,
            external_id: None,
            requested: None,
            simulated: false,
        }
    }

    /// The last line of the request.
    #[must_use]
    pub fn line(&self) -> Value {
        json!({
            "event": "outcome",
            "request": self.request.name(),
            "certainty": self.certainty,
            "finality": null,
            "result": self.result.name(),
            "cause": self.cause,
            "reason": self.reason,
            "message": self.message,
            "external_id": self.external_id,
            "requested": self.requested,
            "approved": 0,
            "tip": 0,
            "remaining": self.requested,
            "offline": false,
            "simulated": self.simulated,
            "redelivered": false,
            "evidence": self.evidence,
            "missing": self.missing,
            "payment": null,
        })
    }
}

/// The exit status for an outcome.
#[must_use]
pub fn status_of(summary: &Summary) -> u8 {
    match (summary.certainty, summary.cause, summary.result) {
        (Certainty::Made(_), _, _) if summary.remaining() > 0 => status::PARTIAL,
        (Certainty::Made(_), _, _) => status::OK,
        (Certainty::Unknown, _, _) => status::UNKNOWN,
        (Certainty::NotMade, Cause::Declined | Cause::Busy, _) => status::FAIL,
        (Certainty::NotMade, Cause::Refused, _) => status::USAGE,
        (Certainty::NotMade, _, ResultCode::Unsupported) => status::UNSUPPORTED,
        (Certainty::NotMade, _, ResultCode::Cancel) => status::CANCEL,
        (Certainty::NotMade, _, ResultCode::Error) => status::ERROR,
        (Certainty::NotMade, _, _) => status::FAIL,
    }
}

pub(super) fn outcome_text(outcome: &Outcome<'_>) -> String {
    let summary = &outcome.summary;
    let done = done(summary.kind);
    match summary.certainty {
        Certainty::Made(finality) => paid_text(summary, finality.name(), outcome.payment),
        Certainty::NotMade => format!(
            "NOT {done} ({}): {}. {}",
            summary.cause.name(),
            outcome.reason,
            outcome.message,
        ),
        Certainty::Unknown if summary.kind.is_charge() => format!(
            "NOT KNOWN whether the customer has paid ({}): {} Ask the terminal for {} before you charge again.",
            summary.cause.name(),
            outcome.message,
            summary.external_id,
        ),
        Certainty::Unknown => format!(
            "NOT KNOWN whether it is {done} ({}): {} Look at the terminal before you ask for it again.",
            summary.cause.name(),
            outcome.message,
        ),
    }
}

/// What was done if a request was made.
const fn done(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::PreAuth => "RESERVED",
        RequestKind::ManualRefund | RequestKind::Refund => "GIVEN BACK",
        RequestKind::Void => "VOIDED",
        // A sale, an auth; the list is open.
        _ => "PAID",
    }
}

/// Without a payment, what is on record of it.
fn paid_text(summary: &Summary, finality: &str, payment: Option<Payment<'_>>) -> String {
    let offline = if summary.offline { "yes" } else { "no" }.to_owned();
    let mut rows = match payment {
        Some(payment) => payment_rows(summary, payment, offline),
        None => vec![
            (
                "Payment id",
                summary.payment_id.as_deref().unwrap_or_default().to_owned(),
            ),
            ("External id", summary.external_id.to_string()),
            ("Amount", major(summary.approved)),
            ("Tip", major(summary.tip)),
            ("Offline", offline),
        ],
    };
    if summary.remaining() > 0 {
        rows.push(("Remaining", major(summary.remaining())));
    }
    let simulated = if summary.simulated {
        " on a simulator: no money has moved"
    } else {
        ""
    };
    let title = format!("{} ({finality}){simulated}", done(summary.kind));
    rows.iter().fold(title, |mut lines, (name, value)| {
        lines.push_str(&format!("\n  {name:<12} {value}"));
        lines
    })
}

fn payment_rows(
    summary: &Summary,
    payment: Payment<'_>,
    offline: String,
) -> Vec<(&'static str, String)> {
    let card = payment.card_transaction();
    let code = card.and_then(|card| card.auth_code());
    let kind = card.and_then(|card| card.card_type());
    vec![
        ("Payment id", text(payment.id())),
        ("External id", text(payment.external_payment_id())),
        (
            "Order id",
            text(payment.order().and_then(|order| order.id())),
        ),
        ("Amount", major(summary.approved)),
        ("Tip", major(summary.tip)),
        ("Tax", major(payment.tax_amount().unwrap_or(0))),
        ("Offline", offline),
        (
            "Auth code",
            code.map(|code| code.expose().to_string())
                .unwrap_or_default(),
        ),
        (
            "Card type",
            kind.map(|kind| kind.to_string()).unwrap_or_default(),
        ),
        ("Last 4", text(card.and_then(|card| card.last4()))),
    ]
}
