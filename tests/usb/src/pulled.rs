//! The cable is pulled at seeded moments, and the books are compared.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proto_core::driver::{Outcome, Ticket};
use proto_core::pos::Sale;
use transport_usb::Cable;

use crate::cable::{PATIENCE, Terminal, Till, books_agree, options, serial, terminal, till};
use crate::report::Report;

/// Terminals that are pulled at the same time; most of the time of each is waiting.
const LANES: usize = 8;

/// How the moments ended.
#[derive(Debug, Default)]
struct Tally {
    /// The cable was out already, and the till said so.
    refused: AtomicUsize,
    made: AtomicUsize,
    not_made: AtomicUsize,
    /// Unknown at first, and found out when the terminal was there again.
    resolved: AtomicUsize,
    /// Pulled once more on the way back.
    twice: AtomicUsize,
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
        let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
        let ended = [&tally.refused, &tally.made, &tally.not_made, &tally.resolved];
        assert_eq!(ended.map(count).iter().sum::<usize>(), moments, "{tally:?}");
        let [refused, made, not_made, resolved] = ended.map(count);
        format!(
            "{refused} refused, {made} made, {not_made} not made, {resolved} resolved later; {} pulled twice",
            count(&tally.twice)
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
        let mut random = Random((u64::from(seed) << 32) + at as u64);
        basket(&terminal, &till, at, &mut random, tally);
    }
}

/// A customer pays for a basket, and the cable is pulled. If nothing was charged the clerk asks for it again, under
/// a new id. In the end it was paid once.
fn basket(terminal: &Terminal, till: &Till, at: usize, random: &mut Random, tally: &Tally) {
    let basket = format!("BASKET{at}-");
    let count = |it: &AtomicUsize| it.fetch_add(1, Ordering::Relaxed);
    let id = format!("{basket}1");
    let mut paid = match pull(&terminal.cable, till, &id, random, tally) {
        None => {
            assert_eq!(terminal.books.charges(&id), []);
            count(&tally.refused);
            false
        }
        Some((outcome, was_unknown)) => {
            let paid = books_agree(&outcome, &id, &terminal.books);
            till.log.told_once(&id);
            count(match (was_unknown, paid) {
                (true, _) => &tally.resolved,
                (false, true) => &tally.made,
                (false, false) => &tally.not_made,
            });
            paid
        }
    };
    for attempt in 2..5 {
        if paid {
            break;
        }
        let id = format!("{basket}{attempt}");
        let outcome = ask(till, &id).resolved(PATIENCE);
        paid = books_agree(&outcome, &id, &terminal.books);
    }
    assert_eq!(terminal.books.charges(&basket).len(), 1, "{basket}");
    // The next one begins when the link is back.
    till.ready();
}

/// Asks for a sale until it is taken: that the cable is out may not have come to the till's ears when it says that it
/// is ready.
fn ask(till: &Till, id: &str) -> Ticket {
    let until = Instant::now() + PATIENCE;
    loop {
        till.ready();
        match till.connector.sale(Sale::new(1_000).external_id(id)) {
            Ok(ticket) => return ticket,
            Err(refused) => assert!(Instant::now() < until, "{refused}; {}", till.log),
        }
    }
}

/// Pulls the cable before, in or behind a sale, and plugs it in again. How the sale ended, and whether that was
/// found out later; `None` if it was refused.
fn pull(
    cable: &Cable,
    till: &Till,
    id: &str,
    random: &mut Random,
    tally: &Tally,
) -> Option<(Outcome, bool)> {
    till.ready();
    let (before, out) = (random.below(130), random.below(400));
    let plug = |restart: bool| match restart {
        true => cable.plug(),
        false => cable.plug_accessory(),
    };
    let restart = random.below(2) == 0;
    // Some are pulled before the sale is asked for.
    let early = random.below(8) == 0;
    if early {
        cable.unplug();
    }
    let asked = till.connector.sale(Sale::new(1_000).external_id(id));
    if !early {
        sleep(Duration::from_millis(before));
        cable.unplug();
    }
    sleep(Duration::from_millis(out));
    plug(restart);
    // Some once more: in the handshake, in the discovery, or while it is found out what became of the sale.
    if random.below(4) == 0 {
        tally.twice.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(random.below(1_500)));
        cable.unplug();
        sleep(Duration::from_millis(random.below(400)));
        plug(restart);
    }
    // The terminal is there again: what is unknown at first is found out.
    let outcome = asked.ok()?.resolved(PATIENCE);
    let was_unknown = till.log.count(0, &format!("resolved {id}")) > 0;
    Some((outcome, was_unknown))
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
