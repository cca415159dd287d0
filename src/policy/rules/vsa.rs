//! `vsa`: SLSA verification summaries (SLSA v1, "Verification Summary Attestation", section "How to verify").

use serde::Deserialize;
use serde_json::Value;

use super::age::Age;
use super::at::{At, Mismatch, quoted};
use super::facts::Facts;
use super::text::Text;

/// The name of the rule.
pub(super) const NAME: &str = "vsa";
const TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// What a summary has to say; that it passed, always.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Vsa {
    /// Who judged: `verifier.id`. The specification demands that it is compared.
    verifier_id: Text,
    /// What was judged: `resourceUri`. The specification demands that it is compared.
    resource_uri: Text,
    /// By which policy: `policy.uri`.
    policy_uri: Option<Text>,
    /// Its digest: `sha256:HEX`, a member of `policy.digest`.
    policy_digest: Option<PolicyDigest>,
    /// Levels that have to be among `verifiedLevels`; of a track, this level or a higher one.
    levels: Option<Vec<Level>>,
    /// The greatest age, from `timeVerified`.
    max_age: Option<Age>,
}

/// Whether this is a type of summary that can be read.
pub(super) fn is_about(predicate_type: &str) -> bool {
    predicate_type == TYPE
}

/// `sha256:HEX`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct PolicyDigest {
    algorithm: String,
    hex: String,
}

impl TryFrom<String> for PolicyDigest {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let length = |algorithm: &str| match algorithm {
            "sha256" => Some(64),
            "sha384" => Some(96),
            "sha512" => Some(128),
            _ => None,
        };
        let is_hex = |hex: &str| hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match text.split_once(':') {
            Some((algorithm, hex)) if length(algorithm) == Some(hex.len()) && is_hex(hex) => {
                Ok(Self { algorithm: algorithm.to_owned(), hex: hex.to_owned() })
            }
            _ => Err(format!("`{text}` is no digest: write it as sha256:HEX, in lower case")),
        }
    }
}

/// A level: `SLSA_BUILD_LEVEL_3`, of a track, or a name that somebody defined.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Level(String);

impl TryFrom<String> for Level {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("`{text}` is no level: write it as SLSA_BUILD_LEVEL_3"));
        }
        if text.starts_with("SLSA_") && track(&text).is_none() {
            return Err(format!("`{text}` is no level of SLSA: write it as SLSA_BUILD_LEVEL_3"));
        }
        Ok(Self(text))
    }
}

/// The track and the number of a level of SLSA.
fn track(level: &str) -> Option<(&str, u32)> {
    let (track, number) = level.rsplit_once("_LEVEL_")?;
    let plain = number == "0" || (!number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit()));
    let name = track.strip_prefix("SLSA_")?;
    let is_track = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if plain && is_track { Some((track, number.parse().ok()?)) } else { None }
}

impl Level {
    fn is_reached_by(&self, other: &str) -> bool {
        match (track(&self.0), track(other)) {
            (Some((track, number)), Some((of, reached))) => track == of && reached >= number,
            _ => self.0 == other,
        }
    }
}

impl Vsa {
    pub(super) fn demands(&self) -> Result<(), String> {
        match &self.levels {
            Some(levels) if levels.is_empty() => Err("has `levels` that demand nothing".to_owned()),
            _ => Ok(()),
        }
    }

    /// The member of which two rules demand different things.
    pub(super) fn contradicts(&self, other: &Self) -> Option<&'static str> {
        super::text::excluded(&[
            ("verifier-id", Some(&self.verifier_id), Some(&other.verifier_id)),
            ("resource-uri", Some(&self.resource_uri), Some(&other.resource_uri)),
            ("policy-uri", self.policy_uri.as_ref(), other.policy_uri.as_ref()),
        ])
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
        let result = predicate.member("verificationResult");
        if result.value != Some(&Value::from("PASSED")) {
            return Err(result.not("`PASSED`"));
        }
        let mut held = vec![result.holds()];
        held.push(self.verifier_id.check(&predicate.below("verifier.id"))?);
        held.push(self.resource_uri.check(&predicate.member("resourceUri"))?);
        if let Some(expected) = &self.policy_uri {
            held.push(expected.check(&predicate.below("policy.uri"))?);
        }
        if let Some(PolicyDigest { algorithm, hex }) = &self.policy_digest {
            let digest = predicate.below("policy.digest").member(algorithm);
            if digest.text().is_err() || digest.text()? != hex {
                return Err(digest.not(quoted(hex)));
            }
            held.push(digest.holds());
        }
        let levels = predicate.member("verifiedLevels");
        let failed =
            |item: &&Value| item.as_str().is_some_and(|level| level.trim().eq_ignore_ascii_case("FAILED"));
        if let Some(Value::Array(items)) = levels.value
            && let Some(failed) = items.iter().find(failed)
        {
            let expected = "no level that failed, as the summary says that it passed";
            return Err(Mismatch::new(NAME, &levels.path, expected, super::at::shown(failed)));
        }
        for level in self.levels.iter().flatten() {
            held.push(reached(level, &levels)?);
        }
        if let Some(age) = &self.max_age {
            held.push(age.check(&predicate.member("timeVerified"), facts.now)?);
        }
        Ok(held)
    }
}

fn reached(level: &Level, at: &At<'_>) -> Result<String, Mismatch> {
    let what = if track(&level.0).is_some() { format!("{} or higher", level.0) } else { level.0.clone() };
    let mut stated = Vec::new();
    for item in at.items()? {
        let text = item.text()?;
        if level.is_reached_by(text) {
            return Ok(item.holds());
        }
        stated.push(quoted(text));
    }
    let found = if stated.is_empty() { "empty".to_owned() } else { stated.join(", ") };
    Err(Mismatch::new(NAME, &at.path, format!("{what} among them"), found))
}

#[cfg(test)]
mod tests;
