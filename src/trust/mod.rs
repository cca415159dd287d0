//! What verification trusts: the trusted root, its overrides from PEM files, the embedded public root; and the signing
//! config.

mod document;
#[cfg(feature = "public-root")]
mod embedded;
mod encode;
mod overrides;
mod signing_config;
mod trusted_root;

pub use document::{Listed, RootDocument};
#[cfg(feature = "public-root")]
pub use embedded::{
    EMBEDDED_ROOT_DATE, embedded_public_root, embedded_public_root_document, embedded_public_root_json,
    embedded_public_signing_config,
};
pub use overrides::{PemOverrides, PemText};
pub use signing_config::{LOG_VERSIONS, SelectError, Selection, Service, SigningConfig};

use crate::crypto::{PublicKey, UnixTime};
use crate::x509::Certificate;

/// A span of time; both ends belong to it (Sigstore trusted root, `TimeRange`). A missing end is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub start: Option<UnixTime>,
    /// The last moment.
    pub end: Option<UnixTime>,
}

impl Window {
    /// Whether `time` lies in the window.
    pub fn contains(&self, time: UnixTime) -> bool {
        self.start.is_none_or(|s| s <= time) && self.end.is_none_or(|e| time <= e)
    }

    /// Whether it ends before it starts, so that no time lies in it.
    pub fn is_empty(&self) -> bool {
        matches!((self.start, self.end), (Some(start), Some(end)) if end < start)
    }
}

/// The trusted root: every authority that a verification may rely on, each with its own window. Built from a
/// `trusted_root.json`, from PEM files, or from the embedded constants; all give the same type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedRoot {
    /// Where it came from, for messages: a path, or `the embedded public root of <date>`.
    pub source: String,
    /// Certificate authorities (Fulcio or private).
    pub certificate_authorities: Vec<CertificateAuthority>,
    /// Transparency logs (Rekor).
    pub logs: Vec<Log>,
    /// Certificate transparency logs.
    pub ct_logs: Vec<Log>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<CertificateAuthority>,
    /// What the document names and this program cannot use, and therefore left out: one line each, for warnings.
    pub skipped: Vec<String>,
}

/// A certificate authority or a timestamp authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAuthority {
    /// The service's address; a label.
    pub uri: String,
    /// The trust anchors: usually the one root.
    pub anchors: Vec<Certificate>,
    /// The certificates between an anchor and a leaf, in any order; for a timestamp authority also its leaf.
    pub intermediates: Vec<Certificate>,
    /// When it may be relied on.
    pub valid_for: Window,
}

/// A log of entries or of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The service's address; a label. For Rekor v2 its host name is the checkpoint origin.
    pub base_url: String,
    /// The checkpoint origin, where the trusted root states one.
    pub origin: Option<String>,
    /// The log's identifier, as entries name it.
    pub log_id: Vec<u8>,
    /// The log's key.
    pub key: PublicKey,
    /// When the key may be relied on.
    pub valid_for: Window,
}

impl Log {
    /// The name under which a Rekor v2 log signs: the origin that the trusted root states, else the host of its address.
    pub fn checkpoint_name(&self) -> String {
        let host = |url: &str| {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            // An IPv6 address stands in brackets, which are no part of the name.
            match authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
                Some((address, _)) => address.to_owned(),
                None => authority.split_once(':').map_or(authority, |(host, _)| host).to_owned(),
            }
        };
        self.origin.clone().unwrap_or_else(|| host(&self.base_url))
    }
}
