//! `host-demo sale`, `auth`, `preauth` and `manual-refund`

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use proto_core::pos::{
    Auth, ExternalId, ManualRefund, Missing, Money, PreAuth, Refusal, Refused, RequestKind,
    ResultCode, WITHHELD_LEN,
};

use super::kept::Earlier;
use super::questions::{Asking, answerer};
use super::request::Request;
use super::till::{Keeper, Manner, NotReached, Note, Reached, Why, reach};
use crate::cli::{SaleArgs, Till};
use crate::report::{NotStarted, Report, status, status_of};
use crate::signature::SignatureFile;

/// How long the outcome is waited for after the first interrupt.
pub(super) const AFTER_INTERRUPT: Duration = Duration::from_secs(10);

/// How long is waited for what was unknown before, once the terminal is there.
const FOUND_OUT: Duration = Duration::from_secs(10);

/// How long the connector may take to note what it has told.
pub(super) const MOMENT: Duration = Duration::from_secs(1);

/// What the tutorial shows on the terminal before the first sale.
const WELCOME: &str = "Welcome to Clover Connector!";

/// Takes a payment, or gives one back without there having been one.
pub(super) fn run(kind: RequestKind, args: &SaleArgs) -> u8 {
    let report = Report::new(args.till.json);
    let given = args.external_id.as_deref();
    let attempt = match Attempt::new(&report, kind, given, args.minor_units()) {
        Ok(attempt) => attempt,
        Err(status) => return status,
    };
    // What is wrong is said before anything is connected.
    let request = match Request::of(args) {
        Ok(request) => request,
        Err(message) => return attempt.end(wrong(&message), status::USAGE),
    };
    let sale = request.sale(&attempt.external_id);
    let manner = || manner(args);
    match kind {
        RequestKind::Auth => attempt.make(&args.till, manner, &Auth::new(sale)),
        RequestKind::PreAuth => attempt.make(&args.till, manner, &PreAuth::new(sale)),
        RequestKind::ManualRefund => attempt.make(&args.till, manner, &ManualRefund::new(sale)),
        _ => attempt.make(&args.till, manner, &sale),
    }
}

/// An attempt to move money, and what stands in its last line.
pub(super) struct Attempt<'r> {
    report: &'r Report,
    kind: RequestKind,
    pub(super) external_id: String,
    requested: i64,
}

impl<'r> Attempt<'r> {
    /// An attempt under the id that was given, or a new one. If there is none, the exit status.
    pub(super) fn new(
        report: &'r Report,
        kind: RequestKind,
        given: Option<&str>,
        requested: i64,
    ) -> Result<Self, u8> {
        let id = match given {
            // As it will be sent; a wrong one is refused below as it was given.
            Some(id) => Ok(ExternalId::new(id).map_or_else(|| id.to_owned(), |id| id.to_string())),
            None => ExternalId::random().map(|id| id.to_string()),
        };
        let attempt = |external_id| Self {
            report,
            kind,
            external_id,
            requested,
        };
        id.map(attempt).map_err(|error| {
            let message = format!("The system has no random numbers: {error}");
            let line = NotStarted {
                request: kind,
                ..NotStarted::not_made(ResultCode::Error, "failed", "", &message)
            };
            end(report, line, status::ERROR)
        })
    }

    fn told<'a>(&'a self, line: NotStarted<'a>) -> NotStarted<'a> {
        NotStarted {
            request: self.kind,
            external_id: Some(&self.external_id),
            requested: Some(self.requested),
            ..line
        }
    }

    /// It ends before the terminal was asked.
    pub(super) fn end(&self, line: NotStarted<'_>, status: u8) -> u8 {
        end(self.report, self.told(line), status)
    }

    fn not_reached(&self, error: &NotReached) -> u8 {
        self.end(not_reached_line(error), error.why.status())
    }

