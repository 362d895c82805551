//! A day at a till without an operating system: `tests/metal/stage` has a simulated terminal at the other end of the
//! line. It ends with 0 and its books, or says what is wrong.
#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use firmware::flash::Journal;
use firmware::{CLOSED, Port, high_water, kept, now, sleep, start, wall};
use proto_core::Role;
use proto_core::journal::{JournalFailed, Record, RecordState};
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::pos::{
    Answer, Case, Cause, Certainty, Config, Env, Event, ExternalId, Memory, Pos, RefundPayment,
    RequestId, Sale, Summary,
};
use proto_core::time::{Duration, Instant};
use semihosting::{println, process};

/// What is done, in this order; the terminal is told to do the same.
const DAY: [Step; 12] = [
    Step::pay("approved", Ends::Made),
    Step::pay("declined", Ends::NotMade(Cause::Declined)),
    Step::pay("signed", Ends::Made),
    Step::pay("twice", Ends::Made),
    Step {
        trouble: Trouble::Cancel,
        ..Step::pay("cancelled", Ends::NotMade(Cause::CancelledPos))
    },
    Step {
        refunds: Some("approved"),
        ..Step::pay("refund", Ends::Made)
    },
    Step {
        trouble: Trouble::Cut,
        ..Step::pay("cut", Ends::Made)
    },
    Step {
        trouble: Trouble::Reset,
        ..Step::pay("reset", Ends::Made)
    },
    Step {
        trouble: Trouble::Torn(RecordState::Intent, 3),
        ..Step::pay("unsent", Ends::Made)
    },
    Step {
        trouble: Trouble::Torn(RecordState::Outcome, 200),
        ..Step::pay("unnoted", Ends::Made)
    },
    Step {
        trouble: Trouble::Torn(RecordState::Delivered, 100),
        ..Step::pay("unfiled", Ends::Made)
    },
    Step::pay("last", Ends::Made),
];

#[derive(Clone, Copy)]
struct Step {
    /// Its external id.
    id: &'static str,
    /// The payment that is given back, by its external id; else a sale.
    refunds: Option<&'static str>,
    trouble: Trouble,
    ends: Ends,
}

/// What happens in the middle.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    No,
    /// The clerk cancels.
    Cancel,
    /// The cable is pulled, and put back after five seconds.
    Cut,
    /// The till loses its power.
    Reset,
    /// It does so when so many bytes of this record are written.
    Torn(RecordState, usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Made,
    NotMade(Cause),
}

impl Step {
    const fn pay(id: &'static str, ends: Ends) -> Self {
        Self {
            id,
            refunds: None,
            trouble: Trouble::No,
            ends,
        }
    }
}

/// What the terminal shows first. Of a card number the logs may have the last digits.
const FOUND: &str = "Found: card 4111111111111111";
/// A serial line does not ask for it, and no log may have it.
const TOKEN: &str = "TOKEN-SEVEN";
const AMOUNT: i64 = 1_000;
const OUT: Duration = Duration::from_secs(5);
/// Nothing takes longer; the simulated terminal is fast.
const PATIENCE: Duration = Duration::from_secs(120);

#[entry]
fn main() -> ! {
    let Some(board) = cortex_m::Peripherals::take() else {
        process::exit(2)
    };
    start(board.SYST);
    let mut journal = Journal::open(kept());
    match day(&mut journal) {
        Ok(()) => {
            for record in journal.standing() {
                let summary = Summary::of(&record, false);
                let payment = summary
                    .as_ref()
                    .and_then(|summary| summary.payment_id.as_deref());
                let approved = summary.as_ref().map_or(0, |summary| summary.approved);
                let certainty = summary
                    .as_ref()
                    .map_or("open", |summary| summary.certainty.name());
                println!(
                    "book {} {certainty} {approved} {}",
                    record.external_id,
                    payment.unwrap_or("-")
                );
            }
            println!("stack {} bytes", high_water());
            process::exit(0)
        }
        Err(wrong) => {
            println!("wrong: {wrong}");
            process::exit(1)
        }
    }
}

