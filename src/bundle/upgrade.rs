//! From any form of a bundle to v0.3.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial, decode, sigstore};
use crate::crypto::{DecodeError, base64};
use crate::tlog::Entry;

/// Why something has no form in v0.3.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// A log entry lacks what v0.3 requires of it. Only the log can give it.
    #[error("log entry {entry} (index {index}) has no {missing}, which a v0.3 bundle requires")]
    LogProof {
        /// Position in the document, zero-based.
        entry: usize,
        /// Index in the log.
        index: u64,
        /// `inclusion proof` or `checkpoint`.
        missing: &'static str,
    },
    /// The document does not state the digest of the signed artifact, as older formats do not.
    #[error("it does not state the digest of the artifact, as a v0.3 bundle does")]
    NoDigest,
    /// A bundle holds the signature of a simple-signing payload, but not the payload.
    #[error("it is an image signature of the tag scheme, whose payload has no place in a bundle")]
    ImageSignature,
    /// What was written does not read.
    #[error("the v0.3 bundle made of it cannot be read")]
    Unreadable(#[source] DecodeError),
    /// What was written reads as something else.
    #[error("the v0.3 bundle made of it does not say the same")]
    Unfaithful,
}

/// The entity as a v0.3 bundle can say it: of a chain the leaf alone; in place of a key that an older bundle embeds, the
/// hint that names it (base64 of the SHA-256 of its SubjectPublicKeyInfo); of an envelope its parts and not the bytes
/// of its JSON. Log entries, timestamps and a hint that was there stay as they are.
///
/// Whoever drops an embedded key verifies the signature with it first: verifiers compare that key, and cannot compare a
/// hint.
///
/// # Errors
/// [`UpgradeError::LogProof`], and for the older formats [`UpgradeError::NoDigest`] and [`UpgradeError::ImageSignature`].
pub fn upgrade(entity: SignedEntity) -> Result<SignedEntity, UpgradeError> {
    for (position, entry) in entity.log_entries.iter().enumerate() {
        if let Some(missing) = missing(entry) {
            return Err(UpgradeError::LogProof { entry: position, index: entry.log_index, missing });
        }
    }
    let content = match entity.content {
        // cosign takes no v0.3 bundle without it.
        Content::Message { digest: None, .. } if entity.profile == Profile::Legacy => {
            return Err(UpgradeError::NoDigest);
        }
        Content::Envelope(envelope) => Content::Envelope(Arc::new(Raw {
            bytes: Vec::new(),
            parsed: Arc::unwrap_or_clone(envelope).parsed,
        })),
        Content::SimpleSigning { .. } => return Err(UpgradeError::ImageSignature),
        message @ Content::Message { .. } => message,
    };
    let material = match entity.material {
        VerificationMaterial::Certificate(mut chain) => {
            chain.truncate(1);
            VerificationMaterial::Certificate(chain)
        }
        VerificationMaterial::PublicKey { hint, embedded } => {
            let named = embedded.filter(|_| hint.is_empty()).map(|key| base64::encode(key.key_id()));
            VerificationMaterial::PublicKey { hint: named.unwrap_or(hint), embedded: None }
        }
    };
    Ok(SignedEntity { content, material, profile: Profile::Bundle(BundleVersion::V0_3), ..entity })
}

/// Writes an entity that [`upgrade`] gave, reads it back and compares.
///
/// # Errors
/// [`UpgradeError::Unreadable`], [`UpgradeError::Unfaithful`].
pub fn write(entity: &SignedEntity) -> Result<String, UpgradeError> {
    let text = sigstore::encode(entity);
    let read = decode(text.as_bytes()).map_err(UpgradeError::Unreadable)?;
    if read.entities.as_slice() == std::slice::from_ref(entity) {
        Ok(text)
    } else {
        Err(UpgradeError::Unfaithful)
    }
}

/// What v0.3 requires of a log entry and this one lacks: `inclusion proof` or `checkpoint`.
pub fn missing(entry: &Entry) -> Option<&'static str> {
    match &entry.inclusion_proof {
        None => Some("inclusion proof"),
        Some(proof) if proof.checkpoint.is_none() => Some("checkpoint"),
        Some(_) => None,
    }
}
