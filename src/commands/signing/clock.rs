//! The time of a run, which may take longer than a certificate is valid.

use std::time::Instant;

use crate::crypto::UnixTime;

/// The time at the beginning, and how long that was ago.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    at: UnixTime,
    since: Instant,
}

impl Clock {
    /// A clock that shows `at` now.
    pub fn start(at: UnixTime) -> Self {
        Self { at, since: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> UnixTime {
        self.at.plus(self.since.elapsed())
    }

    /// Seconds since the beginning.
    pub fn elapsed(&self) -> f64 {
        self.since.elapsed().as_secs_f64()
    }
}
