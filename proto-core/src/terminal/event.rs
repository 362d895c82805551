//! What a terminal tells its application.

use crate::link::{Detail, Down, LinkInfo};
use crate::message::{
    PairingRequest, PaymentConfirmed, PaymentRejected, RefundRequest, SignatureVerified, TxStart,
    VoidPayment,
};
use crate::wire::json::Text;
use crate::wire::names::{KeyPress, Method};
use crate::wire::{FrameError, Unreadable};

/// What happened. An event borrows the message that it came from, never the role.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format), defmt(bound()))]
#[non_exhaustive]
pub enum Event<'m> {
    /// A point of sale is at the other end of the link.
    Connected(LinkInfo),
    /// It is gone. A transaction goes on without it.
    Disconnected(Down),
    /// It wants to pair: answer with [`show_code`](super::Terminal::show_code),
    /// [`accept_pairing`](super::Terminal::accept_pairing) or
    /// [`refuse_pairing`](super::Terminal::refuse_pairing).
    PairingRequested(PairingRequest<'m>),
    /// It asked who this is, and was told.
    Discovered,
    /// It shows a line of text.
    MessageShown(Text<'m>),
    /// It shows the idle screen.
    WelcomeShown,
    /// It shows the thank-you screen.
    ThankYouShown,
    /// It starts a transaction, which is not running yet: answer with
    /// [`accept_start`](super::Terminal::accept_start) or [`refuse_start`](super::Terminal::refuse_start).
    Started(TxStart<'m>),
    /// It asked for something that moves money while something was running, and was refused.
    Refused(Method<'m>),
    /// It tried to start a transaction with an id that was used before, and was refused.
    StartedAgain,
    /// It pressed a key.
    KeyPressed(KeyPress<'m>),
    /// It wants everything given up.
    Reset,
    /// It accepted all challenges of a payment.
    Confirmed(PaymentConfirmed<'m>),
    /// It rejected a payment.
    Rejected(PaymentRejected<'m>),
    /// It decided on a signature.
    SignatureVerified(SignatureVerified<'m>),
    /// It wants to give something of a payment back, and that is running from here on: answer with REFUND_RESPONSE,
    /// and [`finish_refund`](super::Terminal::finish_refund) or [`finish_cancel`](super::Terminal::finish_cancel).
    RefundAsked(RefundRequest<'m>),
    /// It wants to void a payment, and that is running from here on: answer with
    /// [`finish_void`](super::Terminal::finish_void).
    VoidAsked(VoidPayment<'m>),
    /// It asked what happened, and was told.
    Queried(Method<'static>),
    /// It sent something that has no meaning here.
    Other(Option<Method<'m>>),
    /// A message could not be read.
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
