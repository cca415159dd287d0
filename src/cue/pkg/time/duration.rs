//! Durations: `1h30m`, `-1.5h`, `300ms`; in nanoseconds, of 64 bits.

use crate::cue::pkg::CallError;

/// Units and their nanoseconds.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    // The micro sign, and the Greek letter.
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The nanoseconds of a text.
pub(super) fn parse(text: &str) -> Result<i64, CallError> {
    let refused = || CallError::Failed(format!("invalid duration {text:?}"));
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if unsigned == "0" {
        return Ok(0);
    }
    let mut rest = unsigned;
    let mut sum = 0_u64;
    while !rest.is_empty() || rest.len() == unsigned.len() {
        let (term, after) = term(rest).ok_or_else(refused)?;
        sum = sum.checked_add(term).filter(|sum| *sum <= 1 << 63).ok_or_else(refused)?;
        rest = after;
    }
    let value = if negative { 0_i64.checked_sub_unsigned(sum) } else { i64::try_from(sum).ok() };
    value.ok_or_else(refused)
}

/// The nanoseconds of one number with its unit, at most 2^63, and what follows.
fn term(text: &str) -> Option<(u64, &str)> {
    let end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(end(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (unit, rest) =
        rest.split_at(rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len()));
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let value: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let value = value.checked_mul(*unit)?.checked_add(fraction_of(fraction, *unit))?;
    (value <= 1 << 63).then_some((value, rest))
}

/// A fraction of a unit, computed with 64 bits as Go does; digits that do not fit are dropped.
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes().map(|c| u64::from(c - b'0')) {
        let longer = if value > i64::MAX as u64 / 10 { None } else { Some(value * 10 + digit) };
        let Some(longer) = longer.filter(|value| *value <= 1 << 63) else { break };
        (value, scale) = (longer, scale * 10.0);
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

/// A text like `72h3m0.5s`.
pub(super) fn format(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let with = |unit: u64, places: usize, name: &str| {
        let fraction = format!("{:0places$}", size % unit);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() || unit == 1 { "" } else { "." };
        let fraction = if unit == 1 { "" } else { fraction };
        (size / unit, format!("{point}{fraction}{name}"))
    };
    let (whole, rest) = match size {
        0 => return "0s".into(),
        1..1_000 => with(1, 1, "ns"),
        1_000..1_000_000 => with(1_000, 3, "\u{b5}s"),
        1_000_000..1_000_000_000 => with(1_000_000, 6, "ms"),
        _ => with(1_000_000_000, 9, "s"),
    };
    if size < 60_000_000_000 {
        return format!("{sign}{whole}{rest}");
    }
    let (minutes, second) = (whole / 60, whole % 60);
    match minutes / 60 {
        0 => format!("{sign}{minutes}m{second}{rest}"),
        hours => format!("{sign}{hours}h{}m{second}{rest}", minutes % 60),
    }
}
