//! From an address to a connector in one call.

use std::fmt;
use std::str::FromStr;

use proto_core::driver::{Builder, Config, ThreadPark};

use crate::{UsbLink, UsbOptions};

/// A connector over a cable that is being set up.
pub type UsbBuilder = Builder<UsbLink, ThreadPark>;

/// Sets a connector to the terminal at the cable up: `usb` is the only one there, `usb:SERIAL` the one with
/// that serial number. The terminal need not be there yet.
///
/// # Errors
///
/// [`TargetError`]: that is no such address.
#[doc(alias = "USBCloverDeviceConfiguration")]
pub fn open(address: &str, config: Config) -> Result<UsbBuilder, TargetError> {
    Ok(open_target(address.parse()?, UsbOptions::default(), config))
}

/// Sets a connector to this terminal up.
#[must_use]
pub fn open_target(target: Target, options: UsbOptions, config: Config) -> UsbBuilder {
    let name = target.to_string();
    let (link, park) = UsbLink::new(target, options);
    Builder::new(link, park, name, config)
}

/// Which terminal is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The only one on the bus. With more than one the link does not guess, unless it has been connected to one
    /// of them: it stays with that.
    Only,
    /// The one with this serial number, upper or lower case.
    Serial(String),
}

impl Target {
    pub(crate) fn serial(&self) -> Option<&str> {
        match self {
            Self::Only => None,
            Self::Serial(serial) => Some(serial),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text.split_once(':') {
            None if text == "usb" => Ok(Self::Only),
            Some(("usb", serial)) if !serial.trim().is_empty() => {
                Ok(Self::Serial(serial.trim().to_owned()))
            }
            _ => Err(TargetError(text.to_owned())),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => f.write_str("usb"),
            Self::Serial(serial) => write!(f, "usb:{serial}"),
        }
    }
}

/// A text that names no terminal at a cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetError(String);

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` names no terminal at a cable; write usb, or usb:SERIAL with its serial number"
        )
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usb_and_usb_with_a_serial_number_are_addresses() {
        for text in ["usb", "usb:C030UQ71340123"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for bad in ["", "usb:", "usb: ", "USB", "usb2", "ws://usb", "sim"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
