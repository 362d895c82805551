//! Situation by situation: what a till at a cable meets.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::{Duration, Instant};

use host_demo::sim::Seen;
use proto_core::driver::{
    JournalEntry, JournalError, MemoryJournal, Outcome, Park as _, Records, ThreadPark, block_on,
};
use proto_core::journal::{Record, RecordState};
use proto_core::link::{Link, Step};
use proto_core::pos::{ExternalId, Sale};
use proto_core::wire::{MAX_MESSAGE, Packets};
use transport_usb::{Cable, Mode, Moment, PacketStyle, Target, UsbGadget, UsbLink};

use crate::cable::{
    PATIENCE, await_device, await_devices, books_agree, options, pull_out, quick, serial, terminal,
    terminal_with, till, till_watched,
};
use crate::report::Report;
use crate::rig::{Bare, Got, Rig};
use crate::{access, application};

pub(crate) fn run() -> bool {
    let mut report = Report::default();
    report.case("a terminal that was there before us", there_before_us);
    report.case("a till that was there before the terminal", till_first);
    for style in [PacketStyle::New, PacketStyle::Old, PacketStyle::Tiny] {
        report.case(&format!("a sale of each kind, packets {style:?}"), || {
            kinds(style)
        });
    }
    report.case(
        "the application at both ends of the cable",
        application::both_ends,
    );
    report.case("adb before the accessory", adb_first);
    report.case("a generic accessory (18d1:2d01)", generic_accessory);
    report.case(
        "messages in one transfer, garbage, a length over the limit",
        disturbed,
    );
    report.case("the pipe is halted, either way", halted);
    report.case("an image of 1 MiB and an answer of 3 MiB", large);
    report.case(
        "a message of an old terminal that fills its last packet arrives",
        exact,
    );
    report.case("the future of a step is dropped again and again", dropped);
    for moment in [Moment::Protocol, Moment::Strings, Moment::Switch] {
        report.case(
            &format!("the cable is pulled in the handshake: {moment:?}"),
            || pulled_in_handshake(moment),
        );
        report.case(
            &format!("the terminal does nothing in the handshake: {moment:?}"),
            || ignored_in_handshake(moment),
        );
    }
    report.case(
        "a device without the accessory protocol, which goes away",
        no_accessory,
    );
    for point in POINTS {
        report.case(&format!("the cable is pulled: {point:?}"), || pulled(point));
    }
    report.case("the terminal restarts in a sale", restarted);
    report.case("one unplug is told once", told_once);
    report.case("two terminals, one pulled", two_terminals);
    report.case("another program holds the interface", access::held);
    report.case(
        "a driver of the kernel is bound to the interface",
        access::bound_driver,
    );
    report.case(
        "not permitted, then allowed by the udev rule",
        access::permission,
    );
    report.case(
        "a permission that comes late is waited for",
        access::late_permission,
    );
    report.case(
        "a dropped link leaves nothing claimed",
        access::nothing_claimed,
    );
    report.case(
        "an unknown product of the vendor is named, and can be added",
        access::unknown_product,
    );
    report.end()
}

/// What is left when udevd is gone: `init` has stopped it.
pub(crate) fn run_without_udevd() -> bool {
    let mut report = Report::default();
    report.case(
        "no udevd: a terminal that comes is found by listing, which is said once",
        || {
            let till = till("usb");
            let (_, line) = till.log.wait(0, "down NoTerminal");
            assert!(line.contains("no udevd"), "{line}");
            let terminal = terminal(options(0), &["approve"]);
            till.ready();
            assert!(matches!(till.sale("LISTED1"), Outcome::Made { .. }));
            let from = till.log.len();
            terminal.cable.unplug();
            let (_, line) = till.log.wait(from, "down Lost");
            assert!(!line.contains("no udevd"), "{line}");
            terminal.cable.plug();
            till.log.wait(from, "ready");
            ""
        },
    );
    report.end()
}

fn there_before_us() -> String {
    let terminal = terminal(options(0), &["approve"]);
    await_device(Mode::Merchant);
    let began = Instant::now();
    let till = till("usb");
    till.ready();
    let took = began.elapsed();
    let outcome = till.sale("FIRST1");
    assert!(books_agree(&outcome, "FIRST1", &terminal.books));
    assert!(outcome.summary().simulated);
    let (_, connected) = till.log.wait(0, "connected");
    assert!(
        connected.contains("Clover Mini") && connected.contains("SIM0000"),
        "{connected}"
    );
    assert_eq!(till.log.count(0, "down"), 0, "{}", till.log);
    format!("ready after {} ms", took.as_millis())
}

