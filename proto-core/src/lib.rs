//! Clover's remote pay protocol without I/O, heap or clock.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(feature = "std")]
pub mod driver;
mod fingerprint;
pub mod journal;
pub mod link;
pub mod message;
pub mod model;
mod outbox;
pub mod pos;
pub mod redact;
mod role;
pub mod run;
#[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
pub mod serial;
pub mod terminal;
pub mod time;
pub mod wire;

pub use role::Role;
