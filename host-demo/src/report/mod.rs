//! What the program tells: lines of JSON for programs, text for people.
//!
//! The lines are a contract (`tests/contract.json`). Every line has the member `event`, and a line of one kind
//! always has the same members; what is not known is `null`. Amounts are in minor units.

mod outcome;
mod output;
mod paid;
mod record;
mod retrieved;

use proto_core::link::Down;
use proto_core::message::{DiscoveryResponse, UiStateMessage};
use proto_core::model::{Challenge, Payment, Signature};
use proto_core::pos::{
    Answered, AnsweredBy, Confirmation, Event, Question, QuestionKind, SignatureCheck,
    TerminalInfo, Unsolicited,
};
use proto_core::wire::json::Text;
use proto_core::wire::names::Method;
use serde_json::{Value, json};

pub use outcome::{NotStarted, outcome_line, status, status_of};
pub use output::Report;
pub use paid::Standing;
pub use record::{record_line, record_text};

use self::outcome::{outcome_text, resolved_line};
use crate::amount::major;

/// Who answers the questions of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// Nobody asks: all are accepted.
    Yes,
    /// Nobody asks: all are rejected.
    No,
    /// A person at the keyboard.
    Person,
    /// There is none.
    Nobody,
}

/// The first line: where the program connects to.
#[must_use]
pub fn connecting(to: &str, external_id: Option<&str>) -> Value {
    json!({"event": "connecting", "to": to, "external_id": external_id})
}

/// Something went wrong that ends nothing by itself.
#[must_use]
pub fn error(code: &str, message: &str, remedy: &str) -> Value {
    json!({"event": "error", "code": code, "message": message, "remedy": remedy})
}

