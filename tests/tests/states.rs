//! The table of states in the documentation of `proto_core::pos`, made by making everything happen in every state.
//!
//! `STATES=write cargo test -p system-tests --test states` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use proto_core::journal::JournalFailed;
use proto_core::pos::{RequestId, Sale, Standing};
use proto_core::wire::names::UiState;
use serde_json::{Value, json};
use system_tests::{Device, JournalAnswer, World, begin, screen};

const STATES: [Standing; 8] = [
    Standing::Withheld,
    Standing::Sent,
    Standing::Taken,
    Standing::Asking,
    Standing::InDoubt,
    Standing::Unknown,
    Standing::Offline,
    Standing::Settled,
];

type Happens = fn(&mut World, &Device);

const INPUTS: &[(&str, Happens)] = &[
    ("the journal says yes", |world, _| {
        if world.asks_journal() {
            world.answer_journal(Ok(()));
        }
    }),
    ("the journal fails", |world, _| {
        if world.asks_journal() {
            world.answer_journal(Err(JournalFailed));
        }
    }),
    ("TX_START_RESPONSE SUCCESS", |world, _| {
        start_response(world, "SUCCESS");
    }),
    ("TX_START_RESPONSE FAIL", |world, _| {
        start_response(world, "FAIL");
    }),
    ("TX_START_RESPONSE DUPLICATE", |world, _| {
        start_response(world, "DUPLICATE");
    }),
    ("INVALID_STATE_TRANSITION of TX_START", |world, _| {
        world.inject_command(
            "INVALID_STATE_TRANSITION",
            &json!({"requestedTransition": "TX_START"}),
        );
    }),
    ("INVALID_STATE_TRANSITION of something else", |world, _| {
        world.inject_command(
            "INVALID_STATE_TRANSITION",
            &json!({"requestedTransition": "SHOW_WELCOME_SCREEN"}),
        );
    }),
    ("a payment screen", |world, _| {
        screen(&mut world.terminal, UiState::Processing);
        world.settle();
    }),
    ("CONFIRM_PAYMENT_MESSAGE", |world, _| {
        world.inject_command(
            "CONFIRM_PAYMENT_MESSAGE",
            &json!({"payment": payment("PAY1", "X", "SUCCESS")}),
        );
    }),
    ("FINISH_OK with our id", |world, _| {
        finish(world, "PAY1", "X", "SUCCESS");
    }),
    ("FINISH_OK with our id, pending", |world, _| {
        finish(world, "PAY1", "X", "PENDING");
    }),
    ("FINISH_OK with our id, failed", |world, _| {
        finish(world, "PAY1", "X", "FAIL");
    }),
    ("FINISH_OK with another id", |world, _| {
        finish(world, "PAY2", "Z", "SUCCESS");
    }),
    ("FINISH_OK with our id, a second payment", |world, _| {
        finish(world, "PAY3", "X", "SUCCESS");
    }),
    ("FINISH_CANCEL", |world, _| {
        world.inject_command("FINISH_CANCEL", &json!({"requestInfo": "SALE"}));
    }),
    (
        "REMOTE_ERROR, or a message that cannot be read",
        |world, _| {
            world.inject("{");
        },
    ),
    ("the link is lost", |world, _| world.cut()),
    ("the terminal says that it runs", |world, device| {
        device.is_doing("BUSY", Some("X"));
        asked(world, device);
    }),
    ("it is looked up: made", |world, device| {
        device.has(payment("PAY1", "X", "SUCCESS"));
        asked(world, device);
    }),
    ("it is looked up: failed", |world, device| {
        device.has(payment("PAY1", "X", "FAIL"));
        asked(world, device);
    }),
    (
        "it is not found, twice, on an idle terminal",
        |world, device| {
            asked(world, device);
        },
    ),
    ("the point of sale cancels", |world, _| {
        if let Some(request) = world.pos.open_request() {
            world.pos.cancel(world.now, request).unwrap();
            world.settle();
        }
    }),
    ("its time is up, and nobody answers", |world, device| {
        device.silent(true);
        world.wait(1_000_000);
    }),
];

/// Lets the terminal be asked, if it is: at the latest 30 s after a question of its own has run into its deadline.
fn asked(world: &mut World, device: &Device) {
    device.silent(false);
    world.wait(105_000);
}

fn start_response(world: &mut World, result: &str) {
    world.inject_command(
        "TX_START_RESPONSE",
        &json!({"result": result, "success": result == "SUCCESS", "externalPaymentId": "X"}),
    );
}

fn finish(world: &mut World, id: &str, external_id: &str, result: &str) {
    let payment = payment(id, external_id, result).to_string();
    world.inject_command(
        "FINISH_OK",
        &json!({"payment": payment, "requestInfo": "SALE"}),
    );
}

fn payment(id: &str, external_id: &str, result: &str) -> Value {
    json!({"id": id, "externalPaymentId": external_id, "amount": 1000, "result": result})
}

/// A world in which a sale stands like this.
fn world_in(state: Standing) -> (World, Device, RequestId) {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.silent(true);
    if state == Standing::Withheld {
        world.journal = JournalAnswer::Silence;
    }
    if !matches!(state, Standing::Withheld | Standing::Sent) {
        world.on_start(begin);
    }
    let request = world.ask(&Sale::new(1_000).external_id("X"));
    match state {
        Standing::Asking => world.inject_command(
            "CONFIRM_PAYMENT_MESSAGE",
            &json!({"payment": payment("PAY1", "X", "SUCCESS")}),
        ),
        Standing::InDoubt => {
            world.cut();
            world.join();
        }
        Standing::Unknown => {
            world.cut();
            world.join();
            world.wait(30_000);
        }
        Standing::Offline => {
            let mut payment = payment("PAY1", "X", "SUCCESS");
            payment["offline"] = json!(true);
            world.inject_command("FINISH_OK", &json!({"payment": payment.to_string()}));
        }
        Standing::Settled => finish(&mut world, "PAY1", "X", "SUCCESS"),
        _ => {}
    }
    assert_eq!(world.pos.standing(request), Some(state), "{state:?}");
    world.forget();
    world.outcomes.clear();
    (world, device, request)
}

fn cell(state: Standing, happens: Happens) -> String {
    let (mut world, device, request) = world_in(state);
    happens(&mut world, &device);
    let after = world.pos.standing(request).map_or("over", Standing::name);
    let mut told: Vec<_> = world
        .outcomes
        .iter()
        .map(|(summary, ..)| summary.certainty.name().replace('_', " "))
        .collect();
    if world
        .transcript()
        .iter()
        .any(|line| line == "event: Contradicted")
    {
        told.push("contradicted".to_owned());
    }
    match (after == state.name(), told.is_empty()) {
        (true, true) => "·".to_owned(),
        (false, true) => after.to_owned(),
        (true, false) => format!("**{}**", told.join(", ")),
        (false, false) => format!("**{}**, {after}", told.join(", ")),
    }
}

fn table() -> String {
    let mut table = String::from("| what happens |");
    for state in STATES {
        let _ = write!(table, " {} |", state.name());
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(STATES.len()));
    table.push('\n');
    for (name, happens) in INPUTS {
        let _ = write!(table, "| {name} |");
        for state in STATES {
            let _ = write!(table, " {} |", cell(state, *happens));
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_table_of_states_is_what_happens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto-core/src/pos/states.md");
    let table = table();
    if std::env::var_os("STATES").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == table,
        "{} is out of date; run with STATES=write. Now it is:\n{table}",
        path.display()
    );
}
