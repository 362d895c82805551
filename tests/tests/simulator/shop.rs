//! A shop: a point of sale and the simulator under a virtual clock, and a transcript of what they say.

use std::collections::VecDeque;

use host_demo::sim::{Pairing, Plan, Simulator};
use proto_core::Role;
use proto_core::journal::JournalFailed;
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::message::{KeyPressMessageDraft, MessageDraft};
use proto_core::pos::{
    self, Answer, Case, Env, Memory, Money, Pos, Question, QuestionKind, RequestId, Sale, Summary,
};
use proto_core::terminal::{Identity, Ledger, Memory as TerminalMemory};
use proto_core::time::{Duration, Instant};
use proto_core::wire::json::Json;
use proto_core::wire::names::KeyPress;
use proto_core::wire::{Sender, write_message};
use serde_json::Value;
use system_tests::{UNIX_MS, test_config};

/// What the merchant says to a question.
pub(crate) type Says = fn(QuestionKind) -> Option<bool>;

/// Yes to everything.
pub(crate) const YES: Says = |_| Some(true);
/// No to everything.
pub(crate) const NO: Says = |_| Some(false);
/// Nobody is there.
pub(crate) const NOTHING: Says = |_| None;

pub(crate) struct Shop {
    pub(crate) pos: Pos<'static>,
    pub(crate) sim: Simulator<'static>,
    pub(crate) now: Instant,
    pub(crate) says: Says,
    /// The questions that there were.
    pub(crate) questions: Vec<Question>,
    /// The outcomes that were delivered, the payment, credit or refund of each as JSON.
    pub(crate) outcomes: Vec<(Summary, Value)>,
    /// What was found out of a request after its outcome.
    pub(crate) resolved: Vec<Summary>,
    /// Payments that belonged to no request.
    pub(crate) unsolicited: Vec<Value>,
    /// Messages that left, whole: who sent it, and the envelope.
    pub(crate) wire: Vec<(&'static str, Value)>,
    up: bool,
    /// The id of the last message of its own: far from those of the point of sale.
    next_id: u32,
    to_pos: VecDeque<Vec<u8>>,
    to_sim: VecDeque<Vec<u8>>,
    lines: Vec<String>,
}

fn memory<T: Clone>(value: T, count: usize) -> &'static mut [T] {
    Box::leak(vec![value; count].into_boxed_slice())
}

impl Shop {
    /// A shop whose terminal is ready and acts by these outcomes, written as on the command line.
    pub(crate) fn new(outcomes: &[&str]) -> Self {
        let plans = outcomes.iter().map(|text| text.parse().unwrap());
        Self::with_plans(plans.collect(), 1)
    }

    /// The same with plans, and the seed of the simulator.
    pub(crate) fn with_plans(plans: Vec<Plan>, seed: u64) -> Self {
        Self::with_identity(Identity::SIMULATOR, plans, seed)
    }

    /// The same with another terminal.
    pub(crate) fn with_identity(identity: Identity<'static>, plans: Vec<Plan>, seed: u64) -> Self {
        let memory_of_pos = Memory {
            send: memory(0, 8_192),
            withheld: memory(0, 4_096),
            hold: memory(0, 4_096),
            cases: memory(Case::EMPTY, 8),
            receive: 65_536,
        };
        let memory_of_sim = TerminalMemory {
            send: memory(0, 131_072),
            last: memory(0, 65_536),
            books: Ledger::new(memory(None, 16)),
        };
        let mut shop = Self {
            pos: Pos::new(test_config(), memory_of_pos),
            sim: Simulator::with_identity(
                identity,
                memory_of_sim,
                Pairing::Auto,
                plans,
                seed,
                || UNIX_MS as i64,
            ),
            now: Instant::from_millis(1_000),
            says: NOTHING,
            questions: Vec::new(),
            outcomes: Vec::new(),
            resolved: Vec::new(),
            unsolicited: Vec::new(),
            wire: Vec::new(),
            up: false,
            next_id: 900,
            to_pos: VecDeque::new(),
            to_sim: VecDeque::new(),
            lines: Vec::new(),
        };
        shop.join();
        shop.wait(20);
        assert!(shop.pos.is_ready(), "{}", shop.lines.join("\n"));
        shop.lines.clear();
        shop
    }

    pub(crate) fn join(&mut self) {
        self.up = true;
        self.pos
            .handle_link_up(self.now, LinkInfo::new(LinkKind::Network, "terminal"));
        self.sim
            .handle_link_up(self.now, LinkInfo::new(LinkKind::Network, "pos"));
        self.settle();
    }

    /// Cuts the link; what is on the way is lost.
    pub(crate) fn cut(&mut self) {
        self.up = false;
        self.to_pos.clear();
        self.to_sim.clear();
        let down = Down::new(DownReason::Lost, "");
        self.pos.handle_link_down(self.now, &down);
        self.sim.handle_link_down(self.now, &down);
        self.settle();
    }

