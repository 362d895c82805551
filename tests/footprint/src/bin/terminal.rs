//! A terminal that approves every sale.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware::{Uart, now, sleep};
use footprint::{ROOM, halt, memory};
use proto_core::Role;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::model::PaymentDraft;
use proto_core::run::Intake;
use proto_core::serial::Serial;
use proto_core::terminal::{Booked, Event, Identity, Ledger, Memory, Terminal};
use proto_core::time::Instant;
use proto_core::wire::Frame;
use proto_core::wire::names::PaymentResult;

#[entry]
fn main() -> ! {
    let rooms = memory!([[u8; ROOM]; 4] = [[0; ROOM]; 4]);
    let books = memory!([Option<Booked>; 4] = [const { None }; 4]);
    let (Some([send, last, rx, join]), Some(books)) = (rooms, books) else {
        halt()
    };
    let memory = Memory {
        send,
        last,
        books: Ledger::new(books),
    };
    let mut terminal = Terminal::new(Identity::SIMULATOR, memory);
    let mut uart = Uart::new();
    let (mut serial, mut intake) = (Serial::new(rx), Intake::new(&mut join[..]));
    terminal.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart0"));
    loop {
        let now = now();
        if let Some(message) = terminal.transmit()
            && serial.write(&mut uart, message) == Ok(true)
        {
            terminal.transmitted(now);
        }
        match serial.read(&mut uart) {
            Ok(Some(Frame::Message(message))) => {
                intake.handle_message(now, &mut terminal, message, &mut see)
            }
            Ok(Some(Frame::TooLong { head, total })) => terminal.handle_oversize(now, head, total),
            Ok(Some(Frame::Resumed(error))) => terminal.handle_garbled(now, error),
            Ok(None) | Err(_) => sleep(),
        }
        intake.handle_timeout(now, &mut terminal, &mut see);
        if terminal.poll_timeout().is_some_and(|due| due <= now) {
            terminal.handle_timeout(now);
        }
        while let Some(event) = terminal.poll_event() {
            see(now, &mut terminal, event);
        }
    }
}

fn see(now: Instant, terminal: &mut Terminal<'_>, event: Event<'_>) {
    if let Event::Started(start) = event {
        let intent = start.pay_intent();
        let payment = PaymentDraft {
            id: Some("P".into()),
            amount: intent.and_then(|intent| intent.amount()),
            external_payment_id: intent.and_then(|intent| intent.external_payment_id()),
            result: Some(PaymentResult::Success),
            ..PaymentDraft::default()
        };
        terminal.books_mut().book(now, &payment);
        // Who is not there asks when it is back.
        let _ = terminal.accept_start();
        let _ = terminal.finish_ok(&payment);
    }
}
