//! Runs schedules of the simulated world: `world [--schedules N] [--seed N] [--from N] [--threads N] [--failures N]`.
//! After that many failures (1) it stops.
//!
//! `--seed N` replays one schedule and prints what happened in it. `--script NAME|FILE` does the same with what a
//! script of `host-demo terminal` says, in the shop of the seed (0).

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use host_demo::sim::Script;
use world::{Room, run, run_script};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut schedules, mut from, mut seed, mut failures) = (1_000, 0, None, 1);
    let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut script = None;
    while let Some(arg) = args.next() {
        if arg == "--script" {
            match Script::load(&args.next().unwrap_or_default()) {
                Ok(loaded) => script = Some(loaded),
                Err(why) => {
                    eprintln!("{why}");
                    return ExitCode::from(2);
                }
            }
            continue;
        }
        let number = args.next().and_then(|text| text.parse::<u64>().ok());
        match (arg.as_str(), number) {
            ("--schedules", Some(number)) => schedules = number,
            ("--from", Some(number)) => from = number,
            ("--seed", Some(number)) => seed = Some(number),
            ("--failures", Some(number)) => failures = number,
            ("--threads", Some(number)) => threads = usize::try_from(number).unwrap_or(1),
            _ => {
                eprintln!(
                    "usage: world [--schedules N] [--from SEED] [--seed N] [--threads N] [--failures N] [--script NAME|FILE]"
                );
                return ExitCode::from(2);
            }
        }
    }
    if script.is_some() || seed.is_some() {
        let seed = seed.unwrap_or(0);
        let mut room = Room::default();
        let report = match &script {
            Some(script) => run_script(script, seed, &mut room, true),
            None => run(seed, &mut room, true),
        };
        for line in &report.transcript {
            println!("{line}");
        }
        return end(&report.broken, seed);
    }
    many(from, schedules, threads, failures)
}

fn end(broken: &[(world::Rule, String)], seed: u64) -> ExitCode {
    for (rule, what) in broken {
        println!("seed {seed} breaks the rule `{rule}`: {what}");
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn many(from: u64, schedules: u64, threads: usize, failures: u64) -> ExitCode {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(0);
    let sums: Vec<[usize; 3]> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut room = Room::default();
                    let mut sum = [0; 3];
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= schedules || failed.load(Ordering::Relaxed) >= failures {
                            return sum;
                        }
                        let seed = from + at;
                        let report = run(seed, &mut room, false);
                        sum[0] += report.attempts;
                        sum[1] += report.unknowns;
                        sum[2] += report.messages;
                        if !report.broken.is_empty() {
                            failed.fetch_add(1, Ordering::Relaxed);
                            let _ = end(&report.broken, seed);
                            println!("replay: world --seed {seed}");
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    let sum = |at: usize| sums.iter().map(|sum| sum[at]).sum::<usize>();
    println!(
        "{schedules} schedules from seed {from}: {} attempts, {} unknown at first, {} messages, {:.1} s",
        sum(0),
        sum(1),
        sum(2),
        began.elapsed().as_secs_f32()
    );
    if failed.into_inner() > 0 {
        return ExitCode::FAILURE;
    }
    println!("no rule was broken");
    ExitCode::SUCCESS
}
