//! Verifies the artifacts of a kit that is unpacked: each with its bundles, by the one verifying path.

use std::path::{Component, Path, PathBuf};

use super::report::{KitArtifactReport, KitReport};
use super::request::{KitSigner, KitVerification};
use crate::commands::artifact::artifact;
use crate::commands::candidates::{Candidate, of_document, unreadable};
use crate::commands::hints::ENTRY_IN_LOG;
use crate::commands::trust::{given_root, trusted_root};
use crate::commands::verification::{expected_signer, judge, needs_root, policy_of};
use crate::commands::{CandidateReport, Context, Error, ErrorKind, ErrorReport, Expected, Subject};
use crate::crypto::{Digest, Hasher, PublicKey};
use crate::payload::Artifact;
use crate::storage::kit::{KitArtifact, Role, Unpacked};
use crate::storage::{self, BlobSource, read_file, stream_blob};
use crate::trust::TrustedRoot;
use crate::verify::{ExpectedSigner, VerificationPolicy, Verifier};

/// Reasons that another trusted root may do away with.
const UNKNOWN_TO_THE_ROOT: &[&str] = &[
    "certificate-untrusted",
    "checkpoint-signature",
    "log-unknown",
    "no-authority",
    "sct-missing",
    "timestamp-missing",
];

struct Kit<'a> {
    asked: &'a KitVerification,
    unpacked: &'a Unpacked,
    folder: &'a Path,
    policy: VerificationPolicy,
    expected: Expected,
    /// Read when it is needed first.
    root: Option<TrustedRoot>,
}

/// What can be read before the kit is.
pub(super) struct Prepared {
    /// `None` where a key of the kit is to be taken.
    policy: Option<VerificationPolicy>,
    /// The one that the user named.
    root: Option<TrustedRoot>,
}

/// Reads the key and the trusted root that the user named.
pub(super) async fn prepare(asked: &KitVerification, context: &mut Context) -> Result<Prepared, Error> {
    let policy = match &asked.signer {
        KitSigner::Named(signer) => Some(policy(asked, expected_signer(signer, context).await?)?),
        KitSigner::PackedKey(_) => None,
    };
    // It is read in any case: a name with a slip in it is not passed over.
    let root = match &asked.trust.trusted_root {
        Some(_) if !asked.packed_root => Some(trusted_root(&asked.trust, context).await?),
        _ => None,
    };
    Ok(Prepared { policy, root })
}

fn policy(asked: &KitVerification, signer: ExpectedSigner) -> Result<VerificationPolicy, Error> {
    policy_of(signer, &expected(asked), &asked.waivers, asked.require_timestamp)
}

fn expected(asked: &KitVerification) -> Expected {
    match &asked.predicate_type {
        Some(predicate_type) => Expected::Attestation { predicate_type: predicate_type.clone() },
        None => Expected::Signature,
    }
}

/// Verifies every artifact, and fills the report.
pub(super) async fn verify(
    asked: &KitVerification,
    prepared: Prepared,
    unpacked: &Unpacked,
    folder: &Path,
    context: &mut Context,
    report: &mut KitReport,
) -> Result<(), Error> {
    let Prepared { policy: prepared, root } = prepared;
    let policy = match (prepared, &asked.signer) {
        (Some(policy), _) => policy,
        (None, KitSigner::PackedKey(fingerprint)) => {
            policy(asked, ExpectedSigner::Key(packed_key(fingerprint, unpacked, folder, context)?))?
        }
        (None, KitSigner::Named(_)) => return Err(Error::usage("nobody is named as the signer")),
    };
    if asked.artifacts.is_some() && unpacked.manifest.artifacts().iter().all(|a| a.file.is_some()) {
        return Err(Error::usage("the kit brings its files: those of --artifacts would not be looked at")
            .hint("leave --artifacts out; it is for kits that were packed with --digests-only"));
    }
    let mut kit = Kit { asked, unpacked, folder, policy, expected: expected(asked), root };
    if asked.packed_root {
        kit.read_root(context).await?;
    }
    let mut failed = Vec::new();
    for artifact in unpacked.manifest.artifacts() {
        let mut entry = KitArtifactReport::of(artifact);
        let result = kit.artifact(artifact, &mut entry, context).await;
        entry.verified = result.is_ok();
        if let Err(mut error) = result {
            fit_hints(&mut error);
            entry.error = Some(ErrorReport::of(&error));
            failed.push((entry.shown().to_owned(), error));
        }
        report.artifacts.push(entry);
    }
    report.trusted_root = kit.root.as_ref().map(|root| root.source.clone());
    if failed.is_empty() {
        return Ok(());
    }
    Err(kit.with_hints(failure(failed, report.artifacts.len()), report))
}

