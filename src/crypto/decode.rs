//! The one error of every decoder.

/// A document that could not be decoded: what it was meant to be, where in it the trouble is, and what the trouble is.
///
/// Displayed as `<what>: <at>: <reason>`, without `at` when the whole document is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What was being decoded, such as `Sigstore bundle` or `certificate`.
    pub what: &'static str,
    /// Where: a path of member names (`verificationMaterial.tlogEntries[0].logIndex`), or empty for the whole.
    pub at: String,
    /// What is wrong there, in words.
    pub reason: String,
    /// Whether the document is larger, deeper or more than is read, and not malformed as far as it was read.
    pub limit: bool,
}

impl DecodeError {
    /// An error about one member of a document.
    pub fn new(what: &'static str, at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what, at: at.into(), reason: reason.into(), limit: false }
    }

    /// An error about a whole document.
    pub fn whole(what: &'static str, reason: impl Into<String>) -> Self {
        Self::new(what, "", reason)
    }

    /// This error, told to be about an exceeded limit.
    #[must_use]
    pub fn over_limit(self) -> Self {
        Self { limit: true, ..self }
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, at, reason, limit: _ } = self;
        if at.is_empty() { write!(f, "{what}: {reason}") } else { write!(f, "{what}: {at}: {reason}") }
    }
}

impl std::error::Error for DecodeError {}
