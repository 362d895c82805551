//! What the terminal asks, and who answers: an option, a person at the keyboard, nobody.

use std::sync::mpsc::Receiver;

use proto_core::message::FinishOkDraft;
use proto_core::terminal::Event;
use proto_core::wire::InString;
use serde_json::Value;

use crate::scripted::{
    Asked, DUPLICATE, OFFLINE, ScriptedTerminal, ask_for_signature_check, asks, begin, challenge,
    paid, signature,
};
use crate::support::{PATIENCE, Ran, Running, Tokens, run, sale_args};

/// A sale of 10.00 at a terminal that asks this, and what it was answered.
fn sell(asked: &'static [Asked], options: &[&str]) -> (Ran, Receiver<String>) {
    let (act, answers) = asks(asked);
    let terminal = ScriptedTerminal::start(act);
    let tokens = Tokens::new();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), options));
    (ran, answers)
}

#[track_caller]
fn line(ran: &Ran, event: &str) -> Value {
    let line = ran.lines().into_iter().find(|line| line["event"] == event);
    line.unwrap_or_else(|| panic!("no {event}: {ran:?}"))
}

#[test]
fn yes_accepts_and_no_rejects() {
    for (asked, option, answer, status, cause) in [
        (
            &[DUPLICATE, OFFLINE][..],
            "--yes",
            "confirmed",
            0,
            "approved",
        ),
        (
            &[OFFLINE, DUPLICATE],
            "--no",
            "REJECT_OFFLINE",
            12,
            "rejected_challenge",
        ),
        (&[], "--yes", "signature true", 0, "approved"),
        (&[], "--no", "signature false", 12, "rejected_signature"),
    ] {
        let (ran, answers) = sell(asked, &[option]);
        assert_eq!(ran.status, Some(status), "{option}: {ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), answer);
        assert_eq!(ran.outcome()["cause"], cause);
        let answered = line(&ran, "answered");
        assert_eq!(answered["by"], "option");
        assert_eq!(answered["accepted"], option == "--yes");
        assert!(ran.err.contains(&format!("({option})")), "{ran:?}");
    }
}

#[test]
fn a_challenge_is_told_with_all_there_is_to_decide() {
    let (ran, _) = sell(&[DUPLICATE, OFFLINE], &["--yes", "--answer-within", "90"]);
    let asked = line(&ran, "challenge");
    assert_eq!(asked["payment"]["amount"], 1_000);
    assert_eq!(asked["challenges"][0]["message"], "Paid twice?");
    assert_eq!(asked["challenges"][1]["reason"], "REJECT_OFFLINE");
    assert_eq!(asked["answer_within_ms"], 90_000);
    assert_eq!(asked["repeated"], false);
    assert!(ran.err.contains("confirm the payment of 10.00"), "{ran:?}");
    assert!(ran.err.contains("  Without a network?"), "{ran:?}");
}

#[test]
fn without_anybody_to_ask_a_question_is_rejected_at_its_deadline_and_that_is_said() {
    for (asked, answer, cause) in [
        (&[DUPLICATE][..], "NOT_APPROVED", "rejected_challenge"),
        (&[], "signature false", "rejected_signature"),
    ] {
        let (ran, answers) = sell(asked, &["--answer-within", "1"]);
        assert_eq!(ran.status, Some(12), "{ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), answer);
        assert_eq!(ran.outcome()["cause"], cause);
        let answered = line(&ran, "answered");
        assert_eq!(answered["by"], "deadline");
        assert_eq!(answered["by_deadline"], true);
        let lines = ran.lines();
        let told = lines.iter().find(|line| line["code"] == "nobody_to_ask");
        let remedy = told.unwrap()["remedy"].as_str().unwrap();
        assert!(remedy.contains("--yes"), "{remedy}");
        assert!(ran.err.contains("rejected in 1 s."), "{ran:?}");
        assert!(ran.err.contains("nobody has answered in time"), "{ran:?}");
    }
}

#[test]
fn a_question_that_comes_again_is_told_as_that_and_is_answered_again() {
    let terminal = ScriptedTerminal::start(|terminal, event| match event {
        Event::Started(_) => {
            begin(terminal);
            challenge(terminal, &[DUPLICATE]);
            challenge(terminal, &[DUPLICATE]);
        }
        Event::Confirmed(_) if terminal.running().is_some() => {
            terminal.finish_ok(&paid(1_000)).unwrap();
        }
        _ => {}
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), &["--yes"]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let asked = ran.lines();
    let asked = asked.iter().filter(|line| line["event"] == "challenge");
    let repeated: Vec<_> = asked.map(|line| line["repeated"].clone()).collect();
    assert_eq!(repeated, [false, true]);
    assert!(ran.err.contains("asks again"), "{ran:?}");
}

#[test]
fn a_text_of_the_terminal_cannot_move_the_cursor() {
    const HOSTILE: Asked = ("\u{1b}[2JAll\nfine\u{7}", DUPLICATE.1);
    let (ran, _) = sell(&[HOSTILE], &["--yes"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.err.contains("[2JAll fine"), "{ran:?}");
    assert!(!ran.err.contains(['\u{1b}', '\u{7}']), "{ran:?}");
}

/// A terminal whose customer signs; the signature is in the payment only, or is to be checked first.
fn signing(check: bool) -> ScriptedTerminal {
    ScriptedTerminal::start(move |terminal, event| {
        match event {
            Event::Started(_) => begin(terminal),
            Event::SignatureVerified(_) => {}
            _ => return,
        }
        if check && matches!(event, Event::Started(_)) {
            return ask_for_signature_check(terminal);
        }
        let id = terminal.running().unwrap().to_owned();
        let payment = proto_core::model::PaymentDraft {
            external_payment_id: Some(id.as_str().into()),
            ..paid(1_000)
        };
        let finish = FinishOkDraft {
            payment: Some(InString::Draft(&payment)),
            signature: Some(signature()),
            ..FinishOkDraft::default()
        };
        terminal.send(&finish).unwrap();
    })
}

#[test]
fn a_signature_is_saved_whether_it_is_to_be_checked_or_comes_with_the_payment() {
    let folder = tempfile::tempdir().unwrap();
    for (name, check) in [("checked.svg", true), ("given.svg", false)] {
        let terminal = signing(check);
        let tokens = Tokens::new();
        let file = folder.path().join(name);
        let place = file.to_str().unwrap();
        let options = ["--yes", "--signature-file", place];
        let ran = run(&sale_args(&terminal.url, &tokens.path(), &options));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let saved = std::fs::read_to_string(&file).unwrap();
        assert!(saved.contains("M10 10L90 50M10 50L90 10M50 5h0"), "{saved}");
        let told = format!("The signature is saved in {place}.");
        assert_eq!(ran.err.matches(&told).count(), 1, "{ran:?}");
        ran.outcome();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // The next sale must not take its place.
        let ran = run(&sale_args(&terminal.url, &tokens.path(), &options));
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let message = ran.outcome()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("not overwritten"), "{message}");
        assert_eq!(ran.events(), ["outcome"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), saved);
    }
}

#[test]
fn a_signature_file_without_a_signature_is_not_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.svg");
    let options = ["sale", "--amount", "1.00", "--signature-file"];
    let mut args = options.to_vec();
    args.push(file.to_str().unwrap());
    let ran = run(&args);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(!file.exists());
    let nowhere = folder.path().join("no/such/folder.svg");
    args[4] = nowhere.to_str().unwrap();
    assert_eq!(run(&args).status, Some(2));
}

/// A person at a keyboard: a pseudo-terminal.
#[cfg(unix)]
mod person {
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    struct Person {
        keyboard: File,
        sale: Running,
        _tokens: Tokens,
    }

    impl Person {
        fn at(terminal: &ScriptedTerminal, options: &[&str]) -> Self {
            let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&keyboard).unwrap();
            unlockpt(&keyboard).unwrap();
            let name = ptsname(&keyboard, Vec::new()).unwrap();
            let name = std::ffi::OsStr::from_bytes(name.as_bytes());
            let screen = OpenOptions::new()
                .read(true)
                .write(true)
                .open(name)
                .unwrap();
            let tokens = Tokens::new();
            let path = tokens.path();
            let args = sale_args(&terminal.url, &path, options);
            Self {
                keyboard: keyboard.into(),
                sale: Running::start_with(&args, Stdio::from(screen)),
                _tokens: tokens,
            }
        }

        fn types(&mut self, text: &str) {
            self.keyboard.write_all(text.as_bytes()).unwrap();
        }

        /// Waits for the prompt, then types.
        #[track_caller]
        fn asked(&mut self, prompt: &str, answer: &str) {
            self.sale.told(prompt);
            self.sale.told(" s left]");
            self.types(&format!("{answer}\n"));
        }
    }

    #[test]
    fn a_person_is_asked_each_challenge_and_accepts_with_the_last_yes() {
        let (act, answers) = asks(&[DUPLICATE, OFFLINE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &[]);
        person.asked("1 of 2: Paid twice? Accept? [y/n,", "y");
        person.asked("2 of 2: Without a network? Accept? [y/n,", "YES");
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "confirmed");
        assert_eq!(line(&ran, "answered")["by"], "person");
        assert!(ran.err.contains("The challenge is accepted."), "{ran:?}");
    }

    #[test]
    fn the_first_no_rejects_with_its_own_reason() {
        let (act, answers) = asks(&[DUPLICATE, OFFLINE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &[]);
        person.asked("1 of 2", "y");
        person.asked("2 of 2", "n");
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(12), "{ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "REJECT_OFFLINE");
        assert_eq!(ran.outcome()["cause"], "rejected_challenge");
        assert!(ran.err.contains("The challenge is rejected."), "{ran:?}");
    }

    #[test]
    fn a_signature_is_drawn_before_it_is_asked_about() {
        let (act, answers) = asks(&[]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &[]);
        // The dot on its line, and where the two lines cross.
        person.sale.told("\n  ⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁");
        person.sale.told("⠈⠑⣢⢤⡒⠉");
        person.asked("Accept the signature? [y/n,", "y");
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "signature true");
    }

    #[test]
    fn anything_but_yes_and_no_is_asked_again() {
        let (act, answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &[]);
        person.asked("Accept the payment?", "perhaps");
        person.sale.told("Type y or n");
        person.asked("Accept the payment?", "n");
        assert_eq!(person.sale.end().status, Some(12));
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "REJECT_DUPLICATE");
    }

    #[test]
    fn what_was_typed_before_the_question_is_no_answer() {
        let (act, answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &["--answer-within", "2"]);
        // Before the program can even have started.
        person.types("y\ny\ny\n");
        let ran = person.sale.end();
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "NOT_APPROVED");
        assert_eq!(line(&ran, "answered")["by"], "deadline");
    }

    #[test]
    fn a_question_whose_time_is_up_is_over_at_once_for_the_person_too() {
        let (act, _answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &["--answer-within", "1"]);
        person.sale.told("Accept the payment? [y/n, 1 s left]");
        person.sale.told("nobody has answered in time");
        assert_eq!(person.sale.end().status, Some(12));
    }

    #[test]
    fn how_much_time_is_left_is_said_again() {
        let (act, _answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &["--answer-within", "12"]);
        person.sale.told("[y/n, 1");
        person.asked("Accept the payment? [y/n, 10", "y");
        assert_eq!(person.sale.end().status, Some(0));
    }

    #[test]
    fn nobody_is_asked_any_more_when_the_outcome_is_there() {
        let terminal = ScriptedTerminal::start(|terminal, event| {
            if let Event::Started(_) = event {
                begin(terminal);
                challenge(terminal, &[DUPLICATE]);
                // The customer has thought better of it.
                terminal.finish_cancel().unwrap();
            }
        });
        let ran = Person::at(&terminal, &[]).sale.end();
        assert_eq!(ran.status, Some(12), "{ran:?}");
        assert_eq!(ran.outcome()["cause"], "cancelled_customer");
        let last = ran.err.lines().last().unwrap();
        assert!(last.starts_with("NOT PAID (cancelled_customer)"), "{ran:?}");
    }

    #[test]
    fn a_lost_link_withdraws_the_question_and_that_is_said_at_once() {
        let terminal = ScriptedTerminal::start(|terminal, event| {
            if let Event::Started(_) = event {
                begin(terminal);
                challenge(terminal, &[DUPLICATE]);
            }
        });
        let mut person = Person::at(&terminal, &[]);
        person.sale.told("Accept the payment? [y/n, ");
        drop(terminal);
        person.sale.told("Disconnected");
        person.sale.told("The terminal no longer asks: challenge.");
        // An answer is of no use now, and must not be taken for one to the next question.
        person.types("y\n");
        person.sale.interrupt();
        person.sale.told("Cancelling");
        person.sale.interrupt();
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(14), "{ran:?}");
        assert!(ran.lines().iter().any(|line| line["code"] == "withdrawn"));
    }

    #[test]
    fn both_questions_at_once_are_asked_one_after_the_other() {
        let terminal = ScriptedTerminal::start(|terminal, event| match event {
            Event::Started(_) => {
                begin(terminal);
                challenge(terminal, &[DUPLICATE]);
                ask_for_signature_check(terminal);
            }
            Event::SignatureVerified(it) => {
                assert_eq!(it.verified(), Some(true));
                terminal.finish_ok(&paid(1_000)).unwrap();
            }
            _ => {}
        });
        let mut person = Person::at(&terminal, &[]);
        person.asked("Accept the payment?", "y");
        person.asked("Accept the signature?", "y");
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }

    #[test]
    fn one_rejection_ends_both_questions() {
        let terminal = ScriptedTerminal::start(|terminal, event| match event {
            Event::Started(_) => {
                begin(terminal);
                challenge(terminal, &[DUPLICATE]);
                ask_for_signature_check(terminal);
            }
            Event::Rejected(_) => terminal.finish_cancel().unwrap(),
            _ => {}
        });
        let mut person = Person::at(&terminal, &[]);
        // Both are open now; the prompt stands below what is told.
        person.sale.told("check the customer's signature.");
        person.asked("Accept the payment?", "n");
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(12), "{ran:?}");
        assert!(ran.err.contains("no longer asks: signature"), "{ran:?}");
    }

    #[test]
    fn a_question_that_comes_again_is_asked_in_place_of_the_one_before() {
        let terminal = ScriptedTerminal::start(|terminal, event| match event {
            Event::Started(_) => {
                begin(terminal);
                challenge(terminal, &[DUPLICATE]);
                challenge(terminal, &[OFFLINE]);
            }
            Event::Rejected(it) => {
                assert_eq!(it.reason(), Some(OFFLINE.1));
                terminal.finish_cancel().unwrap();
            }
            _ => {}
        });
        let mut person = Person::at(&terminal, &[]);
        person.sale.told("asks again");
        person.asked("Accept the payment?", "n");
        assert_eq!(person.sale.end().status, Some(12));
    }

    #[test]
    fn an_interrupt_rejects_what_is_asked() {
        let (act, answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &[]);
        person.sale.told("Accept the payment?");
        person.sale.interrupt();
        let ran = person.sale.end();
        assert_eq!(ran.status, Some(12), "{ran:?}");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "NOT_APPROVED");
        assert_eq!(line(&ran, "answered")["by"], "cancel");
        assert_eq!(ran.outcome()["cause"], "cancelled_pos");
    }

    #[test]
    fn the_end_of_the_keyboard_leaves_the_question_to_its_deadline() {
        let (act, answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let mut person = Person::at(&terminal, &["--answer-within", "2"]);
        person.sale.told("Accept the payment?");
        // Ctrl-D
        person.types("\u{4}");
        person.sale.told("Standard input has ended");
        let ran = person.sale.end();
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "NOT_APPROVED");
        assert_eq!(line(&ran, "answered")["by"], "deadline");
    }
}
