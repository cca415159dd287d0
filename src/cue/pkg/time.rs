//! `time`: points in time as texts of RFC 3339, Go's layouts, durations.

use super::Parameter::{Int, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, validator};
use crate::cue::data::Data;
use moment::Moment;

mod duration;
mod format;
mod layout;
mod moment;
mod parse;

/// The layout of CUE's own times.
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Nanosecond", Member::Source("1")),
    ("Microsecond", Member::Source("1000")),
    ("Millisecond", Member::Source("1000000")),
    ("Second", Member::Source("1000000000")),
    ("Minute", Member::Source("60000000000")),
    ("Hour", Member::Source("3600000000000")),
    ("Duration", validator(&[Text], |a| duration::parse(a.text(0)?).map(|_| true.into()))),
    ("FormatDuration", function(&[Int], |a| Ok(duration::format(a.int(0)?).into()))),
    ("ParseDuration", function(&[Text], |a| Ok(duration::parse(a.text(0)?)?.into()))),
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
        function(&[Text, Text], |a| Ok(format::format(a.text(0)?, &read(RFC3339_NANO, a.text(1)?)?).into())),
    ),
    (
        "Parse",
        function(&[Text, Text], |a| {
            Ok(format::format(RFC3339_NANO, &read(a.text(0)?, a.text(1)?)?.in_utc()).into())
        }),
    ),
    ("Unix", function(&[Int, Int], unix)),
    ("Split", function(&[Text], split)),
];

fn read(layout: &str, text: &str) -> Result<Moment, CallError> {
    parse::parse(layout, text)
        .map_err(|why| CallError::Failed(format!("{text:?} is not a time with the layout {layout:?}: {why}")))
}

fn unix(a: &[Data]) -> Result<Data, CallError> {
    let seconds = a.int(0)?.checked_add(a.int(1)?.div_euclid(1_000_000_000));
    match seconds.filter(|seconds| seconds.unsigned_abs() < moment::MAX_SECONDS) {
        Some(seconds) => {
            let nanoseconds = a.int(1)?.rem_euclid(1_000_000_000) as u32;
            Ok(format::format(RFC3339_NANO, &Moment::in_zone(seconds, nanoseconds, Some(0))).into())
        }
        None => failed("a time outside of all calendars"),
    }
}

fn split(a: &[Data]) -> Result<Data, CallError> {
    let moment = read(RFC3339_NANO, a.text(0)?)?;
    let date = moment.date();
    let seconds = moment.second_of_day();
    let fields = [
        ("year", date.year),
        ("month", date.month),
        ("day", date.day),
        ("hour", seconds / 3600),
        ("minute", seconds / 60 % 60),
        ("second", seconds % 60),
        ("nanosecond", moment.nanoseconds.into()),
    ];
    Ok(Data::Struct(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
}
