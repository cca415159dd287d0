//! The services by name, and the time by which each lives.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::crypto::UnixTime;

/// A service of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The page for people.
    Page,
    /// The issuer of identity tokens.
    Oidc,
    /// The certificate authority.
    Fulcio,
    /// Its log of certificates.
    Ct,
    /// The transparency log, version 1.
    RekorV1,
    /// The transparency log, version 2.
    RekorV2,
    /// The timestamp authority.
    Tsa,
    /// The TUF repository.
    Tuf,
    /// The OCI registry.
    Registry,
}

impl Service {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Page,
        Self::Oidc,
        Self::Fulcio,
        Self::Ct,
        Self::RekorV1,
        Self::RekorV2,
        Self::Tsa,
        Self::Tuf,
        Self::Registry,
    ];

    /// The word by which flags, files and messages call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Oidc => "oidc",
            Self::Fulcio => "fulcio",
            Self::Ct => "ct",
            Self::RekorV1 => "rekor",
            Self::RekorV2 => "rekor2",
            Self::Tsa => "tsa",
            Self::Tuf => "tuf",
            Self::Registry => "registry",
        }
    }
}

/// The clock of one service, which may be wrong on purpose.
#[derive(Debug, Default)]
pub struct Clock {
    offset: AtomicI64,
}

impl Clock {
    /// A clock that is so many seconds ahead, or behind if negative.
    pub fn ahead_by(seconds: i64) -> Self {
        Self { offset: AtomicI64::new(seconds) }
    }

    /// The time that it shows. Before 1970 it shows 1970.
    pub fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        UnixTime::from_seconds(seconds.saturating_add(self.offset.load(Ordering::Relaxed)).max(0))
    }
}
