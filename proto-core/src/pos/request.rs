//! What the application asks for, and the checks before anything is sent.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::message::{MessageDraft, TxStart, TxStartDraft};
use crate::model::{
    CARD_ENTRY_DEFAULT, PayIntentDraft, TipSuggestionDraft, TransactionSettingsDraft,
    VaultedCardDraft,
};
use crate::pos::outcome::ResultCode;
use crate::time::Duration;
use crate::wire::json::{Json, Text, WriteJson, Writer};
use crate::wire::names::{DataEntryLocation, Method, RequestInfo, TipMode, TransactionType};
use crate::wire::{Elements, Map};

/// The longest external id, in bytes (`protocol/connector.md` §2.4).
pub const EXTERNAL_ID_LEN: usize = 32;

/// Names a request of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub(crate) u32);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestKind {
    /// A sale: charge now.
    Sale,
}

impl RequestKind {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
        }
    }

    pub(crate) const fn request_info(self) -> RequestInfo<'static> {
        match self {
            Self::Sale => RequestInfo::Sale,
        }
    }
}

/// The point of sale's own id of one attempt to move money: the key for everything that comes after. A new
/// attempt takes a new one; asking again about an old attempt takes the old one.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "ExternalIDUtil")]
#[doc(alias = "externalPaymentId")]
pub struct ExternalId(heapless::String<EXTERNAL_ID_LEN>);

impl ExternalId {
    /// The id with this text, blanks around it removed; `None` if nothing is left or more than
    /// [`EXTERNAL_ID_LEN`] bytes are.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        text.try_into().ok().map(Self)
    }

    /// An id made of 13 digits and letters from random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 16]) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut id = heapless::String::new();
        // 5 bits each: every character is as likely as any other.
        for byte in entropy.iter().take(13) {
            if let Some(c) = ALPHABET.get(usize::from(byte & 31)) {
                let _ = id.push(char::from(*c));
            }
        }
        Self(id)
    }

    /// A random id.
    ///
    /// # Errors
    ///
    /// The operating system has no random bytes.
    #[cfg(feature = "std")]
    #[doc(alias = "GenerateRandomString")]
    pub fn random() -> std::io::Result<Self> {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).map_err(std::io::Error::other)?;
        Ok(Self::from_entropy(entropy))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What the caller knows at the moment of a request: the calendar.
#[derive(Debug, Clone, Copy, Default)]
pub struct Env {
    /// Milliseconds since 1970, if the caller has a wall clock.
    pub unix_ms: Option<u64>,
}

/// A sale (`protocol/connector.md` §5.1): charge an amount now.
///
/// What is `None` is the merchant's setting.
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "SaleRequest")]
pub struct Sale<'a> {
    /// The total in minor units, without the tip. Above zero.
    #[doc(alias = "Amount")]
    pub amount: i64,
    /// The id of this attempt, 1 to 32 characters.
    #[doc(alias = "ExternalId")]
    pub external_id: &'a str,
    /// A second id, e.g. the invoice number.
    pub external_reference_id: Option<&'a str>,
    /// The tip in minor units, if it is known already; needs [`TipMode::TipProvided`] or no tip mode.
    pub tip_amount: Option<i64>,
    /// The tax in minor units, part of the amount.
    pub tax_amount: Option<i64>,
    /// Where the tip comes from.
    pub tip_mode: Option<TipMode<'a>>,
    /// What tips in percent are counted on, in minor units.
    pub tippable_amount: Option<i64>,
    /// Tips to offer, at most four.
    pub tip_suggestions: &'a [TipSuggestionDraft<'a>],
    /// Ways to read a card; see [`CARD_ENTRY_DEFAULT`].
    pub card_entry_methods: Option<i64>,
    /// A card token to charge; the terminal must support it.
    pub vaulted_card: Option<VaultedCardDraft<'a>>,
    /// The card is not there.
    pub card_not_present: bool,
    /// Offer a QR code only.
    pub present_qrc_only: bool,
    /// Refuse an approval for less.
    pub refuse_partial: bool,
    /// The terminal does not print; the application is told what to print.
    pub disable_printing: Option<bool>,
    /// Skip the receipt screen.
    pub disable_receipt_selection: Option<bool>,
    /// No question about cash back.
    pub disable_cashback: Option<bool>,
    /// No question about possible duplicates.
    #[doc(alias = "DisableDuplicateChecking")]
    pub disable_duplicate_checking: Option<bool>,
    /// End after a failed card.
    pub disable_restart_on_failure: Option<bool>,
    /// The terminal accepts challenges by itself.
    pub auto_accept_confirmations: Option<bool>,
    /// The terminal accepts signatures by itself.
    #[doc(alias = "AutoAcceptSignature")]
    pub auto_accept_signature: Option<bool>,
    /// A signature is asked for from this amount in minor units.
    pub signature_threshold: Option<i64>,
    /// Where the signature is given.
    pub signature_location: Option<DataEntryLocation<'a>>,
    /// Whether it may be taken offline.
    pub allow_offline: Option<bool>,
    /// Take it offline without asking.
    pub approve_offline_without_prompt: Option<bool>,
    /// Take it offline even when online.
    pub force_offline: Option<bool>,
    /// Texts that are passed through.
    pub extras: &'a [(&'a str, &'a str)],
    /// Texts for one region's rules.
    pub regional_extras: &'a [(&'a str, &'a str)],
    /// How long to wait for the outcome, if not as long as usual.
    pub deadline: Option<Duration>,
    /// Ask again under an external id that was sent before: the terminal may answer that it knows it.
    pub retry: bool,
}

