//! A till: the point of sale's role, its loop, and a serial line.

use core::ops::ControlFlow;

use firmware::{Uart, now, sleep};
use proto_core::Role;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::pos::{Answer, Case, Config, Event, Memory, Pos};
use proto_core::run::Intake;
use proto_core::serial::Serial;
use proto_core::time::Instant;
use proto_core::wire::Frame;

use crate::{ROOM, halt, memory};

/// Runs a till that asks for something whenever its terminal becomes ready.
pub fn run(ask: fn(Instant, &mut Pos<'_>)) -> ! {
    let Some(memory) = memory() else { halt() };
    let Some(rx) = memory!([u8; ROOM] = [0; ROOM]) else {
        halt()
    };
    let Some(join) = memory!([u8; 1_024] = [0; 1_024]) else {
        halt()
    };
    let mut pos = Pos::new(Config::new("com.example.firmware:1.0"), memory);
    let mut uart = Uart::new();
    let (mut serial, mut intake) = (Serial::new(rx), Intake::new(&mut join[..]));
    let mut show = |now: Instant, pos: &mut Pos<'_>, event: Event<'_>| match show(now, pos, &event)
    {
        ControlFlow::Continue(()) => {}
        ControlFlow::Break(()) => ask(now, pos),
    };
    pos.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart0"));
    loop {
        let now = now();
        while let Some((id, _)) = pos.poll_journal() {
            pos.journal_done(now, id, Ok(()));
        }
        if let Some(message) = pos.transmit()
            && serial.write(&mut uart, message) == Ok(true)
        {
            pos.transmitted(now);
        }
        match serial.read(&mut uart) {
            Ok(Some(Frame::Message(message))) => {
                intake.handle_message(now, &mut pos, message, &mut show)
            }
            Ok(Some(Frame::TooLong { head, total })) => pos.handle_oversize(now, head, total),
            Ok(Some(Frame::Resumed(error))) => pos.handle_garbled(now, error),
            Ok(None) | Err(_) => sleep(),
        }
        intake.handle_timeout(now, &mut pos, &mut show);
        if pos.poll_timeout().is_some_and(|due| due <= now) {
            pos.handle_timeout(now);
        }
        while let Some(event) = pos.poll_event() {
            show(now, &mut pos, event);
        }
    }
}

/// The memory of a point of sale; `None` the second time.
#[must_use]
pub fn memory() -> Option<Memory<'static>> {
    Some(Memory {
        send: memory!([u8; 2_048] = [0; 2_048])?,
        withheld: memory!([u8; 2_048] = [0; 2_048])?,
        hold: memory!([u8; 2_048] = [0; 2_048])?,
        cases: memory!([Case; 2] = [Case::EMPTY; 2])?,
        receive: ROOM,
    })
}

/// Answers what is asked; breaks when the terminal has become ready.
pub fn show(now: Instant, pos: &mut Pos<'_>, event: &Event<'_>) -> ControlFlow<()> {
    match event {
        Event::BecameReady(_) => return ControlFlow::Break(()),
        Event::Confirm(asked) => {
            let _ = pos.answer(now, asked.question, asked.accept());
        }
        Event::Signature(asked) => {
            let _ = pos.answer(now, asked.question, Answer::Accept);
        }
        Event::Outcome(outcome) | Event::Resolved(outcome) => {
            let _ = pos.outcome_stored(&outcome.summary);
        }
        _ => {}
    }
    ControlFlow::Continue(())
}
