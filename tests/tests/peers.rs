//! What other people's SDKs have sent to the simulated terminal (`tests/everything peers` records it), read by our
//! terminal role; and their TX_START beside ours, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proto_core::Role as _;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::message::{PaymentRejected, TxStart};
use proto_core::model::{TipSuggestionDraft, VaultedCardDraft};
use proto_core::pos::Sale;
use proto_core::redact::{Secret, is_secret};
use proto_core::terminal::{Event, Identity, Terminal};
use proto_core::time::Instant;
use proto_core::wire::names::{DataEntryLocation, MessageType, Method, TipMode, VoidReason};
use proto_core::wire::{Message, open};
use serde_json::{Value, json};
use system_tests::World;

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/peers")
}

/// Every recording: its name, and the messages in their order.
fn recordings() -> BTreeMap<String, Vec<String>> {
    let files = std::fs::read_dir(peers().join("javascript")).unwrap();
    let all: BTreeMap<_, Vec<_>> = files
        .map(|file| {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, text.lines().map(str::to_owned).collect())
        })
        .collect();
    assert!(all.values().flatten().count() > 80);
    all
}

/// Each message, opened.
fn each(mut look: impl FnMut(&str, &Message<'_>)) {
    for text in recordings().values().flatten() {
        let mut message = text.clone().into_bytes();
        look(text, &open(&mut message).unwrap());
    }
}

/// What the terminal role tells of a message, in a word.
fn told(event: &Event<'_>) -> &'static str {
    match event {
        Event::PairingRequested(_) => "pairing",
        Event::Discovered => "discovered",
        Event::MessageShown(_) => "message",
        Event::WelcomeShown => "welcome",
        Event::ThankYouShown => "thank you",
        Event::Started(_) => "started",
        Event::KeyPressed(_) => "key",
        Event::Reset => "reset",
        Event::Confirmed(_) => "confirmed",
        Event::Rejected(_) => "rejected",
        Event::SignatureVerified(_) => "signature",
        Event::RefundAsked(_) => "refund",
        Event::VoidAsked(_) => "void",
        Event::Queried(_) => "question",
        _ => "something else",
    }
}

#[test]
fn every_message_is_told_as_what_it_is() {
    let expected = [
        (Method::PairingRequest, "pairing"),
        (Method::DiscoveryRequest, "discovered"),
        (Method::TerminalMessage, "message"),
        (Method::ShowWelcomeScreen, "welcome"),
        (Method::ShowThankYouScreen, "thank you"),
        (Method::TxStart, "started"),
        (Method::KeyPress, "key"),
        (Method::Break, "reset"),
        (Method::PaymentConfirmed, "confirmed"),
        (Method::PaymentRejected, "rejected"),
        (Method::SignatureVerified, "signature"),
        (Method::RefundRequest, "refund"),
        (Method::VoidPayment, "void"),
        (Method::RetrieveDeviceStatusRequest, "question"),
        (Method::RetrievePaymentRequest, "question"),
        (Method::RetrievePendingPayments, "question"),
    ];
    let mut seen = BTreeSet::new();
    for (name, messages) in recordings() {
        let mut send = vec![0; 65_536];
        let mut terminal = Terminal::new(Identity::SIMULATOR, send.as_mut_slice());
        let now = Instant::from_millis(1_000);
        terminal.handle_link_up(now, LinkInfo::new(LinkKind::Network, "pos"));
        for text in messages {
            let mut message = text.clone().into_bytes();
            let method = open(&mut message).unwrap().method;
            let Some(method) = method else {
                assert!(text.contains(r#""type":"PONG""#), "{text}");
                continue;
            };
            let (_, word) = expected
                .iter()
                .find(|(listed, _)| *listed == method)
                .unwrap_or_else(|| panic!("{method} is new: say how it is to be told"));
            seen.insert(method.to_string());
            if ["started", "refund", "void"].contains(word) {
                // What was running before has ended by now.
                let _ = terminal.finish_cancel();
            }
            let mut message = text.clone().into_bytes();
            let event = terminal.handle_message(now, &mut message);
            let event = event.unwrap_or_else(|| panic!("{name}: nothing is told of {text}"));
            assert_eq!(told(&event), *word, "{name}: {text}");
            match event {
                Event::PairingRequested(_) => terminal.accept_pairing("token", None).unwrap(),
                Event::Started(_) => terminal.accept_start().unwrap(),
                _ => {}
            }
            while terminal.transmit().is_some() {
                terminal.transmitted(now);
            }
        }
    }
    assert_eq!(seen.len(), expected.len(), "all of them occur: {seen:?}");
}

#[test]
fn every_message_says_who_sends_it_and_reads_as_another_json_reader_reads_it() {
    each(|text, message| {
        let envelope: Value = serde_json::from_str(text).unwrap();
        assert!(message.application_id.is_some() && message.source_sdk.is_some());
        if message.kind != MessageType::Command {
            return;
        }
        let payload: Value = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
        let ours: Value = serde_json::from_str(message.payload.json().expose()).unwrap();
        assert_eq!(ours, payload, "objects in it are objects: {text}");
    });
}

#[test]
fn an_answer_names_the_payment_and_a_rejection_the_reason_of_the_challenge() {
    let mut reasons = BTreeSet::new();
    let mut answers = 0;
    each(|text, message| {
        if !matches!(
            message.method,
            Some(Method::PaymentConfirmed | Method::PaymentRejected | Method::SignatureVerified)
        ) {
            return;
        }
        answers += 1;
        // The three have their payment under the same name.
        let rejected = PaymentRejected::of(message.payload);
        let payment = rejected.payment().unwrap_or_else(|| panic!("{text}"));
        assert!(payment.id().unwrap().to_string().starts_with("SIM"));
        assert!(payment.card_transaction().is_some(), "all of it comes back");
        if let Some(rejected) = PaymentRejected::from_message(message) {
            let reason = rejected.reason().unwrap();
            assert!(VoidReason::ALL.contains(&reason));
            reasons.insert(reason.to_string());
        }
    });
    assert!(answers >= 10);
    assert_eq!(
        reasons.into_iter().collect::<Vec<_>>(),
        ["REJECT_DUPLICATE", "REJECT_OFFLINE"]
    );
}

#[test]
fn no_secret_is_in_a_recording() {
    fn look(value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let made_up = value
                        .as_str()
                        .is_some_and(|text| text.starts_with("made-up"));
                    let harmless = made_up || value.is_null();
                    assert!(
                        harmless || !is_secret(name.as_str().into()),
                        "{name}: {value}"
                    );
                    look(value);
                }
            }
            Value::Array(items) => items.iter().for_each(look),
            Value::String(text) => {
                if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
                {
                    look(&inner);
                }
            }
            _ => {}
        }
    }
    for text in recordings().values().flatten() {
        look(&serde_json::from_str(text).unwrap());
    }
}

/// The leaves of a message by their path, what is JSON in a string opened.
fn leaves(value: &Value, path: &str, all: &mut BTreeMap<String, Value>) {
    let under = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, &under(name), all);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                leaves(value, &under(&at.to_string()), all);
            }
        }
        Value::String(text) if path == "payload" => {
            leaves(&serde_json::from_str(text).unwrap(), path, all);
        }
        leaf => {
            all.insert(path.to_owned(), leaf.clone());
        }
    }
}

