//! What a verification found: facts only. Text and JSON are rendered from the same value; `docs/reference/report.md` describes
//! the JSON.

use serde::Serialize;

use super::pasteable::pasteable;
use super::{Error, ErrorKind};
use crate::crypto::UnixTime;
use crate::payload::Artifact;
use crate::policy::scoped::{Accepted, DemandVerdict};
use crate::verify::{Check, Outcome, Rejection, SignerProof, Trail, Verified, Waiver};

/// The version of the schema. A new member keeps it; a changed meaning does not.
pub const REPORT_SCHEMA: &str = "rcosign-verification-report/v1";

/// A verification, all candidates.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`REPORT_SCHEMA`].
    pub schema: &'static str,
    /// The command, such as `verify-blob`.
    pub command: &'static str,
    /// Whether at least one candidate verified. The only member that scripts have to look at.
    pub verified: bool,
    /// The time of judging, RFC 3339.
    pub time: String,
    /// What was to be verified; missing when the claim was waived or the run ended before it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactReport>,
    /// Where the trusted root came from; missing when none was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<String>,
    /// Each candidate signature, in the order of the document; of images, those stand with each image.
    pub candidates: Vec<CandidateReport>,
    /// Every image, in the order in which they were named; missing where files are verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<ItemReport>>,
    /// What a policy file said of the file; of images, that stands with each image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    /// The files of policies (`--policy`) and what came of them; of images, that stands with each image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<LanguageReport>>,
    /// Every file, in the order in which they were named; there where several files are verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<ItemReport>>,
    /// The part of the artifacts that was judged, as `2/5`, where several machines share them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The file in which the artifacts were named, where that is what was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_in: Option<String>,
    /// Why the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// What a policy file says of an artifact.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyReport {
    /// The policy file, as it was named.
    pub file: String,
    /// The artifact, as patterns see it.
    pub artifact: String,
    /// The scope that decides; missing where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The pattern of it that matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The verdict.
    pub verdict: PolicyVerdict,
    /// Each demand of the scope, and what came of it.
    pub demands: Vec<DemandVerdict>,
}

/// A file of a policy in a language: all files of one language are one policy, and have one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageReport {
    /// As the user named it.
    pub name: String,
    /// `sha256:hex`, of its bytes.
    pub digest: String,
    /// `cue` or `rego`.
    pub language: &'static str,
    /// The verdict on every statement that verified.
    pub verdict: LanguageVerdict,
}

/// The verdict of the policy of a language. Of several statements the last in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageVerdict {
    /// No statement verified, or another policy refused it before.
    NotAsked,
    /// Every statement passes.
    Accepted,
    /// There is no verdict: a limit was exceeded, or the evaluation failed.
    Undecided,
    /// A statement does not pass.
    Refused,
}

/// The verdict of a policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyVerdict {
    /// Everything that the scope asks for is there.
    Accepted,
    /// The scope asks for nothing.
    AcceptedUnsigned,
    /// No scope decides about it.
    NoScope,
    /// Something is missing, or the scope refuses everything.
    Refused,
    /// There is no verdict: something kept the artifact from being judged, such as a service that did not answer, or a limit.
    Undecided,
}

impl PolicyReport {
    /// Notes how judging ended: only what speaks against the artifact refuses it.
    pub(super) fn conclude(&mut self, result: Result<&Accepted, &Error>) {
        self.verdict = match result {
            Ok(accepted) if accepted.is_unsigned() => PolicyVerdict::AcceptedUnsigned,
            Ok(_) => PolicyVerdict::Accepted,
            Err(_) if self.scope.is_none() => PolicyVerdict::NoScope,
            // Nothing that is not there was judged.
            Err(error) if error.kind == ErrorKind::NoSuchArtifact => PolicyVerdict::Undecided,
            Err(error) if error.kind.is_verdict() => PolicyVerdict::Refused,
            Err(_) => PolicyVerdict::Undecided,
        };
    }
}

/// The artifact.
#[derive(Debug, Clone, Serialize)]
pub struct ArtifactReport {
    /// As the user named it.
    pub name: String,
    /// `algorithm:hex`, those that were computed.
    pub digests: Vec<String>,
}

/// Where an artifact is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedAt {
    /// The file, as the user named it; `-` is standard input.
    pub file: String,
    /// The line of it, the first one 1.
    pub line: usize,
}

/// One of several artifacts: an image, or a file. What the other kind has is missing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemReport {
    /// As the user named it; of a manifest in an index, its place and its digest.
    pub name: String,
    /// The file that names it, and the line there; what the command line names has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_at: Option<NamedAt>,
    /// Of a file: the bundle that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// Of an image: the digest of its manifest, which is what was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Of a file: `algorithm:hex`, those that were computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digests: Option<Vec<String>>,
    /// The platform that the index states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The image in whose index it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// What had to hold of an index and of what is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// When an earlier run verified it, which is why it was not judged again (`--resume`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<String>,
    /// Whether it was accepted: by a candidate that verified and counts, unless a policy file asks for none.
    pub verified: bool,
    /// Each candidate signature.
    pub candidates: Vec<CandidateReport>,
    /// What a policy file said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    /// The files of policies (`--policy`) and what came of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<LanguageReport>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// One candidate.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateReport {
    /// The file, or which of several signatures in it.
    pub source: String,
    /// The format: `sigstore bundle v0.3`, `legacy bundle`, `detached`, ...
    pub format: String,
    /// Whether it verified and counts. One that verified and does not count is not for the artifact: [`CandidateReport::uncounted`].
    pub verified: bool,
    /// Why it does not count although every check of it holds: the rule or the policy that refuses it, then details, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncounted: Vec<String>,
    /// Who signed, when verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    /// The predicate type of a verified statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// What built-in rules found to hold of a verified statement, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Every check, in order.
    pub checks: Vec<CheckReport>,
}

