//! JUnit's XML, in the form that Jenkins publishes a schema of (junit-10.xsd): one suite for a run, one case for each thing that was
//! judged. What was refused is a failure, what could not be judged an error.

use std::fmt::Write as _;

use super::super::Safe;
use super::words::{self, Counts};
use crate::commands::{Finding, Report};

/// The document.
pub fn junit(report: &Report) -> String {
    let findings = report.findings();
    let Counts { all, refused, unjudged, unsigned, resumed } = Counts::of(&findings);
    let name = attribute(&format!("rcosign {}", report.command));
    let counts = format!("tests=\"{all}\" failures=\"{refused}\" errors=\"{unjudged}\"");
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<testsuites name=\"{name}\" {counts}>");
    let time = report.time.split(['.', 'Z']).next().unwrap_or_default();
    let _ = writeln!(out, "  <testsuite name=\"{name}\" {counts} timestamp=\"{}\">", attribute(time));
    let some = |count: usize| (count > 0).then(|| count.to_string());
    let properties = [
        ("rcosign.version", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("rcosign.trusted-root", report.trusted_root.clone()),
        ("rcosign.accepted-unsigned", some(unsigned)),
        ("rcosign.resumed", some(resumed)),
    ];
    out.push_str("    <properties>\n");
    for (name, value) in properties {
        if let Some(value) = value {
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", attribute(&value));
        }
    }
    out.push_str("    </properties>\n");
    for finding in &findings {
        case(&mut out, finding, report.command);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, finding: &Finding<'_>, command: &str) {
    let name = attribute(&words::name(finding));
    let _ = writeln!(out, "    <testcase name=\"{name}\" classname=\"{}\">", attribute(command));
    if let Some(code) = finding.code() {
        let element = if finding.is_refused() { "failure" } else { "error" };
        let lines = finding.error.map(words::failure).unwrap_or_default();
        let message = lines.first().map_or("nothing verified", String::as_str);
        let _ = writeln!(
            out,
            "      <{element} type=\"{}\" message=\"{}\">{}</{element}>",
            attribute(code),
            attribute(message),
            content(&lines)
        );
    }
    let _ = writeln!(out, "      <system-out>{}</system-out>", content(&evidence(finding)));
    out.push_str("    </testcase>\n");
}

/// What became of it, digests, candidates and checks, in lines.
fn evidence(finding: &Finding<'_>) -> Vec<String> {
    let mut lines = vec![words::verdict(finding)];
    lines.extend(finding.digests.iter().cloned());
    lines.extend(words::decided(finding));
    for candidate in finding.candidates {
        lines.push(words::candidate(candidate));
        lines.extend(words::about(candidate).iter().map(|line| format!("  {line}")));
        let checks = candidate.checks.iter();
        lines.extend(checks.map(|check| format!("  {} {}", check.check, words::outcome(check))));
    }
    lines
}

/// Lines as the content of an element.
fn content(lines: &[String]) -> String {
    lines.iter().map(|line| attribute(line)).collect::<Vec<_>>().join("\n")
}

/// Text for an attribute or an element. [`Safe`] leaves no character that XML 1.0 does not allow (section 2.2): controls are
/// written out, and so are the two that are no characters.
fn attribute(text: &str) -> String {
    let mut out = String::new();
    for c in Safe(text).to_string().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
