//! The point of sale's end of the link.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{fmt, io, mem};

use proto_core::link::{Down, DownReason, Link, LinkInfo, LinkKind, Step};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::MidHandshake;
use tungstenite::{ClientHandshake, HandshakeError};

use crate::down;
use crate::park::{Hooks, WsPark};
use crate::resolve::{Attempts, Lookup, Resolve};
use crate::socket::{Connection, Event, config};
use crate::stream::Stream;
use crate::url::Address;

/// The point of sale's end of a Network Pay Display link: a WebSocket client (`protocol/link.md` §2).
///
/// It implements [`Link`] to the letter. Its futures must be polled under
/// [`block_on`](proto_core::driver::block_on) with the [`WsPark`] that [`new`](Self::new) returns.
/// Everything happens on the thread that does so, with one exception: a host name is resolved by a
/// helper thread, as the operating system offers no other way. It lives only as long as that takes,
/// there is never more than one per link, and it wakes the park when it is done. It cannot be
/// interrupted; if the link is dropped before, its answer is thrown away. `localhost` and IP addresses
/// need none.
///
/// A name's addresses are tried one after the other until one of them takes the connection.
///
/// Down reasons, besides those of an open connection:
///
/// | What happened | Reason |
/// |---|---|
/// | the name is not known, or not resolved within [`ClientOptions::connect_limit`] | `UnknownHost` |
/// | nothing listens at the port | `Refused` |
/// | no way to the machine, no answer within the limits | `Unreachable` |
/// | an HTTP answer other than 101, or no HTTP at all | `NotWebSocket`, with the HTTP status |
/// | a [`WsServer`](crate::WsServer) that serves another point of sale | `Taken` |
/// | connected, then closed or reset during the handshake | `Lost` |
///
/// Of an open connection: a close frame is `Closed` with its code and reason, a connection that ends
/// without one `Lost`, a breach of RFC 6455 `Protocol`, a message over
/// [`MAX_MESSAGE`](crate::MAX_MESSAGE) `TooLarge`, [`close`](Link::close) `Local`. A message to send
/// that is over the limit or not UTF-8 cannot be sent over any WebSocket: it takes the link down with
/// `Local` before anything of it has left.
pub struct WsClient {
    address: Address,
    options: ClientOptions,
    hooks: Hooks,
    state: State,
    /// A lookup under way. It outlives the attempt that began it, as it cannot be interrupted and
    /// there must not be two.
    lookup: Option<Lookup>,
    resolve: Resolve,
}

/// The times a [`WsClient`] waits. Make one with `default()` and change what must be different.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientOptions {
    /// How long connecting to one address may take, and how long resolving a name. 5 s by default
    /// (`protocol/link.md` §2.5).
    pub connect_limit: Duration,
    /// How long the WebSocket handshake may take once connected. 5 s by default.
    pub handshake_limit: Duration,
    /// How long [`close`](Link::close) waits for the other side to say goodbye too, and how long a
    /// goodbye may take to leave. 1 s by default.
    pub close_limit: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_limit: CONNECT_LIMIT,
            handshake_limit: HANDSHAKE_LIMIT,
            close_limit: CLOSE_LIMIT,
        }
    }
}

impl WsClient {
    /// A link to `address`, still down, and the park that it must be run with.
    ///
    /// # Errors
    ///
    /// The operating system's, if it has no more handles for the park.
    pub fn new(address: Address, options: ClientOptions) -> io::Result<(Self, WsPark)> {
        let (park, hooks) = WsPark::new()?;
        let client = Self {
            address,
            options,
            hooks,
            state: State::Down,
            lookup: None,
            resolve: |host, port| Ok((host, port).to_socket_addrs()?.collect()),
        };
        Ok((client, park))
    }

    /// Where it connects to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Link for WsClient {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let room = buf.len();
        let event = poll_fn(|context| self.poll(out, room, context)).await;
        event.into_step(buf)
    }

    /// As [`Link::close`] says, and a little more: it waits for the other side's goodbye, at most
    /// [`ClientOptions::close_limit`]. Messages that arrive meanwhile are thrown away. When it is
    /// done, the socket is gone.
    async fn close(&mut self) {
        let until = Instant::now() + self.options.close_limit;
        poll_fn(|context| self.poll_close(until, context)).await;
    }
}

