//! What the core makes of an example message or stream of `tests/vectors`: one line each, the same on a microcontroller
//! and on the machine that builds it.

use core::fmt;

use proto_core::message::{Declared, MessageDraft, declared};
use proto_core::time::Instant;
use proto_core::wire::json::{Object, Value, Writer};
use proto_core::wire::names::{MessageType, Method};
use proto_core::wire::{
    Frame, Framer, Joined, Joiner, Message, Sender, crc32, name_in_head, open, write_message,
};

/// Looks at one file after the other, in memory that is as long as the longest of them.
#[derive(Debug)]
pub struct Reader<'b> {
    joiner: Joiner,
    message: &'b mut [u8],
    join: &'b mut [u8],
    out: &'b mut [u8],
}

impl<'b> Reader<'b> {
    /// A message is opened in the first, and joined in the second; it is written again into the third.
    #[must_use]
    pub const fn new(message: &'b mut [u8], join: &'b mut [u8], out: &'b mut [u8]) -> Self {
        Self {
            joiner: Joiner::new(),
            message,
            join,
            out,
        }
    }

    /// Reads one file and prints what it finds, by the file's ending: `json` is a message, or a fragment of one in
    /// several files; `jsonl` has one on each line; `hex` is a stream of packets. Of any other file there is nothing to
    /// print.
    pub fn look(&mut self, name: &str, file: &[u8], print: &mut Print<'_>) {
        let mut print = |told: fmt::Arguments<'_>| print(format_args!("{name}: {told}"));
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => self.take(file, &mut print),
            Some("jsonl") => file
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .for_each(|line| self.take(line, &mut print)),
            Some("hex") => self.stream(file, &mut print),
            _ => {}
        }
    }

    /// One message, or a fragment of one.
    fn take(&mut self, text: &[u8], print: &mut Print<'_>) {
        loop {
            match self.joiner.join(Instant::ZERO, text, self.join) {
                Joined::Other => {
                    let Some(room) = self.message.get_mut(..text.len()) else {
                        return print(format_args!("{} bytes are too long", text.len()));
                    };
                    room.copy_from_slice(text);
                    return read(room, self.out, print);
                }
                Joined::Taken => return print(format_args!("taken")),
                Joined::NeedsRoom(needed) => print(format_args!("needs {needed}")),
                Joined::Overtaken(len) => self.joined(len, print),
                Joined::Whole(len) => return self.joined(len, print),
                Joined::Lost(error) => {
                    let method = name_in_head(text);
                    return print(format_args!("{method:?} is lost: {error}"));
                }
            }
        }
    }

    fn joined(&mut self, len: usize, print: &mut Print<'_>) {
        if let Some(message) = self.join.get_mut(..len) {
            read(message, self.out, print);
        }
    }

    /// A stream of packets, written as hexadecimal digits.
    fn stream(&mut self, text: &[u8], print: &mut Print<'_>) {
        let mut framer = Framer::new();
        let bytes = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.starts_with(b"#"))
            .flat_map(|line| line.split(u8::is_ascii_whitespace))
            .filter_map(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        for byte in bytes {
            let mut rest = &[byte][..];
            while !rest.is_empty() {
                let (used, frame) = framer.feed(rest, self.message);
                rest = rest.get(used..).unwrap_or_default();
                match frame {
                    None => {}
                    Some(Frame::Message(message)) => {
                        print(format_args!(
                            "{} bytes {:08x}",
                            message.len(),
                            crc32(message)
                        ));
                        read(message, self.out, print);
                    }
                    Some(Frame::TooLong { total, .. }) => {
                        print(format_args!("{total} bytes are too long"));
                    }
                    Some(Frame::Resumed(error)) => print(format_args!("{error}")),
                }
            }
        }
    }
}

/// Takes a line to be printed.
pub type Print<'p> = dyn FnMut(fmt::Arguments<'_>) + 'p;

/// A message that was read, to be written again.
#[derive(Debug)]
pub struct Again<'a, 'm> {
    /// What it is.
    pub declared: &'a Declared,
    /// What was read.
    pub message: &'a Message<'m>,
}

impl MessageDraft for Again<'_, '_> {
    fn method(&self) -> Method<'_> {
        self.declared.method
    }

    fn version(&self) -> i64 {
        self.message.payload_version()
    }

    fn kind(&self) -> MessageType<'_> {
        self.declared.kind
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        self.declared.shape.rewrite(self.message.payload, to);
    }
}

/// Opens a message, reads it, and writes it again.
fn read(text: &mut [u8], out: &mut [u8], print: &mut Print<'_>) {
    let message = match open(text) {
        Ok(message) => message,
        Err(unreadable) => return print(format_args!("refused: {unreadable}")),
    };
    let mut sum = Sum(0);
    sum.object(message.payload);
    if let Some(attachment) = message.attachment {
        for byte in attachment.bytes() {
            sum.add(&[byte.unwrap_or(b'?')]);
        }
    }
    let read = sum.0;
    let Some(declared) = message.method.and_then(declared) else {
        return print(format_args!("{:?} reads {read:08x}", message.method));
    };
    let sender = Sender {
        package_name: "p",
        application_id: None,
        source_sdk: false,
        version: 1,
    };
    let again = Again {
        declared,
        message: &message,
    };
    match write_message(out, &sender, 1, &again) {
        Ok(len) => print(format_args!(
            "{} reads {read:08x}, {len} bytes written {:08x}",
            declared.method,
            crc32(out.get(..len).unwrap_or_default()),
        )),
        Err(full) => print(format_args!("{}: {full}", declared.method)),
    }
}

/// A checksum of what is read, value by value.
struct Sum(u32);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        self.0 = self.0.rotate_left(1) ^ crc32(bytes);
    }

    fn text(&mut self, text: impl Iterator<Item = char>) {
        text.for_each(|c| self.add(c.encode_utf8(&mut [0; 4]).as_bytes()));
    }

    fn object(&mut self, object: Object<'_>) {
        self.add(b"{");
        for (name, value) in object.members() {
            self.text(name.chars());
            self.value(value);
        }
        self.add(b"}");
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.add(b"null"),
            Value::Bool(value) => self.add(if value { b"true" } else { b"false" }),
            Value::Number(number) => self.add(number.as_bytes()),
            Value::String(text) => self.text(text.chars()),
            Value::List(list) => {
                self.add(b"[");
                list.items().for_each(|value| self.value(value));
                self.add(b"]");
            }
            Value::Object(object) => self.object(object),
        }
    }
}
