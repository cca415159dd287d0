//! `sign-blob` and `attest-blob`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};

use super::super::outputs::Outputs;
use super::super::statement::{blob_artifact, say_payload, standard_inputs, statement};
use super::super::verification::worst;
use super::super::{AttestBlobRequest, BundleForm, Context, Error, ErrorKind, SignBlobRequest, SignOutputs};
use super::interruption::Interruption;
use super::note::{said_of_many, said_of_no_log};
use super::plan::{Carrier, Carriers};
use super::signees::AT_A_TIME;
use super::signer::{Found, Signer, check_algorithm};
use super::{SignWith, SigningKeyName};
use crate::bundle::{BundleVersion, Content, Profile, SignedEntity, sigstore};
use crate::crypto::{Digests, Hasher, SigningInput, base64};
use crate::keys::StdinUse;
use crate::payload::IN_TOTO_PAYLOAD_TYPE;
use crate::sign::{Payload, needs_message, stated_algorithm, streamed};
use crate::storage::{Access, BlobSource, PendingFile, read_blob, stream_blob};

/// A message that has to be signed as a whole is held in memory.
const MAX_MESSAGE: u64 = 1 << 30;

/// Signs every blob; `printed` gets what goes to standard output, also where an error follows: a signature that a log has is not
/// made again.
///
/// # Errors
/// A file that cannot be used, a key that does not open, a service that does not do its part, a signature that does not verify.
pub async fn sign_blob(
    request: &SignBlobRequest,
    printed: &mut Vec<u8>,
    context: &mut Context,
) -> Result<(), Error> {
    let sources: Vec<BlobSource> = request.blobs.iter().map(|b| BlobSource::from_argument(b)).collect();
    let stdin = if sources.contains(&BlobSource::Stdin) { StdinUse::Taken } else { StdinUse::Free };
    let mut outputs = Outputs::open(&request.outputs, None)?;
    let mut places = places(request)?.into_iter();
    let (carrier, carriers) = carriers(&request.outputs, request.bundle_dir.is_some());
    if request.blobs.len() > 1 && lacks_certificate(&request.with, &request.outputs, carriers) {
        let message =
            format!("{} files are to be signed, and nothing holds their certificates", request.blobs.len());
        return Err(Error::usage(message)
            .cause("without its certificate nobody can verify a signature")
            .hint("--bundle-dir DIR writes a bundle for each"));
    }
    warn_of_certificate(&request.with, &request.outputs, carriers, context);
    let signer = open(&request.with, carriers, stdin, &mut outputs, context).await?;
    if let (SigningKeyName::Reference(_), Some(algorithm)) = (&request.with.key, request.algorithm) {
        check_algorithm(algorithm, signer.key.public_key().key_type())?;
    }
    // What cannot be read is found out before anybody hears of anything.
    let read = |source: &BlobSource| signer.digests(source, carrier);
    let digests = sources.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    signer.certify(&mut *context.narrator).await?;
    let all = sources.iter().zip(digests).zip(&request.blobs);
    // What the log has answered is written before the program ends.
    let interruption = &Interruption::watch(signer.is_witnessed());
    let is_logged = signer.is_logged(carrier);
    let all = all.map(|((source, digests), argument)| {
        let made = signer.sign_blob(source, digests, argument, carrier);
        async move { interruption.or_logged(is_logged, made).await? }
    });
    let at_a_time = if signer.signs_whole(carrier) { 1 } else { AT_A_TIME };
    let mut made = stream::iter(all).buffered(at_a_time).zip(stream::iter(&request.blobs));
    let mut failed = Vec::new();
    while let Some((made, argument)) = made.next().await {
        let place = places.next();
        let entity = match made {
            Ok(entity) => entity,
            Err(error) => {
                failed.push((argument.to_string_lossy().into_owned(), error));
                continue;
            }
        };
        say_payload(argument, context);
        if let Some((mut file, path)) = place {
            file.push(sigstore::encode(&entity).as_bytes());
            match file.commit() {
                Ok(()) => context.narrator.say(&format!("Wrote bundle to file {}", path.display())),
                Err(error) => {
                    failed.push((argument.to_string_lossy().into_owned(), Error::output(&error)));
                    continue;
                }
            }
        }
        request.put(&entity, &mut outputs, printed);
    }
    let count = request.blobs.len();
    if !failed.is_empty() {
        if !printed.is_empty() {
            context.narrator.say("Standard output has the signatures of the others, in their order");
        }
        return Err(failure(failed, count));
    }
    outputs.commit(&mut *context.narrator)?;
    said_of_no_log(&signer, carrier, &mut *context.narrator);
    said_of_many(&signer, count, "files", &mut *context.narrator);
    Ok(())
}

