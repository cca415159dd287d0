//! In-toto statements (in-toto attestation framework, statement v0.1 and v1).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{STATEMENT_SIZE_LIMIT, json_text};
use crate::crypto::{DecodeError, Digest, Digests, HashAlgorithm, Node, UnixTime, json};

/// The payload type of an envelope that holds a statement.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The predicate type of cosign 3's image signatures: a statement that names an image and says nothing else of it.
pub const IMAGE_SIGNATURE_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// A statement with more subjects is refused (CVE-2024-45395).
const SUBJECT_LIMIT: usize = 1024;
/// A subject with more digests, or with more annotations, is refused (CVE-2024-45395).
const DIGEST_LIMIT: usize = 32;
/// A statement with more members is refused; the specification knows four.
const MEMBER_LIMIT: usize = 64;
const WHAT: &str = "in-toto statement";
/// Of a predicate alone: what is made of it has to be read again.
const PREDICATE_DEPTH: usize = json_text::DEPTH_LIMIT - 1;

/// The two versions of the statement layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementVersion {
    /// `https://in-toto.io/Statement/v0.1`
    V0_1,
    /// `https://in-toto.io/Statement/v1`
    V1,
}

impl StatementVersion {
    /// The URI that a statement's `_type` carries.
    pub fn uri(self) -> &'static str {
        match self {
            Self::V0_1 => "https://in-toto.io/Statement/v0.1",
            Self::V1 => "https://in-toto.io/Statement/v1",
        }
    }
}

/// A statement: these subjects have this predicate. A parsed view; what is signed is the envelope's payload bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The version, from `_type`.
    pub version: StatementVersion,
    /// The artifacts it is about; a decoder refuses a statement with none.
    pub subjects: Vec<Subject>,
    /// The type of the predicate, a URI (or a plain word where old tools wrote one).
    pub predicate_type: String,
    /// The predicate; the specification lets a statement go without.
    pub predicate: Option<Predicate>,
}

/// A predicate: JSON of any type, kept as the text that was written, so that nothing in it is rounded or dropped. Shared: it may have
/// many megabytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicate(Arc<String>);

/// One artifact that a statement is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subject {
    /// The name; not authenticated by anything but the statement.
    pub name: String,
    /// Digests in hexadecimal by algorithm name. Algorithms that this program does not know stay here, and match nothing.
    pub digest: BTreeMap<String, String>,
    /// Annotations of the subject.
    pub annotations: BTreeMap<String, Value>,
}

impl Predicate {
    /// Takes JSON text over, without the white space around it.
    ///
    /// # Errors
    /// Larger than a statement may be; not JSON (with line and column); duplicate members (with their path); nested
    /// deeper than 126: in a statement it is one deeper.
    pub fn from_json(what: &'static str, text: Vec<u8>) -> Result<Self, DecodeError> {
        within_size(what, &text)?;
        let (start, end) = {
            let checked = json_text::check(what, &text, PREDICATE_DEPTH)?;
            (checked.len() - checked.trim_start().len(), checked.trim_end().len())
        };
        let mut text = String::from_utf8(text).map_err(|e| DecodeError::whole(what, e.to_string()))?;
        text.truncate(end);
        text.drain(..start);
        Ok(Self(Arc::new(text)))
    }

    /// An object without members.
    pub fn empty() -> Self {
        Self(Arc::new("{}".to_owned()))
    }

    /// A predicate that is a JSON string: this text.
    pub fn from_text(text: &str) -> Self {
        Self(Arc::new(Value::from(text).to_string()))
    }

    /// The predicate of cosign's type `custom`: a text and when it was signed.
    pub fn custom(data: &str, signed_at: UnixTime) -> Self {
        let (data, time) = (Value::from(data), Value::from(signed_at.to_string()));
        Self(Arc::new(format!(r#"{{"Data":{data},"Timestamp":{time}}}"#)))
    }

    /// The members of an object with the text of each value; `None` when the predicate is not an object.
    pub fn members(&self) -> Option<Vec<(String, &str)>> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&self.0).ok()?;
        Some(members.into_iter().map(|(name, raw)| (name, raw.get())).collect())
    }

    /// The JSON text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The value, for policies and for people; numbers are rounded to what an i64, u64 or f64 holds.
    ///
    /// # Errors
    /// A number that none of these holds (`1e400`), or half of a surrogate pair in a string.
    #[cfg(any(test, feature = "internals"))]
    pub fn value(&self) -> Result<Value, DecodeError> {
        let why = |error| DecodeError::new(WHAT, "predicate", json::why_not(self.0.as_bytes(), &error));
        serde_json::from_str(&self.0).map_err(why)
    }
}

impl Statement {
    /// Parses a statement (strict JSON; members that the specification does not know are ignored, as it demands).
    ///
    /// # Errors
    /// More than [`STATEMENT_SIZE_LIMIT`] bytes; an unknown `_type`; no subject or more than 1024; a missing or empty
    /// predicate type; a subject without a digest or with more than 32; a digest of a known algorithm that is not
    /// lower-case hexadecimal of its length; wrongly typed or duplicate members.
    pub fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        within_size(WHAT, text)?;
        let members = Members(json_text::members(WHAT, text, MEMBER_LIMIT)?);
        let names = members.0.iter().map(|(name, _)| &**name);
        if let Some(reason) = json::misspelled(names, &["_type", "predicate", "predicateType", "subject"]) {
            return Err(DecodeError::whole(WHAT, reason));
        }
        let subjects = json_text::items(WHAT, "subject", members.get("subject")?, SUBJECT_LIMIT)?;
        if subjects.is_empty() {
            return Err(DecodeError::new(WHAT, "subject", "is empty"));
        }
        let subject = |(i, text): (usize, &&str)| {
            let at = format!("subject[{i}]");
            let value = value_of(&at, text)?;
            Subject::from_node(&Node::part(WHAT, at, &value))
        };
        let version = members.text("_type")?;
        let version = [StatementVersion::V0_1, StatementVersion::V1]
            .into_iter()
            .find(|v| v.uri() == version)
            .ok_or_else(|| {
                DecodeError::new(
                    WHAT,
                    "_type",
                    format!("`{version}` is not a version of the statement that is understood"),
                )
            })?;
        Ok(Self {
            version,
            subjects: subjects.iter().enumerate().map(subject).collect::<Result<_, _>>()?,
            predicate_type: members.text("predicateType")?,
            predicate: members.find("predicate").map(|text| Predicate(Arc::new(text.to_owned()))),
        })
    }

