//! The simple-signing payload: what a signature in the tag scheme is made over (containers/image, "atomic container
//! signature"; cosign's specification of signatures, "Simple Signing").

use std::collections::BTreeMap;

use serde_json::Value;

use crate::crypto::{DecodeError, Digest, Node, json};

/// What such a payload says that it is.
const TYPE: &str = "cosign container image signature";
/// The same in the signatures of containers/image that are made with OpenPGP keys (containers-signature(5)).
const ATOMIC: &str = "atomic container signature";
/// A larger payload is refused; cosign's own have 300 bytes.
const SIZE_LIMIT: usize = 1024 * 1024;
/// A payload with more members in one object, or more annotations, is refused.
const MEMBER_LIMIT: usize = 1024;
const WHAT: &str = "simple-signing payload";

/// What a payload says: this image was signed under this name. A parsed view; what is signed is the payload's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleSigning {
    /// The repository under which it was signed (`critical.identity.docker-reference`), empty where the payload has none.
    /// Images move between registries: cosign shows it and compares it with nothing.
    pub reference: String,
    /// The digest of the image's manifest (`critical.image.docker-manifest-digest`).
    pub digest: Digest,
    /// `critical.type`: one of the two types of such payloads that there are.
    pub kind: String,
    /// The annotations, JSON of any type; `None` where the payload says `null` or nothing.
    pub optional: Option<BTreeMap<String, Value>>,
}

impl SimpleSigning {
    /// Parses a payload (strict JSON; members that nobody knows are ignored).
    ///
    /// # Errors
    /// More than 1 MiB; not JSON, duplicate members, more than 1024 in one object; a digest or a type that is missing; a
    /// digest that is not `sha256:`, `sha384:` or `sha512:` and its lower-case hexadecimal digits; another type than
    /// `cosign container image signature` or `atomic container signature`; wrongly typed members; a member in another
    /// letter case, which Go would read as that member.
    pub fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        if text.len() > SIZE_LIMIT {
            let reason = format!("{} bytes, the limit is {SIZE_LIMIT}", text.len());
            return Err(DecodeError::whole(WHAT, reason).over_limit());
        }
        let value = json::parse(WHAT, text)?;
        let top = Node::root(WHAT, &value);
        top.spelled(&["critical", "optional"])?;
        let critical = top.member("critical")?;
        critical.spelled(&["identity", "image", "type"])?;
        let image = critical.member("image")?;
        image.spelled(&["docker-manifest-digest"])?;
        let digest = image.member("docker-manifest-digest")?;
        let digest = Digest::parse(digest.non_empty_text()?).map_err(|e| digest.error(e.reason))?;
        let kind = critical.member("type")?;
        let name = kind.non_empty_text()?;
        if name != TYPE && name != ATOMIC {
            let known = format!("is `{name}`, expected `{TYPE}`");
            return Err(kind.error(known));
        }
        let reference = match critical.optional("identity")? {
            Some(identity) => {
                identity.spelled(&["docker-reference"])?;
                identity.optional("docker-reference")?.map(|n| n.text()).transpose()?.unwrap_or_default()
            }
            None => "",
        };
        let optional = match top.optional("optional")? {
            Some(all) => {
                let members = all.members(MEMBER_LIMIT)?;
                Some(members.iter().map(|(name, v)| ((*name).to_owned(), v.value().clone())).collect())
            }
            None => None,
        };
        Ok(Self { reference: reference.to_owned(), digest, kind: name.to_owned(), optional })
    }

    /// The text of an annotation; `None` where there is none, or where it is no text.
    #[cfg(test)]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.optional.as_ref()?.get(name)?.as_str()
    }
}

/// The payload for the image `digest` of the repository `reference`, the very bytes that cosign makes: members in this order,
/// annotations by name, `null` where there are none, no line end.
pub fn simple_signing(reference: &str, digest: &Digest, annotations: &BTreeMap<String, String>) -> String {
    let optional = if annotations.is_empty() {
        "null".to_owned()
    } else {
        let pairs: Vec<_> = annotations
            .iter()
            .map(|(name, value)| format!("{}:{}", go_string(name), go_string(value)))
            .collect();
        format!("{{{}}}", pairs.join(","))
    };
    format!(
        "{{\"critical\":{{\"identity\":{{\"docker-reference\":{}}},\"image\":{{\"docker-manifest-digest\":{}}},\"type\":{}}},\
         \"optional\":{optional}}}",
        go_string(reference),
        go_string(&digest.to_string()),
        go_string(TYPE),
    )
}