fn day(journal: &mut Journal<'static>) -> Result<(), &'static str> {
    // SAFETY: this is called once, and nobody else has them.
    let Buffers {
        send,
        withheld,
        hold,
        cases,
        rx,
        join,
    } = unsafe { &mut *addr_of_mut!(BUFFERS) };
    let memory = Memory {
        send,
        withheld,
        hold,
        cases,
        receive: RECEIVE,
    };
    let last_request = journal
        .records()
        .map(|record| record.request.number())
        .max();
    let config = Config {
        accept_simulator: true, // never in a shop
        last_request: last_request.unwrap_or(0),
        token: Some(TOKEN),
        ..Config::new("com.example.firmware:1.0")
    };
    #[cfg(feature = "log")]
    defmt::info!("{}", config);
    let mut till = Till {
        journal,
        port: Port::new(rx, join),
        at: 0,
        asked: None,
        told: None,
        plug_at: None,
        befallen: false,
        torn: None,
    };
    let mut pos = Pos::new(config, memory);
    for record in till.journal.standing() {
        println!("on record: {} {:?}", record.external_id, record.state);
        pos.resume(now(), &record, env())
            .map_err(|_| "no place for what is open")?;
        // The day goes on with what was begun before the power went, or behind what was over.
        if let Some(at) = step_of(&record) {
            let open = record.is_open();
            till.at = if open { at } else { at + 1 };
            till.asked = open.then(|| (record.request, now()));
            till.befallen = open;
        }
    }
    if till.journal.torn() {
        println!("a record was torn");
        till.torn = Some(till.at);
    }
    pos.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart0"));
    // To the end of the day, and until all of it is on record.
    while till.at < DAY.len() || pos.poll_journal().is_some() {
        till.turn(&mut pos)?;
        till.go_on(&mut pos, now())?;
    }
    pos.show_message(now(), CLOSED)
        .map_err(|_| "a message is refused")?;
    while pos.transmit().is_some() {
        till.turn(&mut pos)?;
    }
    Ok(())
}

/// What the terminal sends at most: a signature.
const RECEIVE: usize = 48 * 1_024;

/// The memory of a till. Not on the stack, so that what is measured there is what the code needs.
struct Buffers {
    send: [u8; 2_048],
    withheld: [u8; 2_048],
    hold: [u8; 4_096],
    cases: [Case; 4],
    rx: [u8; RECEIVE],
    join: [u8; 1_024],
}

static mut BUFFERS: Buffers = Buffers {
    send: [0; 2_048],
    withheld: [0; 2_048],
    hold: [0; 4_096],
    cases: [Case::EMPTY; 4],
    rx: [0; RECEIVE],
    join: [0; 1_024],
};

fn env() -> Env {
    Env { unix_ms: wall() }
}

struct Till<'j> {
    journal: &'j mut Journal<'static>,
    port: Port<'static>,
    /// The step of the day.
    at: usize,
    /// What it has asked for, and since when it waits.
    asked: Option<(RequestId, Instant)>,
    /// What it was told.
    told: Option<Told>,
    plug_at: Option<Instant>,
    /// What was to happen in the middle has happened.
    befallen: bool,
    /// The step whose record was torn before this run.
    torn: Option<usize>,
}

/// The step of the day that the record is about.
fn step_of(record: &Record) -> Option<usize> {
    let id = record.external_id.as_str();
    DAY.iter().position(|step| step.id == id)
}

enum Told {
    /// A payment is being taken.
    Screen,
    Outcome(Summary),
}

/// The till's display and its answers.
fn till_sees(told: &mut Option<Told>, pos: &mut Pos<'_>, now: Instant, event: Event<'_>) {
    #[cfg(feature = "log")]
    defmt::info!("seen: {}", event);
    match event {
        Event::BecameReady(_) => {
            println!("ready: {}", pos.terminal().serial);
            // Refused while something is open from before.
            let _ = pos.show_message(now, FOUND);
        }
        Event::ScreenShown(_) if told.is_none() => *told = Some(Told::Screen),
        Event::Confirm(asked) => {
            println!("asked: {:?}", asked.question.kind());
            // Stale if the terminal has gone on meanwhile: then there is nothing to answer.
            let _ = pos.answer(now, asked.question, asked.accept());
        }
        Event::Signature(asked) => {
            println!("asked: {:?}", asked.question.kind());
            let _ = pos.answer(now, asked.question, Answer::Accept);
        }
        Event::Outcome(outcome) | Event::Resolved(outcome) => {
            println!(
                "told: {} {}",
                outcome.summary.external_id,
                outcome.summary.certainty.name()
            );
            *told = Some(Told::Outcome(outcome.summary));
        }
        Event::Garbled(error) => println!("{error}"),
        _ => {}
    }
}

