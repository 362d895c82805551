//! The simulated terminal under a virtual clock, with our point of sale at the other end: each outcome that it
//! can be told, alone and together, and what stops one (`protocol/connector.md` §5.1, §8, §9).

mod any;
mod kinds;
mod outcomes;
mod questions;
mod shop;
mod stopping;
mod tender;
mod undoing;
