//! Where lines and texts go, and the prompt of a person who is asked.

use std::io::{IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto_core::driver::PendingQuestion;
use proto_core::pos::Question;
use serde_json::Value;

/// Where lines and texts go. Clones share what was told: an outcome is the last line, whichever thread
/// prints it.
#[derive(Debug, Clone)]
pub struct Report {
    json: bool,
    last: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    ended: bool,
    /// The question that a person is at, and its text. It stays the last thing on the screen.
    prompt: Option<(Question, String)>,
}

impl Report {
    /// With `json` there are lines of JSON on standard output, and text goes to standard error.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self {
            json,
            last: "outcome",
            state: Arc::default(),
        }
    }

    /// The same, but with a line of this kind as the last one instead of an outcome.
    #[must_use]
    pub fn until(self, last: &'static str) -> Self {
        Self { last, ..self }
    }

    /// Prints a line of JSON, if lines are wanted. Whether it was in time: nothing follows an outcome, be it
    /// a screen that goes late or a second outcome.
    pub fn line(&self, line: &Value) -> bool {
        // The lock makes looking, printing and noting one step.
        let mut state = self.lock();
        if state.ended {
            return false;
        }
        if line["event"] == self.last {
            state.end_prompt();
            state.ended = true;
        }
        if self.json {
            state.out(&line.to_string());
        }
        true
    }

    /// Prints text for people.
    pub fn say(&self, text: &str) {
        if self.json {
            self.complain(text);
        } else {
            self.lock().out(&printable(text));
        }
    }

    /// Prints an error for people.
    pub fn complain(&self, text: &str) {
        self.lock().err(&printable(text));
    }

    /// Prints both.
    pub fn both(&self, line: &Value, text: &str) {
        if self.line(line) && !text.is_empty() {
            self.say(text);
        }
    }

    /// Asks a person, who first sees `above`, if there is something; the answer is typed behind the prompt.
    /// What is over is not asked about: whoever ends a question ends the prompt after that.
    pub fn ask(&self, question: &PendingQuestion, above: &str, prompt: &str) {
        let mut state = self.lock();
        if state.ended || !question.is_open() {
            return;
        }
        state.clear_prompt();
        state.prompt = None;
        if !above.is_empty() {
            state.err(above);
        }
        let (_, prompt) = state.prompt.insert((question.id(), printable(prompt)));
        show(prompt);
    }

    /// A line was typed: nobody is asked at the moment.
    pub fn typed(&self) {
        self.lock().prompt = None;
    }

    /// The question that is asked need not be answered any more, if it is this one.
    pub fn end_prompt(&self, over: impl FnOnce(Question) -> bool) {
        let mut state = self.lock();
        if state.prompt.as_ref().is_some_and(|(asked, _)| over(*asked)) {
            state.end_prompt();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines stand above the prompt. Who has closed the pipe does not want to know.
impl State {
    fn out(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let aside = !out.is_terminal();
        if aside {
            let _ = writeln!(out, "{text}");
        } else {
            self.above_prompt(&mut out, text);
        }
    }

    fn err(&self, text: &str) {
        self.above_prompt(&mut std::io::stderr().lock(), text);
    }

    fn above_prompt(&self, to: &mut dyn Write, text: &str) {
        self.clear_prompt();
        let _ = writeln!(to, "{text}");
        if let Some((_, prompt)) = &self.prompt {
            show(prompt);
        }
    }

    /// Makes the line of the prompt free for something else: the prompt moves down.
    fn clear_prompt(&self) {
        let mut err = std::io::stderr();
        if self.prompt.is_some() {
            let free = if cfg!(unix) && err.is_terminal() {
                ERASE_LINE
            } else {
                "\n"
            };
            let _ = write!(err, "{free}");
        }
    }

    /// Leaves the prompt where it is.
    fn end_prompt(&mut self) {
        if self.prompt.take().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

fn show(prompt: &str) {
    // Standard error is not buffered.
    let _ = write!(std::io::stderr(), "{prompt} ");
}

/// Text of the other side must not move the cursor: a question is only worth what is seen of it.
fn printable(text: &str) -> String {
    let visible = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{FFFD}'
        } else {
            c
        }
    };
    text.chars().map(visible).collect()
}

/// To the start of the line and all of it erased (ECMA-48, EL).
const ERASE_LINE: &str = "\r\x1b[K";
