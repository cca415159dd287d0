//! Changing `index.json`. Pure. What is not understood stays, and everything stays in its order.

use serde_json::{Map, Value, json};

use crate::crypto::{DecodeError, Digest, Node, json as strict};
use crate::storage::images::contents::{
    CONTAINERD_NAME, INDEX, INDEX_TYPE, KIND, KIND_ATTESTATIONS, KIND_SIGNATURES, REF_NAME,
};

const MAX_ENTRIES: usize = 10_000;
const ENTRIES: &str = "manifests";

/// What is to be listed.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub media_type: &'a str,
    pub digest: &'a Digest,
    pub size: usize,
    /// What kind of artifact it says that it is.
    pub artifact_type: Option<&'a str>,
    /// Annotations of the entry.
    pub annotations: &'a [(String, String)],
    /// Its name. Without one it stays nameless, unless it is listed already.
    pub tag: Option<&'a str>,
}

/// `index.json`.
#[derive(Debug)]
pub(super) struct Index {
    /// All but the entries, whose place is kept.
    members: Map<String, Value>,
    pub entries: Vec<Value>,
}

impl Index {
    /// One without entries.
    pub fn empty() -> Self {
        let mut members = Map::new();
        members.insert("schemaVersion".to_owned(), json!(2));
        members.insert("mediaType".to_owned(), json!(INDEX_TYPE));
        members.insert(ENTRIES.to_owned(), Value::Null);
        Self { members, entries: Vec::new() }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not an object with a list of entries.
    pub fn parse(text: &[u8]) -> Result<Self, DecodeError> {
        let mut value = strict::parse(INDEX, text)?;
        Node::root(INDEX, &value).member(ENTRIES)?.items(MAX_ENTRIES)?;
        let entries = value.get_mut(ENTRIES).map(Value::take);
        match (value, entries) {
            (Value::Object(members), Some(Value::Array(entries))) => Ok(Self { members, entries }),
            _ => Err(DecodeError::whole(INDEX, "it is no index")),
        }
    }

    /// Its text.
    pub fn text(mut self) -> Vec<u8> {
        self.members.insert(ENTRIES.to_owned(), Value::Array(self.entries));
        Value::Object(self.members).to_string().into_bytes()
    }

    /// Lists a manifest. Of manifests that had its tag before, `replaced` has no entry afterwards, and any other has
    /// no tag.
    pub fn put(&mut self, entry: &Entry<'_>, replaced: Option<&Digest>) {
        let (digest, replaced) = (entry.digest.to_string(), replaced.map(Digest::to_string));
        let list = &mut self.entries;
        let has_tag = |old: &Value| entry.tag.is_some() && annotation(old, REF_NAME) == entry.tag;
        // Under its name; or nameless, and it gets the name; or in the place of what it replaces.
        let at = list
            .iter()
            .position(|old| has_digest(old, &digest) && (entry.tag.is_none() || has_tag(old)))
            .or_else(|| {
                list.iter().position(|old| has_digest(old, &digest) && annotation(old, REF_NAME).is_none())
            })
            .or_else(|| {
                let replaced = replaced.as_deref()?;
                list.iter().position(|old| {
                    has_digest(old, replaced) && (has_tag(old) || is_nameless_attachment(old))
                })
            });
        let at = at.unwrap_or_else(|| {
            list.push(json!({}));
            list.len().saturating_sub(1)
        });
        if let Some(slot) = list.get_mut(at).and_then(Value::as_object_mut) {
            fill(slot, entry, &digest);
        }
        let mut position = 0;
        list.retain_mut(|old| {
            let here = position == at;
            position += 1;
            if here || !has_tag(old) {
                return true;
            }
            if has_digest(old, &digest)
                || replaced.as_deref().is_some_and(|replaced| has_digest(old, replaced))
            {
                return false;
            }
            remove_annotation(old, REF_NAME);
            true
        });
    }

    /// Takes entries out that say nothing but that a manifest is there, which the index that was written now names.
    pub fn drop_bare(&mut self, children: &[Digest]) {
        let children: Vec<String> = children.iter().map(Digest::to_string).collect();
        let is_bare = |old: &Value| {
            let known = |name: &String| matches!(name.as_str(), "mediaType" | "digest" | "size");
            old.as_object().is_some_and(|members| members.keys().all(known))
        };
        let named = |old: &Value| children.iter().any(|digest| has_digest(old, digest));
        self.entries.retain(|old| !(is_bare(old) && named(old)));
    }

    /// Takes entries of a manifest out: those that `tag` names, or all of them; whether there was one.
    pub fn remove(&mut self, digest: &Digest, tag: Option<&dyn Fn(&str) -> bool>) -> bool {
        let digest = digest.to_string();
        let list = &mut self.entries;
        let before = list.len();
        list.retain(|old| {
            let same = has_digest(old, &digest);
            let meant = match tag {
                None => true,
                Some(is) => {
                    annotation(old, REF_NAME).is_none_or(is)
                        || annotation(old, CONTAINERD_NAME).is_some_and(is)
                }
            };
            !(same && meant)
        });
        list.len() < before
    }
}

/// Writes what an entry says, and leaves what else stands there.
fn fill(slot: &mut Map<String, Value>, entry: &Entry<'_>, digest: &str) {
    slot.insert("mediaType".to_owned(), json!(entry.media_type));
    slot.insert("digest".to_owned(), json!(digest));
    slot.insert("size".to_owned(), json!(entry.size));
    if let Some(artifact_type) = entry.artifact_type {
        slot.insert("artifactType".to_owned(), json!(artifact_type));
    }
    let tag = entry.tag.map(|tag| (REF_NAME.to_owned(), tag.to_owned()));
    let mut new = entry.annotations.iter().cloned().chain(tag).peekable();
    if new.peek().is_none() {
        return;
    }
    let annotations = slot.entry("annotations").or_insert_with(|| json!({}));
    if !annotations.is_object() {
        *annotations = json!({});
    }
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.extend(new.map(|(name, value)| (name, Value::String(value))));
    }
}

