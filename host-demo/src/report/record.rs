//! How a request stands on record.

use proto_core::driver::JournalEntry;
use proto_core::journal::RecordState;
use proto_core::pos::{Certainty, Ending, Missing};
use serde_json::{Value, json};

use super::outcome::finality;
use crate::amount::major;

/// The line of an entry.
#[must_use]
pub fn record_line(entry: &JournalEntry) -> Value {
    let record = &entry.record;
    let ending = record.ending.as_ref();
    json!({
        "event": "record",
        "number": record.request.number(),
        "request": record.kind.name(),
        "external_id": record.external_id.as_str(),
        "requested": record.amount,
        "tip_requested": record.tip,
        "of_payment": record.payment.as_deref(),
        "original": record.original.as_ref().map(|id| id.as_str()),
        "terminal": record.terminal.as_str(),
        "merchant": record.merchant.as_str(),
        "asked_ms": record.unix_ms,
        "written_ms": entry.written_ms,
        "state": state(record.state),
        "open": record.is_open(),
        "certainty": ending.map(|ending| ending.certainty.name()),
        "finality": ending.and_then(|ending| finality(ending.certainty)),
        "result": ending.map(|ending| ending.result.name()),
        "cause": ending.map(|ending| ending.cause.name()),
        "evidence": ending.map(|ending| ending.evidence.name()),
        "missing": ending.and_then(|ending| ending.missing).map(Missing::name),
        "approved": ending.map(|ending| ending.approved),
        "tip": ending.map(|ending| ending.tip),
        "payment_id": ending.and_then(|ending| ending.payment.as_deref()),
        "simulated": record.simulated,
        "parked": ending.is_some_and(|ending| ending.parked),
        "because": entry.because.as_deref(),
    })
}

const fn state(state: RecordState) -> &'static str {
    match state {
        RecordState::Intent => "intent",
        RecordState::Outcome => "outcome",
        RecordState::Delivered => "delivered",
    }
}

/// The same for people.
#[must_use]
pub fn record_text(entry: &JournalEntry) -> String {
    let record = &entry.record;
    let made = entry.written_ms.map(|ms| {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(ms);
        humantime::format_rfc3339_seconds(at).to_string()
    });
    let amount = match record.amount {
        0 => String::new(),
        amount => major(amount),
    };
    let mut text = format!(
        "{:>5}  {:20}  {:13}  {:>10}  {:32}  {}",
        record.request.number(),
        made.unwrap_or_default(),
        record.kind.name().replace('_', " "),
        amount,
        record.external_id.as_str(),
        stands(record.ending.as_ref()),
    );
    match (record.state, record.is_open()) {
        (RecordState::Outcome, _) => text.push_str(", not taken note of yet"),
        (RecordState::Delivered, true) => text.push_str(", still being found out"),
        _ => {}
    }
    if let Some(because) = &entry.because {
        text.push_str(&format!("\n       because: {because}"));
    }
    text
}

fn stands(ending: Option<&Ending>) -> String {
    let Some(ending) = ending else {
        return "OPEN: the terminal is to be asked".to_owned();
    };
    match ending.certainty {
        Certainty::Made(finality) => {
            let payment = ending.payment.as_deref().unwrap_or_default();
            let text = format!(
                "made ({}) {} {payment}",
                finality.name(),
                major(ending.approved)
            );
            text.trim_end().to_owned()
        }
        Certainty::NotMade => format!("not made ({})", ending.cause.name()),
        Certainty::Unknown => {
            let missing = ending.missing.map_or("", Missing::what);
            format!("UNKNOWN ({}) {missing}", ending.cause.name())
        }
    }
}
