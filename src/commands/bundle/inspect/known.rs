//! The logs that the public root built into this program lists, for their names. An identifier that is listed proves
//! nothing: anybody can write it.

use crate::trust::{TrustedRoot, embedded_public_root};

/// The listed logs.
pub(in super::super) struct Known(TrustedRoot);

impl Known {
    /// Reads the built-in root; one that could not be read would list nothing.
    pub fn new() -> Self {
        Self(embedded_public_root().unwrap_or_default())
    }

    /// The address under which a transparency log of this identifier is listed.
    pub fn log(&self, id: &[u8]) -> Option<String> {
        self.0.logs.iter().find(|log| log.log_id == id).map(|log| log.base_url.clone())
    }

    /// The address under which a certificate transparency log of this identifier is listed.
    pub fn ct_log(&self, id: &[u8]) -> Option<String> {
        self.0.ct_logs.iter().find(|log| log.log_id == id).map(|log| log.base_url.clone())
    }

    /// The root itself.
    pub fn root(&self) -> &TrustedRoot {
        &self.0
    }
}
