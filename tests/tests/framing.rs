//! The packet stream of USB and serial lines: the vectors at every cut, every legal way to cut a message, and
//! what a line does to it.

use std::path::Path;

use proptest::prelude::*;
use proto_core::wire::{Frame, Framer, MAX_MESSAGE, MAX_PACKET, Packets};

/// The bytes of a stream in `tests/vectors/link`.
fn stream(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/link");
    let text = std::fs::read_to_string(root.join(name)).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|hex| u8::from_str_radix(hex, 16).unwrap())
        .collect()
}

/// What came out of a stream.
#[derive(Debug, PartialEq)]
enum Out {
    Message(Vec<u8>),
    TooLong(usize),
    Skipped(usize),
}

/// Reads the pieces of a stream with so much memory. Behind the memory nothing may be written.
fn read<'s>(pieces: impl IntoIterator<Item = &'s [u8]>, room: usize) -> Vec<Out> {
    let (mut framer, mut buf, mut out) = (Framer::new(), vec![0; room], Vec::new());
    for mut piece in pieces {
        let mut turns = 0;
        while !piece.is_empty() {
            let (used, frame) = framer.feed(piece, &mut buf);
            piece = &piece[used..];
            turns += 1;
            assert!(used > 0 || frame.is_some(), "it stands still");
            assert!(turns <= 1 << 20, "it turns in a circle");
            out.extend(frame.map(|frame| match frame {
                Frame::Message(text) => Out::Message(text.to_vec()),
                Frame::TooLong { total, .. } => Out::TooLong(total),
                Frame::Resumed(error) => Out::Skipped(error.skipped),
            }));
        }
    }
    out
}

