//! Rules that need no policy language: what a verified statement, and the certificate of its signer, have to say.
//!
//! [`Rule`] is what a user writes; [`Rule::check`] looks at [`Facts`], which are of something verified. The rules are alike in this: what
//! is not demanded is not looked at, a rule that demands nothing is an error, a field that is missing or of another type never
//! satisfies, texts are compared byte for byte unless a pattern is given, and where two fields say two things nothing is chosen.
//!
//! Pure: no file, no clock; the time is one of the facts.

mod age;
mod at;
mod facts;
mod github;
mod openvex;
mod run;
mod sbom;
mod slsa;
mod source;
mod text;
mod vsa;
mod vulnerabilities;

pub use at::Mismatch;
pub(super) use at::quoted;
pub use facts::{Facts, Signer, SigningCertificate};
pub use github::Github;

use serde::Deserialize;
use serde_json::Value;

use super::spelling;
use crate::verify::IdentityMatcher;

/// A rule, as it is written: an object with one member, whose name is the kind of the rule and whose value its demands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Rule(Kind);

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Github(github::Github),
    Openvex(openvex::Openvex),
    Sbom(sbom::Sbom),
    Slsa(Box<slsa::Slsa>),
    Vsa(vsa::Vsa),
    Vulnerabilities(vulnerabilities::Vulnerabilities),
}

impl TryFrom<Value> for Rule {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if let Some(at) = null(&value) {
            return Err(format!("`{at}` has no value: what is not demanded is left out"));
        }
        let rule = Self(serde_json::from_value(value).map_err(|error| error.to_string())?);
        let demands = match &rule.0 {
            Kind::Github(rule) => rule.demands(),
            Kind::Openvex(rule) => rule.demands(),
            Kind::Sbom(rule) => rule.demands(),
            Kind::Slsa(rule) => rule.demands(),
            Kind::Vsa(rule) => rule.demands(),
            Kind::Vulnerabilities(rule) => rule.demands(),
        };
        demands.map_err(|reason| format!("the rule `{}` {reason}", rule.name()))?;
        Ok(rule)
    }
}

/// Where nothing is written after a name, as a template may leave it: that must not pass for a demand that is not made.
fn null(value: &Value) -> Option<String> {
    let below = |name: String, value: &Value| match (value, null(value)) {
        (Value::Null, _) => Some(name),
        (_, Some(rest)) => Some(format!("{name}.{rest}")),
        (_, None) => None,
    };
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| below(name.clone(), value)),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, value)| below(i.to_string(), value)),
        _ => None,
    }
}

/// Two members of one object whose names differ in case alone, which many readers (Go's `encoding/json`) take for one: the name of the first, and the
/// way to the second.
fn twins(value: &Value) -> Option<(String, String)> {
    match value {
        Value::Object(members) => {
            if let Some((first, name)) = spelling::twins(members.keys().map(String::as_str), &[]) {
                return Some((at::quoted(first), format!(".{}", at::quoted(name))));
            }
            let below = |(name, value): (&String, &Value)| {
                twins(value).map(|(first, rest)| (first, format!(".{}{rest}", at::plain(name))))
            };
            members.iter().find_map(below)
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, value)| twins(value).map(|(first, rest)| (first, format!("[{i}]{rest}")))),
        _ => None,
    }
}

impl From<Github> for Rule {
    /// For the flags, which have looked at what they demand themselves.
    fn from(rule: Github) -> Self {
        Self(Kind::Github(rule))
    }
}

