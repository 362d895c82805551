//! The questions of the terminal: who answers them, and a person who is asked.

use std::collections::VecDeque;
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use proto_core::driver::{PendingQuestion, Question, Reply};
use proto_core::model::Signature;
use proto_core::pos::{self, Answer, QuestionKind, Refusal};

use super::till::Note;
use crate::cli::sale::QuestionArgs;
use crate::report::{self, Answerer, Report, challenge_text};
use crate::signature::braille;

/// When a person who has not answered yet is told how much time is left.
const REMINDERS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(10)];
/// The largest picture of a signature, in characters.
const PICTURE: (usize, usize) = (72, 12);
/// How far it stands from the left.
const INDENT: &str = "  ";

/// Who answers the questions of this run.
pub(super) fn answerer(args: &QuestionArgs) -> Answerer {
    match (args.yes, args.no) {
        (true, _) => Answerer::Yes,
        (_, true) => Answerer::No,
        _ if std::io::stdin().is_terminal() => Answerer::Person,
        _ => Answerer::Nobody,
    }
}

/// What the connector does with a question; a person is asked by the main thread.
pub(super) fn on_question(
    answerer: Answerer,
    report: Report,
    notes: Sender<Note>,
) -> impl FnMut(Question<'_, '_>) -> Reply + Send {
    move |question| match answerer {
        Answerer::Yes => question.accept_all(),
        Answerer::No => question.reject(),
        Answerer::Person => question.later(|pending| {
            // Who has stopped listening has ended.
            let _ = notes.send(Note::Question(pending));
        }),
        Answerer::Nobody => question.later(|pending| {
            nobody(
                &report,
                "Standard input is no terminal",
                pending.time_left(),
            );
        }),
    }
}

/// Says that a question waits for its deadline.
fn nobody(report: &Report, why: &str, left: Duration) {
    let left = seconds(left);
    let message = format!("{why}, so nobody can be asked. The question is rejected in {left} s.");
    let remedy = "Use --yes or --no to answer.";
    report.line(&report::error("nobody_to_ask", &message, remedy));
    report.complain(&format!("{message} {remedy}"));
}

/// A person who is asked one question after the other.
pub(super) struct Asking<'r> {
    report: &'r Report,
    notes: Sender<Note>,
    keyboard: Keyboard,
    /// The first one is the one that is asked.
    waiting: VecDeque<PendingQuestion>,
    /// Which of its challenges is asked, and since when.
    challenge: usize,
    asked_at: Instant,
    /// How many reminders it has had.
    reminded: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyboard {
    NotRead,
    Read,
    Ended,
}

impl<'r> Asking<'r> {
    /// A person who types what comes as [`Note::Typed`].
    pub(super) fn new(report: &'r Report, notes: Sender<Note>) -> Self {
        Self {
            report,
            notes,
            keyboard: Keyboard::NotRead,
            waiting: VecDeque::new(),
            challenge: 0,
            asked_at: Instant::now(),
            reminded: 0,
        }
    }

    /// The terminal asks. One that asks the same again replaces the one before.
    pub(super) fn ask(&mut self, pending: PendingQuestion) {
        let older = self.waiting.iter().find(|it| it.kind() == pending.kind());
        let older = older.map(PendingQuestion::id);
        self.waiting.push_back(pending);
        match older {
            Some(older) => self.over(older),
            None if self.waiting.len() == 1 => self.begin(),
            None => {}
        }
    }

    /// A question needs no answer any more: it was answered, its time is up, or it was withdrawn.
    pub(super) fn over(&mut self, question: pos::Question) {
        self.report.end_prompt(|asked| asked == question);
        let asked = self.waiting.front().map(PendingQuestion::id);
        self.waiting.retain(|pending| pending.id() != question);
        if asked == Some(question) {
            self.begin();
        }
    }

    /// A line was typed. What was typed before the question was asked is no answer to it.
    pub(super) fn typed(&mut self, at: Instant, line: &str) {
        let Some(pending) = self.waiting.front().filter(|_| at >= self.asked_at) else {
            return;
        };
        self.report.typed();
        let mut payment_void = false;
        let answered = match line.trim().to_lowercase().as_str() {
            "y" | "yes" if self.challenge + 1 < pending.challenges().count() => {
                self.challenge += 1;
                return self.ask_challenge("");
            }
            "y" | "yes" => pending.answer(Answer::Accept),
            "n" | "no" => {
                payment_void = pending.kind() == QuestionKind::Confirm;
                let challenge = pending.challenges().nth(self.challenge);
                let reason = challenge.and_then(|challenge| challenge.reason());
                pending.answer(Answer::Reject(reason))
            }
            _ => return self.prompt("Type y or n, then Enter."),
        };
        match answered {
            Ok(()) => {}
            Err(refused) if refused.why == Refusal::Stale => {
                self.report.complain("Too late: the question is over.");
            }
            Err(refused) => self.report.complain(&refused.to_string()),
        }
        self.waiting.pop_front();
        if payment_void {
            // So is its signature, which is withdrawn in this moment.
            self.waiting.clear();
        }
        self.begin();
    }

