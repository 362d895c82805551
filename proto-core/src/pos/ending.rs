//! Ends that come from this side: cancels, deadlines, lost links (`design.md` "Money" 8, 11).

use super::closing::not_sent;
use super::notes::Note;
use super::outcome::{Cause, Evidence};
use super::question::{Answer, AnsweredBy, Question, QuestionKind};
use super::state::{Pos, Timer};
use super::transaction::{Asking, Cancel};
use crate::message::KeyPressMessageDraft;
use crate::time::Instant;
use crate::wire::names::KeyPress;

impl Pos<'_> {
    pub(super) fn cancel_open(&mut self, now: Instant) {
        if self.is_withheld() {
            return self.end_own(now, not_sent(Cause::CancelledPos, Evidence::NotSent));
        }
        for kind in [QuestionKind::Confirm, QuestionKind::Signature] {
            if let Some(Asking {
                generation,
                held: None,
            }) = *self.tx.asking(kind)
            {
                let question = Question { kind, generation };
                if self
                    .answer_open(now, question, Answer::Reject(None), AnsweredBy::Cancel)
                    .is_ok()
                {
                    if let Some(open) = self.open_mut() {
                        open.rejected = None;
                        open.cancel = Cancel::Sent(Cause::CancelledPos);
                    }
                    return;
                }
            }
        }
        self.want_cancel(now, Cause::CancelledPos);
    }

    fn want_cancel(&mut self, now: Instant, cause: Cause) {
        let Some(open) = self.open_mut() else {
            return;
        };
        open.cancel = Cancel::Wanted(cause);
        self.set(Timer::Cancel, now, self.config.deadlines.cancel);
        if self.tx.cancel_offered() {
            self.press_cancel(now);
        }
    }

    pub(super) fn press_cancel(&mut self, _now: Instant) {
        let draft = KeyPressMessageDraft {
            key_press: Some(KeyPress::Esc),
            more: &[],
        };
        // Without room it stays wanted; the next screen or `pump` tries again.
        if self.send(&draft).is_ok() {
            if let Some(open) = self.open_mut()
                && let Cancel::Wanted(cause) = open.cancel
            {
                open.cancel = Cancel::Sent(cause);
            }
            self.stop(Timer::Cancel);
        }
    }

    pub(super) fn cancel_impossible(&mut self) {
        if let Some(open) = self.open_mut()
            && matches!(open.cancel, Cancel::Wanted(_))
        {
            open.cancel = Cancel::No;
            self.emit(Note::CancelImpossible);
        }
    }

    /// Sends what waited for room.
    pub(super) fn pump_transaction(&mut self) {
        self.pump_signature();
        let wanted = self
            .open()
            .is_some_and(|open| matches!(open.cancel, Cancel::Wanted(_)));
        if wanted && self.tx.cancel_offered() {
            self.press_cancel(Instant::ZERO);
        }
    }

    /// The time is up: first a cancel, then for a while the terminal is asked what became of it.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.open().is_none() {
            return;
        }
        self.stop(Timer::Total);
        self.stop(Timer::Quiet);
        if self.held_refund().is_some() {
            return self.refund_stands(now);
        }
        if self.is_withheld() {
            return self.end_own(now, not_sent(Cause::TimedOut, Evidence::NotSent));
        }
        if self.open().is_some_and(|open| open.cancel == Cancel::No) {
            self.want_cancel(now, Cause::TimedOut);
        }
        let until = now.after(self.config.deadlines.look_up);
        self.doubt_open(now, Cause::TimedOut, Some(until));
    }

    pub(super) fn lose_link(&mut self, now: Instant) {
        self.withdraw_questions();
        self.drop_queries();
        self.tx.screen = None;
        self.stop(Timer::Cancel);
        if let Some(open) = self.open_mut()
            && let Cancel::Sent(cause) = open.cancel
        {
            // The key may be lost with the link; the next screen that offers it is asked again.
            open.cancel = Cancel::Wanted(cause);
        }
        if let Some(entry) = self.end_inquiry().and_then(|id| self.cases.get_mut(id))
            && let Some(doubt) = &mut entry.doubt
        {
            // The next session begins anew.
            doubt.ask_at = Some(now);
        }
        if self.is_withheld() {
            self.end_own(now, not_sent(Cause::LinkLost, Evidence::NotSent));
        } else if self.held_refund().is_some() {
            self.refund_stands(now);
        } else if self.open().is_some() {
            let until = now.after(self.config.deadlines.lost);
            self.doubt_open(now, Cause::LinkLost, Some(until));
        }
        self.tx.wipe_withheld();
    }
}
