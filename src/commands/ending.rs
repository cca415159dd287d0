//! Signals that end the program at once, and what is put in order before. Commands that end in a way of their own take them first.

#[cfg(all(unix, feature = "http"))]
pub use heard::before_signals;
#[cfg(all(unix, feature = "http"))]
pub(super) use heard::{ignored, take_signals};

#[cfg(all(unix, feature = "http"))]
mod heard {
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// Whether a command ends in a way of its own.
    static TAKEN: AtomicBool = AtomicBool::new(false);

    /// Leaves signals to the command from now on, until the program ends.
    pub fn take_signals() {
        TAKEN.store(true, Ordering::Relaxed);
    }

    /// Has `order` called when a signal ends the program: SIGINT, SIGTERM and SIGHUP, unless whoever started it wants it not to hear
    /// them. Then they do what they always do.
    pub fn before_signals(order: fn()) {
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !ignored(*signal));
        // Where the system refuses, nothing is put in order.
        let Ok(mut signals) = Signals::new(heard) else { return };
        let wait = move || {
            for signal in signals.forever() {
                if !TAKEN.load(Ordering::Relaxed) {
                    order();
                    let _ = emulate_default_handler(signal);
                }
            }
        };
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    }

    /// Whether this process was started so that it ignores a signal, as by `nohup` and by shells for what runs in the background (proc(5),
    /// `SigIgn`: a bit for each, the lowest for signal 1); where the system does not say, it was not.
    pub fn ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
    }
}

/// Elsewhere they do what they always do.
#[cfg(not(all(unix, feature = "http")))]
pub fn before_signals(_: fn()) {}
