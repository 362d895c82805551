//! Messages of a link: put together from packets and fragments, opened, and written into packets. Nothing is read of
//! them but what they are.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware::{Uart, now, sleep};
use footprint::{ROOM, halt, memory};
use proto_core::link::LinkKind;
use proto_core::serial::Serial;
use proto_core::wire::names::MessageType;
use proto_core::wire::{
    Frame, Joined, Joiner, Sender, name_in_head, open, package_name, write_liveness,
};

#[entry]
fn main() -> ! {
    let sender = Sender {
        package_name: package_name(LinkKind::Serial),
        application_id: Some("com.example.firmware:1.0"),
        source_sdk: true,
        version: 1,
    };
    let mut line = Uart::new();
    let rooms = memory!([[u8; ROOM]; 3] = [[0; ROOM]; 3]);
    let Some([rx, join, tx]) = rooms else { halt() };
    let (mut serial, mut joiner) = (Serial::new(rx), Joiner::new());
    let mut len = 0;
    loop {
        let answer = tx.get(..len).unwrap_or_default();
        if !answer.is_empty() && serial.write(&mut line, answer) == Ok(true) {
            len = 0;
        }
        let ping = match serial.read(&mut line) {
            Ok(Some(Frame::Message(message))) => match joiner.join(now(), message, join) {
                Joined::Other => is_ping(message),
                Joined::Whole(len) | Joined::Overtaken(len) => {
                    join.get_mut(..len).is_some_and(is_ping)
                }
                _ => false,
            },
            Ok(Some(Frame::TooLong { head, .. })) => name_in_head(head).is_none(),
            _ => {
                sleep();
                false
            }
        };
        if ping {
            len = write_liveness(tx, &sender, MessageType::Pong).unwrap_or(0);
        }
    }
}

fn is_ping(message: &mut [u8]) -> bool {
    open(message).is_ok_and(|message| message.kind == MessageType::Ping)
}
