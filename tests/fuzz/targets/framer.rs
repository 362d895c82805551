//! Any bytes on a line, in any pieces, with checks behind the packets and without: nothing stands still, nothing
//! depends on the pieces, and what follows is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto_core::wire::{Frame, Framer, Packets};

#[derive(Debug, PartialEq)]
enum Out {
    Message(Vec<u8>),
    TooLong(usize),
    Skipped(usize),
}

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (room, small, large, stream) = input;
    let room = usize::from(room).pow(2).max(2);
    let framer = if small < 128 {
        Framer::new
    } else {
        Framer::checked
    };
    // Two, because a head among the bytes may take the first.
    let good: Vec<u8> = Packets::new(b"{}", None)
        .into_iter()
        .flatten()
        .flat_map(|packet| match small {
            ..128 => [packet.head.as_slice(), packet.text].concat(),
            _ => [packet.head.as_slice(), packet.text, &packet.check()].concat(),
        })
        .collect();
    let stream = [stream, &good, &good].concat();

    let read = |pieces: Vec<&[u8]>| read(framer(), pieces, room);
    let whole = read(vec![&stream]);
    assert_eq!(whole.last(), Some(&Out::Message(b"{}".to_vec())));
    let (mut rest, mut pieces) = (stream.as_slice(), Vec::new());
    for size in [small, large]
        .map(|size| usize::from(size).max(1))
        .into_iter()
        .cycle()
    {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    assert_eq!(read(pieces), whole);
    assert_eq!(read(stream.chunks(1).collect()), whole);
});

fn read(mut framer: Framer, pieces: Vec<&[u8]>, room: usize) -> Vec<Out> {
    let (mut buf, mut out) = (vec![0; room], Vec::new());
    for mut piece in pieces {
        while !piece.is_empty() {
            let (used, frame) = framer.feed(piece, &mut buf);
            assert!(used > 0 || frame.is_some(), "it stands still");
            piece = &piece[used..];
            out.extend(frame.map(|frame| match frame {
                Frame::Message(text) => Out::Message(text.to_vec()),
                Frame::TooLong { head, total } => {
                    assert!(head.len() <= room && total > room);
                    Out::TooLong(total)
                }
                Frame::Resumed(error) => Out::Skipped(error.skipped),
            }));
        }
    }
    out
}
