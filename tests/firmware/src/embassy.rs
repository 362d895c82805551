//! What an executor of Embassy needs of the board: the time, and a serial line that wakes who waits for it.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::waitqueue::AtomicWaker;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use embedded_io::{ErrorType, Read as _, Write as _};
use embedded_io_async::{Read, Write};

use crate::line::Uart;
use crate::timer;

/// Milliseconds, and who waits for one.
struct Milliseconds {
    waiting: CriticalSectionMutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static TIME: Milliseconds = Milliseconds {
    waiting: CriticalSectionMutex::new(RefCell::new(Queue::new())),
});

impl Driver for Milliseconds {
    fn now(&self) -> u64 {
        timer::now().as_millis()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.waiting
            .lock(|waiting| waiting.borrow_mut().schedule_wake(at, waker));
    }
}

/// A millisecond has passed.
pub(crate) fn tick() {
    // Who is due is woken.
    TIME.waiting
        .lock(|waiting| waiting.borrow_mut().next_expiration(TIME.now()));
}

static CAME: AtomicWaker = AtomicWaker::new();
static LEFT: AtomicWaker = AtomicWaker::new();

/// The line has given or taken a byte.
pub(crate) fn stirred() {
    CAME.wake();
    LEFT.wake();
}

/// The receiving half of the line.
#[derive(Debug)]
pub struct Receiver(Uart);

/// The sending half of the line.
#[derive(Debug)]
pub struct Sender(Uart);

/// The line in two halves.
#[must_use]
pub fn split() -> (Receiver, Sender) {
    (Receiver(Uart::waking()), Sender(Uart::waking()))
}

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            CAME.register(context.waker());
            match self.0.read(buf) {
                Ok(0) => Poll::Pending,
                read => Poll::Ready(read),
            }
        })
        .await
    }
}

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Write for Sender {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            LEFT.register(context.waker());
            if self.0.is_full() {
                return Poll::Pending;
            }
            Poll::Ready(self.0.write(bytes))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
