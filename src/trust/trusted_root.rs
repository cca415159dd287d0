//! The trusted root's JSON.

use super::TrustedRoot;
use crate::crypto::DecodeError;

impl TrustedRoot {
    /// Parses `trusted_root.json` v0.1 (proto3 JSON freedoms as in bundles).
    pub fn from_json(_text: &[u8], _source: &str) -> Result<Self, DecodeError> {
        todo!()
    }
}
