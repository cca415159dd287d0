//! The documents under shared tags: what is in them, and how they are rewritten. What others wrote stays as it is, members
//! that nobody here knows included.

use serde_json::{Map, Value, json};

use super::{Change, Shape, Writer};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, UnixTime};
use crate::registry::{Descriptor, Kind, Manifest, MediaTypes, referrers_tag};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// When cosign says that something was made that has no time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A document to be written.
#[derive(Debug)]
pub(super) struct Document {
    pub bytes: Vec<u8>,
    pub media_type: String,
    pub digest: Digest,
    /// The configuration that it names and that has to be written before, with its descriptor.
    pub config: Option<(Descriptor, Vec<u8>)>,
}

/// The entries of what is under `tag`.
///
/// # Errors
/// It has another shape.
pub(super) fn entries<'a>(
    current: Option<&'a Manifest>,
    shape: Shape,
    tag: &str,
) -> Result<&'a [Descriptor], DecodeError> {
    let Some(current) = current else { return Ok(&[]) };
    match (&current.kind, shape) {
        (Kind::Image { layers, .. }, Shape::Layers { .. }) => Ok(layers),
        (Kind::Index { manifests }, Shape::Index) => Ok(manifests),
        // `cosign copy` puts the image itself under the tag that is for the index of its referrers.
        (_, Shape::Index) if is_subject(current, tag) => Ok(&[]),
        (Kind::Index { .. }, _) => Err(DecodeError::whole("attachment", "it is an index of images")),
        (Kind::Image { .. }, _) => Err(DecodeError::whole("index of referrers", "it is an image")),
    }
}

/// Whether two entries are the same.
pub(super) fn is_same(shape: Shape, a: &Descriptor, b: &Descriptor) -> bool {
    match shape {
        Shape::Index => a.digest == b.digest,
        Shape::Layers { .. } => {
            let sorted = |d: &Descriptor| {
                let mut pairs = d.annotations.clone();
                pairs.sort();
                pairs
            };
            // One with another size is of no use to anybody: it stands for no signature that is to be there.
            a.digest == b.digest && a.size == b.size && a.media_type == b.media_type && sorted(a) == sorted(b)
        }
    }
}

/// Whether `entry` is among `entries`.
pub(super) fn holds(shape: Shape, entries: &[Descriptor], entry: &Descriptor) -> bool {
    entries.iter().any(|known| is_same(shape, known, entry))
}

/// What is under the tag, changed.
///
/// # Errors
/// It has another shape, or is no JSON after all.
pub(super) fn changed(
    current: Option<&Manifest>,
    shape: Shape,
    tag: &str,
    change: &Change,
    writer: &Writer,
) -> Result<Document, DecodeError> {
    let there = entries(current, shape, tag)?;
    if let Some(whole) = change.whole.as_ref().filter(|whole| covers(whole, shape, tag, there, change)) {
        return Ok(Document {
            bytes: whole.bytes.clone(),
            media_type: whole.media_type.clone(),
            digest: whole.digest.clone(),
            config: None,
        });
    }
    let current = current.filter(|current| !(shape == Shape::Index && is_subject(current, tag)));
    let (list, mut root) = match (current, shape) {
        (Some(current), Shape::Index) => ("manifests", parsed(current)?),
        (Some(current), Shape::Layers { .. }) => ("layers", parsed(current)?),
        (None, Shape::Index) => ("manifests", fresh(OCI_INDEX)),
        (None, Shape::Layers { .. }) => ("layers", fresh(writer.media_types.manifest())),
    };
    let old = match root.get_mut(list).map(Value::take) {
        Some(Value::Array(old)) => old,
        _ => Vec::new(),
    };
    // The list and the entries are of the same bytes.
    let keeps = |entry: &Descriptor| !holds(shape, &change.remove, entry);
    let mut new: Vec<Value> =
        old.into_iter().zip(there).filter(|(_, entry)| keeps(entry)).map(|(value, _)| value).collect();
    let mut all: Vec<Descriptor> = there.iter().filter(|entry| keeps(entry)).cloned().collect();
    for entry in &change.add {
        if !holds(shape, &all, entry) {
            new.push(to_json(entry));
            all.push(entry.clone());
        }
    }
    let config = match shape {
        Shape::Index => None,
        Shape::Layers { created } => config(current, &all, created, writer),
    };
    if let Some((descriptor, _)) = &config {
        root.insert("config".to_owned(), to_json(descriptor));
    }
    root.insert(list.to_owned(), Value::Array(new));
    let media_type = current.map_or_else(
        || root.get("mediaType").and_then(Value::as_str).unwrap_or_default().to_owned(),
        |current| current.media_type.clone(),
    );
    let bytes = Value::Object(root).to_string().into_bytes();
    let digest = HashAlgorithm::Sha256.digest(&bytes);
    Ok(Document { bytes, media_type, digest, config })
}

