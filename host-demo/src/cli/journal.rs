//! The options of `host-demo journal`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `host-demo journal`
#[derive(Debug, Clone, Args)]
pub struct JournalArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// What can be done with a journal.
#[derive(Debug, Clone, Subcommand)]
pub enum JournalCommand {
    /// Show how the requests stand, the newest last
    List {
        /// Only those about which something is left to find out or to tell
        #[arg(long)]
        open: bool,
        /// At most so many, the newest
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        last: usize,
        /// Which journal.
        #[command(flatten)]
        place: JournalPlace,
    },
    /// Show everything that is on record about an external id
    Show {
        /// The external id
        id: String,
        /// Which journal.
        #[command(flatten)]
        place: JournalPlace,
    },
    /// Put on record what a person has found out about a request
    Resolve {
        /// The external id
        id: String,
        /// What became of it
        #[arg(long = "as", value_name = "END", value_enum)]
        end: EndByHand,
        /// How you know: it is kept with the record. No names, no card numbers
        #[arg(long, value_name = "TEXT")]
        because: String,
        /// Do not ask the terminal first, although it can still be asked
        #[arg(long)]
        force: bool,
        /// Which journal.
        #[command(flatten)]
        place: JournalPlace,
    },
}

/// Which journal it is, and how it is told.
#[derive(Debug, Clone, Args)]
pub struct JournalPlace {
    /// The journal (by default the one in the user's state folder)
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Print one JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndByHand {
    /// The money moved, as it was asked for
    Made,
    /// No money moved
    NotMade,
}

/// Help below the options.
pub const HELP: &str = "\
Examples:
  host-demo journal list
  host-demo journal list --open --json
  host-demo journal show INV-2026-0001
  host-demo journal resolve INV-2026-0001 --as not-made --because \"not in the merchant's report\"

Every request is put on record before it is sent. What a run leaves open the next one finds out from the terminal, by
itself. The terminal remembers for 24 hours; for what is older than that, a person looks into the merchant's reports,
and says here what stands there. `list` and `show` work while another process has the journal.";
