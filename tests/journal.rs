//! The driver and its journal, on real threads and sockets, against the simulated terminal.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use host_demo::sim::{Pairing, Plan, Seen, SimulatorOptions, SimulatorThread};
use proto_core::driver::{
    Config, Connector, Differs, JournalEntry, JournalError, MemoryJournal, Outcome, Paid, Records,
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
        script: outcomes.into(),
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

    fn last(&mut self, _count: usize) -> Result<Vec<Record>, JournalError> {
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
    assert!(!seen.iter().any(|seen| matches!(seen, Seen::Begun { .. })));
}

/// A journal that finds nothing by its id.
struct Forgetful(MemoryJournal);

impl Records for Forgetful {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        self.0.write(entry)
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        self.0.read(look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        self.0.open()
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        self.0.last(count)
    }

    fn under(&mut self, _id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        Ok(Vec::new())
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        self.0.last_request()
    }
}

#[test]
fn the_core_knows_again_what_the_last_requests_were_about_also_when_all_are_over() {
    let (simulator, _seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let ticket = run.till.sale(sale("INV-1")).unwrap();
    run.till.outcome_stored(ticket.wait().summary()).unwrap();
    run.till.shutdown();
    assert!(!records(&journal).pop().unwrap().is_open());

    let run = Run::start(&simulator, Forgetful(journal));
    let refused = run.till.sale(sale("INV-1")).unwrap_err();
    assert_eq!(refused.why, Refusal::IdUsed);
}

// ensure_paid

/// How often a sale has reached the simulator, once it has ended.
fn starts(simulator: SimulatorThread, seen: &Receiver<Seen>) -> usize {
    drop(simulator);
    seen.iter()
        .filter(|seen| matches!(seen, Seen::Begun { .. }))
        .count()
}

fn ensure(run: &Run, sale: Sale<'_>) -> Paid {
    run.till.ensure_paid(sale).unwrap().wait(PATIENCE)
}

#[test]
fn a_payment_is_ensured_once_also_across_restarts() {
    let (simulator, seen) = simulator(Vec::new());
    let journal = MemoryJournal::default();
    let run = Run::start(&simulator, journal.clone());
    let Paid::Full(first) = ensure(&run, sale("INV-1")) else {
        panic!("paid");
    };
    let again = run.till.ensure_paid(sale("INV-1")).unwrap();
    assert!(again.known().is_some() && again.canceller().is_none());
    run.till.shutdown();
    let run = Run::start(&simulator, journal);
    let Paid::Full(again) = ensure(&run, sale("INV-1")) else {
        panic!("still paid");
    };
    assert_eq!(again.payment_id, first.payment_id);
    run.till.shutdown();
    assert_eq!(starts(simulator, &seen), 1);
}

#[test]
fn what_is_not_paid_is_asked_again_only_by_name() {
    // (A terminal that has begun it does not take its id again.)
    let busy = "busy".parse().unwrap();
    let (simulator, seen) = simulator(vec![busy, Plan::default()]);
    let run = Run::start(&simulator, MemoryJournal::default());
    for _ in 0..2 {
        assert!(matches!(ensure(&run, sale("INV-1")), Paid::NotMade(_)));
    }
    let again = Sale {
        retry: true,
        ..sale("INV-1")
    };
    assert!(matches!(ensure(&run, again), Paid::Full(_)));
    assert!(matches!(ensure(&run, again), Paid::Full(_)));
    run.till.shutdown();
    assert_eq!(starts(simulator, &seen), 2);
}

#[test]
fn another_amount_under_the_same_id_is_a_conflict_and_sends_nothing() {
    let (simulator, seen) = simulator(Vec::new());
    let run = Run::start(&simulator, MemoryJournal::default());
    assert!(matches!(ensure(&run, sale("INV-1")), Paid::Full(_)));
    let other = Sale::new(2_000).external_id("INV-1");
    let Paid::Conflict(conflict) = ensure(&run, other) else {
        panic!("a conflict");
    };
    assert_eq!(conflict.differs, Differs::Amount);
    assert!(conflict.to_string().contains("INV-1"));
    run.till.shutdown();
    assert_eq!(starts(simulator, &seen), 1);
}

#[test]
fn an_approval_for_less_leaves_the_rest() {
    let partial = "partial:6.00".parse().unwrap();
    let (simulator, _seen) = simulator(vec![partial]);
    let run = Run::start(&simulator, MemoryJournal::default());
    for _ in 0..2 {
        let Paid::Partial {
            approved,
            remaining,
            ..
        } = ensure(&run, sale("INV-1"))
        else {
            panic!("a part");
        };
        assert_eq!((approved, remaining), (600, 400));
    }
}

#[test]
fn a_payment_that_only_the_terminal_knows_is_found_and_held_against_the_amount() {
    for (amount, full) in [(1_000, true), (2_000, false)] {
        let (simulator, _seen) = simulator(Vec::new());
        let run = Run::start(&simulator, MemoryJournal::default());
        assert!(matches!(ensure(&run, sale("INV-1")), Paid::Full(_)));
        run.till.shutdown();
        // The journal is lost; the terminal answers DUPLICATE.
        let run = Run::start(&simulator, MemoryJournal::default());
        let paid = ensure(&run, Sale::new(amount).external_id("INV-1"));
        if full {
            assert!(matches!(paid, Paid::Full(_)), "{paid:?}");
        } else {
            assert!(matches!(paid, Paid::Conflict(_)), "{paid:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_found_out_before_anything_is_sent() {
    let late = Plan {
        bank: time::Duration::from_millis(1_500),
        ..Plan::default()
    };
    let (simulator, seen) = simulator(vec![late]);
    let deadlines = Deadlines {
        total: time::Duration::from_millis(100),
        look_up: time::Duration::from_millis(100),
        ..Deadlines::DEFAULT
    };
    let run = Run::with(&simulator, MemoryJournal::default(), deadlines);
    let outcome = run.till.sale(sale("INV-1")).unwrap().wait();
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(matches!(ensure(&run, sale("INV-1")), Paid::Full(_)));
    run.till.shutdown();
    assert_eq!(starts(simulator, &seen), 1);
}

#[test]
fn the_check_for_duplicates_stays_on() {
    let (simulator, _seen) = simulator(Vec::new());
    let run = Run::start(&simulator, MemoryJournal::default());
    let refused = run.till.ensure_paid(Sale {
        disable_duplicate_checking: Some(true),
        ..sale("INV-1")
    });
    assert_eq!(refused.unwrap_err().why, Refusal::Invalid);
}
