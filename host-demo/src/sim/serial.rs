//! A serial line for the simulator: the bytes of a TCP connection, as emulators and serial device servers make one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use proto_core::driver::{Park as _, ThreadPark};
use proto_core::link::{Link, Step};
use proto_core::serial::SerialLink;

/// What has come in and was not taken, in bytes: the other end waits behind it.
const ROOM: usize = 64 * 1_024;
/// How long the other end may take nothing of what is sent.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// How long the thread may take to notice that it is to end.
const ENDING: Duration = Duration::from_secs(5);
/// The longest method of an HTTP request.
const METHOD: usize = 32;
/// The answer to an HTTP request.
const REFUSED: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A link over one TCP connection after the other. Dropping it closes them and ends its thread.
///
/// Nobody sees a connection before it has said something: one that begins as an HTTP request is refused, so that no
/// page in a browser can talk to the line.
pub struct TcpLine {
    shared: Arc<Shared>,
    line: Option<SerialLink<Half, Half>>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl TcpLine {
    /// Listens for the other end of the line. Also its park, and where it listens: port 0 is any free one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if other machines could connect to `address` and may not (`allow_network`); else those of the
    /// system.
    pub fn listen(
        address: SocketAddr,
        allow_network: bool,
    ) -> io::Result<(Self, ThreadPark, SocketAddr)> {
        if !address.ip().is_loopback() && !allow_network {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "other machines could connect there; take 127.0.0.1, or allow the network",
            ));
        }
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let park = ThreadPark::new();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            waker: park.waker(),
        });
        let run = Arc::clone(&shared);
        let thread = std::thread::Builder::new().spawn(move || run.run(&listener))?;
        let line = Self {
            shared,
            line: None,
            address,
            thread: Some(thread),
        };
        Ok((line, park, address))
    }
}

impl Link for TcpLine {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let line = match &mut self.line {
            Some(line) => line,
            none => {
                let shared = &self.shared;
                let (stream, name) = poll_fn(|_| match shared.lock().next.take() {
                    Some(next) => Poll::Ready(next),
                    None => Poll::Pending,
                })
                .await;
                let half = Half {
                    shared: Arc::clone(shared),
                    stream,
                };
                none.insert(SerialLink::new(half.clone(), half, &name))
            }
        };
        let step = line.step(out, buf).await;
        if matches!(step, Step::Down(_)) {
            self.line = None;
            self.shared.hang_up();
        }
        step
    }

    async fn close(&mut self) {
        if let Some(line) = &mut self.line {
            line.close().await;
        }
    }
}

impl Drop for TcpLine {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.hang_up();
        // Accepting has no other end than a connection.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let woken = TcpStream::connect_timeout(&address, ENDING).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

/// What the thread that reads and the link share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Of the link's thread.
    waker: Waker,
}

#[derive(Default)]
struct State {
    /// The connection that is there.
    stream: Option<Arc<TcpStream>>,
    /// The same, as long as the link has not seen it, and who made it.
    next: Option<(Arc<TcpStream>, String)>,
    bytes: VecDeque<u8>,
    /// The connection gives nothing more.
    ended: bool,
    /// The link is done with it.
    hung_up: bool,
    /// The link is gone.
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells the link.
    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.waker.wake_by_ref();
    }

    /// The connection goes, also for who waits for something from it.
    fn hang_up(&self) {
        let mut state = self.lock();
        state.hung_up = true;
        if let Some(stream) = state.stream.take() {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for the link.
    fn wait_until(&self, mut fits: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.lock(), |state| !fits(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: one connection after the other, until the link is gone.
    fn run(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            let mut state = self.lock();
            if state.stopped {
                return;
            }
            let Ok(stream) = stream.map(Arc::new) else {
                continue;
            };
            *state = State {
                stream: Some(Arc::clone(&stream)),
                ..State::default()
            };
            drop(state);
            self.serve(stream);
        }
    }

    /// One connection, until it ends or the link is done with it.
    fn serve(&self, stream: Arc<TcpStream>) {
        // Small messages that are waited for; and a line whose other end is stuck is down.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(WRITE_LIMIT));
        let Some(begin) = beginning(&stream) else {
            return;
        };
        let peer = stream.peer_addr().map(|peer| peer.to_string());
        self.tell(|state| {
            state.next = Some((Arc::clone(&stream), peer.unwrap_or_default()));
            state.bytes.extend(begin);
        });
        let mut piece = [0; 4_096];
        while let Ok(count @ 1..) = (&*stream).read(&mut piece) {
            let state = self.wait_until(|state| state.hung_up || state.bytes.len() < ROOM);
            if state.hung_up {
                return;
            }
            drop(state);
            self.tell(|state| state.bytes.extend(piece.iter().take(count)));
        }
        self.tell(|state| state.ended = true);
        drop(self.wait_until(|state| state.hung_up));
    }
}

/// What a connection says first; `None` if it says nothing, or is refused.
fn beginning(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut begin = Vec::new();
    let mut piece = [0; METHOD];
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        begin.extend(piece.iter().take(count));
        match is_http(&begin) {
            None => {}
            Some(false) => return Some(begin),
            Some(true) => {
                let _ = stream.write_all(REFUSED);
                let _ = stream.shutdown(Shutdown::Both);
                return None;
            }
        }
    }
}

/// Whether an HTTP request begins so: with the name of a method and a space. `None` if that is open as yet. A packet
/// begins with its length, which no letter is.
fn is_http(begin: &[u8]) -> Option<bool> {
    let letters = begin.iter().take_while(|byte| byte.is_ascii_uppercase());
    let name = letters.count();
    match begin.get(name) {
        None if name < METHOD => None,
        Some(b' ') => Some(name > 0),
        _ => Some(false),
    }
}

/// Either direction of a connection.
#[derive(Clone)]
struct Half {
    shared: Arc<Shared>,
    stream: Arc<TcpStream>,
}

impl ErrorType for Half {
    type Error = io::Error;
}

impl Read for Half {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = poll_fn(|_| {
            let mut state = self.shared.lock();
            let count = state.bytes.len().min(buf.len());
            if count == 0 && !state.ended {
                return Poll::Pending;
            }
            for (slot, byte) in buf.iter_mut().zip(state.bytes.drain(..count)) {
                *slot = byte;
            }
            Poll::Ready(count)
        })
        .await;
        self.shared.changed.notify_all();
        Ok(count)
    }
}

