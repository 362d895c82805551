//! Clover's *remote pay* protocol: what a point of sale and a payment terminal say to each other over USB (USB Pay
//! Display) and the local network (Network Pay Display). Without I/O, heap or clock.
//!
//! ```text
//! host-demo, firmware, your till              applications: decide, show, store
//!    transport-ws   transport-usb   serial    links: move whole messages, know no meaning
//!       proto-core                            meaning and state: moves nothing, waits for nothing
//! ```
//!
//! # The codec alone
//!
//! It needs no role. A message is JSON with JSON in a string in it, and a payment in that is JSON in a string
//! again. [`wire::open`] unescapes all of it where it lies; afterwards everything that is read borrows the buffer.
//! Every message that is in use has a view to read it and a draft to write it ([`message`]), and so has every
//! object in it ([`model`]); what they do not name stays in the view's object. Both are declared once, and
//! [`message::declared`] gives the declaration to tools that have to explain a message.
//!
//! Here a sale goes over a transport of its own, a pair of pipes:
//!
//! ```
//! use std::io::{PipeReader, PipeWriter, Read, Write};
//!
//! use proto_core::message::{FinishOk, FinishOkDraft, MessageDraft, TxStart, TxStartDraft};
//! use proto_core::model::{PayIntentDraft, PaymentDraft};
//! use proto_core::wire::names::{PaymentResult, RequestInfo, TransactionType};
//! use proto_core::wire::{Frame, Framer, Nested, Packets, Sender, open, write_message};
//!
//! type Failed = Box<dyn std::error::Error>;
//!
//! fn send(pipe: &mut PipeWriter, draft: &dyn MessageDraft) -> Result<(), Failed> {
//!     let sender = Sender {
//!         package_name: "com.clover.remote.protocol.usb",
//!         application_id: Some("com.example.till:1.0"), // a terminal has none
//!         source_sdk: true,
//!         version: 1,
//!     };
//!     let mut room = [0; 1024];
//!     let len = write_message(&mut room, &sender, 1, draft)?;
//!     for packet in Packets::new(&room[..len], None).ok_or("no message")? {
//!         pipe.write_all(&packet.head)?;
//!         pipe.write_all(packet.text)?;
//!     }
//!     Ok(())
//! }
//!
//! fn receive<'b>(pipe: &mut PipeReader, buf: &'b mut [u8]) -> Result<&'b mut [u8], Failed> {
//!     let mut framer = Framer::new();
//!     let mut byte = [0];
//!     let len = loop {
//!         pipe.read_exact(&mut byte)?;
//!         match framer.feed(&byte, buf).1 {
//!             Some(Frame::Message(message)) => break message.len(),
//!             Some(Frame::TooLong { total, .. }) => return Err(format!("{total} bytes").into()),
//!             Some(Frame::Resumed(_)) | None => {}
//!         }
//!     };
//!     Ok(&mut buf[..len])
//! }
//!
//! let (mut at_terminal, mut to_terminal) = std::io::pipe()?;
//! let (mut at_till, mut to_till) = std::io::pipe()?;
//! let (mut buf, mut other_buf) = ([0; 4096], [0; 4096]);
//!
//! // The till asks for 10.00. This is the codec: on record, and recovered, it is with `pos::Pos` only.
//! let intent = PayIntentDraft {
//!     transaction_type: Some(TransactionType::Payment),
//!     amount: Some(10_00),
//!     external_payment_id: Some("INV-1".into()),
//!     requires_remote_confirmation: Some(true),
//!     allow_partial_auth: Some(true), // absent means no
//!     ..PayIntentDraft::default()
//! };
//! let start = TxStartDraft {
//!     pay_intent: Some(intent),
//!     request_info: Some(RequestInfo::Sale),
//!     ..TxStartDraft::default()
//! };
//! send(&mut to_terminal, &start)?;
//!
//! // The terminal takes it.
//! let message = open(receive(&mut at_terminal, &mut buf)?).map_err(|unreadable| unreadable.why)?;
//! let intent = TxStart::from_message(&message).and_then(|start| start.pay_intent()).ok_or("no intent")?;
//! let payment = PaymentDraft {
//!     id: Some("P1".into()),
//!     amount: intent.amount(),
//!     external_payment_id: intent.external_payment_id(),
//!     result: Some(PaymentResult::Success),
//!     ..PaymentDraft::default()
//! };
//! let finish = FinishOkDraft { payment: Some(Nested::Draft(&payment)), ..FinishOkDraft::default() };
//! send(&mut to_till, &finish)?;
//!
//! // The till reads what was charged.
//! let message = open(receive(&mut at_till, &mut other_buf)?).map_err(|unreadable| unreadable.why)?;
//! let payment = FinishOk::from_message(&message).and_then(|finish| finish.payment()).ok_or("no payment")?;
//! assert_eq!(payment.external_payment_id().ok_or("no id")?, "INV-1");
//! assert_eq!((payment.amount(), payment.result()), (Some(10_00), Some(PaymentResult::Success)));
//! # Ok::<(), Failed>(())
//! ```
//!
//! # A role
//!
//! [`pos::Pos`] is the point of sale, [`terminal::Terminal`] the terminal; both have the verbs of [`Role`]. The
//! caller says what happened and at what time, and after each input asks what there is to store, to tell and to
//! send. Here the two talk to each other without any link:
//!
//! ```
//! use proto_core::Role;
//! use proto_core::link::{LinkInfo, LinkKind};
//! use proto_core::model::PaymentDraft;
//! use proto_core::pos::{Case, Config, Env, Event, Memory, Pos, Sale};
//! use proto_core::terminal::{Event as Asked, Identity, Terminal};
//! use proto_core::time::Instant;
//! use proto_core::wire::names::PaymentResult;
//!
//! let (mut send, mut withheld, mut hold, mut other) = ([0; 1024], [0; 2048], [0; 2048], [0; 4096]);
//! let memory = Memory {
//!     send: &mut send,
//!     withheld: &mut withheld,
//!     hold: &mut hold,
//!     cases: &mut [Case::EMPTY; 2], // requests that are open, unknown or not stored yet
//!     receive: 65536, // the length of your receive buffer: signatures are long
//! };
//! let mut config = Config::new("com.example.pos:1.0");
//! config.accept_simulator = true; // never in a shop
//! let mut pos = Pos::new(config, memory);
//! let mut terminal = Terminal::new(Identity::SIMULATOR, &mut other);
//! let now = Instant::ZERO; // yours: milliseconds since a start that you choose
//! pos.handle_link_up(now, LinkInfo::new(LinkKind::Usb, "terminal"));
//! terminal.handle_link_up(now, LinkInfo::new(LinkKind::Usb, "pos"));
//!
//! let mut asked_for_money = false;
//! loop {
//!     while let Some((id, _record)) = pos.poll_journal() {
//!         pos.journal_done(now, id, Ok(())); // stored durably: only now it may leave
//!     }
//!     while pos.poll_event().is_some() {}
//!     if let Some(mut message) = pos.transmit().map(<[u8]>::to_vec) {
//!         pos.transmitted(now);
//!         if let Some(Asked::Started(_)) = terminal.handle_message(now, &mut message) {
//!             terminal.accept_start()?;
//!             terminal.finish_ok(&PaymentDraft {
//!                 id: Some("P1".into()),
//!                 amount: Some(10_00),
//!                 result: Some(PaymentResult::Success),
//!                 ..PaymentDraft::default()
//!             })?;
//!         }
//!     }
//!     if let Some(mut message) = terminal.transmit().map(<[u8]>::to_vec) {
//!         terminal.transmitted(now);
//!         match pos.handle_message(now, &mut message) {
//!             Some(Event::Outcome(outcome)) => {
//!                 assert_eq!(outcome.summary.approved, 10_00);
//!                 break;
//!             }
//!             _ => {}
//!         }
//!     }
//!     if pos.is_ready() && !asked_for_money {
//!         asked_for_money = true;
//!         pos.sale(now, &Sale::new(10_00).external_id("INV-1"), Env::default())?;
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A loop
//!
//! [`run::drive`] joins a role with a [`link::Link`], a journal, an inbox and a clock, and waits for whichever comes
//! first; it names no executor, and joins what comes in fragments. `examples/super_loop.rs` is a loop without any
//! executor, `examples/embassy_task.rs` a task, and `driver` (feature `std`) a handle for threads.
//!
//! # Money
//!
//! Every accepted request ends in exactly one [`pos::Outcome`]: made, not made, or unknown, with its evidence. The
//! intent is given to the journal before the first byte leaves. What comes from the terminal and belongs to nothing
//! is an event too. What is unknown is found out by asking the terminal ([`pos::Event::Resolved`]); until then no
//! more money is asked for on that terminal unless the application [parks](pos::Pos::park) it by name. What each
//! thing that the terminal says proves stands in [`pos::proof`], how a sale goes in [`pos`].
//!
//! This protocol has no checksum: a changed byte that leaves a legal message cannot be seen. USB and TCP have their own;
//! a bare serial line has none, so the serial links put a check behind each packet (see `serial`), unless they are told
//! that the other end knows none.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | none | codec, roles, loop: `no_std`, no allocation. A point of sale takes sales, auths and pre-auths |
//! | `refund` (default) | refund, manual refund, void. A point of sale without it tells what a terminal says of one, but cannot settle one that is on record: it stays unknown |
//! | `embedded-io` | serial lines for super-loops |
//! | `embedded-io-async` | a serial link for executors |
//! | `defmt` | `defmt::Format` on every public type, secrets masked, and log points where a state changes |
//! | `std` | `driver`: a connector for threads, token store, journals |
//!
//! # Limits
//!
//! | what | limit |
//! |---|---|
//! | a message | [`wire::MAX_MESSAGE`] on links of packets; else the receive buffer |
//! | what comes in fragments | [`wire::MAX_MESSAGE`] of payload, [`wire::MAX_ATTACHMENT`] beside it; the join buffer; [`wire::FRAGMENT_SILENCE`] between two |
//! | a fragment that goes out | [`LinkInfo::piece_limit`](link::LinkInfo::piece_limit) |
//! | objects and lists inside each other | [`wire::json::MAX_DEPTH`] |
//! | an external id | [`pos::EXTERNAL_ID_LEN`] bytes |
//! | a pairing token that is used again by itself | [`pos::TOKEN_LEN`] bytes |
//! | TX_START, messages to send, payment of a question | the memory that is lent: [`pos::WITHHELD_LEN`], [`pos::SEND_LEN`], [`pos::HOLD_LEN`] are enough |
//! | events that wait | 16 at the point of sale; an outcome waits in its case and is never dropped |
//! | requests that are open, unknown, offline or not stored | the places that are lent: [`pos::Memory::cases`] |
//! | money requests at a time | 1 |
//!
//! A name that stands twice in an object counts the first time.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

/// A log point: nothing is left of it without the feature `defmt`.
macro_rules! log {
    ($level:ident, $($told:tt)+) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($($told)+);
    }};
}

#[cfg(feature = "std")]
pub mod driver;
mod fingerprint;
#[cfg(feature = "defmt")]
mod format;
pub mod journal;
pub mod link;
pub mod message;
pub mod model;
mod outbox;
pub mod pos;
pub mod redact;
mod role;
pub mod run;
#[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
pub mod serial;
pub mod terminal;
pub mod time;
pub mod wire;

pub use role::Role;
