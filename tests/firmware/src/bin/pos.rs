//! What a till links: the point of sale's role with everything that moves money, its loop, and a serial line. It is
//! measured, not run.
#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m_rt::entry;
use firmware::{Uart, now, sleep};
use proto_core::Role;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::pos::{
    Answer, Auth, Case, Config, Env, Event, ManualRefund, Memory, Pos, PreAuth, RefundPayment,
    Sale, VoidPayment,
};
use proto_core::run::Intake;
use proto_core::serial::Serial;
use proto_core::time::Instant;
use proto_core::wire::Frame;
use proto_core::wire::names::VoidReason;

/// There is nothing to go on with, and nobody to tell.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        sleep();
    }
}

#[entry]
fn main() -> ! {
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
    let mut pos = Pos::new(Config::new("com.example.firmware:1.0"), memory);
    let mut uart = Uart::new();
    let (mut serial, mut intake) = (Serial::new(rx), Intake::new(&mut join[..]));
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

fn show(now: Instant, pos: &mut Pos<'_>, event: Event<'_>) {
    match event {
        Event::BecameReady(_) => ask(now, pos),
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
}

/// One after the other: each is refused while another is open, and all are linked.
fn ask(now: Instant, pos: &mut Pos<'_>) {
    let env = Env::default();
    let _ = pos.sale(now, &Sale::new(10_00).external_id("A"), env);
    let _ = pos.auth(now, &Auth::new(Sale::new(10_00).external_id("B")), env);
    let _ = pos.pre_auth(now, &PreAuth::new(Sale::new(10_00).external_id("C")), env);
    let _ = pos.manual_refund(
        now,
        &ManualRefund::new(Sale::new(10_00).external_id("D")),
        env,
    );
    let _ = pos.refund_payment(now, &RefundPayment::full("P"), env);
    let _ = pos.void_payment(now, &VoidPayment::new("P", VoidReason::UserCancel), env);
    let _ = pos.show_message(now, "Welcome");
    let _ = pos.retrieve_device_status(now, true);
    let _ = pos.retrieve_pending_payments(now);
    if let Some(request) = pos.open_request() {
        let _ = pos.cancel(now, request);
    }
    let record = pos.unresolved().cloned();
    if let Some(record) = record {
        let _ = pos.retrieve_payment(now, &record.external_id);
        let _ = pos.park(&record.external_id);
        let _ = pos.resume(now, &record, env);
    }
    let _ = pos.reset_terminal(now);
}

const RECEIVE: usize = 8 * 1_024;

struct Buffers {
    send: [u8; 2_048],
    withheld: [u8; 2_048],
    hold: [u8; 2_048],
    cases: [Case; 2],
    rx: [u8; RECEIVE],
    join: [u8; 1_024],
}

static mut BUFFERS: Buffers = Buffers {
    send: [0; 2_048],
    withheld: [0; 2_048],
    hold: [0; 2_048],
    cases: [Case::EMPTY; 2],
    rx: [0; RECEIVE],
    join: [0; 1_024],
};
