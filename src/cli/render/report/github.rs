//! What the runner of GitHub Actions obeys in the output of a step: a workflow command in a line of its own for each thing that failed.

use std::fmt::Write as _;

use super::super::Safe;
use super::words::{self, Counts};
use crate::commands::{Finding, Report};

/// The runner shows as many errors of a step; the last one tells of the others.
const SHOWN: usize = 10;

/// So many names are listed in one notice.
const NAMED: usize = 50;

/// The commands.
pub fn commands(report: &Report) -> String {
    let findings = report.findings();
    let failed: Vec<_> = findings.iter().filter(|finding| !finding.verified).collect();
    let shown = if failed.len() > SHOWN { SHOWN - 1 } else { failed.len() };
    let mut out = String::new();
    for finding in failed.iter().take(shown) {
        let (verdict, code) = (words::verdict(finding), finding.code().unwrap_or_default());
        let title = format!("{verdict}: {} [{code}]", words::name(finding));
        let lines = finding.error.map(words::failure).unwrap_or_default();
        let place = match finding.named_at {
            // The runner shows no line of what nobody keeps.
            Some(at) if at.file == "-" => None,
            Some(at) => Some(format!("file={},line={},", property(&super::from_here(&at.file)), at.line)),
            None => {
                report.named_in.as_deref().map(|file| format!("file={},", property(&super::from_here(file))))
            }
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "::error {}title={}::{}",
            place.unwrap_or_default(),
            property(&title),
            lines.iter().map(|line| data(line)).collect::<Vec<_>>().join("%0A")
        );
    }
    let more = failed.len() - shown;
    if more > 0 {
        let _ = writeln!(out, "::error title=rcosign::and {more} more: the summary of the job lists them");
    }
    names(&mut out, words::UNSIGNED, findings.iter().filter(|finding| finding.is_unsigned()));
    names(&mut out, words::RESUMED, findings.iter().filter(|finding| finding.resumed.is_some()));
    let counts = Counts::of(&findings).line();
    let _ = writeln!(
        out,
        "::notice title={}::{}",
        property(&format!("rcosign {}", report.command)),
        data(&counts)
    );
    out
}

/// A notice of what was accepted although this run verified no signature of it.
fn names<'a>(out: &mut String, what: &str, findings: impl Iterator<Item = &'a Finding<'a>>) {
    let mut names: Vec<_> = findings.map(|finding| data(&words::name(finding))).collect();
    if names.is_empty() {
        return;
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "::notice title={}::{}", property(what), names.join("%0A"));
}

/// The message of a command: the runner decodes `%25`, `%0D` and `%0A`, and nothing else. Control characters are written out before.
fn data(text: &str) -> String {
    Safe(text).to_string().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
