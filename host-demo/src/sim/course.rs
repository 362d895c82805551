//! From a plan and what the point of sale asks for to the steps at the terminal.

use proto_core::pos::RequestKind;
use proto_core::time::Duration;
use proto_core::wire::names::{
    CardEntryType, ChallengeType, ErrorCode, ResultStatus, TxState, VoidReason,
};

use super::asked::{Asked, SignaturePlace, TipScreen};
use super::plan::{End, Plan};
use super::screens::{
    APPROVED, CANCELED, CANCELED_BY_CUSTOMER, CARD_CVV, CARD_EXPIRATION, CARD_NUMBER, CASHBACK,
    CHECK_SIGNATURE, CHECK_SIGNATURE_ON_PAPER, CHOOSING, CONFIRM_PARTIAL, CONFIRM_VOID, DECLINED,
    NO_CONNECTION, PROCESSING, PROCESSING_CREDIT, RECEIPT, RECEIPT_NOT_PRINTED, REFUNDING,
    REMOVE_CARD, SCANNING, SIGN, STILL_PROCESSING, STORED_CARD, SWIPED, Screen, TIP, TRY_AGAIN,
    VOIDED, VOIDING,
};

/// One step of what the terminal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Accept,
    RefuseDuplicate,
    RefuseBusy,
    /// The simulator takes nothing of that kind.
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
    /// The end, with a payment or a credit.
    Finish,
    Void(VoidReason<'static>),
    /// The end, without one.
    Cancel,
    /// The refund is put on the books, and REFUND_RESPONSE tells so; or why it is not.
    Refund,
    RefuseRefund(ErrorCode<'static>),
    /// The end of a refund that was made.
    FinishRefund,
    /// The payment is voided on the books; or it cannot be.
    VoidPayment,
    /// The end of a void that was made.
    FinishVoid,
    RefuseVoid(ResultStatus<'static>),
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

    /// Whether money is given back, and none taken.
    pub(super) fn is_credit(self) -> bool {
        self.asked.kind == Some(RequestKind::ManualRefund)
    }

    /// What is approved, if it is less than was asked.
    fn partial(self) -> Option<i64> {
        self.plan
            .partial
            .filter(|approved| *approved < self.asked.amount && !self.is_credit())
    }

    /// What is approved.
    pub(super) fn amount(self) -> i64 {
        self.partial().unwrap_or(self.asked.amount)
    }

    pub(super) fn is_offline(self) -> bool {
        let forced = self.asked.offline.forced && self.asked.offline.allowed;
        !self.is_credit() && (self.plan.offline || forced)
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
            _ if self.asked.kind.is_none() => return vec![Step::RefuseKind],
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
        add_processing(self.plan, PROCESSING, &mut steps);
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

/// The steps of a refund of a payment (`protocol/connector.md` §9.10).
pub(super) fn refund(plan: &Plan, receipt_screen: bool) -> Vec<Step> {
    let mut steps = match plan.end {
        End::Busy => return vec![Step::RefuseBusy],
        _ => vec![Step::Enter(REFUNDING)],
    };
    if plan.end == End::Cancel {
        steps.extend(BY_CUSTOMER);
        return steps;
    }
    add_processing(plan, PROCESSING_CREDIT, &mut steps);
    if plan.end == End::Decline {
        steps.push(Step::RefuseRefund(ErrorCode::Fail));
        return steps;
    }
    steps.push(Step::Refund);
    if receipt_screen {
        steps.extend([Step::Enter(RECEIPT), Step::Wait(RECEIPT_TIME)]);
    }
    steps.extend([Step::Exit, Step::FinishRefund]);
    steps
}

/// The steps of a void (`protocol/connector.md` §5.8).
pub(super) fn void_payment(plan: &Plan) -> Vec<Step> {
    let mut steps = Vec::new();
    match plan.end {
        End::Busy => return vec![Step::RefuseBusy],
        End::Cancel => steps.extend([Step::Enter(VOIDING), Step::RefuseVoid(ResultStatus::Cancel)]),
        End::Decline => {
            add_processing(plan, VOIDING, &mut steps);
            steps.push(Step::RefuseVoid(ResultStatus::Fail));
        }
        End::Approve | End::DuplicateId => {
            add_processing(plan, VOIDING, &mut steps);
            steps.extend([
                Step::VoidPayment,
                Step::Enter(VOIDED),
                Step::Exit,
                Step::FinishVoid,
            ]);
        }
    }
    steps
}

/// The bank is asked, and takes its time.
fn add_processing(plan: &Plan, screen: Screen, steps: &mut Vec<Step>) {
    steps.push(Step::Enter(screen));
    let mut left = plan.bank;
    let mut still = [STILL_PROCESSING, screen].into_iter().cycle();
    while left > Duration::ZERO {
        let pause = left.min(NEXT_SCREEN);
        left = Duration::from_millis(left.as_millis() - pause.as_millis());
        steps.push(Step::Wait(pause));
        steps.extend(still.next().map(Step::Enter));
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
pub(super) const BY_CUSTOMER: [Step; 3] =
    [Step::Enter(CANCELED_BY_CUSTOMER), Step::Exit, Step::Cancel];

/// The point of sale has pressed the cancel key.
pub(super) const CANCELLED: [Step; 3] = [Step::Enter(CANCELED), Step::Exit, Step::Cancel];

/// It ends without a payment: the point of sale has reset the terminal before the bank approved, or a refund failed.
pub(super) const GIVEN_UP: [Step; 2] = [Step::Exit, Step::Cancel];

/// A payment that was approved is voided.
pub(super) const fn void(reason: VoidReason<'static>) -> [Step; 5] {
    [
        Step::State(TxState::Fail),
        Step::Void(reason),
        Step::Enter(VOIDED),
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
