//! Why a signature is not accepted.

use super::{Check, Trail};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, SignatureError, UnixTime};
use crate::timestamp::TimestampError;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::merkle::InclusionError;
use crate::x509::path::PathError;

/// The reason of a [`Rejection`]: what was found, and what was wanted. `docs/reference/reasons.md` explains each code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More of something than is ever looked at.
    #[error("{count} {what}, more than the limit of {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are looked at.
        limit: usize,
    },
    /// An envelope with none or several signatures where one is needed.
    #[error("the envelope has {count} signatures, expected exactly 1")]
    EnvelopeSignatures {
        /// How many.
        count: usize,
    },
    /// A plain signature where an attestation was asked for.
    #[error("this is a signature of the artifact itself, not an attestation (no DSSE envelope)")]
    NotAnAttestation,
    /// An attestation where a plain signature was asked for.
    #[error("this is an attestation, a statement about the artifact, not a signature of the artifact itself")]
    NotAPlainSignature,
    /// Not the signature of an image where one was asked for: an attestation, or a signature of a file. To whoever looks for
    /// signatures of an image it is not there.
    #[error("this is {found}, not a signature of an image")]
    NotAnImageSignature {
        /// What it is.
        found: String,
    },
    /// The envelope holds something else than a statement.
    #[error("the envelope's payload type is `{found}`, expected `application/vnd.in-toto+json`")]
    PayloadType {
        /// The payload type.
        found: String,
    },
    /// The envelope's payload is not a statement.
    #[error("the envelope's payload is not an in-toto statement: {0}")]
    Payload(DecodeError),
    /// No artifact was given, and a plain signature cannot be checked without.
    #[error("a signature of the artifact itself cannot be checked without the artifact")]
    ArtifactMissing,

    /// Too few log entries.
    #[error("{}", few(*found, *required, ["log entry of a trusted log", "log entries of distinct trusted logs"]))]
    LogEntryMissing {
        /// How many are demanded.
        required: usize,
        /// How many distinct logs there are.
        found: usize,
    },
    /// A log that the trusted root does not list.
    #[error("log entry {entry}: the log {log_id} is not in the trusted root")]
    LogUnknown {
        /// Position of the entry in the document, from 0.
        entry: usize,
        /// The log's identifier in hexadecimal.
        log_id: String,
    },
    /// A body that cannot be read.
    #[error("log entry {entry}: the body cannot be read: {error}")]
    LogBody {
        /// Position of the entry.
        entry: usize,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// The document calls the entry another kind than its body does.
    #[error("log entry {entry}: declared as {declared}, but the body is {body}")]
    LogKind {
        /// Position of the entry.
        entry: usize,
        /// Kind and version that the document states.
        declared: String,
        /// Kind and version that the body states.
        body: String,
    },
    /// A kind that cannot record this content, such as `dsse` for a plain signature.
    #[error("log entry {entry}: an entry of kind {kind} cannot record this content")]
    LogContent {
        /// Position of the entry.
        entry: usize,
        /// Kind and version.
        kind: String,
    },
    /// The logged digest is another one.
    #[error("log entry {entry}: it records another digest: {logged}, expected {signed}")]
    LogDigest {
        /// Position of the entry.
        entry: usize,
        /// The digest in the log.
        logged: String,
        /// The digest of what is signed.
        signed: String,
    },
    /// The logged signature is another one.
    #[error("log entry {entry}: it records another signature")]
    LogSignature {
        /// Position of the entry.
        entry: usize,
    },
    /// The logged key or certificate is another one.
    #[error("log entry {entry}: it records another key or certificate than the expected one")]
    LogVerifier {
        /// Position of the entry.
        entry: usize,
    },
    /// The indexes of a Rekor v2 entry and of its proof differ.
    #[error("log entry {entry}: index {entry_index} contradicts the inclusion proof's index {proof_index}")]
    LogIndex {
        /// Position of the entry.
        entry: usize,
        /// The entry's index.
        entry_index: u64,
        /// The proof's index.
        proof_index: u64,
    },
    /// Neither promise nor proof, or not the one that the format demands.
    #[error("log entry {entry}: no {missing}")]
    LogProofMissing {
        /// Position of the entry.
        entry: usize,
        /// What is missing.
        missing: &'static str,
    },
    /// The inclusion proof does not hold.
    #[error("log entry {entry}: {error}")]
    InclusionProof {
        /// Position of the entry.
        entry: usize,
        /// Why.
        error: InclusionError,
    },
    /// The checkpoint cannot be read.
    #[error("log entry {entry}: the checkpoint cannot be read: {error}")]
    CheckpointMalformed {
        /// Position of the entry.
        entry: usize,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// The checkpoint commits to another tree than the proof.
    #[error(
        "log entry {entry}: the checkpoint commits to another tree (size or root hash) than the inclusion proof"
    )]
    CheckpointTree {
        /// Position of the entry.
        entry: usize,
    },
    /// The checkpoint is another log's.
    #[error("log entry {entry}: the checkpoint is of `{found}`, expected `{expected}`")]
    CheckpointOrigin {
        /// Position of the entry.
        entry: usize,
        /// The origin line.
        found: String,
        /// The log's name by the trusted root.
        expected: String,
    },
    /// The checkpoint is not signed by the log.
    #[error("log entry {entry}: {error}")]
    CheckpointSignature {
        /// Position of the entry.
        entry: usize,
        /// Why.
        error: CheckpointError,
    },
    /// The inclusion promise is not valid.
    #[error("log entry {entry}: the inclusion promise (signed entry timestamp) is not valid")]
    InclusionPromise {
        /// Position of the entry.
        entry: usize,
    },
    /// The log's key was not in use at that time.
    #[error("log entry {entry}: the log's key is not valid at {time}")]
    LogWindow {
        /// Position of the entry.
        entry: usize,
        /// The verified time.
        time: UnixTime,
    },

    /// A time after the time of judging.
    #[error("{from} states the time {time}, which is in the future: it is {now} now")]
    Future {
        /// Who states it.
        from: String,
        /// The stated time.
        time: UnixTime,
        /// The time of judging.
        now: UnixTime,
    },
    /// A timestamp that cannot be read.
    #[error("timestamp {timestamp}: {error}")]
    TimestampMalformed {
        /// Position of the timestamp in the document, from 0.
        timestamp: usize,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// A timestamp that does not hold.
    #[error("timestamp {timestamp}: {error}")]
    Timestamp {
        /// Position of the timestamp.
        timestamp: usize,
        /// Why.
        error: TimestampError,
    },
    /// The authority was not to be relied on at that time.
    #[error("timestamp {timestamp}: its authority is not valid at {time}")]
    TimestampWindow {
        /// Position of the timestamp.
        timestamp: usize,
        /// The token's time.
        time: UnixTime,
    },
    /// Too few timestamps.
    #[error("{}", few(*found, *required, ["signed timestamp of a trusted authority", "signed timestamps of distinct trusted authorities"]))]
    TimestampMissing {
        /// How many are demanded.
        required: usize,
        /// How many distinct authorities there are.
        found: usize,
    },
    /// No trusted time for a certificate.
    #[error("no trusted time: neither a log's promise nor a timestamp says when the certificate was used")]
    NoTime,

    /// The trusted root has no authority, or none at that time.
    #[error("the trusted root has no certificate authority that is valid at {time}")]
    NoAuthority {
        /// The verified time.
        time: UnixTime,
    },
    /// No path to a trusted authority.
    #[error("{0}")]
    Path(PathError),
    /// No SCT of a trusted log.
    #[error("{}", few(*found, *required, [
        "signed certificate timestamp (SCT) of a trusted log",
        "signed certificate timestamps (SCTs) of distinct trusted logs",
    ]))]
    SctMissing {
        /// How many are demanded.
        required: usize,
        /// How many distinct logs vouch.
        found: usize,
    },
    /// An SCT that cannot be read.
    #[error("the signed certificate timestamp (SCT) cannot be read: {0}")]
    SctMalformed(DecodeError),
    /// An SCT of a trusted log that does not hold.
    #[error("the signed certificate timestamp (SCT) of log {log_id} is not valid")]
    SctInvalid {
        /// The log's identifier in hexadecimal.
        log_id: String,
    },
    /// The log's key was not in use when the SCT was made.
    #[error("the certificate transparency log {log_id} is not valid at {time}")]
    SctWindow {
        /// The log's identifier in hexadecimal.
        log_id: String,
        /// The SCT's time.
        time: UnixTime,
    },

    /// The document states another digest than the artifact has.
    #[error("the artifact is not what was signed: the bundle states {stated}, the artifact has {actual}")]
    ArtifactDigest {
        /// The digest in the document.
        stated: Digest,
        /// The artifact's.
        actual: Digest,
    },
    /// The digest that is needed is not at hand, because the artifact was given as another digest.
    #[error("the artifact was given by its digest, and its {0} digest, which is needed, is not known")]
    DigestUnavailable(HashAlgorithm),
    /// The signature is not valid.
    #[error("{0}")]
    Signature(SignatureError),
    /// The key in the certificate is of a kind that is not supported.
    #[error("the certificate's key cannot be used: {0}")]
    CertificateKey(DecodeError),

    /// The statement is about something else.
    #[error("the statement is about another artifact: {about}; the one to verify is {digest}")]
    Subject {
        /// What it is about: the digest of its first subject, and how many more there are.
        about: String,
        /// The artifact's digest.
        digest: String,
    },
    /// The simple-signing payload is about another image.
    #[error("the signature is not for this image: it names {stated}, and the image is {actual}")]
    PayloadDigest {
        /// The digest in the payload.
        stated: Digest,
        /// The image's.
        actual: Digest,
    },
    /// An annotation that was asked for is missing or has another value.
    #[error("{}", annotation(name, expected, found.as_deref()))]
    Annotation {
        /// Its name.
        name: String,
        /// The value that was asked for.
        expected: String,
        /// What is there: a text in backticks, or other JSON.
        found: Option<String>,
    },
    /// The statement has another predicate type.
    #[error("the predicate type is `{found}`, expected {expected}")]
    PredicateType {
        /// What the statement has.
        found: String,
        /// What was asked for.
        expected: String,
    },

    /// An identity was expected, but the signature was made with a bare key.
    #[error("signed with a key: there is no certificate to compare the expected identity with")]
    CertificateMissing,
    /// The document carries another key than the one the user named.
    #[error("signed with another key than the given one")]
    OtherKey,
    /// The certificate's identity is another one.
    #[error("the certificate is for {found}, expected {expected}")]
    Identity {
        /// The subject alternative names.
        found: String,
        /// The matcher, in words.
        expected: String,
    },
    /// The certificate's issuer is another one.
    #[error("the certificate's identity was confirmed by issuer {found}, expected {expected}")]
    Issuer {
        /// The issuer extension.
        found: String,
        /// The matcher, in words.
        expected: String,
    },
    /// A workflow claim is another one.
    #[error("the certificate's {claim} is {found}, expected {expected}")]
    WorkflowClaim {
        /// Which claim.
        claim: &'static str,
        /// What the certificate says.
        found: String,
        /// What was asked for.
        expected: String,
    },
    /// The certificate's extensions cannot be read.
    #[error("the certificate's identity cannot be read: {0}")]
    Extensions(DecodeError),
}

