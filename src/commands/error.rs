//! The one error that leaves a command.

use crate::crypto::{DecodeError, DecodeKind};
use crate::storage;

/// How many names stand before a hint.
const NAMED: usize = 3;

/// What layers of the HTTP client call themselves.
const LAYERS: [&str; 7] = [
    "client error (",
    "connection error",
    "dns error",
    "error resolving DNS",
    "error sending request",
    "error trying to connect",
    "tcp connect error",
];

/// What kind of failure it is. `cli::exit` turns it into the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Anything without a kind of its own.
    Other,
    /// The command line asks for something that makes no sense.
    Usage,
    /// A file cannot be read or written, or is not what it should be.
    Format,
    /// Trust material is missing, unusable or expired.
    TrustMaterial,
    /// A server could not be reached or answered with a failure.
    Network,
    /// Somebody has to prove who he is: a password, a token, a credential.
    Authentication,
    /// The signature is sound, and a policy refuses it.
    Policy,
    /// Something is larger, deeper or more than the limits allow.
    LimitExceeded,
    /// There is no signature where one was expected.
    NoSignature,
    /// There is no such artifact.
    NoSuchArtifact,
    /// There are signatures and none is valid.
    NoneValid,
    /// A certificate was expected beside the signature, and there is none.
    NoCertificate,
}

impl ErrorKind {
    /// Its name in reports; it does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Usage => "usage",
            Self::Format => "format",
            Self::TrustMaterial => "trust-material",
            Self::Network => "network",
            Self::Authentication => "authentication",
            Self::Policy => "policy",
            Self::LimitExceeded => "limit-exceeded",
            Self::NoSignature => "no-signature",
            Self::NoSuchArtifact => "no-such-artifact",
            Self::NoneValid => "none-valid",
            Self::NoCertificate => "no-certificate",
        }
    }

    /// Whether it is a verdict on an artifact; anything else kept one from being reached.
    pub fn is_verdict(self) -> bool {
        match self {
            Self::NoneValid
            | Self::NoCertificate
            | Self::NoSignature
            | Self::NoSuchArtifact
            | Self::Policy => true,
            Self::Other
            | Self::Usage
            | Self::Format
            | Self::TrustMaterial
            | Self::Network
            | Self::Authentication
            | Self::LimitExceeded => false,
        }
    }
}

impl serde::Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A failed command: one line of what failed and on what, why, and what to do next.
///
/// Nothing here needs escaping: whatever prints it escapes every line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// One line, lower case, no full stop.
    pub message: String,
    /// Where signatures were refused: the code of the reason that says most.
    pub reason: Option<&'static str>,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// Where several candidates were tried: why each was refused, in the order of trying.
    pub candidates: Vec<String>,
    /// Where a run was about several things: those that failed, in order.
    pub parts: Box<[Part]>,
    /// What to do next; each names a flag or a command.
    pub hints: Vec<String>,
}

/// One of several things that failed in the same run. Its hints are those of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// What failed.
    pub error: Error,
}

