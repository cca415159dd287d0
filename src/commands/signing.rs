//! The driver behind `sign-blob` and `attest-blob`: all that can fail without the key fails before the key is asked for,
//! every signature is verified before it is published, and every file is written whole or not at all.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::keys::signing_key;
use super::outputs::Outputs;
use super::statement::{blob_artifact, say_payload, standard_inputs, statement, unusable};
use super::{
    AttestBlobRequest, Context, Error, ErrorKind, SignBlobRequest, SignWith, SigningAlgorithm, Witness,
};
use crate::bundle::detached::decode_certificates;
use crate::bundle::{Content, SignedEntity};
use crate::crypto::{Hasher, KeyType, SigningInput, SigningKey, base64};
use crate::keys::StdinUse;
use crate::payload::{Artifact, IN_TOTO_PAYLOAD_TYPE};
use crate::sign::{
    CertificateSource, Payload, SigningRequest, needs_message, self_check, sign, stated_algorithm, streamed,
};
use crate::storage::{BlobSource, read_blob, read_file, stream_blob};
use crate::trust::SigningConfig;
use crate::x509::Certificate;
use crate::x509::path::{self, Usage};

/// A message that has to be signed as a whole is held in memory.
const MAX_MESSAGE: u64 = 1 << 30;
/// Certificates and signing configs.
const MAX_SMALL: u64 = 1 << 20;

