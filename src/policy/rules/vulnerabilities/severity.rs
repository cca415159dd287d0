//! How grave a finding is.

use serde::Deserialize;
use serde_json::Value;

/// From the least to the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    None,
    Negligible,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// What scanners write: a word in any case, or a score of CVSS (CVSS v3.1, section 5, table 14). A word or a vector that is not
    /// known is no severity.
    pub fn of(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "negligible" => Some(Self::Negligible),
            "low" => Some(Self::Low),
            "medium" | "moderate" => Some(Self::Medium),
            "high" | "important" => Some(Self::High),
            "critical" => Some(Self::Critical),
            score => Self::of_score(score),
        }
    }

    /// A word, or a score as a text or a number.
    pub fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::of(text),
            Value::Number(number) => Self::of_number(number.as_f64()?),
            _ => None,
        }
    }

    /// Trivy's numbers for sources; 0 is one that is not known.
    pub fn of_trivy(number: u64) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .get(usize::try_from(number.checked_sub(1)?).ok()?)
            .copied()
    }

    fn of_score(text: &str) -> Option<Self> {
        let plain =
            !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        Self::of_number(text.parse().ok().filter(|_| plain)?)
    }

    fn of_number(score: f64) -> Option<Self> {
        match score {
            score if score < 0.0 => None,
            0.0 => Some(Self::None),
            score if score < 4.0 => Some(Self::Low),
            score if score < 7.0 => Some(Self::Medium),
            score if score < 9.0 => Some(Self::High),
            score if score <= 10.0 => Some(Self::Critical),
            _ => None,
        }
    }
}

/// What is said of how grave one finding is, by whomever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ratings {
    gravest: Option<Severity>,
    /// Whether one of them is not known.
    is_open: bool,
}

impl Ratings {
    /// One more; `None` is one that is not known.
    pub fn add(&mut self, severity: Option<Severity>) {
        self.gravest = self.gravest.max(severity);
        self.unknown_if(severity.is_none());
    }

    /// All that is said of something else that this is.
    pub fn add_all(&mut self, other: Self) {
        self.gravest = self.gravest.max(other.gravest);
        self.unknown_if(other.is_open);
    }

    /// Notes that one is not known, if it is so.
    pub fn unknown_if(&mut self, is_unknown: bool) {
        self.is_open |= is_unknown;
    }

    /// The gravest, where those that are not known are as grave as `unknown`; without that there may be a graver one.
    pub fn gravest(self, unknown: Option<Severity>) -> Option<Severity> {
        match self.gravest {
            Some(known) if !self.is_open || known == Severity::Critical => Some(known),
            known => known.max(unknown).filter(|_| unknown.is_some()),
        }
    }
}