/// The line for an event of the connector, and the text for people. Questions are answered by `answerer`.
#[must_use]
pub fn event(event: &Event<'_>, answerer: Answerer) -> (Value, String) {
    match event {
        Event::Connected(info) => (
            json!({"event": "connected", "peer": info.peer.as_str()}),
            format!("Connected to {}.", info.peer),
        ),
        Event::Disconnected(down) => (
            disconnected(down),
            format!("Disconnected: {down}; {}.", down.reason.remedy()),
        ),
        Event::PairingCode(code) => {
            let code = code.expose().to_string();
            (
                json!({"event": "pairing_code", "code": code}),
                format!("Pairing code: {code}. Type it on the terminal."),
            )
        }
        Event::PairingState(state) => {
            let hint = match state.name().as_str() {
                Some("AUTHENTICATING") => "Enter the security PIN on the terminal to begin pairing",
                _ => "",
            };
            (
                json!({"event": "pairing_state", "state": state.to_string(), "hint": hint}),
                format!("Pairing: {state}. {hint}"),
            )
        }
        Event::TokenRefused => (
            json!({"event": "pairing_state", "state": "TOKEN_REFUSED", "hint": "The stored token is no longer good; pairing anew"}),
            "The stored token is no longer good; pairing anew.".to_owned(),
        ),
        Event::PairingFailed => (
            error(
                "pairing_failed",
                "The terminal refused the pairing.",
                "Type the next code; it comes by itself.",
            ),
            "The terminal refused the pairing. Type the next code; it comes by itself.".to_owned(),
        ),
        Event::PairingTimedOut => (
            error(
                "pairing_timed_out",
                "Nobody has typed the pairing code.",
                "Type the code on the terminal.",
            ),
            "Nobody has typed the pairing code.".to_owned(),
        ),
        Event::Paired { .. } => (json!({"event": "paired"}), "Paired.".to_owned()),
        Event::BecameReady(info) => (ready(*info), ready_text(*info)),
        Event::NotReady(_) => (
            json!({"event": "not_ready", "reason": "The terminal takes no requests now."}),
            "The terminal is there, but takes no requests now.".to_owned(),
        ),
        Event::SimulatorRefused => (
            error(
                "simulator",
                "This is a simulator, not a terminal.",
                "Use --simulator if that is what you want.",
            ),
            "This is a simulator, not a terminal. Use --simulator if that is what you want."
                .to_owned(),
        ),
        Event::ScreenShown(screen) => screen_line("activity_start", *screen),
        Event::ScreenGone(screen) => (screen_line("activity_end", *screen).0, String::new()),
        Event::TipAdded(tip) => (
            json!({"event": "tip_added", "tip": tip}),
            format!("The customer adds a tip of {}.", major(*tip)),
        ),
        Event::PartialAuth(approved) => (
            json!({"event": "partial_auth", "approved": approved}),
            format!("Only {} is approved.", major(*approved)),
        ),
        Event::CashbackSelected(amount) => (
            json!({"event": "cashback", "amount": amount}),
            format!("The customer wants {} in cash.", major(*amount)),
        ),
        Event::TxState(state) => (
            json!({"event": "tx_state", "state": state.to_string()}),
            String::new(),
        ),
        Event::Confirm(asked) => challenge(asked),
        Event::Signature(asked) => signature(asked),
        Event::Answered(answered) => self::answered(*answered, answerer),
        Event::Withdrawn(question) => {
            let message = format!("The terminal no longer asks: {}.", question_name(*question));
            (
                error("withdrawn", &message, "Nothing; the outcome follows."),
                message,
            )
        }
        Event::Outcome(outcome) if outcome.summary.redelivered => (
            resolved_line(outcome),
            format!(
                "From an earlier run, {}: {}",
                outcome.summary.external_id,
                outcome_text(outcome)
            ),
        ),
        Event::Outcome(outcome) => (outcome_line(outcome), outcome_text(outcome)),
        Event::Resolved(outcome) => (
            resolved_line(outcome),
            format!("Now it is known. {}", outcome_text(outcome)),
        ),
        Event::Contradicted(it) => (
            unsolicited("contradicted", text(it.id()), Some(payment(*it))),
            format!(
                "LOOK AT THIS: {} was charged under an id whose sale was told to have ended otherwise. The customer may have paid once too often: payment {}.",
                major(it.amount().unwrap_or(0)),
                text(it.id()),
            ),
        ),
        Event::Recovering(_) => (
            error(
                "recovering",
                "The terminal is asked what became of the sale.",
                "Nothing; the outcome follows.",
            ),
            "The terminal is asked what became of the sale.".to_owned(),
        ),
        Event::JournalFailed(_) => {
            let message = "The end of the request cannot be put on record.";
            (
                error("journal_failed", message, JOURNAL_FAILED),
                format!("{message} {JOURNAL_FAILED}"),
            )
        }
        Event::CancelImpossible => (
            error(
                "cancel_impossible",
                "The terminal offers no way to cancel now.",
                "Wait for the outcome, or cancel on the terminal.",
            ),
            "The terminal offers no way to cancel now; the sale goes on.".to_owned(),
        ),
        Event::NoProgress => (
            error(
                "no_progress",
                "Nothing has happened for a while.",
                "Look at the terminal's screen.",
            ),
            "Nothing has happened for a while. Look at the terminal's screen.".to_owned(),
        ),
        Event::DeviceStatus(status) => retrieved::device_status(*status),
        Event::PaymentRetrieved(found) => retrieved::payment_retrieved(*found),
        Event::PendingPayments(pending) => retrieved::pending_payments(*pending),
        Event::Unanswered(query) => {
            let message = format!("The terminal has not answered: {}.", query.name());
            let remedy = "Look at the terminal, and ask again.";
            (
                error("unanswered", &message, remedy),
                format!("{message} {remedy}"),
            )
        }
        Event::Unsolicited(unsolicited) => unsolicited_line(unsolicited),
        Event::RemoteError(remote) => {
            let message = text(remote.error_message());
            (
                error(
                    "remote_error",
                    &message,
                    "It ends nothing by itself. Look at the terminal's screen.",
                ),
                format!("The terminal reports an error: {message}"),
            )
        }
        Event::Unreadable(unreadable) => (
            unreadable_line(
                unreadable.method.map(|method| method.to_string()),
                unreadable.why.at(),
                &unreadable.why.to_string(),
            ),
            format!("A message of the terminal cannot be read: {unreadable}. {UNREADABLE}"),
        ),
        Event::Oversize { method, total } => (
            unreadable_line(
                Some(method.as_str().to_owned()).filter(|method| !method.is_empty()),
                *total,
                &format!("the message of {total} bytes is too long"),
            ),
            format!("A message of the terminal is too long: {total} bytes. {UNREADABLE}"),
        ),
        Event::Garbled(garbled) => (
            unreadable_line(None, garbled.skipped, &garbled.to_string()),
            format!("Noise on the line: {garbled}."),
        ),
        // `Event` is open; a kind that is not listed is still told.
        other => (error("event", &format!("{other:?}"), ""), String::new()),
    }
}

