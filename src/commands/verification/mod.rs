//! The driver behind `verify-blob` and `verify-blob-attestation`: collect the candidates, read the artifact once, judge
//! each candidate, say what came of it. Opens no socket, except for a key whose address the user named, for the root of a repository
//! and for a log entry that is missing; none of them with `--offline` but the key.

mod attached;
mod children;
mod desk;
mod files;
mod given;
mod images;
mod journal;
mod judgement;
mod lazy_root;
pub(super) mod list;
pub(super) mod lookup;
mod named;
mod nothing;
mod options;
mod request;
mod scoped;
mod shard;
mod shown;
mod unlogged;
mod weighing;
pub(super) mod worst;

pub use files::{VerifyFilesRequest, verify_files};
pub(super) use images::images_by;
pub use images::{VerifiedImages, verify_images};
pub use request::{BesideImages, Children, ImagesOutput, Search, VerifyImagesRequest};
pub use scoped::{EACH, SEE_EXPLAIN};
pub(super) use scoped::{file_named, subject};
pub use shard::ShardRequest;
pub use shown::{Performed, ShownImage};

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::attest::PredicateType;
use crate::commands::candidates::Candidate;
use crate::commands::inputs;
use crate::commands::keys::public_key;
use crate::commands::policies::{self, Asked};
use crate::commands::report::{ArtifactReport, CandidateReport, Report};
use crate::commands::{
    Context, Error, ErrorKind, Expected, IdentityRequest, Signer, Subject, VerifyRequest, Waivers,
};
use crate::crypto::HashAlgorithm;
use crate::payload::Artifact;
use crate::policy::Policy;
use desk::Desk;
use lookup::LookedUp;

use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, IdentityMatcher, NonEmpty, Pattern,
    PredicateTypeRequirement, Reason, Rejection, Requirement, StringMatcher, VerificationPolicy, Verified,
    Verifier, Waiver,
};

/// Verifies. The report is complete whether or not the run succeeded; success needs at least one verified candidate.
pub async fn verify(request: &VerifyRequest, context: &mut Context) -> (Report, Result<(), Error>) {
    let command = match request.expected {
        Expected::Signature => "verify-blob",
        Expected::Attestation { .. } => "verify-blob-attestation",
    };
    let mut report = Report::new(command, context.now);
    let result = match &request.signer {
        Signer::Scopes(file) => {
            let result = scoped::file(request, file, context, &mut report).await;
            report.verified = result.is_ok();
            result
        }
        _ => run(request, context, &mut report).await,
    };
    if let Err(error) = &result {
        report.fail(error);
    }
    (report, result)
}

async fn run(request: &VerifyRequest, context: &mut Context, report: &mut Report) -> Result<(), Error> {
    one_standard_input(request)?;
    let common = Common::read(request, context).await?;
    common.judge(request, &Desk::new(&request.trust, context), report).await
}

/// What is the same for every file of a run.
struct Common {
    rules: Option<Policy>,
    policy: VerificationPolicy,
}

impl Common {
    async fn read(request: &VerifyRequest, context: &mut Context) -> Result<Self, Error> {
        let rules = policies::load(&request.policy, context)?;
        Ok(Self { rules, policy: policy(request, context).await? })
    }

    /// Judges one file.
    async fn judge(
        &self,
        request: &VerifyRequest,
        desk: &Desk<'_>,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut candidates = desk.candidates(&request.signature, &request.expected).await?;
        // A root that the user named is read in any case: a name with a slip in it is not passed over.
        let is_needed = request.trust.trusted_root.is_some() || needs_root(&self.policy, &candidates);
        let root = desk.root.read(is_needed).await?;
        report.trusted_root = is_needed.then(|| root.source.clone());
        let verifier = Verifier { root, policy: &self.policy, now: desk.now };
        let rules = self.rules.as_ref();
        report.policies = policies::unasked(rules);
        by_root(request, &verifier, rules, &mut candidates, desk, report).await
    }
}

/// Judges the candidates of one file by a root.
async fn by_root(
    request: &VerifyRequest,
    verifier: &Verifier<'_>,
    rules: Option<&Policy>,
    candidates: &mut [Candidate],
    desk: &Desk<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    // A waived claim leaves the artifact aside altogether: it must not stand in the report as if it had been verified.
    let subject = match (&request.expected, request.waivers.claims) {
        (Expected::Attestation { .. }, Some(_)) => &Subject::None,
        _ => &request.subject,
    };
    let artifact = desk.artifact(subject, candidates, &[verifier.policy]).await?;
    report.artifact = artifact.as_ref().map(ArtifactReport::of);
    let looked_up = desk.lookup.complete(candidates, artifact.as_ref(), verifier, &LookedUp::default()).await;
    desk.root.say(&looked_up.said).await;
    let (judged, verified, is_complete) = judged(verifier, &request.expected, candidates, artifact.as_ref());
    report.candidates = judged;
    let result = match (verified, &request.expected) {
        (Err(error), _) => Err(looked_up.explain(error)),
        (Ok(_), Expected::Signature) => Ok(()),
        (Ok(verified), Expected::Attestation { predicate_type }) => {
            let name = artifact.as_ref().map(|artifact| artifact.name.as_str());
            let asked = Asked { policy: rules, predicate_type, name };
            let accepted = policies::judge(&verified, &asked, is_complete);
            accepted.note(&mut report.candidates);
            desk.root.tell(&accepted.said, &accepted.warnings).await;
            report.policies = accepted.policies;
            accepted.accepted.map(drop)
        }
    };
    report.verified = result.is_ok();
    result
}

