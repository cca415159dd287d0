//! What the entries of `index.json` are called. Pure.

use crate::crypto::{DecodeError, Digest};
use crate::registry::Descriptor;

/// The name of an image in a layout (OCI image specification 1.1, "Pre-Defined Annotation Keys"): a tag, in some tools a
/// whole reference.
pub(in crate::storage::images) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The whole reference, in what containerd and Docker write.
pub(in crate::storage::images) const CONTAINERD_NAME: &str = "io.containerd.image.name";
/// What an entry is, in what `cosign save` writes.
pub(in crate::storage::images) const KIND: &str = "kind";
const KIND_IMAGES: [&str; 2] = ["dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex"];
/// The kind of the manifest that has the tag `.sig` in a registry.
pub(in crate::storage::images) const KIND_SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
/// The kind of the manifest that has the tag `.att` in a registry.
pub(in crate::storage::images) const KIND_ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";
/// Names that an error lists.
const MAX_LISTED: usize = 5;

/// The entry that a tag names: by that very name; else, by the tag of the whole reference that it is called; else by
/// cosign's kinds, which give signatures and attestations of the one image no name.
///
/// # Errors
/// It names several manifests, and nobody can tell which is meant.
pub(super) fn named<'a>(entries: &'a [Descriptor], tag: &str) -> Result<Option<&'a Descriptor>, DecodeError> {
    let by = |is: &dyn Fn(&str) -> bool| -> Vec<&Descriptor> {
        let names = |entry: &Descriptor| {
            let names = [annotation(entry, REF_NAME), annotation(entry, CONTAINERD_NAME)];
            names.into_iter().flatten().any(is)
        };
        entries.iter().filter(|entry| names(entry)).collect()
    };
    let mut found = by(&|name| name == tag);
    if found.is_empty() && !tag.contains([':', '/']) {
        found = by(&|name| tag_of(name) == Some(tag));
    }
    if found.is_empty() {
        found = of_cosign(entries, tag);
    }
    let first = found.first().copied();
    if first.is_some_and(|first| found.iter().any(|other| other.digest != first.digest)) {
        let reason =
            format!("{} manifests are called `{tag}`; name the one that is meant by its digest", found.len());
        return Err(DecodeError::new("image layout", "manifests", reason));
    }
    Ok(first)
}

/// The entries without a name that `cosign save` wrote for a tag of attachments.
fn of_cosign<'a>(entries: &'a [Descriptor], tag: &str) -> Vec<&'a Descriptor> {
    let Some((digest, suffix)) = attached_to(tag) else { return Vec::new() };
    let kind = match suffix {
        "sig" => KIND_SIGNATURES,
        "att" => KIND_ATTESTATIONS,
        _ => return Vec::new(),
    };
    // They belong to the one image that cosign saves. Where there are more, whose they are is said by their names alone.
    let images: Vec<_> = entries.iter().filter(|entry| is_image_of_cosign(entry)).collect();
    match images.as_slice() {
        [image] if image.digest.to_string() == digest => {}
        _ => return Vec::new(),
    }
    let nameless = |entry: &&Descriptor| annotation(entry, REF_NAME).is_none();
    entries.iter().filter(|entry| annotation(entry, KIND) == Some(kind)).filter(nameless).collect()
}

/// Whether `cosign save` wrote `index.json`: it leaves the manifests of bundles without an entry.
pub(super) fn is_of_cosign(entries: &[Descriptor]) -> bool {
    entries.iter().any(is_image_of_cosign)
}

fn is_image_of_cosign(entry: &Descriptor) -> bool {
    annotation(entry, KIND).is_some_and(|kind| KIND_IMAGES.contains(&kind))
}

/// The images: entries that are no attachments, and no part of something else, each digest once. What is in an image's index
/// (`is_child`) is said by that. What else is a part (`is_part`) or calls itself an attachment is an image all the same where
/// it has a name: others take it by that name, and nothing that is verified says what it is.
pub(super) fn images(
    entries: &[Descriptor],
    is_child: impl Fn(&Digest) -> bool,
    is_part: impl Fn(&Digest) -> bool,
) -> Vec<&Descriptor> {
    let mut found: Vec<&Descriptor> = Vec::new();
    for entry in entries {
        let known = found.iter().any(|known| known.digest == entry.digest);
        let is_other = is_attachment(entry) || (!is_named(entry) && is_part(&entry.digest));
        if !known && !is_other && !is_child(&entry.digest) {
            found.push(entry);
        }
    }
    found
}

/// Whether an entry's name or kind is that of signatures, attestations, an SBOM, or an index of referrers, and it has no other
/// name.
pub(super) fn is_attachment(entry: &Descriptor) -> bool {
    let by_name = || annotation(entry, REF_NAME).is_some_and(|name| attached_to(name).is_some());
    let by_kind = || matches!(annotation(entry, KIND), Some(KIND_SIGNATURES | KIND_ATTESTATIONS));
    !is_named(entry) && (by_name() || by_kind())
}

/// Whether an entry has a name that is not one of attachments.
fn is_named(entry: &Descriptor) -> bool {
    let names = [annotation(entry, REF_NAME), annotation(entry, CONTAINERD_NAME)];
    names
        .into_iter()
        .flatten()
        .any(|name| !name.is_empty() && attached_to(tag_of(name).unwrap_or(name)).is_none())
}

/// Whether a tag is one of signatures, attestations, an SBOM, or an index of referrers.
pub(in crate::storage::images) fn is_attachment_tag(tag: &str) -> bool {
    attached_to(tag).is_some()
}

/// The image to which a tag of attachments belongs.
pub(in crate::storage::images) fn attached_image(tag: &str) -> Option<Digest> {
    Digest::parse(&attached_to(tag)?.0).ok()
}

/// The annotation by which `cosign load` and `cosign verify --local-image` find what has this tag.
pub(in crate::storage::images) fn kind_of_tag(tag: &str) -> Option<(String, String)> {
    let kind = match attached_to(tag)?.1 {
        "sig" => KIND_SIGNATURES,
        "att" => KIND_ATTESTATIONS,
        _ => return None,
    };
    Some((KIND.to_owned(), kind.to_owned()))
}

/// What people may call an entry: its tag, else its digest.
pub(super) fn name(entry: &Descriptor) -> String {
    let name = annotation(entry, REF_NAME).or_else(|| annotation(entry, CONTAINERD_NAME));
    name.map_or_else(|| format!("@{}", entry.digest), |name| format!(":{name}"))
}

/// The names of an error, as many as anybody reads.
pub(in crate::storage::images) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MAX_LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// The tag of a whole reference; `None` for a name that is none.
pub(in crate::storage::images) fn tag_of(name: &str) -> Option<&str> {
    let (_, tag) = name.split_once('@').map_or(name, |(name, _)| name).rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
}

/// The digest and the suffix of `[PREFIX]sha256-HEX[.SUFFIX]`.
fn attached_to(tag: &str) -> Option<(String, &str)> {
    const HEX: usize = 64;
    let at = tag.rfind("sha256-")?;
    let rest = tag.get(at + "sha256-".len()..)?;
    let (hex, suffix) = (rest.get(..HEX)?, rest.get(HEX..)?);
    let digest = Digest::parse(&format!("sha256:{hex}")).ok()?;
    match suffix.strip_prefix('.') {
        Some(suffix) => Some((digest.to_string(), suffix)),
        None if suffix.is_empty() => Some((digest.to_string(), "")),
        None => None,
    }
}

fn annotation<'a>(entry: &'a Descriptor, name: &str) -> Option<&'a str> {
    entry.annotations.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
