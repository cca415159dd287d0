//! What Rekor v1 takes (`pkg/types/*/v0.0.x/*_schema.json` of sigstore/rekor), and the body that it keeps of it.

use serde_json::{Value, json};

use super::super::signed::{Signer, signers};
use crate::crypto::json::canonical;
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Node, decode_base64, sha256};
use crate::payload::{Envelope, IN_TOTO_PAYLOAD_TYPE, Statement};
use crate::tlog::body::{self, Spec};
use crate::tlog::issue::body as issue;
use crate::tlog::propose::{LoggedEnvelope, pem_base64};
use crate::tlog::{LoggedVerifier, body::verifier_v1};

const WHAT: &str = "proposed entry";
/// An entry with more signatures or signers is refused.
const SIGNATURE_LIMIT: usize = 64;

/// What is to be logged.
#[derive(Debug)]
pub(super) struct Accepted {
    /// The canonical body.
    pub(super) body: Vec<u8>,
    /// By what the entry is found, in lower case: digests with their algorithm, and whom certificates are for.
    pub(super) keys: Vec<String>,
}

/// Checks a proposed entry: its form, and its signatures.
///
/// # Errors
/// An unknown kind or version; a member that is missing or malformed; a signature that is not by the key given.
pub(super) fn accept(value: &Value) -> Result<Accepted, DecodeError> {
    let top = Node::root(WHAT, value);
    let kind = top.member("kind")?;
    let spec = top.member("spec")?;
    match (kind.text()?, top.member("apiVersion")?.text()?) {
        ("hashedrekord", "0.0.1") => hashedrekord(value),
        ("rekord", "0.0.1") => rekord(value, &spec),
        ("dsse", "0.0.1") => dsse(&spec),
        ("intoto", "0.0.1") => intoto_001(&spec),
        ("intoto", "0.0.2") => intoto_002(&spec),
        (name, version) => {
            Err(kind.error(format!("entries of the kind `{name}` in version `{version}` are not taken")))
        }
    }
}

/// By what entries of this signer are found.
pub(super) fn signer_key(verifier: &LoggedVerifier) -> String {
    let pem = decode_base64(&pem_base64(verifier)).unwrap_or_default();
    format!("sha256:{}", hex::encode(sha256(&pem)))
}

fn hashedrekord(value: &Value) -> Result<Accepted, DecodeError> {
    let top = Node::root(WHAT, value);
    let Spec::HashedRekord { digest, signature, verifier } = spec_of(value)? else {
        return Err(top.error("is not a hashedrekord"));
    };
    let keys = one_signed(&top, &digest, &signature, &verifier)?;
    Ok(Accepted { body: issue::hashedrekord_001(&digest, &signature, &verifier), keys })
}

/// A `rekord` has the artifact itself; the log keeps its hash.
fn rekord(value: &Value, spec: &Node<'_>) -> Result<Accepted, DecodeError> {
    let top = Node::root(WHAT, value);
    let content = spec.member("data")?.member("content")?.base64()?;
    let digest = HashAlgorithm::Sha256.digest(&content);
    let mut hashed = value.clone();
    if let Some(data) = hashed.pointer_mut("/spec/data") {
        *data = json!({ "hash": { "algorithm": "sha256", "value": digest.hex() } });
    }
    let Spec::Rekord { digest, signature, verifier } = spec_of(&hashed)? else {
        return Err(top.error("is not a rekord"));
    };
    let keys = one_signed(&top, &digest, &signature, &verifier)?;
    Ok(Accepted { body: issue::rekord_001(&digest, &signature, &verifier), keys })
}

/// Some kinds are proposed in the form in which they are kept.
fn spec_of(value: &Value) -> Result<Spec, DecodeError> {
    let parsed = body::parse(value.to_string().as_bytes());
    Ok(parsed.map_err(|error| DecodeError { what: WHAT, ..error })?.spec)
}

fn one_signed(
    top: &Node<'_>,
    digest: &Digest,
    signature: &[u8],
    verifier: &LoggedVerifier,
) -> Result<Vec<String>, DecodeError> {
    let signer = Signer::new(top, verifier.clone())?;
    if !signer.signed_digest(digest, signature) {
        return Err(top.error("verifying signature: it is not by the key given over the hash given"));
    }
    let mut keys = vec![digest.to_string()];
    add_signer(&mut keys, &signer);
    Ok(keys)
}

fn dsse(spec: &Node<'_>) -> Result<Accepted, DecodeError> {
    let proposed = spec.member("proposedContent")?;
    let text = proposed.member("envelope")?;
    let list = proposed.member("verifiers")?;
    let verifiers = list.items(SIGNATURE_LIMIT)?;
    let verifiers =
        verifiers.iter().map(|node| Signer::new(node, verifier_v1(node)?)).collect::<Result<Vec<_>, _>>()?;
    let json = text.non_empty_text()?.as_bytes();
    let envelope = Envelope::from_json(json).map_err(|e| text.error(e.to_string()))?;
    let found = signers(&envelope, &verifiers).map_err(|reason| text.error(reason))?;
    let signatures: Vec<_> = envelope
        .signatures
        .iter()
        .zip(&found)
        .map(|(s, signer)| (s.sig.as_slice(), &signer.verifier))
        .collect();
    let logged = LoggedEnvelope {
        json,
        payload: &envelope.payload,
        payload_type: &envelope.payload_type,
        signatures: &signatures,
    };
    let mut keys = vec![HashAlgorithm::Sha256.digest(json).to_string()];
    add_payload(&mut keys, &envelope);
    found.iter().for_each(|signer| add_signer(&mut keys, signer));
    Ok(Accepted { body: issue::dsse_001(logged), keys })
}

