//! Both serial lines over lines in memory, cut in every way.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType};

use super::*;
use crate::link::{Link, Step};

/// Lengths of pieces and numbers of polls that look random and repeat with their seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    /// 1 to `limit`.
    fn upto(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1 + (self.0 >> 33) as usize % limit
    }
}

/// How a line cuts what passes it: at most so many bytes at a time, or by chance.
#[derive(Clone)]
enum Cut {
    At(usize),
    Random(Random),
}

impl Cut {
    fn all() -> Vec<Self> {
        let fixed = [1, 2, 3, 9, 10, 11, 64, 512, usize::MAX];
        let random = (0..20).map(|seed| Self::Random(Random(seed)));
        fixed.into_iter().map(Self::At).chain(random).collect()
    }

    fn next(&mut self) -> usize {
        match self {
            Self::At(len) => *len,
            Self::Random(random) => random.upto(40),
        }
    }
}

fn packed(message: &[u8]) -> Vec<u8> {
    Packets::new(message, None)
        .unwrap()
        .flat_map(|packet| [packet.head.as_slice(), packet.text, &packet.check()].concat())
        .collect()
}

/// Messages of these lengths, each of another letter.
fn messages(lengths: &[usize]) -> Vec<Vec<u8>> {
    let letters = b'a'..;
    lengths
        .iter()
        .zip(letters)
        .map(|(len, letter)| vec![letter; *len])
        .collect()
}

/// Every kind of end: short, of one packet and a byte more, of many.
fn long() -> Vec<Vec<u8>> {
    messages(&[1, 2, 500, 1, 16_374, 16_375, 40_000, 3])
}

// The super-loop's.

struct Line {
    cut: Cut,
    input: VecDeque<u8>,
    output: Vec<u8>,
    writes: usize,
    full: bool,
    end: bool,
    broken: bool,
}

impl Line {
    fn new(cut: Cut, input: &[u8]) -> Self {
        Self {
            cut,
            input: input.iter().copied().collect(),
            output: Vec::new(),
            writes: 0,
            full: false,
            end: false,
            broken: false,
        }
    }
}

impl ErrorType for Line {
    type Error = ErrorKind;
}

impl embedded_io::ReadReady for Line {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.input.is_empty() || self.end || self.broken)
    }
}

impl embedded_io::Read for Line {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!self.input.is_empty() || self.end || self.broken, "a wait");
        if self.broken {
            return Err(ErrorKind::ConnectionReset);
        }
        let count = self.cut.next().min(buf.len()).min(self.input.len());
        for (slot, byte) in buf.iter_mut().zip(self.input.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl embedded_io::WriteReady for Line {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.full)
    }
}

impl embedded_io::Write for Line {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!self.full, "a wait");
        self.writes += 1;
        if self.broken {
            return Err(ErrorKind::ConnectionReset);
        }
        let count = if self.end { 0 } else { self.cut.next() }.min(buf.len());
        self.output.extend_from_slice(&buf[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        panic!("flushing waits");
    }
}

/// What comes out of the stream, as text; long messages as their length.
fn read(cut: Cut, stream: &[u8], room: usize) -> Vec<String> {
    let mut line = Line::new(cut, stream);
    let mut buf = vec![0; room];
    let mut serial = Serial::new(&mut buf);
    let mut out = Vec::new();
    while !line.input.is_empty() {
        while let Some(frame) = serial.read(&mut line).unwrap() {
            out.push(match frame {
                Frame::Message(message) => name(message),
                Frame::TooLong { head, total } => format!("{} of {total}", name(head)),
                Frame::Resumed(error) => format!("skipped {}", error.skipped),
            });
        }
    }
    out
}

fn name(message: &[u8]) -> String {
    assert!(message.iter().all(|byte| *byte == message[0]));
    format!("{} {}", message.len(), char::from(message[0]))
}

#[test]
fn a_loop_reads_messages_however_the_line_cuts_them() {
    let stream: Vec<u8> = long().iter().flat_map(|m| packed(m)).collect();
    let expected: Vec<String> = long().iter().map(|m| name(m)).collect();
    for cut in Cut::all() {
        assert_eq!(read(cut, &stream, 65_536), expected);
    }
}

#[test]
fn a_loop_writes_messages_with_one_write_at_a_time() {
    for cut in Cut::all() {
        let mut line = Line::new(cut, b"");
        let mut serial = Serial::new(&mut []);
        let mut calls = 0;
        for message in long() {
            loop {
                calls += 1;
                if serial.write(&mut line, &message).unwrap() {
                    break;
                }
            }
        }
        assert_eq!(line.writes, calls);
        let expected: Vec<u8> = long().iter().flat_map(|m| packed(m)).collect();
        assert!(line.output == expected);
    }
}

