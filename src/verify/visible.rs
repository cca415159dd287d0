//! What is wrong with a document by itself: found without artifact, trusted root, policy and clock.
//!
//! It decides nothing. A document of which nothing is found here may be anybody's: no key, log or authority in it is
//! trusted, and whoever writes a document can make it agree with itself. Verification does not call this; both use the same
//! comparisons, so that this is no second verifier.

use super::claim::{MAX_WITNESSES, shape};
use super::entry::{Signatory, compare};
use super::signature::first_valid;
use super::time::{signed_by, stamped};
use super::{ContentRequirement, Reason, log};
use crate::bundle::{Content, SignedEntity, VerificationMaterial};
use crate::crypto::{Digest, Digests, PublicKey, SignatureError, Signed, UnixTime};
use crate::timestamp::{self, Authority, TimestampError, Token};
use crate::tlog::body::{Body, LoggedVerifier, Spec};
use crate::tlog::{Entry, promise};
use crate::x509::path::{self, Usage};
use crate::x509::{Certificate, fulcio, sct};

/// Contradictions of the document with itself, and what it lacks that no policy could make up for. No verification without
/// a waiver accepts a document with one of them (but for a timestamp token whose own certificates are damaged, where a
/// trusted root has them, too, and for one by an authority that is not trusted, beside a time that is); that there is none means nothing.
pub fn visible(entity: &SignedEntity) -> Vec<Reason> {
    let mut view = View { entity, leaf: None, keys: Vec::new(), times: Vec::new(), found: Vec::new() };
    if let VerificationMaterial::Certificate(chain) = &entity.material {
        view.leaf = chain.first();
    }
    let form = shape(entity, &ContentRequirement::Any).map(drop);
    let too_many = matches!(form, Err(Reason::TooMany { .. }));
    view.note(form);
    if too_many {
        return view.found;
    }
    view.material();
    let mut logged = None;
    for (position, entry) in entity.log_entries.iter().enumerate().take(MAX_WITNESSES) {
        logged = view.log_entry(position, entry).or(logged);
    }
    view.timestamps();
    view.certificate();
    view.signature(logged.as_ref());
    view.found
}

struct View<'a> {
    entity: &'a SignedEntity,
    leaf: Option<&'a Certificate>,
    /// Keys that the document says the signature is by.
    keys: Vec<PublicKey>,
    /// Times that the document states.
    times: Vec<UnixTime>,
    found: Vec<Reason>,
}

