//! Every option of a sale, by what arrives at the terminal, field by field.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};

use proto_core::terminal::{Event, Identity};
use serde_json::{Value, json};

use crate::scripted::{ScriptedTerminal, begin, paid};
use crate::support::{PATIENCE, Ran, Running, Tokens, run};

const CARD: &str = r#"{"first6":"476173","last4":"4242","cardholderName":"D'ARC\/JEANNE","expirationDate":"1228","token":"7281340072134242"}"#;

/// A terminal that takes every sale, and the payload of each TX_START.
fn terminal() -> (ScriptedTerminal, Receiver<Value>) {
    let (starts, received) = channel();
    let terminal = ScriptedTerminal::start(move |terminal, event| {
        if let Event::Started(start) = event {
            let payload = start.object().json().expose();
            starts.send(serde_json::from_str(payload).unwrap()).unwrap();
            begin(terminal);
            let amount = start.pay_intent().unwrap().amount().unwrap();
            terminal.finish_ok(&paid(amount)).unwrap();
        }
    });
    (terminal, received)
}

/// A sale with these options, which must be paid, and the payIntent that it sent.
fn sent(terminal: &ScriptedTerminal, starts: &Receiver<Value>, options: &[&str]) -> Value {
    let ran = sell(&terminal.url, options);
    assert_eq!(ran.status, Some(0), "{options:?}: {ran:?}");
    starts.recv_timeout(PATIENCE).unwrap()["payIntent"].take()
}

fn sell(url: &str, options: &[&str]) -> Ran {
    let tokens = Tokens::new();
    let path = tokens.path();
    let mut args = vec!["sale", "--json", "--to", url];
    args.extend(["--token-file", path.to_str().unwrap()]);
    args.extend(options);
    run(&args)
}