    /// Reaches the terminal, asks for it, and waits for the outcome. The exit status.
    pub(super) fn make(
        &self,
        till: &Till,
        manner: impl FnOnce() -> Result<Manner, String>,
        money: &impl Money,
    ) -> u8 {
        let report = self.report;
        match money.write(&mut vec![0; WITHHELD_LEN]) {
            // There is more room later.
            Ok(_)
            | Err(Refused {
                why: Refusal::Full { .. },
                ..
            }) => {}
            Err(refused) => return self.end(NotStarted::refused(&refused), status::USAGE),
        }
        let manner = match manner() {
            Ok(manner) => manner,
            Err(message) => return self.end(wrong(&message), status::USAGE),
        };
        let signature = manner.signature.clone();
        let mut reached = match reach(till, report, Some(&self.external_id), manner) {
            Ok(reached) => reached,
            Err(error) => return self.not_reached(&error),
        };
        let mut asking = Asking::new(report, reached.to_notes.clone());
        if let Err(error) = await_earlier(&mut reached, &mut asking, report) {
            return self.not_reached(&error);
        }
        let simulated = {
            // The terminal is ready; the connector notes that a moment after it has told it.
            let info = reached.connector.ready(MOMENT).ok();
            crate::report::is_simulated(info.as_ref())
        };
        if self.kind == RequestKind::Sale {
            match reached.connector.show_message(WELCOME) {
                Ok(()) => report.say(&format!("Terminal: {WELCOME}")),
                Err(refused) => report.complain(&refused.to_string()),
            }
        }
        let ticket = match reached.connector.ask(money) {
            Ok(ticket) => ticket,
            Err(refused) => {
                if let Refusal::Unresolved(_) = refused.why {
                    report.complain(&format!(
                        "Not known: {}. `host-demo journal list --open` shows it.",
                        reached.earlier.names()
                    ));
                }
                let line = NotStarted {
                    simulated,
                    ..NotStarted::refused(&refused)
                };
                return self.end(line, refused_status(&refused));
            }
        };
        let cancel = ticket.canceller();
        let cancel = || {
            // A cancel rejects what is asked.
            report.end_prompt(|_| true);
            report.complain("Cancelling. Interrupt once more to end without the outcome.");
            cancel.cancel().is_ok()
        };
        match outcome(&mut reached, &mut asking, cancel) {
            Some(status) => status,
            None => {
                let message = format!(
                    "Interrupted before the outcome was known. Ask the terminal for {} before you charge again.",
                    self.external_id
                );
                let line = self.told(NotStarted {
                    certainty: "unknown",
                    evidence: "none",
                    missing: Some(Missing::Answer.name()),
                    simulated,
                    ..NotStarted::not_made(ResultCode::Error, "unknown", "Interrupted", &message)
                });
                // The outcome may come in this moment; then it is the one that counts.
                let status = if report.line(&line.line()) {
                    complain(report, line);
                    status::UNKNOWN
                } else {
                    outcome(&mut reached, &mut asking, || true).unwrap_or(status::UNKNOWN)
                };
                // The second interrupt ends the program; there is no time for a goodbye.
                signature.close();
                std::process::exit(status.into());
            }
        }
    }
}

