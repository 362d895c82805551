//! What every command of a point of sale does first: reach the terminal.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use proto_core::driver::{Config, Connector, FileTokens, TokenKey, Tokens};
use proto_core::link::Down;
use proto_core::pos::{Event, Summary};
use transport_ws::{open_address, parse_address};

use crate::cli::Till;
use crate::report::{self, Report, status};
use crate::sim::{Pairing, SimulatorOptions, SimulatorThread};

/// How long a pairing may take.
const PAIRING: Duration = Duration::from_secs(180);

/// A terminal that is reached, or about to be.
pub(super) struct Reached {
    // The order counts: the connector says goodbye before the simulator ends.
    pub(super) connector: Connector,
    pub(super) notes: Receiver<Note>,
    _simulator: Option<SimulatorThread>,
}

/// What the main thread must know.
#[derive(Debug)]
pub(super) enum Note {
    Ready,
    Down(Down),
    /// It cannot become ready without a person doing something else. (A wrong pairing code is not that:
    /// the terminal shows another one.)
    Hopeless(&'static str),
    Outcome(Box<Summary>),
    Interrupted,
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
    fn because(self, message: impl Into<String>) -> NotReached {
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
) -> Result<Reached, NotReached> {
    let (notes, received) = channel();
    let simulator = match till.to.as_str() {
        "sim" => Some(simulator()?),
        _ => None,
    };
    let to = simulator
        .as_ref()
        .map_or_else(|| till.to.clone(), SimulatorThread::url);
    let address =
        parse_address(&to, till.insecure).map_err(|error| Why::Usage.because(error.to_string()))?;
    report.both(
        &report::connecting(&address.to_string(), external_id),
        &match external_id {
            Some(id) => format!("External id: {id}\nConnecting to {address}"),
            None => format!("Connecting to {address}"),
        },
    );
    let config = Config::new(till.app_id.clone())
        .name(till.pos_name.clone())
        .serial(till.serial.clone())
        .accept_simulator(till.simulator || address.is_loopback());
    let mut builder = open_address(address, config)
        .map_err(|error| Why::Failed.because(format!("No socket can be made: {error}")))?;
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
    interrupts(&notes);
    let for_thread = report.clone();
    let connector = builder
        .on_event(listener(for_thread, notes))
        // Questions are not asked by the simulator yet, and nobody is asked here: a payment that needs a
        // decision is not taken.
        .on_question(|question| question.reject())
        .map_err(|error| Why::Failed.because(error.to_string()))?;
    let reached = Reached {
        connector,
        notes: received,
        _simulator: simulator,
    };
    await_ready(&reached.notes, till.wait.map(Duration::from_secs))?;
    Ok(reached)
}

fn simulator() -> Result<SimulatorThread, NotReached> {
    let options = SimulatorOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        pairing: Pairing::Auto,
        outcomes: Vec::new(),
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
    let folders = directories::ProjectDirs::from("", "", "host-demo")?;
    let state = folders
        .state_dir()
        .unwrap_or_else(|| folders.data_local_dir());
    Some(state.join("tokens.json"))
}

/// Runs on the connector's thread: tells every event, and notes what the main thread waits for. A connection
/// that fails again for the same reason is told once.
fn listener(report: Report, notes: Sender<Note>) -> impl FnMut(&Event<'_>) + Send + 'static {
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
        if !again {
            let (line, text) = report::event(event);
            report.both(&line, &text);
        }
        note(event, &notes);
    }
}

fn note(event: &Event<'_>, notes: &Sender<Note>) {
    let note = match event {
        Event::BecameReady(_) => Note::Ready,
        Event::Disconnected(down) => Note::Down(down.clone()),
        Event::PairingTimedOut => Note::Hopeless("Nobody has typed the pairing code."),
        Event::SimulatorRefused => Note::Hopeless("This is a simulator, not a terminal."),
        Event::Outcome(outcome) => Note::Outcome(Box::new(outcome.summary.clone())),
        _ => return,
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
fn await_ready(notes: &Receiver<Note>, wait: Option<Duration>) -> Result<(), NotReached> {
    let start = Instant::now();
    let limit = wait.unwrap_or(PAIRING).max(PAIRING);
    let mut last = "The terminal did not become ready; look at its screen.".to_owned();
    loop {
        let left = limit.saturating_sub(start.elapsed());
        match notes.recv_timeout(left) {
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
            Ok(Note::Outcome(_)) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(Why::Link.because(last));
            }
        }
    }
}
