//! A simulated terminal without an operating system, for a day with the till of `bin/till.rs` at the other end of the
//! line. It ends with 0 and its ledger when the till says that the shop is closed.
#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m_rt::entry;
use firmware::{CLOSED, Port, high_water, now, sleep, start, wall};
use proto_core::Role;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::message::{
    ConfirmPaymentDraft, PaymentVoidedDraft, RefundRequest, RefundResponseDraft, TxStart,
    VerifySignatureDraft, VoidPayment, VoidPaymentResponseDraft,
};
use proto_core::model::{
    CardTransactionDraft, ChallengeDraft, InputOptionDraft, PaymentDraft, PointDraft,
    ReferenceDraft, RefundDraft, SignatureDraft, StrokeDraft,
};
use proto_core::redact::Secret;
use proto_core::terminal::{
    Booked, BookedRefund, Event, Identity, Ledger, Memory, Terminal, Unsent,
};
use proto_core::time::{Duration, Instant};
use proto_core::wire::Nested;
use proto_core::wire::names::{
    ChallengeType, ErrorCode, KeyPress, PaymentResult, ResultStatus, TxState, UiDirection, UiState,
    VoidReason,
};
use semihosting::{println, process};

/// What becomes of one sale after the other; the last one stays.
const ENDS: [End; 5] = [
    End::Approved,
    End::Declined,
    End::Signed,
    End::Duplicate,
    End::Approved,
];

#[derive(Clone, Copy)]
enum End {
    Approved,
    Declined,
    /// The till is asked whether the signature is right.
    Signed,
    /// The till is asked whether to take it a second time.
    Duplicate,
}

/// How long the customer takes.
const STEP: Duration = Duration::from_millis(400);
/// The bank's code for every payment. No log may have it.
const AUTH_CODE: &str = "OK7731";

#[entry]
fn main() -> ! {
    let Some(board) = cortex_m::Peripherals::take() else {
        process::exit(2)
    };
    start(board.SYST);
    // SAFETY: this is called once, and nobody else has them.
    let Buffers {
        send,
        last,
        books,
        rx,
        join,
    } = unsafe { &mut *addr_of_mut!(BUFFERS) };
    let memory = Memory {
        send,
        last,
        books: Ledger::new(books),
    };
    let mut terminal = Terminal::new(Identity::SIMULATOR, memory);
    let mut counter = Counter::default();
    let mut port = Port::new(rx, join);
    terminal.handle_link_up(now(), LinkInfo::new(LinkKind::Serial, "uart0"));
    while !counter.closed {
        let mut see = |now: Instant, terminal: &mut Terminal<'_>, event: Event<'_>| {
            counter.sees(now, terminal, event);
        };
        match port.turn(now(), &mut terminal, &mut see) {
            Ok(true) => sleep(),
            Ok(false) => {}
            Err(error) => {
                println!("wrong: {error}");
                process::exit(1)
            }
        }
        counter.go_on(now(), &mut terminal);
    }
    for booked in terminal.books().iter() {
        if booked.result == PaymentResult::Success {
            println!("ledger {} {}", booked.amount, booked.id);
        }
        for refund in &booked.refunds {
            println!("ledger {} {}", refund.amount, refund.id);
        }
    }
    println!("stack {} bytes", high_water());
    process::exit(0)
}

/// The memory of a terminal.
struct Buffers {
    send: [u8; 8_192],
    last: [u8; 4_096],
    books: [Option<Booked>; 16],
    rx: [u8; 8_192],
    join: [u8; 1_024],
}

static mut BUFFERS: Buffers = Buffers {
    send: [0; 8_192],
    last: [0; 4_096],
    books: [const { None }; 16],
    rx: [0; 8_192],
    join: [0; 1_024],
};

/// The customer, the bank, and what is on at the terminal.
#[derive(Default)]
struct Counter {
    /// How many sales there were.
    sales: usize,
    /// How many ids were given.
    ids: u32,
    stage: Stage,
    closed: bool,
}

#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    /// The customer looks for the card; until then the sale can be cancelled.
    Card { amount: i64, until: Instant },
    /// The till was asked about this payment.
    Asks(Id),
}

/// The terminal's id of a payment or a refund.
type Id = heapless::String<16>;

impl Counter {
    fn sees(&mut self, now: Instant, terminal: &mut Terminal<'_>, event: Event<'_>) {
        #[cfg(feature = "log")]
        defmt::info!("seen: {}", event);
        let sent = match event {
            Event::MessageShown(text) => {
                println!("[ {text} ]");
                self.closed = text == CLOSED;
                Ok(())
            }
            Event::Started(start) => self.start(now, terminal, start),
            Event::KeyPressed(KeyPress::Esc) | Event::Reset => self.cancel(terminal),
            Event::Confirmed(_) => self.answered(terminal, true),
            Event::Rejected(_) => self.answered(terminal, false),
            Event::SignatureVerified(answer) => {
                self.answered(terminal, answer.verified() == Some(true))
            }
            Event::RefundAsked(request) => self.refund(terminal, request),
            Event::VoidAsked(request) => void(terminal, request),
            Event::Garbled(error) => {
                println!("{error}");
                Ok(())
            }
            _ => Ok(()),
        };
        tell(sent);
    }

