//! What becomes of a transaction, as data.

use std::fmt;
use std::str::FromStr;

use proto_core::time::Duration;

use crate::amount::{AmountError, parse_major};

/// What becomes of one sale, auth, pre-auth, manual refund, refund of a payment or void. It is plain data: the command
/// line is parsed into it, and the engine of [`Simulator`](super::Simulator) runs it. What is not allowed, or cannot
/// happen to what was asked for, does not happen, whatever the plan says: nothing but how it ends, how long it takes
/// and whether that is told twice matters to what gives money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How it ends.
    pub end: End,
    /// The tip that the customer chooses, in minor units; `None` if nobody is asked.
    pub tip: Option<i64>,
    /// The cash back that the customer chooses, in minor units.
    pub cashback: Option<i64>,
    /// The issuer approves at most this much, in minor units.
    pub partial: Option<i64>,
    /// The terminal does not reach the bank and takes the payment offline.
    pub offline: bool,
    /// How long after its approval a payment that was taken offline is sent to the bank.
    pub upload: Duration,
    /// The bank declines it then.
    pub upload_declined: bool,
    /// The terminal takes the payment for a possible duplicate and asks.
    pub duplicate: bool,
    /// The customer has to sign.
    pub signature: bool,
    /// How long the bank takes, beyond a [`step`](Self::step).
    pub bank: Duration,
    /// The end is told twice.
    pub twice: bool,
    /// The end is told with the external id of somebody else's payment.
    pub wrong_id: bool,
    /// How long each step takes, e.g. a screen.
    pub step: Duration,
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// The card is approved; money is given back, or a payment voided, if there is such a payment.
    #[default]
    Approve,
    /// The card is declined; a refund or a void fails.
    Decline,
    /// The customer cancels.
    Cancel,
    /// It is not started, because its external id was used before. What has no external id is approved.
    DuplicateId,
    /// It is not started, because the terminal does something else.
    Busy,
}

impl Plan {
    /// Every outcome as it is written on the command line, and what it means. They are joined with `+`.
    pub const OUTCOMES: [(&'static str, &'static str); 15] = [
        ("approve", "the card is approved"),
        ("decline", "the card is declined"),
        ("cancel", "the customer cancels at the terminal"),
        (
            "partial:AMOUNT",
            "only so much is approved; declined if the sale refuses that",
        ),
        (
            "duplicate",
            "asks whether it may be a second charge; a no voids it",
        ),
        (
            "duplicate-id",
            "not started: the external id was used before",
        ),
        (
            "offline",
            "asks whether to take it offline; declined if the sale forbids that",
        ),
        (
            "offline-declined",
            "the same, and the bank declines it when it is sent, a minute later",
        ),
        (
            "signature",
            "the customer signs, and the signature is to be checked; a no voids it",
        ),
        ("tip:AMOUNT", "the customer adds a tip on the screen"),
        ("cashback:AMOUNT", "the customer takes cash back"),
        ("busy", "not started: the terminal does something else"),
        ("late", "the bank takes 30 seconds"),
        ("twice", "the approval is told twice"),
        (
            "wrong-id",
            "somebody else's approval is told instead of this one's",
        ),
    ];

    /// How long the bank takes when it is late.
    pub const LATE: Duration = Duration::from_secs(30);

    /// How long after its approval a payment that was taken offline is sent to the bank, if nothing else is said.
    pub const UPLOAD: Duration = Duration::from_secs(60);

    /// How long a step takes, if nothing else is said: long enough to be one, short enough to try things
    /// quickly.
    pub const STEP: Duration = Duration::from_millis(10);

