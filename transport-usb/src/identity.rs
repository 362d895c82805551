//! Which USB devices are terminals (`protocol/link.md` §1.2): a table that can be extended.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use Mode::{Accessory, Merchant};

/// The vendor id of Clover.
pub const CLOVER: u16 = 0x28F3;
/// The vendor id of Google, under which some terminals appear in accessory mode.
pub const GOOGLE: u16 = 0x18D1;

/// In which of its two modes a terminal is (`protocol/link.md` §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it starts: it must be switched by the accessory handshake.
    Merchant,
    /// Switched: it has the pipe that messages go through.
    Accessory,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Merchant => "merchant",
            Accessory => "accessory",
        })
    }
}

/// One USB identity of a terminal: what it says it is on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The vendor id.
    pub vendor: u16,
    /// The product id.
    pub product: u16,
    /// The mode that a terminal is in when it has this identity.
    pub mode: Mode,
    /// Which terminal it is, for people. Some are inferred: `protocol/link.md` §1.2 says which.
    pub model: Cow<'static, str>,
    /// Where it is known from, for people.
    pub source: Cow<'static, str>,
}

/// Reads `VENDOR:PRODUCT=MODE` and, after a space, the model's name: `28f3:5003=merchant Clover Next`. The
/// numbers are hexadecimal, with or without `0x`.
impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let error = || IdentityError(text.to_owned());
        let (ids, rest) = text.trim().split_once('=').ok_or_else(error)?;
        let (vendor, product) = ids.split_once(':').ok_or_else(error)?;
        let (mode, model) = rest.split_once(' ').unwrap_or((rest, ""));
        let mode = match mode {
            "merchant" => Merchant,
            "accessory" => Accessory,
            _ => return Err(error()),
        };
        let model = match model.trim() {
            "" => "terminal",
            model => model,
        };
        Ok(Self {
            vendor: hex(vendor).ok_or_else(error)?,
            product: hex(product).ok_or_else(error)?,
            mode,
            model: model.to_owned().into(),
            source: "the user".into(),
        })
    }
}

fn hex(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    u16::from_str_radix(digits.unwrap_or(text), 16).ok()
}

/// A text that is no identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityError(String);

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is no USB identity; write VENDOR:PRODUCT=merchant or VENDOR:PRODUCT=accessory, then a name"
        )
    }
}

impl std::error::Error for IdentityError {}

/// The identities that are looked for. [`Identities::default`] is the union of what the vendor's SDKs look for.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    added: Vec<Identity>,
    low_digit: bool,
}

impl Identities {
    /// Adds one. It counts before those of the table, so it can also correct one.
    pub fn add(&mut self, identity: Identity) {
        self.added.push(identity);
    }

    /// Adds those of a text: one a line, as [`Identity`] reads them; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] with the first line that is none; nothing was added then.
    pub fn add_lines(&mut self, text: &str) -> Result<(), IdentityError> {
        let lines = text.lines().filter_map(|line| {
            let line = line.split('#').next().unwrap_or_default().trim();
            (!line.is_empty()).then(|| line.parse())
        });
        let identities = lines.collect::<Result<Vec<_>, _>>()?;
        self.added.extend(identities);
        Ok(())
    }

    /// Whether products of the vendor that are not in the table are terminals by the last hexadecimal digit of
    /// their product id: 0, 1 and 3 in merchant mode, 2 and 4 in accessory mode. Off at first, because a
    /// printer or a scanner of the vendor could match (`protocol/link.md` §1.2).
    pub fn low_digit_rule(&mut self, on: bool) {
        self.low_digit = on;
    }

    /// What a device with these ids is; `None` if it is no terminal as far as is known.
    #[must_use]
    pub fn find(&self, vendor: u16, product: u16) -> Option<Identity> {
        let is = |identity: &&Identity| (identity.vendor, identity.product) == (vendor, product);
        let known = self.added.iter().chain(TABLE).find(is).cloned();
        known.or_else(|| self.by_low_digit(vendor, product))
    }

