//! What a verification has proven.

use super::{PublicKey, Rejection, Statement, Time, VerifyError};
use crate::bundle::Content;
use crate::verify::{Outcome, SignerProof, Verified};
use crate::x509::Certificate;

/// A bundle with at least one signature that is valid for what was asked. Only [`Verifier`](crate::Verifier) makes one.
#[derive(Debug, Clone)]
pub struct Verification {
    first: VerifiedSignature,
    others: Vec<VerifiedSignature>,
    rejected: Vec<Rejection>,
}

impl Verification {
    pub(super) fn of(
        verified: Vec<VerifiedSignature>,
        rejected: Vec<Rejection>,
    ) -> Result<Self, VerifyError> {
        let mut verified = verified.into_iter();
        if let Some(first) = verified.next() {
            return Ok(Self { first, others: verified.collect(), rejected });
        }
        let best = rejected.iter().max_by_key(|rejection| rejection.0.specificity()).cloned();
        match best {
            Some(best) => Err(VerifyError::Rejected { best, all: rejected }),
            // A bundle without a signature is not parsed in the first place.
            None => Err(VerifyError::Read(std::io::Error::other("the bundle holds no signature"))),
        }
    }

    /// The first valid signature.
    pub fn signature(&self) -> &VerifiedSignature {
        &self.first
    }

    /// All valid signatures, in the order of the document.
    pub fn signatures(&self) -> impl Iterator<Item = &VerifiedSignature> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The signatures of the same document that are not valid for what was asked.
    pub fn rejected(&self) -> &[Rejection] {
        &self.rejected
    }
}

/// A verified signature: what was proven, and what was waived.
#[derive(Debug, Clone)]
pub struct VerifiedSignature(pub(super) Verified);

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signer {
    /// The key that the policy names.
    Key(PublicKey),
    /// An identity that the policy names, in a certificate of a trusted authority.
    #[non_exhaustive]
    Identity {
        /// The subject alternative name.
        subject: String,
        /// The issuer of the identity token; empty where the certificate states none and the policy accepts that.
        issuer: String,
    },
}

/// An entry of a trusted log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    log: String,
    index: u64,
}

impl LogEntry {
    /// The log's address, as the trusted root labels it.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// The entry's position, from zero.
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// A time that somebody trusted has signed: at it the signature, or the certificate, is known to have existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    time: Time,
    source: TimeSource,
}

impl VerifiedTime {
    /// The time.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Who says so.
    pub fn source(&self) -> &TimeSource {
        &self.source
    }
}

/// Who says when the signature existed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeSource {
    /// The transparency log of this address.
    Log(String),
    /// The time of verification itself: the log was waived, and there is no timestamp.
    Now,
    /// The timestamp authority of this address.
    TimestampAuthority(String),
}

/// How one check came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    check: &'static str,
    words: String,
    waived: bool,
}

impl Finding {
    /// The check: `structure`, `log`, `time`, `chain`, `sct`, `signature`, `claim` or `signer`.
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// What was proven, or why nothing had to be; for people, the wording may change.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Whether the check was waived: by the policy, or because it does not apply to a key.
    pub fn is_waived(&self) -> bool {
        self.waived
    }
}

impl VerifiedSignature {
    /// Whose signature it is.
    pub fn signer(&self) -> Signer {
        match self.0.signer() {
            SignerProof::Key(_) => Signer::Key(PublicKey(self.0.signature().key().clone())),
            SignerProof::Identity(proof) => {
                Signer::Identity { subject: proof.subject().to_owned(), issuer: proof.issuer().to_owned() }
            }
        }
    }

    /// The key that the signature is valid under: the policy's, or the certificate's.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.signature().key().clone())
    }

    /// The certificates in DER, from the signing one to the trusted anchor; none where the policy names a key.
    pub fn certificates_der(&self) -> impl Iterator<Item = &[u8]> {
        let certificates = self.0.chain().proven().map(|chain| chain.certificates()).unwrap_or_default();
        certificates.iter().map(Certificate::der)
    }

    /// The address of the authority that issued the certificate, as the trusted root labels it; `None` where the policy names
    /// a key.
    pub fn certificate_authority(&self) -> Option<&str> {
        self.0.chain().proven().map(|chain| chain.authority())
    }

    /// The trusted logs that were shown the certificate, and when; none where the policy names a key, or waives them.
    pub fn certificate_timestamps(&self) -> impl Iterator<Item = VerifiedTime> {
        let logs = self.0.sct().proven().into_iter().flat_map(|proof| proof.logs());
        logs.map(|(log, time)| VerifiedTime { time: Time(time), source: TimeSource::Log(log.to_owned()) })
    }

    /// The statement, when the signature is one of a statement about the artifact; `None` when it is of the artifact itself.
    pub fn statement(&self) -> Option<Statement> {
        let claim = self.0.claim().proven()?;
        match &self.0.entity().content {
            Content::Envelope(envelope) => {
                Some(Statement::of(envelope.parsed.payload.clone(), claim.statement()?.clone()))
            }
            Content::Message { .. } | Content::SimpleSigning { .. } => None,
        }
    }

    /// The entries of trusted logs that hold the signature.
    pub fn log_entries(&self) -> impl Iterator<Item = LogEntry> {
        let entries = self.0.log().proven().into_iter().flat_map(|proof| proof.entries());
        entries.map(|(log, index)| LogEntry { log: log.to_owned(), index })
    }

    /// The times at which the signature is known to have existed; none where the policy names a key and nobody timed it.
    pub fn times(&self) -> impl Iterator<Item = VerifiedTime> {
        let times = self.0.time().proven().into_iter().flat_map(|proof| proof.iter());
        times.map(|verified| VerifiedTime {
            time: Time(verified.time),
            source: match &verified.source {
                crate::verify::TimeSource::Log(log) => TimeSource::Log(log.clone()),
                crate::verify::TimeSource::TimestampAuthority(authority) => {
                    TimeSource::TimestampAuthority(authority.clone())
                }
                crate::verify::TimeSource::Now(_) => TimeSource::Now,
            },
        })
    }

    /// How each check came out, in the order in which they were made: for logs and reports.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.0.trail().outcomes().map(|(check, outcome)| {
            let (words, waived) = match outcome {
                Outcome::Proven(words) => (words.clone(), false),
                Outcome::Waived(waiver) => (waiver.to_string(), true),
                Outcome::Failed(reason) => (reason.to_string(), false),
            };
            Finding { check: check.name(), words, waived }
        })
    }
}
