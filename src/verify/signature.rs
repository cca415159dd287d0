//! Is the signature valid over the raw bytes?

use super::claim::MAX_WITNESSES;
use super::entry::logged_algorithm;
use super::log::Compared;
use super::{ChainProof, Evidence, ExpectedSigner, Reason, VerificationPolicy};
use crate::bundle::{Content, SignedEntity, VerificationMaterial};
use crate::crypto::{
    Digest, Ed25519Stream, HashAlgorithm, KeyType, PublicKey, SignatureError, SignatureScheme, Signed,
};
use crate::payload::{Artifact, Statement};
use crate::tlog::body;

/// The signature is valid. Made by [`signature`] alone.
#[derive(Debug, Clone)]
pub struct SignatureProof {
    key: PublicKey,
    scheme: SignatureScheme,
}

impl SignatureProof {
    /// The key it is valid under.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
    /// How it was made.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl std::fmt::Display for SignatureProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} key, {}", self.key.key_type(), self.scheme)
    }
}

/// Judges the signature. The key is the one that the user named, or that of the certificate whose chain is proven.
pub(super) fn signature(
    entity: &SignedEntity,
    chain: &Evidence<ChainProof>,
    bodies: &[Compared],
    artifact: Option<&Artifact>,
    policy: &VerificationPolicy,
) -> Result<SignatureProof, Reason> {
    let key = match &policy.signer {
        ExpectedSigner::Key(key) => key.clone(),
        ExpectedSigner::Identity(_) => {
            let leaf = chain.proven().ok_or(Reason::CertificateMissing)?.leaf();
            leaf.public_key().map_err(Reason::CertificateKey)?
        }
    };
    let named = named_digest(policy);
    match &entity.content {
        Content::Message { digest, signature } => {
            let artifact = artifact.ok_or(Reason::ArtifactMissing)?;
            if let Some(stated) = digest {
                same_digest(stated, artifact, |stated, actual| Reason::ArtifactDigest { stated, actual })?;
            }
            for (entry, logged) in
                bodies.iter().enumerate().filter_map(|(i, b)| Some((i, b.artifact_digest.as_ref()?)))
            {
                same_digest(logged, artifact, |logged, signed| Reason::LogDigest {
                    entry,
                    logged: logged.to_string(),
                    signed: signed.to_string(),
                })?;
            }
            let hash = named.or(digest.as_ref().map(Digest::algorithm));
            let signed = Signed::Stream { digests: &artifact.digests, ed25519: &artifact.ed25519 };
            first_valid(key, hash, signed, signature)
        }
        Content::Envelope(envelope) => {
            let envelope = &envelope.parsed;
            let [signature] = envelope.signatures.as_slice() else {
                return Err(Reason::EnvelopeSignatures { count: envelope.signatures.len() });
            };
            let header = envelope.signed_header();
            let parts = [header.as_bytes(), &envelope.payload];
            first_valid(key, named, Signed::Parts(&parts), &signature.sig)
        }
        Content::SimpleSigning { payload, signature } => {
            first_valid(key, named, Signed::Message(&payload.bytes), signature)
        }
    }
}

/// The digest that the user named, which decides over what the document states. It goes with a named key; a
/// certificate's key signs as the certificate and the document say, in cosign too.
fn named_digest(policy: &VerificationPolicy) -> Option<HashAlgorithm> {
    match policy.signer {
        ExpectedSigner::Key(_) => policy.signature_digest,
        ExpectedSigner::Identity(_) => None,
    }
}

fn same_digest(
    stated: &Digest,
    artifact: &Artifact,
    other: impl FnOnce(Digest, Digest) -> Reason,
) -> Result<(), Reason> {
    let algorithm = stated.algorithm();
    let actual = artifact.digests.get(algorithm).ok_or(Reason::DigestUnavailable(algorithm))?;
    if stated == actual { Ok(()) } else { Err(other(stated.clone(), actual.clone())) }
}

