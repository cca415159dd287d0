//! The verdict of policies on a verified statement.

#[cfg(any(feature = "cue", feature = "rego"))]
use super::guard::Guard;
use super::input::Document;
use super::{Error, Language, Policy};
use crate::bundle::Content;
use crate::verify::Verified;

/// A verified statement that every policy accepts, or that no policy was asked about. [`decide`] alone makes one.
#[derive(Debug)]
pub struct Decision<'a> {
    verified: &'a Verified,
    absent: Vec<String>,
}

impl<'a> Decision<'a> {
    /// What was verified.
    pub fn verified(&self) -> &'a Verified {
        self.verified
    }

    /// What a CUE policy constrains and the statement lacks, which CUE accepts: `predicate.builder.id`.
    pub fn absent(&self) -> &[String] {
        &self.absent
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
    let Some(policy) = policy else { return Ok(Decision { verified, absent: Vec::new() }) };
    if policy.is_ended() {
        return Err(Refusal::Error(Error::Limit { reason: "a limit was exceeded before".to_owned() }));
    }
    let mut absent = Vec::new();
    for language in policy.languages() {
        let document = document(verified, asked).map_err(|reason| unmet(language, reason))?;
        let held = match language {
            Language::Cue => cue(policy, document),
            Language::Rego => rego(policy, document).map(|()| Vec::new()),
        };
        if let Err(Refusal::Error(error)) = &held
            && error.is_limit()
        {
            policy.end();
        }
        absent.extend(held?);
    }
    if policy.strict && !absent.is_empty() {
        let details = absent.iter().map(|path| format!("{path} is not there")).collect();
        let reason = "the statement lacks what the policy constrains (--policy-strict)".to_owned();
        return Err(Refusal::Unmet(Unmet { language: Language::Cue, reason, details }));
    }
    Ok(Decision { verified, absent })
}

/// What the policies are shown; in words, why there is nothing to show.
fn document(verified: &Verified, asked: &str) -> Result<Document, String> {
    let Content::Envelope(envelope) = &verified.entity().content else {
        return Err("what is verified is no statement".to_owned());
    };
    Document::new(&envelope.parsed.payload, asked)
}

fn unmet(language: Language, reason: String) -> Refusal {
    Refusal::Unmet(Unmet { language, reason, details: Vec::new() })
}

#[cfg(feature = "cue")]
fn cue(policy: &Policy, document: Document) -> Result<Vec<String>, Refusal> {
    let Some(program) = policy.cue.clone() else {
        return Err(Refusal::Error(Error::NotBuilt { language: Language::Cue }));
    };
    Guard::default().run(move || program.evaluate(&document)).map_err(Refusal::Error)?
}

#[cfg(not(feature = "cue"))]
fn cue(_: &Policy, _: Document) -> Result<Vec<String>, Refusal> {
    Err(Refusal::Error(Error::NotBuilt { language: Language::Cue }))
}

#[cfg(feature = "rego")]
fn rego(policy: &Policy, document: Document) -> Result<(), Refusal> {
    let Some(program) = policy.rego.clone() else {
        return Err(Refusal::Error(Error::NotBuilt { language: Language::Rego }));
    };
    Guard::default().run(move || program.evaluate(&document)).map_err(Refusal::Error)?
}

#[cfg(not(feature = "rego"))]
fn rego(_: &Policy, _: Document) -> Result<(), Refusal> {
    Err(Refusal::Error(Error::NotBuilt { language: Language::Rego }))
}
