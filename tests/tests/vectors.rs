//! Example messages, opened and compared with what another JSON reader finds in them.

use std::collections::BTreeSet;
use std::path::Path;

use proto_core::message::{
    Direction, DiscoveryResponse, FinishOk, InvalidStateTransition, PairingResponse, TxStart,
    TxStartResponse, UiStateMessage, declared,
};
use proto_core::wire::json::{Object, Value as Ours};
use proto_core::wire::{OpenError, open};
use serde_json::Value;
use system_tests::again::{self, Change};

fn vectors() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut found = Vec::new();
    for folder in ["messages", "fragments", "link", "own"] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read(&path).unwrap();
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("json") => found.push((name, text)),
                Some("jsonl") => found.extend(
                    text.split(|byte| *byte == b'\n')
                        .filter(|line| !line.is_empty())
                        .map(|line| (name.clone(), line.to_vec())),
                ),
                _ => {}
            }
        }
    }
    assert!(found.len() > 150, "{}", found.len());
    found
}

/// Ours against theirs; where ours has opened a string, theirs is parsed.
fn same(ours: Ours<'_>, theirs: &Value, place: &str) {
    match (ours, theirs) {
        (Ours::Object(object), Value::String(text)) => {
            let inner = serde_json::from_str(text).unwrap_or_else(|_| panic!("{place}: {text}"));
            same(Ours::Object(object), &inner, place);
        }
        (Ours::Object(object), Value::Object(map)) => {
            let members: Vec<_> = object.members().collect();
            assert_eq!(members.len(), map.len(), "{place}");
            for (name, value) in members {
                let name = name.to_string();
                same(value, &map[&name], &format!("{place}.{name}"));
            }
        }
        (Ours::List(list), Value::Array(items)) => {
            assert_eq!(list.items().count(), items.len(), "{place}");
            for (ours, theirs) in list.items().zip(items) {
                same(ours, theirs, place);
            }
        }
        (Ours::String(text), Value::String(theirs)) => {
            assert_eq!(&text.to_string(), theirs, "{place}");
        }
        (Ours::Number(number), Value::Number(theirs)) => {
            assert_eq!(
                serde_json::from_str::<Value>(number).unwrap(),
                Value::Number(theirs.clone())
            );
        }
        (Ours::Bool(ours), Value::Bool(theirs)) => assert_eq!(ours, *theirs, "{place}"),
        (Ours::Null, Value::Null) => {}
        (ours, theirs) => panic!("{place}: {ours:?} is not {theirs}"),
    }
}

#[test]
fn every_vector_opens_to_what_another_reader_finds() {
    for (name, text) in vectors() {
        let envelope: Value = serde_json::from_slice(&text).unwrap();
        let mut buf = text.clone();
        if envelope["fragmentIndex"].is_number() {
            assert_eq!(open(&mut buf).unwrap_err().why, OpenError::Fragment);
            continue;
        }
        // Files that are no message (an answer of the cloud's HTTP) open to nothing of interest.
        let message = open(&mut buf).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            message
                .method
                .map(|method| method.name().to_string())
                .as_deref(),
            envelope["method"].as_str(),
            "{name}"
        );
        assert_eq!(
            message.version,
            envelope["version"].as_i64().unwrap_or(1).max(1),
            "{name}"
        );
        let payload = match &envelope["payload"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        if payload.is_object() {
            same(Ours::Object(message.payload), &payload, &name);
        } else {
            assert_eq!(message.payload, Object::EMPTY, "{name}");
        }
    }
}

#[test]
fn no_truncation_of_a_vector_is_read_or_panics() {
    for (name, text) in vectors() {
        let text = text.trim_ascii_end();
        if text.len() > 8 * 1024 {
            continue;
        }
        for len in 0..text.len() {
            let mut buf = text[..len].to_vec();
            assert!(open(&mut buf).is_err(), "{name} cut at {len}");
        }
    }
}

fn vector(name: &str) -> Vec<u8> {
    vectors()
        .into_iter()
        .find(|(found, _)| found == name)
        .unwrap_or_else(|| panic!("no vector {name}"))
        .1
}

#[test]
fn views_read_the_fields_that_are_there() {
    let mut text = vector("FINISH_OK-sale-unicode.json");
    let payment = FinishOk::from_message(&open(&mut text).unwrap())
        .unwrap()
        .payment()
        .unwrap();
    assert_eq!(payment.id().unwrap(), "FVWM8TK15ZYJF");
    assert_eq!(
        (payment.amount(), payment.tip_amount(), payment.tax_amount()),
        (Some(2599), Some(450), Some(199))
    );
    assert_eq!(payment.cashback_amount(), None, "null is absent");
    let card = payment.card_transaction().unwrap();
    assert_eq!(card.cardholder_name().unwrap(), "DOE/JANE Q");
    assert_eq!(format!("{:?}", card.auth_code().unwrap()), "***");
    let note = payment.object().get("note").unwrap();
    assert!(format!("{note:?}").contains("漢字"), "{note:?}");

    for (name, id) in [
        ("TX_START_RESPONSE-success.json", Some("INV-2024-000123")),
        ("TX_START_RESPONSE-legacy-success.json", None),
    ] {
        let mut text = vector(name);
        let response = TxStartResponse::from_message(&open(&mut text).unwrap()).unwrap();
        assert_eq!(response.success(), Some(true));
        assert_eq!(
            response
                .external_payment_id()
                .map(|id| id.to_string())
                .as_deref(),
            id
        );
    }

    let mut text = vector("UI_STATE-receipt-many-options.json");
    let screen = UiStateMessage::from_message(&open(&mut text).unwrap()).unwrap();
    assert!(screen.input_options().unwrap().count() > 1);

    let mut text = vector("DISCOVERY_RESPONSE-ready.json");
    let info = DiscoveryResponse::from_message(&open(&mut text).unwrap()).unwrap();
    assert_eq!(info.ready(), Some(true));

    let mut text = vector("pairing-08-response-paired.json");
    let paired = PairingResponse::from_message(&open(&mut text).unwrap()).unwrap();
    assert_eq!(
        paired.authentication_token().unwrap().expose(),
        "tok-0002-made-up"
    );

    let mut text = vector("INVALID_STATE_TRANSITION-typical.json");
    let refused = InvalidStateTransition::from_message(&open(&mut text).unwrap()).unwrap();
    assert_eq!(
        refused.data().unwrap().external_payment_id().unwrap(),
        "INV-2024-000122"
    );
}