impl Rule {
    /// The name by which it is written: `slsa`.
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Kind::Github(_) => github::NAME,
            Kind::Openvex(_) => openvex::NAME,
            Kind::Sbom(_) => sbom::NAME,
            Kind::Slsa(_) => slsa::NAME,
            Kind::Vsa(_) => vsa::NAME,
            Kind::Vulnerabilities(_) => vulnerabilities::NAME,
        }
    }

    /// The git ref that it demands, where that is not written in full (`main`), as builders and certificates have it.
    pub fn short_ref(&self) -> Option<&str> {
        match &self.0 {
            Kind::Github(rule) => rule.short_ref(),
            Kind::Slsa(rule) => rule.short_ref(),
            Kind::Openvex(_) | Kind::Sbom(_) | Kind::Vsa(_) | Kind::Vulnerabilities(_) => None,
        }
    }

    /// Whether a statement of this predicate type is one that the rule is about. One of another type never satisfies it.
    pub fn is_about(&self, predicate_type: &str) -> bool {
        match &self.0 {
            Kind::Github(_) => true,
            Kind::Openvex(_) => openvex::is_about(predicate_type),
            Kind::Sbom(rule) => rule.is_about(predicate_type),
            Kind::Slsa(_) => slsa::is_about(predicate_type),
            Kind::Vsa(_) => vsa::is_about(predicate_type),
            Kind::Vulnerabilities(_) => vulnerabilities::is_about(predicate_type),
        }
    }

    /// Why no statement of this predicate type can satisfy it, whoever signs; `None` where one may.
    pub fn impossible(&self, predicate_type: &str) -> Option<String> {
        if !self.is_about(predicate_type) {
            let (name, expected) = (self.name(), self.expected_type());
            return Some(format!(
                "the rule `{name}` is about {expected}, and the type here is `{predicate_type}`"
            ));
        }
        match &self.0 {
            Kind::Openvex(rule) => rule.impossible(),
            Kind::Slsa(rule) => rule.impossible(predicate_type),
            Kind::Github(_) | Kind::Sbom(_) | Kind::Vsa(_) | Kind::Vulnerabilities(_) => None,
        }
    }

    /// The member of which this rule and another one demand two things that no statement has both: `repo`.
    pub fn contradicts(&self, other: &Self) -> Option<&'static str> {
        match (&self.0, &other.0) {
            (Kind::Github(one), Kind::Github(other)) => one.contradicts(other),
            (Kind::Slsa(one), Kind::Slsa(other)) => one.contradicts(other),
            (Kind::Vsa(one), Kind::Vsa(other)) => one.contradicts(other),
            _ => None,
        }
    }

    /// Why no statement by this signer can satisfy it; `None` where one may. `identity`: who he is, where he is no key.
    pub fn never_by(&self, identity: Option<&IdentityMatcher>) -> Option<String> {
        match &self.0 {
            Kind::Github(rule) => rule.never_by(identity),
            _ => None,
        }
    }

    /// Judges. What holds is said with the place where it was found, a line for each demand.
    ///
    /// # Errors
    /// The first demand that does not hold.
    pub fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        if !self.is_about(&facts.predicate_type) {
            let found = at::quoted(&facts.predicate_type);
            return Err(Mismatch::new(self.name(), "predicateType", self.expected_type(), found));
        }
        if let Some((first, at)) = facts.predicate.as_ref().and_then(twins) {
            let expected = format!("no member whose name is that of {first} in another case");
            return Err(Mismatch::new(self.name(), format!("predicate{at}"), expected, "there"));
        }
        match &self.0 {
            Kind::Github(rule) => rule.check(facts),
            Kind::Openvex(rule) => rule.check(facts),
            Kind::Sbom(rule) => rule.check(facts),
            Kind::Slsa(rule) => rule.check(facts),
            Kind::Vsa(rule) => rule.check(facts),
            Kind::Vulnerabilities(rule) => rule.check(facts),
        }
    }

    fn expected_type(&self) -> &'static str {
        match &self.0 {
            Kind::Github(_) => "any",
            Kind::Openvex(_) => "OpenVEX, `https://openvex.dev/ns` with or without a version",
            Kind::Sbom(rule) => rule.expected_type(),
            Kind::Slsa(_) => "SLSA provenance v0.2 or v1",
            Kind::Vsa(_) => "`https://slsa.dev/verification_summary/v1`",
            Kind::Vulnerabilities(_) => {
                "a vulnerability scan: cosign's `vuln`, or `https://in-toto.io/attestation/vulns` v0.1 or v0.2"
            }
        }
    }
}

#[cfg(test)]
mod tests;
