//! What to do about a rejection: one table from reason to advice.
//!
//! What the signature's own document says of its key helps people to find their mistake; nothing is decided by it.

use crate::attest::PredicateType;
use crate::bundle::{Content, Profile, SignedEntity, VerificationMaterial};
use crate::crypto::{PublicKey, SignatureError, base64};
use crate::program::shell::word;
use crate::verify::{ContentRequirement, ExpectedSigner, Reason, Requirement, VerificationPolicy, Waiver};
use crate::x509::path::PathError;

/// What else is known about a rejection, as one more cause.
pub(super) fn detail(reason: &Reason, policy: &VerificationPolicy, entity: &SignedEntity) -> Option<String> {
    let ExpectedSigner::Key(given) = &policy.signer else { return None };
    let given_id = base64::encode(given.key_id());
    match (reason, &entity.material) {
        (Reason::OtherKey, VerificationMaterial::PublicKey { embedded: Some(other), .. }) => Some(format!(
            "by SHA-256, the bundle holds key {} and --key is {given_id}",
            base64::encode(other.key_id())
        )),
        (Reason::OtherKey, VerificationMaterial::Certificate(_)) => {
            Some("it was signed with the key of a certificate".to_owned())
        }
        (Reason::Signature(SignatureError::Invalid(_)), material) => match named_key(material) {
            Some(named) if named == given_id => {
                Some(format!("by SHA-256, the bundle names this very key, {given_id}"))
            }
            Some(named) => Some(format!("by SHA-256, the bundle names key {named} and --key is {given_id}")),
            None => None,
        },
        _ => None,
    }
}

/// The hints for a reason, most useful first; empty where the reason says it all.
pub(super) fn hints(reason: &Reason, policy: &VerificationPolicy, entity: &SignedEntity) -> Vec<String> {
    if let Reason::PredicateType { found, .. } = reason {
        let mut hints = vec![format!("if that is the type you want, ask for it: --type {}", word(found))];
        if let ContentRequirement::Statement(wanted) = &policy.claim.content
            && PredicateType::is_plain_word(&wanted.asked)
        {
            let asked = &wanted.asked;
            hints.push(match PredicateType::meant(asked) {
                Some(name) => {
                    format!("`{asked}` is neither a URI nor a short name: did you mean --type {name}?")
                }
                None => format!(
                    "`{asked}` is neither a URI nor a short name; `help verify-blob-attestation` shows them"
                ),
            });
        }
        return hints;
    }
    let hints = match (reason, &policy.signer) {
        (Reason::Path(PathError::Expired { .. }), _) => return expired(policy, entity),
        (Reason::Signature(SignatureError::Invalid(_)), ExpectedSigner::Key(key)) => {
            return signature(policy, key, entity);
        }
        (Reason::LogVerifier { .. }, ExpectedSigner::Key(_)) => {
            vec!["name the key that signed with --key: the log has recorded another one"]
        }
        (Reason::OtherKey, _) => match &entity.material {
            VerificationMaterial::Certificate(_) => {
                vec!["verify it with --certificate-identity and --certificate-oidc-issuer"]
            }
            VerificationMaterial::PublicKey { .. } => vec!["name the key that signed with --key"],
        },
        (Reason::LogEntryMissing { .. }, ExpectedSigner::Key(_)) => vec![
            "if this signature was made without a transparency log, verify it with --no-log",
            entry_hint(entity),
        ],
        (Reason::LogEntryMissing { .. }, ExpectedSigner::Identity(_)) => {
            vec![entry_hint(entity), "if the signers use no transparency log, --no-log waives it"]
        }
        (reason, _) => general(reason),
    };
    hints.into_iter().map(str::to_owned).collect()
}

/// The hint where the entry of a detached signature is missing; whoever knows whether a log was asked says that in its place.
pub(super) const ENTRY_IN_LOG: &str =
    "an entry that is in a log is looked up there, unless with --offline: name the log with --rekor-url URL";

/// Where a log entry has to be.
fn entry_hint(entity: &SignedEntity) -> &'static str {
    match entity.profile {
        Profile::Bundle(_) => "the log entry has to be in the bundle",
        Profile::Legacy => ENTRY_IN_LOG,
    }
}

