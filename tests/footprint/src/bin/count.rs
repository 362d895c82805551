//! Counts: how many instructions it takes to read FINISH_OK and to write TX_START, with the core and with what it is
//! compared with; and what a point of sale takes of instructions and stack in a day with a terminal in the same memory.
//!
//! It runs under QEMU with `-icount shift=8`, which makes time of instructions: the numbers are the same in every run.
#![no_std]
#![no_main]

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::entry;
use firmware::depth;
use footprint::compared::{with_heap, without_heap};
use footprint::sample::{self, FINISH_OK, Sum};
use footprint::{ROOM, halt, memory, till};
use proto_core::Role;
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::message::{
    ConfirmPaymentDraft, RefundResponseDraft, TxStart, VoidPaymentResponseDraft,
};
use proto_core::model::{CardTransactionDraft, ChallengeDraft, PaymentDraft, RefundDraft};
use proto_core::pos::{Certainty, Config, Env, Event, Pos, RefundPayment, Sale, VoidPayment};
use proto_core::terminal::{self, Booked, Identity, Ledger, Terminal};
use proto_core::time::{Duration, Instant};
use proto_core::wire::Nested;
use proto_core::wire::names::{
    CardType, ChallengeType, PaymentResult, ResultStatus, TxState, UiDirection, UiState, VoidReason,
};
use semihosting::{println, process};

#[entry]
fn main() -> ! {
    let Some(board) = cortex_m::Peripherals::take() else {
        halt()
    };
    with_heap::begin();
    let mut counter = Counter::new(board.SYST);
    let rooms = memory!([[u8; ROOM]; 4] = [[0; ROOM]; 4]);
    let unescaped = memory!([[u8; ROOM]; 2] = [[0; ROOM]; 2]);
    let (Some([message, ours, core, heap]), Some(unescaped)) = (rooms, unescaped) else {
        halt()
    };
    let fresh = |room: &mut [u8; ROOM]| {
        let (text, _) = room.split_at_mut(FINISH_OK.len());
        text.copy_from_slice(FINISH_OK);
    };
    fresh(message);
    let Some(text) = message.get_mut(..FINISH_OK.len()) else {
        halt()
    };
    let theirs = counter.of(|| without_heap::read_finish_ok(text, unescaped));
    let heaped = counter.of(|| with_heap::read_finish_ok(text));
    let own = counter.of(|| sample::read_finish_ok(text));
    told("read-proto-core", own.0);
    told("read-serde-json-core", theirs.0);
    told("read-serde_json", heaped.0);
    let same: [Option<Sum>; 2] = [theirs.1, heaped.1];
    if own.1.is_none() || same.iter().any(|sum| *sum != own.1) {
        wrong("they do not read the same");
    }
    let own = counter.of(|| sample::write_tx_start(ours, 2_599));
    let theirs = counter.of(|| without_heap::write_tx_start(core, 2_599));
    let heaped = counter.of(|| with_heap::write_tx_start(heap, 2_599));
    told("write-proto-core", own.0);
    told("write-serde-json-core", theirs.0);
    told("write-serde_json", heaped.0);
    let written = ours.get(..own.1).filter(|text| !text.is_empty());
    if [core.get(..theirs.1), heap.get(..heaped.1)] != [written; 2] {
        wrong("they do not write the same");
    }
    day(counter);
    process::exit(0)
}

fn told(what: &str, count: u32) {
    println!("{what} {count}");
}

fn wrong(what: &str) -> ! {
    println!("wrong: {what}");
    process::exit(1)
}

/// Counts instructions.
struct Counter {
    timer: SYST,
    /// What counting takes itself.
    idle: u32,
}

impl Counter {
    fn new(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LONGEST);
        timer.clear_current();
        timer.enable_counter();
        let mut counter = Self { timer, idle: 0 };
        counter.idle = counter.of(|| ()).0;
        counter
    }

    fn of<R>(&mut self, work: impl FnOnce() -> R) -> (u32, R) {
        self.timer.clear_current();
        let began = SYST::get_current();
        let result = work();
        let ticks = began.wrapping_sub(SYST::get_current()) & LONGEST;
        // An instruction takes 256 ns (`shift=8`), a tick of the board's 25 MHz takes 40 ns.
        let count = (ticks * 5 + 16) / 32;
        (count.saturating_sub(self.idle), result)
    }
}

/// The timer has 24 bits: enough for 2.6 million instructions.
const LONGEST: u32 = 0x00FF_FFFF;

/// A point of sale, and what its verbs have taken.
struct Measured<'b> {
    pos: Pos<'b>,
    counter: Counter,
    now: Instant,
    instructions: u32,
    stack: usize,
    /// The last outcome.
    ended: Option<(Certainty, heapless::String<32>)>,
}

