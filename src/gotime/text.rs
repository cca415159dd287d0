//! Parts of the text of a time: what is read, with what is behind it.

use super::layout::Fill;

/// What is behind a text of the layout. Spaces stand for one another, however many they are.
pub(super) fn skipped<'a>(mut text: &'a [u8], mut before: &[u8]) -> Option<&'a [u8]> {
    while let [first, behind @ ..] = before {
        if *first == b' ' {
            if text.first().is_some_and(|&byte| byte != b' ') {
                return None;
            }
            (before, text) = (without_spaces(before), without_spaces(text));
        } else {
            text = text.strip_prefix(&[*first])?;
            before = behind;
        }
    }
    Some(text)
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|&&byte| byte == b' ').count();
    text.get(spaces..).unwrap_or_default()
}

/// The number of a name, without regard to case, and what is behind it.
pub(super) fn named<'a>(names: &[&str], short: bool, text: &'a [u8]) -> Option<(i128, &'a [u8])> {
    (0..).zip(names).find_map(|(number, name)| {
        let (found, rest) = text.split_at_checked(if short { 3 } else { name.len() })?;
        name.as_bytes().get(..found.len())?.eq_ignore_ascii_case(found).then_some((number, rest))
    })
}

/// One digit or two; two where the number is filled up with zeros.
pub(super) fn up_to_two(text: &[u8], fill: Fill) -> Option<(i128, &[u8])> {
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || (fill == Fill::Zero && digits != 2) {
        return None;
    }
    let (digits, rest) = text.split_at_checked(digits)?;
    Some((number(digits)?, rest))
}

/// The text without so many spaces, where a number may be filled up with them.
pub(super) fn unpadded(mut text: &[u8], fill: Fill, most: usize) -> &[u8] {
    for _ in 0..most {
        if fill == Fill::Space {
            text = text.strip_prefix(b" ").unwrap_or(text);
        }
    }
    text
}

pub(super) fn below<'a>(limit: i128, read: Option<(i128, &'a [u8])>, into: &mut i128) -> Option<&'a [u8]> {
    let (number, rest) = read?;
    *into = number;
    (number < limit).then_some(rest)
}

/// The nanoseconds of a separator and digits; those after the ninth are left out. Go allows a sign.
pub(super) fn nanos(fraction: &[u8]) -> Option<i128> {
    let (separator, digits) = fraction.split_first()?;
    let digits = digits.get(..9).unwrap_or(digits);
    let number = signed(digits)?;
    let scale = 10i128.checked_pow(u32::try_from(9 - digits.len()).ok()?)?;
    ((*separator == b'.' || *separator == b',') && number >= 0).then_some(number * scale)
}

/// A number that may have a sign. None of digits is zero, as in Go.
pub(super) fn signed(text: &[u8]) -> Option<i128> {
    match text {
        [b'-', digits @ ..] => number(digits).map(|number| -number),
        [b'+', digits @ ..] | digits => number(digits),
    }
}

pub(super) fn number(digits: &[u8]) -> Option<i128> {
    digits
        .iter()
        .try_fold(0i128, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i128::from(byte - b'0')))
}

/// How long the abbreviation is that a text begins with: three letters, or four or five of which the last is T.
pub(super) fn zone_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + hours_length(rest).unwrap_or(0));
    }
    if text.starts_with(b"+") || text.starts_with(b"-") {
        return hours_length(text);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        3 => Some(3),
        4 if text.get(3) == Some(&b'T') || text.starts_with(b"WITA") => Some(4),
        5 if text.get(4) == Some(&b'T') => Some(5),
        _ => None,
    }
}

/// How long a sign with at most 23 hours is.
fn hours_length(text: &[u8]) -> Option<usize> {
    let [b'+' | b'-', rest @ ..] = text else { return None };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = std::str::from_utf8(rest.get(..digits)?).ok()?.parse::<u64>().ok()?;
    (hours <= 23).then_some(1 + digits)
}
