//! What the simulated terminal can be told.

use host_demo::sim::Plan;

use crate::support::{TerminalProcess, Tokens, run, sale_args};

#[test]
fn its_help_lists_every_outcome() {
    let help = run(&["terminal", "--help"]).out;
    for (form, meaning) in Plan::OUTCOMES {
        let line = help.lines().find(|line| {
            let mut words = line.trim().splitn(2, "  ");
            words.next() == Some(form)
        });
        assert!(line.is_some_and(|line| line.ends_with(meaning)), "{help}");
    }
}

#[test]
fn outcomes_that_cannot_be_combined_are_refused_with_the_reason() {
    for (outcome, why) in [
        ("decline+partial:6.00", "a declined card leaves no payment"),
        ("busy+tip:1.00", "the sale is not started"),
        ("approve+decline", "a sale ends in one way"),
        ("tip:1,50", "with a point"),
        ("tip", "an amount is missing"),
        ("approved", "`approved` is no outcome; there are approve, "),
    ] {
        let ran = run(&["terminal", "--listen", "127.0.0.1:0", "--outcome", outcome]);
        assert_eq!(ran.status, Some(2), "{outcome}: {ran:?}");
        assert!(ran.err.contains(why), "{outcome}: {ran:?}");
    }
}

#[test]
fn outcomes_are_combined_and_people_see_what_happens() {
    let mut terminal = TerminalProcess::start(&["--outcome", "tip:1.50+partial:6.00"]);
    let tokens = Tokens::new();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
    assert_eq!(ran.status, Some(15), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["approved"], 600);
    assert_eq!(outcome["tip"], 150);
    assert_eq!(outcome["remaining"], 400);
    for line in [
        "ADD_TIP",
        "Tip: 1.50",
        "The bank approves no more than 6.00",
        "CONFIRM_PARTIAL_AUTH",
        "Paid 6.00",
        "RECEIPT_OPTIONS",
    ] {
        terminal.running.line(line);
    }
}
