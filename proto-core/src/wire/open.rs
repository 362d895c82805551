//! Opening a message: the one phase that changes its buffer.
//!
//! A payload is JSON in a string, and a payment in it is again JSON in a string. [`open`] unescapes both
//! where they lie. Afterwards the buffer is only shared, and everything that is read from the message is
//! a `Copy` borrow of it.

use core::fmt;

use super::base64::Bytes;
use super::envelope::key;
use super::joiner::JoinError;
use super::json::{
    JsonError, JsonFault, Object, Read, Span, Text, Value, behind_space, behind_value, check,
    members, open_string, place_in_string,
};
use super::names::{MessageType, Method};
use crate::message;

/// A whole message, opened. All of it borrows the buffer that was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Message<'m> {
    /// The sender's number of the message; an ACK names it.
    pub id: Option<Text<'m>>,
    /// What the message is; absent counts as a command (`protocol/link.md` §4.2).
    pub kind: MessageType<'m>,
    /// The name of the message; absent on PING and PONG.
    pub method: Option<Method<'m>>,
    /// The envelope version: above 1 the sender understands fragments. Absent or 0 counts as 1.
    pub version: i64,
    /// The payload, opened; an empty object if there is none.
    pub payload: Object<'m>,
    /// What came beside the payload: a picture to print.
    pub attachment: Option<Attachment<'m>>,
    /// The application at the point of sale, `remoteApplicationID`.
    pub application_id: Option<Text<'m>>,
    /// The software at the point of sale, `remoteSourceSDK`.
    pub source_sdk: Option<Text<'m>>,
}

impl Message<'_> {
    /// The version of the payload's format. Absent or 0 counts as 1 (`protocol/messages.md` §1.2).
    #[must_use]
    pub fn payload_version(&self) -> i64 {
        self.payload.field(&["version"]).unwrap_or(1).max(1)
    }
}

/// What came with a message beside its payload, as Base64 (`protocol/link.md` §4.14). Only a
/// [`Joiner`](super::Joiner) brings such messages forth.
#[derive(Clone, Copy, PartialEq)]
pub struct Attachment<'m> {
    text: Text<'m>,
    complete: bool,
}

impl<'m> Attachment<'m> {
    /// Its bytes, decoded while they are looked at.
    #[must_use]
    pub fn bytes(self) -> Bytes<'m> {
        Bytes::of(self.text)
    }

    /// Whether its sender said that this is all. Some senders forget to say so when the last piece is as long
    /// as the others (`protocol/link.md` §4.14); but the sender may have been cut off as well.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.complete
    }

    /// How long it is, as Base64.
    pub(crate) fn characters(self) -> usize {
        self.text.raw().0.len()
    }
}

/// Without what it holds.
impl fmt::Debug for Attachment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} characters)", self.characters())
    }
}

/// A message that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unreadable<'m> {
    /// The name of the message, if that much can be read.
    pub method: Option<Method<'m>>,
    /// What is wrong.
    pub why: OpenError,
}

impl fmt::Display for Unreadable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = self.method {
            write!(f, "{method}: ")?;
        }
        write!(f, "{}", self.why)
    }
}

/// Why a message cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError {
    /// The message is not one JSON value.
    NotJson(JsonError),
    /// The message is JSON, but no object.
    NotAnObject,
    /// The payload is not one JSON object; the offset counts from the start of the payload's text.
    BadPayload(JsonError),
    /// This field of the payload is there, but is nothing that can be read.
    BadField(&'static str),
    /// The message is longer than the buffer that it was received into.
    TooLong {
        /// Its length in bytes.
        total: usize,
    },
    /// This is a piece of a message, which a [`Joiner`](super::Joiner) has not seen.
    Fragment,
    /// The pieces that the message came in do not fit together.
    Fragments(JoinError),
}

impl OpenError {
    /// Where reading failed: the offset in the message, or in the payload's text.
    #[must_use]
    pub const fn at(self) -> usize {
        match self {
            Self::NotJson(error) | Self::BadPayload(error) => error.at,
            Self::NotAnObject | Self::BadField(_) | Self::Fragment | Self::Fragments(_) => 0,
            Self::TooLong { total } => total,
        }
    }

