//! Semantic versions, and quantities with a unit.

use std::cmp::Ordering;

use regorus::Value;

use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("semver.compare", 2, |given| {
        let (Some(one), Some(other)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
        Ok(Version::parse(one)?.zip(Version::parse(other)?).map(|(one, other)| match one.order(&other) {
            Ordering::Less => Value::from(-1_i64),
            Ordering::Equal => Value::from(0_i64),
            Ordering::Greater => Value::from(1_i64),
        }))
    }),
    ("semver.is_valid", 1, |given| match text(given, 0) {
        Some(text) => Ok(Some(Version::parse(text)?.is_some().into())),
        None => Ok(Some(false.into())),
    }),
    ("units.parse", 1, |given| quantity(given, unit, fraction)),
    ("units.parse_bytes", 1, |given| quantity(given, bytes, cut)),
];

/// A version: three numbers, and what is behind `-`.
struct Version<'a> {
    numbers: [i64; 3],
    before: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// Zeros in front are let through, other than semver.org has it.
    fn parse(text: &'a str) -> Outcome<Self> {
        let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
        let (numbers, before) =
            rest.split_once('-').map_or((rest, None), |(numbers, before)| (numbers, Some(before)));
        let (before, build) = (before.filter(|part| !part.is_empty()), build.filter(|part| !part.is_empty()));
        let fits = |part: Option<&str>| {
            part.is_none_or(|part| {
                part.split('.').all(|name| {
                    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                })
            })
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = numbers.split('.').collect();
        let [major, minor, patch] = parts[..] else { return Ok(None) };
        let strange = parts.iter().any(|part| part.starts_with('+'));
        if strange || !fits(before) || !fits(build) || !parts.iter().all(|part| digits(part)) {
            return Ok(None);
        }
        // How Go's library compares those is its own affair.
        let zeros = |name: &str| name.len() > 1 && name.starts_with('0') && digits(name);
        if before.is_some_and(|before| before.split('.').any(|name| zeros(name) || name.len() > 18)) {
            return Err(format!("the version {text}"));
        }
        let number = |part: &str| part.parse().map_err(|_| format!("the version {text}"));
        Ok(Some(Self { numbers: [number(major)?, number(minor)?, number(patch)?], before }))
    }

    fn order(&self, other: &Self) -> Ordering {
        let before = match (self.before, other.before) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => names(one, other),
        };
        self.numbers.cmp(&other.numbers).then(before)
    }
}

/// Names of a version that is not yet out: numbers by their value, and before all others.
fn names(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        let found = match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => match (one.parse::<i64>(), other.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        };
        if found != Ordering::Equal {
            return found;
        }
    }
}

/// A unit by its name: what it is worth, as a fraction.
fn unit(name: &str) -> Option<(i128, i128)> {
    let power = |base: i128, by: u32| Some((base.pow(by), 1));
    match name {
        "" => return Some((1, 1)),
        "m" => return Some((1, 1000)),
        "M" => return power(1000, 2),
        _ => {}
    }
    let name = name.to_ascii_lowercase();
    let (base, letter) = match name.strip_suffix('i') {
        Some(letter) => (1024, letter),
        None => (1000, name.as_str()),
    };
    match letter {
        "k" => power(base, 1),
        "m" if base == 1024 => power(base, 2),
        "g" => power(base, 3),
        "t" => power(base, 4),
        "p" => power(base, 5),
        "e" => power(base, 6),
        _ => None,
    }
}

/// A unit of bytes, of which the `b` may be left out.
fn bytes(name: &str) -> Option<(i128, i128)> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix('b').filter(|rest| !rest.is_empty()).unwrap_or(&name);
    match name {
        "" => Some((1, 1)),
        "m" => Some((1_000_000, 1)),
        name => unit(name),
    }
}

/// A number with a unit; `made` makes a number of a fraction that is not whole.
fn quantity(
    given: &[Value],
    unit: fn(&str) -> Option<(i128, i128)>,
    made: fn(i128, i128) -> Option<Value>,
) -> Outcome<Value> {
    let Some(text) = text(given, 0) else { return Ok(None) };
    let text = text.replace('"', "");
    if text.contains(' ') {
        return Ok(None);
    }
    let undecided = || Err(format!("the quantity {text}"));
    let start = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let Some((number, name)) = text.split_at_checked(start) else { return Ok(None) };
    if number.is_empty() {
        return if name.starts_with(['+', '-']) { undecided() } else { Ok(None) };
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let exponent = name
        .strip_prefix(['e', 'E'])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-'));
    if exponent || whole.is_empty() || fraction.contains('.') || number.len() > 16 {
        return undecided();
    }
    let Some((worth, parts)) = unit(name) else { return Ok(None) };
    let Ok(digits) = format!("{whole}{fraction}").parse::<i128>() else { return undecided() };
    let parts = parts * 10_i128.pow(u32::try_from(fraction.len()).unwrap_or_default());
    match digits.checked_mul(worth) {
        Some(all) if all / parts >= i128::from(i64::MAX) => undecided(),
        // A number of bytes comes from a float.
        Some(all) if all % parts == 0 && (worth == 1 || is_exact(digits, parts)) => {
            Ok(Some(Value::from(all / parts)))
        }
        Some(all) if is_exact(digits, parts) || worth == 1 => {
            made(all, parts).map_or_else(undecided, |made| Ok(Some(made)))
        }
        _ => undecided(),
    }
}

/// Whether a fraction has few bits behind the point, so that floats have it as it is.
fn is_exact(digits: i128, parts: i128) -> bool {
    (digits << 20) % parts == 0
}

/// A fraction with ten digits behind the point at most.
fn fraction(all: i128, parts: i128) -> Option<Value> {
    let digits = 10_i128.pow(10);
    let many = all.checked_mul(digits).filter(|many| many % parts == 0)? / parts;
    Value::from_numeric_string(&format!("{}.{:010}", many / digits, many % digits)).ok()
}

/// The whole part of a fraction.
fn cut(all: i128, parts: i128) -> Option<Value> {
    Some(Value::from(all / parts))
}