#[test]
fn a_loop_does_not_wait_for_a_line_that_takes_nothing() {
    let mut line = Line::new(Cut::At(5), &packed(b"a"));
    let mut buf = [0; 64];
    let mut serial = Serial::new(&mut buf);
    assert!(!serial.write(&mut line, b"held up").unwrap());
    line.full = true;
    for _ in 0..3 {
        assert!(!serial.write(&mut line, b"held up").unwrap());
    }
    let frame = serial.read(&mut line).unwrap();
    assert!(matches!(frame, Some(Frame::Message(message)) if message == b"a"));
    line.full = false;
    while !serial.write(&mut line, b"held up").unwrap() {}
    assert_eq!(line.output, packed(b"held up"));
}

#[test]
fn a_loop_is_told_of_garbage_and_of_what_is_too_long() {
    let mut stream = packed(b"a");
    stream.extend(b"\0\x05noise");
    stream.extend(packed(b"b"));
    stream.extend(packed(&[b'c'; 100]));
    stream.extend(packed(b"d"));
    let expected = ["1 a", "skipped 7", "1 b", "64 c of 100", "1 d"];
    for cut in Cut::all() {
        assert_eq!(read(cut, &stream, 64), expected);
    }
}

#[test]
fn a_loop_is_told_when_the_line_is_down_and_can_begin_anew() {
    let mut line = Line::new(Cut::At(5), &packed(b"broken off")[..12]);
    let mut buf = [0; 64];
    let mut serial = Serial::new(&mut buf);
    assert!(serial.read(&mut line).unwrap().is_none());
    assert!(!serial.write(&mut line, b"broken off").unwrap());
    line.end = true;
    let ended = serial.read(&mut line).unwrap_err();
    assert_eq!(ended, SerialError::Ended);
    assert_eq!(
        serial.write(&mut line, b"broken off").unwrap_err(),
        SerialError::Ended
    );
    line.broken = true;
    let down = Down::from(serial.read(&mut line).unwrap_err());
    assert_eq!(down.reason, DownReason::Lost);

    let mut line = Line::new(Cut::At(5), &packed(b"xxx"));
    serial.reset();
    let frame = serial.read(&mut line).unwrap();
    assert!(matches!(frame, Some(Frame::Message(message)) if message == b"xxx"));
    while !serial.write(&mut line, b"yyy").unwrap() {}
    assert_eq!(line.output, packed(b"yyy"));
    assert_eq!(
        serial.write(&mut line, b"").unwrap_err(),
        SerialError::Unsendable
    );
}

#[test]
fn a_bit_that_turns_over_is_noticed_unless_the_other_end_makes_no_checks() {
    let mut stream = packed(b"1000");
    stream[10] ^= 1;
    stream.extend(packed(b"b"));
    assert_eq!(read(Cut::At(3), &stream, 64), ["skipped 18", "1 b"]);

    let plain: Vec<u8> = Packets::new(b"1000", None)
        .unwrap()
        .flat_map(|packet| [packet.head.as_slice(), packet.text].concat())
        .collect();
    let mut line = Line::new(Cut::At(3), &plain);
    let mut buf = [0; 64];
    let mut serial = Serial::new(&mut buf).unchecked();
    let frame = serial.read(&mut line).unwrap();
    assert!(matches!(frame, Some(Frame::Message(message)) if message == b"1000"));
    while !serial.write(&mut line, b"1000").unwrap() {}
    assert_eq!(line.output, plain);
}

#[test]
fn one_turn_of_a_loop_ends_on_an_endless_stream() {
    let mut line = Line::new(Cut::At(usize::MAX), &[b'x'; 100_000]);
    let mut buf = [0; 64];
    let mut serial = Serial::new(&mut buf);
    let frame = serial.read(&mut line).unwrap();
    assert!(frame.is_none() && line.input.len() > 90_000);
}

// The async task's.

/// One direction of a line: holds a few bytes, cuts them, and lets every call wait for some polls.
#[derive(Clone)]
struct Pipe(Rc<PipeState>);

struct PipeState {
    bytes: RefCell<VecDeque<u8>>,
    room: usize,
    cut: RefCell<Cut>,
    /// Polls until the next call may do something.
    wait: Cell<usize>,
    waits: bool,
    end: Cell<bool>,
    flushed: Cell<bool>,
}

