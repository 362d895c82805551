//! What a point of sale is set up with: who it is, the memory it may use, and how long it waits.

use core::fmt;

use super::case::Case;
use crate::time::Duration;

/// The longest pairing token that is kept, in bytes. A longer one still reaches the application, but the
/// next link must pair anew.
pub const TOKEN_LEN: usize = 128;

/// Room for one TX_START with every option filled, in bytes (`protocol/messages.md` §4).
pub const WITHHELD_LEN: usize = 4_096;

/// Room for the messages that wait to be sent, in bytes; one at a time must fit.
pub const SEND_LEN: usize = 4_096;

/// Room for the payment of an open question, in bytes.
pub const HOLD_LEN: usize = 4_096;

/// The shortest receive buffer into which the signature of a payment fits in any case, in bytes (`design.md`
/// "Money" 12).
pub const SIGNATURE_LEN: usize = 40 * 1_024;

/// The memory of a point of sale, lent by the caller. Too little is an error before anything is sent.
pub struct Memory<'b> {
    /// Messages that wait to be sent; [`SEND_LEN`] is enough for everything but long texts. The payment of a
    /// question goes back whole if it fits in here escaped, else by its id.
    pub send: &'b mut [u8],
    /// The start of a transaction until it is on record; see [`WITHHELD_LEN`].
    pub withheld: &'b mut [u8],
    /// The payment of an open question, to be sent back as it was received; see [`HOLD_LEN`]. What does
    /// not fit is sent back as its id alone.
    pub hold: &'b mut [u8],
    /// Places for requests: one for the open request, and one for each that is not settled (unknown, or taken
    /// offline) or not stored by the application yet. One is enough to sell; with few places what was taken
    /// offline is watched less, and stays open in the journal.
    pub cases: &'b mut [Case],
    /// The length of the buffer that messages are received into, in bytes. Below [`SIGNATURE_LEN`] a request
    /// whose signature may be drawn on the screen is refused.
    pub receive: usize,
}

/// Who the point of sale is, and how it behaves.
#[derive(Clone, Copy)]
pub struct Config<'b> {
    /// `remoteApplicationID`, by convention `reverse.domain.app:version`.
    pub application_id: &'b str,
    /// The name of this point of sale, shown on the terminal.
    pub name: &'b str,
    /// The serial number of this point of sale.
    pub serial: &'b str,
    /// The token of the last pairing with this terminal.
    pub token: Option<&'b str>,
    /// Which screens are shown by themselves.
    pub screens: Screens,
    /// Whether a simulator is taken for a terminal (`design.md` "Money" 14).
    pub accept_simulator: bool,
    /// How long is waited for what.
    pub deadlines: Deadlines,
    /// The highest number of a request in the journal, so that no number is used twice; 0 without a journal.
    pub last_request: u32,
}

/// The sizes only: the memory may hold what was in it before.
impl fmt::Debug for Memory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = [self.send.len(), self.withheld.len(), self.hold.len()];
        write!(f, "Memory({sizes:?}, {} cases)", self.cases.len())
    }
}

/// Without the token.
impl fmt::Debug for Config<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("application_id", &self.application_id)
            .field("name", &self.name)
            .field("serial", &self.serial)
            .field("token", &self.token.map(|_| "***"))
            .field("screens", &self.screens)
            .field("accept_simulator", &self.accept_simulator)
            .finish_non_exhaustive()
    }
}

impl<'b> Config<'b> {
    /// A point of sale with this application id and everything else as usual.
    #[must_use]
    pub const fn new(application_id: &'b str) -> Self {
        Self {
            application_id,
            name: "Rust POS",
            serial: "POS-1",
            token: None,
            screens: Screens::Default,
            accept_simulator: false,
            deadlines: Deadlines::DEFAULT,
            last_request: 0,
        }
    }
}

/// Which screens the point of sale shows by itself (`protocol/connector.md` §8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Screens {
    /// Thank-you and 3 s later welcome after a payment; welcome after a cancel and after the receipt
    /// screen. One that is still due is dropped when a new request is sent.
    Default,
    /// None: the application shows what it wants.
    Off,
}

/// How long is waited for what (`protocol/decisions.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Deadlines {
    /// A pairing.
    pub pairing: Duration,
    /// The journal.
    pub journal: Duration,
    /// A card request, since the last sign of life of the terminal.
    pub quiet: Duration,
    /// A card request in all.
    pub total: Duration,
    /// Another request that moves money (refund, void), in all.
    pub other: Duration,
    /// A screen that offers a key for the cancel.
    pub cancel: Duration,
    /// A question; then it is rejected.
    pub question: Duration,
    /// A way to find out what happened, after the link was lost or a request resumed.
    pub lost: Duration,
    /// The same after a deadline.
    pub look_up: Duration,
    /// The answer to a query.
    pub query: Duration,
    /// A sign of progress, before the application is told that there is none.
    pub progress: Duration,
}

impl Deadlines {
    /// The usual ones.
    pub const DEFAULT: Self = Self {
        pairing: Duration::from_secs(180),
        journal: Duration::from_secs(5),
        quiet: Duration::from_secs(300),
        total: Duration::from_secs(900),
        other: Duration::from_secs(60),
        cancel: Duration::from_secs(15),
        question: Duration::from_secs(60),
        lost: Duration::from_secs(30),
        look_up: Duration::from_secs(30),
        query: Duration::from_secs(10),
        progress: Duration::from_secs(30),
    };
}