/// Judges the candidates of one artifact by their signatures: what became of each, and success if at least one verified. `None` as the artifact
/// only where the policy waives the claim.
pub(in crate::commands) fn judge(
    verifier: &Verifier<'_>,
    expected: &Expected,
    candidates: &[Candidate],
    artifact: Option<&Artifact>,
) -> (Vec<CandidateReport>, Result<(), Error>) {
    let (reports, verified, _) = judged(verifier, expected, candidates, artifact);
    (reports, verified.map(drop))
}

/// The same, with what verified, and whether no limit kept others from being looked at.
fn judged(
    verifier: &Verifier<'_>,
    expected: &Expected,
    candidates: &[Candidate],
    artifact: Option<&Artifact>,
) -> (Vec<CandidateReport>, Result<Vec<Verified>, Error>, bool) {
    let (verdict, reports) = Verdict::of(verifier, candidates, artifact);
    let is_complete = !verdict.is_limit();
    if verdict.is_success() {
        return (reports, Ok(verdict.verified), is_complete);
    }
    let error = none_valid(expected, verifier.policy, &verdict, candidates, artifact);
    (reports, Err(error), is_complete)
}

/// What became of the candidates of one artifact.
#[derive(Default)]
struct Verdict {
    verified: Vec<Verified>,
    rejections: Vec<Rejection>,
}

impl Verdict {
    /// Judges every candidate, and says what became of each.
    fn of(
        verifier: &Verifier<'_>,
        candidates: &[Candidate],
        artifact: Option<&Artifact>,
    ) -> (Self, Vec<CandidateReport>) {
        let mut verdict = Self::default();
        let mut reports = Vec::new();
        for Candidate { source, format, entity } in candidates {
            let judged = unlogged::judged(verifier, entity, artifact);
            reports.push(CandidateReport::of(source.clone(), format.clone(), &judged));
            if verdict.add(judged).is_break() {
                break;
            }
        }
        (verdict, reports)
    }

    /// Whether a limit ended the search.
    fn is_limit(&self) -> bool {
        self.rejections.iter().any(|rejection| rejection.reason().is_limit())
    }