impl fmt::Debug for WsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsClient")
            .field("address", &format_args!("{}", self.address))
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What the link is about. Every way in ends in `Open`, every failure in `Down`.
enum State {
    Down,
    Resolving {
        until: Instant,
    },
    Connecting {
        stream: Stream,
        to: SocketAddr,
        until: Instant,
        attempts: Attempts,
    },
    Handshake {
        handshake: Box<MidHandshake<ClientHandshake<Stream>>>,
        peer: SocketAddr,
        until: Instant,
    },
    Open(Box<Connection>),
    /// `close` was called, and the caller is told by the next step.
    Left,
}

/// What came of one move of the state machine.
enum Move {
    To(State),
    Up(Box<Connection>, SocketAddr),
    /// Nothing to be done until a socket or the alarm says so.
    Wait(State),
}

impl WsClient {
    fn poll(&mut self, out: Option<&[u8]>, room: usize, context: &mut Context<'_>) -> Poll<Event> {
        let event = match &mut self.state {
            State::Open(connection) => {
                let limit = self.options.close_limit;
                match connection.poll(out, room, limit, context.waker()) {
                    Poll::Pending => match connection.arm(&self.hooks.registry) {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(Event::Down(down::system(&error))),
                    },
                    ready => ready,
                }
            }
            State::Left => Poll::Ready(Event::Down(down::down(DownReason::Local, ""))),
            _ => self.bring_up(),
        };
        if let Poll::Ready(Event::Down(_)) = event {
            self.state = State::Down;
        }
        self.hooks.alarm.set(match event {
            Poll::Pending => self.deadline(),
            Poll::Ready(_) => None,
        });
        event
    }

    fn poll_close(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let State::Open(connection) = &mut self.state
            && connection.poll_close(context.waker()).is_pending()
            && connection.arm(&self.hooks.registry).is_ok()
            && Instant::now() < until
        {
            self.hooks.alarm.set(Some(until));
            return Poll::Pending;
        }
        self.state = State::Left;
        self.hooks.alarm.set(None);
        Poll::Ready(())
    }

    fn bring_up(&mut self) -> Poll<Event> {
        loop {
            let next = match mem::replace(&mut self.state, State::Down) {
                State::Resolving { until } => self.resolving(until),
                State::Connecting {
                    stream,
                    to,
                    until,
                    attempts,
                } => self.connecting(stream, to, until, attempts),
                State::Handshake {
                    handshake,
                    peer,
                    until,
                } => self.handshaking(*handshake, peer, until),
                State::Down | State::Open(_) | State::Left => self.start(),
            };
            match next {
                Ok(Move::To(state)) => self.state = state,
                Ok(Move::Wait(state)) => {
                    self.state = state;
                    return Poll::Pending;
                }
                Ok(Move::Up(connection, peer)) => {
                    self.state = State::Open(connection);
                    let info = LinkInfo::new(LinkKind::Network, &peer.to_string());
                    return Poll::Ready(Event::Up(info));
                }
                Err(down) => return Poll::Ready(Event::Down(down)),
            }
        }
    }

    fn start(&mut self) -> Result<Move, Box<Down>> {
        let port = self.address.port();
        if let Some(ip) = self.address.ip() {
            return self.connect(Attempts::at([SocketAddr::new(ip, port)]));
        }
        if self.address.is_localhost() {
            let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return self.connect(Attempts::at(both.map(|ip| SocketAddr::new(ip, port))));
        }
        if self.lookup.is_none() {
            let (host, waker) = (self.address.host(), self.hooks.waker.clone());
            let lookup = Lookup::begin(host, port, self.resolve, waker);
            self.lookup = Some(lookup.map_err(|error| down::system(&error))?);
        }
        let until = Instant::now() + self.options.connect_limit;
        Ok(Move::To(State::Resolving { until }))
    }

    fn resolving(&mut self, until: Instant) -> Result<Move, Box<Down>> {
        let unknown = |why: &dyn fmt::Display| down::down(DownReason::UnknownHost, why);
        let Some(answer) = self.lookup.as_ref().and_then(Lookup::answer) else {
            return if Instant::now() < until {
                Ok(Move::Wait(State::Resolving { until }))
            } else {
                Err(unknown(&"the name service does not answer"))
            };
        };
        self.lookup = None;
        match answer {
            Ok(addresses) => self.connect(Attempts::at(addresses)),
            Err(error) => Err(unknown(&error)),
        }
    }