    /// What has become due.
    fn go_on(&mut self, now: Instant, terminal: &mut Terminal<'_>) {
        match self.stage {
            Stage::Card { amount, until } if until <= now => {
                tell(self.pay(now, terminal, amount));
            }
            _ => {}
        }
    }

    fn start(
        &mut self,
        now: Instant,
        terminal: &mut Terminal<'_>,
        start: TxStart<'_>,
    ) -> Result<(), Unsent> {
        let amount = start.pay_intent().and_then(|intent| intent.amount());
        self.stage = Stage::Card {
            amount: amount.unwrap_or(0),
            until: now.after(STEP),
        };
        self.sales += 1;
        println!("sale {}", self.sales);
        terminal.accept_start()?;
        let cancel = InputOptionDraft {
            key_press: Some(KeyPress::Esc),
            description: Some("Cancel".into()),
            more: &[],
        };
        terminal.screen(UiState::Start, UiDirection::Enter, CARD, &[cancel])
    }

    fn cancel(&mut self, terminal: &mut Terminal<'_>) -> Result<(), Unsent> {
        match core::mem::take(&mut self.stage) {
            Stage::Idle => Ok(()),
            Stage::Card { .. } => {
                println!("cancelled");
                terminal.screen(UiState::Start, UiDirection::Exit, CARD, &[])?;
                terminal.finish_cancel()
            }
            Stage::Asks(id) => give_up(terminal, &id),
        }
    }

    /// The card is there.
    fn pay(
        &mut self,
        now: Instant,
        terminal: &mut Terminal<'_>,
        amount: i64,
    ) -> Result<(), Unsent> {
        self.stage = Stage::Idle;
        let end = ENDS.get(self.sales - 1).or(ENDS.last()).copied();
        let end = end.unwrap_or(End::Approved);
        let shown = terminal.screen(UiState::Start, UiDirection::Exit, CARD, &[]);
        if matches!(end, End::Declined) {
            shown?;
            terminal.screen(UiState::Declined, UiDirection::Enter, "Declined", &[])?;
            terminal.screen(UiState::Declined, UiDirection::Exit, "Declined", &[])?;
            return terminal.finish_cancel();
        }
        let id = self.next_id();
        let external_id: heapless::String<64> = terminal
            .running()
            .unwrap_or_default()
            .try_into()
            .unwrap_or_default();
        // From here on the customer is charged, whatever becomes of what is said about it.
        terminal.books_mut().book(
            now,
            &PaymentDraft {
                id: Some(id.as_str().into()),
                amount: Some(amount),
                external_payment_id: Some(external_id.as_str().into()),
                created_time: unix_ms(),
                result: Some(PaymentResult::Success),
                card_transaction: Some(CardTransactionDraft {
                    first6: Some("411111".into()),
                    last4: Some("1111".into()),
                    auth_code: Some(Secret::new(AUTH_CODE.into())),
                    ..CardTransactionDraft::default()
                }),
                ..PaymentDraft::default()
            },
        );
        shown?;
        match end {
            End::Approved | End::Declined => finish(terminal, &id),
            End::Signed => {
                self.stage = Stage::Asks(id.clone());
                ask_for_signature(terminal, &id)
            }
            End::Duplicate => {
                self.stage = Stage::Asks(id.clone());
                ask_about_duplicate(terminal, &id)
            }
        }
    }

    /// The till has decided.
    fn answered(&mut self, terminal: &mut Terminal<'_>, yes: bool) -> Result<(), Unsent> {
        match core::mem::take(&mut self.stage) {
            Stage::Asks(id) if yes => finish(terminal, &id),
            Stage::Asks(id) => give_up(terminal, &id),
            other => {
                self.stage = other;
                Ok(())
            }
        }
    }

