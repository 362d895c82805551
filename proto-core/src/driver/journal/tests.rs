//! What a journal promises, on real files.

use std::fs;
use std::path::PathBuf;

use super::on_record::refusal;
use super::*;
use crate::journal::RECORD_VERSION;
use crate::pos::{Cause, Certainty, Evidence, Finality, RequestId, RequestKind, ResultCode};

const DAY_MS: u64 = 24 * 3_600_000;

fn intent(request: u32, id: &str) -> Record {
    Record {
        version: RECORD_VERSION,
        request: RequestId::from_number(request),
        kind: RequestKind::Sale,
        external_id: ExternalId::new(id).unwrap(),
        payment: None,
        original: None,
        amount: 1_000,
        tip: None,
        terminal: "C031UQ12345678".try_into().unwrap(),
        merchant: "M1".try_into().unwrap(),
        simulated: false,
        unix_ms: unix_ms(),
        other_paid: false,
        state: RecordState::Intent,
        ending: None,
    }
}

fn ended(intent: &Record, state: RecordState, certainty: Certainty) -> Record {
    Record {
        state,
        ending: Some(Ending::new(
            certainty,
            ResultCode::Success,
            Cause::Approved,
            Evidence::FinishOk,
        )),
        ..intent.clone()
    }
}

const MADE: Certainty = Certainty::Made(Finality::Final);

/// A sale that was made and is stored by the application.
fn sold(journal: &mut impl Records, intent: &Record) {
    journal.append(intent).unwrap();
    for state in [RecordState::Outcome, RecordState::Delivered] {
        journal.append(&ended(intent, state, MADE)).unwrap();
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state/journal.jsonl")
    }

    fn journal(&self) -> FileJournal {
        FileJournal::open(self.path()).unwrap()
    }

    fn entries(&self) -> Vec<JournalEntry> {
        let mut entries = Vec::new();
        FileJournal::look_into(self.path(), &mut |entry| entries.push(entry)).unwrap();
        entries
    }
}

fn numbers(records: &[Record]) -> Vec<u32> {
    let numbers = records.iter().map(|record| record.request.number());
    numbers.collect()
}

fn says_how_every_request_stands(journal: &mut impl Records) {
    assert_eq!(journal.last_request().unwrap(), 0);
    sold(journal, &intent(1, "INV-1"));
    journal.append(&intent(2, "INV-2")).unwrap();
    let third = intent(3, "INV-1");
    journal.append(&third).unwrap();
    let unknown = ended(&third, RecordState::Delivered, Certainty::Unknown);
    journal.append(&unknown).unwrap();
    let fourth = intent(4, "INV-4");
    journal.append(&fourth).unwrap();
    let told = ended(&fourth, RecordState::Outcome, Certainty::NotMade);
    journal.append(&told).unwrap();

    assert_eq!(numbers(&journal.open().unwrap()), [2, 3, 4]);
    assert_eq!(numbers(&journal.last(3).unwrap()), [2, 3, 4]);
    assert_eq!(numbers(&journal.last(9).unwrap()), [1, 2, 3, 4]);
    let id = ExternalId::new("INV-1").unwrap();
    assert_eq!(numbers(&journal.under(&id).unwrap()), [1, 3]);
    assert_eq!(journal.find(&id).unwrap(), Some(unknown));
    assert_eq!(journal.find(&ExternalId::new("X").unwrap()).unwrap(), None);
    assert_eq!(journal.last_request().unwrap(), 4);
    let mut states = Vec::new();
    journal
        .read(&mut |entry| states.push((entry.record.request.number(), entry.record.state)))
        .unwrap();
    use RecordState::{Delivered, Intent, Outcome};
    let expected = [
        (1, Intent),
        (1, Outcome),
        (1, Delivered),
        (2, Intent),
        (3, Intent),
        (3, Delivered),
        (4, Intent),
        (4, Outcome),
    ];
    assert_eq!(states, expected);
}

#[test]
fn a_journal_says_how_every_request_stands() {
    says_how_every_request_stands(&mut MemoryJournal::default());
    says_how_every_request_stands(&mut Folder::new().journal());
}

#[test]
fn a_file_says_the_same_when_it_is_opened_again() {
    let folder = Folder::new();
    says_how_every_request_stands(&mut folder.journal());
    let before = folder.entries();
    let mut again = folder.journal();
    assert_eq!(again.repaired(), None);
    assert_eq!(numbers(&again.open().unwrap()), [2, 3, 4]);
    assert_eq!(again.last_request().unwrap(), 4);
    assert_eq!(folder.entries(), before);
}

