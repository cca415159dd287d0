//! How far long work is, in one line of the terminal that is drawn anew in its place.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Safe;

/// Back to the beginning of the line, which is emptied (ECMA-48, sections 8.3.15 and 8.3.41).
const EMPTY: &str = "\r\u{1b}[2K";
/// What is longer than the line is cut, and does not begin another one (DECAWM).
const CUT: &str = "\u{1b}[?7l";
const WRAP: &str = "\u{1b}[?7h";

/// Whether somebody sits there who would see it: standard error is a terminal that can draw a line anew, and this is no CI job.
pub fn is_wanted(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    decided(std::io::stderr().is_terminal(), variable)
}

fn decided(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    let can_draw = match value("TERM") {
        Some(term) => term != "dumb",
        // Only the terminals of Windows have no name.
        None => cfg!(windows),
    };
    is_terminal && can_draw && value("CI").is_none_or(|value| value == "false")
}

/// Whether a line is there.
static IS_DRAWN: AtomicBool = AtomicBool::new(false);

/// Takes the line away, from whatever thread.
pub fn clear() {
    if IS_DRAWN.load(Ordering::Relaxed) {
        draw(None);
    }
}

/// Draws the line, or takes it away.
pub fn draw(line: Option<&str>) {
    IS_DRAWN.store(line.is_some(), Ordering::Relaxed);
    let text = match line {
        Some(line) => format!("{EMPTY}{CUT}{}{WRAP}", Safe(line)),
        None => EMPTY.to_owned(),
    };
    let mut out = std::io::stderr().lock();
    // There is nobody to tell when that fails.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_but_for_somebody_at_a_terminal() {
        let of = |terminal, set: &[(&str, &str)]| {
            decided(terminal, |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
        };
        assert!(of(true, &[("TERM", "xterm")]));
        assert!(of(true, &[("TERM", "xterm"), ("CI", "")]));
        assert!(of(true, &[("TERM", "xterm"), ("CI", "false")]));
        assert!(!of(false, &[("TERM", "xterm")]));
        assert!(!of(true, &[("TERM", "dumb")]));
        assert!(!of(true, &[("TERM", "xterm"), ("CI", "true")]));
        assert!(!of(true, &[("TERM", "xterm"), ("CI", "1")]));
        assert_eq!(of(true, &[]), cfg!(windows));
    }
}
