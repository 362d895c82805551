//! What raises a doubt about a request, and who is asked when (`design.md` "Money" 7, 8, 12).

use super::case::{Doubt, Entry, Told};
use super::outcome::{Cause, Certainty, Ending, Missing};
use super::request::{Env, RequestId};
use super::session::Phase;
use super::state::{Pos, Timer};
use super::transaction::{Open, Stage};
use crate::role::Role as _;
use crate::time::{Duration, Instant, earlier};

/// How long after a payment was taken offline it is looked for first.
pub(super) const OFFLINE_FIRST: Duration = Duration::from_secs(60);

impl Pos<'_> {
    // What raises a doubt

    /// Something was not understood, is overdue, or could not be received: if a request is open, the terminal is
    /// asked how it stands.
    pub(super) fn missed_something(&mut self, now: Instant) {
        if self.is_sent() {
            self.doubt_open(now, Cause::Unknown, None);
        }
        let unresolved = self.cases.iter_mut().filter(|entry| entry.is_unresolved());
        unresolved.for_each(|entry| entry.ask_at(now));
    }

    /// A call that comes long after it was due, whichever it is, says that the machine was asleep: what the link says
    /// of itself is old then (`design.md` "The verbs").
    pub(super) fn notice_sleep(&mut self, now: Instant) {
        const OVERSLEPT: Duration = Duration::from_secs(30);
        let due = self.poll_timeout();
        if due.is_some_and(|due| now.since(due) > OVERSLEPT) {
            self.missed_something(now);
        }
    }

    pub(super) fn is_sent(&self) -> bool {
        self.open().is_some_and(|open| open.stage == Stage::Sent)
    }

    /// Takes up a request from the journal of an earlier run: what `record` leaves open is found out, and its
    /// outcome told, with [`Summary::redelivered`](super::Summary). Call it for every record that
    /// [is open](crate::journal::Record::is_open), before the first request; of those that are not, it remembers
    /// what they were about, so that a message of their time is not taken for news: call it for the last
    /// [`REMEMBERED`](super::REMEMBERED) too, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Refused`](super::Refused) if there is no place for it, see [`Memory::cases`](super::Memory::cases):
    /// try again when another one is settled.
    pub fn resume(
        &mut self,
        now: Instant,
        record: &crate::journal::Record,
        env: Env,
    ) -> Result<(), super::Refused> {
        self.note_wall(now, env);
        self.tx.last_request = self.tx.last_request.max(record.request.number());
        self.tx.remember_sent(&record.external_id);
        if let Some(ending) = &record.ending {
            self.tx.remember_end(record, ending);
        }
        if self.cases.get(record.request).is_some() || !record.is_open() {
            return Ok(());
        }
        let mut entry = Entry::new(record.clone());
        entry.on_record = true;
        entry.resumed = true;
        match &record.ending {
            None => {
                let deadlines = self.config.deadlines;
                let unknown_at = Some(now.after(deadlines.lost));
                entry.doubt = Some(Doubt::new(now, Cause::LinkLost, unknown_at));
                // It may still be running: questions can come, and it can be cancelled.
                if self.cases.open().is_none() {
                    entry.open = Some(Open::resumed());
                    self.set(Timer::Total, now, deadlines.total);
                    self.set(Timer::Quiet, now, deadlines.quiet);
                }
            }
            Some(ending) => {
                entry.told = true;
                entry.stored = record.state == crate::journal::RecordState::Delivered;
                entry.tell = (!entry.stored).then_some(Told::Outcome);
                if !ending.is_settled() {
                    entry.doubt = Some(Doubt::new(now, ending.cause, None));
                }
            }
        }
        if !self.cases.insert(entry) {
            return Err(super::Refused::no_place());
        }
        if self.session.phase == Phase::Ready {
            self.terminal_is_back(now);
        }
        Ok(())
    }

    pub(super) fn note_wall(&mut self, now: Instant, env: Env) {
        if let Some(unix_ms) = env.unix_ms {
            self.wall = Some((now, unix_ms));
        }
    }

    /// A terminal is ready: what belongs to it is asked for, what belongs to another one is not known.
    pub(super) fn terminal_is_back(&mut self, now: Instant) {
        let serial = &self.terminal.serial;
        let mut elsewhere = None;
        for entry in self.cases.iter_mut() {
            let here = entry.record.terminal == *serial;
            let Some(doubt) = &mut entry.doubt else {
                continue;
            };
            doubt.asked = 0;
            if here {
                let offline = entry.told
                    && !entry
                        .record
                        .ending
                        .as_ref()
                        .is_some_and(|ending| ending.certainty == Certainty::Unknown);
                doubt.ask_at = Some(if offline {
                    now.after(OFFLINE_FIRST)
                } else {
                    now
                });
            } else {
                doubt.ask_at = None;
                doubt.missing = Missing::Terminal;
                if !entry.told {
                    elsewhere = Some((entry.record.request, doubt.cause));
                }
            }
        }
        if let Some((request, cause)) = elsewhere {
            self.end_case(now, request, Ending::unknown(cause, Missing::Terminal));
        }
        self.look_after_cases(now);
    }

    /// Time has passed: who waits too long hears that it is not known, and the next case is asked about.
    pub(super) fn look_after_cases(&mut self, now: Instant) {
        while let Some((request, doubt)) = self.overdue(now) {
            self.unknown(now, request, doubt);
        }
        if let Some(request) = self.next_to_ask(now) {
            self.inquire(now, request);
        }
    }

    /// When the next case wants attention.
    pub(super) fn next_case(&self) -> Option<Instant> {
        self.cases.iter().fold(None, |next, entry| {
            let Some(doubt) = &entry.doubt else {
                return next;
            };
            let unknown_at = doubt.unknown_at.filter(|_| !entry.told);
            let ask_at = doubt.ask_at.filter(|_| self.may_inquire(entry));
            earlier(next, earlier(unknown_at, ask_at))
        })
    }

    fn overdue(&self, now: Instant) -> Option<(RequestId, Doubt)> {
        self.cases.iter().find_map(|entry| {
            let doubt = entry.doubt.filter(|doubt| {
                !entry.told && doubt.unknown_at.is_some_and(|until| until <= now)
            })?;
            Some((entry.record.request, doubt))
        })
    }

    pub(super) fn unknown(&mut self, now: Instant, request: RequestId, doubt: Doubt) {
        if self.open_request() == Some(request) && self.held_refund().is_some() {
            return self.refund_stands(now);
        }
        let ending = Ending {
            evidence: doubt.evidence,
            ..Ending::unknown(doubt.cause, doubt.missing)
        };
        self.end_case(now, request, ending);
    }

    /// Whether anything may be asked now. While a request is open only it is asked about.
    #[inline(never)]
    fn may_inquire(&self, entry: &Entry) -> bool {
        self.session.phase == Phase::Ready
            && self.inquiry.is_none()
            && match self.cases.open() {
                Some(open) => open.record.request == entry.record.request && self.is_sent(),
                None => true,
            }
    }

    fn next_to_ask(&self, now: Instant) -> Option<RequestId> {
        self.cases
            .iter()
            .filter(|entry| self.may_inquire(entry))
            .filter_map(|entry| Some((entry.doubt?.ask_at?, entry.record.request)))
            .filter(|(at, _)| *at <= now)
            .min()
            .map(|(_, request)| request)
    }
}
