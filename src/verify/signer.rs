//! Is it the signer whom the user named?

#[cfg(feature = "http")]
use super::chain;
use super::{ChainProof, Evidence, ExpectedSigner, Reason, VerificationPolicy, identity};
use crate::bundle::{SignedEntity, VerificationMaterial};
use crate::crypto::PublicKey;
#[cfg(feature = "http")]
use crate::trust::TrustedRoot;
use crate::x509::Certificate;

/// The expected signer made the signature. Made by [`signer`] alone.
#[derive(Debug, Clone)]
pub enum SignerProof {
    /// It verifies with the key that the user named.
    Key(KeyProof),
    /// It verifies with the certificate's key, and the certificate is for the expected identity.
    Identity(IdentityProof),
}

/// The key that the user named.
#[derive(Debug, Clone)]
pub struct KeyProof {
    key: PublicKey,
}

/// The identity in the certificate.
#[derive(Debug, Clone)]
pub struct IdentityProof {
    subject: String,
    issuer: String,
}

impl IdentityProof {
    /// The subject alternative name that matched.
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// The issuer that confirmed the identity; empty when the certificate states none.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl std::fmt::Display for SignerProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(proof) => write!(f, "the given {} key", proof.key.key_type()),
            Self::Identity(proof) if proof.issuer.is_empty() => {
                write!(f, "{} (no issuer stated)", proof.subject)
            }
            Self::Identity(proof) => write!(f, "{} (issuer {})", proof.subject, proof.issuer),
        }
    }
}

/// Before anything else: could this document be by the expected signer at all? What travels with a signature never
/// replaces what the user named; where it contradicts, that is said first.
pub(super) fn material(entity: &SignedEntity, policy: &VerificationPolicy) -> Result<(), Reason> {
    match (&policy.signer, &entity.material) {
        (ExpectedSigner::Identity(_), VerificationMaterial::PublicKey { .. }) => {
            Err(Reason::CertificateMissing)
        }
        (ExpectedSigner::Identity(_), VerificationMaterial::Certificate(_)) => Ok(()),
        (ExpectedSigner::Key(key), VerificationMaterial::PublicKey { embedded, .. }) => {
            if embedded.as_ref().is_none_or(|e| e == key) { Ok(()) } else { Err(Reason::OtherKey) }
        }
        (ExpectedSigner::Key(key), VerificationMaterial::Certificate(chain)) => {
            let same = chain.first().and_then(|leaf| leaf.public_key().ok()).is_some_and(|k| k == *key);
            if same { Ok(()) } else { Err(Reason::OtherKey) }
        }
    }
}

/// Whether a document could be by the expected signer: it says so itself, and a certificate that says so is of a trusted authority,
/// whenever that was. Nothing else is proven.
#[cfg(feature = "http")]
pub fn could_be(entity: &SignedEntity, policy: &VerificationPolicy, root: &TrustedRoot) -> bool {
    let named = match &policy.signer {
        ExpectedSigner::Key(_) => true,
        ExpectedSigner::Identity(matchers) => leaf(entity)
            .is_ok_and(|leaf| identity::any_match(matchers, leaf).is_ok() && chain::ever(leaf, root)),
    };
    named && material(entity, policy).is_ok()
}

/// The leaf of the document's certificates.
pub(super) fn leaf(entity: &SignedEntity) -> Result<&Certificate, Reason> {
    match &entity.material {
        VerificationMaterial::Certificate(chain) => chain.first().ok_or(Reason::CertificateMissing),
        VerificationMaterial::PublicKey { .. } => Err(Reason::CertificateMissing),
    }
}

/// Judges the signer of a signature that is already verified.
pub(super) fn signer(
    chain: &Evidence<ChainProof>,
    policy: &VerificationPolicy,
) -> Result<SignerProof, Reason> {
    match &policy.signer {
        // The signature check used this very key.
        ExpectedSigner::Key(key) => Ok(SignerProof::Key(KeyProof { key: key.clone() })),
        ExpectedSigner::Identity(matchers) => {
            let leaf = chain.proven().ok_or(Reason::CertificateMissing)?.leaf();
            let (subject, issuer) = identity::any_match(matchers, leaf)?;
            Ok(SignerProof::Identity(IdentityProof { subject, issuer }))
        }
    }
}
