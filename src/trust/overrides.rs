//! Trust material from PEM files and cosign's SIGSTORE_* variables.

/// PEM texts, as read.
#[derive(Debug, Clone, Default)]
pub struct PemOverrides {}
