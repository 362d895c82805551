//! Commands that need nothing else: the simulator inside the process, help, completions.

use crate::support::{program, run};

#[test]
fn a_sale_on_the_simulator_is_paid() {
    let ran = run(&[
        "sale",
        "--amount",
        "10.00",
        "--json",
        "--external-id",
        "MINE-1",
    ]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let lines = ran.lines();
    assert_eq!(lines[0]["event"], "connecting");
    assert_eq!(lines[0]["external_id"], "MINE-1");
    let events = ran.events();
    for event in [
        "connected",
        "pairing_code",
        "paired",
        "ready",
        "activity_start",
        "tx_state",
    ] {
        assert!(
            events.iter().any(|name| name == event),
            "no {event}: {events:?}"
        );
    }
    let outcome = ran.outcome();
    assert_eq!(outcome["certainty"], "made");
    assert_eq!(outcome["finality"], "final");
    assert_eq!(outcome["result"], "SUCCESS");
    assert_eq!(outcome["cause"], "approved");
    assert_eq!(outcome["external_id"], "MINE-1");
    assert_eq!(outcome["requested"], 1000);
    assert_eq!(outcome["approved"], 1000);
    assert_eq!(outcome["remaining"], 0);
    assert_eq!(outcome["simulated"], true);
    assert_eq!(outcome["payment"]["external_id"], "MINE-1");
    assert!(
        outcome["payment"]["id"]
            .as_str()
            .unwrap()
            .starts_with("SIM")
    );
}

#[test]
fn people_read_the_ten_fields_of_the_payment() {
    let ran = run(&["sale", "--minor", "1234"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for field in [
        "Payment id",
        "External id",
        "Order id",
        "Amount       12.34",
        "Tip",
        "Tax",
        "Offline      no",
        "Auth code",
        "Card type",
        "Last 4",
    ] {
        assert!(ran.out.contains(field), "no {field}: {ran:?}");
    }
    assert!(ran.out.contains("Welcome to Clover Connector!"));
    assert!(ran.out.contains("Pairing code"));
    assert!(ran.out.contains("simulator"));
}

#[test]
fn an_id_is_made_and_told_first_if_none_is_given() {
    let [one, two] = [(); 2].map(|()| run(&["sale", "--amount", "1.00", "--json"]));
    let id = |ran: &crate::support::Ran| {
        let id = ran.lines()[0]["external_id"].as_str().unwrap().to_owned();
        assert_eq!(ran.outcome()["external_id"], id.as_str());
        id
    };
    assert_ne!(id(&one), id(&two));
    assert!(
        run(&["sale", "--amount", "1.00"])
            .out
            .starts_with("External id: ")
    );
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let ran = run(&["sale", "--amount", "10.00", "--json"]);
    assert_eq!(ran.lines().len(), ran.out.lines().count());
    assert!(
        ran.err.contains("PAID"),
        "people's text is on standard error: {ran:?}"
    );
    assert!(run(&["sale", "--amount", "10.00"]).err.is_empty());
}

#[test]
fn wrong_usage_ends_with_2_and_says_why_with_an_outcome_all_the_same() {
    let long = "x".repeat(33);
    for (args, why) in [
        (vec!["--amount", "10,00"], "with a point"),
        (vec!["--amount", "ten"], "digits"),
        (vec!["--amount", "1.234"], "2 digits"),
        (vec!["--amount", "-1"], "below zero"),
        (vec!["--amount", ""], "no amount"),
        (vec!["--amount", "0"], "amount cannot be zero"),
        (vec!["--minor", "0"], "amount cannot be zero"),
        (vec!["--minor", "-5"], "amount cannot be zero"),
        (vec!["--minor", "1.5"], "invalid"),
        (vec![], "required"),
        (
            vec!["--amount", "1.00", "--minor", "100"],
            "cannot be used with",
        ),
        (
            vec!["--amount", "1.00", "--external-id", &long],
            "longer than 32",
        ),
        (
            vec!["--amount", "1.00", "--external-id", " "],
            "null or blank",
        ),
        (
            vec!["--amount", "1.00", "--colour", "red"],
            "unexpected argument",
        ),
        (vec!["--amount", "1.00", "--deadline", "soon"], "invalid"),
        (vec!["--amount", "1.00", "--to", "ftp://h"], "ws://"),
        (vec!["--amount", "1.00", "--to", "192.168.0.5"], "TLS"),
        (vec!["--amount", "1.00", "--to", "wss://192.168.0.5"], "TLS"),
        (
            vec!["--amount", "1.00", "--to", "ws://192.168.0.5"],
            "--insecure",
        ),
        (vec!["--amount", "1.00", "--to", "ws://u@127.0.0.1"], ""),
    ] {
        let mut all = vec!["sale", "--json"];
        all.extend(args);
        let ran = run(&all);
        assert_eq!(ran.status, Some(2), "{all:?}: {ran:?}");
        let outcome = ran.outcome();
        assert_eq!(outcome["certainty"], "not_made");
        assert_eq!(outcome["cause"], "refused");
        assert_eq!(outcome["evidence"], "not_sent");
        let told = format!("{}{}", outcome["message"], ran.err);
        assert!(told.contains(why), "{all:?} does not say {why}: {told}");
    }
}

#[test]
fn a_message_is_shown() {
    let ran = run(&["message", "Back soon", "--json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.events().contains(&"ready".to_owned()));
}

#[test]
fn every_command_helps_with_examples() {
    for command in [
        "sale",
        "auth",
        "preauth",
        "void",
        "refund",
        "manual-refund",
        "status",
        "payment",
        "pending",
        "message",
        "terminal",
        "decode",
        "completions",
    ] {
        let ran = run(&[command, "--help"]);
        assert_eq!(ran.status, Some(0));
        assert!(
            ran.out.contains("Examples:") && ran.out.contains("host-demo"),
            "{ran:?}"
        );
    }
    assert!(run(&["--help"]).out.contains("Examples:"));
    assert_eq!(run(&[]).status, Some(2));
    assert!(run(&["--version"]).out.starts_with("host-demo "));
}

#[test]
fn completions_name_the_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["completions", shell]);
        assert_eq!(ran.status, Some(0));
        assert!(ran.out.contains("external-id"), "{shell}");
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let mut child = program()
        .args(["sale", "--amount", "1.00"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("panicked"));
}
