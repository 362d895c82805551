//! Prints what the core makes of every example message and stream of `tests/vectors` here. The stage `metal` compares
//! that with what it makes of them on the machine that builds it.
#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m_rt::entry;
use firmware::high_water;
use firmware::vectors::Reader;
use semihosting::{eprintln, println, process};

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

#[entry]
fn main() -> ! {
    // SAFETY: this is called once, and nobody else has them.
    let Buffers { message, join, out } = unsafe { &mut *addr_of_mut!(BUFFERS) };
    let mut reader = Reader::new(message, join, out);
    for (name, file) in VECTORS {
        reader.look(name, file, &mut |line| println!("{line}"));
    }
    eprintln!("stack {} bytes", high_water());
    process::exit(0)
}

struct Buffers {
    message: [u8; 128 * 1_024],
    join: [u8; 128 * 1_024],
    out: [u8; 128 * 1_024],
}

static mut BUFFERS: Buffers = Buffers {
    message: [0; 128 * 1_024],
    join: [0; 128 * 1_024],
    out: [0; 128 * 1_024],
};
