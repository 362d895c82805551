//! A point of sale and a terminal, each a process of its own.

use crate::support::{Running, TerminalProcess, Tokens, run, sale_args};

#[test]
fn each_outcome_applies_to_one_sale_after_the_other() {
    let outcomes = [
        "--outcome",
        "approve",
        "--outcome",
        "decline",
        "--outcome",
        "cancel",
    ];
    let mut terminal = TerminalProcess::start(&outcomes);
    let tokens = Tokens::new();
    for (status, certainty, result, cause) in [
        (0, "made", "SUCCESS", "approved"),
        (10, "not_made", "CANCEL", "declined"),
        (12, "not_made", "CANCEL", "cancelled_customer"),
        (12, "not_made", "CANCEL", "cancelled_customer"),
    ] {
        let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
        assert_eq!(ran.status, Some(status), "{ran:?}");
        let outcome = ran.outcome();
        assert_eq!(outcome["certainty"], certainty);
        assert_eq!(outcome["result"], result);
        assert_eq!(outcome["cause"], cause);
    }
    for screen in [
        "Welcome to Clover Connector!",
        "START",
        "Paid 10.00",
        "DECLINED",
        "CANCELED",
    ] {
        terminal.running.line(screen);
    }
}

#[test]
fn a_token_is_kept_for_its_owner_only_and_needs_no_second_code() {
    let terminal = TerminalProcess::start(&[]);
    let tokens = Tokens::new();
    let mut all = String::new();
    for (round, code) in [(0, true), (1, false), (2, false)] {
        let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let events = ran.events();
        assert_eq!(
            events.contains(&"pairing_code".to_owned()),
            code,
            "round {round}: {events:?}"
        );
        all += &ran.out;
        all += &ran.err;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(tokens.path())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(tokens.path()).unwrap()).unwrap();
    for token in kept.as_object().unwrap().values() {
        let token = token.as_str().unwrap();
        assert!(
            token.len() > 10 && !all.contains(token),
            "a token was printed"
        );
    }
}

#[test]
fn a_token_that_the_terminal_does_not_know_leads_to_a_code() {
    let terminal = TerminalProcess::start(&[]);
    let tokens = Tokens::new();
    let key = format!("{} ABC123", terminal.url);
    std::fs::write(tokens.path(), serde_json::json!({key: "stale"}).to_string()).unwrap();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.events().contains(&"pairing_code".to_owned()));
    assert!(
        !std::fs::read_to_string(tokens.path())
            .unwrap()
            .contains("stale")
    );
}

#[test]
fn a_wrong_code_is_told_and_the_right_one_pairs() {
    let mut terminal = TerminalProcess::start(&["--pair", "type"]);
    let tokens = Tokens::new();
    let sale = Running::start(&sale_args(&terminal.url, &tokens.path(), &[]));
    terminal.running.line("Type it here");
    terminal.running.type_line("not the code");
    terminal.running.line("That is not the code");
    let line = terminal.running.line("Type it here");
    let code: String = line.chars().filter(char::is_ascii_digit).collect();
    terminal.running.type_line(&code);
    let ran = sale.end();
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let failed = ran
        .lines()
        .into_iter()
        .find(|line| line["code"] == "pairing_failed");
    assert!(failed.is_some_and(|line| !line["remedy"].as_str().unwrap().is_empty()));
}

#[test]
fn a_second_point_of_sale_is_told_so_and_the_first_goes_on() {
    let mut terminal = TerminalProcess::start(&["--pair", "type"]);
    let (tokens, other) = (Tokens::new(), Tokens::new());
    let first = Running::start(&sale_args(&terminal.url, &tokens.path(), &[]));
    let line = terminal.running.line("Type it here");
    let second = run(&sale_args(&terminal.url, &other.path(), &[]));
    assert_eq!(second.status, Some(13), "{second:?}");
    let outcome = second.outcome();
    assert_eq!(outcome["result"], "ERROR");
    let message = outcome["message"].as_str().unwrap();
    assert!(message.contains("another point of sale"), "{message}");
    let code: String = line.chars().filter(char::is_ascii_digit).collect();
    terminal.running.type_line(&code);
    assert_eq!(first.end().status, Some(0));
}

#[test]
fn once_ends_with_the_first_point_of_sale() {
    let terminal = TerminalProcess::start(&["--once"]);
    let tokens = Tokens::new();
    assert_eq!(
        run(&sale_args(&terminal.url, &tokens.path(), &[])).status,
        Some(0)
    );
    let ran = terminal.running.end();
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[test]
fn a_message_appears_on_the_terminal() {
    let mut terminal = TerminalProcess::start(&[]);
    let tokens = Tokens::new();
    let path = tokens.path();
    let args = [
        "message",
        "Zurück in 5 min…",
        "--to",
        &terminal.url,
        "--token-file",
        path.to_str().unwrap(),
    ];
    assert_eq!(run(&args).status, Some(0));
    terminal.running.line("[ Zurück in 5 min… ]");
}

#[test]
fn other_machines_are_let_in_only_when_asked_for() {
    let ran = run(&["terminal", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("--allow-network"), "{ran:?}");
}

#[test]
fn a_terminal_says_when_its_port_is_taken() {
    let taken = TerminalProcess::start(&[]);
    let address = taken
        .url
        .trim_start_matches("ws://")
        .trim_end_matches("/remote_pay");
    let ran = run(&["terminal", "--listen", address]);
    assert_eq!(ran.status, Some(13));
    assert!(ran.err.contains(address), "{ran:?}");
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_terminal() {
    let terminal = TerminalProcess::start(&[]);
    terminal.running.interrupt();
    assert_eq!(terminal.running.end().status, Some(0));
}