#[test]
fn every_option_arrives_in_tx_start() {
    let card = Tokens::new();
    std::fs::write(card.path(), CARD).unwrap();
    let card = card.path();
    let card = card.to_str().unwrap();
    let (terminal, starts) = terminal();
    let settings = |name: &str| format!("/transactionSettings/{name}");
    let rows: &[(&str, &str, Value)] = &[
        ("", "/amount", json!(1_000)),
        ("", "/tipAmount", json!(0)),
        ("", "/allowPartialAuth", json!(true)),
        ("", "/isCardNotPresent", json!(false)),
        ("--tax 0.80", "/taxAmount", json!(80)),
        (
            "--reference-id INV-77",
            "/externalReferenceId",
            json!("INV-77"),
        ),
        ("--tip 1.50", "/tipAmount", json!(150)),
        (
            "--tip 1.50 --tip-mode provided",
            "tipMode",
            json!("TIP_PROVIDED"),
        ),
        (
            "--tip-mode on-screen",
            "tipMode",
            json!("ON_SCREEN_BEFORE_PAYMENT"),
        ),
        ("--tip-mode none", "tipMode", json!("NO_TIP")),
        ("--tippable 9.00", "tippableAmount", json!(900)),
        (
            "--tip-suggestion 15%=Good --tip-suggestion 2.00=Two=2",
            "tipSuggestions",
            json!({"elements": [
                {"name": "Good", "percentage": 15, "isEnabled": true},
                {"name": "Two=2", "amount": 200, "isEnabled": true},
            ]}),
        ),
        ("", "cardEntryMethods", json!(34_567)),
        ("--card-entry swipe", "cardEntryMethods", json!(33_025)),
        ("--card-entry chip", "cardEntryMethods", json!(33_282)),
        (
            "--card-entry contactless",
            "cardEntryMethods",
            json!(33_796),
        ),
        ("--card-entry manual", "cardEntryMethods", json!(34_824)),
        (
            "--card-entry chip,contactless,swipe,manual",
            "cardEntryMethods",
            json!(36_623),
        ),
        ("--card-not-present", "/isCardNotPresent", json!(true)),
        ("--qr-only", "/isPresentQrcOnly", json!(true)),
        ("--partial refuse", "/allowPartialAuth", json!(false)),
        ("--partial accept", "/allowPartialAuth", json!(true)),
        ("--cashback off", "disableCashBack", json!(true)),
        ("--cashback on", "disableCashBack", json!(false)),
        (
            "--duplicate-check off",
            "disableDuplicateCheck",
            json!(true),
        ),
        (
            "--duplicate-check on",
            "disableDuplicateCheck",
            json!(false),
        ),
        (
            "--another-card off",
            "disableRestartTransactionOnFailure",
            json!(true),
        ),
        (
            "--another-card on",
            "disableRestartTransactionOnFailure",
            json!(false),
        ),
        ("--offline forbid", "allowOfflinePayment", json!(false)),
        ("--offline forbid", "forceOfflinePayment", Value::Null),
        ("--offline allow", "allowOfflinePayment", json!(true)),
        ("--offline allow", "forceOfflinePayment", json!(false)),
        ("--offline force", "allowOfflinePayment", json!(true)),
        ("--offline force", "forceOfflinePayment", json!(true)),
        (
            "--offline-prompt off",
            "approveOfflinePaymentWithoutPrompt",
            json!(true),
        ),
        (
            "--offline-prompt on",
            "approveOfflinePaymentWithoutPrompt",
            json!(false),
        ),
        (
            "--signature-threshold 25.00",
            "signatureThreshold",
            json!(2_500),
        ),
        (
            "--signature-location screen",
            "signatureEntryLocation",
            json!("ON_SCREEN"),
        ),
        (
            "--signature-location paper",
            "signatureEntryLocation",
            json!("ON_PAPER"),
        ),
        (
            "--signature-location none",
            "signatureEntryLocation",
            json!("NONE"),
        ),
        (
            "--signature-check terminal",
            "autoAcceptSignature",
            json!(true),
        ),
        ("--signature-check pos", "autoAcceptSignature", json!(false)),
        (
            "--challenges terminal",
            "autoAcceptPaymentConfirmations",
            json!(true),
        ),
        (
            "--challenges pos",
            "autoAcceptPaymentConfirmations",
            json!(false),
        ),
        ("--print pos", "cloverShouldHandleReceipts", json!(false)),
        (
            "--print terminal",
            "cloverShouldHandleReceipts",
            json!(true),
        ),
        (
            "--receipt-screen off",
            "disableReceiptSelection",
            json!(true),
        ),
        (
            "--receipt-screen on",
            "disableReceiptSelection",
            json!(false),
        ),
        (
            "--extra till=2 --extra naïve=café=x",
            "/passThroughValues",
            json!({"till": "2", "naïve": "café=x"}),
        ),
        (
            "--regional-extra com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY=1",
            "regionalExtras",
            json!({"com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY": "1"}),
        ),
        (
            &format!("--vaulted-card {card}"),
            "/vaultedCard",
            serde_json::from_str(CARD).unwrap(),
        ),
    ];
    // One sale for each set of options, however many of its fields are looked at.
    let mut last = (None, Value::Null);
    for (options, place, value) in rows {
        if last.0 != Some(*options) {
            let mut all = vec!["--amount", "10.00"];
            all.extend(options.split_whitespace());
            last = (Some(*options), sent(&terminal, &starts, &all));
        }
        let place = match place.starts_with('/') {
            true => (*place).to_owned(),
            false => settings(place),
        };
        let found = last.1.pointer(&place).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{options}: {place}");
    }
}

#[test]
fn with_minor_all_amounts_are_in_minor_units() {
    let (terminal, starts) = terminal();
    let options = "--minor 1000 --tip 150 --tax 80 --tippable 900 --signature-threshold 5 --tip-suggestion 200=Two";
    let options: Vec<_> = options.split(' ').collect();
    let intent = sent(&terminal, &starts, &options);
    let settings = &intent["transactionSettings"];
    let found = json!([
        intent["amount"],
        intent["tipAmount"],
        intent["taxAmount"],
        settings["tippableAmount"],
        settings["signatureThreshold"],
        settings["tipSuggestions"]["elements"][0]["amount"],
    ]);
    assert_eq!(found, json!([1_000, 150, 80, 900, 5, 200]));
}

#[test]
fn what_is_not_given_is_the_merchants_setting() {
    let (terminal, starts) = terminal();
    let intent = sent(&terminal, &starts, &["--amount", "10.00"]);
    assert_eq!(
        intent["transactionSettings"],
        json!({"cardEntryMethods": 34_567})
    );
}

#[test]
fn a_request_over_the_first_buffer_is_sent_whole() {
    let (terminal, starts) = terminal();
    let long = format!("long={}", "x".repeat(20_000));
    let intent = sent(&terminal, &starts, &["--amount", "10.00", "--extra", &long]);
    let value = intent["passThroughValues"]["long"].as_str().unwrap();
    assert_eq!(value.len(), 20_000);
}

