//! Network Pay Display: the link of the remote pay protocol over a WebSocket, both ends of it
//! (`protocol/link.md` §2).
//!
//! - [`WsClient`] is the point of sale's end: it connects to a terminal at an [`Address`].
//! - [`WsServer`] is the terminal's end: it listens and serves one point of sale at a time.
//!
//! Both are a [`Link`](proto_core::link::Link): one protocol message is one WebSocket text message
//! (§2.4). Both come together with their own [`WsPark`], and that is how they must be run: the
//! futures of a link are polled under [`block_on`](proto_core::driver::block_on) with the park that
//! was made with it. Readiness of the sockets ends a
//! [`park`](proto_core::driver::Park::park) and nothing else; the futures do not wake the waker of a
//! foreign executor. Link and park belong to one thread, which may be any.
//!
//! ```
//! use proto_core::driver::block_on;
//! use proto_core::link::{Link, Step};
//! use transport_ws::{ClientOptions, ServerOptions, WsClient, WsServer, parse_address};
//!
//! // A terminal that sends back what it gets, until the point of sale is gone.
//! let here = "127.0.0.1:0".parse()?;
//! let (mut terminal, mut park) = WsServer::bind(here, ServerOptions::default())?;
//! let address = parse_address(&format!("ws://{}", terminal.local_addr()), false)?;
//! let terminal = std::thread::spawn(move || -> std::io::Result<()> {
//!     let mut echo: Option<Vec<u8>> = None;
//!     let mut buf = [0; 8192];
//!     loop {
//!         match block_on(&mut park, || None, terminal.step(echo.as_deref(), &mut buf))? {
//!             Step::Message(message) => echo = Some(message.to_vec()),
//!             Step::Sent => echo = None,
//!             Step::Down(_) => return Ok(()),
//!             _ => {}
//!         }
//!     }
//! });
//!
//! // A point of sale that sends one message and waits for the answer.
//! let (mut pos, mut park) = WsClient::new(address, ClientOptions::default())?;
//! let mut out = Some(&b"hello"[..]);
//! let mut buf = [0; 8192];
//! loop {
//!     match block_on(&mut park, || None, pos.step(out, &mut buf))? {
//!         Step::Up(info) => println!("connected to {}", info.peer),
//!         Step::Sent => out = None,
//!         Step::Message(message) => {
//!             assert_eq!(message, b"hello");
//!             break;
//!         }
//!         Step::Down(down) => return Err(down.into()),
//!         other => panic!("not expected here: {other:?}"),
//!     }
//! }
//! block_on(&mut park, || None, pos.close())?;
//! # terminal.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! One thread, no schedule: a step tries everything that can be tried without blocking, then the
//! park waits in the operating system's readiness call for the sockets, for a wake-up from another
//! thread and for the link's nearest deadline. The only other thread there ever is resolves a host
//! name, see [`WsClient`].
//!
//! # Limits
//!
//! | What | Limit |
//! |---|---|
//! | one message, either direction | [`MAX_MESSAGE`] |
//! | to connect to one address, to resolve a name | [`ClientOptions::connect_limit`] |
//! | addresses tried of one name | [`MAX_ADDRESSES`] |
//! | to finish a handshake | [`ClientOptions::handshake_limit`], [`ServerOptions::handshake_limit`] |
//! | to say goodbye | [`ClientOptions::close_limit`], [`ServerOptions::close_limit`] |
//! | points of sale served at a time | 1 |
//! | connections that have not finished their handshake, or are being turned away | [`MAX_GUESTS`] |
//! | an HTTP request to the server | [`MAX_REQUEST`] |
//!
//! # What to know
//!
//! - TLS (`wss://`) is not built in yet; [`parse_address`] says so.
//! - A silent death of the other machine is not noticed by the link itself: it sends no pings of its
//!   own (it answers the peer's). The role's keepalive finds out and closes the link (§2.5).
//! - The WebSocket library logs whole messages at the level `trace` of the `log` crate. An application
//!   that installs a logger must not let the targets `tungstenite` through at that level, as messages
//!   hold tokens and card data.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// The code of the README, compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod client;
mod down;
mod guest;
mod open;
mod park;
mod resolve;
mod server;
mod socket;
mod stream;
mod url;

pub use client::{ClientOptions, WsClient};
pub use guest::MAX_REQUEST;
pub use open::{OpenError, WsBuilder, open, open_address};
pub use park::WsPark;
pub use resolve::MAX_ADDRESSES;
pub use server::{MAX_GUESTS, ServerOptions, WsServer};
pub use socket::MAX_MESSAGE;
pub use url::{Address, AddressError, DEFAULT_PATH, DEFAULT_PORT, parse_address};