impl<'b> Measured<'b> {
    /// Does something with the point of sale.
    fn with<R>(&mut self, work: impl FnOnce(&mut Pos<'b>, Instant) -> R) -> R {
        let Self {
            pos, counter, now, ..
        } = self;
        let (stack, (count, result)) = depth(|| counter.of(|| work(pos, *now)));
        self.instructions += count;
        self.stack = self.stack.max(stack);
        result
    }

    /// Looks at the time, stores what is due, and passes messages on until nothing is left to say.
    fn settle(&mut self, terminal: &mut Terminal<'_>, room: &mut [u8; ROOM]) {
        loop {
            let mut idle = true;
            if self.pos.poll_timeout().is_some_and(|due| due <= self.now) {
                self.with(|pos, now| pos.handle_timeout(now));
            }
            while self.with(|pos, now| match pos.poll_journal() {
                Some((id, _)) => {
                    pos.journal_done(now, id, Ok(()));
                    true
                }
                None => false,
            }) {}
            while let Some(event) = self.with(|pos, _| pos.poll_event()) {
                self.see(event);
            }
            if let Some(len) = self.with(|pos, _| copy(pos.transmit()?, room)) {
                idle = false;
                self.with(|pos, now| pos.transmitted(now));
                if let Some(text) = room.get_mut(..len)
                    && let Some(event) = terminal.handle_message(self.now, text)
                {
                    answer(self.now, terminal, event);
                }
            }
            while terminal.poll_event().is_some() {}
            if let Some(len) = terminal.transmit().and_then(|text| copy(text, room)) {
                idle = false;
                terminal.transmitted(self.now);
                if let Some(text) = room.get_mut(..len)
                    && let Some(event) = self.with(|pos, now| pos.handle_message(now, text))
                {
                    self.see(event);
                }
            }
            if idle {
                return;
            }
        }
    }

    fn see(&mut self, event: Event<'_>) {
        if let Event::Outcome(outcome) | Event::Resolved(outcome) = &event {
            let summary = &outcome.summary;
            let payment = summary.payment_id.clone();
            self.ended = Some((summary.certainty, payment.unwrap_or_default()));
        }
        let _ = self.with(|pos, now| till::show(now, pos, &event));
    }

    /// The payment that was made, or the end of everything.
    fn made(&mut self, what: &str) -> heapless::String<32> {
        match self.ended.take() {
            Some((Certainty::Made(_), payment)) => payment,
            _ => wrong(what),
        }
    }
}

fn copy(text: &[u8], room: &mut [u8; ROOM]) -> Option<usize> {
    room.get_mut(..text.len())?.copy_from_slice(text);
    Some(text.len())
}

/// A day: a sale, one that asks for confirmation, one that is declined, a refund, a void, and a sale whose end is lost
/// with the link and is looked up.
fn day(counter: Counter) {
    let rooms = memory!([[u8; ROOM]; 3] = [[0; ROOM]; 3]);
    let books = memory!([Option<Booked>; 8] = [const { None }; 8]);
    let (Some([send, last, room]), Some(books), Some(memory)) = (rooms, books, till::memory())
    else {
        halt()
    };
    let config = Config {
        accept_simulator: true,
        ..Config::new("com.example.firmware:1.0")
    };
    told("state", size_of::<Pos<'_>>() as u32);
    let mut terminal = Terminal::new(
        Identity::SIMULATOR,
        terminal::Memory {
            send,
            last,
            books: Ledger::new(books),
        },
    );
    let mut pos = Measured {
        pos: Pos::new(config, memory),
        counter,
        now: Instant::from_millis(1),
        instructions: 0,
        stack: 0,
        ended: None,
    };
    let link = LinkInfo::new(LinkKind::Serial, "memory");
    terminal.handle_link_up(pos.now, link.clone());
    pos.with(|pos, now| pos.handle_link_up(now, link.clone()));
    pos.settle(&mut terminal, room);

    pos.instructions = 0;
    sell(&mut pos, APPROVED, 1_000);
    pos.settle(&mut terminal, room);
    let paid = pos.made("a sale was not paid");
    told("sale", pos.instructions);
    told("sale-stack", pos.stack as u32);

    sell(&mut pos, ASKED, 1_000);
    pos.settle(&mut terminal, room);
    let asked = pos.made("a sale that was confirmed was not paid");
    sell(&mut pos, DECLINED, 1_000);
    pos.settle(&mut terminal, room);
    if pos
        .ended
        .take()
        .is_none_or(|(end, _)| end != Certainty::NotMade)
    {
        wrong("a declined sale has another end");
    }
    let refund = RefundPayment::partial(&paid, 500).external_id("R");
    let taken = pos.with(|pos, now| pos.refund_payment(now, &refund, ENV).is_ok());
    pos.settle(&mut terminal, room);
    pos.made("a refund was not made");
    let void = VoidPayment::new(&asked, VoidReason::UserCancel).external_id("V");
    let voided = pos.with(|pos, now| pos.void_payment(now, &void, ENV).is_ok());
    pos.settle(&mut terminal, room);
    pos.made("a payment was not voided");
    if !(taken && voided) {
        wrong("a request was refused");
    }

    sell(&mut pos, LOST, 1_000);
    let lost = Down::from(DownReason::Lost);
    // The start has left; its end is told to nobody.
    if let Some(len) = pos.with(|pos, now| {
        let (id, _) = pos.poll_journal()?;
        pos.journal_done(now, id, Ok(()));
        let len = copy(pos.transmit()?, room)?;
        pos.transmitted(now);
        Some(len)
    }) && let Some(text) = room.get_mut(..len)
        && let Some(event) = terminal.handle_message(pos.now, text)
    {
        terminal.handle_link_down(pos.now, &lost);
        answer(pos.now, &mut terminal, event);
    }
    pos.with(|pos, now| pos.handle_link_down(now, &lost));
    pos.now = pos.now.after(Duration::from_secs(1));
    terminal.handle_link_up(pos.now, link.clone());
    pos.with(|pos, now| pos.handle_link_up(now, link.clone()));
    for _ in 0..20 {
        pos.settle(&mut terminal, room);
        pos.now = pos.now.after(Duration::from_secs(1));
    }
    pos.made("a sale whose end was lost was not found");
    told("stack", pos.stack as u32);
}

const ENV: Env = Env {
    unix_ms: Some(1_700_000_000_000),
};

fn sell(pos: &mut Measured<'_>, id: &str, amount: i64) {
    let sale = Sale {
        tip_amount: Some(0),
        auto_accept_signature: Some(true),
        ..Sale::new(amount).external_id(id)
    };
    if !pos.with(|pos, now| pos.sale(now, &sale, ENV).is_ok()) {
        wrong("a sale is refused");
    }
}

/// What becomes of a sale is in its external id.
const APPROVED: &str = "APPROVED";
const ASKED: &str = "ASKED";
const DECLINED: &str = "DECLINED";
const LOST: &str = "LOST";

/// What the terminal does. Who is not there asks when it is back.
fn answer(now: Instant, terminal: &mut Terminal<'_>, event: terminal::Event<'_>) {
    match event {
        terminal::Event::Started(start) => start_sale(now, terminal, start),
        terminal::Event::Confirmed(_) => {
            let paid = PaymentDraft {
                id: Some(ASKED.into()),
                ..payment(1_000)
            };
            let _ = terminal.finish_ok(&paid);
        }
        terminal::Event::RefundAsked(request) => {
            let refund = RefundDraft {
                id: Some("REFUND".into()),
                amount: request.amount(),
                ..RefundDraft::default()
            };
            let _ = terminal.send(&RefundResponseDraft {
                payment_id: request.payment_id(),
                refund: Some(Nested::Draft(&refund)),
                code: Some(TxState::Success),
                ..RefundResponseDraft::default()
            });
            let _ = terminal.finish_refund(&refund);
        }
        terminal::Event::VoidAsked(void) => {
            let payment = void.payment();
            let _ = terminal.finish_void(&VoidPaymentResponseDraft {
                payment: payment.map(|payment| Nested::Text(payment.object().json())),
                status: Some(ResultStatus::Success),
                ..VoidPaymentResponseDraft::default()
            });
        }
        _ => {}
    }
}

fn start_sale(now: Instant, terminal: &mut Terminal<'_>, start: TxStart<'_>) {
    let intent = start.pay_intent();
    let id: heapless::String<32> = intent
        .and_then(|intent| intent.external_payment_id()?.copied())
        .unwrap_or_default();
    let paid = PaymentDraft {
        id: Some(id.as_str().into()),
        external_payment_id: Some(id.as_str().into()),
        ..payment(intent.and_then(|intent| intent.amount()).unwrap_or(0))
    };
    let _ = terminal.accept_start();
    let card = "Insert, tap or swipe";
    let _ = terminal.screen(UiState::Start, UiDirection::Enter, card, &[]);
    let _ = terminal.screen(UiState::Start, UiDirection::Exit, card, &[]);
    match id.as_str() {
        DECLINED => {
            let _ = terminal.finish_cancel();
        }
        ASKED => {
            terminal.books_mut().book(now, &paid);
            let challenge = ChallengeDraft {
                kind: Some(ChallengeType::DuplicateChallenge),
                message: Some("Duplicate?".into()),
                reason: Some(VoidReason::RejectDuplicate),
                more: &[],
            };
            let _ = terminal.send(&ConfirmPaymentDraft {
                payment: Some(Nested::Draft(&paid)),
                challenges: Some(Nested::Draft(&[challenge])),
                more: &[],
            });
        }
        _ => {
            terminal.books_mut().book(now, &paid);
            let _ = terminal.finish_ok(&paid);
        }
    }
}

fn payment(amount: i64) -> PaymentDraft<'static> {
    PaymentDraft {
        amount: Some(amount),
        tip_amount: Some(0),
        tax_amount: Some(0),
        created_time: Some(1_700_000_000_000),
        result: Some(PaymentResult::Success),
        card_transaction: Some(CardTransactionDraft {
            card_type: Some(CardType::Visa),
            first6: Some("411111".into()),
            last4: Some("1111".into()),
            ..CardTransactionDraft::default()
        }),
        ..PaymentDraft::default()
    }
}
