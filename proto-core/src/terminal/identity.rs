//! Who a terminal says it is.

use core::fmt;

use crate::time::Duration;
use crate::wire::json::Full;

/// What a terminal says of itself.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Identity<'b> {
    /// The merchant's id.
    pub merchant_id: &'b str,
    /// The merchant's name.
    pub merchant_name: &'b str,
    /// The terminal's name.
    pub name: &'b str,
    /// The terminal's serial number.
    pub serial: &'b str,
    /// The terminal's model.
    pub model: &'b str,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// Whether it acknowledges commands.
    pub acknowledges: bool,
    /// Whether cards can be vaulted.
    pub vault_card: bool,
    /// Whether it answers voids.
    pub void_payment_response: bool,
    /// Whether it says which payment it is busy with, and that a look-up of that one is in progress. Older ones say
    /// neither: a payment is found once a card is charged, and not before.
    pub names_running: bool,
    /// Whether the external id of a transaction that ended without a payment may be used again. What real terminals
    /// do is not known: there are both.
    pub forgets_cancelled: bool,
    /// How often it sends PING, if at all (`protocol/link.md` §1.14: about once a second on USB).
    pub ping: Option<Duration>,
}

impl Identity<'_> {
    /// A simulator: it says so wherever it can.
    pub const SIMULATOR: Identity<'static> = Identity {
        merchant_id: super::SIMULATOR,
        merchant_name: "Simulated Shop",
        name: "Simulated terminal",
        serial: "SIM0000000001",
        model: super::SIMULATOR,
        ready: true,
        acknowledges: true,
        vault_card: true,
        void_payment_response: true,
        names_running: true,
        forgets_cancelled: false,
        ping: Some(Duration::from_secs(5)),
    };
}

/// A message was not taken for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Unsent {
    /// No point of sale is there.
    NotConnected,
    /// It does not fit the memory that was lent.
    Full {
        /// How many bytes it takes.
        needed: usize,
    },
    /// Nothing is running.
    Idle,
}

impl From<Full> for Unsent {
    fn from(full: Full) -> Self {
        Self::Full {
            needed: full.needed,
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("no point of sale is connected"),
            Self::Full { needed } => write!(f, "the send buffer is too small: {needed} bytes"),
            Self::Idle => f.write_str("nothing is running"),
        }
    }
}

impl core::error::Error for Unsent {}
