//! The one signing path: a [`SigningRequest`] becomes a [`SignedEntity`].
//!
//! Whether it is a blob or a statement, with or without a certificate, witnessed or not, is data of the request.

#[cfg(feature = "http")]
pub mod certify;
pub mod self_check;
mod witness;

use std::sync::Arc;

pub use witness::{Log, TimestampAuthority};
#[cfg(feature = "http")]
pub use witness::{LogKind, StatementEntry};

use crate::bundle::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial};
use crate::crypto::{
    Digest, Ed25519Stream, Ed25519Streamed, HashAlgorithm, KeyType, PublicKey, SignError, SigningInput,
    SigningKey, UnixTime, base64,
};
use crate::payload::{
    Envelope, EnvelopeSignature, SimpleSigning, encoding_digest, pre_authentication_encoding,
};
use crate::trust::TrustedRoot;
use crate::verify::{Requirement, Waiver};
use crate::x509::Certificate;

/// What is asked of certificate timestamps where one came beside the certificate: it is not in there.
pub const BESIDE: Requirement =
    Requirement::Waived(Waiver::NotNeeded("it came beside the certificate, and was verified"));

/// Against what, and when, the answers of witnesses are judged.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "http"), expect(dead_code, reason = "there are no witnesses"))]
struct Judge<'a> {
    root: &'a TrustedRoot,
    now: UnixTime,
}

/// What is to be signed.
#[derive(Debug)]
pub enum Payload<'a> {
    /// An artifact itself.
    Message {
        /// The digest that a bundle states, by [`stated_algorithm`] of the key.
        stated: Digest,
        /// What the key signs: that digest, or the artifact's bytes where [`needs_message`] says so.
        input: &'a SigningInput,
    },
    /// A simple-signing payload.
    SimpleSigning {
        /// Its bytes; a payload that [`SimpleSigning::from_json`] does not read is refused.
        payload: Vec<u8>,
    },
    /// A typed payload that goes into an envelope.
    Envelope {
        /// Its type.
        payload_type: String,
        /// Its bytes.
        payload: Vec<u8>,
        /// How it is kept: in the older formats, its timestamp is over the whole envelope, as cosign 2 makes it.
        profile: Profile,
    },
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// There is none: the key speaks for itself.
    None,
    /// There is one, leaf first: the user's, or one that [`certify`](crate::sign) got. Its key is the signing key's; whoever
    /// builds the request has compared them.
    Provided(Vec<Certificate>),
}

/// All that a signature is made from.
pub struct SigningRequest<'a> {
    /// What is signed.
    pub payload: Payload<'a>,
    /// By which key.
    pub key: &'a dyn SigningKey,
    /// With which certificate.
    pub certificate: CertificateSource,
    /// Who confirms when: all of them.
    pub timestamp_authorities: &'a [TimestampAuthority],
    /// Where it is published: in all of them, after the timestamps, so that one of these that fails leaves nothing behind.
    pub logs: &'a [Log],
    /// What the witnesses' answers have to hold against.
    pub root: &'a TrustedRoot,
    /// The time.
    pub now: UnixTime,
}

/// Why nothing was signed, or not witnessed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] SignError),
    /// A witness did not do its part.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Service(#[from] crate::services::Error),
    /// What a witness answered does not hold.
    #[cfg(feature = "http")]
    #[error("what {service} at {url} answered does not hold: {reason}")]
    Untrusted {
        /// Which.
        service: crate::services::Service,
        /// The address.
        url: String,
        /// Why.
        reason: Box<crate::verify::Reason>,
    },
}

/// Whether this kind of key signs the message itself and not a digest of it: pure Ed25519, the only form of it that
/// every verifier of blobs accepts.
pub fn needs_message(key: KeyType) -> bool {
    matches!(key, KeyType::Ed25519)
}

/// The algorithm of the digest that a bundle states for a message signed with this kind of key: the one that is signed,
/// or SHA-256 where no digest is signed.
pub fn stated_algorithm(key: KeyType) -> HashAlgorithm {
    if needs_message(key) { HashAlgorithm::Sha256 } else { key.default_hash() }
}

