//! Scripts: what a simulated terminal and its link do, as a TOML file. `host-demo terminal --script` runs one over a
//! real link, and the simulated world (`world --script`) under a virtual clock.
//!
//! ```toml
//! # What an integrator learns from it, in a sentence.
//! about = "A tip arrives with the payment, and the answer comes twice."
//! # How long each step at the terminal takes, e.g. a screen (10).
//! step-ms = 10
//!
//! # What becomes of one transaction after the other; the last one goes for all that follow.
//! [[transaction]]
//! outcome = "tip:1.50+signature"   # as `host-demo terminal --outcome` takes it: the end, screens and challenges
//! step-ms = 20                     # other times for this one
//! bank-ms = 5000                   # how long the bank takes
//! upload-ms = 60000                # when a payment that was taken offline is sent to the bank
//!
//! # What goes wrong, once each.
//! [[fault]]
//! method = "FINISH_OK"             # at the first message of this method,
//! nth = 2                          # or a later one; or at `message = 12`, the twelfth, or at `byte = 4000`, the one
//!                                  # that holds this byte: both directions counted, over all connections
//! what = "cut"
//! ```
//!
//! | `what`           | what happens | with |
//! |------------------|--------------|------|
//! | `cut`            | the link is lost, and the message with it | `ms`: for how long (1000); `arrives = true`: the message still arrives |
//! | `stall`          | nothing passes, in both directions | `ms` (20000) |
//! | `delay`          | the message comes late, and all behind it | `ms` (20000) |
//! | `duplicate`      | the message arrives twice | |
//! | `lose`           | the message is lost, the link stays | |
//! | `garble`         | the message arrives cut in the middle | |
//! | `reorder`        | the link is lost, and the message is the first on the next connection | `ms` (1000) |
//! | `restart`        | the terminal fails and starts again; its books stay | `ms` (5000) |
//! | `other-terminal` | another terminal stands at the address | `ms`: for how long (30000) |
//! | `unasked`        | the terminal says something behind it that nobody asked for | `send`: a method; `payload`: its JSON as text |
//!
//! That somebody else's payment is told is an outcome, `wrong-id`. A message that is sent in pieces is as many
//! messages. What the script does not say goes well.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use proto_core::time::Duration;
use serde::Deserialize;
use toml::Spanned;

use super::plan::Plan;

/// A ready one: its name and text.
macro_rules! ready {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../scripts/", $name, ".toml")),
        )
    };
}

/// What a simulated terminal and its link do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// What an integrator learns from it.
    pub about: String,
    /// What becomes of one transaction after the other.
    pub plans: Vec<Plan>,
    /// What goes wrong on the link.
    pub faults: Faults,
}

impl Script {
    /// Those that are here already: their names and texts.
    pub const READY: [(&'static str, &'static str); 15] = [
        ready!("answer-lost"),
        ready!("answer-late"),
        ready!("answer-twice"),
        ready!("answer-after-reconnect"),
        ready!("answer-garbled"),
        ready!("answer-stalled"),
        ready!("start-unconfirmed"),
        ready!("cable-pulled"),
        ready!("cut-at-a-byte"),
        ready!("cut-at-a-message"),
        ready!("other-terminal"),
        ready!("restart"),
        ready!("somebody-else"),
        ready!("two-questions"),
        ready!("wrong-id"),
    ];

    /// The one of this name, or in this file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no script; with the line.
    pub fn load(place: &str) -> Result<Self, String> {
        if let Some((_, text)) = Self::READY.iter().find(|(name, _)| *name == place) {
            return Self::parse(text).map_err(|error| format!("{place}: {error}"));
        }
        let text = std::fs::read_to_string(Path::new(place)).map_err(|error| {
            let names = Self::READY.map(|(name, _)| name).join(", ");
            format!("{error}; it is no ready one either: {names}")
        })?;
        Self::parse(&text).map_err(|error| error.to_string())
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong, and in which line.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let wrong = |span: Range<usize>, what: String| ScriptError::at(text, span.start, what);
        let file: File = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            wrong(span, error.message().to_owned())
        })?;
        let mut plans = Vec::new();
        for transaction in file.transactions {
            let outcome = transaction.outcome;
            let span = outcome.span();
            let plan: Plan = match outcome.into_inner().parse() {
                Ok(plan) => plan,
                Err(error) => return Err(wrong(span, format!("{error}"))),
            };
            let ms = |ms: Option<u64>, default| ms.map_or(default, Duration::from_millis);
            plans.push(Plan {
                step: ms(transaction.step_ms.or(file.step_ms), plan.step),
                bank: ms(transaction.bank_ms, plan.bank),
                upload: ms(transaction.upload_ms, plan.upload),
                ..plan
            });
        }
        if plans.is_empty() {
            plans.push(Plan {
                step: file.step_ms.map_or(Plan::STEP, Duration::from_millis),
                ..Plan::default()
            });
        }
        let mut faults = Vec::new();
        for fault in file.faults {
            let span = fault.span();
            match fault.into_inner().check() {
                Ok(fault) => faults.push(fault),
                Err(why) => return Err(wrong(span, why)),
            }
        }
        Ok(Self {
            about: file.about,
            plans,
            faults: Faults::new(faults),
        })
    }
}

