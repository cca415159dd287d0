//! Statements from predicate files, and statements that were written by somebody else.

use super::{PredicateType, shape};
use crate::crypto::{DecodeError, DecodeKind, Digest, HashAlgorithm, UnixTime, text};
use crate::payload::{self, Predicate, STATEMENT_SIZE_LIMIT, Statement, StatementVersion, Subject};

/// A larger predicate is refused: 128 MiB.
pub const PREDICATE_SIZE_LIMIT: usize = 128 * 1024 * 1024;
const WHAT: &str = "predicate";

/// What is to be signed as an attestation: the exact payload bytes, and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Attestation {
    /// The payload of the envelope.
    pub payload: Vec<u8>,
    /// The parsed view of the payload.
    pub statement: Statement,
}

/// Why a statement could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestError {
    /// `--type` is neither a short name nor a URI.
    #[error("`{name}` is not a predicate type: it is neither a URI nor one of {}", names())]
    UnknownType {
        /// What was typed.
        name: String,
    },
    /// The predicate or the statement is too large.
    #[error("the {what} has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// `predicate` or `statement`.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The predicate or the statement cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The predicate is JSON, but not what its type asks for.
    #[error("the predicate is not one of type {uri}: {reason}")]
    Shape {
        /// The type.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A digest in place of a file is none.
    #[error("`{text}` is not the digest of a file: {reason}")]
    Hash {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl AttestError {
    /// Whether the document is larger, deeper or more than is taken.
    pub fn is_limit(&self) -> bool {
        match self {
            Self::TooLarge { .. } => true,
            Self::Decode(error) => error.kind == DecodeKind::Limit,
            _ => false,
        }
    }
}

fn names() -> String {
    PredicateType::names().collect::<Vec<_>>().join(", ")
}

/// A predicate that is what its type asks for: checked once, however many artifacts statements are made about.
#[derive(Debug, Clone)]
pub struct TypedPredicate {
    uri: String,
    predicate: Predicate,
}

impl TypedPredicate {
    /// From a predicate file. `now` is recorded in predicates of type `custom` alone.
    ///
    /// JSON is kept as the text that it was, white space around it aside: no number is rounded and no member is dropped. `custom`
    /// and `spdx` carry the file as a string.
    ///
    /// # Errors
    /// A predicate above 128 MiB; for JSON types not JSON, not an object, duplicate members, or members that the type cannot
    /// have; for text types not UTF-8.
    pub fn new(kind: &PredicateType, file: Vec<u8>, now: UnixTime) -> Result<Self, AttestError> {
        within("predicate", file.len(), PREDICATE_SIZE_LIMIT)?;
        let predicate = match kind {
            PredicateType::Custom => {
                Predicate::custom(as_text(&file)?, UnixTime::from_seconds(now.seconds()))
            }
            PredicateType::Spdx => Predicate::from_text(as_text(&file)?),
            _ => {
                let predicate = Predicate::from_json(WHAT, file)?;
                shape::check(kind, &predicate)?;
                predicate
            }
        };
        Ok(Self { uri: kind.uri().to_owned(), predicate })
    }

    /// The type, a URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The size of the predicate as it is signed, in bytes.
    pub fn size(&self) -> usize {
        self.predicate.text().len()
    }

    /// The payload that this subject has the predicate: a statement of in-toto v0.1, as cosign writes it.
    ///
    /// # Errors
    /// The statement is larger than a verifier takes.
    pub fn about(&self, subject: Subject) -> Result<Vec<u8>, AttestError> {
        let predicate = Some(&self.predicate);
        let payload =
            payload::statement_json(StatementVersion::V0_1, &[subject], &self.uri, predicate).into_bytes();
        within("statement", payload.len(), STATEMENT_SIZE_LIMIT)?;
        Ok(payload)
    }
}

/// A statement that was written elsewhere (`--statement`): checked, and signed as exactly these bytes.
///
/// # Errors
/// As [`Statement::from_json`].
pub fn statement_file(text: &[u8]) -> Result<Attestation, AttestError> {
    Ok(Attestation { statement: Statement::from_json(text)?, payload: text.to_vec() })
}

/// The digest that `--hash` gives in place of a file: hexadecimal digits, by their number of SHA-256, SHA-384 or SHA-512;
/// or with the algorithm in front (`sha256:...`). Upper case is written as lower case, which is what verifiers compare.
///
/// # Errors
/// Anything else; cosign signs it unseen.
pub fn hash_flag(text: &str) -> Result<Digest, AttestError> {
    let error = |reason: String| AttestError::Hash { text: text.to_owned(), reason };
    let lower = text.to_ascii_lowercase();
    if lower.contains(':') {
        return Digest::parse(&lower).map_err(|e| error(e.reason));
    }
    let algorithm = match lower.len() {
        64 => HashAlgorithm::Sha256,
        96 => HashAlgorithm::Sha384,
        128 => HashAlgorithm::Sha512,
        n => return Err(error(format!("{n} characters where SHA-256 has 64, SHA-384 96 and SHA-512 128"))),
    };
    Digest::from_hex(algorithm, &lower).map_err(|e| error(e.reason))
}

fn as_text(predicate: &[u8]) -> Result<&str, AttestError> {
    text::utf_8(predicate).map_err(|why| {
        let reason = format!("{why}; a statement carries text alone");
        DecodeError::whole(WHAT, reason).into()
    })
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), AttestError> {
    if size <= limit { Ok(()) } else { Err(AttestError::TooLarge { what, size, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_763_636_108);

    fn subject() -> Subject {
        Subject::new("a.txt", &HashAlgorithm::Sha256.digest(b"hi\n"))
    }

    fn payload(name: &str, predicate: &str) -> String {
        let typed = TypedPredicate::new(&PredicateType::parse(name).unwrap(), predicate.into(), NOW).unwrap();
        let payload = typed.about(subject()).unwrap();
        // What is signed can be read again, and says the same.
        let read = Statement::from_json(&payload).unwrap();
        assert_eq!((read.version, read.subjects), (StatementVersion::V0_1, vec![subject()]));
        assert_eq!(
            (read.predicate_type.as_str(), read.predicate.as_ref()),
            (typed.uri(), Some(&typed.predicate))
        );
        String::from_utf8(payload).unwrap()
    }

    fn refused(name: &str, predicate: &[u8]) -> String {
        TypedPredicate::new(&PredicateType::parse(name).unwrap(), predicate.to_vec(), NOW)
            .unwrap_err()
            .to_string()
    }

    /// The bytes of cosign 3 for the same file, name and time.
    #[test]
    fn custom_is_what_cosign_signs() {
        let now = UnixTime::parse_rfc3339("2026-11-20T10:41:48.75Z").unwrap();
        let digest =
            Digest::parse("sha256:0fc7c8c357dfa2cc6116cdf1172b5734908a31644d6a807152023dd63d7f151a").unwrap();
        let subject = Subject::new("artifact.txt", &digest);
        let typed = TypedPredicate::new(&PredicateType::Custom, b"{\"builder\":\"fixture\"}\n".to_vec(), now)
            .unwrap();
        let cosign = r#"{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"artifact.txt","digest":{"sha256":"0fc7c8c357dfa2cc6116cdf1172b5734908a31644d6a807152023dd63d7f151a"}}],"predicateType":"https://cosign.sigstore.dev/attestation/v1","predicate":{"Data":"{\"builder\":\"fixture\"}\n","Timestamp":"2026-11-20T10:41:48Z"}}"#;
        assert_eq!(String::from_utf8(typed.about(subject).unwrap()).unwrap(), cosign);
    }

    #[test]
    fn text_types_take_anything_that_is_text() {
        let text = "SPDXVersion: \"2.3\" <&\u{e9}\u{1}\n";
        assert!(payload("spdx", text).ends_with(r#""predicate":"SPDXVersion: \"2.3\" <&é\u0001\n"}"#));
        assert!(
            payload("custom", text).contains(
                r#"{"Data":"SPDXVersion: \"2.3\" <&é\u0001\n","Timestamp":"2025-11-20T10:55:08Z"}"#
            )
        );
        assert!(payload("custom", "").contains(r#"{"Data":"","#));
        assert!(payload("spdx", "").ends_with(r#""predicate":""}"#));
        // What Windows PowerShell writes with `>`.
        for (name, end) in [
            ("custom", "; a statement carries text alone"),
            ("spdx", "; a statement carries text alone"),
            ("spdxjson", ""),
        ] {
            for utf_16 in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}"] {
                assert_eq!(refused(name, utf_16), format!("predicate: is {}{end}", text::UTF_16));
            }
        }
        for name in ["custom", "spdx"] {
            assert_eq!(
                refused(name, b"ab\xff"),
                "predicate: is not UTF-8 after byte 2; a statement carries text alone"
            );
        }
    }

    /// cosign rounds numbers and drops what its structures do not know.
    #[test]
    fn json_is_kept_whole() {
        let link = r#""_type":"link","name":"x","materials":{},"products":{},"byproducts":null,"command":[],"environment":{},"#;
        let rest = r#""b":1.0,"a":1e400,"big":123456789012345678901234567890,"html":"<a>&é\u00e9","deep":{"x":[null,-0]}"#;
        for name in [
            "link",
            "slsaprovenance",
            "slsaprovenance02",
            "slsaprovenance1",
            "vuln",
            "spdxjson",
            "cyclonedx",
            "openvex",
            "https://example.com/x",
        ] {
            let predicate = format!("{{{}{rest}}}", if name == "link" { link } else { "" });
            let text = payload(name, &format!(" {predicate}\n"));
            assert!(text.ends_with(&format!(",\"predicate\":{predicate}}}")), "{text}");
        }
    }

    #[test]
    fn json_types_refuse() {
        for name in
            ["link", "slsaprovenance", "slsaprovenance1", "vuln", "spdxjson", "cyclonedx", "openvex", "urn:x"]
        {
            assert_eq!(
                refused(name, b"not json"),
                "predicate: is not JSON: a word other than `true`, `false` and `null` at line 1 column 2"
            );
            assert_eq!(
                refused(name, b"{\"a\":{\"b\":1,\n\"b\":2}}"),
                "predicate: a.b: the member appears twice"
            );
            let uri = PredicateType::parse(name).unwrap().uri().to_owned();
            for (text, kind) in [
                ("[1]", "an array"),
                ("null", "null"),
                ("\"x\"", "a string"),
                ("-1", "a number"),
                ("true", "a boolean"),
            ] {
                let reason = format!("the predicate is not one of type {uri}: it is {kind}, not an object");
                assert_eq!(refused(name, text.as_bytes()), reason);
            }
        }
    }

    #[test]
    fn types_with_a_schema_refuse_other_members() {
        for (name, predicate, reason) in [
            ("link", r#"{"_type":"link"}"#, "its member `name` is missing"),
            ("link", r#"{"a":1}"#, "its member `_type` is missing"),
            ("link", r#"{"_type":"link","name":5}"#, "its member `name` is a number, not a string"),
            ("slsaprovenance", r#"{"builder":5}"#, "its member `builder` is a number, not an object"),
            ("slsaprovenance02", r#"{"materials":{}}"#, "its member `materials` is an object, not an array"),
            (
                "slsaprovenance1",
                r#"{"runDetails":"x"}"#,
                "its member `runDetails` is a string, not an object",
            ),
            ("vuln", r#"{"scanner":[]}"#, "its member `scanner` is an array, not an object"),
        ] {
            assert!(
                refused(name, predicate.as_bytes()).ends_with(&format!(": {reason}")),
                "{name} {predicate}"
            );
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let large = vec![b' '; PREDICATE_SIZE_LIMIT + 1];
        let reason = "the predicate has 134217729 bytes, the limit is 134217728";
        assert_eq!(refused("custom", &large), reason);
        assert_eq!(refused("spdxjson", &large), reason);
    }

    /// What is signed can be read again, also by rules and policies: a statement is one deeper than its predicate.
    #[test]
    fn depths_are_bounded_before_anything_is_signed() {
        let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
        for name in ["https://example.com/x", "cyclonedx", "slsaprovenance1"] {
            let text = payload(name, &nested(126));
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
            let kind = PredicateType::parse(name).unwrap();
            let error = TypedPredicate::new(&kind, nested(127).into_bytes(), NOW).unwrap_err();
            assert!(error.is_limit());
            assert_eq!(error.to_string(), "predicate: is nested deeper than 126");
        }
    }

    #[test]
    fn a_statement_is_signed_as_it_was_written() {
        let text = br#" { "predicate" : 1.0, "subject":[{"digest":{"gitCommit":"abc"}}], "x":1, "predicateType":"t","_type":"https://in-toto.io/Statement/v1"} "#;
        let made = statement_file(text).unwrap();
        assert_eq!(made.payload, text);
        assert_eq!(made.statement.predicate.unwrap().text(), "1.0");
        assert!(statement_file(br#"{"_type":"https://in-toto.io/Statement/v1"}"#).is_err());
    }

    /// cosign's attest-blob signs whatever `--hash` says.
    #[test]
    fn digests_in_place_of_files() {
        for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let digest = algorithm.digest(b"x");
            for text in [digest.hex(), digest.to_string(), digest.hex().to_uppercase()] {
                assert_eq!(hash_flag(&text).unwrap(), digest);
            }
        }
        let good = HashAlgorithm::Sha256.digest(b"x").hex();
        for bad in ["abcd", "", "sha256:", &good.replace(&good[..1], "g"), &format!("md5:{good}"), &good[1..]]
        {
            assert!(hash_flag(bad).is_err(), "{bad}");
        }
        let reason = "`abcd` is not the digest of a file: 4 characters where SHA-256 has 64, SHA-384 96 and SHA-512 128";
        assert_eq!(hash_flag("abcd").unwrap_err().to_string(), reason);
    }
}
