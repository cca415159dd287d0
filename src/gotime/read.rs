//! Times from text, by a layout.

use super::layout::{self, Field, Fill, Fraction, Offset};
use super::moment::{MONTHS, Moment, WEEKDAYS, days_in};
use super::text::{below, named, nanos, number, signed, skipped, unpadded, up_to_two, zone_length};
use super::{Time, Zone};

/// What Go has for an offset that was not there: minus one second is taken for that.
const NO_OFFSET: i32 = -1;

/// What was read so far. Parts that are not there are `None`.
struct Read {
    year: i128,
    month: Option<i128>,
    day: Option<i128>,
    year_day: Option<i128>,
    hour: i128,
    minute: i128,
    second: i128,
    nanos: i128,
    before_noon: bool,
    after_noon: bool,
    utc: bool,
    offset: i32,
    zone: Option<String>,
}

/// A time; `None` where the text is not of the layout, or there is no such time.
pub fn read(layout: &str, text: &str) -> Option<Time> {
    let mut read = Read {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        before_noon: false,
        after_noon: false,
        utc: false,
        offset: NO_OFFSET,
        zone: None,
    };
    read.all(layout.as_bytes(), text.as_bytes())?;
    Some(Time { civil: read.civil()?, zone: read.zone() })
}

impl Read {
    fn all(&mut self, mut layout: &[u8], mut text: &[u8]) -> Option<()> {
        while let Some((before, field, behind)) = layout::next(layout) {
            text = self.part(field, skipped(text, before)?, behind)?;
            layout = behind;
        }
        skipped(text, layout)?.is_empty().then_some(())
    }

    /// Reads a part; what is behind it in the text. `behind` is the rest of the layout.
    fn part<'a>(&mut self, field: Field, text: &'a [u8], behind: &[u8]) -> Option<&'a [u8]> {
        let rest = match field {
            Field::Year => {
                let (year, rest) = text.split_at_checked(4)?;
                self.year = if year.first()?.is_ascii_digit() { number(year)? } else { return None };
                rest
            }
            Field::ShortYear => {
                let (year, rest) = text.split_at_checked(2)?;
                let year = signed(year)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
                rest
            }
            Field::MonthName { short } => {
                let (month, rest) = named(&MONTHS, short, text)?;
                self.month = Some(month + 1);
                rest
            }
            Field::Month(fill) => {
                let (month, rest) = up_to_two(text, fill)?;
                self.month = Some((1..=12).contains(&month).then_some(month)?);
                rest
            }
            // It need not be the one that the date has.
            Field::Weekday { short } => named(&WEEKDAYS, short, text)?.1,
            Field::Day(fill) => {
                let (day, rest) = up_to_two(unpadded(text, fill, 1), fill)?;
                self.day = Some(day);
                rest
            }
            Field::YearDay(fill) => {
                let text = unpadded(text, fill, 2);
                let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                let (day, rest) = text.split_at_checked(digits)?;
                if day.is_empty() || (fill == Fill::Zero && day.len() != 3) {
                    return None;
                }
                self.year_day = Some(number(day)?);
                rest
            }
            Field::Hour => below(24, up_to_two(text, Fill::None), &mut self.hour)?,
            Field::HalfHour(fill) => below(13, up_to_two(text, fill), &mut self.hour)?,
            Field::Minute(fill) => below(60, up_to_two(text, fill), &mut self.minute)?,
            Field::Second(fill) => {
                let rest = below(60, up_to_two(text, fill), &mut self.second)?;
                match layout::next(behind) {
                    Some((_, Field::Fraction(_), _)) => rest,
                    // A fraction may stand in the text alone.
                    _ => self.digits_of_second(rest)?,
                }
            }
            Field::Half { upper } => {
                let (half, rest) = text.split_at_checked(2)?;
                let [before, after] = if upper { [b"AM", b"PM"] } else { [b"am", b"pm"] };
                self.before_noon |= half == before;
                self.after_noon |= half == after;
                if half != before && half != after {
                    return None;
                }
                rest
            }
            Field::Zone => self.abbreviation(text)?,
            Field::Offset(offset) => self.offset(offset, text)?,
            Field::Fraction(Fraction { trimmed: true, .. }) => self.digits_of_second(text)?,
            Field::Fraction(Fraction { digits, .. }) => {
                let (fraction, rest) = text.split_at_checked(1 + digits)?;
                self.nanos = nanos(fraction)?;
                rest
            }
        };
        Some(rest)
    }

    /// As many digits of a fraction of a second as there are, or none.
    fn digits_of_second<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let digits = text.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || !text.starts_with(b".") && !text.starts_with(b",") {
            return Some(text);
        }
        let (fraction, rest) = text.split_at_checked(1 + digits)?;
        self.nanos = nanos(fraction)?;
        Some(rest)
    }

    fn abbreviation<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(rest) = text.strip_prefix(b"UTC") {
            self.utc = true;
            return Some(rest);
        }
        let (zone, rest) = text.split_at_checked(zone_length(text)?)?;
        self.zone = Some(String::from_utf8_lossy(zone).into_owned());
        Some(rest)
    }

    fn offset<'a>(&mut self, offset: Offset, text: &'a [u8]) -> Option<&'a [u8]> {
        if let (true, Some(rest)) = (offset.z, text.strip_prefix(b"Z")) {
            self.utc = true;
            return Some(rest);
        }
        let (sign, mut rest) = text.split_first()?;
        let mut seconds = 0;
        for part in 0..3 {
            seconds *= 60;
            if part >= offset.parts {
                continue;
            }
            if part > 0 && offset.colons {
                rest = rest.strip_prefix(b":")?;
            }
            let (digits, behind) = rest.split_at_checked(2)?;
            let number = i32::try_from(number(digits)?).ok()?;
            // A whole day, and a whole hour of minutes, are allowed, as in Go.
            if number > if part == 0 { 24 } else { 60 } {
                return None;
            }
            seconds += number;
            rest = behind;
        }
        self.offset = match sign {
            b'+' => seconds,
            b'-' => -seconds,
            _ => return None,
        };
        Some(rest)
    }

    /// The time as the text has it, without its zone.
    fn civil(&self) -> Option<Moment> {
        let (month, day) = match self.year_day {
            Some(year_day) => self.month_and_day(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(self.year, month) {
            return None;
        }
        let hour = match self.hour {
            hour if self.after_noon && hour < 12 => hour + 12,
            12 if self.before_noon => 0,
            hour => hour,
        };
        let Self { year, minute, second, nanos, .. } = *self;
        Some(Moment { year, month, day, hour, minute, second, nanos })
    }

    /// Month and day of a day of the year, which those that were read as well must be.
    fn month_and_day(&self, year_day: i128) -> Option<(i128, i128)> {
        let mut day = year_day;
        for month in 1..=12 {
            let days = days_in(self.year, month);
            if (1..=days).contains(&day) {
                let same =
                    self.month.is_none_or(|read| read == month) && self.day.is_none_or(|read| read == day);
                return same.then_some((month, day));
            }
            day -= days;
        }
        None
    }

    fn zone(self) -> Zone {
        match self.zone {
            _ if self.utc || self.offset == 0 => Zone::Utc,
            _ if self.offset != NO_OFFSET => Zone::East(self.offset),
            // It is that of UTC everywhere.
            Some(zone) if zone != "GMT" => Zone::Named(zone),
            _ => Zone::Utc,
        }
    }
}
