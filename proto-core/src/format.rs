//! `defmt::Format` where it is not derived: of what may hold a secret or a message only the size is told, as by `Debug`,
//! and card numbers in text are masked.
//!
//! `core::fmt` prints nothing here: text goes to the logger in pieces.

use core::fmt;

use defmt::{Format, Formatter, write};

use crate::link::{Detail, Step};
use crate::message::AtVersion;
use crate::pos::{self, Case, ExternalId, Pos, Sale, Written};
#[cfg(feature = "refund")]
use crate::pos::{RefundPayment, VoidPayment};
use crate::redact::{MASK, Masked, Secret, print_masked, print_without_pan};
use crate::run::Intake;
use crate::terminal::{self, Booked, Ledger, Terminal};
use crate::wire::json::{Array, Chars, Items, Json, List, Members, Object, Text, Value, Writer};
use crate::wire::{Attachment, Bytes, Fragmenter, Frame, Framer, Joiner, Message, Nested, Number};
use crate::wire::{Packet, Packets, Shape, Source};

/// A logger that takes text in pieces.
struct Pieces<'f>(Formatter<'f>);

impl fmt::Write for Pieces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{=str}", text);
        Ok(())
    }
}

/// Text that others wrote.
fn text(text: &str, f: Formatter<'_>) {
    // A logger takes everything.
    let _ = print_without_pan(text, &mut Pieces(f));
}

impl Format for Secret<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", MASK);
    }
}

impl Format for Masked<'_> {
    fn format(&self, f: Formatter<'_>) {
        if Json::parse(self.expose()).is_none() {
            write!(f, "{=usize} bytes that are no JSON", self.expose().len());
            return;
        }
        let _ = print_masked(self.expose(), &mut Pieces(f));
    }
}

/// What is told as a text.
macro_rules! by_text {
    ($($kind:ty: $value:ident => $text:expr;)*) => {$(
        impl Format for $kind {
            fn format(&self, f: Formatter<'_>) {
                let $value = self;
                text($text, f);
            }
        }
    )*};
}

by_text! {
    Text<'_>: value => value.raw().0;
    Number<'_>: number => number.as_str();
    Detail: detail => detail.as_str();
    ExternalId: id => id.as_str();
}

/// What is told by its name, and a size or what else there is to tell of it.
macro_rules! by_size {
    ($($kind:ty: $value:ident => $($told:expr),+;)*) => {$(
        impl Format for $kind {
            fn format(&self, f: Formatter<'_>) {
                let $value = self;
                write!(f, $($told),+);
            }
        }
    )*};
}

by_size! {
    Json<'_>: json => "{=usize} bytes of JSON", json.expose().len();
    Object<'_>: object => "Object({})", object.json();
    Array<'_>: list => "Array({})", list.json();
    Members<'_>: _members => "Members";
    Items<'_>: _items => "Items";
    Chars<'_>: _chars => "Chars";
    Bytes<'_>: _bytes => "Bytes";
    Writer<'_>: _writer => "Writer";
    Framer: _framer => "Framer";
    Joiner: _joiner => "Joiner";
    Fragmenter: _fragmenter => "Fragmenter";
    Packets<'_>: _packets => "Packets";
    Packet<'_>: packet => "Packet({=usize} bytes)", packet.text.len();
    Source<'_>: source => "Source({}, {=usize} bytes)", source.method, source.payload.len();
    Message<'_>: message => "Message({}, {}, {})", message.kind, message.method, message.payload;
    Shape: shape => "Shape({=str})", shape.name;
    Attachment<'_>: attachment => "Attachment({=usize} characters)", attachment.characters();
    AtVersion<'_>: draft => "{} version {=i64}", crate::message::MessageDraft::method(draft), draft.0;
    Written<'_>: written => "Written({})", written.external_id();
    Sale<'_>: sale => "Sale({=i64}, {=str})", sale.amount, sale.external_id;
    Case: case => "Case({})", case.request();
    Pos<'_>: pos => "Pos(ready: {=bool}, open: {})", pos.is_ready(), pos.open_request();
    pos::Config<'_>: config => "Config({=str}, {=str}, {=str}, {}, accept_simulator: {=bool})",
        config.application_id, config.name, config.serial, config.screens, config.accept_simulator;
    pos::Memory<'_>: memory => "Memory({=usize}, {=usize}, {=usize}, {=usize} cases)",
        memory.send.len(), memory.withheld.len(), memory.hold.len(), memory.cases.len();
    Terminal<'_>: terminal => "Terminal(paired: {=bool}, running: {})", terminal.is_paired(), terminal.running();
    terminal::Memory<'_>: memory => "Memory({=usize}, {=usize})", memory.send.len(), memory.last.len();
    Ledger<'_>: books => "Ledger({=usize})", books.iter().count();
    Booked: booked => "Booked({}, {}, {=i64}, {})",
        booked.id, booked.external_id, booked.amount, booked.result;
}