fn till_first() -> String {
    let till = till("usb");
    till.log.wait(0, "down NoTerminal");
    let began = Instant::now();
    let terminal = terminal(options(0), &["approve"]);
    till.ready();
    let took = began.elapsed();
    let outcome = till.sale("LATER1");
    assert!(books_agree(&outcome, "LATER1", &terminal.books));
    assert_eq!(till.log.count(0, "down"), 1, "{}", till.log);
    format!("ready {} ms after the plug", took.as_millis())
}

fn kinds(style: PacketStyle) -> String {
    let plans = [
        "approve",
        "decline",
        "signature",
        "duplicate",
        "cancel",
        "approve",
    ];
    let mut options = options(0);
    options.style = style;
    let terminal = terminal(options, &plans);
    let till = till("usb:sim0000");
    till.ready();
    for (at, expected) in [true, false, true, true, false].into_iter().enumerate() {
        let id = format!("KIND{at}");
        let outcome = till.sale(&id);
        let paid = books_agree(&outcome, &id, &terminal.books);
        assert_eq!(paid, expected, "{}", plans[at]);
    }
    assert_eq!(till.log.count(0, "signature"), 1);
    assert_eq!(till.log.count(0, "confirm"), 1);
    // Cancelled by the till.
    let ticket = till
        .connector
        .sale(Sale::new(500).external_id("KIND5"))
        .unwrap();
    let cancelled = ticket.canceller().cancel();
    let outcome = ticket.wait_for(PATIENCE).unwrap();
    books_agree(&outcome, "KIND5", &terminal.books);
    format!("cancel: {cancelled:?}, {:?}", outcome.summary().cause)
}

fn adb_first() -> &'static str {
    let mut options = options(0);
    options.adb = true;
    let terminal = terminal(options, &["approve"]);
    let till = till("usb");
    till.ready();
    let outcome = till.sale("ADB1");
    assert!(books_agree(&outcome, "ADB1", &terminal.books));
    ""
}

fn generic_accessory() -> &'static str {
    let mut options = options(0);
    options.merchant.1 = 0x2000;
    options.accessory = (0x18D1, 0x2D01);
    let terminal = terminal(options, &["approve"]);
    let till = till("usb");
    till.ready();
    let outcome = till.sale("GENERIC1");
    assert!(books_agree(&outcome, "GENERIC1", &terminal.books));
    ""
}

fn disturbed() -> String {
    let terminal = terminal(options(0), &["approve"]);
    let till = till("usb");
    till.ready();
    let message = |text: &str| -> Vec<u8> {
        let packets = Packets::new(text.as_bytes(), None).unwrap();
        packets
            .flat_map(|packet| [packet.head.as_slice(), packet.text].concat())
            .collect()
    };
    let ping = r#"{"type":"PING","packageName":"com.clover.remote.protocol.usb","version":1}"#;
    let from = till.log.len();
    terminal
        .cable
        .inject([message(ping), message(ping), message(ping)].concat());
    terminal.cable.inject(b"this is no packet at all".to_vec());
    let mut over = message(ping);
    over[6..10].copy_from_slice(&(u32::try_from(MAX_MESSAGE).unwrap() + 1).to_be_bytes());
    terminal.cable.inject(over);
    // An empty packet.
    terminal.cable.inject(Vec::new());
    let outcome = till.sale("DISTURBED1");
    assert!(books_agree(&outcome, "DISTURBED1", &terminal.books));
    assert_eq!(till.log.count(from, "down"), 0, "{}", till.log);
    let (_, garbled) = till.log.wait(from, "garbled");
    garbled
}

fn halted() -> String {
    let terminal = terminal(options(0), &["approve"]);
    let till = till("usb");
    till.ready();
    let from = till.log.len();
    terminal.cable.halt_input();
    let outcome = till.sale("HALTED1");
    assert!(books_agree(&outcome, "HALTED1", &terminal.books));
    // The welcome screen is taken; then the endpoint is halted, and the sale meets that.
    terminal.cable.halt_output();
    till.connector.show_welcome().unwrap();
    terminal.books.wait(1, |seen| *seen == Seen::Welcome);
    let outcome = till.sale("HALTED2");
    assert!(books_agree(&outcome, "HALTED2", &terminal.books));
    assert_eq!(till.log.count(from, "down"), 0, "{}", till.log);
    String::new()
}