impl<'a> Sale<'a> {
    /// A sale of `amount` minor units. It needs an [`external_id`](Self::external_id).
    #[must_use]
    pub fn new(amount: i64) -> Self {
        Self {
            amount,
            ..Self::default()
        }
    }

    /// Sets the id of this attempt.
    #[must_use]
    pub fn external_id(mut self, id: &'a str) -> Self {
        self.external_id = id;
        self
    }

    /// Checks the values and writes the message's payload into `buf`; about [`crate::pos::WITHHELD_LEN`]
    /// bytes are enough.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the first rule of `protocol/connector.md` §5.1 that is broken.
    pub fn write<'b>(&self, buf: &'b mut [u8]) -> Result<WrittenSale<'b>, Refused> {
        let asked = self.check()?;
        let len = self
            .with_draft(&asked, |draft| {
                let mut writer = Writer::new(buf);
                WriteJson::write(draft, &mut writer);
                writer.finish()
            })
            .map_err(|full| Refused::full(full.needed))?;
        let payload = buf
            .get(..len)
            .and_then(|text| core::str::from_utf8(text).ok())
            .and_then(Json::parse)
            .ok_or(Refused::full(len))?;
        Ok(WrittenSale { asked, payload })
    }

    /// The checks of `protocol/connector.md` §5.1 on the request itself, in their order.
    pub(crate) fn check(&self) -> Result<Asked, Refused> {
        let tip = self.tip_amount.unwrap_or(0);
        let provided = self.tip_mode == Some(TipMode::TipProvided);
        let external_id = ExternalId::new(self.external_id);
        let rules = [
            (
                self.external_id.trim().is_empty(),
                "In Sale : SaleRequest - The request ExternalId cannot be null or blank.",
            ),
            (
                external_id.is_none(),
                "In Sale : SaleRequest - The request ExternalId cannot be longer than 32 characters.",
            ),
            (
                self.amount <= 0,
                "In Sale : SaleRequest - The request amount cannot be zero.",
            ),
            (
                tip < 0,
                "In Sale : SaleRequest - The request tip amount cannot be less than zero.",
            ),
            (
                tip > 0 && self.tip_mode.is_some() && !provided,
                "In Sale : SaleRequest - TipMode must be null or TIP_PROVIDED when TipAmount is greater than zero.",
            ),
            (
                provided && self.tip_amount.is_none(),
                "In Sale : SaleRequest - TipAmount must be given when TipMode is TIP_PROVIDED.",
            ),
        ];
        for (broken, message) in rules {
            if broken {
                return Err(Refused::invalid(message));
            }
        }
        let external_id = external_id.ok_or(Refused::invalid(""))?;
        Ok(Asked {
            external_id,
            amount: self.amount,
            tip: self.tip_amount,
            needs_vault: self.vaulted_card.is_some(),
            deadline: self.deadline,
            retry: self.retry,
        })
    }

    /// Hands the whole message to `write`; the parts that it borrows live here.
    pub(crate) fn with_draft<R>(
        &self,
        asked: &Asked,
        write: impl FnOnce(&TxStartDraft<'_>) -> R,
    ) -> R {
        let settings = TransactionSettingsDraft {
            card_entry_methods: Some(self.card_entry_methods.unwrap_or(CARD_ENTRY_DEFAULT)),
            disable_cash_back: self.disable_cashback,
            clover_should_handle_receipts: self.disable_printing.map(|disable| !disable),
            disable_restart_transaction_on_failure: self.disable_restart_on_failure,
            allow_offline_payment: self.allow_offline,
            approve_offline_payment_without_prompt: self.approve_offline_without_prompt,
            force_offline_payment: self.force_offline,
            signature_threshold: self.signature_threshold,
            signature_entry_location: self.signature_location,
            tip_mode: self.tip_mode,
            tippable_amount: self.tippable_amount,
            disable_receipt_selection: self.disable_receipt_selection,
            disable_duplicate_check: self.disable_duplicate_checking,
            auto_accept_payment_confirmations: self.auto_accept_confirmations,
            auto_accept_signature: self.auto_accept_signature,
            tip_suggestions: (!self.tip_suggestions.is_empty())
                .then_some(Elements(self.tip_suggestions)),
            regional_extras: (!self.regional_extras.is_empty())
                .then_some(Map(self.regional_extras)),
            more: &[],
        };
        write(&TxStartDraft {
            pay_intent: Some(PayIntentDraft {
                transaction_type: Some(TransactionType::Payment),
                amount: Some(self.amount),
                tip_amount: Some(self.tip_amount.unwrap_or(0)),
                tax_amount: self.tax_amount,
                external_payment_id: Some(asked.external_id.as_str().into()),
                external_reference_id: self.external_reference_id.map(Text::from),
                vaulted_card: self.vaulted_card,
                is_card_not_present: Some(self.card_not_present),
                is_present_qrc_only: self.present_qrc_only.then_some(true),
                requires_remote_confirmation: Some(true),
                allow_partial_auth: Some(!self.refuse_partial),
                is_testing: Some(false),
                transaction_settings: Some(settings),
                pass_through_values: (!self.extras.is_empty()).then_some(Map(self.extras)),
                more: &[],
            }),
            request_info: Some(RequestKind::Sale.request_info()),
            more: &[],
        })
    }
}

