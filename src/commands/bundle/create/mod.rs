//! `bundle create`.

mod pieces;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::fetched::{FromLog, LogRequest};
use crate::bundle::upgrade::{upgrade, write};
use crate::bundle::{Content, SignedEntity, VerificationMaterial};
use crate::commands::artifact::artifact;
use crate::commands::candidates::{Candidate, unreadable};
use crate::commands::files::path as named_path;
use crate::commands::inputs::one_standard_input;
use crate::commands::outputs::Destination;
use crate::commands::{Context, Error, ErrorKind, Files, Subject};
use crate::crypto::{HashAlgorithm, PublicKey, SignatureError, SignatureScheme, base64};
use crate::payload::Artifact;
use crate::sign::self_check;
use crate::timestamp::{Token, as_response};
use crate::verify::{Reason, Rejection};
use pieces::Pieces;

/// What `bundle create` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleCreateRequest {
    /// The signed artifact, as typed.
    pub artifact: OsString,
    /// A file with a signature or an envelope, or the base64 text itself.
    pub signature: Option<OsString>,
    /// A file with an envelope.
    pub attestation: Option<PathBuf>,
    /// A bundle in cosign's older format, which has its own signature and certificate.
    pub bundle: Option<PathBuf>,
    /// A certificate: PEM, base64 of PEM, or DER.
    pub certificate: Option<PathBuf>,
    /// Key reference of the public key.
    pub key: Option<String>,
    /// An RFC 3161 timestamp of the signature.
    pub timestamp: Option<PathBuf>,
    /// Whether the bundle is to have no log entry (`--ignore-tlog`).
    pub ignore_log: bool,
    /// Where the log entry comes from.
    pub log: LogRequest,
    /// Where the bundle goes; `None` is standard output.
    pub out: Option<PathBuf>,
}

impl BundleCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        [
            ("artifact", named_path(&self.artifact)),
            ("signature", self.signature.as_deref().and_then(named_path)),
            ("attestation", self.attestation.as_deref()),
            ("old bundle", self.bundle.as_deref()),
            ("certificate", self.certificate.as_deref()),
            ("key", self.key.as_deref().map(Path::new)),
            ("timestamp", self.timestamp.as_deref()),
            ("trusted root", self.log.trusted_root.as_deref()),
        ]
        .into_iter()
        .fold(Files::default(), |files, (what, path)| files.and_read(what, path))
        .and_written("bundle", self.out.as_deref())
    }

    fn one_standard_input(&self) -> Result<(), Error> {
        let files = [&self.attestation, &self.bundle, &self.certificate, &self.timestamp];
        let files = files.into_iter().flatten().map(|file| file.as_os_str());
        one_standard_input(files.chain(self.signature.as_deref()).chain([self.artifact.as_os_str()]))
    }
}

/// Makes a v0.3 bundle of a signature and what belongs to it, and verifies the signature; returns what goes to standard
/// output.
///
/// # Errors
/// Files that cannot be used or contradict each other, a signature that is not one of the artifact by the key, a
/// timestamp of something else; a log that has no entry of it, or cannot be asked.
pub async fn bundle_create(request: &BundleCreateRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    request.one_standard_input()?;
    let destination = Destination::open(request.out.as_deref())?;
    destination.line(Pieces::read(request, context).await?.bundle(request, context).await?)
}

impl Pieces {
    /// The text of the bundle.
    async fn bundle(mut self, request: &BundleCreateRequest, context: &mut Context) -> Result<String, Error> {
        let key = self.signatory()?;
        self.timestamps(request)?;
        let policy = self_check::policy(&key, None);
        let candidate = Candidate { source: self.source, format: "detached".to_owned(), entity: self.entity };
        let candidates = std::slice::from_ref(&candidate);
        let artifact = artifact(&Subject::Blob(request.artifact.clone()), candidates, &[&policy], context)?;
        let artifact = artifact.ok_or_else(|| Error::new(ErrorKind::Other, "the artifact was not read"))?;
        let Candidate { source, mut entity, .. } = candidate;
        let unfit = |rejection: Rejection, entity: &SignedEntity| {
            unfit(&rejection, entity, &source, &artifact, self.key.is_some())
        };
        // Without a digest that is stated, the key's own digest and SHA-256 are tried: the one that it was is stated then.
        let scheme = match self_check::verify(&entity, Some(&artifact), &key, context.now) {
            Ok(verified) => verified.signature().scheme(),
            Err(rejection) => return Err(unfit(rejection, &entity)),
        };
        if let Content::Message { digest, .. } = &mut entity.content {
            *digest = artifact.digests.get(stated(scheme)).cloned();
        }
        if let VerificationMaterial::PublicKey { hint, .. } = &mut entity.material {
            *hint = base64::encode(key.key_id());
        }
        if !request.ignore_log {
            let log = FromLog::open(&request.log, context).await?;
            entity.log_entries.push(match self.logged {
                Some(entry) => log.proven(entry).await?,
                None => log.entry(&entity, &artifact, &key).await?,
            });
        }
        let entity = upgrade(entity).map_err(|e| unmade(&e))?;
        let text = write(&entity).map_err(|e| unmade(&e))?;
        match self_check::verify(&entity, Some(&artifact), &key, context.now) {
            Ok(_) => Ok(text),
            Err(rejection) => Err(unfit(rejection, &entity)),
        }
    }

