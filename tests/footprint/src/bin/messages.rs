//! One message each way: FINISH_OK is read, TX_START is written.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use footprint::sample;

#[entry]
fn main() -> ! {
    footprint::exchange(|came, told| match sample::read_finish_ok(came) {
        Some(sum) => sample::write_tx_start(told, sum.into()),
        None => 0,
    })
}
