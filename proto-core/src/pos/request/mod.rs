//! What the application asks for, and the checks before anything is sent.

mod charge;
mod refused;
#[cfg(feature = "refund")]
mod undo;

#[cfg(feature = "refund")]
pub use charge::ManualRefund;
pub use charge::{Auth, PreAuth, Sale};
pub use refused::{Refusal, Refused};
#[cfg(feature = "refund")]
pub use undo::{RefundPayment, VoidPayment};

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::message::MessageDraft;
use crate::time::Duration;
use crate::wire::json::{Json, Writer};
use crate::wire::names::{Method, RequestInfo};

/// The longest external id, in bytes (`protocol/connector.md` §2.4).
pub const EXTERNAL_ID_LEN: usize = 32;

/// The longest id of the terminal's that is kept, in bytes; the usual ones have 13 characters.
pub const PAYMENT_ID_LEN: usize = 32;

/// The terminal's id of a payment, credit or refund.
pub type PaymentId = heapless::String<PAYMENT_ID_LEN>;

/// Names a request. They count up from [`Config::last_request`](crate::pos::Config::last_request), so that
/// with a journal a number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RequestId(pub(crate) u32);

impl RequestId {
    /// The request with this number, for journals.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number, for journals.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestKind {
    /// A sale: charge now.
    Sale,
    /// An authorisation: charge now, the tip comes later.
    Auth,
    /// A pre-authorisation: reserve, and capture later.
    PreAuth,
    /// A refund without a payment.
    ManualRefund,
    /// A refund of a payment.
    Refund,
    /// A void of a payment.
    Void,
}

impl RequestKind {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Sale,
        Self::Auth,
        Self::PreAuth,
        Self::ManualRefund,
        Self::Refund,
        Self::Void,
    ];

    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Auth => "auth",
            Self::PreAuth => "pre_auth",
            Self::ManualRefund => "manual_refund",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }

    /// Whether it takes money from a customer, under its external id.
    #[must_use]
    pub const fn is_charge(self) -> bool {
        matches!(self, Self::Sale | Self::Auth | Self::PreAuth)
    }

    /// Whether it starts a transaction with a card.
    pub(crate) const fn starts(self) -> bool {
        self.is_charge() || matches!(self, Self::ManualRefund)
    }

    /// How a terminal that repeats the kind of request in its answers calls it
    /// (`protocol/connector.md` §4.1). The Windows SDK calls a manual refund by another name.
    pub(crate) fn is_called(self, info: RequestInfo<'_>) -> bool {
        match self {
            Self::Sale => info == RequestInfo::Sale,
            Self::Auth => info == RequestInfo::Auth,
            Self::PreAuth => info == RequestInfo::Preauth,
            Self::ManualRefund => matches!(info, RequestInfo::Credit | RequestInfo::ManualRefund),
            Self::Refund => info == RequestInfo::Refund,
            Self::Void => info == RequestInfo::VoidPayment,
        }
    }

    pub(crate) const fn method(self) -> Method<'static> {
        match self {
            Self::Sale | Self::Auth | Self::PreAuth | Self::ManualRefund => Method::TxStart,
            Self::Refund => Method::RefundRequest,
            Self::Void => Method::VoidPayment,
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Env {
    /// Milliseconds since 1970, if the caller has a wall clock. Without one a look-up can never prove that
    /// nothing was charged (`design.md` "Money" 7).
    pub unix_ms: Option<u64>,
}

/// A request that moves money: what there is to ask for with [`Pos::ask`](crate::pos::Pos::ask).
pub trait Money: sealed::Sealed {
    /// Checks the values and writes the message's payload into `buf`; about [`crate::pos::WITHHELD_LEN`]
    /// bytes are enough. The result can be made on one thread and asked for on another.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the first rule of `protocol/connector.md` §5 that is broken, or that it does not fit.
    fn write<'b>(&self, buf: &'b mut [u8]) -> Result<Written<'b>, Refused> {
        let asked = self.check()?;
        let mut written = Err(Refused::full(0));
        self.with_draft(&asked, &mut |draft| {
            let mut writer = Writer::new(buf);
            writer.object(|to| draft.write_members(to));
            written = writer.finish().map_err(|full| Refused::full(full.needed));
        });
        let len = written?;
        let payload = buf
            .get(..len)
            .and_then(|text| core::str::from_utf8(text).ok())
            .and_then(Json::parse)
            .ok_or(Refused::full(len))?;
        Ok(Written { asked, payload })
    }
}

impl<T: sealed::Sealed> Money for T {}

pub(crate) mod sealed {
    use super::{Asked, MessageDraft, Refused, RequestKind};

    pub trait Sealed {
        /// What it asks for.
        fn kind(&self) -> RequestKind;

        /// The checks on the request itself, in their order.
        fn check(&self) -> Result<Asked, Refused>;

        /// Hands the message to `write`, once; the parts that it borrows live here.
        fn with_draft(&self, asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft));
    }
}

/// What a request asked for, as far as the role needs to know it later.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Asked {
    pub(crate) kind: RequestKind,
    pub(crate) external_id: ExternalId,
    /// The payment that a refund or a void is about.
    pub(crate) payment: Option<PaymentId>,
    /// The external id of that payment.
    pub(crate) original: Option<ExternalId>,
    pub(crate) amount: i64,
    pub(crate) tip: Option<i64>,
    pub(crate) needs_vault: bool,
    pub(crate) draws_signature: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: bool,
}

/// A request whose values are checked and whose message is written: it belongs to nobody but the buffer that
/// it was written into.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    asked: Asked,
    payload: Json<'a>,
}

impl<'a> Written<'a> {
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

    /// The request that was taken apart.
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

impl sealed::Sealed for Written<'_> {
    fn kind(&self) -> RequestKind {
        self.asked.kind
    }

    fn check(&self) -> Result<Asked, Refused> {
        Ok(self.asked.clone())
    }

    fn with_draft(&self, _asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        write(self);
    }
}

impl MessageDraft for Written<'_> {
    fn method(&self) -> Method<'_> {
        self.asked.kind.method()
    }

    fn version(&self) -> i64 {
        match self.asked.kind {
            RequestKind::Void => 3,
            _ => 2,
        }
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        to.members(self.payload);
    }
}

/// An external id of 1 to 32 bytes, or the text that refuses it.
pub(super) fn checked_id(
    id: &str,
    blank: &'static str,
    long: &'static str,
) -> Result<ExternalId, Refused> {
    if id.trim().is_empty() {
        return Err(Refused::invalid(blank));
    }
    ExternalId::new(id).ok_or(Refused::invalid(long))
}

/// Refuses with the message of the first rule that is broken.
pub(super) fn first_broken(rules: &[(bool, &'static str)]) -> Result<(), Refused> {
    match rules.iter().find(|(broken, _)| *broken) {
        Some((_, message)) => Err(Refused::invalid(message)),
        None => Ok(()),
    }
}
