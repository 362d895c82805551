//! The command line as a user runs it: the built binary, one process and two.

mod contract;
mod decode;
mod endings;
mod journal;
mod money;
mod one_process;
mod options;
mod pay;
mod questions;
mod scripted;
mod secrets;
mod simulated;
mod support;
mod terminal;
mod two_processes;
mod usb;
mod wrong;