    fn connect(&self, mut attempts: Attempts) -> Result<Move, Box<Down>> {
        while let Some(to) = attempts.untried.pop_front() {
            match Stream::connect(to, &self.hooks.registry) {
                Ok(stream) => {
                    return Ok(Move::To(State::Connecting {
                        stream,
                        to,
                        until: Instant::now() + self.options.connect_limit,
                        attempts,
                    }));
                }
                Err(error) => attempts.failed(down::connecting(to, &error)),
            }
        }
        Err(attempts.failure.unwrap_or_else(|| {
            down::down(DownReason::UnknownHost, "there is no address of that name")
        }))
    }

    fn connecting(
        &self,
        stream: Stream,
        to: SocketAddr,
        until: Instant,
        mut attempts: Attempts,
    ) -> Result<Move, Box<Down>> {
        match stream.connected() {
            Ok(true) => return self.shake_hands(stream, to),
            Ok(false) if Instant::now() < until => {
                return Ok(Move::Wait(State::Connecting {
                    stream,
                    to,
                    until,
                    attempts,
                }));
            }
            Ok(false) => {
                let ms = self.options.connect_limit.as_millis();
                let what = format_args!("{to}: no answer within {ms} ms");
                attempts.failed(down::down(DownReason::Unreachable, what));
            }
            Err(error) => attempts.failed(down::connecting(to, &error)),
        }
        self.connect(attempts)
    }

    fn shake_hands(&self, stream: Stream, peer: SocketAddr) -> Result<Move, Box<Down>> {
        let handshake = self
            .address
            .to_string()
            .into_client_request()
            .and_then(|request| ClientHandshake::start(stream, request, Some(config())))
            .map_err(down::handshake)?;
        Ok(Move::To(State::Handshake {
            handshake: Box::new(handshake),
            peer,
            until: Instant::now() + self.options.handshake_limit,
        }))
    }

    fn handshaking(
        &self,
        handshake: MidHandshake<ClientHandshake<Stream>>,
        peer: SocketAddr,
        until: Instant,
    ) -> Result<Move, Box<Down>> {
        let mut handshake = match handshake.handshake() {
            Ok((socket, _)) => return Ok(Move::Up(Connection::new(socket), peer)),
            Err(HandshakeError::Failure(error)) => return Err(down::handshake(error)),
            Err(HandshakeError::Interrupted(handshake)) => handshake,
        };
        let stream = handshake.get_mut().get_mut();
        if let Some(error) = &stream.broken {
            return Err(down::io(error));
        }
        if Instant::now() >= until {
            let ms = self.options.handshake_limit.as_millis();
            let what = format_args!("{peer}: connected, but no answer within {ms} ms");
            return Err(down::down(DownReason::Unreachable, what));
        }
        stream
            .arm(&self.hooks.registry)
            .map_err(|error| down::system(&error))?;
        Ok(Move::Wait(State::Handshake {
            handshake: Box::new(handshake),
            peer,
            until,
        }))
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Down | State::Left => None,
            State::Resolving { until }
            | State::Connecting { until, .. }
            | State::Handshake { until, .. } => Some(*until),
            State::Open(connection) => connection.deadline(),
        }
    }
}

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