impl From<Vec<Plan>> for Script {
    /// These transactions, over a link that does what it should.
    fn from(plans: Vec<Plan>) -> Self {
        Self {
            plans,
            ..Self::default()
        }
    }
}

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl ScriptError {
    fn at(text: &str, offset: usize, what: String) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { line, what }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ScriptError {}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// At which message.
    pub when: When,
    /// What happens.
    pub what: What,
}

/// At which message something goes wrong. Both directions are counted, over all connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The message with this number, from 1 on.
    Message(u32),
    /// The message that holds this byte, from 1 on.
    Byte(u64),
    /// So many more messages of this method.
    Method(String, u32),
}

/// What goes wrong. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The link is lost; the message too, or not.
    Cut {
        /// Whether the message still arrives.
        arrives: bool,
        /// How long the link stays down.
        down: u64,
    },
    /// Nothing passes for so long.
    Stall(u64),
    /// The message arrives so much later than it should, and all behind it.
    Delay(u64),
    /// The message arrives twice.
    Duplicate,
    /// The message is lost in the terminal or in the point of sale: a buffer too small, a bug.
    Lose,
    /// The message arrives cut: it cannot be read.
    Garble,
    /// The link is lost for so long, and the message arrives first thing on the next connection.
    Reorder(u64),
    /// The terminal fails and starts again after so long.
    Restart(u64),
    /// The link is lost, and another terminal stands at the address for so long.
    OtherTerminal(u64),
    /// The terminal says this, which nobody asked for.
    Unasked(Vec<u8>),
}

/// What goes wrong on a link, each thing once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    list: Vec<Fault>,
    messages: u32,
    bytes: u64,
}

impl Faults {
    /// These.
    #[must_use]
    pub const fn new(list: Vec<Fault>) -> Self {
        Self {
            list,
            messages: 0,
            bytes: 0,
        }
    }

    /// Whether nothing goes wrong any more.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A message passes: what goes wrong with it. Of several things that are due, the others go wrong with those
    /// that follow.
    pub fn passes(&mut self, message: &[u8]) -> Option<What> {
        if self.is_empty() {
            return None;
        }
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(message.len() as u64);
        let method = method(message);
        let mut due = None;
        for (at, fault) in self.list.iter_mut().enumerate() {
            let is_due = match &mut fault.when {
                When::Message(number) => *number <= self.messages,
                When::Byte(byte) => *byte <= self.bytes,
                When::Method(name, left) => {
                    let is_it = method.as_deref() == Some(name.as_str());
                    *left = left.saturating_sub(u32::from(is_it));
                    *left == 0
                }
            };
            if is_due && due.is_none() {
                due = Some(at);
            }
        }
        due.map(|at| self.list.remove(at).what)
    }
}

