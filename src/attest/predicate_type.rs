//! The predicate types that `--type` names.

use super::AttestError;

/// A predicate type: one of cosign's short names, or a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PredicateType {
    /// `custom`: any text, wrapped with the time of signing.
    Custom,
    /// `cyclonedx`: a CycloneDX document in JSON.
    CycloneDx,
    /// `link`: an in-toto link.
    Link,
    /// `openvex`: an OpenVEX document.
    OpenVex,
    /// `slsaprovenance`, `slsaprovenance02`: SLSA provenance v0.2.
    SlsaProvenance02,
    /// `slsaprovenance1`: SLSA provenance v1.
    SlsaProvenance1,
    /// `spdx`: an SPDX document in any serialisation, carried as text.
    Spdx,
    /// `spdxjson`: an SPDX document in JSON.
    SpdxJson,
    /// `vuln`: cosign's record of a vulnerability scan.
    Vuln,
    /// Any other type by its URI: JSON as it is.
    Uri(String),
}

/// Short names and what they mean, in the order of help texts. `slsaprovenance` means v0.2 in every version of cosign.
const NAMES: [(&str, PredicateType); 10] = [
    ("custom", PredicateType::Custom),
    ("cyclonedx", PredicateType::CycloneDx),
    ("link", PredicateType::Link),
    ("openvex", PredicateType::OpenVex),
    ("slsaprovenance", PredicateType::SlsaProvenance02),
    ("slsaprovenance02", PredicateType::SlsaProvenance02),
    ("slsaprovenance1", PredicateType::SlsaProvenance1),
    ("spdx", PredicateType::Spdx),
    ("spdxjson", PredicateType::SpdxJson),
    ("vuln", PredicateType::Vuln),
];

impl PredicateType {
    /// The short names, in the order of help texts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The type that is to be signed: a short name, or a URI, which is taken as it is. The URI of `custom` means
    /// `custom`, as in cosign; every other URI means that the predicate is JSON of its own.
    ///
    /// # Errors
    /// A word that is neither; cosign's attest-blob would sign it as if it were a URI.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        if let Some((_, known)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(known.clone());
        }
        if text == Self::Custom.uri() {
            return Ok(Self::Custom);
        }
        if is_uri(text) {
            return Ok(Self::Uri(text.to_owned()));
        }
        Err(AttestError::UnknownType { name: text.to_owned() })
    }

    /// The URI that a statement has to carry when a verifier asks for this `--type`: a short name's URI, and everything
    /// else as it was typed, because old tools have signed plain words.
    pub fn uri_to_verify(asked: &str) -> &str {
        NAMES.iter().find(|(name, _)| *name == asked).map_or(asked, |(_, known)| known.uri())
    }

    /// The short name that somebody may have meant by a word that is neither a short name nor a URI: letters and digits
    /// left out of it, or added. Nothing is decided by it.
    pub fn meant(word: &str) -> Option<&'static str> {
        let letters = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        let plain = letters(word);
        if is_uri(word) || !(3..=60).contains(&plain.len()) || Self::names().any(|name| name == word) {
            return None;
        }
        let close = Self::names().filter(|name| is_within(name, &plain) || is_within(&plain, name));
        close.min_by_key(|name| name.len().abs_diff(plain.len()))
    }

    /// Whether `text` is neither a short name nor a URI.
    pub fn is_plain_word(text: &str) -> bool {
        !is_uri(text) && !Self::names().any(|name| name == text)
    }

    /// The URI of the type, which goes into the statement.
    pub fn uri(&self) -> &str {
        match self {
            Self::Custom => "https://cosign.sigstore.dev/attestation/v1",
            Self::CycloneDx => "https://cyclonedx.org/bom",
            Self::Link => "https://in-toto.io/Link/v1",
            Self::OpenVex => "https://openvex.dev/ns",
            Self::SlsaProvenance02 => "https://slsa.dev/provenance/v0.2",
            Self::SlsaProvenance1 => "https://slsa.dev/provenance/v1",
            Self::Spdx | Self::SpdxJson => "https://spdx.dev/Document",
            Self::Vuln => "https://cosign.sigstore.dev/attestation/vuln/v1",
            Self::Uri(uri) => uri,
        }
    }
}

/// Whether the letters of `part` stand in `whole`, in their order.
fn is_within(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|letter| rest.any(|found| found == letter))
}

/// Whether a text is an absolute URI by its form (RFC 3986 sections 3 and 3.1): a scheme, a colon, something after it,
/// no white space or control characters.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    scheme_fits && !rest.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_meant() {
        for (word, name) in [
            ("slsaprov1", Some("slsaprovenance1")),
            ("slsaprov", Some("slsaprovenance")),
            ("SPDX-JSON", Some("spdxjson")),
            ("cyclonedxjson", Some("cyclonedx")),
            ("CycloneDX", Some("cyclonedx")),
            ("spdx", None),
            ("https://slsa.dev/provenance/v1", None),
            ("release", None),
            ("x", None),
        ] {
            assert_eq!(PredicateType::meant(word), name, "{word}");
        }
    }

    #[test]
    fn names_and_uris() {
        for (name, uri) in [
            ("custom", "https://cosign.sigstore.dev/attestation/v1"),
            ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
            ("spdx", "https://spdx.dev/Document"),
            ("spdxjson", "https://spdx.dev/Document"),
            ("cyclonedx", "https://cyclonedx.org/bom"),
            ("link", "https://in-toto.io/Link/v1"),
            ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("openvex", "https://openvex.dev/ns"),
            ("https://example.com/a?b#c", "https://example.com/a?b#c"),
            ("urn:x", "urn:x"),
        ] {
            assert_eq!(PredicateType::parse(name).unwrap().uri(), uri);
            assert_eq!(PredicateType::uri_to_verify(name), uri);
        }
        assert_eq!(PredicateType::names().count(), 10);
        assert_eq!(
            PredicateType::parse("https://cosign.sigstore.dev/attestation/v1").unwrap(),
            PredicateType::Custom
        );
        let slsa = "https://slsa.dev/provenance/v0.2";
        assert_eq!(PredicateType::parse(slsa).unwrap(), PredicateType::Uri(slsa.into()));
    }

    #[test]
    fn words_are_not_signed_but_can_be_asked_for() {
        for word in ["bogus", "", "SPDX", "/foo", "a b:c", "https:", ":x", "1a:b", "https://x\n"] {
            let error = PredicateType::parse(word).unwrap_err().to_string();
            assert!(error.contains("custom, cyclonedx, link, openvex, slsaprovenance"), "{error}");
            assert_eq!(PredicateType::uri_to_verify(word), word);
        }
    }
}