#[cfg(feature = "refund")]
by_size! {
    RefundPayment<'_>: refund => "RefundPayment({=str}, {=str})", refund.payment_id, refund.external_id;
    VoidPayment<'_>: void => "VoidPayment({=str}, {=str})", void.payment_id, void.external_id;
}

impl<T> Format for List<'_, T> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "List({})", self.json());
    }
}

impl<D: ?Sized> Format for Nested<'_, D> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Text(json) => json.format(f),
            Self::Draft(_) => write!(f, "Draft"),
        }
    }
}

impl<F: ?Sized> Format for Intake<'_, F> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Intake");
    }
}

impl Format for Value<'_> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Null => write!(f, "null"),
            Self::Bool(value) => write!(f, "{=bool}", *value),
            Self::Number(number) => text(number, f),
            Self::String(string) => string.format(f),
            Self::List(list) => list.format(f),
            Self::Object(object) => object.format(f),
        }
    }
}

impl Format for Frame<'_> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Message(message) => write!(f, "Message({=usize} bytes)", message.len()),
            Self::TooLong { total, .. } => write!(f, "TooLong({=usize} bytes)", *total),
            Self::Resumed(error) => write!(f, "Resumed({})", error),
        }
    }
}

impl Format for Step<'_> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Up(info) => write!(f, "Up({})", info),
            Self::Sent => write!(f, "Sent"),
            Self::Message(message) => write!(f, "Message({=usize} bytes)", message.len()),
            Self::NeedsRoom(bytes) => write!(f, "NeedsRoom({=usize})", *bytes),
            Self::TooLong { total, .. } => write!(f, "TooLong({=usize} bytes)", *total),
            Self::Garbled(error) => write!(f, "Garbled({})", error),
            Self::Down(down) => write!(f, "Down({})", down),
            Self::Waiting(down) => write!(f, "Waiting({})", down),
        }
    }
}

#[cfg(feature = "embedded-io")]
impl Format for crate::serial::Serial<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Serial");
    }
}

#[cfg(feature = "embedded-io-async")]
impl<R, W> Format for crate::serial::SerialLink<R, W> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "SerialLink");
    }
}

