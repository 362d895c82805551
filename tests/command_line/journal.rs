//! The journal on the command line: what a run leaves open the next one finds out, and what a person finds out is
//! put on record.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use host_demo::journal::{look_into, open};
use proto_core::driver::JournalEntry;
use proto_core::journal::{RECORD_VERSION, Record, RecordState};
use proto_core::pos::{ExternalId, RequestId, RequestKind};
use serde_json::Value;

use crate::support::{Ran, Running, TerminalProcess, Tokens, run, sale_args};

const HOUR: Duration = Duration::from_secs(3_600);

/// Each way a journal is kept.
const NAMES: &[&str] = if cfg!(feature = "sqlite") {
    &["journal.sqlite", "journal.jsonl"]
} else {
    &["journal.jsonl"]
};

/// A folder for a journal and for what a run with it needs.
struct Kept {
    tokens: Tokens,
    journal: PathBuf,
}

impl Kept {
    fn new(name: &str) -> Self {
        let tokens = Tokens::new();
        let journal = tokens.path().with_file_name("state").join(name);
        Self { tokens, journal }
    }

    fn path(&self) -> &str {
        self.journal.to_str().unwrap()
    }

    /// A sale of 10.00 with this journal.
    fn sale(&self, url: &str, more: &[&str]) -> Ran {
        self.start(url, more).end()
    }

    fn start(&self, url: &str, more: &[&str]) -> Running {
        let tokens = self.tokens.path();
        let mut args = sale_args(url, &tokens, &["--journal", self.path()]);
        args.extend(more);
        Running::start(&args)
    }

    /// `host-demo journal` with these arguments.
    fn journal(&self, args: &[&str]) -> Ran {
        let mut all = vec!["journal"];
        all.extend(args);
        all.extend(["--journal", self.path(), "--json"]);
        run(&all)
    }

    /// How everything stands.
    fn list(&self) -> Vec<Value> {
        let ran = self.journal(&["list"]);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        ran.lines()
    }

    fn put(&self, record: Record) {
        let mut journal = open(&self.journal).unwrap().journal;
        journal.write(&JournalEntry::new(record)).unwrap();
    }
}

/// A sale of 10.00 that was put on record so long ago, and no more.
fn intent(number: u32, id: &str, ago: Duration) -> Record {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let made = since.unwrap() - ago;
    Record {
        version: RECORD_VERSION,
        request: RequestId::from_number(number),
        kind: RequestKind::Sale,
        external_id: ExternalId::new(id).unwrap(),
        payment: None,
        original: None,
        amount: 1_000,
        tip: None,
        terminal: "SIM0000000001".try_into().unwrap(),
        merchant: "SIMULATOR".try_into().unwrap(),
        simulated: true,
        unix_ms: Some(made.as_millis().try_into().unwrap()),
        other_paid: false,
        state: RecordState::Intent,
        ending: None,
    }
}

fn resolved(ran: &Ran) -> Vec<Value> {
    let mut lines = ran.lines();
    lines.retain(|line| line["event"] == "resolved");
    lines
}

#[test]
fn every_sale_is_on_record_in_a_file_of_its_owner() {
    for name in NAMES {
        let kept = Kept::new(name);
        let first = kept.sale("sim", &[]);
        assert_eq!(first.status, Some(0), "{first:?}");
        let second = kept.sale("sim", &["--external-id", "INV-2"]);
        assert_eq!(resolved(&second), [Value::Null; 0]);
        let list = kept.list();
        assert_eq!(list.len(), 2);
        let payment = &second.outcome()["payment"]["id"];
        assert_eq!(list[1]["payment_id"], *payment);
        for (line, number) in list.iter().zip(1..) {
            assert_eq!(
                (&line["number"], &line["open"]),
                (&number.into(), &false.into())
            );
            assert_eq!(
                (&line["certainty"], &line["state"]),
                (&"made".into(), &"delivered".into())
            );
        }
        let shown = kept.journal(&["show", "INV-2"]).lines();
        assert_eq!(shown.last(), list.last());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&kept.journal), 0o600);
            assert_eq!(mode(kept.journal.parent().unwrap()), 0o700);
        }
    }
}