impl Write for Half {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self.stream).write(buf)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::pin::pin;
    use std::task::Context;

    use proto_core::driver::block_on;

    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    /// Longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What the link says next.
    fn step(line: &mut TcpLine, park: &mut ThreadPark) -> String {
        let mut buf = [0; 64];
        let step = block_on(park, || None, line.step(None, &mut buf)).unwrap();
        format!("{step:?}")
    }

    /// The other end is told that this is the end.
    fn ends(stream: &mut TcpStream) -> String {
        let mut said = Vec::new();
        // A connection that is reset has ended as well.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8(said).unwrap()
    }

    #[test]
    fn other_machines_are_let_in_only_when_asked_for() {
        let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let refused = TcpLine::listen(anywhere, false).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        let (_line, _park, address) = TcpLine::listen(anywhere, true).unwrap();
        connect(address);
    }

    #[test]
    fn what_begins_as_an_http_request_is_refused_and_seen_by_nobody() {
        let (mut line, mut park, address) = TcpLine::listen(LOOPBACK, false).unwrap();
        for head in [
            "GET / HTTP/1.1\r\n",
            "POST /x HTTP/1.1\r\nHost: localhost\r\n\r\nabc",
            "OPTIONS * ",
        ] {
            let mut page = connect(address);
            // In two pieces: nothing is let through before it is clear.
            page.write_all(&head.as_bytes()[..2]).unwrap();
            page.write_all(&head.as_bytes()[2..]).unwrap();
            let said = ends(&mut page);
            assert!(
                said.is_empty() || said.starts_with("HTTP/1.1 403 "),
                "{said}"
            );
        }
        let mut till = connect(address);
        till.write_all(b"GE\0").unwrap();
        let up = step(&mut line, &mut park);
        assert!(up.contains(&till.local_addr().unwrap().to_string()), "{up}");
    }

    #[test]
    fn a_request_is_told_from_a_packet_and_from_noise() {
        for (begin, verdict) in [
            (&b"\0\x10\0\0"[..], Some(false)),
            (b"GET", None),
            (b"GET /", Some(true)),
            (b"PROPFIND ", Some(true)),
            (b" GET", Some(false)),
            (b"GET\0", Some(false)),
            (&[b'X'; METHOD], Some(false)),
        ] {
            assert_eq!(is_http(begin), verdict, "{begin:?}");
        }
    }

    #[test]
    fn a_connection_that_the_link_is_done_with_is_closed_and_the_next_one_served() {
        let (mut line, mut park, address) = TcpLine::listen(LOOPBACK, false).unwrap();
        for _ in 0..2 {
            let mut till = connect(address);
            till.write_all(&[0]).unwrap();
            assert!(step(&mut line, &mut park).starts_with("Up"));
            till.shutdown(Shutdown::Write).unwrap();
            assert!(step(&mut line, &mut park).starts_with("Down"));
            assert_eq!(ends(&mut till), "");
        }
    }

    #[test]
    fn a_line_that_is_dropped_closes_its_connection_and_listens_no_more() {
        for says in [&b"\0"[..], b""] {
            let (mut line, mut park, address) = TcpLine::listen(LOOPBACK, false).unwrap();
            let mut till = connect(address);
            till.write_all(says).unwrap();
            if says.is_empty() {
                let mut buf = [0; 64];
                let mut step = pin!(line.step(None, &mut buf));
                let polled = step.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(polled.is_pending());
            } else {
                assert!(step(&mut line, &mut park).starts_with("Up"));
            }
            drop(line);
            assert_eq!(ends(&mut till), "");
            assert!(TcpStream::connect(address).is_err());
        }
    }
}
