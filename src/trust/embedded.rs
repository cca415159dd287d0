//! The embedded public root.

use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

use super::TrustedRoot;
use crate::crypto::DecodeError;

/// The day of the embedded constants: when the `sigstore-trust-root` crate that holds them was released, which refreshes
/// them from Sigstore's TUF repository before each release.
pub const EMBEDDED_ROOT_DATE: &str = "2026-10-23";

/// The public instance's trusted root, from the constants of `sigstore-trust-root`. Parsed at each call; call it only
/// where it is used.
///
/// # Errors
/// When the constant cannot be read, which a test rules out.
pub fn embedded_public_root() -> Result<TrustedRoot, DecodeError> {
    let source = format!("the embedded public root of {EMBEDDED_ROOT_DATE}");
    TrustedRoot::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), &source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{UnixTime, sha256};

    /// The date above belongs to exactly this document.
    #[test]
    fn date_belongs_to_the_constant() {
        assert_eq!(
            hex::encode(sha256(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())),
            "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66",
            "the crate's constant changed: set EMBEDDED_ROOT_DATE to the release date in its CHANGELOG"
        );
    }

    #[test]
    fn the_public_root_is_read_whole() {
        let root = embedded_public_root().unwrap();
        assert!(root.skipped.is_empty(), "{:?}", root.skipped);
        assert_eq!(root.source, "the embedded public root of 2026-10-23");
        assert_eq!(root.certificate_authorities.len(), 2);
        assert_eq!(root.logs.len(), 2);
        assert_eq!(root.ct_logs.len(), 2);
        assert_eq!(root.timestamp_authorities.len(), 1);
        let rekor = &root.logs[0];
        assert_eq!(rekor.base_url, "https://rekor.sigstore.dev");
        assert_eq!(rekor.log_id, rekor.key.key_id());
        assert_eq!(rekor.valid_for.start, Some(UnixTime::parse_rfc3339("2021-01-12T11:53:27Z").unwrap()));
        assert_eq!(rekor.valid_for.end, None);
        let fulcio = &root.certificate_authorities[1];
        assert_eq!((fulcio.anchors.len(), fulcio.intermediates.len()), (1, 1));
        assert!(fulcio.anchors[0].is_self_issued() && !fulcio.intermediates[0].is_self_issued());
    }
}