/// Signs every blob; returns what goes to standard output.
///
/// # Errors
/// A file that cannot be used, a key that does not open, a signature that does not verify.
pub async fn sign_blob(request: &SignBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let sources: Vec<BlobSource> = request.blobs.iter().map(|b| BlobSource::from_argument(b)).collect();
    let stdin = if sources.contains(&BlobSource::Stdin) { StdinUse::Taken } else { StdinUse::Free };
    let mut outputs = Outputs::open(&request.outputs, None)?;
    let signer = Signer::open(&request.with, stdin, context).await?;
    if let Some(algorithm) = request.algorithm {
        check_algorithm(algorithm, signer.key.public_key().key_type())?;
    }
    outputs.without_certificate(signer.certificates.first(), context);
    let mut printed = Vec::new();
    for (source, argument) in sources.iter().zip(&request.blobs) {
        let entity = signer.sign_blob(source, argument, context).await?;
        say_payload(argument, context);
        let Content::Message { signature, .. } = &entity.content else { continue };
        let detached =
            if request.base64 { base64::encode(signature).into_bytes() } else { signature.clone() };
        outputs.bundle(&entity);
        outputs.signature(&detached);
        outputs.certificate(signer.certificates.first(), |pem| base64::encode(pem.as_bytes()));
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
    let stdin = if standard_inputs(&request.source) > 0 { StdinUse::Taken } else { StdinUse::Free };
    let mut outputs = Outputs::open(&request.outputs, request.attestation.as_deref())?;
    refuse_services(&request.with.witness)?;
    let (payload, artifact) = statement(&request.source, context)?;
    let signer = Signer::open(&request.with, stdin, context).await?;
    outputs.without_certificate(signer.certificates.first(), context);
    let entity = signer.sign_statement(payload.clone(), &artifact, context).await?;
    let Content::Envelope(envelope) = &entity.content else { return Ok(Vec::new()) };
    outputs.bundle(&entity);
    outputs.signature(&envelope.bytes);
    outputs.attestation(&payload);
    outputs.certificate(signer.certificates.first(), str::to_owned);
    outputs.commit(context)?;
    let mut printed = Vec::new();
    if request.outputs.print {
        printed.extend_from_slice(&envelope.bytes);
        printed.push(b'\n');
    }
    Ok(printed)
}

/// A plan that names a service cannot be carried out yet; said before a password is asked for.
fn refuse_services(witness: &Witness) -> Result<(), Error> {
    let Witness::SigningConfig(path) = witness else { return Ok(()) };
    let text = read_file("signing config", path, MAX_SMALL).map_err(|e| Error::trust_file(&e))?;
    let config = SigningConfig::from_json(&text).map_err(|e| {
        Error { kind: ErrorKind::TrustMaterial, ..unusable("signing config", path) }.caused_by(&e)
    })?;
    if !config.names_witnesses() {
        return Ok(());
    }
    Err(Error::not_available("logging and timestamping by the services of a signing config")
        .hint("sign with the key alone by --offline, or name a signing config without services"))
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
                return Err(Error::new(ErrorKind::Format, message)
                    .hint("name the certificate of this key with --certificate"));
            }
        }
        Ok(Self { key, certificates })
    }

    /// Reads an artifact, once, and signs it.
    async fn sign_blob(
        &self,
        source: &BlobSource,
        argument: &OsStr,
        context: &Context,
    ) -> Result<SignedEntity, Error> {
        let key = self.key.public_key();
        let mut hasher = Hasher::new([stated_algorithm(key.key_type())]);
        let message = if needs_message(key.key_type()) {
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
        let mut artifact = blob_artifact(argument, hasher.finish());
        let stated = artifact.digests.iter().next().cloned();
        let stated = stated.ok_or_else(|| Error::new(ErrorKind::Other, "the artifact was not hashed"))?;
        let input = message.map_or_else(|| SigningInput::Digest(stated.clone()), SigningInput::Message);
        let entity = self.make(Payload::Message { stated, input: &input }).await?;
        artifact.ed25519.extend(streamed(&entity, key, &input));
        self.check(&entity, &artifact, context)?;
        Ok(entity)
    }

    /// Signs a statement about an artifact.
    async fn sign_statement(
        &self,
        payload: Vec<u8>,
        artifact: &Artifact,
        context: &Context,
    ) -> Result<SignedEntity, Error> {
        let payload_type = IN_TOTO_PAYLOAD_TYPE.into();
        let entity = self.make(Payload::Envelope { payload_type, payload }).await?;
        self.check(&entity, artifact, context)?;
        Ok(entity)
    }

    async fn make(&self, payload: Payload<'_>) -> Result<SignedEntity, Error> {
        let certificate = match self.certificates.as_slice() {
            [] => CertificateSource::None,
            chain => CertificateSource::Provided(chain.to_vec()),
        };
        sign(SigningRequest { payload, key: self.key.as_ref(), certificate })
            .await
            .map_err(|e| Error::new(ErrorKind::Other, "could not sign").caused_by(&e))
    }

    /// Verifies what came out as a stranger would, before anybody gets it.
    fn check(&self, entity: &SignedEntity, artifact: &Artifact, context: &Context) -> Result<(), Error> {
        self_check::verify(entity, Some(artifact), self.key.public_key(), context.now).map(|_| ()).map_err(
            |rejection| {
                Error::new(ErrorKind::Other, "the new signature does not verify; nothing was written")
                    .caused_by(&rejection)
            },
        )
    }
}

/// An algorithm that was named and is not the key's is a mistake; cosign ignores the flag for keys in files.
fn check_algorithm(algorithm: SigningAlgorithm, key: KeyType) -> Result<(), Error> {
    if algorithm.key == key {
        return Ok(());
    }
    let message = format!("`--signing-algorithm {}` does not fit the key, which is {key}", algorithm.name);
    Err(Error::usage(message).hint("leave --signing-algorithm out: the algorithm follows the key"))
}

/// The certificate to put into the signature, leaf first; a chain has to lead from it to its own last certificate.
fn certificates(with: &SignWith, context: &Context) -> Result<Vec<Certificate>, Error> {
    let read = |path: &PathBuf| {
        let document = read_file("certificate", path, MAX_SMALL).map_err(|e| Error::file(&e))?;
        decode_certificates(&document).map_err(|e| {
            Error::new(ErrorKind::Format, format!("`{}` cannot be used", path.display())).caused_by(&e)
        })
    };
    let Some(path) = &with.certificate else {
        return match &with.certificate_chain {
            Some(_) => Err(Error::usage("--certificate-chain needs the certificate it belongs to")
                .hint("name it with --certificate")),
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
