//! `host-demo refund` and `host-demo void`

use proto_core::pos::{RefundPayment, RequestKind, VoidPayment};
use proto_core::time::Duration;
use proto_core::wire::names::VoidReason;

use super::kept::made_under;
use super::request::{off, pairs};
use super::sale::{Attempt, wrong};
use super::till::Manner;
use crate::cli::sale::Who;
use crate::cli::undo::{RefundArgs, UndoArgs, VoidArgs, Why};
use crate::report::{Report, status};

pub(super) fn refund(args: &RefundArgs) -> u8 {
    let amount = args.amount.or(args.minor);
    let requested = amount.unwrap_or(0);
    undo(
        &args.undo,
        RequestKind::Refund,
        requested,
        |attempt, parts| {
            let refund = RefundPayment {
                order_id: args.undo.order.as_deref(),
                amount,
                external_id: &attempt.external_id,
                original: parts.original,
                disable_printing: parts.disable_printing,
                disable_receipt_selection: parts.disable_receipt_selection,
                extras: parts.extras,
                deadline: parts.deadline,
                ..RefundPayment::full(&args.undo.payment)
            };
            attempt.make(&args.undo.till, || Ok(Manner::default()), &refund)
        },
    )
}

pub(super) fn void(args: &VoidArgs) -> u8 {
    undo(&args.undo, RequestKind::Void, 0, |attempt, parts| {
        let void = VoidPayment {
            order_id: args.undo.order.as_deref(),
            external_id: &attempt.external_id,
            original: parts.original,
            disable_printing: parts.disable_printing,
            disable_receipt_selection: parts.disable_receipt_selection,
            extras: parts.extras,
            deadline: parts.deadline,
            ..VoidPayment::new(&args.undo.payment, reason(args.reason))
        };
        attempt.make(&args.undo.till, || Ok(Manner::default()), &void)
    })
}

/// The parts that both have and that are not in the arguments as they are sent.
struct Parts<'a> {
    original: Option<&'a str>,
    disable_printing: Option<bool>,
    disable_receipt_selection: Option<bool>,
    extras: &'a [(&'a str, &'a str)],
    deadline: Option<Duration>,
}

fn undo(
    args: &UndoArgs,
    kind: RequestKind,
    requested: i64,
    make: impl FnOnce(&Attempt<'_>, &Parts<'_>) -> u8,
) -> u8 {
    let report = Report::new(args.till.json);
    let given = args.external_id.as_deref();
    let attempt = match Attempt::new(&report, kind, given, requested) {
        Ok(attempt) => attempt,
        Err(status) => return status,
    };
    let extras = match pairs("extra", &args.extra) {
        Ok(extras) => extras,
        Err(message) => return attempt.end(wrong(&message), status::USAGE),
    };
    // Without it a lost answer ends in an unknown outcome; the journal may know it.
    let original = match &args.original {
        Some(original) => Some(original.clone()),
        None => match made_under(&args.till, &args.payment) {
            Ok(original) => original.map(|id| id.to_string()),
            Err(message) => return attempt.end(wrong(&message), status::ERROR),
        },
    };
    let parts = Parts {
        original: original.as_deref(),
        disable_printing: args.receipt.print.map(|who| who == Who::Pos),
        disable_receipt_selection: off(args.receipt.receipt_screen),
        extras: &extras,
        deadline: args.deadline.map(Duration::from_secs),
    };
    make(&attempt, &parts)
}

const fn reason(why: Why) -> VoidReason<'static> {
    match why {
        Why::Cancel => VoidReason::UserCancel,
        Why::CustomerCancel => VoidReason::UserCustomerCancel,
        Why::Fraud => VoidReason::Fraud,
        Why::Failed => VoidReason::Failed,
    }
}
