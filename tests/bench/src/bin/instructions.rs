//! How many instructions the codec takes: counted by valgrind's callgrind, compared with `instructions.toml`.
//!
//! They are the same on every machine with the same compiler. Another compiler makes other code, of theirs as of
//! ours: then what is compared is how ours stands to theirs, which the same compiler has made.
//!
//!     cargo run --release                what it takes, and whether that is more than it was
//!     cargo run --release -- --update    writes down what it takes

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use bench::hostile::SHAPES;
use bench::{Case, cases};
use serde::{Deserialize, Serialize};

/// More than so many times what is written down is an error.
const MAX_GROWTH: f64 = 1.05;

/// The lengths of hostile messages, and how many times the work of the first the second may be.
const SHORT: usize = 20_000;
const LONG: usize = 80_000;
const MAX_RISE: f64 = 4.2;

/// Instructions by step.
type Counts = BTreeMap<String, u64>;

/// What is written down, by processor.
type Known = BTreeMap<String, Written>;

#[derive(Serialize, Deserialize)]
struct Written {
    /// The compiler that it was.
    rustc: String,
    #[serde(flatten)]
    cases: BTreeMap<String, Count>,
}

/// Instructions of one case.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Count {
    ours: u64,
    serde_json: u64,
}

impl Count {
    fn of(case: &Case, counts: &Counts) -> Self {
        Self {
            ours: counts[case.name],
            serde_json: counts[&format!("{}{THEIRS}", case.name)],
        }
    }

    /// How many times as many theirs takes.
    fn ratio(self) -> f64 {
        self.serde_json as f64 / self.ours as f64
    }

    /// Whether it takes more than `before`, beyond what is tolerated.
    fn has_risen(self, before: Self, same_compiler: bool) -> bool {
        let growth = if same_compiler {
            self.ours as f64 / before.ours as f64
        } else {
            before.ratio() / self.ratio()
        };
        growth > MAX_GROWTH
    }
}

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => report(false),
        Some("--update") => report(true),
        Some(INSIDE) => {
            steps()
                .into_iter()
                .for_each(|mut step| measured(&mut *step.run));
            ExitCode::SUCCESS
        }
        Some(_) => {
            eprintln!("usage: instructions [--update]");
            ExitCode::from(2)
        }
    }
}

/// How this program calls itself where instructions are counted.
const INSIDE: &str = "--inside";

struct Step {
    name: String,
    run: Box<dyn FnMut()>,
}

/// Everything that is counted, in its order.
fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |name: String, run: Box<dyn FnMut()>| steps.push(Step { name, run });
    for case in cases() {
        let case: &'static Case = Box::leak(Box::new(case));
        let mut room = Vec::with_capacity(65_536);
        // The room is there, as it is after the first message.
        case.ours(&mut room);
        step(case.name.into(), Box::new(move || _ = case.ours(&mut room)));
        let mut room = Vec::with_capacity(65_536);
        let name = format!("{}{THEIRS}", case.name);
        step(name, Box::new(move || _ = case.theirs(&mut room)));
    }
    for shape in &SHAPES {
        for length in [SHORT, LONG] {
            let mut bytes = shape.of_length(length);
            let name = format!("{} {length}", shape.name);
            step(name, Box::new(move || shape.read(&mut bytes)));
        }
    }
    steps
}

const THEIRS: &str = " serde_json";

/// Only what is called from here is counted. It is found by its name, and its end by its return.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    run();
    black_box(());
}

