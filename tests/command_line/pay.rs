//! `host-demo pay`: an invoice is paid once, however often it is run.

use std::path::PathBuf;

use crate::support::{Ran, TerminalProcess, Tokens, run};

struct Till {
    tokens: Tokens,
    journal: PathBuf,
}

impl Till {
    fn new() -> Self {
        let tokens = Tokens::new();
        let journal = tokens.path().with_file_name("journal.jsonl");
        Self { tokens, journal }
    }

    fn pay(&self, url: &str, amount: &str, more: &[&str]) -> Ran {
        let tokens = self.tokens.path();
        let mut args = vec![
            "pay",
            "--amount",
            amount,
            "--external-id",
            "INV-1",
            "--json",
        ];
        args.extend(["--to", url, "--token-file", tokens.to_str().unwrap()]);
        args.extend(["--journal", self.journal.to_str().unwrap()]);
        args.extend(more);
        run(&args)
    }
}

#[track_caller]
fn expect(ran: &Ran, standing: &str, status: i32) {
    let lines = ran.lines();
    let last = lines.last().expect("a last line");
    assert_eq!(last["event"], "paid", "{last}");
    assert_eq!(last["standing"], standing, "{last}");
    assert_eq!(ran.status, Some(status), "{last}");
}

#[test]
fn an_invoice_is_paid_once_and_the_answer_needs_no_terminal_after_that() {
    let till = Till::new();
    let url = {
        let terminal = TerminalProcess::start(&[]);
        let first = till.pay(&terminal.url, "10.00", &[]);
        expect(&first, "full", 0);
        terminal.url.clone()
    };
    // The terminal is gone.
    let again = till.pay(&url, "10.00", &[]);
    expect(&again, "full", 0);
    assert_eq!(again.lines().len(), 1, "{}", again.out);
    let other = till.pay(&url, "20.00", &[]);
    expect(&other, "conflict", 16);
    let line = &other.lines()[0];
    assert_eq!(line["differs"], "amount");
    let says = "INV-1 is a sale of another amount: 10.00 was asked for and 10.00 approved";
    assert_eq!(line["message"], says);
    assert!(other.err.contains(says), "{}", other.err);
}

#[test]
fn what_is_not_paid_is_tried_again_only_by_name() {
    let till = Till::new();
    let terminal = TerminalProcess::start(&["--outcome", "busy", "--outcome", "approve"]);
    expect(&till.pay(&terminal.url, "10.00", &[]), "not_made", 10);
    expect(&till.pay(&terminal.url, "10.00", &[]), "not_made", 10);
    expect(&till.pay(&terminal.url, "10.00", &["--retry"]), "full", 0);
}

#[test]
fn an_approval_for_less_says_what_is_left() {
    let till = Till::new();
    let terminal = TerminalProcess::start(&["--outcome", "partial:6.00"]);
    let ran = till.pay(&terminal.url, "10.00", &[]);
    expect(&ran, "partial", 15);
    assert_eq!(ran.lines().last().unwrap()["remaining"], 400);
}

#[test]
fn without_an_external_id_or_a_terminal_nothing_is_paid() {
    let ran = run(&["pay", "--amount", "10.00", "--json"]);
    expect(&ran, "not_made", 2);
    let ran = Till::new().pay("ws://127.0.0.1:1/remote_pay", "10.00", &[]);
    expect(&ran, "not_made", 13);
}

#[test]
fn wrong_arguments_are_the_fault_of_the_caller_and_say_so() {
    let id = ["--external-id", "INV-1"];
    for (args, says) in [
        (&["--amount", "10.00"][..], "--external-id <ID>"),
        (&["--amount", "10,00"], "with a point"),
        (&["--amount", "0"], "cannot be zero"),
        (&["--amount", "10.00", "--colour", "red"], "--colour"),
        (&["--amount", "10.00", "--tip", "much"], "--tip"),
        (&["--amount", "10.00", "--to", "ftp://h"], "ws://"),
        (
            &["--amount", "10.00", "--to", "ws://192.168.0.5"],
            "--insecure",
        ),
    ] {
        let id = if says.starts_with("--external") {
            &[][..]
        } else {
            &id
        };
        let ran = run(&[&["pay", "--json"], args, id].concat());
        expect(&ran, "not_made", 2);
        let last = ran.lines().pop().unwrap();
        assert_eq!(last["cause"], "refused", "{last}");
        assert_eq!(last["reason"], "Request Validation Error", "{last}");
        let message = last["message"].as_str().unwrap();
        assert!(message.contains(says), "{args:?}: {message}");
    }
}

#[test]
fn a_journal_that_cannot_be_read_says_nothing_about_the_invoice() {
    let till = Till::new();
    std::fs::write(&till.journal, "no line of a journal\nnor this\n").unwrap();
    let ran = till.pay("ws://127.0.0.1:1/remote_pay", "10.00", &[]);
    expect(&ran, "unknown", 14);
    assert_eq!(ran.lines().len(), 1, "nothing was connected: {}", ran.out);
}
