//! The two ends of a cable.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use host_demo::sim::{Pairing, Plan, Seen, SimulatorThread};
use nusb::MaybeFuture as _;
use proto_core::driver::{Config, Connector, MemoryJournal, Outcome, Question, Records, Reply};
use proto_core::pos::{Event, Sale};
use transport_usb::{
    Cable, GadgetOptions, Identities, Mode, Target, UsbGadget, UsbOptions, devices, open_target,
};

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated terminal at a cable.
pub(crate) struct Terminal {
    pub(crate) cable: Cable,
    pub(crate) books: Arc<Books>,
    _simulator: SimulatorThread,
}

/// What the terminal did with each sale.
#[derive(Debug, Default)]
pub(crate) struct Books {
    state: Mutex<Pages>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pages {
    /// The sale that is at the terminal.
    current: String,
    charges: Vec<Charge>,
    seen: Vec<Seen>,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) external_id: String,
    pub(crate) payment: String,
    pub(crate) amount: i64,
}

impl Books {
    fn write(&self, seen: &Seen) {
        let mut pages = self.lock();
        match seen {
            Seen::Begun { id, .. } => pages.current.clone_from(id),
            Seen::Paid { payment, amount } => {
                let charge = Charge {
                    external_id: pages.current.clone(),
                    payment: payment.clone(),
                    amount: *amount,
                };
                pages.charges.push(charge);
            }
            Seen::Voided(_) => {
                let Pages {
                    charges, current, ..
                } = &mut *pages;
                charges.retain(|charge| charge.external_id != *current);
            }
            _ => {}
        }
        pages.seen.push(seen.clone());
        self.changed.notify_all();
    }

    /// What was charged for the sales whose ids begin so, and not voided.
    pub(crate) fn charges(&self, begin: &str) -> Vec<Charge> {
        let pages = self.lock();
        let charges = pages.charges.iter();
        charges
            .filter(|charge| charge.external_id.starts_with(begin))
            .cloned()
            .collect()
    }

