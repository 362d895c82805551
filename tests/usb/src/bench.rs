//! How fast: each figure beside a bare one of the same run, over the same cable.
//!
//! The machine's clock counts instructions, so that the figures are those of a processor that does one in a nanosecond,
//! and the same in every run. The cable is as fast as its controller's frames let it be.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use nusb::descriptors::TransferType;
use nusb::transfer::{Buffer, Bulk, Direction, In, Out};
use nusb::{Endpoint, MaybeFuture as _};
use proto_core::Role;
use proto_core::driver::{StdClock, block_on};
use proto_core::link::{Down, LinkInfo};
use proto_core::run::{Inbox, NoInbox, NoJournal, Parts, drive};
use proto_core::terminal::{Event, Identity, Ledger, Memory, Terminal};
use proto_core::time::Instant as Now;
use proto_core::wire::{FrameError, Packets, Unreadable};
use transport_usb::{PacketStyle, Target, UsbGadget, UsbLink};

use crate::cable::{options, quick, terminal, till, till_with};
use crate::report::Report;
use crate::rig::{Got, Rig};

/// The most that the driver, the core and the link may add to a round trip.
const ROUND_TRIP_GOAL: f64 = 1.10;
/// The least of the bare throughput that must be left.
const STREAM_GOAL: f64 = 0.95;
/// Each figure is measured so often, bare and ours in turn. The pair in the middle counts.
const ROUNDS: usize = 7;

pub(crate) fn run() -> bool {
    let mut report = Report::default();
    report.case("a round trip of 1 kB", round_trip);
    report.case("16 MiB to the point of sale", || stream("in"));
    report.case("16 MiB to the terminal", || stream("out"));
    report.case("plug to ready, unplug to event", plug);
    report.case("wake-ups when nothing happens", idle);
    report.end()
}

/// The terminal's end, the same for both: it sends back what it gets, or does what a first word says.
fn device() -> std::thread::JoinHandle<()> {
    let mut options = options(0);
    options.style = PacketStyle::Old;
    let mut rig = Rig::new(UsbGadget::new(options).unwrap());
    std::thread::spawn(move || {
        // The next may come before it is told that the last has left.
        let mut out = VecDeque::new();
        loop {
            match rig.step(out.front().map(Vec::as_slice)) {
                Got::Sent => drop(out.pop_front()),
                Got::Message(len) => match &rig.buf[..len] {
                    b"end" => return,
                    b"stream" => out.extend(vec![vec![b'l'; MESSAGE]; STREAM / MESSAGE]),
                    message if len != MESSAGE => out.push_back(message.to_vec()),
                    _ => {}
                },
                Got::Up | Got::Other(_) => {}
            }
        }
    })
}

/// Both endpoints, bare.
struct Bare {
    input: Endpoint<Bulk, In>,
    output: Endpoint<Bulk, Out>,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Bare {
    fn open() -> Self {
        let info = nusb::list_devices().wait().unwrap();
        let mut info = info.filter(|info| info.product_id() == 0x3002);
        let device = info.next().unwrap().open().wait().unwrap();
        let interface = device.claim_interface(0).wait().unwrap();
        let descriptor = interface.descriptor().unwrap();
        let address = |direction| {
            let mut endpoints = descriptor.endpoints();
            let fits = |it: &nusb::descriptors::EndpointDescriptor<'_>| {
                it.transfer_type() == TransferType::Bulk && it.direction() == direction
            };
            endpoints.find(fits).unwrap().address()
        };
        Self {
            input: interface.endpoint(address(Direction::In)).unwrap(),
            output: interface.endpoint(address(Direction::Out)).unwrap(),
        }
    }

    fn send(&mut self, transfer: &[u8]) {
        let done = self.output.transfer_blocking(transfer.into(), PATIENCE);
        done.status.unwrap();
    }

    fn receive(&mut self) -> usize {
        let done = self.input.transfer_blocking(Buffer::new(16_384), PATIENCE);
        done.status.unwrap();
        done.actual_len
    }
}

fn transfers(message: &[u8]) -> Vec<Vec<u8>> {
    let packets = Packets::new(message, Some(512)).unwrap();
    packets
        .map(|packet| [packet.head.as_slice(), packet.text].concat())
        .collect()
}

