//! JSON as strict as RFC 8259, in bounds, and never changed on the way: as tables, and against another reader.

use proptest::prelude::*;
use proto_core::message::{FinishOk, FinishOkDraft, MessageDraft, TxStart, TxStartDraft};
use proto_core::model::{
    CardTransactionDraft, PayIntentDraft, Payment, PaymentDraft, ReferenceDraft, SignatureDraft,
    StrokeDraft, TransactionSettingsDraft,
};
use proto_core::redact::Secret;
use proto_core::wire::json::{Full, JsonFault, MAX_DEPTH, Object, Value as Ours, check};
use proto_core::wire::names::{PaymentResult, RequestInfo};
use proto_core::wire::{InString, Nested, OpenError, Sender, open, write_message};
use serde_json::Value;

/// What another reader would have made of what ours has read.
fn value(ours: Ours<'_>) -> Value {
    match ours {
        Ours::Null => Value::Null,
        Ours::Bool(value) => Value::Bool(value),
        Ours::Number(number) => serde_json::from_str(number).unwrap(),
        Ours::String(text) => Value::String(text.to_string()),
        Ours::List(list) => list.items().map(value).collect(),
        Ours::Object(object) => {
            // The first one of a name counts.
            let mut map = serde_json::Map::new();
            for (name, member) in object.members() {
                map.entry(name.to_string()).or_insert_with(|| value(member));
            }
            Value::Object(map)
        }
    }
}

