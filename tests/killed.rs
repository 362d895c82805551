//! Runs of the program that are killed (`kill -9`) at seeded moments of a sale, over a real WebSocket and with a real
//! journal, at a simulated terminal that stays alive. After each restart the invoice is paid once, and the books agree.
//!
//! A moment is a number of bytes that have passed between the two, and a few microseconds: KILLS=n tries so many with
//! each journal, SEED=n begins with another one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A failure takes this long, a success never.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the terminal says of a second sale under one external id.
const USED_BEFORE: &str = "external id was used before";

/// Tills at work at the same time: most of what they do is to wait.
const TILLS: u64 = 6;

#[cfg(feature = "sqlite")]
#[test]
fn an_invoice_is_paid_once_whenever_the_program_is_killed_sqlite() {
    killed("journal.sqlite");
}

#[test]
fn an_invoice_is_paid_once_whenever_the_program_is_killed_lines() {
    killed("journal.jsonl");
}

fn killed(journal: &'static str) {
    let number =
        |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (kills, seed) = (number("KILLS", 12), number("SEED", 1));
    let tills: Vec<_> = (0..TILLS)
        .map(|till| {
            let seeds = (seed..seed + kills).filter(move |seed| seed % TILLS == till);
            std::thread::spawn(move || Till::open(journal).day(seeds))
        })
        .collect();
    let mut all = BTreeMap::<&str, u32>::new();
    for till in tills {
        for (what, count) in till.join().unwrap() {
            *all.entry(what).or_default() += count;
        }
    }
    println!("{journal}, seeds {seed} to {}: {all:?}", seed + kills - 1);
    // Otherwise this shows nothing.
    assert!(all.contains_key("taken up"), "{all:?}");
}

/// A till with its journal, its terminal, and the wire between the two.
struct Till {
    folder: tempfile::TempDir,
    journal: &'static str,
    wire: Arc<Wire>,
    url: String,
    terminal: Terminal,
}

impl Till {
    fn open(journal: &'static str) -> Self {
        let terminal = Terminal::start();
        let (wire, address) = Wire::to(terminal.address);
        Self {
            folder: tempfile::tempdir().unwrap(),
            journal,
            wire,
            url: format!("ws://{address}/remote_pay"),
            terminal,
        }
    }