#[test]
fn settings_are_read_as_objects_and_as_strings() {
    for name in [
        "sale-01-tx-start-object-settings.json",
        "sale-02-tx-start-string-settings.json",
    ] {
        let mut text = vector(name);
        let start = TxStart::from_message(&open(&mut text).unwrap()).unwrap();
        let settings = start.pay_intent().unwrap().transaction_settings().unwrap();
        assert_eq!(settings.tippable_amount(), Some(1000), "{name}");
    }
}

#[test]
fn the_index_of_the_vectors_names_their_messages_as_they_are_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let index = std::fs::read(root.join("messages.index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    for entry in index.as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let mut text = vector(file);
        let method = open(&mut text).unwrap().method;
        let Some(declared) = method.and_then(declared) else {
            continue;
        };
        assert_eq!(declared.method.name(), entry["method"].as_str().unwrap());
        let direction = match entry["direction"].as_str().unwrap() {
            "POS->device" => Direction::ToTerminal,
            _ => Direction::ToPos,
        };
        let either = declared.direction == Direction::Both;
        assert!(either || declared.direction == direction, "{file}");
    }
}

/// Members that no table has, and who sends them. They stay where they are in what goes on as it came.
const UNDECLARED: [(&str, &str); 4] = [
    ("messageId", "the cloud SDK repeats the envelope's id"),
    ("futureCapability", "made up: a flag of a later terminal"),
    ("futureField", "made up: a field of a later terminal"),
    ("unknownModelField", "made up: a field of a later model"),
];

#[test]
fn every_vector_is_written_again_as_it_was_but_for_its_dialect() {
    let mut seen = BTreeSet::new();
    for (name, text) in vectors() {
        let envelope: Value = serde_json::from_slice(&text).unwrap();
        let mut buf = text.clone();
        let message = match open(&mut buf) {
            Ok(message) => message,
            // The joiner has its own tests.
            Err(unreadable) => {
                assert_eq!(unreadable.why, OpenError::Fragment, "{name}");
                continue;
            }
        };
        let Some(declared) = message.method.and_then(declared) else {
            continue;
        };
        for (change, place) in again::message(declared, &message, &envelope["payload"]) {
            let (_, field) = place.rsplit_once('.').unwrap();
            match change {
                Change::Undeclared => {
                    let known = UNDECLARED.iter().find(|(known, _)| *known == field);
                    let (known, _) = known.unwrap_or_else(|| panic!("{name}: {place}"));
                    seen.insert(*known);
                }
                Change::Name => assert_eq!(place, "CLOVER_DEVICE_LOG_REQUEST.Message"),
                // Written forms that `protocol/decisions.md` and `messages.md` §5 decide.
                Change::Null | Change::ToString | Change::ToObject | Change::SecondName => {}
                Change::List | Change::Scalar | Change::Unread => {
                    panic!("{name}: {place} {change:?}")
                }
            }
        }
    }
    assert_eq!(seen, UNDECLARED.map(|(name, _)| name).into());
}

/// Positions of a text: all of a short one, 2,000 of a long one.
fn positions(len: usize, seed: &mut u64) -> Vec<usize> {
    if len <= 8 * 1_024 {
        return (0..len).collect();
    }
    (0..2_000).map(|_| next(seed) as usize % len).collect()
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    *seed >> 33
}

#[test]
fn no_changed_byte_of_a_vector_makes_a_role_panic_or_ends_a_sale_twice() {
    use proto_core::Role as _;
    let mut seed = 0x5EED;
    for (name, text) in vectors() {
        // Another seed for each vector, so that one can be looked at alone.
        seed ^= name.len() as u64;
        let mut world = system_tests::World::ready();
        world.on_start(system_tests::begin);
        world.sale("INV-2024-000123");
        for (count, at) in positions(text.len(), &mut seed).into_iter().enumerate() {
            let mut changed = text.clone();
            changed[at] ^= (next(&mut seed) % 255) as u8 + 1;
            let mut for_terminal = changed.clone();
            let _ = world.pos.handle_message(world.now, &mut changed);
            let _ = world.terminal.handle_message(world.now, &mut for_terminal);
            if count % 64 == 0 {
                world.settle();
                world.forget();
            }
        }
        world.settle();
        let outcomes = world.outcomes.len();
        assert!(outcomes <= 2, "{name}: {:?}", world.outcomes);
    }
}
