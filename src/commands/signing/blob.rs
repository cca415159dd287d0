//! `sign-blob` and `attest-blob`.

use std::ffi::OsStr;

use super::super::outputs::Outputs;
use super::super::statement::{blob_artifact, say_payload, standard_inputs, statement};
use super::super::{AttestBlobRequest, Context, Error, ErrorKind, SignBlobRequest};
use super::signer::{Signer, check_algorithm, refuse_services};
use crate::bundle::{Content, SignedEntity};
use crate::crypto::{Hasher, SigningInput, base64};
use crate::keys::StdinUse;
use crate::sign::{Payload, needs_message, stated_algorithm, streamed};
use crate::storage::{BlobSource, read_blob, stream_blob};

/// A message that has to be signed as a whole is held in memory.
const MAX_MESSAGE: u64 = 1 << 30;

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
    outputs.commit(&mut *context.narrator)?;
    Ok(printed)
}

/// Makes, signs and writes a statement; returns what goes to standard output.
///
/// # Errors
/// As [`sign_blob`]; a predicate that is not what its type says.
pub async fn attest_blob(request: &AttestBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let stdin = if standard_inputs(&request.source) > 0 { StdinUse::Taken } else { StdinUse::Free };
    let statement_file = request.attestation.as_deref().map(|file| (file, "attestation"));
    let mut outputs = Outputs::open(&request.outputs, statement_file)?;
    refuse_services(&request.with.witness)?;
    let (payload, artifact) = statement(&request.source, context)?;
    let signer = Signer::open(&request.with, stdin, context).await?;
    outputs.without_certificate(signer.certificates.first(), context);
    let entity = signer.sign_statement(payload.clone(), &artifact, context).await?;
    let Content::Envelope(envelope) = &entity.content else { return Ok(Vec::new()) };
    outputs.bundle(&entity);
    outputs.signature(&envelope.bytes);
    outputs.payload(&payload);
    outputs.certificate(signer.certificates.first(), str::to_owned);
    outputs.commit(&mut *context.narrator)?;
    let mut printed = Vec::new();
    if request.outputs.print {
        printed.extend_from_slice(&envelope.bytes);
        printed.push(b'\n');
    }
    Ok(printed)
}

impl Signer {
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
        self.check(&entity, &artifact, context.now)?;
        Ok(entity)
    }
}
