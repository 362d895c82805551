//! What client and server share: an open WebSocket connection.

use std::io::{self, ErrorKind};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use mio::Registry;
use proto_core::link::{Down, DownReason, LinkInfo, Step};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::down;
use crate::stream::Stream;

/// What happened in one step; [`Step`] without the caller's buffer.
pub(crate) enum Event {
    Up(LinkInfo),
    Sent,
    /// It is given up if it does not fit: the caller was told before how long it is.
    Message(Utf8Bytes),
    NeedsRoom(usize),
    Down(Box<Down>),
}

impl Event {
    pub(crate) fn into_step(self, buf: &mut [u8]) -> Step<'_> {
        let text = match self {
            Self::Up(info) => return Step::Up(info),
            Self::Sent => return Step::Sent,
            Self::NeedsRoom(total) => return Step::NeedsRoom(total),
            Self::Down(down) => return Step::Down(*down),
            Self::Message(text) => text,
        };
        let message = text.as_bytes();
        let total = message.len();
        let fits = total.min(buf.len());
        let (room, _) = buf.split_at_mut(fits);
        room.copy_from_slice(message.split_at(fits).0);
        if fits == total {
            Step::Message(room)
        } else {
            Step::TooLong { head: room, total }
        }
    }
}

/// An open connection, either end.
pub(crate) struct Connection {
    socket: WebSocket<Stream>,
    /// A message that was read and not yet taken.
    held: Option<Utf8Bytes>,
    /// The caller knows the length of what is held.
    told: bool,
    sending: Sending,
    ended: Option<Ended>,
    /// This side said goodbye.
    closing: bool,
}

/// How far the caller's message is. It outlives the future of a step, so that a message is not sent
/// twice if that is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    Nothing,
    /// It is in the write buffer, maybe in part on its way.
    Queued,
    /// It has left, and the caller does not know yet.
    Left,
}

struct Ended {
    down: Box<Down>,
    /// There is a close frame to be sent until then.
    goodbye: Option<Instant>,
}

impl Connection {
    pub(crate) fn new(socket: WebSocket<Stream>) -> Box<Self> {
        Box::new(Self {
            socket,
            held: None,
            told: false,
            sending: Sending::Nothing,
            ended: None,
            closing: false,
        })
    }

    /// Writes and reads what can be written and read now. It is pending only if reading, and writing
    /// if there is something to write, would block.
    pub(crate) fn poll(
        &mut self,
        out: Option<&[u8]>,
        room: usize,
        close_limit: Duration,
        waker: &Waker,
    ) -> Poll<Event> {
        if self.closing {
            return Poll::Ready(Event::Down(down::down(DownReason::Local, "")));
        }
        // What was held before goes first, what has left comes next: neither direction can starve
        // the other.
        let held_before = self.held.is_some();
        if self.ended.is_none() {
            let result = self.send(out);
            self.note(result, close_limit);
        }
        if self.ended.is_none() && !held_before {
            let result = self.receive(waker);
            self.note(result, close_limit);
        }
        if held_before && let Some(event) = self.offer(room) {
            return Poll::Ready(event);
        }
        if out.is_some() && self.sending == Sending::Left {
            self.sending = Sending::Nothing;
            return Poll::Ready(Event::Sent);
        }
        if let Some(event) = self.offer(room) {
            return Poll::Ready(event);
        }
        self.finish()
    }

    /// Says goodbye and waits for the peer's; ready when nothing more is to be expected.
    pub(crate) fn poll_close(&mut self, waker: &Waker) -> Poll<()> {
        if !self.closing {
            self.closing = true;
            self.held = None;
            match self.say_goodbye(CloseCode::Normal) {
                Err(error) if !would_block(&error) => return Poll::Ready(()),
                _ => {}
            }
        }
        for _ in 0..IGNORED_AT_ONCE {
            match self.socket.read() {
                Ok(Message::Close(_)) => return Poll::Ready(()),
                Ok(_) => {}
                Err(error) if would_block(&error) => {
                    let over = match self.socket.flush() {
                        Ok(()) => false,
                        Err(error) => !would_block(&error),
                    };
                    return if over || self.stream().broken.is_some() {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    };
                }
                Err(_) => return Poll::Ready(()),
            }
        }
        waker.wake_by_ref();
        Poll::Pending
    }

