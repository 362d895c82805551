//! What the simulator does with a sale.

use std::fmt;
use std::str::FromStr;

use proto_core::wire::names::{TxState, UiState};

use super::Step;

/// What becomes of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// The card is approved.
    #[default]
    Approve,
    /// The card is declined.
    Decline,
    /// The customer cancels.
    Cancel,
}

impl Behaviour {
    /// Every one with its name on the command line.
    pub const ALL: [(&'static str, Self); 3] = [
        ("approve", Self::Approve),
        ("decline", Self::Decline),
        ("cancel", Self::Cancel),
    ];

    pub(super) const fn steps(self) -> &'static [Step] {
        match self {
            Self::Approve => &APPROVED,
            Self::Decline => &DECLINED,
            Self::Cancel => &BY_CUSTOMER,
        }
    }
}

/// A name that is no behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownBehaviour(String);

impl fmt::Display for UnknownBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Behaviour::ALL.iter().map(|(name, _)| *name).collect();
        write!(
            f,
            "`{}` is no outcome; there are {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownBehaviour {}

impl FromStr for Behaviour {
    type Err = UnknownBehaviour;

    fn from_str(name: &str) -> Result<Self, UnknownBehaviour> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, behaviour)| *behaviour)
            .ok_or_else(|| UnknownBehaviour(name.to_owned()))
    }
}

const CHOOSING: Step = Step::Enter(UiState::Start, "Customer is choosing a payment method…");
const PROCESSING: Step = Step::Enter(UiState::ProcessingGoOnline, "Processing…");

const APPROVED: [Step; 9] = [
    Step::Accept,
    Step::State(TxState::Start),
    CHOOSING,
    Step::Exit(UiState::Start),
    PROCESSING,
    Step::Exit(UiState::ProcessingGoOnline),
    Step::State(TxState::Success),
    Step::Enter(UiState::Approved, "Approved"),
    Step::Finish,
];

const DECLINED: [Step; 10] = [
    Step::Accept,
    Step::State(TxState::Start),
    CHOOSING,
    Step::Exit(UiState::Start),
    PROCESSING,
    Step::Exit(UiState::ProcessingGoOnline),
    Step::Enter(UiState::Declined, "The card was declined"),
    Step::Exit(UiState::Declined),
    Step::State(TxState::Fail),
    Step::Cancel,
];

const BY_CUSTOMER: [Step; 7] = [
    Step::Accept,
    Step::State(TxState::Start),
    CHOOSING,
    Step::Exit(UiState::Start),
    Step::Enter(UiState::Canceled, "The customer has cancelled"),
    Step::Exit(UiState::Canceled),
    Step::Cancel,
];

/// After the cancel key was pressed.
pub(super) const CANCELLED: [Step; 4] = [
    Step::Exit(UiState::Start),
    Step::Enter(UiState::Canceled, "Cancelled"),
    Step::Exit(UiState::Canceled),
    Step::Cancel,
];

/// After a reset.
pub(super) const RESET: [Step; 1] = [Step::Cancel];
