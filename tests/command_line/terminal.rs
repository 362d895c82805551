//! What the simulated terminal can be told.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use host_demo::sim::{Plan, Script};
use proto_core::wire::names::Method;
use proto_core::wire::{Frame, Framer, Packets, open};

use crate::support::{PATIENCE, Running, TerminalProcess, Tokens, run, sale_args};

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

#[test]
fn it_answers_on_a_serial_line_one_connection_after_the_other_and_checks_what_comes() {
    let mut running = Running::start(&["terminal", "--serial", "tcp:127.0.0.1:0"]);
    let line = running.line("on a serial line at tcp:");
    let (_, address) = line.split_once("tcp:").unwrap();
    let request = br#"{"id":"1","method":"DISCOVERY_REQUEST","payload":"{\"supportsOrderModification\":false}","type":"COMMAND","packageName":"p"}"#;
    for _ in 0..2 {
        let mut line = TcpStream::connect(address).unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut packets = Packets::new(request, None).unwrap();
        let packet = packets.next().unwrap();
        let good = [packet.head.as_slice(), packet.text, &packet.check()].concat();
        // A bit that has turned over: nobody answers that one.
        let mut bad = good.clone();
        bad[40] ^= 1;
        line.write_all(&[bad, good].concat()).unwrap();
        assert_eq!(answer(&mut line), "DISCOVERY_RESPONSE");
        drop(line);
        running.line("is connected");
        running.line("is gone");
    }
    let wrong = run(&["terminal", "--serial", "127.0.0.1:0"]);
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    let outside = run(&["terminal", "--serial", "tcp:0.0.0.0:0"]);
    assert!(outside.err.contains("--allow-network"), "{outside:?}");
}

#[test]
fn every_ready_script_ends_over_a_real_connection_as_its_sentence_says() {
    let help = run(&["terminal", "--help"]).out;
    let play = |name: &'static str, command: &'static str| {
        let about = Script::load(name).unwrap().about;
        let unbroken = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            unbroken(&help).contains(&format!("{name} {about}")),
            "{help}"
        );
        let mut terminal = TerminalProcess::start(&["--script", name]);
        let tokens = Tokens::new();
        let more = ["--yes", "--external-id", "INV-1"];
        let path = tokens.path();
        let mut args = sale_args(&terminal.url, &path, &more);
        args[0] = command;
        let began = Instant::now();
        let ran = run(&args);
        let last = ran.lines().pop().unwrap();
        let (ended, expected) = match (command, name) {
            ("sale", "restart") => ("certainty", "not_made"),
            ("sale", "other-terminal") => ("certainty", "unknown"),
            ("sale", _) => ("certainty", "made"),
            (_, "restart") => ("standing", "not_made"),
            // It waits until the right terminal is back.
            _ => ("standing", "full"),
        };
        assert_eq!(last[ended], expected, "{name}: {ran:?}");
        let lines = |event: &str| ran.events().iter().filter(|it| *it == event).count();
        match name {
            "answer-stalled" => assert!(began.elapsed().as_millis() >= 3_000),
            "cut-at-a-byte" | "cut-at-a-message" => assert_eq!(lines("connected"), 2, "{ran:?}"),
            "wrong-id" => assert_eq!(lines("unsolicited"), 1, "{ran:?}"),
            _ => {}
        }
        let told = terminal.running.end_now();
        let payments = told.matches("Paid ").count();
        assert_eq!(payments, usize::from(name != "restart"), "{name}: {told}");
        let stands = [
            "answer-garbled",
            "answer-late",
            "answer-stalled",
            "answer-twice",
            "somebody-else",
            "start-unconfirmed",
            "wrong-id",
        ];
        assert_eq!(
            told.contains("by the script"),
            !stands.contains(&name),
            "{name}: {told}"
        );
    };
    std::thread::scope(|scope| {
        for (name, _) in Script::READY {
            for command in ["sale", "pay"] {
                scope.spawn(move || play(name, command));
            }
        }
    });
}

#[test]
fn what_is_wrong_with_a_script_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(
        &file,
        "about = \"\"\n[[transaction]]\noutcome = \"aprove\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let ran = run(&["terminal", "--script", file]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("line 3: `aprove` is no outcome"),
        "{ran:?}"
    );
    let ran = run(&["terminal", "--script", "no-such"]);
    assert!(ran.err.contains("answer-lost, "), "{ran:?}");
    let ran = run(&["terminal", "--script", "restart", "--outcome", "decline"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
}

/// The method of the first command that comes.
fn answer(line: &mut TcpStream) -> String {
    let (mut framer, mut buf, mut piece) = (Framer::checked(), vec![0; 65_536], [0; 512]);
    loop {
        let count = line.read(&mut piece).unwrap();
        assert!(count > 0, "it hangs up");
        let mut rest = &piece[..count];
        while !rest.is_empty() {
            let (used, frame) = framer.feed(rest, &mut buf);
            rest = &rest[used..];
            if let Some(Frame::Message(message)) = frame
                && let Some(method) = open(message)
                    .unwrap()
                    .method
                    .filter(|method| *method != Method::Ack)
            {
                return method.name().to_string();
            }
        }
    }
}
