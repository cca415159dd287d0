//! `bundle create`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::artifact::artifact;
use super::super::candidates::{Candidate, MAX_BUNDLE, beside, signature_document, unreadable};
use super::super::files::path as named_path;
use super::super::inputs::{one_standard_input, read_named};
use super::super::keys::public_key;
use super::super::outputs::Destination;
use super::super::{Context, Error, ErrorKind, Files, SignatureRequest, Subject};
use super::upgrade::{proof_needed, several_signatures};
use crate::bundle::detached::{Detached, SignatureFile, decode_envelope, decode_signature_file};
use crate::bundle::upgrade::{upgrade, write};
use crate::bundle::{Content, Decoded, Format, Raw, SignedEntity, VerificationMaterial, decode};
use crate::crypto::{HashAlgorithm, PublicKey, SignatureError, SignatureScheme, base64};
use crate::payload::{Artifact, Envelope};
use crate::sign::self_check;
use crate::storage::read_file;
use crate::timestamp::{Token, as_response};
use crate::verify::{Reason, Rejection};

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
/// timestamp of something else; what only the log could add.
pub async fn bundle_create(request: &BundleCreateRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    request.one_standard_input()?;
    let destination = Destination::open(request.out.as_deref())?;
    destination.line(Pieces::read(request, context).await?.bundle(request, context)?)
}

/// What was read, before it is known to belong together.
struct Pieces {
    entity: SignedEntity,
    /// Where the signature is from.
    source: String,
    /// The key that `--key` names.
    key: Option<PublicKey>,
}

impl Pieces {
    async fn read(request: &BundleCreateRequest, context: &Context) -> Result<Self, Error> {
        let mut parts = beside(
            &SignatureRequest {
                certificate: request.certificate.clone(),
                timestamp: request.timestamp.clone(),
                ..SignatureRequest::default()
            },
            context,
        )?;
        let mut given: Vec<(String, SignatureFile)> = Vec::new();
        if let Some(path) = &request.attestation {
            let document = read_named("attestation", path.as_os_str(), MAX_BUNDLE, context)?;
            let envelope = decode_envelope(&document).map_err(|e| unreadable(&path.display(), &e))?;
            given.push((path.display().to_string(), SignatureFile::Envelope(envelope)));
        }
        if let Some(signature) = &request.signature {
            let (document, source) = signature_document(signature, context)?;
            let file = decode_signature_file(&document).map_err(|e| unreadable(&source, &e))?;
            given.push((source, file));
        }
        if let Some(path) = &request.bundle {
            let signature = older_bundle(path, request.ignore_log, &mut parts)?;
            given.push((path.display().to_string(), signature));
        }
        let (source, signature) = agreed(given)?;
        let entity = entity(parts, signature, &source)?;
        let key = match &request.key {
            Some(reference) => Some(public_key(reference, context).await?),
            None => None,
        };
        Ok(Self { entity, source, key })
    }

