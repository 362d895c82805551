//! Names for what the terminal does and shows.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// How far a pairing is (`protocol/link.md` §2.6).
    PairingState {
        Paired = "PAIRED",
        Initial = "INITIAL",
        Failed = "FAILED",
        Authenticating = "AUTHENTICATING",
        Pairing = "PAIRING",
        Uninitialized = "UNINITIALIZED",
    }

    /// A screen of the terminal (`protocol/connector.md` §8.1).
    UiState {
        AddSignature = "ADD_SIGNATURE",
        AddSignatureCancelConfirm = "ADD_SIGNATURE_CANCEL_CONFIRM",
        AddTip = "ADD_TIP",
        Approved = "APPROVED",
        ApproveElvLimitOverride = "APPROVE_ELV_LIMIT_OVERRIDE",
        Canceled = "CANCELED",
        CashbackConfirm = "CASHBACK_CONFIRM",
        CashbackSelect = "CASHBACK_SELECT",
        Configuring = "CONFIGURING",
        ConfirmAmount = "CONFIRM_AMOUNT",
        ConfirmDuplicateCheck = "CONFIRM_DUPLICATE_CHECK",
        ConfirmPartialAuth = "CONFIRM_PARTIAL_AUTH",
        ContactlessTapRequired = "CONTACTLESS_TAP_REQUIRED",
        CustomActivity = "CUSTOM_ACTIVITY",
        CustomTipAmount = "CUSTOM_TIP_AMOUNT",
        DccHostRequest = "DCC_HOST_REQUEST",
        Declined = "DECLINED",
        DisplayMessage = "DISPLAY_MESSAGE",
        DisplayOrder = "DISPLAY_ORDER",
        EnterInstallments = "ENTER_INSTALLMENTS",
        EnterInstallmentCode = "ENTER_INSTALLMENT_CODE",
        EnterPanLastFour = "ENTER_PAN_LAST_FOUR",
        ErrorScreen = "ERROR_SCREEN",
        Failed = "FAILED",
        Fatal = "FATAL",
        FiscalInvoiceNumber = "FISCAL_INVOICE_NUMBER",
        ForceAcceptance = "FORCE_ACCEPTANCE",
        HandleTender = "HANDLE_TENDER",
        InputError = "INPUT_ERROR",
        ManualCardCvv = "MANUAL_CARD_CVV",
        ManualCardCvvUnreadable = "MANUAL_CARD_CVV_UNREADABLE",
        ManualCardExpiration = "MANUAL_CARD_EXPIRATION",
        ManualCardNumber = "MANUAL_CARD_NUMBER",
        ManualEntryFallback = "MANUAL_ENTRY_FALLBACK",
        OfflinePaymentConfirm = "OFFLINE_PAYMENT_CONFIRM",
        PacketException = "PACKET_EXCEPTION",
        PersonalIdEntry = "PERSONAL_ID_ENTRY",
        PersonalIdEntryPas = "PERSONAL_ID_ENTRY_PAS",
        PinBypassConfirm = "PIN_BYPASS_CONFIRM",
        PinPad = "PIN_PAD",
        Processing = "PROCESSING",
        ProcessingCredit = "PROCESSING_CREDIT",
        ProcessingGoOnline = "PROCESSING_GO_ONLINE",
        ProcessingSwipe = "PROCESSING_SWIPE",
        ReceiptOptions = "RECEIPT_OPTIONS",
        RemoveCard = "REMOVE_CARD",
        ReturnToMerchant = "RETURN_TO_MERCHANT",
        SelectAccount = "SELECT_ACCOUNT",
        SelectApplication = "SELECT_APPLICATION",
        SelectDcc = "SELECT_DCC",
        SelectInstallmentPlan = "SELECT_INSTALLMENT_PLAN",
        SelectLanguage = "SELECT_LANGUAGE",
        SelectMultiMid = "SELECT_MULTI_MID",
        SelectTip = "SELECT_TIP",
        SelectWithdrawFromAccount = "SELECT_WITHDRAW_FROM_ACCOUNT",
        SensoryExperience = "SENSORY_EXPERIENCE",
        ShowSepaMandat = "SHOW_SEPA_MANDAT",
        SignatureCustomerMode = "SIGNATURE_CUSTOMER_MODE",
        SignatureOnScreenFallback = "SIGNATURE_ON_SCREEN_FALLBACK",
        SignatureReject = "SIGNATURE_REJECT",
        Start = "START",
        StartingCustomActivity = "STARTING_CUSTOM_ACTIVITY",
        StartQrCodeMode = "START_QR_CODE_MODE",
        SwipeCvvEntry = "SWIPE_CVV_ENTRY",
        ThankyouScreen = "THANKYOU_SCREEN",
        TimedOut = "TIMED_OUT",
        TryAgain = "TRY_AGAIN",
        VerifySignatureOnPaper = "VERIFY_SIGNATURE_ON_PAPER",
        VerifySignatureOnPaperConfirmVoid = "VERIFY_SIGNATURE_ON_PAPER_CONFIRM_VOID",
        VerifySignatureOnScreen = "VERIFY_SIGNATURE_ON_SCREEN",
        VerifySignatureOnScreenConfirmVoid = "VERIFY_SIGNATURE_ON_SCREEN_CONFIRM_VOID",
        VerifySurcharges = "VERIFY_SURCHARGES",
        VoiceReferralResult = "VOICE_REFERRAL_RESULT",
        Voided = "VOIDED",
        VoidConfirm = "VOID_CONFIRM",
        WelcomeScreen = "WELCOME_SCREEN",
    }

    /// Whether a screen appears or goes.
    UiDirection {
        Enter = "ENTER",
        Exit = "EXIT",
    }

    /// A key that the point of sale may press for the terminal's user.
    KeyPress {
        None = "NONE",
        Enter = "ENTER",
        Esc = "ESC",
        Backspace = "BACKSPACE",
        Tab = "TAB",
        Star = "STAR",
        Button1 = "BUTTON_1",
        Button2 = "BUTTON_2",
        Button3 = "BUTTON_3",
        Button4 = "BUTTON_4",
        Button5 = "BUTTON_5",
        Button6 = "BUTTON_6",
        Button7 = "BUTTON_7",
        Button8 = "BUTTON_8",
        Digit1 = "DIGIT_1",
        Digit2 = "DIGIT_2",
        Digit3 = "DIGIT_3",
        Digit4 = "DIGIT_4",
        Digit5 = "DIGIT_5",
        Digit6 = "DIGIT_6",
        Digit7 = "DIGIT_7",
        Digit8 = "DIGIT_8",
        Digit9 = "DIGIT_9",
        Digit0 = "DIGIT_0",
    }

    /// What the terminal is doing, coarsely (`protocol/connector.md` §13).
    DeviceState {
        Idle = "IDLE",
        Busy = "BUSY",
        WaitingForPos = "WAITING_FOR_POS",
        WaitingForCustomer = "WAITING_FOR_CUSTOMER",
        Unknown = "UNKNOWN",
    }

    /// What the terminal is doing, finely (`protocol/connector.md` §13).
    DeviceSubState {
        CustomActivity = "CUSTOM_ACTIVITY",
        StartingPaymentFlow = "STARTING_PAYMENT_FLOW",
        ProcessingPayment = "PROCESSING_PAYMENT",
        ProcessingCardData = "PROCESSING_CARD_DATA",
        ProcessingCredit = "PROCESSING_CREDIT",
        VerifySignature = "VERIFY_SIGNATURE",
        TipScreen = "TIP_SCREEN",
        ReceiptScreen = "RECEIPT_SCREEN",
        ConfirmPayment = "CONFIRM_PAYMENT",
        Unknown = "UNKNOWN",
    }

    /// How a request ended on the wire.
    ResultStatus {
        Success = "SUCCESS",
        Fail = "FAIL",
        Canceled = "CANCELED",
        Cancel = "CANCEL",
        Error = "ERROR",
    }
}
