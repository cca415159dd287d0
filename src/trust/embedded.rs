//! The embedded public root.

use super::TrustedRoot;

/// The day of the embedded constants.
pub const EMBEDDED_ROOT_DATE: &str = "2025-10-23";

/// The public instance's trusted root, from the constants of `sigstore-trust-root`.
pub fn embedded_public_root() -> Result<TrustedRoot, crate::crypto::DecodeError> {
    todo!()
}
