//! What every command of a point of sale does first: reach the terminal.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proto_core::driver::{
    Builder, Config, Connector, FileTokens, Park, PendingQuestion, TokenKey, Tokens,
};
use proto_core::link::{Down, Link};
use proto_core::model::Signature;
use proto_core::pos::{Deadlines, Event, Question, Summary};
use transport_ws::{open_address, parse_address};

use super::kept::{Earlier, open_journal};
use super::questions::on_question;
use super::usb;
use crate::cli::Till;
use crate::journal::state_folder;
use crate::report::{self, Answerer, Report, status};
use crate::signature::SignatureFile;
use crate::sim::{Pairing, SimulatorOptions, SimulatorThread};

/// How long a pairing may take.
const PAIRING: Duration = Duration::from_secs(180);

/// A terminal that is reached, or about to be.
pub(super) struct Reached {
    // The order counts: the connector says goodbye before the simulator ends.
    pub(super) connector: Connector,
    pub(super) notes: Receiver<Note>,
    /// For notes from other threads.
    pub(super) to_notes: Sender<Note>,
    /// What earlier runs have left open.
    pub(super) earlier: Earlier,
    _simulator: Option<SimulatorThread>,
}

impl Reached {
    /// What was printed is taken note of: it is not told again by the next run.
    pub(super) fn take_note(&mut self, told: &Summary) {
        self.earlier.told(told);
        // If that fails it is told once more, which is all that is promised.
        let _ = self.connector.outcome_stored(told);
    }

    /// The same for all that was told so far.
    pub(super) fn take_notes(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            if let Note::Earlier(summary) = note {
                self.take_note(&summary);
            }
        }
    }
}

/// What the main thread must know.
#[derive(Debug)]
pub(super) enum Note {
    Ready,
    Down(Down),
    /// It cannot become ready without a person doing something else. (A wrong pairing code is not that:
    /// the terminal shows another one.)
    Hopeless(&'static str),
    /// A person must answer.
    Question(PendingQuestion),
    /// A question was answered or withdrawn.
    QuestionOver(Question),
    /// A line was typed then.
    Typed(Instant, String),
    KeyboardEnded,
    /// The terminal has answered a question; whether that says what was asked for.
    Answered(bool),
    /// It has not.
    Unanswered,
    Outcome(Box<Summary>),
    /// Something was told about a request of an earlier run, or about one whose outcome was unknown.
    Earlier(Box<Summary>),
    Interrupted,
}

/// What is done about the questions and signatures of a sale.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub(super) answerer: Answerer,
    /// How long a question waits for its answer.
    pub(super) answer_within: proto_core::time::Duration,
    pub(super) signature: Keeper,
}

/// Where no questions are expected.
impl Default for Manner {
    fn default() -> Self {
        Self {
            answerer: Answerer::No,
            answer_within: Deadlines::DEFAULT.question,
            signature: Keeper::default(),
        }
    }
}

/// The file for the signature, if one is wanted; shared with the connector's thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Keeper(Arc<Mutex<Option<SignatureFile>>>);

impl Keeper {
    pub(super) fn new(file: Option<SignatureFile>) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    /// Nothing is saved any more; a file without a signature goes.
    pub(super) fn close(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> MutexGuard<'_, Option<SignatureFile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves a signature, if it is wanted.
    fn keep(&self, signature: Option<Signature<'_>>, report: &Report) {
        let mut keeper = self.lock();
        let (Some(file), Some(signature)) = (keeper.as_mut(), signature) else {
            return;
        };
        let place = file.path().display().to_string();
        match file.save(signature) {
            Ok(true) => report.say(&format!("The signature is saved in {place}.")),
            Ok(false) => {}
            Err(error) => {
                let message = format!("The signature cannot be saved in {place}: {error}.");
                let remedy = "The sale goes on; name a file in another place next time.";
                report.line(&report::error("signature_not_saved", &message, remedy));
                report.complain(&format!("{message} {remedy}"));
            }
        }
    }
}

/// The terminal was not reached, and that has been told.
#[derive(Debug)]
pub(super) struct NotReached {
    pub(super) why: Why,
    pub(super) message: String,
}

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The arguments were wrong.
    Usage,
    /// Something of this machine: a file, a socket, the simulator.
    Failed,
    /// The terminal was not there or did not become ready.
    Link,
    /// A person did not want to wait.
    Interrupted,
}

impl Why {
    pub(super) fn because(self, message: impl Into<String>) -> NotReached {
        NotReached {
            why: self,
            message: message.into(),
        }
    }

