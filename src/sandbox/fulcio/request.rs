//! What clients of either interface ask (sigstore/fulcio, `fulcio.proto` and `fulcio_legacy.proto`).

use serde_json::Value;

use crate::crypto::{
    DecodeError, HashAlgorithm, KeyType, Node, PublicKey, SignatureScheme, Signed, base64, json as strict,
};
use crate::x509::request::CertificationRequest;

const WHAT: &str = "request";

/// What is asked for.
#[derive(Debug)]
pub struct Asked {
    /// The identity token, where it is in the body.
    pub token: Option<String>,
    /// The key, as far as it can be read.
    pub key: Key,
}

/// A key, and the proof that whoever asks has it.
#[derive(Debug)]
pub enum Key {
    /// A key, or why it is none, and a signature over the name of the principal.
    Signed(Result<PublicKey, DecodeError>, Vec<u8>),
    /// A certification request, or why it is none.
    Request(Result<CertificationRequest, DecodeError>),
}

/// Why there is no certificate: upstream's words for it, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What clients show, and look for.
    pub words: &'static str,
    /// What is wrong in particular.
    pub reason: String,
}

impl Refusal {
    /// With these words.
    pub fn new(words: &'static str, reason: impl ToString) -> Self {
        Self { words, reason: reason.to_string() }
    }
}

pub const TOKEN: &str = "There was an error processing the identity token";
const KEY: &str = "The public key supplied in the request could not be parsed";
const REQUEST: &str = "The certificate signing request could not be parsed";
const SIGNATURE: &str = "The signature supplied in the request could not be verified";

impl Asked {
    /// Reads the body of `POST /api/v2/signingCert`.
    ///
    /// # Errors
    /// Not JSON, a member of another type, neither a key nor a certification request, or both.
    pub fn v2(body: &[u8]) -> Result<Self, DecodeError> {
        let value = strict::parse(WHAT, body)?;
        let top = Node::root(WHAT, &value);
        let token = match present(&top, "credentials")? {
            Some(credentials) => present(&credentials, "oidcIdentityToken")?,
            None => None,
        };
        let token = token.map(|token| token.text().map(str::to_owned)).transpose()?;
        let asked = present(&top, "publicKeyRequest")?;
        let key = key(&top, asked.as_ref(), "proofOfPossession")?;
        Ok(Self { token, key })
    }

    /// Reads the body of `POST /api/v1/signingCert`.
    ///
    /// # Errors
    /// As [`Self::v2`].
    pub fn v1(body: &[u8]) -> Result<Self, DecodeError> {
        let value = strict::parse(WHAT, body)?;
        let top = Node::root(WHAT, &value);
        let has_key = present(&top, "publicKey")?.is_some();
        let key = key(&top, has_key.then_some(&top), "signedEmailAddress")?;
        Ok(Self { token: None, key })
    }
}

/// A member that is there and not null: null is absent in JSON of protocol buffers.
fn present<'a>(node: &Node<'a>, name: &str) -> Result<Option<Node<'a>>, DecodeError> {
    match node.value().get(name) {
        None | Some(Value::Null) if node.value().is_object() => Ok(None),
        _ => node.optional(name),
    }
}

fn key(top: &Node<'_>, asked: Option<&Node<'_>>, proof: &str) -> Result<Key, DecodeError> {
    match (present(top, "certificateSigningRequest")?, asked) {
        (Some(request), None) => Ok(Key::Request(CertificationRequest::parse(&request.base64()?))),
        (None, Some(asked)) => {
            let content = asked.member("publicKey")?.member("content")?;
            let proof = asked.member(proof)?.base64()?;
            Ok(Key::Signed(public_key(content.text()?), proof))
        }
        (Some(_), Some(_)) => Err(top.error("both a public key and a certification request")),
        (None, None) => Err(top.error("neither a public key nor a certification request")),
    }
}

/// A key as clients send it: PEM; or base64 of PEM (cosign 2) or of DER.
fn public_key(text: &str) -> Result<PublicKey, DecodeError> {
    if text.trim_start().starts_with("-----BEGIN") {
        return PublicKey::from_pem(text.as_bytes());
    }
    let bytes = base64::decode_text("public key", text.as_bytes())?;
    match bytes.first() {
        Some(0x30) => PublicKey::from_spki_der(&bytes),
        _ => PublicKey::from_pem(&bytes),
    }
}

impl Key {
    /// The key, once the proof is checked that whoever asks has it.
    ///
    /// # Errors
    /// [`Refusal`], in upstream's words.
    pub fn proved(self, name: &str) -> Result<PublicKey, Refusal> {
        match self {
            Self::Request(Err(error)) => Err(Refusal::new(REQUEST, error)),
            Self::Request(Ok(request)) if request.is_signed_by_its_key() => Ok(request.key().clone()),
            Self::Request(Ok(_)) => {
                Err(Refusal::new(SIGNATURE, "the request is not signed by the key in it"))
            }
            Self::Signed(Err(error), _) => Err(Refusal::new(KEY, error)),
            Self::Signed(Ok(key), proof) => {
                let signed = Signed::Message(name.as_bytes());
                let proves = |scheme: &SignatureScheme| key.verify(*scheme, signed, &proof).is_ok();
                if schemes(key.key_type()).iter().any(proves) {
                    return Ok(key);
                }
                let reason = format!(
                    "the proof of possession is not a signature of `{name}` by the {} key",
                    key.key_type()
                );
                Err(Refusal::new(SIGNATURE, reason))
            }
        }
    }
}

/// How a proof may be signed: with the digest of the key's kind, or as older clients do with SHA-256.
fn schemes(key: KeyType) -> Vec<SignatureScheme> {
    match key {
        KeyType::P256 | KeyType::P384 | KeyType::P521 => {
            [key.default_hash(), HashAlgorithm::Sha256].map(SignatureScheme::Ecdsa).to_vec()
        }
        KeyType::Rsa { .. } => vec![SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)],
        KeyType::Ed25519 => vec![SignatureScheme::Ed25519],
    }
}
