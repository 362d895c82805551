//! Who the point of sale is, owned.

use crate::pos::{self, Deadlines, Screens};

/// Who the point of sale is, and how it behaves; see [`pos::Config`] for each value.
#[derive(Debug, Clone)]
#[doc(alias = "WebSocketCloverDeviceConfiguration")]
pub struct Config {
    pub(super) application_id: String,
    pub(super) name: String,
    pub(super) serial: String,
    screens: Screens,
    accept_simulator: bool,
    deadlines: Deadlines,
}

impl Config {
    /// A point of sale with this application id (`remoteApplicationID`, by convention
    /// `reverse.domain.app:version`) and everything else as usual.
    #[must_use]
    #[doc(alias = "remoteApplicationID")]
    pub fn new(application_id: impl Into<String>) -> Self {
        Self {
            application_id: application_id.into(),
            name: "Rust POS".to_owned(),
            serial: "POS-1".to_owned(),
            screens: Screens::Default,
            accept_simulator: false,
            deadlines: Deadlines::DEFAULT,
        }
    }

    /// The name of this point of sale, shown on the terminal.
    #[must_use]
    #[doc(alias = "posName")]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The serial number of this point of sale.
    #[must_use]
    #[doc(alias = "serialNumber")]
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.serial = serial.into();
        self
    }

    /// Which screens are shown by themselves.
    #[must_use]
    pub fn screens(mut self, screens: Screens) -> Self {
        self.screens = screens;
        self
    }

    /// Whether a simulator is taken for a terminal: never in a shop.
    #[must_use]
    pub fn accept_simulator(mut self, accept: bool) -> Self {
        self.accept_simulator = accept;
        self
    }

    /// How long is waited for what.
    #[must_use]
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    pub(super) fn borrowed<'b>(&'b self, token: Option<&'b str>) -> pos::Config<'b> {
        pos::Config {
            application_id: &self.application_id,
            name: &self.name,
            serial: &self.serial,
            token,
            screens: self.screens,
            accept_simulator: self.accept_simulator,
            deadlines: self.deadlines,
            last_request: 0,
        }
    }
}