#[test]
fn a_line_that_was_being_written_is_cut_off_and_kept_aside() {
    let folder = Folder::new();
    let mut journal = folder.journal();
    sold(&mut journal, &intent(1, "INV-1"));
    let whole = fs::read(folder.path()).unwrap();
    journal.append(&intent(2, "INV-2")).unwrap();
    drop(journal);
    let all = fs::read(folder.path()).unwrap();
    for cut in whole.len() + 1..all.len() {
        let mut torn = all.clone();
        match cut % 3 {
            0 => torn.truncate(cut),
            // The file has its new length already; what is missing reads as zeros.
            1 => torn[cut..].fill(0),
            _ => torn[cut..all.len() - 1].fill(0),
        }
        if torn == all {
            continue;
        }
        fs::write(folder.path(), &torn).unwrap();
        let mut journal = folder.journal();
        let repaired = journal.repaired().unwrap().clone();
        assert_eq!(repaired.bytes as usize, torn.len() - whole.len(), "{cut}");
        assert_eq!(fs::read(repaired.kept_in).unwrap(), torn[whole.len()..]);
        assert_eq!(fs::read(folder.path()).unwrap(), whole);
        assert_eq!(journal.last_request().unwrap(), 1);
        journal.append(&intent(2, "INV-2")).unwrap();
        assert_eq!(numbers(&journal.open().unwrap()), [2]);
    }
}

#[test]
fn a_line_that_is_damaged_is_an_error_that_says_which_and_changes_nothing() {
    let folder = Folder::new();
    let mut journal = folder.journal();
    for request in 1..=3 {
        journal.append(&intent(request, "INV")).unwrap();
    }
    drop(journal);
    let all = fs::read(folder.path()).unwrap();
    let mut line = 1;
    // The last byte is left out: without it the last line looks as if it was being written.
    for at in 0..all.len() - 1 {
        let mut damaged = all.clone();
        damaged[at] ^= 1;
        fs::write(folder.path(), &damaged).unwrap();
        match FileJournal::open(folder.path()) {
            Err(JournalError::Unreadable { entry, .. }) => assert_eq!(entry, line, "{at}"),
            other => panic!("byte {at}: {other:?}"),
        }
        assert_eq!(fs::read(folder.path()).unwrap(), damaged);
        if all[at] == b'\n' {
            line += 1;
        }
    }
}

#[test]
fn a_file_of_something_else_is_not_touched() {
    let folder = Folder::new();
    drop(folder.journal());
    let mut database = b"SQLite format 3\0".to_vec();
    database.resize(4_096, 0);
    let texts: [&[u8]; 5] = [&database, b"{}", b"{\"crc32\":", b"hello\n", b"\n"];
    for (at, text) in texts.into_iter().enumerate() {
        fs::write(folder.path(), text).unwrap();
        let opened = FileJournal::open(folder.path());
        if at == 2 {
            assert!(opened.unwrap().repaired().is_some());
            continue;
        }
        let error = opened.unwrap_err();
        assert!(
            matches!(error, JournalError::Unreadable { entry: 1, .. }),
            "{error}"
        );
        assert_eq!(fs::read(folder.path()).unwrap(), text);
    }
}

#[test]
fn a_line_of_a_newer_version_is_not_guessed_at() {
    let folder = Folder::new();
    let newer = Record {
        version: RECORD_VERSION + 1,
        ..intent(1, "INV-1")
    };
    folder.journal().append(&newer).unwrap();
    let error = FileJournal::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("newer version"), "{error}");
}

#[test]
fn who_comes_second_is_told_who_has_it() {
    let folder = Folder::new();
    let journal = folder.journal();
    let error = FileJournal::open(folder.path()).unwrap_err();
    let own = std::process::id();
    assert!(
        matches!(&error, JournalError::Held { by: Some(by), .. } if *by == own),
        "{error}"
    );
    assert!(error.to_string().contains(&own.to_string()), "{error}");
    // Looking is allowed.
    assert_eq!(folder.entries(), []);
    drop(journal);
    drop(folder.journal());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let journal = folder.journal();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = folder.path();
    let state = path.parent().unwrap();
    assert_eq!(mode(state), 0o700);
    let names = fs::read_dir(state).unwrap();
    let modes: Vec<_> = names.map(|name| mode(&name.unwrap().path())).collect();
    assert_eq!(modes, [0o600, 0o600]);
    drop(journal);
}

