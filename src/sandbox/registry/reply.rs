//! Answers, before they become bytes on a connection.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::content::Content;

/// An answer: status, headers, body.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: u16,
    /// In order; names in any case.
    pub headers: Vec<(String, String)>,
    pub body: Content,
}

/// Error codes of the OCI distribution specification 1.1 (section "Error Codes"), and those of Docker's registry where it has
/// none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameUnknown,
    RangeInvalid,
    SizeInvalid,
    TooManyRequests,
    Unauthorized,
    Unknown,
    Unsupported,
}

impl Code {
    /// The status that goes with the code, the code itself and Docker's words for it.
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BlobUnknown => (404, "BLOB_UNKNOWN", "blob unknown to registry"),
            Self::BlobUploadInvalid => (404, "BLOB_UPLOAD_INVALID", "blob upload invalid"),
            Self::BlobUploadUnknown => (404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry"),
            Self::DigestInvalid => (400, "DIGEST_INVALID", "provided digest did not match uploaded content"),
            Self::ManifestBlobUnknown => (400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry"),
            Self::ManifestInvalid => (400, "MANIFEST_INVALID", "manifest invalid"),
            Self::ManifestUnknown => (404, "MANIFEST_UNKNOWN", "manifest unknown"),
            Self::NameUnknown => (404, "NAME_UNKNOWN", "repository name not known to registry"),
            Self::RangeInvalid => (416, "RANGE_INVALID", "invalid content range"),
            Self::SizeInvalid => (413, "SIZE_INVALID", "larger than this registry takes"),
            Self::TooManyRequests => (429, "TOOMANYREQUESTS", "too many requests are unfinished"),
            Self::Unauthorized => (401, "UNAUTHORIZED", "authentication required"),
            Self::Unknown => (500, "UNKNOWN", "the state of the registry cannot be read or written"),
            Self::Unsupported => (405, "UNSUPPORTED", "The operation is unsupported."),
        }
    }
}

impl Reply {
    /// No body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Content::default() }
    }

    /// With one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With this body of this type.
    pub fn body(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.content(media_type, Content::Memory(body.into()))
    }

    /// With this body of this type, which may be in a file.
    pub fn content(mut self, media_type: &str, body: Content) -> Self {
        self.body = body;
        self.with("Content-Type", media_type)
    }

    /// JSON as Docker's registry writes it: with a line end.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status).body("application/json; charset=utf-8", format!("{value}\n"))
    }

    /// A line of text: what a path without a route is answered with.
    pub fn text(status: u16, line: &str) -> Self {
        Self::new(status)
            .body("text/plain; charset=utf-8", format!("{line}\n"))
            .with("X-Content-Type-Options", "nosniff")
    }

    /// An error in the form of the specification, with the status that goes with the code.
    pub fn error(code: Code, detail: Value) -> Self {
        let message = code.parts().2;
        Self::errors(code, message, [detail])
    }

    /// As [`Self::error`], in other words.
    pub fn explained(code: Code, message: &str) -> Self {
        Self::errors(code, message, [Value::Null])
    }

    /// One error for each detail.
    pub fn errors(code: Code, message: &str, details: impl IntoIterator<Item = Value>) -> Self {
        let (status, name, _) = code.parts();
        let error = |detail: Value| match detail {
            Value::Null => json!({ "code": name, "message": message }),
            detail => json!({ "code": name, "message": message, "detail": detail }),
        };
        let errors: Vec<Value> = details.into_iter().map(error).collect();
        Self::json(status, &json!({ "errors": errors }))
    }

    /// No route has this path.
    pub fn no_route() -> Self {
        Self::text(404, "404 page not found")
    }

    /// The path is there, with other methods.
    pub fn no_method(allowed: &str) -> Self {
        Self::text(405, "Method not allowed").with("Allow", allowed)
    }
}
