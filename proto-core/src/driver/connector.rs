//! The handle to a terminal, for any thread.

use core::fmt;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender, SyncSender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Config;
use super::journal::{MemoryJournal, Records};
use super::outcome::Outcome;
use super::paid::{Ensuring, Known};
use super::park::Park;
use super::question::{Question, Reply};
use super::thread::{Begun, Command, Kept, Retrieve, Screen, Shared, State, run};
use super::token::{MemoryTokens, Tokens};
use crate::link::{Down, Link};
use crate::pos::{
    Asked, Event, ExternalId, Missing, Money, Refused, RequestId, RequestKind, Sale, Summary,
    TerminalInfo, WITHHELD_LEN,
};

pub(super) type OnCode = Box<dyn FnMut(&str) + Send>;
pub(super) type OnEvent = Box<dyn FnMut(&Event<'_>) + Send>;

/// A connector that is being set up. [`on_question`](Self::on_question) starts it.
pub struct Builder<L, P> {
    pub(super) link: L,
    pub(super) park: P,
    pub(super) address: String,
    pub(super) config: Config,
    pub(super) tokens: Box<dyn Tokens>,
    pub(super) journal: Box<dyn Records>,
    pub(super) on_code: OnCode,
    pub(super) on_event: OnEvent,
}

impl<L, P> fmt::Debug for Builder<L, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("address", &self.address)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<L, P> Builder<L, P>
where
    L: Link + Send + 'static,
    P: Park + Send + 'static,
{
    /// A connector over `link`, which waits in `park`. `address` names the terminal: tokens are kept under
    /// it.
    pub fn new(link: L, park: P, address: impl Into<String>, config: Config) -> Self {
        Self {
            link,
            park,
            address: address.into(),
            config,
            tokens: Box::new(MemoryTokens::default()),
            journal: Box::new(MemoryJournal::default()),
            on_code: Box::new(|_| ()),
            on_event: Box::new(|_| ()),
        }
    }

    /// Where pairing tokens are kept; in memory only if this is not said.
    #[must_use]
    #[doc(alias = "pairingAuthToken")]
    #[doc(alias = "OnPairingSuccess")]
    pub fn tokens(mut self, tokens: impl Tokens + 'static) -> Self {
        self.tokens = Box::new(tokens);
        self
    }

    /// Where requests are put on record before they are sent; in memory only if this is not said.
    ///
    /// What an earlier run has left open in it is found out, and told by [`on_event`](Self::on_event) as
    /// [`Event::Outcome`], with `redelivered`, and [`Event::Resolved`]. Say
    /// [`outcome_stored`](Connector::outcome_stored) to each, or it is told again after the next start. An
    /// external id that is in it is refused, unless it is asked for again by name.
    #[must_use]
    pub fn journal(mut self, journal: impl Records + 'static) -> Self {
        self.journal = Box::new(journal);
        self
    }

    /// What to do with a pairing code: show it to a person, who types it on the terminal.
    #[must_use]
    #[doc(alias = "OnPairingCode")]
    pub fn on_pairing_code(mut self, show: impl FnMut(&str) + Send + 'static) -> Self {
        self.on_code = Box::new(show);
        self
    }

    /// What to do with every event, before the driver does its part. It runs on the connector's thread and
    /// must not wait for the connector.
    #[must_use]
    #[doc(alias = "AddCloverConnectorListener")]
    #[doc(alias = "ICloverConnectorListener")]
    #[doc(alias = "DefaultCloverConnectorListener")]
    pub fn on_event(mut self, look: impl FnMut(&Event<'_>) + Send + 'static) -> Self {
        self.on_event = Box::new(look);
        self
    }

    /// How questions of the terminal are answered (duplicates, offline payments, signatures), and starts
    /// the connector. There is no default: one that forgets to answer would leave the customer waiting.
    /// The closure runs on the connector's thread and must not wait: it answers at once, or hands the question
    /// to another thread ([`Question::later`]).
    ///
    /// # Errors
    ///
    /// The system has no thread, or the token store or the journal cannot be read.
    #[doc(alias = "InitializeConnection")]
    #[doc(alias = "OnConfirmPaymentRequest")]
    #[doc(alias = "OnVerifySignatureRequest")]
    pub fn on_question<R: Into<Reply>>(
        mut self,
        mut answer: impl for<'q, 'm> FnMut(Question<'q, 'm>) -> R + Send + 'static,
    ) -> std::io::Result<Connector> {
        let kept = Kept::load(&mut self)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            waker: self.park.waker(),
        });
        let for_thread = Arc::clone(&shared);
        let answer = move |question: Question<'_, '_>| answer(question).into();
        let thread = std::thread::Builder::new()
            .name("remote-pay".to_owned())
            .spawn(move || run(self, answer, kept, &for_thread))?;
        Ok(Connector {
            shared,
            thread: Some(thread),
        })
    }
}