    /// When it must be polled again at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.ended.as_ref().and_then(|ended| ended.goodbye)
    }

    /// Waits for what the last poll was refused.
    pub(crate) fn arm(&mut self, registry: &Registry) -> io::Result<()> {
        self.stream().arm(registry)
    }

    fn send(&mut self, out: Option<&[u8]>) -> Result<(), Box<Down>> {
        // Also without a message: answers to pings wait here for room.
        let flushed = self.flush()?;
        if flushed && self.sending == Sending::Queued {
            self.sending = Sending::Left;
        }
        let (Some(message), Sending::Nothing) = (out, self.sending) else {
            return Ok(());
        };
        let local = |what: &str| down::down(DownReason::Local, what);
        if message.len() > MAX_MESSAGE {
            return Err(local("the message to send is over the limit"));
        }
        let text =
            str::from_utf8(message).map_err(|_| local("the message to send is not UTF-8 text"))?;
        match self.socket.write(Message::text(text)) {
            // Also when it is refused, the message is in the buffer.
            Ok(()) => self.sending = Sending::Queued,
            Err(error) if would_block(&error) => self.sending = Sending::Queued,
            // Answers to pings are in the way. They go first, when there is room.
            Err(Error::WriteBufferFull(_)) => return Ok(()),
            Err(error) => return Err(down::open(error)),
        }
        if self.flush()? {
            self.sending = Sending::Left;
        }
        Ok(())
    }

    /// Whether everything has left.
    fn flush(&mut self) -> Result<bool, Box<Down>> {
        match self.socket.flush() {
            Ok(()) => Ok(self.stream().broken.is_none()),
            Err(error) if would_block(&error) => Ok(false),
            Err(error) => Err(down::open(error)),
        }
    }

    fn receive(&mut self, waker: &Waker) -> Result<(), Box<Down>> {
        for _ in 0..IGNORED_AT_ONCE {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    self.held = Some(text);
                    self.told = false;
                    return Ok(());
                }
                Ok(Message::Close(frame)) => return Err(down::closed(frame.as_ref())),
                // Binary messages are not expected (`protocol/link.md` §2.4), the rest is the library's.
                Ok(_) => {}
                Err(error) if would_block(&error) => {
                    return match self.stream().broken.take() {
                        Some(error) => Err(down::io(&error)),
                        None => Ok(()),
                    };
                }
                Err(error) => return Err(down::open(error)),
            }
        }
        // There may be more, of which no readiness will tell.
        waker.wake_by_ref();
        Ok(())
    }

    /// Remembers the end of the connection, which is reported when everything before it is.
    fn note(&mut self, result: Result<(), Box<Down>>, close_limit: Duration) {
        let Err(down) = result else { return };
        let goodbye = match down::close_code(&down) {
            Some(code) => match self.say_goodbye(code) {
                Err(error) if would_block(&error) => true,
                Ok(()) | Err(_) => false,
            },
            // The library has queued the answer to the peer's close.
            None => down.reason == DownReason::Closed,
        };
        let goodbye = goodbye.then(|| Instant::now() + close_limit);
        self.ended = Some(Ended { down, goodbye });
    }

    fn say_goodbye(&mut self, code: CloseCode) -> Result<(), Error> {
        self.socket.close(Some(CloseFrame {
            code,
            reason: Utf8Bytes::default(),
        }))
    }

    /// What is held, if there is something.
    fn offer(&mut self, room: usize) -> Option<Event> {
        let total = self.held.as_ref()?.len();
        if total > room && !self.told {
            self.told = true;
            return Some(Event::NeedsRoom(total));
        }
        self.held.take().map(Event::Message)
    }

    fn finish(&mut self) -> Poll<Event> {
        let Some(ended) = self.ended.take() else {
            return Poll::Pending;
        };
        if let Some(until) = ended.goodbye
            && let Err(error) = self.socket.flush()
            && would_block(&error)
            && Instant::now() < until
        {
            self.ended = Some(ended);
            return Poll::Pending;
        }
        Poll::Ready(Event::Down(ended.down))
    }

    fn stream(&mut self) -> &mut Stream {
        self.socket.get_mut()
    }
}