/// A message in packets of at most these many bytes, one after the other and again.
fn packed(message: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut whole = vec![0xCC, 0x77, 0x11, 0x22];
    whole.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    whole.extend(message);
    let (mut stream, mut rest) = (Vec::new(), whole.as_slice());
    for (round, size) in sizes.iter().cycle().enumerate() {
        // The head of a message stands whole in its first packet, and is not alone there.
        let size = if round == 0 { (*size).max(9) } else { *size };
        let (packet, behind) = rest.split_at(size.min(rest.len()));
        stream.extend(u16::try_from(packet.len()).unwrap().to_be_bytes());
        stream.extend(packet);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    stream
}

fn written(message: &[u8], endpoint: Option<usize>) -> Vec<Vec<u8>> {
    Packets::new(message, endpoint)
        .unwrap()
        .map(|packet| [packet.head.as_slice(), packet.text].concat())
        .collect()
}

#[test]
fn the_vectors_are_read_at_every_cut() {
    let discovery = stream("usb-01-discovery-request.hex")[10..].to_vec();
    let pong = stream("usb-02-pong.hex")[10..].to_vec();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/link");
    let two_packets = std::fs::read(root.join("usb-06-two-packets.json")).unwrap();
    let two_packets = two_packets.trim_ascii_end().to_vec();
    let message = |text: &[u8]| Out::Message(text.to_vec());
    for (name, expected) in [
        ("usb-01-discovery-request.hex", vec![message(&discovery)]),
        ("usb-02-pong.hex", vec![message(&pong)]),
        ("usb-03-one-byte.hex", vec![message(b"x")]),
        ("usb-04-two-packets-16382.hex", vec![message(&two_packets)]),
        ("usb-05-two-packets-16384.hex", vec![message(&two_packets)]),
        ("usb-08-split-transfer.hex", vec![message(&discovery)]),
        ("usb-09-zlp.hex", vec![message(&discovery)]),
        (
            "usb-10-garbage-then-message.hex",
            vec![Out::Skipped(6), message(&discovery)],
        ),
        ("usb-11-bad-length-zero.hex", vec![]),
        ("usb-12-bad-length-over-4MiB.hex", vec![]),
        ("usb-13-bad-packet-length.hex", vec![]),
        ("usb-14-little-endian-magic.hex", vec![]),
    ] {
        let stream = stream(name);
        // Deep inside the long ones nothing is different from place to place.
        let ends = 16_000.min(stream.len()) / 20;
        let heads = |at: &usize| *at < ends || *at > 16_300 || stream.len() < 4_096;
        for at in (0..=stream.len()).filter(|at| heads(at) || at % 97 == 0) {
            let (front, back) = stream.split_at(at);
            assert_eq!(read([front, back], 32_768), expected, "{name} cut at {at}");
        }
        for size in [1, 2, 3, 7, 64, 512, 4_096, 16_384] {
            let out = read(stream.chunks(size), 32_768);
            assert_eq!(out, expected, "{name} in pieces of {size}");
        }
    }
}

#[test]
fn two_messages_in_one_transfer_are_two() {
    let stream = stream("usb-07-coalesced.hex");
    for size in [1, 2, 100, 344] {
        let out = read(stream.chunks(size), 4_096);
        let texts: Vec<_> = out
            .iter()
            .map(|out| match out {
                Out::Message(text) => text.len() + 10,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((texts.len(), texts.iter().sum()), (2, 344usize));
    }
}

#[test]
fn what_is_illegal_is_skipped_and_counted_and_what_follows_is_read() {
    let good = stream("usb-01-discovery-request.hex");
    for name in [
        "usb-11-bad-length-zero.hex",
        "usb-12-bad-length-over-4MiB.hex",
        "usb-13-bad-packet-length.hex",
        "usb-14-little-endian-magic.hex",
    ] {
        let bad = stream(name);
        let both = [bad.as_slice(), &good].concat();
        let expected = [Out::Skipped(bad.len()), Out::Message(good[10..].to_vec())];
        for size in [1, 2, 3, 9, 10, 11, 512, both.len()] {
            assert_eq!(read(both.chunks(size), 4_096), expected, "{name} {size}");
        }
    }
}

#[test]
fn what_is_written_is_what_the_vectors_show() {
    for name in [
        "usb-01-discovery-request.hex",
        "usb-02-pong.hex",
        "usb-03-one-byte.hex",
        "usb-04-two-packets-16382.hex",
    ] {
        let stream = stream(name);
        let [Out::Message(message)] = &read([stream.as_slice()], 32_768)[..] else {
            panic!("{name}");
        };
        assert_eq!(written(message, Some(512)).concat(), stream, "{name}");
    }
}

#[test]
fn a_packet_of_exactly_512_bytes_is_split() {
    let stream = stream("usb-15-exactly-512.hex");
    assert_eq!(stream.len(), 512);
    let [Out::Message(message)] = &read([stream.as_slice()], 4_096)[..] else {
        panic!("one message");
    };
    let lengths: Vec<_> = written(message, Some(512)).iter().map(Vec::len).collect();
    assert_eq!(lengths, [511, 3]);
}

#[test]
fn the_longest_message_passes_and_no_longer_one() {
    let mut message = vec![b'x'; MAX_MESSAGE + 1];
    assert!(Packets::new(&message, None).is_none());
    message.pop();
    let stream = written(&message, Some(512)).concat();
    for size in [4_096, 16_384, 20_001] {
        let out = read(stream.chunks(size), MAX_MESSAGE);
        assert!(out == [Out::Message(message.clone())], "{size}");
    }
    assert_eq!(read(stream.chunks(4_096), 100), [Out::TooLong(MAX_MESSAGE)]);
}

/// Text as it stands in messages: all of Unicode, and often characters whose UTF-8 begins like the magic.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let character = prop_oneof![
        8 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('\u{300}', '\u{33F}'),
        1 => any::<char>(),
        1 => Just('w'),
    ];
    proptest::collection::vec(character, 1..120)
        .prop_map(|characters| String::from_iter(characters).into_bytes())
}

fn packet_sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![
        4 => 1usize..80,
        1 => Just(MAX_PACKET),
        1 => Just(16_384),
        1 => 1usize..=32_767,
    ];
    proptest::collection::vec(size, 1..6)
}

fn piece_sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1usize..600, 1..20)
}

/// Any byte, and often one of those that mean something.
fn likely_byte() -> impl Strategy<Value = u8> {
    any::<u8>().prop_map(|byte| match byte >> 5 {
        0..4 => [0xCC, 0x77, 0x11, 0x22, 0, 0, 9, 10][usize::from(byte & 7)],
        _ => byte,
    })
}

/// The stream in pieces of these sizes, one after the other and again.
fn cut<'s>(stream: &'s [u8], sizes: &[usize]) -> Vec<&'s [u8]> {
    let (mut rest, mut pieces) = (stream, Vec::new());
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*size).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