#[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
impl<E: Format> Format for crate::serial::SerialError<E> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Io(error) => write!(f, "Io({})", error),
            Self::Ended => write!(f, "Ended"),
            Self::Unsendable => write!(f, "Unsendable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::link::{LinkInfo, LinkKind};
    use crate::model::{CardTransactionDraft, PaymentDraft};
    use crate::pos::{Env, Event};
    use crate::terminal::{Event as Asked, Identity};
    use crate::time::Instant;
    use crate::wire::names::PaymentResult;

    // Without digits: text is cut at them, and then would not be found.
    const TOKEN: &str = "TOKEN-SEVEN";
    const AUTH_CODE: &str = "AUTH-EIGHT";
    const CODE: &str = "CODE-NINE";
    const PAN: &str = "4111111111111111";

    /// What a logger gets of this: the texts as they are (cut where digits begin and end), what is interned as numbers.
    fn logged(value: &(impl Format + ?Sized)) -> String {
        defmt::export::fetch_bytes();
        value._format_data();
        written()
    }

    fn written() -> String {
        String::from_utf8_lossy(&defmt::export::fetch_bytes()).into_owned()
    }

    #[test]
    fn a_secret_is_a_mask_and_a_message_is_its_size() {
        assert!(logged(&Secret::new(TOKEN.into())).contains("***"));
        let json = r#"{"token":"TOKEN-SEVEN","note":"note of mine","card":4111111111111111}"#;
        let json = Json::parse(json).unwrap();
        assert!(!logged(&json).contains("note of mine"));
        assert!(!logged(&Frame::Message(&mut TOKEN.to_owned().into_bytes())).contains(TOKEN));
        let config = pos::Config {
            token: Some(TOKEN),
            ..pos::Config::new("com.example.pos:1.0")
        };
        assert!(logged(&config).contains("com.example.pos:1.0"));
        assert!(!logged(&config).contains(TOKEN));
    }

    #[test]
    fn card_numbers_in_text_are_masked() {
        let text = format!("card {PAN}, thanks");
        for told in [
            logged(&Text::from(text.as_str())),
            logged(&Detail::new(&text)),
            logged(&Value::String(text.as_str().into())),
            logged(&Value::Number(PAN)),
        ] {
            assert!(told.contains("1111") && !told.contains(PAN), "{told}");
        }
    }

    #[test]
    fn what_is_masked_is_told_without_its_secrets() {
        let json = r#"{"token":"TOKEN-SEVEN","note":"note of mine","card":4111111111111111}"#;
        let told = logged(&Json::parse(json).unwrap().masked());
        assert!(
            told.contains("note of mine") && told.contains("***"),
            "{told}"
        );
        assert!(!told.contains(TOKEN) && !told.contains(PAN), "{told}");
    }

    /// A pairing and a sale on the network, with everything that both roles tell.
    #[test]
    fn no_secret_of_a_whole_session_reaches_the_logger() {
        let (mut send, mut withheld, mut hold) = ([0; 1024], [0; 2048], [0; 2048]);
        let mut cases = [Case::EMPTY; 2];
        let memory = pos::Memory {
            send: &mut send,
            withheld: &mut withheld,
            hold: &mut hold,
            cases: &mut cases,
            receive: 65536,
        };
        let mut config = pos::Config::new("com.example.pos:1.0");
        config.accept_simulator = true;
        let mut pos = Pos::new(config, memory);
        let (mut books, mut send, mut last) = ([None], [0; 4096], [0; 4096]);
        let memory = terminal::Memory {
            send: &mut send,
            last: &mut last,
            books: Ledger::new(&mut books),
        };
        let mut terminal = Terminal::new(Identity::SIMULATOR, memory);
        let now = Instant::ZERO;
        let mut told = String::new();
        defmt::export::fetch_bytes();
        let tell = |event: &dyn Fn() -> String, told: &mut String| {
            told.push_str(&written());
            told.push_str(&event());
        };

        pos.handle_link_up(now, LinkInfo::new(LinkKind::Network, "terminal"));
        terminal.handle_link_up(now, LinkInfo::new(LinkKind::Network, "pos"));
        let mut paid = false;
        while !paid {
            while let Some((id, record)) = pos.poll_journal() {
                tell(&|| logged(record), &mut told);
                pos.journal_done(now, id, Ok(()));
            }
            while let Some(event) = pos.poll_event() {
                tell(&|| logged(&event), &mut told);
            }
            if let Some(mut message) = pos.transmit().map(<[u8]>::to_vec) {
                pos.transmitted(now);
                tell(&|| logged(&Frame::Message(&mut message.clone())), &mut told);
                let asked = terminal.handle_message(now, &mut message);
                tell(&|| logged(&asked), &mut told);
                match asked {
                    Some(Asked::PairingRequested(_)) => {
                        terminal.show_code(CODE).unwrap();
                        terminal.accept_pairing(TOKEN, None).unwrap();
                    }
                    Some(Asked::Started(_)) => {
                        terminal.accept_start().unwrap();
                        terminal.finish_ok(&payment()).unwrap();
                    }
                    _ => {}
                }
            }
            while let Some(event) = terminal.poll_event() {
                tell(&|| logged(&event), &mut told);
            }
            if let Some(mut message) = terminal.transmit().map(<[u8]>::to_vec) {
                terminal.transmitted(now);
                let event = pos.handle_message(now, &mut message);
                tell(&|| logged(&event), &mut told);
                match event {
                    Some(Event::BecameReady(_)) => {
                        let sale = Sale::new(10_00).external_id("INV-1");
                        tell(&|| logged(&sale), &mut told);
                        pos.sale(now, &sale, Env::default()).unwrap();
                    }
                    Some(Event::Outcome(outcome)) => {
                        assert_eq!(outcome.summary.approved, 10_00);
                        paid = true;
                    }
                    _ => {}
                }
            }
        }
        for booked in terminal.books().iter() {
            tell(&|| logged(booked), &mut told);
        }
        tell(&|| logged(&pos), &mut told);
        tell(&|| logged(&terminal), &mut told);

        assert!(told.contains("INV-1") && told.contains("***"), "{told}");
        for secret in [TOKEN, AUTH_CODE, CODE, PAN] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
    }

    /// Which log points there are is chosen when the crate is built.
    #[test]
    fn a_state_that_changes_is_logged() {
        let mut send = [0; 64];
        let mut terminal = Terminal::new(Identity::SIMULATOR, &mut send);
        defmt::export::fetch_bytes();
        terminal.handle_link_up(Instant::ZERO, LinkInfo::new(LinkKind::Usb, "pos"));
        let logs = matches!(option_env!("DEFMT_LOG"), Some("info" | "debug" | "trace"));
        assert_eq!(!defmt::export::fetch_bytes().is_empty(), logs);
    }

    fn payment() -> PaymentDraft<'static> {
        PaymentDraft {
            id: Some("P1".into()),
            amount: Some(10_00),
            external_payment_id: Some("INV-1".into()),
            note: Some(PAN.into()),
            result: Some(PaymentResult::Success),
            card_transaction: Some(CardTransactionDraft {
                auth_code: Some(Secret::new(AUTH_CODE.into())),
                ..CardTransactionDraft::default()
            }),
            ..PaymentDraft::default()
        }
    }
}
