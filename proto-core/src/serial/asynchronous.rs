//! The serial line of an async task.

use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Read, Write};

use super::{Came, Incoming, Outgoing, SerialError};
use crate::link::{Detail, Down, DownReason, Link, LinkInfo, LinkKind, Step};
use crate::wire::Framer;

/// A link over the two halves of a serial line.
///
/// The line has no connection to make, so the first step says [`Step::Up`]. An error of the line, or a read
/// of 0 bytes, is [`Step::Down`]; the step after it begins anew with the same halves.
///
/// `read`, `write` and `flush` of the halves must be cancel-safe: a dropped future has moved no byte. Buffered
/// UART drivers are; one that lets DMA write to the caller's buffer may not be. Their documentation says so.
///
/// A message is [`Step::Sent`] when the writer has taken and flushed all of it.
#[derive(Debug)]
pub struct SerialLink<R, W> {
    reader: R,
    writer: W,
    name: Detail,
    state: State,
    incoming: Incoming,
    outgoing: Outgoing,
    /// The line failed while there was something better to say.
    lost: Option<Down>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Down,
    Up,
    Closed,
}

impl<R: Read, W: Write> SerialLink<R, W> {
    /// A link over these halves, down as yet. `name` is for people: which port it is.
    #[must_use]
    pub fn new(reader: R, writer: W, name: &str) -> Self {
        Self {
            reader,
            writer,
            name: Detail::new(name),
            state: State::Down,
            incoming: Incoming::new(),
            outgoing: Outgoing::new(),
            lost: None,
        }
    }

    /// The same without a check behind each packet, see [the module](super): before anything has passed.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.incoming.framer = Framer::new();
        self.outgoing.unchecked = true;
        self
    }

    /// The two halves. What was read and not given out, and what of a message has not left, is lost.
    #[must_use]
    pub fn into_parts(self) -> (R, W) {
        (self.reader, self.writer)
    }

    fn down(&mut self, down: Down) -> Step<'static> {
        self.state = State::Down;
        self.incoming.reset();
        self.outgoing.reset();
        self.lost = None;
        Step::Down(down)
    }

    /// Waits until the line has given or taken something. Says whether all of `out` has left.
    async fn exchange(&mut self, out: Option<&[u8]>) -> Result<bool, Down> {
        let piece = match out {
            Some(out) => self.outgoing.piece::<W::Error>(out)?,
            None => None,
        };
        let Self {
            reader,
            writer,
            incoming,
            outgoing,
            lost,
            ..
        } = self;
        let read = reader.read(incoming.room());
        let write = async {
            match (&piece, out) {
                (Some(piece), _) => writer.write(piece.bytes()).await,
                (None, Some(_)) => writer.flush().await.map(|()| 0),
                (None, None) => pending().await,
            }
        };
        let (got, wrote) = either(read, write).await;
        match got {
            Poll::Ready(Ok(count @ 1..)) => incoming.read(count),
            Poll::Ready(Ok(0)) => *lost = Some(SerialError::<R::Error>::Ended.into()),
            Poll::Ready(Err(error)) => *lost = Some(SerialError::Io(error).into()),
            Poll::Pending => {}
        }
        let Poll::Ready(wrote) = wrote else {
            return Ok(false);
        };
        let count = wrote.map_err(SerialError::Io)?;
        if piece.is_some() {
            outgoing.wrote::<W::Error>(count)?;
            return Ok(false);
        }
        outgoing.reset();
        Ok(true)
    }
}

impl<R: Read, W: Write> Link for SerialLink<R, W> {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        match self.state {
            State::Up => {}
            State::Down => {
                self.state = State::Up;
                return Step::Up(LinkInfo::new(LinkKind::Serial, self.name.as_str()));
            }
            State::Closed => return self.down(Down::from(DownReason::Local)),
        }
        loop {
            match self.incoming.next(buf) {
                Some(Came::Message(len)) => {
                    return Step::Message(buf.get_mut(..len).unwrap_or_default());
                }
                Some(Came::NeedsRoom(total)) => return Step::NeedsRoom(total),
                Some(Came::TooLong(total)) => return Step::TooLong { head: buf, total },
                Some(Came::Resumed(error)) => return Step::Garbled(error),
                None => {}
            }
            if let Some(down) = self.lost.take() {
                return self.down(down);
            }
            match self.exchange(out).await {
                Ok(true) => return Step::Sent,
                Ok(false) => {}
                Err(down) => return self.down(down),
            }
        }
    }

    /// There is nobody to say goodbye to; what was [`Step::Sent`] has left.
    async fn close(&mut self) {
        self.state = State::Closed;
    }
}

/// Waits for one of the two, or both. Both are asked every time: two ends that only write would wait for each
/// other for ever.
async fn either<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> (Poll<A>, Poll<B>) {
    let mut one = pin!(one);
    let mut other = pin!(other);
    poll_fn(|context| {
        let both = (one.as_mut().poll(context), other.as_mut().poll(context));
        if both.0.is_pending() && both.1.is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(both)
    })
    .await
}