    /// Whether what it says can happen in one sale.
    ///
    /// # Errors
    ///
    /// [`PlanError::Together`] with the reason.
    pub fn check(&self) -> Result<(), PlanError> {
        let (end, allowed, why): (_, &[_], _) = match self.end {
            End::Approve => ("approve", &ADDITIONS, ""),
            End::Decline => (
                "decline",
                &["tip", "cashback", "late"],
                "a declined card leaves no payment",
            ),
            End::Cancel => ("cancel", &["tip"], "the customer cancels before that"),
            End::DuplicateId => ("duplicate-id", &[], "the sale is not started"),
            End::Busy => ("busy", &[], "the sale is not started"),
        };
        let offline = "without the bank nobody decides on that";
        let pairs = [
            ("offline", "partial", offline),
            ("offline", "cashback", offline),
            ("offline", "late", offline),
            (
                "partial",
                "cashback",
                "who has too little money gets no cash",
            ),
        ];
        let forbidden = ADDITIONS
            .into_iter()
            .filter(|addition| !allowed.contains(addition))
            .map(|addition| (end, addition, why));
        match forbidden
            .chain(pairs)
            .find(|(one, other, _)| (*one == end || self.adds(one)) && self.adds(other))
        {
            Some((one, other, why)) => Err(PlanError::Together { one, other, why }),
            None => Ok(()),
        }
    }

    fn adds(&self, addition: &str) -> bool {
        match addition {
            "tip" => self.tip.is_some(),
            "cashback" => self.cashback.is_some(),
            "partial" => self.partial.is_some(),
            "offline" => self.offline,
            "offline-declined" => self.offline && self.upload_declined,
            "duplicate" => self.duplicate,
            "signature" => self.signature,
            "late" => self.bank > Duration::ZERO,
            "twice" => self.twice,
            "wrong-id" => self.wrong_id,
            _ => false,
        }
    }

    /// Takes in one word of the command line.
    fn add(&mut self, word: &str) -> Result<(), PlanError> {
        let (name, amount) = match word.split_once(':') {
            Some((name, amount)) => (name, Some(amount)),
            None => (word, None),
        };
        let (form, _) = Self::OUTCOMES
            .into_iter()
            .find(|(form, _)| form.split(':').next() == Some(name))
            .ok_or_else(|| PlanError::Unknown(name.to_owned()))?;
        let amount = match (form.contains(':'), amount) {
            (true, Some(amount)) => match parse_major(amount) {
                Ok(0) => return Err(PlanError::Nothing(form)),
                amount => Some(amount.map_err(|error| PlanError::Amount(form, error))?),
            },
            (true, None) => return Err(PlanError::NoAmount(form)),
            (false, Some(_)) => return Err(PlanError::TakesNoAmount(form)),
            (false, None) => None,
        };
        match name {
            "decline" => self.end = End::Decline,
            "cancel" => self.end = End::Cancel,
            "duplicate-id" => self.end = End::DuplicateId,
            "busy" => self.end = End::Busy,
            "partial" => self.partial = amount,
            "duplicate" => self.duplicate = true,
            "offline" => self.offline = true,
            "offline-declined" => (self.offline, self.upload_declined) = (true, true),
            "signature" => self.signature = true,
            "tip" => self.tip = amount,
            "cashback" => self.cashback = amount,
            "late" => self.bank = Self::LATE,
            "twice" => self.twice = true,
            "wrong-id" => self.wrong_id = true,
            _ => {}
        }
        Ok(())
    }
}

/// What can be said beside how a sale ends.
const ADDITIONS: [&str; 10] = [
    "tip",
    "cashback",
    "partial",
    "offline",
    "offline-declined",
    "duplicate",
    "signature",
    "late",
    "twice",
    "wrong-id",
];

impl Default for Plan {
    fn default() -> Self {
        Self {
            end: End::Approve,
            tip: None,
            cashback: None,
            partial: None,
            offline: false,
            upload: Self::UPLOAD,
            upload_declined: false,
            duplicate: false,
            signature: false,
            bank: Duration::ZERO,
            twice: false,
            wrong_id: false,
            step: Self::STEP,
        }
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    /// Reads what stands on the command line, e.g. `tip:1.50+signature`.
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        let mut names: Vec<&str> = Vec::new();
        for word in text.split('+').map(str::trim) {
            let name = word.split(':').next().unwrap_or_default();
            if names.contains(&name) {
                return Err(PlanError::Twice(name.to_owned()));
            }
            plan.add(word)?;
            let is_end = |name: &&str| !ADDITIONS.contains(name);
            if let Some(end) = names.iter().copied().find(is_end)
                && is_end(&name)
            {
                return Err(PlanError::TwoEnds(end.to_owned(), name.to_owned()));
            }
            names.push(name);
        }
        plan.check()?;
        Ok(plan)
    }
}

