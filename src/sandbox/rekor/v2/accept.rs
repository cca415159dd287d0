//! What Rekor v2 takes (`rekor/v2/*.proto` of sigstore/rekor-tiles, as JSON), and the body that it keeps of it.

use serde_json::Value;

use super::super::signed::{Signer, signers};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, KeyType, Node};
use crate::payload::Envelope;
use crate::tlog::body::verifier_v2;
use crate::tlog::issue::body;
use crate::tlog::propose;

const WHAT: &str = "request";
/// A request with more signers is refused.
const SIGNER_LIMIT: usize = 64;

/// Checks a request (`CreateEntryRequest`): its form, and its signatures. Returns the canonical body.
///
/// # Errors
/// Another kind of entry; a member that is missing or malformed; a kind of key or digest that is not allowed; a signature that
/// is not by the key given.
pub(super) fn accept(value: &Value) -> Result<Vec<u8>, DecodeError> {
    let top = Node::root(WHAT, value);
    match top.members(1)?.pop() {
        Some(("hashedRekordRequestV002", request)) => hashedrekord(&request),
        Some(("dsseRequestV002", request)) => dsse(&request),
        _ => Err(top.error("invalid type, must be either hashedRekordRequestV002 or dsseRequestV002")),
    }
}

fn hashedrekord(request: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let signed = request.member("signature")?;
    let (content, verifier) = (signed.member("content")?, signed.member("verifier")?);
    let (signer, details) = signer(&verifier)?;
    let hash = digest_of(signer.key.key_type(), details)
        .ok_or_else(|| verifier.error(format!("keys of the kind `{details}` do not sign digests here")))?;
    let node = request.member("digest")?;
    let digest = Digest::new(hash, &node.base64()?).map_err(|e| node.error(e.reason))?;
    let signature = content.non_empty_base64()?;
    if !signer.signed_digest(&digest, &signature) {
        return Err(content.error("verifying signature: it is not by the key given over the digest given"));
    }
    Ok(body::hashedrekord_002(&digest, &signature, &signer.verifier, details))
}

fn dsse(request: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let node = request.member("envelope")?;
    let envelope = Envelope::from_value(WHAT, "dsseRequestV002.envelope", node.value())?;
    let list = request.member("verifiers")?;
    let (mut verifiers, mut named) = (Vec::new(), Vec::new());
    for verifier in list.items(SIGNER_LIMIT)? {
        let (signer, details) = signer(&verifier)?;
        let key = signer.key.key_type();
        if digest_of(key, details).is_none() && details != propose::message_key_details(key) {
            return Err(verifier.error(format!("keys of the kind `{details}` do not sign envelopes here")));
        }
        verifiers.push(signer);
        named.push(details);
    }
    let found = signers(&envelope, &verifiers).map_err(|reason| node.error(reason))?;
    let details_of = |signer: &Signer| {
        let at = verifiers.iter().position(|known| std::ptr::eq(known, signer));
        at.and_then(|at| named.get(at).copied()).unwrap_or_default()
    };
    let signatures: Vec<_> = envelope
        .signatures
        .iter()
        .zip(found)
        .map(|(signature, signer)| (signature.sig.as_slice(), &signer.verifier, details_of(signer)))
        .collect();
    Ok(body::dsse_002_of(&envelope.payload, &signatures))
}

fn signer<'a>(node: &Node<'a>) -> Result<(Signer, &'a str), DecodeError> {
    let details = node.member("keyDetails")?.text()?;
    Ok((Signer::new(node, verifier_v2(node)?)?, details))
}

/// The digest that keys of this kind sign, for the kinds that the log takes: each curve with the digest of its strength, RSA of
/// three sizes with PKCS #1, Ed25519 prehashed.
fn digest_of(key: KeyType, details: &str) -> Option<HashAlgorithm> {
    let size_is_named = !matches!(key, KeyType::Rsa { bits } if ![2048, 3072, 4096].contains(&bits));
    let hash = key.default_hash();
    (size_is_named && propose::key_details(key, hash) == Some(details)).then_some(hash)
}
