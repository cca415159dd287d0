//! Findings in words, the same in every form for people.

use super::super::policy;
use crate::commands::{CandidateReport, CheckReport, ErrorReport, Finding, SignerReport};

/// How many findings there are, and what became of them.
pub struct Counts {
    pub all: usize,
    pub refused: usize,
    pub unjudged: usize,
    /// Accepted without a signature: a policy file asks for none.
    pub unsigned: usize,
    /// Verified by an earlier run, and not judged again.
    pub resumed: usize,
}

impl Counts {
    pub fn of(findings: &[Finding<'_>]) -> Self {
        let refused = findings.iter().filter(|finding| finding.is_refused()).count();
        let failed = findings.iter().filter(|finding| !finding.verified).count();
        let unsigned = findings.iter().filter(|finding| finding.is_unsigned()).count();
        let resumed = findings.iter().filter(|finding| finding.resumed.is_some()).count();
        Self { all: findings.len(), refused, unjudged: failed - refused, unsigned, resumed }
    }

    /// By this run.
    pub fn verified(&self) -> usize {
        self.all - self.refused - self.unjudged - self.unsigned - self.resumed
    }

    /// In a line.
    pub fn line(&self) -> String {
        let Self { all, refused, unjudged, unsigned, resumed } = self;
        let some = |count: &usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} {what}"),
        };
        format!(
            "{all} judged: {} verified{}{}, {refused} refused, {unjudged} could not be judged",
            self.verified(),
            some(unsigned, UNSIGNED),
            some(resumed, RESUMED),
        )
    }
}

/// What is said of what a policy file accepts as it is.
pub const UNSIGNED: &str = "accepted without a signature";

/// What is said of what was not judged again.
pub const RESUMED: &str = "verified by an earlier run";

/// What became of it, in a few words.
pub fn verdict(finding: &Finding<'_>) -> String {
    match (finding.verified, finding.resumed) {
        (true, Some(time)) => format!("{RESUMED}, at {time}"),
        (true, None) if finding.is_unsigned() => UNSIGNED.to_owned(),
        (true, None) => "verified".to_owned(),
        (false, _) if finding.is_refused() => "refused".to_owned(),
        (false, _) => "not judged".to_owned(),
    }
}

/// What decided about it, in lines: the scope of the policy file, and each demand with what counts. Nothing where no policy file did.
pub fn decided(finding: &Finding<'_>) -> Vec<String> {
    let Some(report) = finding.policy else { return Vec::new() };
    let first = format!("policy {}: scope {}", report.file, policy::scope(report));
    std::iter::once(first).chain(report.demands.iter().flat_map(policy::counted)).collect()
}

/// The name, with the platform and the index that it was found in.
pub fn name(finding: &Finding<'_>) -> String {
    let platform = finding.platform.map(|platform| format!(" ({platform})")).unwrap_or_default();
    let index = finding.index.map(|index| format!(", in {index}")).unwrap_or_default();
    format!("{}{platform}{index}", finding.name)
}

/// Why it failed, in lines.
pub fn failure(error: &ErrorReport) -> Vec<String> {
    let causes = error.causes.iter().map(|cause| format!("caused by: {cause}"));
    let hints = error.hints.iter().map(|hint| format!("hint: {hint}"));
    std::iter::once(error.message.clone()).chain(causes).chain(hints).collect()
}

/// What a candidate is, and what became of it. One that does not count is no success, whatever was verified of it.
pub fn candidate(candidate: &CandidateReport) -> String {
    let verdict = match (candidate.verified, candidate.uncounted.first()) {
        (true, _) => "verified".to_owned(),
        (false, Some(reason)) => format!("verified, does not count: {reason}"),
        (false, None) => "refused".to_owned(),
    };
    format!("{} ({}): {verdict}", candidate.source, candidate.format)
}

/// What belongs to a candidate, in lines: what more there is of the reason why it does not count, who signed, and what was found to hold.
pub fn about(candidate: &CandidateReport) -> Vec<String> {
    let reasons = candidate.uncounted.iter().skip(1).cloned();
    let signer = candidate.signer.iter().map(signer);
    let kind = candidate.predicate_type.iter().map(|kind| format!("statement of type {kind}"));
    reasons.chain(signer).chain(kind).chain(candidate.evidence.iter().cloned()).collect()
}

/// Who signed.
fn signer(signer: &SignerReport) -> String {
    match (&signer.identity, &signer.issuer) {
        (Some(identity), Some(issuer)) => format!("signed by {identity}, confirmed by {issuer}"),
        (Some(identity), None) => format!("signed by {identity}"),
        (None, _) => format!("signed by the key with id {}", signer.key_id),
    }
}

/// What became of a check, after its name.
pub fn outcome(check: &CheckReport) -> String {
    let CheckReport { outcome, flag, reason, detail, .. } = check;
    let by = flag.map(|flag| format!(" by {flag}")).unwrap_or_default();
    let reason = reason.map(|reason| format!(" [{reason}]")).unwrap_or_default();
    let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{outcome}{by}{reason}{detail}")
}
