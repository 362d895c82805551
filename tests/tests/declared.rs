//! Every declared field of every typed message, read and written: in our own form, in the other dialects, as
//! `null`, under its other names. The messages are made from the declarations, so a new field is tried at once.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proto_core::message::{
    AtVersion, Declared, FAMILIES, MessageDraft, VoidPayment, VoidPaymentDraft, declared,
};
use proto_core::wire::names::Method;
use proto_core::wire::{Field, Kind, Sender, Shape, open, write_message};
use serde_json::{Map, Value, json};
use system_tests::again::{self, Change};

/// How a message is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// As it is written here.
    Ours,
    /// Objects for JSON in strings and the other way round, lists in the other form, the payload an object.
    Turned,
    /// Numbers and truth values as strings.
    Strings,
    /// Whole numbers with a fraction, texts as numbers, names that nobody knows.
    Odd,
    /// Everything `null`.
    Nulls,
}

fn messages() -> impl Iterator<Item = &'static Declared> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

#[test]
fn every_declared_field_is_read_and_written_as_it_was() {
    for declared in messages() {
        let changes = changes(declared, Dialect::Ours, NOT_RENAMED);
        assert_eq!(kinds(&changes), second_name(declared), "{changes:?}");
    }
}

#[test]
fn every_declared_field_is_read_in_the_other_forms_of_objects_and_lists() {
    let forms = [Change::ToString, Change::ToObject, Change::List];
    for declared in messages() {
        let changes = changes(declared, Dialect::Turned, NOT_RENAMED);
        let allowed = &second_name(declared) | &forms.into();
        assert!(kinds(&changes).is_subset(&allowed), "{changes:?}");
    }
}

#[test]
fn every_number_and_truth_value_is_read_from_a_string() {
    for declared in messages() {
        let changes = changes(declared, Dialect::Strings, NOT_RENAMED);
        let allowed = &second_name(declared) | &[Change::Scalar].into();
        assert!(kinds(&changes).is_subset(&allowed), "{changes:?}");
    }
}

#[test]
fn texts_as_numbers_and_unknown_names_are_read() {
    for declared in messages() {
        let changes = changes(declared, Dialect::Odd, NOT_RENAMED);
        let allowed = &second_name(declared) | &[Change::Scalar].into();
        assert!(kinds(&changes).is_subset(&allowed), "{changes:?}");
    }
}

#[test]
fn null_is_absent_and_is_not_written() {
    for declared in messages() {
        let changes = changes(declared, Dialect::Nulls, NOT_RENAMED);
        let all = if declared.shape.fields.is_empty() {
            BTreeSet::new()
        } else {
            [Change::Null].into()
        };
        assert_eq!(kinds(&changes), all, "{changes:?}");
    }
}

#[test]
fn every_other_name_is_read() {
    for declared in messages() {
        let changes = changes(declared, Dialect::Ours, &|field| {
            !field.other_names.is_empty()
        });
        let allowed = &second_name(declared) | &[Change::Name].into();
        assert!(kinds(&changes).is_subset(&allowed), "{changes:?}");
    }
}

#[test]
fn what_is_written_is_written_the_same_again() {
    for declared in messages() {
        for dialect in [Dialect::Turned, Dialect::Strings, Dialect::Odd] {
            let once = written(declared, dialect);
            let mut buf = envelope(declared, &once, Dialect::Ours);
            let message = open(&mut buf).unwrap();
            let again = again::rewritten(declared.shape, message.payload);
            assert_eq!(again, once, "{dialect:?} {}", declared.method);
        }
    }
}

#[test]
fn a_message_that_nobody_sends_is_known_by_its_name_and_opens_too() {
    let mut buf = br#"{"method":"ORDER_ACTION_RESPONSE","payload":"{\"orderActionResponse\":\"{\\\"id\\\":1}\"}"}"#.to_vec();
    let message = open(&mut buf).unwrap();
    assert_eq!(message.method, Some(Method::OrderActionResponse));
    assert!(message.method.and_then(declared).is_none());
    let payload: Value = serde_json::from_str(message.payload.json().expose()).unwrap();
    assert_eq!(payload, json!({"orderActionResponse": {"id": 1}}));
}

#[test]
fn a_version_other_than_the_usual_one_is_written_when_asked_for() {
    let sender = Sender {
        package_name: "p",
        application_id: None,
        source_sdk: false,
        version: 1,
    };
    let draft = VoidPaymentDraft::default();
    for (draft, version) in [(&draft as &dyn MessageDraft, 3), (&AtVersion(1, &draft), 1)] {
        let mut room = [0; 512];
        let len = write_message(&mut room, &sender, 1, draft).unwrap();
        let message = open(&mut room[..len]).unwrap();
        assert_eq!(message.method, Some(VoidPayment::METHOD));
        assert_eq!(message.payload_version(), version);
    }
}

/// How an object is made.
#[derive(Clone, Copy)]
struct Form<'f> {
    dialect: Dialect,
    /// Which fields have their last other name.
    renamed: &'f dyn Fn(&Field) -> bool,
    /// The objects that are in the message already.
    seen: &'f RefCell<BTreeSet<&'static str>>,
}

const NOT_RENAMED: &dyn Fn(&Field) -> bool = &|_| false;

