//! The driver behind `sign-blob` and `attest-blob`: all that can fail without the key fails before the key is asked for,
//! every signature is verified before it is published, and every file is written whole or not at all.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::keys::{StdinUse, signing_key};
use super::{
    AttestBlobRequest, BundleForm, Context, Error, ErrorKind, SignBlobRequest, SignOutputs, SignWith,
    StatementSource, Witness,
};
use crate::attest::{self, PredicateType};
use crate::bundle::detached::decode_certificates;
use crate::bundle::{Content, SignedEntity, legacy, sigstore};
use crate::crypto::{Digest, Digests, Ed25519Stream, HashAlgorithm, Hasher, KeyType, SigningKey, base64};
use crate::payload::{self, Artifact, ArtifactKind, IN_TOTO_PAYLOAD_TYPE};
use crate::sign::{CertificateSource, Payload, SigningRequest, needs_message, sign, stated_algorithm};
use crate::storage::{Access, BlobSource, PendingFile, read_blob, read_file, stream_blob};
use crate::trust::{SigningConfig, TrustedRoot};
use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, Requirement, VerificationPolicy, Verifier, Waiver,
};
use crate::x509::Certificate;
use crate::x509::path::{self, Usage};

/// A message that has to be signed as a whole is held in memory.
const MAX_MESSAGE: u64 = 1 << 30;
/// Predicates and statements: the size of a large SBOM many times over.
const MAX_STATEMENT: u64 = 160 << 20;
/// Certificates and signing configs.
const MAX_SMALL: u64 = 1 << 20;

/// Signs every blob; returns what goes to standard output.
///
/// # Errors
/// A file that cannot be used, a key that does not open, a signature that does not verify.
pub async fn sign_blob(request: &SignBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let sources: Vec<BlobSource> = request.blobs.iter().map(|b| BlobSource::from_argument(b)).collect();
    let stdin = if sources.contains(&BlobSource::Stdin) { StdinUse::Artifact } else { StdinUse::Free };
    let mut outputs = Outputs::open(&request.outputs, None)?;
    let signer = Signer::open(&request.with, stdin, context).await?;
    if let Some(name) = request.algorithm {
        check_algorithm(name, signer.key.public_key().key_type())?;
    }
    outputs.check_certificate(&signer, context);
    let mut printed = Vec::new();
    for (source, argument) in sources.iter().zip(&request.blobs) {
        say_payload(argument, context);
        let (artifact, message) = signer.read(source, argument)?;
        let payload = Payload::Message { digests: artifact.digests.clone(), message };
        let entity = signer.sign(payload, &artifact, context).await?;
        let Content::Message { signature, .. } = &entity.content else { continue };
        let detached =
            if request.base64 { base64::encode(signature).into_bytes() } else { signature.clone() };
        outputs.bundle(&entity);
        outputs.signature(&detached);
        outputs.certificate(&signer, |pem| base64::encode(pem.as_bytes()));
        if request.outputs.print {
            printed.extend_from_slice(&detached);
            printed.extend_from_slice(if request.base64 { b"\n" } else { b"" });
        }
    }
    outputs.commit(context)?;
    Ok(printed)
}

/// Makes, signs and writes a statement; returns what goes to standard output.
///
/// # Errors
/// As [`sign_blob`]; a predicate that is not what its type says.
pub async fn attest_blob(request: &AttestBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let stdin = if reads_stdin(&request.source) { StdinUse::Artifact } else { StdinUse::Free };
    let mut outputs = Outputs::open(&request.outputs, request.attestation.as_deref())?;
    refuse_services(&request.with.witness)?;
    let (payload, artifact) = statement(&request.source, context)?;
    let signer = Signer::open(&request.with, stdin, context).await?;
    outputs.check_certificate(&signer, context);
    let signed = Payload::Envelope { payload_type: IN_TOTO_PAYLOAD_TYPE.into(), payload: payload.clone() };
    let entity = signer.sign(signed, &artifact, context).await?;
    let Content::Envelope(envelope) = &entity.content else { return Ok(Vec::new()) };
    outputs.bundle(&entity);
    outputs.signature(&envelope.bytes);
    outputs.attestation(&payload);
    outputs.certificate(&signer, str::to_owned);
    outputs.commit(context)?;
    let mut printed = Vec::new();
    if request.outputs.print {
        printed.extend_from_slice(&envelope.bytes);
        printed.push(b'\n');
    }
    Ok(printed)
}

