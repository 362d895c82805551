//! The terminal's end of the link.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{fmt, mem};

use mio::Interest;
use mio::net::TcpListener;
use proto_core::link::{DownReason, Link, LinkInfo, LinkKind, Step};

use crate::client::CLOSE_LIMIT;
use crate::down;
use crate::guest::{Guest, Visit};
use crate::park::{Hooks, SOCKETS, WsPark};
use crate::socket::{Connection, Event};
use crate::stream::Stream;
use crate::url::DEFAULT_PATH;

/// The terminal's end of a Network Pay Display link: a WebSocket server that serves one point of sale
/// at a time (`protocol/link.md` §2).
///
/// It implements [`Link`] to the letter: it is up while a point of sale is connected, and a step on a
/// link that is down waits for one, without a limit. Its futures must be polled under
/// [`block_on`](proto_core::driver::block_on) with the [`WsPark`] that [`bind`](Self::bind) returns.
/// It listens from then on until it is dropped, [`close`](Link::close) or not.
///
/// Everybody else gets an HTTP answer with one sentence of plain text:
///
/// | Who | Answer |
/// |---|---|
/// | a second point of sale | 503; a [`WsClient`](crate::WsClient) reports it as `Taken` |
/// | a `Host` header that is not this machine itself, unless [`ServerOptions::allow_network`] | 403 |
/// | an `Origin` header that is not in [`ServerOptions::allowed_origins`] | 403 |
/// | another path | 404 |
/// | no WebSocket handshake | 426 |
/// | a broken one, or no HTTP | 400 |
/// | a method other than GET | 405 |
/// | a request over [`MAX_REQUEST`](crate::MAX_REQUEST) | 431 |
///
/// At most [`MAX_GUESTS`] connections are at that stage; one more takes the place of the oldest. They
/// make progress only while the link is stepped and has nothing else to report, so they never disturb
/// the one that is served.
///
/// Down reasons are those of an open connection, see [`WsClient`](crate::WsClient).
pub struct WsServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    options: ServerOptions,
    hooks: Hooks,
    served: Option<Box<Connection>>,
    guests: Vec<Guest>,
    /// Accepting failed for want of something; when to try again.
    accept_again: Option<Instant>,
    /// `close` was called, and the caller is told by the next step.
    left: bool,
}

/// Whom a [`WsServer`] serves, and how long it waits. Make one with `default()` and change what must
/// be different.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The path to serve, `/remote_pay` by default. A query behind it is ignored.
    pub path: String,
    /// Whether other machines may connect, under any host name. Off by default: then only a loopback
    /// address can be bound, and only requests to a loopback name or address are served.
    pub allow_network: bool,
    /// The origins (`https://till.example`) whose web pages may connect. None by default: browsers
    /// send the header `Origin`, tills do not.
    pub allowed_origins: Vec<String>,
    /// How long a connection may take from being accepted to being served or to having heard why
    /// not. 5 s by default.
    pub handshake_limit: Duration,
    /// How long [`close`](Link::close) waits for the other side to say goodbye too, and how long a
    /// goodbye may take to leave. 1 s by default.
    pub close_limit: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            path: DEFAULT_PATH.into(),
            allow_network: false,
            allowed_origins: Vec::new(),
            handshake_limit: HANDSHAKE_LIMIT,
            close_limit: CLOSE_LIMIT,
        }
    }
}

impl WsServer {
    /// Listens at `addr`; with port 0 at a free one, see [`local_addr`](Self::local_addr). The second
    /// part of the result is the park that the link must be run with.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `addr` is not loopback and [`ServerOptions::allow_network`] is not set; else
    /// the operating system's, above all `AddrInUse`.
    pub fn bind(addr: SocketAddr, options: ServerOptions) -> io::Result<(Self, WsPark)> {
        if !addr.ip().is_loopback() && !options.allow_network {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "other machines could connect there; bind 127.0.0.1, or allow the network",
            ));
        }
        let (park, hooks) = WsPark::new()?;
        let mut listener = TcpListener::bind(addr)?;
        hooks
            .registry
            .register(&mut listener, SOCKETS, Interest::READABLE)?;
        let server = Self {
            local_addr: listener.local_addr()?,
            listener,
            options,
            hooks,
            served: None,
            guests: Vec::new(),
            accept_again: None,
            left: false,
        };
        Ok((server, park))
    }

    /// Where it listens, with the port that was found if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