#[test]
fn what_a_killed_run_left_open_the_next_one_finds_out_before_its_own_sale() {
    for name in NAMES {
        let terminal = TerminalProcess::start(&["--outcome", "signature"]);
        let kept = Kept::new(name);
        let mut killed = kept.start(&terminal.url, &["--external-id", "INV-1"]);
        // The customer has signed, and the answer never comes.
        killed.line(r#""event":"signature""#);
        drop(killed);
        let list = kept.list();
        assert_eq!(
            (&list[0]["state"], &list[0]["open"]),
            (&"intent".into(), &true.into())
        );

        let next = kept.sale(&terminal.url, &["--external-id", "INV-2", "--yes"]);
        assert_eq!(next.status, Some(0), "{next:?}");
        let found = resolved(&next);
        assert_eq!(found.len(), 1, "{next:?}");
        assert_eq!(found[0]["external_id"], "INV-1");
        assert_eq!(
            (&found[0]["certainty"], &found[0]["redelivered"]),
            (&"made".into(), &true.into())
        );
        assert_eq!(next.outcome()["external_id"], "INV-2");
        assert!(next.err.contains("INV-1"), "{next:?}");
        assert!(kept.list().iter().all(|line| line["open"] == false));
        // And once only.
        assert_eq!(
            resolved(&kept.sale(&terminal.url, &["--yes"])),
            [Value::Null; 0]
        );
    }
}

#[test]
fn an_id_on_record_is_not_sent_again() {
    for name in NAMES {
        let terminal = TerminalProcess::start(&["--outcome", "decline"]);
        let kept = Kept::new(name);
        let first = kept.sale(&terminal.url, &["--external-id", "INV-1"]);
        assert_eq!(first.status, Some(10), "{first:?}");
        let again = kept.sale(&terminal.url, &["--external-id", "INV-1"]);
        assert_eq!(again.status, Some(2), "{again:?}");
        assert_eq!(again.outcome()["cause"], "refused");
        assert_eq!(kept.list().len(), 1);
    }
}

#[test]
fn a_second_process_is_told_who_has_the_journal_and_sends_nothing() {
    for name in NAMES {
        let mut terminal = TerminalProcess::start(&["--outcome", "signature"]);
        let kept = Kept::new(name);
        let mut holder = kept.start(&terminal.url, &["--external-id", "INV-1"]);
        holder.line(r#""event":"signature""#);
        let second = kept.sale(&terminal.url, &["--external-id", "INV-2"]);
        assert_eq!(second.status, Some(13), "{second:?}");
        let outcome = second.outcome();
        assert_eq!(
            (&outcome["certainty"], &outcome["cause"]),
            (&"not_made".into(), &"failed".into())
        );
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains(&holder.id().to_string()), "{message}");
        // Looking is allowed, mending is not.
        assert_eq!(kept.list()[0]["external_id"], "INV-1");
        let args = [
            "resolve",
            "INV-1",
            "--as",
            "made",
            "--because",
            "seen",
            "--force",
        ];
        let ran = kept.journal(&args);
        assert_eq!(ran.status, Some(13), "{ran:?}");
        drop(holder);
        terminal.running.line("is gone");
        let told = terminal.running.end_now();
        assert!(!told.contains("INV-2"), "{told}");
    }
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let mut terminal = TerminalProcess::start(&[]);
    let kept = Kept::new("journal.jsonl");
    let folder = kept.journal.parent().unwrap();
    fs::create_dir(folder).unwrap();
    for damage in ["hello\n", ""] {
        if damage.is_empty() {
            fs::remove_file(&kept.journal).unwrap();
            fs::create_dir(&kept.journal).unwrap();
        } else {
            fs::write(&kept.journal, damage).unwrap();
        }
        let ran = kept.sale(&terminal.url, &[]);
        assert_eq!(ran.status, Some(13), "{ran:?}");
        let outcome = ran.outcome();
        assert_eq!(
            (&outcome["certainty"], &outcome["cause"]),
            (&"not_made".into(), &"failed".into())
        );
        assert!(ran.err.contains(kept.path()), "{ran:?}");
    }
    let told = terminal.running.end_now();
    assert!(!told.contains("connected"), "{told}");
}

#[test]
fn what_a_person_has_found_out_is_put_on_record_with_the_reason() {
    for name in NAMES {
        let kept = Kept::new(name);
        kept.put(intent(1, "OLD", 25 * HOUR));
        kept.put(intent(2, "YOUNG", 23 * HOUR));
        let resolve = |id: &str, end: &str, because: &str, more: &[&str]| {
            let mut args = vec!["resolve", id, "--as", end, "--because", because];
            args.extend(more);
            kept.journal(&args)
        };
        for (id, because, says) in [
            ("YOUNG", "not in the report", "can still be asked"),
            ("OTHER", "not in the report", "Nothing is on record"),
            ("OLD", " ", "say how you know"),
            ("OLD", "paid with 4111 1111 1111 1111", "card number"),
        ] {
            let ran = resolve(id, "not-made", because, &[]);
            assert_eq!(ran.status, Some(2), "{ran:?}");
            assert!(ran.err.contains(says), "{ran:?}");
        }
        let ran = resolve("OLD", "not-made", "not in the report", &[]);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let ran = resolve(
            "YOUNG",
            "made",
            "the customer has the receipt",
            &["--force"],
        );
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let ran = resolve("YOUNG", "not-made", "no", &["--force"]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains("known already"), "{ran:?}");

        let list = kept.list();
        let told = |line: &Value| {
            ["certainty", "approved", "evidence", "because", "open"].map(|name| line[name].clone())
        };
        let expected: Value = serde_json::json!([
            ["not_made", 0, "by_hand", "not in the report", true],
            [
                "made",
                1_000,
                "by_hand",
                "the customer has the receipt",
                true
            ]
        ]);
        assert_eq!(
            Value::from_iter(list.iter().map(|line| Vec::from(told(line)))),
            expected
        );

        // The next run tells the till what the person has said, and asks no terminal about it.
        let next = kept.sale("sim", &[]);
        let found = resolved(&next);
        let ends = found.iter().map(|line| line["certainty"].as_str().unwrap());
        assert_eq!(ends.collect::<Vec<_>>(), ["not_made", "made"]);
        let open = kept.journal(&["list", "--open"]);
        assert_eq!(open.out, "", "{open:?}");
        let mut because = 0;
        look_into(&kept.journal, &mut |entry| {
            because += i32::from(entry.because.is_some());
        })
        .unwrap();
        assert_eq!(because, 2);
    }
}

#[test]
fn an_unknown_end_that_no_terminal_knows_holds_the_till_until_a_person_has_looked() {
    let terminal = TerminalProcess::start(&[]);
    let kept = Kept::new(NAMES[0]);
    kept.put(intent(1, "OLD", 25 * HOUR));
    let ran = kept.sale(&terminal.url, &[]);
    assert_eq!(resolved(&ran)[0]["certainty"], "unknown");
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.contains("Not known: OLD"), "{ran:?}");
    let args = [
        "resolve",
        "OLD",
        "--as",
        "not-made",
        "--because",
        "not in the report",
    ];
    assert_eq!(kept.journal(&args).status, Some(0));
    assert_eq!(kept.sale(&terminal.url, &[]).status, Some(0));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_database_of_something_else_is_not_touched() {
    let kept = Kept::new("journal.sqlite");
    fs::create_dir(kept.journal.parent().unwrap()).unwrap();
    let other = rusqlite::Connection::open(&kept.journal).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(&kept.journal).unwrap();
    let ran = kept.sale("sim", &[]);
    assert_eq!(ran.status, Some(13), "{ran:?}");
    assert!(ran.err.contains("another program"), "{ran:?}");
    assert!(fs::read(&kept.journal).unwrap() == before);
}
