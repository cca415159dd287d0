//! The one policy of trying again: what may well work a moment later is tried until the time for it is over.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use super::pause as wait;
use crate::crypto::UnixTime;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// Set where nothing is tried again.
    static ONCE: ();
    /// Hears of what is tried again.
    static LISTENER: Listener;
}

/// Hears why something is tried again, and in what time.
pub type Listener = std::rc::Rc<dyn Fn(&dyn std::error::Error, Duration)>;

/// Carries out what need not succeed: nothing in it is tried again.
pub async fn once<F: Future>(future: F) -> F::Output {
    ONCE.scope((), future).await
}

/// Has `listener` told of all that is tried again in `future`.
pub async fn told<F: Future>(listener: Listener, future: F) -> F::Output {
    LISTENER.scope(listener, future).await
}

/// What may well work a moment later.
pub trait Transient {
    /// Whether it may, and how long the server asked to be left alone.
    fn is_transient(&self) -> Option<Option<Duration>>;
}

/// Whether a server that answers with this status may well answer otherwise a moment later. 501: it never will.
pub fn is_transient_status(status: u16) -> bool {
    matches!(status, 429 | 500 | 502..=599)
}

/// Does `attempt` until it succeeds, fails for good, or `budget` is over, as [`Attempts`] says.
///
/// # Errors
/// The last one of the attempts.
pub async fn until<T, E: Transient + std::error::Error>(
    budget: Duration,
    attempt: impl AsyncFn() -> Result<T, E>,
) -> Result<T, E> {
    let mut attempts = Attempts::within(budget);
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => attempts.again(error).await?,
        }
    }
}

/// Attempts at one thing, where what attempts cannot be given to [`until`]. Pauses grow, with jitter, and are never shorter
/// than what the server asks for; where it asks for more than is left, that is the end.
#[derive(Debug)]
pub struct Attempts {
    started: Instant,
    budget: Duration,
    failed: u32,
}

impl Attempts {
    /// None was made yet.
    pub fn within(budget: Duration) -> Self {
        Self { started: Instant::now(), budget, failed: 0 }
    }

    /// Waits until the next attempt may be made.
    ///
    /// # Errors
    /// The one of the last attempt, when there is no other.
    pub async fn again<E: Transient + std::error::Error>(&mut self, error: E) -> Result<(), E> {
        let Some(asked) = error.is_transient() else { return Err(error) };
        let pause = pause(self.failed, jitter()).max(asked.unwrap_or_default());
        if self.started.elapsed() + pause >= self.budget || ONCE.try_with(|()| ()).is_ok() {
            return Err(error);
        }
        let _ = LISTENER.try_with(|listener| listener(&error, pause));
        drop(error);
        wait(pause).await;
        self.failed += 1;
        Ok(())
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

    #[derive(Debug, thiserror::Error)]
    #[error("down")]
    struct Down;

    impl Transient for Down {
        fn is_transient(&self) -> Option<Option<Duration>> {
            Some(None)
        }
    }

    #[test]
    fn retries_are_told_of_and_can_be_left_out() {
        use std::cell::{Cell, RefCell};
        let heard = std::rc::Rc::new(RefCell::new(Vec::new()));
        let all = std::rc::Rc::clone(&heard);
        let listener: Listener = std::rc::Rc::new(move |error: &dyn std::error::Error, pause: Duration| {
            all.borrow_mut().push((error.to_string(), pause));
        });
        let tried = Cell::new(0_usize);
        let attempt = async || {
            tried.set(tried.get() + 1);
            Err::<(), _>(Down)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _ = runtime.block_on(told(listener, until(Duration::from_millis(700), attempt))).unwrap_err();
        assert!(tried.get() >= 2 && heard.borrow().len() == tried.get() - 1);
        assert!(heard.borrow().iter().all(|(why, pause)| why == "down" && !pause.is_zero()));
        tried.set(0);
        let _ = runtime.block_on(once(until(Duration::from_secs(30), attempt))).unwrap_err();
        assert_eq!(tried.get(), 1);
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