impl Link for WsServer {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let room = buf.len();
        let event = poll_fn(|context| self.poll(out, room, context)).await;
        event.into_step(buf)
    }

    /// As [`Link::close`] says, and a little more: it waits for the other side's goodbye, at most
    /// [`ServerOptions::close_limit`]. Messages that arrive meanwhile are thrown away. When it is
    /// done, the connection is gone, also those that were not served yet. The server goes on
    /// listening: the step after the one that reports the end waits for the next point of sale.
    async fn close(&mut self) {
        let until = Instant::now() + self.options.close_limit;
        poll_fn(|context| self.poll_close(until, context)).await;
    }
}

impl fmt::Debug for WsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsServer")
            .field("local_addr", &self.local_addr)
            .field("options", &self.options)
            .field("serving", &self.served.is_some())
            .finish_non_exhaustive()
    }
}

impl WsServer {
    fn poll(&mut self, out: Option<&[u8]>, room: usize, context: &mut Context<'_>) -> Poll<Event> {
        let event = self.work(out, room, context);
        if let Poll::Ready(Event::Down(_)) = event {
            self.served = None;
        }
        self.hooks.alarm.set(match event {
            Poll::Pending => self.deadline(),
            Poll::Ready(_) => None,
        });
        event
    }

    fn work(&mut self, out: Option<&[u8]>, room: usize, context: &mut Context<'_>) -> Poll<Event> {
        if mem::take(&mut self.left) {
            return Poll::Ready(Event::Down(down::down(DownReason::Local, "")));
        }
        // First, so that a point of sale that hung up and calls again at once is not told that it is
        // connected already.
        if let Some(served) = &mut self.served {
            let limit = self.options.close_limit;
            match served.poll(out, room, limit, context.waker()) {
                Poll::Pending => {}
                ready => return ready,
            }
        }
        self.accept(context);
        if let Some(info) = self.receive_guests() {
            return Poll::Ready(Event::Up(info));
        }
        match self.arm() {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Event::Down(down::system(&error))),
        }
    }

    fn poll_close(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let Some(served) = &mut self.served
            && served.poll_close(context.waker()).is_pending()
            && served.arm(&self.hooks.registry).is_ok()
            && Instant::now() < until
        {
            self.hooks.alarm.set(Some(until));
            return Poll::Pending;
        }
        self.served = None;
        self.guests.clear();
        self.left = true;
        self.hooks.alarm.set(None);
        Poll::Ready(())
    }

    /// Lets in who waits at the door.
    fn accept(&mut self, context: &mut Context<'_>) {
        self.accept_again = None;
        for _ in 0..ACCEPT_AT_ONCE {
            match self.listener.accept() {
                Ok((tcp, peer)) => {
                    if self.guests.len() >= MAX_GUESTS {
                        self.guests.remove(0);
                    }
                    // If the system cannot watch it, it is as if it had not come.
                    if let Ok(stream) = Stream::accepted(tcp, &self.hooks.registry) {
                        let limit = self.options.handshake_limit;
                        self.guests.push(Guest::new(stream, peer, limit));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_of_the_guest(&error) => {}
                Err(_) => {
                    // Out of handles or memory: who waits will not be announced again.
                    self.accept_again = Some(Instant::now() + ACCEPT_PAUSE);
                    return;
                }
            }
        }
        // There may be more, who will not be announced again.
        context.waker().wake_by_ref();
    }

    /// Goes on with everybody who is not served; returns who is from now on.
    fn receive_guests(&mut self) -> Option<LinkInfo> {
        let mut up = None;
        let mut taken = self.served.is_some() || self.guests.iter().any(Guest::is_welcome);
        for guest in mem::take(&mut self.guests) {
            match guest.poll(&self.options, taken) {
                Visit::Waiting(guest) => {
                    taken |= guest.is_welcome();
                    self.guests.push(guest);
                }
                Visit::Served(connection, peer) => {
                    taken = true;
                    self.served = Some(connection);
                    up = Some(LinkInfo::new(LinkKind::Network, &peer.to_string()));
                }
                Visit::Gone => {}
            }
        }
        up
    }

    fn arm(&mut self) -> io::Result<()> {
        let registry = &self.hooks.registry;
        self.guests.retain_mut(|guest| guest.arm(registry).is_ok());
        match &mut self.served {
            Some(served) => served.arm(registry),
            None => Ok(()),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let guests = self.guests.iter().map(Guest::deadline);
        let served = self.served.as_ref().and_then(|served| served.deadline());
        guests.chain(served).chain(self.accept_again).min()
    }
}

/// Whether only the one connection is gone that would have been accepted.
fn is_of_the_guest(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

/// How many connections a [`WsServer`] holds besides the one it serves.
pub const MAX_GUESTS: usize = 4;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// How many connections are accepted before other work gets its turn.
const ACCEPT_AT_ONCE: usize = 16;

const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
