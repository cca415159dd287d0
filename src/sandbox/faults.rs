//! Faults on demand: which service does what wrong, and how often; and clocks that are wrong.
//!
//! ```text
//! FAULT   = SERVICE "=" EFFECT [":" COUNT]
//! EFFECT  = STATUS / "slow:" DURATION / "hang" / "reset" / "garbage" / "truncate"
//! CLOCK   = SERVICE "=" ("+" / "-") DURATION
//! ```
//! A DURATION is numbers with units (`500ms`, `10s`, `1h30m`, `400d`). With a COUNT so many requests meet the fault; without one
//! all do. Faults of one service are met one after the other, in the order in which they were given.

mod effects;
#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::service::Service;

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The request is not carried out, and answered with this status.
    Status(u16),
    /// The request is carried out after so long.
    Slow(Duration),
    /// The request is never answered.
    Hang,
    /// The request is not carried out; the connection ends with a TCP reset.
    Reset,
    /// The request is carried out; the body of the answer is something else.
    Garbage,
    /// The request is carried out; the connection ends in the middle of the answer.
    Truncate,
}

/// A service with what it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The service.
    pub service: Service,
    /// What it does.
    pub effect: Effect,
    /// For how many requests; `None` is for all.
    pub count: Option<u32>,
}

/// A service with a wrong clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongClock {
    /// The service.
    pub service: Service,
    /// By how many seconds its clock is ahead; behind if negative.
    pub ahead: i64,
}

/// Why a text is no fault or no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no `=`.
    #[error("`{given}` is not SERVICE=FAULT, as in rekor=503:3")]
    NoFault {
        /// The text.
        given: String,
    },
    /// There is no `=` in a clock.
    #[error("`{given}` is not SERVICE=OFFSET, as in fulcio=+1h")]
    NoOffset {
        /// The text.
        given: String,
    },
    /// No service has this name.
    #[error("there is no service `{given}`; the services are {}", words())]
    Service {
        /// The name.
        given: String,
    },
    /// There is no such effect.
    #[error(
        "`{given}` is no fault; faults are a status from 400 to 599, slow:DURATION, hang, reset, garbage and truncate, each with :COUNT if not for all requests"
    )]
    Effect {
        /// The text.
        given: String,
    },
    /// The count is no positive number.
    #[error("`{given}` is not a number of requests, 1 at least")]
    Count {
        /// The text.
        given: String,
    },
    /// Not a duration.
    #[error("`{given}` is not a duration, as in 500ms, 10s or 1h30m")]
    Duration {
        /// The text.
        given: String,
    },
    /// Not an offset.
    #[error("`{given}` is not an offset, as in +1h or -90s")]
    Offset {
        /// The text.
        given: String,
    },
}

fn words() -> String {
    Service::ALL.map(Service::word).join(", ")
}

impl FromStr for Service {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let named = Self::ALL.into_iter().find(|service| service.word() == text);
        named.ok_or_else(|| FaultError::Service { given: text.to_owned() })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (service, rest) =
            text.split_once('=').ok_or_else(|| FaultError::NoFault { given: text.to_owned() })?;
        let service = service.parse()?;
        let (word, rest) = parted(rest);
        let (effect, count) = match word {
            "slow" => {
                let (length, count) = parted(rest.unwrap_or_default());
                let wrong = || FaultError::Duration { given: length.to_owned() };
                (Effect::Slow(duration(length).ok_or_else(wrong)?), count)
            }
            "hang" => (Effect::Hang, rest),
            "reset" => (Effect::Reset, rest),
            "garbage" => (Effect::Garbage, rest),
            "truncate" => (Effect::Truncate, rest),
            _ => {
                let status = number(word).and_then(|status| u16::try_from(status).ok());
                let status = status.filter(|status| (400..600).contains(status));
                let wrong = || FaultError::Effect { given: word.to_owned() };
                (Effect::Status(status.ok_or_else(wrong)?), rest)
            }
        };
        let positive = |given: &str| {
            let count = number(given).filter(|count| *count > 0);
            count.ok_or_else(|| FaultError::Count { given: given.to_owned() })
        };
        Ok(Self { service, effect, count: count.map(positive).transpose()? })
    }
}

impl FromStr for WrongClock {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (service, offset) =
            text.split_once('=').ok_or_else(|| FaultError::NoOffset { given: text.to_owned() })?;
        let service = service.parse()?;
        let seconds = |length: &str| i64::try_from(duration(length)?.as_secs()).ok();
        let ahead = match (offset.strip_prefix('+'), offset.strip_prefix('-')) {
            (Some(ahead), _) => seconds(ahead),
            (_, Some(behind)) => seconds(behind).map(|seconds| -seconds),
            _ => None,
        };
        let ahead = ahead.ok_or_else(|| FaultError::Offset { given: offset.to_owned() })?;
        Ok(Self { service, ahead })
    }
}

fn parted(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(first, rest)| (first, Some(rest)))
}

/// Digits, without a sign.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Numbers with units, a century at most.
fn duration(text: &str) -> Option<Duration> {
    const CENTURY: u64 = 36_525 * 24 * 60 * 60 * 1000;
    let mut rest = text;
    let mut all = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, next) = unit.split_at_checked(length)?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        all = all.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = next;
    }
    (!text.is_empty() && all <= CENTURY).then(|| Duration::from_millis(all))
}

/// The faults that are still to be met.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// These.
    pub fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self(Arc::new(Mutex::new(faults.into_iter().collect())))
    }

    /// What the next request to a service meets.
    pub fn next(&self, service: Service) -> Option<Effect> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = faults.iter_mut().find(|fault| fault.service == service && fault.count != Some(0))?;
        fault.count = fault.count.map(|count| count - 1);
        Some(fault.effect)
    }
}
