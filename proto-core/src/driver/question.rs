//! Questions of the terminal on threads: answered at once, or handed to whoever asks a person.

use core::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::thread::{Command, Shared};
use crate::message::{ConfirmPayment, VerifySignature};
use crate::model::{Challenge, Payment, Signature};
use crate::pos::{self, Answer, Confirmation, QuestionKind, Refused, SignatureCheck};
use crate::time::Duration;
use crate::wire::json::{List, Object};
use crate::wire::names::VoidReason;

/// A question of the terminal (`design.md` "Money" 10): may the payment go on? The customer waits.
///
/// It is answered at once with [`accept_all`](Self::accept_all), [`reject`](Self::reject) or an [`Answer`], or
/// handed to another thread with [`later`](Self::later).
#[must_use = "the terminal waits for an answer"]
pub struct Question<'q, 'm> {
    pub(super) asked: Asked<'q, 'm>,
    pub(super) shared: &'q Arc<Shared>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) enum Asked<'q, 'm> {
    Confirm(&'q Confirmation<'m>),
    Signature(&'q SignatureCheck<'m>),
}

impl fmt::Debug for Question<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Question").field(&self.id()).finish()
    }
}

impl<'m> Question<'_, 'm> {
    /// Names it, as in the [events](pos::Event) about it.
    #[must_use]
    pub const fn id(&self) -> pos::Question {
        match self.asked {
            Asked::Confirm(asked) => asked.question,
            Asked::Signature(asked) => asked.question,
        }
    }

    /// What it asks: to decide on challenges, or to look at a signature.
    #[must_use]
    pub const fn kind(&self) -> QuestionKind {
        self.id().kind()
    }

    /// The payment as it stands.
    #[must_use]
    pub const fn payment(&self) -> Payment<'m> {
        match self.asked {
            Asked::Confirm(asked) => asked.payment,
            Asked::Signature(asked) => asked.payment,
        }
    }

    /// What there is to decide; nothing if a signature is to be looked at.
    pub fn challenges(&self) -> impl Iterator<Item = Challenge<'m>> + use<'m> {
        let challenges = match self.asked {
            Asked::Confirm(asked) => asked.challenges.clone(),
            Asked::Signature(_) => None,
        };
        challenges.into_iter().flatten()
    }

    /// The signature to look at, if there is one.
    #[must_use]
    pub const fn signature(&self) -> Option<Signature<'m>> {
        match self.asked {
            Asked::Confirm(_) => None,
            Asked::Signature(asked) => asked.signature,
        }
    }

    /// How long there is for an answer; then it is rejected.
    #[must_use]
    pub const fn answer_within(&self) -> Duration {
        match self.asked {
            Asked::Confirm(asked) => asked.answer_within,
            Asked::Signature(asked) => asked.answer_within,
        }
    }

    /// Whether the terminal has asked this about the same payment before; see [`Confirmation::repeated`].
    #[must_use]
    pub const fn repeated(&self) -> bool {
        match self.asked {
            Asked::Confirm(asked) => asked.repeated,
            Asked::Signature(asked) => asked.repeated,
        }
    }

    /// Accepts whatever is asked.
    pub fn accept_all(&self) -> Reply {
        Answer::Accept.into()
    }

    /// Rejects, with the reason of the first challenge; the terminal voids the payment.
    pub fn reject(&self) -> Reply {
        match self.asked {
            Asked::Confirm(asked) => asked.reject_first().into(),
            Asked::Signature(_) => Answer::Reject(None).into(),
        }
    }

    /// Hands the question to `take`, which passes it on to whoever answers it: a person takes a minute, and the
    /// connector must not wait for that.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use proto_core::driver::{Config, Connector, Question, Reply};
    /// use proto_core::pos::Answer;
    ///
    /// let (questions, to_ask) = channel();
    /// let on_question = move |question: Question<'_, '_>| {
    ///     question.later(|pending| {
    ///         // If nobody asks any more, its deadline rejects it.
    ///         let _ = questions.send(pending);
    ///     })
    /// };
    /// // On the thread that asks the person:
    /// std::thread::spawn(move || {
    ///     for pending in to_ask {
    ///         let yes = pending.time_left().as_secs() > 5; // ask here
    ///         let answer = if yes { Answer::Accept } else { Answer::Reject(None) };
    ///         if let Err(refused) = pending.answer(answer) {
    ///             println!("too late: {refused}");
    ///         }
    ///     }
    /// });
    /// # fn is_taken(_: impl for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply) {}
    /// # is_taken(on_question);
    /// ```
    pub fn later(self, take: impl FnOnce(PendingQuestion)) -> Reply {
        let (name, detail) = match self.asked {
            Asked::Confirm(asked) => ("challenges", asked.challenges.as_ref().map(List::json)),
            Asked::Signature(asked) => {
                let object = asked.signature.map(Signature::object);
                ("signature", object.map(Object::json))
            }
        };
        let payment = self.payment().object().json().expose();
        let detail = detail.map_or("null", |json| json.expose());
        let within = std::time::Duration::from_millis(self.answer_within().as_millis());
        take(PendingQuestion {
            id: self.id(),
            repeated: self.repeated(),
            payload: format!(r#"{{"payment":{payment},"{name}":{detail}}}"#),
            until: Instant::now().checked_add(within),
            shared: Arc::clone(self.shared),
        });
        Reply(Decision::Later)
    }
}