impl Kit<'_> {
    async fn artifact(
        &mut self,
        artifact: &KitArtifact,
        report: &mut KitArtifactReport,
        context: &mut Context,
    ) -> Result<(), Error> {
        let mut candidates = Vec::new();
        for path in &artifact.bundles {
            let document = read_file("bundle", &self.folder.join(path), Role::Bundle.limit())
                .map_err(|e| Error::file(&e))?;
            candidates.extend(of_document(&document, path).map_err(|e| unreadable(&path, &e))?);
        }
        if self.root.is_none() && needs_root(&self.policy, &candidates) {
            self.read_root(context).await?;
        }
        let subject = self.subject(artifact, report, &candidates, context)?;
        let nothing = TrustedRoot::default();
        let root = self.root.as_ref().unwrap_or(&nothing);
        let verifier = Verifier { root, policy: &self.policy, now: context.now };
        let (judged, result) = judge(&verifier, &self.expected, &candidates, subject.as_ref());
        report.candidates = judged;
        let result = match subject {
            Some(subject) if result.is_ok() && !report.read => {
                self.signed_digests(&verifier, &candidates, &subject).map(|digests| report.digests = digests)
            }
            _ => result,
        };
        result.map_err(|mut error| {
            if report.candidates.len() > 1 {
                error.candidates = report.candidates.iter().map(rejection).collect();
            }
            error
        })
    }

    /// Those digests of an artifact without bytes that a signature proves. That all of them are of one file is the word of the
    /// kit, so what one of them proves says nothing of another one.
    fn signed_digests(
        &self,
        verifier: &Verifier<'_>,
        candidates: &[Candidate],
        artifact: &Artifact,
    ) -> Result<Vec<String>, Error> {
        let mut signed = Vec::new();
        let mut failure = None;
        for digest in artifact.digests.iter() {
            let alone = Artifact { digests: digest.clone().into(), ..artifact.clone() };
            match judge(verifier, &self.expected, candidates, Some(&alone)).1 {
                Ok(()) => signed.push(digest.to_string()),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if signed.is_empty() => Err(error),
            _ => Ok(signed),
        }
    }

    /// The artifact, by its bytes where they are at hand.
    fn subject(
        &self,
        artifact_: &KitArtifact,
        report: &mut KitArtifactReport,
        candidates: &[Candidate],
        context: &Context,
    ) -> Result<Option<Artifact>, Error> {
        let path = match (&artifact_.file, &self.asked.artifacts) {
            (Some(path), _) => Some(self.folder.join(path)),
            (None, Some(folder)) => {
                let name = self.unpacked.manifest.file_name(artifact_);
                let path = beside(artifact_, &name, folder)?;
                report.beside = Some(folder.join(name).to_string_lossy().into_owned());
                Some(path)
            }
            (None, None) => None,
        };
        report.read = path.is_some();
        let subject = match path {
            Some(path) => Subject::Blob(path.into_os_string()),
            None => Subject::Digests {
                name: artifact_.name.clone(),
                digests: artifact_.digests.iter().cloned().collect(),
            },
        };
        let read = artifact(&subject, candidates, &[&self.policy], context)?;
        // The folder is gone when the message is read.
        Ok(read.map(|read| Artifact { name: report.shown().to_owned(), ..read }))
    }

    async fn read_root(&mut self, context: &mut Context) -> Result<(), Error> {
        let trust = &self.asked.trust;
        if !self.asked.packed_root {
            self.root = Some(trusted_root(trust, context).await?);
            return Ok(());
        }
        let Some(member) = self.unpacked.manifest.of(Role::TrustedRoot).next() else {
            return Err(Error::new(ErrorKind::TrustMaterial, "the kit has no trusted root")
                .hint("name one of your own with --trusted-root FILE, or leave --packed-trusted-root out"));
        };
        let path = self.folder.join(&member.path);
        let text = read_file("trusted root", &path, Role::TrustedRoot.limit());
        let text = text.map_err(|e| Error::trust_file(&e))?;
        let digest = &member.piece.sha256;
        context.narrator.warn(&format!(
            "the trusted root of the kit decides (--packed-trusted-root): the kit vouches for itself, unless you know \
             from elsewhere that {digest} is the digest of the right root"
        ));
        let source = format!("{} of the kit ({digest})", member.path);
        self.root = Some(given_root(&text, &source, trust, context)?);
        Ok(())
    }

    /// Adds what only a kit can advise.
    fn with_hints(&self, mut error: Error, report: &KitReport) -> Error {
        let reasons = report.artifacts.iter().filter(|artifact| !artifact.verified);
        let reasons = reasons.flat_map(|artifact| &artifact.candidates).flat_map(|c| &c.checks);
        let reasons: Vec<&str> = reasons.filter_map(|check| check.reason).collect();
        if let Some(member) = self.unpacked.manifest.of(Role::TrustedRoot).next()
            && !self.asked.packed_root
            && reasons.iter().any(|reason| UNKNOWN_TO_THE_ROOT.contains(reason))
        {
            error = error.hint(format!(
                "the kit brings a trusted root: if you know its digest, {}, from elsewhere, --packed-trusted-root \
                 takes it; safer is a root of your own, with --trusted-root FILE",
                member.piece.sha256
            ));
        }
        if self.asked.artifacts.is_none()
            && reasons.iter().any(|reason| ["digest-unavailable", "signature-unavailable"].contains(reason))
        {
            error =
                error.hint("the kit has the digest alone: name the folder of the files with --artifacts DIR");
        }
        error
    }
}

