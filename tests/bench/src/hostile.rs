//! Messages that are made to cost more than they are long. Four times the length may cost four times the work,
//! no more: nothing is quadratic.

use proto_core::message::{FinishOk, TxStart, declared};
use proto_core::time::Instant;
use proto_core::wire::json::{Object, Value, Writer, check};
use proto_core::wire::{Framer, Joined, Joiner, name_in_head, open};

/// A shape of message, and what is done with it.
pub struct Shape {
    /// What it is.
    pub name: &'static str,
    make: fn(usize) -> Vec<u8>,
    read: fn(&mut [u8]),
}

impl Shape {
    /// About so many bytes of it.
    #[must_use]
    pub fn of_length(&self, bytes: usize) -> Vec<u8> {
        (self.make)(bytes)
    }

    /// Does what is measured.
    pub fn read(&self, bytes: &mut [u8]) {
        (self.read)(bytes);
    }
}

/// The shapes that are tried.
pub const SHAPES: [Shape; 9] = [
    Shape {
        name: "many_members",
        make: |bytes| message("FINISH_OK", &format!("{{{}}}", list(bytes, r#""a":1"#))),
        read: read_all,
    },
    Shape {
        name: "one_name_again_and_again",
        make: |bytes| {
            let payment = r#""payment":"{\"amount\":1}""#;
            message("FINISH_OK", &format!("{{{}}}", list(bytes, payment)))
        },
        read: read_all,
    },
    Shape {
        name: "strings_that_do_not_open",
        make: |bytes| {
            let payment = r#""payment":"{\"\\u0061\\n\\\\""#;
            message("FINISH_OK", &format!("{{{}}}", list(bytes, payment)))
        },
        read: read_all,
    },
    Shape {
        name: "nothing_but_escapes",
        make: |bytes| {
            let text = r#"\\\u005c\ud83d\ude00"#.repeat(bytes / 24);
            message(
                "FINISH_OK",
                &format!(r#"{{"payment":"{{\"note\":\"{text}\"}}"}}"#),
            )
        },
        read: read_all,
    },
    Shape {
        name: "lists_in_lists",
        make: |bytes| {
            let deep = format!("{}{}", "[".repeat(50), "]".repeat(50));
            message("FINISH_OK", &format!(r#"{{"x":[{}]}}"#, list(bytes, &deep)))
        },
        read: |message| {
            let message = open(message).unwrap();
            each(Value::Object(message.payload));
        },
    },
    Shape {
        name: "items_in_strings",
        make: |bytes| {
            let rates = list(bytes, r#""{\"name\":\"\\u0041\"}""#);
            let intent = format!(r#"{{"payIntent":{{"taxableAmountRateList":[{rates}]}}}}"#);
            message("TX_START", &intent)
        },
        read: |message| {
            let start = TxStart::from_message(&open(message).unwrap()).unwrap();
            let rates = start
                .pay_intent()
                .and_then(|intent| intent.taxable_amount_rate_list());
            assert!(
                rates
                    .unwrap()
                    .all(|rate| rate.name().is_some_and(|name| name == "A"))
            );
        },
    },
    Shape {
        name: "cut_off_in_the_dark",
        make: |bytes| [b"{\"a\":".as_slice(), &b"{\"method\" ".repeat(bytes / 10)].concat(),
        read: |head| {
            assert!(check(head).is_err());
            assert_eq!(name_in_head(head), None);
        },
    },
    Shape {
        name: "a_line_of_magic",
        make: |bytes| [0, 0xF0, 0xCC, 0x77, 0x11, 0x22, 0, 0, 0].repeat(bytes / 9),
        read: |stream| {
            let (mut framer, mut buf) = (Framer::new(), [0; 512]);
            let mut rest = &*stream;
            while !rest.is_empty() {
                let (used, _) = framer.feed(rest, &mut buf);
                rest = &rest[used..];
            }
        },
    },
    Shape {
        name: "fragments_of_one_letter",
        make: |bytes| {
            let fragment =
                |number| format!(r#"{{"id":"1","fragmentIndex":{number},"payload":"a"}}"#) + "\n";
            (0..bytes / 50)
                .map(fragment)
                .collect::<String>()
                .into_bytes()
        },
        read: |lines| {
            let (mut joiner, mut buf) = (Joiner::new(), [0; 4_096]);
            for line in lines
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                assert_eq!(joiner.join(Instant::ZERO, line, &mut buf), Joined::Taken);
            }
        },
    },
];

/// Items with commas between, about so many bytes.
fn list(bytes: usize, item: &str) -> String {
    vec![item; bytes / (item.len() + 1)].join(",")
}

fn message(method: &str, payload: &str) -> Vec<u8> {
    let payload = serde_json::Value::from(payload);
    format!(r#"{{"method":"{method}","payload":{payload}}}"#).into_bytes()
}

/// Opens a message, reads every field that is declared of it and of a payment in it, and writes them.
fn read_all(message: &mut [u8]) {
    let message = open(message).unwrap();
    let mut room = [0; 256];
    let mut write = |shape: &proto_core::wire::Shape, object: Object<'_>| {
        let mut writer = Writer::new(&mut room);
        shape.rewrite(object, &mut writer);
    };
    let declared = message.method.and_then(declared).unwrap();
    write(declared.shape, message.payload);
    if let Some(payment) = FinishOk::of(message.payload).payment() {
        write(&proto_core::model::Payment::SHAPE, payment.object());
    }
}

/// Goes through everything there is.
fn each(value: Value<'_>) {
    match value {
        Value::Object(object) => object.members().for_each(|(_, value)| each(value)),
        Value::List(list) => list.items().for_each(each),
        _ => {}
    }
}
