//! Manifests: pull, push, delete, and what refers to one (OCI distribution specification 1.1).

use std::io;

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::Rules;
use super::change::Change;
use super::lists::{Page, page};
use super::names::{Reference, digest, has_digest};
use super::reply::{Code, Reply};
use super::request::{Request, percent_encoded};
use super::store::{Manifest, Referrer, Repository, Store};
use crate::crypto::HashAlgorithm;

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// The specification's least limit for a manifest.
pub(super) const MAX_MANIFEST: usize = 4 << 20;

/// Carries out what is asked of a manifest.
pub(super) fn manifest(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    (name, reference): (&str, &Reference),
) -> io::Result<Reply> {
    match request.method.as_str() {
        "GET" | "HEAD" => Ok(pull(store, request, name, reference)),
        "PUT" => push(store, rules, request, name, reference),
        "DELETE" => delete(store, rules, name, reference),
        _ => Ok(Reply::no_method("DELETE, GET, HEAD, PUT")),
    }
}

fn pull(store: &Store, request: &Request, name: &str, reference: &Reference) -> Reply {
    let unknown = |detail| Reply::error(Code::ManifestUnknown, detail);
    let repository = store.repositories.get(name);
    let digest = match reference {
        Reference::Tag(tag) => match repository.and_then(|r| r.tags.get(tag)) {
            Some(digest) => digest.clone(),
            None => return unknown(json!({ "Tag": tag })),
        },
        Reference::Digest(text) => match digest(text) {
            Some(digest) => digest,
            None => return Reply::error(Code::DigestInvalid, json!(text)),
        },
    };
    let Some(manifest) = repository.and_then(|r| r.manifests.get(&digest)) else {
        return unknown(json!({ "Name": name, "Revision": digest }));
    };
    if request.header("if-none-match").is_some_and(|tags| tags.contains(&digest)) {
        return Reply::new(304);
    }
    if !accepts(request, &manifest.media_type) {
        let what = if manifest.media_type == OCI_INDEX { "index" } else { "manifest" };
        let words = format!("OCI {what} found, but accept header does not support it");
        return Reply::explained(Code::ManifestUnknown, &words);
    }
    Reply::new(200)
        .body(&manifest.media_type, manifest.bytes.clone())
        .with("Docker-Content-Digest", digest.clone())
        .with("Etag", format!("\"{digest}\""))
}

/// Whether the client takes this type. One that says nothing takes everything (RFC 9110 section 12.5.1), which Docker's registry
/// sees otherwise.
fn accepts(request: &Request, media_type: &str) -> bool {
    let mut named = request.headers("accept").flat_map(|value| value.split(',')).peekable();
    let takes = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim();
        range == media_type || range == "*/*" || range == "application/*"
    };
    named.peek().is_none() || named.any(takes)
}

fn push(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    name: &str,
    reference: &Reference,
) -> io::Result<Reply> {
    if request.length > MAX_MANIFEST {
        return Ok(Reply::error(Code::SizeInvalid, json!({ "limit": MAX_MANIFEST })));
    }
    let invalid = |why: &str| Ok(Reply::error(Code::ManifestInvalid, json!({ "reason": why })));
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let Ok(document) = serde_json::from_slice::<Value>(request.body()) else { return invalid("not JSON") };
    if let Err(why) = check_form(&document, media_type) {
        return invalid(why);
    }
    let own = HashAlgorithm::Sha256.digest(request.body()).to_string();
    let (digest, tag) = match reference {
        Reference::Tag(tag) => (own, Some(tag.as_str())),
        Reference::Digest(text) => match digest(text).filter(|digest| has_digest(request.body(), digest)) {
            Some(digest) => (digest, None),
            None => return Ok(Reply::error(Code::DigestInvalid, Value::Null)),
        },
    };
    let repository = store.repositories.get(name);
    let missing = if rules.checks_references { missing(repository, &document) } else { Vec::new() };
    if !missing.is_empty() {
        return Ok(Reply::errors(Code::ManifestBlobUnknown, "blob unknown to registry", missing));
    }
    store.change(Change::Manifest {
        repository: name.to_owned(),
        digest: digest.clone(),
        media_type: media_type.to_owned(),
        bytes: request.body.clone().read()?,
        tag: tag.map(str::to_owned),
    })?;
    let subject = subject(&document);
    let reply = Reply::new(201)
        .with("Docker-Content-Digest", digest.clone())
        .with("Location", rules.location(request, &format!("/v2/{name}/manifests/{digest}")));
    Ok(match subject.filter(|_| rules.referrers) {
        Some(subject) => reply.with("OCI-Subject", subject),
        None => reply,
    })
}

/// Text that says something.
fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The digest of the subject, if there is one.
fn subject(document: &Value) -> Option<String> {
    text(document.pointer("/subject/digest")).and_then(|text| digest(&text))
}

