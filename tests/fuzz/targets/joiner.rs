//! Any messages in any order, and fragments that we have cut: what comes out can be opened or is refused, and
//! what follows is joined.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto_core::message::PrintTextDraft;
use proto_core::time::{Duration, Instant};
use proto_core::wire::Nested;
use proto_core::wire::names::Method;
use proto_core::wire::{
    Fragmenter, Joined, Joiner, OpenError, Sender, Source, open, write_payload,
};

fuzz_target!(|input: (u16, u8, Option<&str>, &[u8])| {
    let (room, limit, payload, bytes) = input;
    // What we have cut, with the bytes as its picture; or messages, one a line.
    match payload {
        // In a hundred pieces or so: more of them show nothing new.
        Some(text) => {
            let limit = usize::from(limit).max(2 + (text.len() + bytes.len()) / 100);
            cut(text, bytes, limit);
        }
        None => received(bytes, usize::from(room)),
    }
});

fn received(lines: &[u8], room: usize) {
    let (mut joiner, mut buf) = (Joiner::new(), vec![0; room]);
    let mut now = Instant::ZERO;
    for line in lines.split(|byte| *byte == b'\n') {
        now = now.after(Duration::from_secs(1));
        // Twice at most: what overtakes another, or needs room, is given again.
        for _ in 0..3 {
            match joiner.join(now, line, &mut buf) {
                Joined::Whole(len) => openable(&mut buf[..len]),
                Joined::Overtaken(len) => {
                    openable(&mut buf[..len]);
                    continue;
                }
                Joined::NeedsRoom(needed) => {
                    assert!(needed > buf.len());
                    buf.resize(needed, 0);
                    continue;
                }
                Joined::Other | Joined::Taken | Joined::Lost(_) => {}
            }
            break;
        }
    }
    if let Some(len) = joiner.end(&mut buf) {
        openable(&mut buf[..len]);
    }

    // Whatever there was, this comes through.
    buf.resize(1_024, 0);
    let first = br#"{"id":"\u0039","method":"X","payload":"{\"a","fragmentIndex":0}"#;
    let last =
        br#"{"id":"\u0039","method":"X","payload":"\":1}","fragmentIndex":1,"lastFragment":true}"#;
    assert_eq!(joiner.join(now, first, &mut buf), Joined::Taken);
    let Joined::Whole(len) = joiner.join(now, last, &mut buf) else {
        panic!("the last of two");
    };
    let message = open(&mut buf[..len]).unwrap();
    assert_eq!(message.payload.json().expose(), r#"{"a":1}"#);
}

/// What was joined is one message: perhaps unreadable, but no fragment any more, and legal outside its payload.
fn openable(message: &mut [u8]) {
    if let Err(error) = open(message) {
        assert!(
            matches!(error.why, OpenError::BadPayload(_) | OpenError::NotJson(_)),
            "{error}"
        );
    }
}

fn cut(text: &str, picture: &[u8], limit: usize) {
    let lines = [text];
    let draft = PrintTextDraft {
        text_lines: Some(Nested::Draft(&lines)),
        ..PrintTextDraft::default()
    };
    let mut payload = vec![0; 64 + 6 * text.len()];
    let len = write_payload(&mut payload, &draft).unwrap();
    let payload = std::str::from_utf8(&payload[..len]).unwrap();
    let source = Source {
        sender: Sender {
            package_name: "p",
            application_id: None,
            source_sdk: false,
            version: 1,
        },
        method: Method::PrintText,
        payload,
    };
    let mut send = [0; 512];
    let mut fragmenter = Fragmenter::new(1, limit, &source, picture.len()).unwrap();
    let (mut joiner, mut buf) = (Joiner::new(), vec![0; 65_536]);
    let mut whole = None;
    while !fragmenter.is_done() {
        assert_eq!(whole, None, "more behind the last");
        fragmenter.begin(&mut send, &source).unwrap();
        while let Some(wanted) = fragmenter.wants() {
            let taken = fragmenter.provide(&mut send, &picture[wanted]);
            assert!(taken > 0);
        }
        let fragment = fragmenter.fragment(&send).unwrap();
        whole = match joiner.join(Instant::ZERO, fragment, &mut buf) {
            Joined::Taken => None,
            Joined::Whole(len) => Some(len),
            Joined::NeedsRoom(needed) => {
                buf.resize(needed * 2, 0);
                continue;
            }
            other => panic!("{other:?}"),
        };
        fragmenter.sent();
    }
    let message = open(&mut buf[..whole.unwrap()]).unwrap();
    assert_eq!(message.payload.json().expose(), payload);
    let read = message
        .attachment
        .map(|attachment| attachment.bytes().collect::<Result<Vec<u8>, _>>().unwrap());
    assert_eq!(read.unwrap_or_default(), picture);
}
