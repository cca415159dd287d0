//! What can go wrong.

use std::error::Error;
use std::io;

use super::KeyType;
use crate::crypto::sealed::OpenError;
use crate::crypto::{self, DecodeError, DecodeKind, PrivateKeyError};
use crate::verify;

/// A document that cannot be parsed. Displayed in one line: what it was to be, where the trouble is, what it is.
///
/// ```
/// let error = rcosign::Bundle::from_json(b"{}").unwrap_err();
/// assert_eq!(error.to_string(), "bundle: not a bundle but an empty object");
/// assert_eq!(error.kind(), rcosign::ParseErrorKind::Malformed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ParseError(#[from] DecodeError);

/// What kind of trouble a document is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// It is larger, deeper or more than is read.
    Limit,
    /// It is not what it should be.
    Malformed,
    /// It is what it should be, but for the signature, which is not in it.
    NoSignature,
}

impl ParseError {
    /// What it was to be, such as `Sigstore bundle`.
    pub fn document(&self) -> &'static str {
        self.0.what
    }

    /// Where the trouble is: a path of member names such as `verificationMaterial.tlogEntries[0].logIndex`, or empty for
    /// the whole.
    pub fn location(&self) -> &str {
        &self.0.at
    }

    /// What the trouble is, in words.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ParseErrorKind {
        match self.0.kind {
            DecodeKind::Limit => ParseErrorKind::Limit,
            DecodeKind::Malformed => ParseErrorKind::Malformed,
            DecodeKind::NoSignature => ParseErrorKind::NoSignature,
        }
    }
}

/// A regular expression that is refused: not RE2's syntax, empty, or too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct PatternError(#[from] verify::PatternError);

/// Why a private key could not be read, made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key could not be encrypted: the random source failed.
    #[error("the private key could not be encrypted")]
    Encrypt,
    /// The key is encrypted, and was to be read without a passphrase.
    #[error("the private key is encrypted; a passphrase is needed")]
    Encrypted,
    /// The key file asks for more work than is done for one; no memory was taken.
    #[error("the key file asks for too much work: {0}")]
    ExcessiveWork(String),
    /// The key could not be generated: no such length, or the random source failed.
    #[error("could not generate a {0} key")]
    Generate(KeyType),
    /// Not a private key, or of a kind that is not supported.
    #[error(transparent)]
    Parse(ParseError),
    /// The passphrase does not open the key, or the key file was changed.
    #[error("the passphrase does not open the key, or the key file was changed")]
    Passphrase,
}

impl From<PrivateKeyError> for KeyError {
    fn from(error: PrivateKeyError) -> Self {
        match error {
            PrivateKeyError::Decode(error) => Self::Parse(error.into()),
            PrivateKeyError::Generate(key_type) => Self::Generate(key_type.into()),
        }
    }
}

impl From<OpenError> for KeyError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Decode(error) => Self::Parse(error.into()),
            error @ OpenError::ExcessiveWork { .. } => Self::ExcessiveWork(error.to_string()),
            OpenError::Password => Self::Passphrase,
        }
    }
}

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Whatever holds the key failed.
    #[error("the signing operation failed: {0}")]
    Backend(Box<dyn Error + Send + Sync>),
    /// The artifact was given by its digest, and the key needs something else.
    #[error("the artifact was given by its {given} digest, and the key needs {needed}")]
    DigestUnusable {
        /// The algorithm of the given digest.
        given: &'static str,
        /// What the key signs.
        needed: String,
    },
    /// The artifact could not be read.
    #[error("the artifact could not be read")]
    Read(#[source] io::Error),
    /// The new signature does not verify with the key's public half; it was thrown away.
    #[error("the new signature does not verify: {0}")]
    SelfCheck(Rejection),
    /// The artifact is larger than the memory that is taken for a key that signs the artifact itself (Ed25519).
    #[error("the artifact is larger than the {limit} bytes that an Ed25519 key signs")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The key cannot sign this form of input.
    #[error("a {key} key cannot sign {input}")]
    Unsupported {
        /// The kind of key.
        key: KeyType,
        /// What it was asked to sign.
        input: String,
    },
}

impl SignError {
    /// A failure of whatever holds the key, for implementations of [`SigningKey`](crate::SigningKey).
    pub fn backend(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }
}

impl From<crypto::SignError> for SignError {
    fn from(error: crypto::SignError) -> Self {
        match error {
            crypto::SignError::Input { key, input } => Self::Unsupported { key: key.into(), input },
            // What a caller's own key said comes back as it was.
            crypto::SignError::Backend(inner) => match inner.downcast::<Self>() {
                Ok(error) => *error,
                Err(inner) => Self::Backend(inner),
            },
        }
    }
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The artifact could not be read.
    #[error("the artifact could not be read")]
    Read(#[source] io::Error),
    /// No signature of the bundle is valid for what was asked.
    #[error("{best}")]
    #[non_exhaustive]
    Rejected {
        /// The rejection that says most.
        best: Rejection,
        /// The rejections of all signatures that were judged, in the order of the document; `best` is among them.
        all: Vec<Rejection>,
    },
}

impl VerifyError {
    /// The stable code of the reason, as [`Rejection::code`]; `None` where it never came to a verdict.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => None,
            Self::Rejected { best, .. } => Some(best.code()),
        }
    }
}

/// One signature that is not accepted: the first check that failed, and why. Displayed in one line.
#[derive(Clone, thiserror::Error)]
#[error("{0}")]
pub struct Rejection(pub(super) Box<verify::Rejection>);

impl Rejection {
    /// The stable code of the reason, such as `signature-invalid` or `certificate-expired`. It never changes its meaning;
    /// new ones may come. `docs/reference/reasons.md` explains each.
    pub fn code(&self) -> &'static str {
        self.0.reason().code()
    }

    /// The check that failed: `structure`, `log`, `time`, `chain`, `sct`, `signature`, `claim` or `signer`.
    pub fn check(&self) -> &'static str {
        self.0.check().name()
    }

    /// Whether a limit was exceeded, so that signatures after this one were not looked at.
    pub fn is_limit(&self) -> bool {
        self.0.reason().is_limit()
    }
}

impl std::fmt::Debug for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rejection({}: {self})", self.code())
    }
}
