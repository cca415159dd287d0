//! The limits of an evaluation: time, memory and depth.
//!
//! An evaluation runs in a thread of its own, which has the stack for any depth that the parsers let through, and is looked
//! after from here: nothing it calls can look away from the clock or from what it takes. A thread cannot be stopped from
//! outside. Where a limit is exceeded the command ends with that error, and the thread with the process.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::Error;

/// The longest that one evaluation may take.
pub(super) const TIME: Duration = Duration::from_secs(30);
/// The most that the process may grow while it runs: 2 GiB.
pub(super) const MEMORY_KIB: u64 = 2 << 20;
/// The stack of an evaluation. Only what is touched is taken of the machine.
const STACK: usize = 512 << 20;
/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// What one evaluation may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub time: Duration,
    pub memory_kib: u64,
}

impl Default for Guard {
    fn default() -> Self {
        Self { time: TIME, memory_kib: MEMORY_KIB }
    }
}

impl Guard {
    /// Runs `evaluate` within the limits.
    pub(super) fn run<T: Send + 'static>(
        self,
        evaluate: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (send, receive) = channel();
        let (began, before) = (Instant::now(), resident_kib());
        let work = move || {
            // Nobody may be waiting any more.
            let _ = send.send(evaluate());
        };
        let thread = std::thread::Builder::new().name("policy".to_owned()).stack_size(STACK).spawn(work);
        let thread = thread.map_err(|e| Error::Thread { reason: e.to_string() })?;
        loop {
            match receive.recv_timeout(INTERVAL) {
                Ok(done) => {
                    // What it holds of the machine goes back before the next one starts.
                    let _ = thread.join();
                    return Ok(done);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Thread { reason: "its thread ended without an answer".to_owned() });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if began.elapsed() > self.time {
                let reason = format!("no verdict after {} seconds", self.time.as_secs());
                return Err(Error::Limit { reason });
            }
            if let (Some(before), Some(now)) = (before, resident_kib())
                && now.saturating_sub(before) > self.memory_kib
            {
                let reason = format!("it took more than {} MiB of memory", self.memory_kib >> 10);
                return Err(Error::Limit { reason });
            }
        }
    }
}

/// What the process holds of the machine's memory, where the system tells it in a file.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_or_too_much_is_ended_with_the_limit_named() {
        let guard = Guard { time: Duration::from_millis(50), memory_kib: 64 << 10 };
        let slow = guard.run(|| std::thread::sleep(Duration::from_secs(5))).unwrap_err();
        assert!(slow.is_limit() && slow.to_string().contains("seconds"), "{slow}");
        let guard = Guard { time: Duration::from_secs(20), ..guard };
        let large = guard.run(|| {
            let held = vec![1_u8; 256 << 20];
            std::thread::sleep(Duration::from_secs(5));
            held.len()
        });
        if cfg!(target_os = "linux") {
            let large = large.unwrap_err();
            assert!(large.is_limit() && large.to_string().contains("64 MiB"), "{large}");
        }
        assert_eq!(guard.run(|| 3), Ok(3));
    }
}
