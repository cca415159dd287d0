//! Durations as text: `-1h2m3.5s`; in nanoseconds, of 64 bits.

/// Units and their nanoseconds.
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
pub fn parse(text: &str) -> Option<i64> {
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

/// A text like `72h3m0.5s`.
pub fn write(nanoseconds: i64) -> String {
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
