//! Calendar arithmetic.

use regorus::Value;

use super::arithmetic::Number;
use super::{Outcome, Said};

pub(super) const FUNCTIONS: &[Said] = &[("time.add_date", 4, add_date), ("time.format", 1, format)];

const DAY: i128 = 86_400_000_000_000;

/// Adds years, months and days; what is beyond the end of a month goes on in the next.
fn add_date(given: &[Value]) -> Outcome<Value> {
    let mut numbers = Vec::new();
    for value in given {
        match Number::of(value)? {
            Some(Number::Whole(whole)) => numbers.push(whole),
            _ => return Ok(None),
        }
    }
    let [at, years, months, days] = numbers[..] else { return Ok(None) };
    if [years, months, days].iter().any(|number| number.abs() > 1_000_000) {
        return Err("time.add_date beyond a million".to_owned());
    }
    let (date, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(date);
    let month = month - 1 + months;
    let first = days_before(year + years + month.div_euclid(12), month.rem_euclid(12) + 1);
    let made = (first + day - 1 + days) * DAY + rest;
    match i64::try_from(made) {
        Ok(_) => Ok(Some(Value::from(made))),
        Err(_) => Ok(None),
    }
}

/// A time in UTC (RFC 3339); other zones and layouts are not decided.
fn format(given: &[Value]) -> Outcome<Value> {
    let at = match given.first() {
        Some(Value::Array(parts)) => match (parts.first(), parts.get(1), parts.len()) {
            (Some(at), Some(Value::String(zone)), 2) if ["", "UTC"].contains(&&**zone) => at,
            _ => return Err("time.format with a zone or a layout".to_owned()),
        },
        Some(at) => at,
        None => return Ok(None),
    };
    let Some(Number::Whole(at)) = Number::of(at)? else { return Ok(None) };
    let (year, month, day) = civil(at.div_euclid(DAY));
    let seconds = at.rem_euclid(DAY) / 1_000_000_000;
    let mut made = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let fraction = format!("{:09}", at.rem_euclid(1_000_000_000));
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        made.push('.');
        made.push_str(fraction);
    }
    made.push('Z');
    match i64::try_from(at) {
        Ok(_) => Ok(Some(made.into())),
        Err(_) => Ok(None),
    }
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
