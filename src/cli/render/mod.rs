//! The only place that prints: data to standard output or a file, everything else to standard error.

mod color;
mod differences;
mod help;
pub mod images;
mod man;
mod markdown;
mod outline;
mod output;
pub mod policy;
#[cfg(test)]
mod reference;
mod report;
mod safe;
mod tree;
pub mod waiting;

pub use color::Color;
pub use differences::differences;
pub use help::{command_help, group_help, root_help, topic_help};
pub use man::manual;
pub use outline::outline;
pub use output::Output;
pub use report::{pretty, report, summary};
pub use safe::{Safe, json, json_lines, line, text};
pub use tree::tree;

use std::io::Write;

use crate::commands::Error;
use crate::commands::pasteable;
use crate::progress;

/// As many refused candidates are told of one thing: whoever may write to a registry decides how many there are.
const SHOWN: usize = 10;
/// And of all things together that failed in one run.
const SHOWN_OF_PARTS: usize = 100;

/// Prints one line of narration.
pub fn say(line: &str) {
    stderr_line(&safe::line(line));
}

/// Prints one warning. Deprecations begin with `Flag`, as cosign prints them.
pub fn warn(line: &str) {
    let prefix = if line.starts_with("Flag --") { "" } else { "WARNING: " };
    stderr_line(&format!("{prefix}{}", Safe(line)));
}

/// Prints a failure: what, why, what to do.
pub fn error(error: &Error) {
    stderr_line(error_text(error).trim_end());
}

fn error_text(error: &Error) -> String {
    let mut text = format!("error: {}\n", Safe(&error.message));
    for cause in &error.causes {
        text.push_str(&format!("  caused by: {}\n", Safe(cause)));
    }
    for (number, reason) in error.candidates.iter().take(SHOWN).enumerate() {
        text.push_str(&format!("    {}. {}\n", number + 1, Safe(reason)));
    }
    if let Some(more @ 1..) = error.candidates.len().checked_sub(SHOWN) {
        text.push_str(&format!("    and {more} more: --report json tells them all\n"));
    }
    let mut left = SHOWN_OF_PARTS;
    for (number, part) in error.parts.iter().enumerate() {
        text.push_str(&format!("    {}. {}: {}\n", number + 1, Safe(&part.name), Safe(&part.error.message)));
        for cause in &part.error.causes {
            text.push_str(&format!("         caused by: {}\n", Safe(cause)));
        }
        let shown = part.error.candidates.len().min(SHOWN).min(left);
        left -= shown;
        for reason in part.error.candidates.iter().take(shown) {
            text.push_str(&format!("         - {}\n", Safe(reason)));
        }
        if let Some(more @ 1..) = part.error.candidates.len().checked_sub(shown) {
            text.push_str(&format!("         - and {more} more: --report json tells them all\n"));
        }
    }
    for hint in &error.hints {
        text.push_str(&format!("hint: {}\n", Safe(&pasteable(hint))));
    }
    text
}

/// A line on standard error; there is nobody to tell when that fails.
fn stderr_line(line: &str) {
    progress::hide();
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Turns a panic into one line and a failing exit code, however the program was built.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        stderr_line(&format!("error: internal fault{place}: {}", Safe(what)));
        #[expect(clippy::exit, reason = "a panic must never end in success, nor in a core file")]
        std::process::exit(1);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::ErrorKind;

    #[test]
    fn what_failed_in_one_run_is_a_list() {
        let part = Error::new(ErrorKind::NoneValid, "not\nvalid").cause("why").candidate("first");
        let error = Error::new(ErrorKind::NoneValid, "2 of 2").part("a\u{1b}", part.clone()).part("b", part);
        assert_eq!(
            error_text(&error),
            "error: 2 of 2\n    1. a\\u{1b}: not\\nvalid\n         caused by: why\n         - first\n    2. b: \
             not\\nvalid\n         caused by: why\n         - first\n"
        );
    }

    #[test]
    fn of_many_candidates_a_few_are_shown() {
        let many = |error: Error| (0..1000).fold(error, |error, n| error.candidate(format!("no {n}")));
        let text = error_text(&many(Error::new(ErrorKind::NoneValid, "none")));
        assert_eq!(text.lines().count(), 12);
        assert!(text.ends_with("    10. no 9\n    and 990 more: --report json tells them all\n"), "{text}");
        let part = || many(Error::new(ErrorKind::NoneValid, "none"));
        let error = Error::new(ErrorKind::NoneValid, "all");
        let text = error_text(&(0..1000).fold(error, |error, n| error.part(n.to_string(), part())));
        assert!(
            text.lines().count() < 2_200
                && text.contains("- and 990 more")
                && text.contains("- and 1000 more")
        );
    }

    #[test]
    fn commands_in_hints_can_be_pasted() {
        for (hint, shown) in [
            ("run `initialize --mirror URL`: x", "run `rcosign initialize --mirror URL`: x"),
            ("`debug providers` shows it", "`rcosign debug providers` shows it"),
            ("a kit is for `unpack`, `x` and `unpacked x`", "a kit is for `unpack`, `x` and `unpacked x`"),
            ("`rcosign tree IMAGE` or `tree A`", "`rcosign tree IMAGE` or `rcosign tree A`"),
            ("no ` sign x", "no ` sign x"),
        ] {
            let text = error_text(&Error::new(ErrorKind::Other, "x").hint(hint));
            assert_eq!(text, format!("error: x\nhint: {shown}\n"));
        }
    }

    #[test]
    fn an_error_is_one_block_and_escaped() {
        let error = Error::new(ErrorKind::NoneValid, "none of\n2")
            .cause("2 checked")
            .candidate("first\u{1b}[0m")
            .candidate("second")
            .hint("try `x`");
        assert_eq!(
            error_text(&error),
            "error: none of\\n2\n  caused by: 2 checked\n    1. first\\u{1b}[0m\n    2. second\nhint: try `x`\n"
        );
    }
}
