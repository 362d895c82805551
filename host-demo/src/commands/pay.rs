//! `host-demo pay`

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use proto_core::driver::{Ensuring, Paid};
use proto_core::journal::Record;
use proto_core::pos::{
    Certainty, Ending, ExternalId, Money as _, Refusal, Refused, Sale, WITHHELD_LEN,
};

use super::kept::on_record;
use super::questions::{Asking, answerer};
use super::request::Request;
use super::sale::{
    AFTER_INTERRUPT, MOMENT, attend, await_earlier, not_reached_line, refused_status,
    signature_file, wrong,
};
use super::till::{Keeper, Manner, Note, Reached, reach};
use crate::cli::PayArgs;
use crate::report::{NotStarted, Report, Standing, status};

/// How long what is unknown is looked into before that is the answer.
const FOUND_OUT: Duration = Duration::from_secs(60);

pub(super) fn run(args: &PayArgs) -> u8 {
    let report = Report::new(args.sale.till.json).until("paid");
    let standing = pay(args, &report);
    report.both(&standing.0.line(), standing.0.text());
    standing.1
}

/// The answer, and the exit status.
fn pay(args: &PayArgs, report: &Report) -> (Standing, u8) {
    let PayArgs { retry, sale: args } = args;
    let given = args.external_id.as_deref().unwrap_or_default();
    let id = ExternalId::new(given);
    // As it will be sent; a wrong one is refused below as it was given.
    let name = id.as_ref().map_or(given, ExternalId::as_str);
    let not_started = |line: NotStarted<'_>, status| {
        let line = NotStarted {
            external_id: Some(name),
            requested: Some(args.minor_units()),
            ..line
        };
        (Standing::not_started(&line), status)
    };
    let usage = |message: &str| not_started(wrong(message), status::USAGE);
    let refused =
        |refused: &Refused| not_started(NotStarted::refused(refused), refused_status(refused));
    // What is wrong is said before anything is connected.
    let request = match Request::of(args) {
        Ok(request) => request,
        Err(message) => return usage(&message),
    };
    let sale = Sale {
        retry: *retry,
        ..request.sale(name)
    };
    match sale.write(&mut vec![0; WITHHELD_LEN]) {
        Err(error) if !matches!(error.why, Refusal::Full { .. }) => return refused(&error),
        // There is more room later.
        _ => {}
    }
    let Some(id) = &id else {
        return usage("--external-id: it is empty or too long");
    };
    // What is on record needs no terminal.
    let records = match on_record(&args.till, id) {
        Ok(records) => records,
        Err(message) => return not_started(wrong(&message), status::ERROR),
    };
    match Paid::by_records(&records, &sale) {
        Ok(Some(paid)) => return answer(&paid),
        Ok(None) => {}
        Err(error) => return refused(&error),
    }
    let signature = match signature_file(args.signature.signature_file.as_deref()) {
        Ok(file) => Keeper::new(file),
        Err(message) => return usage(&message),
    };
    let manner = Manner {
        answerer: answerer(&args.questions),
        answer_within: proto_core::time::Duration::from_secs(args.questions.answer_within),
        signature: signature.clone(),
    };
    // An earlier attempt may have been paid: then not being able to ask says nothing.
    let is_open = records.iter().any(is_open);
    let doubt = |(standing, status): (Standing, u8)| match is_open {
        true => (standing.unknown(), status::UNKNOWN),
        false => (standing, status),
    };
    let mut reached = match reach(&args.till, report, Some(name), manner) {
        Ok(reached) => reached,
        Err(error) => return doubt(not_started(not_reached_line(&error), error.why.status())),
    };
    let mut asking = Asking::new(report, reached.to_notes.clone());
    if let Err(error) = await_earlier(&mut reached, &mut asking, report) {
        return doubt(not_started(not_reached_line(&error), error.why.status()));
    }
    let ensuring = match reached.connector.ensure_paid(sale) {
        Ok(ensuring) => ensuring,
        Err(error) => return doubt(refused(&error)),
    };
    let paid = wait(ensuring, &mut reached, &mut asking, report);
    signature.close();
    answer(&paid)
}

fn answer(paid: &Paid) -> (Standing, u8) {
    let standing = Standing::of(paid);
    let status = standing.status();
    (standing, status)
}

fn is_open(record: &Record) -> bool {
    !record.ending.as_ref().is_some_and(Ending::is_settled)
}

/// Waits for what becomes of it, while the connector's thread prints what happens. The first interrupt cancels; the
/// second, or ten seconds without an outcome, gives up.
fn wait(
    ensuring: Ensuring,
    reached: &mut Reached,
    asking: &mut Asking<'_>,
    report: &Report,
) -> Paid {
    let Some(canceller) = ensuring.canceller() else {
        return ensuring.wait(MOMENT);
    };
    let mut until = None;
    let told = attend(reached, asking, &mut until, |note, _, until| {
        match note {
            Note::Outcome(told) | Note::Earlier(told)
                if Some(told.request) == ensuring.request() =>
            {
                if told.certainty != Certainty::Unknown {
                    return ControlFlow::Break(told);
                }
                report.say("That is looked into; interrupt to give up.");
                *until = Some(Instant::now() + FOUND_OUT);
            }
            Note::Interrupted if until.is_some() || canceller.cancel().is_err() => {
                *until = Some(Instant::now());
            }
            Note::Interrupted => {
                report.end_prompt(|_| true);
                report.complain("Cancelling. Interrupt once more to end without the outcome.");
                *until = Some(Instant::now() + AFTER_INTERRUPT);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    if let Some(told) = &told {
        reached.take_note(told);
    }
    // It is told to all a moment after it is noted.
    ensuring.wait_for(MOMENT)
}