impl Pipe {
    fn new(cut: Cut, room: usize, waits: bool) -> Self {
        Self(Rc::new(PipeState {
            bytes: RefCell::default(),
            room,
            cut: RefCell::new(cut),
            wait: Cell::new(0),
            waits,
            end: Cell::new(false),
            flushed: Cell::new(true),
        }))
    }

    fn put(&self, bytes: &[u8]) {
        self.0.bytes.borrow_mut().extend(bytes);
    }

    /// Does `act` when the polls that are due have passed and it can: `None` is not yet.
    async fn turn<T>(&self, mut act: impl FnMut(&mut VecDeque<u8>, usize) -> Option<T>) -> T {
        poll_fn(|_| {
            if let Some(left) = self.0.wait.get().checked_sub(1) {
                self.0.wait.set(left);
                return Poll::Pending;
            }
            let mut cut = self.0.cut.borrow_mut();
            let Some(done) = act(&mut self.0.bytes.borrow_mut(), cut.next()) else {
                return Poll::Pending;
            };
            if self.0.waits {
                self.0.wait.set(cut.next().min(5) - 1);
            }
            Poll::Ready(done)
        })
        .await
    }
}

impl ErrorType for Pipe {
    type Error = Infallible;
}

impl embedded_io_async::Read for Pipe {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        assert!(!buf.is_empty());
        self.turn(|bytes, cut| {
            let count = cut.min(buf.len()).min(bytes.len());
            for (slot, byte) in buf.iter_mut().zip(bytes.drain(..count)) {
                *slot = byte;
            }
            (count > 0 || self.0.end.get()).then_some(Ok(count))
        })
        .await
    }
}

impl embedded_io_async::Write for Pipe {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        assert!(!buf.is_empty());
        self.turn(|bytes, cut| {
            let count = cut.min(buf.len()).min(self.0.room - bytes.len());
            bytes.extend(&buf[..count]);
            self.0.flushed.set(false);
            (count > 0).then_some(Ok(count))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.turn(|_, _| Some(())).await;
        self.0.flushed.set(true);
        Ok(())
    }
}

type TestLink = SerialLink<Pipe, Pipe>;

/// Polls one step so many times, then drops it.
fn poll_step<'b>(
    link: &mut TestLink,
    out: Option<&[u8]>,
    buf: &'b mut [u8],
    polls: usize,
) -> Option<Step<'b>> {
    let mut context = Context::from_waker(Waker::noop());
    let mut step = pin!(link.step(out, buf));
    for _ in 0..polls {
        if let Poll::Ready(step) = step.as_mut().poll(&mut context) {
            return Some(step);
        }
    }
    None
}

/// One end: sends its messages and notes what comes.
struct End {
    link: TestLink,
    to_send: VecDeque<Vec<u8>>,
    sent: Pipe,
    buf: Vec<u8>,
    came: Vec<String>,
}

impl End {
    fn new(reader: &Pipe, writer: &Pipe, to_send: Vec<Vec<u8>>, room: usize) -> Self {
        Self {
            link: SerialLink::new(reader.clone(), writer.clone(), "test"),
            to_send: to_send.into(),
            sent: writer.clone(),
            buf: vec![0; room],
            came: Vec::new(),
        }
    }

    /// Makes one step or a part of it. Says whether something happened.
    fn turn(&mut self, polls: usize) -> bool {
        let out = self.to_send.front().map(Vec::as_slice);
        let Some(step) = poll_step(&mut self.link, out, &mut self.buf, polls) else {
            return false;
        };
        let came = match step {
            Step::Up(info) => format!("up {}", info.peer),
            Step::Sent => {
                assert!(self.sent.0.flushed.get());
                self.to_send.pop_front();
                return true;
            }
            Step::Message(message) => name(message),
            Step::NeedsRoom(total) => format!("needs {total}"),
            Step::TooLong { head, total } => format!("{} of {total}", name(head)),
            Step::Garbled(error) => format!("skipped {}", error.skipped),
            Step::Down(down) | Step::Waiting(down) => format!("{:?}", down.reason),
        };
        self.came.push(came);
        true
    }
}

