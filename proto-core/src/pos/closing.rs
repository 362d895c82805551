//! Putting an end to a request, and telling it once (`design.md` "Money" 1).

use super::case::{Doubt, Entry, Told};
use super::event::Event;
use super::outcome::{Cause, Certainty, Ending, Evidence, Outcome, ResultCode, Summary};
use super::recovery::OFFLINE_FIRST;
use super::request::RequestId;
use super::state::{Pos, Timer};
use super::transaction::Front;
use crate::time::Instant;

impl Pos<'_> {
    /// Puts an end to a case: on record, and into what is remembered of it. Returns as what it is to be told
    /// with the message that it came from, or nothing if that is no news.
    pub(super) fn conclude(
        &mut self,
        now: Instant,
        request: RequestId,
        mut ending: Ending,
    ) -> Option<Told> {
        if self.cases.get(request)?.open.is_some() {
            self.close_open(now);
        } else if self.tx.asked_about == Some(request) {
            self.withdraw_questions();
        }
        if self.inquires_into(request) {
            self.end_inquiry();
        }
        log!(info, "{}: {}, {}", request, ending.certainty, ending.cause);
        let entry = self.cases.get_mut(request)?;
        let before = entry.record.ending.replace(ending.clone());
        if let Some(before) = &before {
            // What was released stays released, and what was taken offline stays told as made.
            ending.parked = before.parked;
            if let Some(now) = &mut entry.record.ending {
                now.parked = before.parked;
            }
        }
        let news = before.is_none_or(|before| before.certainty != ending.certainty);
        if ending.is_settled() {
            entry.doubt = None;
        } else {
            let ask_at = match ending.certainty {
                Certainty::Made(_) => now.after(OFFLINE_FIRST),
                _ => now,
            };
            let doubt = entry
                .doubt
                .get_or_insert(Doubt::new(ask_at, ending.cause, None));
            // Nobody waits for the outcome any more.
            doubt.unknown_at = None;
        }
        let told = match entry.tell.take() {
            Some(told) => Some(told),
            None if !entry.told => Some(Told::Outcome),
            None => news.then_some(Told::Resolved),
        };
        entry.told = true;
        if told.is_some() {
            entry.stored = false;
            entry.due.outcome = entry.on_record;
            // What was about to be stored is no longer what there is to store.
            entry.due.delivered = false;
            self.tx.write_again(request);
        }
        let Entry { record, .. } = entry;
        self.tx.remember_end(record, &ending);
        told
    }

    /// An end that comes from this side, not from a message: told by `poll_event`.
    pub(super) fn end_own(&mut self, now: Instant, ending: Ending) {
        if let Some(request) = self.open_request() {
            self.end_case(now, request, ending);
        }
    }

    pub(super) fn end_case(&mut self, now: Instant, request: RequestId, ending: Ending) {
        let told = self.conclude(now, request, ending);
        if let (Some(told), Some(entry)) = (told, self.cases.get_mut(request)) {
            entry.tell = Some(told);
        }
    }

    /// What `poll_event` tells of the cases.
    pub(super) fn next_told(&mut self) -> Option<Event<'static>> {
        let entry = self
            .cases
            .iter_mut()
            .filter(|entry| entry.tell.is_some())
            .min_by_key(|entry| entry.record.request)?;
        let (told, request) = (entry.tell.take()?, entry.record.request);
        let outcome = self.outcome_of(request)?;
        self.cases.tidy();
        Some(told.event(outcome))
    }

    /// The end of a case without anything that a message brings.
    pub(super) fn outcome_of(&self, request: RequestId) -> Option<Outcome<'static>> {
        let entry = self.cases.get(request)?;
        let (reason, message) = entry.record.ending.as_ref()?.texts(&entry.record);
        Some(Outcome {
            summary: Summary::of(&entry.record, entry.resumed)?,
            reason: reason.into(),
            message,
            payment: None,
            credit: None,
            refund: None,
            signature: None,
        })
    }

    /// Clears the place for the next request.
    fn close_open(&mut self, _now: Instant) {
        self.withdraw_questions();
        // The link may still be busy with it: what `transmit` has shown stays until `transmitted`.
        if self.front != Front::Withheld {
            self.tx.wipe_withheld();
        }
        if let Some(entry) = self.cases.open_mut() {
            entry.open = None;
            // What the journal was not asked yet to store never happened.
            entry.due.intent = false;
        }
        for timer in [
            Timer::Journal,
            Timer::Total,
            Timer::Quiet,
            Timer::Cancel,
            Timer::Refund,
            Timer::Progress,
        ] {
            self.stop(timer);
        }
    }

    /// Starts to ask what became of the open request, or goes on if that is under way; without an answer it
    /// is unknown at `unknown_at`.
    pub(super) fn doubt_open(&mut self, now: Instant, cause: Cause, unknown_at: Option<Instant>) {
        let Some(entry) = self.cases.open_mut() else {
            return;
        };
        let doubt = entry
            .doubt
            .get_or_insert(Doubt::new(now, cause, unknown_at));
        doubt.ask_at = Some(now);
        if unknown_at.is_some() {
            // The first limit holds: a link that flaps puts the end off no further.
            doubt.unknown_at = doubt.unknown_at.or(unknown_at);
            // And what it was first: the time of a request is over only once.
            if doubt.cause != Cause::TimedOut {
                doubt.cause = cause;
            }
        }
    }
}

impl Told {
    pub(super) fn event(self, outcome: Outcome<'_>) -> Event<'_> {
        match self {
            Self::Outcome => Event::Outcome(outcome),
            Self::Resolved => Event::Resolved(outcome),
        }
    }
}

/// An end before anything left.
pub(super) const fn not_sent(cause: Cause, evidence: Evidence) -> Ending {
    let result = match cause {
        Cause::CancelledPos => ResultCode::Cancel,
        _ => ResultCode::Error,
    };
    Ending::new(Certainty::NotMade, result, cause, evidence)
}