fn large() -> String {
    let terminal = Bare::start(options(0), |rig| {
        assert_eq!(rig.receive().len(), 1 << 20);
        // It may be told that the cable is out before it is told that this has left.
        if rig.try_send(&vec![b'a'; 3 << 20]).is_ok() {
            while matches!(rig.step(None), Got::Message(_)) {}
        }
    });
    let mut pos = Rig::new(UsbLink::new(Target::Only, quick()));
    pos.up();
    let began = Instant::now();
    pos.send(&vec![b'i'; 1 << 20]);
    let sent = began.elapsed();
    assert_eq!(pos.receive().len(), 3 << 20);
    let received = began.elapsed() - sent;
    terminal.end();
    format!(
        "out {} ms, in {} ms",
        sent.as_millis(),
        received.as_millis()
    )
}

fn exact() -> String {
    let mut options = options(0);
    options.style = PacketStyle::Old;
    let lengths = [502, 1_014, 2_038, 8_182, 16_374, 512 * 40 - 12];
    let terminal = Bare::start(options, Rig::echo);
    let mut pos = Rig::new(UsbLink::new(Target::Only, quick()));
    pos.up();
    let mut slowest = Duration::ZERO;
    for length in lengths {
        let message = vec![b'm'; length];
        let began = Instant::now();
        pos.send(&message);
        assert!(pos.receive() == message);
        slowest = slowest.max(began.elapsed());
    }
    terminal.end();
    format!("slowest {} ms", slowest.as_millis())
}

/// Steps are polled a few times and dropped; no byte is lost, either way, at either end.
fn dropped() -> String {
    let terminal = UsbGadget::new(options(0)).unwrap();
    let other = std::thread::spawn(move || cut_short(terminal, 7));
    let pos = UsbLink::new(Target::Only, quick());
    let drops = cut_short(pos, 3);
    format!("{drops} and {} futures dropped", other.join().unwrap())
}

fn cut_short<L: Link>((mut link, mut park): (L, ThreadPark), mut seed: u64) -> usize {
    const MESSAGES: usize = 60;
    let length = |at: usize| 1 + at * at * 7 % 40_000;
    let mut out: VecDeque<Vec<u8>> = (0..MESSAGES)
        .map(|at| vec![b'a' + u8::try_from(at % 26).unwrap(); length(at)])
        .collect();
    let mut buf = vec![0; 65_536];
    let (mut up, mut came, mut drops) = (false, 0, 0);
    let began = Instant::now();
    while came < MESSAGES || !out.is_empty() {
        assert!(
            began.elapsed() < PATIENCE,
            "{came} came, {} to send",
            out.len()
        );
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // One poll, mostly: the future is dropped wherever it waits.
        let mut polls = 1 + (seed >> 60).saturating_sub(12);
        let mut sent = false;
        {
            let message = out.front().filter(|_| up).map(Vec::as_slice);
            let mut step = pin!(link.step(message, &mut buf));
            let limited = poll_fn(|context| match step.as_mut().poll(context) {
                Poll::Ready(step) => Poll::Ready(Some(step)),
                Poll::Pending => {
                    polls -= 1;
                    if polls == 0 {
                        Poll::Ready(None)
                    } else {
                        Poll::Pending
                    }
                }
            });
            match block_on(&mut park, || None, limited).unwrap() {
                None => {
                    drops += 1;
                    park.park(Some(Duration::from_millis(1))).unwrap();
                }
                Some(Step::Up(_)) => up = true,
                Some(Step::Sent) => sent = true,
                Some(Step::Message(message)) => {
                    let expected = b'a' + u8::try_from(came % 26).unwrap();
                    assert_eq!(message.len(), length(came));
                    assert!(message.iter().all(|byte| *byte == expected));
                    came += 1;
                }
                Some(other) => assert!(!up, "{other:?}"),
            }
        }
        if sent {
            out.pop_front();
        }
    }
    // The other end may still be reading.
    let mut wait = pin!(link.step(None, &mut buf));
    let mut context = Context::from_waker(Waker::noop());
    let until = Instant::now() + Duration::from_secs(1);
    while Instant::now() < until && wait.as_mut().poll(&mut context).is_pending() {
        sleep(Duration::from_millis(10));
    }
    drops
}

