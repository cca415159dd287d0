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
    /// What kind of trouble it is.
    pub kind: DecodeKind,
}

/// What kind of trouble a document is in; only the exit code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeKind {
    /// It is not what it should be.
    Malformed,
    /// It is larger, deeper or more than is read, and not malformed as far as it was read.
    Limit,
    /// It is what it should be, but for the signature, which is not in it.
    NoSignature,
}

impl DecodeError {
    /// An error about one member of a document.
    pub fn new(what: &'static str, at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what, at: at.into(), reason: reason.into(), kind: DecodeKind::Malformed }
    }

    /// An error about a whole document.
    pub fn whole(what: &'static str, reason: impl Into<String>) -> Self {
        Self::new(what, "", reason)
    }

    /// This error, told to be about a signature that is not there.
    #[must_use]
    pub fn no_signature(self) -> Self {
        self.of_kind(DecodeKind::NoSignature)
    }

    /// This error, told to be of this kind: for an error about a part of a document that becomes one about the whole.
    #[must_use]
    pub fn of_kind(self, kind: DecodeKind) -> Self {
        Self { kind, ..self }
    }

    /// This error, told to be about an exceeded limit.
    #[must_use]
    pub fn over_limit(self) -> Self {
        self.of_kind(DecodeKind::Limit)
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, at, reason, kind: _ } = self;
        if at.is_empty() { write!(f, "{what}: {reason}") } else { write!(f, "{what}: {at}: {reason}") }
    }
}

impl std::error::Error for DecodeError {}
