//! Running the program: bounded in time, always reaped, every line of JSON held against the contract.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use crate::{contract, secrets};

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
    args: Vec<String>,
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    out: String,
    errors: Receiver<Vec<u8>>,
    err: Vec<u8>,
    /// How much of `err` a test has seen.
    seen: usize,
}

impl Running {
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, Stdio::piped())
    }

    /// The program with this as its standard input.
    #[track_caller]
    pub(crate) fn start_with(args: &[&str], stdin: Stdio) -> Self {
        let mut command = program();
        command.args(args);
        // Beside the tokens: no test writes into the user's journal.
        let tokens = args.iter().position(|arg| *arg == "--token-file");
        if let Some(at) = tokens
            && !args.contains(&"--journal")
            && !args.contains(&"sim")
        {
            let beside = Path::new(args[at + 1]).with_file_name("journal.sqlite");
            command.arg("--journal").arg(beside);
        }
        let mut child = command
            .stdin(stdin)
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
        let (sender, errors) = channel();
        let mut err = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(len @ 1..) = err.read(&mut piece) {
                let _ = sender.send(piece[..len].to_vec());
            }
        });
        Self {
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            stdin: child.stdin.take(),
            child,
            lines,
            out: String::new(),
            errors,
            err: Vec::new(),
            seen: 0,
        }
    }

    /// Waits until this text has come on standard error, also in a line that has not ended, and behind what
    /// was waited for before.
    #[track_caller]
    pub(crate) fn told(&mut self, text: &str) {
        loop {
            let rest = String::from_utf8_lossy(&self.err[self.seen..]).into_owned();
            if let Some(at) = rest.find(text) {
                self.seen += at + text.len();
                return;
            }
            match self.errors.recv_timeout(PATIENCE) {
                Ok(piece) => self.err.extend(piece),
                Err(_) => panic!("no `{text}` in:\n{rest}"),
            }
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

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it; what it has printed.
    pub(crate) fn end_now(&mut self) -> String {
        let _ = self.child.kill();
        self.out.extend(self.lines.iter().map(|line| line + "\n"));
        std::mem::take(&mut self.out)
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
        let ran = Ran {
            status: status.code().filter(|_| done),
            out: std::mem::take(&mut self.out),
            err: {
                self.err.extend(self.errors.iter().flatten());
                String::from_utf8_lossy(&self.err).into_owned()
            },
        };
        secrets::look(&self.args, &ran);
        ran
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

/// A folder with a token file and a journal of its own, so that no test reads the user's.
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
