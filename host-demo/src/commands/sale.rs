//! `host-demo sale`

use std::time::{Duration, Instant};

use proto_core::pos::{ExternalId, Money as _, Refusal, ResultCode, Sale};

use super::till::{NotReached, Note, Reached, Why, reach};
use crate::cli::SaleArgs;
use crate::report::{NotStarted, Report, status, status_of};

/// How long the outcome is waited for after the first interrupt.
const AFTER_INTERRUPT: Duration = Duration::from_secs(10);

/// How long the connector may take to note what it has told.
const MOMENT: Duration = Duration::from_secs(1);

/// What the tutorial shows on the terminal before the first sale.
const WELCOME: &str = "Welcome to Clover Connector!";

pub(super) fn run(args: &SaleArgs) -> u8 {
    let report = Report::new(args.till.json);
    let requested = args.minor_units();
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
        requested: Some(requested),
        ..line
    };
    let mut sale = Sale::new(requested).external_id(&external_id);
    sale.deadline = args.deadline.map(proto_core::time::Duration::from_secs);
    // What is wrong is said before anything is connected.
    if let Err(refused) = sale.write(&mut [0; 2_048]) {
        let line = told(NotStarted::refused(&refused));
        return end(&report, line, status::USAGE);
    }
    let reached = match reach(&args.till, &report, Some(&external_id)) {
        Ok(reached) => reached,
        Err(error) => return not_reached(&report, &error, told),
    };
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
            let status = match refused.why {
                Refusal::Unsupported => status::UNSUPPORTED,
                Refusal::NotReady => status::ERROR,
                _ => status::USAGE,
            };
            let line = told(NotStarted {
                simulated,
                ..NotStarted::refused(&refused)
            });
            return end(&report, line, status);
        }
    };
    let cancel = ticket.canceller();
    let cancel = || {
        report.complain("Cancelling. Interrupt once more to end without the outcome.");
        cancel.cancel().is_ok()
    };
    match outcome(&reached, cancel) {
        Some(status) => status,
        None => {
            let message = format!(
                "Interrupted before the outcome was known. Ask the terminal for {external_id} before you charge again."
            );
            let line = told(NotStarted {
                certainty: "unknown",
                evidence: "none",
                simulated,
                ..NotStarted::not_made(ResultCode::Error, "unknown", "Interrupted", &message)
            });
            // The outcome may come in this moment; then it is the one that counts.
            let status = if report.line(&line.line()) {
                complain(&report, line);
                status::UNKNOWN
            } else {
                outcome(&reached, || true).unwrap_or(status::UNKNOWN)
            };
            // The second interrupt ends the program; there is no time for a goodbye.
            std::process::exit(status.into());
        }
    }
}

/// Waits for the outcome, which the connector's thread prints. The first interrupt cancels; the second, or ten
/// seconds without an outcome, gives up (`None`).
fn outcome(reached: &Reached, cancel: impl Fn() -> bool) -> Option<u8> {
    let mut until: Option<Instant> = None;
    loop {
        let note = match until {
            None => reached.notes.recv().ok()?,
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                reached.notes.recv_timeout(left).ok()?
            }
        };
        match note {
            Note::Outcome(summary) => return Some(status_of(&summary)),
            Note::Interrupted if until.is_some() || !cancel() => return None,
            Note::Interrupted => until = Some(Instant::now() + AFTER_INTERRUPT),
            _ => {}
        }
    }
}

fn not_reached<'a>(
    report: &Report,
    error: &'a NotReached,
    told: impl Fn(NotStarted<'a>) -> NotStarted<'a>,
) -> u8 {
    let (result, cause, reason) = match error.why {
        Why::Usage => (ResultCode::Fail, "refused", "Request Validation Error"),
        Why::Interrupted => (ResultCode::Cancel, "cancelled_pos", "Request Cancelled"),
        Why::Link => (ResultCode::Error, "link_lost", "Device Connection Error"),
        Why::Failed => (ResultCode::Error, "failed", "Cannot Start"),
    };
    let line = NotStarted::not_made(result, cause, reason, &error.message);
    end(report, told(line), error.why.status())
}

fn end(report: &Report, line: NotStarted<'_>, status: u8) -> u8 {
    report.line(&line.line());
    complain(report, line);
    status
}

fn complain(report: &Report, line: NotStarted<'_>) {
    report.complain(&format!("{}: {}", line.reason, line.message));
}
