//! `host-demo udev`

use std::io::Write as _;

use crate::report::status;

pub(super) fn run() -> u8 {
    // Who has closed the pipe does not want to know.
    let _ = std::io::stdout().write_all(transport_usb::UDEV_RULES.as_bytes());
    status::OK
}
