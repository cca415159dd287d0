//! Is a log entry about this very signature? Digest, signature and key are all compared (CVE-2022-23649,
//! CVE-2022-36056, CVE-2026-22703).

use super::Reason;
use crate::bundle::{Content, Raw};
use crate::crypto::{Digest, HashAlgorithm, PublicKey};
use crate::payload::{Envelope, encoding_digest};
use crate::tlog::body::{Body, LoggedVerifier, Spec};
use crate::x509::Certificate;

/// Who made the signature, for the comparison with what was logged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signatory<'a> {
    /// The key that the user named.
    Key(&'a PublicKey),
    /// The certificate of the document.
    Certificate(&'a Certificate),
}

/// Compares the body of the entry at `position` with the content.
///
/// A logged digest that the document does not state itself is returned: the artifact has to have it.
pub(super) fn compare(
    position: usize,
    body: &Body,
    content: &Content,
    signatory: &[Signatory<'_>],
) -> Result<Option<Digest>, Reason> {
    let entry = Comparison { position, body, signatory };
    match content {
        Content::Message { digest, signature } => entry.message(digest.as_ref(), signature),
        Content::Envelope(envelope) => entry.envelope(envelope).map(|()| None),
        Content::SimpleSigning { payload, signature } => {
            entry.payload(&payload.bytes, signature).map(|()| None)
        }
    }
}

struct Comparison<'a> {
    position: usize,
    body: &'a Body,
    signatory: &'a [Signatory<'a>],
}

impl Comparison<'_> {
    fn message(&self, digest: Option<&Digest>, signature: &[u8]) -> Result<Option<Digest>, Reason> {
        let (Spec::HashedRekord { digest: logged, signature: logged_signature, verifier }
        | Spec::Rekord { digest: logged, signature: logged_signature, verifier }) = &self.body.spec
        else {
            return Err(self.wrong_kind());
        };
        self.signature(logged_signature, signature)?;
        self.verifier(verifier)?;
        match digest {
            Some(stated) if stated.algorithm() == logged.algorithm() => {
                self.digest(logged, stated).map(|()| None)
            }
            // Nothing to compare it with but the artifact: Ed25519ph entries have SHA-512 whatever the document states.
            _ => Ok(Some(logged.clone())),
        }
    }

    /// The signed bytes are at hand, so the logged digest is compared whatever its algorithm.
    fn payload(&self, payload: &[u8], signature: &[u8]) -> Result<(), Reason> {
        let (Spec::HashedRekord { digest, signature: logged_signature, verifier }
        | Spec::Rekord { digest, signature: logged_signature, verifier }) = &self.body.spec
        else {
            return Err(self.wrong_kind());
        };
        self.signature(logged_signature, signature)?;
        self.verifier(verifier)?;
        self.digest(digest, &digest.algorithm().digest(payload))
    }

    fn envelope(&self, envelope: &Raw<Envelope>) -> Result<(), Reason> {
        let signature = envelope.parsed.signatures.first().map_or(&[][..], |s| &s.sig);
        match &self.body.spec {
            Spec::HashedRekord { digest, signature: logged_signature, verifier } => {
                let Envelope { payload_type, payload, .. } = &envelope.parsed;
                self.signature(logged_signature, signature)?;
                self.verifier(verifier)?;
                self.digest(digest, &encoding_digest(digest.algorithm(), payload_type, payload))
            }
            // The envelope's hash in a `dsse` entry is over the serialisation that the signer's client sent, which
            // nobody else has; the payload's hash, the signature and the verifier say the same without it.
            Spec::Dsse { payload_hash, signatures, .. } => {
                let signatures: Vec<_> = signatures.iter().map(|(s, v)| (Some(s.as_slice()), v)).collect();
                self.only_signature(&signatures, signature)?;
                self.digest(payload_hash, &payload_hash.algorithm().digest(&envelope.parsed.payload))
            }
            Spec::Intoto { envelope_hash, payload_hash, signatures } => {
                let logged: Vec<_> = signatures.iter().map(|(s, v)| (s.as_deref(), v)).collect();
                self.only_signature(&logged, signature)?;
                if let Some(hash) = payload_hash {
                    self.digest(hash, &hash.algorithm().digest(&envelope.parsed.payload))?;
                }
                // Version 0.0.1 logs no signature; then only the hash of the whole envelope ties the entry to it.
                let by_hash_alone = logged.iter().any(|(signature, _)| signature.is_none());
                match (by_hash_alone, envelope_hash) {
                    (false, _) => Ok(()),
                    // A protobuf bundle does not hold these bytes; their absence equals no hash, that of nothing included.
                    (true, Some(hash)) if !envelope.bytes.is_empty() => {
                        self.digest(hash, &hash.algorithm().digest(&envelope.bytes))
                    }
                    (true, _) => Err(self.wrong_kind()),
                }
            }
            Spec::Rekord { .. } => Err(self.wrong_kind()),
        }
    }

    /// Exactly one logged signature, and it is this one.
    fn only_signature(
        &self,
        logged: &[(Option<&[u8]>, &LoggedVerifier)],
        signature: &[u8],
    ) -> Result<(), Reason> {
        let [(logged_signature, verifier)] = logged else {
            return Err(Reason::LogSignature { entry: self.position });
        };
        if let Some(logged_signature) = logged_signature {
            self.signature(logged_signature, signature)?;
        }
        self.verifier(verifier)
    }

    fn signature(&self, logged: &[u8], signature: &[u8]) -> Result<(), Reason> {
        if logged == signature { Ok(()) } else { Err(Reason::LogSignature { entry: self.position }) }
    }

    fn verifier(&self, logged: &LoggedVerifier) -> Result<(), Reason> {
        let same = |signatory: &Signatory<'_>| match (signatory, logged) {
            (Signatory::Key(key), LoggedVerifier::PublicKey(logged)) => *key == logged,
            (Signatory::Certificate(certificate), LoggedVerifier::Certificate(logged)) => {
                certificate.der() == logged
            }
            _ => false,
        };
        if self.signatory.iter().any(same) {
            Ok(())
        } else {
            Err(Reason::LogVerifier { entry: self.position })
        }
    }

    fn digest(&self, logged: &Digest, signed: &Digest) -> Result<(), Reason> {
        if logged == signed {
            return Ok(());
        }
        Err(Reason::LogDigest {
            entry: self.position,
            logged: logged.to_string(),
            signed: signed.to_string(),
        })
    }

    fn wrong_kind(&self) -> Reason {
        let kind = format!("{} {}", self.body.kind.kind, self.body.kind.version);
        Reason::LogContent { entry: self.position, kind }
    }
}

