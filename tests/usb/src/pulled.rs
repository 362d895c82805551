//! The cable is pulled at seeded moments, and the books are compared.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proto_core::pos::{ExternalId, Sale};

use crate::cable::{PATIENCE, Terminal, Till, books_agree, options, serial, terminal, till};
use crate::report::Report;

/// Terminals that are pulled at the same time; most of the time of each is waiting.
const LANES: usize = 8;

/// How the moments ended.
#[derive(Debug, Default)]
struct Tally {
    made: AtomicUsize,
    not_made: AtomicUsize,
    refused: AtomicUsize,
    resolved: AtomicUsize,
    unknown: AtomicUsize,
}

pub(crate) fn run(moments: u32, seed: u32) -> bool {
    let mut report = Report::default();
    let name = format!("the cable is pulled at {moments} moments, seed {seed}");
    report.case(&name, || {
        let tally = Tally::default();
        let moments = moments as usize;
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for lane in 0..LANES {
                let (tally, next) = (&tally, &next);
                scope.spawn(move || run_lane(lane, moments, seed, next, tally));
            }
        });
        let Tally {
            made,
            not_made,
            refused,
            resolved,
            unknown,
        } = &tally;
        let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
        let all = [made, not_made, refused, resolved, unknown].map(count);
        assert_eq!(all.iter().sum::<usize>(), moments, "{tally:?}");
        let [made, not_made, refused, resolved, unknown] = all;
        format!(
            "{made} made, {not_made} not made, {refused} refused, {resolved} resolved later, {unknown} unknown"
        )
    });
    report.end()
}

fn run_lane(lane: usize, moments: usize, seed: u32, next: &AtomicUsize, tally: &Tally) {
    let terminal = terminal(options(lane), &["approve"]);
    let till = till(&format!("usb:{}", serial(lane)));
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= moments {
            return;
        }
        pull(
            &terminal,
            &till,
            at,
            &mut Random((u64::from(seed) << 32) + at as u64),
            tally,
        );
    }
}

fn pull(terminal: &Terminal, till: &Till, at: usize, random: &mut Random, tally: &Tally) {
    till.ready();
    let id = format!("MOMENT{at}");
    let (before, out) = (random.below(130), random.below(400));
    let restart = random.below(2) == 0;
    let from = till.log.len();
    // Some are pulled before the sale is asked for.
    let early = random.below(8) == 0;
    if early {
        terminal.cable.unplug();
    }
    let asked = till.connector.sale(Sale::new(1_000).external_id(&id));
    if !early {
        sleep(Duration::from_millis(before));
        terminal.cable.unplug();
    }
    sleep(Duration::from_millis(out));
    if restart {
        terminal.cable.plug();
    } else {
        terminal.cable.plug_accessory();
    }
    let count = |it: &AtomicUsize| it.fetch_add(1, Ordering::Relaxed);
    let Ok(ticket) = asked else {
        assert_eq!(terminal.books.paid(&id), None, "{id}");
        count(&tally.refused);
        till.log.wait(from, "ready");
        return;
    };
    let outcome = ticket.wait_for(2 * PATIENCE);
    let outcome = outcome.unwrap_or_else(|_| panic!("no outcome for {id}: {}", till.log));
    let line = format!("outcome {id}");
    assert_eq!(till.log.count(from, &line), 1, "{}", till.log);
    assert_eq!(till.log.count(from, "contradicted"), 0, "{}", till.log);
    match books_agree(&outcome, &id, &terminal.books) {
        Some(true) => count(&tally.made),
        Some(false) => count(&tally.not_made),
        None => {
            let why = &outcome.summary().missing;
            println!("# {id} unknown: {why:?}, restart {restart}, pulled after {before} ms");
            let resolved = till.log.wait_for(from, &format!("resolved {id}"), PATIENCE);
            match resolved {
                Some(_) => count(&tally.resolved),
                None => {
                    let id = ExternalId::new(&id).unwrap();
                    till.connector.park(&id).unwrap();
                    count(&tally.unknown)
                }
            }
        }
    };
    // The next one begins when the link is back.
    let until = Instant::now() + PATIENCE;
    while till.connector.ready(Duration::from_millis(100)).is_err() {
        assert!(Instant::now() < until, "{}", till.log);
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % limit
    }
}
