//! Writing a time by a layout.

use super::layout::{Offset, Padding, Part, next};
use super::moment::Moment;

/// The months' names.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days' names.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Writes a time.
pub(super) fn format(layout: &str, moment: &Moment) -> String {
    let mut text = String::new();
    let mut rest = layout;
    while let Some((before, part, after)) = next(rest) {
        text.push_str(before);
        text.push_str(&written(part, moment));
        rest = after;
    }
    text + rest
}

fn written(part: Part, moment: &Moment) -> String {
    let date = moment.date();
    let second = moment.second_of_day();
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let of_twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS.get(date.month as usize - 1).copied().unwrap_or_default();
    let weekday = WEEKDAYS.get(moment.weekday()).copied().unwrap_or_default();
    let two = |padded: bool, value: i64| if padded { format!("{value:02}") } else { value.to_string() };
    match part {
        Part::LongMonth => month.into(),
        Part::Month => month.chars().take(3).collect(),
        Part::NumericMonth { padded } => two(padded, date.month),
        Part::LongWeekday => weekday.into(),
        Part::Weekday => weekday.chars().take(3).collect(),
        Part::Day(Padding::Space) => format!("{:2}", date.day),
        Part::Day(padding) => two(padding == Padding::Zero, date.day),
        Part::DayOfYear { zeros: true } => format!("{:03}", date.day_of_year()),
        Part::DayOfYear { zeros: false } => format!("{:3}", date.day_of_year()),
        Part::Hour => two(true, hour),
        Part::HourOfTwelve { padded } => two(padded, of_twelve),
        Part::Minute { padded } => two(padded, minute),
        Part::Second { padded } => two(padded, second),
        Part::LongYear if date.year < 0 => format!("-{:04}", -date.year),
        Part::LongYear => format!("{:04}", date.year),
        Part::Year => format!("{:02}", date.year.max(0) % 100),
        Part::Noon { capital: true } => if hour >= 12 { "PM" } else { "AM" }.into(),
        Part::Noon { capital: false } => if hour >= 12 { "pm" } else { "am" }.into(),
        Part::ZoneName => moment.zone().map_or("UTC".into(), |east| {
            offset(Offset { z: false, colon: false, minutes: true, seconds: false }, east)
        }),
        Part::Offset(style) => offset(style, moment.zone().unwrap_or_default()),
        Part::Fraction { digits, comma } => fraction(moment, digits, comma),
        Part::TrimmedFraction { digits, comma } => {
            let written = fraction(moment, digits, comma);
            written.trim_end_matches('0').trim_end_matches(['.', ',']).into()
        }
    }
}

fn offset(style: Offset, east: i64) -> String {
    if style.z && east == 0 {
        return "Z".into();
    }
    let (sign, size) = (if east < 0 { '-' } else { '+' }, east.abs());
    let colon = if style.colon { ":" } else { "" };
    let mut text = format!("{sign}{:02}", size / 3600);
    if style.minutes {
        text.push_str(&format!("{colon}{:02}", size / 60 % 60));
    }
    if style.seconds {
        text.push_str(&format!("{colon}{:02}", size % 60));
    }
    text
}

/// Digits beyond nanoseconds are none.
fn fraction(moment: &Moment, digits: usize, comma: bool) -> String {
    let nanoseconds = format!("{:09}", moment.nanoseconds);
    let point = if comma { ',' } else { '.' };
    std::iter::once(point).chain(nanoseconds.chars().take(digits)).collect()
}