fn challenge(asked: &Confirmation<'_>) -> (Value, String) {
    let challenges = || asked.challenges.clone().into_iter().flatten();
    let lines: Vec<_> = challenges()
        .map(|challenge| {
            json!({
                "type": challenge.kind().map(|kind| kind.to_string()),
                "message": text(challenge.message()),
                "reason": challenge.reason().map(|reason| reason.to_string()),
            })
        })
        .collect();
    let line = json!({
        "event": "challenge",
        "payment": payment(asked.payment),
        "challenges": lines,
        "answer_within_ms": asked.answer_within.as_millis(),
        "repeated": asked.repeated,
    });
    let amount = major(asked.payment.amount().unwrap_or(0));
    let again = again(asked.repeated);
    let people = format!("The terminal asks{again} to confirm the payment of {amount}.");
    let people = challenges().fold(people, |people, challenge| {
        format!("{people}\n  {}", challenge_text(challenge))
    });
    (line, people)
}

/// What there is to decide, for people, in one line: a prompt must not look like another one.
#[must_use]
pub fn challenge_text(challenge: Challenge<'_>) -> String {
    let message = challenge.message().filter(|message| !message.is_empty());
    let kind = challenge.kind().map(|kind| kind.name());
    text(message.or(kind)).replace('\n', " ")
}

fn signature(asked: &SignatureCheck<'_>) -> (Value, String) {
    let line = json!({
        "event": "signature",
        "payment": payment(asked.payment),
        "strokes": strokes(asked.signature),
        "answer_within_ms": asked.answer_within.as_millis(),
        "repeated": asked.repeated,
    });
    let again = again(asked.repeated);
    let people = format!("The terminal asks{again} to check the customer's signature.");
    (line, people)
}

const fn again(repeated: bool) -> &'static str {
    if repeated { " again" } else { "" }
}

fn answered(answered: Answered, answerer: Answerer) -> (Value, String) {
    let question = question_name(answered.question);
    let (by, why) = match (answered.by, answerer) {
        (AnsweredBy::Deadline, _) => ("deadline", ": nobody has answered in time"),
        (AnsweredBy::Cancel, _) => ("cancel", ": the sale is being cancelled"),
        (AnsweredBy::Application, Answerer::Yes) => ("option", " (--yes)"),
        (AnsweredBy::Application, Answerer::No) => ("option", " (--no)"),
        (AnsweredBy::Application, Answerer::Person | Answerer::Nobody) => ("person", ""),
    };
    let verb = if answered.accepted {
        "accepted"
    } else {
        "rejected"
    };
    let line = json!({
        "event": "answered",
        "question": question,
        "accepted": answered.accepted,
        "by": by,
        "by_deadline": answered.by == AnsweredBy::Deadline,
    });
    (line, format!("The {question} is {verb}{why}."))
}

const fn question_name(question: Question) -> &'static str {
    match question.kind() {
        QuestionKind::Confirm => "challenge",
        QuestionKind::Signature => "signature",
    }
}

fn unreadable_line(method: Option<String>, at: usize, what: &str) -> Value {
    json!({"event": "unreadable", "method": method, "at": at, "what": what, "remedy": UNREADABLE})
}

fn disconnected(down: &Down) -> Value {
    json!({
        "event": "disconnected",
        "reason": down.to_string(),
        "remedy": down.reason.remedy(),
    })
}

fn ready(info: DiscoveryResponse<'_>) -> Value {
    json!({
        "event": "ready",
        "merchant_id": text(info.merchant_id()),
        "merchant_name": text(info.merchant_name()),
        "name": text(info.name()),
        "serial": text(info.serial()),
        "model": text(info.model()),
    })
}