fn pulled_in_handshake(moment: Moment) -> String {
    let mut gadget = options(0);
    gadget.name = "handshake".to_owned();
    let terminal = terminal(gadget, &["approve"]);
    await_device(Mode::Merchant);
    terminal.cable.unplug_at(moment);
    let till = till("usb");
    let (_, said) = till.log.wait(0, "down");
    let expected = match moment {
        Moment::Switch => "down Lost it was switched, but did not come back",
        _ => "down Vanished",
    };
    assert!(said.starts_with(expected), "{said}");
    terminal.cable.plug();
    till.ready();
    let outcome = till.sale("AGAIN1");
    assert!(books_agree(&outcome, "AGAIN1", &terminal.books));
    said
}

/// Each step has its deadline, and is tried again.
fn ignored_in_handshake(moment: Moment) -> String {
    let terminal = terminal(options(0), &["approve"]);
    await_device(Mode::Merchant);
    terminal.cable.ignore_at(moment);
    let till = till("usb");
    let (_, said) = till.log.wait(0, "down");
    let expected = match moment {
        Moment::Protocol => "GET_PROTOCOL: no answer within 2000 ms",
        Moment::Strings => "SEND_STRING: no answer within 2000 ms",
        Moment::Switch => "it has not changed its mode within 3 s",
    };
    assert_eq!(said, format!("down NotAccessory {expected}"));
    till.ready();
    let outcome = till.sale("AGAIN2");
    assert!(books_agree(&outcome, "AGAIN2", &terminal.books));
    assert_eq!(till.log.count(0, "down"), 1, "{}", till.log);
    said
}

fn no_accessory() -> String {
    let mut gadget = options(0);
    gadget.protocol = 0;
    let terminal = terminal(gadget, &["approve"]);
    await_device(Mode::Merchant);
    let till = till("usb");
    let (_, said) = till.log.wait(0, "down NotAccessory");
    assert!(said.contains("GET_PROTOCOL was refused"), "{said}");
    // It is tried again, and not told again.
    sleep(Duration::from_secs(1));
    assert_eq!(till.log.count(0, "down"), 1, "{}", till.log);
    // It was seen, and has gone before it was switched.
    let from = till.log.len();
    terminal.cable.unplug();
    let (_, gone) = till.log.wait(from, "down");
    assert!(
        gone.starts_with("down Vanished") && gone.contains("GET_PROTOCOL was refused"),
        "{gone}"
    );
    format!("{said}; {gone}")
}

/// Where the cable is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The terminal has started, and nobody has switched it.
    Merchant,
    /// The link is up, and the discovery is about to leave.
    Discovery,
    /// The intent is on record, and TX_START is about to leave.
    BeforeStart,
    /// The terminal has TX_START.
    AfterStart,
    /// The point of sale is asked, and has not answered.
    QuestionOpen,
    /// The money has moved, and FINISH_OK is about to leave.
    BeforeFinish,
}

const POINTS: [Point; 6] = [
    Point::Merchant,
    Point::Discovery,
    Point::BeforeStart,
    Point::AfterStart,
    Point::QuestionOpen,
    Point::BeforeFinish,
];

/// The cable is pulled there, once, and plugged in again: as a terminal that has started anew, or as it was.
fn pulled(point: Point) -> String {
    let once = Arc::new(AtomicBool::new(false));
    let pull_at = move |here: Point, cable: &Cable| {
        if here == point && !once.swap(true, Ordering::Relaxed) {
            pull_out(cable);
        }
    };
    let plan = match point {
        Point::QuestionOpen => "duplicate",
        _ => "approve",
    };
    let pull = pull_at.clone();
    let terminal = terminal_with(options(0), &[plan], move |cable, seen| match seen {
        Seen::Begun { .. } => pull(Point::AfterStart, cable),
        Seen::Paid { .. } => pull(Point::BeforeFinish, cable),
        _ => {}
    });
    await_device(Mode::Merchant);
    let cable = terminal.cable.clone();
    pull_at(Point::Merchant, &cable);
    let (pull, at) = (pull_at.clone(), cable.clone());
    let journal = AtIntent(MemoryJournal::default(), move || {
        pull(Point::BeforeStart, &at);
    });
    let (pull, at) = (pull_at.clone(), cable.clone());
    let look = move |line: &str| {
        if line.starts_with("connected") {
            pull(Point::Discovery, &at);
        }
    };
    let at = cable.clone();
    let till = till_watched("usb", quick(), journal, look, move |question| {
        pull_at(Point::QuestionOpen, &at);
        question.accept_all()
    });
    if matches!(point, Point::Merchant | Point::Discovery) {
        till.log.wait(0, "down");
        cable.plug();
    }
    till.ready();
    let from = till.log.len();
    let ticket = till
        .connector
        .sale(Sale::new(1_000).external_id("PULLED1"))
        .unwrap_or_else(|refused| panic!("{refused}: {}", till.log));
    if !matches!(point, Point::Merchant | Point::Discovery) {
        till.log.wait(from, "down");
        sleep(Duration::from_millis(300));
        match point {
            Point::AfterStart => cable.plug(),
            _ => cable.plug_accessory(),
        }
    }
    let outcome = ticket
        .wait_for(2 * PATIENCE)
        .unwrap_or_else(|_| panic!("no outcome: {}", till.log));
    let paid = books_agree(&outcome, "PULLED1", &terminal.books);
    assert_eq!(paid, point != Point::BeforeStart, "{}", till.log);
    till.log.told_once("PULLED1");
    let summary = outcome.summary();
    format!("{:?} {:?}", summary.cause, summary.evidence)
}

