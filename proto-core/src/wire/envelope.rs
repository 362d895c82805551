//! Writing whole messages.

use super::json::{Full, Writer};
use super::names::MessageType;
use crate::link::LinkKind;
use crate::message::MessageDraft;

/// What every message of one sender says of its sender.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The name of the link, see [`package_name`].
    pub package_name: &'a str,
    /// The point of sale's application id (`remoteApplicationID`); a terminal has none.
    pub application_id: Option<&'a str>,
    /// Whether to say which software this is (`remoteSourceSDK`); a terminal does not.
    pub source_sdk: bool,
    /// The envelope version: 1, or 2 to say that fragments are understood.
    pub version: i64,
}

/// `remoteSourceSDK` of this implementation: `name:version`.
pub const SOURCE_SDK: &str = concat!("rust.remote-pay.proto-core:", env!("CARGO_PKG_VERSION"));

/// `packageName` for a kind of link (`protocol/link.md` §4.3).
#[must_use]
pub const fn package_name(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Usb | LinkKind::Serial => "com.clover.remote.protocol.usb",
        LinkKind::Network => "com.clover.remote_protocol_broadcast.app",
        LinkKind::Cloud => "com.clover.remote.protocol.websocket",
    }
}

/// Writes a whole message into `buf` and returns its length.
///
/// # Errors
///
/// [`Full`] with the size that it takes.
pub fn write_message(
    buf: &mut [u8],
    sender: &Sender<'_>,
    id: u32,
    draft: &dyn MessageDraft,
) -> Result<usize, Full> {
    let mut writer = Writer::new(buf);
    writer.object(|to| {
        // Ten digits are enough for every u32.
        let mut digits = [0u8; 10];
        to.member("id", decimal(id, &mut digits));
        to.member("type", &draft.kind());
        to.member("packageName", sender.package_name);
        to.member("method", &draft.method());
        to.key("payload");
        to.in_string(|to| {
            to.object(|to| {
                to.member("method", &draft.method());
                to.member("version", &draft.version());
                draft.write_members(to);
            });
        });
        tail(to, sender);
    });
    writer.finish()
}

/// Writes a PING or PONG, which has neither method nor payload (`protocol/link.md` §4.11).
///
/// # Errors
///
/// [`Full`] with the size that it takes.
pub fn write_liveness(
    buf: &mut [u8],
    sender: &Sender<'_>,
    kind: MessageType<'_>,
) -> Result<usize, Full> {
    let mut writer = Writer::new(buf);
    writer.object(|to| {
        to.member("type", &kind);
        to.member("packageName", sender.package_name);
        tail(to, sender);
    });
    writer.finish()
}

fn tail(to: &mut Writer<'_>, sender: &Sender<'_>) {
    if sender.source_sdk {
        to.member("remoteSourceSDK", SOURCE_SDK);
    }
    if let Some(id) = sender.application_id {
        to.member("remoteApplicationID", id);
    }
    to.member("version", &sender.version);
}

/// The number in decimal, in the caller's array.
fn decimal(number: u32, digits: &mut [u8; 10]) -> &str {
    let mut rest = number;
    let mut start = digits.len();
    for (at, slot) in digits.iter_mut().enumerate().rev() {
        *slot = b'0' | (rest % 10) as u8;
        start = at;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    core::str::from_utf8(digits.get(start..).unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_decimal() {
        let mut digits = [0; 10];
        assert_eq!(decimal(0, &mut digits), "0");
        assert_eq!(decimal(u32::MAX, &mut digits), "4294967295");
    }
}