pub(crate) const CLOSE_LIMIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proto_core::driver::block_on;

    use super::*;
    use crate::resolve::MAX_ADDRESSES;
    use crate::url::parse_address;

    /// Less than the default limits, so that nothing here is found out by them.
    const PATIENCE: Duration = Duration::from_secs(4);

    /// A client of the name `terminal`, which this resolves.
    fn named(port: u16, resolve: Resolve) -> (WsClient, WsPark) {
        let address = parse_address(&format!("ws://terminal:{port}"), true).unwrap();
        let options = ClientOptions {
            handshake_limit: Duration::from_millis(20),
            ..ClientOptions::default()
        };
        let (mut client, park) = WsClient::new(address, options).unwrap();
        client.resolve = resolve;
        (client, park)
    }

    fn down(client: &mut WsClient, park: &mut WsPark) -> Down {
        let until = Instant::now() + PATIENCE;
        let mut step = pin!(client.step(None, &mut []));
        let limited = poll_fn(|context| {
            let step = step.as_mut().poll(context);
            assert!(Instant::now() < until, "it hangs");
            step
        });
        match block_on(park, || Some(until), limited).unwrap() {
            Step::Down(down) => down,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_name_is_reported_again_and_again() {
        let (mut client, mut park) = named(1, |host, _| {
            assert_eq!(host, "terminal");
            Err(io::Error::other("no such host"))
        });
        for _ in 0..2 {
            let down = down(&mut client, &mut park);
            assert_eq!(down.reason, DownReason::UnknownHost);
            assert_eq!(down.detail.as_str(), "no such host");
        }
    }

    #[test]
    fn a_name_without_an_address_is_unknown() {
        let (mut client, mut park) = named(1, |_, _| Ok(Vec::new()));
        assert_eq!(down(&mut client, &mut park).reason, DownReason::UnknownHost);
    }

    #[test]
    fn a_lookup_that_panics_is_an_unknown_name() {
        let (mut client, mut park) = named(1, |_, _| std::panic::resume_unwind(Box::new(())));
        assert_eq!(down(&mut client, &mut park).reason, DownReason::UnknownHost);
    }

    /// The addresses of the name: two that refuse, then one that answers (and then says nothing).
    #[test]
    fn every_address_of_a_name_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (mut client, mut park) = named(listener.local_addr().unwrap().port(), |_, port| {
            let at = |last| SocketAddr::from(([127, 0, 0, last], port));
            let v6 = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
            Ok(vec![at(9), v6, at(1)])
        });
        let down = down(&mut client, &mut park);
        assert_eq!(down.reason, DownReason::Unreachable);
        assert!(down.detail.as_str().starts_with("127.0.0.1:"), "{down}");
        assert!(down.detail.as_str().contains("connected, but"), "{down}");
        listener.accept().unwrap();
    }

    #[test]
    fn no_more_addresses_are_tried_than_the_limit() {
        let many = (0..100).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(Attempts::at(many).untried.len(), MAX_ADDRESSES);
    }

    #[test]
    fn a_slow_lookup_is_given_up_in_time_and_never_begun_twice() {
        static BEGUN: AtomicUsize = AtomicUsize::new(0);
        static GATE: Mutex<()> = Mutex::new(());
        let closed = GATE.lock().unwrap();
        let (mut client, mut park) = named(1, |_, _| {
            BEGUN.fetch_add(1, Ordering::Relaxed);
            drop(GATE.lock());
            Err(io::Error::other("at last"))
        });
        client.options.connect_limit = Duration::from_millis(20);
        for _ in 0..2 {
            let down = down(&mut client, &mut park);
            assert_eq!(down.reason, DownReason::UnknownHost);
            assert!(down.detail.as_str().contains("does not answer"), "{down}");
        }
        drop(closed);
        client.options.connect_limit = CONNECT_LIMIT;
        let down = down(&mut client, &mut park);
        assert_eq!(down.detail.as_str(), "at last");
        assert_eq!(BEGUN.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_link_that_is_dropped_while_it_resolves_leaves_nothing_to_wait_for() {
        static GATE: Mutex<()> = Mutex::new(());
        let closed = GATE.lock().unwrap();
        let (mut client, mut park) = named(1, |_, _| {
            drop(GATE.lock());
            Ok(Vec::new())
        });
        client.options.connect_limit = Duration::from_millis(1);
        assert_eq!(down(&mut client, &mut park).reason, DownReason::UnknownHost);
        drop((client, park));
        drop(closed);
    }

    #[test]
    fn that_a_machine_refuses_says_more_than_that_another_is_silent() {
        let mut attempts = Attempts::at([]);
        for reason in [
            DownReason::System,
            DownReason::Refused,
            DownReason::Unreachable,
        ] {
            attempts.failed(down::down(reason, ""));
        }
        assert_eq!(attempts.failure.unwrap().reason, DownReason::Refused);
    }

    #[test]
    fn every_path_an_address_can_have_makes_a_request() {
        let path: String = (b'!'..=b'~').map(char::from).collect();
        let bad = |c: char| parse_address(&format!("localhost/{c}"), false).is_err();
        let path = path.replace(bad, "");
        let address = parse_address(&format!("localhost/{path}"), false).unwrap();
        let request = address.to_string().into_client_request().unwrap();
        assert_eq!(request.uri().path_and_query().unwrap(), address.path());
    }
}
