//! The terminals of a world: simulators with their books.

use std::cell::Cell;

use host_demo::sim::{Pairing, Plan, Simulator};
use proto_core::Role;
use proto_core::link::{Down, LinkInfo};
use proto_core::terminal::{self, Identity, Ledger, Memory};
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::PaymentResult;

use crate::clerk::BY_REQUEST;
use crate::judge::Booked;
use crate::random::Random;
use crate::world::UNIX_MS;

/// The memory of a terminal, used again for the next world.
pub(crate) struct DeviceMemory {
    send: Vec<u8>,
    last: Vec<u8>,
    books: Vec<Option<terminal::Booked>>,
}

impl Default for DeviceMemory {
    fn default() -> Self {
        Self {
            send: vec![0; 65_536],
            last: vec![0; 16_384],
            books: vec![None; 64],
        }
    }
}

thread_local! {
    /// The wall clock of the world that this thread runs.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// A terminal.
#[derive(Debug)]
pub(crate) struct Device<'r> {
    simulator: Simulator<'r>,
}

impl<'r> Device<'r> {
    /// The terminal with this number, and what it does.
    pub(crate) fn new(memory: &'r mut DeviceMemory, number: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let identity = Identity {
            // Older ones answer a void with a receipt only.
            void_payment_response: random.percent(70),
            acknowledges: random.percent(80),
            names_running: random.percent(60),
            forgets_cancelled: random.percent(50),
            ping: None,
            ..Identity::SIMULATOR
        };
        let plans = (0..16).map(|_| plan(&mut random)).collect();
        Self::with_identity(memory, number, identity, plans, random.number())
    }

    /// The terminal with this number, which does that.
    pub(crate) fn with_plans(
        memory: &'r mut DeviceMemory,
        number: usize,
        plans: Vec<Plan>,
        seed: u64,
    ) -> Self {
        Self::with_identity(memory, number, Identity::SIMULATOR, plans, seed)
    }

    fn with_identity(
        memory: &'r mut DeviceMemory,
        number: usize,
        identity: Identity<'static>,
        plans: Vec<Plan>,
        seed: u64,
    ) -> Self {
        memory.books.fill(None);
        let identity = Identity {
            serial: ["SIM0000000001", "SIM0000000002"][number],
            ..identity
        };
        let memory = Memory {
            send: &mut memory.send,
            last: &mut memory.last,
            books: Ledger::new(&mut memory.books),
        };
        let unix_ms = || NOW.get();
        Self {
            simulator: Simulator::with_identity(
                identity,
                memory,
                Pairing::Auto,
                plans,
                seed,
                unix_ms,
            ),
        }
    }

    pub(crate) fn restart(&mut self) {
        self.simulator.restart();
    }

    /// What it did.
    pub(crate) fn books(&self) -> Vec<Booked> {
        self.simulator
            .books()
            .iter()
            .map(|booked| Booked {
                id: booked.id.to_string(),
                external_id: booked.external_id.to_string(),
                amount: booked.amount,
                tip: booked.tip.unwrap_or(0),
                charged: matches!(
                    booked.result,
                    PaymentResult::Success | PaymentResult::Auth | PaymentResult::AuthCompleted
                ),
                voided: booked.result == PaymentResult::Voided,
                by_request: booked.void_reason() == Some(BY_REQUEST),
                refunds: booked
                    .refunds
                    .iter()
                    .map(|refund| (refund.id.to_string(), refund.amount))
                    .collect(),
            })
            .collect()
    }
}

/// What becomes of one transaction.
fn plan(random: &mut Random) -> Plan {
    let mut words = Vec::new();
    match random.below(20) {
        0..2 => words.push("decline"),
        2..4 => words.push("cancel"),
        4 => words.push("busy"),
        5 => words.push("late"),
        6 => words.push("wrong-id"),
        7 => words.push("twice"),
        8 => words.push("partial:1.00"),
        9..11 => words.push("offline"),
        _ => {}
    }
    for addition in ["duplicate", "signature", "tip:1.50"] {
        if random.percent(15) {
            words.push(addition);
        }
    }
    let mut plan: Plan = words.join("+").parse().unwrap_or_default();
    plan.step = Duration::from_millis(random.between(5, 3_000));
    plan.upload = Duration::from_secs(random.between(1, 900));
    plan.upload_declined = random.percent(20);
    plan
}

fn tick(now: Instant) {
    let unix_ms = UNIX_MS + now.as_millis();
    NOW.set(i64::try_from(unix_ms).unwrap_or(i64::MAX));
}

impl Role for Device<'_> {
    type Event<'m> = ();

    fn handle_link_up(&mut self, now: Instant, info: LinkInfo) {
        tick(now);
        self.simulator.handle_link_up(now, info);
    }

    fn handle_link_down(&mut self, now: Instant, down: &Down) {
        self.simulator.handle_link_down(now, down);
    }

    fn handle_message(&mut self, now: Instant, message: &mut [u8]) -> Option<()> {
        tick(now);
        self.simulator.handle_message(now, message).map(|_| ())
    }

    fn handle_unreadable<'m>(
        &mut self,
        now: Instant,
        unreadable: proto_core::wire::Unreadable<'m>,
    ) -> Option<()> {
        self.simulator
            .handle_unreadable(now, unreadable)
            .map(|_| ())
    }

    fn handle_oversize(&mut self, now: Instant, head: &[u8], total: usize) {
        self.simulator.handle_oversize(now, head, total);
    }

    fn handle_garbled(&mut self, now: Instant, error: proto_core::wire::FrameError) {
        self.simulator.handle_garbled(now, error);
    }

    fn handle_timeout(&mut self, now: Instant) {
        tick(now);
        self.simulator.handle_timeout(now);
    }

    fn poll_event(&mut self) -> Option<()> {
        self.simulator.poll_event().map(|_| ())
    }

    fn transmit(&mut self) -> Option<&[u8]> {
        self.simulator.transmit()
    }

    fn transmitted(&mut self, now: Instant) {
        self.simulator.transmitted(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.simulator.poll_timeout()
    }

    fn prepare_close(&mut self, now: Instant) {
        self.simulator.prepare_close(now);
    }
}