/// A message as they are: 1 kB, with a payload that is JSON in a string.
fn message() -> Vec<u8> {
    let payload = format!(
        r#"{{\"method\":\"TERMINAL_MESSAGE\",\"version\":1,\"text\":\"{}\"}}"#,
        "x".repeat(812)
    );
    let text = format!(
        r#"{{"id":"1","type":"COMMAND","packageName":"com.clover.remote.protocol.usb","method":"TERMINAL_MESSAGE","payload":"{payload}","version":1}}"#
    );
    assert!((990..1_020).contains(&text.len()), "{}", text.len());
    text.into_bytes()
}

/// A role that sends a message, opens and reads the answer, and sends again.
struct PingPong {
    message: Vec<u8>,
    /// How many are to be sent. An answer may come before it is told that the question has left.
    due: usize,
    began: Instant,
    took: Vec<Duration>,
    left: usize,
}

impl Role for PingPong {
    type Event<'m> = ();

    fn handle_link_up(&mut self, _: Now, _: LinkInfo) {
        self.due = 1;
        self.began = Instant::now();
    }

    fn handle_link_down(&mut self, _: Now, _: &Down) {}

    fn handle_message(&mut self, _: Now, message: &mut [u8]) -> Option<()> {
        let opened = proto_core::wire::open(message).unwrap();
        let method = Some(proto_core::wire::names::Method::TerminalMessage);
        assert_eq!(opened.method, method);
        self.took.push(self.began.elapsed());
        self.left = self.left.saturating_sub(1);
        self.due += usize::from(self.left > 0);
        self.began = Instant::now();
        None
    }

    fn handle_unreadable(&mut self, _: Now, _: Unreadable<'_>) -> Option<()> {
        None
    }

    fn handle_oversize(&mut self, _: Now, _: &[u8], _: usize) {}
    fn handle_garbled(&mut self, _: Now, _: FrameError) {}
    fn handle_timeout(&mut self, _: Now) {}

    fn poll_event(&mut self) -> Option<()> {
        None
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        (self.due > 0).then_some(self.message.as_slice())
    }

    fn transmitted(&mut self, _: Now) {
        self.due -= 1;
    }

    fn poll_timeout(&self) -> Option<Now> {
        None
    }

    fn prepare_close(&mut self, _: Now) {}
}

/// Ends the loop when the role has done its part.
struct UntilDone;

impl Inbox<PingPong> for UntilDone {
    async fn ready(&mut self) {
        std::future::pending::<()>().await;
    }

