//! What a log is told, and whether an entry is about it.

use crate::crypto::{DecodeError, Digest, PublicKey};
use crate::payload::Envelope;
use crate::tlog::body::{Body, Spec};
use crate::tlog::{Entry, LoggedVerifier, body};
use crate::x509::Certificate;

/// A signature that is to be logged, or was.
#[derive(Debug, Clone)]
pub enum Proposed {
    /// A signature over a digest (`hashedrekord`).
    HashedRekord {
        /// The digest that was signed.
        digest: Digest,
        /// The raw signature.
        signature: Vec<u8>,
        /// Who signed.
        verifier: Verifier,
    },
    /// An envelope (`dsse`).
    Dsse {
        /// Its JSON.
        envelope: Vec<u8>,
        /// Who signed, for each signature.
        verifiers: Vec<Verifier>,
    },
    /// An envelope, in the older kind of entry (`intoto`), which Rekor v1 alone has.
    Intoto {
        /// Its JSON.
        envelope: Vec<u8>,
        /// Who signed, for each signature.
        verifiers: Vec<Verifier>,
    },
}

/// Who signed.
#[derive(Debug, Clone)]
pub enum Verifier {
    /// Whoever this certificate is for.
    Certificate(Certificate),
    /// Whoever has this key.
    PublicKey(PublicKey),
}

impl Verifier {
    /// As an entry holds it.
    pub(super) fn logged(&self) -> LoggedVerifier {
        match self {
            Self::Certificate(certificate) => LoggedVerifier::Certificate(certificate.der().to_vec()),
            Self::PublicKey(key) => LoggedVerifier::PublicKey(key.clone()),
        }
    }

    /// The key.
    pub(super) fn key(&self) -> Result<PublicKey, DecodeError> {
        match self {
            Self::Certificate(certificate) => certificate.public_key(),
            Self::PublicKey(key) => Ok(key.clone()),
        }
    }
}

/// An envelope with who signed it: as many as there are signatures.
pub(super) fn envelope(json: &[u8], verifiers: &[Verifier]) -> Result<Envelope, String> {
    let envelope = Envelope::from_json(json).map_err(|e| e.to_string())?;
    let (signatures, verifiers) = (envelope.signatures.len(), verifiers.len());
    if signatures != verifiers {
        return Err(format!("the envelope has {signatures} signatures, of {verifiers} signers"));
    }
    Ok(envelope)
}

impl Proposed {
    /// Whether an entry is about this: kind, digests, signatures and signers.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn compare(&self, entry: &Entry) -> Result<(), String> {
        let body = body::parse(&entry.canonicalized_body).map_err(|e| e.to_string())?;
        match (self, &body.spec) {
            (
                Self::HashedRekord { digest, signature, verifier },
                Spec::HashedRekord { digest: logged, signature: logged_signature, verifier: logged_verifier },
            ) => {
                same("digest", digest == logged)?;
                same("signature", signature == logged_signature)?;
                same("signer", verifier.logged() == *logged_verifier)
            }
            (
                Self::Dsse { envelope: json, verifiers },
                Spec::Dsse { envelope_hash, payload_hash, signatures },
            ) => {
                let envelope = envelope(json, verifiers)?;
                same("envelope", envelope_hash.as_ref().is_none_or(|hash| is_of(hash, json)))?;
                same("payload", is_of(payload_hash, &envelope.payload))?;
                let logged = signatures.iter().map(|(s, v)| (s.clone(), v.clone())).collect();
                signed(&envelope, verifiers, logged)
            }
            (Self::Intoto { envelope: json, verifiers }, Spec::Intoto { payload_hash, signatures, .. }) => {
                let envelope = envelope(json, verifiers)?;
                same("payload", payload_hash.as_ref().is_some_and(|hash| is_of(hash, &envelope.payload)))?;
                let logged = signatures.iter().map(|(s, v)| (s.clone().unwrap_or_default(), v.clone()));
                signed(&envelope, verifiers, logged.collect())
            }
            _ => Err(other_kind(&body)),
        }
    }
}

fn same(what: &str, same: bool) -> Result<(), String> {
    if same { Ok(()) } else { Err(format!("the entry is about another {what}")) }
}

fn other_kind(body: &Body) -> String {
    format!("the entry is of the kind {} {}", body.kind.kind, body.kind.version)
}

fn is_of(hash: &Digest, data: &[u8]) -> bool {
    hash.algorithm().digest(data) == *hash
}

/// The signatures are the same, whatever their order, each by the same signer.
fn signed(
    envelope: &Envelope,
    verifiers: &[Verifier],
    mut logged: Vec<(Vec<u8>, LoggedVerifier)>,
) -> Result<(), String> {
    same("number of signatures", logged.len() == envelope.signatures.len())?;
    for (signature, verifier) in envelope.signatures.iter().zip(verifiers) {
        let at = logged.iter().position(|(s, _)| *s == signature.sig);
        let (_, found) = logged.swap_remove(at.ok_or("the entry is about another signature")?);
        same("signer", found == verifier.logged())?;
    }
    Ok(())
}
