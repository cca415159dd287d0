//! Times as text.

use super::layout::{self, Field, Fill, Fraction, Offset};
use super::moment::Moment;

/// A time in UTC as a layout says.
pub(super) fn write(moment: Moment, layout: &str) -> String {
    let mut made = Vec::with_capacity(layout.len());
    let mut rest = layout.as_bytes();
    while let Some((before, field, behind)) = layout::next(rest) {
        made.extend_from_slice(before);
        made.extend_from_slice(part(moment, field).as_bytes());
        rest = behind;
    }
    made.extend_from_slice(rest);
    // Parts begin and end at ASCII characters, so that what is between them is whole.
    String::from_utf8_lossy(&made).into_owned()
}

fn part(moment: Moment, field: Field) -> String {
    match field {
        Field::Year => format!("{:04}", moment.year),
        Field::ShortYear => format!("{:02}", moment.year.rem_euclid(100)),
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
        Field::Zone => "UTC".to_owned(),
        Field::Offset(offset) => utc(offset),
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

/// No distance from UTC.
fn utc(offset: Offset) -> String {
    if offset.z {
        return "Z".to_owned();
    }
    let parts = vec!["00"; offset.parts];
    format!("+{}", parts.join(if offset.colons { ":" } else { "" }))
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
