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

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    #[error("`{given}` is not a duration, as in slow:500ms, slow:10s or slow:1h30m")]
    Duration {
        /// The text.
        given: String,
    },
    /// A service that has no clock.
    #[error("{service} has no clock: --clock is for oidc, fulcio, ct, rekor, rekor2, tsa and tuf")]
    NoClock {
        /// The service.
        service: &'static str,
    },
    /// A fault behind one that all requests meet.
    #[error(
        "{fault} is never met: {before} before it is for all requests (give that one a number, as in {before}:3)"
    )]
    Never {
        /// The fault.
        fault: String,
        /// The one before it.
        before: String,
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
        if matches!(service, Service::Page | Service::Registry) {
            return Err(FaultError::NoClock { service: service.word() });
        }
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

impl fmt::Display for Fault {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.service.word())?;
        match self.effect {
            Effect::Status(status) => write!(f, "{status}"),
            Effect::Slow(length) => write!(f, "slow:{}", written(length)),
            Effect::Hang => f.write_str("hang"),
            Effect::Reset => f.write_str("reset"),
            Effect::Garbage => f.write_str("garbage"),
            Effect::Truncate => f.write_str("truncate"),
        }?;
        self.count.map_or(Ok(()), |count| write!(f, ":{count}"))
    }
}

impl fmt::Display for WrongClock {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.ahead < 0 { '-' } else { '+' };
        let length = Duration::from_secs(self.ahead.unsigned_abs());
        write!(f, "{}={sign}{}", self.service.word(), written(length))
    }
}

/// A duration in the units in which it is read.
fn written(length: Duration) -> String {
    let mut rest = length.as_millis();
    let mut text = String::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The faults that are still to be met. A clone is a view of the same.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Left>>);

#[derive(Debug, Default)]
struct Left {
    faults: Vec<Fault>,
    /// So many wait for nothing to be wrong.
    suspended: u32,
}

impl Faults {
    /// These.
    pub fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self(Arc::new(Mutex::new(Left { faults: faults.into_iter().collect(), suspended: 0 })))
    }

    /// Whether each of these is met by some request.
    ///
    /// # Errors
    /// [`FaultError::Never`].
    pub fn check(faults: &[Fault]) -> Result<(), FaultError> {
        for (place, fault) in faults.iter().enumerate() {
            let endless = |before: &&Fault| before.service == fault.service && before.count.is_none();
            if let Some(before) = faults.iter().take(place).find(endless) {
                return Err(FaultError::Never { fault: fault.to_string(), before: before.to_string() });
            }
        }
        Ok(())
    }

    /// What the next request to a service meets.
    pub fn next(&self, service: Service) -> Option<Effect> {
        let mut left = self.left();
        if left.suspended > 0 {
            return None;
        }
        let mut faults = left.faults.iter_mut();
        let fault = faults.find(|fault| fault.service == service && fault.count != Some(0))?;
        fault.count = fault.count.map(|count| count - 1);
        Some(fault.effect)
    }

    /// Those that are still to be met, each with what is left of its number.
    pub fn remaining(&self) -> Vec<Fault> {
        self.left().faults.iter().filter(|fault| fault.count != Some(0)).copied().collect()
    }

    /// No request meets any of them until what is returned is dropped.
    pub fn suspend(&self) -> Suspended {
        self.left().suspended += 1;
        Suspended(self.clone())
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as it is there nothing is done wrong on purpose.
#[derive(Debug)]
#[must_use]
pub struct Suspended(Faults);

impl Drop for Suspended {
    fn drop(&mut self) {
        self.0.left().suspended -= 1;
    }
}
