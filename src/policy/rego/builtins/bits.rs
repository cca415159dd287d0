//! Whole numbers: bits, ranges, and other bases than ten.

use regorus::Value;

use super::arithmetic::{Number, UNDECIDED};
use super::{LIMIT, Outcome, Said};

pub(super) const FUNCTIONS: &[Said] = &[
    ("abs", 1, |given| match given.first().map_or(Ok(None), Number::of)? {
        Some(Number::Whole(whole)) => Number::Whole(whole.abs()).value(),
        Some(Number::Float(float)) => Number::Float(float.abs()).value(),
        None => Ok(None),
    }),
    ("bits.and", 2, |given| both(given, |one, other| Some(one & other))),
    ("bits.lsh", 2, |given| shifted(given, |value, by| value.checked_mul(1_i128.checked_shl(by)?))),
    ("bits.negate", 1, |given| match whole(given, 0)? {
        Some(value) => Number::Whole(!value).value(),
        None => Ok(None),
    }),
    ("bits.or", 2, |given| both(given, |one, other| Some(one | other))),
    ("bits.rsh", 2, |given| shifted(given, |value, by| Some(value >> by.min(127)))),
    ("bits.xor", 2, |given| both(given, |one, other| Some(one ^ other))),
    ("format_int", 2, format_int),
    ("numbers.range", 2, |given| match (whole(given, 0)?, whole(given, 1)?) {
        (Some(from), Some(to)) => range(from, to, 1),
        _ => Ok(None),
    }),
    ("numbers.range_step", 3, |given| match (whole(given, 0)?, whole(given, 1)?, whole(given, 2)?) {
        (Some(from), Some(to), Some(step)) if step > 0 => range(from, to, step),
        _ => Ok(None),
    }),
];

fn whole(given: &[Value], at: usize) -> Outcome<i128> {
    Ok(match given.get(at).map_or(Ok(None), Number::of)? {
        Some(Number::Whole(whole)) => Some(whole),
        _ => None,
    })
}

fn both(given: &[Value], made: fn(i128, i128) -> Option<i128>) -> Outcome<Value> {
    match (whole(given, 0)?, whole(given, 1)?) {
        (Some(one), Some(other)) => decided(made(one, other)),
        _ => Ok(None),
    }
}

fn shifted(given: &[Value], made: fn(i128, u32) -> Option<i128>) -> Outcome<Value> {
    match (whole(given, 0)?, whole(given, 1)?) {
        (Some(value), Some(by)) if by >= 0 => {
            decided(made(value, u32::try_from(by).map_err(|_| UNDECIDED.to_owned())?))
        }
        _ => Ok(None),
    }
}

fn decided(made: Option<i128>) -> Outcome<Value> {
    made.map_or_else(|| Err(UNDECIDED.to_owned()), |made| Number::Whole(made).value())
}

/// What is behind the point is cut off.
fn format_int(given: &[Value]) -> Outcome<Value> {
    let number = match given.first() {
        Some(Value::Number(number)) if !number.is_integer() => match number.as_f64() {
            Some(float) if float.abs() < 1e9 => float.trunc() as i128,
            _ => return Err(UNDECIDED.to_owned()),
        },
        Some(number) => match Number::of(number)? {
            Some(Number::Whole(whole)) => whole,
            _ => return Ok(None),
        },
        None => return Ok(None),
    };
    let digits = number.unsigned_abs();
    let digits = match whole(given, 1)? {
        Some(2) => format!("{digits:b}"),
        Some(8) => format!("{digits:o}"),
        Some(10) => digits.to_string(),
        Some(16) => format!("{digits:x}"),
        _ => return Ok(None),
    };
    Ok(Some(format!("{}{digits}", if number < 0 { "-" } else { "" }).into()))
}

/// From the first to the second, both included.
fn range(from: i128, to: i128, step: i128) -> Outcome<Value> {
    if (to - from).abs() / step > 1_000_000 {
        return Err(format!("{LIMIT}a range of more than a million numbers"));
    }
    let step = if from <= to { step } else { -step };
    let made = (0..=(to - from) / step).map(|at| Value::from(from + at * step));
    Ok(Some(made.collect::<Vec<_>>().into()))
}
