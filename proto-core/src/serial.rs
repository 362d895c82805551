//! Serial lines: the packet stream of USB over any byte stream (`protocol/link.md` §1.7).
//!
//! For a super-loop there are [`Inlet`] and [`Outlet`] (feature `embedded-io`), which never wait; for an
//! executor there is [`SerialLink`] (feature `embedded-io-async`), a [`Link`](crate::link::Link).
//!
//! A bare line has no checksum: a changed byte that leaves a legal message cannot be seen. Where amounts
//! travel, the line must protect them.

use crate::wire::{Packet, Packets};

/// How much is taken from the line at once, in bytes.
const CHUNK: usize = 64;

/// Bytes that were read and not used yet.
#[derive(Debug)]
struct Chunk {
    bytes: [u8; CHUNK],
    start: usize,
    end: usize,
}

impl Chunk {
    const fn new() -> Self {
        Self {
            bytes: [0; CHUNK],
            start: 0,
            end: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    fn used(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    fn filled(&mut self, count: usize) {
        self.start = 0;
        self.end = count.min(CHUNK);
    }
}

/// How much of the message that is being sent has left: which packet, and how many bytes of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    packet: usize,
    byte: usize,
}

impl Progress {
    /// What is to be written next of the message, at most the rest of one piece; `None` when all has left,
    /// or if the message cannot be sent at all.
    fn next<R>(self, message: &[u8], take: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let packet: Packet<'_> = Packets::new(message, None)?.nth(self.packet)?;
        let head = packet.head.get(self.byte..).unwrap_or_default();
        if !head.is_empty() {
            return Some(take(head));
        }
        let text = self.byte.saturating_sub(packet.head.len());
        Some(take(packet.text.get(text..)?))
    }

    /// `count` bytes of the message have left.
    fn left(&mut self, message: &[u8], count: usize) {
        let packet = Packets::new(message, None).and_then(|mut packets| packets.nth(self.packet));
        let len = packet.map_or(0, |packet| {
            packet.head.len().saturating_add(packet.text.len())
        });
        self.byte = self.byte.saturating_add(count);
        if self.byte >= len {
            self.packet = self.packet.saturating_add(1);
            self.byte = 0;
        }
    }

    /// Whether all of the message has left.
    fn is_done(self, message: &[u8]) -> bool {
        Packets::new(message, None).is_none_or(|mut packets| packets.nth(self.packet).is_none())
    }
}

#[cfg(feature = "embedded-io")]
mod blocking {
    use super::{Chunk, Progress};
    use crate::wire::{Frame, Framer};
    use embedded_io::{Read, ReadReady, Write, WriteReady};

    /// The receiving half for a super-loop: takes what is there and returns.
    #[derive(Debug)]
    pub struct Inlet {
        framer: Framer,
        chunk: Chunk,
    }

    impl Default for Inlet {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Inlet {
        /// An inlet at the beginning of a stream.
        #[must_use]
        pub const fn new() -> Self {
            Self {
                framer: Framer::new(),
                chunk: Chunk::new(),
            }
        }

        /// Reads what the line has, until something is complete or the line has nothing more. `buf` must stay
        /// the same until a message is whole.
        ///
        /// # Errors
        ///
        /// The line's error.
        pub fn read<'b, T: Read + ReadReady>(
            &mut self,
            line: &mut T,
            buf: &'b mut [u8],
        ) -> Result<Option<Frame<'b>>, T::Error> {
            loop {
                while !self.chunk.rest().is_empty() {
                    let (used, done) = self.framer.advance(self.chunk.rest(), buf);
                    self.chunk.used(used);
                    if let Some(done) = done {
                        return Ok(Some(done.frame(buf)));
                    }
                }
                if !line.read_ready()? {
                    return Ok(None);
                }
                let count = line.read(&mut self.chunk.bytes)?;
                self.chunk.filled(count);
                if count == 0 {
                    return Ok(None);
                }
            }
        }
    }

    /// The sending half for a super-loop: writes what the line takes and returns.
    #[derive(Debug, Default)]
    pub struct Outlet(Progress);

    impl Outlet {
        /// An outlet.
        #[must_use]
        pub fn new() -> Self {
            Self::default()
        }

        /// Writes as much of the message as the line takes now. True when all of it has left: only then
        /// another message may follow.
        ///
        /// # Errors
        ///
        /// The line's error; the message is then in part on the line, and the link must be taken as down.
        pub fn write<T: Write + WriteReady>(
            &mut self,
            line: &mut T,
            message: &[u8],
        ) -> Result<bool, T::Error> {
            while line.write_ready()? {
                match self.0.next(message, |piece| line.write(piece)) {
                    Some(count) => self.0.left(message, count?),
                    None => break,
                }
            }
            if !self.0.is_done(message) {
                return Ok(false);
            }
            line.flush()?;
            self.0 = Progress::default();
            Ok(true)
        }
    }
}
#[cfg(feature = "embedded-io")]
pub use blocking::{Inlet, Outlet};

#[cfg(feature = "embedded-io-async")]
mod asynchronous {
    use core::future::{Future, pending, poll_fn};
    use core::pin::pin;
    use core::task::Poll;

