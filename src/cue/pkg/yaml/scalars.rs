//! Scalars in one line.

use std::rc::Rc;

use super::super::CallError;
use super::super::arguments::failed;
use super::{shown, unsure};
use crate::cue::data::Data;
use crate::cue::number::Number;

/// The longest name of a member, in bytes.
pub(super) const MAX_NAME: usize = 128;

/// The longest name as it is written, up to its colon, in bytes; the library reads none of more than 1,024 characters.
pub(super) const MAX_WRITTEN_NAME: usize = 1_000;

/// The longest decimal fraction, in bytes.
const MAX_FRACTION: usize = 30;

/// What a plain scalar says.
///
/// # Errors
/// It may be a number that is written otherwise than in decimal digits; a merge key.
pub(super) fn plain(text: &str) -> Result<Data, CallError> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Data::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        "<<" => return unsure("a merge key (`<<`)"),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return Ok(text.into());
    }
    if is_decimal(text) {
        return Ok(Number::json(text)?.into());
    }
    if let Some(digits) = octal(text) {
        return match i64::from_str_radix(digits, 8) {
            Ok(value) => Ok(value.into()),
            Err(_) => unsure(format_args!("the number {}", shown(text))),
        };
    }
    if may_be_number(text) { unsure(format_args!("the number {}", shown(text))) } else { Ok(text.into()) }
}

/// `-12`, `1.50`; no zeros in front, and no `-0`. A whole number that 64 bits do not hold is something else to the library.
fn is_decimal(text: &str) -> bool {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, is_held) = match magnitude.split_once('.') {
        Some((whole, fraction)) => (whole, digits(fraction) && text.len() <= MAX_FRACTION),
        None => (magnitude, text.parse::<i64>().is_ok()),
    };
    digits(whole)
        && is_held
        && (whole == "0" || !whole.starts_with('0'))
        && (magnitude == text || magnitude.bytes().any(|byte| (b'1'..=b'9').contains(&byte)))
}

/// The digits of a number of YAML 1.1 in base 8: `0644`.
fn octal(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('0')?;
    (!digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte))).then_some(digits)
}

/// Whether some reading of YAML may find a number in this text; `0.5.1`, `10Gi`, `2026-01-01` and `1:30` are none.
fn may_be_number(text: &str) -> bool {
    let bare = text.replace('_', "").to_ascii_lowercase();
    let bare = bare.trim_start_matches(['+', '-']);
    let based = |prefix, base| {
        bare.strip_prefix(prefix).is_some_and(|digits: &str| digits.chars().all(|c| c.is_digit(base)))
    };
    matches!(bare, ".inf" | ".nan")
        || bare.parse::<f64>().is_ok()
        || based("0x", 16)
        || based("0o", 8)
        || based("0b", 2)
}

/// The name of a member that is written as a plain scalar.
///
/// # Errors
/// What [`plain`] refuses; a number that is less than zero.
pub(super) fn name(text: &str) -> Result<Rc<str>, CallError> {
    if text.len() > MAX_NAME {
        return unsure("a name that is so long");
    }
    match plain(text)? {
        Data::String(text) => Ok(text),
        Data::Null => Ok("null".into()),
        Data::Bool(value) => Ok(value.to_string().into()),
        Data::Number(number) if number.is_negative() => failed(format!("invalid label {text}")),
        Data::Number(_) if octal(text).is_none() => Ok(text.into()),
        _ => unsure(format_args!("the number {text} as a name")),
    }
}

/// Whether a plain scalar can begin like this.
pub(super) fn starts_plain(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some('-') => chars.next().is_some_and(|next| !matches!(next, ' ' | '\t')),
        Some(c) => !" \t?:,[]{}#&*!|>'\"%@`".contains(c),
        None => false,
    }
}

/// Why a scalar cannot begin like this.
pub(super) fn not_a_start<T>(rest: &str) -> Result<T, CallError> {
    match rest.chars().next() {
        Some(c @ ('@' | '`')) => failed(format!("`{c}` cannot start any token")),
        Some('-') if !rest.starts_with("-\t") => {
            failed("block sequence entries are not allowed in this context")
        }
        Some(c) => unsure(format_args!("`{c}` in front of a value")),
        None => unsure("no value"),
    }
}

/// A text in quotation marks that begins here and ends in this line, and its length with them.
///
/// # Errors
/// It does not end; an escape that YAML does not have, or that is rare.
pub(super) fn quoted(rest: &str) -> Result<(Rc<str>, usize), CallError> {
    let quote = if rest.starts_with('\'') { '\'' } else { '"' };
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quote == c && chars.next_if(|(_, next)| *next == c).is_some() => text.push(c),
            _ if quote == c => return Ok((text.into(), at + 1)),
            '\\' if quote == '"' => {
                let escape = chars.next().map(|(_, escape)| escape);
                let hex: String = match escape {
                    Some('u') => chars.by_ref().take(4).map(|(_, digit)| digit).collect(),
                    _ => String::new(),
                };
                text.push(escaped(escape, &hex)?);
            }
            _ => text.push(c),
        }
    }
    unsure("a text in quotation marks that does not end in its line")
}

/// The character that an escape stands for.
fn escaped(escape: Option<char>, hex: &str) -> Result<char, CallError> {
    let made = match escape {
        Some(c @ ('"' | '\\')) => Some(c),
        Some('n') => Some('\n'),
        Some('t') => Some('\t'),
        Some('/') => return failed("found unknown escape character `/`"),
        Some('u') if hex.len() == 4 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).filter(|c| is_usual(*c))
        }
        _ => None,
    };
    made.map_or_else(|| unsure(format_args!("the escape `\\{}{hex}`", escape.unwrap_or(' '))), Ok)
}

/// Whether every reader takes this character as it is.
pub(super) fn is_usual(c: char) -> bool {
    matches!(c, '\n' | '\t')
        || !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
