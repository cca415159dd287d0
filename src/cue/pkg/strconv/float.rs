//! Floating-point numbers of 64 and 32 bits, as text.

use crate::cue::data::Data;
use crate::cue::number::Number;
use crate::cue::pkg::CallError;
use crate::cue::pkg::arguments::{Arguments, failed};

/// The nearest number of 64 bits, or 32.
pub(super) fn parse(text: &str, bits: i64) -> Result<Data, CallError> {
    let refused = |why: &str| CallError::Failed(format!("parsing {text:?}: {why}"));
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        return Err(CallError::Unsupported("a hexadecimal text in `strconv.ParseFloat`".into()));
    }
    let known = unsigned.bytes().all(|c| c.is_ascii_digit() || b".eE+-_".contains(&c));
    if !known || !underscores_stand_between_digits(text.as_bytes()) {
        return Err(refused("invalid syntax"));
    }
    let digits = text.replace('_', "");
    let value = if bits == 32 { digits.parse::<f32>().map(f64::from) } else { digits.parse::<f64>() };
    let value = value.map_err(|_| refused("invalid syntax"))?;
    Number::from_f64(value).map(Data::from).ok_or_else(|| refused("value out of range"))
}

fn underscores_stand_between_digits(text: &[u8]) -> bool {
    let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let mut places = text.iter().enumerate().filter(|(_, c)| **c == b'_').map(|(at, _)| at);
    places.all(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

/// `FormatFloat(number, format, precision, bits)`
pub(super) fn format(a: &[Data]) -> Result<Data, CallError> {
    let value = a.float(0)?;
    let Ok(format) = u8::try_from(a.int(1)?) else { return failed("the format is no byte") };
    let bits = a.int(3)?;
    if bits != 32 && bits != 64 {
        return failed("illegal bitSize");
    }
    if bits == 32 && (value as f32).is_infinite() {
        return Ok(if value > 0.0 { "+Inf" } else { "-Inf" }.into());
    }
    let precision = match a.int(2)? {
        negative if negative < 0 => None,
        precision => match usize::try_from(precision) {
            Ok(precision @ 0..=10_000) => Some(precision),
            _ => return Err(CallError::Budget("10,000 digits".into())),
        },
    };
    // What 32 bits lose is lost before the shortest text is sought.
    let scientific = |digits: Option<usize>| match (digits, bits) {
        (Some(digits), 32) => format!("{:.digits$e}", value as f32),
        (Some(digits), _) => format!("{value:.digits$e}"),
        (None, 32) => format!("{:e}", value as f32),
        (None, _) => format!("{value:e}"),
    };
    let plain = |digits: Option<usize>| match (digits, bits) {
        (Some(digits), 32) => format!("{:.digits$}", value as f32),
        (Some(digits), _) => format!("{value:.digits$}"),
        (None, 32) => format!("{}", value as f32),
        (None, _) => format!("{value}"),
    };
    let text = match format {
        b'e' | b'E' => with_exponent(&scientific(precision)),
        b'f' => plain(precision),
        b'g' | b'G' => {
            // At least one digit; zeros at the end are dropped.
            let rounded = scientific(precision.map(|digits| digits.max(1) - 1));
            let (digits, exponent) = parts(&rounded);
            let digits = if digits.contains('.') {
                digits.trim_end_matches('0').trim_end_matches('.')
            } else {
                digits
            };
            let count = digits.bytes().filter(u8::is_ascii_digit).count() as i64;
            let limit = match precision {
                // Go's `strconv`: as if six digits were asked for.
                None => 6,
                Some(precision) => {
                    (precision.max(1) as i64).max(if count > precision as i64 { count } else { 0 })
                }
            };
            if exponent < -4 || exponent >= limit {
                with_exponent(&format!("{digits}e{exponent}"))
            } else {
                plain(Some(usize::try_from((count - 1 - exponent).max(0)).unwrap_or_default()))
            }
        }
        b'b' | b'x' | b'X' => {
            return Err(CallError::Unsupported(format!(
                "the format '{}' of `strconv.FormatFloat`",
                char::from(format)
            )));
        }
        other => format!("%{}", char::from(other)),
    };
    Ok(if format.is_ascii_uppercase() { text.to_uppercase() } else { text }.into())
}

/// The digits and the exponent of `1.5e-7`.
fn parts(text: &str) -> (&str, i64) {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (digits, exponent.parse().unwrap_or_default())
}

/// `1.5e-7` as Go writes it: `1.5e-07`.
fn with_exponent(text: &str) -> String {
    let (digits, exponent) = parts(text);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
