//! Values of flags, read as Go's flag package reads them.

use std::time::Duration;

/// A boolean in one of the spellings that Go's `strconv.ParseBool` knows.
///
/// # Errors
/// Any other text.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

/// An integer as Go's `strconv.ParseInt` reads it with base 0: decimal, `0x`, `0o`, `0b`, a leading `0` for octal.
///
/// # Errors
/// Any other text, and what 64 bits do not hold.
pub fn integer(text: &str) -> Result<i64, String> {
    let fail = || "expected a whole number".to_owned();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)),
        [b'0', b'o', ..] => (8, lower.get(2..)),
        [b'0', b'b', ..] => (2, lower.get(2..)),
        [b'0', _, ..] => (8, lower.get(1..)),
        _ => (10, Some(lower.as_str())),
    };
    let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_alphanumeric())).ok_or_else(fail)?;
    let magnitude = i128::from_str_radix(digits, radix).map_err(|_| fail())?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| fail())
}

/// A duration as Go's `time.ParseDuration` reads it: `90s`, `3m0s`, `1h30m`, `1.5h`, `0`.
///
/// # Errors
/// Any other text, a negative duration, and what Go's 64 bits of nanoseconds do not hold (about 292 years).
pub fn duration(text: &str) -> Result<Duration, String> {
    let fail = || "expected a duration such as `90s`, `3m0s` or `1h30m`".to_owned();
    let mut rest = match text.strip_prefix('-') {
        Some("0") => "0",
        Some(_) => return Err("a duration here cannot be negative".to_owned()),
        None => text.strip_prefix('+').unwrap_or(text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(fail());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(fail)?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        total += nanoseconds(number, unit).ok_or_else(fail)?;
        if total > i128::from(i64::MAX) {
            return Err("this duration is too long".to_owned());
        }
        rest = tail;
    }
    u64::try_from(total).map(Duration::from_nanos).map_err(|_| fail())
}

/// `number` of `unit`, rounded down to whole nanoseconds.
fn nanoseconds(number: &str, unit: &str) -> Option<i128> {
    let scale: i128 = match unit {
        "ns" => 1,
        // U+00B5 and U+03BC, as Go.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || whole.len() > 19 {
        return None;
    }
    let mut total = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()?.checked_mul(scale)? };
    let mut part = scale;
    for digit in fraction.bytes().take(18) {
        part /= 10;
        total += i128::from(digit.checked_sub(b'0')?) * part;
    }
    Some(total)
}

/// The parts of a list with commas between, as Go's `encoding/csv` reads one line: a part that begins with a quotation mark
/// ends with one, and may hold commas.
///
/// # Errors
/// Quotation marks that do not fit, a line break outside of them.
pub fn comma_separated(text: &str) -> Result<Vec<String>, &'static str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    if text.is_empty() {
        return Ok(parts);
    }
    loop {
        let Some(mut quoted) = rest.strip_prefix('"') else {
            let (part, after) = rest.split_once(',').map_or((rest, None), |(part, rest)| (part, Some(rest)));
            if part.contains(['"', '\n', '\r']) {
                return Err("a quotation mark or a line break stands in the middle of a part");
            }
            parts.push(part.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(parts),
            }
            continue;
        };
        let mut part = String::new();
        loop {
            let (inside, after) = quoted.split_once('"').ok_or("a quotation mark is missing")?;
            part.push_str(inside);
            match after.strip_prefix('"') {
                // Two of them are one that is meant.
                Some(after) => {
                    part.push('"');
                    quoted = after;
                }
                None => {
                    quoted = after;
                    break;
                }
            }
        }
        parts.push(part);
        match quoted.strip_prefix(',') {
            Some(after) => rest = after,
            None if quoted.is_empty() => return Ok(parts),
            None => return Err("something follows a quotation mark"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_those_of_go() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert_eq!(boolean(text), Ok(true), "{text}");
        }
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            assert_eq!(boolean(text), Ok(false), "{text}");
        }
        for text in ["", "yes", "no", "tRUE", " true", "2"] {
            assert!(boolean(text).is_err(), "{text}");
        }
    }

    #[test]
    fn integers_are_those_of_go() {
        for (text, value) in [
            ("10", 10),
            ("-3", -3),
            ("+4", 4),
            ("0x1F", 31),
            ("0o17", 15),
            ("017", 15),
            ("0b11", 3),
            ("0", 0),
        ] {
            assert_eq!(integer(text), Ok(value), "{text}");
        }
        for text in ["", "abc", "1.5", "--1", "0x", "0xg", "08", "9223372036854775808", "1 "] {
            assert!(integer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_are_those_of_go() {
        for (text, parts) in [
            ("", vec![]),
            ("a=b", vec!["a=b"]),
            ("a=b,c=d", vec!["a=b", "c=d"]),
            ("a,", vec!["a", ""]),
            ("\"a=b,c\",d", vec!["a=b,c", "d"]),
            ("\"a\"\"b\"", vec!["a\"b"]),
            ("\"\"", vec![""]),
        ] {
            assert_eq!(comma_separated(text).unwrap(), parts, "{text}");
        }
        for text in ["a\"b", "\"a", "\"a\"b", "a\nb"] {
            assert!(comma_separated(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanos) in [
            ("0", 0),
            ("1ns", 1),
            ("90s", 90_000_000_000),
            ("3m0s", 180_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("+2ms", 2_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        for text in
            ["", "3", "s", ".", ".s", "1..5s", "1x", "1s ", "-1s", "9223372037s", "99999999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
