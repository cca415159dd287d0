//! The verdict of policies on a verified statement.

#[cfg(feature = "rego")]
use super::guard::Guard;
use super::input::Document;
use super::{Error, Language, Policy};
use crate::bundle::Content;
use crate::verify::Verified;

/// A verified statement that every policy accepts, or that no policy was asked about. [`decide`] alone makes one.
#[derive(Debug)]
pub struct Decision<'a> {
    verified: &'a Verified,
}

impl<'a> Decision<'a> {
    /// What was verified.
    pub fn verified(&self) -> &'a Verified {
        self.verified
    }
}

/// Why a verified statement is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A policy does not hold: what did not, and in whose policy.
    Unmet(Unmet),
    /// There is no verdict.
    Error(Error),
}

/// A policy that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The language of the policy.
    pub language: Language,
    /// What did not hold, one line.
    pub reason: String,
    /// Where, and what was found there, a line each.
    pub details: Vec<String>,
}

/// Asks every policy about a verified statement. `asked` is the predicate type as `--type` named it: cosign shows its policies what
/// is left of a predicate when it was read as that type.
///
/// # Errors
/// A policy does not hold or cannot tell; no statement is verified.
pub fn decide<'a>(
    verified: &'a Verified,
    policy: Option<&Policy>,
    asked: &str,
) -> Result<Decision<'a>, Refusal> {
    let Some(policy) = policy else { return Ok(Decision { verified }) };
    if policy.is_ended() {
        return Err(Refusal::Error(Error::Limit { reason: "a limit was exceeded before".to_owned() }));
    }
    for language in policy.languages() {
        let document = document(verified, asked)?;
        let held = match language {
            Language::Cue => Err(Refusal::Error(Error::NotYet { language })),
            Language::Rego => rego(policy, document),
        };
        if let Err(Refusal::Error(error)) = &held
            && error.is_limit()
        {
            policy.end();
        }
        held?;
    }
    Ok(Decision { verified })
}

/// What the policies are shown.
fn document(verified: &Verified, asked: &str) -> Result<Document, Refusal> {
    let Content::Envelope(envelope) = &verified.entity().content else {
        return Err(unmet(Language::Rego, "what is verified is no statement"));
    };
    Document::new(&envelope.parsed.payload, asked).map_err(|reason| unmet(Language::Rego, reason))
}

fn unmet(language: Language, reason: impl Into<String>) -> Refusal {
    Refusal::Unmet(Unmet { language, reason: reason.into(), details: Vec::new() })
}

#[cfg(feature = "rego")]
fn rego(policy: &Policy, document: Document) -> Result<(), Refusal> {
    let Some(program) = policy.program.clone() else {
        return Err(Refusal::Error(Error::NotBuilt { language: Language::Rego }));
    };
    let verdict = Guard::default().run(move || program.evaluate(&document)).map_err(Refusal::Error)?;
    verdict.map_err(|refusal| refusal)
}

#[cfg(not(feature = "rego"))]
fn rego(_: &Policy, _: Document) -> Result<(), Refusal> {
    Err(Refusal::Error(Error::NotBuilt { language: Language::Rego }))
}
