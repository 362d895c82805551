//! A serial line for the simulator: the bytes of a TCP connection, as emulators and serial device servers make one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use proto_core::driver::{Park as _, ThreadPark};
use proto_core::link::{Link, Step};
use proto_core::serial::SerialLink;

/// What has come in and was not taken, in bytes: the other end waits behind it.
const ROOM: usize = 64 * 1_024;
/// How long the other end may take nothing of what is sent.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// A link over one TCP connection after the other.
pub struct TcpLine {
    shared: Arc<Shared>,
    line: Option<SerialLink<Half, Half>>,
}

impl TcpLine {
    /// Listens for the other end of the line. Also its park, and where it listens: port 0 is any free one.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn listen(address: SocketAddr) -> io::Result<(Self, ThreadPark, SocketAddr)> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let park = ThreadPark::new();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            waker: park.waker(),
        });
        let thread = Arc::clone(&shared);
        std::thread::Builder::new().spawn(move || thread.run(&listener))?;
        Ok((Self { shared, line: None }, park, address))
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
                    stream: Arc::new(stream),
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
        self.shared.hang_up();
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
    /// A connection that the link has not seen yet, and who made it.
    next: Option<(TcpStream, String)>,
    bytes: VecDeque<u8>,
    /// The connection gives nothing more.
    ended: bool,
    /// The link is done with it.
    hung_up: bool,
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

    /// The connection may go.
    fn hang_up(&self) {
        self.lock().hung_up = true;
        self.changed.notify_all();
    }

    /// Waits for the link.
    fn wait_until(&self, mut fits: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.lock(), |state| !fits(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: one connection after the other. It ends with the program.
    fn run(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let Ok(mut reader) = stream.try_clone() else {
                continue;
            };
            let peer = stream.peer_addr().map(|peer| peer.to_string());
            // Small messages that are waited for; and a line whose other end is stuck is down.
            let _ = stream.set_nodelay(true);
            let _ = stream.set_write_timeout(Some(WRITE_LIMIT));
            self.tell(|state| {
                *state = State {
                    next: Some((stream, peer.unwrap_or_default())),
                    ..State::default()
                };
            });
            let mut piece = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                let state = self.wait_until(|state| state.hung_up || state.bytes.len() < ROOM);
                if state.hung_up {
                    break;
                }
                drop(state);
                self.tell(|state| state.bytes.extend(piece.iter().take(count)));
            }
            self.tell(|state| state.ended = true);
            drop(self.wait_until(|state| state.hung_up));
        }
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
