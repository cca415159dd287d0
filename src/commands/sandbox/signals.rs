//! Signals that ask for the end, or mean something to a command.

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere none are heard"))]
pub(super) struct Signal(pub i32);

/// They are heard from when this is made, and from then on no longer end the process by themselves.
#[cfg(unix)]
pub(super) struct Signals(Vec<(std::sync::Arc<std::sync::atomic::AtomicBool>, Signal)>);

#[cfg(unix)]
use super::super::ending::{ignored, take_signals};
#[cfg(unix)]
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};

#[cfg(unix)]
impl Signals {
    /// Those that ask for the end: Ctrl-C, Ctrl-\, the polite end, and that the terminal is gone.
    pub fn that_end() -> Self {
        Self::of(&[SIGINT, SIGQUIT, SIGTERM, SIGHUP])
    }

    /// Those too that would end this process alone, and not the command that it runs, or that are meant for that. What stops a process
    /// (SIGTSTP) stops this one alone; the keys of a terminal reach both.
    pub fn all() -> Self {
        Self::of(&[SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH])
    }

    fn of(numbers: &[i32]) -> Self {
        take_signals();
        // Whoever says `nohup` means it.
        let heard = numbers.iter().filter(|number| **number != SIGHUP || !ignored(SIGHUP));
        Self(
            heard
                .map(|number| {
                    let came = std::sync::Arc::default();
                    // Where the system refuses, they do what they always do.
                    let _ = signal_hook::flag::register(*number, std::sync::Arc::clone(&came));
                    (came, Signal(*number))
                })
                .collect(),
        )
    }

    /// One that came and ends whoever does nothing about it.
    pub fn ending(&self) -> Option<Signal> {
        std::iter::from_fn(|| self.take()).find(|signal| signal.0 != SIGWINCH)
    }

    /// One that came since this was last asked.
    pub fn take(&self) -> Option<Signal> {
        use std::sync::atomic::Ordering::AcqRel;
        self.0.iter().find(|(came, _)| came.fetch_and(false, AcqRel)).map(|(_, signal)| *signal)
    }
}

impl Signal {
    /// The exit code of what a signal ended, as shells tell it.
    pub fn code(self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(u8::MAX)
    }
}

#[cfg(unix)]
impl Signal {
    /// Whether the keys of a terminal, or its window, send it to all processes in the foreground.
    pub fn is_of_terminals(self) -> bool {
        [SIGINT, SIGQUIT, SIGWINCH].contains(&self.0)
    }
}

/// Elsewhere they do what they always do.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Listens to nothing.
    pub fn that_end() -> Self {
        Self
    }

    /// Listens to nothing.
    pub fn all() -> Self {
        Self
    }

    /// None.
    pub fn ending(&self) -> Option<Signal> {
        None
    }

    /// None.
    pub fn take(&self) -> Option<Signal> {
        None
    }
}

/// How often is looked whether one came.
pub(super) const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

impl Signals {
    /// What comes of this work, unless a signal comes first that ends whoever does nothing about it.
    ///
    /// # Errors
    /// The signal.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Signal> {
        let ended = async {
            loop {
                match self.ending() {
                    Some(signal) => return signal,
                    None => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        tokio::select! {
            done = work => Ok(done),
            signal = ended => Err(signal),
        }
    }

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
