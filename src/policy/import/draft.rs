//! What is going to be written, before anything in it has a name.

use super::Note;

/// A policy file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub scopes: Vec<DraftScope>,
    /// What is about no scope.
    pub notes: Vec<Note>,
}

/// Some images, and what they need.
#[derive(Debug)]
pub(super) struct DraftScope {
    pub name: String,
    pub images: Vec<String>,
    pub need: Need,
    pub notes: Vec<Note>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Need {
    Accept,
    Refuse,
    Require(Box<Requires>),
}

/// Signatures, attestations, and the proofs of each that counts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Requires {
    pub signatures: Option<Signatures>,
    pub attestations: Vec<Attestation>,
    pub proofs: Proofs,
    pub signed_as: Option<SignedAs>,
}

/// What each signature that counts has to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proofs {
    pub log: bool,
    pub timestamp: bool,
    pub sct: bool,
}

/// One of these signers, or all of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signatures {
    pub all: bool,
    pub of: Vec<Signer>,
}

/// A statement by one of these signers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attestation {
    pub predicate_type: String,
    pub of: Vec<Signer>,
    pub code: Option<Code>,
}

impl Attestation {
    /// Whether the same is asked, whoever signs.
    pub fn is_alike(&self, other: &Self) -> bool {
        let files = |one: &Self| one.code.as_ref().map(|code| code.files.clone());
        self.predicate_type == other.predicate_type && files(self) == files(other)
    }
}

/// A policy on a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Code {
    /// What its files are called after.
    pub name: String,
    /// The ends of their names (`.rego`, `.cue`) and what is in them.
    pub files: Vec<(&'static str, String)>,
}

/// Somebody who may sign.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    /// The name that the source gives, which may be another's too.
    pub name: String,
    pub who: Who,
}

impl PartialEq for Signer {
    /// Two names of one are one.
    fn eq(&self, other: &Self) -> bool {
        self.who == other.who
    }
}

/// Who that is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Who {
    /// A key reference.
    Key(String),
    /// A public key in PEM, which gets a file.
    Pem(String),
    Identity {
        subject: Text,
        issuer: Text,
    },
}

/// A text, or an expression for all of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Exact(String),
    Pattern(String),
}

/// Under which repository a signature has to have been made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SignedAs {
    SameRepository,
    Repository(String),
}
