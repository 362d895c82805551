//! Any bytes as a message: what opens is legal and can be read by every view, with what it holds untouched.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto_core::message::declared;
use proto_core::wire::json::{Object, Value, Writer, check};
use proto_core::wire::{Shape, name_in_head, open};

fuzz_target!(|bytes: &[u8]| {
    let mut buf = bytes.to_vec();
    let _ = name_in_head(&buf);
    let Ok(message) = open(&mut buf) else {
        return;
    };
    let payload = message.payload;
    let _ = (message.payload_version(), format!("{message:?}"));
    let _ = payload.json().masked().to_string();
    if let Some(attachment) = message.attachment {
        let _ = attachment.bytes().count();
    }
    assert!(Object::parse(payload.json().expose()).is_some());
    if let Some(declared) = message.method.and_then(declared) {
        read(declared.shape, payload);
    }
    assert_eq!(check(&buf), Ok(()));
});

/// Reads every declared field of an object, and of those in it, by writing them again.
fn read(shape: &Shape, object: Object<'_>) {
    let mut room = vec![0; 512 + 16 * object.json().expose().len()];
    let mut writer = Writer::new(&mut room);
    writer.object(|to| shape.rewrite(object, to));
    let len = writer.finish().unwrap();
    assert_eq!(check(&room[..len]), Ok(()));
    for (name, value) in object.members() {
        if let Some(shape) = shape.field(name).and_then(|field| field.kind.shape()) {
            each(value, &mut |object| read(shape, object));
        }
    }
}

/// The object, or those in the list, bare or wrapped.
fn each<'m>(value: Value<'m>, read: &mut dyn FnMut(Object<'m>)) {
    match value {
        Value::Object(object) => {
            read(object);
            if let Some(list @ Value::List(_)) = object.get("elements") {
                each(list, read);
            }
        }
        Value::List(list) => list.items().for_each(|item| {
            if let Value::Object(object) = item {
                read(object);
            }
        }),
        _ => {}
    }
}
