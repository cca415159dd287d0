//! The certificate log (RFC 6962): signs SCTs over precertificates, keeps them, and lets everybody read.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::authority::AuthorityError;
use super::log::{Log, LogError};
use super::routes::Routes;
use super::{Clock, Folder};
use crate::crypto::{
    KeyType, Node, PrivateKey, PublicKey, SigningInput, SigningKey as _, base64, json as strict,
};
use crate::x509::Certificate;
use crate::x509::issue::{CtLog, IssueError, Witnessed};
use crate::x509::sct::Sct;

/// The most entries of one answer.
const MAX_ENTRIES: u64 = 64;
/// The largest request, in bytes.
const MAX_BODY: usize = 1 << 18;
/// The most certificates of a chain.
const MAX_CHAIN: usize = 10;

/// The log.
#[derive(Debug)]
pub struct CertificateLog {
    key: PrivateKey,
    log: Log,
    clock: Arc<Clock>,
    /// Whose precertificates are taken in.
    roots: Vec<Certificate>,
}

/// Why there is no SCT.
#[derive(Debug, thiserror::Error)]
pub enum CtError {
    /// The key does not sign, or what should be signed is not of its form.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The log does not take it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl CertificateLog {
    /// The log in this folder. Over HTTP it takes precertificates of these issuers alone.
    ///
    /// # Errors
    /// The folder or the log cannot be used.
    pub fn open(
        folder: &Folder,
        clock: Arc<Clock>,
        issuers: Vec<Certificate>,
    ) -> Result<Self, AuthorityError> {
        let key = folder.key("ct", KeyType::P256)?;
        Ok(Self { key, log: Log::open(folder, "ct")?, clock, roots: issuers })
    }

    /// The key that verifies its SCTs and tree heads.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// How SCTs name it: the SHA-256 of its key.
    pub fn log_id(&self) -> [u8; 32] {
        self.public_key().key_id()
    }

    /// What it holds.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Takes a precertificate in by its parts: the SHA-256 of its issuer's SubjectPublicKeyInfo and its TBSCertificate without
    /// poison, with the precertificate itself and the chain above it. The SCT is returned when the entry is on the disk.
    ///
    /// # Errors
    /// [`CtError`].
    pub async fn add(
        &self,
        issuer_key_hash: [u8; 32],
        tbs: Vec<u8>,
        precertificate: &[u8],
        chain: &[&Certificate],
    ) -> Result<Sct, CtError> {
        let witnessed = self.signer().witness(issuer_key_hash, tbs)?;
        self.keep(witnessed, precertificate, chain).await
    }

    async fn keep(
        &self,
        witnessed: Witnessed,
        precertificate: &[u8],
        chain: &[&Certificate],
    ) -> Result<Sct, CtError> {
        let chain: Option<Vec<Vec<u8>>> = chain.iter().map(|it| vector24(it.der())).collect();
        let chain = chain.map(|chain| chain.concat());
        // PrecertChainEntry (section 3.1).
        let extra = vector24(precertificate).zip(chain.as_deref().and_then(vector24));
        let extra = extra.ok_or(IssueError::SctLength)?;
        let ticket = self.log.submit(witnessed.leaf, [extra.0, extra.1].concat())?;
        self.log.committed(&ticket).await?;
        Ok(witnessed.sct)
    }

    fn signer(&self) -> CtLog<'_> {
        CtLog { key: &self.key, time: self.clock.now(), extensions: &[] }
    }

    /// What answers its requests, below `/ct/v1/`.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .get("/ct/v1/get-sth", head)
            .get("/ct/v1/get-entries", entries)
            .get("/ct/v1/get-proof-by-hash", proof)
            .get("/ct/v1/get-sth-consistency", consistency)
            .get("/ct/v1/get-roots", roots)
            .post("/ct/v1/add-pre-chain", add_pre_chain)
            .router()
            .layer(DefaultBodyLimit::max(MAX_BODY))
    }
}

/// `opaque<0..2^24-1>` of TLS.
fn vector24(bytes: &[u8]) -> Option<Vec<u8>> {
    let [0, length @ ..] = u32::try_from(bytes.len()).ok()?.to_be_bytes() else { return None };
    Some([&length, bytes].concat())
}

type Asked = Query<Vec<(String, String)>>;

fn parameter<'a>(query: &'a Asked, name: &str) -> Result<&'a str, Refused> {
    let mut found = query.0.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value),
        _ => {
            Err(refused(StatusCode::BAD_REQUEST, &format!("the parameter {name} is missing, or there twice")))
        }
    }
}

fn number(query: &Asked, name: &str) -> Result<u64, Refused> {
    let digits = parameter(query, name)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| refused(StatusCode::BAD_REQUEST, &format!("the parameter {name} is not a number")))
}

/// Why there is no answer.
struct Refused(StatusCode, String);

fn refused(status: StatusCode, reason: &str) -> Refused {
    Refused(status, reason.to_owned())
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, reason) = self;
        (status, axum::Json(json!({ "error_message": reason, "success": false }))).into_response()
    }
}

fn failed() -> Refused {
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the log failed")
}

