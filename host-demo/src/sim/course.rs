//! From a plan and what a sale asks for to the steps at the terminal.

use proto_core::time::Duration;
use proto_core::wire::names::{
    CardEntryType, ChallengeType, KeyPress, TxState, UiState, VoidReason,
};

use super::asked::{Asked, SignaturePlace, TipScreen};
use super::plan::{End, Plan};

/// One step of what the terminal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Accept,
    RefuseDuplicate,
    RefuseBusy,
    RefuseKind,
    State(TxState<'static>),
    /// Shows a screen in the place of the one before.
    Enter(Screen),
    /// Takes the screen away.
    Exit,
    /// Nothing happens, or the key that goes on is pressed.
    Wait(Duration),
    Tip(i64),
    Cashback(i64),
    PartialAuth(i64),
    /// The bank has approved: from here on giving up means to void.
    Approved,
    Challenge(Challenges),
    Sign,
    VerifySignature,
    /// Every question must be answered first.
    Answers,
    PrintReceipt,
    PrintMerchantCopy,
    PrintDecline,
    /// The end, with a payment.
    Finish,
    Void(VoidReason<'static>),
    /// The end, without one.
    Cancel,
}

/// What the terminal wants to have decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Challenges {
    pub(super) duplicate: bool,
    pub(super) offline: bool,
}

/// A challenge for people and for programs (`protocol/connector.md` §8.2).
pub(super) type Challenge = (&'static str, ChallengeType<'static>, VoidReason<'static>);

impl Challenges {
    /// Each of them.
    pub(super) fn each(self) -> impl Iterator<Item = Challenge> {
        let duplicate = (
            "The same card was charged a moment ago. Charge it again?",
            ChallengeType::DuplicateChallenge,
            VoidReason::RejectDuplicate,
        );
        let offline = (
            "There is no connection to the bank. Take the payment offline?",
            ChallengeType::OfflineChallenge,
            VoidReason::RejectOffline,
        );
        [(self.duplicate, duplicate), (self.offline, offline)]
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, challenge)| challenge)
    }
}

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

/// A plan, and the sale that it is applied to: what of the plan the sale lets happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course<'a> {
    pub(super) plan: &'a Plan,
    pub(super) asked: &'a Asked,
    pub(super) entry: CardEntryType<'static>,
}

