//! Durations as text: `-1h2m3.5s`.

const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    // The micro sign and the Greek letter.
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The most nanoseconds, of negative durations.
const MOST: u64 = 1 << 63;

/// Nanoseconds; `None` for what is no duration or more than 64 bits hold.
pub(super) fn read(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Some(0);
    }
    if unsigned.is_empty() {
        return None;
    }
    let (mut sum, mut rest) = (0u64, unsigned);
    while !rest.is_empty() {
        let (nanos, behind) = part(rest)?;
        // Twice the most is none, as in Go.
        sum = sum.wrapping_add(nanos);
        if sum > MOST {
            return None;
        }
        rest = behind;
    }
    if text.starts_with('-') { Some(0i64.wrapping_sub_unsigned(sum)) } else { i64::try_from(sum).ok() }
}

/// A number with its unit, and the text behind it.
fn part(text: &str) -> Option<(u64, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at_checked(end)?;
    let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name)?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    if whole > MOST / unit {
        return None;
    }
    let nanos = whole * unit + scaled(fraction, *unit);
    (nanos <= MOST).then_some((nanos, rest))
}

/// A fraction of a unit. It is computed in floats, and digits that 63 bits do not hold are left out, both as in Go.
fn scaled(fraction: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0u64, 1f64);
    for digit in fraction.bytes() {
        if number > (MOST - 1) / 10 || number * 10 + u64::from(digit - b'0') > MOST {
            break;
        }
        number = number * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

/// The digits that a text begins with, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
