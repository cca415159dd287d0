//! Faults: what a hook may make of a request.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::json;

use super::content::Content;
use super::reply::Reply;
use super::request::Request;

/// Sees every request, before anything is done about it, and says what is to be wrong with it. It runs on the thread of the
/// registry, so it must not wait: [`Fault::delayed`] does.
pub(super) type Hook = Arc<dyn Fn(&Request) -> Fault + Send + Sync>;

/// What is wrong with one exchange. [`Fault::none`] is nothing; the rest can be combined.
///
/// The order is: wait ([`delayed`](Self::delayed)), carry the request out or answer [`instead`](Self::status), change the answer,
/// hold it back ([`held`](Self::held)), send it at a pace, end it in a way.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Fault {
    pub(super) wait: Duration,
    pub(super) instead: Option<Reply>,
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) body: Option<Bytes>,
    pub(super) hold: Duration,
    pub(super) repeated: Option<Bytes>,
    pub(super) pace: Option<(usize, Duration)>,
    pub(super) end: End,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    #[default]
    Whole,
    /// The connection is closed after so many bytes of the body.
    Cut(usize),
    /// The connection is closed before the answer.
    Close,
    /// As [`Self::Close`], by a TCP reset.
    Reset,
}

impl Fault {
    /// Nothing is wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// The request is not carried out; the answer has this status and no body.
    pub fn status(status: u16) -> Self {
        Self { instead: Some(Reply::new(status)), ..Self::default() }
    }

    /// The request is not carried out; the answer is an error as the specification writes them.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "errors": [{ "code": code, "message": message }] });
        Self { instead: Some(Reply::json(status, &body)), ..Self::default() }
    }

    /// The request is not carried out; the answer sends the client elsewhere, with 307.
    pub fn redirect(location: &str) -> Self {
        Self::status(307).header("Location", location)
    }

    /// The request is not carried out; the answer is 200 with this body, which may be anything.
    pub fn answer(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let reply = Reply::new(200).body(media_type, body.into());
        Self { instead: Some(reply), ..Self::default() }
    }

    /// The request is not carried out; the connection is closed without an answer.
    pub fn close() -> Self {
        Self { end: End::Close, ..Self::status(500) }
    }

    /// The request is not carried out; the connection is reset (RST) without an answer.
    pub fn reset() -> Self {
        Self { end: End::Reset, ..Self::status(500) }
    }

    /// The request is carried out; the connection is closed without an answer.
    pub fn unanswered() -> Self {
        Self { end: End::Close, ..Self::default() }
    }

    /// The request is not carried out; the answer is a list of one entry (tags, catalog or referrers, as the path says) that names a next page,
    /// which is like it, and so on.
    pub fn endless_pages(request: &Request) -> Self {
        let last = request.parameter("last").and_then(|last| last.parse::<u64>().ok());
        let page = last.unwrap_or_default().saturating_add(1);
        let (media_type, list) = if request.path.contains("/referrers/") {
            let digest = format!("sha256:{page:064x}");
            let media_type = "application/vnd.oci.image.manifest.v1+json";
            let entry = json!({ "mediaType": media_type, "digest": digest, "size": 2 });
            let index = "application/vnd.oci.image.index.v1+json";
            (index, json!({ "schemaVersion": 2, "mediaType": index, "manifests": [entry] }))
        } else if request.path.ends_with("/_catalog") {
            ("application/json", json!({ "repositories": [format!("r{page}")] }))
        } else {
            ("application/json", json!({ "name": "endless", "tags": [format!("t{page}")] }))
        };
        let next = format!("<{}?last={page}>; rel=\"next\"", request.path);
        Self::answer(media_type, list.to_string()).header("Link", &next)
    }

    /// The answer has this header in the place of its own of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// The answer lacks this header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.push((name.to_owned(), None));
        self
    }

    /// The answer has this body in the place of its own, whose digest and other headers it keeps; Content-Length is that of
    /// the new one, unless [`Self::claiming`] says another.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(Bytes::from(body.into()));
        self
    }

    /// Content-Length says this. A body that is shorter is followed by the end of the connection; of one that is longer only so
    /// much is sent.
    pub fn claiming(self, length: u64) -> Self {
        self.header("Content-Length", &length.to_string())
    }

    /// The connection is closed after so many bytes of the body; Content-Length is that of the whole.
    pub fn truncated(self, after: usize) -> Self {
        Self { end: End::Cut(after), ..self }
    }

    /// The body, once it is over, is followed by these bytes again and again, in chunks, until the client goes away; not with
    /// an empty slice. With [`Self::claiming`] it ends where that says.
    pub fn endless(self, repeated: impl Into<Vec<u8>>) -> Self {
        Self { repeated: Some(Bytes::from(repeated.into())), ..self }.without("Content-Length")
    }

    /// The body is sent in parts of so many bytes, with a pause before each.
    pub fn slow(self, bytes: usize, pause: Duration) -> Self {
        Self { pace: Some((bytes.max(1), pause)), ..self }
    }

    /// Nothing is done with the request for so long; then it goes on.
    pub fn delayed(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// The request is carried out at once; the answer comes so much later.
    pub fn held(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Applies the changes to an answer.
    pub(super) fn change(&self, mut reply: Reply) -> Reply {
        for (name, value) in &self.headers {
            reply.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
            reply.headers.extend(value.iter().map(|value| (name.clone(), value.clone())));
        }
        reply.body = self.body.clone().map_or(reply.body, Content::Memory);
        reply
    }

    /// Whether Content-Length is left to the fault: it says another, or none.
    pub(super) fn sets_length(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"))
    }
}
