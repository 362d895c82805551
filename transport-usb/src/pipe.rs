//! The pipe of a terminal in accessory mode: one bulk endpoint each way (`protocol/link.md` §1.6 to §1.10).

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use nusb::descriptors::{InterfaceDescriptor, TransferType};
use nusb::transfer::{
    Buffer, Bulk, BulkOrInterrupt, Completion, Direction, EndpointDirection, In, Out, TransferError,
};
use nusb::{Device, Endpoint, Interface, MaybeFuture as _};
use proto_core::link::{Down, DownReason};
use proto_core::wire::Packets;

use crate::down;
use crate::frames::{Came, Frames};

/// The interface of the pipe, claimed, with its two endpoints. Dropping it takes back what is on its way and
/// leaves nothing claimed.
pub(crate) struct Pipe {
    // The order counts: the interface can be released when its endpoints are closed.
    reader: Reader,
    writer: Writer,
    _claim: Claim,
}

impl Pipe {
    /// Claims the interface of the accessory and opens its endpoints. A driver of the system that holds it is
    /// detached, and attached again when the pipe is dropped.
    pub(crate) fn open(device: &Device) -> Result<Self, Box<Down>> {
        let number = interface_of(device)?;
        let interface = device
            .detach_and_claim_interface(number)
            .wait()
            .map_err(|error| down::usb(&error))?;
        let (input, output) = interface
            .descriptor()
            .and_then(|interface| bulk_pair(&interface))
            .ok_or_else(no_pipe)?;
        Ok(Self {
            reader: Reader::new(endpoint(&interface, input)?),
            writer: Writer::new(endpoint(&interface, output)?),
            _claim: Claim {
                interface,
                input,
                output,
            },
        })
    }

    /// Reads until something has come in, which is given out next.
    pub(crate) fn poll_any(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Box<Down>>> {
        self.reader.poll_any(context)
    }

    /// Reads until something is complete.
    pub(crate) fn poll_read(
        &mut self,
        buf: &mut [u8],
        context: &mut Context<'_>,
    ) -> Poll<Result<Came, Box<Down>>> {
        self.reader.poll(buf, context)
    }

    /// Writes `out`; ready when all of it has left. Without a message what is on its way goes on.
    pub(crate) fn poll_write(
        &mut self,
        out: Option<&[u8]>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Box<Down>>> {
        self.writer.poll(out, context)
    }

    /// Ready when nothing is on its way to the terminal.
    pub(crate) fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.writer.poll(None, context).map(|_| ())
    }

    /// When it must be polled again at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.writer.until
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        take_back(&mut self.endpoint);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        take_back(&mut self.endpoint);
    }
}

/// The claimed interface.
struct Claim {
    interface: Interface,
    input: u8,
    output: u8,
}

impl Drop for Claim {
    /// The library's own thread may hold an endpoint for a moment after its last transfer, and with it the
    /// interface, and nothing tells when it lets go: a transfer is seen to be done before that. An endpoint that
    /// can be opened again is held by nobody.
    fn drop(&mut self) {
        let until = Instant::now() + TAKE_BACK;
        let is_held = || {
            let input = endpoint::<In>(&self.interface, self.input);
            input.is_err() || endpoint::<Out>(&self.interface, self.output).is_err()
        };
        while is_held() && Instant::now() < until {
            std::thread::sleep(A_MOMENT);
        }
    }
}

/// Cancels what is pending and waits for it. The interface is released only when the system has given every
/// transfer back.
fn take_back<D: EndpointDirection>(endpoint: &mut Endpoint<Bulk, D>) -> Vec<Completion> {
    let mut back = Vec::new();
    endpoint.cancel_all();
    while endpoint.pending() > 0 {
        match endpoint.wait_next_complete(TAKE_BACK) {
            Some(completion) => back.push(completion),
            None => break,
        }
    }
    back
}

/// The interface that carries the messages: the one that AOA describes, or else interface 0 if it has what it
/// takes (`protocol/link.md` §1.6).
fn interface_of(device: &Device) -> Result<u8, Box<Down>> {
    #[cfg(target_os = "macos")]
    configure(device)?;
    let configuration = device
        .active_configuration()
        .map_err(|error| down::down(DownReason::System, error))?;
    let fit = |interface: &InterfaceDescriptor<'_>| {
        interface.alternate_setting() == 0 && bulk_pair(interface).is_some()
    };
    let interfaces = || configuration.interface_alt_settings().filter(fit);
    let aoa = |interface: &InterfaceDescriptor<'_>| {
        (
            interface.class(),
            interface.subclass(),
            interface.protocol(),
        ) == AOA_CLASS
    };
    interfaces()
        .find(aoa)
        .or_else(|| interfaces().find(|interface| interface.interface_number() == 0))
        .map(|interface| interface.interface_number())
        .ok_or_else(no_pipe)
}