    /// Nothing more will be typed.
    pub(super) fn keyboard_ended(&mut self) {
        self.keyboard = Keyboard::Ended;
        self.report.end_prompt(|_| true);
        self.begin();
    }

    /// When [`remind`](Self::remind) is due.
    pub(super) fn next_reminder(&self) -> Option<Instant> {
        self.until_reminder().map(|left| Instant::now() + left)
    }

    /// Says how much time is left, if it is time for that.
    pub(super) fn remind(&mut self) {
        if self.until_reminder() == Some(Duration::ZERO) {
            self.reminded += 1;
            self.prompt("");
        }
    }

    fn until_reminder(&self) -> Option<Duration> {
        let pending = self.waiting.front()?;
        let at = REMINDERS.get(self.reminded)?;
        (self.keyboard == Keyboard::Read).then(|| pending.time_left().saturating_sub(*at))
    }

    /// Asks the first question that waits.
    fn begin(&mut self) {
        self.challenge = 0;
        self.waiting.retain(PendingQuestion::is_open);
        let Some(pending) = self.waiting.front() else {
            return;
        };
        let left = pending.time_left();
        self.reminded = REMINDERS.iter().filter(|at| left <= **at).count();
        // To read in the background would stop the program, and the customer would wait.
        if self.keyboard == Keyboard::NotRead && foreground() {
            forget_typed();
            self.keyboard = read_keyboard(self.notes.clone());
        }
        match self.keyboard {
            Keyboard::NotRead => {
                return nobody(self.report, "The program is in the background", left);
            }
            Keyboard::Ended => return nobody(self.report, "Standard input has ended", left),
            Keyboard::Read => {}
        }
        let picture = pending.signature().map(picture).unwrap_or_default();
        self.ask_challenge(&picture);
    }

    fn ask_challenge(&mut self, above: &str) {
        self.asked_at = Instant::now();
        self.prompt(above);
    }

    fn prompt(&self, above: &str) {
        let Some(pending) = self.waiting.front() else {
            return;
        };
        let count = pending.challenges().count();
        let what = match (pending.kind(), pending.challenges().nth(self.challenge)) {
            (QuestionKind::Signature, _) => "Accept the signature?".to_owned(),
            (QuestionKind::Confirm, Some(challenge)) if count > 1 => {
                let text = challenge_text(challenge);
                format!("{} of {count}: {text} Accept?", self.challenge + 1)
            }
            (QuestionKind::Confirm, _) => "Accept the payment?".to_owned(),
        };
        let left = seconds(pending.time_left());
        self.report
            .ask(pending, above, &format!("{what} [y/n, {left} s left]"));
    }
}

/// A signature as large as the window allows.
fn picture(signature: Signature<'_>) -> String {
    let (columns, rows) = PICTURE;
    let room = width().saturating_sub(2 * INDENT.len());
    let picture = braille(signature, columns.min(room), rows);
    let lines = picture.lines().map(|line| format!("{INDENT}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads lines from standard input until it ends. The thread ends with the program.
fn read_keyboard(notes: Sender<Note>) -> Keyboard {
    let read = move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = notes.send(Note::Typed(Instant::now(), line));
        }
        let _ = notes.send(Note::KeyboardEnded);
    };
    match std::thread::Builder::new().spawn(read) {
        Ok(_) => Keyboard::Read,
        Err(_) => Keyboard::Ended,
    }
}

/// What is in the keyboard's buffer was typed before there was a question.
fn forget_typed() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Whether the shell has this program in the foreground.
fn foreground() -> bool {
    #[cfg(unix)]
    if let Ok(group) = rustix::termios::tcgetpgrp(std::io::stdin()) {
        return group == rustix::process::getpgrp();
    }
    true
}

/// Characters in a line of the window.
fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or(80, |(width, _)| usize::from(width.0))
}

/// Rounded up: the last second is still one.
fn seconds(left: Duration) -> u64 {
    left.as_millis()
        .div_ceil(1_000)
        .try_into()
        .unwrap_or(u64::MAX)
}
