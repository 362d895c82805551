//! What a sale can be asked for with. Every option stands for a field of
//! [`pos::Sale`](proto_core::pos::Sale); what is not given is the merchant's setting.

use std::path::PathBuf;

use clap::{Arg, Args, ValueEnum};
use proto_core::model::{
    CARD_ENTRY_CHIP, CARD_ENTRY_CONTACTLESS, CARD_ENTRY_MANUAL, CARD_ENTRY_SWIPE,
};

use super::Till;
use crate::amount::{Units, parse_major};

/// `host-demo sale`
#[derive(Debug, Clone, Args)]
pub struct SaleArgs {
    /// The amount in major units, without the tip
    #[arg(long, value_name = "AMOUNT", value_parser = parse_major, required_unless_present = "minor", conflicts_with = "minor", allow_hyphen_values = true)]
    pub amount: Option<i64>,
    /// The amount in minor units; all other amounts are then in minor units too
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true)]
    pub minor: Option<i64>,
    /// The tax in it
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub tax: Option<String>,
    /// The id of this attempt, at most 32 characters (by default a random one)
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// A second id, e.g. the number of the invoice
    #[arg(long, value_name = "ID")]
    pub reference_id: Option<String>,
    /// How long to wait for the outcome; then the sale is cancelled
    #[arg(long, value_name = "SECONDS")]
    pub deadline: Option<u64>,
    /// The tip.
    #[command(flatten)]
    pub tip: TipArgs,
    /// The card.
    #[command(flatten)]
    pub card: CardArgs,
    /// What the terminal may do without its network.
    #[command(flatten)]
    pub offline: OfflineArgs,
    /// The signature.
    #[command(flatten)]
    pub signature: SignatureArgs,
    /// Receipts.
    #[command(flatten)]
    pub receipt: ReceiptArgs,
    /// What the terminal asks the merchant.
    #[command(flatten)]
    pub questions: QuestionArgs,
    /// Texts that are passed through.
    #[command(flatten)]
    pub extras: ExtraArgs,
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// `host-demo pay`
#[derive(Debug, Clone, Args)]
#[command(mut_arg("external_id", |id| id.required(true).help(PAY_ID)))]
pub struct PayArgs {
    /// Make another attempt if the last one did not come to a payment
    #[arg(long)]
    pub retry: bool,
    /// The sale.
    #[command(flatten)]
    pub sale: SaleArgs,
}

/// `host-demo auth`
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("tip", not_here::<String>),
    mut_arg("tip_mode", not_here::<TipFrom>),
    mut_arg("tip_suggestion", not_here::<TipSuggestion>)
)]
pub struct AuthArgs {
    /// The request.
    #[command(flatten)]
    pub sale: SaleArgs,
}

/// `host-demo preauth`
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("tip", not_here::<String>),
    mut_arg("tip_mode", not_here::<TipFrom>),
    mut_arg("tippable", not_here::<String>),
    mut_arg("tip_suggestion", not_here::<TipSuggestion>),
    mut_arg("signature_threshold", not_here::<String>),
    mut_arg("signature_location", not_here::<SignatureLocation>),
    mut_arg("signature_check", not_here::<Who>),
    mut_arg("signature_file", not_here::<PathBuf>)
)]
pub struct PreauthArgs {
    /// The request.
    #[command(flatten)]
    pub sale: SaleArgs,
}

/// `host-demo manual-refund`
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("tip", not_here::<String>),
    mut_arg("tip_mode", not_here::<TipFrom>),
    mut_arg("tippable", not_here::<String>),
    mut_arg("tip_suggestion", not_here::<TipSuggestion>)
)]
pub struct ManualRefundArgs {
    /// The request.
    #[command(flatten)]
    pub sale: SaleArgs,
}

/// An option of a sale that has no meaning for this request.
fn not_here<T: Clone + Send + Sync + 'static>(arg: Arg) -> Arg {
    let refuse = |_: &str| Err::<T, _>("this request has nothing of the kind");
    arg.hide(true).value_parser(refuse)
}

impl SaleArgs {
    /// The amount in minor units.
    #[must_use]
    pub fn minor_units(&self) -> i64 {
        self.amount.or(self.minor).unwrap_or(0)
    }

    /// How the other amounts are written.
    #[must_use]
    pub fn units(&self) -> Units {
        match self.minor {
            Some(_) => Units::Minor,
            None => Units::Major,
        }
    }
}

/// The tip.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tip")]
pub struct TipArgs {
    /// The tip, if it is known already
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub tip: Option<String>,
    /// Where the tip comes from: --tip, a screen before the payment, or there is none
    #[arg(long, value_name = "MODE")]
    pub tip_mode: Option<TipFrom>,
    /// What tips in percent are counted on
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub tippable: Option<String>,
    /// A tip to offer, like 15%=Good or 2.00=Great; at most four
    #[arg(long, value_name = "TIP=TEXT", value_parser = tip_suggestion)]
    pub tip_suggestion: Vec<TipSuggestion>,
}

