//! Go's layouts: the reference time `Mon Jan 2 15:04:05 -0700 MST 2006`, written as times are to be.

/// A part of the reference time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `January`
    LongMonth,
    /// `Jan`
    Month,
    /// `1`, `01`
    NumericMonth { padded: bool },
    /// `Monday`
    LongWeekday,
    /// `Mon`
    Weekday,
    /// `2`, `_2`, `02`
    Day(Padding),
    /// `__2`, `002`
    DayOfYear { zeros: bool },
    /// `15`
    Hour,
    /// `3`, `03`
    HourOfTwelve { padded: bool },
    /// `4`, `04`
    Minute { padded: bool },
    /// `5`, `05`
    Second { padded: bool },
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `PM`, `pm`
    Noon { capital: bool },
    /// `MST`
    ZoneName,
    /// `-0700` and the like.
    Offset(Offset),
    /// `.000` or `,000`: so many digits.
    Fraction { digits: usize, comma: bool },
    /// `.999` or `,999`: without zeros at the end, of at most so many digits.
    TrimmedFraction { digits: usize, comma: bool },
}

/// How a number of one digit is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    None,
    Space,
    Zero,
}

/// How the distance to UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// UTC is `Z`.
    pub z: bool,
    /// Between hours and minutes, and minutes and seconds.
    pub colon: bool,
    /// Minutes are there.
    pub minutes: bool,
    /// Seconds are there.
    pub seconds: bool,
}

/// Texts that stand for one part each; what begins another one comes after it.
const PLAIN: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Monday", Part::LongWeekday),
    ("MST", Part::ZoneName),
    ("002", Part::DayOfYear { zeros: true }),
    ("01", Part::NumericMonth { padded: true }),
    ("02", Part::Day(Padding::Zero)),
    ("03", Part::HourOfTwelve { padded: true }),
    ("04", Part::Minute { padded: true }),
    ("05", Part::Second { padded: true }),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumericMonth { padded: false }),
    ("2006", Part::LongYear),
    ("2", Part::Day(Padding::None)),
    ("__2", Part::DayOfYear { zeros: false }),
    ("3", Part::HourOfTwelve { padded: false }),
    ("4", Part::Minute { padded: false }),
    ("5", Part::Second { padded: false }),
    ("PM", Part::Noon { capital: true }),
    ("pm", Part::Noon { capital: false }),
];

/// Digits of the distance to UTC, after `-` or `Z`; what begins another one comes after it.
const OFFSETS: &[(&str, bool, bool, bool)] = &[
    // Digits; colon, minutes, seconds.
    ("070000", false, true, true),
    ("07:00:00", true, true, true),
    ("0700", false, true, false),
    ("07:00", true, true, false),
    ("07", false, false, false),
];

/// Cuts a layout at its first part: what stands before, the part, and what follows.
pub(super) fn next(layout: &str) -> Option<(&str, Part, &str)> {
    layout.char_indices().find_map(|(at, _)| {
        let (before, rest) = layout.split_at(at);
        // An underscore before a year stands for itself.
        if let Some(after) = rest.strip_prefix("_2006") {
            return Some((&layout[..at + 1], Part::LongYear, after));
        }
        part_at(rest).map(|(part, after)| (before, part, after))
    })
}

/// The part that a text begins with, and what follows it.
fn part_at(text: &str) -> Option<(Part, &str)> {
    let plain = PLAIN.iter().find_map(|(name, part)| Some((*part, text.strip_prefix(name)?)));
    // `Jan` and `Mon` are none within longer words.
    let short = [("Jan", Part::Month), ("Mon", Part::Weekday)].into_iter().find_map(|(name, part)| {
        text.strip_prefix(name)
            .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
            .map(|rest| (part, rest))
    });
    let day = text.strip_prefix("_2").map(|rest| (Part::Day(Padding::Space), rest));
    plain.or(short).or(day).or_else(|| offset_at(text)).or_else(|| fraction_at(text))
}

fn offset_at(text: &str) -> Option<(Part, &str)> {
    let z = text.starts_with('Z');
    let digits = text.strip_prefix(['-', 'Z'])?;
    OFFSETS.iter().find_map(|(name, colon, minutes, seconds)| {
        let offset = Offset { z, colon: *colon, minutes: *minutes, seconds: *seconds };
        Some((Part::Offset(offset), digits.strip_prefix(name)?))
    })
}

/// A point or comma, and zeros or nines that no other digit follows.
fn fraction_at(text: &str) -> Option<(Part, &str)> {
    let comma = text.starts_with(',');
    let digits = text.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let count = digits.len() - rest.len();
    let part = if digit == '0' {
        Part::Fraction { digits: count, comma }
    } else {
        Part::TrimmedFraction { digits: count, comma }
    };
    Some((part, rest))
}
