//! What a point of sale tells its application.

use crate::link::{Detail, Down, LinkInfo};
use crate::message::{
    DiscoveryResponse, InvalidStateTransition, RemoteError, ResetDeviceResponse,
    RetrieveDeviceStatusResponse, RetrievePaymentResponse, RetrievePendingPaymentsResponse,
    UiStateMessage,
};
use crate::model::{Credit, Payment, Refund};
use crate::pos::outcome::Outcome;
use crate::pos::query::Query;
use crate::pos::question::{Answered, Confirmation, Question, SignatureCheck};
use crate::pos::request::RequestId;
use crate::redact::Secret;
use crate::wire::names::{Method, PairingState, RequestInfo, TxState};
use crate::wire::{FrameError, Unreadable};

/// What happened. An event borrows the message that it came from, never the role: requests and answers
/// can be made while it is looked at.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event<'m> {
    /// The link is up. The terminal cannot be used yet.
    #[doc(alias = "OnDeviceConnected")]
    Connected(LinkInfo),
    /// The link is down. An open request goes on at the terminal.
    #[doc(alias = "OnDeviceDisconnected")]
    Disconnected(Down),
    /// A person must type this code on the terminal.
    #[doc(alias = "OnPairingCode")]
    PairingCode(Secret<'m>),
    /// The pairing stands like this; with [`PairingState::Authenticating`] an employee must enter a
    /// passcode on the terminal first.
    PairingState(PairingState<'m>),
    /// Paired. Store the token **before anything else happens**: the one used before is worthless now.
    #[doc(alias = "OnPairingSuccess")]
    Paired {
        /// The token for the next pairing.
        token: Option<Secret<'m>>,
    },
    /// The terminal refused the stored token; it is forgotten. Delete it; a code comes next.
    TokenRefused,
    /// The terminal refused the pairing. It is tried again by itself, ever more slowly.
    PairingFailed,
    /// The pairing has taken too long. It is still tried.
    PairingTimedOut,
    /// The terminal can be used from now on. Fires once until it is lost: charging on it is still a
    /// mistake, because it fires again after every reconnect.
    #[doc(alias = "OnDeviceReady")]
    BecameReady(DiscoveryResponse<'m>),
    /// The terminal is there, but cannot be used now. It is asked again by itself.
    NotReady(DiscoveryResponse<'m>),
    /// The terminal is a simulator, and [`Config::accept_simulator`](crate::pos::Config) is off.
    SimulatorRefused,
    /// A screen appeared on the terminal.
    #[doc(alias = "OnDeviceActivityStart")]
    ScreenShown(UiStateMessage<'m>),
    /// A screen went. It may come after the next one appeared.
    #[doc(alias = "OnDeviceActivityEnd")]
    ScreenGone(UiStateMessage<'m>),
    /// The customer chose a tip, minor units. The payment decides.
    TipAdded(i64),
    /// The issuer approved less, minor units. The payment decides.
    PartialAuth(i64),
    /// The customer chose cash back, minor units.
    CashbackSelected(i64),
    /// A milestone of the transaction.
    TxState(TxState<'m>),
    /// The merchant must decide before the payment goes on.
    #[doc(alias = "OnConfirmPaymentRequest")]
    Confirm(Confirmation<'m>),
    /// The merchant must accept or reject a signature.
    #[doc(alias = "OnVerifySignatureRequest")]
    Signature(SignatureCheck<'m>),
    /// A question was answered.
    Answered(Answered),
    /// A question is void: the link was lost or the transaction ended.
    Withdrawn(Question),
    /// A request ended: the one outcome that it has. Call
    /// [`outcome_stored`](crate::pos::Pos::outcome_stored) when it is safe with you.
    #[doc(alias = "OnSaleResponse")]
    #[doc(alias = "OnAuthResponse")]
    #[doc(alias = "OnPreAuthResponse")]
    #[doc(alias = "OnManualRefundResponse")]
    #[doc(alias = "OnRefundPaymentResponse")]
    #[doc(alias = "OnVoidPaymentResponse")]
    Outcome(Outcome<'m>),
    /// What became of a request whose outcome was unknown, or of a payment that was taken offline. To be
    /// stored like an outcome.
    Resolved(Outcome<'m>),
    /// A payment was made under an external id whose outcome was told as not made, or as another payment.
    /// Somebody must look at it: the customer may have paid once too often.
    Contradicted(Payment<'m>),
    /// The terminal is asked what became of this request.
    Recovering(RequestId),
    /// The end of this request could not be written into the journal; after a restart it is found out anew.
    JournalFailed(RequestId),
    /// The answer to [`retrieve_device_status`](crate::pos::Pos::retrieve_device_status).
    #[doc(alias = "OnRetrieveDeviceStatusResponse")]
    DeviceStatus(RetrieveDeviceStatusResponse<'m>),
    /// The answer to [`retrieve_payment`](crate::pos::Pos::retrieve_payment).
    #[doc(alias = "OnRetrievePaymentResponse")]
    PaymentRetrieved(RetrievePaymentResponse<'m>),
    /// The answer to [`retrieve_pending_payments`](crate::pos::Pos::retrieve_pending_payments).
    #[doc(alias = "OnRetrievePendingPaymentsResponse")]
    PendingPayments(RetrievePendingPaymentsResponse<'m>),
    /// A query was not answered in time.
    Unanswered(Query),
    /// The cancel cannot be sent: the terminal has offered no key for it. The request goes on.
    CancelImpossible,
    /// Nothing has happened with the open request for a while.
    NoProgress,
    /// The terminal did something that nobody asked for here. Never dropped.
    Unsolicited(Unsolicited<'m>),
    /// The terminal reports an error. It ends nothing.
    RemoteError(RemoteError<'m>),
    /// A message could not be read. It ends nothing.
    Unreadable(Unreadable<'m>),
    /// A message was longer than the receive buffer.
    Oversize {
        /// Its name, as far as it could be told.
        method: Detail,
        /// Its length in bytes.
        total: usize,
    },
    /// A stretch of the packet stream made no sense.
    Garbled(FrameError),
}

/// Something of the terminal that belongs to no open request.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Unsolicited<'m> {
    /// A payment: look whose it is.
    Payment(Payment<'m>),
    /// A manual refund.
    Credit(Credit<'m>),
    /// A refund.
    Refund(Refund<'m>),
    /// The end of a transaction without a payment.
    Cancel(Option<RequestInfo<'m>>),
    /// A command was refused because of what the terminal was doing.
    StateRefused(InvalidStateTransition<'m>),
    /// The terminal was reset. No evidence about money.
    Reset(ResetDeviceResponse<'m>),
    /// A message of another kind.
    Message(Option<Method<'m>>),
}
