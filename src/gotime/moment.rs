//! Dates and times of day in the proleptic Gregorian calendar.

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// The names of months.
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

/// The names of days; a week begins with the first.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A date and a time of day, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// There is a year 0.
    pub year: i128,
    /// From 1.
    pub month: i128,
    /// From 1.
    pub day: i128,
    /// To 23.
    pub hour: i128,
    /// To 59.
    pub minute: i128,
    /// To 59.
    pub second: i128,
    /// Nanoseconds within the second.
    pub nanos: i128,
}

impl Moment {
    /// What UTC has so many nanoseconds after the beginning of 1970.
    pub fn at(nanos: i128) -> Self {
        let (year, month, day) = civil(nanos.div_euclid(DAY));
        let seconds = nanos.rem_euclid(DAY) / SECOND;
        Self {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            nanos: nanos.rem_euclid(SECOND),
        }
    }

    /// Nanoseconds since 1970, in UTC. Months and days may be more, or fewer, than a year and a month have.
    pub fn nanos(self) -> i128 {
        let month = self.month - 1;
        let first = days_before(self.year + month.div_euclid(12), month.rem_euclid(12) + 1);
        let seconds = (self.hour * 60 + self.minute) * 60 + self.second;
        (first + self.day - 1) * DAY + seconds * SECOND + self.nanos
    }

    /// So many seconds before.
    pub(super) fn earlier(self, seconds: i32) -> Self {
        Self::at(self.nanos() - i128::from(seconds) * SECOND)
    }

    /// The day of the year, from 1.
    pub(super) fn year_day(self) -> i128 {
        self.days() - days_before(self.year, 1) + 1
    }

    /// The name of the day of the week.
    pub fn weekday(self) -> &'static str {
        // The first of January 1970 was a Thursday.
        let day = usize::try_from((self.days() + 4).rem_euclid(7)).unwrap_or_default();
        WEEKDAYS.get(day).copied().unwrap_or_default()
    }

    pub(super) fn month_name(self) -> &'static str {
        let month = usize::try_from(self.month - 1).unwrap_or_default();
        MONTHS.get(month).copied().unwrap_or_default()
    }

    fn days(self) -> i128 {
        days_before(self.year, self.month) + self.day - 1
    }
}

/// The number of days of a month.
pub fn days_in(year: i128, month: i128) -> i128 {
    let next = if month == 12 { days_before(year + 1, 1) } else { days_before(year, month + 1) };
    next - days_before(year, month)
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: i128, month: i128) -> i128 {
    // Years that begin in March, so that the day that leap years add is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Year, month and day of a day from 1970-01-01 on.
fn civil(date: i128) -> (i128, i128, i128) {
    let days = date + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + days.div_euclid(146_097) * 400 + i128::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}