/// The system configures a device whose class is the vendor's only if it is told to.
#[cfg(target_os = "macos")]
fn configure(device: &Device) -> Result<(), Box<Down>> {
    if device.active_configuration().is_err() {
        let configured = device.set_configuration(1).wait();
        configured.map_err(|error| down::usb(&error))?;
    }
    Ok(())
}

/// The addresses of the first bulk endpoint in and out.
fn bulk_pair(interface: &InterfaceDescriptor<'_>) -> Option<(u8, u8)> {
    let first = |direction| {
        let mut endpoints = interface.endpoints().filter(|endpoint| {
            endpoint.transfer_type() == TransferType::Bulk && endpoint.direction() == direction
        });
        endpoints.next().map(|endpoint| endpoint.address())
    };
    Some((first(Direction::In)?, first(Direction::Out)?))
}

fn endpoint<D: EndpointDirection>(
    interface: &Interface,
    address: u8,
) -> Result<Endpoint<Bulk, D>, Box<Down>>
where
    Bulk: BulkOrInterrupt,
{
    interface
        .endpoint(address)
        .map_err(|error| down::usb(&error))
}

fn no_pipe() -> Box<Down> {
    let what = "no interface has a bulk endpoint each way";
    down::down(DownReason::NotAccessory, what)
}

/// From the terminal.
struct Reader {
    endpoint: Endpoint<Bulk, In>,
    frames: Frames,
    /// What was read and not looked at yet; of the first everything before `at` was.
    came: VecDeque<Buffer>,
    at: usize,
    spare: Vec<Buffer>,
    /// Bytes that are asked for by the transfers that are pending.
    queued: usize,
    stalls: u32,
    /// Reading is over; said when everything before it was.
    ended: Option<Box<Down>>,
}

impl Reader {
    fn new(endpoint: Endpoint<Bulk, In>) -> Self {
        Self {
            endpoint,
            frames: Frames::default(),
            came: VecDeque::new(),
            at: 0,
            spare: Vec::new(),
            queued: 0,
            stalls: 0,
            ended: None,
        }
    }

