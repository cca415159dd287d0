//! Blobs: pull, uploads in one piece and in chunks, mounts (OCI distribution specification 1.1).

use std::ops::Range;

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::Rules;
use super::names::{digest, has_digest};
use super::reply::{Code, Reply};
use super::request::Request;
use super::store::{Store, Upload};

/// Larger blobs are refused, as they stay in memory.
pub(super) const MAX_BLOB: usize = 1 << 30;

/// Carries out what is asked of a blob.
pub(super) fn blob(store: &mut Store, rules: &Rules, request: &Request, (name, text): (&str, &str)) -> Reply {
    if !["GET", "HEAD", "DELETE"].contains(&request.method.as_str()) {
        return Reply::no_method("DELETE, GET, HEAD");
    }
    let Some(digest) = digest(text) else { return Reply::error(Code::DigestInvalid, json!({})) };
    if request.method != "DELETE" {
        let blob = store.repositories.get(name).and_then(|r| r.blobs.get(&digest));
        return match blob {
            Some(blob) => pull(request, &digest, blob),
            None => Reply::error(Code::BlobUnknown, json!(digest)),
        };
    }
    if !rules.deletes {
        return Reply::error(Code::Unsupported, Value::Null);
    }
    match store.repositories.get_mut(name).and_then(|r| r.blobs.remove(&digest)) {
        Some(_) => Reply::new(202),
        None => Reply::error(Code::BlobUnknown, Value::Null),
    }
}

fn pull(request: &Request, digest: &str, blob: &Bytes) -> Reply {
    let with_headers = |reply: Reply| {
        reply
            .with("Docker-Content-Digest", digest)
            .with("Etag", format!("\"{digest}\""))
            .with("Cache-Control", "max-age=31536000")
    };
    if request.header("if-none-match").is_some_and(|tags| tags.contains(digest)) {
        return with_headers(Reply::new(304));
    }
    let (status, body, place) = match request.header("range").map(|text| range(text, blob.len())) {
        None => (200, blob.clone(), None),
        Some(Some(range)) => {
            let place = format!("bytes {}-{}/{}", range.start, range.end - 1, blob.len());
            (206, blob.slice(range), Some(place))
        }
        Some(None) => {
            let reply = Reply::text(416, "invalid range");
            return with_headers(reply.with("Content-Range", format!("bytes */{}", blob.len())));
        }
    };
    let reply = with_headers(Reply::new(status).body("application/octet-stream", body))
        .with("Accept-Ranges", "bytes");
    match place {
        Some(place) => reply.with("Content-Range", place),
        None => reply,
    }
}

/// One range of bytes (RFC 9110 section 14.1.2). `None` when it is not one, or begins after the end.
fn range(text: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        let suffix: usize = last.parse().ok()?;
        length.saturating_sub(suffix)..length
    } else {
        let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
        first.parse().ok()?..last.saturating_add(1).min(length)
    };
    (range.start < range.end).then_some(range)
}

/// Begins an upload, or does all of it: a blob in one request (`digest`), a mount (`mount` and `from`). `may_pull` says
/// whether the client may read a repository.
pub(super) fn start(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    name: &str,
    may_pull: impl Fn(&str) -> bool,
) -> Reply {
    match request.method.as_str() {
        "POST" => {}
        // What Docker's registry says to them.
        "DELETE" | "GET" | "HEAD" | "PATCH" | "PUT" => {
            return Reply::error(Code::BlobUploadUnknown, Value::Null);
        }
        _ => return Reply::no_method("DELETE, GET, HEAD, PATCH, POST, PUT"),
    }
    let mount = request.parameter("mount").and_then(|text| digest(&text));
    if let (Some(digest), Some(from)) = (mount, request.parameter("from").filter(|from| may_pull(from))) {
        let blob = store.repositories.get(&from).and_then(|r| r.blobs.get(&digest)).cloned();
        if let Some(blob) = blob.filter(|_| rules.mounts) {
            return put(store, rules, request, name, (&digest, blob));
        }
    }
    if let Some(text) = request.parameter("digest") {
        return match digest(&text).filter(|digest| has_digest(request.body(), digest)) {
            Some(digest) => put(store, rules, request, name, (&digest, request.body.clone())),
            None => Reply::error(Code::DigestInvalid, json!({ "Digest": text })),
        };
    }
    let (id, state) = store.start_upload(name);
    place(Reply::new(202), rules, request, (&id, &state, name), 0)
}

