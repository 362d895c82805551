//! A world for scenarios: a point of sale and a terminal under a virtual clock, and a wire between them that can
//! be cut, and a transcript of everything that happens.
#![forbid(unsafe_code)]

pub mod again;
mod device;
#[path = "../firmware/src/vectors.rs"]
pub mod vectors;

use std::collections::VecDeque;

use proto_core::Role;
use proto_core::journal::{JournalFailed, Record, RecordId};
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::message::{MessageDraft, TxStateMessageDraft};
use proto_core::model::{InputOptionDraft, PaymentDraft};
use proto_core::pos::{
    self, Case, Config, Env, Memory, Missing, Money, Outcome, Pos, Question, RequestId, Sale,
    Summary,
};
use proto_core::terminal::{self, Identity, Terminal};
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::{KeyPress, PaymentResult, TxState, UiDirection, UiState};
use serde_json::Value;

pub use device::Device;

/// How the journal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalAnswer {
    /// Stored, at once.
    Yes,
    /// It cannot be stored.
    No,
    /// Nothing, until [`World::answer_journal`].
    Silence,
}

/// How the terminal pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// With a code that is typed at once, unless the token is the last one given.
    WithCode,
    /// It refuses everybody.
    Never,
    /// It says nothing.
    Silently,
}

/// What the terminal answers to a message besides what its role does: method and payload each.
type Replies = Box<dyn FnMut(&str, &Value) -> Vec<(&'static str, Value)>>;

/// What the application at the terminal does with a transaction that was started.
type Script = Box<dyn FnMut(&mut Terminal<'static>)>;

/// A point of sale, a terminal, the wire between them and the time.
pub struct World {
    /// The point of sale.
    pub pos: Pos<'static>,
    /// The terminal.
    pub terminal: Terminal<'static>,
    /// The time.
    pub now: Instant,
    /// How the journal answers.
    pub journal: JournalAnswer,
    /// How the terminal pairs.
    pub pairs: Pairs,
    /// Whether the terminal answers what happened from its own books; else it knows neither the questions nor refunds
    /// and voids, and [`on_message`](Self::on_message) answers them.
    pub truthful: bool,
    /// The outcomes that were delivered, with reason, message and payment id.
    pub outcomes: Vec<(Summary, String, String, Option<String>)>,
    /// The questions that are open or were.
    pub questions: Vec<Question>,
    /// The records that the journal has stored.
    pub stored: Vec<Record>,
    /// Messages that left, whole, `pos` or `terminal` first.
    pub wire: Vec<(&'static str, String)>,
    kind: LinkKind,
    up: bool,
    tokens: u32,
    script: Script,
    replies: Replies,
    to_pos: VecDeque<Vec<u8>>,
    to_terminal: VecDeque<Vec<u8>>,
    asked: Option<RecordId>,
    lines: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        Self::new(test_config())
    }
}

/// A point of sale that takes the simulated terminal.
#[must_use]
pub fn test_config() -> Config<'static> {
    Config {
        accept_simulator: true,
        name: "Aisle 2",
        serial: "ABC123",
        ..Config::new("com.example.test:1.0")
    }
}

fn memory(bytes: usize) -> &'static mut [u8] {
    Box::leak(vec![0; bytes].into_boxed_slice())
}

fn memory_of_pos([send, withheld, hold]: [usize; 3]) -> Memory<'static> {
    Memory {
        send: memory(send),
        withheld: memory(withheld),
        hold: memory(hold),
        cases: Box::leak(vec![Case::EMPTY; 8].into_boxed_slice()),
        receive: 65_536,
    }
}

impl World {
    /// A world with this point of sale; no link is up.
    #[must_use]
    pub fn new(config: Config<'static>) -> Self {
        Self::with_memory(config, [4_096, 4_096, 4_096])
    }

    /// The same with so much memory to send, withhold and hold.
    #[must_use]
    pub fn with_memory(config: Config<'static>, [send, withheld, hold]: [usize; 3]) -> Self {
        let identity = Identity {
            ping: None,
            ..Identity::SIMULATOR
        };
        Self::with_identity(config, identity, [send, withheld, hold])
    }