    /// Lets the time pass, each timer at its time.
    pub(crate) fn wait(&mut self, ms: u64) {
        let until = self.now.after(Duration::from_millis(ms));
        while self.advance(until) {}
        self.now = until;
        self.settle();
    }

    /// Lets the time pass until the request has ended.
    #[track_caller]
    pub(crate) fn wait_for_the_end(&mut self) {
        let before = self.outcomes.len();
        let until = self.now.after(Duration::from_secs(3_600));
        while self.outcomes.len() == before {
            assert!(self.advance(until), "no end:\n{}", self.lines.join("\n"));
        }
    }

    /// Lets the time pass until a line of the transcript begins so.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, line: &str) {
        let until = self.now.after(Duration::from_secs(600));
        while !self.lines.iter().any(|there| there.starts_with(line)) {
            assert!(self.advance(until), "no {line}:\n{}", self.lines.join("\n"));
        }
    }

    /// On to the next timer, if it is due by then.
    fn advance(&mut self, until: Instant) -> bool {
        self.settle();
        let due = [self.pos.poll_timeout(), self.sim.poll_timeout()];
        match due.into_iter().flatten().min().filter(|due| *due <= until) {
            Some(due) => {
                self.now = self.now.max(due);
                self.pos.handle_timeout(self.now);
                self.sim.handle_timeout(self.now);
                self.settle();
                true
            }
            None => false,
        }
    }

    pub(crate) fn ask(&mut self, money: &impl Money) -> RequestId {
        let env = Env {
            unix_ms: Some(UNIX_MS + self.now.as_millis()),
        };
        let request = self.pos.ask(self.now, money, env).unwrap();
        self.settle();
        request
    }

    /// A sale or the like from its start to its end, and what came of it.
    #[track_caller]
    pub(crate) fn sell(&mut self, sale: &impl Money, says: Says) -> (String, Value) {
        self.says = says;
        let request = self.ask(sale);
        self.wait_for_the_end();
        let (summary, payment) = self.outcomes.last().cloned().unwrap();
        assert_eq!(summary.request, request);
        self.pos.outcome_stored(&summary).unwrap();
        let end = format!("{} {}", summary.certainty.name(), summary.cause.name());
        (end, payment)
    }

    pub(crate) fn answer(&mut self, kind: QuestionKind, answer: Answer<'_>) {
        let asked = self.questions.iter().rev().find(|it| it.kind() == kind);
        self.pos.answer(self.now, *asked.unwrap(), answer).unwrap();
        self.settle();
    }

    /// The point of sale sends a message of its own.
    pub(crate) fn tell(&mut self, draft: &dyn MessageDraft) {
        self.next_id += 1;
        self.tell_as(self.next_id, draft);
    }

    /// The same under this message id.
    pub(crate) fn tell_as(&mut self, id: u32, draft: &dyn MessageDraft) {
        let sender = Sender {
            package_name: "test",
            application_id: None,
            source_sdk: false,
            version: 1,
        };
        let mut message = vec![0; 4_096];
        let len = write_message(&mut message, &sender, id, draft).unwrap();
        message.truncate(len);
        self.record("pos", &message);
        self.to_sim.push_back(message);
        self.settle();
    }

    pub(crate) fn press(&mut self, key: KeyPress<'_>) {
        self.tell(&KeyPressMessageDraft {
            key_press: Some(key),
            more: &[],
        });
    }

    /// What was said since the last time.
    pub(crate) fn transcript(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Compares what was said since the last time with these lines, white space aside. If the last one is an
    /// outcome, what came after it is left for the next time.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: &str) {
        let mut said = self.transcript();
        let expected: Vec<_> = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        if expected
            .last()
            .is_some_and(|line| line.starts_with("outcome"))
        {
            let is_end = |line: &String| line.starts_with("outcome");
            let end = said.iter().position(is_end).map_or(said.len(), |at| at + 1);
            self.lines = said.split_off(end);
        }
        assert!(
            said == expected,
            "expected:\n  {}\nsaid:\n  {}",
            expected.join("\n  "),
            said.join("\n  ")
        );
    }

    /// The payloads of the messages of this name that the terminal has sent, JSON in a string opened.
    pub(crate) fn told(&self, method: &str) -> Vec<Value> {
        self.wire
            .iter()
            .filter(|(from, envelope)| *from == "terminal" && envelope["method"] == method)
            .map(|(_, envelope)| payload(envelope))
            .collect()
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some((id, _)) = self.pos.poll_journal() {
                quiet = false;
                let stored: Result<(), JournalFailed> = Ok(());
                self.pos.journal_done(self.now, id, stored);
            }
            let mut asked = Vec::new();
            while let Some(event) = self.pos.poll_event() {
                quiet = false;
                self.note(event, &mut asked);
            }
            while self.sim.poll_event().is_some() {
                quiet = false;
            }
            if self.up
                && let Some(message) = self.pos.transmit()
            {
                quiet = false;
                let message = message.to_vec();
                self.pos.transmitted(self.now);
                self.record("pos", &message);
                self.to_sim.push_back(message);
            }
            if self.up
                && let Some(message) = self.sim.transmit()
            {
                quiet = false;
                let message = message.to_vec();
                self.sim.transmitted(self.now);
                self.record("terminal", &message);
                self.to_pos.push_back(message);
            }
            if let Some(mut message) = self.to_sim.pop_front() {
                quiet = false;
                let _ = self.sim.handle_message(self.now, &mut message);
            }
            if let Some(mut message) = self.to_pos.pop_front() {
                quiet = false;
                if let Some(event) = self.pos.handle_message(self.now, &mut message) {
                    self.note(event, &mut asked);
                }
            }
            for (question, answer) in asked {
                // One answer may have withdrawn the other question.
                let _ = self.pos.answer(self.now, question, answer);
            }
            if quiet {
                return;
            }
        }
    }

    fn note(&mut self, event: pos::Event<'_>, asked: &mut Vec<(Question, Answer<'static>)>) {
        let question = match &event {
            pos::Event::Confirm(confirm) => confirm.question,
            pos::Event::Signature(check) => check.question,
            pos::Event::Outcome(outcome) => {
                let payment = outcome.payment.map(|payment| payment.object().json());
                let credit = outcome.credit.map(|credit| credit.object().json());
                let refund = outcome.refund.map(|refund| refund.object().json());
                self.lines.push(format!(
                    "outcome: {} {}",
                    outcome.summary.certainty.name(),
                    outcome.summary.cause.name()
                ));
                let brought = payment.or(credit).or(refund).map_or(Value::Null, parsed);
                return self.outcomes.push((outcome.summary.clone(), brought));
            }
            pos::Event::Resolved(outcome) => return self.resolved.push(outcome.summary.clone()),
            pos::Event::Unsolicited(pos::Unsolicited::Payment(payment)) => {
                return self.unsolicited.push(parsed(payment.object().json()));
            }
            _ => return,
        };
        self.questions.push(question);
        if let Some(yes) = (self.says)(question.kind()) {
            let answer = if yes {
                Answer::Accept
            } else {
                Answer::Reject(None)
            };
            asked.push((question, answer));
        }
    }

    fn record(&mut self, from: &'static str, message: &[u8]) {
        let envelope: Value = serde_json::from_slice(message).unwrap();
        match envelope["method"].as_str() {
            None | Some("ACK") => {}
            Some(method) => {
                let line = format!("{from}: {method} {}", describe(&payload(&envelope)));
                self.lines.push(line.trim().to_owned());
            }
        }
        self.wire.push((from, envelope));
    }
}

