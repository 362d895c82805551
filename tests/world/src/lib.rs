//! A simulated world: a shop with a clerk, a point of sale with a journal on a disk, a terminal with its books, and
//! a link between them, all under a virtual clock and all of them failing. Whatever happens, the rules of
//! `design.md` "Money" hold; [`Rule`] lists them.
//!
//! A schedule is everything that happens for one seed, and repeats with it. A script of the simulator
//! ([`host_demo::sim::Script`]) can be run in place of what a seed draws.
//!
//! A changed byte that leaves a legal message cannot be seen in this protocol, which has no checksum; such changes
//! are left out.
#![forbid(unsafe_code)]

mod clerk;
mod device;
mod disk;
mod faults;
mod judge;
mod random;
mod rule;
mod world;

use host_demo::sim::script;
use serde_json::{Value, json};

pub use random::Random;
pub use rule::Rule;
pub use world::{Report, Room, run, run_script};

/// What a message is, in a few words.
pub(crate) fn words(text: &[u8]) -> String {
    let Ok(envelope) = serde_json::from_slice::<Value>(text) else {
        return format!("{} bytes that are no JSON", text.len());
    };
    let Some(method) = envelope["method"].as_str() else {
        return envelope["type"].to_string();
    };
    let payload = payload(&envelope);
    let words: Vec<_> = [
        "uiState",
        "uiDirection",
        "txState",
        "state",
        "queryStatus",
        "result",
        "status",
        "code",
        "reason",
        "requestInfo",
        "externalPaymentId",
        "sourceMessageId",
    ]
    .iter()
    .filter_map(|name| payload[*name].as_str())
    .collect();
    let id = payload["payIntent"]["externalPaymentId"].as_str();
    format!("{method} {} {}", words.join(" "), id.unwrap_or_default())
}

fn payload(envelope: &Value) -> Value {
    envelope["payload"]
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// The external id of a start that the point of sale sends.
pub(crate) fn start_of(text: &[u8]) -> Option<String> {
    // Looking is cheaper than reading, and most messages are no start.
    let head = text.get(..200).unwrap_or(text);
    let start = head.windows(10).any(|window| window == b"\"TX_START\"");
    if !start {
        return None;
    }
    let envelope = serde_json::from_slice::<Value>(text).ok()?;
    let id = payload(&envelope)["payIntent"]["externalPaymentId"]
        .as_str()?
        .to_owned();
    Some(id)
}

/// Whether it is a whole FINISH_OK.
pub(crate) fn is_finish(text: &[u8]) -> bool {
    text.windows(11).any(|window| window == b"\"FINISH_OK\"")
}

/// Something that nobody asked for.
pub(crate) fn unasked(random: &mut Random) -> Vec<u8> {
    let (method, payload) = random.pick(&[
        (
            "FINISH_OK",
            json!({"payment": {"id": "SIMOTHER00001", "externalPaymentId": "OTHER-POS", "amount": 700, "result": "SUCCESS"}}),
        ),
        (
            "TX_START_RESPONSE",
            json!({"result": "FAIL", "success": false, "externalPaymentId": "OTHER-POS"}),
        ),
        ("REMOTE_ERROR", json!({"errorMessage": "something"})),
        (
            "INVALID_STATE_TRANSITION",
            json!({"requestedTransition": "SHOW_WELCOME_SCREEN", "state": "BUSY"}),
        ),
        ("BRAND_NEW_METHOD", json!({"a": 1})),
        (
            "RETRIEVE_PAYMENT_RESPONSE",
            json!({"queryStatus": "NOT_FOUND", "externalPaymentId": "OTHER-POS"}),
        ),
        (
            "RETRIEVE_DEVICE_STATUS_RESPONSE",
            json!({"state": "BUSY"}),
        ),
    ]).clone();
    script::unasked(method, &payload.to_string())
}
