//! The driver and its journal, on real threads and sockets, against the simulated terminal.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use host_demo::sim::{Pairing, Plan, Seen, SimulatorOptions, SimulatorThread};
use proto_core::driver::{
    Config, Connector, JournalEntry, JournalError, MemoryJournal, Outcome, Records,
};
use proto_core::journal::{Record, RecordState};
use proto_core::pos::{
    Cause, Certainty, Deadlines, Event, Evidence, ExternalId, Refusal, Sale, Summary,
};
use proto_core::time;

/// Long enough for a machine that does something else; a failure takes this long, a success never.
const PATIENCE: Duration = Duration::from_secs(20);

fn simulator(outcomes: Vec<Plan>) -> (SimulatorThread, Receiver<Seen>) {
    let (seen, received) = channel();
    let options = SimulatorOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        pairing: Pairing::Auto,
        outcomes,
        allow_network: false,
    };
    let look = move |what: &Seen| {
        let _ = seen.send(what.clone());
    };
    (SimulatorThread::start(options, look).unwrap(), received)
}

/// A run of the program: what it is told, and the till.
struct Run {
    till: Connector,
    told: Receiver<(&'static str, Summary)>,
}

impl Run {
    fn start(simulator: &SimulatorThread, journal: impl Records + 'static) -> Self {
        Self::with(simulator, journal, Deadlines::DEFAULT)
    }

    fn with(
        simulator: &SimulatorThread,
        journal: impl Records + 'static,
        deadlines: Deadlines,
    ) -> Self {
        let (sender, told) = channel();
        let config = Config::new("com.example.test:1.0")
            .accept_simulator(true)
            .deadlines(deadlines);
        let till = transport_ws::open(&simulator.url(), config)
            .unwrap()
            .journal(journal)
            .on_event(move |event| {
                let (name, outcome) = match event {
                    Event::Outcome(outcome) => ("outcome", outcome),
                    Event::Resolved(outcome) => ("resolved", outcome),
                    _ => return,
                };
                let _ = sender.send((name, outcome.summary.clone()));
            })
            .on_question(|question| question.reject())
            .unwrap();
        till.ready(PATIENCE).unwrap();
        Self { till, told }
    }

    fn told(&self) -> (&'static str, Summary) {
        self.told.recv_timeout(PATIENCE).unwrap()
    }
}

fn sale(id: &str) -> Sale<'_> {
    Sale::new(1_000).external_id(id)
}

fn records(journal: &MemoryJournal) -> Vec<Record> {
    let entries = journal.entries().into_iter();
    entries.map(|entry| entry.record).collect()
}

fn states(journal: &MemoryJournal) -> Vec<(u32, RecordState)> {
    let records = records(journal).into_iter();
    records
        .map(|record| (record.request.number(), record.state))
        .collect()
}

