//! Points in time.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::ParseError;
use crate::crypto::UnixTime;

/// A point in time, to the nanosecond. Displayed and parsed as RFC 3339 (displayed in UTC).
///
/// Verification takes the time as a parameter and never looks at a clock by itself.
///
/// ```
/// let time: rcosign::Time = "2026-11-20T12:00:00Z".parse()?;
/// assert_eq!(time.unix_seconds(), 1_795_176_000);
/// assert!(time > rcosign::Time::from_unix_seconds(0));
/// # Ok::<(), rcosign::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub(super) UnixTime);

impl Time {
    /// The time of the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z; negative before it.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(UnixTime::from_seconds(seconds))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.seconds()
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let seconds = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
        Self(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => UnixTime::new(seconds(after), after.subsec_nanos()),
            Err(before) => match (seconds(before.duration()), before.duration().subsec_nanos()) {
                (whole, 0) => UnixTime::from_seconds(-whole),
                // The fraction always counts forward.
                (whole, nanos) => UnixTime::new((-whole).saturating_sub(1), 1_000_000_000 - nanos),
            },
        })
    }
}

impl FromStr for Time {
    type Err = ParseError;

    /// Parses RFC 3339, such as `2026-11-20T12:00:00Z`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Ok(Self(UnixTime::parse_rfc3339(text)?))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