    fn deliver(&mut self, _: Now, role: &mut PingPong) -> std::ops::ControlFlow<()> {
        if role.left == 0 {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn round_trip() -> String {
    const TURNS: usize = 400;
    let device = device();
    let message = message();
    // Switched to accessory mode once; the bare one finds it so.
    let mut first = Rig::new(UsbLink::new(Target::Only, quick()));
    first.up();
    drop(first);
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let mut bare = Bare::open();
        let transfer = transfers(&message).concat();
        let mut answer = bare.input.allocate(16_384);
        let mut question = bare.output.allocate(16_384);
        let mut took = Vec::new();
        for _ in 0..TURNS {
            // As ours: the answer is waited for before the question leaves.
            bare.input.submit(answer);
            let began = Instant::now();
            question.clear();
            question.extend_from_slice(&transfer);
            bare.output.submit(question);
            let came = bare.input.wait_next_complete(PATIENCE).unwrap();
            took.push(began.elapsed());
            let left = bare.output.wait_next_complete(PATIENCE).unwrap();
            came.status.unwrap();
            left.status.unwrap();
            assert_eq!(came.actual_len, transfer.len());
            (answer, question) = (came.buffer, left.buffer);
        }
        drop(bare);
        let bare = median(&mut took);

        let (mut link, mut park) = UsbLink::new(Target::Only, quick());
        let mut role = PingPong {
            message: message.clone(),
            due: 0,
            began: Instant::now(),
            took: Vec::new(),
            left: TURNS,
        };
        let clock = StdClock::new();
        let (mut buffer, mut join) = (vec![0; 8_192], Vec::new());
        let (mut journal, mut inbox) = (NoJournal, UntilDone);
        let driven = drive(
            Parts {
                role: &mut role,
                link: &mut link,
                journal: &mut journal,
                inbox: &mut inbox,
                clock: &clock,
                buffer: &mut buffer,
                join: &mut join,
            },
            |_: Now, _: &mut PingPong, ()| (),
        );
        block_on(&mut park, || clock.next_wake(), driven).unwrap();
        drop(link);
        let ours = median(&mut role.took);
        pairs.push((ours, bare));
    }
    end(device);
    let (ours, bare) = middle(pairs);
    let ratio = ours / bare;
    let said = format!("p50 {ours:.3} ms, bare {bare:.3} ms: {ratio:.2} (goal {ROUND_TRIP_GOAL})");
    assert!(ratio <= ROUND_TRIP_GOAL, "{said}");
    said
}

/// Of pairs of ours and bare the one whose ratio is in the middle.
fn middle(mut pairs: Vec<(f64, f64)>) -> (f64, f64) {
    let ratio = |(ours, bare): &(f64, f64)| ours / bare;
    pairs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    pairs[pairs.len() / 2]
}

/// What is streamed, in messages of this size.
const STREAM: usize = 16 << 20;
const MESSAGE: usize = 1 << 20;

fn stream(way: &str) -> String {
    let device = device();
    let mut first = Rig::new(UsbLink::new(Target::Only, quick()));
    first.up();
    drop(first);
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let (bare, ours) = match way {
            "in" => (bare_in(), ours_in()),
            _ => (bare_out(), ours_out()),
        };
        pairs.push((ours.as_secs_f64(), bare.as_secs_f64()));
    }
    end(device);
    let (ours, bare) = middle(pairs);
    let (ours, bare) = (16.0 / ours, 16.0 / bare);
    let ratio = ours / bare;
    let said = format!("{ours:.1} MiB/s, bare {bare:.1} MiB/s: {ratio:.2} (goal {STREAM_GOAL})");
    assert!(ratio >= STREAM_GOAL, "{said}");
    said
}

fn bare_in() -> Duration {
    let mut bare = Bare::open();
    let total: usize = transfers(&vec![b'l'; MESSAGE]).iter().map(Vec::len).sum();
    let total = total * (STREAM / MESSAGE);
    while bare.input.pending() < 8 {
        let buffer = bare.input.allocate(16_384);
        bare.input.submit(buffer);
    }
    let began = Instant::now();
    bare.send(&transfers(b"stream").concat());
    let mut got = 0;
    while got < total {
        let done = bare.input.wait_next_complete(PATIENCE).unwrap();
        done.status.unwrap();
        got += done.actual_len;
        bare.input.submit(done.buffer);
    }
    let took = began.elapsed();
    bare.input.cancel_all();
    while bare.input.pending() > 0 {
        bare.input.wait_next_complete(PATIENCE).unwrap();
    }
    took
}

fn ours_in() -> Duration {
    let mut rig = Rig::new(UsbLink::new(Target::Only, quick()));
    rig.up();
    rig.buf.resize(MESSAGE, 0);
    let began = Instant::now();
    rig.send(b"stream");
    for _ in 0..STREAM / MESSAGE {
        assert_eq!(rig.receive().len(), MESSAGE);
    }
    began.elapsed()
}

fn bare_out() -> Duration {
    let mut bare = Bare::open();
    let packets = transfers(&vec![b'l'; MESSAGE]);
    let began = Instant::now();
    let mut left = packets
        .iter()
        .cycle()
        .take(packets.len() * (STREAM / MESSAGE));
    let mut spare: Vec<Buffer> = (0..8).map(|_| bare.output.allocate(16_384)).collect();
    loop {
        while let Some(mut buffer) = spare.pop() {
            let Some(packet) = left.next() else {
                break;
            };
            buffer.clear();
            buffer.extend_from_slice(packet);
            bare.output.submit(buffer);
        }
        if bare.output.pending() == 0 {
            break;
        }
        let done = bare.output.wait_next_complete(PATIENCE).unwrap();
        done.status.unwrap();
        spare.push(done.buffer);
    }
    // An answer says that everything has come.
    bare.send(&transfers(b"done").concat());
    bare.receive();
    began.elapsed()
}

fn ours_out() -> Duration {
    let mut rig = Rig::new(UsbLink::new(Target::Only, quick()));
    rig.up();
    let message = vec![b'l'; MESSAGE];
    let began = Instant::now();
    for _ in 0..STREAM / MESSAGE {
        rig.send(&message);
    }
    rig.send(b"done");
    rig.receive();
    began.elapsed()
}

fn end(device: std::thread::JoinHandle<()>) {
    let mut rig = Rig::new(UsbLink::new(Target::Only, quick()));
    rig.up();
    rig.send(b"end");
    device.join().unwrap();
}

fn plug() -> String {
    let terminal = terminal(options(0), &["approve"]);
    let mut said = Vec::new();
    for (name, options) in [
        ("settling 50 ms", quick()),
        ("settling 1 s", Default::default()),
    ] {
        let till = till_with("usb", options, |question| question.accept_all());
        till.ready();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let from = till.log.len();
            let began = Instant::now();
            terminal.cable.unplug();
            down.push(till.log.wait(from, "down").0 - began);
            let from = till.log.len();
            let began = Instant::now();
            terminal.cable.plug();
            up.push(till.log.wait(from, "ready").0 - began);
        }
        let (up, down) = (median(&mut up), median(&mut down));
        said.push(format!(
            "{name}: plug to ready {up:.0} ms, unplug to event {down:.0} ms"
        ));
    }
    said.join("; ")
}

