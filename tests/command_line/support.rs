//! Running the program: bounded in time, always reaped, every line of JSON held against the contract.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use proto_core::driver::{Park as _, StdClock, block_on};
use proto_core::run::{Inbox, NoJournal, Parts, drive};
use proto_core::terminal::{Event, Identity, Terminal};
use proto_core::time::Instant;
use serde_json::Value;
use transport_ws::{ServerOptions, WsServer};

use crate::contract;

/// Long enough for a machine that does something else; a failure takes this long, a success never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a run has printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The lines of JSON, each held against the contract.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(contract::check).collect()
    }

    /// The outcome, which must be the last line.
    #[track_caller]
    pub(crate) fn outcome(&self) -> Value {
        let lines = self.lines();
        let last = lines.last().unwrap_or_else(|| panic!("no line: {self:?}"));
        assert_eq!(last["event"], "outcome", "{self:?}");
        last.clone()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let name = |line: &Value| line["event"].as_str().unwrap().to_owned();
        self.lines().iter().map(name).collect()
    }
}

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_host-demo"))
}

/// Runs the program to its end.
#[track_caller]
pub(crate) fn run(args: &[&str]) -> Ran {
    Running::start(args).end()
}

/// A program that is running. It is killed and reaped when it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    out: String,
    err: Option<JoinHandle<String>>,
}

impl Running {
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = program()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut err = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = err.read_to_string(&mut text);
            text
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            out: String::new(),
            err: Some(err),
        }
    }

    /// Waits for a line that contains this text.
    #[track_caller]
    pub(crate) fn line(&mut self, text: &str) -> String {
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no line with {text} in:\n{}", self.out));
            self.out.push_str(&line);
            self.out.push('\n');
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Sends the interrupt of the terminal's Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end. A program that does not end in time is killed, and has no status.
    pub(crate) fn end(mut self) -> Ran {
        // The end of its output is the end of the program.
        let done = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.out.push_str(&line);
                    self.out.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break true,
                Err(RecvTimeoutError::Timeout) => break false,
            }
        };
        if !done {
            let _ = self.child.kill();
        }
        let status = self.child.wait().unwrap();
        Ran {
            status: status.code().filter(|_| done),
            out: std::mem::take(&mut self.out),
            err: self.err.take().unwrap().join().unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `host-demo terminal` in a process of its own.
pub(crate) struct TerminalProcess {
    pub(crate) running: Running,
    pub(crate) url: String,
}

impl TerminalProcess {
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut all = vec!["terminal", "--listen", "127.0.0.1:0"];
        all.extend(args);
        let mut running = Running::start(&all);
        let line = running.line("ws://");
        let url = line.split_whitespace().last().unwrap().to_owned();
        Self { running, url }
    }
}

/// A folder with a token file of its own, so that no test reads the user's.
pub(crate) struct Tokens {
    folder: tempfile::TempDir,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.json")
    }
}

/// `host-demo sale --json` of 10.00 to this address.
pub(crate) fn sale_args<'a>(url: &'a str, tokens: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "sale",
        "--amount",
        "10.00",
        "--json",
        "--to",
        url,
        "--token-file",
    ];
    args.push(tokens.to_str().unwrap());
    args.extend(more);
    args
}

/// What a scripted terminal does with an event.
type Act = Box<dyn FnMut(&mut Terminal<'_>, &Event<'_>) + Send>;

/// A terminal that does what a test says: it pairs with everybody by itself.
pub(crate) struct ScriptedTerminal {
    pub(crate) url: String,
    stop: Arc<Stop>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    now: AtomicBool,
}

struct StopInbox(Arc<Stop>);

impl Inbox<Terminal<'_>> for StopInbox {
    fn ready(&mut self) -> impl Future<Output = ()> {
        std::future::poll_fn(|_| {
            if self.0.now.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    fn deliver(&mut self, _now: Instant, _terminal: &mut Terminal<'_>) -> ControlFlow<()> {
        if self.0.now.load(Ordering::SeqCst) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl ScriptedTerminal {
    pub(crate) fn start(act: impl FnMut(&mut Terminal<'_>, &Event<'_>) + Send + 'static) -> Self {
        Self::boxed(Box::new(act))
    }

    fn boxed(mut act: Act) -> Self {
        let here = ([127, 0, 0, 1], 0).into();
        let (mut link, mut park) = WsServer::bind(here, ServerOptions::default()).unwrap();
        let url = format!("ws://{}/remote_pay", link.local_addr());
        let waker = park.waker();
        let stop = Arc::new(Stop::default());
        let mut inbox = StopInbox(Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut send = vec![0; 65_536];
            let mut terminal = Terminal::new(Identity::SIMULATOR, send.as_mut_slice());
            let clock = StdClock::new();
            let (mut buffer, mut join) = (vec![0; 8_192], Vec::new());
            let parts = Parts {
                role: &mut terminal,
                link: &mut link,
                journal: &mut NoJournal,
                inbox: &mut inbox,
                clock: &clock,
                buffer: &mut buffer,
                join: &mut join,
            };
            let handler = move |_: Instant, terminal: &mut Terminal<'_>, event: Event<'_>| {
                if let Event::PairingRequested(_) = event {
                    terminal.accept_pairing("SCRIPTED-TOKEN", None).unwrap();
                }
                act(terminal, &event);
            };
            let _ = block_on(&mut park, || clock.next_wake(), drive(parts, handler));
        });
        Self {
            url,
            stop,
            waker,
            thread: Some(thread),
        }
    }
}

impl Drop for ScriptedTerminal {
    fn drop(&mut self) {
        self.stop.now.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
