//! What we cut, and what comes of it; and anything at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::wire::names::Method;
use proto_core::wire::{
    Fragmenter, Joined, Joiner, MAX_ATTACHMENT, MAX_MESSAGE, Sender, Source, TooLarge, open,
};
use serde_json::{Value, json};

use crate::{NOW, Whole, fragment, piece, told};

const SENDER: Sender<'_> = Sender {
    package_name: "com.clover.remote.protocol.usb",
    application_id: Some("com.example:1.0"),
    source_sdk: true,
    version: 1,
};

fn source(payload: &str) -> Source<'_> {
    Source {
        sender: SENDER,
        method: Method::PrintImage,
        payload,
    }
}

/// Cuts a message; the attachment is provided by chunks of this many bytes.
fn cut(payload: &str, attachment: &[u8], limit: usize, room: usize, chunk: usize) -> Vec<String> {
    let (source, mut send) = (source(payload), vec![0; room]);
    let mut fragmenter = Fragmenter::new(7, limit, &source, attachment.len()).unwrap();
    let mut fragments = Vec::new();
    while !fragmenter.is_done() {
        fragmenter.begin(&mut send, &source).unwrap();
        while let Some(wanted) = fragmenter.wants() {
            assert!(!wanted.is_empty());
            let bytes = &attachment[wanted];
            let taken = fragmenter.provide(&mut send, &bytes[..chunk.min(bytes.len())]);
            assert!(taken > 0);
        }
        let fragment = fragmenter.fragment(&send).unwrap().to_vec();
        // It stays the same until it was sent.
        fragmenter.begin(&mut send, &source).unwrap();
        assert_eq!(fragmenter.provide(&mut send, b"x"), 0);
        assert_eq!(fragmenter.fragment(&send).unwrap(), fragment);
        fragmenter.sent();
        fragments.push(String::from_utf8(fragment).unwrap());
    }
    fragments
}

