//! What is on the bus, for people: which terminals, and what is missing to use them.

use nusb::{DeviceInfo, MaybeFuture as _};
use proto_core::link::{Down, DownReason};

use crate::bus::{identify, list, unknown};
use crate::holder::holder;
use crate::identity::{CLOVER, Identities, Mode};
use crate::pipe::Pipe;
use crate::{down, handshake};

/// A terminal, or another product of the vendor, on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// The vendor id.
    pub vendor: u16,
    /// The product id.
    pub product: u16,
    /// Which terminal it is; for an unknown product what it calls itself.
    pub model: String,
    /// Its serial number, which `usb:SERIAL` takes.
    pub serial: Option<String>,
    /// The bus, and the ports from its root to the device.
    pub port: String,
    /// The mode that it is in; `None` for a product that is not known.
    pub mode: Option<Mode>,
    /// What stands in the way of using it.
    pub trouble: Option<Down>,
}

/// Lists the terminals on the bus, and the products of the vendor that are not known. Each is opened for a
/// moment, to see what stands in the way; nothing is sent to it. One that is in use here is not disturbed.
///
/// # Errors
///
/// The system cannot list the bus.
pub fn devices(identities: &Identities) -> Result<Vec<Device>, Box<Down>> {
    let listed = list().map_err(|error| down::usb(&error))?;
    Ok(listed
        .into_iter()
        .filter_map(|info| device(&info, identities))
        .collect())
}

/// Whether the system tells of devices that come and go. Where it does not, the bus is listed every 2 s.
#[must_use]
pub fn hotplug_is_told() -> bool {
    crate::bus::system_tells()
}

fn device(info: &DeviceInfo, identities: &Identities) -> Option<Device> {
    let terminal = identify(info, identities);
    let (model, mode, trouble) = match &terminal {
        None if info.vendor_id() != CLOVER => return None,
        None => {
            let what = "it is not in the table of terminals";
            let trouble = Down::new(DownReason::NoTerminal, what);
            (unknown(info), None, Some(trouble))
        }
        Some(terminal) => {
            let mode = terminal.identity.mode;
            let trouble = if terminal.network && mode == Mode::Merchant {
                let what = "it is in network mode and is not switched";
                Some(Down::new(DownReason::InUse, what))
            } else {
                trouble(info, mode).map(|down| *down)
            };
            (terminal.identity.model.to_string(), Some(mode), trouble)
        }
    };
    let ports: Vec<_> = info.port_chain().iter().map(u8::to_string).collect();
    Some(Device {
        vendor: info.vendor_id(),
        product: info.product_id(),
        model,
        serial: info.serial_number().map(str::to_owned),
        port: format!("{}-{}", info.bus_id(), ports.join(".")),
        mode,
        trouble,
    })
}

fn trouble(info: &DeviceInfo, mode: Mode) -> Option<Box<Down>> {
    let opened = match mode {
        Mode::Merchant => handshake::open(info).map(drop),
        Mode::Accessory => info
            .open()
            .wait()
            .map_err(|error| down::usb(&error))
            .and_then(|device| Pipe::open(&device).map(drop)),
    };
    let down = opened.err()?;
    let held = (down.reason == DownReason::InUse).then(|| holder(info));
    match held.flatten() {
        Some(holder) => Some(down::down(down.reason, holder)),
        None => Some(down),
    }
}
