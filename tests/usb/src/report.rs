//! Cases, their verdicts, and what happened when one failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// No case takes longer than this; one that does will never end.
const LIMIT: Duration = Duration::from_secs(400);

/// Counts cases.
#[derive(Debug, Default)]
pub(crate) struct Report {
    cases: u32,
    failed: Vec<String>,
}

impl Report {
    /// Runs a case. What it returns is printed with its verdict.
    pub(crate) fn case<T: std::fmt::Display>(&mut self, name: &str, run: impl FnOnce() -> T) {
        self.cases += 1;
        let began = Instant::now();
        let (ended, watched) = channel::<()>();
        let watched_name = name.to_owned();
        std::thread::spawn(move || {
            if watched.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                println!("not ok: {watched_name}: it hangs");
                std::process::exit(1);
            }
        });
        let done = catch_unwind(AssertUnwindSafe(run));
        drop(ended);
        let took = began.elapsed().as_millis();
        match done {
            Ok(said) => println!("ok {} {name} [{took} ms] {said}", self.cases),
            Err(_) => {
                println!("not ok {} {name} [{took} ms]", self.cases);
                self.failed.push(name.to_owned());
            }
        }
    }

    /// Whether all passed.
    pub(crate) fn end(self) -> bool {
        println!("{} cases, {} failed", self.cases, self.failed.len());
        for name in &self.failed {
            println!("failed: {name}");
        }
        self.failed.is_empty() && self.cases > 0
    }
}
