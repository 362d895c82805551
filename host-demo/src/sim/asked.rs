//! What the start of a transaction asks for, as far as the simulator goes by it.

use proto_core::message::TxStart;
use proto_core::model::{CARD_ENTRY_DEFAULT, PayIntent, TransactionSettings};
use proto_core::pos::RequestKind;
use proto_core::wire::json::Text;
use proto_core::wire::names::{DataEntryLocation, RequestInfo, TipMode, TransactionType};

/// What a sale, auth, pre-auth or manual refund asks for (`protocol/model.md` §2). Absent is what a terminal does by
/// itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// `None` if the simulator takes nothing of that kind.
    pub(super) kind: Option<RequestKind>,
    /// What is to be charged, or given back.
    pub(super) amount: i64,
    pub(super) tip: i64,
    pub(super) tax: i64,
    pub(super) external_id: String,
    /// To be repeated in the end.
    pub(super) request_info: String,
    pub(super) reference: Option<String>,
    /// The point of sale decides on challenges.
    pub(super) confirms: bool,
    pub(super) partial: bool,
    pub(super) tender: Tender,
    pub(super) tip_screen: TipScreen,
    pub(super) cashback: bool,
    pub(super) duplicate_check: bool,
    pub(super) offline: Offline,
    pub(super) signature_from: i64,
    pub(super) signature_place: SignaturePlace,
    /// The terminal accepts signatures by itself.
    pub(super) signature_accepted: bool,
    /// Another card may be tried after a declined one.
    pub(super) restart: bool,
    /// The point of sale prints.
    pub(super) pos_prints: bool,
    pub(super) receipt_screen: bool,
}

/// What is to be charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tender {
    /// A card that is read in one of these ways: a mask of the bits below.
    Card(i64),
    /// A code that the customer scans.
    QrCode,
    /// A card that was stored before.
    Vaulted {
        first6: String,
        last4: String,
        name: Option<String>,
    },
}

/// Ways to read a card (`protocol/model.md` §3).
pub(super) const SWIPE: i64 = 1;
pub(super) const CHIP: i64 = 2;
pub(super) const CONTACTLESS: i64 = 4;
pub(super) const MANUAL: i64 = 8;
const ALL_WAYS: i64 = SWIPE | CHIP | CONTACTLESS | MANUAL;

/// When the terminal may ask for a tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TipScreen {
    /// Never: the point of sale says what the tip is.
    Never,
    /// If the merchant has set it so.
    Merchant,
    /// Before the card is read, in any case.
    Before,
    /// After the card was read, in any case.
    After,
}

/// What the sale says about taking the payment offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offline {
    pub(super) allowed: bool,
    pub(super) asks: bool,
    pub(super) forced: bool,
}

/// Where the customer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignaturePlace {
    Screen,
    Paper,
    Nowhere,
}

impl Asked {
    pub(super) fn of(start: TxStart<'_>) -> Self {
        let intent = start.pay_intent().unwrap_or(PayIntent::of(start.object()));
        let settings = intent.transaction_settings();
        let set = |get: fn(TransactionSettings<'_>) -> Option<bool>| settings.and_then(get);
        let on = |get: fn(TransactionSettings<'_>) -> Option<bool>| set(get) == Some(true);
        let amount = intent.amount().unwrap_or(0);
        let tip_mode = settings.and_then(|set| set.tip_mode());
        let kind = kind(start, intent.transaction_type(), tip_mode);
        let is_sale = kind == Some(RequestKind::Sale);
        // There is no payment that could be asked about.
        let is_credit = kind == Some(RequestKind::ManualRefund);
        let tip = intent.tip_amount().unwrap_or(0);
        let accepts = on(|set| set.auto_accept_payment_confirmations());
        Self {
            kind: kind.filter(|_| amount > 0 || (is_credit && amount < 0)),
            amount: amount.saturating_abs(),
            tip,
            tax: intent.tax_amount().unwrap_or(0),
            external_id: owned(intent.external_payment_id()).unwrap_or_default(),
            request_info: start
                .request_info()
                .map(|info| info.to_string())
                .unwrap_or_default(),
            reference: owned(intent.external_reference_id()),
            confirms: intent.requires_remote_confirmation() == Some(true) && !accepts && !is_credit,
            partial: intent.allow_partial_auth() == Some(true),
            tender: tender(intent, settings),
            tip_screen: match tip_mode {
                _ if tip > 0 || !is_sale => TipScreen::Never,
                None => TipScreen::Merchant,
                Some(TipMode::OnScreenBeforePayment) => TipScreen::Before,
                Some(TipMode::OnScreenAfterPayment) => TipScreen::After,
                Some(_) => TipScreen::Never,
            },
            cashback: is_sale && !on(|set| set.disable_cash_back()),
            duplicate_check: !on(|set| set.disable_duplicate_check()),
            offline: Offline {
                allowed: set(|set| set.allow_offline_payment()) != Some(false),
                asks: !on(|set| set.approve_offline_payment_without_prompt()),
                forced: on(|set| set.force_offline_payment()),
            },
            signature_from: settings
                .and_then(|set| set.signature_threshold())
                .unwrap_or(0),
            signature_place: match settings.and_then(|set| set.signature_entry_location()) {
                _ if is_credit || kind == Some(RequestKind::PreAuth) => SignaturePlace::Nowhere,
                Some(DataEntryLocation::None) => SignaturePlace::Nowhere,
                Some(DataEntryLocation::OnPaper) => SignaturePlace::Paper,
                _ => SignaturePlace::Screen,
            },
            signature_accepted: on(|set| set.auto_accept_signature()),
            restart: !on(|set| set.disable_restart_transaction_on_failure()),
            pos_prints: set(|set| set.clover_should_handle_receipts()) == Some(false),
            receipt_screen: !on(|set| set.disable_receipt_selection()),
        }
    }
}

/// Auth and sale differ in where the tip comes from, and in what they are called (`protocol/connector.md` §5.2).
fn kind(
    start: TxStart<'_>,
    transaction: Option<TransactionType<'_>>,
    tip_mode: Option<TipMode<'_>>,
) -> Option<RequestKind> {
    let is_auth =
        start.request_info() == Some(RequestInfo::Auth) || tip_mode == Some(TipMode::OnPaper);
    match transaction.unwrap_or(TransactionType::Payment) {
        TransactionType::Payment if is_auth => Some(RequestKind::Auth),
        TransactionType::Payment => Some(RequestKind::Sale),
        TransactionType::Auth => Some(RequestKind::PreAuth),
        TransactionType::Credit => Some(RequestKind::ManualRefund),
        _ => None,
    }
}

fn tender(intent: PayIntent<'_>, settings: Option<TransactionSettings<'_>>) -> Tender {
    if let Some(card) = intent.vaulted_card() {
        return Tender::Vaulted {
            first6: owned(card.first6()).unwrap_or_default(),
            last4: owned(card.last4()).unwrap_or_default(),
            name: owned(card.cardholder_name()),
        };
    }
    if intent.is_present_qrc_only() == Some(true) {
        return Tender::QrCode;
    }
    if intent.is_card_not_present() == Some(true) {
        return Tender::Card(MANUAL);
    }
    let mask = settings.and_then(|set| set.card_entry_methods());
    let ways = [mask.unwrap_or(CARD_ENTRY_DEFAULT), CARD_ENTRY_DEFAULT]
        .into_iter()
        .map(|mask| mask & ALL_WAYS)
        .find(|ways| *ways != 0);
    Tender::Card(ways.unwrap_or(ALL_WAYS))
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.to_string())
}