impl Course<'_> {
    /// The tip of the payment, in minor units.
    pub(super) fn tip(self) -> i64 {
        match self.asked.tip_screen {
            TipScreen::Never => self.asked.tip,
            _ => self.plan.tip.unwrap_or(0),
        }
    }

    pub(super) fn cashback(self) -> Option<i64> {
        self.plan.cashback.filter(|_| self.asked.cashback)
    }

    /// What is approved, if it is less than was asked.
    fn partial(self) -> Option<i64> {
        self.plan
            .partial
            .filter(|approved| *approved < self.asked.amount)
    }

    /// What is approved.
    pub(super) fn amount(self) -> i64 {
        self.partial().unwrap_or(self.asked.amount)
    }

    pub(super) fn is_offline(self) -> bool {
        self.plan.offline || (self.asked.offline.forced && self.asked.offline.allowed)
    }

    fn is_declined(self) -> bool {
        self.plan.end == End::Decline
            || (self.is_offline() && !self.asked.offline.allowed)
            || (self.partial().is_some() && !self.asked.partial)
    }

    fn challenges(self) -> Challenges {
        let asked = self.asked;
        Challenges {
            duplicate: self.plan.duplicate && asked.duplicate_check && asked.confirms,
            offline: self.is_offline() && asked.offline.asks && asked.confirms,
        }
    }

    pub(super) fn signature(self) -> SignaturePlace {
        if self.plan.signature && self.amount() >= self.asked.signature_from {
            self.asked.signature_place
        } else {
            SignaturePlace::Nowhere
        }
    }

    /// Everything that happens, in its order.
    pub(super) fn steps(self) -> Vec<Step> {
        match self.plan.end {
            End::Busy => return vec![Step::RefuseBusy],
            End::DuplicateId => return vec![Step::RefuseDuplicate],
            _ if !self.asked.is_sale => return vec![Step::RefuseKind],
            _ => {}
        }
        let mut steps = vec![Step::Accept, Step::State(TxState::Start)];
        if self.asked.tip_screen != TipScreen::After {
            self.add_tip(&mut steps);
        }
        steps.extend(tender_screens(self.entry));
        if self.plan.end == End::Cancel {
            steps.extend(BY_CUSTOMER);
            return steps;
        }
        if let Some(amount) = self.cashback() {
            steps.extend([Step::Enter(CASHBACK), Step::Cashback(amount)]);
        }
        if self.asked.tip_screen == TipScreen::After {
            self.add_tip(&mut steps);
        }
        self.add_processing(&mut steps);
        if self.is_declined() {
            self.add_decline(&mut steps);
        } else {
            self.add_approval(&mut steps);
        }
        steps
    }

    fn add_tip(self, steps: &mut Vec<Step>) {
        let wanted = match self.asked.tip_screen {
            TipScreen::Never => false,
            TipScreen::Merchant => self.plan.tip.is_some(),
            TipScreen::Before | TipScreen::After => true,
        };
        if wanted {
            steps.push(Step::Enter(TIP));
            // Nobody has to give one.
            steps.extend(self.plan.tip.map(Step::Tip));
        }
    }

    fn add_processing(self, steps: &mut Vec<Step>) {
        steps.push(Step::Enter(PROCESSING));
        let mut left = self.plan.bank;
        let mut still = [STILL_PROCESSING, PROCESSING].into_iter().cycle();
        while left > Duration::ZERO {
            let pause = left.min(NEXT_SCREEN);
            left = Duration::from_millis(left.as_millis() - pause.as_millis());
            steps.push(Step::Wait(pause));
            steps.extend(still.next().map(Step::Enter));
        }
    }

    fn add_decline(self, steps: &mut Vec<Step>) {
        let screen = if self.is_offline() {
            NO_CONNECTION
        } else {
            DECLINED
        };
        steps.push(Step::Enter(screen));
        if self.asked.pos_prints {
            steps.push(Step::PrintDecline);
        }
        if self.asked.restart {
            steps.push(Step::Enter(TRY_AGAIN));
        }
        steps.extend([Step::Exit, Step::State(TxState::Fail), Step::Cancel]);
    }

    fn add_approval(self, steps: &mut Vec<Step>) {
        steps.push(Step::Approved);
        if let Some(approved) = self.partial() {
            steps.extend([Step::PartialAuth(approved), Step::Enter(CONFIRM_PARTIAL)]);
        }
        if self.entry == CardEntryType::EmvContact {
            steps.push(Step::Enter(REMOVE_CARD));
        }
        let challenges = self.challenges();
        if challenges.each().next().is_some() {
            steps.extend([Step::Exit, Step::Challenge(challenges)]);
        }
        match self.signature() {
            SignaturePlace::Screen => {
                steps.extend([Step::Enter(SIGN), Step::Sign]);
                if !self.asked.signature_accepted {
                    steps.extend([Step::Enter(CHECK_SIGNATURE), Step::VerifySignature]);
                }
            }
            SignaturePlace::Paper => {
                if self.asked.pos_prints {
                    steps.push(Step::PrintMerchantCopy);
                }
                if !self.asked.signature_accepted {
                    steps.push(Step::Enter(CHECK_SIGNATURE_ON_PAPER));
                }
            }
            SignaturePlace::Nowhere => {}
        }
        steps.extend([
            Step::Answers,
            Step::State(TxState::Success),
            Step::Enter(APPROVED),
            Step::Exit,
        ]);
        steps.extend(self.ending());
        if self.asked.receipt_screen {
            let screen = if self.asked.pos_prints {
                RECEIPT_NOT_PRINTED
            } else {
                RECEIPT
            };
            steps.extend([Step::Enter(screen), Step::Wait(RECEIPT_TIME), Step::Exit]);
        }
    }

    /// The end with a payment, once nothing can stop it.
    pub(super) fn ending(self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.asked.pos_prints {
            steps.push(Step::PrintReceipt);
        }
        steps.push(Step::Finish);
        steps
    }
}