/// A string as Go's `encoding/json` writes it: what HTML would obey is escaped too.
pub fn go_string(text: &str) -> String {
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
    use crate::crypto::{DecodeKind, HashAlgorithm};

    fn good() -> String {
        let pairs = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        simple_signing("r.example/app", &HashAlgorithm::Sha256.digest(b""), &pairs)
    }

    #[test]
    fn reads_what_it_makes() {
        let read = SimpleSigning::from_json(good().as_bytes()).unwrap();
        assert_eq!((read.reference.as_str(), read.kind.as_str()), ("r.example/app", TYPE));
        assert_eq!(read.digest, HashAlgorithm::Sha256.digest(b""));
        assert_eq!((read.annotation("a"), read.annotation("b")), (Some("b"), None));
        let none = simple_signing("r.example/app", &read.digest, &BTreeMap::new());
        assert_eq!(SimpleSigning::from_json(none.as_bytes()).unwrap().optional, None);
    }

    /// Annotations of containers/image are numbers, too; an annotation that is no text equals no text.
    #[test]
    fn keeps_annotations_of_any_type() {
        let text = good()
            .replace(r#"{"a":"b"}"#, r#"{"creator":"x","timestamp":1458239713,"n":null,"o":{"p":[1]}}"#);
        let read = SimpleSigning::from_json(text.replace(TYPE, ATOMIC).as_bytes()).unwrap();
        assert_eq!(
            serde_json::to_string(&read.optional).unwrap(),
            r#"{"creator":"x","n":null,"o":{"p":[1]},"timestamp":1458239713}"#
        );
        assert_eq!(
            (read.annotation("creator"), read.annotation("timestamp"), read.annotation("n")),
            (Some("x"), None, None)
        );
        let text = good()
            .replace(r#""identity":{"docker-reference":"r.example/app"},"#, "")
            .replace(r#""critical":{"#, r#""new":1,"critical":{"more":[],"#);
        assert_eq!(SimpleSigning::from_json(text.as_bytes()).unwrap().reference, "");
    }

    #[test]
    fn refuses() {
        let digest = HashAlgorithm::Sha256.digest(b"").hex();
        for (from, to, reason) in [
            (r#""critical""#, r#""Critical""#, "member `Critical` is spelled `critical`"),
            (r#""image""#, r#""IMAGE""#, "critical: member `IMAGE` is spelled `image`"),
            (
                "docker-manifest-digest",
                "Docker-manifest-digest",
                "critical.image: member `Docker-manifest-digest` is spelled `docker-manifest-digest`",
            ),
            (r#""critical""#, r#""other""#, "critical: is missing"),
            (r#""type""#, r#""kind""#, "critical.type: is missing"),
            (TYPE, "", "critical.type: is empty"),
            (TYPE, "something", "critical.type: is `something`, expected `cosign container image signature`"),
            (r#""r.example/app""#, "1", "critical.identity.docker-reference: is a number, not a string"),
            (r#"{"a":"b"}"#, r#"["a"]"#, "optional: is an array, not an object"),
            (r#"{"a":"b"}"#, r#"{"a":"b","a":"c"}"#, "optional.a: the member appears twice"),
            ("sha256:", "sha1:", ""),
            ("sha256:", "", ""),
            (digest.as_str(), "", ""),
            (digest.as_str(), &digest.to_uppercase(), ""),
            (digest.as_str(), &digest[1..], ""),
        ] {
            let text = good().replacen(from, to, 1);
            assert_ne!(text, good());
            let found = SimpleSigning::from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(
                found.starts_with("simple-signing payload: ") && found.contains(reason),
                "{from} -> {to}: {found}"
            );
        }
        for text in ["", "null", "[]", "{}", "x", &good()[1..], &format!("{}{}", good(), "{}")] {
            assert!(SimpleSigning::from_json(text.as_bytes()).is_err(), "{text}");
        }
        for text in [
            good().replace(r#""b""#, &format!("\"{}\"", "b".repeat(SIZE_LIMIT))),
            good().replace(
                r#""a":"b""#,
                &(0..=MEMBER_LIMIT).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","),
            ),
        ] {
            assert_eq!(SimpleSigning::from_json(text.as_bytes()).unwrap_err().kind, DecodeKind::Limit);
        }
    }

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
        assert_eq!(go_string("\"\\\n\u{1}&\u{2028}\u{e4}"), "\"\\\"\\\\\\n\\u0001\\u0026\\u2028\u{e4}\"");
    }
}
