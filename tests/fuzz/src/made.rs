//! Messages as they may come: every declared field in every form that is read, in any spelling of JSON.

use arbitrary::{Result, Unstructured};
use proto_core::message::{Declared, FAMILIES};
use proto_core::wire::{Field, Kind, Shape};
use serde_json::{Map, Value, json};

/// A message made from its declaration. What the input does not say is left out.
#[derive(Debug)]
pub struct Made {
    /// What is declared of it.
    pub declared: &'static Declared,
    /// Its payload, as another reader sees it.
    pub payload: Value,
    /// The message, as it comes from the link.
    pub text: String,
}

impl Made {
    /// Makes a message.
    ///
    /// # Errors
    ///
    /// None but those of the input.
    pub fn of(input: &mut Unstructured<'_>) -> Result<Self> {
        let all: Vec<_> = FAMILIES.iter().flat_map(|family| family.iter()).collect();
        let declared = *input.choose(&all)?;
        let mut members = object(declared.shape, MAX_OBJECTS, input)?;
        if input.arbitrary()? {
            members.insert("version".into(), input.int_in_range(0..=4)?.into());
        }
        let payload = Value::Object(members);
        let spelled = if input.arbitrary()? {
            text(&payload, input)?
        } else {
            let payload = text(&payload, input)?;
            text(&payload.into(), input)?
        };
        let method = text(&declared.method.name().to_string().into(), input)?;
        let kind = text(&declared.kind.name().to_string().into(), input)?;
        Ok(Self {
            declared,
            payload,
            text: format!(r#"{{"type":{kind},"payload":{spelled},"method":{method}}}"#),
        })
    }
}

/// How deep objects that are declared stand in each other.
const MAX_OBJECTS: u32 = 5;

/// An object with some of its declared fields.
fn object(shape: &Shape, deeper: u32, input: &mut Unstructured<'_>) -> Result<Map<String, Value>> {
    let mut members = Map::new();
    for field in shape.fields {
        if !input.arbitrary()? {
            continue;
        }
        let Some(deeper) = deeper.checked_sub(1) else {
            break;
        };
        let other = input.int_in_range(0..=3)?;
        let name = field.other_names.get(other).unwrap_or(&field.name);
        let taken = std::iter::once(&field.name)
            .chain(field.other_names)
            .any(|name| members.contains_key(*name));
        if !taken {
            members.insert((*name).to_owned(), value(field, deeper, input)?);
        }
    }
    for _ in 0..input.int_in_range(0..=2)? {
        let name: String = input.arbitrary()?;
        if shape.field(name.as_str().into()).is_none() && !HEAD.contains(&name.as_str()) {
            members.insert(name, any(3, input)?);
        }
    }
    Ok(members)
}

/// What every payload begins with.
const HEAD: [&str; 2] = ["method", "version"];

fn value(field: &Field, deeper: u32, input: &mut Unstructured<'_>) -> Result<Value> {
    if input.ratio(1, 16)? {
        return Ok(Value::Null);
    }
    Ok(match field.kind {
        Kind::Text | Kind::Secret if input.ratio(1, 8)? => input.arbitrary::<i64>()?.into(),
        Kind::Text | Kind::Base64 | Kind::Secret => string(input)?,
        Kind::Flag => {
            let flag = input.arbitrary::<bool>()?.into();
            as_string_too(flag, input)?
        }
        Kind::Integer | Kind::Money | Kind::Time => {
            let number = if input.ratio(1, 8)? {
                f64::from(input.arbitrary::<i32>()?).into()
            } else {
                input.arbitrary::<i64>()?.into()
            };
            as_string_too(number, input)?
        }
        // In a string it is read where it has no escapes only, which is up to the spelling.
        Kind::Number => eighths(input)?,
        Kind::Name(_, names) if input.ratio(7, 8)? => (*input.choose(names)?).into(),
        Kind::Name(..) => string(input)?,
        Kind::Map => {
            let mut map = Map::new();
            for _ in 0..input.int_in_range(0..=3)? {
                map.insert(input.arbitrary()?, string(input)?);
            }
            map.into()
        }
        Kind::Opaque => opaque(input)?,
        Kind::Object(shape) => object(shape, deeper, input)?.into(),
        Kind::InString(shape) | Kind::Either(shape) => in_string_too(shape, deeper, input)?,
        Kind::Texts | Kind::ElementTexts => list(input, string)?,
        Kind::Opaques => list(input, opaque)?,
        Kind::List(shape) | Kind::Elements(shape) => {
            list(input, |input| Ok(object(shape, deeper, input)?.into()))?
        }
        Kind::InStrings(shape) | Kind::Eithers(shape) => {
            list(input, |input| in_string_too(shape, deeper, input))?
        }
    })
}

/// A list, bare or wrapped.
fn list(
    input: &mut Unstructured<'_>,
    item: impl Fn(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Value> {
    let mut items = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        items.push(item(input)?);
    }
    Ok(if input.arbitrary()? {
        json!({ "elements": items })
    } else {
        items.into()
    })
}

fn in_string_too(shape: &Shape, deeper: u32, input: &mut Unstructured<'_>) -> Result<Value> {
    let object = object(shape, deeper, input)?.into();
    Ok(if input.arbitrary()? {
        text(&object, input)?.into()
    } else {
        object
    })
}

fn as_string_too(value: Value, input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(if input.ratio(1, 8)? {
        value.to_string().into()
    } else {
        value
    })
}

fn string(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(input.arbitrary::<String>()?.into())
}

fn opaque(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut map = Map::new();
    for _ in 0..input.int_in_range(0..=3)? {
        map.insert(input.arbitrary()?, any(3, input)?);
    }
    Ok(map.into())
}

/// Any JSON value.
fn any(deeper: u32, input: &mut Unstructured<'_>) -> Result<Value> {
    let nested = deeper.checked_sub(1);
    Ok(match (input.int_in_range(0..=7)?, nested) {
        (1, _) => input.arbitrary::<bool>()?.into(),
        (2, _) => input.arbitrary::<i64>()?.into(),
        (3, _) => eighths(input)?,
        (4 | 5, _) => string(input)?,
        (6, Some(deeper)) => list(input, |input| any(deeper, input))?,
        (7, Some(_)) => opaque(input)?,
        _ => Value::Null,
    })
}

/// A number with a fraction that every reader reads the same.
fn eighths(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok((f64::from(input.arbitrary::<i32>()?) / 8.0).into())
}

/// The value as JSON, with white space around its tokens and characters of strings written as escapes now and
/// then.
///
/// # Errors
///
/// None but those of the input.
pub fn text(value: &Value, input: &mut Unstructured<'_>) -> Result<String> {
    let space = ["", " ", "\n", "\t\r"][usize::from(input.arbitrary::<u8>()? % 4)];
    let mut text = String::from(space);
    match value {
        Value::String(string) => text += &spelled(string, input)?,
        Value::Array(items) => {
            let mut items = items.iter().map(|item| self::text(item, input));
            text += &format!(
                "[{}]",
                items.by_ref().collect::<Result<Vec<_>>>()?.join(",")
            );
        }
        Value::Object(map) => {
            let mut members = Vec::new();
            for (name, member) in map {
                let (name, member) = (spelled(name, input)?, self::text(member, input)?);
                members.push(format!("{space}{name}{space}:{member}"));
            }
            text += &format!("{{{}}}", members.join(","));
        }
        other => text += &other.to_string(),
    }
    Ok(text + space)
}

fn spelled(string: &str, input: &mut Unstructured<'_>) -> Result<String> {
    // Most strings in the usual way: what there is of the input is for what is said.
    if input.arbitrary::<u8>()? % 4 != 3 {
        return Ok(Value::from(string).to_string());
    }
    let mut text = String::from('"');
    for c in string.chars() {
        match input.arbitrary::<u8>()? % 4 {
            1 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text += &format!("\\u{unit:04x}");
                }
            }
            2 if c == '/' => text += "\\/",
            _ => {
                let quoted = Value::from(c.to_string()).to_string();
                text += &quoted[1..quoted.len() - 1];
            }
        }
    }
    Ok(text + "\"")
}
