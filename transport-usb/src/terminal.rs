//! A terminal on the bus, and which of several is meant.

use std::fmt;

use crate::identity::{Identity, Mode};

/// A device that is a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terminal {
    pub(crate) identity: Identity,
    pub(crate) place: Place,
    /// It is configured for networking: switching it would cut that (`protocol/link.md` §1.3).
    pub(crate) network: bool,
}

impl fmt::Display for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.identity.model, self.place)
    }
}

/// What tells one terminal from another, also when it comes back in the other mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) serial: Option<String>,
    pub(crate) bus: String,
    pub(crate) ports: Vec<u8>,
}

impl Place {
    /// Whether it is the same terminal: by serial number, or if there is none, at the same port.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.serial, &other.serial) {
            (Some(serial), Some(other)) => serial == other,
            _ => (&self.bus, &self.ports) == (&other.bus, &other.ports),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.serial {
            Some(serial) => write!(f, "serial number {serial}"),
            None => {
                let ports: Vec<_> = self.ports.iter().map(u8::to_string).collect();
                write!(f, "bus {}, port {}", self.bus, ports.join("."))
            }
        }
    }
}

/// Which of the terminals to use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The one at this index.
    This(usize),
    /// More than one could be meant; what they are called.
    Several(String),
    /// None; what is there instead.
    None(String),
}

/// Picks the terminal with this serial number, or the only one. A link that has used one stays with it
/// (`bound`): the money of an open sale is on that one. A mode that can be used counts before one that must be
/// switched first.
pub(crate) fn pick<'t>(
    terminals: impl Iterator<Item = &'t Terminal> + Clone,
    serial: Option<&str>,
    bound: Option<&Place>,
) -> Pick {
    let meant = |terminal: &Terminal| {
        let by_serial = serial.is_none_or(|serial| {
            let own = terminal.place.serial.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(serial))
        });
        by_serial && bound.is_none_or(|bound| bound.is(&terminal.place))
    };
    let usable =
        |terminal: &Terminal| terminal.identity.mode == Mode::Accessory || !terminal.network;
    let fits = |terminal: &Terminal| meant(terminal) && usable(terminal);
    let mut places: Vec<&Place> = Vec::new();
    for terminal in terminals.clone().filter(|terminal| fits(terminal)) {
        if !places.iter().any(|place| place.is(&terminal.place)) {
            places.push(&terminal.place);
        }
    }
    match places.len() {
        1 => {
            let in_mode = |mode| {
                let mut all = terminals.clone();
                all.position(|terminal| fits(terminal) && terminal.identity.mode == mode)
            };
            let index = in_mode(Mode::Accessory).or_else(|| in_mode(Mode::Merchant));
            index.map_or_else(|| Pick::None(String::new()), Pick::This)
        }
        0 => {
            let not_it = terminals.map(|terminal| {
                if meant(terminal) {
                    format!("{terminal} is in network mode and is not switched")
                } else {
                    format!("{terminal} is another one")
                }
            });
            Pick::None(not_it.collect::<Vec<_>>().join("; "))
        }
        _ => {
            let places: Vec<_> = places.iter().map(ToString::to_string).collect();
            Pick::Several(places.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{CLOVER, Identities};

    fn terminal(product: u16, serial: Option<&str>, port: u8) -> Terminal {
        Terminal {
            identity: Identities::default().find(CLOVER, product).unwrap(),
            place: Place {
                serial: serial.map(str::to_owned),
                bus: "001".to_owned(),
                ports: vec![port],
            },
            network: false,
        }
    }

    const MERCHANT: u16 = 0x3003;
    const ACCESSORY: u16 = 0x3002;

    #[test]
    fn the_only_terminal_is_meant() {
        let all = [terminal(MERCHANT, Some("A"), 1)];
        assert_eq!(pick(all.iter(), None, None), Pick::This(0));
        assert_eq!(pick(all.iter(), Some("a"), None), Pick::This(0));
        assert!(
            matches!(pick(all.iter(), Some("B"), None), Pick::None(it) if it.contains("serial number A is another one"))
        );
    }

    #[test]
    fn of_two_terminals_none_is_guessed() {
        let all = [
            terminal(MERCHANT, Some("A"), 1),
            terminal(ACCESSORY, Some("B"), 2),
        ];
        assert!(
            matches!(pick(all.iter(), None, None), Pick::Several(it) if it == "serial number A; serial number B")
        );
        assert_eq!(pick(all.iter(), Some("A"), None), Pick::This(0));
        let bound = all[1].place.clone();
        assert_eq!(pick(all.iter(), None, Some(&bound)), Pick::This(1));
    }

    #[test]
    fn a_link_stays_with_its_terminal_when_only_another_is_there() {
        let all = [terminal(ACCESSORY, Some("B"), 1)];
        let bound = terminal(ACCESSORY, Some("A"), 1).place;
        assert!(matches!(
            pick(all.iter(), None, Some(&bound)),
            Pick::None(_)
        ));
    }

    #[test]
    fn of_one_terminal_in_both_modes_the_accessory_counts() {
        let all = [
            terminal(MERCHANT, Some("A"), 1),
            terminal(ACCESSORY, Some("A"), 1),
        ];
        assert_eq!(pick(all.iter(), None, None), Pick::This(1));
    }

    #[test]
    fn terminals_without_a_serial_number_are_told_apart_by_their_port() {
        let all = [terminal(MERCHANT, None, 1), terminal(MERCHANT, None, 2)];
        assert!(
            matches!(pick(all.iter(), None, None), Pick::Several(it) if it.contains("bus 001, port 2"))
        );
        let bound = terminal(ACCESSORY, None, 2).place;
        assert_eq!(pick(all.iter(), None, Some(&bound)), Pick::This(1));
    }

    #[test]
    fn a_terminal_in_network_mode_is_named_and_not_switched() {
        let mut all = [terminal(0x3001, Some("A"), 1)];
        all[0].network = true;
        assert!(
            matches!(pick(all.iter(), None, None), Pick::None(it) if it.contains("network mode"))
        );
    }
}
