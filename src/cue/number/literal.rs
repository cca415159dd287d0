//! Numbers as they are written.

use num_bigint::BigUint;

use super::{MAX_DIGITS, Number, NumberError, arithmetic};

/// What may follow the digits, and how often thousand (or, with `i`, 1024) is multiplied.
const MULTIPLIERS: &[(char, u32)] = &[('K', 1), ('M', 2), ('G', 3), ('T', 4), ('P', 5)];

impl Number {
    /// A literal of CUE's source: `1_000`, `0x1F`, `0b1`, `0o7`, `1.5`, `.5`, `1e3`, `1.5Ki`; no sign.
    ///
    /// # Errors
    /// Not a number, too long, out of range, or not whole with a multiplier.
    pub fn literal(text: &str) -> Result<Self, NumberError> {
        let refused = |why| Err(NumberError::Syntax(text.into(), why));
        if text.ends_with('_') || text.contains("__") || text.starts_with('_') {
            return refused("illegal '_' in number");
        }
        if let Some((base, rest)) = based(text) {
            let rest = rest.replace('_', "");
            return match whole(&rest, base)? {
                Some(coefficient) => Ok(Self { integer: true, negative: false, coefficient, exponent: 0 }),
                None => refused(match base {
                    16 => "illegal hexadecimal number",
                    8 => "illegal octal number",
                    _ => "illegal binary number",
                }),
            };
        }
        if let Some((mantissa, factor)) = multiplied(text) {
            let mantissa = if mantissa.contains(['e', 'E']) { None } else { decimal(mantissa)? };
            let Some(mantissa) = mantissa else { return refused("illegal number") };
            let product = arithmetic::multiply(&mantissa, &factor)?;
            // What the 34 digits lose does not count: `1000000000000000000000000000000000000000.5K` is whole.
            return if product.is_whole() {
                Ok(Self::from(product.truncate()?))
            } else {
                Err(NumberError::NotWhole(text.into()))
            };
        }
        if text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()) {
            return refused("illegal integer number");
        }
        match decimal(text)? {
            Some(number) => Ok(number),
            None => refused("illegal number"),
        }
    }

    /// A number of JSON, or a decimal fraction with a sign.
    ///
    /// # Errors
    /// Not a number, too long, out of range.
    pub fn json(text: &str) -> Result<Self, NumberError> {
        let (negative, magnitude) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let number = if magnitude.contains('_') { None } else { decimal(magnitude)? };
        match number {
            Some(number) => Ok(Self { negative, ..number }),
            None => Err(NumberError::Syntax(text.into(), "not a number of JSON")),
        }
    }
}

/// The base of a literal's prefix, and what follows it.
fn based(text: &str) -> Option<(u32, &str)> {
    let prefixes = [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)];
    prefixes.into_iter().find_map(|(prefix, base)| Some((base, text.strip_prefix(prefix)?)))
}

/// Digits of a base; none where there are others, or no digit at all.
fn whole(digits: &str, base: u32) -> Result<Option<BigUint>, NumberError> {
    if digits.len() > MAX_DIGITS {
        return Err(NumberError::TooLong);
    }
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Ok(None);
    }
    Ok(BigUint::parse_bytes(digits.as_bytes(), base))
}

/// The digits before a multiplier, and what it stands for.
fn multiplied(text: &str) -> Option<(&str, Number)> {
    let (rest, base) = match text.strip_suffix('i') {
        Some(rest) => (rest, 1024_u64),
        None => (text, 1000),
    };
    let (letter, power) = MULTIPLIERS.iter().find(|(letter, _)| rest.ends_with(*letter))?;
    Some((rest.strip_suffix(*letter)?, Number::from(base.pow(*power))))
}

/// `digits[.digits][e[sign]digits]`, also `.digits` and `digits.`; an int where there is neither point nor exponent.
fn decimal(text: &str) -> Result<Option<Number>, NumberError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (before, after) = match mantissa.split_once('.') {
        Some((before, after)) => (before, Some(after)),
        None => (mantissa, None),
    };
    let after = after.map(|digits| digits.replace('_', ""));
    let fraction = after.as_deref().unwrap_or_default();
    let Some(coefficient) = whole(&format!("{}{fraction}", before.replace('_', "")), 10)? else {
        return Ok(None);
    };
    let written = match exponent {
        None => 0,
        Some(text) => match written_exponent(&text.replace('_', ""))? {
            Some(value) => value,
            None => return Ok(None),
        },
    };
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let integer = exponent.is_none() && after.is_none();
    Number::new(integer, false, coefficient, written.saturating_sub(places)).map(Some)
}

/// A sign and digits.
fn written_exponent(text: &str) -> Result<Option<i64>, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    // What does not fit is out of range by far.
    let value: i64 = digits.parse().map_err(|_| NumberError::Exponent)?;
    Ok(Some(if text.starts_with('-') { -value } else { value }))
}
