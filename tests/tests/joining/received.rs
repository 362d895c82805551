//! What others have cut, rightly and wrongly.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto_core::link::{Down, DownReason};
use proto_core::run::Intake;
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::Method;
use proto_core::wire::{
    FRAGMENT_SILENCE, JoinError, Joined, Joiner, MAX_ATTACHMENT, MAX_MESSAGE, OpenError, open,
};
use serde_json::{Value, json};

use crate::{NOW, Notes, Whole, another, fragment, lines, note, picture, piece, told, whole};

#[test]
fn every_dialect_of_the_references_is_joined() {
    let toy: Vec<u8> = (0..150).collect();
    for (name, attachment) in [
        ("print-02-fragments-BASE64.FRAGMENT.jsonl", Some(picture())),
        (
            "print-03-fragments-BASE64.ATTACHMENT.jsonl",
            Some(picture()),
        ),
        ("print-04-fragments-payload-only.jsonl", None),
        ("print-07-fragments-android-style.jsonl", Some(picture())),
        ("print-08-toy-limit-64.jsonl", Some(toy)),
    ] {
        let told = told(lines(name));
        let [Ok(whole)] = &told[..] else {
            panic!("{name}: {told:?}");
        };
        let id = whole.payload["externalPrintJobId"].as_str().unwrap();
        assert!(id.starts_with("MADEUPJOB"), "{name}: {id}");
        assert_eq!(
            whole.attachment,
            attachment.map(|bytes| (bytes, true)),
            "{name}"
        );
    }
}

#[test]
fn the_second_collection_of_vectors_is_joined() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let index = std::fs::read(root.join("fragments.index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    for entry in index.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let parts = entry["parts"].as_array().unwrap();
        let mut messages: Vec<_> = parts
            .iter()
            .map(|part| std::fs::read(root.join("fragments").join(part.as_str().unwrap())).unwrap())
            .collect();
        let flagged = name != "exact-multiple-last-not-flagged";
        if !flagged {
            messages.push(another().into());
        }
        let told = told(messages);
        let Ok(whole) = &told[0] else {
            panic!("{name}: {told:?}");
        };
        let payload = entry["payload"].as_str().unwrap();
        assert_eq!(
            whole.payload,
            serde_json::from_str::<Value>(payload).unwrap()
        );
        let bytes = STANDARD
            .decode(entry["attachmentBase64"].as_str().unwrap())
            .unwrap();
        assert_eq!(whole.attachment, Some((bytes, flagged)), "{name}");
        assert_eq!(told.len(), if flagged { 1 } else { 2 });
    }
}

#[test]
fn a_last_fragment_that_is_not_marked_is_recognised() {
    let fragments = lines("print-05-reference-bug-exact-multiple.jsonl");
    let correct = &told(lines("print-06-exact-multiple-correct.jsonl"))[0];
    let mut expected = correct.clone().unwrap();
    expected.attachment.as_mut().unwrap().1 = false;

    // By the next message, which comes after it.
    let mut messages = fragments.clone();
    messages.push(another());
    let by_message = told(messages);
    assert_eq!(by_message[0].as_ref(), Ok(&expected));
    assert_eq!(
        by_message[1].as_ref().unwrap().method,
        "SHOW_WELCOME_SCREEN"
    );

    // By the time, and by the end of the link.
    for down in [false, true] {
        let (mut notes, mut join) = (Notes::default(), Vec::new());
        let mut intake = Intake::new(&mut join);
        for fragment in &fragments {
            let mut fragment = fragment.clone().into_bytes();
            intake.handle_message(NOW, &mut notes, &mut fragment, &mut note);
        }
        let until = intake.poll_timeout().unwrap();
        assert_eq!(until, NOW.after(FRAGMENT_SILENCE));
        if down {
            let down = Down::new(DownReason::Lost, "");
            intake.handle_link_down(NOW, &mut notes, &down, &mut note);
            assert_eq!(notes.0.pop(), Some(Err("down".to_owned())));
        } else {
            let before = Instant::from_millis(until.as_millis() - 1);
            intake.handle_timeout(before, &mut notes, &mut note);
            assert_eq!(notes.0, []);
            intake.handle_timeout(until, &mut notes, &mut note);
        }
        assert_eq!(notes.0, [Ok(expected.clone())]);
        assert_eq!(intake.poll_timeout(), None);
    }
}

#[test]
fn ping_and_pong_pass_between_fragments() {
    let text = "{\"a\":1}";
    let messages = [
        piece("5", 0, false, &text[..3]),
        r#"{"type":"PING"}"#.to_owned(),
        r#"{"type":"PONG","id":"77"}"#.to_owned(),
        piece("5", 1, true, &text[3..]),
    ];
    let (mut joiner, mut buf) = (Joiner::new(), [0; 512]);
    let joined: Vec<_> = messages
        .iter()
        .map(|message| joiner.join(NOW, message.as_bytes(), &mut buf))
        .collect();
    let [
        Joined::Taken,
        Joined::Other,
        Joined::Other,
        Joined::Whole(len),
    ] = joined[..]
    else {
        panic!("{joined:?}");
    };
    assert_eq!(whole(&mut buf[..len]).unwrap().payload, json!({"a": 1}));
}

