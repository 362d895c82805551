//! The table of proofs: what each thing that the terminal can say means for the money (`design.md` "Money" 5,
//! 6, 7, 9). The code that reads messages decides *whether* a message is about a request; what it then means
//! stands here and nowhere else.

use super::outcome::{Evidence, Finality, Missing};
use super::request::RequestKind;
use crate::model::Payment;
use crate::wire::names::{CardTransactionType, PaymentResult};

/// Something that was seen about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fact {
    /// FINISH_OK brought its payment, and this is what the payment says of itself.
    Finished(Said),
    /// A look-up found its payment (for a refund or a void: the payment that it is about).
    LookedUp(Said),
    /// FINISH_OK brought its credit or its refund.
    GivenBack,
    /// FINISH_CANCEL came for it.
    FinishedWithout,
    /// TX_START_RESPONSE refused it.
    StartRefused,
    /// TX_START_RESPONSE said that its external id was used before.
    Duplicate,
    /// INVALID_STATE_TRANSITION refused it.
    StateRefused,
    /// REFUND_RESPONSE said SUCCESS.
    RefundDone,
    /// REFUND_RESPONSE said FAIL.
    RefundFailed,
    /// The looked-up payment lists the refund.
    RefundListed,
    /// The looked-up payment does not list the refund.
    RefundNotListed,
    /// VOID_PAYMENT_RESPONSE said SUCCESS.
    VoidDone,
    /// VOID_PAYMENT_RESPONSE said anything else.
    VoidFailed,
    /// ACK named its message, on a terminal that answers in no other way.
    Acknowledged,
    /// Two look-ups found nothing, and every condition for taking that as proof held.
    NotFound,
    /// RESET_DEVICE_RESPONSE came.
    Reset,
    /// The message never left this side.
    NotSent,
}

/// What a payment says of itself in its `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Said {
    /// SUCCESS, AUTH_COMPLETED, VOID_FAILED: charged.
    Charged,
    /// AUTH: reserved.
    Reserved,
    /// FAIL.
    Failed,
    /// VOIDED.
    Voided,
    /// INITIATED, PENDING, VOIDING, OFFLINE_RETRYING.
    Running,
    /// Nothing, or something that this table does not know.
    Nothing,
}

impl Said {
    pub(crate) fn by(payment: Payment<'_>) -> Self {
        match payment.result() {
            Some(
                PaymentResult::Success | PaymentResult::AuthCompleted | PaymentResult::VoidFailed,
            ) => Self::Charged,
            Some(PaymentResult::Auth) => Self::Reserved,
            Some(PaymentResult::Fail) => Self::Failed,
            Some(PaymentResult::Voided) => Self::Voided,
            Some(
                PaymentResult::Initiated
                | PaymentResult::Pending
                | PaymentResult::Voiding
                | PaymentResult::OfflineRetrying,
            ) => Self::Running,
            _ => Self::Nothing,
        }
    }
}

/// What a fact means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// Money moved; that rests on this.
    Made(Evidence),
    /// No money moved; that rests on this.
    NotMade(Evidence),
    /// It proves nothing; this is missing.
    Unknown(Missing),
    /// It is not over: what counts is yet to come.
    Running,
}

/// One row: for these kinds of request this fact means that.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Proof {
    /// For which kinds of request.
    pub kinds: &'static [RequestKind],
    /// What was seen.
    pub fact: Fact,
    /// What it means.
    pub verdict: Verdict,
}

/// What `fact` means for a request of this `kind`. What the table does not know proves nothing.
#[must_use]
pub fn prove(kind: RequestKind, fact: Fact) -> Verdict {
    PROOFS
        .iter()
        .find(|row| row.fact == fact && row.kinds.contains(&kind))
        .map_or(Verdict::Unknown(Missing::Answer), |row| row.verdict)
}

/// How final a payment is that was made; `waits` is whether one that was taken offline is not sent yet.
pub(crate) fn finality(payment: Payment<'_>, waits: bool) -> Finality {
    let tip_open = payment.card_transaction().and_then(|card| card.kind())
        == Some(CardTransactionType::Preauth);
    if waits && payment.offline() == Some(true) {
        Finality::Offline
    } else if payment.result() == Some(PaymentResult::Auth) {
        Finality::Authorised
    } else if payment.result() == Some(PaymentResult::Success) && tip_open {
        Finality::Adjustable
    } else {
        Finality::Final
    }
}

const ANY: &[RequestKind] = &RequestKind::ALL;
const CHARGES: &[RequestKind] = &[RequestKind::Sale, RequestKind::Auth, RequestKind::PreAuth];
const STARTED: &[RequestKind] = &[
    RequestKind::Sale,
    RequestKind::Auth,
    RequestKind::PreAuth,
    RequestKind::ManualRefund,
];
const GIVEN_BACK: &[RequestKind] = &[RequestKind::ManualRefund, RequestKind::Refund];
const MANUAL: &[RequestKind] = &[RequestKind::ManualRefund];
const REFUND: &[RequestKind] = &[RequestKind::Refund];
const VOID: &[RequestKind] = &[RequestKind::Void];
const ALL_BUT_VOID: &[RequestKind] = &[
    RequestKind::Sale,
    RequestKind::Auth,
    RequestKind::PreAuth,
    RequestKind::ManualRefund,
    RequestKind::Refund,
];

