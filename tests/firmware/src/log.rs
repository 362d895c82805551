//! Where defmt logs to: the board's second UART, which nobody holds up.

use core::ptr::{addr_of_mut, read_volatile, write_volatile};

use defmt::Encoder;

const BASE: usize = 0x4000_5000;
const DATA: *mut u32 = BASE as *mut u32;
const STATE: *mut u32 = (BASE + 4) as *mut u32;
const CONTROL: *mut u32 = (BASE + 8) as *mut u32;
const DIVIDER: *mut u32 = (BASE + 16) as *mut u32;

/// Bits of CONTROL and STATE.
const SENDS: u32 = 1 << 0;
const FULL: u32 = 1 << 0;

#[defmt::global_logger]
struct Logger;

static mut ENCODER: Encoder = Encoder::new();

// SAFETY: there is one core, and no interrupt of these programs logs: only one line at a time is being written.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: see above; these are registers of this board, and nobody else touches them.
        unsafe {
            write_volatile(DIVIDER, 16);
            write_volatile(CONTROL, SENDS);
            (*addr_of_mut!(ENCODER)).start_frame(send);
        }
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: see above.
        unsafe { (*addr_of_mut!(ENCODER)).end_frame(send) };
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: see above.
        unsafe { (*addr_of_mut!(ENCODER)).write(bytes, send) };
    }
}

fn send(bytes: &[u8]) {
    for byte in bytes {
        // SAFETY: as above.
        unsafe {
            while read_volatile(STATE) & FULL != 0 {}
            write_volatile(DATA, u32::from(*byte));
        }
    }
}
