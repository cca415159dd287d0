//! Verification by a policy file: the scope that decides says which signers count, every candidate is judged for each of them, and
//! the room `policy` alone says whether that is enough.

use super::desk::Desk;
use super::images::{Job, Judge, complete};
use super::shown::{self, Performed, ShownImage};
use super::{attached::Attached, weighing::Weighing};
use crate::bundle::detached::Detached;
use crate::commands::candidates::Candidate;
use crate::commands::images::Image;
use crate::commands::policy_file::{Loaded, Source};
use crate::commands::report::{ArtifactReport, ItemReport, PolicyReport, Report};
use crate::commands::{
    Context, Error, ErrorKind, Expected, Files, ReportRequest, SignatureRequest, Subject as Named,
    VerifyRequest, summary_of,
};
use crate::policy::scoped::{
    Accepted, Artifacts, Course, DemandVerdict, Plan, Subject, What, ambiguous_host,
};
use crate::registry::{Manifest, Target};
use crate::storage::images::ImageName;
use crate::storage::images::find::{Want, find_each};
use crate::verify::Verified;

/// Why one statement is enough to refuse.
pub const EACH: &str = "each statement of this type by these signers has to satisfy the rules (`must-pass: each`), so that one which does not is enough to refuse";

/// The hint of a refusal, which `policy explain` itself leaves out.
pub const SEE_EXPLAIN: &str = "what counted, and what would do, is shown by `policy explain`";

/// Compares the files that are written with those that the policy file names: no result takes the place of one.
pub(super) fn check_results(
    files: Files<'_>,
    loaded: &Loaded,
    reports: &[ReportRequest],
    context: &Context,
) -> Result<(), Error> {
    let summary = summary_of(reports, &*context.variables);
    files.and_named(&loaded.files).and_summary(summary.as_deref()).check()
}

/// Whether any scope asks for something of images that depends on the trusted root.
pub(super) fn needs_root_for_images(loaded: &Loaded) -> bool {
    let ready = &loaded.ready;
    // What is asked of signatures is the same whatever the image is called.
    let any = Subject::Image { name: String::new(), tag: None, digest: None };
    let scopes = 0..ready.document.scopes.len();
    let mut courses = scopes.filter_map(|n| ready.course(n, Artifacts::Images, &any));
    courses.any(|course| matches!(course, Course::Verified(plan) if Weighing::new(&plan).needs_root(&[])))
}

/// Whether signatures of an image are asked for; else the verdict of its scope stands, or there is none by this policy file, and no registry
/// need be asked what its name means.
pub(super) fn is_asked(judge: &Judge, image: &Image) -> bool {
    let Judge::Scopes(loaded) = judge else { return true };
    let subject = loaded.alias.clone().unwrap_or_else(|| subject(&image.name));
    let found = loaded.ready.document.scope_of(&subject);
    let course = found.and_then(|(position, _)| loaded.ready.course(position, Artifacts::Images, &subject));
    one_spelling(&image.name).is_ok() && matches!(course, Some(Course::Verified(_)))
}

/// The question: an artifact, and the policy file.
pub(super) struct Asked<'a> {
    loaded: &'a Loaded,
    name: &'a str,
    subject: Subject,
}

