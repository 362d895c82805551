//! The application of remote pay: point of sale commands and a simulated terminal.
//!
//! The binary is `host-demo`; this library is what it is made of, for the tests and for whoever wants a
//! simulated terminal in a program of their own ([`sim`]).
#![forbid(unsafe_code)]

pub mod amount;
pub mod cli;
pub mod commands;
pub mod journal;
pub mod report;
pub mod signature;
pub mod sim;
