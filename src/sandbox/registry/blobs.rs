//! Blobs: pull, uploads in one piece and in chunks, mounts (OCI distribution specification 1.1).

use std::io;
use std::ops::Range;

use serde_json::{Value, json};

use super::Rules;
use super::content::Content;
use super::names::digest;
use super::reply::{Code, Reply};
use super::request::Request;
use super::store::{MAX_UPLOADS, Store};

/// Carries out what is asked of a blob.
pub(super) fn blob(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    (name, text): (&str, &str),
) -> io::Result<Reply> {
    if !["GET", "HEAD", "DELETE"].contains(&request.method.as_str()) {
        return Ok(Reply::no_method("DELETE, GET, HEAD"));
    }
    let Some(digest) = digest(text) else { return Ok(Reply::error(Code::DigestInvalid, json!({}))) };
    if request.method != "DELETE" {
        return Ok(match store.blob(name, &digest)? {
            Some(blob) => pull(request, &digest, &blob),
            None => Reply::error(Code::BlobUnknown, json!(digest)),
        });
    }
    if !rules.deletes {
        return Ok(Reply::error(Code::Unsupported, Value::Null));
    }
    let removed = store.remove_blob(name, &digest)?;
    Ok(if removed { Reply::new(202) } else { Reply::error(Code::BlobUnknown, Value::Null) })
}

fn pull(request: &Request, digest: &str, blob: &Content) -> Reply {
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
    let reply = with_headers(Reply::new(status).content("application/octet-stream", body))
        .with("Accept-Ranges", "bytes");
    match place {
        Some(place) => reply.with("Content-Range", place),
        None => reply,
    }
}

/// One range of bytes (RFC 9110 section 14.1.2). `None` when it is not one, or begins after the end.
fn range(text: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        let suffix: u64 = last.parse().ok()?;
        length.saturating_sub(suffix)..length
    } else {
        let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
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
) -> io::Result<Reply> {
    match request.method.as_str() {
        "POST" => {}
        // What Docker's registry says to them.
        "DELETE" | "GET" | "HEAD" | "PATCH" | "PUT" => {
            return Ok(Reply::error(Code::BlobUploadUnknown, Value::Null));
        }
        _ => return Ok(Reply::no_method("DELETE, GET, HEAD, PATCH, POST, PUT")),
    }
    let mount = request.parameter("mount").and_then(|text| digest(&text));
    let from = request.parameter("from").filter(|from| rules.mounts && may_pull(from));
    if let (Some(digest), Some(from)) = (mount, from)
        && store.mount(name, &digest, &from)?
    {
        return Ok(created(rules, request, name, &digest));
    }
    if let Some(text) = request.parameter("digest") {
        let Some(digest) = matching(&text, &request.body)? else {
            return Ok(Reply::error(Code::DigestInvalid, json!({ "Digest": text })));
        };
        store.put_blob(name, &digest, &request.body)?;
        return Ok(created(rules, request, name, &digest));
    }
    let Some((id, state)) = store.start_upload(name)? else {
        return Ok(
            Reply::error(Code::TooManyRequests, json!({ "uploads": MAX_UPLOADS })).with("Retry-After", "60")
        );
    };
    Ok(place(Reply::new(202), rules, request, (&id, &state, name), 0))
}

/// The digest that a text is, if the content has it.
fn matching(text: &str, content: &Content) -> io::Result<Option<String>> {
    let Some(digest) = digest(text) else { return Ok(None) };
    Ok(content.has_digest(&digest)?.then_some(digest))
}

/// Continues, ends, reports or gives up an upload.
pub(super) fn upload(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    (name, id): (&str, &str),
) -> io::Result<Reply> {
    if !["DELETE", "GET", "HEAD", "PATCH", "PUT"].contains(&request.method.as_str()) {
        return Ok(Reply::no_method("DELETE, GET, HEAD, PATCH, POST, PUT"));
    }
    let Some(upload) = store.uploads.get(id).filter(|upload| upload.repository == name) else {
        return Ok(Reply::error(Code::BlobUploadUnknown, json!({})));
    };
    let (state, length) = (upload.state.clone(), upload.length);
    // The address is the registry's; one without its query is another.
    if request.parameter("_state").as_ref() != Some(&state) {
        return Ok(Reply::error(Code::BlobUploadInvalid, Value::Null));
    }
    let place = |reply, length| place(reply, rules, request, (id, &state, name), length);
    let chunk = ["PATCH", "PUT"].contains(&request.method.as_str());
    if let Err(code) = if chunk { fits(rules, request, length) } else { Ok(()) } {
        let reply = Reply::error(code, Value::Null);
        return Ok(if code == Code::RangeInvalid { place(reply, length) } else { reply });
    }
    match request.method.as_str() {
        "PATCH" => {
            store.append(id, &request.body)?;
            Ok(place(Reply::new(202), length + request.body.len()))
        }
        "PUT" => finish(store, rules, request, (name, id)),
        "DELETE" => {
            store.end_upload(id)?;
            Ok(Reply::new(204).with("Docker-Upload-UUID", id))
        }
        _ => Ok(place(Reply::new(204), length)),
    }
}

/// A chunk: with a Content-Range it has to begin where the last one ended (section "Pushing a blob in chunks"), and to be as
/// long as that says.
fn fits(rules: &Rules, request: &Request, length: u64) -> Result<(), Code> {
    let end = length.saturating_add(request.body.len());
    if let Some(text) = request.header("content-range") {
        let ends = text.split_once('-').and_then(|(first, last)| {
            Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?.checked_add(1)?))
        });
        if ends != Some((length, end)) {
            return Err(Code::RangeInvalid);
        }
    }
    if end > rules.max_blob { Err(Code::SizeInvalid) } else { Ok(()) }
}

/// The last request of an upload, with a last chunk or without. The upload is over, also where the digest is wrong.
fn finish(
    store: &mut Store,
    rules: &Rules,
    request: &Request,
    (name, id): (&str, &str),
) -> io::Result<Reply> {
    let text = request.parameter("digest").unwrap_or_default();
    store.append(id, &request.body)?;
    let digest = digest(&text);
    let matches = store.finish_upload(id, digest.as_deref())?;
    Ok(match digest.filter(|_| matches) {
        Some(digest) => created(rules, request, name, &digest),
        None => Reply::error(Code::DigestInvalid, json!({ "Digest": text })),
    })
}

fn created(rules: &Rules, request: &Request, name: &str, digest: &str) -> Reply {
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
    length: u64,
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