/// Who signed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerReport {
    /// SHA-256 of the key's SubjectPublicKeyInfo in hexadecimal.
    pub key_id: String,
    /// The identity in the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Who confirmed the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// The check's name, see `docs/reference/report.md`.
    pub check: &'static str,
    /// `proven`, `waived`, `failed` or `not-reached`.
    pub outcome: &'static str,
    /// The flag that waived it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<&'static str>,
    /// The code of the reason, see `docs/reference/reasons.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why the run failed.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    /// What kind of failure it is, which decides the exit code.
    pub kind: ErrorKind,
    /// Where signatures were refused: the code of the reason that says most, see `docs/reference/reasons.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// One line.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
}

impl Report {
    /// A report in which nothing has happened yet.
    pub(crate) fn new(command: &'static str, now: UnixTime) -> Self {
        Self {
            schema: REPORT_SCHEMA,
            command,
            verified: false,
            time: now.to_string(),
            artifact: None,
            trusted_root: None,
            candidates: Vec::new(),
            images: None,
            policy: None,
            policies: None,
            files: None,
            shard: None,
            named_in: None,
            error: None,
        }
    }

    /// Whether the command line was wrong before anything was looked at.
    pub fn is_of_nothing(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Usage)
            && self.images.is_none()
            && self.files.is_none()
            && self.candidates.is_empty()
    }

    /// Notes why the run failed; whatever was verified before counts no more.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.verified = false;
        self.error = Some(ErrorReport::of(error));
    }
}

impl ErrorReport {
    /// The words of an error.
    pub(crate) fn of(error: &Error) -> Self {
        let parts = error.parts.iter().map(|part| format!("{}: {}", part.name, part.error.message));
        Self {
            kind: error.kind,
            reason: error.reason,
            message: error.message.clone(),
            causes: error.causes.iter().chain(&error.candidates).cloned().chain(parts).collect(),
            hints: error.hints.iter().map(|hint| pasteable(hint)).collect(),
        }
    }
}

impl ArtifactReport {
    pub(super) fn of(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.clone(),
            digests: artifact.digests.iter().map(ToString::to_string).collect(),
        }
    }
}

impl ItemReport {
    /// A report in which nothing has happened yet.
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            named_at: None,
            bundle: None,
            digest: None,
            digests: None,
            platform: None,
            index: None,
            rule: None,
            resumed: None,
            verified: false,
            candidates: Vec::new(),
            policy: None,
            policies: None,
            error: None,
        }
    }

    /// The digests that are known.
    pub(super) fn digests(&self) -> &[String] {
        self.digests.as_deref().unwrap_or(self.digest.as_slice())
    }
}

impl CandidateReport {
    /// Of a candidate that could not even be read.
    pub(super) fn unreadable(source: String, format: String, reason: String) -> Self {
        let mut checks = checks(&Trail::default());
        if let Some(first) = checks.first_mut() {
            (first.outcome, first.detail) = ("failed", Some(reason));
        }
        let evidence = Vec::new();
        let uncounted = Vec::new();
        Self {
            source,
            format,
            verified: false,
            uncounted,
            signer: None,
            predicate_type: None,
            evidence,
            checks,
        }
    }

    /// What became of one candidate.
    pub(super) fn of(source: String, format: String, verdict: &Result<Verified, Rejection>) -> Self {
        let (verified, trail) = match verdict {
            Ok(verified) => (Some(verified), verified.trail()),
            Err(rejection) => (None, rejection.trail()),
        };
        Self {
            source,
            format,
            verified: verified.is_some(),
            uncounted: Vec::new(),
            signer: verified.map(SignerReport::of),
            predicate_type: verified
                .and_then(|v| v.claim().proven()?.statement().map(|s| s.predicate_type.clone())),
            evidence: Vec::new(),
            checks: checks(trail),
        }
    }

    /// Notes why it does not count, although it verified: from now on it is none of those that speak for the artifact.
    pub(super) fn uncount(&mut self, reasons: Vec<String>) {
        self.verified = false;
        self.uncounted = reasons;
        self.evidence.clear();
    }
}

impl SignerReport {
    fn of(verified: &Verified) -> Self {
        let key_id = hex::encode(verified.signature().key().key_id());
        match verified.signer() {
            SignerProof::Key(_) => Self { key_id, identity: None, issuer: None },
            SignerProof::Identity(proof) => {
                Self { key_id, identity: Some(proof.subject().into()), issuer: Some(proof.issuer().into()) }
            }
        }
    }
}

/// All checks in order; those that the trail does not mention were not reached.
fn checks(trail: &Trail) -> Vec<CheckReport> {
    let report = |check: Check| {
        let blank = CheckReport {
            check: check.name(),
            outcome: "not-reached",
            flag: None,
            reason: None,
            detail: None,
        };
        match trail.outcomes().find(|(c, _)| *c == check).map(|(_, outcome)| outcome) {
            None => blank,
            Some(Outcome::Proven(what)) => {
                CheckReport { outcome: "proven", detail: Some(what.clone()), ..blank }
            }
            Some(Outcome::Waived(Waiver::Flag(flag))) => {
                CheckReport { outcome: "waived", flag: Some(flag), ..blank }
            }
            Some(Outcome::Waived(Waiver::NotNeeded(why))) => {
                CheckReport { outcome: "waived", detail: Some((*why).into()), ..blank }
            }
            Some(Outcome::Failed(reason)) => CheckReport {
                outcome: "failed",
                reason: Some(reason.code()),
                detail: Some(reason.to_string()),
                ..blank
            },
        }
    };
    Check::ALL.into_iter().map(report).collect()
}

#[cfg(test)]
mod tests;