/// What is wrong with a text, and where.
const FAULTS: &[(&str, usize, JsonFault)] = &[
    // The end.
    ("", 0, JsonFault::Truncated),
    ("  ", 2, JsonFault::Truncated),
    ("[", 1, JsonFault::Truncated),
    (r#"{"a":"#, 5, JsonFault::Truncated),
    (r#"{"a":"b"#, 7, JsonFault::Truncated),
    (r#""\"#, 2, JsonFault::Truncated),
    ("{} {}", 3, JsonFault::Trailing),
    ("{}\0", 2, JsonFault::Trailing),
    ("[],", 2, JsonFault::Trailing),
    ("null null", 5, JsonFault::Trailing),
    // What stands around values.
    ("\u{FEFF}{}", 0, JsonFault::Syntax),
    ("\u{A0}{}", 0, JsonFault::Syntax),
    ("\x0C{}", 0, JsonFault::Syntax),
    ("{,}", 1, JsonFault::Syntax),
    ("[,1]", 1, JsonFault::Syntax),
    ("[1 2]", 3, JsonFault::Syntax),
    ("[1,,2]", 3, JsonFault::Syntax),
    (r#"{"a" "b"}"#, 5, JsonFault::Syntax),
    (r#"{"a":1 "b":2}"#, 7, JsonFault::Syntax),
    ("{1:2}", 1, JsonFault::Syntax),
    ("{a:1}", 1, JsonFault::Syntax),
    ("{'a':1}", 1, JsonFault::Syntax),
    (r#"{"a":1,}"#, 7, JsonFault::Syntax),
    ("[1]]", 3, JsonFault::Trailing),
    ("[1}", 2, JsonFault::Syntax),
    ("/* */1", 0, JsonFault::Syntax),
    ("TRUE", 0, JsonFault::Syntax),
    ("undefined", 0, JsonFault::Syntax),
    ("nulL", 0, JsonFault::Syntax),
    ("truex", 4, JsonFault::Trailing),
    ("]", 0, JsonFault::Syntax),
    // Garbage in a field that nobody reads.
    (r#"{"a":@#$ x"y}"#, 5, JsonFault::Syntax),
    (r#"{"a":{"b":[1,<]}}"#, 13, JsonFault::Syntax),
    // Strings.
    ("\"a\tb\"", 2, JsonFault::ControlCharacter),
    ("\"\0\"", 1, JsonFault::ControlCharacter),
    ("{\"a\":\"\x1F\"}", 6, JsonFault::ControlCharacter),
    ("{\"a\n\":1}", 3, JsonFault::ControlCharacter),
    (r#""\a""#, 1, JsonFault::BadEscape),
    (r#""\'""#, 1, JsonFault::BadEscape),
    (r#""\u""#, 1, JsonFault::BadEscape),
    (r#""\u12""#, 1, JsonFault::BadEscape),
    (r#""\u12g4""#, 1, JsonFault::BadEscape),
    (r#""\u+123""#, 1, JsonFault::BadEscape),
    (r#""\U0041""#, 1, JsonFault::BadEscape),
    (r#""\x41""#, 1, JsonFault::BadEscape),
    (r#""ab\ud800""#, 3, JsonFault::LoneSurrogate),
    (r#""\udfff""#, 1, JsonFault::LoneSurrogate),
    (r#""\ud800\u0041""#, 1, JsonFault::LoneSurrogate),
    (r#""\ud800\ud800""#, 1, JsonFault::LoneSurrogate),
    (r#""\ud800\n""#, 1, JsonFault::LoneSurrogate),
    (r#""\ud83d\ude0""#, 1, JsonFault::LoneSurrogate),
    (r#"{"\ud800":1}"#, 2, JsonFault::LoneSurrogate),
    // Numbers.
    ("-", 0, JsonFault::BadNumber),
    ("--1", 0, JsonFault::BadNumber),
    ("-a", 0, JsonFault::BadNumber),
    ("01", 0, JsonFault::BadNumber),
    ("-01", 0, JsonFault::BadNumber),
    ("00", 0, JsonFault::BadNumber),
    ("1.", 0, JsonFault::BadNumber),
    ("1.e5", 0, JsonFault::BadNumber),
    ("1e", 0, JsonFault::BadNumber),
    ("1e+", 0, JsonFault::BadNumber),
    ("1E-x", 0, JsonFault::BadNumber),
    ("+1", 0, JsonFault::Syntax),
    (".5", 0, JsonFault::Syntax),
    ("NaN", 0, JsonFault::Syntax),
    ("Infinity", 0, JsonFault::Syntax),
    ("-Infinity", 0, JsonFault::BadNumber),
    ("0x10", 1, JsonFault::Trailing),
    ("1_000", 1, JsonFault::Trailing),
    ("1 000", 2, JsonFault::Trailing),
    ("1.5.5", 3, JsonFault::Trailing),
    ("1e5e5", 3, JsonFault::Trailing),
    ("\u{661}", 0, JsonFault::Syntax),
];

#[test]
fn every_fault_is_refused_at_its_place() {
    for (text, at, what) in FAULTS {
        let error = check(text.as_bytes()).unwrap_err();
        assert_eq!((error.at, error.what), (*at, *what), "{text:?}");
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text:?}");
    }
}

/// A message whose payload is this text.
fn message(payload: &str) -> Vec<u8> {
    let payload = Value::from(payload);
    format!(r#"{{"method":"FINISH_OK","payload":{payload}}}"#).into_bytes()
}

#[test]
fn every_fault_is_refused_wherever_in_a_message_it_stands() {
    // What trails would be a fault of what it stands in.
    let here = |fault: &&(&str, usize, JsonFault)| fault.2 != JsonFault::Trailing;
    for (text, at, what) in FAULTS.iter().filter(here) {
        // In the envelope, in a member that nobody reads.
        let before = r#"{"method":"ACK","x":"#;
        let mut buf = format!("{before}{text}").into_bytes();
        let OpenError::NotJson(error) = open(&mut buf).unwrap_err().why else {
            panic!("{text:?}");
        };
        assert_eq!(
            (error.at, error.what),
            (before.len() + at, *what),
            "{text:?}"
        );

        // In the payload.
        let before = r#"{"x":"#;
        let mut buf = message(&format!("{before}{text}"));
        let OpenError::BadPayload(error) = open(&mut buf).unwrap_err().why else {
            panic!("{text:?}");
        };
        assert_eq!(
            (error.at, error.what),
            (before.len() + at, *what),
            "{text:?}"
        );

        // In JSON in a string in the payload: no message is lost for it; the field stays a string.
        let inner = Value::from(format!("{before}{text}"));
        let mut buf = message(&format!(r#"{{"payment":{inner},"requestInfo":"SALE"}}"#));
        let opened = open(&mut buf).unwrap();
        let finish = FinishOk::from_message(&opened).unwrap();
        assert_eq!(finish.payment(), None, "{text:?}");
        assert_eq!(finish.request_info(), Some(RequestInfo::Sale));
        let payment = finish.object().get("payment").unwrap();
        assert_eq!(value(payment), inner, "{text:?}");
    }
}

#[test]
fn what_is_not_utf8_is_refused_at_its_place() {
    for bad in [
        &b"\xFF"[..],
        b"\xC0\x80",         // an overlong zero
        b"\xED\xA0\x80",     // half of a surrogate pair
        b"\xF4\x90\x80\x80", // behind the last character
        b"\xE2\x82",         // cut off
    ] {
        let mut buf = [b"{\"a\":\"x", bad, b"\"}"].concat();
        let OpenError::NotJson(error) = open(&mut buf).unwrap_err().why else {
            panic!("{bad:?}");
        };
        assert_eq!((error.at, error.what), (7, JsonFault::NotUtf8));
    }
}

#[test]
fn depth_ends_before_anything_is_exhausted() {
    let depth = MAX_DEPTH as usize;
    let lists = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let objects = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
    for (good, bad) in [
        (lists(depth), lists(depth + 1)),
        (objects(depth), objects(depth + 1)),
    ] {
        assert_eq!(check(good.as_bytes()), Ok(()));
        assert_eq!(check(bad.as_bytes()).unwrap_err().what, JsonFault::TooDeep);
    }
    for endless in ["[", r#"{"a":"#, r#"[{"a":["#] {
        let text = endless.repeat(500_000);
        assert_eq!(check(text.as_bytes()).unwrap_err().what, JsonFault::TooDeep);
    }
}

#[test]
fn json_in_strings_counts_for_the_depth() {
    let depth = MAX_DEPTH as usize;
    // The payload stands in the envelope.
    for (levels, good) in [(depth - 1, true), (depth, false)] {
        let payload = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let mut buf = message(&payload);
        match open(&mut buf) {
            Ok(message) => {
                assert!(good);
                assert!(Object::parse(message.payload.json().expose()).is_some());
                assert_eq!(check(&buf), Ok(()));
            }
            Err(error) => {
                assert!(!good);
                let OpenError::BadPayload(error) = error.why else {
                    panic!("{error}");
                };
                assert_eq!(error.what, JsonFault::TooDeep);
            }
        }
    }
    // A payment stands in the payload as well; one that is too deep stays a string.
    for (levels, good) in [(depth - 2, true), (depth - 1, false)] {
        let payment = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let mut buf = message(&format!(r#"{{"payment":{}}}"#, Value::from(payment)));
        let payload = open(&mut buf).unwrap().payload;
        assert_eq!(FinishOk::of(payload).payment().is_some(), good);
        assert_eq!(check(&buf), Ok(()));
    }
}

/// The amount of a payment in which it is written like this.
fn amount(text: &str) -> Option<i64> {
    let payment = Value::from(format!(r#"{{"amount":{text}}}"#));
    let mut buf = message(&format!(r#"{{"payment":{payment}}}"#));
    let message = open(&mut buf).unwrap();
    FinishOk::from_message(&message)?.payment()?.amount()
}

#[test]
fn whole_numbers_are_read_exactly_in_every_form_or_refused() {
    for (text, value) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("-0.0e-7", Some(0)),
        ("1000", Some(1000)),
        ("1000.000", Some(1000)),
        ("1e3", Some(1000)),
        ("1E+3", Some(1000)),
        ("0.001e6", Some(1000)),
        ("1000000e-3", Some(1000)),
        ("-12.5e1", Some(-125)),
        ("9007199254740993", Some(9_007_199_254_740_993)), // no double
        ("9223372036854775807", Some(i64::MAX)),
        ("92233720368547758.07e2", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("-9223372036854775809", None),
        ("18446744073709551616", None),
        ("1e19", None),
        ("1e400", None),
        ("1e-400", None),
        ("1e99999999999999999999", None),
        ("1000.5", None),
        ("999.9999999999999999999", None),
        ("1e-1", None),
        ("\"1000\"", Some(1000)),
        ("\"1e3\"", Some(1000)),
        ("\"\"", None),
        ("\"-\"", None),
        ("\"ten\"", None),
        ("null", None),
        ("true", None),
        ("{}", None),
        ("[1000]", None),
    ] {
        assert_eq!(amount(text), value, "{text}");
    }
    // However long they are.
    assert_eq!(amount(&format!("1000.{}", "0".repeat(10_000))), Some(1000));
    assert_eq!(amount(&format!("1000.{}1", "0".repeat(10_000))), None);
    assert_eq!(amount(&"9".repeat(10_000)), None);
}

#[test]
fn of_a_name_that_stands_twice_the_first_counts_at_every_level() {
    let mut buf = br#"{"method":"FINISH_OK","method":"ACK","id":"1","id":"2","payload":"{\"payment\":\"{\\\"amount\\\":1,\\\"amount\\\":2}\",\"payment\":\"{\\\"amount\\\":3}\"}","payload":"{\"payment\":\"{\\\"amount\\\":4}\"}"}"#.to_vec();
    let message = open(&mut buf).unwrap();
    assert_eq!(message.id.unwrap(), "1");
    let payment = FinishOk::from_message(&message).unwrap().payment().unwrap();
    assert_eq!(payment.amount(), Some(1));
    // Also when it is null, and when one of them is written with escapes.
    let twice = Object::parse(r#"{"a":null,"a":1,"b":2,"\u0062":3}"#).unwrap();
    assert_eq!(twice.get("a"), None);
    assert_eq!(twice.get("b"), Some(Ours::Number("2")));
}

/// A number as JSON allows it, and what it stands for, if that is a whole one: digits and an exponent.
fn number() -> impl Strategy<Value = (String, Option<i64>)> {
    (
        any::<bool>(),
        prop_oneof![Just("0".to_owned()), "[1-9][0-9]{0,20}"],
        proptest::option::of("[0-9]{1,20}"),
        proptest::option::of((-25i32..25, any::<bool>())),
    )
        .prop_map(|(negative, whole, fraction, exponent)| {
            let fraction = fraction.unwrap_or_default();
            let (shift, capital) = exponent.unwrap_or((0, false));
            let mut text = String::new();
            if negative {
                text.push('-');
            }
            text += &whole;
            if !fraction.is_empty() {
                text += &format!(".{fraction}");
            }
            if exponent.is_some() {
                text += &format!("{}{shift:+}", if capital { 'E' } else { 'e' });
            }
            (text, exact(negative, &whole, &fraction, shift))
        })
}

/// By hand, in digits: the point moves, and what is behind it must be zeros.
fn exact(negative: bool, whole: &str, fraction: &str, shift: i32) -> Option<i64> {
    let mut digits = format!("{}{whole}{fraction}{}", "0".repeat(30), "0".repeat(30));
    let point = 30 + whole.len() as i32 + shift;
    let behind = digits.split_off(point as usize);
    if behind.contains(|c| c != '0') {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        // Such as every reader reads the same.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        any::<String>().prop_map(Value::from),
        "[\\\\\"\u{0}-\u{1F}/{}:,😀\u{FFFF}]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The value with white space around its tokens, and characters of strings written as escapes now and then.
fn respelled(value: &Value, spelling: &mut impl FnMut() -> u8) -> String {
    let space = [" ", "\n", "\t\r", ""][usize::from(spelling() % 4)];
    let text = match value {
        Value::String(text) => respelled_string(text, spelling),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| respelled(item, spelling)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut members = Vec::new();
            for (name, member) in map {
                let name = respelled_string(name, spelling);
                members.push(format!(
                    "{space}{name}{space}:{}",
                    respelled(member, spelling)
                ));
            }
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    };
    format!("{space}{text}{space}")
}

fn respelled_string(text: &str, spelling: &mut impl FnMut() -> u8) -> String {
    let mut string = String::from('"');
    for c in text.chars() {
        match spelling() % 4 {
            0 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    string += &format!("\\u{unit:04x}");
                }
            }
            1 if c == '/' => string += "\\/",
            _ => {
                let quoted = serde_json::to_string(&c).unwrap();
                string += &quoted[1..quoted.len() - 1];
            }
        }
    }
    string + "\""
}

proptest! {
    #[test]
    fn any_number_is_read_exactly_or_refused((text, value) in number()) {
        prop_assert_eq!(check(text.as_bytes()), Ok(()));
        prop_assert_eq!(amount(&text), value);
    }

    #[test]
    fn any_json_is_read_as_another_reader_reads_it(json in json(), seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut spelling = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let text = respelled(&json, &mut spelling);
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json.clone());
        // As a payload, where it is unescaped in place, and as a payment, twice.
        let payment = Value::from(format!(r#"{{"x":{text}}}"#));
        let payload = format!(r#"{{"payment":{payment},"x":{text}}}"#);
        let mut buf = message(&payload);
        let opened = open(&mut buf).unwrap();
        prop_assert_eq!(value(opened.payload.get("x").unwrap_or(Ours::Null)), json.clone());
        let payment = FinishOk::from_message(&opened).unwrap().payment().unwrap();
        prop_assert_eq!(value(payment.object().get("x").unwrap_or(Ours::Null)), json);
        prop_assert_eq!(check(&buf), Ok(()));
    }

    #[test]
    fn a_changed_text_is_refused_when_another_reader_refuses_it(
        json in json(),
        at in any::<prop::sample::Index>(),
        change in prop_oneof![
            3 => "[{}\\[\\]:,\"\\\\0-9eE.+ud-]{1,2}",
            1 => any::<String>(),
        ],
        remove in 0usize..3,
    ) {
        let mut text: Vec<char> = json.to_string().chars().collect();
        let at = at.index(text.len());
        let end = text.len().min(at + remove);
        text.splice(at..end, change.chars());
        let text = String::from_iter(text);
        let ours = check(text.as_bytes());
        // It passes over numbers without looking how large they are, but over lone surrogates as well.
        let passed: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&text);
        match ours {
            Ok(()) => prop_assert!(passed.is_ok(), "{text}"),
            Err(error) => {
                let lone = error.what == JsonFault::LoneSurrogate;
                prop_assert!(passed.is_err() || lone, "{text}: {error}");
                prop_assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}: {error}");
                prop_assert!(error.at <= text.len());
            }
        }
    }

    #[test]
    fn no_bytes_at_all_are_too_much(
        bytes in proptest::collection::vec(
            any::<u8>().prop_map(|byte| match byte >> 6 {
                0 | 1 => b"{}[]:,\"\\u0e-n \"\"\\\"{\\{\\\"\\"[usize::from(byte % 23)],
                _ => byte,
            }),
            0..200,
        ),
        wrapped in any::<bool>(),
    ) {
        let mut buf = if wrapped {
            message(&String::from_utf8_lossy(&bytes))
        } else {
            bytes
        };
        if let Ok(opened) = open(&mut buf) {
            let _ = value(Ours::Object(opened.payload));
            let _ = format!("{opened:?} {}", opened.payload.json().masked());
            prop_assert_eq!(check(&buf), Ok(()));
        }
    }

    #[test]
    fn what_was_written_is_read(
        texts in proptest::collection::vec(any::<String>(), 8),
        numbers in proptest::collection::vec(any::<i64>(), 8),
        flags in any::<[bool; 4]>(),
        unknown in "[A-Z_]{1,20}",
        id in any::<u32>(),
    ) {
        let text = |at: usize| Some(texts[at].as_str().into());
        let points = [(numbers[0], numbers[1]), (numbers[2], -1)].map(|(x, y)| {
            proto_core::model::PointDraft { x: Some(x), y: Some(y), more: &[] }
        });
        let strokes = [StrokeDraft { points: Some(Nested::Draft(&points)), more: &[] }];
        let payment = PaymentDraft {
            id: text(0),
            order: Some(ReferenceDraft { id: text(1), more: &[] }),
            amount: Some(numbers[3]),
            tip_amount: Some(numbers[4]),
            external_payment_id: text(2),
            offline: Some(flags[0]),
            result: Some(PaymentResult::from_name(unknown.as_str().into())),
            card_transaction: Some(CardTransactionDraft {
                cardholder_name: text(3),
                auth_code: Some(Secret::new(texts[4].as_str().into())),
                extra: Some(Nested::Draft(&[(&texts[5], &texts[6])])),
                ..CardTransactionDraft::default()
            }),
            ..PaymentDraft::default()
        };
        let finish = FinishOkDraft {
            payment: Some(InString::Draft(&payment)),
            signature: Some(SignatureDraft {
                width: Some(numbers[5]),
                strokes: Some(Nested::Draft(&strokes)),
                ..SignatureDraft::default()
            }),
            request_info: Some(RequestInfo::Auth),
            ..FinishOkDraft::default()
        };
        let mut buf = written(&finish, id);
        let theirs: Value = serde_json::from_slice(&buf).unwrap();
        let theirs: Value = serde_json::from_str(theirs["payload"].as_str().unwrap()).unwrap();
        let theirs: Value = serde_json::from_str(theirs["payment"].as_str().unwrap()).unwrap();
        let message = open(&mut buf).unwrap();
        prop_assert_eq!(message.id.unwrap().to_string(), id.to_string());
        let finish = FinishOk::from_message(&message).unwrap();
        let read = finish.payment().unwrap();
        prop_assert_eq!(value(Ours::Object(read.object())), theirs);
        same_payment(read, &payment);
        let card = read.card_transaction().unwrap();
        prop_assert_eq!(card.cardholder_name().unwrap(), texts[3].as_str());
        prop_assert_eq!(card.auth_code().unwrap().expose(), texts[4].as_str());
        let extra = card.extra().unwrap();
        prop_assert_eq!(value(extra.get(&texts[5]).unwrap()), Value::from(texts[6].as_str()));
        let signature = finish.signature().unwrap();
        prop_assert_eq!(signature.width(), Some(numbers[5]));
        let read: Vec<_> = signature
            .strokes()
            .unwrap()
            .flat_map(|stroke| stroke.points().unwrap())
            .map(|point| (point.x().unwrap(), point.y().unwrap()))
            .collect();
        prop_assert_eq!(read, [(numbers[0], numbers[1]), (numbers[2], -1)]);

        // And a request.
        let start = TxStartDraft {
            pay_intent: Some(PayIntentDraft {
                amount: Some(numbers[6]),
                external_payment_id: text(6),
                is_testing: Some(flags[1]),
                allow_partial_auth: Some(flags[2]),
                transaction_settings: Some(TransactionSettingsDraft {
                    signature_threshold: Some(numbers[7]),
                    disable_cash_back: Some(flags[3]),
                    ..TransactionSettingsDraft::default()
                }),
                pass_through_values: Some(Nested::Draft(&[(&texts[5], &texts[7])])),
                ..PayIntentDraft::default()
            }),
            request_info: Some(RequestInfo::Sale),
            ..TxStartDraft::default()
        };
        let mut buf = written(&start, id);
        let message = open(&mut buf).unwrap();
        let intent = TxStart::from_message(&message).unwrap().pay_intent().unwrap();
        prop_assert_eq!(intent.amount(), Some(numbers[6]));
        prop_assert_eq!(intent.external_payment_id().unwrap(), texts[6].as_str());
        prop_assert_eq!(intent.is_testing(), Some(flags[1]));
        prop_assert_eq!(intent.allow_partial_auth(), Some(flags[2]));
        let settings = intent.transaction_settings().unwrap();
        prop_assert_eq!(settings.signature_threshold(), Some(numbers[7]));
        prop_assert_eq!(settings.disable_cash_back(), Some(flags[3]));
        let values = intent.pass_through_values().unwrap();
        prop_assert_eq!(value(values.get(&texts[5]).unwrap()), Value::from(texts[7].as_str()));
    }
}

fn same_payment(read: Payment<'_>, written: &PaymentDraft<'_>) {
    assert_eq!(read.id(), written.id);
    assert_eq!(
        read.order().unwrap().id(),
        written.order.and_then(|order| order.id)
    );
    assert_eq!(read.amount(), written.amount);
    assert_eq!(read.tip_amount(), written.tip_amount);
    assert_eq!(read.tax_amount(), None);
    assert_eq!(read.external_payment_id(), written.external_payment_id);
    assert_eq!(read.offline(), written.offline);
    assert_eq!(read.result(), written.result);
}

/// Writes a message into exactly the room that it takes, and shows that less is not enough.
fn written(draft: &dyn MessageDraft, id: u32) -> Vec<u8> {
    let sender = Sender {
        package_name: "com.clover.remote.protocol.usb",
        application_id: Some("com.example:1.0"),
        source_sdk: true,
        version: 1,
    };
    let Err(Full { needed }) = write_message(&mut [], &sender, id, draft) else {
        panic!("nothing fits nowhere");
    };
    let mut buf = vec![b'#'; needed];
    let less = write_message(&mut buf[..needed - 1], &sender, id, draft);
    assert_eq!(less, Err(Full { needed }));
    assert_eq!(buf[needed - 1], b'#');
    assert_eq!(write_message(&mut buf, &sender, id, draft), Ok(needed));
    buf
}
