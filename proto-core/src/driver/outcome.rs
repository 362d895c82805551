//! Outcomes that outlive the message they came in.

use core::fmt;

use crate::journal::Record;
use crate::model::{Payment, PaymentDraft};
use crate::pos::{self, Certainty, ExternalId, Summary};
use crate::wire::json::{Object, Text, WriteJson as _, Writer};

/// How a request ended: what happened to the money.
#[derive(Debug, Clone)]
#[must_use = "it says whether the customer has paid"]
pub enum Outcome {
    /// Money moved.
    Made {
        /// The payment as the terminal sent it. If it comes from the journal what is on record of it, and of a
        /// refund or a credit what is known of that: ids and amounts.
        payment: OwnedPayment,
        /// What is still to be paid (or given back), in minor units.
        remaining: i64,
        /// The outcome in figures.
        summary: Summary,
    },
    /// No money moved.
    NotMade(NotMade),
    /// It is not known.
    Unknown {
        /// The id to ask the terminal for.
        ask: ExternalId,
        /// Why it is not known.
        why: NotMade,
    },
}

impl Outcome {
    /// The outcome in figures.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        match self {
            Self::Made { summary, .. } => summary,
            Self::NotMade(why) | Self::Unknown { why, .. } => &why.summary,
        }
    }

    /// There is none, for this reason.
    pub(super) fn without(summary: Summary, reason: &str, message: &str) -> Self {
        Self::Unknown {
            ask: summary.external_id.clone(),
            why: NotMade {
                summary,
                reason: reason.to_owned(),
                message: message.to_owned(),
            },
        }
    }

    pub(super) fn of(outcome: &pos::Outcome<'_>) -> Self {
        let summary = outcome.summary.clone();
        match (summary.certainty, outcome.payment) {
            (Certainty::Made(_), payment) => Self::Made {
                payment: payment
                    .map_or_else(|| OwnedPayment::on_record(&summary), OwnedPayment::of),
                remaining: summary.remaining(),
                summary,
            },
            (Certainty::NotMade, _) => Self::NotMade(NotMade::of(outcome)),
            (Certainty::Unknown, _) => Self::Unknown {
                ask: summary.external_id.clone(),
                why: NotMade::of(outcome),
            },
        }
    }
}

/// Why no money moved, or why it is not known.
#[derive(Debug, Clone)]
pub struct NotMade {
    /// The outcome in figures.
    pub summary: Summary,
    /// The short text.
    pub reason: String,
    /// The long text.
    pub message: String,
}

impl NotMade {
    /// What is on record of a request.
    pub(super) fn on_record(record: &Record, summary: Summary) -> Self {
        let (reason, message) = record
            .ending
            .as_ref()
            .map(|ending| ending.texts(record))
            .unzip();
        Self {
            summary,
            reason: reason.unwrap_or_default().to_owned(),
            message: message.map(|text| text.to_string()).unwrap_or_default(),
        }
    }

    fn of(outcome: &pos::Outcome<'_>) -> Self {
        Self {
            summary: outcome.summary.clone(),
            reason: outcome.reason.to_string(),
            message: outcome.message.to_string(),
        }
    }
}

impl fmt::Display for NotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// A payment that owns its text.
#[derive(Clone)]
pub struct OwnedPayment(String);

impl OwnedPayment {
    pub(super) fn of(payment: Payment<'_>) -> Self {
        Self(payment.object().json().expose().to_owned())
    }

    /// What is known of a payment without the message that brought it.
    fn on_record(summary: &Summary) -> Self {
        let draft = PaymentDraft {
            id: summary.payment_id.as_deref().map(Text::from),
            external_payment_id: Some(summary.external_id.as_str().into()),
            amount: Some(summary.approved),
            tip_amount: Some(summary.tip),
            ..PaymentDraft::default()
        };
        let mut room = [0; 512];
        let mut writer = Writer::new(&mut room);
        draft.write(&mut writer);
        // Two ids and two numbers fit, escaped or not.
        let len = writer.finish().unwrap_or(0);
        let text = room.get(..len).unwrap_or_default();
        Self(String::from_utf8_lossy(text).into_owned())
    }

    /// The payment, to be read.
    #[must_use]
    pub fn view(&self) -> Payment<'_> {
        Payment::of(Object::parse(&self.0).unwrap_or(Object::EMPTY))
    }

    /// The terminal's id of the payment.
    #[must_use]
    pub fn id(&self) -> String {
        self.view().id().unwrap_or_default().to_string()
    }
}

impl fmt::Debug for OwnedPayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}