/// Continues, ends, reports or gives up an upload.
pub(super) fn upload(store: &mut Store, rules: &Rules, request: &Request, (name, id): (&str, &str)) -> Reply {
    if !["DELETE", "GET", "HEAD", "PATCH", "PUT"].contains(&request.method.as_str()) {
        return Reply::no_method("DELETE, GET, HEAD, PATCH, POST, PUT");
    }
    let Some(upload) = store.uploads.get_mut(id).filter(|upload| upload.repository == name) else {
        return Reply::error(Code::BlobUploadUnknown, json!({}));
    };
    let state = upload.state.clone();
    // The address is the registry's; one without its query is another.
    if request.parameter("_state").as_ref() != Some(&state) {
        return Reply::error(Code::BlobUploadInvalid, Value::Null);
    }
    match request.method.as_str() {
        "PATCH" => {
            if let Err(code) = append(upload, request) {
                let reply = Reply::error(code, Value::Null);
                return if code == Code::RangeInvalid {
                    place(reply, rules, request, (id, &state, name), upload.parts.len())
                } else {
                    reply
                };
            }
            place(Reply::new(202), rules, request, (id, &state, name), upload.parts.len())
        }
        "PUT" => finish(store, rules, request, (name, id)),
        "DELETE" => {
            store.uploads.remove(id);
            Reply::new(204).with("Docker-Upload-UUID", id)
        }
        _ => place(Reply::new(204), rules, request, (id, &state, name), upload.parts.len()),
    }
}

/// A chunk: with a Content-Range it has to begin where the last one ended (section "Pushing a blob in chunks"), and to be as
/// long as that says.
fn append(upload: &mut Upload, request: &Request) -> Result<(), Code> {
    if let Some(text) = request.header("content-range") {
        let ends = text.split_once('-').and_then(|(first, last)| {
            Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?.checked_add(1)?))
        });
        let length = upload.parts.len();
        if ends != Some((length, length + request.length)) {
            return Err(Code::RangeInvalid);
        }
    }
    if upload.parts.len() + request.length > MAX_BLOB {
        return Err(Code::SizeInvalid);
    }
    upload.parts.extend_from_slice(request.body());
    Ok(())
}

/// The last request of an upload, with a last chunk or without. Whatever comes of it, the upload is over.
fn finish(store: &mut Store, rules: &Rules, request: &Request, (name, id): (&str, &str)) -> Reply {
    let text = request.parameter("digest").unwrap_or_default();
    let Some(mut upload) = store.uploads.remove(id) else {
        return Reply::error(Code::BlobUploadUnknown, json!({}));
    };
    if let Err(code) = append(&mut upload, request) {
        return Reply::error(code, Value::Null);
    }
    match digest(&text).filter(|digest| has_digest(&upload.parts, digest)) {
        Some(digest) => put(store, rules, request, name, (&digest, Bytes::from(upload.parts))),
        None => Reply::error(Code::DigestInvalid, json!({ "Digest": text })),
    }
}

fn put(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    name: &str,
    (digest, blob): (&str, Bytes),
) -> Reply {
    store.repository(name).blobs.insert(digest.to_owned(), blob);
    Reply::new(201)
        .with("Docker-Content-Digest", digest)
        .with("Location", rules.location(request, &format!("/v2/{name}/blobs/{digest}")))
}

/// Where an upload goes on, and how much of it there is.
fn place(
    reply: Reply,
    rules: &Rules,
    request: &Request,
    (id, state, name): (&str, &str, &str),
    length: usize,
) -> Reply {
    let path = format!("/v2/{name}/blobs/uploads/{id}?_state={}", super::request::percent_encoded(state));
    reply
        .with("Docker-Upload-UUID", id)
        .with("Location", rules.location(request, &path))
        .with("Range", format!("0-{}", length.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_http() {
        for (text, expected) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-4", Some(2..5)),
            ("bytes=3-", Some(3..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("bytes=5-100", Some(5..10)),
            ("bytes=10-", None),
            ("bytes=4-2", None),
            ("bytes=-0", None),
            ("bytes=x-", None),
            ("junk", None),
            ("bytes=0-18446744073709551615", Some(0..10)),
        ] {
            assert_eq!(range(text, 10), expected, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }
}