/// What an application says to a question: an [`Answer`], which becomes one by itself, or later.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the terminal waits for an answer"]
pub struct Reply(Decision);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Now(OwnedAnswer),
    Later,
}

impl Reply {
    pub(super) fn into_answer(self) -> Option<OwnedAnswer> {
        match self.0 {
            Decision::Now(answer) => Some(answer),
            Decision::Later => None,
        }
    }
}

impl From<Answer<'_>> for Reply {
    fn from(answer: Answer<'_>) -> Self {
        Self(Decision::Now(OwnedAnswer::of(answer)))
    }
}

/// An answer that owns its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnedAnswer {
    Accept,
    Reject(Option<String>),
}

impl OwnedAnswer {
    fn of(answer: Answer<'_>) -> Self {
        match answer {
            Answer::Accept => Self::Accept,
            Answer::Reject(reason) => Self::Reject(reason.map(|reason| reason.to_string())),
        }
    }

    pub(super) fn view(&self) -> Answer<'_> {
        match self {
            Self::Accept => Answer::Accept,
            Self::Reject(reason) => {
                let name = reason.as_deref();
                Answer::Reject(name.map(|name| VoidReason::from_name(name.into())))
            }
        }
    }
}

/// A question that is answered later, from any thread.
///
/// Who drops it leaves it to its deadline, which rejects it. It is void when the link is lost, the transaction
/// ends, or the terminal asks again; an answer is then [`Stale`](pos::Refusal::Stale).
#[must_use = "without an answer it is rejected at its deadline"]
pub struct PendingQuestion {
    id: pos::Question,
    repeated: bool,
    /// What was asked, as the payload of a message.
    payload: String,
    until: Option<Instant>,
    shared: Arc<Shared>,
}

/// Without what it holds.
impl fmt::Debug for PendingQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingQuestion").field(&self.id).finish()
    }
}

impl PendingQuestion {
    /// Names it, as in the [events](pos::Event) about it.
    #[must_use]
    pub const fn id(&self) -> pos::Question {
        self.id
    }

    /// What it asks: to decide on challenges, or to look at a signature.
    #[must_use]
    pub const fn kind(&self) -> QuestionKind {
        self.id.kind()
    }

    /// The payment as it stands.
    #[must_use]
    pub fn payment(&self) -> Payment<'_> {
        let payment = ConfirmPayment::of(self.payload()).payment();
        payment.unwrap_or(Payment::of(Object::EMPTY))
    }

    /// What there is to decide; nothing if a signature is to be looked at.
    pub fn challenges(&self) -> impl Iterator<Item = Challenge<'_>> {
        let challenges = ConfirmPayment::of(self.payload()).challenges();
        challenges.into_iter().flatten()
    }

    /// The signature to look at, if there is one.
    #[must_use]
    pub fn signature(&self) -> Option<Signature<'_>> {
        VerifySignature::of(self.payload()).signature()
    }

    /// How long there still is for an answer.
    #[must_use]
    pub fn time_left(&self) -> std::time::Duration {
        self.until.map_or(std::time::Duration::MAX, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    /// Whether it still waits for an answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.lock().questions.contains(&self.id)
    }

    /// Whether the terminal has asked this about the same payment before; see [`Confirmation::repeated`].
    #[must_use]
    pub const fn repeated(&self) -> bool {
        self.repeated
    }

    /// Answers, and waits until the connector has taken the answer; so not from a closure of the connector.
    ///
    /// # Errors
    ///
    /// [`Refused`]: it was answered, its time was up, it was withdrawn
    /// ([`Stale`](pos::Refusal::Stale)), or the connector is gone.
    pub fn answer(&self, answer: Answer<'_>) -> Result<(), Refused> {
        let (id, answer) = (self.id, OwnedAnswer::of(answer));
        self.shared.ask(|reply| Command::Answer(id, answer, reply))
    }

    fn payload(&self) -> Object<'_> {
        Object::parse(&self.payload).unwrap_or(Object::EMPTY)
    }
}
