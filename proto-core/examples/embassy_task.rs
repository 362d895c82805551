//! A till as an asynchronous task, as it would run under Embassy: `drive` joins the role, a serial link, the
//! flash, the pay button and the clock, and waits for whichever comes first.
//!
//! Around `till` is what a host needs to show it: an executor, a clock, a line made of memory, and a terminal
//! as a second task.
//!
//!     cargo run -p proto-core --features embedded-io-async --example embassy_task

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use embedded_io_async::{ErrorType, Read, Write};
use proto_core::model::PaymentDraft;
use proto_core::pos::{Answer, Case, Certainty, Config, Env, Event, Memory, Pos, Sale, Summary};
use proto_core::run::{Clock, Inbox, NoInbox, NoJournal, Parts, drive};
use proto_core::serial::SerialLink;
use proto_core::terminal::{Event as Asked, Identity, Terminal};
use proto_core::time::Instant;
use proto_core::wire::names::PaymentResult;

/// The task: runs the till until it is told to stop.
async fn till(
    uart: (&Line, &Line),
    button: &Button,
    clock: &HostClock,
    results: &Cell<Option<Summary>>,
) {
    let (mut send, mut withheld, mut hold) = ([0; 1024], [0; 1536], [0; 2048]);
    let memory = Memory {
        send: &mut send,
        withheld: &mut withheld,
        hold: &mut hold,
        cases: &mut [Case::EMPTY; 2],
        receive: 8192,
    };
    let mut config = Config::new("com.example.embassy:1.0");
    config.accept_simulator = true; // never in a shop
    let mut pos = Pos::new(config, memory);
    let parts = Parts {
        role: &mut pos,
        link: &mut SerialLink::new(uart.0, uart.1, "uart"),
        journal: &mut NoJournal, // a real till writes its flash here
        inbox: &mut &*button,
        clock,
        buffer: &mut [0; 8192],
        join: &mut [], // terminals do not cut their messages
    };
    drive(
        parts,
        |now: Instant, pos: &mut Pos<'_>, event: Event<'_>| match event {
            Event::BecameReady(_) => button.light(),
            Event::Confirm(asked) => {
                let small = asked.payment.amount().unwrap_or(0) < 50_00;
                let answer = if small {
                    asked.accept()
                } else {
                    asked.reject_first()
                };
                let _ = pos.answer(now, asked.question, answer);
            }
            Event::Signature(asked) => {
                let _ = pos.answer(now, asked.question, Answer::Accept);
            }
            Event::Outcome(outcome) => {
                results.set(Some(outcome.summary));
                button.press(Press::Off);
            }
            other => println!("till: {other:?}"),
        },
    )
    .await;
}

/// The pay button: dark until the terminal is ready.
#[derive(Default)]
struct Button {
    pressed: Cell<Option<Press>>,
    waker: Cell<Option<Waker>>,
}

enum Press {
    Pay(i64),
    Off,
}

impl Button {
    /// The terminal is ready: a customer comes at once.
    fn light(&self) {
        self.press(Press::Pay(10_00));
    }

