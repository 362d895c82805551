//! Cases, their verdicts, and what happened when one failed.

use std::any::Any;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use transport_usb::Identities;

/// Counts cases.
#[derive(Debug, Default)]
pub(crate) struct Report {
    cases: u32,
    failed: u32,
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
                fail(&watched_name, &format!("it hangs; {}", situation()));
                std::process::exit(1);
            }
        });
        let done = catch_unwind(AssertUnwindSafe(run));
        drop(ended);
        let took = began.elapsed().as_millis();
        match done {
            Ok(said) => println!("ok {} {name} [{took} ms] {said}", self.cases),
            Err(panic) => {
                self.failed += 1;
                fail(
                    &format!("{} {name} [{took} ms]", self.cases),
                    &text(&*panic),
                );
            }
        }
    }

    /// Whether all passed.
    pub(crate) fn end(self) -> bool {
        println!("{} cases, {} failed", self.cases, self.failed);
        self.failed == 0 && self.cases > 0
    }
}

/// Says what failed and why, here and at the end of everything: `init` prints the file last.
fn fail(name: &str, why: &str) {
    let why: String = why.chars().take(LENGTH).collect();
    let line = format!("not ok {name}: {why}");
    println!("{line}");
    let file = fs::File::options().create(true).append(true).open(FAILED);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
        println!("{FAILED}: {error}");
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    match panic.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => (*panic.downcast_ref::<&str>().unwrap_or(&"a panic")).to_owned(),
    }
}

/// Where each thread waits, and what is on the bus.
fn situation() -> String {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    let threads = tasks.flatten().map(|task| {
        let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        format!("{} in {}", read("comm").trim_end(), read("wchan"))
    });
    let threads: Vec<_> = threads.collect();
    let devices = transport_usb::devices(&Identities::default());
    format!("threads: {}; devices: {devices:?}", threads.join(", "))
}

/// No case takes longer than this; one that does will never end.
const LIMIT: Duration = Duration::from_secs(150);

/// What is told of one failure, in characters.
const LENGTH: usize = 900;

const FAILED: &str = "/tmp/failed";