/// How the library is set up, both ends.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The longest message in bytes, either direction. A longer one that arrives takes the link down
/// ([`DownReason::TooLarge`]), and so does the attempt to send one ([`DownReason::Local`]).
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// It grows to the length of a message that is read.
const READ_BUFFER: usize = 8 * 1024;

/// One message, and answers to pings that a peer sends without reading.
const MAX_WRITE_BUFFER: usize = MAX_MESSAGE + 64 * 1024;

/// How many messages that are not for the caller are read before other work gets its turn.
const IGNORED_AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use proto_core::driver::Park;
    use tungstenite::protocol::Role;

    use super::*;
    use crate::park::{Hooks, WsPark};

    /// An open connection with its park.
    struct Rig {
        connection: Box<Connection>,
        park: WsPark,
        hooks: Hooks,
    }

    /// A connection and the other end of it.
    fn pair() -> (Rig, WebSocket<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_nonblocking(true).unwrap();
        let (park, hooks) = WsPark::new().unwrap();
        let tcp = mio::net::TcpStream::from_std(tcp);
        let stream = Stream::accepted(tcp, &hooks.registry).unwrap();
        let ours = WebSocket::from_raw_socket(stream, Role::Server, Some(config()));
        let theirs = WebSocket::from_raw_socket(peer, Role::Client, None);
        let rig = Rig {
            connection: Connection::new(ours),
            park,
            hooks,
        };
        (rig, theirs)
    }

    impl Rig {
        fn poll(&mut self, out: &[u8]) -> Poll<Event> {
            self.connection
                .poll(Some(out), MAX_MESSAGE, PATIENCE, &self.hooks.waker)
        }

        fn next(&mut self, out: &[u8]) -> Event {
            let until = Instant::now() + PATIENCE;
            loop {
                let event = self.poll(out);
                assert!(Instant::now() < until, "it hangs");
                if let Poll::Ready(event) = event {
                    return event;
                }
                self.connection.arm(&self.hooks.registry).unwrap();
                self.park.park(Some(PATIENCE)).unwrap();
            }
        }

        fn set_max_write_buffer(&mut self, max: usize) {
            let socket = &mut self.connection.socket;
            socket.set_config(|config| config.max_write_buffer_size = max);
        }
    }

    #[test]
    fn what_the_peer_said_before_it_went_is_read_although_writing_fails() {
        let (mut rig, mut peer) = pair();
        rig.connection.stream().finish_writing().unwrap();
        peer.send(Message::Ping("x".into())).unwrap();
        peer.send("last words".into()).unwrap();
        peer.close(None).unwrap();
        match rig.next(b"out") {
            Event::Message(text) => assert_eq!(text.as_str(), "last words"),
            _ => panic!("the message was lost"),
        }
        match rig.next(b"out") {
            Event::Down(down) => assert_eq!(down.reason, DownReason::Closed),
            _ => panic!("the close was lost"),
        }
    }

    #[test]
    fn a_connection_that_cannot_be_written_to_is_lost() {
        let (mut rig, _peer) = pair();
        rig.connection.stream().finish_writing().unwrap();
        match rig.next(b"out") {
            Event::Down(down) => assert_eq!(down.reason, DownReason::Lost),
            _ => panic!("nothing can have left"),
        }
    }

    #[test]
    fn a_message_waits_until_the_write_buffer_has_room_for_it() {
        let (mut rig, mut peer) = pair();
        let big = vec![b'x'; MAX_MESSAGE];
        let mut sent = 0;
        while rig.poll(&big).is_ready() {
            sent += 1;
        }
        // As if what is in the way were not the caller's message but answers to pings.
        rig.connection.sending = Sending::Nothing;
        rig.set_max_write_buffer(1);
        assert!(rig.poll(b"out").is_pending());
        assert!(rig.connection.sending == Sending::Nothing);
        rig.set_max_write_buffer(MAX_WRITE_BUFFER);
        let reader = std::thread::spawn(move || {
            let mut texts = 0;
            loop {
                texts += 1;
                if peer.read().unwrap().to_text().unwrap() == "out" {
                    return texts;
                }
            }
        });
        assert!(matches!(rig.next(b"out"), Event::Sent));
        assert_eq!(reader.join().unwrap(), sent + 2);
    }

    const PATIENCE: Duration = Duration::from_secs(10);
}