/// The hints that depend on the reason alone.
fn general(reason: &Reason) -> Vec<&'static str> {
    match reason {
        Reason::LogUnknown { .. } => {
            vec![
                "the signature was logged elsewhere: name the trusted root of that instance with --trusted-root",
            ]
        }
        Reason::LogDigest { .. } => {
            vec!["either the artifact was changed, or the log entry is of another signature"]
        }
        Reason::NoTime => vec!["a Rekor v2 entry states no time; such a bundle needs a signed timestamp"],
        Reason::TimestampMissing { .. } => {
            vec!["leave --use-signed-timestamps out, or name the timestamp authority with --trusted-root"]
        }
        Reason::Path(PathError::UnknownIssuer { .. }) | Reason::NoAuthority { .. } => {
            vec!["if the certificate is of another instance, name its trusted root with --trusted-root"]
        }
        Reason::SctMissing { .. } => {
            vec!["if the authority uses no certificate transparency log, --insecure-ignore-sct waives it"]
        }
        Reason::CertificateMissing => vec!["verify a key's signature with --key"],
        Reason::NotAnAttestation => vec!["verify a plain signature with `verify-blob`"],
        Reason::DigestUnavailable(_) | Reason::Signature(SignatureError::Unavailable { .. }) => {
            vec!["give the artifact itself in place of its digest"]
        }
        _ => Vec::new(),
    }
}

/// The key that a bundle names, where it does so as signing with a key does: base64 of the SHA-256 of the public key.
fn named_key(material: &VerificationMaterial) -> Option<&str> {
    let VerificationMaterial::PublicKey { hint, .. } = material else { return None };
    base64::decode(hint).is_some_and(|id| id.len() == 32).then_some(hint)
}

/// Of an artifact whose digest the bundle states, or of an attestation, which does not sign the artifact, the artifact is
/// not to blame: where its digest is another one, that is said before the signature is looked at.
fn signature(policy: &VerificationPolicy, key: &PublicKey, entity: &SignedEntity) -> Vec<String> {
    let about = match &entity.content {
        Content::Message { digest: Some(_), .. } => "the artifact is the one that the bundle was made for",
        Content::Message { digest: None, .. } => {
            let hint = "either the artifact was changed, or it was signed with another key than the one given with --key";
            return vec![hint.to_owned()];
        }
        // What is signed of an image came with the signature: it is not the image that is to blame.
        Content::SimpleSigning { .. } => return image_signature(policy, key, entity),
        Content::Envelope(_) if matches!(policy.claim.content, ContentRequirement::ImageSignature) => {
            return image_signature(policy, key, entity);
        }
        Content::Envelope(_) => "an attestation's signature does not depend on the artifact",
    };
    if policy.signature_digest.is_some() {
        return vec![format!(
            "{about}: leave --signature-digest-algorithm out, or name the key that signed with --key"
        )];
    }
    let id = base64::encode(key.key_id());
    match named_key(&entity.material) {
        Some(named) if named == id => {
            vec![format!("{about}, so the bundle itself was changed: get it anew")]
        }
        _ => vec![format!("{about}: name the key that signed with --key")],
    }
}

fn image_signature(policy: &VerificationPolicy, key: &PublicKey, entity: &SignedEntity) -> Vec<String> {
    let id = base64::encode(key.key_id());
    let hint = match named_key(&entity.material) {
        _ if policy.signature_digest.is_some() => {
            "leave --signature-digest-algorithm out, or name the key that signed the image with --key"
        }
        Some(named) if named == id => {
            "it was made with this key and changed since: have the image signed again"
        }
        _ => "it was made with another key: name the one that signed the image with --key",
    };
    vec![hint.to_owned()]
}

/// Where nothing says when the certificate was used, it is judged by the present time.
fn expired(policy: &VerificationPolicy, entity: &SignedEntity) -> Vec<String> {
    let Requirement::Waived(Waiver::Flag(flag)) = policy.log else { return Vec::new() };
    // One by a trusted authority would have been counted, or refused.
    if !entity.timestamps.is_empty() && entity.log_entries.is_empty() {
        return vec![
            "the signed timestamp is not by a trusted authority: name its root with --timestamp-certificate-chain or --trusted-root"
                .to_owned(),
        ];
    }
    if entity.log_entries.is_empty() {
        return vec![
            "nothing here says when the certificate was used: get the bundle with its log entry or signed timestamp, or name a \
             timestamp with --rfc3161-timestamp"
                .to_owned(),
        ];
    }
    vec![format!(
        "a signed timestamp or a log entry says when the certificate was used: leave {flag} out if the bundle has one"
    )]
}