    /// All of them, those that were added first.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.added.iter().chain(TABLE)
    }

    fn by_low_digit(&self, vendor: u16, product: u16) -> Option<Identity> {
        let mode = match product & 0xF {
            0 | 1 | 3 => Merchant,
            2 | 4 => Accessory,
            _ => return None,
        };
        (self.low_digit && vendor == CLOVER).then(|| Identity {
            vendor,
            product,
            mode,
            model: "unknown Clover model".into(),
            source: "the rule of the low digit".into(),
        })
    }
}

const fn row(
    vendor: u16,
    product: u16,
    mode: Mode,
    model: &'static str,
    source: &'static str,
) -> Identity {
    Identity {
        vendor,
        product,
        mode,
        model: Cow::Borrowed(model),
        source: Cow::Borrowed(source),
    }
}

const MOBILE: &str = "Clover Mobile";
const MINI_1: &str = "Clover Mini (first generation)";
const MINI_2: &str = "Clover Mini (second generation)";
const MINI_3: &str = "Clover Mini (third generation)";
const FLEX: &str = "Clover Flex";
const FLEX_403: &str = "Clover Flex (0x403x)";
const FLEX_405: &str = "Clover Flex (0x405x)";
const COMPACT_800: &str = "Clover Compact (0x800x)";
const COMPACT: &str = "Clover Compact (0x801x)";
const ANDROID: &str = "terminal (generic Android accessory)";

const WINDOWS_SDK: &str = "windows-5.0.0";
const ANDROID_SDK: &str = "android-4.3.6";
const BOTH: &str = "windows-5.0.0, android-4.3.6";

