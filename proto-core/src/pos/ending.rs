//! Ends that come from this side: cancels, deadlines, lost links (`design.md` "Money" 8, 11).

use super::event::Event;
use super::outcome::{Cause, Certainty, Evidence};
use super::question::{Answer, Question, QuestionKind};
use super::state::{Pos, Timer};
use super::transaction::{Asking, Cancel};
use crate::message::KeyPressMessageDraft;
use crate::time::Instant;
use crate::wire::names::KeyPress;

impl Pos<'_> {
    pub(super) fn cancel_open(&mut self, now: Instant) {
        if self.is_withheld() {
            return self.end_own(
                now,
                Certainty::NotMade,
                Cause::CancelledPos,
                Evidence::NotSent,
                "Sale Request cancelled by the point of sale before it was sent",
            );
        }
        for kind in [QuestionKind::Confirm, QuestionKind::Signature] {
            if let Some(Asking {
                generation,
                held: None,
            }) = *self.tx.asking(kind)
            {
                let question = Question { kind, generation };
                if self
                    .answer_open(now, question, Answer::Reject(None), false)
                    .is_ok()
                {
                    if let Some(open) = &mut self.tx.open {
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
        let Some(open) = &mut self.tx.open else {
            return;
        };
        open.cancel = Cancel::Wanted(cause);
        self.set(Timer::Cancel, now.after(self.config.deadlines.cancel));
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
            if let Some(open) = &mut self.tx.open
                && let Cancel::Wanted(cause) = open.cancel
            {
                open.cancel = Cancel::Sent(cause);
            }
            self.stop(Timer::Cancel);
        }
    }

    pub(super) fn cancel_impossible(&mut self) {
        if let Some(open) = &mut self.tx.open
            && matches!(open.cancel, Cancel::Wanted(_))
        {
            open.cancel = Cancel::No;
            self.emit(Event::CancelImpossible);
        }
    }

    /// Sends what waited for room.
    pub(super) fn pump_transaction(&mut self) {
        self.pump_signature();
        let wanted = self
            .tx
            .open
            .as_ref()
            .is_some_and(|open| matches!(open.cancel, Cancel::Wanted(_)));
        if wanted && self.tx.cancel_offered() {
            self.press_cancel(Instant::ZERO);
        }
    }

    /// The time is up: first a cancel, then for a while the hope for its end.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.tx.open.is_none() {
            return;
        }
        self.stop(Timer::Total);
        self.stop(Timer::Quiet);
        if self.is_withheld() {
            return self.end_own(
                now,
                Certainty::NotMade,
                Cause::TimedOut,
                Evidence::NotSent,
                "The time was up before the request was sent.",
            );
        }
        self.want_cancel(now, Cause::TimedOut);
        self.set(Timer::Expired, now.after(self.config.deadlines.cancel));
    }

    pub(super) fn give_up(&mut self, now: Instant) {
        self.end_own(
            now,
            Certainty::Unknown,
            Cause::TimedOut,
            Evidence::None,
            "The terminal has not said how it ended in time.",
        );
    }

    pub(super) fn lose_link(&mut self, now: Instant) {
        self.withdraw_questions();
        self.tx.screen = None;
        self.stop(Timer::Cancel);
        if self.is_withheld() {
            self.end_own(
                now,
                Certainty::NotMade,
                Cause::LinkLost,
                Evidence::NotSent,
                "The connection was lost before the request was sent.",
            );
        } else if self.tx.open.is_some() && !self.timers.is_set(Timer::Lost as usize) {
            // From the first loss on: a link that flaps puts the end off no further.
            self.set(Timer::Lost, now.after(self.config.deadlines.lost));
        }
        self.tx.wipe_withheld();
    }

    pub(super) fn lost_for_good(&mut self, now: Instant) {
        self.end_own(
            now,
            Certainty::Unknown,
            Cause::LinkLost,
            Evidence::None,
            "The connection was lost, and the terminal has not said how it ended.",
        );
    }
}