/// Gives an entry an annotation, in place of that of the same name.
pub(super) fn set_annotation(entry: &mut Value, name: &str, value: &str) {
    let Some(members) = entry.as_object_mut() else { return };
    let annotations = members.entry("annotations").or_insert_with(|| json!({}));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(name.to_owned(), json!(value));
    }
}

pub(super) fn annotation<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry.get("annotations")?.get(name)?.as_str()
}

pub(super) fn remove_annotation(entry: &mut Value, name: &str) {
    let Some(members) = entry.as_object_mut() else { return };
    let Some(annotations) = members.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.shift_remove(name);
    if annotations.is_empty() {
        members.shift_remove("annotations");
    }
}

fn has_digest(entry: &Value, digest: &str) -> bool {
    entry.get("digest").and_then(Value::as_str) == Some(digest)
}

/// As `cosign save` lists signatures and attestations.
fn is_nameless_attachment(entry: &Value) -> bool {
    annotation(entry, REF_NAME).is_none()
        && matches!(annotation(entry, KIND), Some(KIND_SIGNATURES | KIND_ATTESTATIONS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HashAlgorithm;

    const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

    fn digest(of: &str) -> Digest {
        HashAlgorithm::Sha256.digest(of.as_bytes())
    }

    fn entry<'a>(digest: &'a Digest, tag: Option<&'a str>) -> Entry<'a> {
        Entry { media_type: TYPE, digest, size: 7, artifact_type: None, annotations: &[], tag }
    }

    fn parse(entries: &Value) -> Index {
        let text = json!({ "x": {"y": [1.5, null]}, "manifests": entries, "schemaVersion": 2, "annotations": {"a": "b"} });
        Index::parse(text.to_string().as_bytes()).unwrap()
    }

    fn entries(index: Index) -> Vec<Value> {
        let text: Value = serde_json::from_slice(&index.text()).unwrap();
        text["manifests"].as_array().unwrap().clone()
    }

    #[test]
    fn what_is_foreign_stays_where_it_is() {
        let foreign =
            json!([{ "mediaType": "x/y", "digest": "blake3:00", "size": 1, "z": {"b": 1, "a": 2} }, 5]);
        let mut index = parse(&foreign);
        index.put(&entry(&digest("a"), Some("v1")), None);
        assert!(!index.remove(&digest("b"), None));
        index.drop_bare(&[digest("b")]);
        let text = String::from_utf8(index.text()).unwrap();
        let (start, end) = (
            r#"{"x":{"y":[1.5,null]},"manifests":[{"mediaType":"x/y","digest":"blake3:00","size":1,"z":{"b":1,"a":2}},5,"#,
            r#"],"schemaVersion":2,"annotations":{"a":"b"}}"#,
        );
        assert!(text.starts_with(start) && text.ends_with(end), "{text}");
    }

    #[test]
    fn a_tag_moves_and_the_manifest_that_had_it_stays() {
        let (a, b) = (digest("a"), digest("b"));
        let mut index = Index::empty();
        index.put(&entry(&a, Some("v1")), None);
        index.put(&entry(&a, Some("v1")), None);
        index.put(&entry(&a, Some("v2")), None);
        index.put(&entry(&b, Some("v1")), None);
        let found = entries(index);
        let shown: Vec<_> =
            found.iter().map(|e| (e["digest"].as_str().unwrap(), annotation(e, REF_NAME))).collect();
        let (a, b) = (a.to_string(), b.to_string());
        assert_eq!(shown, [(&*a, None), (&*a, Some("v2")), (&*b, Some("v1"))]);
        assert!(found[0].get("annotations").is_none());
    }

    #[test]
    fn a_nameless_entry_gets_the_name() {
        let a = digest("a");
        let mut index = Index::empty();
        index.put(&entry(&a, None), None);
        index.put(&entry(&a, None), None);
        index.put(&entry(&a, Some("v1")), None);
        index.put(&entry(&a, None), None);
        let found = entries(index);
        assert_eq!((found.len(), annotation(&found[0], REF_NAME)), (1, Some("v1")));
    }

    #[test]
    fn an_attachment_takes_the_place_of_the_one_before() {
        let (image, old, new) = (digest("image"), digest("old"), digest("new"));
        let tag = format!("{}.sig", image.to_string().replace(':', "-"));
        for annotations in [json!({ KIND: KIND_SIGNATURES }), json!({ REF_NAME: tag, "more": "x" })] {
            let entry_of =
                |digest: &Digest| json!({"mediaType": TYPE, "digest": digest.to_string(), "size": 1});
            let mut first = entry_of(&old);
            first["annotations"] = annotations.clone();
            let mut index = parse(&json!([first, entry_of(&image)]));
            index.put(&entry(&new, Some(&tag)), Some(&old));
            let found = entries(index);
            assert_eq!(found.len(), 2);
            assert_eq!(found[0]["digest"], new.to_string());
            assert_eq!(annotation(&found[0], REF_NAME), Some(&*tag));
            assert_eq!(annotation(&found[0], KIND), annotations.get(KIND).and_then(Value::as_str));
        }
    }

    #[test]
    fn bare_entries_of_children_go_and_others_stay() {
        let (a, b, c) = (digest("a"), digest("b"), digest("c"));
        let mut index = Index::empty();
        index.put(&entry(&a, None), None);
        index.put(&entry(&b, Some("arm")), None);
        index.put(&entry(&c, None), None);
        index.drop_bare(&[a, b.clone()]);
        let found: Vec<_> = entries(index).iter().map(|e| e["digest"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, [b.to_string(), c.to_string()]);
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"manifests":{}}"#,
            r#"{"manifests":null}"#,
            r#"{"manifests":[],"manifests":[]}"#,
        ] {
            assert!(Index::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