impl Till<'_> {
    /// One turn of the loop.
    fn turn(&mut self, pos: &mut Pos<'_>) -> Result<(), &'static str> {
        let now = now();
        while let Some((id, record)) = pos.poll_journal() {
            let done = self.store(record);
            pos.journal_done(now, id, done);
        }
        let told = &mut self.told;
        let mut show = |now: Instant, pos: &mut Pos<'_>, event: Event<'_>| {
            till_sees(told, pos, now, event);
        };
        if self
            .port
            .turn(now, pos, &mut show)
            .map_err(|_| "the line")?
        {
            sleep();
        }
        Ok(())
    }

    /// The clerk, and what befalls him.
    fn go_on(&mut self, pos: &mut Pos<'_>, now: Instant) -> Result<(), &'static str> {
        let Some(step) = DAY.get(self.at) else {
            return Ok(());
        };
        if self.plug_at.is_some_and(|at| at <= now) {
            self.plug_at = None;
            self.port.uart.cut = false;
        }
        match self.asked {
            None if pos.is_ready() => {
                self.told = None;
                self.asked = Some((self.ask(pos, now, step)?, now));
            }
            None => {}
            Some((_, since)) if now.since(since) > PATIENCE => {
                return Err("an outcome does not come");
            }
            Some((request, _)) => match self.told.take() {
                Some(Told::Outcome(summary)) if summary.request == request => {
                    self.ended(pos, step, &summary)?
                }
                Some(Told::Screen) => self.befalls(pos, now, step, request)?,
                _ => {}
            },
        }
        Ok(())
    }

    /// Puts a record into the flash, if the power stays on for as long as that takes.
    fn store(&mut self, record: &Record) -> Result<(), JournalFailed> {
        let at = step_of(record);
        match at.and_then(|at| DAY.get(at)).map(|step| step.trouble) {
            Some(Trouble::Torn(state, bytes)) if state == record.state && at != self.torn => {
                println!("the power goes in the middle of a record");
                self.journal.append_torn(record, bytes)?;
                SCB::sys_reset()
            }
            _ => self.journal.append(record),
        }
    }

    fn ask(&self, pos: &mut Pos<'_>, now: Instant, step: &Step) -> Result<RequestId, &'static str> {
        println!("step {}", step.id);
        let asked = match step.refunds {
            None => pos.sale(now, &Sale::new(AMOUNT).external_id(step.id), env()),
            Some(original) => {
                let id = ExternalId::new(original).ok_or("an id")?;
                let paid = self
                    .journal
                    .standing()
                    .find(|record| record.external_id == id);
                let payment = paid
                    .and_then(|record| record.ending?.payment)
                    .ok_or("nothing to give back")?;
                let refund = RefundPayment {
                    external_id: step.id,
                    original: Some(original),
                    ..RefundPayment::partial(&payment, AMOUNT / 2)
                };
                pos.refund_payment(now, &refund, env())
            }
        };
        asked.map_err(|refused| {
            println!("refused: {refused}");
            "a request is refused"
        })
    }

    fn befalls(
        &mut self,
        pos: &mut Pos<'_>,
        now: Instant,
        step: &Step,
        request: RequestId,
    ) -> Result<(), &'static str> {
        if core::mem::replace(&mut self.befallen, true) {
            return Ok(());
        }
        match step.trouble {
            // A record is torn when it is stored.
            Trouble::No | Trouble::Torn(..) => {}
            Trouble::Cancel => pos
                .cancel(now, request)
                .map_err(|_| "a cancel is refused")?,
            Trouble::Cut => {
                println!("the cable is pulled");
                self.port.uart.cut = true;
                self.plug_at = Some(now.after(OUT));
            }
            Trouble::Reset => {
                println!("the power goes");
                SCB::sys_reset();
            }
        }
        Ok(())
    }

    fn ended(
        &mut self,
        pos: &mut Pos<'_>,
        step: &Step,
        summary: &Summary,
    ) -> Result<(), &'static str> {
        let ends = match summary.certainty {
            Certainty::Made(_) => Ends::Made,
            Certainty::NotMade => Ends::NotMade(summary.cause),
            // It goes on being asked for.
            Certainty::Unknown => return Ok(()),
        };
        if ends != step.ends {
            println!("{} {:?} {:?}", step.id, summary.certainty, summary.cause);
            return Err("another end than was to be");
        }
        pos.outcome_stored(summary)
            .map_err(|_| "an outcome cannot be stored")?;
        self.asked = None;
        self.befallen = false;
        self.at += 1;
        Ok(())
    }
}
