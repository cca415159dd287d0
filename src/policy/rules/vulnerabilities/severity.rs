//! How grave a finding is.

use serde::Deserialize;

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

    fn of_score(text: &str) -> Option<Self> {
        let plain =
            !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let score: f64 = text.parse().ok().filter(|_| plain)?;
        match score {
            0.0 => Some(Self::None),
            score if score < 4.0 => Some(Self::Low),
            score if score < 7.0 => Some(Self::Medium),
            score if score < 9.0 => Some(Self::High),
            score if score <= 10.0 => Some(Self::Critical),
            _ => None,
        }
    }
}
