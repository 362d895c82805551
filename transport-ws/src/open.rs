//! From an address to a connector in one call.

use std::fmt;
use std::io;

use proto_core::driver::{Builder, Config};

use crate::url::{Address, AddressError, parse_address};
use crate::{ClientOptions, WsClient, WsPark};

/// A connector over a WebSocket that is being set up.
pub type WsBuilder = Builder<WsClient, WsPark>;

/// Sets a connector to the terminal at `address` up; see [`parse_address`] for how it may be written.
/// Unencrypted links to other machines are refused here; see [`open_address`] for those.
///
/// # Errors
///
/// [`OpenError`]: the address cannot be used, or the system has no sockets.
#[doc(alias = "WebSocketCloverDeviceConfiguration")]
pub fn open(address: &str, config: Config) -> Result<WsBuilder, OpenError> {
    let address = parse_address(address, false).map_err(OpenError::Address)?;
    open_address(address, config).map_err(OpenError::System)
}

/// Sets a connector to the terminal at this address up.
///
/// # Errors
///
/// The system has no sockets.
pub fn open_address(address: Address, config: Config) -> io::Result<WsBuilder> {
    let name = address.to_string();
    let (link, park) = WsClient::new(address, ClientOptions::default())?;
    Ok(Builder::new(link, park, name, config))
}

/// A connector cannot be set up.
#[derive(Debug)]
pub enum OpenError {
    /// The address cannot be used.
    Address(AddressError),
    /// The system has no sockets.
    System(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => fmt::Display::fmt(error, f),
            Self::System(error) => write!(f, "no socket can be made: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}