fn reads_stdin(source: &StatementSource) -> bool {
    match source {
        StatementSource::Predicate { predicate, blob, digest, .. } => {
            predicate.as_os_str() == "-" || (digest.is_none() && blob == "-")
        }
        StatementSource::Statement { statement, blob } => {
            statement.as_os_str() == "-" || blob.as_deref() == Some(OsStr::new("-"))
        }
    }
}

/// The bytes of the statement, and an artifact that it is about, for the self-check.
fn statement(source: &StatementSource, context: &mut Context) -> Result<(Vec<u8>, Artifact), Error> {
    match source {
        StatementSource::Predicate { predicate, predicate_type, blob, digest } => {
            let kind = PredicateType::parse(predicate_type)
                .map_err(|e| Error::usage("`--type` cannot be used").caused_by(&e))?;
            let digest = match digest {
                Some(text) => attest::hash_flag(text)
                    .map_err(|e| Error::usage("`--hash` cannot be used").caused_by(&e))?,
                None => {
                    say_payload(blob, context);
                    sha256_of(blob)?
                }
            };
            let text = read_statement("predicate", predicate, context)?;
            let subject = payload::Subject::new(subject_name(blob), &digest);
            let made = attest::statement(&kind, &text, subject, context.now)
                .map_err(|e| unusable("predicate", predicate).caused_by(&e))?;
            Ok((made.payload, blob_artifact(blob, digest.into())))
        }
        StatementSource::Statement { statement: path, blob } => {
            let text = read_statement("statement", path, context)?;
            let made =
                attest::statement_file(&text).map_err(|e| unusable("statement", path).caused_by(&e))?;
            let artifact = match blob {
                Some(blob) => blob_artifact(blob, sha256_of(blob)?.into()),
                None => {
                    let digest = made.statement.subjects.iter().find_map(payload::Subject::known_digest);
                    let digest = digest.ok_or_else(|| {
                        unusable("statement", path)
                            .cause("no subject has a digest by an algorithm that is understood")
                    })?;
                    blob_artifact(path.as_os_str(), digest.into())
                }
            };
            if made.statement.matches(&artifact.digests).is_none() {
                let cause = format!("none of its subjects is `{}`", artifact.name);
                return Err(unusable("statement", path).cause(cause));
            }
            Ok((made.payload, artifact))
        }
    }
}

fn read_statement(what: &'static str, path: &Path, context: &mut Context) -> Result<Vec<u8>, Error> {
    say_payload(path.as_os_str(), context);
    read_file(what, path, MAX_STATEMENT).map_err(|e| Error::file(&e))
}

fn unusable(what: &str, path: &Path) -> Error {
    Error::new(ErrorKind::Format, format!("{what} `{}` cannot be used", path.display()))
}

fn sha256_of(blob: &OsStr) -> Result<Digest, Error> {
    let mut hasher = Hasher::new([HashAlgorithm::Sha256]);
    stream_blob(&BlobSource::from_argument(blob), |piece| hasher.update(piece))
        .map_err(|e| Error::artifact(&e))?;
    let digest = hasher.finish().get(HashAlgorithm::Sha256).cloned();
    digest.ok_or_else(|| Error::new(ErrorKind::Other, "the artifact was not hashed"))
}

/// The last part of the path, as cosign names a subject.
fn subject_name(blob: &OsStr) -> String {
    Path::new(blob).file_name().unwrap_or(blob).to_string_lossy().into_owned()
}

fn blob_artifact(name: &OsStr, digests: Digests) -> Artifact {
    Artifact {
        name: name.to_string_lossy().into_owned(),
        kind: ArtifactKind::Blob,
        digests,
        ed25519: Vec::new(),
    }
}

fn say_payload(argument: &OsStr, context: &mut Context) {
    if argument != "-" {
        context.narrator.say(&format!("Using payload from: {}", argument.to_string_lossy()));
    }
}

/// A plan that names a service cannot be carried out yet; said before a password is asked for.
fn refuse_services(witness: &Witness) -> Result<(), Error> {
    let Witness::SigningConfig(path) = witness else { return Ok(()) };
    let text = read_file("signing config", path, MAX_SMALL).map_err(|e| Error::file(&e))?;
    let config = SigningConfig::from_json(&text).map_err(|e| {
        Error { kind: ErrorKind::TrustMaterial, ..unusable("signing config", path) }.caused_by(&e)
    })?;
    if !config.names_witnesses() {
        return Ok(());
    }
    Err(Error::not_available("logging and timestamping by the services of a signing config")
        .hint("sign with the key alone by `--offline`, or name a signing config without services"))
}