    fn poll_any(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Box<Down>>> {
        while self.came.is_empty() {
            if let Some(down) = self.ended.take() {
                return Poll::Ready(Err(down));
            }
            self.ask();
            let completion = ready!(self.endpoint.poll_next_complete(context));
            self.take(completion);
        }
        Poll::Ready(Ok(()))
    }

    fn poll(&mut self, buf: &mut [u8], context: &mut Context<'_>) -> Poll<Result<Came, Box<Down>>> {
        for _ in 0..AT_ONCE {
            if let Some(came) = self.look(buf) {
                return Poll::Ready(Ok(came));
            }
            ready!(self.poll_any(context))?;
        }
        // There may be more, of which no wake-up will tell.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Looks at what was read until something is complete.
    fn look(&mut self, buf: &mut [u8]) -> Option<Came> {
        loop {
            let rest = self.came.front().and_then(|piece| piece.get(self.at..));
            let (used, came) = self.frames.next(rest.unwrap_or_default(), buf);
            self.at += used;
            if came.is_some() {
                return came;
            }
            self.at = 0;
            self.spare.push(self.came.pop_front()?);
        }
    }

    /// Keeps the queue full.
    fn ask(&mut self) {
        let packet = self.endpoint.max_packet_size();
        while self.endpoint.pending() < IN_QUEUE {
            let size = request(self.frames.due(), self.queued, packet);
            let room = IN_ROOM.next_multiple_of(packet);
            let mut buffer = match self.spare.pop() {
                Some(buffer) => buffer,
                None => self.endpoint.allocate(room),
            };
            buffer.set_requested_len(size.min(room));
            self.queued += buffer.requested_len();
            self.endpoint.submit(buffer);
        }
    }

    fn take(&mut self, completion: Completion) {
        let Completion { buffer, status, .. } = completion;
        self.queued = self.queued.saturating_sub(buffer.requested_len());
        // Also of a transfer that failed in the end.
        if buffer.is_empty() {
            // Empty packets mean nothing.
            self.spare.push(buffer);
        } else {
            self.stalls = 0;
            self.came.push_back(buffer);
        }
        let result = match status {
            Ok(()) => Ok(()),
            Err(TransferError::Stall) => self.clear(),
            Err(error) => Err(down::transfer("reading", error)),
        };
        if let Err(down) = result {
            self.ended.get_or_insert(down);
        }
    }

    /// The terminal has halted the endpoint: what is there is kept, and reading goes on.
    fn clear(&mut self) -> Result<(), Box<Down>> {
        for Completion { buffer, .. } in take_back(&mut self.endpoint) {
            if buffer.is_empty() {
                self.spare.push(buffer);
            } else {
                self.came.push_back(buffer);
            }
        }
        self.queued = 0;
        self.stalls += 1;
        unhalt(&mut self.endpoint, self.stalls)
    }
}

/// How many bytes the next transfer asks for, when those before it ask for `queued`.
///
/// A transfer ends with a short packet or when it is full. Old terminals end none with a short packet whose
/// length is a multiple of the packet size: it would lie in a larger transfer until the next message comes
/// (`protocol/link.md` §1.9). So a transfer asks for exactly what is known to come: to the end of the packet
/// in progress, then for packets as long as terminals make them, and between messages for the least there is,
/// in which the next packet says its length.
fn request((packet, behind): (usize, usize), queued: usize, size: usize) -> usize {
    if let Some(rest) = packet.checked_sub(queued).filter(|rest| *rest > 0) {
        return rest.next_multiple_of(size);
    }
    let whole = behind.div_ceil(FULL - 2) * 2 + behind;
    match whole.saturating_sub(queued - packet.min(queued)) {
        0 => size,
        rest if rest >= FULL => FULL.next_multiple_of(size),
        rest => rest.next_multiple_of(size),
    }
}

/// To the terminal.
struct Writer {
    endpoint: Endpoint<Bulk, Out>,
    /// How many bytes of the message's text were given to the system.
    given: usize,
    /// A packet of the message has left.
    begun: bool,
    spare: Vec<Buffer>,
    /// When the packet that is on its way must have left; `None` if it has just got its turn.
    until: Option<Instant>,
    stalls: u32,
}

impl Writer {
    fn new(endpoint: Endpoint<Bulk, Out>) -> Self {
        Self {
            endpoint,
            given: 0,
            begun: false,
            spare: Vec::new(),
            until: None,
            stalls: 0,
        }
    }

    fn poll(
        &mut self,
        out: Option<&[u8]>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Box<Down>>> {
        loop {
            if let Some(out) = out {
                self.give(out)?;
            }
            if self.endpoint.pending() == 0 {
                self.given = 0;
                self.begun = false;
                self.until = None;
                return Poll::Ready(Ok(()));
            }
            match self.endpoint.poll_next_complete(context) {
                Poll::Ready(completion) => self.take(completion)?,
                Poll::Pending if self.is_late() => {
                    let what = "the terminal takes no data";
                    return Poll::Ready(Err(down::down(DownReason::Lost, what)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Whether the packet on its way has taken too long. Looks at the clock only when there is to be waited.
    fn is_late(&mut self) -> bool {
        let now = Instant::now();
        *self.until.get_or_insert_with(|| now + WRITE_LIMIT) <= now
    }

    /// Gives the system as many packets as may be on their way.
    fn give(&mut self, out: &[u8]) -> Result<(), Box<Down>> {
        let size = self.endpoint.max_packet_size();
        let mut packets = Packets::resume(out, Some(size), self.given).ok_or_else(|| {
            let what = "the message to send is empty or over the limit";
            down::down(DownReason::Local, what)
        })?;
        while self.endpoint.pending() < OUT_QUEUE
            && let Some(packet) = packets.next()
        {
            let mut buffer = match self.spare.pop() {
                Some(buffer) => buffer,
                None => self.endpoint.allocate(FULL),
            };
            buffer.clear();
            buffer.extend_from_slice(&packet.head);
            buffer.extend_from_slice(packet.text);
            self.endpoint.submit(buffer);
            self.given += packet.text.len();
        }
        Ok(())
    }

    fn take(&mut self, completion: Completion) -> Result<(), Box<Down>> {
        let Completion {
            buffer,
            actual_len,
            status,
        } = completion;
        self.until = None;
        let whole = buffer.len() == actual_len;
        self.spare.push(buffer);
        match status {
            Ok(()) if whole => {
                self.begun = true;
                self.stalls = 0;
                Ok(())
            }
            Ok(()) => Err(down::down(DownReason::Lost, "a packet left in part only")),
            Err(TransferError::Stall) => self.clear(actual_len),
            Err(error) => Err(down::transfer("writing", error)),
        }
    }

    /// The terminal has halted the endpoint. If it has taken nothing of the message, the message is given once
    /// more; half of one cannot be taken back, and the link begins anew.
    fn clear(&mut self, taken: usize) -> Result<(), Box<Down>> {
        let mut taken = taken;
        for Completion {
            buffer, actual_len, ..
        } in take_back(&mut self.endpoint)
        {
            taken += actual_len;
            self.spare.push(buffer);
        }
        self.stalls += 1;
        unhalt(&mut self.endpoint, self.stalls)?;
        if self.begun || taken > 0 {
            let what = "the terminal halted the pipe in the middle of a message";
            return Err(down::down(DownReason::Lost, what));
        }
        self.given = 0;
        self.until = None;
        Ok(())
    }
}

fn unhalt<D: EndpointDirection>(
    endpoint: &mut Endpoint<Bulk, D>,
    stalls: u32,
) -> Result<(), Box<Down>> {
    if stalls > STALLS {
        let what = "the terminal halts the pipe again and again";
        return Err(down::down(DownReason::Protocol, what));
    }
    let cleared = endpoint.clear_halt().wait();
    cleared.map_err(|error| down::usb(&error))
}

/// Class, subclass and protocol of the accessory's interface; that of adb is ff/42/01.
const AOA_CLASS: (u8, u8, u8) = (0xFF, 0xFF, 0x00);

/// A packet as long as terminals make them, its length included.
const FULL: usize = 16_384;

/// Room of a transfer: a packet of the newest SDK is two bytes longer than [`FULL`].
const IN_ROOM: usize = FULL + 2;

/// Transfers that are pending for what comes.
const IN_QUEUE: usize = 4;

/// Packets that are on their way.
const OUT_QUEUE: usize = 8;

/// Transfers that are looked at before other work gets its turn.
const AT_ONCE: usize = 64;

/// How long a packet may take: what the Android SDK grants a full one, 5 s and 2 ms a byte
/// (`protocol/link.md` §1.12).
const WRITE_LIMIT: Duration = Duration::from_millis(5_000 + 2 * FULL as u64);

/// Halts in a row, without a byte in between, that are cleared.
const STALLS: u32 = 8;

/// How long the system may take to give a cancelled transfer back.
const TAKE_BACK: Duration = Duration::from_secs(1);

/// How long the library may hold an endpoint before it is looked at again.
const A_MOMENT: Duration = Duration::from_micros(100);

#[cfg(test)]
mod tests {
    use super::*;

    /// The transfers that are asked for while a terminal writes these packets, the empty queue first: their
    /// sizes, and how much of the stream each got. It ends transfers as an old terminal does: never with an
    /// empty packet.
    fn transfers(message: usize, packets: &[usize], size: usize) -> Vec<usize> {
        let (mut queue, mut done) = (VecDeque::new(), Vec::new());
        let mut text = message;
        let fill = |packet_left: usize, text: usize, queue: &mut VecDeque<usize>| {
            while queue.len() < IN_QUEUE {
                let queued = queue.iter().sum();
                queue.push_back(request((packet_left, text), queued, size));
            }
        };
        fill(0, 0, &mut queue);
        for (at, packet) in packets.iter().enumerate() {
            let mut left = packet + 2;
            let body = packet - if at == 0 { 8 } else { 0 };
            text -= body;
            let mut packet_left = left;
            while left > 0 {
                let asked: usize = queue.pop_front().unwrap();
                let got = asked.min(left);
                left -= got;
                packet_left -= got;
                assert!(left > 0 || got < asked || got % size == 0);
                let stuck = left == 0 && got < asked && got % size == 0;
                assert!(
                    !stuck,
                    "{got} of {asked} bytes lie there: {message} {packets:?}"
                );
                done.push(got);
                fill(packet_left, text, &mut queue);
            }
        }
        assert_eq!(text, 0);
        done
    }

    #[test]
    fn no_message_of_an_old_terminal_lies_in_a_transfer_that_waits_for_more() {
        for size in [64, 512, 1024] {
            for packet in (9..3 * size).chain(FULL - 2 * size..FULL - 1) {
                transfers(packet - 8, &[packet], size);
            }
            for last in 1..2 * size {
                transfers(2 * (FULL - 2) - 8 + last, &[FULL - 2, FULL - 2, last], size);
            }
        }
    }

    #[test]
    fn a_large_message_comes_in_large_transfers() {
        let mut packets = vec![FULL - 2; 64];
        packets.push(100);
        let message = packets.iter().sum::<usize>() - 8;
        let count = transfers(message, &packets, 512).len();
        assert!(count < 64 + 2 * IN_QUEUE, "{count}");
    }
}