proptest! {
    #[test]
    fn any_message_in_any_packets_in_any_pieces_is_read(
        messages in proptest::collection::vec((text(), packet_sizes()), 1..6),
        pieces in piece_sizes(),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(|(text, sizes)| packed(text, sizes)).collect();
        let expected: Vec<_> = messages.into_iter().map(|(text, _)| Out::Message(text)).collect();
        prop_assert_eq!(read(cut(&stream, &pieces), 4_096), expected);
    }

    #[test]
    fn what_was_written_is_read(
        len in prop_oneof![1usize..2_000, 16_300usize..16_500, 32_700usize..32_900, 1usize..20_000],
        endpoint in prop_oneof![Just(None), Just(Some(64)), Just(Some(512)), Just(Some(1_024))],
        pieces in piece_sizes(),
    ) {
        let message: Vec<u8> = (b'a'..=b'z').cycle().take(len).collect();
        let packets = written(&message, endpoint);
        for packet in &packets {
            prop_assert!(packet.len() <= MAX_PACKET + 2);
            let exact = endpoint.is_some_and(|size| packet.len() % size == 0);
            prop_assert!(!exact || packet.len() == MAX_PACKET + 2);
        }
        prop_assert_eq!(read(cut(&packets.concat(), &pieces), len), [Out::Message(message)]);
    }

    #[test]
    fn garbage_between_messages_is_skipped_and_counted(
        rounds in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..40), text(), packet_sizes()),
            1..6,
        ),
        pieces in piece_sizes(),
    ) {
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for (mut garbage, text, sizes) in rounds {
            // What looks like the magic may be taken for it.
            garbage.retain(|byte| *byte != 0xCC);
            if !garbage.is_empty() {
                expected.push(Out::Skipped(garbage.len()));
            }
            stream.extend(garbage);
            stream.extend(packed(&text, &sizes));
            expected.push(Out::Message(text));
        }
        prop_assert_eq!(read(cut(&stream, &pieces), 4_096), expected);
    }

    #[test]
    fn bytes_that_are_lost_cost_the_message_they_were_in_and_no_other(
        before in text(),
        broken in (text(), packet_sizes()),
        after in (text(), packet_sizes()),
        start in any::<prop::sample::Index>(),
        count in 1usize..12,
        pieces in piece_sizes(),
    ) {
        let mut stream = packed(&before, &[MAX_PACKET]);
        let mut hurt = packed(&broken.0, &broken.1);
        let start = start.index(hurt.len());
        hurt.drain(start..hurt.len().min(start + count));
        stream.extend(hurt);
        stream.extend(packed(&after.0, &after.1));
        let out = read(cut(&stream, &pieces), 4_096);
        prop_assert_eq!(&out[0], &Out::Message(before));
        prop_assert_eq!(out.last().unwrap(), &Out::Message(after.0), "{:?}", out);
        prop_assert!(out.len() <= 4, "{:?}", out);
    }

    #[test]
    fn a_message_that_was_given_up_anywhere_is_counted_to_the_byte(
        broken in (text(), packet_sizes()),
        after in (text(), packet_sizes()),
        end in any::<prop::sample::Index>(),
        pieces in piece_sizes(),
    ) {
        let mut stream = packed(&broken.0, &broken.1);
        stream.truncate(11 + end.index(stream.len() - 10));
        let whole = stream.len() == packed(&broken.0, &broken.1).len();
        let given_up = stream.len();
        stream.extend(packed(&after.0, &after.1));
        let out = read(cut(&stream, &pieces), 4_096);
        prop_assert_eq!(out.last().unwrap(), &Out::Message(after.0), "{:?}", out);
        // Three bytes short, it takes the first of the next one for its own and looks complete.
        if !whole && matches!(out[0], Out::Skipped(_)) {
            prop_assert_eq!(&out[0], &Out::Skipped(given_up));
        }
    }

    #[test]
    fn no_bytes_at_all_bring_it_to_a_halt(
        bytes in proptest::collection::vec(likely_byte(), 0..300),
        pieces in piece_sizes(),
        room in 0usize..300,
    ) {
        let good = packed(b"{}", &[MAX_PACKET]);
        let mut stream = bytes;
        // Two, because a head among the bytes may take the first.
        stream.extend(good.repeat(2));
        let out = read(cut(&stream, &pieces), room.max(2));
        for frame in &out {
            if let Out::Message(text) = frame {
                prop_assert!(text.len() <= room.max(2));
            }
        }
        prop_assert_eq!(out.last(), Some(&Out::Message(b"{}".to_vec())));
    }
}