/// A sale whose values are checked and whose message is written: owned by nobody but the buffer that it was
/// written into, so that it can be made on one thread and asked for on another.
#[derive(Debug, Clone)]
pub struct WrittenSale<'a> {
    pub(crate) asked: Asked,
    payload: Json<'a>,
}

/// What a request asked for, as far as the role needs to know it later.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) external_id: ExternalId,
    pub(crate) amount: i64,
    pub(crate) tip: Option<i64>,
    pub(crate) needs_vault: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: bool,
}

impl<'a> WrittenSale<'a> {
    /// The id of the attempt.
    #[must_use]
    pub fn external_id(&self) -> &ExternalId {
        &self.asked.external_id
    }

    /// What was asked and the text, to be moved to another thread.
    #[cfg(feature = "std")]
    pub(crate) fn into_parts(self) -> (Asked, &'a str) {
        (self.asked, self.payload.expose())
    }

    /// The sale that was taken apart.
    #[cfg(feature = "std")]
    pub(crate) fn from_parts(asked: Asked, payload: &'a str) -> Self {
        let payload = Json::parse(payload).unwrap_or_default();
        Self { asked, payload }
    }

    /// The members of the message's payload, as JSON. It may hold a card token.
    #[must_use]
    pub fn payload(&self) -> Json<'a> {
        self.payload
    }
}

impl MessageDraft for WrittenSale<'_> {
    fn method(&self) -> Method<'_> {
        TxStart::METHOD
    }

    fn version(&self) -> i64 {
        TxStartDraft::default().version()
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        to.members(self.payload);
    }
}

/// A request was refused before anything was sent; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Why, for programs.
    pub why: Refusal,
    /// The code that the reference has for it.
    pub result: ResultCode,
    /// The reference's short text.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: &'static str,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No terminal is ready. Wait for `BecameReady`.
    NotReady,
    /// Another request is open, or its outcome has not been fetched. Wait for it.
    Busy,
    /// The outcome of the last request is unknown. Ask the terminal for it, or
    /// [`park`](crate::pos::Pos::park) it.
    Unresolved,
    /// The external id was sent before. Take a fresh one for a new attempt, or say
    /// [`retry`](Sale::retry).
    IdUsed,
    /// A value is wrong. Mend it.
    Invalid,
    /// The merchant's settings do not allow it.
    Unsupported,
    /// It does not fit the memory that the caller lent. Lend more.
    Full {
        /// How many bytes it takes.
        needed: usize,
    },
    /// There is no such request, or it has ended.
    Unknown,
    /// The question was withdrawn or answered already.
    Stale,
}

impl Refused {
    const fn invalid(message: &'static str) -> Self {
        Self {
            why: Refusal::Invalid,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message,
        }
    }

    pub(crate) const fn not_ready(message: &'static str) -> Self {
        Self {
            why: Refusal::NotReady,
            result: ResultCode::Error,
            reason: "Device Connection Error",
            message,
        }
    }

    pub(crate) const fn no_vault() -> Self {
        Self {
            why: Refusal::Unsupported,
            result: ResultCode::Unsupported,
            reason: "Merchant Configuration Validation Error",
            message: "In Sale : SaleRequest - Vault Card support is not offered by the merchant configured gateway.",
        }
    }

    pub(crate) const fn busy() -> Self {
        Self {
            why: Refusal::Busy,
            result: ResultCode::Error,
            reason: "Busy",
            message: "Another request is open; wait for its outcome.",
        }
    }

    pub(crate) const fn unresolved() -> Self {
        Self {
            why: Refusal::Unresolved,
            result: ResultCode::Error,
            reason: "Unresolved",
            message: "The outcome of the last request is unknown; ask the terminal for it, or park it.",
        }
    }

    pub(crate) const fn id_used() -> Self {
        Self {
            why: Refusal::IdUsed,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "The external id was sent before; a new attempt takes a fresh one.",
        }
    }

    pub(crate) const fn full(needed: usize) -> Self {
        Self {
            why: Refusal::Full { needed },
            result: ResultCode::Error,
            reason: "Out Of Memory",
            message: "The request does not fit the memory that was lent.",
        }
    }

    pub(crate) const fn unknown() -> Self {
        Self {
            why: Refusal::Unknown,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "There is no such request, or it has ended.",
        }
    }

    pub(crate) const fn stale() -> Self {
        Self {
            why: Refusal::Stale,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "The question was withdrawn or answered already.",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl core::error::Error for Refused {}
