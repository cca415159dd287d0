//! What to do about a rejection: one table from reason to advice.

use crate::crypto::SignatureError;
use crate::verify::{ExpectedSigner, Reason, VerificationPolicy};

/// The hints for a reason, most useful first; empty where the reason says it all.
pub(super) fn hints(reason: &Reason, policy: &VerificationPolicy) -> Vec<&'static str> {
    let by_key = matches!(policy.signer, ExpectedSigner::Key(_));
    match reason {
        Reason::LogEntryMissing { .. } if by_key => vec![
            "if this signature was made without a transparency log, verify it with `--no-log`",
            "looking an entry up in the log is not available yet; the entry has to be in the bundle",
        ],
        Reason::LogEntryMissing { .. } => vec![
            "the log entry has to be in the bundle; looking it up in the log is not available yet",
            "if the signers use no transparency log, `--no-log` waives it",
        ],
        Reason::LogUnknown { .. } => {
            vec![
                "the signature was logged elsewhere: name the trusted root of that instance with `--trusted-root`",
            ]
        }
        Reason::NoTime => vec!["a Rekor v2 entry states no time; such a bundle needs a signed timestamp"],
        Reason::TimestampMissing { .. } => {
            vec!["drop `--use-signed-timestamps`, or name the timestamp authority with `--trusted-root`"]
        }
        Reason::Path(crate::x509::path::PathError::UnknownIssuer { .. }) | Reason::NoAuthority { .. } => {
            vec!["if the certificate is of another instance, name its trusted root with `--trusted-root`"]
        }
        Reason::SctMissing { .. } => {
            vec!["if the authority uses no certificate transparency log, `--insecure-ignore-sct` waives it"]
        }
        Reason::CertificateMissing => vec!["verify a key's signature with `--key`"],
        Reason::OtherKey => {
            vec![
                "if it was signed with a certificate, verify it with `--certificate-identity` and `--certificate-oidc-issuer`",
            ]
        }
        Reason::NotAnAttestation => vec!["verify a plain signature with `verify-blob`"],
        Reason::PredicateType { .. } => vec!["name the type of the predicate with `--type`"],
        Reason::DigestUnavailable(_) | Reason::Signature(SignatureError::Unavailable { .. }) => {
            vec!["give the artifact itself in place of its digest"]
        }
        Reason::Signature(_) if by_key => {
            vec![
                "either the artifact was changed, or it was signed with another key than the one given with `--key`",
            ]
        }
        _ => Vec::new(),
    }
}