    /// Where reading failed, in bytes from the start of `message`, which is the message as it was received: the
    /// escapes before a fault in the payload count too.
    #[must_use]
    pub fn place_in(self, message: &[u8]) -> usize {
        match self {
            Self::BadPayload(error) => place_in_payload(message, error.at).unwrap_or(error.at),
            other => other.at(),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "the message is {}", FaultAt(error)),
            Self::NotAnObject => f.write_str("the message is no JSON object"),
            Self::BadPayload(error) => write!(f, "the payload is {}", FaultAt(error)),
            Self::BadField(field) => write!(f, "the field {field} cannot be read"),
            Self::TooLong { total } => {
                write!(
                    f,
                    "the message of {total} bytes is longer than the receive buffer"
                )
            }
            Self::Fragment => f.write_str("this is a piece of a message"),
            Self::Fragments(error) => write!(f, "the message came in pieces: {error}"),
        }
    }
}

impl core::error::Error for OpenError {}

struct FaultAt<'e>(&'e JsonError);

impl fmt::Display for FaultAt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unreadable: {}", self.0)
    }
}

/// Opens a whole message in place.
///
/// The payload string is unescaped where it lies, and in it the fields that travel as JSON in a string
/// (`protocol/model.md` §1). What looks like JSON but is not in that table stays a string.
///
/// # Errors
///
/// [`Unreadable`] with the name of the message as far as it can be told. The buffer then holds the
/// message in part opened; it is of no further use.
pub fn open(buf: &mut [u8]) -> Result<Message<'_>, Unreadable<'_>> {
    match open_in_place(buf) {
        Ok(envelope) => read(buf, &envelope).ok_or(Unreadable {
            method: None,
            why: OpenError::NotAnObject,
        }),
        Err(why) => Err(Unreadable {
            method: name_in_head(buf),
            why,
        }),
    }
}

/// The name of a message of which only the beginning is there. Looks for the member `method` of the
/// envelope; a method named only in the payload is not found.
#[must_use]
pub fn name_in_head(head: &[u8]) -> Option<Method<'_>> {
    const KEY: &[u8] = b"\"method\"";
    let at = head.windows(KEY.len()).position(|window| window == KEY)?;
    let rest = head.get(at.checked_add(KEY.len())?..)?;
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    let name = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let end = name.iter().position(|byte| *byte == b'"')?;
    let name = core::str::from_utf8(name.get(..end)?).ok()?;
    (!name.contains('\\')).then(|| Method::from_name(name.into()))
}

fn open_in_place(buf: &mut [u8]) -> Result<Envelope, OpenError> {
    if let Err(error) = core::str::from_utf8(buf) {
        return Err(OpenError::NotJson(JsonError {
            at: error.valid_up_to(),
            what: JsonFault::NotUtf8,
        }));
    }
    check(buf).map_err(OpenError::NotJson)?;
    if buf.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(OpenError::NotAnObject);
    }
    let mut envelope = Envelope::of(buf);
    if envelope
        .fragment_index
        .is_some_and(|index| index.of(buf) != b"null")
    {
        return Err(OpenError::Fragment);
    }
    let Some(span) = envelope.payload else {
        return Ok(envelope);
    };
    let payload = match buf.get(span.start) {
        Some(b'"') => open_string(buf, span, IN_ENVELOPE).map_err(OpenError::BadPayload)?,
        _ => span,
    };
    match behind_space(buf.get(payload.start..).unwrap_or_default()) {
        [b'{', ..] => {}
        [b'n', ..] => return Ok(envelope),
        _ => {
            return Err(OpenError::BadPayload(JsonError {
                at: 0,
                what: JsonFault::Syntax,
            }));
        }
    }
    envelope.listed = envelope
        .method
        .and_then(|span| string_at(buf, span))
        .or_else(|| method_of_payload(buf, payload.start))
        .and_then(Method::listed);
    let opened = envelope.listed.map_or(NOTHING, message::opened);
    open_fields(buf, payload.start, opened, IN_PAYLOAD);
    Ok(envelope)
}