/// Takes hints of flags and commands away that are not for kits.
fn fit_hints(error: &mut Error) {
    let plain = error.hints.iter().any(|hint| hint.contains("`verify-blob`"));
    error.hints.retain(|hint| !hint.contains("--bundle") && !hint.contains("`verify-blob`"));
    // No log is asked about what is in a kit.
    for hint in error.hints.iter_mut().filter(|hint| *hint == ENTRY_IN_LOG) {
        *hint = "no log is asked about a kit: have `bundle upgrade` fetch the entry where there is a network, and pack what it makes".to_owned();
    }
    if plain {
        error.hints.push("leave --type out to verify plain signatures too".to_owned());
    }
}

/// Which signature was refused, and why.
fn rejection(candidate: &CandidateReport) -> String {
    let failed = candidate.checks.iter().find(|check| check.outcome == "failed");
    let why = failed.and_then(|check| check.detail.as_deref()).unwrap_or_default();
    format!("{}: {why}", candidate.source)
}

/// The key of the kit with this fingerprint.
fn packed_key(
    fingerprint: &str,
    unpacked: &Unpacked,
    folder: &Path,
    context: &mut Context,
) -> Result<PublicKey, Error> {
    for member in unpacked.manifest.of(Role::PublicKey) {
        let text = read_file("key", &folder.join(&member.path), Role::PublicKey.limit());
        let text = text.map_err(|e| Error::file(&e))?;
        let key = PublicKey::from_pem(&text).map_err(|e| {
            Error::new(ErrorKind::Format, format!("`{}` of the kit cannot be used", member.path))
                .caused_by(&e)
        })?;
        if hex::encode(key.key_id()) == fingerprint {
            context.narrator.say(&format!("Key: {} of the kit (sha256:{fingerprint})", member.path));
            return Ok(key);
        }
    }
    let message = format!("no key of the kit has the fingerprint sha256:{fingerprint}");
    Err(Error::new(ErrorKind::TrustMaterial, message)
        .hint("name a key file of your own with --key FILE, or get the fingerprint again from who signs"))
}