    /// Kills a run for each seed. How the runs stood when they were killed.
    fn day(mut self, seeds: impl Iterator<Item = u64>) -> BTreeMap<&'static str, u32> {
        let mut counts = BTreeMap::new();
        // One that is not killed: it pairs, and says how long a sale is.
        let before = self.wire.passed();
        self.pay("PAIRED");
        self.wire.passed();
        let whole = self.pay("WHOLE");
        assert!(before == 0 && whole > 0);
        for seed in seeds {
            let mut random = Random(seed);
            let id = format!("INV-{seed}");
            let moment = random.below(whole + whole / 20);
            let more = Duration::from_micros(random.below(3_000));
            let ended = self.kill(&id, moment, more);
            let was = self.on_record(&id);
            if was.is_none() {
                // Nothing leaves before it is on record.
                assert!(
                    !self.terminal.began(&id),
                    "seed {seed}: sent, not on record"
                );
            }
            self.pay(&id);
            if was.is_none() {
                let said = self.terminal.said.lock().unwrap();
                let again = said.iter().find(|line| line.contains(USED_BEFORE));
                assert_eq!(again, None, "seed {seed}: sent, not on record");
            }
            let what = match (ended, was) {
                (true, _) => "had ended",
                (false, None) => "not on record",
                (false, Some(false)) => "told and stored",
                (false, Some(true)) => "taken up",
            };
            *counts.entry(what).or_default() += 1;
            self.books_agree(&id, seed);
        }
        // What was told of the last one is on record with the next.
        self.pay("LAST");
        let list = self.run(&["journal", "list", "--json"]).1;
        let open = list.iter().filter(|line| line["open"] == true);
        assert_eq!(open.collect::<Vec<_>>(), Vec::<&Value>::new());
        counts
    }

    /// Begins a sale and kills the program when so much has passed, and a little later. Says whether it had ended.
    fn kill(&self, id: &str, moment: u64, more: Duration) -> bool {
        let reached = self.wire.arm(moment);
        let mut child = self
            .command(&[
                "sale",
                "--amount",
                "10.00",
                "--to",
                &self.url,
                "--external-id",
                id,
            ])
            .spawn()
            .unwrap();
        let began = Instant::now();
        let mut at = None;
        let ended = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            assert!(began.elapsed() < PATIENCE, "{id} does not end");
            match at {
                None => match reached.recv_timeout(Duration::from_millis(20)) {
                    Ok(reached) => at = Some(reached + more),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
                },
                // To the microsecond: this is the moment that is tried.
                Some(at) if at <= Instant::now() => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break false;
                }
                Some(_) => std::hint::spin_loop(),
            }
        };
        self.wire.cut();
        ended
    }

    /// What is on record about an id: whether something is left to do about it.
    fn on_record(&self, id: &str) -> Option<bool> {
        let list = self.run(&["journal", "list", "--json"]).1;
        let line = list.iter().find(|line| line["external_id"] == id)?;
        line["open"].as_bool()
    }

    /// Sees to it that the invoice is paid, after a restart. How many bytes that took.
    fn pay(&mut self, id: &str) -> u64 {
        self.wire.passed();
        let args = [
            "pay",
            "--amount",
            "10.00",
            "--to",
            &self.url,
            "--external-id",
            id,
            "--json",
        ];
        // What is proved to be not made is made anew only by name; the terminal may still be at the sale of the run that
        // was killed.
        let mut retry = false;
        for _ in 0..20 {
            let more = if retry { &["--retry"][..] } else { &[] };
            let (status, lines) = self.run(&[&args, more].concat());
            match status {
                Some(0) => return self.wire.passed(),
                Some(10) => retry = true,
                Some(12 | 14) => {}
                other => panic!("{id}: {other:?} {lines:#?}"),
            }
        }
        panic!("{id} cannot be paid");
    }

    /// What the terminal has charged under this id is one payment, the one that is on record.
    fn books_agree(&mut self, id: &str, seed: u64) {
        let list = self.run(&["journal", "list", "--json"]).1;
        let mut made: Vec<_> = list
            .iter()
            .filter(|line| line["external_id"] == id && line["certainty"] == "made")
            .collect();
        let line = made
            .pop()
            .unwrap_or_else(|| panic!("seed {seed}: nothing on record: {list:#?}"));
        assert!(
            made.is_empty(),
            "seed {seed}: paid twice on record: {list:#?}"
        );
        let charged = self.terminal.charged(id);
        assert_eq!(
            charged,
            [line["payment_id"].as_str().unwrap()],
            "seed {seed}"
        );
    }

    fn command(&self, args: &[&str]) -> Command {
        let place = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-demo"));
        command.args(args).arg("--journal").arg(place(self.journal));
        if args[0] != "journal" {
            command.arg("--token-file").arg(place("tokens.json"));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Runs the program to its end; how it ended, and its lines.
    fn run(&self, args: &[&str]) -> (Option<i32>, Vec<Value>) {
        let output = self.command(args).stdout(Stdio::piped()).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        (output.status.code(), lines.collect())
    }
}

/// A simulated terminal, and what it has said.
struct Terminal {
    child: Child,
    address: std::net::SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

impl Terminal {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_host-demo"))
            .args(["terminal", "--listen", "127.0.0.1:0", "--step", "20"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let first = lines.next().unwrap();
        let (_, address) = first.split_once("ws://").unwrap();
        let address = address.split('/').next().unwrap().parse().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&said);
        std::thread::spawn(move || lines.for_each(|line| all.lock().unwrap().push(line)));
        Self {
            child,
            address,
            said,
        }
    }

    /// Whether it has said that it took a sale under this id.
    fn began(&self, id: &str) -> bool {
        let said = self.said.lock().unwrap();
        said.contains(&began(id))
    }

    /// The payments that it has charged under an id.
    fn charged(&self, id: &str) -> Vec<String> {
        let began = began(id);
        let said = self.said.lock().unwrap();
        let mut ours = false;
        let mut charged = Vec::new();
        for line in said.iter() {
            if line.starts_with("Sale of ") {
                ours = *line == began;
            }
            if let Some(payment) = line.strip_prefix("Paid 10.00: payment ").filter(|_| ours) {
                charged.push(payment.to_owned());
            }
        }
        charged
    }
}

/// What a terminal says when it takes a sale under this id.
fn began(id: &str) -> String {
    format!("Sale of 10.00 ({id})")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The wire: it counts what passes.
struct Wire {
    passed: AtomicU64,
    armed: Mutex<Option<(u64, Sender<Instant>)>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Wire {
    fn to(terminal: std::net::SocketAddr) -> (Arc<Self>, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Self {
            passed: AtomicU64::new(0),
            armed: Mutex::default(),
            open: Mutex::default(),
        });
        let all = Arc::clone(&wire);
        std::thread::spawn(move || {
            for till in listener.incoming().map_while(Result::ok) {
                let Ok(terminal) = TcpStream::connect(terminal) else {
                    return;
                };
                let copies = [&till, &terminal].map(|stream| stream.try_clone().unwrap());
                let [from_till, from_terminal] = copies;
                let ends = [&till, &terminal].map(|stream| stream.try_clone().unwrap());
                all.open.lock().unwrap().extend(ends);
                for (from, to) in [(from_till, terminal), (from_terminal, till)] {
                    let _ = to.set_nodelay(true);
                    let wire = Arc::clone(&all);
                    std::thread::spawn(move || wire.carry(from, to));
                }
            }
        });
        (wire, address)
    }

    fn carry(&self, mut from: impl Read, mut to: TcpStream) {
        let mut piece = [0; 256];
        while let Ok(len @ 1..) = from.read(&mut piece) {
            let passed = self.passed.fetch_add(len as u64, Ordering::SeqCst) + len as u64;
            if let Some((_, tell)) = self
                .armed
                .lock()
                .unwrap()
                .take_if(|(moment, _)| *moment <= passed)
            {
                let _ = tell.send(Instant::now());
            }
            if to.write_all(&piece[..len]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }

    /// Counts from now on, and says when so many bytes have passed.
    fn arm(&self, moment: u64) -> Receiver<Instant> {
        let (tell, reached) = channel();
        self.passed();
        match moment {
            0 => tell.send(Instant::now()).unwrap(),
            _ => *self.armed.lock().unwrap() = Some((moment, tell)),
        }
        reached
    }

    /// Whoever was connected is gone.
    fn cut(&self) {
        *self.armed.lock().unwrap() = None;
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many bytes have passed; from now on it counts anew.
    fn passed(&self) -> u64 {
        self.passed.swap(0, Ordering::SeqCst)
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit.max(1)
    }
}
