//! Colour on a terminal.

use std::ffi::OsString;
use std::fmt::{Display, Formatter, Result};
use std::io::IsTerminal;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Color {
    /// For standard output: on a terminal alone, and not where the user says so (`NO_COLOR` of no-color.org, `CLICOLOR`) or the terminal
    /// knows none.
    pub fn of_stdout(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self::of(std::io::stdout().is_terminal(), variable)
    }

    fn of(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let is = |name: &str, text: &str| variable(name).is_some_and(|value| value == text);
        if is_terminal && !is_set("NO_COLOR") && !is("CLICOLOR", "0") && !is("TERM", "dumb") {
            Self::On
        } else {
            Self::Off
        }
    }

    /// Good news.
    pub fn good<T: Display>(self, what: T) -> Painted<T> {
        Painted { color: self, code: "32", what }
    }

    /// Bad news.
    pub fn bad<T: Display>(self, what: T) -> Painted<T> {
        Painted { color: self, code: "31", what }
    }

    /// What may be passed over.
    pub fn faint<T: Display>(self, what: T) -> Painted<T> {
        Painted { color: self, code: "2", what }
    }
}

/// Something in a colour.
pub struct Painted<T> {
    color: Color,
    code: &'static str,
    what: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.color {
            Color::On => write!(f, "\u{1b}[{}m{}\u{1b}[0m", self.code, self.what),
            Color::Off => self.what.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_colour_on_a_terminal_alone_and_not_against_the_user() {
        let of = |terminal, set: &[(&str, &str)]| {
            Color::of(terminal, |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
        };
        assert_eq!(of(true, &[]), Color::On);
        assert_eq!(of(true, &[("NO_COLOR", ""), ("CLICOLOR", "1"), ("TERM", "xterm")]), Color::On);
        assert_eq!(of(false, &[("CLICOLOR", "1"), ("CLICOLOR_FORCE", "1")]), Color::Off);
        assert_eq!(of(true, &[("NO_COLOR", "0")]), Color::Off);
        assert_eq!(of(true, &[("CLICOLOR", "0")]), Color::Off);
        assert_eq!(of(true, &[("TERM", "dumb")]), Color::Off);
        assert_eq!(Color::On.good("x").to_string(), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(Color::Off.bad("x").to_string(), "x");
    }
}
