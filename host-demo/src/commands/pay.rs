//! `host-demo pay`

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use proto_core::driver::{Ensuring, Paid};
use proto_core::pos::{Certainty, ExternalId, Money as _, Refusal, Refused, Sale, WITHHELD_LEN};

use super::kept::on_record;
use super::questions::Asking;
use super::request::Request;
use super::sale::{
    AFTER_INTERRUPT, MOMENT, attend, await_earlier, manner, not_reached_line, refused_status, wrong,
};
use super::till::{Note, Reached, reach};
use crate::cli::PayArgs;
use crate::report::{NotStarted, Report, Standing, status};

/// How long what is unknown is looked into before that is the answer.
const FOUND_OUT: Duration = Duration::from_secs(60);

pub(super) fn run(args: &PayArgs) -> u8 {
    let report = Report::new(args.sale.till.json).until("paid");
    let standing = pay(args, &report);
    report.both(&standing.line(), standing.text());
    standing.status()
}

fn pay(args: &PayArgs, report: &Report) -> Standing {
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
        Standing::not_started(&line, status)
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
        // It may say that this is paid.
        Err(message) => return not_started(wrong(&message), status::ERROR).unknown(),
    };
    match Paid::by_records(&records, &sale) {
        Ok(Some(paid)) => return Standing::of(&paid),
        Ok(None) => {}
        Err(error) => return refused(&error),
    }
    let manner = match manner(args) {
        Ok(manner) => manner,
        Err(message) => return usage(&message),
    };
    let signature = manner.signature.clone();
    // An earlier attempt may have been paid: then not being able to ask says nothing.
    let in_doubt = records.iter().any(|record| !record.is_settled());
    let doubt = |standing: Standing| match in_doubt {
        true => standing.unknown(),
        false => standing,
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
    Standing::of(&paid)
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
