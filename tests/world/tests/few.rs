//! A few schedules of the simulated world, with every `cargo test`; `tests/everything world` runs many.

use world::{Room, run};

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
