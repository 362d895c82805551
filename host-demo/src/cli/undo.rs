//! What a refund and a void can be asked for with.

use clap::{Args, ValueEnum};

use super::Till;
use super::sale::{ReceiptArgs, key_value};
use crate::amount::parse_major;

/// `host-demo refund`
#[derive(Debug, Clone, Args)]
pub struct RefundArgs {
    /// How much, in major units (by default all of it, with its tip)
    #[arg(long, value_name = "AMOUNT", value_parser = parse_major, conflicts_with = "minor", allow_hyphen_values = true)]
    pub amount: Option<i64>,
    /// The same in minor units
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true)]
    pub minor: Option<i64>,
    /// What is given back.
    #[command(flatten)]
    pub undo: UndoArgs,
}

/// `host-demo void`
#[derive(Debug, Clone, Args)]
pub struct VoidArgs {
    /// Why
    #[arg(long, value_name = "WHY", default_value = "cancel")]
    pub reason: Why,
    /// What is voided.
    #[command(flatten)]
    pub undo: UndoArgs,
}

/// What both have.
#[derive(Debug, Clone, Args)]
pub struct UndoArgs {
    /// The terminal's id of the payment
    #[arg(long, value_name = "ID")]
    pub payment: String,
    /// The external id that the payment was made under: with it a lost answer is found out (by default the one that
    /// the journal knows)
    #[arg(long, value_name = "ID")]
    pub original: Option<String>,
    /// The order of the payment
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
    /// The id of this attempt, at most 32 characters (by default a random one)
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// How long to wait for the outcome; then the request is cancelled
    #[arg(long, value_name = "SECONDS")]
    pub deadline: Option<u64>,
    /// A text that is passed through
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub extra: Vec<(String, String)>,
    /// Receipts.
    #[command(flatten)]
    pub receipt: ReceiptArgs,
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// Why a payment is voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Why {
    /// The merchant wants it
    Cancel,
    /// The customer wants it
    CustomerCancel,
    /// Something is wrong with the card
    Fraud,
    /// The goods cannot be handed out
    Failed,
}

pub(super) const REFUND_HELP: &str = "\
Examples:
  host-demo refund --payment 8J4KYVS37PYR0 --amount 4.00 --to ws://127.0.0.1:12345/remote_pay
  host-demo refund --payment 8J4KYVS37PYR0 --original INV-2026-0001 --to usb --json

Without --amount all of it is given back. Every run is a new refund: after `unknown` look at the terminal first.

Exit status: as for `sale`; 0 is given back.";

pub(super) const VOID_HELP: &str = "\
Examples:
  host-demo void --payment 8J4KYVS37PYR0 --to ws://127.0.0.1:12345/remote_pay
  host-demo void --payment 8J4KYVS37PYR0 --reason customer-cancel --to usb --json

A payment can be voided until its batch is closed; after that it is refunded.

Exit status: as for `sale`; 0 is voided.";
