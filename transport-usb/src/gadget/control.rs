//! The thread of the control requests: the handshake, the change of the mode, and the cable.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::OwnedFd;

use super::GadgetOptions;
use super::configfs::{Functions, Gadget};
use super::endpoints::Shared;
use super::functionfs::{Event, Function, Setup};
use crate::handshake::{GET_PROTOCOL, MANUFACTURER, MODEL, SEND_STRING, START, STEP};
use crate::identity::Mode;

/// Pulls the cable of a [`UsbGadget`](super::UsbGadget), plugs it in again, and disturbs what goes through it,
/// from any thread.
#[derive(Debug, Clone)]
pub struct Cable {
    orders: Arc<Orders>,
    shared: Arc<Shared>,
}

/// A moment in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At its first request, which wants an answer.
    Protocol,
    /// At the third string.
    Strings,
    /// At the change of the mode.
    Switch,
}

impl Cable {
    pub(super) fn new(orders: Arc<Orders>, shared: Arc<Shared>) -> Self {
        Self { orders, shared }
    }

    /// Plugs it in, in merchant mode, as a terminal that has started.
    pub fn plug(&self) {
        self.orders.give(Order::Plug(Mode::Merchant));
    }

    /// Plugs it in, in accessory mode, as a terminal whose cable was out for a moment.
    pub fn plug_accessory(&self) {
        self.orders.give(Order::Plug(Mode::Accessory));
    }

    /// Pulls it.
    pub fn unplug(&self) {
        self.orders.give(Order::Unplug);
    }

    /// Pulls it when this moment of the next handshake comes: instead of an answer, or when the terminal has left
    /// merchant mode and is not back yet.
    pub fn unplug_at(&self, moment: Moment) {
        self.orders.give(Order::FailAt(moment, Failure::Unplug));
    }

    /// Has the terminal do nothing when this moment of the next handshake comes: it does not answer, or says yes
    /// and stays in merchant mode.
    pub fn ignore_at(&self, moment: Moment) {
        self.orders.give(Order::FailAt(moment, Failure::Ignore));
    }

    /// Sends this transfer, out of order and whatever it is.
    pub fn inject(&self, transfer: Vec<u8>) {
        self.shared.inject(transfer);
    }

    /// Halts the endpoint to the host, when what is to be sent has left.
    pub fn halt_input(&self) {
        self.shared.halt_input();
    }

    /// Halts the endpoint from the host, after the next transfer.
    pub fn halt_output(&self) {
        self.shared.halt_output();
    }
}

/// What the thread is to do.
#[derive(Debug)]
pub(super) struct Orders {
    queue: Mutex<Vec<Order>>,
    bell: OwnedFd,
}

#[derive(Debug)]
enum Order {
    Plug(Mode),
    Unplug,
    FailAt(Moment, Failure),
    Stop,
}

/// What happens at a [`Moment`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Unplug,
    Ignore,
}

impl Orders {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            queue: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    pub(super) fn stop(&self) {
        self.give(Order::Stop);
    }

    fn give(&self, order: Order) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push(order);
        drop(queue);
        // It fails only if it has been rung as often as it can count.
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }

    fn take(&self) -> Vec<Order> {
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *queue)
    }
}

/// The thread.
pub(super) fn run(
    gadget: Gadget,
    functions: Functions,
    options: GadgetOptions,
    orders: &Orders,
    shared: &Shared,
) {
    let mut device = Device {
        gadget,
        options,
        shared,
        strings: Default::default(),
        failure: None,
        change: None,
        deaf: None,
    };
    let Functions {
        mut merchant,
        mut accessory,
    } = functions;
    loop {
        let wait = device.wait();
        let in_handshake = match device.deaf {
            Some(_) => PollFlags::empty(),
            None => PollFlags::IN,
        };
        let mut files = [
            PollFd::new(&orders.bell, PollFlags::IN),
            PollFd::new(&merchant.control, in_handshake),
            PollFd::new(&accessory.control, PollFlags::IN),
        ];
        if let Err(error) = poll(&mut files, wait.as_ref())
            && error != rustix::io::Errno::INTR
        {
            break;
        }
        let [rung, in_merchant, in_accessory] = files.map(|file| !file.revents().is_empty());
        if rung && orders.take().into_iter().any(|order| device.obey(order)) {
            break;
        }
        if in_merchant {
            device.listen(&mut merchant, Mode::Merchant);
        }
        if in_accessory {
            device.listen(&mut accessory, Mode::Accessory);
        }
        device.go_on();
    }
    // The threads of the endpoints end when their transfers do.
    device.gadget.unbind();
    shared.enable(false);
}

