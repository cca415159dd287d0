//! The one signing path: a [`SigningRequest`] becomes a [`SignedEntity`].
//!
//! Whether it is a blob or a statement, with or without a certificate, is data of the request.

use crate::bundle::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial};
use crate::crypto::{Digest, Digests, HashAlgorithm, KeyType, SignError, SigningInput, SigningKey};
use crate::payload::{Envelope, EnvelopeSignature, pre_authentication_encoding};
use crate::x509::Certificate;

/// What is to be signed.
#[derive(Debug, Clone)]
pub enum Payload {
    /// An artifact itself.
    Message {
        /// Its digests: at least [`stated_algorithm`] of the key, and the algorithm that the key signs over.
        digests: Digests,
        /// Its bytes, for a key that cannot sign a digest ([`needs_message`]).
        message: Option<Vec<u8>>,
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
    pub payload: Payload,
    /// By which key.
    pub key: &'a dyn SigningKey,
    /// With which certificate.
    pub certificate: CertificateSource,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key failed.
    #[error(transparent)]
    Key(#[from] SignError),
    /// The request lacks the digest or the bytes that this kind of key signs.
    #[error("a {0} key signs what the artifact was not read for")]
    Input(KeyType),
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
/// The key fails, or the request was built for another kind of key.
pub async fn sign(request: SigningRequest<'_>) -> Result<SignedEntity, Error> {
    let SigningRequest { payload, key, certificate } = request;
    let key_type = key.public_key().key_type();
    let content = match payload {
        Payload::Message { digests, message } => {
            let stated = digests.get(stated_algorithm(key_type)).cloned().ok_or(Error::Input(key_type))?;
            let input = message_input(key_type, &stated, message)?;
            Content::Message { signature: key.sign(&input).await?, digest: Some(stated) }
        }
        Payload::Envelope { payload_type, payload } => {
            let input = SigningInput::Message(pre_authentication_encoding(&payload_type, &payload));
            let signature = EnvelopeSignature { keyid: String::new(), sig: key.sign(&input).await? };
            let parsed = Envelope { payload, payload_type, signatures: vec![signature] };
            Content::Envelope(Box::new(Raw { bytes: parsed.to_json().into_bytes(), parsed }))
        }
    };
    let material = match certificate {
        CertificateSource::None => VerificationMaterial::PublicKey {
            hint: crate::crypto::base64::encode(key.public_key().key_id()),
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
        profile: Profile::Bundle(BundleVersion::V0_3),
    })
}

fn message_input(key: KeyType, stated: &Digest, message: Option<Vec<u8>>) -> Result<SigningInput, Error> {
    match (needs_message(key), message) {
        (false, _) => Ok(SigningInput::Digest(stated.clone())),
        (true, Some(message)) => Ok(SigningInput::Message(message)),
        (true, None) => Err(Error::Input(key)),
    }
}
