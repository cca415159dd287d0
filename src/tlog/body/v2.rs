//! Entry kinds of Rekor v2: proto3 JSON of the messages in `rekor/v2/*.proto` and `sigstore_common.proto`.

use super::{LoggedVerifier, SIGNATURE_LIMIT, Spec};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, KeyType, Node, PublicKey};

pub(super) fn hashedrekord(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let spec = only(spec, "hashedRekordV002")?;
    let (signature, verifier) = signature(&spec.member("signature")?)?;
    Ok(Spec::HashedRekord { digest: hash(&spec.member("data")?)?, signature, verifier })
}

pub(super) fn dsse(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let spec = only(spec, "dsseV002")?;
    let list = spec.member("signatures")?;
    let signatures = list.items(SIGNATURE_LIMIT)?.iter().map(signature).collect::<Result<Vec<_>, _>>()?;
    if signatures.is_empty() {
        return Err(list.error("is empty"));
    }
    Ok(Spec::Dsse { envelope_hash: None, payload_hash: hash(&spec.member("payloadHash")?)?, signatures })
}

/// The only member of a oneof.
fn only<'a>(node: &Node<'a>, name: &str) -> Result<Node<'a>, DecodeError> {
    match node.members(1)?.pop() {
        Some((found, inner)) if found == name => Ok(inner),
        Some((found, _)) => Err(node.error(format!("holds `{found}`, not `{name}`"))),
        None => Err(node.error("is empty")),
    }
}

fn hash(node: &Node<'_>) -> Result<Digest, DecodeError> {
    let algorithm = node.member("algorithm")?;
    let name = algorithm.text()?;
    let name = HashAlgorithm::from_protobuf_name(name)
        .ok_or_else(|| algorithm.error(format!("`{name}` is not understood")))?;
    let digest = node.member("digest")?;
    Digest::new(name, &digest.base64()?).map_err(|e| digest.error(e.reason))
}

fn signature(node: &Node<'_>) -> Result<(Vec<u8>, LoggedVerifier), DecodeError> {
    Ok((node.member("content")?.non_empty_base64()?, verifier(&node.member("verifier")?)?))
}

/// A verifier of Rekor v2 (`Verifier` of `verifier.proto`).
///
/// # Errors
/// A kind of key that is not known or not the key's; not one key or certificate.
pub fn verifier(node: &Node<'_>) -> Result<LoggedVerifier, DecodeError> {
    let details = node.member("keyDetails")?;
    let name = details.text()?;
    let signs = key_details(name).ok_or_else(|| details.error(format!("`{name}` is not understood")))?;
    match (node.optional("publicKey")?, node.optional("x509Certificate")?) {
        (Some(key), None) => {
            let raw = key.member("rawBytes")?;
            let key = PublicKey::from_spki_der(&raw.base64()?).map_err(|e| raw.error(e.reason))?;
            if !signs.is_of(key.key_type()) {
                return Err(details.error(format!("is `{name}`, but the key is {}", key.key_type())));
            }
            Ok(LoggedVerifier::PublicKey(key))
        }
        (None, Some(certificate)) => {
            Ok(LoggedVerifier::Certificate(certificate.member("rawBytes")?.non_empty_base64()?))
        }
        (None, None) => Err(node.error("holds neither `publicKey` nor `x509Certificate`")),
        (Some(_), Some(_)) => Err(node.error("holds both `publicKey` and `x509Certificate`")),
    }
}

/// What a name of the enumeration `PublicKeyDetails` says about the key.
enum Details {
    Exactly(KeyType),
    Rsa,
}

impl Details {
    fn is_of(&self, key: KeyType) -> bool {
        match self {
            Self::Exactly(want) => *want == key,
            Self::Rsa => matches!(key, KeyType::Rsa { .. }),
        }
    }
}

/// The names of `PublicKeyDetails` (`sigstore_common.proto`) whose keys this program knows.
fn key_details(name: &str) -> Option<Details> {
    Some(match name {
        "PKIX_ECDSA_P256_SHA_256" => Details::Exactly(KeyType::P256),
        "PKIX_ECDSA_P384_SHA_384" | "PKIX_ECDSA_P384_SHA_256" => Details::Exactly(KeyType::P384),
        "PKIX_ECDSA_P521_SHA_512" | "PKIX_ECDSA_P521_SHA_256" => Details::Exactly(KeyType::P521),
        "PKIX_ED25519" | "PKIX_ED25519_PH" => Details::Exactly(KeyType::Ed25519),
        "PKIX_RSA_PKCS1V15_2048_SHA256" | "PKIX_RSA_PSS_2048_SHA256" => {
            Details::Exactly(KeyType::Rsa { bits: 2048 })
        }
        "PKIX_RSA_PKCS1V15_3072_SHA256" | "PKIX_RSA_PSS_3072_SHA256" => {
            Details::Exactly(KeyType::Rsa { bits: 3072 })
        }
        "PKIX_RSA_PKCS1V15_4096_SHA256" | "PKIX_RSA_PSS_4096_SHA256" => {
            Details::Exactly(KeyType::Rsa { bits: 4096 })
        }
        "PKIX_RSA_PKCS1V5" | "PKIX_RSA_PSS" => Details::Rsa,
        _ => return None,
    })
}
