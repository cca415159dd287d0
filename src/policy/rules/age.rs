//! The greatest age that a rule lets pass.

use serde::Deserialize;

use super::at::{At, Mismatch};
use crate::crypto::UnixTime;

/// How far the clock of whoever stated a time may be ahead, in seconds.
const LEEWAY: i64 = 300;
/// The units, with their seconds.
const UNITS: [(char, u32); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// An age: a whole number with a unit, `90m`, `12h`, `30d`, `2w`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Age {
    text: String,
    seconds: i64,
}

impl TryFrom<String> for Age {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let unit = UNITS.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
        let digits = unit.filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        let seconds =
            digits.and_then(|(number, unit)| Some(i64::from(number.parse::<u32>().ok()?) * i64::from(unit)));
        match seconds {
            Some(seconds) if seconds > 0 => Ok(Self { text, seconds }),
            _ => Err(format!("`{text}` is no age: write a whole number and s, m, h, d or w, such as 30d")),
        }
    }
}

impl Age {
    /// Compares the time at a place, and says so. A time in the future is no time of the past.
    pub(super) fn check(&self, at: &At<'_>, now: UnixTime) -> Result<String, Mismatch> {
        let time = at.time()?;
        if time > now.plus_seconds(LEEWAY) {
            return Err(at.not(format!("a time before now, {now}")));
        }
        if time.plus_seconds(self.seconds) < now {
            return Err(at.not(format!("at most {} before now, {now}", self.text)));
        }
        Ok(at.holds())
    }
}
