//! Signals that ask for the end.

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere none are heard"))]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The polite end.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

/// They are heard from when this is made, and from then on no longer end the process by themselves.
#[cfg(unix)]
pub(super) struct Signals([(std::sync::Arc<std::sync::atomic::AtomicBool>, Signal); 3]);

#[cfg(unix)]
impl Signals {
    /// Listens.
    pub fn listen() -> Self {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let all = [(SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate), (SIGHUP, Signal::HangUp)];
        Self(all.map(|(number, signal)| {
            let came = std::sync::Arc::default();
            // Where the system refuses, they do what they always do.
            let _ = signal_hook::flag::register(number, std::sync::Arc::clone(&came));
            (came, signal)
        }))
    }

    /// One that came since this was last asked.
    pub fn take(&self) -> Option<Signal> {
        use std::sync::atomic::Ordering::AcqRel;
        self.0.iter().find(|(came, _)| came.fetch_and(false, AcqRel)).map(|(_, signal)| *signal)
    }
}

/// Elsewhere they do what they always do.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Listens to nothing.
    pub fn listen() -> Self {
        Self
    }

    /// None.
    pub fn take(&self) -> Option<Signal> {
        None
    }
}

/// How often is looked whether one came.
pub(super) const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

impl Signals {
    /// Waits for one.
    pub async fn next(&self) -> Signal {
        loop {
            if let Some(signal) = self.take() {
                return signal;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
