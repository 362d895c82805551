//! The core without an operating system, as a page would use it: opens a FINISH_OK that JavaScript puts into
//! the buffer.
#![no_std]

use core::sync::atomic::{AtomicU8, Ordering};

use proto_core::message::FinishOk;
use proto_core::wire::open;

/// Where JavaScript puts a message, and then finds the id of its payment.
#[unsafe(no_mangle)]
pub extern "C" fn buffer() -> *const AtomicU8 {
    BUFFER.as_ptr()
}

/// The amount, in minor units, of the payment in the message that the first `len` bytes of the buffer are; -1
/// if there is none. After it the buffer begins with the payment's id and a zero.
#[unsafe(no_mangle)]
pub extern "C" fn amount(len: usize) -> i64 {
    read(len).unwrap_or(-1)
}

fn read(len: usize) -> Option<i64> {
    let mut message = [0; LEN];
    for (byte, shared) in message.iter_mut().zip(&BUFFER) {
        *byte = shared.load(Ordering::Relaxed);
    }
    let message = open(message.get_mut(..len)?).ok()?;
    let payment = FinishOk::from_message(&message)?.payment()?;
    let id = payment.id()?.as_str()?.bytes().chain([0]);
    for (shared, byte) in BUFFER.iter().zip(id) {
        shared.store(byte, Ordering::Relaxed);
    }
    payment.amount()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Atomic, because then it can be shared without unsafe code.
static BUFFER: [AtomicU8; LEN] = [const { AtomicU8::new(0) }; LEN];

const LEN: usize = 8 * 1024;
