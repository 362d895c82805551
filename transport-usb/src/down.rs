//! What the system reports, as a reason for a link to be down.

use std::fmt::Display;

use nusb::transfer::TransferError;
use nusb::{Error, ErrorKind};
use proto_core::link::{Down, DownReason};

pub(crate) fn down(reason: DownReason, detail: impl Display) -> Box<Down> {
    Box::new(Down::new(reason, detail))
}

/// Of opening a device or claiming an interface.
pub(crate) fn usb(error: &Error) -> Box<Down> {
    let reason = match error.kind() {
        ErrorKind::Disconnected => DownReason::Lost,
        ErrorKind::Busy => DownReason::InUse,
        ErrorKind::PermissionDenied => DownReason::NotPermitted,
        ErrorKind::Unsupported => DownReason::NoDriver,
        _ => DownReason::System,
    };
    down(reason, error)
}

/// Of a transfer. What a controller reports of a cable that was pulled depends on the controller.
pub(crate) fn transfer(what: &str, error: TransferError) -> Box<Down> {
    let reason = match error {
        TransferError::Disconnected | TransferError::Fault | TransferError::Cancelled => {
            DownReason::Lost
        }
        TransferError::Stall => DownReason::Protocol,
        _ => DownReason::System,
    };
    down(reason, format_args!("{what}: {error}"))
}
