//! The one policy of trying again: what may well work a moment later is tried until the time for it is over.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use super::pause as wait;
use crate::crypto::UnixTime;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What may well work a moment later.
pub trait Transient {
    /// Whether it may, and how long the server asked to be left alone.
    fn is_transient(&self) -> Option<Option<Duration>>;
}

/// Whether a server that answers with this status may well answer otherwise a moment later. 501: it never will.
pub fn is_transient_status(status: u16) -> bool {
    matches!(status, 429 | 500 | 502..=599)
}

/// Does `attempt` until it succeeds, fails for good, or `budget` is over. Pauses grow, with jitter, and are never shorter
/// than what the server asks for; where it asks for more than is left, that is the end.
///
/// # Errors
/// The last one of the attempts.
pub async fn until<T, E: Transient>(
    budget: Duration,
    attempt: impl AsyncFn() -> Result<T, E>,
) -> Result<T, E> {
    let started = Instant::now();
    let mut number = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(asked) = error.is_transient() else { return Err(error) };
        let pause = pause(number, jitter()).max(asked.unwrap_or_default());
        if started.elapsed() + pause >= budget {
            return Err(error);
        }
        wait(pause).await;
        number += 1;
    }
}

/// The pause before the attempt of this number: between half of it and all of it.
fn pause(number: u32, jitter: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << number.min(16)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + jitter / 2.0)
}

/// A number from 0 to 1 that differs from process to process and from call to call; nothing secret hangs on it.
fn jitter() -> f64 {
    let number = RandomState::new().build_hasher().finish();
    f64::from((number >> 32) as u32) / f64::from(u32::MAX)
}

/// The time in a `Retry-After` header (RFC 9110 section 10.2.3): seconds, or a date.
pub fn retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let then = u64::try_from(date(text)?.seconds()).ok()?;
    Some(Duration::from_secs(then).saturating_sub(now))
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(text: &str) -> Option<UnixTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<_> = text.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|known| known == month)? + 1;
    UnixTime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let millis = |number, jitter| pause(number, jitter).as_millis();
        assert_eq!([0, 1, 2, 3].map(|number| millis(number, 1.0)), [200, 400, 800, 1600]);
        assert_eq!(
            (millis(0, 0.0), millis(4, 1.0), millis(40, 1.0), millis(40, 0.0)),
            (100, 3200, 5000, 2500)
        );
        assert!((0..1000).all(|_| (0.0..=1.0).contains(&jitter())));
    }

    #[test]
    fn both_forms_of_retry_after() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT").map(UnixTime::seconds), Some(784_111_777));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        for text in
            ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT"]
        {
            assert_eq!(retry_after(text), None, "{text}");
        }
    }
}