/// The same sale as the peer's, asked for by our point of sale: the message, leaf by leaf.
fn ours(sale: &Sale<'_>) -> BTreeMap<String, Value> {
    let mut world = World::ready();
    world.ask(sale);
    let is_start = |(_, text): &&(_, String)| text.contains("\"TX_START\"");
    let (_, text) = world.wire.iter().find(is_start).unwrap();
    let mut all = BTreeMap::new();
    leaves(&serde_json::from_str(text).unwrap(), "", &mut all);
    all
}

fn theirs(external_id: &str) -> BTreeMap<String, Value> {
    let recordings = recordings();
    let is_it = |text: &&String| {
        let mut message = text.as_bytes().to_vec();
        let message = open(&mut message).unwrap();
        let start = TxStart::from_message(&message);
        let id = start
            .and_then(|start| start.pay_intent())
            .and_then(|intent| intent.external_payment_id());
        id.is_some_and(|id| id == external_id)
    };
    let text = recordings["requests"].iter().find(is_it).unwrap();
    let mut all = BTreeMap::new();
    leaves(&serde_json::from_str(text).unwrap(), "", &mut all);
    all
}

#[test]
fn our_tx_start_differs_from_theirs_only_where_that_is_accepted() {
    let suggestions = [
        TipSuggestionDraft {
            id: Some("1".into()),
            name: Some("Good".into()),
            percentage: Some(15),
            is_enabled: Some(true),
            ..TipSuggestionDraft::default()
        },
        TipSuggestionDraft {
            id: Some("2".into()),
            name: Some("Two".into()),
            amount: Some(200),
            is_enabled: Some(true),
            ..TipSuggestionDraft::default()
        },
    ];
    // As in tests/peers/javascript/requests.mjs.
    let everything = Sale {
        external_reference_id: Some("INVOICE-7"),
        tip_amount: Some(150),
        tip_mode: Some(TipMode::TipProvided),
        tax_amount: Some(199),
        tippable_amount: Some(2_400),
        tip_suggestions: &suggestions,
        card_entry_methods: Some(36_623),
        vaulted_card: Some(VaultedCardDraft {
            first6: Some("411111".into()),
            last4: Some("1111".into()),
            cardholder_name: Some("DOE/JANE Q".into()),
            expiration_date: Some(Secret::new("made-up".into())),
            token: Some(Secret::new("made-up-token".into())),
            ..VaultedCardDraft::default()
        }),
        card_not_present: true,
        disable_printing: Some(false),
        disable_receipt_selection: Some(true),
        disable_cashback: Some(true),
        disable_duplicate_checking: Some(true),
        disable_restart_on_failure: Some(true),
        auto_accept_confirmations: Some(true),
        auto_accept_signature: Some(true),
        signature_threshold: Some(2_500),
        signature_location: Some(DataEntryLocation::OnPaper),
        allow_offline: Some(true),
        approve_offline_without_prompt: Some(true),
        force_offline: Some(false),
        extras: &[("till", "2"), ("naïve", "café")],
        regional_extras: &[("com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY", "1")],
        ..Sale::new(2_599).external_id(" EVERYTHING ")
    };
    let minimal = Sale::new(1_000).external_id("MINIMAL");

    let table = std::fs::read_to_string(peers().join("tx_start.json")).unwrap();
    let table: Value = serde_json::from_str(&table).unwrap();
    let mut unused: BTreeSet<&str> = BTreeSet::new();
    for row in table["accepted"].as_array().unwrap() {
        assert!(row["why"].as_str().is_some_and(|why| !why.is_empty()));
        unused.extend(
            row["fields"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str),
        );
    }

    let absent = json!("absent");
    for (name, sale) in [("MINIMAL", minimal), ("EVERYTHING", everything)] {
        let (ours, theirs) = (ours(&sale), theirs(name));
        let fields: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        assert!(fields.len() > 20);
        for field in fields {
            let our = ours.get(field).unwrap_or(&absent);
            let their = theirs.get(field).unwrap_or(&absent);
            if our == their {
                continue;
            }
            let accepted = table["accepted"].as_array().unwrap().iter().any(|row| {
                let fits = |side: &str, value: &Value| row.get(side).is_none_or(|it| it == value);
                row["fields"].as_array().unwrap().contains(&json!(field))
                    && fits("ours", our)
                    && fits("theirs", their)
            });
            assert!(accepted, "{name}: {field} is {our}, theirs {their}");
            unused.remove(field.as_str());
        }
    }
    assert!(unused.is_empty(), "nothing differs there: {unused:?}");
}
