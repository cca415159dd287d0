//! The driver behind `verify` and its relatives: every image by itself, several at a time, in the order in which they were
//! named. What is judged, and how, is [`super::Verdict`]'s, as for files.

use std::path::Path;

use futures_util::stream::{self, StreamExt};

use super::attached::Attached;
use super::given::Given;
use super::journal::Journal;
use super::judgement::Judgement;
use super::lazy_root::LazyRoot;
use super::lookup::Lookup;
use super::request::{Children, VerifyImagesRequest};
use super::shown::{Performed, ShownImage};
use super::{expected_signer, named, needs_root, options, scoped, shown, worst};
use crate::bundle::detached::Detached;
use crate::commands::attachment_size;
use crate::commands::candidates::beside;
use crate::commands::context::Variables;
use crate::commands::extract::Named;
use crate::commands::images::Image;
use crate::commands::policies::{self, Asked};
use crate::commands::policy_file::{Loaded, Source};
use crate::commands::report::{ErrorReport, ItemReport, PolicyVerdict, Report};
use crate::commands::{Context, Error, ErrorKind, Expected, SignatureRequest, Signer, TrustRequest};
use crate::crypto::{Digest, UnixTime};
use crate::payload::Artifact;
use crate::policy::Policy;
use crate::progress;
use crate::registry::{Attachment, Manifest, Target};
use crate::storage::images::find::{Forms, Want, find_each};
use crate::storage::images::{ImageName, Place, check_graph};
use crate::verify::{VerificationPolicy, Verifier};

/// What a verification of images found.
pub struct VerifiedImages {
    /// Everything, for those who read reports.
    pub report: Report,
    /// The images of which something verified, in their order.
    pub shown: Vec<ShownImage>,
}

/// Verifies images. Report and what is to be shown are complete whether or not the run succeeded; success needs a verified
/// signature of every image.
pub async fn verify_images(
    request: &VerifyImagesRequest,
    context: &mut Context,
) -> (VerifiedImages, Result<(), Error>) {
    verified_by(request, None, context).await
}

/// The same by a policy file that was read before.
pub(in crate::commands) async fn images_by(
    request: &VerifyImagesRequest,
    loaded: Loaded,
    context: &mut Context,
) -> (VerifiedImages, Result<(), Error>) {
    verified_by(request, Some(loaded), context).await
}

async fn verified_by(
    request: &VerifyImagesRequest,
    loaded: Option<Loaded>,
    context: &mut Context,
) -> (VerifiedImages, Result<(), Error>) {
    let mut found = VerifiedImages { report: Report::new(request.command, context.now), shown: Vec::new() };
    let result = run(request, loaded, context, &mut found).await;
    match &result {
        Ok(()) => found.report.verified = true,
        Err(error) => found.report.fail(error),
    }
    (found, result)
}

async fn run(
    request: &VerifyImagesRequest,
    loaded: Option<Loaded>,
    context: &mut Context,
    found: &mut VerifiedImages,
) -> Result<(), Error> {
    let names = named::names(request, context, &mut found.report)?;
    let judge = match (&request.signer, loaded) {
        (_, Some(loaded)) => Judge::Scopes(Box::new(loaded)),
        (Signer::Scopes(file), None) => Judge::Scopes(Box::new(Source::read(file)?.load(context).await?)),
        (signer, None) => Judge::Signer {
            rules: policies::load(&request.policy, context)?.map(Box::new),
            policy: Box::new(request.required_of(expected_signer(signer, context).await?)?),
        },
    };
    if let Judge::Scopes(loaded) = &judge {
        scoped::check_results(request.files(), loaded, &request.reports, context)?;
    }
    let images = named::open(names, request, context)?;
    let trust = match &judge {
        Judge::Scopes(loaded) => loaded.trust(&request.trust)?,
        Judge::Signer { .. } => request.trust.clone(),
    };
    let variables = context.variables.clone();
    let job = Job::new(request, &judge, &trust, context).await?;
    let journal = match &request.resume {
        Some(path) => Some(job.journal(path, &variables).await?),
        None => None,
    };
    let work = progress::things("images", images.len());
    let judged = images.into_iter().map(|(named, image)| async {
        let Named { name, at } = named;
        let mut outcomes = match image {
            Ok(image) => job.image_or_known(image, journal.as_ref()).await,
            Err(error) => vec![Outcome::failed(name, error)],
        };
        for outcome in &mut outcomes {
            outcome.report.named_at.clone_from(&at);
        }
        work.one(outcomes.iter().all(|outcome| outcome.result.is_ok()));
        outcomes
    });
    let outcomes: Vec<_> = stream::iter(judged).buffered(request.search.workers).collect().await;
    drop(work);
    let noted = match journal.map(Journal::finish) {
        Some(Ok(passed @ 1..)) => {
            let images = if passed == 1 { "image was" } else { "images were" };
            job.root
                .say(&[format!(
                    "{passed} {images} verified by an earlier run, and not judged again (--resume)"
                )])
                .await;
            Ok(())
        }
        None | Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(error),
    };
    found.report.trusted_root = job.root.get().map(|root| root.source.clone());
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    let (count, mut failed, mut reports) = (outcomes.len(), Vec::new(), Vec::new());
    for Outcome { mut report, shown, result } in outcomes {
        match result {
            Ok(()) => report.verified = true,
            Err(error) => {
                report.error = Some(ErrorReport::of(&error));
                failed.push((report.name.clone(), error));
            }
        }
        found.shown.extend(shown);
        reports.push(report);
    }
    found.report.images = Some(reports);
    worst::of(failed, count, "images").map_or(noted, Err)
}