/// A descriptor as JSON, its members in the order of Go.
pub fn to_json(descriptor: &Descriptor) -> Value {
    let mut value = Map::new();
    value.insert("mediaType".to_owned(), json!(descriptor.media_type));
    value.insert("size".to_owned(), json!(descriptor.size));
    value.insert("digest".to_owned(), json!(descriptor.digest.to_string()));
    if !descriptor.annotations.is_empty() {
        let pairs = descriptor.annotations.iter().map(|(name, text)| (name.clone(), json!(text)));
        value.insert("annotations".to_owned(), Value::Object(pairs.collect()));
    }
    if let Some(platform) = &descriptor.platform {
        let mut of = json!({ "architecture": platform.architecture, "os": platform.os });
        if let (Some(of), Some(variant)) = (of.as_object_mut(), &platform.variant) {
            of.insert("variant".to_owned(), json!(variant));
        }
        value.insert("platform".to_owned(), of);
    }
    if let Some(artifact_type) = &descriptor.artifact_type {
        value.insert("artifactType".to_owned(), json!(artifact_type));
    }
    Value::Object(value)
}

/// The descriptor of `bytes`.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: HashAlgorithm::Sha256.digest(bytes),
        size: bytes.len() as u64,
        artifact_type: None,
        annotations: Vec::new(),
        platform: None,
    }
}

/// The configuration of an image with these layers, as cosign writes it.
pub fn config_of(layers: &[Descriptor], created: Option<UnixTime>) -> Vec<u8> {
    let created = created.map_or_else(|| NEVER.to_owned(), |time| time.to_string());
    let digests: Vec<_> = layers.iter().map(|layer| layer.digest.to_string()).collect();
    let history: Vec<_> = layers.iter().map(|_| json!({ "created": NEVER })).collect();
    json!({
        "architecture": "",
        "created": created,
        "history": history,
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": digests },
        "config": {},
    })
    .to_string()
    .into_bytes()
}

/// Whether `whole` can stand in for what is there and all that is to change.
fn covers(whole: &Manifest, shape: Shape, tag: &str, there: &[Descriptor], change: &Change) -> bool {
    let Ok(entries) = entries(Some(whole), shape, tag) else { return false };
    there.iter().chain(&change.add).all(|entry| holds(shape, entries, entry))
        && !change.remove.iter().any(|entry| holds(shape, entries, entry))
}

/// Whether what is under the tag is what the tag says that it belongs to.
fn is_subject(current: &Manifest, tag: &str) -> bool {
    tag == referrers_tag(&current.digest)
}

fn fresh(media_type: &str) -> Map<String, Value> {
    let mut root = Map::new();
    root.insert("schemaVersion".to_owned(), json!(2));
    root.insert("mediaType".to_owned(), json!(media_type));
    if media_type != OCI_INDEX {
        // So that it stands where Go has it.
        root.insert("config".to_owned(), Value::Null);
    }
    root
}

fn parsed(current: &Manifest) -> Result<Map<String, Value>, DecodeError> {
    match serde_json::from_slice(&current.bytes) {
        Ok(Value::Object(root)) => Ok(root),
        _ => Err(DecodeError::whole("manifest", "it is no JSON object")),
    }
}

