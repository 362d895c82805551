//! What the terminal says when it is asked: the lines, and the text for people.

use proto_core::message::{
    RetrieveDeviceStatusResponse, RetrievePaymentResponse, RetrievePendingPaymentsResponse,
};
use serde_json::{Value, json};

use super::{opt, payment, text};
use crate::amount::major;

pub(super) fn device_status(status: RetrieveDeviceStatusResponse<'_>) -> (Value, String) {
    let state = status.state().map(|state| state.to_string());
    let id = opt(status.data().and_then(|data| data.external_payment_id()));
    let mut people = match &state {
        Some(state) => format!("The terminal is {state}."),
        None => "The terminal does not say what it is doing.".to_owned(),
    };
    if let Some(id) = &id {
        people = format!("{people} It is at work on {id}.");
    }
    let line = json!({
        "event": "device_status",
        "state": state,
        "substate": status.substate().map(|substate| substate.to_string()),
        "external_id": id,
        "reason": text(status.reason()),
    });
    (line, people)
}

pub(super) fn payment_retrieved(found: RetrievePaymentResponse<'_>) -> (Value, String) {
    let id = text(found.external_payment_id());
    let status = found.query_status().map(|status| status.to_string());
    let people = match found.payment() {
        Some(payment) => format!(
            "{id} is payment {} of {}: {}.",
            text(payment.id()),
            major(payment.amount().unwrap_or(0)),
            payment.result().map_or_else(
                || "it does not say what became of it".to_owned(),
                |result| result.to_string()
            ),
        ),
        None => format!(
            "The terminal has no payment for {id} ({}). That proves nothing by itself: `host-demo pay` finds it out.",
            status.as_deref().unwrap_or("no status"),
        ),
    };
    let line = json!({
        "event": "payment_retrieved",
        "external_id": id,
        "query_status": status,
        "reason": text(found.reason()),
        "payment": found.payment().map(payment),
    });
    (line, people)
}

pub(super) fn pending_payments(pending: RetrievePendingPaymentsResponse<'_>) -> (Value, String) {
    let payments = || pending.pending_payment_entries().into_iter().flatten();
    let lines: Vec<_> = payments()
        .map(|payment| {
            json!({
                "id": opt(payment.payment_id()),
                "external_id": opt(payment.external_payment_id()),
                "amount": payment.amount(),
                "tip": payment.tip_amount(),
            })
        })
        .collect();
    let title = match lines.len() {
        0 => "No payment waits to be sent to the bank.".to_owned(),
        count => format!("Taken offline and not sent to the bank yet: {count}"),
    };
    let people = payments().fold(title, |people, payment| {
        format!(
            "{people}\n  {:<14} {:>12}  {}",
            text(payment.payment_id()),
            major(payment.amount().unwrap_or(0)),
            text(payment.external_payment_id()),
        )
    });
    let line = json!({
        "event": "pending_payments",
        "reason": text(pending.reason()),
        "payments": lines,
    });
    (line, people)
}
