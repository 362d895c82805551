//! Links that are stepped by hand.

use std::collections::VecDeque;
use std::thread::JoinHandle;

use proto_core::driver::{ThreadPark, block_on};
use proto_core::link::{Link, Step};
use transport_usb::{Cable, GadgetOptions, UsbGadget};

/// A link with its park, stepped by hand.
pub(crate) struct Rig<L> {
    pub(crate) link: L,
    pub(crate) park: ThreadPark,
    pub(crate) buf: Vec<u8>,
    /// What came before it was told that the last message had left.
    early: VecDeque<Vec<u8>>,
}

pub(crate) enum Got {
    Up,
    Sent,
    Message(usize),
    Other(String),
}

impl<L: Link> Rig<L> {
    pub(crate) fn new((link, park): (L, ThreadPark)) -> Self {
        Self {
            link,
            park,
            buf: vec![0; 8_192],
            early: VecDeque::new(),
        }
    }

    pub(crate) fn step(&mut self, out: Option<&[u8]>) -> Got {
        loop {
            let step = self.link.step(out, &mut self.buf);
            let got = match block_on(&mut self.park, || None, step).unwrap() {
                Step::Up(_) => Got::Up,
                Step::Sent => Got::Sent,
                Step::Message(message) => Got::Message(message.len()),
                Step::NeedsRoom(total) => {
                    self.buf.resize(total, 0);
                    continue;
                }
                other => Got::Other(format!("{other:?}")),
            };
            return got;
        }
    }

    pub(crate) fn up(&mut self) {
        while !matches!(self.step(None), Got::Up) {}
    }

    /// Sends this and returns when it has left. What comes meanwhile is received next.
    pub(crate) fn send(&mut self, out: &[u8]) {
        self.try_send(out).unwrap();
    }

    /// The same; the other end may have what it wanted and be gone.
    pub(crate) fn try_send(&mut self, out: &[u8]) -> Result<(), String> {
        loop {
            match self.step(Some(out)) {
                Got::Sent => return Ok(()),
                // The answer, when the other end was faster than the word that this has left.
                Got::Message(len) => self.early.push_back(self.buf[..len].to_vec()),
                Got::Up => {}
                Got::Other(other) => return Err(other),
            }
        }
    }

    /// Sends back what comes, until the other end is gone. The next may come before it is told that the last has
    /// left.
    pub(crate) fn echo(&mut self) {
        let mut out = VecDeque::new();
        loop {
            match self.step(out.front().map(Vec::as_slice)) {
                Got::Sent => drop(out.pop_front()),
                Got::Message(len) => out.push_back(self.buf[..len].to_vec()),
                Got::Up => {}
                Got::Other(_) => return,
            }
        }
    }

    pub(crate) fn receive(&mut self) -> &[u8] {
        if let Some(early) = self.early.pop_front() {
            self.buf = early;
            return &self.buf;
        }
        loop {
            match self.step(None) {
                Got::Message(len) => return &self.buf[..len],
                Got::Up | Got::Sent => {}
                Got::Other(other) => panic!("{other}"),
            }
        }
    }
}

/// A terminal without a simulator, on a thread of its own. It ends when its cable is pulled.
pub(crate) struct Bare {
    cable: Cable,
    thread: JoinHandle<()>,
}

impl Bare {
    pub(crate) fn start(
        options: GadgetOptions,
        run: impl FnOnce(&mut Rig<UsbGadget>) + Send + 'static,
    ) -> Self {
        let mut rig = Rig::new(UsbGadget::new(options).unwrap());
        let cable = rig.link.cable();
        let thread = std::thread::spawn(move || {
            rig.up();
            run(&mut rig);
        });
        Self { cable, thread }
    }

    pub(crate) fn end(self) {
        self.cable.unplug();
        self.thread.join().unwrap();
    }
}
