//! Our reader against `serde_json`: what one takes the other takes, with the same value.
#![no_main]

use fuzz::{first_of_each_name, ours};
use libfuzzer_sys::fuzz_target;
use proto_core::model::Payment;
use proto_core::wire::json::{Json, JsonFault, Object, check};

/// Where the two may differ.
#[derive(Debug, PartialEq)]
enum Tolerance {
    /// Ours counts to 64 objects and lists inside each other, theirs to 127.
    Depth,
    /// Theirs makes a double of a number and refuses what is none; ours keeps the number as it is written.
    Range,
}
// That theirs takes the last member of a name and ours the first is no difference here: theirs is driven so
// that it takes the first.

fuzz_target!(|text: &[u8]| {
    let theirs = first_of_each_name(text);
    let Ok(text) = std::str::from_utf8(text) else {
        assert!(theirs.is_err(), "it is not UTF-8");
        return;
    };
    match (check(text.as_bytes()), theirs) {
        (Ok(()), Ok(theirs)) => {
            let json = Json::parse(text).unwrap();
            assert_eq!(ours(json.value()), theirs);
            if let Some(number) = theirs.as_i64() {
                amount(text, number);
            }
        }
        (Err(error), Ok(_)) => {
            let tolerance = (error.what == JsonFault::TooDeep).then_some(Tolerance::Depth);
            assert_eq!(
                tolerance,
                Some(Tolerance::Depth),
                "ours refuses it: {error}"
            );
        }
        (Ok(()), Err(error)) => {
            let range = error.to_string().starts_with("number out of range");
            let tolerance = range.then_some(Tolerance::Range);
            assert_eq!(
                tolerance,
                Some(Tolerance::Range),
                "theirs refuses it: {error}"
            );
        }
        (Err(error), Err(_)) => assert!(error.at <= text.len()),
    }
});

/// A whole number is read as such.
fn amount(text: &str, number: i64) {
    let payment = format!(r#"{{"amount":{text}}}"#);
    let payment = Payment::of(Object::parse(&payment).unwrap());
    assert_eq!(payment.amount(), Some(number));
}
