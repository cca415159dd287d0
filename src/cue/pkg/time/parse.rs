//! Reading a time by a layout, as Go does.

use super::format::{MONTHS, WEEKDAYS};
use super::layout::{Offset, Padding, Part, next};
use super::moment::{Date, Moment};

type Refusal = &'static str;

/// What has been read.
#[derive(Debug, Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    afternoon: Option<bool>,
    /// Seconds east of UTC. Names of zones but UTC say nothing.
    zone: Option<i64>,
}

/// Reads a time.
///
/// # Errors
/// It is written otherwise, or there is no such time.
pub(super) fn parse(layout: &str, text: &str) -> Result<Moment, Refusal> {
    let mut fields = Fields::default();
    let (mut layout, mut text) = (layout, text);
    while let Some((before, part, after)) = next(layout) {
        text = literal(before, text)?;
        text = fields.read(part, after, text)?;
        layout = after;
    }
    match literal(layout, text)? {
        "" => fields.moment(),
        _ => Err("text is left over"),
    }
}

/// Reads what a layout has between its parts: a run of spaces stands for any.
fn literal<'t>(layout: &str, text: &'t str) -> Result<&'t str, Refusal> {
    let (mut layout, mut text) = (layout, text);
    while let Some(c) = layout.chars().next() {
        if c == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return Err("a space is missing");
            }
            (layout, text) = (layout.trim_start_matches(' '), text.trim_start_matches(' '));
        } else {
            text = text.strip_prefix(c).ok_or("another text between its parts")?;
            layout = &layout[c.len_utf8()..];
        }
    }
    Ok(text)
}

impl Fields {
    /// Reads one part, which `after` follows in the layout; what is left.
    fn read<'t>(&mut self, part: Part, after: &str, text: &'t str) -> Result<&'t str, Refusal> {
        match part {
            Part::LongMonth => self.month_name(text, usize::MAX),
            Part::Month => self.month_name(text, 3),
            Part::NumericMonth { padded } => {
                let (month, rest) = within(number(text, padded)?, 1..=12, "month out of range")?;
                self.month = Some(month);
                Ok(rest)
            }
            Part::LongWeekday => {
                name(&WEEKDAYS, text, usize::MAX).map(|(_, rest)| rest).ok_or("no day of the week")
            }
            Part::Weekday => name(&WEEKDAYS, text, 3).map(|(_, rest)| rest).ok_or("no day of the week"),
            Part::Day(padding) => {
                let text =
                    if padding == Padding::Space { text.strip_prefix(' ').unwrap_or(text) } else { text };
                let (day, rest) = number(text, padding == Padding::Zero)?;
                self.day = Some(day);
                Ok(rest)
            }
            Part::DayOfYear { zeros } => {
                let once = if zeros { text } else { text.strip_prefix(' ').unwrap_or(text) };
                let twice = if zeros { once } else { once.strip_prefix(' ').unwrap_or(once) };
                let (day, rest) = digits(twice, if zeros { 3 } else { 1 }, 3)?;
                self.day_of_year = Some(day);
                Ok(rest)
            }
            Part::Hour => self.hour(number(text, false)?, 23),
            Part::HourOfTwelve { padded } => self.hour(number(text, padded)?, 12),
            Part::Minute { padded } => {
                let (minute, rest) = within(number(text, padded)?, 0..=59, "minute out of range")?;
                self.minute = minute;
                Ok(rest)
            }
            Part::Second { padded } => self.seconds(text, padded, after),
            Part::LongYear => {
                let (year, rest) = digits(text, 4, 4)?;
                self.year = year;
                Ok(rest)
            }
            Part::Year => {
                let (year, rest) = digits(text, 2, 2)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
                Ok(rest)
            }
            Part::Noon { capital } => {
                let (morning, afternoon) = if capital { ("AM", "PM") } else { ("am", "pm") };
                self.afternoon = Some(text.starts_with(afternoon));
                text.strip_prefix(morning)
                    .or(text.strip_prefix(afternoon))
                    .ok_or("neither morning nor afternoon")
            }
            Part::ZoneName => zone_name(text).ok_or("no name of a time zone"),
            Part::Offset(style) => self.offset(style, text),
            Part::Fraction { digits, .. } => {
                let end = digits + 1;
                self.nanoseconds = nanoseconds(text.get(..end).ok_or("too few digits of a second")?)?;
                Ok(&text[end..])
            }
            Part::TrimmedFraction { .. } => self.fraction(text),
        }
    }

    fn month_name<'t>(&mut self, text: &'t str, letters: usize) -> Result<&'t str, Refusal> {
        let (place, rest) = name(&MONTHS, text, letters).ok_or("no name of a month")?;
        self.month = Some(place as i64 + 1);
        Ok(rest)
    }

    fn hour<'t>(&mut self, read: (i64, &'t str), most: i64) -> Result<&'t str, Refusal> {
        let (hour, rest) = within(read, 0..=most, "hour out of range")?;
        self.hour = hour;
        Ok(rest)
    }

    /// Seconds, and a fraction that the layout does not mention.
    fn seconds<'t>(&mut self, text: &'t str, padded: bool, after: &str) -> Result<&'t str, Refusal> {
        let (second, rest) = within(number(text, padded)?, 0..=59, "second out of range")?;
        self.second = second;
        match next(after) {
            Some((_, Part::Fraction { .. } | Part::TrimmedFraction { .. }, _)) => Ok(rest),
            _ => self.fraction(rest),
        }
    }

    /// A point or comma and digits, where they are there.
    fn fraction<'t>(&mut self, text: &'t str) -> Result<&'t str, Refusal> {
        let Some(digits) = text.strip_prefix(['.', ',']) else { return Ok(text) };
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == digits.len() {
            return Ok(text);
        }
        self.nanoseconds = nanoseconds(&text[..text.len() - rest.len()])?;
        Ok(rest)
    }

    fn offset<'t>(&mut self, style: Offset, text: &'t str) -> Result<&'t str, Refusal> {
        if style.z
            && !style.seconds
            && let Some(rest) = text.strip_prefix('Z')
        {
            self.zone = Some(0);
            return Ok(rest);
        }
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let text = text.strip_prefix(['+', '-']).ok_or("no distance to UTC")?;
        let (hours, mut rest) = within(digits(text, 2, 2)?, 0..=24, "time zone offset hour out of range")?;
        let mut east = hours * 3600;
        for (there, unit) in [(style.minutes, 60), (style.seconds, 1)] {
            if there {
                rest = if style.colon { rest.strip_prefix(':').ok_or("no distance to UTC")? } else { rest };
                let (value, after) = within(digits(rest, 2, 2)?, 0..=60, "time zone offset out of range")?;
                (east, rest) = (east + value * unit, after);
            }
        }
        self.zone = Some(sign * east);
        Ok(rest)
    }

    /// The time that the fields name.
    fn moment(self) -> Result<Moment, Refusal> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let date = match self.day_of_year {
            Some(day) => {
                let date = Date::of_year(self.year, day).ok_or("day-of-year out of range")?;
                if self.month.is_some_and(|month| month != date.month)
                    || self.day.is_some_and(|day| day != date.day)
                {
                    return Err("day-of-year does not match month and day");
                }
                date
            }
            None => Date { year: self.year, month: self.month.unwrap_or(1), day: self.day.unwrap_or(1) },
        };
        if !date.exists() {
            return Err("day out of range");
        }
        let local = date.days() * 86_400 + hour * 3600 + self.minute * 60 + self.second;
        Ok(Moment::in_zone(local - self.zone.unwrap_or_default(), self.nanoseconds, self.zone))
    }
}