    /// The same with a terminal that says this of itself.
    #[must_use]
    pub fn with_identity(
        config: Config<'static>,
        identity: Identity<'static>,
        [send, withheld, hold]: [usize; 3],
    ) -> Self {
        Self {
            pos: Pos::new(config, memory_of_pos([send, withheld, hold])),
            terminal: Terminal::new(identity, memory(65_536)),
            now: Instant::from_millis(1_000),
            journal: JournalAnswer::Yes,
            pairs: Pairs::WithCode,
            truthful: false,
            outcomes: Vec::new(),
            questions: Vec::new(),
            stored: Vec::new(),
            wire: Vec::new(),
            kind: LinkKind::Network,
            up: false,
            tokens: 0,
            script: Box::new(|_| ()),
            replies: Box::new(|_, _| Vec::new()),
            to_pos: VecDeque::new(),
            to_terminal: VecDeque::new(),
            asked: None,
            lines: Vec::new(),
        }
    }

    /// A world in which the terminal is ready; the transcript begins after that.
    #[must_use]
    pub fn ready() -> Self {
        let mut world = Self::default();
        world.join();
        assert!(world.pos.is_ready(), "{}", world.lines.join("\n"));
        world.lines.clear();
        world
    }

    /// The same with an older terminal, which answers a void with a receipt only.
    #[must_use]
    pub fn older() -> Self {
        let identity = Identity {
            ping: None,
            void_payment_response: false,
            ..Identity::SIMULATOR
        };
        let mut world = Self::with_identity(test_config(), identity, [4_096; 3]);
        world.join();
        world
    }

