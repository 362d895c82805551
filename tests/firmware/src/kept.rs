//! RAM that a reset leaves alone, in place of flash memory.

use core::mem::MaybeUninit;
use core::ptr::addr_of_mut;

/// Its size in bytes.
const SIZE: usize = 64 * 1_024;

#[unsafe(link_section = ".uninit.flash")]
static mut KEPT: MaybeUninit<[u8; SIZE]> = MaybeUninit::uninit();

/// All of it, as the last run left it, or anything. Called once.
#[must_use]
pub fn kept() -> &'static mut [u8] {
    // SAFETY: any bytes are an array of bytes, and nobody else has it: this is called once.
    unsafe { (*addr_of_mut!(KEPT)).assume_init_mut() }
}
