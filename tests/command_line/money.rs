//! The other requests that move money: auth, preauth, manual-refund, refund and void.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Ran, Running, TerminalProcess, Tokens, run};

/// A till that keeps its token and its journal.
struct Till {
    tokens: Tokens,
    journal: PathBuf,
    terminal: TerminalProcess,
}

impl Till {
    fn at(terminal: &[&str]) -> Self {
        let tokens = Tokens::new();
        let journal = tokens.path().with_file_name("journal.jsonl");
        Self {
            tokens,
            journal,
            terminal: TerminalProcess::start(terminal),
        }
    }

    fn args(&self, args: &[&str]) -> Vec<String> {
        let tokens = self.tokens.path();
        let place = [
            "--json",
            "--to",
            &self.terminal.url,
            "--token-file",
            tokens.to_str().unwrap(),
            "--journal",
            self.journal.to_str().unwrap(),
        ];
        let all = args.iter().chain(&place);
        all.map(|arg| (*arg).to_owned()).collect()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let args = self.args(args);
        run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn start(&self, args: &[&str]) -> Running {
        let args = self.args(args);
        Running::start(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Takes a payment of 10.00 under the id SOLD; its id at the terminal.
    fn sold(&self) -> String {
        let ran = self.run(&["sale", "--amount", "10.00", "--external-id", "SOLD"]);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let payment = ran.outcome()["payment"].clone();
        payment["id"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn expect(ran: &Ran, request: &str, end: (&str, &str), status: i32) -> Value {
    let outcome = ran.outcome();
    assert_eq!(ran.status, Some(status), "{ran:?}");
    assert_eq!(outcome["request"], request, "{outcome}");
    let told = (&outcome["certainty"], &outcome["cause"]);
    assert_eq!(told, (&end.0.into(), &end.1.into()), "{outcome}");
    outcome
}

/// The command, its request, its finality, and what people read.
const CHARGES: [(&str, &str, &str, &str); 3] = [
    ("auth", "auth", "adjustable", "PAID"),
    ("preauth", "pre_auth", "authorised", "RESERVED"),
    ("manual-refund", "manual_refund", "final", "GIVEN BACK"),
];

#[test]
fn each_is_made_declined_or_cancelled_and_says_so() {
    for (command, request, finality, people) in CHARGES {
        let till = Till::at(&[
            "--outcome",
            "approve",
            "--outcome",
            "decline",
            "--outcome",
            "cancel",
        ]);
        let ask = |id: &str| till.run(&[command, "--amount", "10.00", "--external-id", id]);
        let ran = ask("ONE");
        let made = expect(&ran, request, ("made", "approved"), 0);
        assert_eq!(made["finality"], finality);
        assert_eq!(
            (&made["requested"], &made["approved"]),
            (&1000.into(), &1000.into())
        );
        assert!(ran.err.contains(people), "{}", ran.err);
        let declined = ask("TWO");
        assert_eq!(declined.status, Some(10), "{declined:?}");
        assert_eq!(declined.outcome()["certainty"], "not_made");
        assert!(declined.err.contains(&format!("NOT {people}")));
        expect(
            &ask("THREE"),
            request,
            ("not_made", "cancelled_customer"),
            12,
        );
    }
}

#[test]
fn a_payment_is_given_back_in_part_and_then_voided() {
    let till = Till::at(&[]);
    let payment = till.sold();
    let ran = till.run(&["refund", "--payment", &payment, "--amount", "4.00"]);
    let refund = expect(&ran, "refund", ("made", "approved"), 0);
    assert_eq!(
        (&refund["requested"], &refund["approved"]),
        (&400.into(), &400.into())
    );
    assert!(ran.err.contains("GIVEN BACK"), "{}", ran.err);
    let ran = till.run(&["void", "--payment", &payment, "--reason", "fraud"]);
    let void = expect(&ran, "void", ("made", "approved"), 0);
    assert_eq!(void["payment"]["result"], "VOIDED");
    assert!(ran.err.contains("VOIDED"), "{}", ran.err);
}

#[test]
fn all_of_it_is_given_back_with_its_tip() {
    let till = Till::at(&["--outcome", "tip:1.50", "--outcome", "approve"]);
    let payment = till.sold();
    let ran = till.run(&["refund", "--payment", &payment]);
    let refund = expect(&ran, "refund", ("made", "approved"), 0);
    assert_eq!(refund["approved"], 1150);
}

#[test]
fn what_is_not_there_or_does_not_work_is_not_given_back_nor_voided() {
    let till = Till::at(&[
        "--outcome",
        "approve",
        "--outcome",
        "decline",
        "--outcome",
        "cancel",
        "--outcome",
        "decline",
        "--outcome",
        "approve",
    ]);
    let payment = till.sold();
    let undo = |command: &str, payment: &str| till.run(&[command, "--payment", payment]);
    expect(
        &undo("refund", &payment),
        "refund",
        ("not_made", "failed"),
        10,
    );
    let cancelled = undo("refund", &payment);
    expect(&cancelled, "refund", ("not_made", "cancelled_customer"), 12);
    expect(&undo("void", &payment), "void", ("not_made", "failed"), 10);
    for command in ["refund", "void"] {
        let ran = undo(command, "NOSUCHPAYMENT");
        let outcome = expect(&ran, command, ("not_made", "failed"), 10);
        assert_eq!(outcome["reason"], "PAYMENT_NOT_FOUND");
        assert!(ran.err.contains("NOT "), "{}", ran.err);
    }
}

/// A run that is killed while the terminal is at it; the next one finds out what became of it, and says so first.
#[test]
fn what_a_killed_run_left_open_is_found_out_by_the_next() {
    for command in ["auth", "preauth", "refund", "void"] {
        let till = Till::at(&["--step", "200"]);
        let payment = till.sold();
        let args = match command {
            "refund" => vec!["refund", "--payment", &payment, "--amount", "4.00"],
            "void" => vec!["void", "--payment", &payment],
            charge => vec![charge, "--amount", "10.00"],
        };
        let id = [&args[..], &["--external-id", "KILLED"]].concat();
        let mut killed = till.start(&id);
        killed.line("activity_start");
        let told = killed.end_now();
        assert!(!told.contains(r#""event":"outcome""#), "{told}");
        // It may be busy with it still.
        let mut lines = Vec::new();
        for _ in 0..20 {
            lines.extend(till.run(&["auth", "--amount", "1.00"]).lines());
            if lines
                .iter()
                .any(|line| line["certainty"] == "made" && line["external_id"] == "KILLED")
            {
                break;
            }
        }
        let known = |line: &&Value| line["event"] == "resolved" && line["external_id"] == "KILLED";
        let known = lines.iter().rfind(known);
        let known = known.unwrap_or_else(|| panic!("{command}: {lines:#?}"));
        assert_eq!(known["certainty"], "made", "{command}: {known}");
    }
}

#[test]
fn wrong_arguments_end_with_2_and_with_an_outcome_of_that_request() {
    let ten = ["--amount", "10.00"];
    for (command, request, args, says) in [
        ("auth", "auth", &[][..], "--amount"),
        ("auth", "auth", &["--amount", "0"], "cannot be zero"),
        (
            "preauth",
            "pre_auth",
            &[ten[0], ten[1], "--tip", "1.00"],
            "--tip",
        ),
        (
            "preauth",
            "pre_auth",
            &[ten[0], ten[1], "--signature-check", "pos"],
            "--signature-check",
        ),
        (
            "manual-refund",
            "manual_refund",
            &["--amount", "0"],
            "greater than zero",
        ),
        ("refund", "refund", &[], "--payment"),
        (
            "refund",
            "refund",
            &["--payment", "P", "--amount", "0"],
            "greater than zero",
        ),
        ("void", "void", &[], "--payment"),
        ("void", "void", &["--payment", ""], "empty"),
        (
            "void",
            "void",
            &["--payment", "P", "--reason", "bored"],
            "--reason",
        ),
    ] {
        let ran = run(&[&[command, "--json"], args].concat());
        let outcome = expect(&ran, request, ("not_made", "refused"), 2);
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains(says), "{command} {args:?}: {message}");
    }
}

#[test]
fn a_terminal_is_asked_what_it_does_what_became_of_a_payment_and_what_waits() {
    let till = Till::at(&["--outcome", "approve", "--outcome", "offline"]);
    let payment = till.sold();
    let offline = [
        "sale",
        "--amount",
        "7.00",
        "--external-id",
        "LATER",
        "--yes",
    ];
    let ran = till.run(&[&offline[..], &["--offline", "allow"]].concat());
    assert_eq!(ran.outcome()["finality"], "offline", "{ran:?}");

    let line = |ran: &Ran, event: &str| {
        let lines = ran.lines();
        let line = lines.iter().rfind(|line| line["event"] == event);
        line.unwrap_or_else(|| panic!("no {event}: {ran:?}"))
            .clone()
    };
    let ran = till.run(&["status"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(line(&ran, "device_status")["state"], "IDLE");
    assert!(ran.err.contains("The terminal is IDLE."), "{}", ran.err);

    let ran = till.run(&["payment", "--external-id", "SOLD"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let found = line(&ran, "payment_retrieved");
    assert_eq!(found["query_status"], "FOUND");
    assert_eq!(found["payment"]["id"], payment.as_str());
    let ran = till.run(&["payment", "--external-id", "NEVER"]);
    assert_eq!(ran.status, Some(14), "{ran:?}");
    let found = line(&ran, "payment_retrieved");
    assert_eq!(
        (&found["query_status"], &found["payment"]),
        (&"NOT_FOUND".into(), &Value::Null)
    );

    let ran = till.run(&["pending"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let waiting = line(&ran, "pending_payments");
    assert_eq!(waiting["payments"][0]["external_id"], "LATER");
    assert_eq!(waiting["payments"][0]["amount"], 700);
    assert!(ran.err.contains("LATER"), "{}", ran.err);
}

#[test]
fn a_question_that_cannot_be_asked_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/remote_pay", free.local_addr().unwrap());
    drop(free);
    let tokens = Tokens::new();
    let tokens = tokens.path();
    for command in [
        &["status"][..],
        &["payment", "--external-id", "X"],
        &["pending"],
    ] {
        let place = [
            "--json",
            "--to",
            &url,
            "--token-file",
            tokens.to_str().unwrap(),
        ];
        let ran = run(&[command, &place].concat());
        assert_eq!(ran.status, Some(13), "{ran:?}");
        assert_eq!(
            ran.lines().last().unwrap()["code"],
            "not_reached",
            "{ran:?}"
        );
    }
    let ran = run(&["payment", "--external-id", "", "--json"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
}