    /// Waits until the terminal has seen this often enough.
    pub(crate) fn wait(&self, count: usize, what: impl Fn(&Seen) -> bool) {
        let enough =
            |pages: &mut Pages| pages.seen.iter().filter(|seen| what(seen)).count() < count;
        let (pages, _) = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, enough)
            .unwrap();
        let got = pages.seen.iter().filter(|seen| what(seen)).count();
        assert!(got >= count, "the terminal has seen only {:#?}", pages.seen);
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the terminal at controller `at` is made.
pub(crate) fn options(at: usize) -> GadgetOptions {
    let mut options = GadgetOptions::default();
    options.name = format!("terminal{at}");
    options.controller = Some(format!("dummy_udc.{at}"));
    options.serial = serial(at);
    options
}

pub(crate) fn serial(at: usize) -> String {
    format!("SIM000{at}")
}

/// A terminal that does this with one sale after the other.
pub(crate) fn terminal(options: GadgetOptions, plans: &[&str]) -> Terminal {
    terminal_with(options, plans, |_, _| ())
}

/// The same; `look` sees everything that happens at it, before more does.
pub(crate) fn terminal_with(
    options: GadgetOptions,
    plans: &[&str],
    mut look: impl FnMut(&Cable, &Seen) + Send + 'static,
) -> Terminal {
    let (link, park) = UsbGadget::new(options).unwrap();
    let cable = link.cable();
    let plans = plans.iter().map(|plan| plan.parse::<Plan>().unwrap());
    let books = Arc::new(Books::default());
    let (for_thread, pulled) = (Arc::clone(&books), cable.clone());
    let look = move |seen: &Seen| {
        for_thread.write(seen);
        look(&pulled, seen);
    };
    let simulator =
        SimulatorThread::start_on(link, park, Pairing::Auto, plans.collect::<Vec<_>>(), look)
            .unwrap();
    Terminal {
        cable,
        books,
        _simulator: simulator,
    }
}

/// Pulls the cable of the only terminal, and waits until it is off the bus.
pub(crate) fn pull_out(cable: &Cable) {
    cable.unplug();
    let is_there = || {
        let mut devices = nusb::list_devices().wait().unwrap();
        devices.any(|info| info.serial_number() == Some(&serial(0)))
    };
    let until = Instant::now() + PATIENCE;
    while is_there() {
        assert!(Instant::now() < until, "it is not pulled out");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the terminal is on the bus in this mode. The tests may look as often as they like.
pub(crate) fn await_device(mode: Mode) {
    await_bus(|| {
        let devices = devices(&Identities::default()).unwrap();
        devices
            .iter()
            .any(|device| device.mode == Some(mode) && device.trouble.is_none())
    });
}

pub(crate) fn await_devices(count: usize) {
    await_bus(|| devices(&Identities::default()).unwrap().len() == count);
}

pub(crate) fn await_other(product: u16) {
    await_bus(|| {
        let devices = devices(&Identities::default()).unwrap();
        devices.iter().any(|device| device.product == product)
    });
}

fn await_bus(there: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !there() {
        assert!(
            Instant::now() < until,
            "{:?}",
            devices(&Identities::default())
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A point of sale at a cable.
pub(crate) struct Till {
    pub(crate) connector: Connector,
    pub(crate) log: Arc<Log>,
}

/// What a point of sale was told.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<(Instant, String)>>,
    changed: Condvar,
}

impl Log {
    /// Keeps what was told, and returns it as a line.
    fn write(&self, event: &Event<'_>) -> Option<String> {
        let line = match event {
            Event::Connected(info) => format!("connected {}", info.peer),
            Event::Disconnected(down) => format!("down {:?} {}", down.reason, down.detail),
            Event::BecameReady(_) => "ready".to_owned(),
            Event::ScreenShown(screen) => {
                format!(
                    "screen {}",
                    screen
                        .ui_state()
                        .map(|it| it.name().to_string())
                        .unwrap_or_default()
                )
            }
            Event::Outcome(outcome) => format!("outcome {}", outcome.summary.external_id),
            Event::Resolved(outcome) => format!("resolved {}", outcome.summary.external_id),
            Event::Recovering(_) => "recovering".to_owned(),
            Event::Contradicted(_) => "contradicted".to_owned(),
            Event::Garbled(error) => format!("garbled {}", error.skipped),
            Event::Confirm(_) => "confirm".to_owned(),
            Event::Signature(_) => "signature".to_owned(),
            _ => return None,
        };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((Instant::now(), line.clone()));
        self.changed.notify_all();
        Some(line)
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Waits for a line that begins so, behind the first `from`; when it came, and the line.
    pub(crate) fn wait(&self, from: usize, begin: &str) -> (Instant, String) {
        self.wait_for(from, begin, PATIENCE).unwrap_or_else(|| {
            panic!(
                "no `{begin}` behind {from} in {:#?}",
                self.lines.lock().unwrap()
            )
        })
    }

    pub(crate) fn wait_for(
        &self,
        from: usize,
        begin: &str,
        limit: Duration,
    ) -> Option<(Instant, String)> {
        let find = |lines: &[(Instant, String)]| {
            let mut lines = lines.iter().skip(from);
            lines.find(|(_, line)| line.starts_with(begin)).cloned()
        };
        let lines = self.lines.lock().unwrap();
        let (lines, _) = self
            .changed
            .wait_timeout_while(lines, limit, |lines| find(lines).is_none())
            .unwrap();
        find(&lines)
    }

    /// How it ended was told once for this sale, and nothing that contradicts it.
    pub(crate) fn told_once(&self, id: &str) {
        assert_eq!(self.count(0, &format!("outcome {id}")), 1, "{self}");
        assert_eq!(self.count(0, "contradicted"), 0, "{self}");
    }

    /// How many lines behind the first `from` begin so.
    pub(crate) fn count(&self, from: usize, begin: &str) -> usize {
        let lines = self.lines.lock().unwrap();
        let lines = lines.iter().skip(from);
        lines.filter(|(_, line)| line.starts_with(begin)).count()
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = lines.iter().map(|(_, line)| line.as_str()).collect();
        f.write_str(&lines.join("; "))
    }
}

/// Short waits, so that a run of all cases does not take long.
pub(crate) fn quick() -> UsbOptions {
    let mut options = UsbOptions::default();
    options.settle = Duration::from_millis(50);
    options.grace = Duration::from_secs(1);
    options.return_limit = Duration::from_secs(3);
    options
}

/// A point of sale that says yes to everything.
pub(crate) fn till(target: &str) -> Till {
    till_with(target, quick(), |question| question.accept_all())
}

pub(crate) fn till_with(
    target: &str,
    options: UsbOptions,
    answer: impl for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply + Send + 'static,
) -> Till {
    let journal = MemoryJournal::default();
    till_watched(target, options, journal, |_| (), answer)
}

/// The same, with this journal; `look` sees every line of the log, before more happens.
pub(crate) fn till_watched(
    target: &str,
    options: UsbOptions,
    journal: impl Records + 'static,
    mut look: impl FnMut(&str) + Send + 'static,
    answer: impl for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply + Send + 'static,
) -> Till {
    let config = Config::new("com.example.usb:1.0").accept_simulator(true);
    let target: Target = target.parse().unwrap();
    let log = Arc::new(Log::default());
    let for_thread = Arc::clone(&log);
    let on_event = move |event: &Event<'_>| {
        if let Some(line) = for_thread.write(event) {
            look(&line);
        }
    };
    let connector = open_target(target, options, config)
        .journal(journal)
        .on_event(on_event)
        .on_question(answer)
        .unwrap();
    Till { connector, log }
}

impl Till {
    pub(crate) fn ready(&self) {
        if let Err(error) = self.connector.ready(PATIENCE) {
            panic!("not ready: {error}; {}", self.log);
        }
    }

    /// Takes a sale to its end.
    pub(crate) fn sale(&self, id: &str) -> Outcome {
        let ticket = self.connector.sale(Sale::new(1_000).external_id(id));
        let ticket = ticket.unwrap_or_else(|refused| panic!("{refused}; {}", self.log));
        let outcome = ticket.wait_for(2 * PATIENCE);
        outcome.unwrap_or_else(|_| panic!("no outcome for {id}; {}", self.log))
    }
}

/// What the point of sale was told, once, must be what the terminal's books say. Returns whether it was paid. A sale
/// that is still unknown when the terminal is back is a failure: it keeps books and answers look-ups.
pub(crate) fn books_agree(outcome: &Outcome, id: &str, books: &Books) -> bool {
    let booked = books.charges(id);
    let summary = outcome.summary();
    assert_eq!(summary.external_id.as_str(), id);
    match outcome {
        Outcome::Made { .. } => {
            let told = Charge {
                external_id: id.to_owned(),
                payment: summary.payment_id.as_ref().unwrap().to_string(),
                amount: summary.approved + summary.tip,
            };
            assert_eq!(booked, [told], "{summary:?}");
            true
        }
        Outcome::NotMade(_) => {
            assert_eq!(booked, [], "{summary:?}");
            false
        }
        Outcome::Unknown { .. } => {
            panic!("it is not known, and on the books {booked:?}: {summary:?}")
        }
    }
}