/// A handle to a terminal. Dropping it closes the link in good order and waits for the thread to end.
#[doc(alias = "CloverConnector")]
#[doc(alias = "ICloverConnector")]
pub struct Connector {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("ready", &self.shared.lock().ready.is_some())
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// Waits until the terminal takes requests.
    ///
    /// # Errors
    ///
    /// [`NotReady`] with what stood in the way, after `limit`.
    pub fn ready(&self, limit: Duration) -> Result<TerminalInfo, NotReady> {
        let guard = self.shared.lock();
        let (guard, _) = self
            .shared
            .changed
            .wait_timeout_while(guard, limit, |state| {
                state.ready.is_none() && !state.stopped
            })
            .unwrap_or_else(PoisonError::into_inner);
        guard.ready.clone().ok_or_else(|| NotReady {
            last: guard.down.clone().map(Box::new),
        })
    }

    /// Asks for a sale. The ticket says how it ended.
    ///
    /// # Errors
    ///
    /// [`Refused`] before anything was sent; nothing has changed then.
    #[doc(alias = "Sale")]
    pub fn sale(&self, sale: Sale<'_>) -> Result<Ticket, Refused> {
        self.ask(&sale)
    }

    /// Asks for anything that moves money: also [`Auth`](crate::pos::Auth), [`PreAuth`](crate::pos::PreAuth),
    /// [`ManualRefund`](crate::pos::ManualRefund), [`RefundPayment`](crate::pos::RefundPayment) and
    /// [`VoidPayment`](crate::pos::VoidPayment). The ticket says how it ended.
    ///
    /// # Errors
    ///
    /// [`Refused`] before anything was sent; nothing has changed then.
    pub fn ask(&self, money: &impl Money) -> Result<Ticket, Refused> {
        self.put_to(money, |asked, payload, outcome, reply| Command::Ask {
            asked,
            payload,
            outcome,
            reply,
        })
        .map(|(request, of)| of.ticket(request))
    }

    /// Sees to it that a sale is paid once, however often it is asked for under its external id: also after a
    /// crash, and by another program with the same journal.
    ///
    /// What is on record is the answer, and nothing is sent: a payment that was made, one that was not
    /// ([`Sale::retry`] makes another attempt), or one of another amount, kind or terminal. What is not known is
    /// found out first. Only then the terminal is asked.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use proto_core::driver::{Connector, Paid};
    /// # use proto_core::pos::{Refused, Sale};
    /// # fn pay(till: &Connector) -> Result<(), Refused> {
    /// let invoice = Sale::new(10_00).external_id("INV-2026-0001");
    /// match till.ensure_paid(invoice)?.wait(Duration::from_secs(60)) {
    ///     Paid::Full(summary) => println!("paid: {:?}", summary.payment_id),
    ///     Paid::Partial { remaining, .. } => println!("{remaining} left"),
    ///     Paid::NotMade(why) => println!("not paid: {why}"),
    ///     Paid::Unknown { ask, .. } => println!("ask again for {ask}, and for nothing else"),
    ///     Paid::Conflict(conflict) => println!("look into it: {conflict}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Refused`] before anything was sent; nothing has changed then. A sale that switches the check for
    /// duplicates off is refused.
    pub fn ensure_paid(&self, sale: Sale<'_>) -> Result<Ensuring, Refused> {
        if sale.disable_duplicate_checking == Some(true) {
            return Err(Refused::invalid(
                "A payment is not ensured without the terminal's check for duplicates.",
            ));
        }
        let (begun, of) = self.put_to(&sale, |asked, payload, outcome, reply| Command::Ensure {
            asked,
            payload,
            outcome,
            reply,
        })?;
        Ok(Ensuring(match begun {
            Begun::Known(paid) => Known::Already(paid),
            Begun::Asked(request) => Known::Asked(of.ticket(request)),
            Begun::Open(request) => Known::Open(of.ticket(request)),
        }))
    }

