//! What the application may ask of the point of sale (`protocol/connector.md` §4, §5).

use super::config::SIGNATURE_LEN;
use super::outcome::{Cause, Summary};
use super::question::{Answer, AnsweredBy, Question};
use super::request::sealed::Sealed;
use super::request::{
    Asked, Auth, Env, ExternalId, Money, PreAuth, Refused, RequestId, RequestKind, Sale,
};
#[cfg(feature = "refund")]
use super::request::{ManualRefund, RefundPayment, VoidPayment};
use super::session::Phase;
use super::state::{Pos, Timer};
use super::transaction::{Cancel, Front};
use crate::journal::Record;
use crate::message::{
    BreakDraft, MessageDraft, ShowThankYouScreenDraft, ShowWelcomeScreenDraft, TerminalMessageDraft,
};
use crate::time::Instant;
use crate::wire::json::Writer;
use crate::wire::names::Method;
use crate::wire::write_message;

impl Pos<'_> {
    /// Asks for a sale (`protocol/connector.md` §5.1). The end is an
    /// [`Event::Outcome`](super::Event::Outcome) with the returned id, exactly one.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[doc(alias = "Sale")]
    pub fn sale(&mut self, now: Instant, sale: &Sale<'_>, env: Env) -> Result<RequestId, Refused> {
        self.ask(now, sale, env)
    }

    /// Asks for an authorisation (`protocol/connector.md` §5.2); see [`sale`](Self::sale).
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[doc(alias = "Auth")]
    pub fn auth(&mut self, now: Instant, auth: &Auth<'_>, env: Env) -> Result<RequestId, Refused> {
        self.ask(now, auth, env)
    }

    /// Asks for a pre-authorisation (`protocol/connector.md` §5.3); see [`sale`](Self::sale).
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[doc(alias = "PreAuth")]
    pub fn pre_auth(
        &mut self,
        now: Instant,
        pre_auth: &PreAuth<'_>,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.ask(now, pre_auth, env)
    }

    /// Asks for a refund without a payment (`protocol/connector.md` §5.11); see [`sale`](Self::sale). If its
    /// answer is lost nobody can tell what became of it: the terminal does not look credits up.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[cfg(feature = "refund")]
    #[doc(alias = "ManualRefund")]
    pub fn manual_refund(
        &mut self,
        now: Instant,
        refund: &ManualRefund<'_>,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.ask(now, refund, env)
    }

    /// Asks for a refund of a payment (`protocol/connector.md` §5.10); see [`sale`](Self::sale).
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[cfg(feature = "refund")]
    #[doc(alias = "RefundPayment")]
    pub fn refund_payment(
        &mut self,
        now: Instant,
        refund: &RefundPayment<'_>,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.ask(now, refund, env)
    }

    /// Asks for a void of a payment (`protocol/connector.md` §5.8); see [`sale`](Self::sale). On a terminal
    /// that does not answer voids the outcome is unknown unless the payment can be looked up.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    #[cfg(feature = "refund")]
    #[doc(alias = "VoidPayment")]
    pub fn void_payment(
        &mut self,
        now: Instant,
        void: &VoidPayment<'_>,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.ask(now, void, env)
    }

    /// Asks for any of these; also for one that is checked and [written](Money::write) already.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed and nothing is sent.
    pub fn ask(
        &mut self,
        now: Instant,
        money: &impl Money,
        env: Env,
    ) -> Result<RequestId, Refused> {
        self.ask_for(now, money, env)
    }

    /// The same, once for all requests.
    fn ask_for(
        &mut self,
        now: Instant,
        money: &dyn Sealed,
        env: Env,
    ) -> Result<RequestId, Refused> {
        if self.session.phase != Phase::Ready {
            // Which of the texts it is, the request knows; what else is wrong with it is said later.
            let kind = money.kind();
            return Err(Refused::not_ready(not_connected(kind)));
        }
        let asked = money.check()?;
        self.may_start(&asked)?;
        let mut written = Err(Refused::full(0));
        money.with_draft(&asked, &mut |draft| {
            written = self.write_start(asked.kind, draft);
        });
        let message = written?;
        self.note_wall(now, env);
        // The terminal's time belongs to this request now; what was being found out is asked again later.
        if let Some(entry) = self.end_inquiry().and_then(|id| self.cases.get_mut(id))
            && let Some(doubt) = &mut entry.doubt
        {
            doubt.ask_at = Some(now);
        }
        self.drop_due_screens();
        Ok(self.begin(now, asked, message, env))
    }

    /// Writes the message of a request, to be withheld until it may leave: its number and its length.
    fn write_start(
        &mut self,
        kind: RequestKind,
        draft: &dyn MessageDraft,
    ) -> Result<(u32, usize), Refused> {
        let id = self.outbox.next_id();
        let sender = self.sender();
        let draft = Versioned {
            draft,
            // A terminal that does not answer voids knows the first form only.
            version: (kind == RequestKind::Void && !self.terminal.void_payment_response)
                .then_some(1),
        };
        let len = write_message(self.tx.withheld, &sender, id, &draft)
            .map_err(|full| Refused::full(full.needed))?;
        Ok((id, len))
    }

    /// The first request whose outcome is unknown and has not been found out since. Until it is settled or
    /// [parked](Self::park) no money is asked for on its terminal (`design.md` "Money" 8).
    #[must_use]
    pub fn unresolved(&self) -> Option<&Record> {
        self.cases
            .iter()
            .filter(|entry| entry.open.is_none() && entry.is_unresolved())
            .map(|entry| &entry.record)
            .min_by_key(|record| record.request)
    }

    /// Releases the till although the outcome of this request is unknown: whoever calls it has looked, or
    /// takes the risk that the customer pays twice. What became of it is found out all the same.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is no such request whose outcome is unknown.
    pub fn park(&mut self, id: &ExternalId) -> Result<(), Refused> {
        let entry = self
            .cases
            .iter_mut()
            .find(|entry| entry.record.external_id == *id && entry.told && entry.is_unresolved())
            .ok_or(Refused::unknown())?;
        if let Some(ending) = &mut entry.record.ending {
            ending.parked = true;
        }
        entry.due.outcome = entry.on_record;
        entry.due.delivered = entry.on_record && entry.stored;
        let request = entry.record.request;
        self.tx.write_again(request);
        Ok(())
    }

    /// The application has stored what was told of a request: that is not told again after a restart.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is no such request, or there is news of it since: that is to be stored too.
    pub fn outcome_stored(&mut self, told: &Summary) -> Result<(), Refused> {
        let entry = self.cases.get_mut(told.request).ok_or(Refused::unknown())?;
        let last = Summary::of(&entry.record, entry.resumed);
        if entry.tell.is_some() || !last.is_some_and(|last| last.is_end(told)) {
            return Err(Refused::old_news());
        }
        if !entry.stored {
            entry.stored = true;
            entry.due.delivered = entry.on_record;
        }
        self.cases.tidy();
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
        self.answer_open(now, question, answer, AnsweredBy::Application)
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
        if self.is_withheld() {
            self.cancel_open(now);
        }
        if let Some(open) = self.open_mut() {
            open.cancel = Cancel::Sent(Cause::CancelledPos);
        }
        Ok(())
    }

    /// Whether a place for requests is empty, so that none has to make room.
    #[cfg(feature = "std")]
    pub(crate) fn has_free_case(&self) -> bool {
        self.cases.has_free()
    }

    fn may_start(&self, asked: &Asked) -> Result<(), Refused> {
        let terminal = &self.terminal;
        if let Some(message) = unsupported(asked, terminal) {
            return Err(Refused::unsupported(message));
        }
        if asked.draws_signature && self.receive < SIGNATURE_LEN {
            return Err(Refused::no_room_for_signature());
        }
        // An outcome that was not fetched yet keeps the place, and so does a start that the link has not taken
        // whole yet, whatever became of it.
        let told = self.cases.iter().all(|entry| entry.tell.is_none());
        if self.cases.open().is_some() || !told || self.front == Front::Withheld {
            return Err(Refused::busy());
        }
        // What is unknown holds the till on its own terminal, and its id everywhere.
        let unresolved = self.cases.iter().find(|entry| {
            let here = entry.record.terminal == terminal.serial;
            let same = entry.record.external_id == asked.external_id;
            entry.is_unresolved() && here || same && entry.is_unsettled()
        });
        if let Some(entry) = unresolved {
            return Err(Refused::unresolved(entry.record.request));
        }
        if self.tx.was_sent(&asked.external_id) && !asked.retry {
            return Err(Refused::id_used());
        }
        if !self.cases.has_room() {
            return Err(Refused::no_place());
        }
        Ok(())
    }

    fn show(&mut self, now: Instant, draft: &dyn MessageDraft) -> Result<(), Refused> {
        if self.session.phase != Phase::Ready {
            return Err(Refused::not_ready("The Clover device is not connected."));
        }
        if self.cases.open().is_some() {
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

/// A message that says another version of its format.
struct Versioned<'d> {
    draft: &'d dyn MessageDraft,
    version: Option<i64>,
}

impl MessageDraft for Versioned<'_> {
    fn method(&self) -> Method<'_> {
        self.draft.method()
    }

    fn version(&self) -> i64 {
        self.version.unwrap_or_else(|| self.draft.version())
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        self.draft.write_members(to);
    }
}

