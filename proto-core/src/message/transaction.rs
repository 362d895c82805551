//! A transaction from its start to its end.

use super::messages;
use crate::model::{
    Challenge, ChallengeDraft, Credit, CreditDraft, PayIntent, PayIntentDraft, Payment,
    PaymentDraft, Refund, RefundDraft, Signature, SignatureDraft,
};
use crate::wire::InString;
use crate::wire::json::{List, Object, Text};
use crate::wire::names::{RequestInfo, TxStartResult, TxState, VoidReason};

messages! {
    /// Starts a sale, auth, pre-auth or manual refund.
    TxStart, TxStartDraft = TxStart, 2 {
        /// What to charge, and how.
        pay_intent: PayIntent<'m>, PayIntentDraft<'m> = "payIntent";
        /// The kind of request; the terminal repeats it in its answers.
        request_info: RequestInfo<'m> = "requestInfo";
    }

    /// Whether a transaction was started (`protocol/connector.md` §5.1.1).
    TxStartResponse, TxStartResponseDraft = TxStartResponse, 1 {
        /// Whether it was.
        success: bool = "success";
        /// The same, exactly; older terminals leave it out.
        result: TxStartResult<'m> = "result";
        /// The point of sale's id of the payment.
        external_payment_id: Text<'m> = "externalPaymentId" | "externalId";
        /// The kind of request.
        request_info: RequestInfo<'m> = "requestInfo";
        /// The order, if the terminal changed it.
        order: Object<'m>, crate::wire::json::Json<'m> = "order";
        /// Why not, in a word.
        reason: Text<'m> = "reason";
        /// Why not, in a sentence.
        message: Text<'m> = "message";
    }

    /// A milestone of the running transaction.
    TxStateMessage, TxStateMessageDraft = TxState, 1 {
        /// Which one.
        tx_state: TxState<'m> = "txState";
    }

    /// The issuer approved less than was asked. The payment's amount decides.
    PartialAuth, PartialAuthDraft = PartialAuth, 1 {
        /// The approved amount in minor units.
        partial_auth_amount: i64 = "partialAuthAmount";
    }

    /// The customer chose a tip. The payment's tip decides.
    TipAdded, TipAddedDraft = TipAdded, 1 {
        /// The tip in minor units.
        tip_amount: i64 = "tipAmount";
    }

    /// The customer chose cash back.
    CashbackSelected, CashbackSelectedDraft = CashbackSelected, 1 {
        /// The amount in minor units.
        cashback_amount: i64 = "cashbackAmount";
    }

    /// The terminal asks the merchant to decide before it goes on.
    ConfirmPayment, ConfirmPaymentDraft = ConfirmPaymentMessage, 1 {
        /// The payment as it stands.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// What there is to decide, all of it.
        challenges: List<'m, Challenge<'m>>, &'m [ChallengeDraft<'m>] = "challenges";
    }

    /// Accepts every challenge of a payment.
    PaymentConfirmed, PaymentConfirmedDraft = PaymentConfirmed, 1 {
        /// The payment as it was received.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
    }

    /// Rejects a payment; the terminal voids it.
    PaymentRejected, PaymentRejectedDraft = PaymentRejected, 1 {
        /// The payment as it was received.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// The reason of the challenge that was rejected.
        reason: VoidReason<'m> = "reason";
    }

    /// The customer signed; the merchant has to accept or reject the signature.
    VerifySignature, VerifySignatureDraft = VerifySignature, 1 {
        /// The payment that was signed for.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// The signature.
        signature: Signature<'m>, SignatureDraft<'m> = "signature";
    }

    /// Accepts or rejects a signature.
    SignatureVerified, SignatureVerifiedDraft = SignatureVerified, 1 {
        /// The payment as it was received.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Whether the signature is accepted.
        verified: bool = "verified";
    }

    /// A payment was voided as part of the transaction; FINISH_CANCEL follows.
    PaymentVoided, PaymentVoidedDraft = PaymentVoided, 1 {
        /// The payment.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// Why.
        void_reason: VoidReason<'m> = "voidReason";
    }

    /// The transaction ended well; one of payment, credit and refund is there.
    FinishOk, FinishOkDraft = FinishOk, 1 {
        /// The payment of a sale, auth or pre-auth.
        payment: Payment<'m>, InString<'m, PaymentDraft<'m>> = "payment";
        /// The credit of a manual refund.
        credit: Credit<'m>, InString<'m, CreditDraft<'m>> = "credit";
        /// The refund of a payment.
        refund: Refund<'m>, InString<'m, RefundDraft<'m>> = "refund";
        /// The signature, if one was given on the screen.
        signature: Signature<'m>, SignatureDraft<'m> = "signature";
        /// The kind of request.
        request_info: RequestInfo<'m> = "requestInfo";
    }

    /// The transaction ended without a payment.
    FinishCancel, FinishCancelDraft = FinishCancel, 1 {
        /// The kind of request; older terminals leave it out.
        request_info: RequestInfo<'m> = "requestInfo";
    }
}
