//! Fulcio, the certificate authority (sigstore/fulcio, `fulcio.proto` and the older `POST /api/v1/signingCert`).

use serde_json::{Value, json};

use super::{Error, Service};
use crate::crypto::{DecodeError, KeyType, Node, Secret, SigningInput, SigningKey, base64, json as strict};
use crate::http::service::{Ask, Client, Reply, below};
use crate::http::{Address, Method};
use crate::x509::{Certificate, SubjectAlternativeName, request as csr};

const SERVICE: Service = Service::Fulcio;
const WHAT: &str = "signing certificate";
/// The longest answer, in bytes. A chain has some four KiB.
const MAX_ANSWER: u64 = 1 << 18;
/// The most certificates of a chain.
const MAX_CHAIN: usize = 10;

/// What a certificate is asked for with.
pub struct CertificateRequest<'a> {
    /// The identity token.
    pub token: &'a Secret,
    /// What the key signs as the proof that it is there: the token's email where it has one, else its subject.
    pub subject: &'a str,
    /// The key that is to be certified.
    pub key: &'a dyn SigningKey,
}

/// The two interfaces of Fulcio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// `POST /api/v1/signingCert`, which some private instances have alone.
    V1,
    /// `POST /api/v2/signingCert`.
    V2,
}

/// What Fulcio issued. Nothing of it is verified but that it is for the key, and, where the subject is an email address or a
/// SPIFFE ID, for that.
#[derive(Debug)]
pub struct Issued {
    /// The certificate, and what was sent of its chain; leaf first.
    pub chain: Vec<Certificate>,
    /// The SCT that came beside it: the JSON of RFC 6962 section 4.1.
    pub detached_sct: Option<Vec<u8>>,
}

