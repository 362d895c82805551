//! The socket below a connection.
//!
//! The readiness of a socket is told once per change, so whoever waits must have been refused
//! (`WouldBlock`) in every direction it waits for. [`Stream`] keeps that in one place: it remembers
//! whether a write was refused, and [`Stream::arm`] waits for room only then. To wait for room always
//! would never let the thread rest on Windows, where a refused read asks for all readiness anew.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::TcpStream;
use mio::{Interest, Registry};

use crate::park::SOCKETS;

/// A TCP connection that is registered with the park of its link. TLS will stand between it and the
/// WebSocket.
pub(crate) struct Stream {
    tcp: TcpStream,
    armed: Interest,
    /// The last write was refused for want of room.
    full: bool,
    /// Writing failed for good. What is written from then on is thrown away, so that what the peer
    /// said before it went can still be read.
    pub(crate) broken: Option<io::Error>,
}

impl Stream {
    /// Begins to connect; [`connected`](Self::connected) tells when it is done.
    pub(crate) fn connect(to: SocketAddr, registry: &Registry) -> io::Result<Self> {
        Self::register(TcpStream::connect(to)?, Interest::WRITABLE, registry)
    }

    /// A connection that a listener has accepted.
    pub(crate) fn accepted(tcp: TcpStream, registry: &Registry) -> io::Result<Self> {
        let stream = Self::register(tcp, Interest::READABLE, registry)?;
        stream.hurry();
        Ok(stream)
    }

    fn register(mut tcp: TcpStream, armed: Interest, registry: &Registry) -> io::Result<Self> {
        registry.register(&mut tcp, SOCKETS, armed)?;
        Ok(Self {
            tcp,
            armed,
            full: false,
            broken: None,
        })
    }

    /// Whether it is connected by now.
    pub(crate) fn connected(&self) -> io::Result<bool> {
        if let Some(error) = self.tcp.take_error()? {
            return Err(error);
        }
        match self.tcp.peer_addr() {
            // Where nobody listens, TCP may connect a socket to itself. It would hold the port that
            // the server is going to need.
            Ok(peer) if peer == self.tcp.local_addr()? => Err(ErrorKind::ConnectionRefused.into()),
            Ok(_) => {
                self.hurry();
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for something to read, and for room if a write was refused.
    pub(crate) fn arm(&mut self, registry: &Registry) -> io::Result<()> {
        let wanted = if self.full {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        if wanted != self.armed {
            registry.reregister(&mut self.tcp, SOCKETS, wanted)?;
            self.armed = wanted;
        }
        Ok(())
    }

    /// Ends the writing direction.
    pub(crate) fn finish_writing(&self) -> io::Result<()> {
        self.tcp.shutdown(Shutdown::Write)
    }

    /// Messages are small and waited for.
    fn hurry(&self) {
        // Without it the link is slower, not wrong.
        let _ = self.tcp.set_nodelay(true);
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tcp.read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        while self.broken.is_none() {
            self.full = false;
            match self.tcp.write(buf) {
                Ok(0) if !buf.is_empty() => self.broken = Some(ErrorKind::WriteZero.into()),
                Ok(n) => return Ok(n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.full = true;
                    return Err(error);
                }
                Err(error) => self.broken = Some(error),
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::WsPark;

    #[test]
    fn small_messages_are_not_held_back() {
        let (_park, hooks) = WsPark::new().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let ours = Stream::connect(to, &hooks.registry).unwrap();
        let (theirs, _) = listener.accept().unwrap();
        assert!(ours.connected().unwrap());
        assert!(ours.tcp.nodelay().unwrap());
        theirs.set_nonblocking(true).unwrap();
        let theirs = Stream::accepted(TcpStream::from_std(theirs), &hooks.registry).unwrap();
        assert!(theirs.tcp.nodelay().unwrap());
    }

    #[test]
    fn a_write_that_failed_is_not_tried_again() {
        let (_park, hooks) = WsPark::new().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let mut ours = Stream::connect(to, &hooks.registry).unwrap();
        let _theirs = listener.accept().unwrap();
        ours.finish_writing().unwrap();
        assert_eq!(ours.write(b"lost").unwrap(), 4);
        assert!(ours.broken.is_some());
        assert_eq!(ours.write(b"too").unwrap(), 3);
    }
}
