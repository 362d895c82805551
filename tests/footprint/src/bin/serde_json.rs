//! The two messages of `messages.rs`, with serde_json, derive and a heap.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use footprint::compared::with_heap;

#[entry]
fn main() -> ! {
    with_heap::begin();
    footprint::exchange(|came, told| match with_heap::read_finish_ok(came) {
        Some(sum) => with_heap::write_tx_start(told, sum.into()),
        None => 0,
    })
}