    /// The key that the signature has to be by: the one that the user names, which a certificate must be for.
    fn signatory(&self) -> Result<PublicKey, Error> {
        let own = match &self.entity.material {
            VerificationMaterial::Certificate(chain) => match chain.first() {
                Some(leaf) => Some(leaf.public_key().map_err(|e| {
                    Error::new(ErrorKind::Format, "the key of the certificate cannot be used").caused_by(&e)
                })?),
                None => None,
            },
            VerificationMaterial::PublicKey { embedded, .. } => embedded.clone(),
        };
        self.key.clone().or(own).ok_or_else(|| {
            Error::usage("nothing says whose signature it is")
                .hint("name the public key with --key KEY, or the certificate with --certificate FILE")
        })
    }

    /// Every timestamp has to be of this signature; in a v0.3 bundle that is so for attestations as well.
    fn timestamps(&mut self, request: &BundleCreateRequest) -> Result<(), Error> {
        let Some(path) = &request.timestamp else { return Ok(()) };
        let signature = self.entity.content.signature();
        let envelope = match &self.entity.content {
            Content::Envelope(raw) => raw.bytes.as_slice(),
            _ => &[][..],
        };
        for der in &mut self.entity.timestamps {
            let token = Token::from_der(der).map_err(|e| unreadable(&path.display(), &e))?;
            let of = |bytes: &[u8]| token.imprint().algorithm().digest(bytes) == *token.imprint();
            if !of(signature) {
                let message = format!("the timestamp `{}` is not one of this signature", path.display());
                let error = Error::new(ErrorKind::NoneValid, message);
                return Err(if of(envelope) {
                    error.cause("it is one of the whole envelope; those in a v0.3 bundle are of the signature alone").hint(
                        "leave --rfc3161-timestamp out, or keep both files: `verify-blob-attestation --signature` takes them as they are",
                    )
                } else {
                    error
                });
            }
            *der = as_response(der).map_err(|e| unreadable(&path.display(), &e))?;
        }
        Ok(())
    }
}

/// The digest to state beside a signature: the one that it is over. Pure Ed25519 is over none; SHA-256 names the artifact
/// then, as when signing.
fn stated(scheme: SignatureScheme) -> HashAlgorithm {
    match scheme {
        SignatureScheme::Ecdsa(hash) | SignatureScheme::RsaPkcs1(hash) | SignatureScheme::RsaPss(hash) => {
            hash
        }
        SignatureScheme::Ed25519 => HashAlgorithm::Sha256,
        SignatureScheme::Ed25519ph => HashAlgorithm::Sha512,
    }
}

/// The error for a signature that does not belong to the rest.
fn unfit(
    rejection: &Rejection,
    entity: &SignedEntity,
    source: &str,
    artifact: &Artifact,
    key_given: bool,
) -> Error {
    let reason = rejection.reason();
    let kind = if reason.is_limit() { ErrorKind::LimitExceeded } else { ErrorKind::NoneValid };
    let what = if matches!(entity.content, Content::Envelope(_)) { "attestation" } else { "signature" };
    let message = format!("the {what} in `{source}` does not fit `{}`; no bundle was made", artifact.name);
    let error = Error::new(kind, message).cause(reason.to_string());
    let has_certificate = matches!(entity.material, VerificationMaterial::Certificate(_));
    match (reason, &entity.content) {
        (Reason::OtherKey, _) if has_certificate => {
            error.hint("--key is not the key of the certificate: leave --key out, the certificate holds it")
        }
        (Reason::OtherKey, _) => error.hint("leave --key out: the old bundle holds the key"),
        (Reason::Signature(SignatureError::Unavailable { .. }), _) => {
            error.hint("give the artifact itself in place of its digest")
        }
        (Reason::Signature(_), Content::Message { .. }) if key_given => {
            error.hint("either the artifact was changed, or another key than --key made the signature")
        }
        (Reason::Signature(_), Content::Message { .. }) => error
            .hint("either the artifact was changed, or the signature belongs to another certificate or key"),
        (Reason::Signature(_), Content::Envelope(_)) if key_given => {
            error.hint("name the key that made the attestation with --key")
        }
        _ => error,
    }
}

fn unmade(error: &(dyn std::error::Error + 'static)) -> Error {
    Error::new(ErrorKind::Other, "no bundle was made").caused_by(error)
}