/// Where the members of an envelope lie that are read; of each the first one counts. Opening the payload
/// changes no place.
#[derive(Default)]
struct Envelope {
    id: Option<Span>,
    kind: Option<Span>,
    method: Option<Span>,
    version: Option<Span>,
    payload: Option<Span>,
    attachment: Option<Span>,
    fragment_index: Option<Span>,
    last_fragment: Option<Span>,
    application_id: Option<Span>,
    source_sdk: Option<Span>,
    /// The method, here or in the payload, if it is one that is listed.
    listed: Option<Method<'static>>,
}

impl Envelope {
    fn of(message: &[u8]) -> Self {
        let mut envelope = Self::default();
        let mut all = members(message, 0);
        while let Some((name, value)) = all.next(message) {
            let slots = [
                (key::ID, &mut envelope.id),
                (key::TYPE, &mut envelope.kind),
                (key::METHOD, &mut envelope.method),
                (key::VERSION, &mut envelope.version),
                (key::PAYLOAD, &mut envelope.payload),
                (key::ATTACHMENT, &mut envelope.attachment),
                (key::FRAGMENT_INDEX, &mut envelope.fragment_index),
                (key::LAST_FRAGMENT, &mut envelope.last_fragment),
                (key::APPLICATION_ID, &mut envelope.application_id),
                (key::SOURCE_SDK, &mut envelope.source_sdk),
            ];
            if let Some((_, slot)) = slots.into_iter().find(|(known, _)| name == *known) {
                slot.get_or_insert(value);
            }
        }
        envelope
    }
}

/// Where in a message that was not opened yet the byte lies that is at `at` in the payload's text.
fn place_in_payload(message: &[u8], at: usize) -> Option<usize> {
    let mut envelope = members(message, 0);
    let payload = loop {
        let (name, span) = envelope.next(message)?;
        if name == key::PAYLOAD {
            break span;
        }
    };
    let place = match payload.of(message).strip_prefix(b"\"") {
        Some(content) => place_in_string(content, at).saturating_add(1),
        None => at,
    };
    Some(payload.start.saturating_add(place))
}

/// What stands in the envelope stands in one object, what in the payload in two.
const IN_ENVELOPE: u32 = 1;
const IN_PAYLOAD: u32 = 2;

/// The method that the payload at `at` names: older devices name it there only.
fn method_of_payload(buf: &[u8], at: usize) -> Option<Text<'_>> {
    let mut fields = members(buf, at);
    while let Some((name, span)) = fields.next(buf) {
        if name == key::METHOD {
            return string_at(buf, span);
        }
    }
    None
}

/// Opens the fields of the object at `at` that are named. They stand in `depth` objects.
fn open_fields(buf: &mut [u8], at: usize, opened: &[Opened], depth: u32) {
    if opened.is_empty() {
        return;
    }
    let deeper = depth.saturating_add(1);
    let mut fields = members(buf, at);
    while let Some((name, span)) = fields.next(buf) {
        let inside = opened
            .iter()
            .find(|field| name == field.name)
            .map(|field| field.inside);
        match (inside, buf.get(span.start)) {
            (Some(Inside::Value), Some(b'"')) => {
                // A string that is no JSON stays what it is.
                let _ = open_string(buf, span, depth);
            }
            (Some(Inside::Items), Some(b'[')) => open_items(buf, span, deeper),
            (Some(Inside::Items), Some(b'{')) => open_fields(buf, span.start, WRAPPED, deeper),
            (Some(Inside::Fields(fields)), Some(b'{')) => {
                open_fields(buf, span.start, fields, deeper);
            }
            _ => {}
        }
    }
}

