//! How much of the stack was ever used.

use core::ptr::{addr_of, read_volatile};

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// The most bytes of stack that were in use since the start: what has lost its paint.
#[must_use]
pub fn high_water() -> usize {
    let (top, bottom) = (addr_of!(_stack_start), addr_of!(_stack_end));
    let mut at = bottom;
    // SAFETY: the words between the two are the stack, which is only read.
    while at < top && unsafe { read_volatile(at) } == cortex_m_rt::STACK_PAINT_VALUE {
        at = at.wrapping_add(1);
    }
    top as usize - at as usize
}