impl Error {
    /// An error without cause and hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            reason: None,
            causes: Vec::new(),
            candidates: Vec::new(),
            parts: Box::default(),
            hints: Vec::new(),
        }
    }

    /// An error of kind [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// An input file that cannot be used; an exceeded limit has a kind of its own.
    pub fn file(error: &storage::Error) -> Self {
        let kind = match error {
            storage::Error::TooLarge { .. } => ErrorKind::LimitExceeded,
            _ => ErrorKind::Format,
        };
        Self::with_sources(kind, error)
    }

    /// A file of trust material that cannot be read.
    pub fn trust_file(error: &storage::Error) -> Self {
        match Self::file(error) {
            error if error.kind == ErrorKind::LimitExceeded => error,
            error => Self { kind: ErrorKind::TrustMaterial, ..error },
        }
    }

    /// An artifact that cannot be read; one that does not exist has a kind of its own.
    pub fn artifact(error: &storage::Error) -> Self {
        match error {
            storage::Error::Missing { .. } => Self::with_sources(ErrorKind::NoSuchArtifact, error),
            _ => Self::file(error),
        }
    }

    /// An output file that cannot be written.
    pub fn output(error: &storage::FileError) -> Self {
        let new = Self::with_sources(ErrorKind::Format, error);
        match error {
            storage::FileError::PrivateKey(_) => {
                new.hint("name another file, or remove the key first if nobody needs it any more")
            }
            storage::FileError::Exists(_) => new.hint("name another file, or remove that one first"),
            _ => new,
        }
    }

    /// An error that speaks for itself, with every error beneath it as causes.
    pub fn with_sources(kind: ErrorKind, error: &dyn std::error::Error) -> Self {
        let mut this = Self::new(kind, error.to_string());
        this.add_causes(error.source());
        this
    }

    /// Adds `source` and every error beneath it as causes. What a decoder says of limits and of missing signatures
    /// decides the kind.
    #[must_use]
    pub fn caused_by(mut self, source: &(dyn std::error::Error + 'static)) -> Self {
        self.kind = match source.downcast_ref::<DecodeError>().map(|e| e.kind) {
            Some(DecodeKind::Limit) => ErrorKind::LimitExceeded,
            Some(DecodeKind::NoSignature) => ErrorKind::NoSignature,
            Some(DecodeKind::Malformed) | None => self.kind,
        };
        self.add_causes(Some(source));
        self
    }

    /// An error and all beneath it, but for what the layers of a transport call themselves above the one that has something to say.
    fn add_causes(&mut self, error: Option<&(dyn std::error::Error + 'static)>) {
        let all = std::iter::successors(error, |error| error.source());
        self.causes.extend(all.filter_map(|error| {
            let words = error.to_string();
            #[cfg(feature = "http")]
            let words = crate::http::tls_in_words(&words).unwrap_or(words);
            let is_name = error.source().is_some() && LAYERS.iter().any(|layer| words.starts_with(layer));
            (!is_name).then_some(words)
        }));
        // Layers that only pass on say the same.
        self.causes.dedup();
    }

    /// Adds one cause in words.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds why one candidate was refused.
    #[cfg(test)]
    #[must_use]
    pub fn candidate(mut self, reason: impl Into<String>) -> Self {
        self.candidates.push(reason.into());
        self
    }

    /// Adds one of several things that failed.
    #[must_use]
    pub fn part(mut self, name: impl Into<String>, error: Self) -> Self {
        let mut parts = std::mem::take(&mut self.parts).into_vec();
        parts.push(Part { name: name.into(), error });
        self.parts = parts.into();
        self
    }

    /// One error of several things that failed in one run. A hint that is not for all of them says for which it is.
    pub fn several(kind: ErrorKind, message: String, failed: Vec<(String, Self)>) -> Self {
        let mut this = Self::new(kind, message);
        let mut hints: Vec<(String, Vec<String>)> = Vec::new();
        let count = failed.len();
        for (name, mut one) in failed {
            for hint in std::mem::take(&mut one.hints) {
                match hints.iter_mut().find(|(known, _)| *known == hint) {
                    Some((_, names)) => names.push(name.clone()),
                    None => hints.push((hint, vec![name.clone()])),
                }
            }
            this = this.part(name, one);
        }
        for (hint, names) in hints {
            this = this.hint(if names.len() == count { hint } else { format!("{}: {hint}", few(&names)) });
        }
        this
    }

    /// Without the hint of this text, for whoever it would send to where he is.
    #[must_use]
    pub fn without_hint(mut self, text: &str) -> Self {
        self.hints.retain(|hint| hint != text);
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The first of these names, and how many there are beside.
fn few(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} others", shown.join(", ")),
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn caused_by_lists_the_whole_chain_outermost_first() {
        let source = Outer("x".parse::<u8>().unwrap_err());
        let error = Error::usage("bad").caused_by(&source);
        assert_eq!(error.causes, ["outer", "invalid digit found in string"]);
    }

    #[test]
    fn builders_add_to_their_own_list() {
        let error = Error::new(ErrorKind::Other, "no such thing").cause("c").candidate("1").hint("h");
        assert_eq!(error.to_string(), "no such thing");
        assert_eq!(
            (error.kind, error.causes, error.candidates, error.hints),
            (ErrorKind::Other, vec!["c".to_owned()], vec!["1".to_owned()], vec!["h".to_owned()])
        );
    }
}