    fn refund(
        &mut self,
        terminal: &mut Terminal<'_>,
        request: RefundRequest<'_>,
    ) -> Result<(), Unsent> {
        let payment: Id = request
            .payment_id()
            .and_then(|id| id.copied())
            .unwrap_or_default();
        let whole = terminal
            .books()
            .payment(&payment)
            .map_or(0, |booked| booked.amount);
        let amount = request.amount().unwrap_or(whole);
        let id = self.next_id();
        let refund = RefundDraft {
            id: Some(id.as_str().into()),
            amount: Some(amount),
            created_time: unix_ms(),
            payment: Some(ReferenceDraft {
                id: Some(payment.as_str().into()),
                more: &[],
            }),
            ..RefundDraft::default()
        };
        let booked = BookedRefund {
            id: id.clone(),
            amount,
            created_ms: refund.created_time,
        };
        let done = terminal.books_mut().refund(&payment, booked);
        println!("refund {amount}: {done}");
        terminal.send(&RefundResponseDraft {
            payment_id: Some(payment.as_str().into()),
            refund: done.then_some(Nested::Draft(&refund)),
            code: Some(if done {
                TxState::Success
            } else {
                TxState::Fail
            }),
            reason: (!done).then_some(ErrorCode::Fail),
            ..RefundResponseDraft::default()
        })?;
        if done {
            terminal.finish_refund(&refund)
        } else {
            terminal.finish_cancel()
        }
    }

    fn next_id(&mut self) -> Id {
        use core::fmt::Write as _;
        self.ids += 1;
        let mut id = Id::new();
        // Always fits.
        let _ = write!(id, "SIM{:010}", self.ids);
        id
    }
}

const CARD: &str = "Customer is choosing a payment method";

fn ask_for_signature(terminal: &mut Terminal<'_>, id: &str) -> Result<(), Unsent> {
    const POINTS: [PointDraft<'static>; 3] = [point(100, 300), point(400, 200), point(700, 310)];
    let strokes = [StrokeDraft {
        points: Some(Nested::Draft(POINTS.as_slice())),
        more: &[],
    }];
    with_payment(terminal, id, |terminal, payment| {
        terminal.send(&VerifySignatureDraft {
            payment: Some(Nested::Draft(payment)),
            signature: Some(SignatureDraft {
                width: Some(799),
                height: Some(666),
                strokes: Some(Nested::Draft(strokes.as_slice())),
                more: &[],
            }),
            more: &[],
        })
    })
}

const fn point(x: i64, y: i64) -> PointDraft<'static> {
    PointDraft {
        x: Some(x),
        y: Some(y),
        more: &[],
    }
}

fn ask_about_duplicate(terminal: &mut Terminal<'_>, id: &str) -> Result<(), Unsent> {
    let challenges = [ChallengeDraft {
        message: Some("Is this a duplicate?".into()),
        kind: Some(ChallengeType::DuplicateChallenge),
        reason: Some(VoidReason::RejectDuplicate),
        more: &[],
    }];
    with_payment(terminal, id, |terminal, payment| {
        terminal.send(&ConfirmPaymentDraft {
            payment: Some(Nested::Draft(payment)),
            challenges: Some(Nested::Draft(challenges.as_slice())),
            more: &[],
        })
    })
}

fn finish(terminal: &mut Terminal<'_>, id: &str) -> Result<(), Unsent> {
    println!("paid {id}");
    with_payment(terminal, id, |terminal, payment| {
        terminal.finish_ok(payment)
    })
}

/// The till has said no: what was charged is voided.
fn give_up(terminal: &mut Terminal<'_>, id: &str) -> Result<(), Unsent> {
    println!("voided {id}");
    terminal.books_mut().void(id, VoidReason::UserCancel);
    with_payment(terminal, id, |terminal, payment| {
        terminal.send(&PaymentVoidedDraft {
            payment: Some(Nested::Draft(payment)),
            void_reason: Some(VoidReason::UserCancel),
            more: &[],
        })
    })?;
    terminal.finish_cancel()
}

fn void(terminal: &mut Terminal<'_>, request: VoidPayment<'_>) -> Result<(), Unsent> {
    let id = request.payment().and_then(|payment| payment.id());
    let id: Id = id.and_then(|id| id.copied()).unwrap_or_default();
    let reason = request.void_reason().unwrap_or(VoidReason::UserCancel);
    let done = terminal.books_mut().void(&id, reason);
    let status = if done {
        ResultStatus::Success
    } else {
        ResultStatus::Fail
    };
    terminal.finish_void(&VoidPaymentResponseDraft {
        void_reason: Some(reason),
        status: Some(status),
        success: Some(done),
        ..VoidPaymentResponseDraft::default()
    })
}

/// Says something about a payment on the books.
fn with_payment(
    terminal: &mut Terminal<'_>,
    id: &str,
    say: impl FnOnce(&mut Terminal<'_>, &PaymentDraft<'_>) -> Result<(), Unsent>,
) -> Result<(), Unsent> {
    let booked = terminal.books().payment(id).cloned();
    let booked = booked.ok_or(Unsent::Idle)?;
    booked.with_payment(|payment| say(terminal, payment))
}

fn unix_ms() -> Option<i64> {
    wall()?.try_into().ok()
}

/// What cannot be said is no end of the terminal: a sale goes on without the till.
fn tell(sent: Result<(), Unsent>) {
    if let Err(unsent) = sent {
        println!("{unsent}");
    }
}
