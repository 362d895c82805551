//! `host-demo sale`

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use proto_core::pos::{
    ExternalId, Missing, Money as _, Refusal, Refused, ResultCode, WITHHELD_LEN,
};

use super::kept::Earlier;
use super::questions::{Asking, answerer};
use super::request::Request;
use super::till::{Keeper, Manner, NotReached, Note, Reached, Why, reach};
use crate::cli::SaleArgs;
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

pub(super) fn run(args: &SaleArgs) -> u8 {
    let report = Report::new(args.till.json);
    let external_id = match &args.external_id {
        // As it will be sent; a wrong one is refused below as it was given.
        Some(id) => ExternalId::new(id).map_or_else(|| id.clone(), |id| id.to_string()),
        None => match ExternalId::random() {
            Ok(id) => id.to_string(),
            Err(error) => {
                let message = format!("The system has no random numbers: {error}");
                let line = NotStarted::not_made(ResultCode::Error, "failed", "", &message);
                return end(&report, line, status::ERROR);
            }
        },
    };
    let told = |line| NotStarted {
        external_id: Some(&external_id),
        requested: Some(args.minor_units()),
        ..line
    };
    // What is wrong is said before anything is connected.
    let request = match Request::of(args) {
        Ok(request) => request,
        Err(message) => return end(&report, told(wrong(&message)), status::USAGE),
    };
    let sale = request.sale(&external_id);
    match sale.write(&mut vec![0; WITHHELD_LEN]) {
        // There is more room later.
        Ok(_)
        | Err(Refused {
            why: Refusal::Full { .. },
            ..
        }) => {}
        Err(refused) => {
            return end(&report, told(NotStarted::refused(&refused)), status::USAGE);
        }
    }
    let manner = match manner(args) {
        Ok(manner) => manner,
        Err(message) => return end(&report, told(wrong(&message)), status::USAGE),
    };
    let signature = manner.signature.clone();
    let mut reached = match reach(&args.till, &report, Some(&external_id), manner) {
        Ok(reached) => reached,
        Err(error) => return not_reached(&report, &error, told),
    };
    let mut asking = Asking::new(&report, reached.to_notes.clone());
    if let Err(error) = await_earlier(&mut reached, &mut asking, &report) {
        return not_reached(&report, &error, told);
    }
    let simulated = {
        // The terminal is ready; the connector notes that a moment after it has told it.
        let info = reached.connector.ready(MOMENT).ok();
        crate::report::is_simulated(info.as_ref())
    };
    match reached.connector.show_message(WELCOME) {
        Ok(()) => report.say(&format!("Terminal: {WELCOME}")),
        Err(refused) => report.complain(&refused.to_string()),
    }
    let ticket = match reached.connector.sale(sale) {
        Ok(ticket) => ticket,
        Err(refused) => {
            if let Refusal::Unresolved(_) = refused.why {
                report.complain(&format!(
                    "Not known: {}. `host-demo journal list --open` shows it.",
                    reached.earlier.names()
                ));
            }
            let status = refused_status(&refused);
            let line = told(NotStarted {
                simulated,
                ..NotStarted::refused(&refused)
            });
            return end(&report, line, status);
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
                "Interrupted before the outcome was known. Ask the terminal for {external_id} before you charge again."
            );
            let line = told(NotStarted {
                certainty: "unknown",
                evidence: "none",
                missing: Some(Missing::Answer.name()),
                simulated,
                ..NotStarted::not_made(ResultCode::Error, "unknown", "Interrupted", &message)
            });
            // The outcome may come in this moment; then it is the one that counts.
            let status = if report.line(&line.line()) {
                complain(&report, line);
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

fn not_reached<'a>(
    report: &Report,
    error: &'a NotReached,
    told: impl Fn(NotStarted<'a>) -> NotStarted<'a>,
) -> u8 {
    end(report, told(not_reached_line(error)), error.why.status())
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
