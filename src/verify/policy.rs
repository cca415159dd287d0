//! What the user asks of a signature. Contradictions cannot be written down.

use std::collections::BTreeMap;

use super::{IdentityMatcher, StringMatcher};
use crate::crypto::{HashAlgorithm, PublicKey};

/// At least one of something.
#[derive(Debug, Clone)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// One and any number of others.
    pub fn new(first: T, others: impl IntoIterator<Item = T>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }

    /// All of them, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// Whose signature is wanted. There is no way to ask for "anybody's".
#[derive(Debug, Clone)]
pub enum ExpectedSigner {
    /// Exactly this key.
    Key(PublicKey),
    /// A certificate of one of these identities.
    Identity(NonEmpty<IdentityMatcher>),
}

impl ExpectedSigner {
    /// Subject and issuer, where one identity is meant by its very name.
    pub fn named(&self) -> Option<(&str, &str)> {
        let Self::Identity(matchers) = self else { return None };
        let mut all = matchers.iter();
        let (Some(one), None) = (all.next(), all.next()) else { return None };
        match (&one.subject, &one.issuer) {
            (StringMatcher::Exact(subject), StringMatcher::Exact(issuer)) => Some((subject, issuer)),
            _ => None,
        }
    }
}

/// Why a proof is not asked for; shown in every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiver {
    /// The user said so with this flag.
    Flag(&'static str),
    /// The proof does not apply here, for this reason.
    NotNeeded(&'static str),
}

impl std::fmt::Display for Waiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "waived by {flag}"),
            Self::NotNeeded(why) => write!(f, "not needed: {why}"),
        }
    }
}

/// Whether a proof is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Proofs by at least this many **distinct** logs or authorities. Zero counts as one.
    Required {
        /// How many.
        threshold: usize,
    },
    /// None is demanded. Log entries and timestamps that are there are checked all the same.
    Waived(Waiver),
}

impl Requirement {
    /// One proof.
    pub const ONE: Self = Self::Required { threshold: 1 };

    /// The number that is demanded; zero when waived.
    pub fn threshold(self) -> usize {
        match self {
            Self::Required { threshold } => threshold.max(1),
            Self::Waived(_) => 0,
        }
    }
}

/// What the signature has to say about the artifact.
#[derive(Debug, Clone)]
pub struct ClaimRequirement {
    /// Which kind of content is wanted.
    pub content: ContentRequirement,
    /// `None`: the content has to name the artifact. `Some`: the user waived that (`--check-claims=false`).
    pub binding_waived: Option<Waiver>,
    /// Annotations that have to be there with just these values: in the payload of an image signature, or in the subject
    /// that is the artifact (in any subject where the binding is waived).
    pub annotations: BTreeMap<String, String>,
}

/// Which kind of content is wanted.
#[derive(Debug, Clone)]
pub enum ContentRequirement {
    /// A signature of the artifact, or a statement about it.
    Any,
    /// A signature of the artifact itself.
    Message,
    /// A signature of an image: a simple-signing payload, or a statement with cosign's sign predicate
    /// ([`IMAGE_SIGNATURE_PREDICATE`](crate::payload::IMAGE_SIGNATURE_PREDICATE)). Attestations are not, whatever they say.
    ImageSignature,
    /// A statement with a predicate of this type.
    Statement(PredicateTypeRequirement),
}

/// A wanted predicate type.
#[derive(Debug, Clone)]
pub struct PredicateTypeRequirement {
    /// As the user typed it, for messages.
    pub asked: String,
    /// The predicate type to be found, compared exactly.
    pub uri: String,
}

/// All that is asked of one signature.
#[derive(Debug, Clone)]
pub struct VerificationPolicy {
    /// Whose signature.
    pub signer: ExpectedSigner,
    /// Transparency log entries.
    pub log: Requirement,
    /// RFC 3161 timestamps.
    pub timestamp: Requirement,
    /// Signed certificate timestamps; does not matter to a [`ExpectedSigner::Key`]. Waived, they are not looked at: they say
    /// nothing of the signature.
    pub sct: Requirement,
    /// The claim.
    pub claim: ClaimRequirement,
    /// The digest that a key's signature has to be over, where the user says so (`--signature-digest-algorithm`).
    pub signature_digest: Option<HashAlgorithm>,
}