fn method(message: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        method: Option<String>,
    }
    let envelope: Envelope = serde_json::from_slice(message).ok()?;
    envelope.method
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    about: String,
    step_ms: Option<u64>,
    #[serde(default, rename = "transaction")]
    transactions: Vec<Transaction>,
    #[serde(default, rename = "fault")]
    faults: Vec<Spanned<FaultTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Transaction {
    outcome: Spanned<String>,
    step_ms: Option<u64>,
    bank_ms: Option<u64>,
    upload_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultTable {
    message: Option<u32>,
    byte: Option<u64>,
    method: Option<String>,
    nth: Option<u32>,
    what: Kind,
    ms: Option<u64>,
    arrives: Option<bool>,
    send: Option<String>,
    payload: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Cut,
    Stall,
    Delay,
    Duplicate,
    Lose,
    Garble,
    Reorder,
    Restart,
    OtherTerminal,
    Unasked,
}

impl FaultTable {
    fn check(self) -> Result<Fault, String> {
        let when = match (self.message, self.byte, self.method) {
            (Some(1..), None, None) | (None, Some(1..), None) | (None, None, Some(_))
                if self.nth == Some(0) =>
            {
                return Err("`nth` is counted from 1 on".to_owned());
            }
            (Some(number @ 1..), None, None) => When::Message(number),
            (None, Some(byte @ 1..), None) => When::Byte(byte),
            (None, None, Some(method)) => When::Method(method, self.nth.unwrap_or(1)),
            (Some(0), None, None) | (None, Some(0), None) => {
                return Err("messages and bytes are counted from 1 on".to_owned());
            }
            _ => {
                return Err(
                    "a fault is at one of `message`, `byte` and `method`, and at one only"
                        .to_owned(),
                );
            }
        };
        if self.nth.is_some() && !matches!(when, When::Method(..)) {
            return Err("`nth` is about a `method`".to_owned());
        }
        let kind = self.what;
        let timed = !matches!(
            kind,
            Kind::Duplicate | Kind::Lose | Kind::Garble | Kind::Unasked
        );
        if self.ms.is_some() && !timed {
            return Err("this fault takes no time: `ms` means nothing here".to_owned());
        }
        if self.arrives.is_some() && kind != Kind::Cut {
            return Err("`arrives` is about `cut`".to_owned());
        }
        if (self.send.is_some() || self.payload.is_some()) && kind != Kind::Unasked {
            return Err("`send` and `payload` are about `unasked`".to_owned());
        }
        let ms = |default| self.ms.unwrap_or(default);
        let what = match kind {
            Kind::Cut => What::Cut {
                arrives: self.arrives == Some(true),
                down: ms(1_000),
            },
            Kind::Stall => What::Stall(ms(20_000)),
            Kind::Delay => What::Delay(ms(20_000)),
            Kind::Duplicate => What::Duplicate,
            Kind::Lose => What::Lose,
            Kind::Garble => What::Garble,
            Kind::Reorder => What::Reorder(ms(1_000)),
            Kind::Restart => What::Restart(ms(5_000)),
            Kind::OtherTerminal => What::OtherTerminal(ms(30_000)),
            Kind::Unasked => {
                let method = self.send.ok_or("`unasked` needs `send`, a method")?;
                let payload = self.payload.unwrap_or_else(|| "{}".to_owned());
                serde_json::from_str::<serde::de::IgnoredAny>(&payload)
                    .map_err(|error| format!("`payload` is no JSON: {error}"))?;
                What::Unasked(unasked(&method, &payload))
            }
        };
        Ok(Fault { when, what })
    }
}

/// A message of the terminal that nobody asked for.
#[must_use]
pub fn unasked(method: &str, payload: &str) -> Vec<u8> {
    serde_json::json!({"id": "77", "type": "COMMAND", "method": method, "payload": payload})
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, says) in [
            ("about = 1", 1, "string"),
            ("", 1, "about"),
            ("about = \"\"\nabuot = \"\"", 2, "abuot"),
            (
                "about = \"\"\n[[transaction]]\noutcome = \"aprove\"",
                3,
                "no outcome",
            ),
            ("about = \"\"\n\n[[fault]]\nwhat = \"cut\"", 3, "at one of"),
            (
                "about = \"\"\n[[fault]]\nmessage = 0\nwhat = \"cut\"",
                2,
                "from 1 on",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nbyte = 2\nwhat = \"cut\"",
                2,
                "one only",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nnth = 2\nwhat = \"cut\"",
                2,
                "`nth`",
            ),
            (
                "about = \"\"\n[[fault]]\nmethod = \"ACK\"\nnth = 0\nwhat = \"cut\"",
                2,
                "`nth`",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nwhat = \"bite\"",
                4,
                "bite",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nwhat = \"lose\"\nms = 1",
                2,
                "`ms`",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nwhat = \"lose\"\narrives = true",
                2,
                "`arrives`",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nwhat = \"unasked\"",
                2,
                "`send`",
            ),
            (
                "about = \"\"\n[[fault]]\nmessage = 1\nwhat = \"unasked\"\nsend = \"A\"\npayload = \"{\"",
                2,
                "no JSON",
            ),
        ] {
            let error = Script::parse(text).unwrap_err();
            assert!(error.what.contains(says), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }

    #[test]
    fn a_fault_comes_once_at_its_message() {
        let text = |method: &str| unasked(method, "{}");
        let at = |fault: &str| {
            let text = format!("about = \"\"\n[[fault]]\nwhat = \"lose\"\n{fault}");
            Script::parse(&text).unwrap().faults
        };
        let passes = |mut faults: Faults| {
            ["ACK", "FINISH_OK", "ACK", "ACK"].map(|method| faults.passes(&text(method)).is_some())
        };
        let length = text("ACK").len();
        assert_eq!(passes(at("message = 3")), [false, false, true, false]);
        assert_eq!(
            passes(at("method = \"ACK\"\nnth = 2")),
            [false, false, true, false]
        );
        assert_eq!(
            passes(at("method = \"FINISH_OK\"")),
            [false, true, false, false]
        );
        assert_eq!(
            passes(at(&format!("byte = {length}"))),
            [true, false, false, false]
        );
        assert_eq!(
            passes(at(&format!("byte = {}", length + 1))),
            [false, true, false, false]
        );
    }

    #[test]
    fn every_ready_script_can_be_read_and_says_what_it_teaches() {
        for (name, text) in Script::READY {
            let script = Script::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(script.about.ends_with('.'), "{name}");
            assert_eq!(Script::load(name).unwrap(), script);
        }
        let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts"));
        assert_eq!(shipped.unwrap().count(), Script::READY.len());
    }
}
