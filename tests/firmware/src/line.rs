//! The serial line: the board's first UART, of ARM's CMSDK.

use core::convert::Infallible;
use core::ptr::{read_volatile, write_volatile};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;
use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

const BASE: usize = 0x4000_4000;
const DATA: *mut u32 = BASE as *mut u32;
const STATE: *mut u32 = (BASE + 4) as *mut u32;
const CONTROL: *mut u32 = (BASE + 8) as *mut u32;
const INTERRUPT: *mut u32 = (BASE + 12) as *mut u32;
const DIVIDER: *mut u32 = (BASE + 16) as *mut u32;

/// Bits of CONTROL.
const SENDS: u32 = 1 << 0;
const RECEIVES: u32 = 1 << 1;
#[cfg(feature = "embassy")]
const LEAVING_WAKES: u32 = 1 << 2;
const COMING_WAKES: u32 = 1 << 3;
/// The bits of INTERRUPT: for a byte that has left, and one that came in.
const LEFT: u32 = 1 << 0;
const CAME_IN: u32 = 1 << 1;

/// Bits of STATE.
const FULL: u32 = 1 << 0;
const HAS: u32 = 1 << 1;

/// The line to the other end.
#[derive(Debug)]
pub struct Uart {
    /// The cable is out: what either end says is lost.
    pub cut: bool,
}

impl Uart {
    /// The UART, sending and receiving.
    #[must_use]
    pub fn new() -> Self {
        // SAFETY: these are registers of this board, and nobody else touches them.
        unsafe {
            write_volatile(DIVIDER, 16);
            write_volatile(CONTROL, SENDS | RECEIVES | COMING_WAKES);
            NVIC::unmask(Came);
        }
        Self { cut: false }
    }

    /// The same, and there is an interrupt for a byte that has left as well.
    #[cfg(feature = "embassy")]
    pub(crate) fn waking() -> Self {
        let uart = Self::new();
        // SAFETY: as in `new`.
        unsafe {
            write_volatile(CONTROL, SENDS | RECEIVES | LEAVING_WAKES | COMING_WAKES);
            NVIC::unmask(Left);
        }
        uart
    }

    /// It takes nothing now.
    pub(crate) fn is_full(&self) -> bool {
        self.state() & FULL != 0
    }

    fn state(&self) -> u32 {
        // SAFETY: as in `new`.
        unsafe { read_volatile(STATE) }
    }

    fn take(&mut self) -> Option<u8> {
        if self.state() & HAS == 0 {
            return None;
        }
        // SAFETY: as in `new`.
        let [byte, ..] = unsafe { read_volatile(DATA) }.to_le_bytes();
        Some(byte)
    }
}

impl Default for Uart {
    fn default() -> Self {
        Self::new()
    }
}

/// The interrupt that says that a byte came in.
#[derive(Clone, Copy)]
struct Came;

// SAFETY: it is the number of this interrupt on both boards.
unsafe impl InterruptNumber for Came {
    fn number(self) -> u16 {
        0
    }
}

/// The interrupt that says that one has left.
#[cfg(feature = "embassy")]
#[derive(Clone, Copy)]
struct Left;

// SAFETY: it is the number of this interrupt on both boards.
#[cfg(feature = "embassy")]
unsafe impl InterruptNumber for Left {
    fn number(self) -> u16 {
        1
    }
}

/// An interrupt has done its work when it has ended the sleep.
#[exception]
unsafe fn DefaultHandler(_: i16) {
    // SAFETY: as in `new`; writing a bit here takes it back and changes nothing else.
    unsafe { write_volatile(INTERRUPT, CAME_IN | LEFT) };
    #[cfg(feature = "embassy")]
    crate::embassy::stirred();
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        while self.cut && self.take().is_some() {}
        Ok(self.state() & HAS != 0)
    }
}

impl Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let bytes = core::iter::from_fn(|| self.take());
        Ok(buf
            .iter_mut()
            .zip(bytes)
            .map(|(slot, byte)| *slot = byte)
            .count())
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.is_full())
    }
}

impl Write for Uart {
    /// Waits for room for one byte, and writes as many as there is room for.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        while self.is_full() {}
        let mut count = 0;
        for byte in bytes {
            if self.is_full() {
                break;
            }
            if !self.cut {
                // SAFETY: as in `new`.
                unsafe { write_volatile(DATA, u32::from(*byte)) };
            }
            count += 1;
        }
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