/// The configuration for these layers, where it is one that lists layers.
fn config(
    current: Option<&Manifest>,
    layers: &[Descriptor],
    created: Option<UnixTime>,
    writer: &Writer,
) -> Option<(Descriptor, Vec<u8>)> {
    let media_type = match current.map(|current| &current.kind) {
        Some(Kind::Image { config, .. }) => {
            let known = [MediaTypes::Oci, MediaTypes::Docker].map(MediaTypes::config);
            known.into_iter().find(|known| *known == config.media_type)?
        }
        _ => writer.media_types.config(),
    };
    let bytes = config_of(layers, created);
    Some((descriptor(media_type, &bytes), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
    const LAYERS: Shape = Shape::Layers { created: None };

    const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

    fn writer(docker: bool) -> Writer {
        let media_types = if docker { MediaTypes::Docker } else { MediaTypes::Oci };
        Writer { locks: None, budget: std::time::Duration::ZERO, media_types, now: NOW }
    }

    fn layer(content: &str, signature: &str) -> Descriptor {
        let annotations = vec![("dev.cosignproject.cosign/signature".to_owned(), signature.to_owned())];
        Descriptor { annotations, ..descriptor("application/x", content.as_bytes()) }
    }

    fn add(add: &[&Descriptor]) -> Change {
        Change { add: add.iter().copied().cloned().collect(), ..Change::default() }
    }

    fn read(document: &Document) -> Manifest {
        Manifest::parse(document.bytes.clone(), document.digest.clone(), Some(&document.media_type)).unwrap()
    }

    /// What cosign 3.1.1 wrote, but for the signature and what hangs on it.
    #[test]
    fn a_new_document_is_that_of_cosign() {
        let layer = layer("p", "c2ln");
        let made = changed(None, LAYERS, "t", &add(&[&layer]), &writer(false)).unwrap();
        let (config, bytes) = made.config.as_ref().unwrap();
        let digest = &layer.digest;
        assert_eq!(
            String::from_utf8_lossy(bytes),
            format!(
                r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{{"created":"0001-01-01T00:00:00Z"}}],"os":"","rootfs":{{"type":"layers","diff_ids":["{digest}"]}},"config":{{}}}}"#
            )
        );
        assert_eq!(config.size, 233);
        assert_eq!(
            String::from_utf8_lossy(&made.bytes),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"{OCI_CONFIG}","size":233,"digest":"{}"}},"layers":[{{"mediaType":"application/x","size":1,"digest":"{digest}","annotations":{{"dev.cosignproject.cosign/signature":"c2ln"}}}}]}}"#,
                config.digest
            )
        );
        let docker = changed(None, LAYERS, "t", &add(&[&layer]), &writer(true)).unwrap();
        assert_eq!(docker.media_type, DOCKER_MANIFEST);
        assert_eq!(docker.config.as_ref().unwrap().0.media_type, DOCKER_CONFIG);
        let timed = Shape::Layers { created: Some(NOW) };
        let made = changed(None, timed, "t", &add(&[&layer]), &writer(false)).unwrap();
        let text = String::from_utf8(made.config.unwrap().1).unwrap();
        assert!(text.contains(r#""created":"2027-01-15T08:00:00Z","history":[{"created":"0001-"#), "{text}");
    }

    #[test]
    fn what_others_wrote_stays_as_it_is() {
        let (one, two) = (layer("p", "1"), layer("p", "2"));
        let text = format!(
            r#"{{"layers":[{{"x":1.50,"mediaType":"application/x","size":1,"digest":"{}","annotations":{{"dev.cosignproject.cosign/signature":"1"}}}}],
               "extra":{{"a":[null]}},"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"{DOCKER_CONFIG}","digest":"{}","size":9}},"annotations":{{"k":"v"}}}}"#,
            one.digest, one.digest
        );
        let digest = HashAlgorithm::Sha256.digest(text.as_bytes());
        let current = Manifest::parse(text.into_bytes(), digest, None).unwrap();
        let made = changed(Some(&current), LAYERS, "t", &add(&[&two, &one]), &writer(false)).unwrap();
        let text = String::from_utf8(made.bytes.clone()).unwrap();
        assert!(text.starts_with(r#"{"layers":[{"x":1.5,"#), "{text}");
        assert!(text.contains(r#""extra":{"a":[null]}"#) && text.contains(r#""annotations":{"k":"v"}"#));
        assert_eq!(made.media_type, DOCKER_MANIFEST);
        let again = read(&made);
        assert_eq!(entries(Some(&again), LAYERS, "t").unwrap(), &[one.clone(), two.clone()]);
        let Kind::Image { config, .. } = &again.kind else { unreachable!() };
        assert_eq!(config, &made.config.as_ref().unwrap().0);
        assert_eq!(config.media_type, DOCKER_CONFIG);

        let remove = Change { remove: vec![one], ..add(&[]) };
        let less = read(&changed(Some(&again), LAYERS, "t", &remove, &writer(false)).unwrap());
        assert_eq!(entries(Some(&less), LAYERS, "t").unwrap(), &[two]);
    }

    #[test]
    fn a_configuration_that_is_none_of_an_image_stays() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{}","size":2}},"layers":[]}}"#,
            HashAlgorithm::Sha256.digest(b"{}")
        );
        let digest = HashAlgorithm::Sha256.digest(text.as_bytes());
        let current = Manifest::parse(text.into_bytes(), digest, None).unwrap();
        let made = changed(Some(&current), LAYERS, "t", &add(&[&layer("p", "1")]), &writer(false)).unwrap();
        assert!(made.config.is_none());
        assert!(String::from_utf8(made.bytes).unwrap().contains("oci.empty"));
    }

    #[test]
    fn an_index_has_entries_by_digest() {
        let artifact = |content: &str| Descriptor {
            artifact_type: Some("application/a".to_owned()),
            ..descriptor(OCI_MANIFEST, content.as_bytes())
        };
        let (one, two) = (artifact("1"), artifact("2"));
        let made = read(&changed(None, Shape::Index, "t", &add(&[&one]), &writer(true)).unwrap());
        assert_eq!(made.media_type, OCI_INDEX);
        let bare = Descriptor { artifact_type: None, ..one.clone() };
        let both = changed(Some(&made), Shape::Index, "t", &add(&[&bare, &two]), &writer(false)).unwrap();
        assert_eq!(entries(Some(&read(&both)), Shape::Index, "t").unwrap(), &[one, two]);
        assert!(both.config.is_none());
    }

    #[test]
    fn other_shapes_are_not_overwritten() {
        let image = read(&changed(None, LAYERS, "t", &add(&[&layer("p", "1")]), &writer(false)).unwrap());
        let index = read(&changed(None, Shape::Index, "t", &add(&[]), &writer(false)).unwrap());
        assert!(entries(Some(&image), Shape::Index, "t").is_err());
        assert!(entries(Some(&index), LAYERS, "t").is_err());
        // But for the image itself under the tag of its own index.
        let own = referrers_tag(&image.digest);
        assert!(entries(Some(&image), Shape::Index, &own).unwrap().is_empty());
        let entry = descriptor(OCI_MANIFEST, b"1");
        let made = changed(Some(&image), Shape::Index, &own, &add(&[&entry]), &writer(false)).unwrap();
        assert_eq!(entries(Some(&read(&made)), Shape::Index, &own).unwrap(), &[entry]);
    }

    #[test]
    fn a_whole_document_is_written_as_it_is_where_it_has_all() {
        let (one, two) = (layer("p", "1"), layer("p", "2"));
        let source = read(&changed(None, LAYERS, "t", &add(&[&one, &two]), &writer(true)).unwrap());
        let copy = Change { whole: Some(source.clone()), ..add(&[&one, &two]) };
        let made = changed(None, LAYERS, "t", &copy, &writer(false)).unwrap();
        assert_eq!((made.bytes, made.config.is_none()), (source.bytes.clone(), true));
        let part = read(&changed(None, LAYERS, "t", &add(&[&two]), &writer(false)).unwrap());
        let made = changed(Some(&part), LAYERS, "t", &copy, &writer(false)).unwrap();
        assert_eq!(made.digest, source.digest);
        let other = read(&changed(None, LAYERS, "t", &add(&[&layer("p", "3")]), &writer(false)).unwrap());
        let made = read(&changed(Some(&other), LAYERS, "t", &copy, &writer(false)).unwrap());
        assert_eq!(entries(Some(&made), LAYERS, "t").unwrap(), &[layer("p", "3"), one, two]);
    }
}
