//! Whether an invoice is paid: the last line of `pay`, the text for people, the exit status.

use proto_core::driver::{Conflict, Differs, Paid};
use proto_core::pos::{Certainty, Summary};
use serde_json::{Value, json};

use super::outcome::{NotStarted, status, status_of};
use crate::amount::major;

/// The answer of `pay`.
#[derive(Debug, Clone)]
pub struct Standing {
    name: &'static str,
    status: u8,
    external_id: Option<String>,
    requested: Option<i64>,
    approved: i64,
    tip: i64,
    remaining: Option<i64>,
    payment_id: Option<String>,
    cause: String,
    reason: String,
    message: String,
    differs: Option<&'static str>,
    simulated: bool,
    text: String,
}

impl Standing {
    /// What is known.
    #[must_use]
    pub fn of(paid: &Paid) -> Self {
        let summary = paid.summary();
        let id = &summary.external_id;
        let simulated = if summary.simulated {
            " (on a simulator: no money has moved)"
        } else {
            ""
        };
        let payment = summary.payment_id.as_deref().unwrap_or_default();
        let approved = major(summary.approved);
        match paid {
            Paid::Full(_) => Self {
                text: format!("{id} is PAID: {approved}, payment {payment}{simulated}"),
                ..Self::with("full", status::OK, summary)
            },
            Paid::Partial { remaining, .. } => Self {
                text: format!(
                    "{id} is PAID IN PART: {approved}, payment {payment}; {} left, to be paid under another external id{simulated}",
                    major(*remaining)
                ),
                ..Self::with("partial", status::PARTIAL, summary)
            },
            Paid::NotMade(why) => Self {
                reason: why.reason.clone(),
                message: why.message.clone(),
                text: format!("{id} is NOT PAID: {why}. --retry makes another attempt."),
                ..Self::with("not_made", status_of(summary), summary)
            },
            Paid::Unknown { why, .. } => Self {
                reason: why.reason.clone(),
                message: why.message.clone(),
                text: format!(
                    "It is NOT KNOWN whether {id} is paid: {why} Run this again, and charge nothing else for it."
                ),
                ..Self::with("unknown", status::UNKNOWN, summary)
            },
            Paid::Conflict(conflict) => {
                let message = conflict_text(conflict);
                Self {
                    differs: Some(conflict.differs.name()),
                    text: format!("NOTHING WAS SENT, look into it: {message}."),
                    message,
                    ..Self::with("conflict", status::CONFLICT, summary)
                }
            }
        }
    }

    /// It could not even be asked for; nothing is known under its id.
    #[must_use]
    pub fn not_started(line: &NotStarted<'_>, status: u8) -> Self {
        Self {
            name: "not_made",
            status,
            external_id: line.external_id.map(str::to_owned),
            requested: line.requested,
            approved: 0,
            tip: 0,
            remaining: line.requested,
            payment_id: None,
            cause: line.cause.to_owned(),
            reason: line.reason.to_owned(),
            message: line.message.to_owned(),
            differs: None,
            simulated: line.simulated,
            text: format!("{}: {}", line.reason, line.message),
        }
    }

    /// It could not be asked for, and what became of an earlier attempt is not known.
    #[must_use]
    pub fn unknown(self) -> Self {
        Self {
            name: "unknown",
            status: status::UNKNOWN,
            text: format!(
                "{} It is NOT KNOWN whether it is paid: run this again, and charge nothing else for it.",
                self.text
            ),
            ..self
        }
    }

    fn with(name: &'static str, status: u8, summary: &Summary) -> Self {
        Self {
            name,
            status,
            external_id: Some(summary.external_id.to_string()),
            requested: Some(summary.requested),
            approved: summary.approved,
            tip: summary.tip,
            remaining: (summary.certainty != Certainty::Unknown).then(|| summary.remaining()),
            payment_id: summary.payment_id.as_deref().map(str::to_owned),
            cause: summary.cause.name().to_owned(),
            reason: String::new(),
            message: String::new(),
            differs: None,
            simulated: summary.simulated,
            text: String::new(),
        }
    }

    /// The last line.
    #[must_use]
    pub fn line(&self) -> Value {
        json!({
            "event": "paid",
            "standing": self.name,
            "external_id": self.external_id,
            "requested": self.requested,
            "approved": self.approved,
            "tip": self.tip,
            "remaining": self.remaining,
            "payment_id": self.payment_id,
            "cause": self.cause,
            "reason": self.reason,
            "message": self.message,
            "differs": self.differs,
            "simulated": self.simulated,
        })
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The exit status.
    #[must_use]
    pub const fn status(&self) -> u8 {
        self.status
    }
}

/// What differs, with amounts as people write them.
fn conflict_text(conflict: &Conflict) -> String {
    let known = &conflict.known;
    match conflict.differs {
        Differs::Amount => format!(
            "{} is a {} of another amount: {} was asked for and {} approved",
            known.external_id,
            known.kind.name(),
            major(known.requested),
            major(known.approved)
        ),
        Differs::Kind | Differs::Terminal => conflict.to_string(),
    }
}
