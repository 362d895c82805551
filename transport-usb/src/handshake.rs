//! The accessory handshake: what switches a terminal from merchant mode to accessory mode
//! (`protocol/link.md` §1.4, Android Open Accessory).

use std::borrow::Cow;
use std::time::Duration;

use nusb::transfer::{ControlIn, ControlOut, ControlType, Recipient, TransferError};
use nusb::{DeviceInfo, MaybeFuture as _};
use proto_core::link::{Down, DownReason};

use crate::down;

/// What a host says of itself in the handshake. The terminal's app looks at manufacturer and model, which are
/// `Clover` and `Adapter` and not to be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Strings {
    /// What the host is, for people; ASCII, not empty.
    pub description: Cow<'static, str>,
    /// Its version.
    pub version: Cow<'static, str>,
    /// Its serial number. One of the host's own helps support.
    pub serial: Cow<'static, str>,
}

impl Default for Strings {
    fn default() -> Self {
        Self {
            description: "Rust POS Device".into(),
            version: "0.01".into(),
            serial: "C415000".into(),
        }
    }
}

/// What carries control requests: Windows wants a claimed interface for that, the others the device.
#[cfg(windows)]
pub(crate) type Control = nusb::Interface;
#[cfg(not(windows))]
pub(crate) type Control = nusb::Device;

/// Opens a terminal in merchant mode for control requests.
pub(crate) fn open(info: &DeviceInfo) -> Result<Control, Box<Down>> {
    let device = info.open().wait().map_err(|error| down::usb(&error))?;
    #[cfg(windows)]
    {
        let number = info
            .interfaces()
            .next()
            .map_or(0, |it| it.interface_number());
        let claimed = device.claim_interface(number).wait();
        claimed.map_err(|error| down::usb(&error))
    }
    #[cfg(not(windows))]
    Ok(device)
}

/// Switches the terminal. When it is done, the terminal leaves the bus and comes back in accessory mode.
pub(crate) async fn switch(control: Control, strings: Strings) -> Result<(), Box<Down>> {
    let request = ControlIn {
        control_type: ControlType::Vendor,
        recipient: Recipient::Device,
        request: GET_PROTOCOL,
        value: 0,
        index: 0,
        length: 2,
    };
    let answer = control.control_in(request, STEP).await;
    let answer = answer.map_err(|error| failed("GET_PROTOCOL", error))?;
    let version = <[u8; 2]>::try_from(answer.as_slice()).map(u16::from_le_bytes);
    if !version.is_ok_and(|version| version >= 1) {
        let what = format_args!("GET_PROTOCOL was answered with {answer:02x?}");
        return Err(down::down(DownReason::NotAccessory, what));
    }
    let strings = [
        MANUFACTURER,
        MODEL,
        &strings.description,
        &strings.version,
        URI,
        &strings.serial,
    ];
    for (index, string) in (0..).zip(strings) {
        let sent = control.control_out(send_string(index, string), STEP).await;
        sent.map_err(|error| failed("SEND_STRING", error))?;
    }
    match control.control_out(START_REQUEST, STEP).await {
        // Some are gone before they have said yes.
        Ok(()) | Err(TransferError::Disconnected | TransferError::Fault) => Ok(()),
        Err(error) => Err(failed("START", error)),
    }
}

fn send_string(index: u16, string: &str) -> ControlOut<'_> {
    ControlOut {
        request: SEND_STRING,
        index,
        // No NUL at the end, as the SDKs send them.
        data: string.as_bytes(),
        ..START_REQUEST
    }
}

fn failed(step: &str, error: TransferError) -> Box<Down> {
    let reason = match error {
        TransferError::Disconnected | TransferError::Fault => DownReason::Vanished,
        TransferError::Stall | TransferError::Cancelled => DownReason::NotAccessory,
        _ => DownReason::System,
    };
    match error {
        TransferError::Stall => down::down(reason, format_args!("{step} was refused")),
        TransferError::Cancelled => {
            let ms = STEP.as_millis();
            down::down(reason, format_args!("{step}: no answer within {ms} ms"))
        }
        error => down::down(reason, format_args!("{step}: {error}")),
    }
}

const START_REQUEST: ControlOut<'static> = ControlOut {
    control_type: ControlType::Vendor,
    recipient: Recipient::Device,
    request: START,
    value: 0,
    index: 0,
    data: &[],
};

/// The requests of AOA.
pub(crate) const GET_PROTOCOL: u8 = 51;
pub(crate) const SEND_STRING: u8 = 52;
pub(crate) const START: u8 = 53;

/// What the terminal's app looks at, and the address of it.
pub(crate) const MANUFACTURER: &str = "Clover";
pub(crate) const MODEL: &str = "Adapter";
const URI: &str = "market://details?id=com.clover.remote.protocol.usb";

/// How long the terminal may take for each request, as the Android SDK has it.
pub(crate) const STEP: Duration = Duration::from_secs(2);