fn annotation(name: &str, expected: &str, found: Option<&str>) -> String {
    match found {
        Some(found) => format!("the annotation `{name}` is {found}, expected `{expected}`"),
        None => format!("the annotation `{name}` is missing, expected `{expected}`"),
    }
}

/// None where one is wanted, or fewer than are wanted.
fn few(found: usize, required: usize, [one, many]: [&str; 2]) -> String {
    match (found, required) {
        (0, 0 | 1) => format!("no {one}"),
        _ => format!("{found} {many}, expected at least {required}"),
    }
}

impl Reason {
    /// The stable code of the reason in reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "too-many",
            Self::EnvelopeSignatures { .. } => "envelope-signatures",
            Self::NotAnAttestation => "not-an-attestation",
            Self::NotAPlainSignature => "not-a-plain-signature",
            Self::NotAnImageSignature { .. } => "not-an-image-signature",
            Self::PayloadType { .. } => "payload-type",
            Self::Payload(_) => "payload",
            Self::ArtifactMissing => "artifact-missing",
            Self::LogEntryMissing { .. } => "log-entry-missing",
            Self::LogUnknown { .. } => "log-unknown",
            Self::LogBody { .. } => "log-body",
            Self::LogKind { .. } => "log-kind",
            Self::LogContent { .. } => "log-content",
            Self::LogDigest { .. } => "log-digest",
            Self::LogSignature { .. } => "log-signature",
            Self::LogVerifier { .. } => "log-verifier",
            Self::LogIndex { .. } => "log-index",
            Self::LogProofMissing { .. } => "log-proof-missing",
            Self::InclusionProof { .. } => "inclusion-proof",
            Self::CheckpointMalformed { .. } => "checkpoint-malformed",
            Self::CheckpointTree { .. } => "checkpoint-tree",
            Self::CheckpointOrigin { .. } => "checkpoint-origin",
            Self::CheckpointSignature { .. } => "checkpoint-signature",
            Self::InclusionPromise { .. } => "inclusion-promise",
            Self::LogWindow { .. } => "log-window",
            Self::Future { .. } => "time-in-future",
            Self::TimestampMalformed { .. } => "timestamp-malformed",
            Self::Timestamp { .. } => "timestamp-invalid",
            Self::TimestampWindow { .. } => "timestamp-window",
            Self::TimestampMissing { .. } => "timestamp-missing",
            Self::NoTime => "no-trusted-time",
            Self::NoAuthority { .. } => "no-authority",
            Self::Path(PathError::UnknownIssuer { .. }) => "certificate-untrusted",
            Self::Path(PathError::Signature { .. }) => "certificate-signature",
            Self::Path(PathError::Invalid { .. }) => "certificate-invalid",
            Self::Path(PathError::Usage { .. }) => "certificate-usage",
            Self::Path(PathError::NotYetValid { .. }) => "certificate-not-yet-valid",
            Self::Path(PathError::Expired { .. }) => "certificate-expired",
            Self::Path(PathError::Budget { .. }) => "certificate-path-budget",
            Self::SctMissing { .. } => "sct-missing",
            Self::SctMalformed(_) => "sct-malformed",
            Self::SctInvalid { .. } => "sct-invalid",
            Self::SctWindow { .. } => "sct-window",
            Self::ArtifactDigest { .. } => "artifact-digest",
            Self::DigestUnavailable(_) => "digest-unavailable",
            Self::Signature(SignatureError::Unavailable { .. }) => "signature-unavailable",
            Self::Signature(_) => "signature-invalid",
            Self::CertificateKey(_) => "certificate-key",
            Self::Subject { .. } => "statement-subject",
            Self::PayloadDigest { .. } => "payload-digest",
            Self::Annotation { .. } => "annotation",
            Self::PredicateType { .. } => "predicate-type",
            Self::CertificateMissing => "certificate-missing",
            Self::OtherKey => "other-key",
            Self::Identity { .. } => "identity",
            Self::Issuer { .. } => "issuer",
            Self::WorkflowClaim { .. } => "workflow-claim",
            Self::Extensions(_) => "certificate-extensions",
        }
    }

    /// Whether a limit was exceeded: such a reason ends the search and outranks every other.
    pub fn is_limit(&self) -> bool {
        match self {
            Self::TooMany { .. } => true,
            Self::Path(error) | Self::Timestamp { error: TimestampError::Certificate(error), .. } => {
                matches!(error, PathError::Budget { .. })
            }
            _ => false,
        }
    }
}

/// A signature that is not accepted: the check that failed, why, and what was proven before.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    check: Check,
    reason: Reason,
    trail: Trail,
}

impl Rejection {
    pub(super) fn new(check: Check, reason: Reason, trail: Trail) -> Self {
        Self { check, reason, trail }
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        self.check
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The outcomes up to the failed one.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// How much the reason says when several candidates were rejected: the one that came furthest says most, and an
    /// exceeded limit outranks all.
    pub fn specificity(&self) -> usize {
        if self.reason.is_limit() { usize::MAX } else { self.trail.outcomes().count() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_come_is_told_in_a_sentence() {
        let now = UnixTime::from_seconds(0);
        let reason = Reason::Future { from: "timestamp 0".to_owned(), time: now.plus_seconds(3600), now };
        assert_eq!(
            reason.to_string(),
            "timestamp 0 states the time 1970-01-01T01:00:00Z, which is in the future: it is 1970-01-01T00:00:00Z now"
        );
    }
}