/// Tries the schemes that a signature of this key may have been made with. Where the input of one of them is not at hand,
/// that is the reason: nobody knows then that the signature is invalid.
pub(super) fn first_valid(
    key: PublicKey,
    hash: Option<HashAlgorithm>,
    signed: Signed<'_>,
    signature: &[u8],
) -> Result<SignatureProof, Reason> {
    let mut failure: Option<SignatureError> = None;
    for scheme in schemes(key.key_type(), hash) {
        match key.verify(scheme, signed, signature) {
            Ok(()) => return Ok(SignatureProof { key, scheme }),
            Err(error @ SignatureError::Unavailable { .. }) => {
                failure.take_if(|f| !matches!(f, SignatureError::Unavailable { .. }));
                failure.get_or_insert(error);
            }
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    Err(Reason::Signature(failure.unwrap_or(SignatureError::Invalid(key.key_type()))))
}

/// The schemes by which a key of this type signs. With no digest named, the one of the key's strength, then SHA-256:
/// cosign 2 signed with SHA-256 under every ECDSA and RSA key.
fn schemes(key: KeyType, hash: Option<HashAlgorithm>) -> Vec<SignatureScheme> {
    let hashes = match hash {
        Some(hash) => vec![hash],
        None if key.default_hash() == HashAlgorithm::Sha256 => vec![HashAlgorithm::Sha256],
        None => vec![key.default_hash(), HashAlgorithm::Sha256],
    };
    match key {
        KeyType::P256 | KeyType::P384 | KeyType::P521 => {
            hashes.into_iter().map(SignatureScheme::Ecdsa).collect()
        }
        KeyType::Rsa { .. } => hashes.into_iter().map(SignatureScheme::RsaPkcs1).collect(),
        KeyType::Ed25519 => vec![SignatureScheme::Ed25519, SignatureScheme::Ed25519ph],
    }
}

/// What has to be computed while the artifact streams by, so that the entity can be judged afterwards.
#[derive(Debug, Clone, Default)]
pub struct StreamNeeds {
    /// The digests that may be compared or signed. Never empty.
    pub algorithms: Vec<HashAlgorithm>,
    /// Pure Ed25519 signatures: the key they may be by, and the signature.
    pub ed25519: Vec<(PublicKey, Vec<u8>)>,
}

impl StreamNeeds {
    /// The streaming checks to feed.
    pub fn ed25519_streams(&self) -> Vec<Ed25519Stream> {
        self.ed25519.iter().filter_map(|(key, signature)| Ed25519Stream::new(key, signature)).collect()
    }
}

/// What the verification of this entity will ask of the artifact. It decides nothing.
pub fn stream_needs(entity: &SignedEntity, policy: &VerificationPolicy) -> StreamNeeds {
    let mut needs = StreamNeeds { algorithms: vec![HashAlgorithm::Sha256], ed25519: Vec::new() };
    let key = match (&policy.signer, &entity.material) {
        (ExpectedSigner::Key(key), _) => Some(key.clone()),
        (_, VerificationMaterial::Certificate(chain)) => {
            chain.first().and_then(|leaf| leaf.public_key().ok())
        }
        (_, VerificationMaterial::PublicKey { .. }) => None,
    };
    match &entity.content {
        Content::Message { digest, signature } => {
            needs.algorithms.extend(digest.as_ref().map(Digest::algorithm));
            needs.algorithms.extend(named_digest(policy));
            if let Some(key) = key {
                needs.algorithms.push(key.key_type().default_hash());
                if key.key_type() == KeyType::Ed25519 {
                    needs.ed25519.push((key, signature.clone()));
                }
            }
            let entries = entity.log_entries.iter().take(MAX_WITNESSES);
            let bodies = entries.filter_map(|e| body::parse(&e.canonicalized_body).ok());
            needs.algorithms.extend(bodies.filter_map(|b| logged_algorithm(&b)));
        }
        // Hashing a large artifact by an algorithm that no subject names would cost more than this second reading.
        Content::Envelope(envelope) => {
            let subjects =
                Statement::from_json(&envelope.parsed.payload).map(|s| s.subjects).unwrap_or_default();
            let named = |a: &HashAlgorithm| subjects.iter().any(|s| s.digest.contains_key(a.name()));
            needs.algorithms.extend(HashAlgorithm::ALL.into_iter().filter(named));
        }
        Content::SimpleSigning { payload, .. } => needs.algorithms.push(payload.parsed.digest.algorithm()),
    }
    needs.algorithms.sort_unstable();
    needs.algorithms.dedup();
    needs
}