fn tender_screens(entry: CardEntryType<'_>) -> &'static [Step] {
    match entry {
        CardEntryType::QrCode => &[Step::Enter(SCANNING)],
        CardEntryType::Vaulted => &[Step::Enter(STORED_CARD)],
        CardEntryType::Keyed => &[
            Step::Enter(CARD_NUMBER),
            Step::Enter(CARD_EXPIRATION),
            Step::Enter(CARD_CVV),
        ],
        CardEntryType::Swiped => &[Step::Enter(CHOOSING), Step::Enter(SWIPED)],
        _ => &[Step::Enter(CHOOSING)],
    }
}

/// The customer cancels.
pub(super) const BY_CUSTOMER: [Step; 3] = [
    Step::Enter(screen(UiState::Canceled, "The customer has cancelled")),
    Step::Exit,
    Step::Cancel,
];

/// The point of sale has pressed the cancel key.
pub(super) const CANCELLED: [Step; 3] = [
    Step::Enter(screen(UiState::Canceled, "Cancelled")),
    Step::Exit,
    Step::Cancel,
];

/// The point of sale has reset the terminal before the bank approved.
pub(super) const RESET: [Step; 2] = [Step::Exit, Step::Cancel];

/// A payment that was approved is voided.
pub(super) const fn void(reason: VoidReason<'static>) -> [Step; 5] {
    [
        Step::State(TxState::Fail),
        Step::Void(reason),
        Step::Enter(screen(UiState::Voided, "The payment was voided")),
        Step::Exit,
        Step::Cancel,
    ]
}

/// The point of sale did not accept the signature: the merchant is asked to void, and does.
pub(super) fn signature_rejected() -> impl Iterator<Item = Step> {
    [Step::Enter(CONFIRM_VOID)]
        .into_iter()
        .chain(void(VoidReason::RejectSignature))
}

/// How long the receipt screen stays.
const RECEIPT_TIME: Duration = Duration::from_secs(2);
/// While the bank takes its time another screen comes this often.
const NEXT_SCREEN: Duration = Duration::from_secs(5);

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

const TIP: Screen = cancellable(UiState::AddTip, "Customer is choosing a tip…");
const CHOOSING: Screen = cancellable(UiState::Start, "Customer is choosing a payment method…");
const STORED_CARD: Screen = cancellable(UiState::Start, "The stored card is being charged…");
const SCANNING: Screen = cancellable(
    UiState::StartQrCodeMode,
    "Customer is scanning the QR code…",
);
const CARD_NUMBER: Screen =
    cancellable(UiState::ManualCardNumber, "The card number is being typed…");
const CARD_EXPIRATION: Screen = cancellable(
    UiState::ManualCardExpiration,
    "The expiration date is being typed…",
);
const CARD_CVV: Screen = cancellable(UiState::ManualCardCvv, "The security code is being typed…");
const CASHBACK: Screen = cancellable(UiState::CashbackSelect, "Customer is choosing cash back…");
const SWIPED: Screen = screen(UiState::ProcessingSwipe, "The card was swiped…");
const PROCESSING: Screen = screen(UiState::ProcessingGoOnline, "Processing…");
const STILL_PROCESSING: Screen = screen(UiState::Processing, "Still waiting for the bank…");
const REMOVE_CARD: Screen = screen(UiState::RemoveCard, "Please remove the card");
const DECLINED: Screen = screen(UiState::Declined, "The card was declined");
const NO_CONNECTION: Screen = screen(
    UiState::Declined,
    "There is no connection to the bank, and the sale forbids to take it offline",
);
const TRY_AGAIN: Screen = cancellable(UiState::TryAgain, "Try another card?");
const CONFIRM_PARTIAL: Screen = Screen {
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
const SIGN: Screen = screen(UiState::AddSignature, "Customer is signing…");
const CHECK_SIGNATURE: Screen = screen(
    UiState::VerifySignatureOnScreen,
    "Merchant is checking the signature…",
);
const CHECK_SIGNATURE_ON_PAPER: Screen = screen(
    UiState::VerifySignatureOnPaper,
    "Merchant is checking the signature on paper…",
);
const CONFIRM_VOID: Screen = Screen {
    state: UiState::VerifySignatureOnScreenConfirmVoid,
    text: "The signature was not accepted. Void the payment?",
    keys: &[key(KeyPress::Enter, "Void", Effect::GoOn)],
};
const APPROVED: Screen = screen(UiState::Approved, "Approved");
const RECEIPT: Screen = Screen {
    state: UiState::ReceiptOptions,
    text: "Customer is choosing a receipt…",
    keys: &[
        key(KeyPress::Button1, "Print", Effect::GoOn),
        key(KeyPress::Button2, "Text", Effect::GoOn),
        key(KeyPress::Button3, "E-mail", Effect::GoOn),
        key(KeyPress::Button4, "No receipt", Effect::GoOn),
    ],
};
const RECEIPT_NOT_PRINTED: Screen = Screen {
    state: UiState::ReceiptOptions,
    text: RECEIPT.text,
    keys: &[
        key(KeyPress::Button2, "Text", Effect::GoOn),
        key(KeyPress::Button3, "E-mail", Effect::GoOn),
        key(KeyPress::Button4, "No receipt", Effect::GoOn),
    ],
};
