//! Writes what was read again, through view and draft, and says what is different then.
//!
//! The other side of the comparison is read by `serde_json`, so an error in our reading and our writing
//! cannot hide itself.

use std::collections::BTreeMap;

use proto_core::message::Declared;
use proto_core::wire::json::{Full, Object, Value as Ours, Writer};
use proto_core::wire::{Kind, Message, Sender, Shape, write_message};
use serde_json::{Map, Value};

use crate::vectors::Again;

/// How a written object may differ from the one that it was read from: the other side's dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// `null` is not written (`protocol/link.md` §4.9).
    Null,
    /// A member that is not declared. It stays in the view's object; a draft has no field for it.
    Undeclared,
    /// Another spelling of the name.
    Name,
    /// The value is written under a second name too (`protocol/messages.md` §5).
    SecondName,
    /// A number or truth value that came as a string, or the other way round.
    Scalar,
    /// An object that is written as JSON in a string (`protocol/decisions.md`).
    ToString,
    /// JSON in a string that is written as an object (`protocol/decisions.md`).
    ToObject,
    /// A list that came with `{"elements":[…]}` and is written without, or the other way round.
    List,
    /// A value of a kind that is not read.
    Unread,
}

/// A change, and where.
pub type Changed = (Change, String);

/// Writes a message again and compares its payload with the one that it was read from.
///
/// # Panics
///
/// If they differ in another way than a [`Change`] says.
#[must_use]
pub fn message(declared: &Declared, message: &Message<'_>, theirs: &Value) -> Vec<Changed> {
    let name = declared.method.name().to_string();
    let theirs = in_string(theirs);
    let sender = Sender {
        package_name: "p",
        application_id: None,
        source_sdk: false,
        version: 1,
    };
    let draft = Again { declared, message };
    let envelope = in_room(|room| write_message(room, &sender, 1, &draft));
    assert_eq!(envelope["method"], name);
    assert_eq!(envelope["type"], declared.kind.name().to_string());
    let written = in_string(&envelope["payload"]);
    assert_eq!(written["method"], name);
    assert_eq!(
        written["version"].as_i64(),
        Some(theirs["version"].as_i64().unwrap_or(1).max(1)),
        "{name}"
    );
    let mut changes = Vec::new();
    let without_head = |payload: &Value| {
        let mut members = payload.as_object().cloned().unwrap_or_default();
        members.remove("method");
        members.remove("version");
        members
    };
    compare(
        declared.shape,
        message.payload,
        &without_head(&written),
        &without_head(&theirs),
        &name,
        &mut changes,
    );
    changes
}

/// Writes an object again and compares it with the one that it was read from.
///
/// # Panics
///
/// As [`message`].
pub fn object(
    shape: &Shape,
    ours: Object<'_>,
    theirs: &Map<String, Value>,
    place: &str,
    changes: &mut Vec<Changed>,
) {
    let written = rewritten(shape, ours);
    let written = written.as_object().unwrap();
    compare(shape, ours, written, theirs, place, changes);
}

/// What is written of an object again.
#[must_use]
pub fn rewritten(shape: &Shape, object: Object<'_>) -> Value {
    in_room(|room| {
        let mut writer = Writer::new(room);
        writer.object(|to| shape.rewrite(object, to));
        writer.finish()
    })
}

/// What is written into as much room as it takes.
fn in_room(write: impl Fn(&mut [u8]) -> Result<usize, Full>) -> Value {
    let mut room = vec![0; 4_096];
    let len = write(&mut room).unwrap_or_else(|full| {
        room.resize(full.needed, 0);
        write(&mut room).unwrap()
    });
    serde_json::from_slice(&room[..len]).unwrap()
}

fn compare(
    shape: &Shape,
    ours: Object<'_>,
    written: &Map<String, Value>,
    theirs: &Map<String, Value>,
    place: &str,
    changes: &mut Vec<Changed>,
) {
    let ours: BTreeMap<String, Ours<'_>> = ours
        .members()
        .map(|(name, value)| (name.to_string(), value))
        .collect();
    let mut expected: Vec<&str> = Vec::new();
    for (name, value) in theirs {
        let place = format!("{place}.{name}");
        let Some(field) = shape.field(name.as_str().into()) else {
            changes.push((Change::Undeclared, place));
            continue;
        };
        if value.is_null() {
            changes.push((Change::Null, place));
            continue;
        }
        let Some(again) = written.get(field.name) else {
            changes.push((Change::Unread, place));
            continue;
        };
        expected.push(field.name);
        // A second name of what is there under the first as well says nothing new.
        if field.name != name {
            if theirs.get(field.name).is_some_and(|first| !first.is_null()) {
                assert_eq!(written.get(name.as_str()), Some(value), "{place}");
                expected.push(name);
                continue;
            }
            changes.push((Change::Name, place.clone()));
        }
        same(field.kind, ours[name], again, value, &place, changes);
    }
    for (name, value) in written {
        if !expected.contains(&name.as_str()) {
            let field = shape.field(name.as_str().into()).unwrap();
            assert!(
                expected.contains(&field.name) && written.get(field.name) == Some(value),
                "{place}.{name} was never there"
            );
            changes.push((Change::SecondName, format!("{place}.{name}")));
        }
    }
}

