//! What the arguments of a sale ask for.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use proto_core::model::{TipSuggestionDraft, VaultedCard, VaultedCardDraft};
use proto_core::pos::Sale;
use proto_core::time::Duration;
use proto_core::wire::json::{Object, Text};
use proto_core::wire::names::{DataEntryLocation, TipMode};

use crate::amount::{AmountError, Units};
use crate::cli::SaleArgs;
use crate::cli::sale::{
    CardEntry, Offline, Partial, SignatureLocation, SuggestedTip, Switch, TipFrom, TipSuggestion,
    Who,
};

/// The most tips that can be offered (`protocol/model.md` §4, TransactionSettings).
const TIP_SUGGESTIONS: usize = 4;
/// The longest token of a vaulted card, in characters.
const TOKEN: usize = 72;
/// The longest file with a vaulted card, in bytes.
const CARD_FILE: u64 = 4 * 1_024;

/// The parts of a sale that are not in the arguments as they are sent.
pub(super) struct Request<'a> {
    args: &'a SaleArgs,
    tip: Option<i64>,
    tax: Option<i64>,
    tippable: Option<i64>,
    threshold: Option<i64>,
    suggestions: Vec<TipSuggestionDraft<'a>>,
    card: Option<CardFile>,
    extras: Vec<(&'a str, &'a str)>,
    regional_extras: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    /// Reads the arguments, and the vaulted card. An error is for people.
    pub(super) fn of(args: &'a SaleArgs) -> Result<Self, String> {
        let units = args.units();
        let amount = |name: &str, text: &Option<String>| {
            let text = text.as_deref();
            let amount = text.map(|text| not_negative(units, text)).transpose();
            amount.map_err(|error| format!("--{name}: {error}"))
        };
        // One below zero is refused with the protocol's own words, as the amount is.
        let tip = args.tip.tip.as_deref().map(|tip| units.parse(tip));
        Ok(Self {
            args,
            tip: tip.transpose().map_err(|error| format!("--tip: {error}"))?,
            tax: amount("tax", &args.tax)?,
            tippable: amount("tippable", &args.tip.tippable)?,
            threshold: amount("signature-threshold", &args.signature.signature_threshold)?,
            suggestions: suggestions(&args.tip.tip_suggestion, units)?,
            card: match &args.card.vaulted_card {
                Some(path) => Some(CardFile::read(path)?),
                None => None,
            },
            extras: pairs("extra", &args.extras.extra)?,
            regional_extras: pairs("regional-extra", &args.extras.regional_extra)?,
        })
    }

    pub(super) fn sale<'s>(&'s self, external_id: &'s str) -> Sale<'s> {
        let args = self.args;
        let (card, offline) = (&args.card, &args.offline);
        let entries = card.card_entry.iter().copied().map(CardEntry::bits);
        Sale {
            external_reference_id: args.reference_id.as_deref(),
            tip_amount: self.tip,
            tax_amount: self.tax,
            tip_mode: args.tip.tip_mode.map(|mode| match mode {
                TipFrom::Provided => TipMode::TipProvided,
                TipFrom::OnScreen => TipMode::OnScreenBeforePayment,
                TipFrom::None => TipMode::NoTip,
            }),
            tippable_amount: self.tippable,
            tip_suggestions: &self.suggestions,
            card_entry_methods: entries.reduce(|all, way| all | way),
            vaulted_card: self.card.as_ref().map(CardFile::card),
            card_not_present: card.card_not_present,
            present_qrc_only: card.qr_only,
            refuse_partial: card.partial == Partial::Refuse,
            disable_printing: args.receipt.print.map(|who| who == Who::Pos),
            disable_receipt_selection: off(args.receipt.receipt_screen),
            disable_cashback: off(card.cashback),
            disable_duplicate_checking: off(card.duplicate_check),
            disable_restart_on_failure: off(card.another_card),
            auto_accept_confirmations: by_terminal(args.questions.challenges),
            auto_accept_signature: by_terminal(args.signature.signature_check),
            signature_threshold: self.threshold,
            signature_location: args.signature.signature_location.map(|place| match place {
                SignatureLocation::Screen => DataEntryLocation::OnScreen,
                SignatureLocation::Paper => DataEntryLocation::OnPaper,
                SignatureLocation::None => DataEntryLocation::None,
            }),
            allow_offline: offline.offline.map(|when| when != Offline::Forbid),
            approve_offline_without_prompt: off(offline.offline_prompt),
            // Forbidden says it all.
            force_offline: offline
                .offline
                .filter(|when| *when != Offline::Forbid)
                .map(|when| when == Offline::Force),
            extras: &self.extras,
            regional_extras: &self.regional_extras,
            deadline: args.deadline.map(Duration::from_secs),
            ..Sale::new(args.minor_units()).external_id(external_id)
        }
    }
}

