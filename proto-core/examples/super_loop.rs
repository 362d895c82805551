//! A till in firmware: a super-loop without operating system, heap or executor.
//!
//! `till` is what would run on the microcontroller. Around it is what a host needs to show it: two serial
//! lines made of channels, and a terminal on another thread, which is a super-loop of the same shape.
//!
//!     cargo run -p proto-core --features embedded-io --example super_loop

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use proto_core::Role;
use proto_core::journal::{JournalFailed, Record};
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::model::PaymentDraft;
use proto_core::pos::{Answer, Case, Certainty, Config, Env, Event, Memory, Pos, Sale, Summary};
use proto_core::run::Intake;
use proto_core::serial::{Serial, SerialError};
use proto_core::terminal::{Event as Asked, Identity, Terminal};
use proto_core::time::Instant;
use proto_core::wire::Frame;
use proto_core::wire::names::PaymentResult;

/// Takes one sale and says how it ended.
fn till<U: Read + ReadReady + Write + WriteReady>(
    uart: &mut U,
    flash: &mut impl FnMut(&Record) -> Result<(), JournalFailed>,
    now: impl Fn() -> Instant,
) -> Result<Summary, SerialError<U::Error>> {
    let (mut send, mut withheld, mut hold) = ([0; 1024], [0; 1536], [0; 2048]);
    let memory = Memory {
        send: &mut send,
        withheld: &mut withheld,
        hold: &mut hold,
        cases: &mut [Case::EMPTY; 2],
        receive: 8192,
    };
    let mut config = Config::new("com.example.firmware:1.0");
    config.accept_simulator = true; // never in a shop
    let mut pos = Pos::new(config, memory);
    let (mut rx, mut join) = ([0; 8192], [0; 8192]);
    let (mut serial, mut intake) = (Serial::new(&mut rx), Intake::new(&mut join));
    pos.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart0"));
    let (mut pay_pressed, mut ended) = (true, None);
    loop {
        let now = now();
        while let Some((id, record)) = pos.poll_journal() {
            let done = flash(record);
            pos.journal_done(now, id, done);
        }
        if let Some(message) = pos.transmit()
            && serial.write(uart, message)?
        {
            pos.transmitted(now);
        }
        let mut display = |now: Instant, pos: &mut Pos<'_>, event: Event<'_>| {
            ended = ended.take().or(show(pos, now, event));
        };
        match serial.read(uart)? {
            Some(Frame::Message(message)) => {
                intake.handle_message(now, &mut pos, message, &mut display);
            }
            Some(Frame::TooLong { head, total }) => pos.handle_oversize(now, head, total),
            Some(Frame::Resumed(error)) => pos.handle_garbled(now, error),
            None => {}
        }
        intake.handle_timeout(now, &mut pos, &mut display);
        if pos.poll_timeout().is_some_and(|due| due <= now) {
            pos.handle_timeout(now);
        }
        while let Some(event) = pos.poll_event() {
            display(now, &mut pos, event);
        }
        if let Some(summary) = ended {
            return Ok(summary);
        }
        if pos.is_ready() && core::mem::take(&mut pay_pressed) {
            let sale = Sale {
                // A signature on the screen would not fit this till's receive buffer.
                auto_accept_signature: Some(true),
                ..Sale::new(10_00).external_id("FIRMWARE-0001")
            };
            if let Err(refused) = pos.sale(now, &sale, Env::default()) {
                println!("refused: {refused}");
            }
        }
    }
}

/// The till's display and its answers. The end of the sale is returned.
fn show(pos: &mut Pos<'_>, now: Instant, event: Event<'_>) -> Option<Summary> {
    match event {
        Event::Confirm(asked) => {
            let small = asked.payment.amount().unwrap_or(0) < 50_00;
            let answer = if small {
                asked.accept()
            } else {
                asked.reject_first()
            };
            // Stale if the terminal has gone on meanwhile: then there is nothing to answer.
            let _ = pos.answer(now, asked.question, answer);
        }
        Event::Signature(asked) => {
            let _ = pos.answer(now, asked.question, Answer::Accept);
        }
        Event::Outcome(outcome) => return Some(outcome.summary),
        other => println!("till: {other:?}"),
    }
    None
}

/// The other end: a terminal that approves every sale, until the line is gone.
fn terminal(uart: &mut Uart, now: impl Fn() -> Instant) {
    let mut send = [0; 4096];
    let mut terminal = Terminal::new(Identity::SIMULATOR, &mut send);
    let mut rx = [0; 8192];
    let mut serial = Serial::new(&mut rx);
    terminal.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart1"));
    while !uart.gone {
        let now = now();
        if let Ok(Some(Frame::Message(message))) = serial.read(uart)
            && let Some(Asked::Started(start)) = terminal.handle_message(now, message)
        {
            let amount = start.pay_intent().and_then(|intent| intent.amount());
            let payment = PaymentDraft {
                id: Some("SIM0000000001".into()),
                amount,
                result: Some(PaymentResult::Success),
                ..PaymentDraft::default()
            };
            let done = terminal
                .accept_start()
                .and_then(|()| terminal.finish_ok(&payment));
            println!("terminal: {amount:?} taken, {done:?}");
        }
        if let Some(message) = terminal.transmit()
            && serial.write(uart, message) == Ok(true)
        {
            terminal.transmitted(now);
        }
    }
}

fn main() -> ExitCode {
    let start = std::time::Instant::now();
    let now = move || Instant::from_millis(start.elapsed().as_millis() as u64);
    let ((to_terminal, from_till), (to_till, from_terminal)) = (channel(), channel());
    let mut other_end = Uart::new(from_till, to_till);
    let other_end = std::thread::spawn(move || terminal(&mut other_end, now));
    let mut uart = Uart::new(from_terminal, to_terminal);
    let mut flash = |record: &Record| {
        println!("flash: {} {:?}", record.external_id, record.state);
        Ok(())
    };
    let outcome = till(&mut uart, &mut flash, now);
    drop(uart);
    let ended = other_end.join();
    match outcome {
        Ok(summary) if ended.is_ok() && matches!(summary.certainty, Certainty::Made(_)) => {
            println!("paid: {} of {}", summary.approved, summary.requested);
            ExitCode::SUCCESS
        }
        other => {
            println!("not paid: {other:?}");
            ExitCode::FAILURE
        }
    }
}

/// A serial line made of two channels.
struct Uart {
    from: Receiver<u8>,
    to: Sender<u8>,
    next: Option<u8>,
    gone: bool,
}

impl Uart {
    fn new(from: Receiver<u8>, to: Sender<u8>) -> Self {
        Self {
            from,
            to,
            next: None,
            gone: false,
        }
    }
}

impl ErrorType for Uart {
    type Error = core::convert::Infallible;
}

impl ReadReady for Uart {
    /// Where a microcontroller would sleep until an interrupt, this waits a moment for a byte.
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        if self.next.is_none() {
            match self.from.recv_timeout(Duration::from_millis(1)) {
                Ok(byte) => self.next = Some(byte),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.gone = true,
            }
        }
        Ok(self.next.is_some())
    }
}

impl Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let bytes = self.next.take().into_iter().chain(self.from.try_iter());
        Ok(buf
            .iter_mut()
            .zip(bytes)
            .map(|(slot, byte)| *slot = byte)
            .count())
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        // A line without anyone at the other end swallows what is written.
        let _ = bytes.iter().try_for_each(|byte| self.to.send(*byte));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