fn same(
    kind: Kind,
    ours: Ours<'_>,
    written: &Value,
    theirs: &Value,
    place: &str,
    changes: &mut Vec<Changed>,
) {
    match kind {
        Kind::Text
        | Kind::Base64
        | Kind::Secret
        | Kind::Name(..)
        | Kind::Flag
        | Kind::Integer
        | Kind::Money
        | Kind::Time
        | Kind::Number => {
            let right = match kind {
                Kind::Flag => written.is_boolean(),
                Kind::Integer | Kind::Money | Kind::Time => written.is_i64(),
                Kind::Number => written.is_number(),
                _ => written.is_string(),
            };
            assert!(right, "{place}: {written}");
            if written != theirs {
                assert!(one_value(written, theirs), "{place}: {written} {theirs}");
                changes.push((Change::Scalar, place.into()));
            }
        }
        Kind::Map | Kind::Opaque => assert_eq!(written, theirs, "{place}"),
        Kind::Object(shape) => nested(shape, ours, written, theirs, place, changes),
        Kind::Either(shape) | Kind::InString(shape) => {
            let in_strings = matches!(kind, Kind::InString(_));
            item(shape, in_strings, ours, written, theirs, place, changes);
        }
        Kind::Texts | Kind::ElementTexts | Kind::Opaques => {
            let written = list(kind, written, place, None);
            let theirs = list(kind, theirs, place, Some(changes));
            assert_eq!(written, theirs, "{place}");
        }
        Kind::List(shape) | Kind::Elements(shape) => {
            let written = list(kind, written, place, None);
            let theirs = list(kind, theirs, place, Some(changes));
            assert_eq!(written.len(), theirs.len(), "{place}");
            for ((ours, written), theirs) in items(ours).into_iter().zip(written).zip(theirs) {
                nested(shape, ours, written, theirs, place, changes);
            }
        }
        Kind::InStrings(shape) | Kind::Eithers(shape) => {
            let in_strings = matches!(kind, Kind::InStrings(_));
            let written = list(kind, written, place, None);
            let theirs = list(kind, theirs, place, Some(changes));
            assert_eq!(written.len(), theirs.len(), "{place}");
            for ((ours, written), theirs) in items(ours).into_iter().zip(written).zip(theirs) {
                item(shape, in_strings, ours, written, theirs, place, changes);
            }
        }
    }
}

/// An object that may be JSON in a string on either side.
fn item(
    shape: &Shape,
    in_strings: bool,
    ours: Ours<'_>,
    written: &Value,
    theirs: &Value,
    place: &str,
    changes: &mut Vec<Changed>,
) {
    assert_eq!(written.is_string(), in_strings, "{place}: {written}");
    if theirs.is_string() != in_strings {
        let change = if in_strings {
            Change::ToString
        } else {
            Change::ToObject
        };
        changes.push((change, place.into()));
    }
    let (written, theirs) = (in_string(written), in_string(theirs));
    if in_strings {
        assert_eq!(written, theirs, "{place}: it did not go on as it came");
    }
    nested(shape, ours, &written, &theirs, place, changes);
}

/// An object inside the one that was written: a draft by value, which is written anew, or its text, which
/// must have gone on as it came; and that text, written anew.
fn nested(
    shape: &Shape,
    ours: Ours<'_>,
    written: &Value,
    theirs: &Value,
    place: &str,
    changes: &mut Vec<Changed>,
) {
    let Ours::Object(ours) = ours else {
        panic!("{place} is no object: {ours:?}");
    };
    assert!(
        written == theirs || *written == rewritten(shape, ours),
        "{place}: {written} {theirs}"
    );
    object(shape, ours, theirs.as_object().unwrap(), place, changes);
}

/// The items of a list; `changes` hears if it came in the other form than it is written in.
fn list<'v>(
    kind: Kind,
    value: &'v Value,
    place: &str,
    changes: Option<&mut Vec<Changed>>,
) -> &'v [Value] {
    let wrapped = matches!(kind, Kind::Elements(_) | Kind::ElementTexts | Kind::Opaques);
    if value.is_object() != wrapped {
        changes
            .unwrap_or_else(|| panic!("{place}: {value}"))
            .push((Change::List, place.into()));
    }
    let list = value.get("elements").unwrap_or(value);
    list.as_array()
        .unwrap_or_else(|| panic!("{place}: {value}"))
}

fn items(ours: Ours<'_>) -> Vec<Ours<'_>> {
    match ours {
        Ours::List(list) => list.items().collect(),
        Ours::Object(wrapper) => match wrapper.get("elements") {
            Some(Ours::List(list)) => list.items().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The JSON in a string, or the value itself if it is none.
fn in_string(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        Value::Null => Value::Object(Map::new()),
        other => other.clone(),
    }
}

/// Whether two values are one, written in two ways.
fn one_value(written: &Value, theirs: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (written, theirs) = (text(written), text(theirs));
    written == theirs
        || matches!(
            (written.parse::<f64>(), theirs.parse::<f64>()),
            (Ok(a), Ok(b)) if a == b
        )
}
