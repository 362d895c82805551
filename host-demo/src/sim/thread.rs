//! The simulator with a thread and a WebSocket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use proto_core::driver::{Park, StdClock, block_on};
use proto_core::link::Link;
use proto_core::run::{Inbox, NoJournal, Parts, drive};
use proto_core::terminal::{Booked, Identity, Ledger, Memory};
use proto_core::time::Instant;
use transport_ws::{ServerOptions, WsServer};

use super::faulty::{Board, FaultyLink, Terminals};
use super::{Pairing, Script, Seen, Simulator};

/// How a simulated terminal is set up.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// Who types its pairing codes.
    pub pairing: Pairing,
    /// What becomes of one sale after the other, and what goes wrong on the link.
    pub script: Script,
    /// Whether other machines may connect.
    pub allow_network: bool,
}

/// Memory for messages that wait to be sent, in bytes.
const SEND: usize = 64 * 1_024;
/// How many payments it remembers.
const BOOKS: usize = 256;
/// The receive buffer at first, in bytes.
const RECEIVE: usize = 8 * 1_024;
/// The serial number of the other terminal that a script may put at the address.
const OTHER_SERIAL: &str = "SIM0000000002";

/// The memory of one simulated terminal.
struct Memories {
    send: Vec<u8>,
    last: Vec<u8>,
    books: Vec<Option<Booked>>,
}

impl Memories {
    fn new() -> Self {
        Self {
            send: vec![0; SEND],
            last: vec![0; SEND],
            books: vec![None; BOOKS],
        }
    }

    fn lend(&mut self) -> Memory<'_> {
        Memory {
            send: &mut self.send,
            last: &mut self.last,
            books: Ledger::new(&mut self.books),
        }
    }
}

/// A simulated terminal that is running. Dropping it ends it.
#[derive(Debug)]
pub struct SimulatorThread {
    url: String,
    orders: Arc<Orders>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Orders {
    queue: Mutex<VecDeque<Order>>,
}

#[derive(Debug)]
enum Order {
    Type(String),
    Stop,
}

impl SimulatorThread {
    /// Starts one; `look` sees everything that happens at it.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at, or the system has no thread or no random numbers.
    pub fn start(
        options: SimulatorOptions,
        look: impl FnMut(&Seen) + Send + 'static,
    ) -> io::Result<Self> {
        let mut server = ServerOptions::default();
        server.allow_network = options.allow_network;
        let (link, park) = WsServer::bind(options.listen, server)?;
        let url = format!("ws://{}{}", link.local_addr(), transport_ws::DEFAULT_PATH);
        let SimulatorOptions {
            pairing, script, ..
        } = options;
        let mut thread = Self::start_on(link, park, pairing, script, look)?;
        thread.url = url;
        Ok(thread)
    }

    /// Starts one over this link, which is run with this park; `look` sees everything that happens at it.
    ///
    /// # Errors
    ///
    /// The system has no thread or no random numbers.
    pub fn start_on(
        link: impl Link + Send + 'static,
        mut park: impl Park + Send + 'static,
        pairing: Pairing,
        script: impl Into<Script>,
        mut look: impl FnMut(&Seen) + Send + 'static,
    ) -> io::Result<Self> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        let orders = Arc::new(Orders::default());
        let waker = park.waker();
        let mut inbox = SharedOrders(Arc::clone(&orders));
        let Script { plans, faults, .. } = script.into();
        let seed = u64::from_le_bytes(seed);
        let run = move || {
            let board = Board::default();
            let mut rooms = [Memories::new(), Memories::new()];
            let [first, second] = &mut rooms;
            let simulator = |memories, serial, seed| {
                let identity = Identity {
                    serial,
                    ..Identity::SIMULATOR
                };
                let memory = Memories::lend(memories);
                Simulator::with_identity(identity, memory, pairing, plans.clone(), seed, unix_ms)
            };
            let mut terminals = Terminals {
                each: [
                    simulator(first, Identity::SIMULATOR.serial, seed),
                    simulator(second, OTHER_SERIAL, seed.rotate_left(32)),
                ],
                board: &board,
                at: 0,
            };
            let script_clock = StdClock::new();
            let mut link = FaultyLink::new(link, faults, &script_clock, &board);
            let clock = StdClock::new();
            let (mut buffer, mut join) = (vec![0; RECEIVE], Vec::new());
            let parts = Parts {
                role: &mut terminals,
                link: &mut link,
                journal: &mut NoJournal,
                inbox: &mut inbox,
                clock: &clock,
                buffer: &mut buffer,
                join: &mut join,
            };
            let driven = drive(
                parts,
                move |_: Instant, _: &mut Terminals<'_>, seen: Seen| look(&seen),
            );
            // An error is one of waiting; nothing can be done on this thread then but to end.
            let wake = || {
                let wakes = [clock.next_wake(), script_clock.next_wake()];
                wakes.into_iter().flatten().min()
            };
            let _ = block_on(&mut park, wake, driven);
        };
        let thread = std::thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(run)?;
        Ok(Self {
            url: String::new(),
            orders,
            waker,
            thread: Some(thread),
        })
    }

    /// The address that a point of sale connects to; empty if it does not listen at one.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A handle that types pairing codes.
    #[must_use]
    pub fn keyboard(&self) -> Keyboard {
        Keyboard {
            orders: Arc::clone(&self.orders),
            waker: self.waker.clone(),
        }
    }

    fn order(&self, order: Order) {
        put(&self.orders, &self.waker, order);
    }
}

impl Drop for SimulatorThread {
    fn drop(&mut self) {
        self.order(Order::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Types pairing codes on the simulated terminal, from any thread.
#[derive(Debug, Clone)]
pub struct Keyboard {
    orders: Arc<Orders>,
    waker: Waker,
}

impl Keyboard {
    /// Types a code.
    pub fn type_code(&self, code: &str) {
        put(&self.orders, &self.waker, Order::Type(code.to_owned()));
    }
}

fn put(orders: &Orders, waker: &Waker, order: Order) {
    let mut queue = orders.queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.push_back(order);
    drop(queue);
    waker.wake_by_ref();
}

struct SharedOrders(Arc<Orders>);

impl SharedOrders {
    fn take(&self) -> Option<Order> {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    }

    fn is_empty(&self) -> bool {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_empty()
    }
}

impl Inbox<Terminals<'_>> for SharedOrders {
    fn ready(&mut self) -> impl Future<Output = ()> {
        poll_fn(|_| {
            if self.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }

    fn deliver(&mut self, _now: Instant, terminals: &mut Terminals<'_>) -> ControlFlow<()> {
        while let Some(order) = self.take() {
            match order {
                Order::Type(code) => terminals.here().type_code(&code),
                Order::Stop => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
