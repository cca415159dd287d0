//! Who signs: a key with its certificate, and what it makes, verified.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::keys::{found_key, open_beside};
use super::super::statement::unusable;
use super::super::{Context, Error, ErrorKind, SignWith, SigningAlgorithm, Witness};
use crate::bundle::detached::decode_certificates;
use crate::bundle::{SignedEntity, VerificationMaterial};
use crate::crypto::{KeyType, SigningKey, UnixTime};
use crate::keys::{FoundKey, StdinUse};
use crate::payload::{Artifact, IN_TOTO_PAYLOAD_TYPE};
use crate::sign::{CertificateSource, Payload, SigningRequest, self_check, sign};
use crate::storage::read_file;
use crate::trust::{SigningConfig, TrustedRoot, embedded_public_root};
use crate::verify::{ContentRequirement, Rejection, Verifier};
use crate::x509::Certificate;
use crate::x509::path::{self, Usage};

/// Certificates and signing configs.
const MAX_SMALL: u64 = 1 << 20;

/// A plan that names a service cannot be carried out yet; said before a password is asked for.
pub(super) fn refuse_services(witness: &Witness) -> Result<(), Error> {
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

/// A key that was found, with its certificate. Everything is read and every question is asked; the key is still closed.
pub(super) struct Found {
    key: FoundKey,
    certificates: Vec<Certificate>,
}

impl Found {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// As [`Signer::open`].
    pub async fn find(with: &SignWith, stdin: StdinUse, context: &mut Context) -> Result<Self, Error> {
        refuse_services(&with.witness)?;
        let certificates = certificates(with, context)?;
        Ok(Self { key: found_key(&with.key, stdin, context).await?, certificates })
    }

    /// Opens the key while others work.
    ///
    /// # Errors
    /// As [`Signer::open`].
    pub async fn open(self) -> Result<Signer, Error> {
        Signer::of(open_beside(self.key).await?, self.certificates)
    }
}

/// A key that is open, with its certificate.
pub(super) struct Signer {
    /// The key.
    pub key: Box<dyn SigningKey>,
    /// Its certificate, and those above it; none where the key speaks for itself.
    pub certificates: Vec<Certificate>,
}

impl Signer {
    /// Reads certificate and key, and opens the key.
    ///
    /// # Errors
    /// One of them cannot be used, or they do not belong together; a service is asked for.
    pub async fn open(with: &SignWith, stdin: StdinUse, context: &mut Context) -> Result<Self, Error> {
        let found = Found::find(with, stdin, context).await?;
        Self::of(found.key.open()?, found.certificates)
    }

    fn of(key: Box<dyn SigningKey>, certificates: Vec<Certificate>) -> Result<Self, Error> {
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

    /// Signs a statement about an artifact.
    pub async fn sign_statement(
        &self,
        payload: Vec<u8>,
        artifact: &Artifact,
        context: &Context,
    ) -> Result<SignedEntity, Error> {
        let payload_type = IN_TOTO_PAYLOAD_TYPE.into();
        let entity = self.make(Payload::Envelope { payload_type, payload }).await?;
        self.check(&entity, artifact, context.now)?;
        Ok(entity)
    }

    pub async fn make(&self, payload: Payload<'_>) -> Result<SignedEntity, Error> {
        let certificate = match self.certificates.as_slice() {
            [] => CertificateSource::None,
            chain => CertificateSource::Provided(chain.to_vec()),
        };
        sign(SigningRequest { payload, key: self.key.as_ref(), certificate })
            .await
            .map_err(|e| Error::new(ErrorKind::Other, "could not sign").caused_by(&e))
    }

    /// Verifies what came out as a stranger would, before anybody gets it.
    ///
    /// # Errors
    /// It does not verify.
    pub fn check(&self, entity: &SignedEntity, artifact: &Artifact, now: UnixTime) -> Result<(), Error> {
        match self_check::verify(entity, Some(artifact), self.key.public_key(), now) {
            Ok(_) => Ok(()),
            Err(rejection) => Err(unverified(&rejection)),
        }
    }

    /// Whether a signature that was found says what a new one would: by this key, with the same certificate if there is one, about
    /// the image `artifact` with these annotations, and good for others. What it says of the public log has to hold; of a log
    /// or an authority that is not known here nobody can tell.
    pub fn is_like(
        &self,
        found: &SignedEntity,
        artifact: &Artifact,
        annotations: &BTreeMap<String, String>,
        now: UnixTime,
    ) -> bool {
        let same_certificate = match (&found.material, self.certificates.first()) {
            (_, None) => true,
            (VerificationMaterial::Certificate(theirs), Some(own)) => theirs.first() == Some(own),
            (VerificationMaterial::PublicKey { .. }, Some(_)) => false,
        };
        let is_bare = found.log_entries.is_empty() && found.timestamps.is_empty();
        let root = match is_bare {
            true => Ok(TrustedRoot::default()),
            false => embedded_public_root(),
        };
        same_certificate
            && root.is_ok_and(|root| self.verify(found, artifact, annotations, &root, now).is_ok())
    }

    /// Whether this is a signature by this key of the image `artifact`, with these annotations.
    ///
    /// # Errors
    /// It is something else, or does not verify.
    pub fn has_signed(
        &self,
        entity: &SignedEntity,
        artifact: &Artifact,
        annotations: &BTreeMap<String, String>,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.verify(entity, artifact, annotations, &TrustedRoot::default(), now)
    }

    fn verify(
        &self,
        entity: &SignedEntity,
        artifact: &Artifact,
        annotations: &BTreeMap<String, String>,
        root: &TrustedRoot,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let mut policy = self_check::policy(self.key.public_key(), Some(artifact));
        policy.claim.content = ContentRequirement::ImageSignature;
        policy.claim.annotations.clone_from(annotations);
        Verifier { root, policy: &policy, now }.verify(entity, Some(artifact)).map(|_| ())
    }
}

/// The error for what was made and does not hold.
pub(super) fn unverified(rejection: &Rejection) -> Error {
    Error::new(ErrorKind::Other, "the new signature does not verify; nothing was written")
        .caused_by(rejection)
}

/// An algorithm that was named and is not the key's is a mistake; cosign ignores the flag for keys in files.
pub(super) fn check_algorithm(algorithm: SigningAlgorithm, key: KeyType) -> Result<(), Error> {
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
    // A bundle has room for the leaf alone, a layer under a tag for all.
    let above: Vec<_> = chain.into_iter().filter(|above| above != leaf).collect();
    certificates.extend(above);
    Ok(certificates)
}
