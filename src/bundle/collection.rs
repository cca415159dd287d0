//! Documents that hold several bundles: JSON lines, as `gh attestation download` writes them, and the answer of GitHub's attestation
//! service (`GET /repos/OWNER/NAME/attestations/DIGEST`).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::crypto::DecodeError;

/// More bundles than this are refused (CVE-2023-46737).
const LIMIT: usize = 1000;
const WHAT: &str = "collection of bundles";

/// One of the documents, with its place: `line 2`, `attestations[1].bundle`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Where it is.
    pub at: String,
    /// Its own bytes.
    pub document: &'a [u8],
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    attestations: Vec<Attestation<'a>>,
}

#[derive(Deserialize)]
struct Attestation<'a> {
    #[serde(borrow)]
    bundle: Option<&'a RawValue>,
}

/// Takes a document apart that is no bundle itself; `None` where it is no collection either.
///
/// # Errors
/// It is one, and is empty, holds more than 1000, or leaves one of them out.
pub fn parts(document: &[u8]) -> Result<Option<Vec<Part<'_>>>, DecodeError> {
    let document = super::without_mark(document);
    let mut parts = Vec::new();
    if let Ok(answer) = serde_json::from_slice::<Answer<'_>>(document) {
        for (i, attestation) in answer.attestations.iter().enumerate() {
            let at = format!("attestations[{i}].bundle");
            let Some(bundle) = attestation.bundle else {
                // The service gives an address in place of a large bundle.
                return Err(DecodeError::new(
                    WHAT,
                    at,
                    "is missing, and what `bundle_url` names is not fetched",
                ));
            };
            parts.push(Part { at, document: bundle.get().as_bytes() });
        }
        if parts.is_empty() {
            return Err(DecodeError::new(WHAT, "attestations", "is empty").no_signature());
        }
    } else {
        let lines = document.split(|byte| *byte == b'\n').enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
        parts.extend(
            lines.map(|(i, line)| Part { at: format!("line {}", i + 1), document: line }).take(LIMIT + 1),
        );
        // One document over several lines has none that is whole.
        let is_whole = |part: &Part<'_>| {
            part.document.trim_ascii().starts_with(b"{")
                && serde_json::from_slice::<&RawValue>(part.document).is_ok()
        };
        if parts.len() < 2 || !parts.first().is_some_and(is_whole) {
            return Ok(None);
        }
    }
    if parts.len() > LIMIT {
        return Err(DecodeError::whole(WHAT, format!("more than {LIMIT} bundles")).over_limit());
    }
    Ok(Some(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<(String, String)>> {
        let text_of = |part: &Part<'_>| (part.at.clone(), String::from_utf8(part.document.to_vec()).unwrap());
        parts(text.as_bytes()).unwrap().map(|parts| parts.iter().map(text_of).collect())
    }

    #[test]
    fn lines_and_answers_are_taken_apart_byte_for_byte() {
        let pair = |at: &str, text: &str| (at.to_owned(), text.to_owned());
        assert_eq!(
            found("{\"a\": 1}\n\n{\"b\":[2 ]}\n"),
            Some(vec![pair("line 1", "{\"a\": 1}"), pair("line 3", "{\"b\":[2 ]}")])
        );
        let answer = r#"{"attestations": [{"repository_id": 1, "bundle": {"a": [1 , 2]}}, {"bundle":{}}], "next": null}"#;
        let both =
            vec![pair("attestations[0].bundle", r#"{"a": [1 , 2]}"#), pair("attestations[1].bundle", "{}")];
        assert_eq!(found(answer), Some(both));
        for none in [
            "",
            "{}",
            "{\"a\":1}",
            "{\n\"a\":1\n}",
            "{\n}\n{\n}",
            "[1]\n[2]",
            "x\ny",
            "{\"attestations\": 1}",
        ] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_left_out_or_too_much_is_an_error() {
        for (text, says) in [
            (r#"{"attestations": []}"#.to_owned(), "is empty"),
            (
                r#"{"attestations": [{"bundle": {}}, {"bundle": null, "bundle_url": "https://x.example"}]}"#
                    .to_owned(),
                "attestations[1].bundle: is missing",
            ),
            (r#"{"attestations": [{}]}"#.to_owned(), "attestations[0].bundle"),
            ("{}\n".repeat(1001), "more than 1000"),
        ] {
            let said = parts(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
