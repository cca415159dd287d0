//! The one signing path: a [`SigningRequest`] becomes a [`SignedEntity`].
//!
//! Whether it is a blob or a statement, with or without a certificate, is data of the request.

pub mod self_check;

use crate::bundle::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial};
use crate::crypto::{
    Digest, Ed25519Stream, Ed25519Streamed, HashAlgorithm, KeyType, PublicKey, SignError, SigningInput,
    SigningKey, base64,
};
use crate::payload::{Envelope, EnvelopeSignature, SimpleSigning, pre_authentication_encoding};
use crate::x509::Certificate;

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
    },
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// There is none: the key speaks for itself.
    None,
    /// The user has one, leaf first. Its key is the signing key's; whoever builds the request has compared them.
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

/// Signs.
///
/// # Errors
/// The key fails, or cannot sign this form of input; a simple-signing payload that is none.
pub async fn sign(request: SigningRequest<'_>) -> Result<SignedEntity, SignError> {
    let SigningRequest { payload, key, certificate } = request;
    let content = match payload {
        Payload::Message { stated, input } => {
            Content::Message { signature: key.sign(input).await?, digest: Some(stated) }
        }
        Payload::SimpleSigning { payload: bytes } => {
            let parsed = SimpleSigning::from_json(&bytes).map_err(|e| SignError::Backend(Box::new(e)))?;
            let signature = key.sign(&SigningInput::Message(bytes.clone())).await?;
            Content::SimpleSigning { payload: Box::new(Raw { bytes, parsed }), signature }
        }
        Payload::Envelope { payload_type, payload } => {
            let input = SigningInput::Message(pre_authentication_encoding(&payload_type, &payload));
            let signature = EnvelopeSignature { keyid: String::new(), sig: key.sign(&input).await? };
            let parsed = Envelope { payload, payload_type, signatures: vec![signature] };
            Content::Envelope(Box::new(Raw { bytes: parsed.to_json().into_bytes(), parsed }))
        }
    };
    // The tag scheme's form of it is the only one there is.
    let profile = match content {
        Content::SimpleSigning { .. } => Profile::Legacy,
        _ => Profile::Bundle(BundleVersion::V0_3),
    };
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
