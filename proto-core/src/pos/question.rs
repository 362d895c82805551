//! Questions of the terminal: values that must be used (`design.md` "Money" 10).

use crate::model::{Challenge, Payment, Signature};
use crate::time::Duration;
use crate::wire::json::List;
use crate::wire::names::VoidReason;

/// Names one question until it is answered, withdrawn or its time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Question {
    pub(crate) kind: QuestionKind,
    pub(crate) generation: u32,
}

impl Question {
    /// What it asks.
    #[must_use]
    pub const fn kind(self) -> QuestionKind {
        self.kind
    }
}

/// What a question asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum QuestionKind {
    /// To decide on challenges.
    Confirm,
    /// To look at a signature.
    Signature,
}

/// The terminal asks the merchant to decide; see [`crate::pos::Pos::answer`].
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "the terminal waits for an answer"]
#[doc(alias = "ConfirmPaymentRequest")]
pub struct Confirmation<'m> {
    /// The question to answer.
    pub question: Question,
    /// The payment as it stands.
    pub payment: Payment<'m>,
    /// What there is to decide: accept answers all of it.
    pub challenges: Option<List<'m, Challenge<'m>>>,
    /// How long there is for an answer; then it is rejected.
    pub answer_within: Duration,
    /// Whether the terminal has asked this about the same payment before. Only this question counts from now
    /// on: an answer to the one before is [`Stale`](super::Refusal::Stale). What there is to decide may be
    /// something else, so look again.
    pub repeated: bool,
}

impl<'m> Confirmation<'m> {
    /// Accepts everything.
    #[must_use]
    pub const fn accept(&self) -> Answer<'static> {
        Answer::Accept
    }

    /// Rejects with the reason of the first challenge; the terminal voids the payment.
    #[must_use]
    pub fn reject_first(&self) -> Answer<'m> {
        let mut challenges = self.challenges.clone().into_iter().flatten();
        Answer::Reject(challenges.next().and_then(|challenge| challenge.reason()))
    }
}

/// The terminal asks the merchant to look at a signature; see [`crate::pos::Pos::answer`].
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "the terminal waits for an answer"]
#[doc(alias = "VerifySignatureRequest")]
pub struct SignatureCheck<'m> {
    /// The question to answer.
    pub question: Question,
    /// The payment that was signed for.
    pub payment: Payment<'m>,
    /// The signature, if it was sent.
    pub signature: Option<Signature<'m>>,
    /// How long there is for an answer; then it is rejected.
    pub answer_within: Duration,
    /// Whether the terminal has asked this about the same payment before. Only this question counts from now
    /// on: an answer to the one before is [`Stale`](super::Refusal::Stale). What there is to decide may be
    /// something else, so look again.
    pub repeated: bool,
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer<'a> {
    /// Go on.
    Accept,
    /// Do not; the terminal voids the payment. For a confirmation with the reason of the challenge that
    /// was rejected.
    Reject(Option<VoidReason<'a>>),
}

/// A question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answered {
    /// The question.
    pub question: Question,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Who answered.
    pub by: AnsweredBy,
}

/// Who answered a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AnsweredBy {
    /// The application, with [`answer`](crate::pos::Pos::answer).
    Application,
    /// Nobody: its time was up.
    Deadline,
    /// A cancel, which rejects what is open.
    Cancel,
}
