//! `time`: points in time as texts of RFC 3339, Go's layouts, durations.

use num_bigint::BigInt;

use super::Parameter::{Int, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, validator};
use crate::cue::data::Data;
use crate::cue::number::Number;
use crate::gotime::{self, Moment, RFC3339_NANO, Time};

/// Seconds from 1970 on, either way, that are computed with: some thirty million years.
const MAX_SECONDS: u64 = 1_000_000_000_000_000;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Nanosecond", Member::Source("1")),
    ("Microsecond", Member::Source("1000")),
    ("Millisecond", Member::Source("1000000")),
    ("Second", Member::Source("1000000000")),
    ("Minute", Member::Source("60000000000")),
    ("Hour", Member::Source("3600000000000")),
    ("Duration", validator(&[Text], |a| duration(a.text(0)?).map(|_| true.into()))),
    ("FormatDuration", function(&[Int], |a| Ok(gotime::write_duration(a.int(0)?).into()))),
    ("ParseDuration", function(&[Text], |a| Ok(duration(a.text(0)?)?.into()))),
    ("ANSIC", Member::Source("\"Mon Jan _2 15:04:05 2006\"")),
    ("UnixDate", Member::Source("\"Mon Jan _2 15:04:05 MST 2006\"")),
    ("RubyDate", Member::Source("\"Mon Jan 02 15:04:05 -0700 2006\"")),
    ("RFC822", Member::Source("\"02 Jan 06 15:04 MST\"")),
    ("RFC822Z", Member::Source("\"02 Jan 06 15:04 -0700\"")),
    ("RFC850", Member::Source("\"Monday, 02-Jan-06 15:04:05 MST\"")),
    ("RFC1123", Member::Source("\"Mon, 02 Jan 2006 15:04:05 MST\"")),
    ("RFC1123Z", Member::Source("\"Mon, 02 Jan 2006 15:04:05 -0700\"")),
    ("RFC3339", Member::Source("\"2006-01-02T15:04:05Z07:00\"")),
    ("RFC3339Nano", Member::Source("\"2006-01-02T15:04:05.999999999Z07:00\"")),
    ("RFC3339Date", Member::Source("\"2006-01-02\"")),
    ("Kitchen", Member::Source("\"3:04PM\"")),
    ("Kitchen24", Member::Source("\"15:04\"")),
    ("January", Member::Source("1")),
    ("February", Member::Source("2")),
    ("March", Member::Source("3")),
    ("April", Member::Source("4")),
    ("May", Member::Source("5")),
    ("June", Member::Source("6")),
    ("July", Member::Source("7")),
    ("August", Member::Source("8")),
    ("September", Member::Source("9")),
    ("October", Member::Source("10")),
    ("November", Member::Source("11")),
    ("December", Member::Source("12")),
    ("Sunday", Member::Source("0")),
    ("Monday", Member::Source("1")),
    ("Tuesday", Member::Source("2")),
    ("Wednesday", Member::Source("3")),
    ("Thursday", Member::Source("4")),
    ("Friday", Member::Source("5")),
    ("Saturday", Member::Source("6")),
    ("Time", validator(&[Text], |a| read(RFC3339_NANO, a.text(0)?).map(|_| true.into()))),
    ("Format", validator(&[Text, Text], |a| read(a.text(1)?, a.text(0)?).map(|_| true.into()))),
    (
        "FormatString",
        function(&[Text, Text], |a| Ok(gotime::write(&read(RFC3339_NANO, a.text(1)?)?, a.text(0)?).into())),
    ),
    ("Parse", function(&[Text, Text], parse)),
    ("Unix", function(&[Int, Int], unix)),
    ("Split", function(&[Text], split)),
];

fn duration(text: &str) -> Result<i64, CallError> {
    gotime::parse_duration(text).ok_or_else(|| CallError::Failed(format!("invalid duration {text:?}")))
}

fn read(layout: &str, text: &str) -> Result<Time, CallError> {
    gotime::read(layout, text)
        .ok_or_else(|| CallError::Failed(format!("{text:?} is not a time with the layout {layout:?}")))
}

fn parse(a: &[Data]) -> Result<Data, CallError> {
    let time = read(a.text(0)?, a.text(1)?)?;
    let moment = time.in_utc().map_err(|zone| {
        CallError::Unsupported(format!(
            "the time zone {zone:?}, whose distance from UTC depends on the machine,"
        ))
    })?;
    Ok(gotime::write(&moment.into(), RFC3339_NANO).into())
}

fn unix(a: &[Data]) -> Result<Data, CallError> {
    let (seconds, nanos) = (a.int(0)?, i128::from(a.int(1)?));
    if seconds.unsigned_abs() >= MAX_SECONDS {
        return failed("a time outside of all calendars");
    }
    let moment = Moment::at(i128::from(seconds) * 1_000_000_000 + nanos);
    Ok(gotime::write(&moment.into(), RFC3339_NANO).into())
}

fn split(a: &[Data]) -> Result<Data, CallError> {
    let Moment { year, month, day, hour, minute, second, nanos } = read(RFC3339_NANO, a.text(0)?)?.civil;
    let fields = [
        ("year", year),
        ("month", month),
        ("day", day),
        ("hour", hour),
        ("minute", minute),
        ("second", second),
        ("nanosecond", nanos),
    ];
    let fields = fields.map(|(name, value)| (name.into(), Number::from(BigInt::from(value)).into()));
    Ok(Data::Struct(fields.into()))
}