/// The file of an artifact that the kit lists by digest alone, and that is called `name`.
fn beside(artifact: &KitArtifact, name: &str, folder: &Path) -> Result<PathBuf, Error> {
    let mut parts = Path::new(name).components();
    // The name is the kit's word: it must not lead anywhere else.
    let (Some(Component::Normal(part)), None) = (parts.next(), parts.next()) else {
        let message =
            format!("the artifact `{name}` of the kit has no name that a file in a folder could have");
        return Err(
            Error::new(ErrorKind::Format, message).hint("leave --artifacts out to verify it by its digest")
        );
    };
    let shown = folder.join(part);
    let folder = std::path::absolute(folder).map_err(|e| {
        Error::new(ErrorKind::Format, format!("`{}` is not a folder", folder.display())).caused_by(&e)
    })?;
    let path = folder.join(part);
    let mut hasher = Hasher::new(artifact.digests.iter().map(Digest::algorithm));
    match stream_blob(&BlobSource::File(path.clone().into_os_string()), |piece| hasher.update(piece)) {
        Ok(()) => {}
        Err(storage::Error::Missing { .. }) if Digest::parse(name).is_ok() => {
            let message = format!("`{name}` was packed as a digest, without a name that a file could have");
            return Err(Error::new(ErrorKind::NoSuchArtifact, message)
                .hint("leave --artifacts out: it is verified by its digest alone"));
        }
        Err(error @ storage::Error::Missing { .. }) => {
            return Err(Error::artifact(&error).hint("leave --artifacts out to verify it by its digest"));
        }
        Err(error) => return Err(Error::artifact(&error)),
    }
    let found = hasher.finish();
    if let Some(expected) =
        artifact.digests.iter().find(|digest| found.get(digest.algorithm()) != Some(digest))
    {
        let message = format!("`{}` is not the file that the kit was packed for", shown.display());
        return Err(Error::new(ErrorKind::NoneValid, message).cause(format!("its digest is not {expected}")));
    }
    Ok(path)
}

/// One error of all artifacts that failed.
fn failure(mut failed: Vec<(String, Error)>, of: usize) -> Error {
    if let ([_], 1) = (failed.as_slice(), of)
        && let Some((_, error)) = failed.pop()
    {
        return error;
    }
    let kinds: Vec<ErrorKind> = failed.iter().map(|(_, error)| error.kind).collect();
    let kind = match kinds.as_slice() {
        all if all.contains(&ErrorKind::LimitExceeded) => ErrorKind::LimitExceeded,
        [first, rest @ ..] if rest.iter().all(|kind| kind == first) => *first,
        _ => ErrorKind::NoneValid,
    };
    let message = format!("{} of {of} artifacts could not be verified; nothing was unpacked", failed.len());
    Error::several(kind, message, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_those_of_a_kit() {
        let mut error =
            Error::new(ErrorKind::Format, "x").hint(ENTRY_IN_LOG).hint("leave --bundle out").hint("other");
        fit_hints(&mut error);
        assert!(
            error.hints[0].contains("`bundle upgrade`") && !error.hints[0].contains("--rekor-url"),
            "{error:?}"
        );
        assert_eq!(error.hints[1..], ["other"]);
    }
}
