//! Whatever is written, through any number of strings: it is legal, takes the room that was said, and reads back.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use fuzz::{first_of_each_name, ours};
use libfuzzer_sys::fuzz_target;
use proto_core::wire::json::{Full, Json, WriteJson, Writer};
use serde_json::Value;

/// What is written.
#[derive(Debug)]
enum Tree {
    Flag(bool),
    Number(i64),
    Text(String),
    /// JSON that goes on as it came.
    Json(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
    InString(Box<Tree>),
}

fuzz_target!(|tree: Tree| {
    let Err(Full { needed }) = write(&tree, &mut []) else {
        panic!("nothing fits nowhere");
    };
    let mut buf = vec![b'#'; needed];
    assert_eq!(write(&tree, &mut buf[..needed - 1]), Err(Full { needed }));
    assert_eq!(buf[needed - 1], b'#');
    assert_eq!(write(&tree, &mut buf), Ok(needed));
    let text = std::str::from_utf8(&buf).unwrap();
    let theirs = first_of_each_name(&buf).unwrap();
    assert_eq!(ours(Json::parse(text).unwrap().value()), theirs);
    assert!(same(&tree, &theirs), "{text}");
});

fn write(tree: &Tree, buf: &mut [u8]) -> Result<usize, Full> {
    let mut writer = Writer::new(buf);
    tree.write(&mut writer);
    writer.finish()
}

fn same(tree: &Tree, value: &Value) -> bool {
    match (tree, value) {
        (Tree::Flag(flag), value) => value == flag,
        (Tree::Number(number), value) => value == number,
        (Tree::Text(text), value) => value == text,
        (Tree::Json(json), value) => serde_json::from_str::<Value>(json).unwrap() == *value,
        (Tree::List(items), Value::Array(values)) => {
            items.len() == values.len() && items.iter().zip(values).all(|(a, b)| same(a, b))
        }
        // Of a name that stands twice the first counts.
        (Tree::Object(members), Value::Object(values)) => values.iter().all(|(name, value)| {
            let member = members.iter().find(|member| member.0 == *name);
            member.is_some_and(|(_, member)| same(member, value))
        }),
        (Tree::InString(tree), Value::String(text)) => {
            same(tree, &first_of_each_name(text.as_bytes()).unwrap())
        }
        _ => false,
    }
}

impl WriteJson for Tree {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Self::Flag(flag) => flag.write(to),
            Self::Number(number) => number.write(to),
            Self::Text(text) => text.as_str().write(to),
            Self::Json(json) => to.json(Json::parse(json).unwrap()),
            Self::List(items) => to.list(items),
            Self::Object(members) => to.object(|to| {
                for (name, member) in members {
                    to.member(name, member);
                }
            }),
            Self::InString(tree) => to.in_string(|to| tree.write(to)),
        }
    }
}

impl<'a> Arbitrary<'a> for Tree {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::within(input, 6, 4)
    }
}

impl Tree {
    /// With so many levels below, so many of them strings: each doubles the backslashes.
    fn within(input: &mut Unstructured<'_>, levels: u32, strings: u32) -> arbitrary::Result<Self> {
        let deeper = levels.checked_sub(1);
        let inside = strings.checked_sub(1);
        Ok(match (input.int_in_range(0..=7)?, deeper, inside) {
            (1, ..) => Self::Flag(input.arbitrary()?),
            (2, ..) => Self::Number(input.arbitrary()?),
            (3, ..) => {
                let value = Value::from(input.arbitrary::<String>()?);
                Self::Json(fuzz::text(&value, input)?)
            }
            (4, Some(deeper), _) => {
                let mut items = Vec::new();
                for _ in 0..input.int_in_range(0..=4)? {
                    items.push(Self::within(input, deeper, strings)?);
                }
                Self::List(items)
            }
            (5 | 6, Some(deeper), _) => {
                let mut members = Vec::new();
                for _ in 0..input.int_in_range(0..=4)? {
                    let name = input.arbitrary()?;
                    members.push((name, Self::within(input, deeper, strings)?));
                }
                Self::Object(members)
            }
            (7, Some(deeper), Some(strings)) => {
                Self::InString(Box::new(Self::within(input, deeper, strings)?))
            }
            _ => Self::Text(input.arbitrary()?),
        })
    }
}