/// Waits until it is told what became of the requests that earlier runs left open: until then the terminal takes no
/// other. One that was unknown before may stay so.
pub(super) fn await_earlier(
    reached: &mut Reached,
    asking: &mut Asking<'_>,
    report: &Report,
) -> Result<(), NotReached> {
    let limit = |earlier: &Earlier| (!earlier.is_untold()).then(|| Instant::now() + FOUND_OUT);
    if reached.earlier.is_over() {
        return Ok(());
    }
    report.say("Waiting until that is known. Interrupt to give up.");
    let mut until = limit(&reached.earlier);
    let over = attend(reached, asking, &mut until, |note, earlier, until| {
        match note {
            Note::Interrupted => return ControlFlow::Break(false),
            Note::Earlier(_) if earlier.is_over() => return ControlFlow::Break(true),
            Note::Earlier(_) => *until = until.or(limit(earlier)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    if over == Some(false) {
        let message = "Interrupted before it was known what became of an earlier request.";
        return Err(Why::Interrupted.because(message));
    }
    Ok(())
}

/// Waits for the outcome, which the connector's thread prints. The first interrupt cancels; the second, or ten
/// seconds without an outcome, gives up (`None`).
fn outcome(
    reached: &mut Reached,
    asking: &mut Asking<'_>,
    cancel: impl Fn() -> bool,
) -> Option<u8> {
    let summary = attend(reached, asking, &mut None, |note, _, until| {
        match note {
            Note::Outcome(summary) => return ControlFlow::Break(Some(summary)),
            Note::Interrupted if until.is_some() || !cancel() => return ControlFlow::Break(None),
            Note::Interrupted => *until = Some(Instant::now() + AFTER_INTERRUPT),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let summary = summary??;
    reached.take_note(&summary);
    Some(status_of(&summary))
}

/// Takes notes until one ends the waiting, or the time is up that `take` may set (`None`), and asks what the terminal
/// asks in the meantime.
pub(super) fn attend<T>(
    reached: &mut Reached,
    asking: &mut Asking<'_>,
    until: &mut Option<Instant>,
    mut take: impl FnMut(Note, &Earlier, &mut Option<Instant>) -> ControlFlow<T>,
) -> Option<T> {
    loop {
        let due = [*until, asking.next_reminder()];
        let note = match due.into_iter().flatten().min() {
            None => reached.notes.recv().ok()?,
            Some(due) => {
                let left = due.saturating_duration_since(Instant::now());
                match reached.notes.recv_timeout(left) {
                    Ok(note) => note,
                    Err(RecvTimeoutError::Timeout) if *until != Some(due) => {
                        asking.remind();
                        continue;
                    }
                    Err(_) => return None,
                }
            }
        };
        match note {
            Note::Question(pending) => asking.ask(pending),
            Note::QuestionOver(question) => asking.over(question),
            Note::Typed(at, line) => asking.typed(at, &line),
            Note::KeyboardEnded => asking.keyboard_ended(),
            note => {
                if let Note::Earlier(summary) = &note {
                    reached.take_note(summary);
                }
                if let ControlFlow::Break(done) = take(note, &reached.earlier, until) {
                    return Some(done);
                }
            }
        }
    }
}

/// What these arguments say about questions and signatures.
pub(super) fn manner(args: &SaleArgs) -> Result<Manner, String> {
    Ok(Manner {
        answerer: answerer(&args.questions),
        answer_within: proto_core::time::Duration::from_secs(args.questions.answer_within),
        signature: Keeper::new(signature_file(args.signature.signature_file.as_deref())?),
    })
}

fn signature_file(path: Option<&Path>) -> Result<Option<SignatureFile>, String> {
    let Some(path) = path else {
        return Ok(None);
    };
    let place = path.display();
    SignatureFile::new(path)
        .map(Some)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                format!(
                    "--signature-file: {place} exists, and is not overwritten; name another one"
                )
            }
            _ => format!("--signature-file: {place} cannot be made: {error}"),
        })
}

pub(super) fn wrong(message: &str) -> NotStarted<'_> {
    NotStarted::not_made(
        ResultCode::Fail,
        "refused",
        "Request Validation Error",
        message,
    )
}

pub(super) fn not_reached_line(error: &NotReached) -> NotStarted<'_> {
    let (result, cause, reason) = match error.why {
        Why::Usage => (ResultCode::Fail, "refused", "Request Validation Error"),
        Why::Interrupted => (ResultCode::Cancel, "cancelled_pos", "Request Cancelled"),
        Why::Link => (ResultCode::Error, "link_lost", "Device Connection Error"),
        Why::Failed => (ResultCode::Error, "failed", "Cannot Start"),
    };
    NotStarted::not_made(result, cause, reason, &error.message)
}

/// The exit status for a request that was refused.
pub(super) const fn refused_status(refused: &Refused) -> u8 {
    match refused.why {
        Refusal::Unsupported => status::UNSUPPORTED,
        Refusal::NotReady => status::ERROR,
        _ => status::USAGE,
    }
}

fn end(report: &Report, line: NotStarted<'_>, status: u8) -> u8 {
    report.line(&line.line());
    complain(report, line);
    status
}

fn complain(report: &Report, line: NotStarted<'_>) {
    report.complain(&format!("{}: {}", line.reason, line.message));
}