/// Opens each string of the list at `span`.
fn open_items(buf: &mut [u8], span: Span, depth: u32) {
    let mut at = span.start.saturating_add(1);
    while at < span.end {
        let rest = behind_space(buf.get(at..).unwrap_or_default());
        let start = buf.len().saturating_sub(rest.len());
        let end = buf.len().saturating_sub(behind_value(rest).len());
        if rest.first() == Some(&b'"') {
            let _ = open_string(buf, Span { start, end }, depth);
        }
        // Behind the value: white space and a comma, or the end of the list.
        let rest = behind_space(buf.get(end..).unwrap_or_default());
        at = buf.len().saturating_sub(rest.len()).saturating_add(1);
    }
}

fn string_at(buf: &[u8], span: Span) -> Option<Text<'_>> {
    let raw = span.of(buf).strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(Text::from_json(core::str::from_utf8(raw).ok()?))
}

fn read<'m>(buf: &'m [u8], envelope: &Envelope) -> Option<Message<'m>> {
    let buf = core::str::from_utf8(buf).ok()?;
    let value = |span| value_at(buf, span);
    let text = |span| text_at(buf, span);
    let flag = |span| value(span).and_then(bool::read);
    let mut message = Message {
        id: text(envelope.id),
        kind: text(envelope.kind).map_or(MessageType::Command, MessageType::from_name),
        method: match (envelope.method, envelope.listed) {
            (Some(_), Some(listed)) => Some(listed),
            (method, _) => text(method).map(Method::from_name),
        },
        version: value(envelope.version)
            .and_then(i64::read)
            .unwrap_or(1)
            .max(1),
        payload: value(envelope.payload)
            .and_then(Object::read)
            .unwrap_or(Object::EMPTY),
        attachment: text(envelope.attachment).map(|text| Attachment {
            text,
            complete: flag(envelope.last_fragment).unwrap_or(true),
        }),
        application_id: text(envelope.application_id),
        source_sdk: text(envelope.source_sdk),
    };
    // Older devices name the method in the payload only.
    if message.method.is_none() && message.kind == MessageType::Command {
        message.method = message.payload.field(&[key::METHOD]);
    }
    Some(message)
}

#[inline(never)]
fn value_at(text: &str, span: Option<Span>) -> Option<Value<'_>> {
    let span = span?;
    Value::of_checked(text.get(span.start..span.end)?)
}

#[inline(never)]
fn text_at(text: &str, span: Option<Span>) -> Option<Text<'_>> {
    value_at(text, span).and_then(Text::read)
}

/// A field that travels as JSON in a string, or has such fields inside (`protocol/model.md` §1). Which they
/// are comes from the declarations of the messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) name: &'static str,
    pub(crate) inside: Inside,
}

/// Where in a field the JSON in a string is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Inside {
    /// The field itself.
    Value,
    /// Each item of the list.
    Items,
    /// These fields of the object.
    Fields(&'static [Opened]),
}

const NOTHING: &[Opened] = &[];

