//! The connector's thread: what the handle shares with it, and its part of every event.

use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::ops::ControlFlow;
use core::task::{Poll, Waker};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::StdClock;
use super::connector::{Builder, OnCode, OnEvent};
use super::journal::{OnRecord, Records, unix_ms};
use super::outcome::Outcome;
use super::paid::Paid;
use super::park::{Park, block_on};
use super::question::{Asked, OwnedAnswer, Question, Reply};
use super::token::{TokenKey, Tokens};
use crate::journal::Record;
use crate::link::{Down, Link};
use crate::pos::{
    self, Case, Certainty, Env, Event, ExternalId, Memory, Pos, REMEMBERED, Refused, RequestId,
    Summary, TerminalInfo, Written,
};
use crate::run::{Handler, Inbox, Parts, drive};
use crate::time::Instant;
use crate::wire::MAX_MESSAGE;

/// Requests that wait for the thread, more are refused; and who waits for an outcome.
const QUEUE: usize = 64;
/// The receive buffer at first, in bytes. It grows on demand.
const RECEIVE: usize = 8 * 1_024;
/// Places for requests: a day of payments taken offline.
const CASES: usize = 256;
/// The memory of the role, in bytes each.
const MEMORY: usize = 64 * 1_024;

const GONE: Refused = Refused::not_ready("The connector was shut down.");
const QUEUE_FULL: Refused = Refused::full(QUEUE);

/// What is shown, or undone.
pub(super) enum Screen {
    Message(String),
    Welcome,
    ThankYou,
    Reset,
}

/// What the terminal is asked for.
pub(super) enum Retrieve {
    DeviceStatus { send_last_message: bool },
    Payment(ExternalId),
    PendingPayments,
}

pub(super) enum Command {
    Ask {
        asked: Box<pos::Asked>,
        payload: String,
        outcome: Sender<Outcome>,
        reply: SyncSender<Result<RequestId, Refused>>,
    },
    Ensure {
        asked: Box<pos::Asked>,
        payload: String,
        outcome: Sender<Outcome>,
        reply: SyncSender<Result<Begun, Refused>>,
    },
    Show(Screen, SyncSender<Result<(), Refused>>),
    Retrieve(Retrieve, SyncSender<Result<(), Refused>>),
    Park(ExternalId, SyncSender<Result<(), Refused>>),
    Answer(pos::Question, OwnedAnswer, SyncSender<Result<(), Refused>>),
    Stored(Box<Summary>, SyncSender<Result<(), Refused>>),
    Cancel(RequestId),
}

/// What was done about a payment that is to be ensured.
pub(super) enum Begun {
    /// Nothing: it is on record.
    Known(Box<Paid>),
    /// The terminal is asked.
    Asked(RequestId),
    /// It was before, and what became of that is not known yet.
    Open(RequestId),
}

#[derive(Default)]
pub(super) struct State {
    pub(super) commands: VecDeque<Command>,
    pub(super) waiting: Vec<(RequestId, Sender<Outcome>)>,
    /// The questions that wait for an answer, at most one of each kind.
    pub(super) questions: Vec<pos::Question>,
    pub(super) ready: Option<TerminalInfo>,
    pub(super) down: Option<Down>,
    pub(super) stop: bool,
    pub(super) stopped: bool,
}

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
    pub(super) waker: Waker,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, command: Command) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.stopped || state.stop {
            return Err(GONE);
        }
        if state.commands.len() >= QUEUE {
            return Err(QUEUE_FULL);
        }
        state.commands.push_back(command);
        drop(state);
        self.waker.wake_by_ref();
        Ok(())
    }

    /// Puts a command in and waits for what becomes of it.
    pub(super) fn ask<T>(
        &self,
        command: impl FnOnce(SyncSender<Result<T, Refused>>) -> Command,
    ) -> Result<T, Refused> {
        let (reply, answer) = sync_channel(1);
        self.put(command(reply))?;
        // The thread that ends without an answer is gone, and the terminal with it.
        answer.recv().unwrap_or(Err(GONE))
    }
}

/// What was kept of earlier runs.
pub(super) struct Kept {
    pub(super) token: Option<String>,
    pub(super) last_request: u32,
    pub(super) open: Vec<Record>,
    pub(super) last: Vec<Record>,
}

impl Kept {
    pub(super) fn load<L, P>(parts: &mut Builder<L, P>) -> io::Result<Self> {
        let key = TokenKey {
            terminal: &parts.address,
            serial: &parts.config.serial,
        };
        Ok(Self {
            token: parts.tokens.load(key)?,
            last_request: parts.journal.last_request()?,
            open: parts.journal.open()?,
            last: parts.journal.last(REMEMBERED)?,
        })
    }
}