/// The card.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Card")]
pub struct CardArgs {
    /// Ways to read the card, separated by commas (by default all but manual)
    #[arg(long, value_name = "WAYS", value_delimiter = ',')]
    pub card_entry: Vec<CardEntry>,
    /// Charge a vaulted card: a file with its JSON as the terminal gave it, - is standard input
    #[arg(long, value_name = "FILE")]
    pub vaulted_card: Option<PathBuf>,
    /// The card is not there
    #[arg(long)]
    pub card_not_present: bool,
    /// Offer a QR code only
    #[arg(long)]
    pub qr_only: bool,
    /// An approval for less than the amount
    #[arg(long, value_name = "WHAT", default_value = "accept")]
    pub partial: Partial,
    /// The question for cash back
    #[arg(long, value_name = "SWITCH")]
    pub cashback: Option<Switch>,
    /// The question about a possible duplicate
    #[arg(long, value_name = "SWITCH")]
    pub duplicate_check: Option<Switch>,
    /// Another try after a failed card
    #[arg(long, value_name = "SWITCH")]
    pub another_card: Option<Switch>,
}

/// What the terminal may do without its network.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Offline")]
pub struct OfflineArgs {
    /// Take the payment offline: never, without a network only, or even with one
    #[arg(long, value_name = "WHEN")]
    pub offline: Option<Offline>,
    /// The question before it is taken offline
    #[arg(long, value_name = "SWITCH")]
    pub offline_prompt: Option<Switch>,
}

/// The signature.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Signature")]
pub struct SignatureArgs {
    /// Ask for a signature from this amount on
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub signature_threshold: Option<String>,
    /// Where the signature is given
    #[arg(long, value_name = "WHERE")]
    pub signature_location: Option<SignatureLocation>,
    /// Who looks at the signature; the terminal accepts every one
    #[arg(long, value_name = "WHO")]
    pub signature_check: Option<Who>,
    /// Save the signature as SVG, the last one if there are several; the file must not exist
    #[arg(long, value_name = "FILE.svg")]
    pub signature_file: Option<PathBuf>,
}

/// Receipts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Receipt")]
pub struct ReceiptArgs {
    /// Who prints receipts
    #[arg(long, value_name = "WHO")]
    pub print: Option<Who>,
    /// The customer's choice of a receipt on the screen
    #[arg(long, value_name = "SWITCH")]
    pub receipt_screen: Option<Switch>,
}

/// What the terminal asks the merchant.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Questions of the terminal")]
pub struct QuestionArgs {
    /// Accept whatever the terminal asks
    #[arg(long, conflicts_with = "no")]
    pub yes: bool,
    /// Reject whatever the terminal asks: the payment is then voided
    #[arg(long)]
    pub no: bool,
    /// How long a question waits for its answer; then it is rejected
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub answer_within: u64,
    /// Who decides on duplicates and offline payments; the terminal accepts them all
    #[arg(long, value_name = "WHO")]
    pub challenges: Option<Who>,
}

/// Texts that are passed through.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Extras")]
pub struct ExtraArgs {
    /// A text that is passed through
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub extra: Vec<(String, String)>,
    /// A text for one region's rules
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub regional_extra: Vec<(String, String)>,
}

/// Where the tip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TipFrom {
    /// The point of sale
    Provided,
    /// The customer, before the payment
    OnScreen,
    /// Nowhere
    None,
}

/// A way to read a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CardEntry {
    /// The chip
    Chip,
    /// Held to the terminal
    Contactless,
    /// The magnetic stripe
    Swipe,
    /// The number is typed
    Manual,
}

impl CardEntry {
    /// Its bits on the wire.
    #[must_use]
    pub const fn bits(self) -> i64 {
        match self {
            Self::Chip => CARD_ENTRY_CHIP,
            Self::Contactless => CARD_ENTRY_CONTACTLESS,
            Self::Swipe => CARD_ENTRY_SWIPE,
            Self::Manual => CARD_ENTRY_MANUAL,
        }
    }
}

/// What to do with an approval for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Partial {
    /// Take it
    Accept,
    /// Do not
    Refuse,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// There is one
    On,
    /// There is none
    Off,
}

/// When a payment is taken offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Offline {
    /// Never
    Forbid,
    /// Without a network
    Allow,
    /// Even with a network
    Force,
}

/// Where the signature is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignatureLocation {
    /// On the terminal's screen
    Screen,
    /// On the receipt
    Paper,
    /// Nowhere
    None,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// The point of sale: this program
    Pos,
    /// The terminal by itself
    Terminal,
}

/// A tip to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipSuggestion {
    /// How much.
    pub tip: SuggestedTip,
    /// The text on the button.
    pub name: String,
}

/// How much is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuggestedTip {
    /// Whole percent.
    Percent(i64),
    /// An amount, as it was written.
    Amount(String),
}

fn tip_suggestion(text: &str) -> Result<TipSuggestion, String> {
    let (tip, name) = key_value(text)?;
    let tip = match tip.strip_suffix('%') {
        Some(percent) => {
            let percent = percent.parse::<u32>();
            SuggestedTip::Percent(percent.map_err(|_| WHOLE_PERCENT.to_owned())?.into())
        }
        None => SuggestedTip::Amount(tip),
    };
    Ok(TipSuggestion { tip, name })
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("something is needed before and behind a =".to_owned()),
    }
}

const PAY_ID: &str = "The id of the payment, at most 32 characters: e.g. the number of the invoice";
const WHOLE_PERCENT: &str = "a tip in percent is a whole number, like 15%";