#[test]
fn a_sale_is_on_record_before_it_leaves_and_until_its_outcome_is_stored() {
    let (simulator, _seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let ticket = run.till.sale(sale("INV-1")).unwrap();
    let outcome = ticket.wait();
    assert!(matches!(outcome, Outcome::Made { .. }));
    run.till.outcome_stored(outcome.summary()).unwrap();
    run.till.shutdown();
    let expected = [
        (1, RecordState::Intent),
        (1, RecordState::Outcome),
        (1, RecordState::Delivered),
    ];
    assert_eq!(states(&journal), expected);
}

#[test]
fn an_outcome_is_told_again_after_a_restart_until_it_is_stored() {
    let (simulator, _seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let ticket = run.till.sale(sale("INV-1")).unwrap();
    let first = ticket.wait().summary().clone();
    run.till.shutdown();

    let run = Run::start(&simulator, journal.clone());
    let (name, again) = run.told();
    let expected = Summary {
        redelivered: true,
        ..first.clone()
    };
    assert_eq!((name, again), ("outcome", expected));
    run.till.outcome_stored(&first).unwrap();
    run.till.shutdown();

    // The next one has the next number, and is the first that is told of.
    let run = Run::start(&simulator, journal);
    let ticket = run.till.sale(sale("INV-2")).unwrap();
    assert_eq!(ticket.request().number(), 2);
    let _ = ticket.wait();
    assert_eq!(run.told().1.external_id.as_str(), "INV-2");
}

#[test]
fn what_was_open_when_the_program_ended_is_found_out() {
    let (simulator, _seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let paid = run.till.sale(sale("INV-1")).unwrap().wait();
    run.till.shutdown();
    // As if it had ended before the answer came.
    let mut crashed = MemoryJournal::default();
    crashed.write(&journal.entries()[0]).unwrap();

    let run = Run::start(&simulator, crashed.clone());
    let (name, summary) = run.told();
    assert_eq!((name, summary.redelivered), ("outcome", true));
    assert!(matches!(summary.certainty, Certainty::Made(_)));
    assert_eq!(summary.payment_id, paid.summary().payment_id);
    assert_eq!(summary.approved, 1_000);
    run.till.shutdown();
    let id = ExternalId::new("INV-1").unwrap();
    assert_eq!(
        crashed.find(&id).unwrap().unwrap().state,
        RecordState::Outcome
    );
}

#[test]
fn an_external_id_on_record_is_refused_after_a_restart_unless_asked_for_by_name() {
    let (simulator, _seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let ticket = run.till.sale(sale("INV-1")).unwrap();
    run.till.outcome_stored(ticket.wait().summary()).unwrap();
    run.till.shutdown();

    let run = Run::start(&simulator, journal.clone());
    let refused = run.till.sale(sale("INV-1")).unwrap_err();
    assert_eq!(refused.why, Refusal::IdUsed);
    assert_eq!(states(&journal).len(), 3);
    let again = Sale {
        retry: true,
        ..sale("INV-1")
    };
    // The terminal, too, knows it.
    let outcome = run.till.sale(again).unwrap().wait();
    assert_eq!(outcome.summary().cause, Cause::Duplicate);
    assert_eq!(states(&journal)[3], (2, RecordState::Intent));
}

#[test]
fn a_ticket_waits_for_what_is_found_out_about_an_unknown_outcome() {
    let late = Plan {
        bank: time::Duration::from_millis(1_500),
        ..Plan::default()
    };
    let (simulator, _seen) = simulator(vec![late]);
    let journal = MemoryJournal::default();
    let deadlines = Deadlines {
        total: time::Duration::from_millis(100),
        look_up: time::Duration::from_millis(100),
        ..Deadlines::DEFAULT
    };
    let run = Run::with(&simulator, journal.clone(), deadlines);
    let ticket = run.till.sale(sale("INV-1")).unwrap();
    let outcome = ticket.resolved(PATIENCE);
    let Outcome::Made {
        payment, summary, ..
    } = &outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(payment.view().amount(), Some(1_000));
    assert_eq!(
        (run.told().0, run.told()),
        ("outcome", ("resolved", summary.clone()))
    );
    run.till.outcome_stored(summary).unwrap();
    run.till.shutdown();
    let last = records(&journal).pop().unwrap();
    assert!(!last.is_open(), "{last:?}");
}

/// A journal that cannot be written, or not be read.
struct Broken {
    reads: bool,
}

impl Broken {
    fn error() -> JournalError {
        JournalError::system("journal".as_ref(), std::io::ErrorKind::StorageFull)
    }
}

impl Records for Broken {
    fn write(&mut self, _entry: &JournalEntry) -> Result<(), JournalError> {
        Err(Self::error())
    }

    fn read(&mut self, _look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        Ok(())
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        Ok(Vec::new())
    }

    fn under(&mut self, _id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        if self.reads {
            Ok(Vec::new())
        } else {
            Err(Self::error())
        }
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        Ok(0)
    }
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let (simulator, seen) = simulator(Vec::new());
    let run = Run::start(&simulator, Broken { reads: true });
    let outcome = run.till.sale(sale("INV-1")).unwrap().wait();
    let summary = outcome.summary();
    assert_eq!(summary.certainty, Certainty::NotMade);
    assert_eq!(summary.evidence, Evidence::JournalFailed);
    run.till.shutdown();
    let run = Run::start(&simulator, Broken { reads: false });
    let refused = run.till.sale(sale("INV-1")).unwrap_err();
    assert_eq!(refused.why, Refusal::JournalFailed);
    run.till.shutdown();
    drop(simulator);
    assert!(!seen.iter().any(|seen| matches!(seen, Seen::Sale { .. })));
}