/// An outcome cannot be read, or cannot happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// There is none of this name.
    Unknown(String),
    /// It needs an amount.
    NoAmount(&'static str),
    /// It has no amount.
    TakesNoAmount(&'static str),
    /// Its amount cannot be read.
    Amount(&'static str, AmountError),
    /// Its amount is zero.
    Nothing(&'static str),
    /// It is said twice.
    Twice(String),
    /// A sale has one end.
    TwoEnds(String, String),
    /// Two that cannot happen in one sale.
    Together {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
        /// Why not.
        why: &'static str,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let forms = Plan::OUTCOMES.map(|(form, _)| form).join(", ");
                write!(
                    f,
                    "`{name}` is no outcome; there are {forms}, joined with `+`"
                )
            }
            Self::NoAmount(form) => write!(f, "an amount is missing: `{form}`, like 6.00"),
            Self::TakesNoAmount(form) => write!(f, "`{form}` has no amount"),
            Self::Amount(form, error) => write!(f, "`{form}`: {error}"),
            Self::Nothing(form) => write!(f, "`{form}`: the amount must be above zero"),
            Self::Twice(name) => write!(f, "`{name}` is said twice"),
            Self::TwoEnds(one, other) => write!(
                f,
                "`{one}` and `{other}` cannot be combined: a sale ends in one way"
            ),
            Self::Together { one, other, why } => {
                write!(f, "`{one}` and `{other}` cannot be combined: {why}")
            }
        }
    }
}

impl std::error::Error for PlanError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_combined_with_a_plus() {
        let plan: Plan = "tip:1.50+signature+duplicate".parse().unwrap();
        assert_eq!(
            plan,
            Plan {
                tip: Some(150),
                signature: true,
                duplicate: true,
                ..Plan::default()
            }
        );
        assert_eq!("approve".parse(), Ok(Plan::default()));
        let late: Plan = "approve + late + twice + wrong-id".parse().unwrap();
        assert_eq!(late.bank, Plan::LATE);
        assert!(late.twice && late.wrong_id);
    }

    #[test]
    fn every_outcome_that_is_listed_can_be_read_alone() {
        for (form, _) in Plan::OUTCOMES {
            let word = form.replace("AMOUNT", "6.00");
            let plan: Plan = word
                .parse()
                .unwrap_or_else(|error| panic!("{word}: {error}"));
            assert_eq!(plan == Plan::default(), word == "approve", "{word}");
        }
    }

    #[test]
    fn what_cannot_happen_together_is_refused_with_the_reason() {
        for (text, says) in [
            ("decline+partial:6.00", "a declined card leaves no payment"),
            ("signature+decline", "a declined card leaves no payment"),
            ("busy+tip:1", "the sale is not started"),
            ("duplicate-id+late", "the sale is not started"),
            ("cancel+late", "the customer cancels before that"),
            ("offline+partial:6.00", "without the bank"),
            ("late+offline", "without the bank"),
            ("cashback:20+partial:6", "no cash"),
            ("approve+decline", "a sale ends in one way"),
            ("busy+cancel", "a sale ends in one way"),
            ("tip:1+tip:2", "`tip` is said twice"),
            ("", "`` is no outcome; there are approve, decline"),
            ("aprove", "`aprove` is no outcome"),
            ("approve+", "`` is no outcome"),
            ("tip", "an amount is missing: `tip:AMOUNT`"),
            ("tip:0.00", "must be above zero"),
            ("tip:1,50", "with a point"),
            ("partial:", "no amount was given"),
            ("late:30", "`late` has no amount"),
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn what_can_happen_together_is_taken() {
        for text in [
            "tip:1.50+decline",
            "tip:1.50+cancel",
            "late+decline",
            "cashback:20.00+decline",
            "partial:6.00+signature",
            "partial:6.00+duplicate+signature+tip:1+late+twice",
            "offline+duplicate+signature+tip:1+wrong-id",
            "cashback:20.00+signature+late",
        ] {
            text.parse::<Plan>()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }
}
