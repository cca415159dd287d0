//! The verdict of policies on a verified statement.

use super::guard::Guard;
use super::input::Document;
use super::rules::{Mismatch, Rule};
use super::shown::Shown;
use super::{Error, Language, Policy};
use crate::bundle::Content;
use crate::verify::Verified;

/// A verified statement that every policy accepts, or that no policy was asked about. [`decide`] alone makes one.
#[derive(Debug)]
#[must_use = "what is reported as accepted is what was decided"]
pub struct Decision<'a> {
    verified: &'a Verified,
    absent: Vec<String>,
    evidence: Vec<String>,
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

    /// What built-in rules found to hold, and where, a line for each demand.
    pub fn evidence(&self) -> &[String] {
        &self.evidence
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

/// Which kind of policy does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// One in a language.
    Language(Language),
    /// A built-in rule, by its name.
    Rule(&'static str),
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Language(language) => language.fmt(f),
            Self::Rule(name) => write!(f, "rule {name}"),
        }
    }
}

/// A policy that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Which one.
    pub by: By,
    /// What did not hold, one line.
    pub reason: String,
    /// Where, and what was found there, a line each.
    pub details: Vec<String>,
    /// What would help.
    pub hint: Option<String>,
}

impl Unmet {
    /// Without more to say of it.
    pub(super) fn new(by: By, reason: String) -> Self {
        Self { by, reason, details: Vec::new(), hint: None }
    }
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
    let Some(policy) = policy else {
        return Ok(Decision { verified, absent: Vec::new(), evidence: Vec::new() });
    };
    let payload = match &verified.entity().content {
        Content::Envelope(envelope) => Ok(envelope.parsed.payload.as_slice()),
        _ => Err("what is verified is no statement".to_owned()),
    };
    let (absent, evidence) = ask(policy, asked, payload, || Shown::of(verified, policy.now))?;
    Ok(Decision { verified, absent, evidence })
}

/// Asks every policy about a statement that nobody signed, for tests of policies: nothing is decided by that.
///
/// # Errors
/// As [`decide`].
pub fn rehearse(payload: &[u8], policy: &Policy, asked: &str) -> Result<(), Refusal> {
    ask(policy, asked, Ok(payload), || Ok(Shown::unsigned(payload, policy.now))).map(drop)
}

/// What a CUE policy constrains and the statement lacks; what built-in rules found to hold.
fn ask(
    policy: &Policy,
    asked: &str,
    payload: Result<&[u8], String>,
    shown: impl FnOnce() -> Result<Shown, String>,
) -> Result<(Vec<String>, Vec<String>), Refusal> {
    if policy.is_ended() {
        return Err(Refusal::Error(Error::Limit { reason: "a limit was exceeded before".to_owned() }));
    }
    let evidence = rules(policy, shown)?;
    let mut absent = Vec::new();
    for language in policy.languages() {
        let document = payload.clone().and_then(|payload| Document::new(payload, asked));
        let document = document.map_err(|reason| unmet(language, reason))?;
        let held = match language {
            Language::Cue => cue(policy, document),
            Language::Rego => rego(policy, document).map(|()| Vec::new()),
        };
        absent.extend(noted(policy, held)?);
    }
    if policy.strict && !absent.is_empty() {
        let details = absent.iter().map(|path| format!("{path} is not there")).collect();
        let reason = "the statement lacks what the policy constrains (--policy-strict)".to_owned();
        return Err(Refusal::Unmet(Unmet { details, ..Unmet::new(By::Language(Language::Cue), reason) }));
    }
    Ok((absent, evidence))
}

/// A limit that was exceeded ends all that comes after it.
fn noted<T>(policy: &Policy, held: Result<T, Refusal>) -> Result<T, Refusal> {
    if let Err(Refusal::Error(error)) = &held
        && error.is_limit()
    {
        policy.end();
    }
    held
}

/// Asks the built-in rules, in their order; what they found.
fn rules(policy: &Policy, shown: impl FnOnce() -> Result<Shown, String>) -> Result<Vec<String>, Refusal> {
    let Some(first) = policy.rules.first().map(Rule::name) else { return Ok(Vec::new()) };
    let nothing = |reason| Refusal::Unmet(Unmet::new(By::Rule(first), reason));
    let (shown, rules) = (shown().map_err(nothing)?, policy.rules.clone());
    let check = move || {
        let facts = shown.facts().map_err(nothing)?;
        let mut evidence = Vec::new();
        for rule in rules.iter() {
            evidence.extend(rule.check(&facts).map_err(|mismatch| Refusal::Unmet(mismatch.into()))?);
        }
        Ok(evidence)
    };
    noted(policy, Guard::default().run(check).map_err(Refusal::Error).flatten())
}

impl From<Mismatch> for Unmet {
    fn from(mismatch: Mismatch) -> Self {
        Self { hint: mismatch.hint.clone(), ..Self::new(By::Rule(mismatch.rule), mismatch.reason()) }
    }
}

fn unmet(language: Language, reason: String) -> Refusal {
    Refusal::Unmet(Unmet::new(By::Language(language), reason))
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
