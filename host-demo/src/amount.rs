//! Amounts as people write them.

use std::fmt;

/// The digits behind the point: cents and the like. Currencies with another number of them use minor units.
const DIGITS: usize = 2;

/// An amount cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// Nothing is there.
    Empty,
    /// Something that is no digit and no point.
    NotANumber,
    /// A comma: it means different things in different places.
    Comma,
    /// More digits behind the point than the currency has.
    TooPrecise,
    /// No digits before or behind the point.
    NoDigits,
    /// Below zero.
    Negative,
    /// More than fits.
    TooLarge,
    /// No whole number of minor units.
    NotMinor,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no amount was given",
            Self::NotANumber => "an amount has digits and one point only, like 10.00",
            Self::Comma => "write the amount with a point, like 10.00, not with a comma",
            Self::TooPrecise => {
                "an amount has at most 2 digits behind the point; for other currencies use --minor"
            }
            Self::NoDigits => "digits are needed before and behind the point, like 0.50",
            Self::Negative => "an amount is not below zero",
            Self::TooLarge => "the amount is too large",
            Self::NotMinor => {
                "with --minor every amount is a whole number of minor units, like 150"
            }
        })
    }
}

impl std::error::Error for AmountError {}

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Dollars and the like: `1.50`.
    Major,
    /// Cents and the like: `150`.
    Minor,
}

impl Units {
    /// The minor units of an amount that is written so.
    ///
    /// # Errors
    ///
    /// [`AmountError`] says what is wrong.
    pub fn parse(self, text: &str) -> Result<i64, AmountError> {
        match self {
            Self::Major => parse_major(text),
            Self::Minor => text.trim().parse().map_err(|_| AmountError::NotMinor),
        }
    }
}

/// The minor units of an amount in major units: `10`, `10.5` and `10.00` are read.
///
/// # Errors
///
/// [`AmountError`] says what is wrong.
pub fn parse_major(text: &str) -> Result<i64, AmountError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    if text.starts_with('-') {
        return Err(AmountError::Negative);
    }
    if text.contains(',') {
        return Err(AmountError::Comma);
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if whole.is_empty() || fraction.is_empty() => {
            return Err(AmountError::NoDigits);
        }
        Some(parts) => parts,
        None => (text, ""),
    };
    digits_only(whole)?;
    digits_only(fraction)?;
    if fraction.len() > DIGITS {
        return Err(AmountError::TooPrecise);
    }
    let padded = format!("{whole}{fraction:0<DIGITS$}");
    padded.parse().map_err(|_| AmountError::TooLarge)
}

fn digits_only(text: &str) -> Result<(), AmountError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(AmountError::NotANumber)
    }
}

/// Minor units as an amount in major units, like `10.00`.
#[must_use]
pub fn major(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, minor) in [
            ("10.00", Ok(1000)),
            ("10", Ok(1000)),
            ("10.5", Ok(1050)),
            ("0.01", Ok(1)),
            ("007.00", Ok(700)),
            (" 3.20 ", Ok(320)),
            ("92233720368547758.07", Ok(i64::MAX)),
            ("92233720368547758.08", Err(AmountError::TooLarge)),
            ("", Err(AmountError::Empty)),
            ("-1", Err(AmountError::Negative)),
            ("1,50", Err(AmountError::Comma)),
            ("1.234", Err(AmountError::TooPrecise)),
            ("ten", Err(AmountError::NotANumber)),
            ("1.2.3", Err(AmountError::NotANumber)),
            ("1e3", Err(AmountError::NotANumber)),
            ("+1", Err(AmountError::NotANumber)),
            (".50", Err(AmountError::NoDigits)),
            ("1.", Err(AmountError::NoDigits)),
            ("٣", Err(AmountError::NotANumber)),
        ] {
            assert_eq!(parse_major(text), minor, "{text}");
        }
    }

    #[test]
    fn minor_units_are_whole_numbers() {
        for (text, minor) in [
            ("150", Ok(150)),
            ("0", Ok(0)),
            ("-1", Ok(-1)),
            ("1.50", Err(AmountError::NotMinor)),
            ("", Err(AmountError::NotMinor)),
            ("9223372036854775808", Err(AmountError::NotMinor)),
        ] {
            assert_eq!(Units::Minor.parse(text), minor, "{text}");
        }
        assert_eq!(Units::Major.parse("1.50"), Ok(150));
    }

    #[test]
    fn amounts_are_printed_with_two_digits() {
        assert_eq!(major(1000), "10.00");
        assert_eq!(major(5), "0.05");
        assert_eq!(major(-150), "-1.50");
        assert_eq!(major(i64::MIN), "-92233720368547758.08");
    }
}
