//! `host-demo status`, `payment` and `pending`: questions that change nothing.

use std::ops::ControlFlow;

use proto_core::driver::Connector;
use proto_core::pos::{ExternalId, Refused};

use super::questions::Asking;
use super::sale::{attend, await_earlier, refused_status};
use super::till::{Manner, NotReached, Note, Reached, reach};
use crate::cli::{PaymentArgs, Till};
use crate::report::{self, Report, status};

pub(super) fn device_status(till: &Till) -> u8 {
    ask(till, None, |connector| {
        connector.retrieve_device_status(false)
    })
}

pub(super) fn payment(args: &PaymentArgs) -> u8 {
    let Some(id) = ExternalId::new(&args.external_id) else {
        let report = Report::new(args.till.json);
        let message = "--external-id: it is empty or too long";
        return refused(&report, message, status::USAGE);
    };
    ask(&args.till, Some(&id), |connector| {
        connector.retrieve_payment(&id)
    })
}

pub(super) fn pending(till: &Till) -> u8 {
    ask(till, None, Connector::retrieve_pending_payments)
}

/// Reaches the terminal and asks it; the connector's thread prints the answer.
fn ask(
    till: &Till,
    id: Option<&ExternalId>,
    question: impl FnOnce(&Connector) -> Result<(), Refused>,
) -> u8 {
    let report = Report::new(till.json);
    match answer(till, id, question, &report) {
        Ok(status) => status,
        Err(error) => {
            report.line(&report::error("not_reached", &error.message, ""));
            report.complain(&error.message);
            error.why.status()
        }
    }
}

fn answer(
    till: &Till,
    id: Option<&ExternalId>,
    question: impl FnOnce(&Connector) -> Result<(), Refused>,
    report: &Report,
) -> Result<u8, NotReached> {
    let id = id.map(ExternalId::as_str);
    let mut reached = reach(till, report, id, Manner::default())?;
    let mut asking = Asking::new(report, reached.to_notes.clone());
    // What earlier runs have left open is found out first: the same terminal is asked for it.
    await_earlier(&mut reached, &mut asking, report)?;
    if let Err(error) = question(&reached.connector) {
        return Ok(refused(report, error.message, refused_status(&error)));
    }
    Ok(wait(&mut reached, &mut asking))
}

fn wait(reached: &mut Reached, asking: &mut Asking<'_>) -> u8 {
    let status = attend(reached, asking, &mut None, |note, _, _| match note {
        Note::Answered(true) => ControlFlow::Break(status::OK),
        Note::Answered(false) => ControlFlow::Break(status::UNKNOWN),
        Note::Unanswered => ControlFlow::Break(status::ERROR),
        Note::Interrupted => ControlFlow::Break(status::CANCEL),
        _ => ControlFlow::Continue(()),
    });
    status.unwrap_or(status::ERROR)
}

fn refused(report: &Report, message: &str, status: u8) -> u8 {
    report.line(&report::error("refused", message, ""));
    report.complain(message);
    status
}
