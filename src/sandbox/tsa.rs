//! The timestamp authority (RFC 3161 over HTTP; sigstore/timestamp-authority).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::authority::{Authority, AuthorityError, Role};
use super::folder::write_whole;
use super::routes::Routes;
use super::{Clock, Folder, FolderError};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Node, json as strict};
use crate::timestamp::issue::Template;
use crate::timestamp::query::{Query, Refusal};
use crate::x509::Certificate;

/// The one policy, that of Sigstore's authority.
const POLICY: &str = "1.3.6.1.4.1.57264.2";
/// How far off the time may be, in seconds.
const ACCURACY: u8 = 1;
/// The largest request, in bytes.
const MAX_BODY: usize = 1 << 16;
/// The file that says from which number on serial numbers are free.
const SERIAL_FILE: &str = "tsa-serial";
/// So many are taken from the file at a time.
const BLOCK: u64 = 1 << 20;
const REPLY: &str = "application/timestamp-reply";

/// The authority.
#[derive(Debug)]
pub struct TimestampAuthority {
    root: Authority,
    signer: Authority,
    serials: Mutex<Serials>,
    clock: Arc<Clock>,
}

/// Serial numbers that nobody has yet: `next` up to `end`, as the file says.
#[derive(Debug)]
struct Serials {
    file: PathBuf,
    next: u64,
    end: u64,
}

impl Serials {
    /// Nothing is free until it is taken from the file, so that a number is never given out twice, however this process ends.
    fn open(folder: &Folder) -> Result<Self, FolderError> {
        let text = folder.read(SERIAL_FILE)?.unwrap_or_default();
        let kept = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
        let next: u64 = match (kept, text.is_empty()) {
            (Some(next), _) => next,
            (None, true) => 1,
            (None, false) => {
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, "not a number");
                return Err(FolderError::Unusable { path: folder.path().join(SERIAL_FILE), source });
            }
        };
        Ok(Self { file: folder.path().join(SERIAL_FILE), next, end: next })
    }

    fn take(&mut self) -> std::io::Result<u64> {
        if self.next >= self.end {
            let end = self.next.saturating_add(BLOCK);
            write_whole(&self.file, end.to_string().as_bytes())?;
            self.end = end;
        }
        let taken = self.next;
        self.next += 1;
        Ok(taken)
    }
}

impl TimestampAuthority {
    /// The authority in this folder.
    ///
    /// # Errors
    /// The folder, or a certificate in it, cannot be used.
    pub fn open(folder: &Folder, clock: Arc<Clock>) -> Result<Self, AuthorityError> {
        let now = Clock::default().now();
        let root = Authority::open(folder, "tsa-root", Role::Root, None, now)?;
        let signer = Authority::open(folder, "tsa", Role::TimeStamping, Some(&root), now)?;
        let serials = Mutex::new(Serials::open(folder)?);
        Ok(Self { root, signer, serials, clock })
    }

    /// Its certificates: the one that signs, then the root.
    pub fn chain(&self) -> [&Certificate; 2] {
        [&self.signer.certificate, &self.root.certificate]
    }

    /// What answers its requests.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .post("/api/v1/timestamp", timestamp)
            .get("/api/v1/timestamp/certchain", chain)
            .get("/ping", || async { "." })
            .router()
            .layer(DefaultBodyLimit::max(MAX_BODY))
    }

    /// A TimeStampResp with a token.
    fn answer(&self, query: &Query) -> Result<Vec<u8>, Refusal> {
        if let Some(policy) = query.policy.as_ref().filter(|policy| *policy != POLICY) {
            return Err(Refusal::Policy(policy.clone()));
        }
        let system = |error: String| Refusal::System(error);
        let serial = {
            let mut serials = self.serials.lock().unwrap_or_else(PoisonError::into_inner);
            serials.take().map_err(|error| system(error.to_string()))?
        };
        let mut template = Template::new(&[], self.clock.now());
        template.imprint = query.imprint.clone();
        template.serial = serial.to_be_bytes().to_vec();
        template.nonce.clone_from(&query.nonce);
        template.accuracy = Some(ACCURACY);
        POLICY.clone_into(&mut template.policy);
        if query.certificates {
            template = template.embedding(std::slice::from_ref(&self.signer.certificate));
        }
        let response = template.response(&self.signer.key, &self.signer.certificate);
        response.map_err(|error| system(error.to_string()))
    }
}

