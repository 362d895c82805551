//! The serial line of a super-loop.

use embedded_io::{Read, ReadReady, Write, WriteReady};

use super::{Came, Incoming, Outgoing, SerialError};
use crate::redact::Hidden;
use crate::wire::{Frame, Framer};

/// The most bytes that one [`Serial::read`] takes from the line, in reads of whatever size: then the rest of
/// the loop gets its turn, however much comes in.
const TURN: usize = 4 * 1_024;

/// Both directions of a serial line for a loop that must not wait. The line itself is lent to each call, so
/// it may be one object or two halves; the receive buffer is lent once, because a message grows in it from
/// call to call.
///
/// See the [manual](crate#a-role) for the loop around it.
pub struct Serial<'b> {
    receive: &'b mut [u8],
    incoming: Incoming,
    outgoing: Outgoing,
}

impl core::fmt::Debug for Serial<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Serial")
            .field("receive", &Hidden::of(self.receive))
            .field("incoming", &self.incoming)
            .field("outgoing", &self.outgoing)
            .finish()
    }
}

impl<'b> Serial<'b> {
    /// A line on which nothing has passed yet. A message longer than `receive` is told as too long.
    #[must_use]
    pub const fn new(receive: &'b mut [u8]) -> Self {
        Self {
            receive,
            incoming: Incoming::new(),
            outgoing: Outgoing::new(),
        }
    }

    /// The same without a check behind each packet, see [the module](super): before anything has passed.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.incoming.framer = Framer::new();
        self.outgoing.unchecked = true;
        self
    }

    /// Begins anew, after an error: forgets what was read and how much of a message was written. Tell the
    /// role [`handle_link_down`](crate::Role::handle_link_down) as well: it gives another message then.
    pub fn reset(&mut self) {
        self.incoming.reset();
        self.outgoing.reset();
    }

    /// Reads what is there, until something is complete; `None` if nothing is yet. Never waits.
    ///
    /// # Errors
    ///
    /// [`SerialError`]: the line is down.
    pub fn read<T: Read + ReadReady>(
        &mut self,
        line: &mut T,
    ) -> Result<Option<Frame<'_>>, SerialError<T::Error>> {
        let buf = &mut *self.receive;
        let mut taken = 0usize;
        loop {
            match self.incoming.next(buf) {
                Some(Came::Message(len)) => {
                    return Ok(buf.get_mut(..len).map(Frame::Message));
                }
                Some(Came::TooLong(total)) => return Ok(Some(Frame::TooLong { head: buf, total })),
                Some(Came::Resumed(error)) => return Ok(Some(Frame::Resumed(error))),
                // The buffer is what it is: the message is told as too long when its end is there.
                Some(Came::NeedsRoom(_)) => {}
                None if taken >= TURN || !line.read_ready().map_err(SerialError::Io)? => {
                    return Ok(None);
                }
                None => {
                    let room = self.incoming.room();
                    let count = line.read(room).map_err(SerialError::Io)?;
                    if count == 0 {
                        return Err(SerialError::Ended);
                    }
                    self.incoming.read(count);
                    taken = taken.saturating_add(count);
                }
            }
        }
    }

    /// Writes a piece of `message`, with one `write` of the line and no wait for its end; `true` when all of
    /// the message has been taken. Call it with the same message until then.
    ///
    /// A line that takes nothing now (the other end holds it up) is not waited for: if both ends did that, each
    /// would wait for the other to read.
    ///
    /// The line is not flushed, because that waits: a UART sends what it has taken by itself. One that does
    /// not must be flushed by the caller when the message has been taken.
    ///
    /// # Errors
    ///
    /// [`SerialError`]: the line is down.
    #[must_use = "the message has left only when it is true"]
    pub fn write<T: Write + WriteReady>(
        &mut self,
        line: &mut T,
        message: &[u8],
    ) -> Result<bool, SerialError<T::Error>> {
        if let Some(piece) = self.outgoing.piece(message)? {
            if !line.write_ready().map_err(SerialError::Io)? {
                return Ok(false);
            }
            let count = line.write(piece.bytes()).map_err(SerialError::Io)?;
            self.outgoing.wrote(count)?;
        }
        let whole = self.outgoing.piece::<T::Error>(message)?.is_none();
        if whole {
            self.outgoing.reset();
        }
        Ok(whole)
    }
}
