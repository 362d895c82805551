//! Resolving a host name, the one thing that cannot be done without waiting, and its addresses.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::task::Waker;
use std::{io, thread};

use proto_core::link::{Down, DownReason};

/// How a name is resolved: the operating system's way, or a test's.
pub(crate) type Resolve = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// A lookup under way, on a thread that ends with it. It cannot be interrupted.
pub(crate) struct Lookup(Receiver<io::Result<Vec<SocketAddr>>>);

impl Lookup {
    /// Begins to resolve; `waker` is woken when it is done.
    pub(crate) fn begin(host: &str, port: u16, resolve: Resolve, waker: Waker) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let host = host.to_owned();
        let work = move || {
            // Also if resolving panics: the thread's end must not go unnoticed.
            let _bell = WakeOnDrop(waker);
            let sender = sender;
            // Nobody listens if the link is gone.
            let _ = sender.send(resolve(&host, port));
        };
        thread::Builder::new().name("resolve".into()).spawn(work)?;
        Ok(Self(receiver))
    }

    /// What it gave, if it is done.
    pub(crate) fn answer(&self) -> Option<io::Result<Vec<SocketAddr>>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(io::Error::other("the lookup broke off"))),
        }
    }
}

/// The addresses not tried yet, and what to say if none takes the connection.
pub(crate) struct Attempts {
    pub(crate) untried: VecDeque<SocketAddr>,
    pub(crate) failure: Option<Box<Down>>,
}

impl Attempts {
    pub(crate) fn at(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self {
            untried: addresses.into_iter().take(MAX_ADDRESSES).collect(),
            failure: None,
        }
    }

    /// Of several failures, that a machine is there and refuses says most.
    pub(crate) fn failed(&mut self, failure: Box<Down>) {
        match &self.failure {
            Some(before) if before.reason == DownReason::Refused => {}
            _ => self.failure = Some(failure),
        }
    }
}

/// Declared before what tells the result, so it is dropped after it.
struct WakeOnDrop(Waker);

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        self.0.wake_by_ref();
    }
}

/// How many addresses of one name are tried.
pub const MAX_ADDRESSES: usize = 8;
