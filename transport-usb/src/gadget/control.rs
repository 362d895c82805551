//! The thread of the control requests: the handshake, the change of the mode, and the cable.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::OwnedFd;

use super::GadgetOptions;
use super::configfs::{Functions, Gadget};
use super::endpoints::Shared;
use super::functionfs::{Event, Function, Setup};
use crate::handshake::{GET_PROTOCOL, MANUFACTURER, MODEL, SEND_STRING, START};
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
    /// Instead of the answer to its first request.
    Protocol,
    /// Instead of taking the third string.
    Strings,
    /// When it has left merchant mode and is not back yet.
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

    /// Pulls it when this moment of the next handshake comes.
    pub fn unplug_at(&self, moment: Moment) {
        self.orders.give(Order::UnplugAt(moment));
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
    UnplugAt(Moment),
    Stop,
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
        unplug_at: None,
    };
    let Functions {
        mut merchant,
        mut accessory,
    } = functions;
    loop {
        let mut files = [
            PollFd::new(&orders.bell, PollFlags::IN),
            PollFd::new(&merchant.control, PollFlags::IN),
            PollFd::new(&accessory.control, PollFlags::IN),
        ];
        if let Err(error) = poll(&mut files, None)
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
    unplug_at: Option<Moment>,
}

impl Device<'_> {
    /// Whether it is to stop.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Plug(mode) => self.plug(mode),
            Order::Unplug => self.unplug(),
            Order::UnplugAt(moment) => self.unplug_at = Some(moment),
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
        if let Err(error) = self.gadget.bind(mode, ids) {
            self.shared.fail(error.to_string());
        }
    }

    fn unplug(&mut self) {
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
                if self.is_time(Moment::Protocol) {
                    return self.unplug();
                }
                let answer = self.options.protocol.to_le_bytes();
                let length = answer.len().min(setup.length.into());
                function.answer(answer.get(..length).unwrap_or_default());
            }
            SEND_STRING if known && usize::from(setup.index) < self.strings.len() => {
                if setup.index == 2 && self.is_time(Moment::Strings) {
                    return self.unplug();
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
                self.switch();
            }
            _ => function.refuse(&setup),
        }
    }

    fn is_time(&mut self, moment: Moment) -> bool {
        self.unplug_at.take_if(|at| *at == moment).is_some()
    }

    fn switch(&mut self) {
        sleep(STATUS);
        self.unplug();
        if !self.is_time(Moment::Switch) {
            sleep(self.options.away);
            self.plug(Mode::Accessory);
        }
    }
}

/// How long the last stage of a request may take, before the device goes away.
const STATUS: Duration = Duration::from_millis(10);