/// Makes a message, writes it again, and says what is different.
fn changes(
    declared: &Declared,
    dialect: Dialect,
    renamed: &dyn Fn(&Field) -> bool,
) -> Vec<again::Changed> {
    let form = Form {
        dialect,
        renamed,
        seen: &RefCell::default(),
    };
    let mut payload = sample(declared.shape, form);
    payload.insert("version".into(), json!(declared.version));
    let payload = Value::Object(payload);
    let mut buf = envelope(declared, &payload, dialect);
    let message = open(&mut buf).unwrap_or_else(|error| panic!("{}: {error}", declared.method));
    again::message(declared, &message, &payload)
}

/// What is written of a message that came in a dialect, without method and version.
fn written(declared: &Declared, dialect: Dialect) -> Value {
    let form = Form {
        dialect,
        renamed: NOT_RENAMED,
        seen: &RefCell::default(),
    };
    let payload = Value::Object(sample(declared.shape, form));
    let mut buf = envelope(declared, &payload, dialect);
    let message = open(&mut buf).unwrap();
    again::rewritten(declared.shape, message.payload)
}

fn envelope(declared: &Declared, payload: &Value, dialect: Dialect) -> Vec<u8> {
    let payload = match dialect {
        Dialect::Turned => payload.clone(),
        _ => payload.to_string().into(),
    };
    json!({
        "id": "7",
        "type": declared.kind.name().to_string(),
        "method": declared.method.name().to_string(),
        "payload": payload,
    })
    .to_string()
    .into_bytes()
}

/// An object with every declared field. What was in the message before comes without objects in it.
fn sample(shape: &Shape, form: Form<'_>) -> Map<String, Value> {
    let first = form.seen.borrow_mut().insert(shape.name);
    shape
        .fields
        .iter()
        .filter(|field| first || field.kind.shape().is_none())
        .map(|field| {
            let name = match field.other_names {
                [.., other] if (form.renamed)(field) => *other,
                _ => field.name,
            };
            (name.to_owned(), value(field, form))
        })
        .collect()
}

fn value(field: &Field, form: Form<'_>) -> Value {
    let dialect = form.dialect;
    let object = |shape| Value::Object(sample(shape, form));
    let string = |shape| Value::String(object(shape).to_string());
    let turned = dialect == Dialect::Turned;
    let list = |wrapped: bool, items: Value| {
        if wrapped == turned {
            items
        } else {
            json!({ "elements": items })
        }
    };
    let scalar = |value: Value| match dialect {
        Dialect::Strings => value.to_string().into(),
        _ => value,
    };
    let odd = dialect == Dialect::Odd;
    if dialect == Dialect::Nulls {
        return Value::Null;
    }
    match field.kind {
        Kind::Text | Kind::Secret if odd => json!(123),
        Kind::Integer | Kind::Money | Kind::Time if odd => json!(1250.0),
        Kind::Name(..) if odd => json!("NEVER_HEARD_OF"),
        Kind::Text | Kind::Secret => json!(format!("{} \"q\" \\ \n é 漢 😀", field.name)),
        Kind::Base64 => json!("iVBORw0KGgo="),
        Kind::Flag => scalar(json!(true)),
        Kind::Integer => scalar(json!(-7)),
        Kind::Money => scalar(json!(1_250)),
        Kind::Time => scalar(json!(1_717_761_600_000_i64)),
        Kind::Number => scalar(json!(1.25)),
        Kind::Name(_, names) => json!(names.last().unwrap()),
        Kind::Map => json!({"a": "b", "q\"\\": "é\u{2028}"}),
        Kind::Opaque => json!({"x": [1, {"y": null}], "z": "\"{}\""}),
        Kind::Object(shape) => object(shape),
        Kind::InString(shape) if turned => object(shape),
        Kind::InString(shape) => string(shape),
        Kind::Either(shape) if turned => string(shape),
        Kind::Either(shape) => object(shape),
        Kind::Texts => list(false, json!(["one", "t\"wo"])),
        Kind::ElementTexts => list(true, json!(["one", "t\"wo"])),
        Kind::List(shape) => list(false, json!([object(shape), object(shape)])),
        Kind::InStrings(shape) if turned => list(false, json!([object(shape), object(shape)])),
        Kind::InStrings(shape) => list(false, json!([string(shape), string(shape)])),
        Kind::Eithers(shape) if turned => list(false, json!([string(shape), string(shape)])),
        Kind::Eithers(shape) => list(false, json!([object(shape), object(shape)])),
        Kind::Elements(shape) => list(true, json!([object(shape)])),
        Kind::Opaques => list(true, json!([{"x": 1}, {}])),
    }
}

fn kinds(changes: &[again::Changed]) -> BTreeSet<Change> {
    changes.iter().map(|(change, _)| *change).collect()
}

/// The outcome of some answers is written under two names.
fn second_name(declared: &Declared) -> BTreeSet<Change> {
    let twice = ["RESET_DEVICE_RESPONSE", "RETRIEVE_DEVICE_STATUS_RESPONSE"];
    let twice = twice.iter().any(|name| declared.method.name() == *name);
    twice.then_some(Change::SecondName).into_iter().collect()
}
