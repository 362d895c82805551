//! The board: an MPS2 with a Cortex-M, as QEMU makes one (`mps2-an386`: M4F, `mps2-an385`: M3, which runs what an
//! M0 runs).
//!
//! The only unsafe code of the project's own is here and in the programs beside it: registers, and memory that
//! outlives a reset.
#![no_std]

#[cfg(feature = "embassy")]
pub mod embassy;
pub mod flash;
mod kept;
mod line;
#[cfg(feature = "log")]
mod log;
mod port;
mod stack;
mod timer;
pub mod vectors;

pub use kept::kept;
pub use line::Uart;
pub use port::Port;
pub use stack::{depth, high_water};
pub use timer::{now, sleep, start, wall};

/// What the till shows on the terminal at the end of the day.
pub const CLOSED: &str = "Closed";