/// `get-sth` (section 4.3).
async fn head(State(log): State<Arc<CertificateLog>>) -> Response {
    let size = log.log.size();
    let Some(root) = log.log.root(size) else { return failed().into_response() };
    let millis = u64::try_from(log.clock.now().seconds()).unwrap_or(0).saturating_mul(1000);
    // TreeHeadSignature: version v1, signature type tree_hash (section 3.5).
    let signed = [&[0, 1][..], &millis.to_be_bytes(), &size.to_be_bytes(), &root].concat();
    let Ok(signature) = log.key.sign_now(&SigningInput::message(signed)) else {
        return failed().into_response();
    };
    let length = u16::try_from(signature.len()).unwrap_or(u16::MAX).to_be_bytes();
    // SHA-256 with ECDSA (RFC 5246 section 7.4.1.4.1).
    let signature = [&[4, 3], &length[..], &signature].concat();
    axum::Json(json!({
        "tree_size": size, "timestamp": millis, "sha256_root_hash": base64::encode(root),
        "tree_head_signature": base64::encode(signature),
    }))
    .into_response()
}

/// `get-entries` (section 4.6). Less is returned than was asked for where that is much.
async fn entries(State(log): State<Arc<CertificateLog>>, query: Asked) -> Response {
    list(&log, &query).map(axum::Json).into_response()
}

fn list(log: &CertificateLog, query: &Asked) -> Result<Value, Refused> {
    let (start, end) = (number(query, "start")?, number(query, "end")?);
    let size = log.log.size();
    if start > end || start >= size {
        let reason = format!("there are no entries from {start} to {end}: the log has {size}");
        return Err(refused(StatusCode::BAD_REQUEST, &reason));
    }
    let end = end.min(size - 1).min(start.saturating_add(MAX_ENTRIES - 1));
    let mut out = Vec::new();
    for index in start..=end {
        let record = log.log.entry(index).ok().flatten().ok_or_else(failed)?;
        out.push(json!({
            "leaf_input": base64::encode(record.leaf), "extra_data": base64::encode(record.attached),
        }));
    }
    Ok(json!({ "entries": out }))
}

/// `get-proof-by-hash` (section 4.5).
async fn proof(State(log): State<Arc<CertificateLog>>, query: Asked) -> Response {
    audit(&log, &query).map(axum::Json).into_response()
}

fn audit(log: &CertificateLog, query: &Asked) -> Result<Value, Refused> {
    let size = number(query, "tree_size")?;
    let hash = base64::decode(parameter(query, "hash")?).and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    let not = |status, reason: &str| refused(status, reason);
    let hash = hash.ok_or_else(|| not(StatusCode::BAD_REQUEST, "the hash is not 32 bytes in base64"))?;
    if size > log.log.size() {
        return Err(not(StatusCode::BAD_REQUEST, "the tree is not that large"));
    }
    let index = log.log.find(&hash).filter(|index| *index < size);
    let path = index.and_then(|index| log.log.inclusion_path(index, size).map(|path| (index, path)));
    let (index, path) =
        path.ok_or_else(|| not(StatusCode::NOT_FOUND, "no leaf of this tree has this hash"))?;
    let path: Vec<String> = path.iter().map(base64::encode).collect();
    Ok(json!({ "leaf_index": index, "audit_path": path }))
}

/// `get-sth-consistency` (section 4.4).
async fn consistency(State(log): State<Arc<CertificateLog>>, query: Asked) -> Response {
    grown(&log, &query).map(axum::Json).into_response()
}

fn grown(log: &CertificateLog, query: &Asked) -> Result<Value, Refused> {
    let (first, second) = (number(query, "first")?, number(query, "second")?);
    let sound = first <= second && second <= log.log.size();
    // Every tree grows out of the one without leaves, and nothing has to be shown for it.
    let path = if first == 0 { Some(Vec::new()) } else { log.log.consistency_path(first, second) };
    let path = path.filter(|_| sound).ok_or_else(|| {
        refused(StatusCode::BAD_REQUEST, "the tree is not that large, or the sizes are the wrong way round")
    })?;
    let path: Vec<String> = path.iter().map(base64::encode).collect();
    Ok(json!({ "consistency": path }))
}

/// `get-roots` (section 4.7).
async fn roots(State(log): State<Arc<CertificateLog>>) -> Response {
    let roots: Vec<String> = log.roots.iter().map(|root| base64::encode(root.der())).collect();
    axum::Json(json!({ "certificates": roots })).into_response()
}

/// `add-pre-chain` (section 4.2).
async fn add_pre_chain(State(log): State<Arc<CertificateLog>>, body: Bytes) -> Response {
    let chain = match chain(&body) {
        Ok(chain) => chain,
        Err(error) => {
            return refused(StatusCode::BAD_REQUEST, &error.to_string()).into_response();
        }
    };
    let [precertificate, issuer, ..] = chain.as_slice() else {
        return refused(StatusCode::BAD_REQUEST, "the chain has no issuer").into_response();
    };
    if !log.roots.contains(issuer) || !precertificate.is_issued_by(issuer) {
        return refused(StatusCode::BAD_REQUEST, "the issuer is not one whose certificates this log takes")
            .into_response();
    }
    let Ok(witnessed) = log.signer().witness_precertificate(precertificate, issuer) else {
        return failed().into_response();
    };
    let above: Vec<&Certificate> = chain.iter().skip(1).collect();
    match log.keep(witnessed, precertificate.der(), &above).await {
        Ok(sct) => ([("content-type", "application/json")], sct.to_json()).into_response(),
        Err(_) => failed().into_response(),
    }
}

fn chain(body: &[u8]) -> Result<Vec<Certificate>, crate::crypto::DecodeError> {
    const WHAT: &str = "chain";
    let value = strict::parse(WHAT, body)?;
    let chain = Node::root(WHAT, &value).member("chain")?;
    chain.items(MAX_CHAIN)?.iter().map(|item| Certificate::from_der(&item.base64()?)).collect()
}

#[cfg(test)]
mod tests;