fn ready_text(info: DiscoveryResponse<'_>) -> String {
    format!(
        "Ready: {} ({}), serial {}, merchant {}.",
        text(info.name()),
        text(info.model()),
        text(info.serial()),
        text(info.merchant_name()),
    )
}

fn screen_line(event: &str, screen: UiStateMessage<'_>) -> (Value, String) {
    let state = screen.ui_state().map(|state| state.to_string());
    let options: Vec<_> = screen
        .input_options()
        .into_iter()
        .flatten()
        .map(|option| {
            json!({
                "key": option.key_press().map(|key| key.to_string()),
                "description": text(option.description()),
            })
        })
        .collect();
    let shown = text(screen.ui_text());
    let people = format!("Terminal: {shown}");
    let line = json!({"event": event, "state": state, "text": shown, "options": options});
    (
        line,
        if shown.is_empty() {
            String::new()
        } else {
            people
        },
    )
}

fn unsolicited_line(told: &Unsolicited<'_>) -> (Value, String) {
    let (kind, detail, paid) = match told {
        Unsolicited::Payment(it) => ("payment", text(it.id()), Some(payment(*it))),
        Unsolicited::Credit(credit) => ("credit", text(credit.id()), None),
        Unsolicited::Refund(refund) => ("refund", text(refund.id()), None),
        Unsolicited::Cancel(info) => {
            let info = info.map(|info| info.to_string());
            ("cancel", info.unwrap_or_default(), None)
        }
        Unsolicited::StateRefused(refused) => ("state_refused", text(refused.reason()), None),
        Unsolicited::Reset(reset) => {
            let state = reset.state().map(|state| state.to_string());
            ("reset", state.unwrap_or_default(), None)
        }
        Unsolicited::Message(method) => {
            let method = method.map(|method| method.to_string());
            ("message", method.unwrap_or_default(), None)
        }
        _ => ("other", String::new(), None),
    };
    let people = match told {
        Unsolicited::Payment(it) => format!(
            "A payment that nobody asked for here: {} of {}.",
            text(it.id()),
            major(it.amount().unwrap_or(0)),
        ),
        Unsolicited::Message(Some(Method::PaymentVoided)) => {
            "The terminal has voided the payment.".to_owned()
        }
        _ => format!("Not asked for: {kind} {detail}"),
    };
    (unsolicited(kind, detail, paid), people)
}

fn unsolicited(kind: &str, detail: String, payment: Option<Value>) -> Value {
    json!({"event": "unsolicited", "kind": kind, "detail": detail, "payment": payment})
}

fn payment(payment: Payment<'_>) -> Value {
    let card = payment.card_transaction();
    json!({
        "id": opt(payment.id()),
        "external_id": opt(payment.external_payment_id()),
        "order_id": opt(payment.order().and_then(|order| order.id())),
        "amount": payment.amount(),
        "tip": payment.tip_amount(),
        "tax": payment.tax_amount(),
        "cashback": payment.cashback_amount(),
        "offline": payment.offline(),
        "result": payment.result().map(|result| result.to_string()),
        "created_ms": payment.created_time(),
        "auth_code": card.and_then(|card| card.auth_code()).map(|code| code.expose().to_string()),
        "card_type": card.and_then(|card| card.card_type()).map(|kind| kind.to_string()),
        "last4": opt(card.and_then(|card| card.last4())),
        "entry_type": card.and_then(|card| card.entry_type()).map(|entry| entry.to_string()),
    })
}

fn strokes(signature: Option<Signature<'_>>) -> usize {
    signature
        .and_then(Signature::strokes)
        .map_or(0, Iterator::count)
}

/// A text of the terminal; empty if it is not there.
fn text(text: Option<Text<'_>>) -> String {
    text.unwrap_or_default().to_string()
}

fn opt(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.to_string())
}

/// Whether what was told of a terminal says that it is a simulator.
#[must_use]
pub fn is_simulated(info: Option<&TerminalInfo>) -> bool {
    info.is_some_and(|info| info.simulated)
}

/// What to do about an end that is not on record.
const JOURNAL_FAILED: &str = "Note it, and mend the journal; the next run finds it out anew.";

/// What to do about a message that cannot be read.
const UNREADABLE: &str = "It is skipped and ends nothing; if it happens again, report it with the terminal's software version.";