/// A journal that lets something happen when an intent is on record.
struct AtIntent<F>(MemoryJournal, F);

impl<F: FnMut() + Send> Records for AtIntent<F> {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        let Self(journal, happen) = self;
        journal.write(entry)?;
        if entry.record.state == RecordState::Intent {
            happen();
        }
        Ok(())
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        self.0.read(look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        self.0.open()
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        self.0.last(count)
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        self.0.under(id)
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        self.0.last_request()
    }
}

fn restarted() -> String {
    let terminal = terminal(options(0), &["approve"]);
    let till = till("usb");
    till.ready();
    let ticket = till
        .connector
        .sale(Sale::new(1_000).external_id("RESTART1"))
        .unwrap();
    terminal
        .books
        .wait(1, |seen| matches!(seen, Seen::Begun { .. }));
    terminal.cable.unplug();
    sleep(Duration::from_secs(2));
    terminal.cable.plug();
    let outcome = ticket
        .wait_for(2 * PATIENCE)
        .unwrap_or_else(|_| panic!("no outcome: {}", till.log));
    books_agree(&outcome, "RESTART1", &terminal.books);
    till.log.told_once("RESTART1");
    let again = till.sale("RESTART2");
    assert!(books_agree(&again, "RESTART2", &terminal.books));
    format!("{:?}", outcome.summary().evidence)
}

fn told_once() -> String {
    let terminal = terminal(options(0), &["approve"]);
    let till = till("usb");
    till.ready();
    let from = till.log.len();
    let pulled = Instant::now();
    terminal.cable.unplug();
    let (told, line) = till.log.wait(from, "down");
    sleep(Duration::from_secs(3));
    assert_eq!(till.log.count(from, "down"), 1, "{}", till.log);
    let from = till.log.len();
    let plugged = Instant::now();
    terminal.cable.plug();
    let (ready, _) = till.log.wait(from, "ready");
    let (down, up) = (told - pulled, ready - plugged);
    format!(
        "{line}; unplug to event {} ms, plug to ready {} ms",
        down.as_millis(),
        up.as_millis()
    )
}

fn two_terminals() -> String {
    let one = terminal(options(0), &["approve"]);
    let two = terminal(options(1), &["approve"]);
    await_devices(2);
    let any = till("usb");
    let (_, several) = any.log.wait(0, "down Several");
    assert!(
        several.contains(&serial(0)) && several.contains(&serial(1)),
        "{several}"
    );
    drop(any);
    let first = till(&format!("usb:{}", serial(0)));
    let second = till(&format!("usb:{}", serial(1)));
    first.ready();
    second.ready();
    let (from, kept) = (first.log.len(), second.log.len());
    one.cable.unplug();
    first.log.wait(from, "down Lost");
    let outcome = second.sale("TWO1");
    assert!(books_agree(&outcome, "TWO1", &two.books));
    assert_eq!(one.books.charges("TWO1"), []);
    one.cable.plug();
    first.log.wait(from, "ready");
    let outcome = first.sale("ONE1");
    assert!(books_agree(&outcome, "ONE1", &one.books));
    assert_eq!(second.log.count(kept, "down"), 0, "{}", second.log);
    several
}
