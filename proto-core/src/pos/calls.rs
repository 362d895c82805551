//! What the application may ask of the point of sale (`protocol/connector.md` §4, §5).

use super::question::{Answer, Question};
use super::request::{Asked, Env, ExternalId, Refused, RequestId, Sale, WrittenSale};
use super::session::Phase;
use super::state::{Pos, Timer};
use super::transaction::Front;
use crate::message::{
    BreakDraft, MessageDraft, ShowThankYouScreenDraft, ShowWelcomeScreenDraft, TerminalMessageDraft,
};
use crate::time::Instant;
use crate::wire::write_message;

const SALE_NOT_CONNECTED: &str = "In Sale : SaleRequest - The Clover device is not connected.";

impl Pos<'_> {
    /// Asks for a sale (`protocol/connector.md` §5.1). The end is an
    /// [`Event::Outcome`](super::Event::Outcome) with the returned id, exactly one.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[doc(alias = "Sale")]
    pub fn sale(&mut self, now: Instant, sale: &Sale<'_>, env: Env) -> Result<RequestId, Refused> {
        self.may_start(SALE_NOT_CONNECTED)?;
        let asked = sale.check()?;
        sale.with_draft(&asked, |draft| self.start(now, &asked, draft, env))
    }

    /// Asks for a sale that is checked and written already.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    pub fn sale_written(
        &mut self,
        now: Instant,
        sale: &WrittenSale<'_>,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.may_start(SALE_NOT_CONNECTED)?;
        self.start(now, &sale.asked, sale, env)
    }

    fn start(
        &mut self,
        now: Instant,
        asked: &Asked,
        draft: &dyn MessageDraft,
        env: Env,
    ) -> Result<RequestId, Refused> {
        if asked.needs_vault && !self.terminal.vault_card {
            return Err(Refused::no_vault());
        }
        if self.tx.was_sent(&asked.external_id) && !asked.retry {
            return Err(Refused::id_used());
        }
        let id = self.outbox.next_id();
        let sender = self.sender();
        let len = write_message(self.tx.withheld, &sender, id, draft)
            .map_err(|full| Refused::full(full.needed))?;
        self.drop_due_screens();
        Ok(self.begin(now, asked, len, env))
    }

    /// The id of a request whose outcome is unknown and has not come since. Until it is settled or
    /// [parked](Self::park) no money is asked for (`design.md` "Money" 8).
    #[must_use]
    pub fn unresolved(&self) -> Option<&ExternalId> {
        self.tx.unresolved.as_ref()
    }

    /// Releases the till although the outcome of this request is unknown: whoever calls it has looked, or
    /// takes the risk that the customer pays twice.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is not this request that is unresolved.
    pub fn park(&mut self, id: &ExternalId) -> Result<(), Refused> {
        if self.tx.unresolved.as_ref() != Some(id) {
            return Err(Refused::unknown());
        }
        self.tx.unresolved = None;
        Ok(())
    }

    /// Tries to cancel the open request: with the terminal's own cancel key, as soon as it offers one. An
    /// open question is rejected instead. The request still ends in its one outcome, whichever way
    /// (`design.md` "Money" 11).
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is no such request.
    pub fn cancel(&mut self, now: Instant, request: RequestId) -> Result<(), Refused> {
        if self.open_request() != Some(request) {
            return Err(Refused::unknown());
        }
        self.cancel_open(now);
        Ok(())
    }

    /// Answers a question.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the question was withdrawn or answered before.
    #[doc(alias = "AcceptPayment")]
    #[doc(alias = "RejectPayment")]
    #[doc(alias = "AcceptSignature")]
    #[doc(alias = "RejectSignature")]
    pub fn answer(
        &mut self,
        now: Instant,
        question: Question,
        answer: Answer<'_>,
    ) -> Result<(), Refused> {
        self.answer_open(now, question, answer, false)
    }

    /// Shows a line of text on the terminal.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the terminal is not ready or takes a payment, or if the text does not fit.
    #[doc(alias = "ShowMessage")]
    pub fn show_message(&mut self, now: Instant, text: &str) -> Result<(), Refused> {
        self.show(
            now,
            &TerminalMessageDraft {
                text: Some(text.into()),
                more: &[],
            },
        )
    }

    /// Shows the idle screen.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the terminal is not ready or takes a payment.
    #[doc(alias = "ShowWelcomeScreen")]
    pub fn show_welcome(&mut self, now: Instant) -> Result<(), Refused> {
        self.show(now, &ShowWelcomeScreenDraft::default())
    }

    /// Shows the thank-you screen.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the terminal is not ready or takes a payment.
    #[doc(alias = "ShowThankYouScreen")]
    pub fn show_thank_you(&mut self, now: Instant) -> Result<(), Refused> {
        self.show(now, &ShowThankYouScreenDraft::default())
    }

    /// Makes the terminal give up what it does and return to its welcome screen: the last resort, because
    /// the outcome of a payment may never be told afterwards.
    ///
    /// # Errors
    ///
    /// [`Refused`] if no terminal is there.
    #[doc(alias = "ResetDevice")]
    pub fn reset_terminal(&mut self, now: Instant) -> Result<(), Refused> {
        if matches!(self.session.phase, Phase::Down | Phase::Pairing) {
            return Err(Refused::not_ready(
                "In ResetDevice: The Clover device is not connected.",
            ));
        }
        self.send(&BreakDraft::default())?;
        self.tx.note_other(now);
        self.tx.reset_sent();
        Ok(())
    }

    fn may_start(&self, not_connected: &'static str) -> Result<(), Refused> {
        if self.session.phase != Phase::Ready {
            return Err(Refused::not_ready(not_connected));
        }
        // An outcome that was not fetched yet keeps the place, and so does a start that the link has not taken
        // whole yet, whatever became of it.
        if self.tx.open.is_some() || self.outcome.is_some() || self.front == Front::Withheld {
            return Err(Refused::busy());
        }
        if self.tx.unresolved.is_some() {
            return Err(Refused::unresolved());
        }
        Ok(())
    }

    fn show(&mut self, now: Instant, draft: &dyn MessageDraft) -> Result<(), Refused> {
        if self.session.phase != Phase::Ready {
            return Err(Refused::not_ready("The Clover device is not connected."));
        }
        if self.tx.open.is_some() {
            return Err(Refused::busy());
        }
        self.send(draft)?;
        self.tx.note_other(now);
        self.drop_due_screens();
        Ok(())
    }

    /// What the application asks for is not to be replaced by a screen that was due.
    fn drop_due_screens(&mut self) {
        self.stop(Timer::Welcome);
        self.due.welcome = false;
        self.due.thank_you = false;
    }
}
