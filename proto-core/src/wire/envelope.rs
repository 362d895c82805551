//! Writing whole messages.

use super::json::{Full, Writer};
use super::names::{MessageType, Method};
use crate::link::LinkKind;
use crate::message::MessageDraft;

/// The members of the envelope that matter here (`protocol/link.md` §4.1). `method` and `version` stand in the
/// payload again.
pub(super) mod key {
    pub(crate) const ID: &str = "id";
    pub(crate) const TYPE: &str = "type";
    pub(crate) const PACKAGE_NAME: &str = "packageName";
    pub(crate) const METHOD: &str = "method";
    pub(crate) const PAYLOAD: &str = "payload";
    pub(crate) const VERSION: &str = "version";
    pub(crate) const SOURCE_SDK: &str = "remoteSourceSDK";
    pub(crate) const APPLICATION_ID: &str = "remoteApplicationID";
    pub(crate) const FRAGMENT_INDEX: &str = "fragmentIndex";
    pub(crate) const LAST_FRAGMENT: &str = "lastFragment";
    pub(crate) const ATTACHMENT: &str = "attachment";
    pub(crate) const ATTACHMENT_ENCODING: &str = "attachmentEncoding";
}

/// What every message of one sender says of its sender.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
        head(to, sender, id, draft.kind(), draft.method());
        to.key(key::PAYLOAD);
        to.in_string(|to| payload(to, draft));
        tail(to, sender);
    });
    writer.finish()
}

/// Writes the payload alone, as JSON text, and returns its length: for a message that is sent in fragments.
///
/// # Errors
///
/// [`Full`] with the size that it takes.
pub fn write_payload(buf: &mut [u8], draft: &dyn MessageDraft) -> Result<usize, Full> {
    let mut writer = Writer::new(buf);
    payload(&mut writer, draft);
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
        to.member(key::TYPE, &kind);
        to.member(key::PACKAGE_NAME, sender.package_name);
        tail(to, sender);
    });
    writer.finish()
}

/// What a command begins with.
pub(super) fn head(
    to: &mut Writer<'_>,
    sender: &Sender<'_>,
    id: u32,
    kind: MessageType<'_>,
    method: Method<'_>,
) {
    // Ten digits are enough for every u32.
    let mut digits = [0u8; 10];
    to.member(key::ID, decimal(id, &mut digits));
    to.member(key::TYPE, &kind);
    to.member(key::PACKAGE_NAME, sender.package_name);
    to.member(key::METHOD, &method);
}

fn payload(to: &mut Writer<'_>, draft: &dyn MessageDraft) {
    to.object(|to| {
        to.member(key::METHOD, &draft.method());
        to.member(key::VERSION, &draft.version());
        draft.write_members(to);
    });
}

/// What every message ends with.
pub(super) fn tail(to: &mut Writer<'_>, sender: &Sender<'_>) {
    if sender.source_sdk {
        to.member(key::SOURCE_SDK, SOURCE_SDK);
    }
    if let Some(id) = sender.application_id {
        to.member(key::APPLICATION_ID, id);
    }
    to.member(key::VERSION, &sender.version);
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