    /// The text of the bundle.
    fn bundle(mut self, request: &BundleCreateRequest, context: &Context) -> Result<String, Error> {
        let key = self.signatory()?;
        self.timestamps(request)?;
        let policy = self_check::policy(&key, None);
        let candidate = Candidate { source: self.source, format: "detached".to_owned(), entity: self.entity };
        let candidates = std::slice::from_ref(&candidate);
        let artifact = artifact(&Subject::Blob(request.artifact.clone()), candidates, &policy, context)?;
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
        let (signature, envelope) = match &self.entity.content {
            Content::Message { signature, .. } => (signature.as_slice(), &[][..]),
            Content::Envelope(raw) => {
                let signature = raw.parsed.signatures.first().map_or(&[][..], |s| s.sig.as_slice());
                (signature, raw.bytes.as_slice())
            }
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

/// Reads a bundle in cosign's older format: its signature, and into `parts` what belongs to it.
fn older_bundle(path: &Path, ignore_log: bool, parts: &mut Detached) -> Result<SignatureFile, Error> {
    let shown = path.display();
    let document = read_file("bundle", path, MAX_BUNDLE).map_err(|e| Error::file(&e))?;
    let Decoded { format, mut entities } = decode(&document).map_err(|e| unreadable(&shown, &e))?;
    let unsuitable = |what: &str| {
        Error::new(
            ErrorKind::Format,
            format!("`{shown}` is {what}, and --bundle takes one in cosign's older format"),
        )
    };
    match format {
        Format::Legacy => {}
        Format::Sigstore => {
            return Err(unsuitable("a Sigstore bundle")
                .hint(format!("to make a v0.3 bundle of it: `bundle upgrade {shown}`")));
        }
        Format::Envelope => {
            return Err(unsuitable("a DSSE envelope").hint(format!("name it with --attestation {shown}")));
        }
    }
    let count = entities.len();
    let Some(entity) = entities.pop().filter(|_| count == 1) else {
        return Err(several_signatures(count, &shown));
    };
    log_entry(&entity, ignore_log, &shown.to_string())?;
    match entity.material {
        VerificationMaterial::Certificate(chain) => parts.certificates = chain,
        VerificationMaterial::PublicKey { embedded, .. } => parts.embedded = embedded,
    }
    Ok(match entity.content {
        Content::Message { signature, .. } => SignatureFile::Signature(signature),
        Content::Envelope(envelope) => SignatureFile::Envelope(*envelope),
    })
}

/// An entry of the older format has no inclusion proof, which v0.3 requires; and without an entry the log has to be
/// searched for one.
fn log_entry(entity: &SignedEntity, ignore_log: bool, shown: &str) -> Result<(), Error> {
    match (entity.log_entries.first(), ignore_log) {
        (None, true) => Ok(()),
        (None, false) => Err(Error::not_available("searching the log for the entry of a signature")
            .hint("to make a bundle without a log entry, add --ignore-tlog")),
        (Some(entry), false) => Err(proof_needed(0, entry.log_index, "inclusion proof", &shown)),
        (Some(_), true) => {
            let message = format!("--ignore-tlog would lose the log entry of `{shown}`");
            Err(Error::usage(message).hint(
                "to make a bundle without it, name signature and certificate with --signature and --certificate",
            ))
        }
    }
}

/// What was given is one signature; where an envelope is among it, that envelope.
fn agreed(given: Vec<(String, SignatureFile)>) -> Result<(String, SignatureFile), Error> {
    let mut given = given.into_iter();
    let Some((mut source, mut signature)) = given.next() else {
        return Err(Error::usage("there is no signature").hint("name it with --signature FILE"));
    };
    for (other_source, other) in given {
        let same = match (&signature, &other) {
            (SignatureFile::Signature(one), SignatureFile::Signature(other)) => one == other,
            (SignatureFile::Envelope(one), SignatureFile::Envelope(other)) => {
                same_envelope(&one.parsed, &other.parsed)
            }
            (SignatureFile::Envelope(envelope), SignatureFile::Signature(bytes))
            | (SignatureFile::Signature(bytes), SignatureFile::Envelope(envelope)) => {
                matches!(envelope.parsed.signatures.as_slice(), [one] if one.sig == *bytes)
            }
        };
        if !same {
            let message = format!("`{source}` and `{other_source}` do not hold the same signature");
            return Err(Error::new(ErrorKind::NoneValid, message).hint("name one of them, the right one"));
        }
        if matches!((&signature, &other), (SignatureFile::Signature(_), SignatureFile::Envelope(_))) {
            (source, signature) = (other_source, other);
        }
    }
    Ok((source, signature))
}

/// `keyid` is a hint (DSSE protocol, "Signature definition") and says nothing of the signature.
fn same_envelope(one: &Envelope, other: &Envelope) -> bool {
    let signatures = |e: &Envelope| e.signatures.iter().map(|s| s.sig.clone()).collect::<Vec<_>>();
    (&one.payload_type, &one.payload) == (&other.payload_type, &other.payload)
        && signatures(one) == signatures(other)
}

fn entity(parts: Detached, signature: SignatureFile, source: &str) -> Result<SignedEntity, Error> {
    let Raw { bytes, mut parsed } = match signature {
        SignatureFile::Signature(signature) => return Ok(parts.message(signature)),
        SignatureFile::Envelope(envelope) => envelope,
    };
    // As cosign: its verifier refuses a bundle that has one.
    parsed.signatures.iter_mut().for_each(|signature| signature.keyid.clear());
    let mut entities = parts.envelope(Raw { bytes, parsed }).map_err(|e| unreadable(&source, &e))?;
    let count = entities.len();
    entities.pop().filter(|_| count == 1).ok_or_else(|| several_signatures(count, &source))
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