impl<'a> Asked<'a> {
    /// The scope that decides, with the report as far as it goes.
    fn course(&self, kind: Artifacts, report: &mut Option<PolicyReport>) -> Result<Course<'a>, Error> {
        let document = &self.loaded.ready.document;
        let found = document.scope_of(&self.subject);
        *report = Some(self.loaded.unjudged(&self.subject));
        let course = found.and_then(|(position, _)| self.loaded.ready.course(position, kind, &self.subject));
        course.ok_or_else(|| {
            let message = format!("no scope of `{}` is about `{}`", self.loaded.name, self.name);
            Error::new(ErrorKind::Policy, message)
                .cause(format!("patterns are compared with `{}`", self.subject))
                .hint("what no scope matches is refused: add a scope to the policy file, or a pattern to one")
        })
    }

    /// An artifact of a scope that refuses everything.
    fn unwanted(&self, report: Option<&PolicyReport>) -> Error {
        let scope = report.and_then(|report| report.scope.as_deref()).unwrap_or_default();
        let message = format!("`{}` is refused by the scope `{scope}` of `{}`", self.name, self.loaded.name);
        Error::new(ErrorKind::Policy, message)
            .cause("the scope says `refuse: true`: nothing that it matches is accepted, whoever signed it")
    }

    pub(super) fn refused(&self, demands: &[DemandVerdict], rejected: Vec<String>) -> Error {
        let scope = self.loaded.ready.document.scope_of(&self.subject).map(|(_, scope)| scope.name.as_str());
        let message = format!(
            "`{}` does not satisfy the scope `{}` of `{}`",
            self.name,
            scope.unwrap_or_default(),
            self.loaded.name
        );
        let mut error = Error::new(ErrorKind::Policy, message);
        for demand in demands.iter().filter(|demand| !demand.is_met) {
            let DemandVerdict { what, asked, needed, found, .. } = demand;
            error = error.cause(format!("{what}: {asked}: {found} of {needed} found"));
            for uncounted in &demand.uncounted {
                let reason = uncounted.reason.join(": ");
                error = error.cause(format!(
                    "`{}` by {} does not count: {reason}",
                    uncounted.source, uncounted.signer
                ));
            }
            if demand.is_spoiled() {
                error = error.cause(format!("{what}: {EACH}"));
            }
            if !demand.missing.is_empty() {
                error =
                    error.cause(format!("{what}: nothing that counts is by {}", demand.missing.join(", ")));
            }
        }
        error.candidates = rejected;
        error.hint(SEE_EXPLAIN)
    }
}

/// What is said of an artifact that nobody was asked about.
fn unsigned(name: &str, accepted: &Accepted) -> String {
    format!(
        "`{name}` is accepted without any signature: the scope `{}` says `accept: true`",
        accepted.scope()
    )
}

/// Notes in the report how judging ended.
fn conclude(report: &mut Option<PolicyReport>, result: Result<&Accepted, &Error>) {
    if let Some(report) = report {
        report.conclude(result);
    }
}

/// A registry has one name in a policy file: another spelling of it would slip past the scopes that name it.
fn one_spelling(name: &ImageName) -> Result<(), Error> {
    let ImageName::Registry(reference) = name else { return Ok(()) };
    let repository = reference.repository().to_string();
    let registry = repository.split('/').next().unwrap_or_default();
    match ambiguous_host(registry) {
        None => Ok(()),
        Some(why) => Err(Error::usage(format!(
            "the registry of `{repository}` has no name that a policy file could mean"
        ))
        .cause(why)
        .hint("write the registry as the policy file does")),
    }
}