struct Device<'s> {
    gadget: Gadget,
    options: GadgetOptions,
    shared: &'s Shared,
    /// What the host said of itself.
    strings: [Vec<u8>; 6],
    /// What goes wrong in the next handshake.
    failure: Option<(Moment, Failure)>,
    /// The change of the mode: what it does next, and when.
    change: Option<(Instant, Change)>,
    /// Until when it leaves a request unanswered.
    deaf: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    /// It leaves merchant mode, to come back or not.
    Leave { back: bool },
    /// It comes back in accessory mode.
    Return,
}

impl Device<'_> {
    /// Whether it is to stop.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Plug(mode) => self.plug(mode),
            Order::Unplug => self.unplug(),
            Order::FailAt(moment, failure) => self.failure = Some((moment, failure)),
            Order::Stop => return true,
        }
        false
    }

    fn plug(&mut self, mode: Mode) {
        let ids = match mode {
            Mode::Merchant => self.options.merchant,
            Mode::Accessory => self.options.accessory,
        };
        self.strings = Default::default();
        self.change = None;
        self.deaf = None;
        if let Err(error) = self.gadget.bind(mode, ids) {
            self.shared.fail(error.to_string());
        }
    }

    fn unplug(&mut self) {
        self.change = None;
        self.gadget.unbind();
        self.shared.enable(false);
    }

    fn listen(&mut self, function: &mut Function, mode: Mode) {
        let Ok(events) = function.events() else {
            // A request that the host has given up.
            return;
        };
        for event in events {
            match event {
                Event::Enabled if mode == Mode::Accessory => self.shared.enable(true),
                Event::Disabled if mode == Mode::Accessory => self.shared.enable(false),
                Event::Enabled | Event::Disabled => {}
                Event::Setup(setup) => self.handle(function, mode, setup),
            }
        }
    }

    fn handle(&mut self, function: &mut Function, mode: Mode, setup: Setup) {
        let known = setup.is_vendor() && mode == Mode::Merchant && self.options.protocol > 0;
        match setup.request {
            GET_PROTOCOL if known && setup.wants_data() => {
                if let Some(failure) = self.failure_at(Moment::Protocol) {
                    return self.fail(failure);
                }
                let answer = self.options.protocol.to_le_bytes();
                let length = answer.len().min(setup.length.into());
                function.answer(answer.get(..length).unwrap_or_default());
            }
            SEND_STRING if known && usize::from(setup.index) < self.strings.len() => {
                if setup.index == 2
                    && let Some(failure) = self.failure_at(Moment::Strings)
                {
                    return self.fail(failure);
                }
                let text = function.accept(setup.length);
                if let Some(string) = self.strings.get_mut(usize::from(setup.index)) {
                    *string = text;
                }
            }
            // The app looks at these two.
            START
                if known
                    && setup.value == 0
                    && self.strings[0] == MANUFACTURER.as_bytes()
                    && self.strings[1] == MODEL.as_bytes() =>
            {
                function.accept(0);
                let failure = self.failure_at(Moment::Switch);
                if failure != Some(Failure::Ignore) {
                    let back = failure.is_none();
                    self.change = Some((Instant::now() + STATUS, Change::Leave { back }));
                }
            }
            _ => function.refuse(&setup),
        }
    }

    fn failure_at(&mut self, moment: Moment) -> Option<Failure> {
        let failure = self.failure.take_if(|(at, _)| *at == moment);
        failure.map(|(_, failure)| failure)
    }

    fn fail(&mut self, failure: Failure) {
        match failure {
            Failure::Unplug => self.unplug(),
            Failure::Ignore => self.deaf = Some(Instant::now() + DEAF),
        }
    }

    /// How long to wait for a request or an order.
    fn wait(&self) -> Option<Timespec> {
        let change = self.change.map(|(at, _)| at);
        let next = [change, self.deaf].into_iter().flatten().min()?;
        let left = next.saturating_duration_since(Instant::now());
        left.try_into().ok()
    }

    /// Does what is due.
    fn go_on(&mut self) {
        let now = Instant::now();
        self.deaf.take_if(|until| *until <= now);
        let Some((_, change)) = self.change.take_if(|(at, _)| *at <= now) else {
            return;
        };
        match change {
            Change::Leave { back } => {
                self.unplug();
                let until = Instant::now() + self.options.away;
                self.change = back.then_some((until, Change::Return));
            }
            Change::Return => self.plug(Mode::Accessory),
        }
    }
}

/// How long it stays when it has said yes to the change of the mode, so that the host gets to know that: as long as
/// Android's driver does.
const STATUS: Duration = Duration::from_millis(10);

/// Longer than a host waits for an answer, and shorter than it waits for the next one.
const DEAF: Duration = STEP.saturating_add(Duration::from_millis(500));