/// Makes, signs and writes a statement; returns what goes to standard output.
///
/// # Errors
/// As [`sign_blob`]; a predicate that is not what its type says.
pub async fn attest_blob(request: &AttestBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let stdin = if standard_inputs(&request.source) > 0 { StdinUse::Taken } else { StdinUse::Free };
    let statement_file = request.attestation.as_deref().map(|file| (file, "attestation"));
    let mut outputs = Outputs::open(&request.outputs, statement_file)?;
    let (payload, artifact) = statement(&request.source, context)?;
    let (carrier, carriers) = carriers(&request.outputs, false);
    warn_of_certificate(&request.with, &request.outputs, carriers, context);
    let signer = open(&request.with, carriers, stdin, &mut outputs, context).await?;
    let envelope = Payload::Envelope {
        payload_type: IN_TOTO_PAYLOAD_TYPE.into(),
        payload: payload.clone(),
        profile: profile(carrier),
    };
    signer.certify(&mut *context.narrator).await?;
    let made = async {
        let entity = signer.make(envelope, carrier).await?;
        signer.check(&entity, &artifact, carrier).await?;
        Ok::<_, Error>(entity)
    };
    let interruption = Interruption::watch(signer.is_witnessed());
    let entity = interruption.or_logged(signer.is_logged(carrier), made).await??;
    let Content::Envelope(envelope) = &entity.content else { return Ok(Vec::new()) };
    outputs.bundle(&entity);
    outputs.signature(&envelope.bytes);
    outputs.payload(&payload);
    outputs.certificate(&entity, str::to_owned);
    outputs.timestamp(&entity);
    outputs.commit(&mut *context.narrator)?;
    said_of_no_log(&signer, carrier, &mut *context.narrator);
    let mut printed = Vec::new();
    if request.outputs.print {
        printed.extend_from_slice(&envelope.bytes);
        printed.push(b'\n');
    }
    Ok(printed)
}

/// In which kind of document a statement is kept.
pub(super) fn profile(carrier: Carrier) -> Profile {
    match carrier {
        Carrier::Bundle => Profile::Bundle(BundleVersion::V0_3),
        Carrier::Older => Profile::Legacy,
    }
}

async fn open(
    with: &SignWith,
    carriers: Carriers,
    stdin: StdinUse,
    outputs: &mut Outputs,
    context: &mut Context,
) -> Result<Signer, Error> {
    let has_certificate = with.certificate.is_some() || with.needs_certificate();
    outputs.without_certificate(has_certificate, context);
    Found::find(with, carriers, stdin, context).await?.open()
}

/// Whether a certificate is about to be issued, and goes nowhere.
fn lacks_certificate(with: &SignWith, outputs: &SignOutputs, carriers: Carriers) -> bool {
    let has_place = carriers.bundle || outputs.bundle.is_some() || outputs.certificate.is_some();
    with.needs_certificate() && !has_place
}

/// Warns where the certificate that is about to be issued goes nowhere.
fn warn_of_certificate(with: &SignWith, outputs: &SignOutputs, carriers: Carriers, context: &mut Context) {
    if lacks_certificate(with, outputs, carriers) {
        context.narrator.warn(
            "nothing holds the certificate, without which nobody can verify the signature: add --bundle FILE, or --output-certificate FILE",
        );
    }
}

/// What the files hold that are written.
fn carriers(outputs: &SignOutputs, folder: bool) -> (Carrier, Carriers) {
    let is_bundle = folder || matches!(&outputs.bundle, Some((_, BundleForm::Sigstore)));
    let carriers = Carriers {
        bundle: is_bundle,
        older: !is_bundle,
        older_timestamp: outputs.timestamp.is_some(),
        timestamp_file: outputs.timestamp.is_some(),
    };
    (if is_bundle { Carrier::Bundle } else { Carrier::Older }, carriers)
}