/// What the merchant's settings do not allow (`protocol/connector.md` §6.2).
fn unsupported(asked: &Asked, terminal: &super::TerminalInfo) -> Option<&'static str> {
    let allowed = match asked.kind {
        RequestKind::Auth => terminal.auth,
        RequestKind::PreAuth => terminal.pre_auth,
        RequestKind::ManualRefund => terminal.manual_refund,
        RequestKind::Sale | RequestKind::Refund | RequestKind::Void => true,
    };
    let vault = asked.needs_vault && !terminal.vault_card;
    Some(match asked.kind {
        RequestKind::Auth if !allowed => {
            "In Auth : AuthRequest - Auths are not enabled for the payment gateway."
        }
        RequestKind::PreAuth if !allowed => {
            "In PreAuth : PreAuthRequest - PreAuths are not enabled for the payment gateway."
        }
        RequestKind::ManualRefund if !allowed => {
            "In ManualRefund: ManualRefundRequest - Manual refunds are not supported by the merchant configured gateway."
        }
        RequestKind::Sale if vault => {
            "In Sale : SaleRequest - Vault Card support is not offered by the merchant configured gateway."
        }
        RequestKind::Auth if vault => {
            "In Auth : AuthRequest - Vault Card support is not offered by the merchant configured gateway."
        }
        RequestKind::PreAuth if vault => {
            "In PreAuth : PreAuthRequest - Vault Card support is not offered by the merchant configured gateway."
        }
        RequestKind::ManualRefund if vault => {
            "In ManualRefund : RefundRequest - Vault Card support is not offered by the merchant configured gateway."
        }
        _ => return None,
    })
}

const fn not_connected(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Sale => "In Sale : SaleRequest - The Clover device is not connected.",
        RequestKind::Auth => "In Auth : AuthRequest - The Clover device is not connected.",
        RequestKind::PreAuth => "In PreAuth : PreAuthRequest - The Clover device is not connected.",
        RequestKind::ManualRefund => {
            "In ManualRefund : ManualRefundRequest - The Clover device is not connected."
        }
        RequestKind::Refund => {
            "In RefundPayment : RefundPaymentRequest - The Clover device is not connected."
        }
        RequestKind::Void => {
            "In VoidPayment : VoidPaymentRequest - The Clover device is not connected."
        }
    }
}
