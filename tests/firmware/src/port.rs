//! A role at its end of the line.

use core::convert::Infallible;

use proto_core::Role;
use proto_core::run::{Handler, Intake};
use proto_core::serial::{Serial, SerialError};
use proto_core::time::Instant;
use proto_core::wire::Frame;

use crate::line::Uart;

/// Takes what a role says to the line, and what comes on the line to the role.
#[derive(Debug)]
pub struct Port<'b> {
    /// The line.
    pub uart: Uart,
    serial: Serial<'b>,
    intake: Intake<'b, [u8]>,
}

impl<'b> Port<'b> {
    /// A port that receives in this memory, and joins fragments in that.
    #[must_use]
    pub fn new(receive: &'b mut [u8], join: &'b mut [u8]) -> Self {
        Self {
            uart: Uart::new(),
            serial: Serial::new(receive),
            intake: Intake::new(join),
        }
    }

    /// One turn of the loop. Says whether there is nothing to do until something happens.
    ///
    /// # Errors
    ///
    /// Those of the serial line.
    pub fn turn<R: Role>(
        &mut self,
        now: Instant,
        role: &mut R,
        show: &mut impl Handler<R>,
    ) -> Result<bool, SerialError<Infallible>> {
        if let Some(message) = role.transmit()
            && self.serial.write(&mut self.uart, message)?
        {
            role.transmitted(now);
        }
        let mut idle = false;
        match self.serial.read(&mut self.uart)? {
            Some(Frame::Message(message)) => self.intake.handle_message(now, role, message, show),
            Some(Frame::TooLong { head, total }) => role.handle_oversize(now, head, total),
            Some(Frame::Resumed(error)) => role.handle_garbled(now, error),
            None => idle = role.transmit().is_none(),
        }
        self.intake.handle_timeout(now, role, show);
        if role.poll_timeout().is_some_and(|due| due <= now) {
            role.handle_timeout(now);
        }
        while let Some(event) = role.poll_event() {
            show.handle(now, role, event);
        }
        Ok(idle)
    }
}