impl Job<'_> {
    /// One image by the policy file.
    pub(super) async fn by_scope(
        &self,
        loaded: &Loaded,
        image: &Image,
        known: Option<Manifest>,
        report: &mut ItemReport,
    ) -> Result<ShownImage, Error> {
        let result = self.accepted(loaded, image, known, report).await;
        conclude(&mut report.policy, result.as_ref().map(|(accepted, ..)| accepted));
        let (accepted, manifest, is_online) = result?;
        Ok(self.show(image, &manifest, &accepted, is_online))
    }

    /// What the scope accepts, of which manifest, and whether a log was asked for that.
    async fn accepted(
        &self,
        loaded: &Loaded,
        image: &Image,
        known: Option<Manifest>,
        report: &mut ItemReport,
    ) -> Result<(Accepted, Manifest, bool), Error> {
        one_spelling(&image.name)?;
        let subject = loaded.alias.clone().unwrap_or_else(|| subject(&image.name));
        let asked = Asked { loaded, name: &image.typed, subject };
        let course = asked.course(Artifacts::Images, &mut report.policy)?;
        if matches!(course, Course::Refused) {
            return Err(asked.unwanted(report.policy.as_ref()));
        }
        // What is below an index was compared with it.
        let alone = known.is_none();
        let manifest = match known {
            Some(manifest) => manifest,
            None => image.manifest().await?,
        };
        if alone {
            complete(image, &manifest).await?;
        }
        report.digest = Some(manifest.digest.to_string());
        let (accepted, is_online) = match course {
            Course::Verified(plan) => self.weigh(&asked, &plan, image, &manifest, report).await?,
            Course::Accepted(accepted) => {
                self.root.tell(&[], &[unsigned(&image.typed, &accepted)]).await;
                (accepted, false)
            }
            Course::Refused => return Err(asked.unwanted(report.policy.as_ref())),
        };
        Ok((accepted, manifest, is_online))
    }

    async fn weigh(
        &self,
        asked: &Asked<'_>,
        plan: &Plan<'_>,
        image: &Image,
        manifest: &Manifest,
        report: &mut ItemReport,
    ) -> Result<(Accepted, bool), Error> {
        let artifact = super::images::artifact(image, &manifest.digest);
        let is_of = |leaf: &crate::policy::scoped::Leaf| leaf.what() == What::Signature;
        let want = Want {
            signatures: plan.leaves().iter().any(is_of),
            attestations: !plan.leaves().iter().all(is_of),
            ..*self.want()
        };
        let mut weighing = Weighing::new(plan);
        find_each(&image.home, &manifest.digest, &want, async |found| {
            let attached = Attached::read(found, &Detached::default());
            weighing.spoiled(&attached);
            let root = self.root.read(weighing.needs_root(&attached.candidates)).await?;
            let said = weighing.add(attached.candidates, &artifact, (root, self.now()), self.lookup()).await;
            self.root.tell(&said, &[]).await;
            Ok::<(), Error>(())
        })
        .await?;
        let weighed = weighing.decide(asked, self.now());
        let is_online = weighed.is_online;
        let (candidates, result) = weighed.report(&mut report.policy);
        report.candidates = candidates;
        Ok((result?, is_online))
    }

    /// What is shown of an image that is accepted: what counted, each once, of the kind that the command is about.
    fn show(&self, image: &Image, manifest: &Manifest, accepted: &Accepted, is_online: bool) -> ShownImage {
        let is_signature = matches!(self.request.expected, Expected::Signature);
        let mut verified: Vec<Verified> = Vec::new();
        for counted in accepted.counted().iter().filter(|one| (one.what() == What::Signature) == is_signature)
        {
            let signature = |verified: &Verified| verified.entity().content.signature().to_vec();
            let this = signature(counted.verified());
            if !verified.iter().any(|known| signature(known) == this) {
                verified.push(counted.verified().clone());
            }
        }
        let artifact = super::images::artifact(image, &manifest.digest);
        let documents = verified.iter().map(|one| match is_signature {
            true => shown::signature(one, &artifact, &manifest.digest),
            false => shown::envelope(one),
        });
        ShownImage {
            name: image.typed.clone(),
            documents: documents.collect(),
            performed: Performed::of(&verified, is_online),
            scope: Some(accepted.scope().to_owned()),
            until: accepted.until(),
        }
    }
}

/// An image as patterns see it: by its own name, also where what is judged is something in its index.
pub(in crate::commands) fn subject(name: &ImageName) -> Subject {
    let (name, target) = match name {
        ImageName::Registry(reference) => (reference.repository().to_string(), Some(reference.target())),
        ImageName::Layout(path, target) => (format!("oci:{}", path.display()), target.as_ref()),
        ImageName::Archive(path, target) => (format!("oci-archive:{}", path.display()), target.as_ref()),
    };
    let (mut tag, mut digest) = (None, None);
    match target {
        Some(Target::Tag(text)) => tag = Some(text.clone()),
        Some(Target::Digest(found)) => digest = Some(found.to_string()),
        None => {}
    }
    Subject::Image { name, tag, digest }
}

