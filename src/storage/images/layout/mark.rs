//! What `save` and signing in place add to `index.json`, so that the programs that know nothing of names find the image.
//!
//! cosign's `load` and `verify --local-image` take the first entries of cosign's kinds for the image, its signatures and its
//! attestations. So those kinds are the ones of one image, the last that was saved. The other images keep their names, by
//! which everything else finds them.

use serde_json::Value;

use super::Layout;
use super::index::{Index, annotation, remove_annotation, set_annotation};
use super::lock::Lock;
use crate::crypto::Digest;
use crate::registry::{Kind, Manifest, Target, referrers_tag};
use crate::storage::images::Error;
use crate::storage::images::contents::{
    CONTAINERD_NAME, KIND, KIND_ATTESTATIONS, KIND_SIGNATURES, REF_NAME, attached_image,
};

const KIND_IMAGE: &str = "dev.cosignproject.cosign/image";
const KIND_INDEX: &str = "dev.cosignproject.cosign/imageIndex";

impl Layout {
    /// The name for an image that is called `reference` in its registry, and has this tag there: the tag, unless an image that
    /// is called otherwise has it here.
    ///
    /// # Errors
    /// The layout cannot be read.
    pub fn free_name(&self, reference: &str, tag: &str) -> Result<String, Error> {
        let index = self.contents.index()?;
        let Kind::Index { manifests } = &index.kind else { return Ok(tag.to_owned()) };
        let value = |entry: &[(String, String)], name: &str| {
            entry.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let is_taken = manifests.iter().any(|entry| {
            value(&entry.annotations, REF_NAME).as_deref() == Some(tag)
                && value(&entry.annotations, CONTAINERD_NAME).is_some_and(|other| other != reference)
        });
        Ok(if is_taken { reference.to_owned() } else { tag.to_owned() })
    }

    /// Makes `image` the one that cosign finds here; `reference` is what it is called in its registry, and `name` here.
    ///
    /// # Errors
    /// The layout cannot be written.
    pub fn mark(&self, image: &Manifest, named: Option<(&str, &str)>) -> Result<(), Error> {
        let _lock = Lock::take(&self.folder)?;
        self.change(|index| {
            mark(&mut index.entries, &image.digest, kind_of(image), named);
            Ok(())
        })
    }
}

impl Layout {
    /// A layout that another tool made says nothing to cosign. Where it holds one image, and something of that image's is written
    /// beside it, nobody can be in doubt which one cosign should find.
    pub(super) fn mark_lone(&self, index: &mut Index, written: &Manifest, target: &Target) {
        let of_subject = || written.subject.as_ref().map(|subject| subject.digest.clone());
        let image = match target {
            Target::Tag(tag) => attached_image(tag).or_else(of_subject),
            Target::Digest(_) => of_subject(),
        };
        let is_marked = |entry: &Value| matches!(annotation(entry, KIND), Some(KIND_IMAGE | KIND_INDEX));
        let Some(image) = image.filter(|_| !index.entries.iter().any(is_marked)) else { return };
        let target = Target::Digest(image);
        if !self.contents.only_image().is_ok_and(|only| only == target) {
            return;
        }
        if let Ok(Some(image)) = self.contents.manifest(&target) {
            mark(&mut index.entries, &image.digest, kind_of(&image), None);
        }
    }
}

fn kind_of(image: &Manifest) -> &'static str {
    match image.kind {
        Kind::Image { .. } => KIND_IMAGE,
        Kind::Index { .. } => KIND_INDEX,
    }
}