    /// Writes a request and puts it to the thread.
    fn put_to<'c, T>(
        &'c self,
        money: &impl Money,
        command: impl FnOnce(
            Box<Asked>,
            String,
            Sender<Outcome>,
            SyncSender<Result<T, Refused>>,
        ) -> Command,
    ) -> Result<(T, TicketOf<'c>), Refused> {
        let mut room = vec![0; WITHHELD_LEN];
        let written = match money.write(&mut room) {
            Err(refused) => match refused.why {
                crate::pos::Refusal::Full { needed } => {
                    room.resize(needed, 0);
                    money.write(&mut room)?
                }
                _ => return Err(refused),
            },
            Ok(written) => written,
        };
        let (asked, payload) = written.into_parts();
        let (kind, external_id, requested) = (asked.kind, asked.external_id.clone(), asked.amount);
        let (sender, outcome) = channel();
        let asked = Box::new(asked);
        let payload = payload.to_owned();
        let answer = self
            .shared
            .ask(|reply| command(asked, payload, sender, reply))?;
        let of = TicketOf {
            kind,
            external_id,
            requested,
            outcome,
            shared: &self.shared,
        };
        Ok((answer, of))
    }

    /// Shows a line of text on the terminal.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "ShowMessage")]
    pub fn show_message(&self, text: &str) -> Result<(), Refused> {
        let text = text.to_owned();
        self.shared
            .ask(|reply| Command::Show(Screen::Message(text), reply))
    }

    /// Shows the idle screen.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "ShowWelcomeScreen")]
    pub fn show_welcome(&self) -> Result<(), Refused> {
        self.shared
            .ask(|reply| Command::Show(Screen::Welcome, reply))
    }

    /// Shows the thank-you screen.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "ShowThankYouScreen")]
    pub fn show_thank_you(&self) -> Result<(), Refused> {
        self.shared
            .ask(|reply| Command::Show(Screen::ThankYou, reply))
    }

    /// Makes the terminal give up what it does: the last resort.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "ResetDevice")]
    pub fn reset_terminal(&self) -> Result<(), Refused> {
        self.shared.ask(|reply| Command::Show(Screen::Reset, reply))
    }

    /// Asks what the terminal is doing; see
    /// [`Pos::retrieve_device_status`](crate::pos::Pos::retrieve_device_status). The answer is an
    /// [event](Builder::on_event): [`Event::DeviceStatus`] or [`Event::Unanswered`].
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "RetrieveDeviceStatus")]
    pub fn retrieve_device_status(&self, send_last_message: bool) -> Result<(), Refused> {
        self.retrieve(Retrieve::DeviceStatus { send_last_message })
    }

    /// Looks a payment up by the external id that it was made under; see
    /// [`Pos::retrieve_payment`](crate::pos::Pos::retrieve_payment). The answer is an
    /// [event](Builder::on_event): [`Event::PaymentRetrieved`] or [`Event::Unanswered`].
    ///
    /// # Errors
    ///
    /// [`Refused`].
    #[doc(alias = "RetrievePayment")]
    pub fn retrieve_payment(&self, id: &ExternalId) -> Result<(), Refused> {
        self.retrieve(Retrieve::Payment(id.clone()))
    }

    /// Asks for the payments that were taken offline and are not sent yet; see
    /// [`Pos::retrieve_pending_payments`](crate::pos::Pos::retrieve_pending_payments). The answer is an
    /// [event](Builder::on_event): [`Event::PendingPayments`] or [`Event::Unanswered`].
    ///
    /// # Errors
    ///
    /// [`Refused`], also while a request is open.
    #[doc(alias = "RetrievePendingPayments")]
    pub fn retrieve_pending_payments(&self) -> Result<(), Refused> {
        self.retrieve(Retrieve::PendingPayments)
    }

    fn retrieve(&self, what: Retrieve) -> Result<(), Refused> {
        self.shared.ask(|reply| Command::Retrieve(what, reply))
    }

    /// Releases the till although the outcome of the last request is unknown; see
    /// [`Pos::park`](crate::pos::Pos::park).
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is not this request that is unresolved.
    pub fn park(&self, id: &ExternalId) -> Result<(), Refused> {
        let id = id.clone();
        self.shared.ask(|reply| Command::Park(id, reply))
    }

    /// The application has stored what was told of a request: that is not told again after a restart.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is no such request, or there is news of it since: that is to be stored too.
    pub fn outcome_stored(&self, told: &Summary) -> Result<(), Refused> {
        let told = Box::new(told.clone());
        self.shared.ask(|reply| Command::Stored(told, reply))
    }

    /// Closes the link in good order, a screen that is due sent first, and ends the thread. Dropping the
    /// connector does the same.
    #[doc(alias = "Dispose")]
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.waker.wake_by_ref();
        if let Some(thread) = self.thread.take() {
            // A closure of the application that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

/// What a ticket will say of its request.
struct TicketOf<'c> {
    kind: RequestKind,
    external_id: ExternalId,
    requested: i64,
    outcome: Receiver<Outcome>,
    shared: &'c Arc<Shared>,
}