/// The thread.
pub(super) fn run<L, P>(
    parts: Builder<L, P>,
    answer: impl for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply,
    kept: Kept,
    shared: &Arc<Shared>,
) where
    L: Link,
    P: Park,
{
    let _ends = Ends(shared);
    let Builder {
        mut link,
        mut park,
        address,
        config,
        tokens,
        journal,
        on_code,
        on_event,
    } = parts;
    let (mut send, mut withheld, mut hold) = (vec![0; MEMORY], vec![0; MEMORY], vec![0; MEMORY]);
    let mut cases = vec![Case::EMPTY; CASES];
    let mut pos = Pos::new(
        pos::Config {
            last_request: kept.last_request,
            ..config.borrowed(kept.token.as_deref())
        },
        Memory {
            send: &mut send,
            withheld: &mut withheld,
            hold: &mut hold,
            cases: &mut cases,
            // It grows.
            receive: MAX_MESSAGE,
        },
    );
    let clock = StdClock::new();
    let handler = OnThread {
        shared,
        key: TokenKey {
            terminal: &address,
            serial: &config.serial,
        },
        tokens,
        on_code,
        on_event,
        answer,
    };
    // The loop writes it, and requests are held against it.
    let journal = RefCell::new(journal);
    let mut writes = &journal;
    let mut inbox = SharedInbox {
        shared,
        on_record: OnRecord::new(&journal, kept.open, kept.last),
    };
    let (mut buffer, mut join) = (vec![0; RECEIVE], Vec::new());
    let driven = drive(
        Parts {
            role: &mut pos,
            link: &mut link,
            journal: &mut writes,
            inbox: &mut inbox,
            clock: &clock,
            buffer: &mut buffer,
            join: &mut join,
        },
        handler,
    );
    // An error is one of waiting; nothing can be done on this thread then but to end.
    let _ = block_on(&mut park, || clock.next_wake(), driven);
}

/// The thread ends: whoever waits for it must hear that, also when a closure of the application panicked.
struct Ends<'s>(&'s Shared);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.stopped = true;
        state.ready = None;
        state.commands.clear();
        state.waiting.clear();
        state.questions.clear();
        self.0.changed.notify_all();
    }
}

struct SharedInbox<'s> {
    shared: &'s Shared,
    on_record: OnRecord<'s>,
}

impl Inbox<Pos<'_>> for SharedInbox<'_> {
    fn ready(&mut self) -> impl Future<Output = ()> {
        // Whoever puts something in wakes the thread, which polls this again.
        poll_fn(|_| {
            let state = self.shared.lock();
            if state.stop || !state.commands.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    fn deliver(&mut self, now: Instant, pos: &mut Pos<'_>) -> ControlFlow<()> {
        self.on_record.take_up(now, pos);
        loop {
            let mut state = self.shared.lock();
            let Some(command) = state.commands.pop_front() else {
                return if state.stop {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                };
            };
            drop(state);
            self.obey(now, pos, command);
        }
    }
}

impl SharedInbox<'_> {
    /// Who asked may have stopped waiting for the answer; that changes nothing.
    fn obey(&self, now: Instant, pos: &mut Pos<'_>, command: Command) {
        match command {
            Command::Ask {
                asked,
                payload,
                outcome,
                reply,
            } => {
                let answer = self.begin(now, pos, *asked, &payload);
                if let Ok(request) = answer {
                    self.await_end(request, outcome);
                }
                let _ = reply.send(answer);
            }
            Command::Ensure {
                asked,
                payload,
                outcome,
                reply,
            } => {
                let begun = self.ensure(now, pos, *asked, &payload);
                if let Ok(Begun::Asked(request) | Begun::Open(request)) = begun {
                    self.await_end(request, outcome);
                }
                let _ = reply.send(begun);
            }
            Command::Show(screen, reply) => {
                let _ = reply.send(match screen {
                    Screen::Message(text) => pos.show_message(now, &text),
                    Screen::Welcome => pos.show_welcome(now),
                    Screen::ThankYou => pos.show_thank_you(now),
                    Screen::Reset => pos.reset_terminal(now),
                });
            }
            Command::Retrieve(what, reply) => {
                let _ = reply.send(match what {
                    Retrieve::DeviceStatus { send_last_message } => {
                        pos.retrieve_device_status(now, send_last_message)
                    }
                    Retrieve::Payment(id) => pos.retrieve_payment(now, &id),
                    Retrieve::PendingPayments => pos.retrieve_pending_payments(now),
                });
            }
            Command::Park(id, reply) => {
                let _ = reply.send(pos.park(&id));
            }
            Command::Answer(question, answer, reply) => {
                let _ = reply.send(pos.answer(now, question, answer.view()));
            }
            Command::Stored(told, reply) => {
                let _ = reply.send(pos.outcome_stored(&told));
            }
            Command::Cancel(request) => {
                // One that has ended needs no cancel.
                let _ = pos.cancel(now, request);
            }
        }
    }
}

impl SharedInbox<'_> {
    fn begin(
        &self,
        now: Instant,
        pos: &mut Pos<'_>,
        asked: pos::Asked,
        payload: &str,
    ) -> Result<RequestId, Refused> {
        let retry = asked.retry;
        let money = Written::from_parts(asked, payload);
        self.on_record.allows(pos, money.external_id(), retry)?;
        pos.ask(now, &money, Env { unix_ms: unix_ms() })
    }

    fn ensure(
        &self,
        now: Instant,
        pos: &mut Pos<'_>,
        asked: pos::Asked,
        payload: &str,
    ) -> Result<Begun, Refused> {
        let on_record = self.on_record.under(pos, &asked.external_id)?;
        let terminal = pos.is_ready().then(|| pos.terminal().serial.as_str());
        if let Some(paid) = Paid::on_record(&on_record, &asked, terminal) {
            return Ok(Begun::Known(Box::new(paid)));
        }
        if let Some(request) = Paid::open_in(&on_record) {
            return Ok(Begun::Open(request));
        }
        self.begin(now, pos, asked, payload).map(Begun::Asked)
    }

    fn await_end(&self, request: RequestId, outcome: Sender<Outcome>) {
        let waiting = &mut self.shared.lock().waiting;
        if waiting.len() >= QUEUE {
            // Who waits longest has most likely given up.
            waiting.remove(0);
        }
        waiting.push((request, outcome));
    }
}

/// The driver's part of every event.
struct OnThread<'s, A> {
    shared: &'s Arc<Shared>,
    key: TokenKey<'s>,
    tokens: Box<dyn Tokens>,
    on_code: OnCode,
    on_event: OnEvent,
    answer: A,
}

