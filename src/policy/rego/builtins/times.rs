//! `time.*`, with the results of Go's package `time`: times are nanoseconds since 1970, in 64 bits. UTC is the only zone: what cosign
//! knows of others depends on the files and the settings of the machine.

use regorus::Value;

use super::arithmetic::Number;
use super::{Outcome, Said, text as string};
use crate::gotime::{self, Moment, days_in};
use crate::policy::rego::explain;

pub(super) const FUNCTIONS: &[Said] = &[
    ("time.add_date", 4, add_date),
    ("time.clock", 1, |given| {
        Ok(Given::first(given)?.map(|Given { at, .. }| numbers([at.hour, at.minute, at.second])))
    }),
    ("time.date", 1, |given| {
        Ok(Given::first(given)?.map(|Given { at, .. }| numbers([at.year, at.month, at.day])))
    }),
    ("time.diff", 2, diff),
    ("time.format", 1, format),
    ("time.parse_duration_ns", 1, |given| {
        Ok(string(given, 0).and_then(gotime::parse_duration).map(|nanos| Value::from(i128::from(nanos))))
    }),
    ("time.parse_ns", 2, |given| {
        let (Some(layout), Some(text)) = (string(given, 0), string(given, 1)) else { return Ok(None) };
        read(named(layout), text)
    }),
    ("time.parse_rfc3339_ns", 1, |given| {
        let Some(text) = string(given, 0) else { return Ok(None) };
        read(gotime::RFC3339, text)
    }),
    ("time.weekday", 1, |given| Ok(Given::first(given)?.map(|given| given.at.weekday().into()))),
];

/// A time as functions take it: nanoseconds, or an array of them, a zone and a layout.
struct Given {
    at: Moment,
    layout: Option<String>,
}

impl Given {
    fn first(given: &[Value]) -> Outcome<Self> {
        given.first().map_or(Ok(None), Self::of)
    }

    fn of(value: &Value) -> Outcome<Self> {
        let parts = match value {
            Value::Array(parts) => parts.as_slice(),
            value => std::slice::from_ref(value),
        };
        let Some(at) = parts.first() else { return Ok(None) };
        let layout = match parts.get(2) {
            Some(Value::String(layout)) => Some(layout.to_string()),
            Some(_) => return Ok(None),
            None => None,
        };
        match parts.get(1) {
            Some(zone @ Value::String(name)) if !["", "UTC"].contains(&&**name) => {
                return Err(format!(
                    "the time zone {}: what cosign knows of it depends on the machine (\"UTC\" does not)",
                    explain::short(zone)
                ));
            }
            Some(Value::String(_)) | None => {}
            Some(_) => return Ok(None),
        }
        let Some(Number::Whole(nanos)) = Number::of(at)? else { return Ok(None) };
        Ok(i64::try_from(nanos).ok().map(|nanos| Self { at: Moment::at(nanos.into()), layout }))
    }
}

/// The layout of this name, or the layout itself.
fn named(layout: &str) -> &str {
    gotime::NAMED.iter().find(|(name, _)| *name == layout).map_or(layout, |(_, meant)| meant)
}

/// A time in nanoseconds; none where the text is not of the layout.
fn read(layout: &str, text: &str) -> Outcome<Value> {
    let Some(time) = gotime::read(layout, text) else { return Ok(None) };
    match time.in_utc() {
        Ok(moment) => Ok(in_range(moment.nanos())),
        Err(zone) => Err(format!(
            "how far the time zone {} is from UTC, which depends on the zone of the machine (an offset such as +01:00 does not)",
            explain::short(&zone.into())
        )),
    }
}

/// Nanoseconds, where 64 bits hold them.
fn in_range(nanos: i128) -> Option<Value> {
    i64::try_from(nanos).ok().map(|_| Value::from(nanos))
}

fn numbers<const N: usize>(numbers: [i128; N]) -> Value {
    numbers.map(Value::from).to_vec().into()
}

/// Adds years, months and days; what is beyond the end of a month goes on in the next.
fn add_date(given: &[Value]) -> Outcome<Value> {
    let Some((at, added)) = given.split_first() else { return Ok(None) };
    let Some(Given { at, .. }) = Given::of(at)? else { return Ok(None) };
    let mut numbers = Vec::new();
    for value in added {
        match Number::of(value)? {
            Some(Number::Whole(whole)) => numbers.push(whole),
            _ => return Ok(None),
        }
    }
    let [years, months, days] = numbers[..] else { return Ok(None) };
    if numbers.iter().any(|number| number.abs() > 1_000_000) {
        return Err("time.add_date beyond a million".to_owned());
    }
    let moved = Moment { year: at.year + years, month: at.month + months, day: at.day + days, ..at };
    Ok(in_range(moved.nanos()))
}

/// Years, months, days, hours, minutes and seconds between two times, of which the first need not be the earlier.
fn diff(given: &[Value]) -> Outcome<Value> {
    let (Some(one), Some(other)) = (given.first(), given.get(1)) else { return Ok(None) };
    let (Some(one), Some(other)) = (Given::of(one)?, Given::of(other)?) else { return Ok(None) };
    let (from, to) = if one.at.nanos() > other.at.nanos() { (other.at, one.at) } else { (one.at, other.at) };
    let mut parts = [
        to.year - from.year,
        to.month - from.month,
        to.day - from.day,
        to.hour - from.hour,
        to.minute - from.minute,
        to.second - from.second,
    ];
    // Of a part that is too small the next greater one has one too many.
    let whole = [i128::MAX, 12, days_in(from.year, from.month), 24, 60, 60];
    for part in (1..parts.len()).rev() {
        if parts[part] < 0 {
            parts[part] += whole[part];
            parts[part - 1] -= 1;
        }
    }
    Ok(Some(numbers(parts)))
}

fn format(given: &[Value]) -> Outcome<Value> {
    let Some(given) = Given::first(given)? else { return Ok(None) };
    let layout = given.layout.as_deref().filter(|layout| !layout.is_empty());
    Ok(Some(gotime::write(&given.at.into(), layout.map_or(gotime::RFC3339_NANO, named)).into()))
}
