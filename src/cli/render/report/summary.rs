//! The summary of a job in Markdown, for the page that GitHub shows of it.

use std::fmt::Write as _;

use super::super::Safe;
use super::words::{self, Counts};
use crate::commands::Report;

/// GitHub takes 1 MiB of a step; rows that do not fit are counted.
const LARGEST: usize = 900_000;

/// A table of what was judged, what failed first, then what has no signature.
pub fn summary(report: &Report) -> String {
    let mut findings = report.findings();
    let counts = Counts::of(&findings).line();
    findings.sort_by_key(|finding| (finding.verified, !finding.is_unsigned()));
    let mut out = format!("### rcosign {}\n\n{}\n\n", plain(report.command), plain(&counts));
    out.push_str("| | artifact | digest | why |\n|---|---|---|---|\n");
    for (number, finding) in findings.iter().enumerate() {
        if out.len() > LARGEST {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "\nand {} more", findings.len() - number);
            break;
        }
        let mark = match finding.verified {
            true if finding.is_unsigned() => "\u{26a0}\u{fe0f}",
            true => "\u{2705}",
            false => "\u{274c}",
        };
        let why = finding.error.map_or(String::new(), |error| {
            let causes = error.causes.iter().take(3).map(|cause| format!("<br>{}", plain(cause)));
            let code = finding.code().map(|code| format!("<code>{}</code> ", plain(code)));
            format!("{}{}{}", code.unwrap_or_default(), plain(&error.message), causes.collect::<String>())
        });
        let _ = writeln!(
            out,
            "| {mark} {} | <code>{}</code> | <code>{}</code> | {why} |",
            plain(&words::verdict(finding)),
            plain(&words::name(finding)),
            plain(finding.digests.first().map_or("", String::as_str)),
        );
    }
    out.push('\n');
    out
}

/// Text that is neither Markdown nor HTML: every sign that one of them gives a meaning is a numeric character reference.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in Safe(text).to_string().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | '/') => out.push(c),
            c if c.is_ascii() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