    fn press(&self, press: Press) {
        self.pressed.set(Some(press));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Inbox<Pos<'_>> for &Button {
    fn ready(&mut self) -> impl Future<Output = ()> {
        poll_fn(|context| {
            let press = self.pressed.take();
            let ready = press.is_some();
            self.pressed.set(press);
            self.waker.set(Some(context.waker().clone()));
            if ready {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    fn deliver(&mut self, now: Instant, pos: &mut Pos<'_>) -> ControlFlow<()> {
        match self.pressed.take() {
            Some(Press::Pay(amount)) => {
                let sale = Sale {
                    // A signature on the screen would not fit this till's receive buffer.
                    auto_accept_signature: Some(true),
                    ..Sale::new(amount).external_id("EMBASSY-0001")
                };
                if let Err(refused) = pos.sale(now, &sale, Env::default()) {
                    println!("refused: {refused}");
                }
                ControlFlow::Continue(())
            }
            Some(Press::Off) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The other end: a terminal that approves every sale.
async fn terminal(uart: (&Line, &Line), clock: &HostClock) {
    let mut send = [0; 4096];
    let mut terminal = Terminal::new(Identity::SIMULATOR, &mut send);
    let parts = Parts {
        role: &mut terminal,
        link: &mut SerialLink::new(uart.0, uart.1, "uart"),
        journal: &mut NoJournal,
        inbox: &mut NoInbox,
        clock,
        buffer: &mut [0; 8192],
        join: &mut [],
    };
    drive(
        parts,
        |_: Instant, terminal: &mut Terminal<'_>, event: Asked<'_>| {
            if let Asked::Started(start) = event {
                let payment = PaymentDraft {
                    id: Some("SIM0000000001".into()),
                    amount: start.pay_intent().and_then(|intent| intent.amount()),
                    result: Some(PaymentResult::Success),
                    ..PaymentDraft::default()
                };
                let done = terminal
                    .accept_start()
                    .and_then(|()| terminal.finish_ok(&payment));
                println!("terminal: {done:?}");
            }
        },
    )
    .await;
}

fn main() -> ExitCode {
    let (there, back) = (Line::default(), Line::default());
    let (button, clock, results) = (Button::default(), HostClock::new(), Cell::new(None));
    {
        let mut till = pin!(till((&back, &there), &button, &clock, &results));
        let mut terminal = pin!(terminal((&there, &back), &clock));
        // The terminal runs for ever; the till's end is the end.
        let both = poll_fn(|context| {
            let _ = terminal.as_mut().poll(context);
            till.as_mut().poll(context)
        });
        block_on(&clock, both);
    }
    match results.take() {
        Some(summary) if matches!(summary.certainty, Certainty::Made(_)) => {
            println!("paid: {} of {}", summary.approved, summary.requested);
            ExitCode::SUCCESS
        }
        other => {
            println!("not paid: {other:?}");
            ExitCode::FAILURE
        }
    }
}

/// One direction of a serial line.
#[derive(Default)]
struct Line {
    bytes: RefCell<VecDeque<u8>>,
    waker: Cell<Option<Waker>>,
}

/// What the line holds before it is full.
const FIFO: usize = 16;

impl Line {
    fn turn(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl ErrorType for &Line {
    type Error = Infallible;
}

impl Read for &Line {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut bytes = self.bytes.borrow_mut();
            if bytes.is_empty() {
                self.waker.set(Some(context.waker().clone()));
                return Poll::Pending;
            }
            let count = bytes.len().min(buf.len());
            buf.iter_mut()
                .zip(bytes.drain(..count))
                .for_each(|(slot, byte)| *slot = byte);
            self.turn();
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for &Line {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut bytes = self.bytes.borrow_mut();
            let room = FIFO.saturating_sub(bytes.len()).min(buf.len());
            if room == 0 {
                self.waker.set(Some(context.waker().clone()));
                return Poll::Pending;
            }
            bytes.extend(buf.iter().take(room));
            self.turn();
            Poll::Ready(Ok(room))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The host's clock, and when the executor must wake up for it.
struct HostClock {
    start: std::time::Instant,
    wake: Cell<Option<Instant>>,
}

impl HostClock {
    fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
            wake: Cell::new(None),
        }
    }
}

impl Clock for HostClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.start.elapsed().as_millis() as u64)
    }

    fn sleep_until(&self, at: Option<Instant>) -> impl Future<Output = ()> {
        poll_fn(move |_| match at {
            Some(at) if at <= self.now() => Poll::Ready(()),
            Some(at) => {
                let earlier = self.wake.get().is_none_or(|wake| at < wake);
                self.wake
                    .set(if earlier { Some(at) } else { self.wake.get() });
                Poll::Pending
            }
            None => Poll::Pending,
        })
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(clock: &HostClock, future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        clock.wake.set(None);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        match clock.wake.get() {
            Some(at) => std::thread::park_timeout(at.since(clock.now()).into()),
            None => std::thread::park(),
        }
    }
}