#[test]
fn what_does_not_fit_together_is_told_once_and_the_next_message_is_read() {
    let a = |index, last| piece("1", index, last, "{}");
    let b = |index, last| piece("2", index, last, "{}");
    let in_pieces = |error: &str| Err(format!("PRINT_TEXT: the message came in pieces: {error}"));
    let broken = |members: Value| {
        let mut all = json!({"fragmentIndex": 1, "lastFragment": false});
        for (name, value) in members.as_object().unwrap() {
            all[name] = value.clone();
        }
        fragment("1", &all)
    };
    let malformed = in_pieces("one of them is badly formed");
    let cases = [
        (
            "a piece is missing",
            vec![a(0, false), a(2, false), a(3, false), a(4, true)],
            vec![in_pieces("number 2 came where number 1 should have")],
        ),
        (
            "a piece came twice",
            vec![a(0, false), a(1, false), a(1, false), a(2, true)],
            vec![in_pieces("number 1 came where number 2 should have")],
        ),
        (
            "the beginning is missing",
            vec![a(1, false), a(2, true)],
            vec![in_pieces("number 1 came where number 0 should have")],
        ),
        (
            "two messages are mixed",
            vec![a(0, false), b(0, false), a(1, true), b(1, true)],
            vec![
                told([a(0, true)]).remove(0),
                told([b(0, true)]).remove(0),
                in_pieces("number 1 came where number 0 should have"),
                in_pieces("number 1 came where number 0 should have"),
            ],
        ),
        (
            "another message comes before the end",
            vec![piece("1", 0, false, "{\"a\":"), another()],
            vec![
                Err(
                    "PRINT_TEXT: the payload is unreadable: the text ends too early at byte 5"
                        .to_owned(),
                ),
                told([another()]).remove(0),
            ],
        ),
        (
            "a piece without a piece",
            vec![a(0, false), broken(json!({}))],
            vec![malformed.clone()],
        ),
        (
            "a piece with both",
            vec![
                a(0, false),
                broken(json!({"payload": "", "attachment": ""})),
            ],
            vec![malformed.clone()],
        ),
        (
            "a piece that is no text",
            vec![a(0, false), broken(json!({"payload": {}}))],
            vec![malformed.clone()],
        ),
        (
            "a number that is none",
            vec![
                a(0, false),
                broken(json!({"fragmentIndex": "x", "payload": ""})),
            ],
            vec![malformed.clone()],
        ),
        (
            "a payload behind the attachment",
            vec![
                a(0, false),
                broken(json!({"attachment": "Zg=="})),
                broken(json!({"fragmentIndex": 2, "payload": ""})),
            ],
            vec![malformed.clone()],
        ),
        (
            "an attachment in another code",
            vec![
                a(0, false),
                broken(json!({"attachment": "66", "attachmentEncoding": "HEX"})),
            ],
            vec![malformed.clone()],
        ),
    ];
    for (name, messages, expected) in cases {
        let mut messages = messages;
        messages.push(another());
        let told = told(messages);
        let ends_well = told.last().unwrap().as_ref().unwrap().method == "SHOW_WELCOME_SCREEN";
        assert!(ends_well, "{name}");
        for expected in &expected {
            assert!(told.contains(expected), "{name}: {told:?}");
        }
        let unreadable =
            |all: &[Result<Whole, String>]| all.iter().filter(|told| told.is_err()).count();
        assert_eq!(unreadable(&told), unreadable(&expected), "{name}: {told:?}");
    }
}

#[test]
fn a_fragment_that_is_no_json_is_told_by_whoever_opens_it_and_breaks_its_message() {
    let told = told([
        piece("1", 0, false, "{"),
        r#"{"id":"1","method":"PRINT_TEXT","fragmentIndex":1,"payload":"}"#.to_owned(),
        piece("1", 2, true, "}"),
    ]);
    assert_eq!(
        told,
        [
            Err("PRINT_TEXT: the message is unreadable: the text ends too early at byte 62".into()),
            Err(
                "PRINT_TEXT: the message came in pieces: number 2 came where number 1 should have"
                    .into()
            ),
        ]
    );
}

#[test]
fn the_number_may_be_written_in_any_way_and_its_name_with_escapes() {
    let told = told([
        r#"{"id":1,"method":"ACK","fragment\u0049ndex":"0","payload":"{\"a\":"}"#,
        r#"{"payload":"1}","fragmentIndex":1.0,"lastFragment":"true","id":1,"method":"ACK"}"#,
    ]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].as_ref().unwrap().payload, json!({"a": 1}));
}

