//! A point in time and the zone that it is shown in, in the proleptic Gregorian calendar.

/// Seconds from 1970 on, either way, that are computed with: some thirty million years.
pub(super) const MAX_SECONDS: u64 = 1_000_000_000_000_000;

/// A point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since 1970 in UTC.
    seconds: i64,
    /// Within the second.
    pub nanoseconds: u32,
    /// Seconds east of UTC; none for UTC itself.
    zone: Option<i64>,
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    /// There is a year 0.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

impl Moment {
    /// From seconds since 1970; the zone 0 is UTC.
    pub(super) fn in_zone(seconds: i64, nanoseconds: u32, zone: Option<i64>) -> Self {
        Self { seconds, nanoseconds, zone: zone.filter(|offset| *offset != 0) }
    }

    /// The same in UTC.
    pub(super) fn in_utc(self) -> Self {
        Self { zone: None, ..self }
    }

    /// Seconds east of UTC; none for UTC itself.
    pub(super) fn zone(&self) -> Option<i64> {
        self.zone
    }

    /// The day, in its zone.
    pub(super) fn date(&self) -> Date {
        Date::from_days(self.local().div_euclid(86_400))
    }

    /// Seconds since midnight, in its zone.
    pub(super) fn second_of_day(&self) -> i64 {
        self.local().rem_euclid(86_400)
    }

    /// The day of the week in its zone; Sunday is 0.
    pub(super) fn weekday(&self) -> usize {
        // 1970 began on a Thursday.
        (self.local().div_euclid(86_400) + 4).rem_euclid(7) as usize
    }

    fn local(&self) -> i64 {
        self.seconds + self.zone.unwrap_or_default()
    }
}

impl Date {
    /// How many days after 1970-01-01; years begin in March here, so that leap days are last.
    pub(super) fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
    }

    /// The day so many days after 1970-01-01.
    fn from_days(days: i64) -> Self {
        let (era, of_era) = ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        Self { year, month, day: day_of_year - (153 * shifted + 2) / 5 + 1 }
    }

    /// The day of its year, from 1.
    pub(super) fn day_of_year(self) -> i64 {
        self.days() - Self { year: self.year, month: 1, day: 1 }.days() + 1
    }

    /// The day of a year by its number, from 1; none where the year is shorter.
    pub(super) fn of_year(year: i64, day: i64) -> Option<Self> {
        let date = Self::from_days(Self { year, month: 1, day: 1 }.days() + day - 1);
        (day >= 1 && date.year == year).then_some(date)
    }

    /// Whether there is such a day; the month is one.
    pub(super) fn exists(self) -> bool {
        self.day >= 1 && Self::from_days(self.days()) == self
    }
}
