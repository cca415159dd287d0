//! Whether what is proposed is signed as it says.

use crate::crypto::{
    DecodeError, Digest, Digests, HashAlgorithm, KeyType, Node, PublicKey, SignatureScheme, Signed,
};
use crate::payload::Envelope;
use crate::tlog::LoggedVerifier;
use crate::x509::Certificate;

/// Who is said to have signed.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    /// As an entry has it.
    pub(super) verifier: LoggedVerifier,
    /// The key.
    pub(super) key: PublicKey,
    /// Whom the certificate is for, if there is one.
    pub(super) subjects: Vec<String>,
}

impl Signer {
    /// The signer that this member of a request names.
    ///
    /// # Errors
    /// A certificate that cannot be read, or is for a kind of key that is not known.
    pub(super) fn new(node: &Node<'_>, verifier: LoggedVerifier) -> Result<Self, DecodeError> {
        let (key, subjects) = match &verifier {
            LoggedVerifier::PublicKey(key) => (key.clone(), Vec::new()),
            LoggedVerifier::Certificate(der) => {
                let certificate = Certificate::from_der(der).map_err(|e| node.error(e.to_string()))?;
                let key = certificate.public_key().map_err(|e| node.error(e.to_string()))?;
                let names = certificate.subject_alternative_names().unwrap_or_default();
                (key, names.iter().map(|name| name.value().to_owned()).collect())
            }
        };
        Ok(Self { verifier, key, subjects })
    }

    /// Whether the key signed this digest.
    pub(super) fn signed_digest(&self, digest: &Digest, signature: &[u8]) -> bool {
        let hash = digest.algorithm();
        let scheme = match self.key.key_type() {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => SignatureScheme::Ecdsa(hash),
            KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
            KeyType::Ed25519 if hash == HashAlgorithm::Sha512 => SignatureScheme::Ed25519ph,
            KeyType::Ed25519 => return false,
        };
        let digests = Digests::from(digest.clone());
        self.key.verify(scheme, Signed::Stream { digests: &digests, ed25519: &[] }, signature).is_ok()
    }

    /// Whether the key signed this message: ECDSA over SHA-256, as Rekor v1 has it for every curve, or over the digest of the
    /// curve's strength.
    fn signed_message(&self, message: &[u8], signature: &[u8]) -> bool {
        let hash = self.key.key_type().default_hash();
        let schemes: &[SignatureScheme] = match self.key.key_type() {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => {
                &[SignatureScheme::Ecdsa(HashAlgorithm::Sha256), SignatureScheme::Ecdsa(hash)]
            }
            KeyType::Rsa { .. } => &[SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)],
            KeyType::Ed25519 => &[SignatureScheme::Ed25519, SignatureScheme::Ed25519ph],
        };
        schemes.iter().any(|scheme| self.key.verify(*scheme, Signed::Message(message), signature).is_ok())
    }
}

/// Who made each signature of an envelope, in its order. Every signature has to be somebody's, and everybody has to have made
/// one.
///
/// # Errors
/// What is missing, in words.
pub(super) fn signers<'a>(envelope: &Envelope, signers: &'a [Signer]) -> Result<Vec<&'a Signer>, String> {
    let message = envelope.signed_bytes();
    let mut idle = vec![true; signers.len()];
    let mut found = Vec::new();
    for (i, signature) in envelope.signatures.iter().enumerate() {
        let mut made =
            signers.iter().zip(&mut idle).filter(|(s, _)| s.signed_message(&message, &signature.sig));
        let Some((signer, idle)) = made.next() else {
            return Err(format!("signature {i} is not by any of the keys or certificates that are given"));
        };
        *idle = false;
        found.push(signer);
    }
    match idle.iter().position(|idle| *idle) {
        Some(i) => Err(format!("verifier {i} has made no signature")),
        None => Ok(found),
    }
}
