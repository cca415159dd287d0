//! The embedded public root.

use sigstore_trust_root::{SIGSTORE_PRODUCTION_SIGNING_CONFIG, SIGSTORE_PRODUCTION_TRUSTED_ROOT};

use super::{RootDocument, Service, SigningConfig, TrustedRoot, Window};
use crate::crypto::{DecodeError, UnixTime};

/// The day of the embedded constants: when the `sigstore-trust-root` crate that holds them was released, which refreshes
/// them from Sigstore's TUF repository before each release.
pub const EMBEDDED_ROOT_DATE: &str = "2026-10-23";

/// The public instance's log of the second version, and since when signers may use it.
const REKOR_V2: &str = "https://log2025-1.rekor.sigstore.dev";
/// 2026-01-01T00:00:00Z.
const REKOR_V2_START: UnixTime = UnixTime::from_seconds(1_767_225_600);

/// The public instance's trusted root, from the constants of `sigstore-trust-root`. Parsed at each call; call it only
/// where it is used.
///
/// # Errors
/// When the constant cannot be read, which a test rules out.
pub fn embedded_public_root() -> Result<TrustedRoot, DecodeError> {
    let source = format!("the embedded public root of {EMBEDDED_ROOT_DATE}");
    TrustedRoot::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), &source)
}

/// The same as a document.
///
/// # Errors
/// As [`embedded_public_root`].
pub fn embedded_public_root_document() -> Result<RootDocument, DecodeError> {
    RootDocument::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())
}

/// The public instance's signing config, from the constants of `sigstore-trust-root`. With `rekor_v2` its log of the second
/// version comes first, as in the target `signing_config_rekor_v2.v0.2.json` of Sigstore's TUF repository
/// (sigstore/root-signing), which differs by this service alone and which that crate does not have.
///
/// # Errors
/// When the constant cannot be read, which a test rules out.
pub fn embedded_public_signing_config(rekor_v2: bool) -> Result<SigningConfig, DecodeError> {
    let mut config = SigningConfig::from_json(SIGSTORE_PRODUCTION_SIGNING_CONFIG.as_bytes())?;
    if rekor_v2 {
        let log = Service {
            url: REKOR_V2.to_owned(),
            major_api_version: 2,
            valid_for: Window { start: Some(REKOR_V2_START), end: None },
            operator: "sigstore.dev".to_owned(),
        };
        config.logs.insert(0, log);
    }
    Ok(config)
}

/// The document itself, as its publisher wrote it.
pub fn embedded_public_root_json() -> &'static str {
    SIGSTORE_PRODUCTION_TRUSTED_ROOT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{json, sha256};
    use crate::trust::Selection;

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

    #[test]
    fn writing_the_public_root_loses_nothing() {
        let json = |text: &str| json::parse("root", text.as_bytes()).unwrap();
        let document = embedded_public_root_document().unwrap().to_json();
        assert_eq!(json(&document), json(SIGSTORE_PRODUCTION_TRUSTED_ROOT));
        assert_eq!(embedded_public_root().unwrap().to_json(), document);
    }

    #[test]
    fn the_signing_config_with_rekor_v2_has_one_log_more() {
        let (plain, with) =
            (embedded_public_signing_config(false).unwrap(), embedded_public_signing_config(true).unwrap());
        assert_eq!(plain.log_selection, Selection::Any);
        let (first, rest) = with.logs.split_first().unwrap();
        assert_eq!(rest, plain.logs);
        assert_eq!(SigningConfig { logs: plain.logs.clone(), ..with.clone() }, plain);
        assert_eq!(REKOR_V2_START.to_string(), "2026-01-01T00:00:00Z");
        // What is signed with it must be verifiable with the root beside it.
        let root = embedded_public_root().unwrap();
        let log = root.logs.iter().find(|log| log.base_url == first.url).unwrap();
        assert!(log.valid_for.contains(first.valid_for.start.unwrap()));
    }
}
