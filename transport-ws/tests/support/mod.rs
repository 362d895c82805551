//! What the tests share: a link that cannot hang, and a peer on a thread of its own.
#![allow(dead_code)] // Not every test program uses everything.

use std::future::poll_fn;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use proto_core::driver::{Park, block_on};
use proto_core::link::{Down, DownReason, Link, LinkKind, Step};
use transport_ws::{
    Address, ClientOptions, MAX_MESSAGE, ServerOptions, WsClient, WsPark, WsServer, parse_address,
};
use tungstenite::WebSocket;

/// Longer than anything takes; whoever waits that long fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A step's result, owned.
#[derive(Debug, PartialEq)]
pub(crate) enum Got {
    Up,
    Sent,
    Message(Vec<u8>),
    NeedsRoom(usize),
    TooLong(Vec<u8>, usize),
    Down(Down),
}

impl Got {
    pub(crate) fn from_step(step: Step<'_>) -> Self {
        match step {
            Step::Up(info) => {
                assert_eq!(info.kind, LinkKind::Network);
                assert_eq!(info.max_piece, None);
                let peer: SocketAddr = info.peer.as_str().parse().unwrap();
                assert!(peer.ip().is_loopback());
                Self::Up
            }
            Step::Sent => Self::Sent,
            Step::Message(message) => Self::Message(message.to_vec()),
            Step::NeedsRoom(total) => Self::NeedsRoom(total),
            Step::TooLong { head, total } => Self::TooLong(head.to_vec(), total),
            Step::Garbled(error) => panic!("a WebSocket is no bare stream: {error}"),
            Step::Down(down) => Self::Down(down),
            Step::Waiting(down) => panic!("a socket does not wait by itself: {down}"),
        }
    }

    #[track_caller]
    pub(crate) fn down(self) -> Down {
        match self {
            Self::Down(down) => down,
            other => panic!("down was expected, not {other:?}"),
        }
    }
}

/// A link with its park and a buffer.
pub(crate) struct Rig<L> {
    pub(crate) link: L,
    pub(crate) park: WsPark,
    pub(crate) buf: Vec<u8>,
    /// The other end, if it is a thread of the test.
    pub(crate) peer: Option<Worker>,
}

impl<L: Link> Rig<L> {
    pub(crate) fn new((link, park): (L, WsPark)) -> Self {
        Self {
            link,
            park,
            buf: vec![0; MAX_MESSAGE],
            peer: None,
        }
    }

    #[track_caller]
    pub(crate) fn step(&mut self, out: Option<&[u8]>) -> Got {
        let room = self.buf.len();
        self.step_with(out, room)
    }

    #[track_caller]
    pub(crate) fn step_with(&mut self, out: Option<&[u8]>, room: usize) -> Got {
        let step = self.link.step(out, &mut self.buf[..room]);
        Got::from_step(run(&mut self.park, step))
    }

    #[track_caller]
    pub(crate) fn send(&mut self, message: &str) {
        assert_eq!(self.step(Some(message.as_bytes())), Got::Sent);
    }

    #[track_caller]
    pub(crate) fn receive(&mut self, message: &str) {
        assert_eq!(self.step(None), Got::Message(message.into()));
    }

    #[track_caller]
    pub(crate) fn up(mut self) -> Self {
        assert_eq!(self.step(None), Got::Up);
        self
    }

    #[track_caller]
    pub(crate) fn down(&mut self) -> Down {
        self.step(None).down()
    }

    #[track_caller]
    pub(crate) fn close(&mut self) {
        run(&mut self.park, self.link.close());
        assert_eq!(self.down().reason, DownReason::Local);
    }

    /// The next step with its future dropped after every single poll.
    #[track_caller]
    pub(crate) fn chopped_step(&mut self, out: Option<&[u8]>) -> Got {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut step = pin!(self.link.step(out, &mut self.buf));
            let once = poll_fn(|context| Poll::Ready(step.as_mut().poll(context)));
            if let Poll::Ready(step) = block_on(&mut self.park, || None, once).unwrap() {
                return Got::from_step(step);
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it hangs");
            self.park.park(Some(left)).unwrap();
        }
    }

    /// Sends this again and again until there is no room for more on the way, nor comes any by itself;
    /// the last one is still to be finished.
    #[track_caller]
    pub(crate) fn fill(&mut self, message: &[u8]) {
        // The system announces room when there is a good deal of it; a little may come unannounced.
        let mut quiet = 0;
        for _ in 0..1000 {
            let mut step = pin!(self.link.step(Some(message), &mut self.buf));
            let once = poll_fn(|context| Poll::Ready(step.as_mut().poll(context)));
            match block_on(&mut self.park, || None, once).unwrap() {
                Poll::Pending if quiet == 3 => return,
                Poll::Pending => {
                    let limit = Duration::from_millis(15);
                    let start = Instant::now();
                    self.park.park(Some(limit)).unwrap();
                    quiet = if start.elapsed() >= limit {
                        quiet + 1
                    } else {
                        0
                    };
                }
                Poll::Ready(step) => {
                    assert_eq!(Got::from_step(step), Got::Sent);
                    quiet = 0;
                }
            }
        }
        panic!("there is always room");
    }