const fn row(kinds: &'static [RequestKind], fact: Fact, verdict: Verdict) -> Proof {
    Proof {
        kinds,
        fact,
        verdict,
    }
}

/// The table.
pub const PROOFS: &[Proof] = {
    use Evidence as E;
    use Fact::{
        Acknowledged, Duplicate, Finished, FinishedWithout, GivenBack, LookedUp, NotFound, NotSent,
        RefundDone, RefundFailed, RefundListed, RefundNotListed, Reset, StartRefused, StateRefused,
        VoidDone, VoidFailed,
    };
    use Said::{Charged, Failed, Nothing, Reserved, Voided};
    use Verdict::{Made, NotMade, Running, Unknown};
    &[
        // A payment is judged by its own result, wherever it came from ("Money" 6).
        row(CHARGES, Finished(Charged), Made(E::FinishOk)),
        row(CHARGES, Finished(Reserved), Made(E::FinishOk)),
        row(CHARGES, Finished(Failed), NotMade(E::FinishOk)),
        row(CHARGES, Finished(Voided), NotMade(E::Voided)),
        row(CHARGES, Finished(Said::Running), Running),
        row(CHARGES, Finished(Nothing), Made(E::FinishOk)),
        row(CHARGES, LookedUp(Charged), Made(E::LookedUp)),
        row(CHARGES, LookedUp(Reserved), Made(E::LookedUp)),
        row(CHARGES, LookedUp(Failed), NotMade(E::LookedUp)),
        row(CHARGES, LookedUp(Voided), NotMade(E::Voided)),
        row(CHARGES, LookedUp(Said::Running), Running),
        row(CHARGES, LookedUp(Nothing), Unknown(Missing::Result)),
        // What the terminal says of a start ("Money" 5).
        row(ALL_BUT_VOID, FinishedWithout, NotMade(E::FinishCancel)),
        row(STARTED, StartRefused, NotMade(E::StartRefused)),
        row(STARTED, Duplicate, Unknown(Missing::Answer)),
        row(ANY, StateRefused, NotMade(E::StateRefused)),
        row(ANY, NotSent, NotMade(E::NotSent)),
        // Looked up in vain: a proof for charges, under conditions ("Money" 7); credits are never found ("Money" 9).
        row(CHARGES, NotFound, NotMade(E::NotFound)),
        row(MANUAL, NotFound, Unknown(Missing::Proof)),
        row(REFUND, NotFound, Unknown(Missing::Proof)),
        row(VOID, NotFound, Unknown(Missing::Proof)),
        // The others ("Money" 9).
        row(GIVEN_BACK, GivenBack, Made(E::FinishOk)),
        row(REFUND, RefundDone, Made(E::RefundResponse)),
        row(REFUND, RefundFailed, NotMade(E::RefundResponse)),
        row(REFUND, RefundListed, Made(E::LookedUp)),
        row(REFUND, RefundNotListed, Unknown(Missing::Proof)),
        row(VOID, VoidDone, Made(E::VoidResponse)),
        row(VOID, VoidFailed, NotMade(E::VoidResponse)),
        row(VOID, LookedUp(Voided), Made(E::LookedUp)),
        row(VOID, LookedUp(Said::Running), Running),
        row(VOID, LookedUp(Charged), Unknown(Missing::Proof)),
        row(VOID, LookedUp(Reserved), Unknown(Missing::Proof)),
        row(VOID, LookedUp(Failed), Unknown(Missing::Proof)),
        row(VOID, LookedUp(Nothing), Unknown(Missing::Result)),
        row(VOID, Acknowledged, Unknown(Missing::Proof)),
        // A reset is no evidence ("Money" 11).
        row(ANY, Reset, Unknown(Missing::Answer)),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_hides_another() {
        for (at, row) in PROOFS.iter().enumerate() {
            for kind in row.kinds {
                let first = PROOFS
                    .iter()
                    .position(|other| other.fact == row.fact && other.kinds.contains(kind));
                assert_eq!(first, Some(at), "{kind:?} {:?}", row.fact);
            }
        }
    }

    #[test]
    fn what_no_row_names_proves_nothing() {
        assert_eq!(
            prove(RequestKind::Sale, Fact::VoidDone),
            Verdict::Unknown(Missing::Answer)
        );
        assert_eq!(
            prove(RequestKind::ManualRefund, Fact::LookedUp(Said::Charged)),
            Verdict::Unknown(Missing::Answer)
        );
    }
}