/// A key that is open, with its certificate.
struct Signer {
    key: Box<dyn SigningKey>,
    certificates: Vec<Certificate>,
}

impl Signer {
    async fn open(with: &SignWith, stdin: StdinUse, context: &mut Context) -> Result<Self, Error> {
        refuse_services(&with.witness)?;
        let certificates = certificates(with, context)?;
        let key = signing_key(&with.key, stdin, context).await?;
        if let Some(leaf) = certificates.first() {
            let theirs = leaf.public_key();
            if !theirs.is_ok_and(|k| k == *key.public_key()) {
                let message = "the certificate is for another key than the one to sign with";
                return Err(Error::new(ErrorKind::TrustMaterial, message)
                    .hint("name the certificate of this key with `--certificate`"));
            }
        }
        Ok(Self { key, certificates })
    }

    /// Reads an artifact for this key: all that is signed, stated and checked, in one pass.
    fn read(&self, source: &BlobSource, argument: &OsStr) -> Result<(Artifact, Option<Vec<u8>>), Error> {
        let key_type = self.key.public_key().key_type();
        let mut hasher = Hasher::new([stated_algorithm(key_type)]);
        let message = if needs_message(key_type) {
            let message = read_blob(source, MAX_MESSAGE).map_err(|e| {
                Error::artifact(&e)
                    .hint("an Ed25519 key signs the artifact as a whole; sign large ones with an ECDSA key")
            })?;
            hasher.update(&message);
            Some(message)
        } else {
            stream_blob(source, |piece| hasher.update(piece)).map_err(|e| Error::artifact(&e))?;
            None
        };
        Ok((blob_artifact(argument, hasher.finish()), message))
    }

    /// Signs, and verifies what came out as a stranger would before anybody gets it.
    async fn sign(
        &self,
        payload: Payload,
        artifact: &Artifact,
        context: &Context,
    ) -> Result<SignedEntity, Error> {
        let mut artifact = artifact.clone();
        let message = match &payload {
            Payload::Message { message, .. } => message.clone(),
            Payload::Envelope { .. } => None,
        };
        let certificate = match self.certificates.as_slice() {
            [] => CertificateSource::None,
            chain => CertificateSource::Provided(chain.to_vec()),
        };
        let entity = sign(SigningRequest { payload, key: self.key.as_ref(), certificate })
            .await
            .map_err(|e| Error::new(ErrorKind::Other, "could not sign").caused_by(&e))?;
        if let (Content::Message { signature, .. }, Some(message)) = (&entity.content, message)
            && let Some(mut stream) = Ed25519Stream::new(self.key.public_key(), signature)
        {
            stream.update(&message);
            artifact.ed25519.push(stream.finish());
        }
        self.check(&entity, &artifact, context)?;
        Ok(entity)
    }

    fn check(&self, entity: &SignedEntity, artifact: &Artifact, context: &Context) -> Result<(), Error> {
        let unwitnessed = Requirement::Waived(Waiver::NotNeeded("signed with a key alone"));
        let policy = VerificationPolicy {
            signer: ExpectedSigner::Key(self.key.public_key().clone()),
            log: unwitnessed,
            timestamp: unwitnessed,
            sct: unwitnessed,
            claim: ClaimRequirement { content: ContentRequirement::Any, binding_waived: None },
            signature_digest: None,
        };
        let root = TrustedRoot::default();
        let verifier = Verifier { root: &root, policy: &policy, now: context.now };
        verifier.verify(entity, Some(artifact)).map(|_| ()).map_err(|rejection| {
            Error::new(ErrorKind::Other, "the new signature does not verify; nothing was written")
                .caused_by(&rejection)
        })
    }
}

/// The names of `--signing-algorithm`, with the key that each is for.
const ALGORITHMS: [(&str, KeyType); 6] = [
    ("ecdsa-sha2-256-nistp256", KeyType::P256),
    ("ecdsa-sha2-384-nistp384", KeyType::P384),
    ("ecdsa-sha2-512-nistp521", KeyType::P521),
    ("rsa-sign-pkcs1-2048-sha256", KeyType::Rsa { bits: 2048 }),
    ("rsa-sign-pkcs1-3072-sha256", KeyType::Rsa { bits: 3072 }),
    ("rsa-sign-pkcs1-4096-sha256", KeyType::Rsa { bits: 4096 }),
];

/// An algorithm that was named and is not the key's is a mistake; cosign ignores the flag for keys in files.
fn check_algorithm(name: &str, key: KeyType) -> Result<(), Error> {
    if ALGORITHMS.contains(&(name, key)) {
        return Ok(());
    }
    Err(Error::usage(format!("`--signing-algorithm {name}` does not fit the key, which is {key}"))
        .hint("drop the flag: the algorithm follows the key"))
}

