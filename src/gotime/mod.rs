//! Times as Go's package `time` reads and writes them: layouts, durations, dates. The languages of policies that cosign knows are
//! evaluated in Go, and what is a time to them is what is one to Go. No zone but UTC has a name here: what Go knows of others
//! depends on the files and the settings of the machine.

mod duration;
mod layout;
mod moment;
mod read;
mod text;
mod write;

#[cfg(test)]
mod tests;

pub use duration::{parse as parse_duration, write as write_duration};
pub use layout::{NAMED, RFC3339, RFC3339_NANO};
pub use moment::{Moment, days_in};
pub use read::read;
pub use write::write;

/// A time as its text has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Date and time of day, in the zone.
    pub civil: Moment,
    /// The zone.
    pub zone: Zone,
}

/// How a time lies to UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// UTC, or nothing that says otherwise.
    Utc,
    /// So many seconds to the east; not 0.
    East(i32),
    /// A zone by its abbreviation.
    Named(String),
}

impl Time {
    /// The same time in UTC.
    ///
    /// # Errors
    /// The abbreviation of the zone: how far it is from UTC depends on the machine.
    pub fn in_utc(&self) -> Result<Moment, &str> {
        match &self.zone {
            Zone::Utc => Ok(self.civil),
            Zone::East(seconds) => Ok(self.civil.earlier(*seconds)),
            Zone::Named(name) => Err(name),
        }
    }
}

impl From<Moment> for Time {
    fn from(civil: Moment) -> Self {
        Self { civil, zone: Zone::Utc }
    }
}
