//! Layouts of times: the text that the reference time, Mon Jan 2 15:04:05 MST 2006, would be (Go's package `time`). What is no part of
//! that time stands for itself.

/// How a number is filled up to its width.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    None,
    Space,
    Zero,
}

/// A part of a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    /// The last two digits.
    ShortYear,
    /// The name, or its first three letters.
    MonthName {
        short: bool,
    },
    Month(Fill),
    Weekday {
        short: bool,
    },
    Day(Fill),
    /// The day of the year, three digits wide.
    YearDay(Fill),
    Hour,
    /// From 1 to 12.
    HalfHour(Fill),
    Minute(Fill),
    Second(Fill),
    /// Before or after noon.
    Half {
        upper: bool,
    },
    /// An abbreviation.
    Zone,
    Offset(Offset),
    Fraction(Fraction),
}

/// The distance from UTC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// Whether UTC is `Z`.
    pub(super) z: bool,
    pub(super) colons: bool,
    /// 1: hours, 2: and minutes, 3: and seconds.
    pub(super) parts: usize,
}

/// A fraction of a second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) separator: u8,
    pub(super) digits: usize,
    /// Whether zeros at the end are left out.
    pub(super) trimmed: bool,
}

const fn offset(z: bool, colons: bool, parts: usize) -> Field {
    Field::Offset(Offset { z, colons, parts })
}

/// Of several that begin alike the longest stands first.
const FIELDS: &[(&str, Field)] = &[
    ("January", Field::MonthName { short: false }),
    ("Jan", Field::MonthName { short: true }),
    ("Monday", Field::Weekday { short: false }),
    ("Mon", Field::Weekday { short: true }),
    ("MST", Field::Zone),
    ("01", Field::Month(Fill::Zero)),
    ("02", Field::Day(Fill::Zero)),
    ("03", Field::HalfHour(Fill::Zero)),
    ("04", Field::Minute(Fill::Zero)),
    ("05", Field::Second(Fill::Zero)),
    ("06", Field::ShortYear),
    ("002", Field::YearDay(Fill::Zero)),
    ("15", Field::Hour),
    ("1", Field::Month(Fill::None)),
    ("2006", Field::Year),
    ("2", Field::Day(Fill::None)),
    ("__2", Field::YearDay(Fill::Space)),
    ("_2", Field::Day(Fill::Space)),
    ("3", Field::HalfHour(Fill::None)),
    ("4", Field::Minute(Fill::None)),
    ("5", Field::Second(Fill::None)),
    ("PM", Field::Half { upper: true }),
    ("pm", Field::Half { upper: false }),
    ("-07:00:00", offset(false, true, 3)),
    ("-070000", offset(false, false, 3)),
    ("-07:00", offset(false, true, 2)),
    ("-0700", offset(false, false, 2)),
    ("-07", offset(false, false, 1)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00", offset(true, true, 2)),
    ("Z0700", offset(true, false, 2)),
    ("Z07", offset(true, false, 1)),
];

/// Go keeps the number of digits in so many bits.
const DIGITS: usize = 0xfff;

/// Layouts that have a name in that package.
pub const NAMED: &[(&str, &str)] = &[
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", RFC3339),
    ("RFC3339Nano", RFC3339_NANO),
];

/// The layout of times in JSON.
pub const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
/// The same with as many digits of a second as there are.
pub const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The first part of a time in a layout: the text before it, the part, and the text behind it.
pub(super) fn next(layout: &[u8]) -> Option<(&[u8], Field, &[u8])> {
    (0..layout.len()).find_map(|at| {
        let (before, rest) = layout.split_at_checked(at)?;
        let (field, length) = field(rest)?;
        Some((before, field, rest.get(length..)?))
    })
}

/// The part that a text begins with, and its length.
fn field(text: &[u8]) -> Option<(Field, usize)> {
    if let [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = *text {
        let digits = text.iter().skip(1).take_while(|&&byte| byte == digit).count();
        let ends = !text.get(1 + digits).is_some_and(u8::is_ascii_digit);
        let fraction = Fraction { separator, digits: digits & DIGITS, trimmed: digit == b'9' };
        return ends.then_some((Field::Fraction(fraction), 1 + digits));
    }
    let (written, field) = FIELDS.iter().find(|(written, _)| {
        let Some(behind) = text.strip_prefix(written.as_bytes()) else { return false };
        match *written {
            // Month and Janet are words of their own.
            "Jan" | "Mon" => !behind.first().is_some_and(u8::is_ascii_lowercase),
            // An underscore in front of the year.
            "_2" => !behind.starts_with(b"006"),
            _ => true,
        }
    })?;
    Some((*field, written.len()))
}
