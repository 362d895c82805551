//! The judgement at the end: the terminal's books against what the clerk was told.

use std::collections::BTreeMap;

use proto_core::journal::RecordState;
use proto_core::pos::RequestKind;

use crate::clerk::{Attempt, Belief, Clerk};
use crate::disk::Disk;
use crate::rule::Rule;

/// What a terminal did, by its books.
#[derive(Debug, Clone)]
pub(crate) struct Booked {
    /// The terminal's id.
    pub(crate) id: String,
    /// The point of sale's id.
    pub(crate) external_id: String,
    /// How much.
    pub(crate) amount: i64,
    /// The tip.
    pub(crate) tip: i64,
    /// Whether the money moved and was not voided.
    pub(crate) charged: bool,
    /// Whether it was voided.
    pub(crate) voided: bool,
    /// Whether that was because the clerk had asked for it.
    pub(crate) by_request: bool,
    /// What was given back of it: id and amount.
    pub(crate) refunds: Vec<(String, i64)>,
}

/// Judges the end of a schedule.
pub(crate) fn judge(
    clerk: &Clerk,
    disk: &Disk,
    books: &[Booked],
    broken: &mut Vec<(Rule, String)>,
) {
    let last = disk.last();
    let recorded: BTreeMap<&str, _> = last
        .values()
        .map(|record| (record.external_id.as_str(), *record))
        .collect();
    for (id, attempt) in &clerk.books {
        let made: Vec<_> = books
            .iter()
            .filter(|booked| booked.external_id == *id && booked.charged)
            .collect();
        if made.len() > 1 {
            broken.push((Rule::ChargedOnce, format!("{id}: {made:?}")));
        }
        let on_record = recorded.get(id.as_str());
        match &attempt.belief {
            Belief::Open => {
                // It was accepted, and the machine failed before it was on record: nothing was sent.
                if on_record.is_some() {
                    broken.push((Rule::Told, format!("{id}: {attempt:?}")));
                }
                if attempt.kind.is_charge() && !made.is_empty() {
                    broken.push((Rule::BooksAgree, format!("{id}: charged, and nothing told")));
                }
            }
            Belief::Unknown(missing) => {
                // It may have been made under a wrong name, and under its own there is nothing to be found.
                let under = |booked: &Booked| booked.external_id == *id;
                let no_proof = attempt.other_paid && !books.iter().any(under);
                let provable = match attempt.kind.is_charge() {
                    true => !no_proof,
                    false => attempt.original.is_some() && is_done(id, attempt, books),
                };
                if provable {
                    broken.push((
                        Rule::NoUnknownRemains,
                        format!("{id}: {missing:?} {attempt:?}"),
                    ));
                }
            }
            belief => agree(id, attempt, belief, books, broken),
        }
        let given_back = about(id, attempt, books).any(|booked| !booked.refunds.is_empty());
        if attempt.kind == RequestKind::PreAuth && given_back {
            let what = format!("{id}: only reserved, and given back");
            broken.push((Rule::BooksAgree, what));
        }
        if let Some(record) = on_record
            && record.state == RecordState::Intent
            && !clerk.unwritten.contains(&record.request)
        {
            broken.push((Rule::Ends, format!("{id} is still an intent: {record:?}")));
        }
    }
    for request in clerk.waits_for() {
        broken.push((Rule::OneOutcome, format!("{request} has none")));
    }
    for booked in books {
        if booked.voided && !booked.refunds.is_empty() {
            let what = format!("voided and given back: {booked:?}");
            broken.push((Rule::BooksAgree, what));
        }
    }
    for basket in 0..clerk.baskets() {
        let ids: Vec<_> = clerk
            .books
            .iter()
            .filter(|(_, attempt)| attempt.basket == basket && attempt.payment.is_none())
            .map(|(id, _)| id.as_str())
            .collect();
        let paid: i64 = books
            .iter()
            .filter(|booked| booked.charged && ids.contains(&booked.external_id.as_str()))
            .map(|booked| booked.amount)
            .sum();
        if paid > clerk.price(basket) {
            let what = format!(
                "basket {basket}: {paid} of {}: {ids:?}",
                clerk.price(basket)
            );
            broken.push((Rule::PaidOnce, what));
        }
    }
}

/// What the clerk is sure of must be on the books.
fn agree(
    id: &str,
    attempt: &Attempt,
    belief: &Belief,
    books: &[Booked],
    broken: &mut Vec<(Rule, String)>,
) {
    let found: Vec<_> = about(id, attempt, books).collect();
    let fits = match belief {
        Belief::Made {
            amount,
            tip,
            payment,
        } => match attempt.kind {
            RequestKind::Void => found
                .iter()
                .any(|booked| booked.voided && booked.id == *payment && booked.amount == *amount),
            RequestKind::Refund => found.iter().any(|booked| {
                booked
                    .refunds
                    .iter()
                    .any(|(refund, given)| refund == payment && given == amount)
            }),
            _ => found.iter().any(|booked| {
                // A payment that was voided by request later was made all the same.
                (booked.charged || booked.by_request)
                    && booked.amount == *amount
                    && booked.tip == *tip
                    && booked.id == *payment
            }),
        },
        Belief::NotMade => !is_done(id, attempt, books),
        Belief::Open | Belief::Unknown(_) => true,
    };
    if !fits {
        broken.push((Rule::BooksAgree, format!("{id}: {attempt:?} but {found:?}")));
    }
}

/// What is on the books of what an attempt is about.
fn about<'b>(
    id: &'b str,
    attempt: &'b Attempt,
    books: &'b [Booked],
) -> impl Iterator<Item = &'b Booked> {
    books.iter().filter(move |booked| match &attempt.payment {
        Some(payment) => booked.id == *payment,
        None => booked.external_id == *id,
    })
}

/// Whether the terminal has done what was asked for.
fn is_done(id: &str, attempt: &Attempt, books: &[Booked]) -> bool {
    about(id, attempt, books).any(|booked| match attempt.kind {
        RequestKind::Void => booked.by_request,
        RequestKind::Refund => booked
            .refunds
            .iter()
            .any(|(_, amount)| *amount == attempt.amount),
        _ => booked.charged,
    })
}