/// The place of a name that a text begins with, whatever the case of its letters; so many letters of it are written.
fn name<'t>(names: &[&str], text: &'t str, letters: usize) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(place, name)| {
        let length = name.len().min(letters);
        let start = text.get(..length).filter(|start| start.eq_ignore_ascii_case(&name[..length]))?;
        Some((place, &text[start.len()..]))
    })
}

/// Digits, from the least number of them to the most, as far as they go.
fn digits(text: &str, least: usize, most: usize) -> Result<(i64, &str), Refusal> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return Err("digits are missing");
    }
    let (digits, rest) = text.split_at(count);
    Ok((digits.parse().map_err(|_| "digits are missing")?, rest))
}

/// One or two digits, or exactly two.
fn number(text: &str, padded: bool) -> Result<(i64, &str), Refusal> {
    digits(text, if padded { 2 } else { 1 }, 2)
}

fn within(
    read: (i64, &str),
    range: std::ops::RangeInclusive<i64>,
    why: Refusal,
) -> Result<(i64, &str), Refusal> {
    if range.contains(&read.0) { Ok(read) } else { Err(why) }
}

/// The nanoseconds of `.5`; digits after the ninth are dropped.
fn nanoseconds(text: &str) -> Result<u32, Refusal> {
    let digits = text.strip_prefix(['.', ',']).ok_or("no fraction of a second")?;
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Err("no fraction of a second");
    }
    let nine: String = digits.chars().chain("00000000".chars()).take(9).collect();
    nine.parse().map_err(|_| "no fraction of a second")
}

/// What follows the name of a time zone: `UTC`, three to five capitals, `GMT` with hours, or hours alone.
fn zone_name(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("UTC").or(text.strip_prefix("ChST")).or(text.strip_prefix("MeST")) {
        return Some(rest);
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(hours(rest).unwrap_or(rest));
    }
    if text.starts_with(['+', '-']) {
        return hours(text);
    }
    let capitals = text.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    let known = match capitals {
        5 => text.as_bytes().get(4) == Some(&b'T'),
        4 => text.as_bytes().get(3) == Some(&b'T') || text.starts_with("WITA"),
        3 => true,
        _ => false,
    };
    known.then(|| &text[capitals..])
}

/// What follows a sign and at most 23 hours.
fn hours(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(['+', '-'])?;
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let hours: u8 = digits[..digits.len() - rest.len()].parse().ok()?;
    (hours <= 23).then_some(rest)
}
