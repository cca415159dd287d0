//! Signatures that come without a log entry. Whether they hold at all is said first: of one that does not, no log has an entry,
//! and nobody is to be sent looking for it.

use crate::bundle::{Profile, SignedEntity, VerificationMaterial};
use crate::crypto::PublicKey;
use crate::payload::Artifact;
use crate::sign::self_check;
use crate::verify::{ExpectedSigner, Reason, Rejection, Verified, Verifier};

/// Judges a candidate. Where a detached signature lacks its log entry, and does not match either, the latter is the reason.
pub(super) fn judged(
    verifier: &Verifier<'_>,
    entity: &SignedEntity,
    artifact: Option<&Artifact>,
) -> Result<Verified, Rejection> {
    let lacking = match verifier.verify(entity, artifact) {
        Err(rejection) if matches!(rejection.reason(), Reason::LogEntryMissing { .. }) => rejection,
        judged => return judged,
    };
    if entity.profile != Profile::Legacy {
        return Err(lacking);
    }
    let Some(key) = key(entity, &verifier.policy.signer) else { return Err(lacking) };
    match alone(verifier, entity, artifact, &key) {
        Err(deeper) if matches!(deeper.reason(), Reason::Signature(_)) => Err(deeper.alone()),
        _ => Err(lacking),
    }
}

/// Judges the signature by itself, without any witness.
pub(super) fn alone(
    verifier: &Verifier<'_>,
    entity: &SignedEntity,
    artifact: Option<&Artifact>,
    key: &PublicKey,
) -> Result<(), Rejection> {
    let mut policy = self_check::policy(key, artifact);
    policy.signature_digest = verifier.policy.signature_digest;
    Verifier { policy: &policy, ..*verifier }.verify(entity, artifact).map(drop)
}

/// The key that the signature has to be by: the given one, or that of the certificate.
pub(super) fn key(entity: &SignedEntity, expected: &ExpectedSigner) -> Option<PublicKey> {
    match (expected, &entity.material) {
        (ExpectedSigner::Key(key), _) => Some(key.clone()),
        (ExpectedSigner::Identity(_), VerificationMaterial::Certificate(chain)) => {
            chain.first()?.public_key().ok()
        }
        (ExpectedSigner::Identity(_), VerificationMaterial::PublicKey { .. }) => None,
    }
}