/// Asks for a certificate at the address of an instance.
///
/// The proof of possession is a signature over the subject with the digest of the key's kind. Older instances check every
/// proof with SHA-256, which a P-384 or P-521 key does not use: for these a certification request (PKCS #10) is sent, which
/// names its digest itself.
///
/// # Errors
/// No answer; the token or the proof is refused ([`Error::Status`], with what Fulcio said); an answer without a certificate,
/// or with one for another key or identity; the key does not sign.
pub async fn signing_certificate(
    client: &Client,
    url: &str,
    interface: Interface,
    request: &CertificateRequest<'_>,
) -> Result<Issued, Error> {
    let path = match interface {
        Interface::V1 => "/api/v1/signingCert",
        Interface::V2 => "/api/v2/signingCert",
    };
    let address = below(SERVICE, url, path)?;
    let proof = Proof::of(request.key, request.subject).await?;
    let token = token(request.token).ok_or_else(|| Error::Unfit {
        service: SERVICE,
        url: address.to_string(),
        reason: "the identity token has characters that no token has".to_owned(),
    })?;
    let bearer = secret(&["Bearer ", token]);
    let body = match interface {
        Interface::V1 => secret(&[&proof.v1().to_string()]),
        Interface::V2 => {
            secret(&[r#"{"credentials":{"oidcIdentityToken":""#, token, r#""},"#, &proof.v2_rest()])
        }
    };
    let reply = client
        .ask(&Ask {
            service: SERVICE,
            method: Method::Post,
            address: &address,
            content_type: "application/json",
            accept: match interface {
                Interface::V1 => "application/pem-certificate-chain",
                Interface::V2 => "application/json",
            },
            authorization: (interface == Interface::V1).then_some(&bearer),
            secret: Some(request.token),
            headers: &[],
            body: body.expose(),
            accepted: &[],
            limit: MAX_ANSWER,
            repeat: true,
        })
        .await?;
    let issued = match interface {
        Interface::V1 => decode_v1(&reply),
        Interface::V2 => decode_v2(&reply.body),
    };
    let issued =
        issued.map_err(|source| Error::Answer { service: SERVICE, url: address.to_string(), source })?;
    answers(&issued, request).map_err(|reason| mismatch(&address, reason))?;
    Ok(issued)
}

fn mismatch(address: &Address, reason: String) -> Error {
    Error::Mismatch { service: SERVICE, url: address.to_string(), reason }
}

/// Proof that the key is at hand.
enum Proof {
    /// A signature over the subject.
    Signature { key: String, algorithm: &'static str, signature: String },
    /// A certification request in PEM, in base64.
    Request(String),
}

impl Proof {
    async fn of(key: &dyn SigningKey, subject: &str) -> Result<Self, Error> {
        let sign = async |message: Vec<u8>| {
            let signature = key.sign(&SigningInput::message(message)).await;
            signature.map_err(|source| Error::Key { service: SERVICE, source })
        };
        let public = key.public_key();
        let algorithm = match public.key_type() {
            KeyType::P384 | KeyType::P521 => {
                let info = csr::to_be_signed(public);
                let signature = sign(info.clone()).await?;
                return Ok(Self::Request(base64::encode(csr::pem(&info, public, &signature))));
            }
            KeyType::P256 => "ECDSA",
            // The one name that the enumeration `PublicKeyAlgorithm` has for RSA; instances look at the key.
            KeyType::Rsa { .. } => "RSA_PSS",
            KeyType::Ed25519 => "ED25519",
        };
        let signature = base64::encode(sign(subject.as_bytes().to_vec()).await?);
        Ok(Self::Signature { key: public.to_pem(), algorithm, signature })
    }

    fn v1(&self) -> Value {
        match self {
            Self::Signature { key, algorithm, signature } => json!({
                "publicKey": { "content": base64::encode(key), "algorithm": algorithm.to_ascii_lowercase() },
                "signedEmailAddress": signature,
            }),
            Self::Request(request) => json!({ "certificateSigningRequest": request }),
        }
    }

    /// All of the request but the credentials, which stand before it.
    fn v2_rest(&self) -> String {
        let rest = match self {
            Self::Signature { key, algorithm, signature } => json!({
                "publicKeyRequest": {
                    "publicKey": { "algorithm": algorithm, "content": key },
                    "proofOfPossession": signature,
                },
            }),
            Self::Request(request) => json!({ "certificateSigningRequest": request }),
        };
        rest.to_string().split_off(1)
    }
}

/// The token, where it can stand in a header and in a JSON text as it is.
fn token(token: &Secret) -> Option<&str> {
    let text = std::str::from_utf8(token.expose()).ok()?;
    let fits = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    (!text.is_empty() && text.bytes().all(fits)).then_some(text)
}

/// The parts as one text, of which no copy is left behind.
fn secret(parts: &[&str]) -> Secret {
    let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| whole.extend_from_slice(part.as_bytes()));
    Secret::new(whole)
}

fn decode_v1(reply: &Reply) -> Result<Issued, DecodeError> {
    let chain = Certificate::chain_from_pem(&reply.body)?;
    let detached_sct = match reply.sct.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => {
            let decoded = base64::decode(text);
            Some(decoded.ok_or_else(|| DecodeError::new(WHAT, "the header SCT", "is not base64"))?)
        }
    };
    Ok(Issued { chain, detached_sct })
}

fn decode_v2(body: &[u8]) -> Result<Issued, DecodeError> {
    let value = strict::parse(WHAT, body)?;
    let top = Node::root(WHAT, &value);
    let embedded = top.optional("signedCertificateEmbeddedSct")?;
    let detached = top.optional("signedCertificateDetachedSct")?;
    let (certificate, is_detached) = match (embedded, detached) {
        (Some(certificate), None) => (certificate, false),
        (None, Some(certificate)) => (certificate, true),
        (None, None) => return Err(top.error("holds no certificate")),
        (Some(_), Some(_)) => return Err(top.error("holds two certificates")),
    };
    let list = certificate.member("chain")?.member("certificates")?;
    let mut chain = Vec::new();
    for item in list.items(MAX_CHAIN)? {
        let text = item.text()?.as_bytes();
        let found = Certificate::chain_from_pem(text).map_err(|e| item.error(e.to_string()))?;
        match <[Certificate; 1]>::try_from(found) {
            Ok([certificate]) => chain.push(certificate),
            Err(_) => return Err(item.error("holds several certificates")),
        }
    }
    if chain.is_empty() {
        return Err(list.error("is empty"));
    }
    let sct = if is_detached { certificate.optional("signedCertificateTimestamp")? } else { None };
    let sct = sct.map(|node| node.base64()).transpose()?.filter(|sct| !sct.is_empty());
    Ok(Issued { chain, detached_sct: sct })
}

/// Whether this is what was asked for.
fn answers(issued: &Issued, request: &CertificateRequest<'_>) -> Result<(), String> {
    let leaf = issued.chain.first().ok_or("there is no certificate")?;
    if leaf.spki_der() != request.key.public_key().spki_der() {
        return Err("the certificate is for another key".to_owned());
    }
    let names = leaf.subject_alternative_names().map_err(|e| e.to_string())?;
    let wanted = request.subject;
    // Other subjects are turned into names by rules that each issuer has for itself.
    let others: Vec<_> = names.iter().filter(|name| is_comparable(name, wanted)).collect();
    let same = |name: &&&SubjectAlternativeName| name.value().eq_ignore_ascii_case(wanted);
    match others.first() {
        Some(other) if others.iter().find(same).is_none() => {
            Err(format!("the certificate is for {}, the token for {wanted}", other.value()))
        }
        _ => Ok(()),
    }
}

fn is_comparable(name: &SubjectAlternativeName, subject: &str) -> bool {
    match name {
        SubjectAlternativeName::Email(_) => subject.contains('@') && !subject.contains("://"),
        SubjectAlternativeName::Uri(_) => subject.starts_with("spiffe://"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
