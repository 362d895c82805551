//! FunctionFS: a USB function whose other side is files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A function, with the file of its control requests.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) control: File,
    folder: PathBuf,
    interfaces: usize,
}

impl Function {
    /// Describes the function to the kernel: interfaces of this class, subclass and protocol, each with a bulk
    /// endpoint in and out.
    pub(super) fn open(folder: &Path, interfaces: &[(u8, u8, u8)]) -> io::Result<Self> {
        let path = folder.join("ep0");
        let mut control = OpenOptions::new().read(true).write(true).open(path)?;
        control.write_all(&descriptors(interfaces))?;
        control.write_all(&strings())?;
        Ok(Self {
            control,
            folder: folder.to_owned(),
            interfaces: interfaces.len(),
        })
    }

    /// The endpoints of the last interface: to the host, and from it. Their files refuse to wait until the host
    /// has configured them.
    pub(super) fn pair(&self) -> io::Result<(File, File)> {
        let last = 2 * self.interfaces;
        let open = |number: usize| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                .open(self.folder.join(format!("ep{number}")))
        };
        Ok((open(last - 1)?, open(last)?))
    }

    /// The next events. It waits if there are none.
    pub(super) fn events(&mut self) -> io::Result<Vec<Event>> {
        let mut bytes = [0; 4 * EVENT_LEN];
        let count = self.control.read(&mut bytes)?;
        let events = bytes.chunks_exact(EVENT_LEN).take(count / EVENT_LEN);
        Ok(events.filter_map(Event::of).collect())
    }

    /// Answers a request that wants data.
    pub(super) fn answer(&mut self, data: &[u8]) {
        // A host that has lost patience has cancelled it.
        let _ = self.control.write(data);
    }

    /// Reads the data of a request, which also says yes to it.
    pub(super) fn accept(&mut self, length: u16) -> Vec<u8> {
        let mut data = vec![0; length.into()];
        let count = self.control.read(&mut data).unwrap_or_default();
        data.truncate(count);
        data
    }

    /// Refuses a request: by input or output in the wrong direction.
    pub(super) fn refuse(&mut self, setup: &Setup) {
        let _ = if setup.wants_data() {
            self.control.read(&mut [0])
        } else {
            self.control.write(&[0])
        };
    }
}

/// What FunctionFS tells.
#[derive(Debug)]
pub(super) enum Event {
    /// The host has configured the function.
    Enabled,
    /// The host is gone, or has configured something else.
    Disabled,
    /// A control request.
    Setup(Setup),
}

impl Event {
    fn of(bytes: &[u8]) -> Option<Self> {
        let &[kind, request, v0, v1, i0, i1, l0, l1, event, ..] = bytes else {
            return None;
        };
        match event {
            1 | 3 => Some(Self::Disabled),
            2 => Some(Self::Enabled),
            4 => Some(Self::Setup(Setup {
                kind,
                request,
                value: u16::from_le_bytes([v0, v1]),
                index: u16::from_le_bytes([i0, i1]),
                length: u16::from_le_bytes([l0, l1]),
            })),
            _ => None,
        }
    }
}

/// A control request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    kind: u8,
    pub(super) request: u8,
    pub(super) value: u16,
    pub(super) index: u16,
    pub(super) length: u16,
}

impl Setup {
    pub(super) fn wants_data(&self) -> bool {
        self.kind & 0x80 != 0
    }

    /// A request of a vendor to the device, which those of AOA are.
    pub(super) fn is_vendor(&self) -> bool {
        self.kind & 0x7F == 0x40
    }
}

fn descriptors(interfaces: &[(u8, u8, u8)]) -> Vec<u8> {
    let at_speed = |packet: u16| {
        let [low, high] = packet.to_le_bytes();
        let mut bytes = Vec::new();
        for (number, (class, subclass, protocol)) in (0u8..).zip(interfaces) {
            let (input, output) = (0x81 + 2 * number, 0x02 + 2 * number);
            bytes.extend([9, 4, number, 0, 2, *class, *subclass, *protocol, 1]);
            for address in [input, output] {
                bytes.extend([7, 5, address, BULK, low, high, 0]);
            }
        }
        bytes
    };
    let (full, high) = (at_speed(64), at_speed(512));
    let count = u32::try_from(3 * interfaces.len()).unwrap_or_default();
    let length = u32::try_from(20 + full.len() + high.len()).unwrap_or_default();
    let head = [DESCRIPTORS_MAGIC, length, DESCRIPTORS_FLAGS, count, count];
    let head = head.into_iter().flat_map(u32::to_le_bytes);
    head.chain(full).chain(high).collect()
}

fn strings() -> Vec<u8> {
    let text = b"SIMULATOR\0";
    let length = u32::try_from(16 + 2 + text.len()).unwrap_or_default();
    let head = [STRINGS_MAGIC, length, 1, 1];
    let head = head.into_iter().flat_map(u32::to_le_bytes);
    head.chain(ENGLISH.to_le_bytes()).chain(*text).collect()
}

/// Class, subclass and protocol of the accessory's interface and of adb's.
pub(super) const ACCESSORY: (u8, u8, u8) = (0xFF, 0xFF, 0x00);
pub(super) const ADB: (u8, u8, u8) = (0xFF, 0x42, 0x01);

const BULK: u8 = 2;
const ENGLISH: u16 = 0x409;
/// `linux/usb/functionfs.h`.
const EVENT_LEN: usize = 12;
const DESCRIPTORS_MAGIC: u32 = 3;
const STRINGS_MAGIC: u32 = 2;
/// Full speed, high speed, and control requests to the whole device.
const DESCRIPTORS_FLAGS: u32 = 1 | 2 | 64;