fn not_negative(units: Units, text: &str) -> Result<i64, AmountError> {
    let amount = units.parse(text)?;
    if amount < 0 {
        return Err(AmountError::Negative);
    }
    Ok(amount)
}

pub(super) fn off(switch: Option<Switch>) -> Option<bool> {
    switch.map(|switch| switch == Switch::Off)
}

fn by_terminal(who: Option<Who>) -> Option<bool> {
    who.map(|who| who == Who::Terminal)
}

fn suggestions<'a>(
    offered: &'a [TipSuggestion],
    units: Units,
) -> Result<Vec<TipSuggestionDraft<'a>>, String> {
    if offered.len() > TIP_SUGGESTIONS {
        return Err(format!(
            "--tip-suggestion: at most {TIP_SUGGESTIONS} tips can be offered"
        ));
    }
    let draft = |offered: &'a TipSuggestion| {
        let (percentage, amount) = match &offered.tip {
            SuggestedTip::Percent(percent) => (Some(*percent), None),
            SuggestedTip::Amount(text) => {
                let amount = not_negative(units, text);
                let amount = amount.map_err(|error| format!("--tip-suggestion {text}: {error}"))?;
                (None, Some(amount))
            }
        };
        Ok(TipSuggestionDraft {
            name: Some(offered.name.as_str().into()),
            percentage,
            amount,
            is_enabled: Some(true),
            ..TipSuggestionDraft::default()
        })
    };
    offered.iter().map(draft).collect()
}

/// The texts by their keys. A key that is given twice cannot be sent twice.
pub(super) fn pairs<'a>(
    name: &str,
    given: &'a [(String, String)],
) -> Result<Vec<(&'a str, &'a str)>, String> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (key, value) in given {
        if pairs.iter().any(|(known, _)| known == key) {
            return Err(format!("--{name}: {key} is given twice"));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// The text of a vaulted card. It holds a token, so it has no `Debug`, and no error repeats it.
struct CardFile(String);

impl CardFile {
    fn read(path: &Path) -> Result<Self, String> {
        let text = if path == Path::new("-") {
            read_at_most(io::stdin().lock())
        } else {
            File::open(path).and_then(read_at_most)
        };
        let place = path.display();
        let card = Self(text.map_err(|error| format!("--vaulted-card {place}: {error}"))?);
        if let Some(wrong) = card.wrong() {
            return Err(format!("--vaulted-card {place}: {wrong}"));
        }
        Ok(card)
    }

    fn view(&self) -> VaultedCard<'_> {
        VaultedCard::of(Object::parse(&self.0).unwrap_or(Object::EMPTY))
    }

    fn wrong(&self) -> Option<&'static str> {
        if Object::parse(&self.0).is_none() {
            return Some("this is no JSON object");
        }
        let card = self.view();
        let token = card.token().map(|token| token.expose().chars().count());
        let digits = |text: Option<Text<'_>>, count| {
            text.is_some_and(|text| {
                text.chars().count() == count && text.chars().all(|c| c.is_ascii_digit())
            })
        };
        if !token.is_some_and(|len| (1..=TOKEN).contains(&len)) {
            Some("the member token is missing or too long")
        } else if !digits(card.first6(), 6) || !digits(card.last4(), 4) {
            Some("the members first6 and last4 must be so many digits")
        } else {
            None
        }
    }

    fn card(&self) -> VaultedCardDraft<'_> {
        let card = self.view();
        VaultedCardDraft {
            first6: card.first6(),
            last4: card.last4(),
            cardholder_name: card.cardholder_name(),
            expiration_date: card.expiration_date(),
            token: card.token(),
            more: &[],
        }
    }
}

fn read_at_most(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(CARD_FILE).read_to_string(&mut text)?;
    Ok(text)
}