/// Whether this kind of key signs messages as Ed25519ph where a log is to have them: an entry holds a digest alone.
pub fn is_prehashed(key: KeyType, logs: &[Log]) -> bool {
    needs_message(key) && !logs.is_empty()
}

/// Signs, and has it witnessed. Each answer of a witness is verified before the next one is asked, so that nothing is published
/// after an answer that does not hold; the whole is verified by [`self_check`].
///
/// # Errors
/// As [`sign_alone`]; a witness does not do its part, or what it answers does not hold.
pub async fn sign(request: SigningRequest<'_>) -> Result<SignedEntity, Error> {
    let SigningRequest { payload, key, certificate, timestamp_authorities, logs, root, now } = request;
    let judge = Judge { root, now };
    let prehash = is_prehashed(key.public_key().key_type(), logs);
    let mut entity = sign_alone(payload, key, certificate, prehash).await?;
    for authority in timestamp_authorities {
        let timestamp = authority.timestamp(&entity, judge).await?;
        entity.timestamps.push(timestamp);
    }
    for log in logs {
        let entry = log.enter(&entity, key.public_key(), judge).await?;
        entity.log_entries.push(entry);
    }
    Ok(entity)
}

/// Signs, with no witness. `prehash`: a key that signs messages signs their digest, as [`is_prehashed`] says.
///
/// # Errors
/// The key fails, or cannot sign this form of input; a simple-signing payload that is none.
pub async fn sign_alone(
    payload: Payload<'_>,
    key: &dyn SigningKey,
    certificate: CertificateSource,
    prehash: bool,
) -> Result<SignedEntity, SignError> {
    let (content, profile) = content(payload, key, prehash).await?;
    let material = match certificate {
        CertificateSource::None => VerificationMaterial::PublicKey {
            hint: base64::encode(key.public_key().key_id()),
            embedded: None,
        },
        CertificateSource::Provided(chain) => VerificationMaterial::Certificate(chain),
    };
    Ok(SignedEntity {
        content,
        material,
        log_entries: Vec::new(),
        timestamps: Vec::new(),
        detached_scts: Vec::new(),
        profile,
    })
}

async fn content(
    payload: Payload<'_>,
    key: &dyn SigningKey,
    prehash: bool,
) -> Result<(Content, Profile), SignError> {
    Ok(match payload {
        Payload::Message { stated, input } => {
            let content = Content::Message { signature: key.sign(input).await?, digest: Some(stated) };
            (content, Profile::Bundle(BundleVersion::V0_3))
        }
        Payload::SimpleSigning { payload: bytes } => {
            let parsed = SimpleSigning::from_json(&bytes).map_err(|e| SignError::Backend(Box::new(e)))?;
            let input = if prehash {
                SigningInput::Digest(key.public_key().key_type().default_hash().digest(&bytes))
            } else {
                SigningInput::message(bytes.clone())
            };
            let signature = key.sign(&input).await?;
            let payload = Arc::new(Raw { bytes, parsed });
            (Content::SimpleSigning { payload, signature }, Profile::Legacy)
        }
        Payload::Envelope { payload_type, payload, profile } => {
            let key_type = key.public_key().key_type();
            let input = if needs_message(key_type) || key.prefers_messages() {
                SigningInput::message(pre_authentication_encoding(&payload_type, &payload))
            } else {
                SigningInput::Digest(encoding_digest(key_type.default_hash(), &payload_type, &payload))
            };
            let signature = EnvelopeSignature { keyid: String::new(), sig: key.sign(&input).await? };
            let parsed = Envelope { payload, payload_type, signatures: vec![signature] };
            (Content::Envelope(Arc::new(Raw { bytes: parsed.to_json().into_bytes(), parsed })), profile)
        }
    })
}

/// What [`self_check::verify`] has to know of an artifact that was signed as a whole: how its signature fares over it.
pub fn streamed(entity: &SignedEntity, key: &PublicKey, input: &SigningInput) -> Option<Ed25519Streamed> {
    let (Content::Message { signature, .. }, SigningInput::Message(message)) = (&entity.content, input)
    else {
        return None;
    };
    let mut stream = Ed25519Stream::new(key, signature)?;
    stream.update(message);
    Some(stream.finish())
}