/// The algorithms by which a body names the artifact's digest, so that the artifact can be hashed by them in its one
/// pass.
pub(super) fn logged_algorithm(body: &Body) -> Option<HashAlgorithm> {
    match &body.spec {
        Spec::HashedRekord { digest, .. } | Spec::Rekord { digest, .. } => Some(digest.algorithm()),
        Spec::Dsse { .. } | Spec::Intoto { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::crypto::{KeyType, PrivateKey, SigningKey};
    use crate::payload::EnvelopeSignature;
    use crate::tlog::KindVersion;

    /// An `intoto` 0.0.1 entry says nothing but the hash of an envelope's bytes. A protobuf bundle has no such bytes, and
    /// an entry with the hash of nothing must not fit it.
    #[test]
    fn hash_of_nothing_is_no_envelope() {
        let key = PrivateKey::generate(KeyType::P256).unwrap().public_key().clone();
        let entry = |bytes: &[u8]| Body {
            kind: KindVersion { kind: "intoto".into(), version: "0.0.1".into() },
            spec: Spec::Intoto {
                envelope_hash: Some(HashAlgorithm::Sha256.digest(bytes)),
                payload_hash: None,
                signatures: vec![(None, LoggedVerifier::PublicKey(key.clone()))],
            },
        };
        let envelope = |bytes: &[u8]| {
            let signatures = vec![EnvelopeSignature { keyid: String::new(), sig: vec![1] }];
            let parsed = Envelope { payload: b"p".to_vec(), payload_type: "t".into(), signatures };
            Content::Envelope(Arc::new(Raw { bytes: bytes.to_vec(), parsed }))
        };
        let compare = |logged: &[u8], bytes: &[u8]| {
            compare(0, &entry(logged), &envelope(bytes), &[Signatory::Key(&key)])
        };
        assert_eq!(compare(b"{}", b"{}"), Ok(None));
        assert!(matches!(compare(b"{ }", b"{}"), Err(Reason::LogDigest { .. })));
        assert!(matches!(compare(b"", b""), Err(Reason::LogContent { .. })));
    }
}