/// The envelope, of which one signature has to be by the one key.
fn intoto_001(spec: &Node<'_>) -> Result<Accepted, DecodeError> {
    let text = spec.member("content")?.member("envelope")?;
    let node = spec.member("publicKey")?;
    let signer = Signer::new(&node, verifier_v1(&node)?)?;
    let json = text.non_empty_text()?.as_bytes();
    let mut envelope = Envelope::from_json(json).map_err(|e| text.error(e.to_string()))?;
    let by = std::slice::from_ref(&signer);
    let all = std::mem::take(&mut envelope.signatures);
    let signed = all.into_iter().find(|signature| {
        envelope.signatures = vec![signature.clone()];
        signers(&envelope, by).is_ok()
    });
    let Some(signature) = signed else {
        return Err(text.error("no signature is by the key given"));
    };
    let logged = LoggedEnvelope {
        json,
        payload: &envelope.payload,
        payload_type: &envelope.payload_type,
        signatures: &[(&signature.sig, &signer.verifier)],
    };
    let mut keys = vec![HashAlgorithm::Sha256.digest(json).to_string()];
    add_payload(&mut keys, &envelope);
    add_signer(&mut keys, &signer);
    Ok(Accepted { body: issue::intoto_001(logged), keys })
}

/// The envelope in parts, payload and signatures in base64 of base64. The hash of the whole is the client's word.
fn intoto_002(spec: &Node<'_>) -> Result<Accepted, DecodeError> {
    let content = spec.member("content")?;
    let given = content.member("envelope")?;
    let list = given.member("signatures")?;
    let mut envelope = Envelope {
        payload: twice(&given.member("payload")?)?,
        payload_type: given.member("payloadType")?.non_empty_text()?.to_owned(),
        signatures: Vec::new(),
    };
    let (mut logged, mut keys) = (Vec::new(), Vec::new());
    for node in list.items(SIGNATURE_LIMIT)? {
        let named = node.member("publicKey")?;
        let signer = Signer::new(&named, verifier_v1(&named)?)?;
        let sig = node.member("sig")?;
        let keyid = node.optional("keyid")?.map(|keyid| keyid.text()).transpose()?.unwrap_or_default();
        envelope.signatures =
            vec![crate::payload::EnvelopeSignature { keyid: keyid.to_owned(), sig: twice(&sig)? }];
        signers(&envelope, std::slice::from_ref(&signer)).map_err(|reason| sig.error(reason))?;
        let mut kept = json!({ "publicKey": pem_base64(&signer.verifier), "sig": sig.text()? });
        if let Value::Object(kept) = &mut kept
            && !keyid.is_empty()
        {
            kept.insert("keyid".to_owned(), Value::from(keyid));
        }
        logged.push(kept);
        add_signer(&mut keys, &signer);
    }
    if logged.is_empty() {
        return Err(list.error("is empty"));
    }
    add_payload(&mut keys, &envelope);
    let hash = content.member("hash")?;
    if hash.member("algorithm")?.text()? != "sha256" {
        return Err(hash.error("is not by sha256"));
    }
    let value = hash.member("value")?;
    let digest = Digest::from_hex(HashAlgorithm::Sha256, value.text()?).map_err(|e| value.error(e.reason))?;
    let spec = json!({ "content": {
        "envelope": { "payloadType": envelope.payload_type, "signatures": logged },
        "hash": { "algorithm": "sha256", "value": digest.hex() },
        "payloadHash": { "algorithm": "sha256", "value": HashAlgorithm::Sha256.digest(&envelope.payload).hex() },
    } });
    Ok(Accepted { body: canonical(&json!({ "apiVersion": "0.0.2", "kind": "intoto", "spec": spec })), keys })
}

fn twice(node: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let inner = node.non_empty_base64()?;
    let bytes = std::str::from_utf8(&inner).ok().and_then(decode_base64).filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| node.error("is not base64 of base64"))
}

fn add_signer(keys: &mut Vec<String>, signer: &Signer) {
    keys.push(signer_key(&signer.verifier));
    keys.extend(signer.subjects.iter().map(|subject| subject.to_lowercase()));
}

/// The payload's digest, and those of the subjects of a statement.
fn add_payload(keys: &mut Vec<String>, envelope: &Envelope) {
    keys.push(HashAlgorithm::Sha256.digest(&envelope.payload).to_string());
    if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE {
        return;
    }
    if let Ok(statement) = Statement::from_json(&envelope.payload) {
        for subject in statement.subjects {
            keys.extend(subject.digest.iter().map(|(name, hex)| format!("{name}:{hex}").to_lowercase()));
        }
    }
}
