//! The terminal: the other end of the same wire, for simulators, test benches and makers of terminals.
//!
//! [`Terminal`] does what every terminal does by itself: it answers discovery, acknowledges commands,
//! refuses what comes at the wrong time or twice. What it shows and what becomes of a transaction is the
//! application's: it gets events and sends messages.

mod event;
mod identity;
mod state;

pub use event::Event;
pub use identity::{Identity, Unsent};
pub use state::Terminal;

/// What a simulator calls its merchant and its model, so that nobody takes it for a terminal
/// (`design.md` "Money" 14).
pub const SIMULATOR: &str = "SIMULATOR";
