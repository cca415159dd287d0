//! The simple-signing payload: what a signature in the tag scheme is made over (containers/image, "atomic container
//! signature"; cosign's specification of signatures, "Simple Signing").

use std::collections::BTreeMap;

use crate::crypto::Digest;

/// What such a payload says that it is.
const TYPE: &str = "cosign container image signature";

/// The payload for the image `digest` of the repository `reference`, the very bytes that cosign makes: members in this order,
/// annotations by name, `null` where there are none, no line end.
pub fn simple_signing(reference: &str, digest: &Digest, annotations: &BTreeMap<String, String>) -> String {
    let optional = if annotations.is_empty() {
        "null".to_owned()
    } else {
        let pairs: Vec<_> =
            annotations.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
        format!("{{{}}}", pairs.join(","))
    };
    format!(
        "{{\"critical\":{{\"identity\":{{\"docker-reference\":{}}},\"image\":{{\"docker-manifest-digest\":{}}},\"type\":{}}},\
         \"optional\":{optional}}}",
        quoted(reference),
        quoted(&digest.to_string()),
        quoted(TYPE),
    )
}

/// A string as Go's `encoding/json` writes it: what HTML would obey is escaped too.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HashAlgorithm;

    /// Made by `cosign generate -a a=b,c=<x> -a b=2`, version 3.1.1.
    #[test]
    fn the_bytes_are_those_of_cosign() {
        let digest = HashAlgorithm::Sha256.digest(b"");
        let pairs = [("c", "<x>"), ("a", "b"), ("b", "2")];
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(
            simple_signing("127.0.0.1:5917/app/one", &digest, &pairs),
            format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"127.0.0.1:5917/app/one"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":{{"a":"b","b":"2","c":"\u003cx\u003e"}}}}"#
            )
        );
        assert!(simple_signing("r/a", &digest, &BTreeMap::new()).ends_with(r#"},"optional":null}"#));
        assert_eq!(quoted("\"\\\n\u{1}&\u{2028}\u{e4}"), "\"\\\"\\\\\\n\\u0001\\u0026\\u2028\u{e4}\"");
    }
}
