//! What is made here is verified before anybody gets it, by the one verifying path.

use std::collections::BTreeMap;

use crate::bundle::SignedEntity;
use crate::crypto::{PublicKey, UnixTime};
use crate::payload::Artifact;
use crate::trust::TrustedRoot;
use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, Rejection, Requirement, VerificationPolicy,
    Verified, Verifier, Waiver,
};

/// The policy that a signature by `key` has to meet: no witness is asked for, and none is trusted. Without an artifact, an
/// envelope's signature is checked and its subject is not.
pub fn policy(key: &PublicKey, artifact: Option<&Artifact>) -> VerificationPolicy {
    let unwitnessed = Requirement::Waived(Waiver::NotNeeded("no witness is asked for"));
    let unbound = Waiver::NotNeeded("the signature alone is checked");
    VerificationPolicy {
        signer: ExpectedSigner::Key(key.clone()),
        log: unwitnessed,
        timestamp: unwitnessed,
        sct: unwitnessed,
        claim: ClaimRequirement {
            content: ContentRequirement::Any,
            binding_waived: artifact.is_none().then_some(unbound),
            annotations: BTreeMap::new(),
        },
        signature_digest: None,
    }
}

/// Verifies as a stranger would who has the key.
///
/// # Errors
/// The first check that failed.
pub fn verify(
    entity: &SignedEntity,
    artifact: Option<&Artifact>,
    key: &PublicKey,
    now: UnixTime,
) -> Result<Verified, Rejection> {
    let policy = policy(key, artifact);
    Verifier { root: &TrustedRoot::default(), policy: &policy, now }.verify(entity, artifact)
}
