//! Regular expressions with RE2's meaning (stub to be replaced).

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: regex::bytes::Regex,
}

/// An expression that RE2 refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a valid regular expression (RE2 syntax): {reason}")]
pub struct PatternError {
    /// The expression.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Pattern {
    /// Compiles.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let regex = regex::bytes::Regex::new(pattern)
            .map_err(|e| PatternError { pattern: pattern.into(), reason: e.to_string() })?;
        Ok(Self { source: pattern.into(), regex })
    }
    /// The expression as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// Whether it matches anywhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }
}