    pub(super) const fn status(self) -> u8 {
        match self {
            Self::Usage => status::USAGE,
            Self::Failed | Self::Link => status::ERROR,
            Self::Interrupted => status::CANCEL,
        }
    }
}

/// Connects, pairs and waits until the terminal takes requests.
pub(super) fn reach(
    till: &Till,
    report: &Report,
    external_id: Option<&str>,
    manner: Manner,
) -> Result<Reached, NotReached> {
    if let Some(target) = usb::target(&till.to) {
        let target = target.map_err(|error| Why::Usage.because(error))?;
        told(report, &target.to_string(), external_id);
        let builder = usb::open(target, &till.usb, config(till, false, &manner))
            .map_err(|error| Why::Usage.because(error))?;
        return start(builder, till, report, manner, None);
    }
    let simulator = match till.to.as_str() {
        "sim" => Some(simulator()?),
        _ => None,
    };
    let to = simulator
        .as_ref()
        .map_or_else(|| till.to.clone(), SimulatorThread::url);
    let address =
        parse_address(&to, till.insecure).map_err(|error| Why::Usage.because(error.to_string()))?;
    told(report, &address.to_string(), external_id);
    let config = config(till, address.is_loopback(), &manner);
    let builder = open_address(address, config)
        .map_err(|error| Why::Failed.because(format!("No socket can be made: {error}")))?;
    start(builder, till, report, manner, simulator)
}

fn told(report: &Report, to: &str, external_id: Option<&str>) {
    report.both(
        &report::connecting(to, external_id),
        &match external_id {
            Some(id) => format!("External id: {id}\nConnecting to {to}"),
            None => format!("Connecting to {to}"),
        },
    );
}

/// `here`: a simulator on this machine is always taken for a terminal.
fn config(till: &Till, here: bool, manner: &Manner) -> Config {
    Config::new(till.app_id.clone())
        .name(till.pos_name.clone())
        .serial(till.serial.clone())
        .accept_simulator(till.simulator || here)
        .deadlines(Deadlines {
            question: manner.answer_within,
            ..Deadlines::DEFAULT
        })
}

/// Starts the connector and waits until the terminal takes requests, whatever the link is.
fn start<L, P>(
    mut builder: Builder<L, P>,
    till: &Till,
    report: &Report,
    manner: Manner,
    simulator: Option<SimulatorThread>,
) -> Result<Reached, NotReached>
where
    L: Link + Send + 'static,
    P: Park + Send + 'static,
{
    let kept = open_journal(till, report).map_err(|error| Why::Failed.because(error))?;
    let (notes, received) = channel();
    let token_file = match simulator {
        // A simulator of this run has no memory of the last one.
        Some(_) => till.token_file.clone(),
        None => till.token_file.clone().or_else(default_token_file),
    };
    if let Some(file) = token_file {
        builder = builder.tokens(KeptTokens {
            file: FileTokens::new(file),
            report: report.clone(),
        });
    }
    let mut earlier = Earlier::default();
    if let Some((journal, open)) = kept {
        builder = builder.journal(journal);
        earlier = open;
    }
    interrupts(&notes);
    let answerer = manner.answerer;
    let connector = builder
        .on_event(listener(report.clone(), manner, notes.clone()))
        .on_question(on_question(answerer, report.clone(), notes.clone()))
        .map_err(|error| Why::Failed.because(error.to_string()))?;
    let mut reached = Reached {
        connector,
        notes: received,
        to_notes: notes,
        earlier,
        _simulator: simulator,
    };
    await_ready(&mut reached, till.wait.map(Duration::from_secs))?;
    Ok(reached)
}

fn simulator() -> Result<SimulatorThread, NotReached> {
    let options = SimulatorOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        pairing: Pairing::Auto,
        script: Vec::new().into(),
        allow_network: false,
    };
    SimulatorThread::start(options, |_| ())
        .map_err(|error| Why::Failed.because(format!("The simulator cannot start: {error}")))
}

/// The driver goes on when a token cannot be kept; a person should know why the next run needs a code again.
struct KeptTokens {
    file: FileTokens,
    report: Report,
}

impl Tokens for KeptTokens {
    fn load(&mut self, key: TokenKey<'_>) -> io::Result<Option<String>> {
        self.file.load(key)
    }

    fn store(&mut self, key: TokenKey<'_>, token: &str) -> io::Result<()> {
        self.file.store(key, token).inspect_err(|error| {
            let message = format!("The pairing token cannot be kept: {error}.");
            let remedy = "The next run needs a pairing code again; make the file writable, or name another one with --token-file.";
            self.report.line(&report::error("token_not_kept", &message, remedy));
            self.report.complain(&format!("{message} {remedy}"));
        })
    }