#[test]
fn a_vaulted_card_is_read_from_standard_input() {
    let (terminal, starts) = terminal();
    let tokens = Tokens::new();
    let path = tokens.path();
    let mut args = vec!["sale", "--amount", "10.00", "--vaulted-card", "-"];
    args.extend(["--to", &terminal.url, "--token-file"]);
    args.push(path.to_str().unwrap());
    let mut sale = Running::start(&args);
    sale.stdin
        .take()
        .unwrap()
        .write_all(CARD.as_bytes())
        .unwrap();
    let ran = sale.end();
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(!format!("{ran:?}").contains("7281340072134242"), "{ran:?}");
    let start = starts.recv_timeout(PATIENCE).unwrap();
    let card: Value = serde_json::from_str(CARD).unwrap();
    assert_eq!(start["payIntent"]["vaultedCard"], card);
}

#[test]
fn a_vaulted_card_needs_a_merchant_who_may_vault() {
    let card = Tokens::new();
    std::fs::write(card.path(), CARD).unwrap();
    let identity = Identity {
        vault_card: false,
        ..Identity::SIMULATOR
    };
    let terminal = ScriptedTerminal::start_as(identity, |_, event| {
        assert!(!matches!(event, Event::Started(_)), "nothing is sent");
    });
    let path = card.path();
    let options = [
        "--amount",
        "10.00",
        "--vaulted-card",
        path.to_str().unwrap(),
    ];
    let ran = sell(&terminal.url, &options);
    assert_eq!(ran.status, Some(11), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["result"], "UNSUPPORTED");
    assert_eq!(outcome["reason"], "Merchant Configuration Validation Error");
    assert_eq!(
        outcome["message"],
        "In Sale : SaleRequest - Vault Card support is not offered by the merchant configured gateway."
    );
}

#[test]
fn wrong_options_are_refused_before_anything_is_connected() {
    let card = Tokens::new();
    let file = card.path();
    let file = file.to_str().unwrap();
    let suggestions = ["--tip-suggestion", "1%=a"].repeat(5);
    for (options, why) in [
        (vec!["--tip", "1,50"], "with a point"),
        (vec!["--tip", "1.505"], "2 digits"),
        (vec!["--tax", "-1"], "below zero"),
        (vec!["--tip-mode", "on-paper"], "possible values"),
        (
            vec!["--tip", "1.00", "--tip-mode", "none"],
            "TipMode must be null or TIP_PROVIDED",
        ),
        (vec!["--tip-mode", "provided"], "TipAmount must be given"),
        (suggestions, "at most 4"),
        (vec!["--tip-suggestion", "15%"], "before and behind a ="),
        (vec!["--tip-suggestion", "1.5%=x"], "whole number"),
        (vec!["--tip-suggestion", "abc=x"], "digits"),
        (vec!["--card-entry", "chip,nose"], "possible values"),
        (vec!["--partial", "maybe"], "possible values"),
        (vec!["--extra", "novalue"], "before and behind a ="),
        (vec!["--extra", "a=1", "--extra", "a=2"], "a is given twice"),
        (vec!["--yes", "--no"], "cannot be used with"),
        (vec!["--answer-within", "0"], "1..=600"),
        (vec!["--vaulted-card", "no/such/file"], "no/such/file"),
    ] {
        let mut all = vec!["--amount", "10.00"];
        all.extend(options);
        let ran = sell("sim", &all);
        assert_eq!(ran.status, Some(2), "{all:?}: {ran:?}");
        let outcome = ran.outcome();
        assert_eq!(outcome["cause"], "refused", "{ran:?}");
        assert_eq!(ran.events(), ["outcome"], "{ran:?}");
        let told = format!("{}{}", outcome["message"], ran.err);
        assert!(told.contains(why), "{all:?} does not say {why}: {told}");
    }
    for (text, why) in [
        ("SECRET", "no JSON object"),
        (r#"["SECRET"]"#, "no JSON object"),
        (r#"{"first6":"476173","last4":"4242"}"#, "token"),
        (
            r#"{"first6":"4761","last4":"4242","token":"SECRET"}"#,
            "first6",
        ),
        (r#"{"first6":"476173","last4":4,"token":"SECRET"}"#, "last4"),
    ] {
        std::fs::write(file, text).unwrap();
        let ran = sell("sim", &["--amount", "10.00", "--vaulted-card", file]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let message = ran.outcome()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(why), "{message}");
        assert!(!format!("{ran:?}").contains("SECRET"), "{ran:?}");
    }
}