impl<'p, A> Handler<Pos<'p>> for OnThread<'_, A>
where
    A: for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply,
{
    fn handle(&mut self, now: Instant, pos: &mut Pos<'p>, event: Event<'_>) {
        // Before anything else happens: the token before this one is worthless now.
        if let Event::Paired { token: Some(token) } = &event {
            // A store that cannot be written costs a pairing next time, not this connection.
            let _ = self.tokens.store(self.key, &token.expose().to_string());
        }
        self.note_question(&event);
        (self.on_event)(&event);
        match event {
            Event::PairingCode(code) => (self.on_code)(&code.expose().to_string()),
            Event::TokenRefused => {
                let _ = self.tokens.forget(self.key);
            }
            Event::BecameReady(_) => self.tell(|state| state.ready = Some(pos.terminal().clone())),
            Event::NotReady(_) | Event::SimulatorRefused => self.tell(|state| state.ready = None),
            Event::Disconnected(down) => self.tell(|state| {
                state.ready = None;
                state.down = Some(down);
            }),
            Event::Confirm(asked) => self.ask(now, pos, Asked::Confirm(&asked)),
            Event::Signature(asked) => self.ask(now, pos, Asked::Signature(&asked)),
            Event::Outcome(outcome) | Event::Resolved(outcome) => self.tell(|state| {
                // Who has dropped the ticket does not want to know.
                state.waiting.retain(|(request, sender)| {
                    *request != outcome.summary.request
                        || sender.send(Outcome::of(&outcome)).is_ok()
                            && outcome.summary.certainty == Certainty::Unknown
                });
            }),
            _ => {}
        }
    }
}

impl<A> OnThread<'_, A>
where
    A: for<'q, 'm> FnMut(Question<'q, 'm>) -> Reply,
{
    fn ask(&mut self, now: Instant, pos: &mut Pos<'_>, asked: Asked<'_, '_>) {
        let question = Question {
            asked,
            shared: self.shared,
        };
        let id = question.id();
        if let Some(answer) = (self.answer)(question).into_answer() {
            // Not taken only without room to send it: then its deadline rejects it.
            let _ = pos.answer(now, id, answer.view());
        }
    }

    fn note_question(&self, event: &Event<'_>) {
        let (opens, question) = match event {
            Event::Confirm(asked) => (true, asked.question),
            Event::Signature(asked) => (true, asked.question),
            Event::Answered(answered) => (false, answered.question),
            Event::Withdrawn(question) => (false, *question),
            _ => return,
        };
        let mut state = self.shared.lock();
        // A new one takes the place of the one of its kind.
        state
            .questions
            .retain(|open| open.kind() != question.kind() || (!opens && *open != question));
        if opens {
            state.questions.push(question);
        }
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.lock());
        self.shared.changed.notify_all();
    }
}