    /// Waits for the peer's end, and passes on its panic.
    pub(crate) fn join(mut self) {
        let peer = self.peer.take().unwrap();
        drop(self);
        peer.join();
    }
}

/// A thread whose end is not waited for for ever.
pub(crate) struct Worker<T = ()> {
    handle: JoinHandle<T>,
    ended: Receiver<()>,
}

pub(crate) fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Worker<T> {
    let (ends, ended) = channel::<()>();
    let handle = thread::spawn(move || {
        let _ends = ends;
        work()
    });
    Worker { handle, ended }
}

impl<T> Worker<T> {
    /// What it returns; its panic is passed on.
    #[track_caller]
    pub(crate) fn join(self) -> T {
        let end = self.ended.recv_timeout(PATIENCE);
        assert_eq!(end, Err(RecvTimeoutError::Disconnected), "it hangs");
        match self.handle.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Runs a future, but not for ever.
#[track_caller]
pub(crate) fn run<F: Future>(park: &mut WsPark, future: F) -> F::Output {
    let until = Instant::now() + PATIENCE;
    let mut future = pin!(future);
    // What is done only because the test looked again at the end was not going to be done.
    let limited = poll_fn(|context| match future.as_mut().poll(context) {
        _ if Instant::now() >= until => Poll::Ready(None),
        ready => ready.map(Some),
    });
    let output = block_on(park, || Some(until), limited).unwrap();
    output.expect("it hangs")
}

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

pub(crate) fn address_of(addr: SocketAddr) -> Address {
    parse_address(&format!("ws://{addr}"), false).unwrap()
}

pub(crate) fn client(addr: SocketAddr) -> Rig<WsClient> {
    Rig::new(WsClient::new(address_of(addr), ClientOptions::default()).unwrap())
}

pub(crate) fn server() -> Rig<WsServer> {
    Rig::new(WsServer::bind(loopback(), ServerOptions::default()).unwrap())
}

/// A listener whose every connection, one after the other, is given to `serve`.
pub(crate) fn listen(
    connections: usize,
    serve: impl Fn(TcpStream) + Send + 'static,
) -> (SocketAddr, Worker) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = spawn(move || {
        for _ in 0..connections {
            serve(patient(listener.accept().unwrap().0));
        }
    });
    (addr, thread)
}

/// A port at which nobody listens and nobody is going to: an open connection occupies it.
pub(crate) struct DeadPort {
    _listener: TcpListener,
    pub(crate) addr: SocketAddr,
    _connection: TcpStream,
}

impl DeadPort {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(loopback()).unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Self {
            _listener: listener,
            addr: connection.local_addr().unwrap(),
            _connection: connection,
        }
    }
}

/// A blocking connection that gives up rather than hang.
pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(addr).unwrap())
}

pub(crate) fn patient(tcp: TcpStream) -> TcpStream {
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp.set_write_timeout(Some(PATIENCE)).unwrap();
    tcp
}

/// Sends what is left and waits until the other side hangs up.
pub(crate) fn hang_up(tcp: &mut TcpStream) {
    tcp.shutdown(Shutdown::Write).unwrap();
    std::io::copy(tcp, &mut std::io::sink()).unwrap();
}

pub(crate) type Peer = WebSocket<TcpStream>;

/// A [`WsClient`] that is about to connect to a real server with this behaviour.
pub(crate) fn client_with(peer: impl Fn(Peer) + Send + 'static) -> Rig<WsClient> {
    let (addr, thread) = listen(1, move |tcp| peer(tungstenite::accept(tcp).unwrap()));
    let mut rig = client(addr);
    rig.peer = Some(thread);
    rig
}

/// A [`WsServer`] to which a real client with this behaviour is about to connect.
pub(crate) fn server_with(peer: impl Fn(Peer) + Send + 'static) -> Rig<WsServer> {
    let mut rig = server();
    let addr = rig.link.local_addr();
    rig.peer = Some(spawn(move || peer(dial(addr))));
    rig
}

/// A real client that has connected to a [`WsServer`].
pub(crate) fn dial(addr: SocketAddr) -> Peer {
    let url = format!("ws://{addr}/remote_pay");
    tungstenite::client(url, connect(addr)).unwrap().0
}

/// The same test for both ends of the link.
#[macro_export]
macro_rules! both_ends {
    ($name:ident, $peer:expr, $check:path) => {
        mod $name {
            use super::*;
            #[test]
            fn client() {
                $check(client_with($peer));
            }
            #[test]
            fn server() {
                $check(server_with($peer));
            }
        }
    };
}