impl TicketOf<'_> {
    fn ticket(self, request: RequestId) -> Ticket {
        Ticket {
            request,
            kind: self.kind,
            external_id: self.external_id,
            requested: self.requested,
            outcome: self.outcome,
            shared: Arc::clone(self.shared),
        }
    }
}

/// A request that is running.
#[derive(Debug)]
#[must_use = "it says whether the customer has paid"]
pub struct Ticket {
    request: RequestId,
    kind: RequestKind,
    external_id: ExternalId,
    requested: i64,
    pub(super) outcome: Receiver<Outcome>,
    shared: Arc<Shared>,
}

impl Ticket {
    /// The number of the request, as in its [`Summary`](crate::pos::Summary).
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The id of the attempt.
    #[must_use]
    pub fn external_id(&self) -> &ExternalId {
        &self.external_id
    }

    /// Waits for the outcome. If the connector is shut down before there is one, it is unknown.
    pub fn wait(self) -> Outcome {
        match self.outcome.recv() {
            Ok(outcome) => outcome,
            Err(RecvError) => self.abandoned(),
        }
    }

    /// Waits for the outcome for at most `limit`.
    ///
    /// # Errors
    ///
    /// The time was up. The sale goes on: the ticket is given back, to wait on or to cancel.
    pub fn wait_for(self, limit: Duration) -> Result<Outcome, Box<Self>> {
        match self.outcome.recv_timeout(limit) {
            Ok(outcome) => Ok(outcome),
            Err(RecvTimeoutError::Timeout) => Err(Box::new(self)),
            Err(RecvTimeoutError::Disconnected) => Ok(self.abandoned()),
        }
    }

    /// Waits for the outcome and, if that is unknown, for at most `limit` more for what is found out about it;
    /// if that is nothing, it is still unknown. [`wait`](Self::wait) does not go on so long.
    pub fn resolved(self, limit: Duration) -> Outcome {
        let Ok(outcome) = self.outcome.recv() else {
            return self.abandoned();
        };
        match outcome {
            unknown @ Outcome::Unknown { .. } => {
                self.outcome.recv_timeout(limit).unwrap_or(unknown)
            }
            known => known,
        }
    }

    /// The connector was shut down before there was an outcome.
    pub(super) fn abandoned(self) -> Outcome {
        self.no_outcome(
            "Shut Down",
            "The connector was shut down before the outcome was known.",
        )
    }

    /// Nothing was found out in time.
    pub(super) fn unresolved(self) -> Outcome {
        self.no_outcome("Unknown", Missing::Answer.what())
    }

    fn no_outcome(self, reason: &str, message: &str) -> Outcome {
        Outcome::without(
            Summary {
                request: self.request,
                kind: self.kind,
                requested: self.requested,
                ..Summary::nothing(self.external_id)
            },
            reason,
            message,
        )
    }

    /// A handle that cancels it from any thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller {
            request: self.request,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Cancels a request from any thread.
#[derive(Debug, Clone)]
pub struct Canceller {
    request: RequestId,
    shared: Arc<Shared>,
}

impl Canceller {
    /// Tries to cancel. The request still ends in its outcome: cancelled, or too late.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the connector takes no requests any more.
    pub fn cancel(&self) -> Result<(), Refused> {
        self.shared.put(Command::Cancel(self.request))
    }
}

/// The terminal did not become ready in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    /// Why the link was down last, if it was.
    pub last: Option<Box<Down>>,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last {
            Some(down) => write!(f, "{down}; {}", down.reason.remedy()),
            None => f.write_str("the terminal is there, but it is not ready; look at its screen"),
        }
    }
}

impl std::error::Error for NotReady {}
