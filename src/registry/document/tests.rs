use super::*;
use crate::crypto::{DecodeKind, HashAlgorithm};

fn blob(more: &str) -> String {
    let digest = HashAlgorithm::Sha256.digest(b"x");
    format!(r#"{{"mediaType":"m","digest":"{digest}","size":1{more}}}"#)
}

fn image(more: &str) -> String {
    let blob = blob("");
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{blob},"layers":[{blob}]{more}}}"#)
}

fn index(more: &str) -> String {
    let entry = blob(
        r#","artifactType":"a","annotations":{"k":"v"},"platform":{"os":"linux","architecture":"arm","variant":"v7"}"#,
    );
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{entry}]{more}}}"#)
}

fn parse(text: &str, content_type: Option<&str>) -> Result<Manifest, DecodeError> {
    Manifest::parse(text.as_bytes().to_vec(), HashAlgorithm::Sha256.digest(text.as_bytes()), content_type)
}

#[test]
fn images_and_indexes() {
    let text =
        image(&format!(r#","subject":{},"artifactType":"t","annotations":{{"b":"1","a":"2"}}"#, blob("")));
    let manifest = parse(&text, Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")).unwrap();
    assert!(matches!(&manifest.kind, Kind::Image { layers, .. } if layers.len() == 1));
    assert_eq!((manifest.artifact_type.as_deref(), manifest.annotations.len()), (Some("t"), 2));
    assert_eq!(manifest.subject.unwrap().size, 1);
    let manifest = parse(&index(""), None).unwrap();
    let Kind::Index { manifests } = manifest.kind else { panic!() };
    assert_eq!(manifests[0].platform.as_ref().unwrap().variant.as_deref(), Some("v7"));
    assert_eq!(manifests[0].annotations, [("k".to_owned(), "v".to_owned())]);
    let docker = image("").replace(OCI_MANIFEST, DOCKER_MANIFEST);
    assert_eq!(parse(&docker, Some(DOCKER_MANIFEST)).unwrap().media_type, DOCKER_MANIFEST);
    let unnamed = image("").replace(&format!(r#""mediaType":"{OCI_MANIFEST}","#), "");
    assert_eq!(parse(&unnamed, Some(OCI_MANIFEST)).unwrap().media_type, OCI_MANIFEST);
}

/// GHSA-qq97-vm5h-rrhg (distribution) and GHSA-5j5w-g665-5m35 (containerd): one document, two readings.
#[test]
fn ghsa_qq97_a_document_is_one_thing() {
    let unnamed = image("").replace(&format!(r#""mediaType":"{OCI_MANIFEST}","#), "");
    for (text, content_type) in [
        (image(r#","manifests":[]"#), None),
        (image(r#","manifests":null"#), None),
        (index(r#","layers":[]"#), None),
        (index(r#","config":{}"#), None),
        (index(r#","fsLayers":[]"#), None),
        (image(""), Some(OCI_INDEX)),
        (index(""), Some(OCI_MANIFEST)),
        (image(""), Some(DOCKER_MANIFEST)),
        (image(""), Some("text/plain")),
        (image("").replace(OCI_MANIFEST, OCI_INDEX), None),
        (index("").replace(OCI_INDEX, OCI_MANIFEST), None),
        (image(r#","layers":[]"#), None),
        (unnamed.clone(), None),
        (unnamed.clone(), Some("application/json")),
        (unnamed, Some(OCI_INDEX)),
    ] {
        assert!(parse(&text, content_type).is_err(), "{text} {content_type:?}");
    }
}

#[test]
fn what_is_no_manifest_is_refused() {
    for text in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        image("").replace(r#""schemaVersion":2"#, r#""schemaVersion":1"#),
        image("").replace(r#""schemaVersion":2"#, r#""schemaVersion":"2""#),
        image("").replace(r#""size":1"#, r#""size":-1"#),
        image("").replace(r#""size":1"#, r#""size":1.5"#),
        image("").replace(r#""size":1"#, r#""size":18446744073709551615"#),
        image("").replace("sha256:", "sha256:../"),
        image("").replace("sha256:", "md5:"),
        image(r#","annotations":{"a":1}"#),
        image(r#","subject":{}"#),
        image("") + "x",
        r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(),
    ] {
        assert!(parse(&text, None).is_err(), "{text}");
    }
}

/// CVE-2024-29903 of cosign: a manifest with a huge count of layers.
#[test]
fn cve_2024_29903_layers_are_counted() {
    let layers = vec![blob(""); MAX_DESCRIPTORS + 1].join(",");
    let text = image("").replace(&format!("[{}]", blob("")), &format!("[{layers}]"));
    assert_eq!(parse(&text, None).unwrap_err().kind, DecodeKind::Limit);
}
