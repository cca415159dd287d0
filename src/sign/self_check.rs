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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bundle::{BundleVersion, Profile};
    use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningKey};
    use crate::payload::{IN_TOTO_PAYLOAD_TYPE, simple_signing};
    use crate::sign::{CertificateSource, Payload, sign_alone};

    fn statement(digest: &crate::crypto::Digest) -> Vec<u8> {
        let digest = digest.hex();
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
        )
        .into_bytes()
    }

    /// Both forms of an image signature, by keys of every kind: good for their image, and for no other.
    #[tokio::test]
    async fn image_signatures() {
        let digest = HashAlgorithm::Sha256.digest(b"image");
        let image = |bytes: &[u8]| {
            let digests = HashAlgorithm::Sha256.digest(bytes).into();
            Artifact { name: "image".into(), digests, ed25519: Vec::new() }
        };
        let now = UnixTime::from_seconds(0);
        for key_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519] {
            let key = PrivateKey::generate(key_type).unwrap();
            let payloads = [
                Payload::SimpleSigning { payload: simple_signing("r/a", &digest, &BTreeMap::new()).into() },
                Payload::Envelope {
                    payload_type: IN_TOTO_PAYLOAD_TYPE.to_owned(),
                    payload: statement(&digest),
                    profile: Profile::Bundle(BundleVersion::V0_3),
                },
            ];
            for (payload, other) in payloads.into_iter().zip(["payload-digest", "statement-subject"]) {
                let entity = sign_alone(payload, &key, CertificateSource::None, false).await.unwrap();
                verify(&entity, Some(&image(b"image")), key.public_key(), now).unwrap();
                verify(&entity, None, key.public_key(), now).unwrap();
                let refused = verify(&entity, Some(&image(b"other")), key.public_key(), now).unwrap_err();
                assert_eq!(refused.reason().code(), other);
                let stranger = PrivateKey::generate(key_type).unwrap();
                assert!(verify(&entity, Some(&image(b"image")), stranger.public_key(), now).is_err());
            }
            let payload = Payload::SimpleSigning { payload: b"{}".to_vec() };
            assert!(sign_alone(payload, &key, CertificateSource::None, false).await.is_err());
        }
    }
}