/// The union of the lists in the vendor's SDKs.
#[rustfmt::skip]
const TABLE: &[Identity] = &[
    row(CLOVER, 0x2000, Merchant, MOBILE, BOTH),
    row(CLOVER, 0x2001, Merchant, MOBILE, ANDROID_SDK),
    row(CLOVER, 0x2002, Accessory, MOBILE, ANDROID_SDK),
    row(CLOVER, 0x2003, Merchant, MOBILE, ANDROID_SDK),
    row(CLOVER, 0x2004, Accessory, MOBILE, ANDROID_SDK),
    row(CLOVER, 0x3000, Merchant, MINI_1, BOTH),
    row(CLOVER, 0x3001, Merchant, MINI_1, ANDROID_SDK),
    row(CLOVER, 0x3002, Accessory, MINI_1, BOTH),
    row(CLOVER, 0x3003, Merchant, MINI_1, BOTH),
    row(CLOVER, 0x3004, Accessory, MINI_1, BOTH),
    row(CLOVER, 0x3020, Merchant, MINI_2, BOTH),
    row(CLOVER, 0x3021, Merchant, MINI_2, ANDROID_SDK),
    row(CLOVER, 0x3022, Accessory, MINI_2, BOTH),
    row(CLOVER, 0x3023, Merchant, MINI_2, BOTH),
    row(CLOVER, 0x3024, Accessory, MINI_2, BOTH),
    row(CLOVER, 0x3050, Merchant, MINI_3, BOTH),
    row(CLOVER, 0x3051, Merchant, MINI_3, ANDROID_SDK),
    row(CLOVER, 0x3052, Accessory, MINI_3, BOTH),
    row(CLOVER, 0x3053, Merchant, MINI_3, BOTH),
    row(CLOVER, 0x3054, Accessory, MINI_3, BOTH),
    row(CLOVER, 0x4000, Merchant, FLEX, BOTH),
    row(CLOVER, 0x4001, Merchant, FLEX, ANDROID_SDK),
    row(CLOVER, 0x4002, Accessory, FLEX, BOTH),
    row(CLOVER, 0x4003, Merchant, FLEX, BOTH),
    row(CLOVER, 0x4004, Accessory, FLEX, BOTH),
    row(CLOVER, 0x4030, Merchant, FLEX_403, WINDOWS_SDK),
    row(CLOVER, 0x4032, Accessory, FLEX_403, WINDOWS_SDK),
    row(CLOVER, 0x4033, Merchant, FLEX_403, WINDOWS_SDK),
    row(CLOVER, 0x4034, Accessory, FLEX_403, WINDOWS_SDK),
    row(CLOVER, 0x4050, Merchant, FLEX_405, BOTH),
    row(CLOVER, 0x4051, Merchant, FLEX_405, ANDROID_SDK),
    row(CLOVER, 0x4052, Accessory, FLEX_405, BOTH),
    row(CLOVER, 0x4053, Merchant, FLEX_405, BOTH),
    row(CLOVER, 0x4054, Accessory, FLEX_405, BOTH),
    row(CLOVER, 0x8000, Merchant, COMPACT_800, WINDOWS_SDK),
    row(CLOVER, 0x8002, Accessory, COMPACT_800, WINDOWS_SDK),
    row(CLOVER, 0x8003, Merchant, COMPACT_800, WINDOWS_SDK),
    row(CLOVER, 0x8004, Accessory, COMPACT_800, WINDOWS_SDK),
    row(CLOVER, 0x8010, Merchant, COMPACT, WINDOWS_SDK),
    row(CLOVER, 0x8012, Accessory, COMPACT, WINDOWS_SDK),
    row(CLOVER, 0x8013, Merchant, COMPACT, WINDOWS_SDK),
    row(CLOVER, 0x8014, Accessory, COMPACT, WINDOWS_SDK),
    row(GOOGLE, 0x2D00, Accessory, ANDROID, ANDROID_SDK),
    row(GOOGLE, 0x2D01, Accessory, ANDROID, BOTH),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_identity_once_and_the_low_digit_says_its_mode() {
        let mut rule = Identities::default();
        rule.low_digit_rule(true);
        for (at, identity) in TABLE.iter().enumerate() {
            let again = |other: &Identity| {
                (other.vendor, other.product) == (identity.vendor, identity.product)
            };
            assert_eq!(TABLE.iter().position(again), Some(at));
            if identity.vendor == CLOVER {
                let by_rule = rule.by_low_digit(CLOVER, identity.product).unwrap();
                assert_eq!(by_rule.mode, identity.mode, "{identity:?}");
            }
        }
        assert_eq!(TABLE.len(), 44);
    }

    #[test]
    fn an_unknown_product_is_a_terminal_only_by_the_rule() {
        let mut identities = Identities::default();
        assert_eq!(identities.find(CLOVER, 0x9003), None);
        identities.low_digit_rule(true);
        assert_eq!(identities.find(CLOVER, 0x9003).unwrap().mode, Merchant);
        assert_eq!(identities.find(CLOVER, 0x9004).unwrap().mode, Accessory);
        assert_eq!(identities.find(CLOVER, 0x9005), None);
        assert_eq!(identities.find(GOOGLE, 0x9004), None);
    }

    #[test]
    fn identities_are_read_from_lines_and_count_before_the_table() {
        let mut identities = Identities::default();
        let text =
            "# a new model\n 28f3:9003=merchant Clover Next\n\n0x28F3:0x3003=accessory # odd\n";
        identities.add_lines(text).unwrap();
        assert_eq!(
            identities.find(CLOVER, 0x9003).unwrap().model,
            "Clover Next"
        );
        assert_eq!(identities.find(CLOVER, 0x3003).unwrap().mode, Accessory);
        assert_eq!(identities.find(CLOVER, 0x3002).unwrap().model, MINI_1);
    }

    #[test]
    fn a_line_that_is_no_identity_is_named_and_nothing_is_added() {
        let mut identities = Identities::default();
        for bad in [
            "28f3",
            "28f3:9003",
            "28f3:9003=x",
            "28f3:g=merchant",
            ":=merchant",
        ] {
            let text = format!("28f3:9003=merchant\n{bad}");
            let error = identities.add_lines(&text).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("`{bad}`")),
                "{error}"
            );
        }
        assert_eq!(identities.find(CLOVER, 0x9003), None);
    }
}
