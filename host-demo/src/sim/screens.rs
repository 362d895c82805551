//! The screens of the terminal, and the keys on them.

use proto_core::wire::names::{KeyPress, UiState, VoidReason};

/// A screen of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Screen {
    pub(super) state: UiState<'static>,
    pub(super) text: &'static str,
    /// The keys that the point of sale may press.
    pub(super) keys: &'static [Key],
}

/// A key of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) press: KeyPress<'static>,
    pub(super) label: &'static str,
    pub(super) effect: Effect,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Ends the sale.
    Cancel,
    /// Goes on at once.
    GoOn,
    /// Voids the payment for this reason.
    Void(VoidReason<'static>),
}

pub(super) const CANCELED: Screen = screen(UiState::Canceled, "Cancelled");
pub(super) const CANCELED_BY_CUSTOMER: Screen =
    screen(UiState::Canceled, "The customer has cancelled");
pub(super) const VOIDED: Screen = screen(UiState::Voided, "The payment was voided");
pub(super) const VOIDING: Screen = screen(UiState::Processing, "The payment is being voided…");
pub(super) const REFUNDING: Screen = cancellable(UiState::Start, "Customer gets money back…");
pub(super) const PROCESSING_CREDIT: Screen =
    screen(UiState::ProcessingCredit, "The refund is being processed…");

pub(super) const TIP: Screen = cancellable(UiState::AddTip, "Customer is choosing a tip…");
pub(super) const CHOOSING: Screen =
    cancellable(UiState::Start, "Customer is choosing a payment method…");
pub(super) const STORED_CARD: Screen =
    cancellable(UiState::Start, "The stored card is being charged…");
pub(super) const SCANNING: Screen = cancellable(
    UiState::StartQrCodeMode,
    "Customer is scanning the QR code…",
);
pub(super) const CARD_NUMBER: Screen =
    cancellable(UiState::ManualCardNumber, "The card number is being typed…");
pub(super) const CARD_EXPIRATION: Screen = cancellable(
    UiState::ManualCardExpiration,
    "The expiration date is being typed…",
);
pub(super) const CARD_CVV: Screen =
    cancellable(UiState::ManualCardCvv, "The security code is being typed…");
pub(super) const CASHBACK: Screen =
    cancellable(UiState::CashbackSelect, "Customer is choosing cash back…");
pub(super) const SWIPED: Screen = screen(UiState::ProcessingSwipe, "The card was swiped…");
pub(super) const PROCESSING: Screen = screen(UiState::ProcessingGoOnline, "Processing…");
pub(super) const STILL_PROCESSING: Screen =
    screen(UiState::Processing, "Still waiting for the bank…");
pub(super) const REMOVE_CARD: Screen = screen(UiState::RemoveCard, "Please remove the card");
pub(super) const DECLINED: Screen = screen(UiState::Declined, "The card was declined");
pub(super) const NO_CONNECTION: Screen = screen(
    UiState::Declined,
    "There is no connection to the bank, and the sale forbids to take it offline",
);
pub(super) const TRY_AGAIN: Screen = cancellable(UiState::TryAgain, "Try another card?");
pub(super) const CONFIRM_PARTIAL: Screen = Screen {
    state: UiState::ConfirmPartialAuth,
    text: "Only a part was approved. Take it?",
    keys: &[
        key(KeyPress::Enter, "Take it", Effect::GoOn),
        key(
            KeyPress::Esc,
            "Cancel",
            Effect::Void(VoidReason::RejectPartialAuth),
        ),
    ],
};
pub(super) const SIGN: Screen = screen(UiState::AddSignature, "Customer is signing…");
pub(super) const CHECK_SIGNATURE: Screen = screen(
    UiState::VerifySignatureOnScreen,
    "Merchant is checking the signature…",
);
pub(super) const CHECK_SIGNATURE_ON_PAPER: Screen = screen(
    UiState::VerifySignatureOnPaper,
    "Merchant is checking the signature on paper…",
);
pub(super) const CONFIRM_VOID: Screen = Screen {
    state: UiState::VerifySignatureOnScreenConfirmVoid,
    text: "The signature was not accepted. Void the payment?",
    keys: &[key(KeyPress::Enter, "Void", Effect::GoOn)],
};
pub(super) const APPROVED: Screen = screen(UiState::Approved, "Approved");
pub(super) const RECEIPT: Screen = Screen {
    state: UiState::ReceiptOptions,
    text: "Customer is choosing a receipt…",
    keys: &[
        key(KeyPress::Button1, "Print", Effect::GoOn),
        key(KeyPress::Button2, "Text", Effect::GoOn),
        key(KeyPress::Button3, "E-mail", Effect::GoOn),
        key(KeyPress::Button4, "No receipt", Effect::GoOn),
    ],
};
pub(super) const RECEIPT_NOT_PRINTED: Screen = Screen {
    state: UiState::ReceiptOptions,
    text: RECEIPT.text,
    keys: &[
        key(KeyPress::Button2, "Text", Effect::GoOn),
        key(KeyPress::Button3, "E-mail", Effect::GoOn),
        key(KeyPress::Button4, "No receipt", Effect::GoOn),
    ],
};

const fn screen(state: UiState<'static>, text: &'static str) -> Screen {
    Screen {
        state,
        text,
        keys: &[],
    }
}

/// A screen that can be left with the cancel key.
const fn cancellable(state: UiState<'static>, text: &'static str) -> Screen {
    const CANCEL: [Key; 1] = [key(KeyPress::Esc, "Cancel", Effect::Cancel)];
    Screen {
        state,
        text,
        keys: &CANCEL,
    }
}

const fn key(press: KeyPress<'static>, label: &'static str, effect: Effect) -> Key {
    Key {
        press,
        label,
        effect,
    }
}