    /// Takes one more candidate; a limit that was exceeded ends the search.
    fn add(&mut self, judged: Result<Verified, Rejection>) -> ControlFlow<()> {
        match judged {
            Ok(verified) => self.verified.push(verified),
            Err(rejection) => {
                let limit = rejection.reason().is_limit();
                self.rejections.push(rejection);
                if limit {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Success needs something verified; that nothing was rejected is not enough.
    fn is_success(&self) -> bool {
        !self.verified.is_empty()
    }
}

fn one_standard_input(request: &VerifyRequest) -> Result<(), Error> {
    let VerifyRequest { subject, signature, trust, signer, .. } = request;
    let policy_file = match signer {
        Signer::Scopes(file) => Some(file.as_os_str()),
        Signer::Key(_) | Signer::Identity(_) => None,
    };
    let artifact = match subject {
        Subject::Blob(blob) => Some(blob.as_os_str()),
        Subject::Digest { .. } | Subject::Digests { .. } | Subject::None => None,
    };
    let files = [
        &signature.bundle,
        &signature.certificate,
        &signature.sct,
        &signature.timestamp,
        &trust.trusted_root,
        &trust.ca_roots,
        &trust.ca_intermediates,
        &trust.certificate_chain,
        &trust.timestamp_certificate_chain,
    ];
    let files = files.into_iter().flatten().chain(&signature.other_bundles).map(|file| file.as_os_str());
    inputs::one_standard_input(
        artifact.into_iter().chain(policy_file).chain(files).chain(signature.signature.as_deref()),
    )
}

/// A key alone, no log asked for and none brought along: then nothing in the root could make a difference.
pub(in crate::commands) fn needs_root(policy: &VerificationPolicy, candidates: &[Candidate]) -> bool {
    let by_key_alone = matches!(
        (&policy.signer, policy.log, policy.timestamp),
        (ExpectedSigner::Key(_), Requirement::Waived(_), Requirement::Waived(_))
    );
    let witnessed = |c: &Candidate| !c.entity.log_entries.is_empty() || !c.entity.timestamps.is_empty();
    !by_key_alone || candidates.iter().any(witnessed)
}

async fn policy(request: &VerifyRequest, context: &mut Context) -> Result<VerificationPolicy, Error> {
    let signer = expected_signer(&request.signer, context).await?;
    let mut policy = policy_of(signer, &request.expected, &request.waivers, request.require_timestamp)?;
    policy.signature_digest = request.signature.digest_algorithm.and_then(HashAlgorithm::from_name);
    Ok(policy)
}

/// The signer, with the key read.
pub(in crate::commands) async fn expected_signer(
    signer: &Signer,
    context: &mut Context,
) -> Result<ExpectedSigner, Error> {
    Ok(match signer {
        Signer::Key(reference) => ExpectedSigner::Key(public_key(reference, context).await?),
        Signer::Identity(identity) => ExpectedSigner::Identity(NonEmpty::new(matcher(identity)?, [])),
        // Whoever that names depends on the artifact.
        Signer::Scopes(_) => return Err(Error::usage("--policy-file cannot be used here")),
    })
}

/// What is asked of each signature.
pub(in crate::commands) fn policy_of(
    signer: ExpectedSigner,
    expected: &Expected,
    waivers: &Waivers,
    require_timestamp: bool,
) -> Result<VerificationPolicy, Error> {
    let Waivers { log, sct, claims } = *waivers;
    let unless =
        |flag: Option<&'static str>| flag.map_or(Requirement::ONE, |f| Requirement::Waived(Waiver::Flag(f)));
    Ok(VerificationPolicy {
        signer,
        log: unless(log),
        timestamp: if require_timestamp {
            Requirement::ONE
        } else {
            Requirement::Waived(Waiver::NotNeeded("no signed timestamp was asked for"))
        },
        sct: unless(sct),
        claim: ClaimRequirement {
            content: content(expected)?,
            binding_waived: claims.map(Waiver::Flag),
            annotations: BTreeMap::new(),
        },
        signature_digest: None,
    })
}

fn content(expected: &Expected) -> Result<ContentRequirement, Error> {
    match expected {
        Expected::Signature => Ok(ContentRequirement::Any),
        Expected::Attestation { predicate_type } => {
            Ok(ContentRequirement::Statement(PredicateTypeRequirement {
                asked: predicate_type.clone(),
                uri: PredicateType::uri_to_verify(predicate_type).to_owned(),
            }))
        }
    }
}

fn matcher(request: &IdentityRequest) -> Result<IdentityMatcher, Error> {
    let one = |what: &str, exact: &Option<String>, pattern: &Option<String>| match (exact, pattern) {
        // One of them would have to be left aside.
        (Some(_), Some(_)) => {
            Err(Error::usage(format!("the {what} is given both exactly and as an expression")))
        }
        (Some(exact), None) => Ok(StringMatcher::Exact(exact.clone())),
        (None, Some(pattern)) => Pattern::new(pattern).map(StringMatcher::Pattern).map_err(|e| {
            Error::usage(format!("the expression for the {what} cannot be used"))
                .caused_by(&e)
                .hint("--certificate-identity and --certificate-oidc-issuer compare a text as it is")
        }),
        (None, None) => Err(Error::usage(format!("no {what} to compare with"))),
    };
    Ok(IdentityMatcher {
        subject: one("certificate identity", &request.identity, &request.identity_regexp)?,
        issuer: one("certificate issuer", &request.issuer, &request.issuer_regexp)?,
        workflow: request.workflow.clone(),
    })
}

/// The error when no candidate verified: the reason that says most leads, the others follow.
fn none_valid(
    expected: &Expected,
    policy: &VerificationPolicy,
    verdict: &Verdict,
    candidates: &[Candidate],
    artifact: Option<&Artifact>,
) -> Error {
    // None verified, so the rejections are those of the first candidates, in their order.
    let judged = verdict.rejections.iter().zip(candidates);
    let best = judged.max_by_key(|(rejection, _)| rejection.specificity());
    refusal(expected, policy, &verdict.rejections, best, artifact)
}

/// The error of these rejections, of which `best` says most.
fn refusal(
    expected: &Expected,
    policy: &VerificationPolicy,
    rejections: &[Rejection],
    best: Option<(&Rejection, &Candidate)>,
    artifact: Option<&Artifact>,
) -> Error {
    let Some((best, candidate)) = best else {
        return Error::new(ErrorKind::NoSignature, "no signature was found");
    };
    let kind = match best.reason() {
        reason if reason.is_limit() => ErrorKind::LimitExceeded,
        Reason::CertificateMissing => ErrorKind::NoCertificate,
        _ => ErrorKind::NoneValid,
    };
    let what = match expected {
        Expected::Signature => "signature",
        Expected::Attestation { .. } => "attestation",
    };
    let of = artifact.map(|artifact| format!(" of `{}`", artifact.name)).unwrap_or_default();
    let message = match rejections.len() {
        1 => format!("the {what}{of} in `{}` is not valid for what was asked", candidate.source),
        count => format!("none of {count} {what}s{of} is valid for what was asked"),
    };
    let mut error = Error::new(kind, message).cause(best.reason().to_string());
    error.reason = Some(best.reason().code());
    if let Some(detail) = crate::commands::hints::detail(best.reason(), policy, &candidate.entity) {
        error = error.cause(detail);
    }
    if rejections.len() > 1 {
        error.candidates = rejections.iter().map(ToString::to_string).collect();
    }
    for hint in crate::commands::hints::hints(best.reason(), policy, &candidate.entity) {
        error = error.hint(hint);
    }
    error
}