#[test]
fn of_a_name_that_stands_twice_the_first_counts_also_in_a_fragment() {
    let told = told([
        r#"{"id":"1","method":"ACK","fragmentIndex":0,"fragmentIndex":7,"payload":"{\"a\":","payload":"x"}"#,
        r#"{"id":"1","method":"ACK","fragmentIndex":1,"lastFragment":true,"payload":"1}","attachment":null}"#,
    ]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].as_ref().unwrap().payload, json!({"a": 1}));
}

#[test]
fn nothing_is_asked_for_that_was_not_needed_and_a_small_buffer_is_told() {
    let messages = [piece("1", 0, false, "{\"a\":"), piece("1", 1, true, "1}")];
    // Grows by what is needed.
    let (mut joiner, mut buf, mut asked) = (Joiner::new(), Vec::new(), Vec::new());
    for message in &messages {
        loop {
            match joiner.join(NOW, message.as_bytes(), &mut buf) {
                Joined::NeedsRoom(needed) => {
                    assert!(needed > buf.len());
                    asked.push(needed);
                    buf.resize(needed, 0);
                }
                Joined::Taken => break,
                Joined::Whole(len) => {
                    assert_eq!(whole(&mut buf[..len]).unwrap().payload, json!({"a": 1}));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    // Exactly so much is enough, and a byte less is not.
    let enough = *asked.last().unwrap();
    for (len, fits) in [(enough, true), (enough - 1, false), (0, false)] {
        let (mut notes, mut room) = (Notes::default(), vec![0; len]);
        let mut intake = Intake::new(room.as_mut_slice());
        for message in messages.iter().chain([&another()]) {
            let mut message = message.clone().into_bytes();
            intake.handle_message(NOW, &mut notes, &mut message, &mut note);
        }
        assert_eq!(notes.0.len(), 2, "{:?}", notes.0);
        assert_eq!(notes.0[0].is_ok(), fits);
        if let Err(error) = &notes.0[0] {
            assert!(error.starts_with("PRINT_TEXT: the message came in pieces: the buffer"));
        }
    }
}

#[test]
fn what_was_joined_is_wiped() {
    let (mut notes, mut room) = (Notes::default(), [0; 512]);
    let mut intake = Intake::new(&mut room);
    for (index, text) in ["{\"track2\":\"SECRET", "\"}"].iter().enumerate() {
        let mut message = piece("1", index as u32, index == 1, text).into_bytes();
        intake.handle_message(NOW, &mut notes, &mut message, &mut note);
    }
    assert!(notes.0[0].is_ok());
    assert_eq!(room, [0; 512]);
}

#[test]
fn payloads_and_attachments_over_the_limit_are_lost() {
    for (name, limit, piece_len) in [
        ("payload", MAX_MESSAGE, 1 << 20),
        ("attachment", MAX_ATTACHMENT / 2 * 3, 1_000_000),
    ] {
        let text = "A".repeat(piece_len);
        let (mut joiner, mut buf) = (Joiner::new(), vec![0; limit + 1_000]);
        let mut join = |index: usize, text: &str| {
            let members = json!({"fragmentIndex": index, "lastFragment": false, name: text});
            joiner.join(NOW, fragment("1", &members).as_bytes(), &mut buf)
        };
        let pieces = limit / piece_len;
        for index in 0..pieces {
            assert_eq!(join(index, &text), Joined::Taken);
        }
        assert_eq!(limit % piece_len, 0);
        assert_eq!(join(pieces, ""), Joined::Taken, "exactly the limit");
        let error = JoinError::TooLong { limit };
        assert_eq!(join(pieces + 1, "A"), Joined::Lost(error));
        assert_eq!(join(pieces + 2, "A"), Joined::Taken, "told once");
    }
}

#[test]
fn the_time_counts_from_the_last_piece() {
    let (mut joiner, mut buf) = (Joiner::new(), [0; 512]);
    let later = NOW.after(Duration::from_secs(50));
    let first = piece("1", 0, false, "{");
    assert_eq!(joiner.join(NOW, first.as_bytes(), &mut buf), Joined::Taken);
    let second = piece("1", 1, false, "}");
    assert_eq!(
        joiner.join(later, second.as_bytes(), &mut buf),
        Joined::Taken
    );
    assert_eq!(joiner.poll_timeout(), Some(later.after(FRAGMENT_SILENCE)));
}

#[test]
fn a_fragment_that_no_joiner_has_seen_is_told() {
    let mut message = piece("1", 0, false, "{").into_bytes();
    let error = open(&mut message).unwrap_err();
    assert_eq!(error.why, OpenError::Fragment);
    assert_eq!(error.method, Some(Method::PrintText));
}
