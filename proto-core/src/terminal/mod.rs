//! The terminal: the other end of the same wire, for simulators, test benches and makers of terminals.
//!
//! [`Terminal`] does what every terminal does by itself: it answers discovery, acknowledges commands,
//! refuses what comes at the wrong time or twice, and says truthfully what is on its books. What it shows and
//! what becomes of a transaction is the application's: it gets events, sends messages and keeps the [`Ledger`].

mod event;
mod identity;
mod ledger;
mod queries;
mod state;
mod transaction;

pub use event::Event;
pub use identity::{Identity, Unsent};
pub use ledger::{Booked, BookedRefund, LOOK_UP, Ledger, REFUNDS};
pub use state::{Memory, Terminal};

/// What a simulator calls its merchant and its model, so that nobody takes it for a terminal
/// (`design.md` "Money" 14).
pub const SIMULATOR: &str = "SIMULATOR";