#[test]
fn superseded_lines_go_and_what_is_open_stays() {
    let folder = Folder::new();
    let mut journal = folder.journal().keep_days(30);
    let now = unix_ms().unwrap();
    let old = |request, id: &str, days: u64| Record {
        unix_ms: Some(now - days * DAY_MS),
        ..intent(request, id)
    };
    journal.append(&old(1, "OPEN", 90)).unwrap();
    sold(&mut journal, &old(2, "OVER", 31));
    sold(&mut journal, &old(3, "KEPT", 29));
    let fourth = old(4, "BY-HAND", 29);
    journal.append(&fourth).unwrap();
    let entry = JournalEntry::by_hand(&fourth, true, "seen in the merchant's report");
    journal.write(&entry).unwrap();
    let stored = Record {
        state: RecordState::Delivered,
        ..entry.record
    };
    journal.append(&stored).unwrap();
    for request in 5..300 {
        sold(&mut journal, &intent(request, &format!("INV-{request}")));
        let length = fs::metadata(folder.path()).unwrap().len();
        let kept: u64 = 1_000 * u64::from(request);
        assert!(length < 4_096 + 2 * kept.max(file::SPARE), "{length}");
    }
    let check = |journal: &mut FileJournal| {
        let under = |journal: &mut FileJournal, id: &str| {
            let records = journal.under(&ExternalId::new(id).unwrap()).unwrap();
            numbers(&records)
        };
        assert_eq!(numbers(&journal.open().unwrap()), [1]);
        assert_eq!(under(journal, "OPEN"), [1]);
        assert_eq!(under(journal, "OVER"), [0; 0]);
        assert_eq!(under(journal, "KEPT"), [3]);
        assert_eq!(under(journal, "INV-5"), [5]);
        assert_eq!(under(journal, "INV-299"), [299]);
        assert_eq!(journal.last_request().unwrap(), 299);
    };
    check(&mut journal);
    drop(journal);
    check(&mut folder.journal());
    let because = folder.entries();
    let because = because.iter().filter(|entry| entry.because.is_some());
    assert_eq!(because.count(), 1);
    assert!(!lock::beside(&folder.path(), ".new").exists());
}

/// Something is in the way of writing the file anew, until it is dropped or removed by `clear`.
fn goes_on_as_it_is<T>(hinder: impl FnOnce(&Folder) -> T, clear: impl FnOnce(T)) {
    let folder = Folder::new();
    let mut journal = folder.journal();
    journal.append(&intent(1, "OPEN")).unwrap();
    let hindrance = hinder(&folder);
    for request in 2..300 {
        sold(&mut journal, &intent(request, &format!("INV-{request}")));
    }
    let length = || fs::metadata(folder.path()).unwrap().len();
    assert!(length() > 4 * file::SPARE, "{}", length());
    // It has everything, and nobody else can have it.
    let entries = folder.entries().len();
    assert_eq!(entries, 1 + 3 * 298);
    assert_eq!(numbers(&journal.open().unwrap()), [1]);
    let again = FileJournal::open(folder.path());
    assert!(matches!(again, Err(JournalError::Held { .. })), "{again:?}");
    clear(hindrance);
    let before = length();
    for request in 300..500 {
        sold(&mut journal, &intent(request, &format!("INV-{request}")));
    }
    assert!(length() < before, "{} of {before}", length());
    assert_eq!(numbers(&journal.open().unwrap()), [1]);
    assert_eq!(journal.last_request().unwrap(), 499);
    drop(journal);
    assert_eq!(folder.journal().last_request().unwrap(), 499);
}

#[test]
fn a_journal_that_cannot_be_written_anew_goes_on_as_it_is() {
    let new = |folder: &Folder| lock::beside(&folder.path(), ".new");
    let hinder = |folder: &Folder| {
        fs::create_dir(new(folder)).unwrap();
        new(folder)
    };
    goes_on_as_it_is(hinder, |folder| fs::remove_dir(folder).unwrap());
}

/// Another program reads the file and does not let it be replaced.
#[cfg(windows)]
#[test]
fn a_journal_that_cannot_be_replaced_goes_on_as_it_is() {
    use std::os::windows::fs::OpenOptionsExt as _;
    const READ_AND_WRITE: u32 = 1 | 2;
    let hinder = |folder: &Folder| {
        let mut options = fs::OpenOptions::new();
        let options = options.read(true).share_mode(READ_AND_WRITE);
        options.open(folder.path()).unwrap()
    };
    goes_on_as_it_is(hinder, drop);
}

