//! The report for people: a tree of what was judged, its candidates, and their checks.

use std::fmt::Write as _;

use super::super::safe::line;
use super::super::{Color, Safe};
use super::words::{self, Counts};
use crate::commands::{CandidateReport, Finding, Report};

/// The tree, and a line that counts.
pub fn text(report: &Report, color: Color) -> String {
    let findings = report.findings();
    let mut out = String::new();
    for finding in &findings {
        whole(&mut out, finding, color);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", Counts::of(&findings).line());
    // What a runner of workflows takes for a command, wherever in a line it stands.
    out.replace("##[", "#\\u{23}[")
}

fn whole(out: &mut String, finding: &Finding<'_>, color: Color) {
    let (name, verdict) = (words::name(finding), words::verdict(finding));
    let is_proven = finding.verified && !finding.is_unsigned();
    let verdict = match finding.verified {
        true if is_proven => color.good(Safe(&verdict)),
        true => color.faint(Safe(&verdict)),
        false => color.bad(Safe(&verdict)),
    };
    let _ = writeln!(out, "{}: {verdict}", line(&name));
    for digest in finding.digests {
        let _ = writeln!(out, "  {}", color.faint(Safe(digest)));
    }
    for line in finding.error.map(words::failure).into_iter().flatten() {
        let _ = writeln!(out, "  {}", Safe(&line));
    }
    for line in words::decided(finding) {
        let _ = writeln!(out, "  {}", Safe(&line));
    }
    let count = finding.candidates.len();
    for (number, candidate) in finding.candidates.iter().enumerate() {
        one(out, candidate, number + 1 == count, color);
    }
}

fn one(out: &mut String, candidate: &CandidateReport, is_last: bool, color: Color) {
    let (branch, indent) = if is_last { ("\u{2514}", "   ") } else { ("\u{251c}", "\u{2502}  ") };
    let _ = writeln!(out, "{branch}\u{2500} {}", Safe(&words::candidate(candidate)));
    for line in words::about(candidate) {
        let _ = writeln!(out, "{indent}  {}", Safe(&line));
    }
    let count = candidate.checks.len();
    for (number, check) in candidate.checks.iter().enumerate() {
        let branch = if number + 1 == count { '\u{2514}' } else { '\u{251c}' };
        let outcome = words::outcome(check);
        let outcome = Safe(&outcome);
        let outcome = match check.outcome {
            "proven" => color.good(outcome),
            "failed" => color.bad(outcome),
            _ => color.faint(outcome),
        };
        let _ = writeln!(out, "{indent}{branch}\u{2500} {} {outcome}", check.check);
    }
}