/// What became of one image.
pub(super) struct Outcome {
    report: ItemReport,
    shown: Option<ShownImage>,
    result: Result<(), Error>,
}

impl Outcome {
    pub(super) fn failed(name: String, error: Error) -> Self {
        Self { report: ItemReport::new(name), shown: None, result: Err(error) }
    }

    /// What an earlier run has verified.
    fn known(name: String, digest: &Digest, time: String) -> Self {
        let new = ItemReport::new(name);
        let report = ItemReport { digest: Some(digest.to_string()), resumed: Some(time), ..new };
        Self { report, shown: None, result: Ok(()) }
    }

    /// Notes what the image is in an index.
    pub(super) fn child(mut self, index: &str, platform: Option<String>) -> Self {
        self.report.index = Some(index.to_owned());
        self.report.platform = platform;
        self
    }

    /// Notes what had to hold of an index.
    pub(super) fn rule(mut self, rule: String) -> Self {
        self.report.rule = Some(rule);
        self
    }
}

/// Who says what an image has to have.
pub(super) enum Judge {
    /// One signer, and policies for statements.
    Signer { policy: Box<VerificationPolicy>, rules: Option<Box<Policy>> },
    /// A policy file.
    Scopes(Box<Loaded>),
}

/// What is the same for every image.
pub(super) struct Job<'a> {
    pub(super) request: &'a VerifyImagesRequest,
    judge: &'a Judge,
    want: Want,
    pub(super) beside: Detached,
    /// A signature from a file, with its name, in place of those that are found.
    given: Option<Given>,
    now: UnixTime,
    lookup: Lookup,
    pub(super) root: LazyRoot<'a>,
}

/// What one signer is asked for.
#[derive(Clone, Copy)]
struct Bar<'a> {
    policy: &'a VerificationPolicy,
    rules: Option<&'a Policy>,
}

/// What is judged: whatever has this digest.
struct About {
    digest: Digest,
    /// Its manifest, if it was read.
    manifest: Option<Manifest>,
}

impl From<Manifest> for About {
    fn from(manifest: Manifest) -> Self {
        Self { digest: manifest.digest.clone(), manifest: Some(manifest) }
    }
}

impl<'a> Job<'a> {
    async fn new(
        request: &'a VerifyImagesRequest,
        judge: &'a Judge,
        trust: &'a TrustRequest,
        context: &'a mut Context,
    ) -> Result<Self, Error> {
        let signature = matches!(request.expected, Expected::Signature);
        let search = &request.search;
        let want = Want {
            signatures: signature,
            attestations: !signature,
            forms: Forms { bundles: search.bundles, tags: search.tags, layers: search.layers },
            largest: attachment_size::limit(context)?,
            workers: search.workers,
            ..Want::default()
        };
        let files = SignatureRequest {
            certificate: request.beside.certificate.clone(),
            sct: request.beside.sct.clone(),
            ..SignatureRequest::default()
        };
        let beside = beside(&files, context)?;
        let given = Given::read(request, context)?;
        let now = context.now;
        let lookup = Lookup::new(trust, context);
        let root = LazyRoot::new(trust, context);
        let is_needed = match judge {
            Judge::Signer { policy, .. } => needs_root(policy, &[]),
            // A journal is for one root.
            Judge::Scopes(loaded) => request.resume.is_some() && scoped::needs_root_for_images(loaded),
        };
        // A root that the user named is read in any case: a name with a slip in it is not passed over.
        root.read(trust.trusted_root.is_some() || is_needed).await?;
        Ok(Self { request, judge, want, beside, given, now, lookup, root })
    }