fn report(update: bool) -> ExitCode {
    let counts = counted();
    let mut known = known();
    let written = known.get(TARGET);
    let rustc = rustc();
    let same_compiler = written.is_some_and(|written| written.rustc == rustc);
    let mut good = true;

    println!(
        "{:<26} {:>10} {:>10} {:>8} {:>12} {:>6}",
        "instructions", "ours", "before", "", "serde_json", "ratio"
    );
    for case in cases() {
        let now = Count::of(&case, &counts);
        let before = written.and_then(|written| written.cases.get(case.name));
        let verdict = match before {
            Some(before) if now.has_risen(*before, same_compiler) => "RISEN",
            Some(_) => "",
            // What is written down for none may be anything.
            None => "NEW",
        };
        good &= verdict.is_empty() || written.is_none();
        println!(
            "{:<26} {:>10} {:>10} {verdict:>8} {:>12} {:>6.2}",
            case.name,
            now.ours,
            before.map_or("-".to_owned(), |before| before.ours.to_string()),
            now.serde_json,
            now.ratio(),
        );
    }
    match written {
        None => println!("\nnothing is written down for {TARGET}: --update does it"),
        Some(written) if !same_compiler => println!(
            "\nbefore: {}\nnow:    {rustc}: the ratio is compared",
            written.rustc
        ),
        Some(_) => {}
    }
    println!(
        "\n{:<26} {SHORT:>10} {LONG:>10} {:>8}",
        "hostile messages, bytes", "rise"
    );
    for shape in &SHAPES {
        let of = |length| counts[&format!("{} {length}", shape.name)];
        let rise = of(LONG) as f64 / of(SHORT) as f64;
        let steep = rise > MAX_RISE;
        good &= !steep;
        println!(
            "{:<26} {:>10} {:>10} {rise:>8.2} {}",
            shape.name,
            of(SHORT),
            of(LONG),
            if steep { "TOO STEEP" } else { "" },
        );
    }

    if update {
        let cases = cases();
        let cases = cases
            .iter()
            .map(|case| (case.name.into(), Count::of(case, &counts)));
        let cases = cases.collect();
        known.insert(TARGET.into(), Written { rustc, cases });
        let text = toml::to_string(&known).unwrap();
        fs::write(file(), format!("{HEAD}\n{text}")).unwrap();
    } else if !good {
        println!(
            "\nMore than {MAX_GROWTH} times what is written down, nothing written down, or more than {MAX_RISE} times \
             for four times the length.\n\
             If it must be so: cargo run --release --manifest-path tests/bench/Cargo.toml -- --update"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Where this was built for; counts of different machines have nothing in common.
const TARGET: &str = if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "aarch64"
} else {
    "other"
};

/// Runs this program under callgrind, which writes a file for each call of `measured`.
fn counted() -> Counts {
    let folder = env::temp_dir().join(format!("instructions-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        .args([
            "--toggle-collect=instructions::measured",
            "--dump-after=*::measured*",
        ])
        .arg(format!(
            "--callgrind-out-file={}",
            folder.join("out").display()
        ))
        .arg(env::current_exe().unwrap())
        .arg(INSIDE)
        .status()
        .unwrap_or_else(|error| panic!("valgrind: {error}"));
    assert!(status.success(), "valgrind: {status}");
    let counts = steps().into_iter().enumerate().map(|(at, step)| {
        let file = folder.join(format!("out.{}", at + 1));
        let text = fs::read_to_string(&file).unwrap_or_else(|_| panic!("no {}", file.display()));
        let total = text
            .lines()
            .find_map(|line| {
                line.strip_prefix("totals:")
                    .or(line.strip_prefix("summary:"))
            })
            .and_then(|total| total.trim().parse().ok());
        (step.name, total.unwrap_or_else(|| panic!("{text}")))
    });
    let counts = counts.collect();
    fs::remove_dir_all(&folder).unwrap();
    counts
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.toml")
}

fn known() -> Known {
    match fs::read_to_string(file()) {
        Ok(text) => toml::from_str(&text).unwrap_or_else(|error| panic!("{error}")),
        Err(error) if error.kind() == ErrorKind::NotFound => Known::new(),
        Err(error) => panic!("{error}"),
    }
}

fn rustc() -> String {
    let rustc = Command::new("rustc").arg("--version").output().unwrap();
    String::from_utf8(rustc.stdout).unwrap().trim().to_owned()
}

const HEAD: &str = "\
# How many instructions a case takes, counted by callgrind, by processor and with the compiler that it was.
# Written by `cargo run --release --manifest-path tests/bench/Cargo.toml -- --update`; the stage `bench` compares.
";

#[cfg(test)]
mod tests {
    use super::Count;

    const BEFORE: Count = Count {
        ours: 1_000,
        serde_json: 500,
    };

    fn now(ours: u64, serde_json: u64) -> Count {
        Count { ours, serde_json }
    }

    #[test]
    fn a_rise_over_five_percent_is_seen() {
        assert!(!now(1_049, 500).has_risen(BEFORE, true));
        assert!(now(1_051, 500).has_risen(BEFORE, true));
        assert!(
            now(1_051, 600).has_risen(BEFORE, true),
            "theirs is no excuse"
        );
        assert!(!now(500, 500).has_risen(BEFORE, true));
    }

    #[test]
    fn with_another_compiler_what_it_did_to_theirs_is_taken_off() {
        assert!(!now(2_098, 1_000).has_risen(BEFORE, false));
        assert!(now(2_102, 1_000).has_risen(BEFORE, false));
        assert!(now(1_000, 470).has_risen(BEFORE, false));
        assert!(!now(1_051, 505).has_risen(BEFORE, false));
    }
}