/// The certificate to put into the signature, leaf first; a chain has to lead from it to its own last certificate.
fn certificates(with: &SignWith, context: &Context) -> Result<Vec<Certificate>, Error> {
    let read = |path: &PathBuf| {
        let document = read_file("certificate", path, MAX_SMALL).map_err(|e| Error::file(&e))?;
        decode_certificates(&document).map_err(|e| {
            Error::new(ErrorKind::TrustMaterial, format!("`{}` cannot be used", path.display())).caused_by(&e)
        })
    };
    let Some(path) = &with.certificate else {
        return match &with.certificate_chain {
            Some(_) => Err(Error::usage("`--certificate-chain` needs the certificate it belongs to")
                .hint("name it with `--certificate`")),
            None => Ok(Vec::new()),
        };
    };
    let mut certificates = read(path)?;
    certificates.truncate(1);
    let Some(chain_path) = &with.certificate_chain else { return Ok(certificates) };
    let chain = read(chain_path)?;
    let (Some(leaf), Some(anchor)) = (certificates.first(), chain.last()) else { return Ok(certificates) };
    path::verify(leaf, &chain, std::slice::from_ref(anchor), context.now, Usage::CodeSigning).map_err(
        |e| {
            let message = format!(
                "the certificate `{}` does not belong to the chain `{}`",
                path.display(),
                chain_path.display()
            );
            Error::new(ErrorKind::TrustMaterial, message).caused_by(&e)
        },
    )?;
    Ok(certificates)
}

/// The files to be written. Their places are secured before the key is asked for; all of them appear at the end.
struct Outputs {
    bundle: Option<(PendingFile, PathBuf, BundleForm)>,
    signature: Option<(PendingFile, PathBuf)>,
    certificate: Option<(PendingFile, PathBuf)>,
    attestation: Option<(PendingFile, PathBuf)>,
}

impl Outputs {
    fn open(outputs: &SignOutputs, attestation: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| match PendingFile::create(path, Access::Owner) {
            Ok(file) => Ok((file, path.to_owned())),
            Err(e) => Err(Error::output(&e)),
        };
        Ok(Self {
            bundle: match &outputs.bundle {
                Some((path, form)) => open(path).map(|(file, path)| Some((file, path, *form)))?,
                None => None,
            },
            signature: outputs.signature.as_deref().map(open).transpose()?,
            certificate: outputs.certificate.as_deref().map(open).transpose()?,
            attestation: attestation.map(open).transpose()?,
        })
    }

    /// Without a certificate there is none to write: said, and the rest goes on, as in cosign.
    fn check_certificate(&mut self, signer: &Signer, context: &mut Context) {
        if signer.certificates.is_empty()
            && let Some((_, path)) = self.certificate.take()
        {
            let path = path.display();
            context.narrator.warn(&format!("a key signs without a certificate: `{path}` is not written"));
        }
    }

    fn bundle(&mut self, entity: &SignedEntity) {
        if let Some((file, _, form)) = &mut self.bundle {
            let text = match form {
                BundleForm::Sigstore => sigstore::encode(entity),
                BundleForm::Legacy => legacy::encode(entity),
            };
            file.push(text.as_bytes());
        }
    }

    fn signature(&mut self, bytes: &[u8]) {
        if let Some((file, _)) = &mut self.signature {
            file.push(bytes);
        }
    }

    fn attestation(&mut self, statement: &[u8]) {
        if let Some((file, _)) = &mut self.attestation {
            file.push(statement);
        }
    }

    fn certificate(&mut self, signer: &Signer, encode: impl FnOnce(&str) -> String) {
        if let (Some((file, _)), Some(leaf)) = (&mut self.certificate, signer.certificates.first()) {
            file.push(encode(&leaf.to_pem()).as_bytes());
        }
    }

    fn commit(self, context: &mut Context) -> Result<(), Error> {
        let files = [
            (self.bundle.map(|(file, path, _)| (file, path)), "Wrote bundle to file"),
            (self.signature, "Wrote signature to file"),
            (self.attestation, "Wrote attestation to file"),
            (self.certificate, "Wrote certificate to file"),
        ];
        for (output, said) in files {
            if let Some((file, path)) = output {
                file.commit().map_err(|e| Error::output(&e))?;
                context.narrator.say(&format!("{said} {}", path.display()));
            }
        }
        Ok(())
    }
}
