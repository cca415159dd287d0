//! Signing.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::artifact::blob;
use super::keys::Caller;
use super::{Artifact, LocalKey, Rejection, SignError, SigningKey, Statement, Time};
use crate::bundle::{BundleVersion, Profile, SignedEntity, sigstore};
use crate::payload::{self, IN_TOTO_PAYLOAD_TYPE};
use crate::sign::{CertificateSource, Payload, self_check, sign_alone, streamed};

/// Signs an artifact: a Sigstore bundle v0.3 in JSON, with the signature and a hint at the key, without log entry and
/// timestamp. It is verified with the key's public half before it is returned.
///
/// The future waits for the key alone, and needs no particular runtime; the artifact is read in the thread that polls it.
/// For a key in memory there is [`LocalKey::sign_blob`], which needs no runtime at all.
///
/// # Errors
/// [`SignError`]; nothing is returned that does not verify.
pub async fn sign_blob(key: &dyn SigningKey, artifact: Artifact<'_>) -> Result<String, SignError> {
    let (stated, input) = artifact.for_signing(key.public_key().0.key_type())?;
    let entity = make(key, Payload::Message { stated: stated.clone(), input: &input }).await?;
    let mut artifact = blob(stated.into(), Vec::new());
    artifact.ed25519.extend(streamed(&entity, &key.public_key().0, &input));
    finish(key, &entity, Some(&artifact))
}

/// Signs a statement: a Sigstore bundle v0.3 in JSON with the DSSE envelope (v1.0.2) of the statement's own bytes. As
/// [`sign_blob`] in all else.
///
/// # Errors
/// [`SignError`]; nothing is returned that does not verify.
pub async fn sign_statement(key: &dyn SigningKey, statement: &Statement) -> Result<String, SignError> {
    let payload = statement.payload().to_vec();
    let entity = make(key, statement_payload(payload)).await?;
    finish(key, &entity, None)
}

fn statement_payload(payload: Vec<u8>) -> Payload<'static> {
    let profile = Profile::Bundle(BundleVersion::V0_3);
    Payload::Envelope { payload_type: IN_TOTO_PAYLOAD_TYPE.into(), payload, profile }
}

async fn make(key: &dyn SigningKey, payload: Payload<'_>) -> Result<SignedEntity, SignError> {
    let key = &Caller(key);
    Ok(sign_alone(payload, key, CertificateSource::None, false).await?)
}

fn finish(
    key: &dyn SigningKey,
    entity: &SignedEntity,
    artifact: Option<&payload::Artifact>,
) -> Result<String, SignError> {
    self_check::verify(entity, artifact, &key.public_key().0, Time::now().0)
        .map_err(|rejection| SignError::SelfCheck(Rejection(Box::new(rejection))))?;
    Ok(sigstore::encode(entity))
}

impl LocalKey {
    /// Signs an artifact, at once: [`sign_blob`] without a runtime.
    ///
    /// ```
    /// use rcosign::{Artifact, KeyType, LocalKey};
    ///
    /// let key = LocalKey::generate(KeyType::EcdsaP256)?;
    /// let bundle: String = key.sign_blob(Artifact::from_bytes(b"an artifact"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_blob(&self, artifact: Artifact<'_>) -> Result<String, SignError> {
        at_once(sign_blob(self, artifact))
    }

    /// Signs a statement, at once: [`sign_statement`] without a runtime.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_statement(&self, statement: &Statement) -> Result<String, SignError> {
        at_once(sign_statement(self, statement))
    }
}

/// The outcome of a future that never has to wait, as those of a key in memory.
fn at_once(future: impl Future<Output = Result<String, SignError>>) -> Result<String, SignError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(SignError::backend("the key did not answer at once")),
    }
}