fn mark(entries: &mut [Value], image: &Digest, kind: &str, named: Option<(&str, &str)>) {
    name_those_of_cosign(entries);
    let (digest, own) = (image.to_string(), referrers_tag(image));
    for entry in entries {
        let name = annotation(entry, REF_NAME).map(str::to_owned);
        let is_attached = name.as_deref().is_some_and(|name| name.contains("sha256-"));
        if entry.get("digest").and_then(Value::as_str) == Some(&*digest) && !is_attached {
            set_annotation(entry, KIND, kind);
            if let Some((name_here, reference)) = named
                && name.as_deref() == Some(name_here)
            {
                set_annotation(entry, CONTAINERD_NAME, reference);
            }
            continue;
        }
        let is_own = name.as_deref().is_some_and(|name| name.starts_with(&own));
        let is_nameless_attachment =
            name.is_none() && matches!(annotation(entry, KIND), Some(KIND_SIGNATURES | KIND_ATTESTATIONS));
        let is_of_cosign = matches!(
            annotation(entry, KIND),
            Some(KIND_IMAGE | KIND_INDEX | KIND_SIGNATURES | KIND_ATTESTATIONS)
        );
        if is_of_cosign && !is_own && !is_nameless_attachment {
            remove_annotation(entry, KIND);
        } else if let Some(name) = name.filter(|_| is_own) {
            let kind = match name.strip_prefix(&own) {
                Some(".sig") => Some(KIND_SIGNATURES),
                Some(".att") => Some(KIND_ATTESTATIONS),
                _ => None,
            };
            kind.into_iter().for_each(|kind| set_annotation(entry, KIND, kind));
        }
    }
}

/// Signatures and attestations that `cosign save` wrote belong to the one image that it wrote. They get the names that say so, before
/// another image comes.
fn name_those_of_cosign(entries: &mut [Value]) {
    let images: Vec<String> = entries
        .iter()
        .filter(|entry| matches!(annotation(entry, KIND), Some(KIND_IMAGE | KIND_INDEX)))
        .filter_map(|entry| Some(entry.get("digest")?.as_str()?.to_owned()))
        .collect();
    let [image] = images.as_slice() else { return };
    let Ok(image) = Digest::parse(image) else { return };
    for entry in entries.iter_mut().filter(|entry| annotation(entry, REF_NAME).is_none()) {
        let suffix = match annotation(entry, KIND) {
            Some(KIND_SIGNATURES) => "sig",
            Some(KIND_ATTESTATIONS) => "att",
            _ => continue,
        };
        set_annotation(entry, REF_NAME, &format!("{}.{suffix}", referrers_tag(&image)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::HashAlgorithm;

    fn digest(of: &str) -> Digest {
        HashAlgorithm::Sha256.digest(of.as_bytes())
    }

    fn entry(of: &str, annotations: Value) -> Value {
        json!({ "mediaType": "x/y", "digest": digest(of).to_string(), "size": 1, "annotations": annotations })
    }

    /// Digest, kind and name of each entry.
    fn shown(entries: &[Value]) -> Vec<(Option<String>, Option<String>)> {
        let text = |entry: &Value, name: &str| annotation(entry, name).map(str::to_owned);
        entries.iter().map(|entry| (text(entry, KIND), text(entry, REF_NAME))).collect()
    }

    #[test]
    fn the_kinds_of_cosign_go_to_the_last_image_and_nothing_loses_its_name() {
        let (first, last) = (referrers_tag(&digest("a")), referrers_tag(&digest("b")));
        let mut entries = vec![
            entry("a", json!({ KIND: KIND_IMAGE })),
            entry("sigs of a", json!({ KIND: KIND_SIGNATURES })),
            entry("atts of a", json!({ KIND: KIND_ATTESTATIONS })),
            entry("b", json!({ REF_NAME: "v1" })),
            entry("sigs of b", json!({ REF_NAME: format!("{last}.sig") })),
            entry("sbom of b", json!({ REF_NAME: format!("{last}.sbom") })),
        ];
        mark(&mut entries, &digest("b"), KIND_INDEX, Some(("v1", "r.example/app:v1")));
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            (None, None),
            (None, some(&format!("{first}.sig"))),
            (None, some(&format!("{first}.att"))),
            (some(KIND_INDEX), some("v1")),
            (some(KIND_SIGNATURES), some(&format!("{last}.sig"))),
            (None, some(&format!("{last}.sbom"))),
        ];
        assert_eq!(shown(&entries), expected);
        assert_eq!(annotation(&entries[3], CONTAINERD_NAME), Some("r.example/app:v1"));
        // And back.
        mark(&mut entries, &digest("a"), KIND_IMAGE, None);
        let kinds: Vec<_> = shown(&entries).into_iter().map(|(kind, _)| kind).collect();
        let expected = [some(KIND_IMAGE), some(KIND_SIGNATURES), some(KIND_ATTESTATIONS), None, None, None];
        assert_eq!(kinds, expected);
    }
}