/// `POST /api/v1/timestamp`: a TimeStampReq, or the JSON that upstream takes as well.
async fn timestamp(
    State(authority): State<Arc<TimestampAuthority>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return error(rejection.status(), &rejection.body_text()),
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/timestamp-query" => {
            let outcome = Query::from_der(&body).and_then(|query| authority.answer(&query));
            outcome.map_or_else(|refusal| refused(&refusal), granted)
        }
        "application/json" => match from_json(&body).map_err(Refusal::Form) {
            Ok(query) => match authority.answer(&query) {
                Ok(response) => granted(response),
                Err(refusal) => error(StatusCode::BAD_REQUEST, &refusal.to_string()),
            },
            Err(refusal) => error(StatusCode::BAD_REQUEST, &refusal.to_string()),
        },
        _ => {
            let words = "the Content-Type is neither application/timestamp-query nor application/json";
            error(StatusCode::UNSUPPORTED_MEDIA_TYPE, words)
        }
    }
}

fn granted(response: Vec<u8>) -> Response {
    (StatusCode::CREATED, [(header::CONTENT_TYPE, REPLY)], response).into_response()
}

/// A refusal is an answer (RFC 3161 section 3.4), and clients read the reason in it only when HTTP says so too; but what is no
/// request at all is not one of HTTP's either.
fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Form(_) => StatusCode::BAD_REQUEST,
        Refusal::System(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Algorithm(_) | Refusal::Policy(_) | Refusal::Extension => StatusCode::OK,
    };
    (status, [(header::CONTENT_TYPE, REPLY)], refusal.response()).into_response()
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}

/// The request in JSON: `artifactHash` (base64), `hashAlgorithm`, and if wanted `certificates`, `nonce`, `tsaPolicyOID`.
fn from_json(body: &[u8]) -> Result<Query, DecodeError> {
    const WHAT: &str = "timestamp request";
    let value = strict::parse(WHAT, body)?;
    let top = Node::root(WHAT, &value);
    let algorithm = top.member("hashAlgorithm")?;
    let name = algorithm.text()?.replace('-', "");
    let hash =
        HashAlgorithm::from_name(&name).filter(|hash| Query::hashes().iter().any(|(it, _)| it == hash));
    let hash = hash.ok_or_else(|| algorithm.error("not sha256, sha384 or sha512"))?;
    let digest = top.member("artifactHash")?;
    let imprint = Digest::new(hash, &digest.base64()?).map_err(|error| digest.error(error.reason))?;
    let flag = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(DecodeError::new(WHAT, name, "neither true nor false")),
    };
    let nonce = match value.get("nonce") {
        None | Some(Value::Null) => None,
        Some(nonce) => {
            let number = nonce.as_u64();
            let number = number.ok_or_else(|| DecodeError::new(WHAT, "nonce", "not a number of 64 bits"))?;
            Some(number.to_be_bytes().to_vec())
        }
    };
    let policy = top.optional("tsaPolicyOID")?.map(|policy| policy.text().map(str::to_owned)).transpose()?;
    let policy = policy.filter(|policy| !policy.is_empty());
    Ok(Query { imprint, policy, nonce, certificates: flag("certificates")? })
}

/// `GET /api/v1/timestamp/certchain`.
async fn chain(State(authority): State<Arc<TimestampAuthority>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/pem-certificate-chain")];
    (headers, authority.chain().map(Certificate::to_pem).concat()).into_response()
}

#[cfg(test)]
mod tests;
