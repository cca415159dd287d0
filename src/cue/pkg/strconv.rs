//! `strconv`: numbers and quoted text, as Go's package writes and reads them. Integers have any size, as in CUE.

use num_bigint::{BigInt, BigUint, Sign};

use super::Parameter::{Bool, Int, Number as Numeric, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, validator};
use crate::cue::data::Data;
use crate::cue::number::Number;

mod float;
mod quote;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Unquote", Member::Unsupported),
    ("ParseBool", validator(&[Text], parse_bool)),
    ("FormatBool", function(&[Bool], |a| Ok(if a.truth(0)? { "true" } else { "false" }.into()))),
    ("ParseFloat", function(&[Text, Int], |a| float::parse(a.text(0)?, a.int(1)?))),
    ("IntSize", Member::Source("64")),
    ("ParseUint", function(&[Text, Int, Int], |a| parse_integer(a.text(0)?, a.int(1)?, a.int(2)?, false))),
    ("ParseInt", function(&[Text, Int, Int], |a| parse_integer(a.text(0)?, a.int(1)?, a.int(2)?, true))),
    ("Atoi", function(&[Text], |a| parse_integer(a.text(0)?, 10, 0, true))),
    ("FormatFloat", function(&[Numeric, Int, Int, Int], float::format)),
    ("FormatUint", function(&[Int, Int], format_integer)),
    ("FormatInt", function(&[Int, Int], format_integer)),
    ("Quote", function(&[Text], |a| Ok(quote::text(a.text(0)?, quote::is_print).into()))),
    ("QuoteToASCII", function(&[Text], |a| Ok(quote::text(a.text(0)?, quote::is_ascii_print).into()))),
    ("QuoteToGraphic", function(&[Text], |a| Ok(quote::text(a.text(0)?, quote::is_graphic).into()))),
    ("QuoteRune", function(&[Int], |a| Ok(quote::rune(rune(a)?, quote::is_print).into()))),
    ("QuoteRuneToASCII", function(&[Int], |a| Ok(quote::rune(rune(a)?, quote::is_ascii_print).into()))),
    ("QuoteRuneToGraphic", function(&[Int], |a| Ok(quote::rune(rune(a)?, quote::is_graphic).into()))),
    ("IsPrint", validator(&[Int], |a| Ok(rune(a)?.is_some_and(quote::is_print).into()))),
    ("IsGraphic", validator(&[Int], |a| Ok(rune(a)?.is_some_and(quote::is_graphic).into()))),
];

fn parse_bool(a: &[Data]) -> Result<Data, CallError> {
    match a.text(0)? {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true.into()),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false.into()),
        other => failed(format!("parsing {other:?}: invalid syntax")),
    }
}

/// A code point; none where there is no such character.
fn rune(a: &[Data]) -> Result<Option<char>, CallError> {
    match i32::try_from(a.int(0)?) {
        Ok(value) => Ok(u32::try_from(value).ok().and_then(char::from_u32)),
        Err(_) => failed(format!("int {} overflows rune in argument 1", a.int(0)?)),
    }
}

/// An integer in a base from 2 to 62, or 0 for that of its prefix; `bits` is 0 for any size.
fn parse_integer(text: &str, base: i64, bits: i64, signed: bool) -> Result<Data, CallError> {
    let refused = |why: &str| CallError::Failed(format!("parsing {text:?}: {why}"));
    let bits = u64::try_from(bits).map_err(|_| refused("value out of range"))?;
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, base) = match base {
        0 => prefixed(magnitude).ok_or_else(|| refused("invalid syntax"))?,
        2..=62 => (magnitude.to_owned(), base as u32),
        _ => return failed(format!("invalid number base {base}")),
    };
    let magnitude = digits_of(&digits, base)?.ok_or_else(|| refused("invalid syntax"))?;
    let value = BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, magnitude);
    // Two's complement: `-128` has eight bits, as has `127` with its sign.
    let size = if value.sign() == Sign::Minus { BigInt::from(-1) - &value } else { value.clone() };
    let needed = size.bits() + u64::from(signed);
    if (!signed && value.sign() == Sign::Minus) || (bits != 0 && needed > bits) {
        return Err(refused("value out of range"));
    }
    Ok(Number::from(value).into())
}

/// The digits and the base of a literal of Go's.
fn prefixed(text: &str) -> Option<(String, u32)> {
    let prefixes = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)];
    let found = prefixes.into_iter().find_map(|(prefix, base)| Some((text.strip_prefix(prefix)?, base)));
    let (digits, base, after_prefix) = match found {
        Some((digits, base)) => (digits, base, true),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8, true),
        None => (text, 10, false),
    };
    // One underscore may stand between two digits, and after the prefix.
    let misplaced =
        digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !after_prefix);
    (!misplaced).then(|| (digits.replace('_', ""), base))
}

/// Digits of a base up to 62: from 37 on, capitals stand for more than small letters do.
fn digits_of(text: &str, base: u32) -> Result<Option<BigUint>, CallError> {
    if text.len() > 20_000 {
        return Err(CallError::Budget("20,000 digits".into()));
    }
    let value = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'z' => Some(c - b'a' + 10),
        b'A'..=b'Z' if base <= 36 => Some(c - b'A' + 10),
        b'A'..=b'Z' => Some(c - b'A' + 36),
        _ => None,
    };
    let digits: Option<Vec<u8>> =
        text.bytes().map(|c| value(c).filter(|digit| u32::from(*digit) < base)).collect();
    Ok(digits.filter(|digits| !digits.is_empty()).and_then(|digits| BigUint::from_radix_be(&digits, base)))
}

fn format_integer(a: &[Data]) -> Result<Data, CallError> {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let base = match u32::try_from(a.int(1)?) {
        Ok(base @ 2..=62) => base,
        _ => return failed("invalid base"),
    };
    let (sign, digits) = a.integer(0)?.to_radix_be(base);
    let digits = digits.iter().map(|digit| char::from(DIGITS[usize::from(*digit) % DIGITS.len()]));
    let sign = (sign == Sign::Minus).then_some('-');
    Ok(sign.into_iter().chain(digits).collect::<String>().into())
}
