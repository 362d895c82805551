//! Questions that the application may ask at any time (`protocol/connector.md` §5.18 to §5.20).

use super::event::{Event, Unsolicited};
use super::notes::Note;
use super::request::{ExternalId, Refused};
use super::session::Phase;
use super::state::{Pos, Timer};
use crate::fingerprint::fingerprint;
use crate::message::{
    MessageDraft, RetrieveDeviceStatusRequestDraft, RetrieveDeviceStatusResponse,
    RetrievePaymentRequestDraft, RetrievePaymentResponse, RetrievePendingPaymentsDraft,
    RetrievePendingPaymentsResponse,
};
use crate::time::Instant;
use crate::wire::Message;
use crate::wire::names::Method;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Query {
    /// What the terminal is doing.
    DeviceStatus,
    /// A payment by its external id.
    Payment,
    /// The payments that were taken offline and are not sent yet.
    PendingPayments,
}

impl Query {
    pub(super) const ALL: [Self; 3] = [Self::DeviceStatus, Self::Payment, Self::PendingPayments];

    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceStatus => "device_status",
            Self::Payment => "payment",
            Self::PendingPayments => "pending_payments",
        }
    }

    pub(super) const fn timer(self) -> Timer {
        match self {
            Self::DeviceStatus => Timer::StatusQuery,
            Self::Payment => Timer::PaymentQuery,
            Self::PendingPayments => Timer::PendingQuery,
        }
    }
}

/// What the application is waiting for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Queries {
    /// The external id of the payment that was asked for.
    payment: u32,
}

impl Pos<'_> {
    /// Asks what the terminal is doing, and if `send_last_message` for its last message again. The answer is
    /// [`Event::DeviceStatus`] or [`Event::Unanswered`].
    ///
    /// # Errors
    ///
    /// [`Refused`] if no terminal is ready, or the last such question is not answered yet.
    #[doc(alias = "RetrieveDeviceStatus")]
    pub fn retrieve_device_status(
        &mut self,
        now: Instant,
        send_last_message: bool,
    ) -> Result<(), Refused> {
        let draft = RetrieveDeviceStatusRequestDraft {
            send_last_message: Some(send_last_message),
            more: &[],
        };
        self.query(
            now,
            Query::DeviceStatus,
            &draft,
            "In RetrieveDeviceStatus: The Clover device is not connected.",
        )
    }

    /// Looks a payment up by the external id that it was made under: on this terminal, in the last 24 hours.
    /// The answer is [`Event::PaymentRetrieved`] or [`Event::Unanswered`]. That a payment is not found is no
    /// proof that there is none.
    ///
    /// # Errors
    ///
    /// [`Refused`] if no terminal is ready, or the last such question is not answered yet.
    #[doc(alias = "RetrievePayment")]
    pub fn retrieve_payment(&mut self, now: Instant, id: &ExternalId) -> Result<(), Refused> {
        let draft = RetrievePaymentRequestDraft {
            external_payment_id: Some(id.as_str().into()),
            more: &[],
        };
        self.query(
            now,
            Query::Payment,
            &draft,
            "In RetrievePayment: The Clover device is not connected.",
        )?;
        self.queries.payment = fingerprint(id.as_str().into());
        Ok(())
    }

    /// Asks for the payments that were taken offline and are not sent yet. The answer is
    /// [`Event::PendingPayments`] or [`Event::Unanswered`].
    ///
    /// # Errors
    ///
    /// [`Refused`] if no terminal is ready, a request is open, or the last such question is not answered yet.
    #[doc(alias = "RetrievePendingPayments")]
    pub fn retrieve_pending_payments(&mut self, now: Instant) -> Result<(), Refused> {
        if self.cases.open().is_some() {
            return Err(Refused::busy());
        }
        self.query(
            now,
            Query::PendingPayments,
            &RetrievePendingPaymentsDraft::default(),
            "In RetrievePendingPayments : RetrievePendingPaymentsRequest - The Clover device is not connected.",
        )
    }

    fn query(
        &mut self,
        now: Instant,
        query: Query,
        draft: &dyn MessageDraft,
        not_connected: &'static str,
    ) -> Result<(), Refused> {
        if self.session.phase != Phase::Ready {
            return Err(Refused::not_ready(not_connected));
        }
        if self.is_asked(query) {
            return Err(Refused::busy());
        }
        self.send(draft)?;
        self.tx.note_other(now);
        self.set(query.timer(), now, self.config.deadlines.query);
        Ok(())
    }

    fn is_asked(&self, query: Query) -> bool {
        self.timers.is_set(query.timer() as usize)
    }

    /// Whether the application waits for this answer; if so it waits no longer.
    fn take_asked(&mut self, query: Query) -> bool {
        let asked = self.is_asked(query);
        self.stop(query.timer());
        asked
    }

    pub(super) fn query_timed_out(&mut self, query: Query) {
        self.emit(Note::Unanswered(query));
    }

    /// No answer comes from a link that is down.
    pub(super) fn drop_queries(&mut self) {
        for query in Query::ALL {
            if self.take_asked(query) {
                self.emit(Note::Unanswered(query));
            }
        }
    }

    /// An answer: to the application, to what is being found out, or to nobody.
    pub(super) fn handle_answer<'m>(
        &mut self,
        now: Instant,
        message: &Message<'m>,
    ) -> Option<Event<'m>> {
        let payload = message.payload;
        match message.method {
            Some(Method::RetrieveDeviceStatusResponse) => {
                let status = RetrieveDeviceStatusResponse::of(payload);
                let inquired = self.status_told(now, status);
                if self.take_asked(Query::DeviceStatus) {
                    return Some(Event::DeviceStatus(status));
                }
                (!inquired).then_some(Event::Unsolicited(Unsolicited::Message(message.method)))
            }
            Some(Method::RetrievePendingPaymentsResponse) => {
                let pending = RetrievePendingPaymentsResponse::of(payload);
                let inquired = self.pending_told(now, pending);
                if self.take_asked(Query::PendingPayments) {
                    return Some(Event::PendingPayments(pending));
                }
                (!inquired).then_some(Event::Unsolicited(Unsolicited::Message(message.method)))
            }
            _ => {
                let found = RetrievePaymentResponse::of(payload);
                let id = found.external_payment_id().unwrap_or_default();
                let asked = self.is_asked(Query::Payment)
                    && (id.is_empty() || fingerprint(id) == self.queries.payment);
                if asked {
                    self.stop(Query::Payment.timer());
                    // One event can borrow the message: what it means for a case is told by `poll_event`. That it
                    // answers the look-up of a case too, only the id can say.
                    if !id.is_empty() {
                        self.payment_told(now, found, true);
                    }
                    return Some(Event::PaymentRetrieved(found));
                }
                match self.payment_told(now, found, false) {
                    Some(event) => event,
                    None => Some(match found.payment() {
                        Some(payment) => Event::Unsolicited(Unsolicited::Payment(payment)),
                        None => Event::Unsolicited(Unsolicited::Message(message.method)),
                    }),
                }
            }
        }
    }
}
