//! Time: milliseconds since the start, counted by an interrupt, and the wall clock of the host.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use proto_core::time::Instant;

/// The clock of the board in kHz.
const CLOCK: u32 = 25_000;

static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

/// Starts counting.
pub fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CLOCK - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

#[exception]
fn SysTick() {
    // Nobody else writes it: an M0 has no more than loads and stores.
    MILLISECONDS.store(
        MILLISECONDS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
    #[cfg(feature = "embassy")]
    crate::embassy::tick();
}

/// The time since the start; a board that runs for 49 days begins anew.
#[must_use]
pub fn now() -> Instant {
    Instant::from_millis(MILLISECONDS.load(Ordering::Relaxed).into())
}

/// Waits for the next interrupt, a millisecond at most.
pub fn sleep() {
    cortex_m::asm::wfi();
}

/// The wall clock, milliseconds since 1970.
#[must_use]
pub fn wall() -> Option<u64> {
    let seconds = semihosting::sys::arm_compat::sys_time().ok()?;
    Some(u64::try_from(seconds).ok()? * 1_000)
}