#[test]
fn two_links_exchange_messages_at_the_same_time_whatever_is_dropped() {
    for cut in Cut::all() {
        let many_polls = matches!(cut, Cut::At(..64) | Cut::Random(_));
        let to_send = if many_polls {
            messages(&[1, 2, 300, 1])
        } else {
            long()
        };
        for (room, waits, polls) in [(1, false, 1), (7, true, 1), (64, true, 3), (4_096, true, 9)] {
            exchange(&to_send, &cut, room, waits, polls);
        }
    }
    exchange(&long(), &Cut::At(7), 7, true, 2);
}

fn exchange(to_send: &[Vec<u8>], cut: &Cut, room: usize, waits: bool, polls: usize) {
    let there = Pipe::new(cut.clone(), room, waits);
    let back = Pipe::new(cut.clone(), room, waits);
    let mut pos = End::new(&back, &there, to_send.to_vec(), 65_536);
    let mut terminal = End::new(&there, &back, to_send.to_vec(), 65_536);
    let mut idle = 0;
    while idle < 100 {
        let happened = [pos.turn(polls), terminal.turn(polls)];
        let done = pos.to_send.is_empty() && terminal.to_send.is_empty();
        let moving = [&there, &back].map(|pipe| !pipe.0.bytes.borrow().is_empty());
        let quiet = done && happened == [false; 2] && moving == [false; 2];
        idle = if quiet { idle + 1 } else { 0 };
    }
    let mut expected = vec!["up test".to_owned()];
    expected.extend(to_send.iter().map(|m| name(m)));
    assert_eq!(pos.came, expected);
    assert_eq!(terminal.came, expected);
}

/// What a link says to this stream.
fn link_reads(cut: Cut, stream: &[u8], room: usize) -> Vec<String> {
    let (there, back) = (Pipe::new(cut, 0, true), Pipe::new(Cut::At(1), 1, false));
    there.put(stream);
    there.0.end.set(true);
    let mut end = End::new(&there, &back, Vec::new(), room);
    while end.came.last().is_none_or(|came| came != "Lost") {
        end.turn(1);
    }
    end.came
}

#[test]
fn a_link_tells_of_garbage_and_of_what_is_too_long() {
    let mut stream = packed(b"a");
    stream.extend(b"\0\x05noise");
    stream.extend(packed(b"b"));
    stream.extend(packed(&[b'c'; 100]));
    stream.extend(packed(&[b'd'; 100]));
    stream.extend(packed(b"e"));
    let expected = [
        "up test",
        "1 a",
        "skipped 7",
        "1 b",
        "needs 100",
        "64 c of 100",
        "needs 100",
        "64 d of 100",
        "1 e",
        "Lost",
    ];
    for cut in Cut::all() {
        assert_eq!(link_reads(cut, &stream, 64), expected);
    }
}

#[test]
fn room_is_asked_for_before_the_text_is_taken_also_behind_a_broken_message() {
    let mut stream = packed(&[b'a'; 20_000])[..16_384].to_vec();
    stream.extend(packed(&[b'b'; 30_000]));
    for cut in Cut::all() {
        let (there, back) = (Pipe::new(cut, 0, true), Pipe::new(Cut::At(1), 1, false));
        there.put(&stream);
        let mut end = End::new(&there, &back, Vec::new(), 8);
        while end.came.last().is_none_or(|came| came != "30000 b") {
            end.turn(1);
            let needed = end.came.last().and_then(|came| came.strip_prefix("needs "));
            if let Some(needed) = needed {
                end.buf.resize(needed.parse().unwrap(), 0);
            }
        }
        let expected = [
            "up test",
            "needs 20000",
            "skipped 16384",
            "needs 30000",
            "30000 b",
        ];
        assert_eq!(end.came, expected);
    }
}

#[test]
fn a_link_that_was_lost_or_closed_begins_anew() {
    let (there, back) = (
        Pipe::new(Cut::At(4), 0, false),
        Pipe::new(Cut::At(4), 100, false),
    );
    there.put(&packed(b"broken off")[..13]);
    let mut end = End::new(&there, &back, vec![b"a".to_vec()], 64);
    end.turn(1);
    there.0.end.set(true);
    while end.came.last().is_none_or(|came| came != "Lost") {
        end.turn(1);
    }
    there.0.end.set(false);
    there.put(&packed(b"b"));
    while end.came.last().is_none_or(|came| came != "1 b") {
        end.turn(1);
    }
    {
        let mut close = pin!(end.link.close());
        let closed = close.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(closed.is_ready());
    }
    for _ in 0..2 {
        end.turn(1);
    }
    assert_eq!(
        end.came,
        ["up test", "Lost", "up test", "1 b", "Local", "up test"]
    );
}
