//! Findings in words, the same in every form for people.

use crate::commands::{CandidateReport, CheckReport, ErrorReport, Finding, SignerReport};

/// How many findings there are, how many were refused, and how many could not be judged.
pub struct Counts {
    pub all: usize,
    pub refused: usize,
    pub unjudged: usize,
}

impl Counts {
    pub fn of(findings: &[Finding<'_>]) -> Self {
        let refused = findings.iter().filter(|finding| finding.is_refused()).count();
        let failed = findings.iter().filter(|finding| !finding.verified).count();
        Self { all: findings.len(), refused, unjudged: failed - refused }
    }

    pub fn verified(&self) -> usize {
        self.all - self.refused - self.unjudged
    }

    /// In a line.
    pub fn line(&self) -> String {
        let Self { all, refused, unjudged } = self;
        format!(
            "{all} judged: {} verified, {refused} refused, {unjudged} could not be judged",
            self.verified()
        )
    }
}

/// One word for it.
pub fn verdict(finding: &Finding<'_>) -> &'static str {
    match (finding.verified, finding.is_refused()) {
        (true, _) => "verified",
        (false, true) => "refused",
        (false, false) => "not judged",
    }
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

/// What a candidate is, and what became of it.
pub fn candidate(candidate: &CandidateReport) -> String {
    let verdict = if candidate.verified { "verified" } else { "refused" };
    format!("{} ({}): {verdict}", candidate.source, candidate.format)
}

/// Who signed.
pub fn signer(signer: &SignerReport) -> String {
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