    /// As [`statement_json`] says.
    pub fn to_json(&self) -> String {
        statement_json(self.version, &self.subjects, &self.predicate_type, self.predicate.as_ref())
    }

    /// The first subject that is this artifact.
    pub fn matches(&self, digests: &Digests) -> Option<&Subject> {
        self.subjects.iter().find(|s| s.is(digests))
    }
}

/// Compact JSON to sign, members in the order of cosign 3: `_type`, `subject`, `predicateType`, `predicate`; the predicate is its own
/// text, byte for byte.
pub fn statement_json(
    version: StatementVersion,
    subjects: &[Subject],
    predicate_type: &str,
    predicate: Option<&Predicate>,
) -> String {
    let subjects: Value = subjects.iter().map(Subject::to_value).collect();
    let (version, predicate_type) = (Value::from(version.uri()), Value::from(predicate_type));
    let head = format!(r#"{{"_type":{version},"subject":{subjects},"predicateType":{predicate_type}"#);
    match predicate {
        Some(predicate) => [&head, r#","predicate":"#, predicate.text(), "}"].concat(),
        None => head + "}",
    }
}

impl Subject {
    /// A subject of this name with one digest.
    pub fn new(name: impl Into<String>, digest: &Digest) -> Self {
        let digest = BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex())]);
        Self { name: name.into(), digest, annotations: BTreeMap::new() }
    }

    /// The first digest by an algorithm that this program computes.
    pub fn known_digest(&self) -> Option<Digest> {
        HashAlgorithm::ALL.into_iter().find_map(|a| Digest::from_hex(a, self.digest.get(a.name())?).ok())
    }

    /// Whether the subject is the artifact with these digests: at least one digest is equal, and none by an algorithm
    /// that both have differs.
    pub fn is(&self, digests: &Digests) -> bool {
        let mut equal = false;
        for digest in digests.iter() {
            match self.digest.get(digest.algorithm().name()) {
                Some(stated) if *stated == digest.hex() => equal = true,
                Some(_) => return false,
                None => (),
            }
        }
        equal
    }

    fn from_node(node: &Node<'_>) -> Result<Self, DecodeError> {
        node.spelled(&["annotations", "content", "digest", "downloadLocation", "mediaType", "name", "uri"])?;
        let list = node.member("digest")?;
        let mut digest = BTreeMap::new();
        for (name, value) in list.members(DIGEST_LIMIT)? {
            let text = value.non_empty_text()?;
            if let Some(known) = HashAlgorithm::ALL.into_iter().find(|a| a.name() == name) {
                Digest::from_hex(known, text).map_err(|e| value.error(e.reason))?;
            }
            digest.insert(name.to_owned(), text.to_owned());
        }
        if digest.is_empty() {
            return Err(list.error("is empty; a subject without a digest is no artifact"));
        }
        let name = node.optional("name")?.map(|n| n.text()).transpose()?.unwrap_or_default().to_owned();
        let annotations = match node.optional("annotations")? {
            Some(all) => {
                all.members(DIGEST_LIMIT)?.iter().map(|(k, v)| ((*k).to_owned(), v.value().clone())).collect()
            }
            None => BTreeMap::new(),
        };
        Ok(Self { name, digest, annotations })
    }

    fn to_value(&self) -> Value {
        let mut out = serde_json::Map::new();
        if !self.name.is_empty() {
            out.insert("name".into(), self.name.as_str().into());
        }
        out.insert("digest".into(), self.digest.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        if !self.annotations.is_empty() {
            out.insert("annotations".into(), self.annotations.clone().into_iter().collect());
        }
        Value::Object(out)
    }
}

fn within_size(what: &'static str, text: &[u8]) -> Result<(), DecodeError> {
    match text.len() {
        0..=STATEMENT_SIZE_LIMIT => Ok(()),
        size => {
            let reason = format!("{size} bytes, the limit is {STATEMENT_SIZE_LIMIT}");
            Err(DecodeError::whole(what, reason).over_limit())
        }
    }
}

fn value_of(at: &str, text: &str) -> Result<Value, DecodeError> {
    json::parse(WHAT, text.as_bytes()).map_err(|e| DecodeError { at: at.to_owned(), what: WHAT, ..e })
}

/// The members of the statement as text; duplicates were refused before.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, text)| *text)
    }

    fn get(&self, name: &str) -> Result<&'a str, DecodeError> {
        self.find(name)
            .filter(|text| *text != "null")
            .ok_or_else(|| DecodeError::new(WHAT, name, "is missing"))
    }

    fn text(&self, name: &str) -> Result<String, DecodeError> {
        let value = value_of(name, self.get(name)?)?;
        Node::part(WHAT, name, &value).non_empty_text().map(ToOwned::to_owned)
    }
}

#[cfg(test)]
mod tests;
