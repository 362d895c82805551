//! What every program here has: its start, a line, and nothing else.
#![no_std]
#![no_main]

use cortex_m_rt::entry;

#[entry]
fn main() -> ! {
    footprint::exchange(|came, told| {
        for (slot, byte) in told.iter_mut().zip(came.iter()) {
            *slot = *byte;
        }
        came.len()
    })
}
