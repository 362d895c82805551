//! Breaks a copy of proto-core in named ways, one of which is chosen when the copy runs (`MUTANT=n`), so that it
//! can be seen that the simulated world notices each of them.
//!
//! `mutate FOLDER` changes the copy of the workspace in FOLDER; `mutate --list` names the mutants.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// One way to break the rules.
struct Mutant {
    name: &'static str,
    /// A file under `proto-core/src/pos`.
    file: &'static str,
    /// A text that stands there once.
    find: &'static str,
    /// What it becomes; `MUTANT` is the condition that this mutant is chosen.
    replace: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "skip the journal",
        file: "transaction.rs",
        find: "            message,
            stage: Stage::Withheld,",
        replace: "            message,
            stage: if MUTANT { Stage::Released } else { Stage::Withheld },",
    },
    Mutant {
        name: "send before the commit",
        file: "transaction.rs",
        find: "Some(open) if open.stage == Stage::Released => {",
        replace: "Some(open) if open.stage == Stage::Released || (MUTANT && open.stage == Stage::Withheld) => {",
    },
    Mutant {
        name: "drop the match of the external id",
        file: "answers.rs",
        find: "Some(id) => entry.is_under(id),",
        replace: "Some(id) => MUTANT || entry.is_under(id),",
    },
    Mutant {
        name: "take NOT_FOUND at once",
        file: "inquiry.rs",
        find: "Some(QueryStatus::NotFound) => match inquiry.missed {",
        replace: "Some(QueryStatus::NotFound) if MUTANT => self.not_found(now, inquiry.request),
            Some(QueryStatus::NotFound) => match inquiry.missed {",
    },
    Mutant {
        name: "believe a look-up on a terminal at work",
        file: "inquiry.rs",
        find: "inquiry.busy = !idle && status.state().is_some();",
        replace: "inquiry.busy = !MUTANT && !idle && status.state().is_some();",
    },
    Mutant {
        name: "take FOUND as made",
        file: "judging.rs",
        find: "        let ending = match (prove(kind, fact), refund) {",
        replace: "        let proved = match prove(kind, fact) {
            _ if MUTANT => Verdict::Made(Evidence::LookedUp),
            proved => proved,
        };
        let ending = match (proved, refund) {",
    },
    Mutant {
        name: "answer a stale question",
        file: "asking.rs",
        find: "asking.generation == question.generation)",
        replace: "MUTANT || asking.generation == question.generation)",
    },
    Mutant {
        name: "end the sale on any INVALID_STATE_TRANSITION",
        file: "answers.rs",
        find: "if running || !self.is_sent_here() || !(names_start || only_ours) {",
        replace: "if !MUTANT && (running || !self.is_sent_here() || !(names_start || only_ours)) {",
    },
    Mutant {
        name: "replay the queue after a reconnect",
        file: "ending.rs",
        find: "            self.doubt_open(now, Cause::LinkLost, Some(until));
        }
        self.tx.wipe_withheld();",
        replace: "            self.doubt_open(now, Cause::LinkLost, Some(until));
            if MUTANT
                && let Some(open) = self.open_mut()
                && !open.left
            {
                open.stage = super::transaction::Stage::Released;
                return;
            }
        }
        self.tx.wipe_withheld();",
    },
    Mutant {
        name: "take FINISH_CANCEL after any screen",
        file: "answers.rs",
        find: "            _ => entry.taken,",
        replace: "            _ => entry.taken || MUTANT && entry.started,",
    },
    Mutant {
        name: "let what is unknown hold nothing",
        file: "calls.rs",
        find: "entry.is_unresolved() && here || same && entry.is_unsettled()",
        replace: "!MUTANT && (entry.is_unresolved() && here || same && entry.is_unsettled())",
    },
    Mutant {
        name: "take an offline payment as final",
        file: "proof.rs",
        find: "if waits && payment.offline() == Some(true) {",
        replace: "if waits && payment.offline() == Some(true) && !MUTANT {",
    },
    Mutant {
        name: "look up on any terminal",
        file: "recovery.rs",
        find: "let here = entry.record.terminal == *serial;",
        replace: "let here = MUTANT || entry.record.terminal == *serial;",
    },
    Mutant {
        name: "see no refund in what is looked up",
        file: "judging.rs",
        find: "RequestKind::Refund if refund.is_some() => Fact::RefundListed,",
        replace: "RequestKind::Refund if refund.is_some() && !MUTANT => Fact::RefundListed,",
    },
    Mutant {
        name: "tell nothing again that was not stored",
        file: "recovery.rs",
        find: "entry.tell = (!entry.stored).then_some(Told::Outcome);",
        replace: "entry.tell = (!MUTANT && !entry.stored).then_some(Told::Outcome);",
    },
    Mutant {
        name: "forget what was open before a restart",
        file: "recovery.rs",
        find: "if self.cases.get(record.request).is_some() || !record.is_open() {",
        replace: "if MUTANT || self.cases.get(record.request).is_some() || !record.is_open() {",
    },
];

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: mutate FOLDER | --list");
        return ExitCode::from(2);
    };
    if folder == "--list" {
        for (number, mutant) in (1..).zip(MUTANTS) {
            let _: u8 = number;
            println!("{number} {}", mutant.name);
        }
        return ExitCode::SUCCESS;
    }
    match mutate(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn mutate(folder: &Path) -> Result<(), String> {
    let source = folder.join("proto-core/src");
    for (number, mutant) in (1..).zip(MUTANTS) {
        let number: u8 = number;
        let replace = mutant
            .replace
            .replace("MUTANT", &format!("crate::mutant({number})"));
        change(&source.join("pos").join(mutant.file), mutant.find, &replace)
            .map_err(|why| format!("{}: {why}", mutant.name))?;
    }
    change(
        &source.join("lib.rs"),
        "pub use role::Role;",
        "pub use role::Role;

/// Which mutant this is.
pub static MUTANT: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);

pub(crate) fn mutant(number: u8) -> bool {
    MUTANT.load(core::sync::atomic::Ordering::Relaxed) == number
}",
    )?;
    change(
        &folder.join("tests/world/src/main.rs"),
        "fn main() -> ExitCode {",
        "fn main() -> ExitCode {
    let mutant = std::env::var(\"MUTANT\").ok().and_then(|text| text.parse().ok());
    proto_core::MUTANT.store(mutant.unwrap_or(0), Ordering::Relaxed);",
    )
}

/// Replaces a text that stands in the file once.
fn change(file: &Path, find: &str, replace: &str) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    match text.matches(find).count() {
        1 => fs::write(file, text.replacen(find, replace, 1)).map_err(|error| error.to_string()),
        count => Err(format!(
            "the text to change stands {count} times in {}",
            file.display()
        )),
    }
}