/// A list that came wrapped where it should be bare (`protocol/decisions.md`, lists).
const WRAPPED: &[Opened] = &[Opened {
    name: "elements",
    inside: Inside::Items,
}];

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> String {
        let mut buf = text.as_bytes().to_vec();
        let message = open(&mut buf).unwrap();
        message.payload.json().expose().to_owned()
    }

    #[test]
    fn three_levels_open_in_place() {
        let payload = opened(
            r#"{"method":"FINISH_OK","payload":"{\"payment\":\"{\\\"id\\\":\\\"P\\\",\\\"note\\\":\\\"\\\\\\\"\\\"}\",\"requestInfo\":\"SALE\"}"}"#,
        );
        let value: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(value["payment"]["id"], "P");
        assert_eq!(value["payment"]["note"], "\"");
        assert_eq!(value["requestInfo"], "SALE");
    }

    #[test]
    fn the_order_of_the_envelope_does_not_matter() {
        let payload = opened(
            r#"{"payload":"{\"payment\":\"{\\\"id\\\":\\\"P\\\"}\"}","method":"FINISH_OK"}"#,
        );
        assert!(payload.contains(r#"{"id":"P"}"#), "{payload}");
    }

    #[test]
    fn fields_outside_the_table_stay_strings() {
        let payload = opened(
            r#"{"method":"ACTIVITY_RESPONSE","payload":"{\"payload\":\"{\\\"a\\\":1}\",\"payment\":\"{}\"}"}"#,
        );
        assert_eq!(payload, r#"{"payload":"{\"a\":1}","payment":"{}"}"#);
    }

    #[test]
    fn list_items_and_intent_fields_open() {
        let printers = opened(
            r#"{"method":"GET_PRINTERS_RESPONSE","payload":"{\"printers\":[\"{\\\"id\\\":1}\" , {\"id\":2},\"{\\\"id\\\":3}\"]}"}"#,
        );
        let value: serde_json::Value = serde_json::from_str(&printers).unwrap();
        assert_eq!(value["printers"][2]["id"], 3);
        let intent = opened(
            r#"{"method":"TX_START","payload":"{\"payIntent\":{\"transactionSettings\":\"{\\\"tipMode\\\":\\\"NO_TIP\\\"}\"}}"}"#,
        );
        let value: serde_json::Value = serde_json::from_str(&intent).unwrap();
        assert_eq!(
            value["payIntent"]["transactionSettings"]["tipMode"],
            "NO_TIP"
        );
    }

    #[test]
    fn payload_may_be_absent_null_or_an_object() {
        assert_eq!(opened(r#"{"type":"PING"}"#), "{}");
        assert_eq!(opened(r#"{"method":"ACK","payload":null}"#), "{}");
        assert_eq!(
            opened(r#"{"method":"ACK","payload":{"a":1}}"#),
            r#"{"a":1}"#
        );
        assert_eq!(opened(r#"{"method":"ACK","payload":"null"}"#), "{}");
    }

    #[test]
    fn what_cannot_be_read_says_what_and_where() {
        for (text, method, why) in [
            (
                "hello",
                None,
                "the message is unreadable: not JSON at byte 0",
            ),
            ("[1]", None, "the message is no JSON object"),
            (
                r#"{"method":"FINISH_OK","payload":"{\"payment\":"}"#,
                Some(Method::FinishOk),
                "the payload is unreadable: the text ends too early at byte 11",
            ),
            (
                r#"{"method":"FINISH_OK","payload":"{\"a\":\"\\ud83d\"}"}"#,
                Some(Method::FinishOk),
                "the payload is unreadable: half of a surrogate pair at byte 6",
            ),
            (
                r#"{"method":"FINISH_OK","payload":"[]"}"#,
                Some(Method::FinishOk),
                "the payload is unreadable: not JSON at byte 0",
            ),
        ] {
            let mut buf = text.as_bytes().to_vec();
            let error = open(&mut buf).unwrap_err();
            assert_eq!(error.method, method, "{text}");
            assert_eq!(error.why.to_string(), why, "{text}");
        }
        let text = r#"{"method":"ACK", "payload": "{\"a\":@}"}"#;
        let error = open(&mut text.as_bytes().to_vec()).unwrap_err().why;
        assert_eq!(error.at(), 5);
        assert_eq!(Some(error.place_in(text.as_bytes())), text.find('@'));
        let mut buf = b"{\"a\":\"\xFF\"}".to_vec();
        assert_eq!(
            open(&mut buf).unwrap_err().why.to_string(),
            "the message is unreadable: not UTF-8 at byte 6"
        );
    }

    #[test]
    fn a_version_of_zero_counts_as_one() {
        let mut buf = br#"{"version":0,"method":"X"}"#.to_vec();
        assert_eq!(open(&mut buf).unwrap().version, 1);
    }

    #[test]
    fn a_fragment_is_no_message() {
        let mut buf = br#"{"method":"PRINT_IMAGE","payload":"{\"a","fragmentIndex":0}"#.to_vec();
        let error = open(&mut buf).unwrap_err();
        assert_eq!(error.method, Some(Method::PrintImage));
        assert_eq!(error.why, OpenError::Fragment);
        assert_eq!(opened(r#"{"payload":"{}","fragmentIndex":null}"#), "{}");
    }
}