/// What another reader finds: the pieces are right, the last flag stands once, at the end.
fn inspect(fragments: &[String], payload: &str, attachment: &[u8], limit: usize) {
    let (mut text, mut bytes) = (String::new(), Vec::new());
    for (index, fragment) in fragments.iter().enumerate() {
        let fragment: Value = serde_json::from_str(fragment).unwrap();
        assert_eq!(fragment["id"], "7");
        assert_eq!(fragment["type"], "COMMAND");
        assert_eq!(fragment["method"], "PRINT_IMAGE");
        assert_eq!(fragment["remoteApplicationID"], "com.example:1.0");
        assert_eq!(fragment["version"], 2);
        assert_eq!(fragment["fragmentIndex"], index);
        assert_eq!(fragment["lastFragment"], index + 1 == fragments.len());
        match (&fragment["payload"], &fragment["attachment"]) {
            (Value::String(piece), Value::Null) => {
                assert!(bytes.is_empty(), "the payload comes first");
                assert!((1..=limit).contains(&piece.encode_utf16().count()));
                text += piece;
            }
            (Value::Null, Value::String(piece)) => {
                assert_eq!(fragment["attachmentEncoding"], "BASE64.FRAGMENT");
                let piece = STANDARD.decode(piece).unwrap();
                assert!((1..=limit).contains(&piece.len()));
                bytes.extend(piece);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(text, payload);
    assert_eq!(bytes, attachment);
}

/// A payload of exactly this many characters.
fn payload_of(len: usize) -> String {
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(len - 8));
    assert_eq!(text.len(), len);
    text
}

#[test]
fn exactly_one_fragment_is_the_last_at_every_length_around_the_limit() {
    let limit = 40;
    for payload in (10..130).map(payload_of) {
        for attachment in [0, 1, 39, 40, 41, 79, 80, 81, 120] {
            let attachment: Vec<u8> = (0..=255).cycle().take(attachment).collect();
            let fragments = cut(&payload, &attachment, limit, 1_000, 17);
            inspect(&fragments, &payload, &attachment, limit);
            let pieces = payload.len().div_ceil(limit) + attachment.len().div_ceil(limit);
            assert_eq!(fragments.len(), pieces);
        }
    }
}

#[test]
fn the_limits_of_the_links_are_kept() {
    for (kind, own, limit) in [
        (LinkKind::Usb, None, 10_000),
        (LinkKind::Serial, None, 10_000),
        (LinkKind::Network, None, 50_000),
        (LinkKind::Cloud, None, 50_000),
        (LinkKind::Network, Some(1_500), 1_500),
        (LinkKind::Usb, Some(64), 1_000),
    ] {
        let info = LinkInfo {
            max_piece: own,
            ..LinkInfo::new(kind, "")
        };
        assert_eq!(info.piece_limit(), limit, "{kind:?}");
        for len in [limit - 1, limit, limit + 1, 2 * limit, 2 * limit + 1] {
            let (payload, attachment) = (payload_of(len), vec![7; len]);
            let fragments = cut(&payload, &attachment, limit, 80_000, len);
            inspect(&fragments, &payload, &attachment, limit);
            assert_eq!(fragments.len(), 2 * len.div_ceil(limit));
        }
    }
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_sent() {
    let long = payload_of(MAX_MESSAGE + 1);
    assert_eq!(
        Fragmenter::new(1, 1_000, &source(&long), 0).unwrap_err(),
        TooLarge { limit: MAX_MESSAGE }
    );
    assert_eq!(
        Fragmenter::new(1, 1_000, &source("{}"), MAX_ATTACHMENT + 1).unwrap_err(),
        TooLarge {
            limit: MAX_ATTACHMENT
        }
    );
    let source = source("{}");
    let mut fragmenter = Fragmenter::new(1, 1_000, &source, 10).unwrap();
    let needed = fragmenter.begin(&mut [0; 100], &source).unwrap_err().needed;
    let mut send = vec![0; needed];
    fragmenter.begin(&mut send, &source).unwrap();
    assert!(fragmenter.fragment(&send).is_some());
}

#[test]
fn ten_million_bytes_leave_through_four_kilobytes_and_arrive() {
    // The source is pulled: nobody ever holds the picture.
    let byte_at = |at: usize| {
        (at as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .to_be_bytes()[0]
    };
    let source = source("{\"method\":\"PRINT_IMAGE\",\"version\":1}");
    let mut send = [0; 4_096];
    let mut fragmenter = Fragmenter::new(7, 50_000, &source, MAX_ATTACHMENT).unwrap();
    let (mut joiner, mut join) = (Joiner::new(), vec![0; MAX_ATTACHMENT / 2 * 3]);
    let mut chunk = [0; 512];
    let mut joined = Joined::Taken;
    while !fragmenter.is_done() {
        fragmenter.begin(&mut send, &source).unwrap();
        while let Some(wanted) = fragmenter.wants() {
            let count = wanted.len().min(chunk.len());
            for (slot, at) in chunk[..count].iter_mut().zip(wanted) {
                *slot = byte_at(at);
            }
            fragmenter.provide(&mut send, &chunk[..count]);
        }
        assert_eq!(joined, Joined::Taken);
        joined = joiner.join(NOW, fragmenter.fragment(&send).unwrap(), &mut join);
        fragmenter.sent();
    }
    let Joined::Whole(len) = joined else {
        panic!("{joined:?}");
    };
    let message = open(&mut join[..len]).unwrap();
    assert_eq!(message.method, Some(Method::PrintImage));
    let attachment = message.attachment.unwrap();
    assert!(attachment.is_complete());
    let mut count = 0;
    for byte in attachment.bytes() {
        assert_eq!(byte, Ok(byte_at(count)));
        count += 1;
    }
    assert_eq!(count, MAX_ATTACHMENT);
}

/// JSON as it may stand in a payload.
fn payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        ".{0,40}".prop_map(Value::from),
        "[\\\\\"\u{0}-\u{1F}/😀\u{2028}]{0,20}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map("[a-z\"\\\\]{1,8}", value, 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// The text as UTF-16, cut at any places, also between the halves of a pair; each piece as a JSON string, as
/// one that writes everything it can as escapes would, or as little as it can.
fn cut_by_another(text: &str, places: &[prop::sample::Index], escapes: bool) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut places: Vec<_> = places.iter().map(|at| at.index(units.len() + 1)).collect();
    places.extend([0, units.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|cut| {
            let mut string = String::from("\"");
            for piece in char::decode_utf16(units[cut[0]..cut[1]].iter().copied()) {
                match piece {
                    Ok(c) if escapes && !c.is_ascii_alphanumeric() => {
                        let mut pair = [0; 2];
                        for unit in c.encode_utf16(&mut pair) {
                            string += &format!("\\u{unit:04x}");
                        }
                    }
                    Ok(c) => {
                        let quoted = serde_json::to_string(&c).unwrap();
                        string += &quoted[1..quoted.len() - 1];
                    }
                    Err(half) => string += &format!("\\u{:04X}", half.unpaired_surrogate()),
                }
            }
            string + "\""
        })
        .collect()
}

proptest! {
    #[test]
    fn what_was_cut_is_joined(
        payload in payload(),
        attachment in proptest::collection::vec(any::<u8>(), 0..400),
        limit in 1usize..200,
        room in 360usize..700,
        chunk in 1usize..100,
    ) {
        let text = payload.to_string();
        let fragments = cut(&text, &attachment, limit, room, chunk);
        inspect(&fragments, &text, &attachment, limit.max(2));
        prop_assert!(fragments.iter().all(|fragment| fragment.len() <= room));
        let told = told(&fragments);
        let attachment = (!attachment.is_empty()).then_some((attachment, true));
        let method = "PRINT_IMAGE".to_owned();
        prop_assert_eq!(told, [Ok(Whole { method, payload, attachment })]);
    }

    #[test]
    fn what_others_cut_anywhere_is_joined(
        payload in payload(),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        escapes in any::<bool>(),
    ) {
        let pieces = cut_by_another(&payload.to_string(), &places, escapes);
        let count = pieces.len();
        let fragments = pieces.iter().enumerate().map(|(index, piece)| format!(
            r#"{{"lastFragment":{},"payload":{piece},"method":"ACK","id":"3","fragmentIndex":{index}}}"#,
            index + 1 == count,
        ));
        let told = told(fragments.map(String::into_bytes));
        let method = "ACK".to_owned();
        prop_assert_eq!(told, [Ok(Whole { method, payload, attachment: None })]);
    }

    #[test]
    fn any_order_of_any_fragments_leaves_a_clean_state(
        messages in proptest::collection::vec((0u32..3, 0u32..4, any::<bool>(), 0usize..4), 0..30),
    ) {
        let mut messages: Vec<_> = messages
            .into_iter()
            .map(|(id, index, last, kind)| match kind {
                0 => piece(&id.to_string(), index, last, "{}"),
                1 => fragment(&id.to_string(), &json!({
                    "fragmentIndex": index, "lastFragment": last, "attachment": "Zg==",
                })),
                2 => r#"{"type":"PING","method":"ACK"}"#.to_owned(),
                _ => fragment(&id.to_string(), &json!({"payload": "{}"})),
            })
            .collect();
        messages.push(piece("8", 0, false, "{\"a\""));
        messages.push(piece("8", 1, true, ":1}"));
        let told = told(messages);
        prop_assert_eq!(&told.last().unwrap().as_ref().unwrap().payload, &json!({"a": 1}));
    }

    #[test]
    fn no_bytes_at_all_make_the_joiner_fail(
        messages in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "\\{\"id\":\"1\",\"fragmentIndex\":[0-2],\"(payload|attachment)\":\"[^\"]{0,9}\"[},]{0,2}"
                    .prop_map(String::into_bytes),
            ],
            0..20,
        ),
        room in 0usize..200,
    ) {
        let (mut joiner, mut buf) = (Joiner::new(), vec![0; room]);
        for message in &messages {
            for _ in 0..3 {
                match joiner.join(NOW, message, &mut buf) {
                    Joined::Overtaken(len) | Joined::Whole(len) => {
                        prop_assert!(len <= room);
                        let _ = open(&mut buf[..len]);
                    }
                    Joined::NeedsRoom(needed) => prop_assert!(needed > room),
                    Joined::Other | Joined::Taken | Joined::Lost(_) => break,
                }
            }
        }
        let end = joiner.end(&mut buf);
        prop_assert!(end.is_none_or(|len| len <= room));
        prop_assert_eq!(joiner.poll_timeout(), None);
    }
}