/// A manifest with what the referrers API has to know of it. Nothing is checked.
pub(super) fn read(media_type: &str, bytes: Bytes) -> Manifest {
    let document = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    let config = || text(document.pointer("/config/mediaType"));
    let subject = subject(&document).map(|subject| Referrer {
        subject,
        artifact_type: text(document.get("artifactType")).or_else(config),
        annotations: document.get("annotations").filter(|a| a.is_object()).cloned(),
    });
    Manifest { media_type: media_type.to_owned(), bytes, subject }
}

/// Whether the document is what its type says, and nothing else besides (GHSA-qq97-vm5h-rrhg).
fn check_form(document: &Value, media_type: &str) -> Result<(), &'static str> {
    let has = |member| document.get(member).is_some();
    let sound = match media_type {
        OCI_MANIFEST | DOCKER_MANIFEST => has("config") && !has("manifests"),
        OCI_INDEX | DOCKER_LIST => has("manifests") && !has("config") && !has("layers"),
        _ => return Err("Content-Type is no type of a manifest"),
    };
    if !sound {
        return Err("the members are not those of the type");
    }
    if document.get("schemaVersion") != Some(&json!(2)) {
        return Err("schemaVersion is not 2");
    }
    match document.get("mediaType") {
        Some(named) if named != media_type => Err("mediaType is not Content-Type"),
        _ => Ok(()),
    }
}

/// What a manifest names and the repository does not have: its blobs, or its children. Not its subject, which may come later.
fn missing(repository: Option<&Repository>, document: &Value) -> Vec<Value> {
    let array = |member| document.get(member).and_then(Value::as_array).into_iter().flatten();
    let absent = |descriptor: &Value, children: bool| {
        let text = descriptor.get("digest").and_then(Value::as_str).unwrap_or_default();
        let here = digest(text).zip(repository).is_some_and(|(digest, repository)| {
            if children {
                repository.manifests.contains_key(&digest)
            } else {
                repository.blobs.contains_key(&digest)
            }
        });
        // Layers that are elsewhere on purpose.
        let foreign = descriptor.get("urls").and_then(Value::as_array).is_some_and(|urls| !urls.is_empty());
        (!here && !foreign).then(|| json!(text))
    };
    let blobs = document.get("config").into_iter().chain(array("layers"));
    blobs.filter_map(|d| absent(d, false)).chain(array("manifests").filter_map(|d| absent(d, true))).collect()
}

fn delete(store: &mut Store, rules: &Rules, name: &str, reference: &Reference) -> io::Result<Reply> {
    if !rules.deletes {
        return Ok(Reply::error(Code::Unsupported, Value::Null));
    }
    let removed = match reference {
        Reference::Tag(tag) => store.untag(name, tag)?,
        Reference::Digest(text) => match digest(text) {
            Some(digest) => store.remove_manifest(name, &digest)?,
            None => return Ok(Reply::error(Code::DigestInvalid, Value::Null)),
        },
    };
    Ok(if removed { Reply::new(202) } else { Reply::error(Code::ManifestUnknown, Value::Null) })
}

/// The referrers API: an index of what has this subject, in the order of digests, whether the subject is there or not.
pub(super) fn referrers(
    store: &Store,
    rules: &Rules,
    request: &Request,
    (name, subject): (&str, &str),
) -> Reply {
    if !rules.referrers {
        return Reply::no_route();
    }
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return Reply::no_method("GET");
    }
    let Some(subject) = digest(subject) else { return Reply::error(Code::DigestInvalid, json!(subject)) };
    let wanted = request.parameter("artifactType").filter(|wanted| !wanted.is_empty());
    let manifests = store.repositories.get(name).map(|r| &r.manifests).into_iter().flatten();
    let descriptors = manifests.filter_map(|(digest, manifest)| {
        let referrer = manifest.subject.as_ref().filter(|referrer| referrer.subject == subject)?;
        let fits = wanted.is_none() || wanted == referrer.artifact_type;
        fits.then(|| (digest.clone(), descriptor(digest, manifest, referrer)))
    });
    let filter = wanted.as_ref().map(|w| format!("&artifactType={}", percent_encoded(w))).unwrap_or_default();
    let Page { entries, next } = page(descriptors.collect(), request, rules.page, &filter);
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
    let mut reply = Reply::new(200).body(OCI_INDEX, index.to_string());
    if wanted.is_some() {
        reply = reply.with("OCI-Filters-Applied", "artifactType");
    }
    match next {
        Some(next) => reply.with("Link", next),
        None => reply,
    }
}

fn descriptor(digest: &str, manifest: &Manifest, referrer: &Referrer) -> Value {
    let mut descriptor =
        json!({ "mediaType": manifest.media_type, "digest": digest, "size": manifest.bytes.len() });
    if let Some(members) = descriptor.as_object_mut() {
        let artifact_type = referrer.artifact_type.clone().map(Value::from);
        members.extend(artifact_type.map(|value| ("artifactType".to_owned(), value)));
        members.extend(referrer.annotations.clone().map(|value| ("annotations".to_owned(), value)));
    }
    descriptor
}
