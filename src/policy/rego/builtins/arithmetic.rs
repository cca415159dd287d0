//! Arithmetic as OPA has it: numbers are decimal, and floats have 64 bits of mantissa. What 64-bit floats cannot say exactly is not
//! decided.

use regorus::Value;

use super::{Outcome, Said};

pub(super) const FUNCTIONS: &[Said] = &[
    ("rcosign_plus", 2, |given| both(given, i128::checked_add, |a, b| a + b)),
    ("rcosign_minus", 2, minus),
    ("rcosign_mul", 2, |given| both(given, i128::checked_mul, |a, b| a * b)),
    ("rcosign_div", 2, divide),
    ("rcosign_rem", 2, remainder),
    ("product", 1, |given| fold(given, 1, i128::checked_mul, |a, b| a * b)),
    ("sum", 1, |given| fold(given, 0, i128::checked_add, |a, b| a + b)),
    ("ceil", 1, |given| rounded(given, |float| size(float).ceil())),
    ("floor", 1, |given| rounded(given, |float| size(float).floor())),
    ("round", 1, |given| rounded(given, f64::round)),
];

/// What lies between -1 and 0 is rounded up and down as its size is.
fn size(float: f64) -> f64 {
    if float > -1.0 { float.abs() } else { float }
}

/// Integers that are told from one another whatever a float is.
const WHOLE: i128 = 1 << 53;
/// Floats with so many bits behind the point are what their decimal digits say.
const FRACTION: f64 = 1_048_576.0;
pub(super) const UNDECIDED: &str = "arithmetic on numbers that 64-bit floats do not have exactly";

#[derive(Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    /// One that is exactly what its decimal digits say.
    Float(f64),
}

impl Number {
    /// A number; `None` for what is none.
    pub(super) fn of(value: &Value) -> Outcome<Self> {
        let Value::Number(number) = value else { return Ok(None) };
        if number.is_integer() {
            return match number.as_i128() {
                Some(whole) if whole.abs() < i128::from(u64::MAX) => Ok(Some(Self::Whole(whole))),
                _ => Err(UNDECIDED.to_owned()),
            };
        }
        match number.as_f64() {
            Some(float) if exact(float) => Ok(Some(Self::Float(float))),
            _ => Err(UNDECIDED.to_owned()),
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    pub(super) fn value(self) -> Outcome<Value> {
        match self {
            Self::Whole(whole) if whole.abs() < i128::from(i64::MAX) => Ok(Some(Value::from(whole))),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < WHOLE as f64 => {
                Ok(Some(Value::from(float as i128)))
            }
            Self::Float(float) if exact(float) => Ok(Some(Value::from(float))),
            _ => Err(UNDECIDED.to_owned()),
        }
    }
}

/// A whole number of 64 bits in this place.
pub(super) fn integer(given: &[Value], at: usize) -> Outcome<i128> {
    match given.get(at) {
        Some(Value::Number(number)) if number.is_integer() => Ok(number.as_i64().map(i128::from)),
        _ => Ok(None),
    }
}

fn exact(float: f64) -> bool {
    (float * FRACTION).fract() == 0.0 && float.abs() < 1e9
}

fn pair(given: &[Value]) -> Outcome<(Number, Number)> {
    let (Some(one), Some(other)) = (given.first(), given.get(1)) else { return Ok(None) };
    Ok(Number::of(one)?.zip(Number::of(other)?))
}

type Whole = fn(i128, i128) -> Option<i128>;

fn both(given: &[Value], whole: Whole, float: fn(f64, f64) -> f64) -> Outcome<Value> {
    match pair(given)? {
        Some((one, other)) => apply(one, other, whole, float)?.map_or(Ok(None), Number::value),
        None => Ok(None),
    }
}

fn apply(one: Number, other: Number, whole: Whole, float: fn(f64, f64) -> f64) -> Outcome<Number> {
    if let (Number::Whole(one), Number::Whole(other)) = (one, other) {
        return whole(one, other).map(|made| Some(Number::Whole(made))).ok_or_else(|| UNDECIDED.to_owned());
    }
    let made = float(one.float(), other.float());
    // Of two such numbers the sum, the difference and the product are exact where they are such a number again.
    let small = one.float().abs() < 1e9 && other.float().abs() < 1e9;
    if small && exact(made) { Ok(Some(Number::Float(made))) } else { Err(UNDECIDED.to_owned()) }
}

fn minus(given: &[Value]) -> Outcome<Value> {
    if let [Value::Set(one), Value::Set(other)] = given {
        let mut set = Value::new_set();
        if let Ok(inner) = set.as_set_mut() {
            *inner = one.difference(other);
        }
        return Ok(Some(set));
    }
    both(given, i128::checked_sub, |a, b| a - b)
}

fn divide(given: &[Value]) -> Outcome<Value> {
    let Some((one, other)) = pair(given)? else { return Ok(None) };
    if other.float() == 0.0 {
        return Ok(None);
    }
    if let (Number::Whole(one), Number::Whole(other)) = (one, other)
        && one % other == 0
    {
        return Number::Whole(one / other).value();
    }
    let made = one.float() / other.float();
    match exact(made) && made * other.float() == one.float() && one.float().abs() < 1e9 {
        true => Number::Float(made).value(),
        false => Err(UNDECIDED.to_owned()),
    }
}

fn remainder(given: &[Value]) -> Outcome<Value> {
    match pair(given)? {
        Some((Number::Whole(_), Number::Whole(0))) => Ok(None),
        Some((Number::Whole(one), Number::Whole(other))) => Number::Whole(one % other).value(),
        _ => Ok(None),
    }
}

fn fold(given: &[Value], start: i128, whole: Whole, float: fn(f64, f64) -> f64) -> Outcome<Value> {
    let items: Vec<Value> = match given.first() {
        Some(Value::Array(items)) => items.iter().cloned().collect(),
        Some(Value::Set(items)) => items.iter_sorted().cloned().collect(),
        _ => return Ok(None),
    };
    let mut made = Number::Whole(start);
    for item in &items {
        let Some(item) = Number::of(item)? else { return Ok(None) };
        let Some(next) = apply(made, item, whole, float)? else { return Ok(None) };
        made = next;
    }
    made.value()
}

fn rounded(given: &[Value], round: fn(f64) -> f64) -> Outcome<Value> {
    let float = match given.first() {
        Some(Value::Number(number)) if !number.is_integer() => number.as_f64(),
        Some(whole) => return Number::of(whole)?.map_or(Ok(None), Number::value),
        None => None,
    };
    match float.map(round) {
        Some(whole) if whole.abs() < WHOLE as f64 => Ok(Some(Value::from(whole as i128))),
        Some(_) => Err(UNDECIDED.to_owned()),
        None => Ok(None),
    }
}
