//! What a policy file says.

use std::collections::BTreeMap;

use super::glob::{FilePattern, ImagePattern, Subject};
use super::path::Path;
use super::signed_as::SignedAs;
use crate::policy::rules::Rule;
use crate::verify::{IdentityMatcher, Requirement, Waiver};

/// A policy file.
#[derive(Debug, Clone)]
pub struct Document {
    /// The trusted root: a file, relative to the folder of the policy file.
    pub root: Option<String>,
    /// Those who may sign.
    pub signers: Vec<NamedSigner>,
    /// Which artifacts need whom; the first that matches decides.
    pub scopes: Vec<Scope>,
}

/// Somebody who may sign.
#[derive(Debug, Clone)]
pub struct NamedSigner {
    /// The name, which is the file's own.
    pub name: String,
    /// Who it is.
    pub source: SignerSource,
    /// Where it stands.
    pub path: Path,
}

/// Who a signer is.
#[derive(Debug, Clone)]
pub enum SignerSource {
    /// Whoever has the private key of this public one: a key reference, a file relative to the folder of the policy file.
    Key(String),
    /// Whoever has a certificate for this identity. Expressions match all of a text.
    Identity(Box<IdentityMatcher>),
}

/// Some artifacts, and what is asked of them.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The name, for messages.
    pub name: String,
    /// The images.
    pub images: Vec<ImagePattern>,
    /// The files.
    pub files: Vec<FilePattern>,
    /// What is asked.
    pub demand: Demand,
    /// Where it stands.
    pub path: Path,
}

/// What a scope asks.
#[derive(Debug, Clone)]
pub enum Demand {
    /// Nothing: whatever it is, it is accepted, and every report says so.
    Accept,
    /// What nothing can have: it is refused.
    Refuse,
    /// Signatures, attestations.
    Require(Box<Requirements>),
}

/// What an artifact must have.
#[derive(Debug, Clone)]
pub struct Requirements {
    /// Who must have signed it.
    pub signatures: Option<Signers>,
    /// What must have been said about it. Neither this nor the former is nothing.
    pub attestations: Vec<AttestationDemand>,
    /// Transparency log entries, of each signature that counts.
    pub log: Witnesses,
    /// RFC 3161 timestamps, of each signature that counts.
    pub timestamp: Witnesses,
    /// Signed certificate timestamps, of each certificate that counts.
    pub sct: Witnesses,
    /// How old a signature may be by its proven time, in seconds.
    pub max_age: Option<i64>,
    /// Annotations of each signature that counts.
    pub annotations: BTreeMap<String, String>,
    /// The name under which each signature that counts was made.
    pub signed_as: Option<SignedAs>,
}

/// How many signers out of which.
#[derive(Debug, Clone)]
pub struct Signers {
    /// At least so many, each another one.
    pub count: Count,
    /// Positions in [`Document::signers`].
    pub of: Vec<usize>,
    /// Where it stands.
    pub path: Path,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// One.
    Any,
    /// Every one.
    All,
    /// So many.
    AtLeast(usize),
}

impl Signers {
    /// How many are needed.
    pub fn needed(&self) -> usize {
        match self.count {
            Count::Any => 1,
            Count::All => self.of.len(),
            Count::AtLeast(number) => number,
        }
    }
}

/// A statement that must be there.
#[derive(Debug, Clone)]
pub struct AttestationDemand {
    /// The predicate type, as written: a short name or a URI.
    pub predicate_type: String,
    /// Who must have made one.
    pub signers: Signers,
    /// What must hold of it.
    pub code: Vec<Code>,
    /// Whether every statement that counts has to satisfy what must hold, or one of each signer.
    pub each: bool,
    /// How old it may be; in place of the scope's.
    pub max_age: Option<i64>,
    /// Where it stands.
    pub path: Path,
}

/// What must hold of a statement: a built-in rule, or policies in files, relative to the folder of the policy file.
#[derive(Debug, Clone)]
pub struct Code {
    /// Built-in rules.
    pub rules: Vec<Rule>,
    /// Rego or CUE.
    pub files: Vec<String>,
    /// What Rego finds beneath `data`.
    pub data: Vec<String>,
    /// Where it stands.
    pub path: Path,
}

/// How many distinct logs or authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnesses {
    /// None has to be there; those that are there are checked.
    NotRequired,
    /// So many.
    AtLeast(usize),
}

impl Witnesses {
    /// As the verifier is asked; `line` is the line of the policy file that asks for none.
    pub(super) fn requirement(self, line: &'static str) -> Requirement {
        match self {
            Self::NotRequired => Requirement::Waived(Waiver::Flag(line)),
            Self::AtLeast(threshold) => Requirement::Required { threshold },
        }
    }
}

impl Document {
    /// The scope that decides about an artifact, by its position: the first that matches.
    pub fn scope_of(&self, subject: &Subject) -> Option<(usize, &Scope)> {
        self.scopes.iter().enumerate().find(|(_, scope)| scope.matches(subject).is_some())
    }

    /// The signers whom scopes name, by position.
    pub fn used_signers(&self) -> Vec<bool> {
        let mut used = vec![false; self.signers.len()];
        for signers in self.scopes.iter().flat_map(Scope::signers) {
            for signer in &signers.of {
                used.iter_mut().skip(*signer).take(1).for_each(|used| *used = true);
            }
        }
        used
    }

    /// The name of a signer.
    pub fn signer_name(&self, position: usize) -> &str {
        self.signers.get(position).map_or("", |signer| &signer.name)
    }
}

impl Scope {
    /// The pattern that matches an artifact.
    pub fn matches(&self, subject: &Subject) -> Option<&str> {
        let image = self.images.iter().find(|pattern| pattern.matches(subject)).map(ImagePattern::source);
        let file = || self.files.iter().find(|pattern| pattern.matches(subject)).map(FilePattern::source);
        image.or_else(file)
    }

    /// Every list of signers in it.
    pub fn signers(&self) -> impl Iterator<Item = &Signers> {
        let requirements = match &self.demand {
            Demand::Require(requirements) => Some(requirements),
            Demand::Accept | Demand::Refuse => None,
        };
        let signatures = requirements.and_then(|requirements| requirements.signatures.as_ref());
        let attestations = requirements.into_iter().flat_map(|requirements| &requirements.attestations);
        signatures.into_iter().chain(attestations.map(|attestation| &attestation.signers))
    }
}
