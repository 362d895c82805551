//! A few schedules of the simulated world, with every `cargo test`; `tests/everything world` runs many.

use host_demo::sim::Script;
use world::{Room, run, run_script};

#[test]
fn the_rules_hold_in_a_few_schedules() {
    let mut room = Room::default();
    for seed in 1_000_000..1_000_200 {
        let report = run(seed, &mut room, false);
        assert!(
            report.broken.is_empty(),
            "cargo run --release -p world -- --seed {seed} replays this: {:?}",
            report.broken
        );
    }
}

#[test]
fn a_schedule_repeats_with_its_seed() {
    let first = run(7, &mut Room::default(), true);
    let second = run(7, &mut Room::default(), true);
    assert!(!first.transcript.is_empty());
    assert_eq!(first.transcript, second.transcript);
}

#[test]
fn the_rules_hold_in_every_ready_script() {
    let mut room = Room::default();
    for (name, text) in Script::READY {
        let script = Script::parse(text).unwrap();
        for seed in 0..20 {
            let report = run_script(&script, seed, &mut room, false);
            assert!(
                report.broken.is_empty(),
                "cargo run --release -p world -- --script {name} --seed {seed} replays this: {:?}",
                report.broken
            );
        }
    }
}

#[test]
fn what_a_ready_script_says_goes_wrong_goes_wrong() {
    let mut room = Room::default();
    for (name, text) in Script::READY {
        let script = Script::parse(text).unwrap();
        if script.faults.is_empty() {
            continue;
        }
        // In one shop or another: not everybody there signs.
        let mut faults = |seed| {
            let transcript = run_script(&script, seed, &mut room, true).transcript;
            transcript.iter().any(|line| line.contains(" FAULT "))
        };
        assert!((0..20).any(&mut faults), "{name}");
    }
}