impl View<'_> {
    fn note<T>(&mut self, result: Result<T, Reason>) {
        if let Err(reason) = result
            && !self.found.contains(&reason)
        {
            self.found.push(reason);
        }
    }

    /// The key of the document, where it has one.
    fn material(&mut self) {
        match &self.entity.material {
            VerificationMaterial::Certificate(_) => {
                let Some(leaf) = self.leaf else { return };
                match leaf.public_key() {
                    Ok(key) => self.keys.push(key),
                    Err(error) => self.note::<()>(Err(Reason::CertificateKey(error))),
                }
            }
            VerificationMaterial::PublicKey { embedded, .. } => self.keys.extend(embedded.clone()),
        }
    }

    /// Compares an entry with the content, and its parts with each other. Returns the digest that it states of an artifact
    /// of which the document itself states none.
    fn log_entry(&mut self, position: usize, entry: &Entry) -> Option<Digest> {
        let body = match log::parsed(position, entry) {
            Ok(body) => body,
            Err(reason) => {
                self.note::<()>(Err(reason));
                return None;
            }
        };
        let proof = match &entry.inclusion_proof {
            _ if log::is_rekor_v2(&body) => log::rekor_v2_proof(position, entry)
                .and_then(|proof| log::committed(position, entry, proof).map(drop)),
            Some(proof) if proof.checkpoint.is_some() => log::committed(position, entry, proof).map(drop),
            Some(proof) => log::merkle(position, entry, proof),
            None => Ok(()),
        };
        self.note(proof);
        if entry.inclusion_promise.is_some() && promise::signed_payload(entry).is_none() {
            self.note::<()>(Err(Reason::InclusionPromise { entry: position }));
        }
        // A time that no promise signs says nothing, and there is none in Rekor v2.
        if entry.inclusion_promise.is_some() && !log::is_rekor_v2(&body) {
            self.times.extend(entry.integrated_time);
        }
        let logged_keys = logged_keys(&body);
        let mut signatory: Vec<Signatory<'_>> = self.leaf.map(Signatory::Certificate).into_iter().collect();
        if self.leaf.is_none() {
            // Where the document names its key by a hint alone, only the user knows which one it is.
            let keys = if self.keys.is_empty() { &logged_keys } else { &self.keys };
            signatory.extend(keys.iter().map(Signatory::Key));
        }
        let compared = compare(position, &body, &self.entity.content, &signatory);
        if self.keys.is_empty() && self.leaf.is_none() {
            self.keys = logged_keys;
        }
        match compared {
            Ok(digest) => digest,
            Err(reason) => {
                self.note::<()>(Err(reason));
                None
            }
        }
    }

    /// What each timestamp says of the signature, and in itself.
    fn timestamps(&mut self) {
        let stamped = stamped(self.entity);
        for (position, der) in self.entity.timestamps.iter().enumerate().take(MAX_WITNESSES) {
            let token = match Token::from_der(der) {
                Ok(token) => token,
                Err(error) => {
                    self.note::<()>(Err(Reason::TimestampMalformed { timestamp: position, error }));
                    continue;
                }
            };
            // An authority without certificates accepts nothing; what is wrong with the token in itself it says first.
            let nobody = Authority { anchors: &[], others: &[] };
            match timestamp::verify(&token, signed_by(&token, &stamped), nobody) {
                Ok(_) | Err(TimestampError::Authority) => {}
                Err(error) => self.note::<()>(Err(Reason::Timestamp { timestamp: position, error })),
            }
            self.times.push(token.gen_time());
        }
    }

    fn certificate(&mut self) {
        let Some(leaf) = self.leaf else { return };
        self.note(leaf.subject_alternative_names().map_err(Reason::Extensions));
        self.note(fulcio::extensions(leaf).map_err(Reason::Extensions));
        for time in std::mem::take(&mut self.times).into_iter().chain([leaf.not_before()]) {
            self.note(path::flaw(leaf, time, Usage::CodeSigning).map_err(Reason::Path));
        }
        let promised = |e: &Entry| e.inclusion_promise.is_some() && e.integrated_time.is_some();
        if self.entity.timestamps.is_empty() && !self.entity.log_entries.iter().any(promised) {
            self.note::<()>(Err(Reason::NoTime));
        }
        match sct::embedded(leaf) {
            Err(error) => self.note::<()>(Err(Reason::SctMalformed(error))),
            Ok(scts) if scts.is_empty() && self.entity.detached_scts.is_empty() => {
                self.note::<()>(Err(Reason::SctMissing { required: 1, found: 0 }));
            }
            Ok(_) => {}
        }
        for detached in &self.entity.detached_scts {
            self.note(sct::parse_detached(detached).map_err(Reason::SctMalformed));
        }
    }

    /// The signature under the keys that the document says it is by. One that cannot be computed here is passed over.
    fn signature(&mut self, logged: Option<&Digest>) {
        let entity = self.entity;
        let (header, digests);
        let parts: [&[u8]; 2];
        let (signed, hash, signature) = match &entity.content {
            Content::Message { digest, signature } => {
                let Some(known) = digest.as_ref().or(logged) else { return };
                digests = Digests::from(known.clone());
                let signed = Signed::Stream { digests: &digests, ed25519: &[] };
                (signed, digest.as_ref().map(Digest::algorithm), signature)
            }
            Content::Envelope(envelope) => {
                let envelope = &envelope.parsed;
                let [signature] = envelope.signatures.as_slice() else { return };
                header = envelope.signed_header();
                parts = [header.as_bytes(), &envelope.payload];
                (Signed::Parts(&parts), None, &signature.sig)
            }
            Content::SimpleSigning { payload, signature } => {
                (Signed::Message(&payload.bytes), None, signature)
            }
        };
        for key in std::mem::take(&mut self.keys) {
            match first_valid(key, hash, signed, signature) {
                Ok(_) | Err(Reason::Signature(SignatureError::Unavailable { .. })) => {}
                Err(reason) => self.note::<()>(Err(reason)),
            }
        }
    }
}

/// The keys by which an entry says the signature is. Certificates are left out: where they count, the document has its own.
fn logged_keys(body: &Body) -> Vec<PublicKey> {
    let verifiers: Vec<&LoggedVerifier> = match &body.spec {
        Spec::HashedRekord { verifier, .. } | Spec::Rekord { verifier, .. } => vec![verifier],
        Spec::Dsse { signatures, .. } => signatures.iter().map(|(_, verifier)| verifier).collect(),
        Spec::Intoto { signatures, .. } => signatures.iter().map(|(_, verifier)| verifier).collect(),
    };
    let key = |verifier: &LoggedVerifier| match verifier {
        LoggedVerifier::PublicKey(key) => Some(key.clone()),
        LoggedVerifier::Certificate(_) => None,
    };
    verifiers.into_iter().filter_map(key).collect()
}