fn parsed(json: Json<'_>) -> Value {
    serde_json::from_str(json.expose()).unwrap()
}

/// The payload of an envelope, and what is JSON in a string in it, opened.
fn payload(envelope: &Value) -> Value {
    let text = envelope["payload"].as_str().unwrap_or("{}");
    let mut payload: Value = serde_json::from_str(text).unwrap();
    for inner in ["payment", "order", "credit", "refund"] {
        if let Some(text) = payload[inner].as_str() {
            payload[inner] = serde_json::from_str(text).unwrap();
        }
    }
    payload
}

/// What a payload says, in a few words.
fn describe(payload: &Value) -> String {
    let words = [
        "uiState",
        "uiDirection",
        "txState",
        "result",
        "code",
        "status",
        "requestedTransition",
        "keyPress",
        "verified",
        "reason",
        "voidReason",
        "tipAmount",
        "cashbackAmount",
        "partialAuthAmount",
    ];
    // Some messages say the same in both.
    let twice = |name: &str| name == "status" && !payload["result"].is_null();
    let words = words.iter().filter(|name| !twice(name));
    let words = words.filter_map(|name| match &payload[*name] {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    });
    let kinds = payload["challenges"].as_array().into_iter().flatten();
    let kinds = kinds.filter_map(|challenge| challenge["type"].as_str().map(str::to_owned));
    let keys = payload["inputOptions"].as_array().into_iter().flatten();
    let keys = keys.filter_map(|key| Some(format!("[{}]", key["keyPress"].as_str()?)));
    words.chain(kinds).chain(keys).collect::<Vec<_>>().join(" ")
}

/// A sale of 10.00 under this id.
pub(crate) fn ten(id: &str) -> Sale<'_> {
    Sale::new(1_000).external_id(id)
}

/// Whether a payment has these fields.
#[track_caller]
pub(crate) fn has(payment: &Value, fields: Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(payment[name], *value, "{name} in {payment}");
    }
}