    /// The journal of what verified under the same options.
    async fn journal(&self, path: &Path, variables: &Variables) -> Result<Journal, Error> {
        if self.request.sbom {
            return Err(Error::usage("--resume does not go with --attachment")
                .hint("an image keeps its digest when another SBOM is attached to it: leave --resume out"));
        }
        let options =
            options::digest(self.request, self.judge, self.root.request(), self.root.get(), variables)?;
        self.root.with(|context| Journal::open(path, &options, context)).await
    }

    /// One image that was named, unless the journal has its name with the digest that it has now. An image on this machine is not what
    /// its digest says until all of it was read.
    async fn image_or_known(&self, mut image: Image, journal: Option<&Journal>) -> Vec<Outcome> {
        let is_noted = matches!(image.name, ImageName::Registry(_)) && scoped::is_asked(self.judge, &image);
        let Some(journal) = journal.filter(|_| is_noted) else {
            return self.image(image).await;
        };
        let (name, digest) = match image.digest().await {
            Ok(digest) => (image.typed.clone(), digest),
            Err(error) => return vec![Outcome::failed(image.typed, error)],
        };
        if let Some(time) = journal.known(&name, &digest) {
            return vec![Outcome::known(name, &digest, time)];
        }
        // What is judged is what is noted, wherever the tag goes meanwhile.
        image.target = Target::Digest(digest.clone());
        let outcomes = self.image(image).await;
        // What is accepted as it is was not verified.
        let is_verified = |outcome: &Outcome| {
            let policy = outcome.report.policy.as_ref();
            outcome.result.is_ok()
                && outcome.report.digest.is_some()
                && policy.is_none_or(|policy| policy.verdict == PolicyVerdict::Accepted)
        };
        if !outcomes.is_empty() && outcomes.iter().all(is_verified) {
            let shown = outcomes.iter().filter_map(|outcome| outcome.shown.as_ref());
            journal.note(&name, &digest, shown.filter_map(|shown| shown.until).min());
        }
        outcomes
    }

    /// One image that was named, and what belongs to it.
    async fn image(&self, image: Image) -> Vec<Outcome> {
        match &self.request.children {
            Children::Whole => vec![self.one(&image, None).await],
            Children::Each => self.each(&image).await,
            Children::Of(platform) => self.of_platform(&image, platform).await,
        }
    }

    /// One manifest; `known`, where somebody has it already.
    pub(super) async fn one(&self, image: &Image, known: Option<Manifest>) -> Outcome {
        let mut report = ItemReport::new(image.typed.clone());
        let judged = match self.judge {
            Judge::Scopes(loaded) => self.by_scope(loaded, image, known, &mut report).await,
            Judge::Signer { policy, rules } => {
                self.judged(Bar { policy, rules: rules.as_deref() }, image, known, &mut report).await
            }
        };
        match judged {
            Ok(shown) => Outcome { report, shown: Some(shown), result: Ok(()) },
            Err(error) => Outcome { report, shown: None, result: Err(error) },
        }
    }

    /// How candidates are looked for.
    pub(super) fn want(&self) -> &Want {
        &self.want
    }

    /// The time of judging.
    pub(super) fn now(&self) -> UnixTime {
        self.now
    }

    /// Where missing log entries are looked up.
    pub(super) fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    async fn judged(
        &self,
        bar: Bar<'_>,
        image: &Image,
        known: Option<Manifest>,
        report: &mut ItemReport,
    ) -> Result<ShownImage, Error> {
        // What is below an index was compared with it.
        let alone = known.is_none();
        report.policies = policies::unasked(bar.rules);
        let (about, mut judgement) = self.judgement(bar.policy, image, known).await?;
        let About { digest, manifest } = about;
        if let Some(manifest) = manifest.as_ref().filter(|_| alone) {
            complete(image, manifest).await?;
        }
        // Where the claim is waived, nothing was verified of this digest.
        report.digest = bar.policy.claim.binding_waived.is_none().then(|| digest.to_string());
        let artifact = artifact(image, &digest);
        report.candidates = judgement.take_reports();
        if !judgement.verdict.is_success() {
            if manifest.is_none() {
                // Whether there is such an image is another matter.
                image.descriptor().await?;
            }
            let error = super::nothing::error(self.request, bar.policy, &artifact, &judgement);
            return Err(judgement.looked_up.explain(error));
        }
        let verified = &judgement.verdict.verified;
        let documents = match &self.request.expected {
            Expected::Signature => verified.iter().map(|v| shown::signature(v, &artifact, &digest)).collect(),
            Expected::Attestation { predicate_type } => {
                let asked = Asked { policy: bar.rules, predicate_type, name: Some(&image.typed) };
                let judged = policies::judge(verified, &asked, judgement.is_complete());
                judged.note(&mut report.candidates);
                self.root.tell(&judged.said, &judged.warnings).await;
                report.policies = judged.policies;
                judged.accepted?.iter().map(shown::attestation).collect()
            }
        };
        Ok(ShownImage {
            name: image.typed.clone(),
            performed: Performed::of(verified, judgement.is_online),
            documents,
            scope: None,
            until: None,
        })
    }

