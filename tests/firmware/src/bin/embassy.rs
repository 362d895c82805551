//! A till as a task of Embassy's executor: `drive` waits for the line, the button and the clock at once, and everything
//! sleeps until one of them stirs. It takes one sale, and ends with 0 if it was paid.
#![no_std]
#![no_main]

use core::future::Future;
use core::ops::ControlFlow;
use core::ptr::addr_of_mut;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Instant as At, Timer};
use firmware::embassy::{Receiver, Sender, split};
use firmware::flash::Journal;
use firmware::{high_water, kept, start, wall};
use proto_core::pos::{Answer, Case, Certainty, Config, Env, Event, Memory, Pos, Sale};
use proto_core::run::{Clock, Inbox, Parts, drive};
use proto_core::serial::SerialLink;
use proto_core::time::Instant;
use semihosting::{println, process};

/// The pay button.
static BUTTON: Channel<CriticalSectionRawMutex, Press, 2> = Channel::new();

static BLINKS: AtomicU32 = AtomicU32::new(0);

enum Press {
    Pay(i64),
    Off,
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let Some(board) = cortex_m::Peripherals::take() else {
        process::exit(2)
    };
    start(board.SYST);
    let (receiver, sender) = split();
    let (Ok(light), Ok(till)) = (light(), till(receiver, sender)) else {
        process::exit(2)
    };
    spawner.spawn(light);
    spawner.spawn(till);
}

/// Something else that the executor does: the light in the window blinks.
#[embassy_executor::task]
async fn light() {
    for blinks in 1.. {
        Timer::after(Duration::from_millis(100)).await;
        BLINKS.store(blinks, Ordering::Relaxed);
        if blinks == 600 {
            println!("wrong: the sale does not end");
            process::exit(1)
        }
    }
}

#[embassy_executor::task]
async fn till(receiver: Receiver, sender: Sender) {
    // SAFETY: this is called once, and nobody else has them.
    let Buffers {
        send,
        withheld,
        hold,
        cases,
        rx,
    } = unsafe { &mut *addr_of_mut!(BUFFERS) };
    let receive = rx.len();
    let memory = Memory {
        send,
        withheld,
        hold,
        cases,
        receive,
    };
    let config = Config {
        accept_simulator: true, // never in a shop
        ..Config::new("com.example.embassy:1.0")
    };
    let mut pos = Pos::new(config, memory);
    let parts = Parts {
        role: &mut pos,
        link: &mut SerialLink::new(receiver, sender, "uart0"),
        journal: &mut Journal::open(kept()),
        inbox: &mut Button,
        clock: &BoardClock,
        buffer: rx,
        join: &mut [], // terminals do not cut their messages
    };
    let mut paid = None;
    drive(
        parts,
        |now: Instant, pos: &mut Pos<'_>, event: Event<'_>| match event {
            Event::BecameReady(_) => press(Press::Pay(10_00)),
            Event::Confirm(asked) => {
                println!("asked: {:?}", asked.question.kind());
                let _ = pos.answer(now, asked.question, asked.accept());
            }
            Event::Signature(asked) => {
                let _ = pos.answer(now, asked.question, Answer::Accept);
            }
            Event::Outcome(outcome) => {
                let summary = &outcome.summary;
                println!("told: {} {}", summary.external_id, summary.certainty.name());
                if matches!(summary.certainty, Certainty::Made(_)) {
                    paid = Some(summary.approved);
                }
                let _ = pos.outcome_stored(summary);
                press(Press::Off);
            }
            _ => {}
        },
    )
    .await;
    let (at, blinks) = (At::now().as_millis(), BLINKS.load(Ordering::Relaxed));
    println!(
        "paid {paid:?} after {at} ms and {blinks} blinks, stack {} bytes",
        high_water()
    );
    // The light has had its turn, no sooner than it was due.
    let blinked = blinks > 0 && u64::from(blinks) * 100 <= at;
    process::exit(if paid == Some(10_00) && blinked { 0 } else { 1 })
}

fn press(press: Press) {
    // There is room: it is pressed twice.
    let _ = BUTTON.try_send(press);
}

/// What the button asks for.
struct Button;

impl Inbox<Pos<'_>> for Button {
    fn ready(&mut self) -> impl Future<Output = ()> {
        BUTTON.ready_to_receive()
    }

    fn deliver(&mut self, now: Instant, pos: &mut Pos<'_>) -> ControlFlow<()> {
        match BUTTON.try_receive() {
            Ok(Press::Pay(amount)) => {
                let sale = Sale {
                    // A signature on the screen would not fit this till's receive buffer.
                    auto_accept_signature: Some(true),
                    ..Sale::new(amount).external_id("EMBASSY-0001")
                };
                if let Err(refused) = pos.sale(now, &sale, Env { unix_ms: wall() }) {
                    println!("refused: {refused}");
                }
                ControlFlow::Continue(())
            }
            Ok(Press::Off) => ControlFlow::Break(()),
            Err(_) => ControlFlow::Continue(()),
        }
    }
}

/// Embassy's time.
struct BoardClock;

impl Clock for BoardClock {
    fn now(&self) -> Instant {
        Instant::from_millis(At::now().as_millis())
    }

    async fn sleep_until(&self, at: Option<Instant>) {
        match at {
            Some(at) => Timer::at(At::from_millis(at.as_millis())).await,
            None => core::future::pending().await,
        }
    }
}

struct Buffers {
    send: [u8; 1_024],
    withheld: [u8; 1_536],
    hold: [u8; 2_048],
    cases: [Case; 2],
    rx: [u8; 8_192],
}

static mut BUFFERS: Buffers = Buffers {
    send: [0; 1_024],
    withheld: [0; 1_536],
    hold: [0; 2_048],
    cases: [Case::EMPTY; 2],
    rx: [0; 8_192],
};
