//! Points in time as certificates, logs and timestamps state them.

use super::DecodeError;

/// A point in time: seconds since 1970-01-01T00:00:00Z and nanoseconds within the second. Displayed as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    seconds: i64,
    nanos: u32,
}

impl UnixTime {
    /// A whole second.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// A number of milliseconds, as SCTs count them.
    pub fn from_millis(millis: i64) -> Self {
        Self { seconds: millis.div_euclid(1000), nanos: millis.rem_euclid(1000) as u32 * 1_000_000 }
    }

    /// Seconds and nanoseconds within the second; more than a second of nanoseconds counts as the last one.
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self { seconds, nanos: nanos.min(999_999_999) }
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// This time plus a number of seconds, which may be negative.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds), nanos: self.nanos }
    }

    /// This time plus a duration.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        let nanos = self.nanos + duration.subsec_nanos();
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let carried = self.plus_seconds(seconds).plus_seconds(i64::from(nanos / 1_000_000_000));
        Self { nanos: nanos % 1_000_000_000, ..carried }
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    /// When the text is not RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Result<Self, DecodeError> {
        let t: jiff::Timestamp =
            text.parse().map_err(|_| DecodeError::whole("time", format!("`{text}` is not RFC 3339")))?;
        let nanos = t.subsec_nanosecond();
        // jiff gives times before the epoch a negative fraction; here the fraction always counts forward.
        Ok(if nanos < 0 {
            Self { seconds: t.as_second() - 1, nanos: (1_000_000_000 + nanos).unsigned_abs() }
        } else {
            Self { seconds: t.as_second(), nanos: nanos.unsigned_abs() }
        })
    }
}

impl std::fmt::Display for UnixTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_second(self.seconds)
            .and_then(|t| t.checked_add(jiff::SignedDuration::new(0, self.nanos.cast_signed())))
        {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} seconds since 1970", self.seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in ["2022-12-31T23:59:59.999Z", "1969-12-31T23:59:59.5Z", "2021-03-07T03:20:29Z"] {
            assert_eq!(UnixTime::parse_rfc3339(text).unwrap().to_string(), text);
        }
        assert_eq!(UnixTime::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(UnixTime::from_seconds(i64::MAX).to_string(), "9223372036854775807 seconds since 1970");
        assert!(UnixTime::parse_rfc3339("2022-12-31").is_err());
    }

    #[test]
    fn durations_carry() {
        let later = UnixTime::new(7, 600_000_000).plus(std::time::Duration::from_millis(1_500));
        assert_eq!(later, UnixTime::new(9, 100_000_000));
        assert_eq!(
            UnixTime::new(-1, 0).plus(std::time::Duration::from_millis(250)).to_string(),
            "1969-12-31T23:59:59.25Z"
        );
    }
}