    use embedded_io_async::{Read, Write};

    use super::{Chunk, Progress};
    use crate::link::{Down, DownReason, Link, LinkInfo, LinkKind, Step};
    use crate::wire::{Framer, Whole};

    /// A link over the two halves of an asynchronous serial line.
    ///
    /// It counts on what `embedded_io_async` promises: a `read` or `write` whose future is dropped has taken
    /// or left nothing.
    #[derive(Debug)]
    pub struct SerialLink<R, W> {
        reader: R,
        writer: W,
        framer: Framer,
        chunk: Chunk,
        progress: Progress,
        up: bool,
        closed: bool,
    }

    impl<R: Read, W: Write> SerialLink<R, W> {
        /// A link over these two halves.
        pub const fn new(reader: R, writer: W) -> Self {
            Self {
                reader,
                writer,
                framer: Framer::new(),
                chunk: Chunk::new(),
                progress: Progress { packet: 0, byte: 0 },
                up: false,
                closed: false,
            }
        }

        fn down(&mut self, reason: DownReason, detail: &str) -> Step<'static> {
            self.up = false;
            self.framer.reset();
            self.chunk = Chunk::new();
            self.progress = Progress::default();
            Step::Down(Down::new(reason, detail))
        }
    }

    /// What one wait has brought.
    enum Moved<R, W> {
        Read(Result<usize, R>),
        Written(Result<usize, W>),
    }

    impl<R: Read, W: Write> Link for SerialLink<R, W> {
        async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
            if self.closed {
                self.closed = false;
                return self.down(DownReason::Local, "");
            }
            if !self.up {
                self.up = true;
                return Step::Up(LinkInfo::new(LinkKind::Serial, "serial line"));
            }
            loop {
                while !self.chunk.rest().is_empty() {
                    let (used, whole) = self.framer.advance(self.chunk.rest(), buf);
                    self.chunk.used(used);
                    match whole {
                        None => {}
                        Some(Whole::Message(len)) => {
                            return Step::Message(buf.get_mut(..len).unwrap_or_default());
                        }
                        Some(Whole::TooLong(total)) => return Step::TooLong { head: buf, total },
                        Some(Whole::Resumed(error)) => return Step::Garbled(error),
                    }
                }
                if out.is_some_and(|message| self.progress.is_done(message)) {
                    // Dropped here it is done again, which does no harm.
                    if self.writer.flush().await.is_err() {
                        return self.down(DownReason::Lost, "a write failed");
                    }
                    self.progress = Progress::default();
                    return Step::Sent;
                }
                match self.wait(out).await {
                    Moved::Read(Ok(0)) => return self.down(DownReason::Lost, "the line has ended"),
                    Moved::Read(Ok(count)) => self.chunk.filled(count),
                    Moved::Written(Ok(count)) => {
                        self.progress.left(out.unwrap_or_default(), count);
                    }
                    Moved::Read(Err(_)) => return self.down(DownReason::Lost, "a read failed"),
                    Moved::Written(Err(_)) => return self.down(DownReason::Lost, "a write failed"),
                }
            }
        }

        async fn close(&mut self) {
            // There is nobody to say goodbye to on a bare line.
            self.closed = self.up;
        }
    }

    impl<R: Read, W: Write> SerialLink<R, W> {
        /// Reads and writes at the same time, until one of the two has moved something.
        async fn wait(&mut self, out: Option<&[u8]>) -> Moved<R::Error, W::Error> {
            let Self {
                reader,
                writer,
                chunk,
                progress,
                ..
            } = self;
            let write = async {
                // One piece of one packet: `next` hands it to a closure, so it is copied out.
                let mut piece = [0; super::CHUNK];
                let len = progress.next(out?, |rest| {
                    let len = rest.len().min(super::CHUNK);
                    for (slot, byte) in piece.iter_mut().zip(rest) {
                        *slot = *byte;
                    }
                    len
                })?;
                Some(writer.write(piece.get(..len)?).await)
            };
            let write = async {
                match write.await {
                    Some(written) => written,
                    None => pending().await,
                }
            };
            let mut read = pin!(reader.read(&mut chunk.bytes));
            let mut write = pin!(write);
            poll_fn(|context| {
                if let Poll::Ready(read) = read.as_mut().poll(context) {
                    return Poll::Ready(Moved::Read(read));
                }
                write.as_mut().poll(context).map(Moved::Written)
            })
            .await
        }
    }
}
#[cfg(feature = "embedded-io-async")]
pub use asynchronous::SerialLink;
