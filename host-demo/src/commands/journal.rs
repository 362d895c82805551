//! `host-demo journal`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proto_core::driver::{JournalEntry, JournalError, Records as _};
use proto_core::journal::Record;
use proto_core::pos::ExternalId;
use proto_core::redact::is_pan;

use crate::cli::journal::{EndByHand, JournalArgs, JournalCommand, JournalPlace};
use crate::journal::{default_path, look_into, open, sentence};
use crate::report::{self, Report, status};

/// How long a terminal can be asked for a payment.
const ASKED: Duration = Duration::from_secs(24 * 3_600);
/// The longest reason that is kept, in characters.
const BECAUSE: usize = 500;

pub(super) fn run(args: &JournalArgs) -> u8 {
    let (place, done) = match &args.command {
        JournalCommand::List { open, last, place } => (place, list(place, *open, *last)),
        JournalCommand::Show { id, place } => (place, show(place, id)),
        JournalCommand::Resolve {
            id,
            end,
            because,
            force,
            place,
        } => (place, resolve(place, id, *end, because, *force)),
    };
    match done {
        Ok(()) => status::OK,
        Err(wrong) => {
            let report = Report::new(place.json);
            report.line(&report::error(wrong.code, &wrong.message, ""));
            report.complain(&wrong.message);
            wrong.status
        }
    }
}

/// Why it was not done.
struct Wrong {
    status: u8,
    code: &'static str,
    message: String,
}

impl Wrong {
    fn refused(message: String) -> Self {
        Self {
            status: status::USAGE,
            code: "refused",
            message,
        }
    }
}

impl From<JournalError> for Wrong {
    fn from(error: JournalError) -> Self {
        Self {
            status: status::ERROR,
            code: "journal_failed",
            message: sentence(&error),
        }
    }
}

fn list(place: &JournalPlace, open: bool, last: usize) -> Result<(), Wrong> {
    let report = Report::new(place.json);
    let mut standing = BTreeMap::new();
    look(place, &mut |entry| {
        standing.insert(entry.record.request, entry);
    })?;
    let mut entries: Vec<_> = standing.into_values().collect();
    entries.retain(|entry| !open || entry.record.is_open());
    let more = entries.len().saturating_sub(last);
    if entries.is_empty() {
        report.say("Nothing is on record.");
    } else if more > 0 {
        report.say(&format!("{more} older ones are not shown (--last)."));
    }
    for entry in entries.iter().skip(more) {
        report.both(&report::record_line(entry), &report::record_text(entry));
    }
    Ok(())
}

fn show(place: &JournalPlace, id: &str) -> Result<(), Wrong> {
    let report = Report::new(place.json);
    let mut entries = Vec::new();
    look(place, &mut |entry| {
        if entry.record.external_id.as_str() == id.trim() {
            entries.push(entry);
        }
    })?;
    if entries.is_empty() {
        return Err(not_there(id));
    }
    for entry in &entries {
        report.both(&report::record_line(entry), &report::record_text(entry));
    }
    Ok(())
}

fn resolve(
    place: &JournalPlace,
    id: &str,
    end: EndByHand,
    because: &str,
    force: bool,
) -> Result<(), Wrong> {
    let report = Report::new(place.json);
    let because = reason(because)?;
    let path = path_of(place)?;
    if !path.exists() {
        return Err(not_there(id));
    }
    let opened = open(&path)?;
    if let Some(mended) = &opened.mended {
        report.complain(&format!("The journal was mended: {mended}."));
    }
    let mut journal = opened.journal;
    let external_id = ExternalId::new(id).ok_or_else(|| not_there(id))?;
    let records = journal.under(&external_id)?;
    let open = records.iter().rev().find(|record| !record.is_settled());
    let Some(record) = open else {
        return Err(match records.last() {
            None => not_there(id),
            Some(record) => {
                let stands = report::record_text(&JournalEntry::new(record.clone()));
                Wrong::refused(format!("It is known already:\n{stands}"))
            }
        });
    };
    if !force && can_be_asked(record) {
        return Err(Wrong::refused(format!(
            "The terminal {} can still be asked what became of {id}: the next request to it does that. Use --force if you know better.",
            record.terminal
        )));
    }
    let entry = JournalEntry::by_hand(record, end == EndByHand::Made, because);
    journal.write(&entry)?;
    report.both(&report::record_line(&entry), &report::record_text(&entry));
    Ok(())
}

/// Whether it is so young that the terminal remembers it, and can be asked for it at all.
fn can_be_asked(record: &Record) -> bool {
    let has_key = record.kind.is_charge() || record.original.is_some();
    let made = record.unix_ms.map(Duration::from_millis);
    let age = made.and_then(|made| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        now.checked_sub(made)
    });
    // Without a clock nobody knows that it is old.
    has_key && age.is_none_or(|age| age < ASKED)
}

/// The reason as it is kept.
fn reason(because: &str) -> Result<String, Wrong> {
    let because = because.trim();
    let refused = |why: &str| Err(Wrong::refused(format!("--because: {why}")));
    if because.is_empty() {
        return refused("say how you know");
    }
    if because.chars().count() > BECAUSE {
        return refused(&format!("at most {BECAUSE} characters are kept"));
    }
    // Numbers of cards are written in groups.
    let digits = because.replace([' ', '-'], "");
    let mut runs = digits.split(|c: char| !c.is_ascii_digit());
    if runs.any(is_pan) {
        return refused("this may be a card number, which does not belong on record");
    }
    Ok(because.to_owned())
}

fn look(place: &JournalPlace, look: &mut dyn FnMut(JournalEntry)) -> Result<(), Wrong> {
    let path = path_of(place)?;
    // Where nothing was ever put on record, there is nothing.
    if place.journal.is_none() && !path.exists() {
        return Ok(());
    }
    Ok(look_into(&path, look)?)
}

fn path_of(place: &JournalPlace) -> Result<PathBuf, Wrong> {
    let path = place.journal.clone().or_else(default_path);
    path.ok_or_else(|| {
        Wrong::refused("There is no state folder of the user; use --journal.".to_owned())
    })
}

fn not_there(id: &str) -> Wrong {
    Wrong::refused(format!("Nothing is on record under {id}."))
}
