//! What the simulated terminal does with a sale and its options, seen from the command line.

use serde_json::json;

use crate::support::{Ran, TerminalProcess, Tokens, run, sale_args};

fn sell(outcome: &str, options: &[&str]) -> Ran {
    let terminal = TerminalProcess::start(&["--outcome", outcome]);
    let tokens = Tokens::new();
    run(&sale_args(&terminal.url, &tokens.path(), options))
}

#[test]
fn each_outcome_of_the_simulator_has_its_exit_status_and_cause() {
    for (outcome, options, status, expected) in [
        (
            "partial:6.00",
            "",
            15,
            json!({"cause": "partial", "approved": 600, "remaining": 400}),
        ),
        (
            "partial:6.00",
            "--partial refuse",
            10,
            json!({"cause": "declined", "approved": 0}),
        ),
        ("tip:1.50", "", 0, json!({"cause": "approved", "tip": 150})),
        (
            "cashback:20.00",
            "",
            0,
            json!({"cause": "approved", "approved": 1_000}),
        ),
        ("offline", "--yes", 0, json!({"finality": "offline"})),
        (
            "offline",
            "--no",
            12,
            json!({"cause": "rejected_challenge"}),
        ),
        (
            "offline",
            "--offline forbid",
            10,
            json!({"cause": "declined"}),
        ),
        ("duplicate", "--yes", 0, json!({"cause": "approved"})),
        (
            "duplicate",
            "--no",
            12,
            json!({"cause": "rejected_challenge"}),
        ),
        ("signature", "--yes", 0, json!({"cause": "approved"})),
        (
            "signature",
            "--no",
            12,
            json!({"cause": "rejected_signature"}),
        ),
        (
            "tip:1.50+signature+duplicate",
            "--yes",
            0,
            json!({"cause": "approved", "tip": 150}),
        ),
        (
            "duplicate-id",
            "",
            14,
            json!({"certainty": "unknown", "cause": "duplicate"}),
        ),
        ("busy", "", 10, json!({"cause": "busy"})),
        ("twice", "", 0, json!({"cause": "approved"})),
    ] {
        let options: Vec<_> = options.split_whitespace().collect();
        let ran = sell(outcome, &options);
        assert_eq!(ran.status, Some(status), "{outcome} {options:?}: {ran:?}");
        let told = ran.outcome();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(told[name], *value, "{outcome} {options:?}: {name}");
        }
    }
}

#[test]
fn what_is_switched_off_is_not_asked() {
    for (outcome, options, event) in [
        ("duplicate", "--duplicate-check off", "challenge"),
        ("duplicate", "--challenges terminal", "challenge"),
        ("offline", "--offline-prompt off", "challenge"),
        ("signature", "--signature-check terminal", "signature"),
        ("signature", "--signature-threshold 10.01", "signature"),
        ("signature", "--signature-location paper", "signature"),
        ("signature", "--signature-location none", "signature"),
        ("cashback:20.00", "--cashback off", "cashback"),
    ] {
        let options: Vec<_> = options.split_whitespace().collect();
        let ran = sell(outcome, &options);
        assert_eq!(ran.status, Some(0), "{outcome} {options:?}: {ran:?}");
        let events = ran.events();
        assert!(
            !events.contains(&event.to_owned()),
            "{options:?}: {events:?}"
        );
    }
}

#[test]
fn a_vaulted_card_is_charged_as_that() {
    let card = Tokens::new();
    let path = card.path();
    let text = r#"{"first6":"476173","last4":"4242","token":"7281340072134242"}"#;
    std::fs::write(&path, text).unwrap();
    let ran = sell("approve", &["--vaulted-card", path.to_str().unwrap()]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let payment = ran.outcome()["payment"].take();
    assert_eq!(payment["entry_type"], "VAULTED");
    assert_eq!(payment["last4"], "4242");
}

#[test]
fn somebody_elses_approval_is_told_and_ours_is_found() {
    let ran = sell("wrong-id", &["--deadline", "1"]);
    let lines = ran.lines();
    let other = lines.iter().find(|line| line["kind"] == "payment").unwrap();
    assert_eq!(other["event"], "unsolicited");
    assert_ne!(other["payment"]["external_id"], lines[0]["external_id"]);
    assert!(lines.iter().any(|line| line["code"] == "recovering"));
    let outcome = ran.outcome();
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(outcome["evidence"], "looked_up");
    assert_eq!(outcome["payment"]["external_id"], lines[0]["external_id"]);
}