/// Secures the places of the bundles in the folder.
fn places(request: &SignBlobRequest) -> Result<Vec<(PendingFile, PathBuf)>, Error> {
    let Some(folder) = &request.bundle_dir else { return Ok(Vec::new()) };
    let mut places: Vec<(PendingFile, PathBuf)> = Vec::new();
    for blob in &request.blobs {
        let path = bundle_path(folder, blob)?;
        if places.iter().any(|(_, taken)| *taken == path) {
            let message = format!("two files are called so that their bundle is `{}`", path.display());
            return Err(Error::usage(message).hint("sign one of them into another folder"));
        }
        if request.blobs.iter().any(|blob| Path::new(blob) == path) {
            let message = format!("`{}` is signed, and would be replaced by a bundle", path.display());
            return Err(Error::usage(message).hint("name another folder with --bundle-dir"));
        }
        places.push((PendingFile::create(&path, Access::Owner).map_err(|e| Error::output(&e))?, path));
    }
    Ok(places)
}

fn bundle_path(folder: &Path, blob: &OsStr) -> Result<PathBuf, Error> {
    let name = Path::new(blob).file_name().ok_or_else(|| {
        Error::usage(format!("`{}` has no name for its bundle", Path::new(blob).display()))
            .hint("name a file for it with --bundle FILE")
    })?;
    let mut name: OsString = name.to_owned();
    name.push(".sigstore.json");
    Ok(folder.join(name))
}

/// One error of all files that failed.
fn failure(mut failed: Vec<(String, Error)>, of: usize) -> Error {
    if let ([_], 1) = (failed.as_slice(), of)
        && let Some((_, error)) = failed.pop()
    {
        return error;
    }
    let kind = worst::kind(failed.iter().map(|(_, error)| error.kind)).unwrap_or(ErrorKind::Other);
    let message = format!("{} of {of} files were not signed", failed.len());
    Error::several(kind, message, failed)
}

impl SignBlobRequest {
    /// Hands out what was made of one blob.
    fn put(&self, entity: &SignedEntity, outputs: &mut Outputs, printed: &mut Vec<u8>) {
        let Content::Message { signature, .. } = &entity.content else { return };
        let detached = if self.base64 { base64::encode(signature).into_bytes() } else { signature.clone() };
        outputs.bundle(entity);
        outputs.signature(&detached);
        outputs.certificate(entity, |pem| base64::encode(pem.as_bytes()));
        outputs.timestamp(entity);
        if self.outputs.print {
            printed.extend_from_slice(&detached);
            printed.extend_from_slice(if self.base64 { b"\n" } else { b"" });
        }
    }
}

impl Signer {
    /// Whether what is signed has to be in memory.
    fn signs_whole(&self, carrier: Carrier) -> bool {
        match needs_message(self.key.public_key().key_type()) {
            true => !self.is_logged(carrier),
            false => self.key.prefers_messages(),
        }
    }

    /// Reads an artifact, once, for its digest. `None`: it is signed as a whole.
    fn digests(&self, source: &BlobSource, carrier: Carrier) -> Result<Option<Digests>, Error> {
        if self.signs_whole(carrier) {
            return Ok(None);
        }
        let mut hasher = Hasher::new([self.key.public_key().key_type().default_hash()]);
        stream_blob(source, |piece| hasher.update(piece)).map_err(|e| Error::artifact(&e))?;
        Ok(Some(hasher.finish()))
    }

    /// Signs an artifact with these digests, or reads it and signs it as a whole.
    async fn sign_blob(
        &self,
        source: &BlobSource,
        digests: Option<Digests>,
        argument: &OsStr,
        carrier: Carrier,
    ) -> Result<SignedEntity, Error> {
        let key = self.key.public_key();
        let (digests, message) = match digests {
            Some(digests) => (digests, None),
            None => {
                let message = read_blob(source, MAX_MESSAGE).map_err(|e| {
                    Error::artifact(&e).hint(if needs_message(key.key_type()) {
                        "an Ed25519 key signs the artifact as a whole; sign large ones with an ECDSA key"
                    } else {
                        "the program that holds the key is given the artifact as a whole; sign large ones with a key elsewhere"
                    })
                })?;
                let mut hasher = Hasher::new([stated_algorithm(key.key_type())]);
                hasher.update(&message);
                (hasher.finish(), Some(message))
            }
        };
        let mut artifact = blob_artifact(argument, digests);
        let stated = artifact.digests.iter().next().cloned();
        let stated = stated.ok_or_else(|| Error::new(ErrorKind::Other, "the artifact was not hashed"))?;
        let input = message.map_or_else(|| SigningInput::Digest(stated.clone()), SigningInput::message);
        let entity = self.make(Payload::Message { stated, input: &input }, carrier).await?;
        artifact.ed25519.extend(streamed(&entity, key, &input));
        self.check(&entity, &artifact, carrier).await?;
        Ok(entity)
    }
}
