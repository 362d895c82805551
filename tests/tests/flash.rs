//! The journal of the firmware (`tests/firmware`), in memory that behaves as flash does.

#[path = "../firmware/src/flash.rs"]
pub mod flash;

use flash::Journal;
use proto_core::journal::{RECORD_LEN, RECORD_VERSION, Record, RecordState};
use proto_core::pos::{ExternalId, RequestId, RequestKind};

/// The intent of the request with this number.
fn record(number: u32) -> Record {
    Record {
        version: RECORD_VERSION,
        request: RequestId::from_number(number),
        kind: RequestKind::Sale,
        external_id: ExternalId::new(&format!("INV-{number}")).unwrap(),
        payment: None,
        original: None,
        amount: 10_00,
        tip: None,
        terminal: "SIM".try_into().unwrap(),
        merchant: "SIM".try_into().unwrap(),
        simulated: true,
        unix_ms: None,
        other_paid: false,
        state: RecordState::Intent,
        ending: None,
    }
}

/// What it takes in flash.
fn len(record: &Record) -> usize {
    6 + record.to_json(&mut [0; RECORD_LEN]).unwrap()
}

fn numbers(journal: &Journal<'_>) -> Vec<u32> {
    journal
        .records()
        .map(|record| record.request.number())
        .collect()
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let mut flash = vec![0; 4_096];
    assert!(numbers(&Journal::open(&mut flash)).is_empty());
    for number in 1..=3 {
        Journal::open(&mut flash).append(&record(number)).unwrap();
    }
    let done = Record {
        state: RecordState::Delivered,
        ..record(2)
    };
    let mut journal = Journal::open(&mut flash);
    journal.append(&done).unwrap();
    assert_eq!(numbers(&journal), [1, 2, 3, 2]);
    let standing: Vec<Record> = Journal::open(&mut flash).standing().collect();
    assert_eq!(standing, [record(1), record(3), done]);
}

#[test]
fn a_record_that_was_torn_at_any_byte_is_ignored_and_later_ones_are_kept() {
    let mut number = 0;
    for torn_at in 0..len(&record(1_000)) {
        // The bytes that follow are others each time.
        number += 10;
        let mut flash = vec![0; 4_096];
        let mut journal = Journal::open(&mut flash);
        journal.append(&record(number)).unwrap();
        assert!(!journal.torn());
        for torn in [1, 2] {
            journal
                .append_torn(&record(number + torn), torn_at)
                .unwrap();
            journal = Journal::open(&mut flash);
            assert_eq!(numbers(&journal), [number], "{torn_at}");
            assert_eq!(journal.torn(), torn_at > 0, "{torn_at}");
        }
        journal.append(&record(number + 3)).unwrap();
        journal = Journal::open(&mut flash);
        assert!(!journal.torn(), "{torn_at}");
        journal.append(&record(number + 4)).unwrap();
        let expected = [number, number + 3, number + 4];
        assert_eq!(numbers(&journal), expected, "{torn_at}");
        assert_eq!(numbers(&Journal::open(&mut flash)), expected, "{torn_at}");
    }
}

#[test]
fn a_journal_that_is_full_says_so_and_keeps_what_it_has() {
    let mut flash = vec![0; 8 + 2 * len(&record(1))];
    let mut journal = Journal::open(&mut flash);
    assert!(journal.append(&record(1)).is_ok() && journal.append(&record(2)).is_ok());
    assert!(journal.append(&record(3)).is_err());
    assert_eq!(numbers(&Journal::open(&mut flash)), [1, 2]);
}
