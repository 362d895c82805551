//! The two ends of a cable.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use host_demo::sim::{Pairing, Plan, Seen, SimulatorThread};
use proto_core::driver::{Config, Connector, Outcome, Question, Reply};
use proto_core::pos::{Event, Sale};
use transport_usb::{Cable, GadgetOptions, Target, UsbGadget, UsbOptions, open_target};

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
    current: String,
    paid: BTreeMap<String, i64>,
    seen: Vec<Seen>,
}

impl Books {
    fn write(&self, seen: &Seen) {
        let mut pages = self.lock();
        let current = pages.current.clone();
        match seen {
            Seen::Sale { external_id, .. } => pages.current.clone_from(external_id),
            Seen::Paid { amount, .. } => {
                pages.paid.insert(current, *amount);
            }
            Seen::Voided(_) => {
                pages.paid.remove(&current);
            }
            _ => {}
        }
        pages.seen.push(seen.clone());
        self.changed.notify_all();
    }

    /// What was paid for this sale.
    pub(crate) fn paid(&self, external_id: &str) -> Option<i64> {
        self.lock().paid.get(external_id).copied()
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
    let (link, park) = UsbGadget::new(options).unwrap();
    let cable = link.cable();
    let plans = plans.iter().map(|plan| plan.parse::<Plan>().unwrap());
    let books = Arc::new(Books::default());
    let for_thread = Arc::clone(&books);
    let look = move |seen: &Seen| for_thread.write(seen);
    let simulator =
        SimulatorThread::start_on(link, park, Pairing::Auto, plans.collect(), look).unwrap();
    Terminal {
        cable,
        books,
        _simulator: simulator,
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
    fn write(&self, event: &Event<'_>) {
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
            _ => return,
        };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((Instant::now(), line));
        self.changed.notify_all();
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
    let config = Config::new("com.example.usb:1.0").accept_simulator(true);
    let target: Target = target.parse().unwrap();
    let log = Arc::new(Log::default());
    let for_thread = Arc::clone(&log);
    let connector = open_target(target, options, config)
        .on_event(move |event| for_thread.write(event))
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

/// What the point of sale says must be what the terminal's books say. Returns whether it was paid, or nothing
/// if that is not known.
pub(crate) fn books_agree(outcome: &Outcome, id: &str, books: &Books) -> Option<bool> {
    let paid = books.paid(id);
    match outcome {
        Outcome::Made { summary, .. } => {
            assert_eq!(
                paid,
                Some(summary.approved + summary.tip),
                "{id} {summary:?}"
            );
            Some(true)
        }
        Outcome::NotMade(why) => {
            assert_eq!(paid, None, "{id} {:?}", why.summary);
            Some(false)
        }
        Outcome::Unknown { .. } => None,
    }
}
