//! Fragments: what was cut by us and by others comes together again, and what does not fit together is told.

mod cut;
mod driven;
mod received;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto_core::Role;
use proto_core::link::{Down, LinkInfo};
use proto_core::run::Intake;
use proto_core::time::Instant;
use proto_core::wire::{FrameError, Unreadable, open};
use serde_json::{Value, json};

const NOW: Instant = Instant::ZERO;

/// A message as the application gets it.
#[derive(Debug, Clone, PartialEq)]
struct Whole {
    method: String,
    payload: Value,
    attachment: Option<(Vec<u8>, bool)>,
}

fn whole(message: &mut [u8]) -> Result<Whole, String> {
    let message = open(message).map_err(|error| error.to_string())?;
    let attachment = message.attachment.map(|attachment| {
        let bytes: Result<Vec<u8>, _> = attachment.bytes().collect();
        (bytes.unwrap(), attachment.is_complete())
    });
    Ok(Whole {
        method: message.method.unwrap().name().to_string(),
        payload: serde_json::from_str(message.payload.json().expose()).unwrap(),
        attachment,
    })
}

/// A role that does nothing but note what it is told.
#[derive(Default)]
struct Notes(Vec<Result<Whole, String>>);

impl Role for Notes {
    type Event<'m> = Result<Whole, String>;

    fn handle_link_up(&mut self, _: Instant, _: LinkInfo) {}
    fn handle_link_down(&mut self, _: Instant, _: &Down) {
        self.0.push(Err("down".to_owned()));
    }
    fn handle_message<'m>(&mut self, _: Instant, message: &'m mut [u8]) -> Option<Self::Event<'m>> {
        Some(whole(message))
    }
    fn handle_unreadable<'m>(
        &mut self,
        _: Instant,
        unreadable: Unreadable<'m>,
    ) -> Option<Self::Event<'m>> {
        Some(Err(unreadable.to_string()))
    }
    fn handle_oversize(&mut self, _: Instant, _: &[u8], _: usize) {}
    fn handle_garbled(&mut self, _: Instant, _: FrameError) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_event(&mut self) -> Option<Self::Event<'static>> {
        None
    }
    fn transmit(&mut self) -> Option<&[u8]> {
        None
    }
    fn transmitted(&mut self, _: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn prepare_close(&mut self, _: Instant) {}
}

fn note(_: Instant, notes: &mut Notes, event: Result<Whole, String>) {
    notes.0.push(event);
}

/// What a role is told of these messages.
fn told<M: AsRef<[u8]>>(messages: impl IntoIterator<Item = M>) -> Vec<Result<Whole, String>> {
    let (mut notes, mut join) = (Notes::default(), Vec::new());
    let mut intake = Intake::new(&mut join);
    for message in messages {
        let mut message = message.as_ref().to_vec();
        intake.handle_message(NOW, &mut notes, &mut message, &mut note);
    }
    notes.0
}

/// The lines of a file in `tests/vectors/link`.
fn lines(name: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/link");
    let text = std::fs::read_to_string(root.join(name)).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Another message, which comes behind.
fn another() -> String {
    fragment(
        "99",
        &json!({"method": "SHOW_WELCOME_SCREEN", "payload": "{}"}),
    )
}

/// A message with these members.
fn fragment(id: &str, members: &Value) -> String {
    let mut message = json!({"id": id, "type": "COMMAND", "method": "PRINT_TEXT"});
    for (name, value) in members.as_object().unwrap() {
        message[name] = value.clone();
    }
    message.to_string()
}

fn piece(id: &str, index: u32, last: bool, payload: &str) -> String {
    fragment(
        id,
        &json!({"fragmentIndex": index, "lastFragment": last, "payload": payload}),
    )
}

/// The picture that all of `print-*` carry: that of the message that has it in its payload.
fn picture() -> Vec<u8> {
    let message: Value =
        serde_json::from_str(&lines("print-01-inline-version1.json").concat()).unwrap();
    let payload: Value = serde_json::from_str(message["payload"].as_str().unwrap()).unwrap();
    STANDARD.decode(payload["png"].as_str().unwrap()).unwrap()
}
