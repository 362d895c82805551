//! Names for transactions, payments and cards.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// Which kind of transaction is started (`protocol/model.md` §2).
    TransactionType {
        Payment = "PAYMENT",
        Credit = "CREDIT",
        Auth = "AUTH",
        Data = "DATA",
        BalanceInquiry = "BALANCE_INQUIRY",
        PaymentReversal = "PAYMENT_REVERSAL",
        PaymentAdjustment = "PAYMENT_ADJUSTMENT",
        CreditReversal = "CREDIT_REVERSAL",
        RefundAdjustment = "REFUND_ADJUSTMENT",
        CashAdvance = "CASH_ADVANCE",
        CapturePreauth = "CAPTURE_PREAUTH",
        VasData = "VAS_DATA",
        VerifyCard = "VERIFY_CARD",
        TokenizeCard = "TOKENIZE_CARD",
    }

    /// The kind of request, echoed by the terminal in its answers (`protocol/connector.md` §4.1).
    RequestInfo {
        Sale = "SALE",
        Auth = "AUTH",
        Preauth = "PREAUTH",
        Credit = "CREDIT",
        Refund = "REFUND",
        ManualRefund = "MANUAL_REFUND",
        VoidPayment = "VOID_PAYMENT",
    }

    /// Whether a look-up found the payment (`protocol/connector.md` §5.19).
    QueryStatus {
        Found = "FOUND",
        NotFound = "NOT_FOUND",
        InProgress = "IN_PROGRESS",
        Unknown = "UNKNOWN",
    }

    /// Why a refund failed.
    ErrorCode {
        OrderNotFound = "ORDER_NOT_FOUND",
        PaymentNotFound = "PAYMENT_NOT_FOUND",
        Fail = "FAIL",
    }

    /// A milestone of the running transaction.
    TxState {
        Start = "START",
        Success = "SUCCESS",
        Fail = "FAIL",
    }

    /// Whether a transaction was started (`protocol/connector.md` §5.1.1).
    TxStartResult {
        Success = "SUCCESS",
        Duplicate = "DUPLICATE",
        OrderModified = "ORDER_MODIFIED",
        OrderLoad = "ORDER_LOAD",
        Fail = "FAIL",
    }

    /// Where the tip comes from (`protocol/connector.md` §13).
    TipMode {
        TipProvided = "TIP_PROVIDED",
        OnScreenBeforePayment = "ON_SCREEN_BEFORE_PAYMENT",
        OnScreenAfterPayment = "ON_SCREEN_AFTER_PAYMENT",
        OnPaper = "ON_PAPER",
        NoTip = "NO_TIP",
    }

    /// Where the signature is given (`protocol/connector.md` §13).
    DataEntryLocation {
        OnScreen = "ON_SCREEN",
        OnPaper = "ON_PAPER",
        None = "NONE",
    }

    /// What became of a payment (`protocol/model.md` §4 Payment, `design.md` "Money" 6).
    PaymentResult {
        Success = "SUCCESS",
        Fail = "FAIL",
        Initiated = "INITIATED",
        Voided = "VOIDED",
        Voiding = "VOIDING",
        VoidFailed = "VOID_FAILED",
        Auth = "AUTH",
        AuthCompleted = "AUTH_COMPLETED",
        Discount = "DISCOUNT",
        OfflineRetrying = "OFFLINE_RETRYING",
        Pending = "PENDING",
    }

    /// Why a payment was or is to be voided (`protocol/connector.md` §13).
    VoidReason {
        UserCancel = "USER_CANCEL",
        TransportError = "TRANSPORT_ERROR",
        RejectSignature = "REJECT_SIGNATURE",
        RejectPartialAuth = "REJECT_PARTIAL_AUTH",
        NotApproved = "NOT_APPROVED",
        Failed = "FAILED",
        AuthClosedNewCard = "AUTH_CLOSED_NEW_CARD",
        DeveloperPayPartialAuth = "DEVELOPER_PAY_PARTIAL_AUTH",
        RejectDuplicate = "REJECT_DUPLICATE",
        RejectOffline = "REJECT_OFFLINE",
        GiftcardLoadFailed = "GIFTCARD_LOAD_FAILED",
        UserGiftcardLoadCancel = "USER_GIFTCARD_LOAD_CANCEL",
        DeveloperPayTipAdjustFailed = "DEVELOPER_PAY_TIP_ADJUST_FAILED",
        UserCustomerCancel = "USER_CUSTOMER_CANCEL",
        Fraud = "FRAUD",
        RejectGreaterApprovedAmount = "REJECT_GREATER_APPROVED_AMOUNT",
        UserCancelSync = "USER_CANCEL_SYNC",
        ReopenOrder = "REOPEN_ORDER",
    }

    /// What an authorisation is for (`protocol/model.md` §6 Type).
    AuthorizationType {
        Tab = "TAB",
        Auth = "AUTH",
    }

    /// What a pre-authorisation is for (`protocol/model.md` §6).
    PreAuthType {
        Preauth = "PREAUTH",
        BarTab = "BAR_TAB",
    }

    /// How a refund stands (`protocol/model.md` §6).
    RefundStatus {
        Fail = "FAIL",
        Success = "SUCCESS",
        Pending = "PENDING",
        Voided = "VOIDED",
    }

    /// The brand of a card.
    CardType {
        Visa = "VISA",
        Mc = "MC",
        Amex = "AMEX",
        Discover = "DISCOVER",
        DinersClub = "DINERS_CLUB",
        Jcb = "JCB",
        Maestro = "MAESTRO",
        Solo = "SOLO",
        Laser = "LASER",
        ChinaUnionPay = "CHINA_UNION_PAY",
        CarteBlanche = "CARTE_BLANCHE",
        Unknown = "UNKNOWN",
        GiftCard = "GIFT_CARD",
        Ebt = "EBT",
        Girocard = "GIROCARD",
        Interac = "INTERAC",
        Rupay = "RUPAY",
        Eftpos = "EFTPOS",
        Bancnet = "BANCNET",
        Other = "OTHER",
    }

    /// How a card was read.
    CardEntryType {
        Swiped = "SWIPED",
        Keyed = "KEYED",
        Voice = "VOICE",
        Vaulted = "VAULTED",
        OfflineSwiped = "OFFLINE_SWIPED",
        OfflineKeyed = "OFFLINE_KEYED",
        EmvContact = "EMV_CONTACT",
        EmvContactless = "EMV_CONTACTLESS",
        MsdContactless = "MSD_CONTACTLESS",
        PinpadManualEntry = "PINPAD_MANUAL_ENTRY",
        QrCode = "QR_CODE",
        Scanned = "SCANNED",
    }

    /// What was done with the card (`protocol/connector.md` §7.1).
    CardTransactionType {
        Auth = "AUTH",
        Preauth = "PREAUTH",
        Preauthcapture = "PREAUTHCAPTURE",
        Adjust = "ADJUST",
        Void = "VOID",
        Voidreturn = "VOIDRETURN",
        Return = "RETURN",
        Refund = "REFUND",
        Nakedrefund = "NAKEDREFUND",
        Getbalance = "GETBALANCE",
        Batchclose = "BATCHCLOSE",
        Activate = "ACTIVATE",
        BalanceLock = "BALANCE_LOCK",
        Load = "LOAD",
        Cashout = "CASHOUT",
        CashoutActiveStatus = "CASHOUT_ACTIVE_STATUS",
        Redemption = "REDEMPTION",
        RedemptionUnlock = "REDEMPTION_UNLOCK",
        Reload = "RELOAD",
        CashAdvance = "CASH_ADVANCE",
        VoidCredit = "VOID_CREDIT",
        RefundCredit = "REFUND_CREDIT",
        InternetActivate = "INTERNET_ACTIVATE",
        TokenRequest = "TOKEN_REQUEST",
        Verification = "VERIFICATION",
    }

    /// Whether the card transaction is closed.
    CardTransactionState {
        Pending = "PENDING",
        Closed = "CLOSED",
    }

    /// What the terminal wants the merchant to decide (`protocol/connector.md` §8.2).
    ChallengeType {
        DuplicateChallenge = "DUPLICATE_CHALLENGE",
        OfflineChallenge = "OFFLINE_CHALLENGE",
        PartialAuthChallenge = "PARTIAL_AUTH_CHALLENGE",
    }
}