#[test]
fn memory_is_bounded_and_what_is_not_settled_stays() {
    let mut journal = MemoryJournal::default();
    journal.append(&intent(1, "OPEN")).unwrap();
    for request in 2..20_000 {
        sold(&mut journal, &intent(request, "INV"));
    }
    assert!(journal.entries().len() <= memory::ENTRIES);
    assert_eq!(numbers(&journal.open().unwrap()), [1]);
    assert_eq!(journal.last_request().unwrap(), 19_999);
    let newest = journal.under(&ExternalId::new("INV").unwrap()).unwrap();
    assert!(newest.len() >= memory::SETTLED - 1);
}

/// Runs itself again where files cannot grow for ever, as on a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_refuses_and_harms_nothing_that_is_on_it() {
    const FOLDER: &str = "REMOTE_PAY_TEST_FOLDER";
    let name = "driver::journal::tests::a_full_disk_refuses_and_harms_nothing_that_is_on_it";
    let Some(state) = std::env::var_os(FOLDER) else {
        let folder = Folder::new();
        let status = std::process::Command::new("sh")
            .args(["-c", r#"trap "" XFSZ; ulimit -f 20; exec "$@""#, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(FOLDER, folder.0.path())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        return;
    };
    let path = PathBuf::from(state).join("state/journal.jsonl");
    let mut journal = FileJournal::open(&path).unwrap();
    let mut stored = Vec::new();
    let error = loop {
        let record = intent(stored.len() as u32 + 1, "INV");
        match journal.write(&JournalEntry::new(record.clone())) {
            Ok(()) => stored.push(record),
            Err(error) => break error,
        }
        assert!(stored.len() < 1_000, "the disk is not full");
    };
    assert!(matches!(error, JournalError::System { .. }), "{error}");
    assert!(journal.append(&intent(1_000, "INV")).is_err());
    assert_eq!(journal.open().unwrap(), stored);
    drop(journal);
    assert_eq!(FileJournal::open(&path).unwrap().open().unwrap(), stored);
}

#[test]
fn an_external_id_that_may_have_been_sent_is_sent_again_by_name_only() {
    let sale = intent(1, "INV-1");
    let end = |certainty, evidence| {
        let mut record = ended(&sale, RecordState::Delivered, certainty);
        record.ending.as_mut().unwrap().evidence = evidence;
        record
    };
    let never_left = end(Certainty::NotMade, Evidence::NotSent);
    let declined = end(Certainty::NotMade, Evidence::FinishOk);
    let made = end(MADE, Evidence::FinishOk);
    let unknown = end(Certainty::Unknown, Evidence::None);
    let offline = end(Certainty::Made(Finality::Offline), Evidence::FinishOk);
    let why = |records: &[&Record], retry| {
        let records: Vec<_> = records.iter().map(|record| (*record).clone()).collect();
        refusal(&records, retry).map(|refused| refused.why)
    };
    use crate::pos::Refusal::{IdUsed, Unresolved};
    let unresolved = Unresolved(sale.request);
    let rows: [(&[&Record], _, _); 8] = [
        (&[], None, None),
        (&[&never_left], None, None),
        (&[&declined], Some(IdUsed), None),
        (&[&made], Some(IdUsed), None),
        // What is newest does not hide what was sent before.
        (&[&made, &never_left], Some(IdUsed), None),
        (&[&sale], Some(unresolved), Some(unresolved)),
        (&[&unknown, &made], Some(unresolved), Some(unresolved)),
        (&[&offline], Some(unresolved), Some(unresolved)),
    ];
    for (records, first, again) in rows {
        assert_eq!(why(records, false), first, "{records:?}");
        assert_eq!(why(records, true), again, "{records:?}");
    }
}

#[test]
fn what_a_person_has_found_out_is_told_once_more() {
    let sale = Record {
        tip: Some(150),
        ..intent(1, "INV-1")
    };
    let made = JournalEntry::by_hand(&sale, true, "seen").record;
    assert!(made.is_open());
    let ending = made.ending.unwrap();
    assert_eq!((ending.approved, ending.tip), (1_000, 150));
    assert_eq!(
        (ending.certainty, ending.evidence),
        (MADE, Evidence::ByHand)
    );
    let unknown = ended(&sale, RecordState::Delivered, Certainty::Unknown);
    let record = JournalEntry::by_hand(&unknown, false, "seen").record;
    let ending = record.ending.unwrap();
    assert_eq!(ending.certainty, Certainty::NotMade);
    assert_eq!((ending.approved, ending.evidence), (0, Evidence::ByHand));
}
