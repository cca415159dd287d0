//! SARIF 2.1.0 (OASIS): a result for each thing that was refused, under the rule of its reason, and a notification for each that could
//! not be judged. What verified is counted. What a policy file accepts without a signature is a result of the level `note`; what an earlier
//! run verified, a notification of it.

use serde_json::{Value, json};

use super::super::Safe;
use super::words::{self, Counts};
use crate::cli::{exit, explain};
use crate::commands::{Finding, PolicyReport, Report};
use crate::crypto::sha256;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The rule of what is accepted without a signature.
const UNSIGNED: &str = "accepted-unsigned";

/// The log, with one run.
pub fn sarif(report: &Report) -> Value {
    let findings = report.findings();
    let counts = Counts::of(&findings);
    let shown = || findings.iter().filter(|finding| finding.is_refused() || finding.is_unsigned());
    let mut codes: Vec<&str> = shown().map(code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<_> = shown().map(|finding| result(finding, report, &codes)).collect();
    let others = findings.iter().filter(|finding| match finding.verified {
        true => finding.resumed.is_some(),
        false => !finding.is_refused(),
    });
    let notifications: Vec<_> = others.map(|finding| notification(finding, report)).collect();
    let exit_code = report.error.as_ref().map_or(0, |error| exit::code(error.kind));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rcosign",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": counts.unjudged == 0,
                "exitCode": exit_code,
                "endTimeUtc": report.time,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": totals(report, &findings),
        }],
    })
}

/// The rule of a result.
fn code(finding: &Finding<'_>) -> &'static str {
    finding.code().unwrap_or(UNSIGNED)
}

fn rule(code: &str) -> Value {
    let text = explain::text(code).unwrap_or_else(|| code.to_owned());
    let first = text.lines().next().unwrap_or(code);
    json!({
        "id": code,
        "shortDescription": { "text": first },
        "help": { "text": text },
        "defaultConfiguration": { "level": if code == UNSIGNED { "note" } else { "error" } },
    })
}

fn result(finding: &Finding<'_>, report: &Report, codes: &[&str]) -> Value {
    let code = code(finding);
    let identity = format!("{code}\n{}", words::name(finding));
    json!({
        "ruleId": code,
        "ruleIndex": codes.iter().position(|known| *known == code),
        "kind": "fail",
        "level": level(finding),
        "message": { "text": message(finding) },
        "locations": [location(finding, report)],
        "partialFingerprints": { "rcosignNameAndReason/v1": hex::encode(sha256(identity.as_bytes())) },
        "properties": properties(finding),
    })
}

/// What belongs to a result beside its message: digests, and what decided.
fn properties(finding: &Finding<'_>) -> Value {
    let mut properties = finding.policy.map_or_else(|| json!({}), decided);
    properties["digests"] = json!(finding.digests);
    properties
}

/// The policy file, its scope and its pattern, and the signers who count.
fn decided(policy: &PolicyReport) -> Value {
    let counted = policy.demands.iter().flat_map(|demand| &demand.counted);
    let signers: Vec<_> = counted
        .map(|fact| json!({ "signer": fact.signer, "who": fact.who, "source": fact.source }))
        .collect();
    json!({
        "policyFile": policy.file,
        "scope": policy.scope,
        "pattern": policy.pattern,
        "verdict": policy.verdict,
        "signers": signers,
    })
}

/// What the run came to; and what decided about each artifact, accepted ones too, of which there is no result.
fn totals(report: &Report, findings: &[Finding<'_>]) -> Value {
    let counts = Counts::of(findings);
    let one = |finding: &Finding<'_>| {
        let mut decided = decided(finding.policy?);
        decided["artifact"] = json!(words::name(finding));
        Some(decided)
    };
    let decided: Vec<_> = findings.iter().filter_map(one).collect();
    let mut totals = json!({
        "command": report.command,
        "judged": counts.all,
        "verified": counts.verified(),
        "acceptedUnsigned": counts.unsigned,
        "resumed": counts.resumed,
        "refused": counts.refused,
        "notJudged": counts.unjudged,
    });
    if !decided.is_empty() {
        totals["decidedBy"] = decided.into();
    }
    totals
}

fn notification(finding: &Finding<'_>, report: &Report) -> Value {
    json!({
        "level": level(finding),
        "message": { "text": message(finding) },
        "locations": [location(finding, report)],
        "descriptor": { "id": finding.code().unwrap_or("resumed") },
    })
}

fn level(finding: &Finding<'_>) -> &'static str {
    if finding.verified { "note" } else { "error" }
}

/// What happened, and the reasons of all candidates.
fn message(finding: &Finding<'_>) -> String {
    let lines = match finding.error {
        Some(error) => words::failure(error),
        None if finding.verified => vec![words::verdict(finding)],
        None => vec!["nothing verified".to_owned()],
    };
    let lines = std::iter::once(words::name(finding)).chain(lines);
    // Placeholders and links of SARIF (section 3.11.5, 3.11.6) are made by braces and brackets; what others wrote makes none.
    let lines: Vec<_> = lines.map(|line| literal(&Safe(&line).to_string())).collect();
    lines.join("\n")
}

/// Text of a message that is meant as it stands.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The line of the file that names it, where there is one, else the thing itself; beside it, the thing by its name.
fn location(finding: &Finding<'_>, report: &Report) -> Value {
    let (file, line) = match finding.named_at {
        Some(at) if at.file == "-" => ("stdin", at.line),
        Some(at) => (at.file.as_str(), at.line),
        None => (report.named_in.as_deref().unwrap_or(finding.name), 1),
    };
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&super::from_here(file)) },
            "region": { "startLine": line },
        },
        "logicalLocations": [{ "fullyQualifiedName": Safe(finding.name).to_string(), "kind": "resource" }],
    })
}

/// A path or a name as a relative reference (RFC 3986, section 4.2), and an absolute path as a file URI (RFC 8089), which SARIF asks for (section 3.4.3): whatever is
/// not unreserved, and no slash, is percent-encoded.
fn uri(name: &str) -> String {
    let mut out = String::new();
    for byte in name.trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.starts_with('/') { format!("file:///{out}") } else { out }
}