fn idle() -> String {
    const SECONDS: u64 = 10;
    let till = till("usb");
    till.log.wait(0, "down NoTerminal");
    let is_quiet = |what| {
        // What the beginning has left behind.
        std::thread::sleep(Duration::from_secs(3));
        let before = switches();
        std::thread::sleep(Duration::from_secs(SECONDS));
        let after = switches();
        let woken: u64 = after
            .iter()
            .zip(&before)
            .map(|(after, before)| after - before)
            .sum();
        assert_eq!(woken, 0, "{what}: wake-ups in {SECONDS} s; {}", till.log);
    };
    is_quiet("without a terminal");
    quiet_terminal();
    till.ready();
    is_quiet("connected");
    format!(
        "none in {SECONDS} s without a terminal, none in {SECONDS} s connected, in the connector's thread and the USB library's"
    )
}

/// A terminal that sends nothing by itself. It is there until the program ends.
fn quiet_terminal() {
    let (mut link, mut park) = UsbGadget::new(options(0)).unwrap();
    std::thread::spawn(move || {
        let (mut send, mut last, mut books) = (vec![0; 65_536], vec![0; 65_536], [None; 1]);
        let memory = Memory {
            send: &mut send,
            last: &mut last,
            books: Ledger::new(&mut books),
        };
        let identity = Identity {
            ping: None,
            ..Identity::SIMULATOR
        };
        let mut role = Terminal::new(identity, memory);
        let clock = StdClock::new();
        let (mut buffer, mut join) = (vec![0; 8_192], Vec::new());
        let (mut journal, mut inbox) = (NoJournal, NoInbox);
        let parts = Parts {
            role: &mut role,
            link: &mut link,
            journal: &mut journal,
            inbox: &mut inbox,
            clock: &clock,
            buffer: &mut buffer,
            join: &mut join,
        };
        let driven = drive(parts, |_: Now, _: &mut Terminal<'_>, _: Event<'_>| ());
        block_on(&mut park, || clock.next_wake(), driven).unwrap();
    });
}

/// How often each thread of the point of sale has waited.
fn switches() -> Vec<u64> {
    let mut counts = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let name = field("Name:").unwrap().trim();
        if ["remote-pay", "nusb-events"].contains(&name) {
            counts.push(
                field("voluntary_ctxt_switches:")
                    .unwrap()
                    .trim()
                    .parse()
                    .unwrap(),
            );
        }
    }
    assert_eq!(counts.len(), 2);
    counts
}
