//! What `serde_json` makes of a text, as far as it can be compared with what ours does.

use proto_core::wire::json::Value as Ours;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What another reader would have made of what ours has read. Of a name that stands twice the first counts.
#[must_use]
pub fn ours(value: Ours<'_>) -> Value {
    match value {
        Ours::Null => Value::Null,
        Ours::Bool(value) => Value::Bool(value),
        Ours::Number(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        Ours::String(text) => Value::String(text.to_string()),
        Ours::List(list) => list.items().map(ours).collect(),
        Ours::Object(object) => {
            let mut map = Map::new();
            for (name, member) in object.members() {
                map.entry(name.to_string()).or_insert_with(|| ours(member));
            }
            Value::Object(map)
        }
    }
}

/// Reads a text with `serde_json`, which by itself takes the last member of a name.
///
/// # Errors
///
/// Those of `serde_json`.
pub fn first_of_each_name(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text).map(|First(value)| value)
}

struct First(Value);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(First(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, First(member))) = members.next_entry::<String, First>()? {
            map.entry(name).or_insert(member);
        }
        Ok(map.into())
    }
}