    /// Decides what the terminal does with a transaction.
    pub fn on_start(&mut self, script: impl FnMut(&mut Terminal<'static>) + 'static) {
        self.script = Box::new(script);
    }

    /// Decides what the terminal answers to a message, besides what its role does by itself.
    pub fn on_message(
        &mut self,
        replies: impl FnMut(&str, &Value) -> Vec<(&'static str, Value)> + 'static,
    ) {
        self.replies = Box::new(replies);
    }

    /// The wall clock: milliseconds since 1970.
    #[must_use]
    pub fn env(&self) -> Env {
        Env {
            unix_ms: Some(UNIX_MS + self.now.as_millis()),
        }
    }

    /// Takes another kind of link from the next [`join`](Self::join) on.
    pub fn over(&mut self, kind: LinkKind) {
        self.kind = kind;
    }

    /// Brings the link up and lets everything happen.
    pub fn join(&mut self) {
        self.up = true;
        self.pos
            .handle_link_up(self.now, LinkInfo::new(self.kind, "terminal"));
        self.terminal
            .handle_link_up(self.now, LinkInfo::new(self.kind, "pos"));
        self.settle();
    }

    /// Another terminal stands at the address from the next [`join`](Self::join) on.
    pub fn replace_terminal(&mut self, identity: Identity<'static>) {
        self.terminal = Terminal::new(
            Identity {
                ping: None,
                ..identity
            },
            memory(65_536),
        );
    }

    /// Replaces the point of sale by one that has just been started: what it had in memory is gone.
    pub fn restart_pos(&mut self, config: Config<'static>) {
        if self.up {
            self.cut();
        }
        self.pos = Pos::new(config, memory_of_pos([4_096; 3]));
        self.asked = None;
    }

    /// Cuts the link; what is on the way is lost.
    pub fn cut(&mut self) {
        self.up = false;
        self.to_pos.clear();
        self.to_terminal.clear();
        let down = Down::new(DownReason::Lost, "");
        self.pos.handle_link_down(self.now, &down);
        self.terminal.handle_link_down(self.now, &down);
        self.settle();
    }

    /// Lets the time pass, each timer at its time.
    pub fn wait(&mut self, ms: u64) {
        let until = self.now.after(Duration::from_millis(ms));
        loop {
            self.settle();
            let due = [self.pos.poll_timeout(), self.terminal.poll_timeout()];
            match due.into_iter().flatten().min() {
                Some(due) if due <= until => {
                    self.now = self.now.max(due);
                    self.pos.handle_timeout(self.now);
                    self.terminal.handle_timeout(self.now);
                }
                _ => break,
            }
        }
        self.now = until;
        self.settle();
    }

    /// Asks for a sale of 10.00 under this id.
    pub fn sale(&mut self, id: &str) -> RequestId {
        self.ask(&Sale::new(1_000).external_id(id))
    }

    /// Asks for something that is not refused.
    pub fn ask(&mut self, money: &impl Money) -> RequestId {
        let request = self.pos.ask(self.now, money, self.env()).unwrap();
        self.settle();
        request
    }

    /// Sends a message of the terminal.
    pub fn tell(&mut self, draft: &dyn MessageDraft) {
        self.terminal.send(draft).unwrap();
        self.settle();
    }

    /// Puts text on the wire to the point of sale, as if the terminal had sent it.
    pub fn inject(&mut self, text: impl Into<Vec<u8>>) {
        self.to_pos.push_back(text.into());
        self.settle();
    }

    /// A command of the terminal with this payload, to be injected.
    pub fn inject_command(&mut self, method: &str, payload: &Value) {
        self.inject(command(method, payload));
    }

    /// Whether the journal has not answered yet.
    #[must_use]
    pub fn asks_journal(&self) -> bool {
        self.asked.is_some()
    }

    /// The journal answers now what it was silent about.
    pub fn answer_journal(&mut self, done: Result<(), JournalFailed>) {
        let id = self.asked.take().expect("the journal was asked");
        self.pos.journal_done(self.now, id, done);
        self.settle();
    }

    /// Compares what happened since the last time with these lines, white space aside.
    #[track_caller]
    pub fn expect(&mut self, expected: &str) {
        let happened = std::mem::take(&mut self.lines);
        let expected: Vec<_> = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert!(
            happened == expected,
            "expected:\n  {}\nhappened:\n  {}",
            expected.join("\n  "),
            happened.join("\n  ")
        );
    }

    /// What happened since the last time.
    pub fn transcript(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// The machine of the point of sale sleeps: nothing is called for so long.
    pub fn sleep(&mut self, ms: u64) {
        self.now = self.now.after(Duration::from_millis(ms));
        self.pos.handle_timeout(self.now);
        self.settle();
    }

    /// Forgets what happened.
    pub fn forget(&mut self) {
        self.lines.clear();
    }

    /// The one outcome that there was.
    #[track_caller]
    #[must_use]
    pub fn outcome(&self) -> &Summary {
        assert_eq!(self.outcomes.len(), 1, "{:?}", self.outcomes);
        &self.outcomes[0].0
    }

    /// The last outcome in words: certainty, cause and evidence.
    #[track_caller]
    #[must_use]
    pub fn told(&self) -> (&'static str, &'static str, &'static str) {
        let (summary, ..) = self.outcomes.last().expect("an outcome");
        (
            summary.certainty.name(),
            summary.cause.name(),
            summary.evidence.name(),
        )
    }

    /// What was missing to know the last outcome.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        let (summary, ..) = self.outcomes.last()?;
        summary.missing
    }

    /// Journal, events and messages, as often as one brings the other forth.
    pub fn settle(&mut self) {
        loop {
            let mut quiet = true;
            if let Some((id, record)) = self.pos.poll_journal()
                && self.asked != Some(id)
            {
                quiet = false;
                self.lines.push(format!(
                    "journal: {} {:?}",
                    record.external_id, record.state
                ));
                match self.journal {
                    JournalAnswer::Yes => {
                        self.stored.push(record.clone());
                        self.pos.journal_done(self.now, id, Ok(()));
                    }
                    JournalAnswer::No => self.pos.journal_done(self.now, id, Err(JournalFailed)),
                    JournalAnswer::Silence => self.asked = Some(id),
                }
            }
            while let Some(event) = self.pos.poll_event() {
                quiet = false;
                self.note(&event);
            }
            while let Some(event) = self.terminal.poll_event() {
                quiet = false;
                self.act(event);
            }
            if self.up
                && let Some(message) = self.pos.transmit()
            {
                quiet = false;
                let message = message.to_vec();
                self.pos.transmitted(self.now);
                self.record("pos", &message);
                self.reply(&message);
                self.to_terminal.push_back(if self.truthful {
                    message
                } else {
                    unknown_words(message)
                });
            }
            if self.up
                && let Some(message) = self.terminal.transmit()
            {
                quiet = false;
                let message = message.to_vec();
                self.terminal.transmitted(self.now);
                self.record("terminal", &message);
                self.to_pos.push_back(message);
            }
            if let Some(mut message) = self.to_terminal.pop_front() {
                quiet = false;
                if let Some(event) = self.terminal.handle_message(self.now, &mut message) {
                    let paired = self.pairing(&event);
                    if !paired {
                        self.act(event);
                    }
                }
            }
            if let Some(mut message) = self.to_pos.pop_front() {
                quiet = false;
                if let Some(event) = self.pos.handle_message(self.now, &mut message) {
                    self.note(&event);
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn reply(&mut self, message: &[u8]) {
        let envelope: Value = serde_json::from_slice(message).unwrap();
        let (Some(method), Some(payload)) =
            (envelope["method"].as_str(), envelope["payload"].as_str())
        else {
            return;
        };
        let payload = serde_json::from_str(payload).unwrap();
        for (method, payload) in (self.replies)(method, &payload) {
            let answer = command(method, &payload);
            self.record("terminal", answer.as_bytes());
            self.to_pos.push_back(answer.into_bytes());
        }
    }

    fn record(&mut self, from: &'static str, message: &[u8]) {
        let text = String::from_utf8(message.to_vec()).unwrap();
        self.lines.push(format!("{from}: {}", describe(&text)));
        self.wire.push((from, text));
    }

    fn pairing(&mut self, event: &terminal::Event<'_>) -> bool {
        let terminal::Event::PairingRequested(request) = event else {
            return false;
        };
        let token = request
            .authentication_token()
            .map(|token| token.expose().to_string());
        match self.pairs {
            Pairs::Silently => {}
            Pairs::Never => self.terminal.refuse_pairing().unwrap(),
            Pairs::WithCode => {
                if token != Some(format!("token-{}", self.tokens)) {
                    self.terminal.show_code("0427").unwrap();
                }
                self.tokens += 1;
                let token = format!("token-{}", self.tokens);
                self.terminal.accept_pairing(&token, None).unwrap();
            }
        }
        true
    }

    fn act(&mut self, event: terminal::Event<'_>) {
        if let terminal::Event::Started(_) = event {
            (self.script)(&mut self.terminal);
        }
    }

    fn note(&mut self, event: &pos::Event<'_>) {
        match event {
            pos::Event::Outcome(outcome) => self.note_outcome("outcome", outcome),
            pos::Event::Resolved(outcome) => self.note_outcome("resolved", outcome),
            pos::Event::Confirm(asked) => {
                self.questions.push(asked.question);
                self.note_question("Confirm", asked.repeated);
            }
            pos::Event::Signature(asked) => {
                self.questions.push(asked.question);
                self.note_question("Signature", asked.repeated);
            }
            other => {
                let line = format!("{other:?}");
                // Every event of every test goes through here.
                assert!(!line.contains("token-"), "a token is printed: {line}");
                let name = line.split(['(', ' ', '{']).next().unwrap_or_default();
                let detail = match other {
                    pos::Event::Unsolicited(what) => {
                        let what = format!("{what:?}");
                        let what = what.replace("Some(", "").replace([')', '('], " ");
                        format!(
                            " {}",
                            what.split_whitespace()
                                .take(2)
                                .collect::<Vec<_>>()
                                .join(" ")
                        )
                    }
                    _ => String::new(),
                };
                self.lines.push(format!("event: {name}{detail}"));
            }
        }
    }

    fn note_question(&mut self, name: &str, repeated: bool) {
        let again = if repeated { " repeated" } else { "" };
        self.lines.push(format!("event: {name}{again}"));
    }

    fn note_outcome(&mut self, told: &str, outcome: &Outcome<'_>) {
        let summary = outcome.summary.clone();
        self.lines.push(format!(
            "{told}: {} {} {} {}",
            summary.certainty.name(),
            summary.result.name(),
            summary.cause.name(),
            match summary.missing {
                Some(missing) => format!("{} missing {}", summary.evidence.name(), missing.name()),
                None => summary.evidence.name().to_owned(),
            },
        ));
        let payment = outcome.payment.and_then(|payment| payment.id());
        self.outcomes.push((
            summary,
            outcome.reason.to_string(),
            outcome.message.to_string(),
            payment.map(|id| id.to_string()),
        ));
    }
}

/// The message as a terminal reads it that knows neither what happened nor how to undo it: the test does.
fn unknown_words(message: Vec<u8>) -> Vec<u8> {
    let mut text = String::from_utf8(message).unwrap();
    for word in ["RETRIEVE_", "REFUND_REQUEST", "VOID_PAYMENT"] {
        text = text.replace(&format!("\"{word}"), &format!("\"NO_{word}"));
    }
    text.into_bytes()
}

/// A command as a terminal writes it.
fn command(method: &str, payload: &Value) -> String {
    let payload = payload.to_string();
    serde_json::json!({"id": "900", "type": "COMMAND", "method": method, "payload": payload})
        .to_string()
}

/// When the worlds begin: milliseconds since 1970.
pub const UNIX_MS: u64 = 1_700_000_000_000;

/// What a message is, in a few words, read by another JSON reader than ours.
fn describe(message: &str) -> String {
    let envelope: Value = serde_json::from_str(message).unwrap();
    let Some(method) = envelope["method"].as_str() else {
        return envelope["type"].as_str().unwrap().to_owned();
    };
    let payload: Value = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
    let words: Vec<_> = [
        "state",
        "queryStatus",
        "sendLastMessage",
        "code",
        "status",
        "uiState",
        "uiDirection",
        "txState",
        "result",
        "pairingState",
        "keyPress",
        "verified",
        "reason",
        "text",
        "requestInfo",
    ]
    .iter()
    .filter_map(|name| match &payload[*name] {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    })
    .collect();
    format!("{method} {}", words.join(" ")).trim().to_owned()
}

/// The payment of a terminal: this amount, approved.
#[must_use]
pub fn paid(id: &'static str, amount: i64) -> PaymentDraft<'static> {
    PaymentDraft {
        id: Some(id.into()),
        amount: Some(amount),
        result: Some(PaymentResult::Success),
        ..PaymentDraft::default()
    }
}

/// Starts a transaction: accepted, and the first screen with a cancel key.
pub fn begin(terminal: &mut Terminal<'_>) {
    terminal.accept_start().unwrap();
    tell_state(terminal, TxState::Start);
    let cancel = [InputOptionDraft {
        key_press: Some(KeyPress::Esc),
        description: Some("Cancel".into()),
        more: &[],
    }];
    terminal
        .screen(UiState::Start, UiDirection::Enter, "Choosing…", &cancel)
        .unwrap();
}

/// A milestone of the transaction.
pub fn tell_state(terminal: &mut Terminal<'_>, state: TxState<'static>) {
    let draft = TxStateMessageDraft {
        tx_state: Some(state),
        more: &[],
    };
    terminal.send(&draft).unwrap();
}

/// A screen that comes and goes.
pub fn screen(terminal: &mut Terminal<'_>, state: UiState<'static>) {
    terminal.screen(state, UiDirection::Enter, "", &[]).unwrap();
    terminal.screen(state, UiDirection::Exit, "", &[]).unwrap();
}