/// Verifies a file by a policy file.
pub(super) async fn file(
    request: &VerifyRequest,
    policy_file: &std::path::Path,
    context: &mut Context,
    report: &mut Report,
) -> Result<(), Error> {
    super::one_standard_input(request)?;
    let loaded = Source::read(policy_file)?.load(context).await?;
    check_results(request.files(), &loaded, &request.reports, context)?;
    let name = match &request.subject {
        Named::Blob(blob) => blob.to_string_lossy().into_owned(),
        Named::Digest { algorithm, hex } => format!("{algorithm}:{hex}"),
        Named::Digests { name, .. } => name.clone(),
        Named::None => return Err(Error::usage("a policy file is asked about a file, and none is named")),
    };
    file_named(&name, request, &loaded, context, report).await
}

/// The same by a policy file that was read before; patterns see the file by this name.
pub(in crate::commands) async fn file_named(
    name: &str,
    request: &VerifyRequest,
    loaded: &Loaded,
    context: &mut Context,
    report: &mut Report,
) -> Result<(), Error> {
    let trust = loaded.trust(&request.trust)?;
    file_at(name, request, loaded, &Desk::new(&trust, context), report).await
}

/// The same, where several files may be judged at a time.
pub(super) async fn file_at(
    name: &str,
    request: &VerifyRequest,
    loaded: &Loaded,
    desk: &Desk<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let result = accepted_file(name, request, loaded, desk, report).await;
    conclude(&mut report.policy, result.as_ref());
    result.map(drop)
}

async fn accepted_file(
    name: &str,
    request: &VerifyRequest,
    loaded: &Loaded,
    desk: &Desk<'_>,
    report: &mut Report,
) -> Result<Accepted, Error> {
    let asked = Asked { loaded, name, subject: Subject::File(name.to_owned()) };
    let plan = match asked.course(Artifacts::Files, &mut report.policy)? {
        Course::Refused => return Err(asked.unwanted(report.policy.as_ref())),
        Course::Accepted(accepted) => {
            let known = desk.artifact(&request.subject, &[], &[]).await?;
            report.artifact = known.as_ref().map(ArtifactReport::of);
            desk.root.tell(&[], &[unsigned(name, &accepted)]).await;
            return Ok(accepted);
        }
        Course::Verified(plan) => plan,
    };
    let mut weighing = Weighing::new(&plan);
    let all = every(request, desk).await?;
    let is_needed = desk.root.request().trusted_root.is_some() || weighing.needs_root(&all);
    let root = desk.root.read(is_needed).await?;
    report.trusted_root = is_needed.then(|| root.source.clone());
    let policies: Vec<_> = plan.leaves().iter().map(|leaf| leaf.policy()).collect();
    let Some(artifact) = desk.artifact(&request.subject, &all, &policies).await? else {
        return Err(Error::usage("a policy file is asked about a file, and none is named"));
    };
    report.artifact = Some(ArtifactReport::of(&artifact));
    let said = weighing.add(all, &artifact, (root, desk.now), &desk.lookup).await;
    desk.root.say(&said).await;
    let (candidates, result) = weighing.decide(&asked, desk.now).report(&mut report.policy);
    report.candidates = candidates;
    result
}

/// The candidates in all that was named; nothing need be.
async fn every(request: &VerifyRequest, desk: &Desk<'_>) -> Result<Vec<Candidate>, Error> {
    let signature = &request.signature;
    let mut all = Vec::new();
    for other in &signature.other_bundles {
        let one = SignatureRequest { bundle: Some(other.clone()), ..SignatureRequest::default() };
        all.extend(desk.candidates(&one, &request.expected).await?);
    }
    if signature.bundle.is_some() || signature.signature.is_some() {
        all.extend(desk.candidates(signature, &request.expected).await?);
    }
    Ok(all)
}
