//! Programs that are measured: each holds one layer of the core more than the one before, or what the core is compared
//! with. `tests/metal/footprint` builds them and prints what they take; the stage `metal` holds that against the README.
#![no_std]

#[cfg(feature = "compared")]
pub mod compared;
pub mod sample;
pub mod till;

use embedded_io::{Read, Write};
use firmware::{Uart, sleep};

/// Room for every message here.
pub const ROOM: usize = 8 * 1_024;

/// Memory that is there from the start; `None` the second time.
#[macro_export]
macro_rules! memory {
    ($kind:ty = $empty:expr) => {{
        use core::ptr::addr_of_mut;
        use core::sync::atomic::{AtomicBool, Ordering};

        static mut MEMORY: $kind = $empty;
        static TAKEN: AtomicBool = AtomicBool::new(false);
        (!TAKEN.load(Ordering::Relaxed)).then(|| {
            TAKEN.store(true, Ordering::Relaxed);
            // SAFETY: nobody else has it: this happens once, and no interrupt does it.
            unsafe { &mut *addr_of_mut!(MEMORY) }
        })
    }};
}

/// Answers every line that comes in, for ever: `answer` takes it, writes into the other room, and returns how much.
pub fn exchange(mut answer: impl FnMut(&mut [u8], &mut [u8]) -> usize) -> ! {
    let mut line = Uart::new();
    let rooms = memory!([[u8; ROOM]; 2] = [[0; ROOM]; 2]);
    let Some([came, told]) = rooms else { halt() };
    loop {
        let mut len = 0;
        while let Some(slot) = came.get_mut(len..).filter(|slot| !slot.is_empty()) {
            let Ok(count) = line.read(slot);
            if slot.iter().take(count).any(|byte| *byte == b'\n') {
                break;
            }
            len += count;
        }
        let Some(message) = came.get_mut(..len) else {
            continue;
        };
        let len = answer(message, told);
        let mut rest = told.get(..len).unwrap_or_default();
        while !rest.is_empty() {
            let Ok(count) = line.write(rest);
            rest = rest.get(count..).unwrap_or_default();
        }
    }
}

/// There is nothing to go on with, and nobody to tell.
pub fn halt() -> ! {
    loop {
        sleep();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    halt()
}
