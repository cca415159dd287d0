//! `policy explain`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::args::format::{Format, FormatArgs};
use super::super::args::policy_file::PolicyFileArgs;
use super::super::args::registry::RegistryArgs;
use super::super::args::{at_most_one, filled, root::RootArgs};
use super::super::render::{self, Output};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{
    self, CandidateReport, Context, DemandVerdict, Error, PolicyExplainRequest, PolicyReport, PolicyVerdict,
    TrustRequest,
};

/// Show which scope of a policy file decides about an artifact, on what evidence, and what is missing
///
/// The artifact is verified as `verify` and `verify-blob` do it, with the same exit code. It is a file where --bundle is given, or where
/// a file has that name; of an image that is called like a file here, give the tag too.
#[derive(Debug, clap::Args)]
pub struct PolicyExplainArgs {
    /// Image, as in `verify`; or file
    #[arg(value_name = "ARTIFACT")]
    pub artifact: Vec<OsString>,
    /// The policy file.
    #[command(flatten)]
    pub policy_file: PolicyFileArgs,
    /// The artifact is a file, and this is its bundle (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub bundle: Vec<PathBuf>,
    /// Trusted root to check against, where the policy file names none
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    pub trusted_root: Option<PathBuf>,
    /// Ask no service but the registry
    #[arg(long, help_heading = "Trust")]
    pub offline: Option<bool>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PolicyExplainArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let artifact = at_most_one(&self.artifact, "one artifact is explained at a time")?;
        let Some(artifact) = artifact.filter(|artifact| !artifact.is_empty()) else {
            return Err(Error::usage("there is no artifact to explain")
                .hint("name an image, or a file with --bundle FILE"));
        };
        let prefix = ("--attachment-tag-prefix", filled(&self.registry.attachment_tag_prefix).is_some());
        let Some(signer) = self.policy_file.signer(&[prefix])? else {
            return Err(Error::usage("there is no policy file").hint("name it with --policy-file FILE"));
        };
        let trust = TrustRequest {
            trusted_root: filled(&self.trusted_root),
            offline: self.offline.unwrap_or_default(),
            ..TrustRequest::default()
        };
        let bundles: Vec<PathBuf> =
            self.bundle.iter().filter(|b| !b.as_os_str().is_empty()).cloned().collect();
        // What lies here under this name is meant; an image of the same name can be named with its tag.
        let is_file = !bundles.is_empty() || Path::new(artifact).is_file();
        let request = match is_file {
            true => {
                let request = commands::file_by_policy(artifact.clone(), bundles, signer, trust);
                PolicyExplainRequest::File(Box::new(request))
            }
            false => {
                let images = super::super::args::verify_images::images(&self.artifact)?;
                let registry = self.registry.request()?;
                let request = commands::images_by_policy("policy explain", images, signer, trust, registry);
                PolicyExplainRequest::Image(Box::new(request))
            }
        };
        Ok(Request::Policy(super::Request::Explain(request), self.format.format()))
    }
}

/// Verifies, and tells the verdict at length.
///
/// # Errors
/// As the verification.
pub async fn run(
    request: &PolicyExplainRequest,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let (report, result) = match request {
        PolicyExplainRequest::File(request) => commands::verify(request, context).await,
        PolicyExplainRequest::Image(request) => {
            let (found, result) = commands::verify_images(request, context).await;
            (found.report, result)
        }
    };
    for (policy, candidates) in commands::explained(&report) {
        match format {
            Format::Json => {
                output.data(&format.show(&Explained { policy, refused: unverified(candidates) })?)
            }
            Format::Text => {
                for line in text(policy).into_iter().chain(refused(candidates)) {
                    output.data(format!("{}\n", render::line(&line)).as_bytes());
                }
            }
        }
    }
    result.map_err(|error| error.without_hint(commands::SEE_EXPLAIN))
}

/// What is explained of one artifact, as JSON.
#[derive(serde::Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    policy: &'a PolicyReport,
    /// The candidates that did not verify for any signer of the scope.
    refused: Vec<Unverified<'a>>,
}

/// A candidate that did not verify.
#[derive(serde::Serialize)]
struct Unverified<'a> {
    source: &'a str,
    /// The code of the reason, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    reason: &'a str,
}

fn unverified(candidates: &[CandidateReport]) -> Vec<Unverified<'_>> {
    // What verified and does not count stands with the demands.
    let is_unverified = |candidate: &&CandidateReport| !candidate.verified && candidate.uncounted.is_empty();
    candidates.iter().filter(is_unverified).map(Unverified::of).collect()
}

impl<'a> Unverified<'a> {
    fn of(candidate: &'a CandidateReport) -> Self {
        let failed = candidate.checks.iter().find(|check| check.outcome == "failed");
        Self {
            source: &candidate.source,
            code: failed.and_then(|check| check.reason),
            reason: failed.and_then(|check| check.detail.as_deref()).unwrap_or("it cannot be read"),
        }
    }
}

/// The candidates that did not verify, each with its reason.
fn refused(candidates: &[CandidateReport]) -> Vec<String> {
    let line = |one: &Unverified<'_>| {
        let code = one.code.map(|code| format!(" ({code})")).unwrap_or_default();
        format!("  {}: {}{code}", one.source, one.reason)
    };
    let lines: Vec<String> = unverified(candidates).iter().map(line).collect();
    let title = [String::new(), "not verified for any signer of the scope:".to_owned()];
    title.into_iter().filter(|_| !lines.is_empty()).chain(lines.iter().cloned()).collect()
}

/// Why a demand is not met although enough signers may be there, and what would do: each statement has to satisfy the rules.
fn spoiled(demand: &DemandVerdict) -> Vec<String> {
    if !demand.is_spoiled() {
        return Vec::new();
    }
    let mut sources: Vec<_> =
        demand.uncounted.iter().filter(|one| one.spoils).map(|one| &*one.source).collect();
    sources.dedup();
    vec![
        format!("  not enough: {}", commands::EACH),
        format!("  does not satisfy them: {}", sources.join(", ")),
        "  would do: that is taken away, or made anew so that it satisfies the rules; `must-pass: one` asks for one of each signer"
            .to_owned(),
    ]
}

/// The verdict in words.
fn text(policy: &PolicyReport) -> Vec<String> {
    let mut lines = vec![format!("artifact  {}", policy.artifact), format!("policy    {}", policy.file)];
    lines.push(format!("scope     {}", render::policy::scope(policy)));
    lines.push(format!(
        "verdict   {}",
        match policy.verdict {
            PolicyVerdict::Accepted => "accepted",
            PolicyVerdict::AcceptedUnsigned => "accepted without any signature (accept: true)",
            PolicyVerdict::NoScope => "refused: what no scope matches is refused",
            PolicyVerdict::Refused => "refused",
            PolicyVerdict::Undecided => "undecided: something kept it from being judged, see the error",
        }
    ));
    for demand in &policy.demands {
        lines.push(String::new());
        lines.extend(render::policy::counted(demand));
        for fact in &demand.uncounted {
            lines.push(format!("  does not count: {}, in {}", fact.signer, fact.source));
            lines.extend(fact.reason.iter().map(|line| format!("    {line}")));
        }
        if !demand.is_met {
            lines.push(format!("  found: {} of {} distinct signers", demand.found, demand.needed));
            lines.extend(spoiled(demand));
            if !demand.missing.is_empty() {
                let of = demand.missing.join(", ");
                lines.push(format!(
                    "  would do: {} more, by any of: {of}",
                    demand.needed.saturating_sub(demand.found).max(1)
                ));
            }
        }
    }
    lines
}
