//! How much of the stack was ever used.

use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};

use cortex_m::register::msp;

unsafe extern "C" {
    static _stack_start: u32;
    static mut _stack_end: u32;
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

/// Does something, and says how many bytes of stack that took. [`high_water`] begins anew. No interrupt may come
/// meanwhile.
#[inline(never)]
pub fn depth<R>(work: impl FnOnce() -> R) -> (usize, R) {
    let from = msp::read() as usize;
    let mut at = addr_of_mut!(_stack_end);
    while (at as usize) < from {
        // SAFETY: what is below the stack pointer belongs to nobody.
        unsafe { write_volatile(at, cortex_m_rt::STACK_PAINT_VALUE) };
        at = at.wrapping_add(1);
    }
    let result = work();
    let before = addr_of!(_stack_start) as usize - from;
    (high_water().saturating_sub(before), result)
}