    /// What is judged, and what became of all that belongs to it: the manifest is read once at most, and what is judged is its
    /// digest. An image of a registry that is named by its digest need not be looked at: nothing depends on what it is.
    async fn judgement(
        &self,
        policy: &VerificationPolicy,
        image: &Image,
        known: Option<Manifest>,
    ) -> Result<(About, Judgement), Error> {
        if self.request.sbom || self.given.is_some() {
            let manifest = self.meant(image, known).await?;
            let judgement = match &self.given {
                Some(given) => {
                    let (attached, mut judgement) =
                        (given.attached(image, &manifest, self)?, Judgement::default());
                    self.add((policy, image), &manifest.digest, attached, &mut judgement).await?;
                    judgement
                }
                None => self.found(policy, image, &manifest.digest).await?,
            };
            return Ok((manifest.into(), judgement));
        }
        let about: About = match (known, &image.target, &image.home.image) {
            (Some(manifest), _, _) => manifest.into(),
            #[cfg(feature = "http")]
            (None, Target::Digest(digest), Place::Registry(_)) => {
                About { digest: digest.clone(), manifest: None }
            }
            (None, _, _) => image.manifest().await?.into(),
        };
        let judgement = self.found(policy, image, &about.digest).await?;
        Ok((about, judgement))
    }

    /// What became of all that belongs to the image with this digest.
    async fn found(
        &self,
        policy: &VerificationPolicy,
        image: &Image,
        digest: &Digest,
    ) -> Result<Judgement, Error> {
        let mut judgement = Judgement::default();
        find_each(&image.home, digest, &self.want, async |found| {
            let attached = Attached::read(found, &self.beside);
            self.add((policy, image), digest, attached, &mut judgement).await
        })
        .await?;
        Ok(judgement)
    }

    async fn add(
        &self,
        (policy, image): (&VerificationPolicy, &Image),
        digest: &Digest,
        mut attached: Attached,
        judgement: &mut Judgement,
    ) -> Result<(), Error> {
        let root = self.root.read(needs_root(policy, &attached.candidates)).await?;
        let verifier = Verifier { root, policy, now: self.now };
        let artifact = artifact(image, digest);
        let before = &judgement.looked_up;
        let came = self.lookup.complete(&mut attached.candidates, Some(&artifact), &verifier, before).await;
        self.root.say(&came.said).await;
        judgement.looked_up.add(came);
        judgement.add(attached, &self.request.expected, &verifier, &artifact);
        Ok(())
    }

    /// The manifest whose signatures are meant: the image's, or that of the SBOM that is attached to it.
    async fn meant(&self, image: &Image, known: Option<Manifest>) -> Result<Manifest, Error> {
        let manifest = match known {
            Some(manifest) => manifest,
            None => image.manifest().await?,
        };
        if !self.request.sbom {
            return Ok(manifest);
        }
        let tag = Attachment::Sbom.tag_of(&image.home.tag_prefix, &manifest.digest);
        let sbom = image.home.attachments.manifest(&Target::Tag(tag.clone())).await?;
        sbom.ok_or_else(|| {
            let message = format!("there is no SBOM of `{}`", image.typed);
            Error::new(ErrorKind::NoSuchArtifact, message)
                .cause(format!("`{}:{tag}` is not there", image.home.attachments))
        })
    }
}

pub(super) fn artifact(image: &Image, digest: &Digest) -> Artifact {
    Artifact { name: image.typed.clone(), digests: digest.clone().into(), ed25519: Vec::new() }
}

/// Compares every blob of an image on this machine with its digest and its size: nobody else has done so. What comes from a
/// registry is compared by whoever runs it.
pub(super) async fn complete(image: &Image, manifest: &Manifest) -> Result<(), Error> {
    match &image.home.image {
        #[cfg(feature = "http")]
        Place::Registry(_) => Ok(()),
        place @ (Place::Layout(_) | Place::Archive(_)) => {
            check_graph(place, manifest).await?;
            Ok(())
        }
    }
}
