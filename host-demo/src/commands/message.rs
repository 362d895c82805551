//! `host-demo message`

use super::till::{Manner, reach};
use crate::cli::MessageArgs;
use crate::report::{self, Report, status};

pub(super) fn run(args: &MessageArgs) -> u8 {
    let report = Report::new(args.till.json);
    let mut reached = match reach(&args.till, &report, None, Manner::default()) {
        Ok(reached) => reached,
        Err(error) => {
            report.line(&report::error("not_reached", &error.message, ""));
            report.complain(&error.message);
            return error.why.status();
        }
    };
    let shown = reached.connector.show_message(&args.text);
    reached.take_notes();
    match shown {
        Ok(()) => {
            report.say("Shown.");
            status::OK
        }
        Err(refused) => {
            report.line(&report::error("refused", refused.message, ""));
            report.complain(&refused.to_string());
            status::USAGE
        }
    }
}
