//! Times as text.

use super::layout::{self, Field, Fill, Fraction, Offset};
use super::{Time, Zone};

/// A time as a layout says.
pub fn write(time: &Time, layout: &str) -> String {
    let mut made = Vec::with_capacity(layout.len());
    let mut rest = layout.as_bytes();
    while let Some((before, field, behind)) = layout::next(rest) {
        made.extend_from_slice(before);
        made.extend_from_slice(part(time, field).as_bytes());
        rest = behind;
    }
    made.extend_from_slice(rest);
    // Parts begin and end at ASCII characters, so that what is between them is whole.
    String::from_utf8_lossy(&made).into_owned()
}

fn part(time: &Time, field: Field) -> String {
    let moment = time.civil;
    match field {
        Field::Year if moment.year < 0 => format!("-{:04}", -moment.year),
        Field::Year => format!("{:04}", moment.year),
        Field::ShortYear => format!("{:02}", moment.year.max(0) % 100),
        Field::MonthName { short } => name(moment.month_name(), short),
        Field::Weekday { short } => name(moment.weekday(), short),
        Field::Month(fill) => filled(moment.month, fill, 2),
        Field::Day(fill) => filled(moment.day, fill, 2),
        Field::YearDay(fill) => filled(moment.year_day(), fill, 3),
        Field::Hour => filled(moment.hour, Fill::Zero, 2),
        Field::HalfHour(fill) => filled((moment.hour + 11) % 12 + 1, fill, 2),
        Field::Minute(fill) => filled(moment.minute, fill, 2),
        Field::Second(fill) => filled(moment.second, fill, 2),
        Field::Half { upper } => match (moment.hour < 12, upper) {
            (true, true) => "AM",
            (true, false) => "am",
            (false, true) => "PM",
            (false, false) => "pm",
        }
        .to_owned(),
        Field::Zone => match &time.zone {
            Zone::Utc => "UTC".to_owned(),
            Zone::East(seconds) => east(*seconds, Offset { z: false, colons: false, parts: 2 }),
            Zone::Named(name) => name.clone(),
        },
        Field::Offset(offset) => match &time.zone {
            Zone::East(seconds) => east(*seconds, offset),
            Zone::Utc | Zone::Named(_) if offset.z => "Z".to_owned(),
            Zone::Utc | Zone::Named(_) => east(0, offset),
        },
        Field::Fraction(fraction) => part_of_second(moment.nanos, fraction),
    }
}

fn name(name: &str, short: bool) -> String {
    name.chars().take(if short { 3 } else { name.len() }).collect()
}

fn filled(number: i128, fill: Fill, width: usize) -> String {
    match fill {
        Fill::None => number.to_string(),
        Fill::Space => format!("{number:width$}"),
        Fill::Zero => format!("{number:0width$}"),
    }
}

/// A distance from UTC.
fn east(seconds: i32, offset: Offset) -> String {
    let sign = if seconds < 0 { "-" } else { "+" };
    let size = seconds.unsigned_abs();
    let parts = [size / 3600, size / 60 % 60, size % 60].map(|part| format!("{part:02}"));
    let parts = parts.get(..offset.parts).unwrap_or(&parts);
    format!("{sign}{}", parts.join(if offset.colons { ":" } else { "" }))
}

fn part_of_second(nanos: i128, fraction: Fraction) -> String {
    let mut digits = format!("{nanos:09}");
    digits.truncate(fraction.digits);
    if fraction.trimmed {
        digits.truncate(digits.trim_end_matches('0').len());
        if digits.is_empty() {
            return digits;
        }
    }
    format!("{}{digits}", char::from(fraction.separator))
}
