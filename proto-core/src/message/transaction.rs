//! A transaction: started, watched, decided on, ended.

use super::messages;
use crate::model::{
    Challenge, ChallengeDraft, Credit, Order, PayIntent, PayIntentDraft, Payment, Refund,
    Signature, SignatureDraft,
};
use crate::wire::names::{RequestInfo, TxStartResult, TxState, VoidReason};

messages! {
    /// Starts a transaction (`protocol/connector.md` §5.1).
    TxStart, TxStartDraft = TxStart, ToTerminal, 2 {
        /// What to charge, and how.
        pay_intent: object(PayIntent, PayIntentDraft) = "payIntent";
        /// An order that exists already. No SDK sends one.
        order: json(Order) = "order";
        /// The kind of request. One SDK says MANUAL_REFUND where the others say CREDIT.
        request_info: name(RequestInfo) = "requestInfo";
        /// Old switch for tips on the screen; [`TransactionSettings`](crate::model::TransactionSettings)
        /// has the new one.
        suppress_on_screen_tips: flag = "suppressOnScreenTips";
    }

    /// Whether the transaction was started (`protocol/connector.md` §5.1.1).
    TxStartResponse, TxStartResponseDraft = TxStartResponse, ToPos, 1 {
        /// Old terminals say only this.
        success: flag = "success";
        /// What became of the start.
        result: name(TxStartResult) = "result";
        /// The id of the attempt, as it was sent. Old SDKs call it `externalId`.
        external_payment_id: text = "externalPaymentId" | "externalId";
        /// The kind of request, as it was sent.
        request_info: name(RequestInfo) = "requestInfo";
        /// The order, if the terminal changed it.
        order: json(Order) = "order";
        /// A text for people.
        message: text = "message";
        /// A short reason.
        reason: text = "reason";
    }

    /// The running transaction reached a milestone (`protocol/messages.md` §3).
    TxStateMessage, TxStateMessageDraft = TxState, ToPos, 1 {
        /// Which one.
        tx_state: name(TxState) = "txState";
    }

    /// The issuer approved less than was asked for (`protocol/messages.md` §3).
    PartialAuth, PartialAuthDraft = PartialAuth, ToPos, 1 {
        /// How much was approved.
        partial_auth_amount: money = "partialAuthAmount";
    }

    /// The customer chose a tip (`protocol/messages.md` §3).
    TipAdded, TipAddedDraft = TipAdded, ToPos, 1 {
        /// The tip.
        tip_amount: money = "tipAmount";
    }

    /// The customer chose cash back (`protocol/messages.md` §3).
    CashbackSelected, CashbackSelectedDraft = CashbackSelected, ToPos, 1 {
        /// How much.
        cashback_amount: money = "cashbackAmount";
    }

    /// The terminal asks the merchant to decide before it goes on (`protocol/connector.md` §8.2).
    ConfirmPayment, ConfirmPaymentDraft = ConfirmPaymentMessage, ToPos, 1 {
        /// The payment as it stands.
        payment: json(Payment) = "payment";
        /// What there is to decide, all of it.
        challenges: list(Challenge, ChallengeDraft) = "challenges";
    }

    /// Accepts every challenge of a payment (`protocol/connector.md` §5.7).
    PaymentConfirmed, PaymentConfirmedDraft = PaymentConfirmed, ToTerminal, 1 {
        /// The payment as it was received.
        payment: json(Payment) = "payment";
    }

    /// Rejects a payment; the terminal voids it (`protocol/connector.md` §5.7).
    PaymentRejected, PaymentRejectedDraft = PaymentRejected, ToTerminal, 1 {
        /// The payment as it was received.
        payment: json(Payment) = "payment";
        /// The reason of the challenge that was rejected.
        reason: name(VoidReason) = "reason";
    }

    /// The customer signed; the merchant has to accept or reject the signature (`protocol/connector.md`
    /// §8.2).
    VerifySignature, VerifySignatureDraft = VerifySignature, ToPos, 1 {
        /// The payment that was signed for.
        payment: json(Payment) = "payment";
        /// The signature.
        signature: object(Signature, SignatureDraft) = "signature";
    }

    /// Accepts or rejects a signature (`protocol/connector.md` §5.15).
    SignatureVerified, SignatureVerifiedDraft = SignatureVerified, ToTerminal, 1 {
        /// The payment as it was received.
        payment: json(Payment) = "payment";
        /// Whether the signature is accepted.
        verified: flag = "verified";
    }

    /// A payment was voided as part of the transaction; FINISH_CANCEL follows (`protocol/messages.md` §3).
    PaymentVoided, PaymentVoidedDraft = PaymentVoided, ToPos, 1 {
        /// The payment.
        payment: json(Payment) = "payment";
        /// Why.
        void_reason: name(VoidReason) = "voidReason";
    }

    /// The transaction ended well; one of payment, credit and refund is there (`protocol/messages.md` §3).
    FinishOk, FinishOkDraft = FinishOk, ToPos, 1 {
        /// The payment of a sale, auth or pre-auth.
        payment: json(Payment) = "payment";
        /// The credit of a manual refund.
        credit: json(Credit) = "credit";
        /// The refund of a payment.
        refund: json(Refund) = "refund";
        /// The signature, if one was given on the screen.
        signature: object(Signature, SignatureDraft) = "signature";
        /// The kind of request; older terminals leave it out.
        request_info: name(RequestInfo) = "requestInfo";
    }

    /// The transaction ended without a payment (`protocol/messages.md` §3).
    FinishCancel, FinishCancelDraft = FinishCancel, ToPos, 1 {
        /// The kind of request; older terminals leave it out.
        request_info: name(RequestInfo) = "requestInfo";
    }
}