    fn forget(&mut self, key: TokenKey<'_>) -> io::Result<()> {
        self.file.forget(key)
    }
}

/// The tokens in the user's state folder.
fn default_token_file() -> Option<PathBuf> {
    Some(state_folder()?.join("tokens.json"))
}

/// Runs on the connector's thread: tells every event, and notes what the main thread waits for. A connection
/// that fails again for the same reason is told once.
fn listener(
    report: Report,
    manner: Manner,
    notes: Sender<Note>,
) -> impl FnMut(&Event<'_>) + Send + 'static {
    let mut told: Option<Down> = None;
    move |event| {
        let again = match event {
            Event::Connected(_) => {
                told = None;
                false
            }
            Event::Disconnected(down) => told.replace(down.clone()).as_ref() == Some(down),
            _ => false,
        };
        // Nothing follows an outcome, and nobody is asked what is over.
        if let Event::Outcome(outcome) = event {
            manner.signature.keep(outcome.signature, &report);
        }
        report.end_prompt(|asked| ends_question(event, asked));
        if !again {
            let (line, text) = report::event(event, manner.answerer);
            report.both(&line, &text);
        }
        if let Event::Signature(asked) = event {
            manner.signature.keep(asked.signature, &report);
        }
        note(event, &notes);
    }
}

/// Whether an event ends this question: also one of the same kind that takes its place.
fn ends_question(event: &Event<'_>, asked: Question) -> bool {
    match event {
        Event::Confirm(new) => new.question.kind() == asked.kind(),
        Event::Signature(new) => new.question.kind() == asked.kind(),
        event => question_over(event) == Some(asked),
    }
}

/// The question that an event says is over.
fn question_over(event: &Event<'_>) -> Option<Question> {
    match event {
        Event::Answered(answered) => Some(answered.question),
        Event::Withdrawn(question) => Some(*question),
        _ => None,
    }
}

fn note(event: &Event<'_>, notes: &Sender<Note>) {
    let over = question_over(event).map(Note::QuestionOver);
    let note = match event {
        Event::BecameReady(_) => Note::Ready,
        Event::Disconnected(down) => Note::Down(down.clone()),
        Event::PairingTimedOut => Note::Hopeless("Nobody has typed the pairing code."),
        Event::SimulatorRefused => Note::Hopeless("This is a simulator, not a terminal."),
        Event::DeviceStatus(_) | Event::PendingPayments(_) => Note::Answered(true),
        Event::PaymentRetrieved(found) => Note::Answered(found.payment().is_some()),
        Event::Unanswered(_) => Note::Unanswered,
        Event::Outcome(outcome) if !outcome.summary.redelivered => {
            Note::Outcome(Box::new(outcome.summary.clone()))
        }
        Event::Outcome(outcome) | Event::Resolved(outcome) => {
            Note::Earlier(Box::new(outcome.summary.clone()))
        }
        _ => match over {
            Some(over) => over,
            None => return,
        },
    };
    // Who has stopped listening has ended.
    let _ = notes.send(note);
}

fn interrupts(notes: &Sender<Note>) {
    let notes = notes.clone();
    // A second handler in one process cannot be: then interrupts end the program as usual.
    let _ = ctrlc::set_handler(move || {
        let _ = notes.send(Note::Interrupted);
    });
}

/// Waits for the terminal. A connection that cannot be made is final unless waiting was asked for; a pairing
/// takes as long as a person takes.
fn await_ready(reached: &mut Reached, wait: Option<Duration>) -> Result<(), NotReached> {
    let start = Instant::now();
    let limit = wait.unwrap_or(PAIRING).max(PAIRING);
    let mut last = "The terminal did not become ready; look at its screen.".to_owned();
    loop {
        let left = limit.saturating_sub(start.elapsed());
        match reached.notes.recv_timeout(left) {
            Ok(Note::Ready) => return Ok(()),
            Ok(Note::Interrupted) => {
                return Err(Why::Interrupted.because("Interrupted before the terminal was ready."));
            }
            Ok(Note::Hopeless(why)) => return Err(Why::Link.because(why)),
            Ok(Note::Down(down)) => {
                last = format!("{down}: {}", down.reason.remedy());
                if wait.is_none_or(|wait| start.elapsed() >= wait) {
                    return Err(Why::Link.because(last));
                }
            }
            Ok(Note::Earlier(summary)) => reached.take_note(&summary),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(Why::Link.because(last));
            }
        }
    }
}
