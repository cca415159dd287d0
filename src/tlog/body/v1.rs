//! Entry kinds of Rekor v1. Hashes are hexadecimal; keys and certificates are PEM in base64.

use super::{LoggedVerifier, SIGNATURE_LIMIT, Spec};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Node, PublicKey, decode_base64, pem};

pub(super) fn hashedrekord(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let signature = spec.member("signature")?;
    Ok(Spec::HashedRekord {
        digest: hash(&spec.member("data")?.member("hash")?)?,
        signature: signature.member("content")?.non_empty_base64()?,
        verifier: verifier(&signature.member("publicKey")?.member("content")?)?,
    })
}

pub(super) fn rekord(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let signature = spec.member("signature")?;
    let format = signature.member("format")?;
    match format.text()? {
        "x509" => (),
        other => return Err(format.error(format!("`{other}` is not understood; only `x509` is"))),
    }
    Ok(Spec::Rekord {
        digest: hash(&spec.member("data")?.member("hash")?)?,
        signature: signature.member("content")?.non_empty_base64()?,
        verifier: verifier(&signature.member("publicKey")?.member("content")?)?,
    })
}

pub(super) fn dsse(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let signature = |node: &Node<'_>| -> Result<_, DecodeError> {
        Ok((node.member("signature")?.non_empty_base64()?, verifier(&node.member("verifier")?)?))
    };
    Ok(Spec::Dsse {
        envelope_hash: Some(hash(&spec.member("envelopeHash")?)?),
        payload_hash: hash(&spec.member("payloadHash")?)?,
        signatures: at_least_one(&spec.member("signatures")?)?
            .iter()
            .map(signature)
            .collect::<Result<_, _>>()?,
    })
}

pub(super) fn intoto_001(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let content = spec.member("content")?;
    Ok(Spec::Intoto {
        envelope_hash: Some(hash(&content.member("hash")?)?),
        payload_hash: content.optional("payloadHash")?.as_ref().map(hash).transpose()?,
        signatures: vec![(None, verifier(&spec.member("publicKey")?)?)],
    })
}

pub(super) fn intoto_002(spec: &Node<'_>) -> Result<Spec, DecodeError> {
    let content = spec.member("content")?;
    let envelope = content.member("envelope")?;
    let payload_hash = hash(&content.member("payloadHash")?)?;
    // Logs drop the payload; where one is kept, it is what the hash is of.
    if let Some(node) = envelope.optional("payload")?.filter(|n| n.value() != "") {
        let payload = twice_encoded(&node)?;
        if payload_hash.algorithm().digest(&payload) != payload_hash {
            return Err(node.error("is not what `payloadHash` is of"));
        }
    }
    let signature = |node: &Node<'_>| -> Result<_, DecodeError> {
        Ok((Some(twice_encoded(&node.member("sig")?)?), verifier(&node.member("publicKey")?)?))
    };
    envelope.member("payloadType")?.non_empty_text()?;
    hash(&content.member("hash")?)?;
    Ok(Spec::Intoto {
        envelope_hash: None,
        payload_hash: Some(payload_hash),
        signatures: at_least_one(&envelope.member("signatures")?)?
            .iter()
            .map(signature)
            .collect::<Result<_, _>>()?,
    })
}

/// Clients hand Rekor the envelope's base64 texts as if they were the bytes, and Rekor encodes them once more.
fn twice_encoded(node: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let inner = node.non_empty_base64()?;
    let bytes = std::str::from_utf8(&inner).ok().and_then(decode_base64).filter(|b| !b.is_empty());
    bytes.ok_or_else(|| node.error("is not base64 of base64"))
}

fn at_least_one<'a>(node: &Node<'a>) -> Result<Vec<Node<'a>>, DecodeError> {
    let items = node.items(SIGNATURE_LIMIT)?;
    if items.is_empty() { Err(node.error("is empty")) } else { Ok(items) }
}

fn hash(node: &Node<'_>) -> Result<Digest, DecodeError> {
    let algorithm = node.member("algorithm")?;
    let name = match algorithm.text()? {
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        "sha512" => HashAlgorithm::Sha512,
        other => return Err(algorithm.error(format!("`{other}` is not understood"))),
    };
    let value = node.member("value")?;
    Digest::from_hex(name, value.text()?).map_err(|e| value.error(e.reason))
}

/// A verifier of Rekor v1, a PEM block in base64. It is one: Rekor accepts whole chains, but then which certificate signed
/// would be a guess.
///
/// # Errors
/// Not base64, not PEM, not one block, neither a certificate nor a public key.
pub fn verifier(node: &Node<'_>) -> Result<LoggedVerifier, DecodeError> {
    let text = node.non_empty_base64()?;
    let blocks = pem::decode("PEM", &text, 2).map_err(|e| node.error(e.reason))?;
    match blocks.as_slice() {
        [block] if block.label == "CERTIFICATE" && !block.contents.is_empty() => {
            Ok(LoggedVerifier::Certificate(block.contents.clone()))
        }
        [_] => PublicKey::from_pem(&text).map(LoggedVerifier::PublicKey).map_err(|e| node.error(e.reason)),
        [] => Err(node.error("is not PEM")),
        _ => Err(node.error("holds several PEM blocks; one key or certificate signs")),
    }
}
