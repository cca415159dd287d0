//! What a verification trusts.

use super::ParseError;
use crate::trust;

/// The trusted root: certificate authorities, transparency logs, certificate transparency logs and timestamp authorities,
/// each with the window of time in which it may be relied on (`dev.sigstore.trustroot.v1.TrustedRoot`).
///
/// It is as trustworthy as the place it was taken from; nothing about it can be verified here.
///
/// ```
/// use rcosign::TrustedRoot;
///
/// let document = std::fs::read("testdata/conformance/trusted_root.json")?;
/// let root = TrustedRoot::from_json(&document)?;
/// assert_eq!(root.skipped().count(), 0);
/// assert!(TrustedRoot::from_json(root.to_json().as_bytes()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedRoot(pub(super) trust::TrustedRoot);

impl TrustedRoot {
    /// Parses `trusted_root.json` v0.1 and v0.2. What cannot be used, such as a log with a new kind of key, is left out and
    /// named by [`Self::skipped`]; nothing can be verified with what is left out.
    ///
    /// # Errors
    /// Not such a document, larger than 4 MiB, more than 256 authorities or logs of a kind, members missing, unknown,
    /// repeated or wrongly typed, a key or certificate that cannot be read.
    pub fn from_json(document: &[u8]) -> Result<Self, ParseError> {
        Ok(Self(trust::TrustedRoot::from_json(document, "the given trusted root")?))
    }

    /// The trusted root of Sigstore's public instance as it was when this version of the crate was made. Keys are rotated
    /// about once a year: prefer a current `trusted_root.json` where there is one.
    ///
    /// # Errors
    /// When the constant cannot be read, which a test rules out.
    #[cfg(feature = "public-root")]
    pub fn public() -> Result<Self, ParseError> {
        Ok(Self(trust::embedded_public_root()?))
    }

    /// The root as `trusted_root.json` v0.1, without what was left out: for example to keep the built-in one in a file.
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Trusts nobody: no authority and no log. Enough to verify by a key alone
    /// ([`Policy::dangerously_without_log`](crate::Policy::dangerously_without_log)).
    pub fn empty() -> Self {
        Self(trust::TrustedRoot::default())
    }

    /// What the document names and this version cannot use: one line for each.
    pub fn skipped(&self) -> impl Iterator<Item = &str> {
        self.0.skipped.iter().map(String::as_str)
    }
}
