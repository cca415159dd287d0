//! Rekor v2 (`rekor/v2/rekor_service.proto` of sigstore/rekor-tiles): one call to log, and the log as tiles to read.

mod accept;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use self::accept::accept;
use super::super::log::{Log, Tile};
use super::super::routes::Routes;
use super::super::{Clock, Folder};
use super::issuer::{Issuer, Logged, Taken};
use super::refusal::{Refusal, document, with_json};
use super::{REQUEST_LIMITS, RekorError};
use crate::crypto::{KeyType, PrivateKey, PublicKey, base64};
use crate::tlog::Entry;
use crate::tlog::issue::{LogSigner, body};

/// The longest body: a bundle of entries has its length in two bytes.
const BODY_LIMIT: usize = u16::MAX as usize;

/// The service. Its key is Ed25519.
pub struct RekorV2 {
    issuer: Issuer,
}

impl RekorV2 {
    /// Opens the log in this folder, which is made the first time. `name` is the origin of its checkpoints: the host name of
    /// its address, without the port.
    ///
    /// # Errors
    /// The folder, the key or the log cannot be used.
    pub fn open(folder: &Folder, clock: Arc<Clock>, name: &str) -> Result<Self, RekorError> {
        let signer = LogSigner::rekor_v2(name, folder.key("rekor2", KeyType::Ed25519)?);
        let log = Log::open(folder, "rekor2")?;
        let details = body::key_details(KeyType::P256);
        let issuer = Issuer::open(log, signer, clock, |digest, signature, verifier| {
            body::hashedrekord_002(digest, signature, verifier, details)
        })?;
        Ok(Self { issuer })
    }

    /// This log with a witness (an Ed25519 key), which cosigns every checkpoint.
    #[must_use]
    pub fn with_witness(mut self, name: &str, key: PrivateKey) -> Self {
        self.issuer.signer.add_witness(name, key);
        self
    }

    /// The log's key.
    pub fn public_key(&self) -> &PublicKey {
        self.issuer.signer.public_key()
    }

    /// The log's identifier, as entries name it.
    pub fn log_id(&self) -> [u8; 32] {
        self.issuer.signer.log_id()
    }

    /// The origin of its checkpoints.
    pub fn name(&self) -> &str {
        self.issuer.signer.name()
    }

    /// The entries, the canonical bodies as leaves.
    pub fn log(&self) -> &Log {
        &self.issuer.log
    }

    /// The checkpoint of the tree as it is now.
    ///
    /// # Errors
    /// A key does not sign.
    pub fn checkpoint(&self) -> Result<String, RekorError> {
        Ok(self.issuer.head()?.2)
    }

    /// What was logged at this index, without anything that is signed; `None` when there is no such entry.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn logged(&self, index: u64) -> Result<Option<Logged>, RekorError> {
        self.issuer.logged(index)
    }

    /// The entry at this index with proof and checkpoint; `None` when there is none.
    ///
    /// # Errors
    /// The log cannot be read, a key does not sign.
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, RekorError> {
        self.issuer.entry(index)
    }

    /// The API.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .post("/api/v2/log/entries", create)
            .get("/api/v2/checkpoint", checkpoint)
            .get("/api/v2/tile/{*path}", tile)
            .get("/healthz", || async { with_json(StatusCode::OK, &json!({ "status": "SERVING" })) })
            .elsewhere(|| async { Refusal::not_found("such path").into_v2() })
            .router()
            .layer(DefaultBodyLimit::max(REQUEST_LIMITS[1]))
    }

    async fn create(&self, request: Result<Bytes, BytesRejection>) -> Result<Response, Refusal> {
        let body = accept(&document(request)?)?;
        if body.len() > BODY_LIMIT {
            let reason = format!("an entry of {} bytes; the limit is {BODY_LIMIT}", body.len());
            return Err(Refusal::new(StatusCode::BAD_REQUEST, reason));
        }
        match self.issuer.take(body, Vec::new(), |_, _, _| ()).await? {
            Taken::New(index) => match self.issuer.entry(index)? {
                Some(entry) => Ok(with_json(StatusCode::CREATED, &transparency_log_entry(&entry))),
                None => Err(Refusal::not_found("such entry")),
            },
            Taken::There(index) => {
                let reason =
                    format!("an equivalent entry already exists in the transparency log with index {index}");
                let response = Refusal::new(StatusCode::CONFLICT, reason).into_v2();
                let name = HeaderName::from_static("x-log-index");
                Ok(([(name, index.to_string())], response).into_response())
            }
        }
    }
}

/// `TransparencyLogEntry` of sigstore_rekor.proto, as JSON. Like the service itself, which tells its encoder so, it has the
/// members that are zero or empty too.
fn transparency_log_entry(entry: &Entry) -> Value {
    let kind = entry.kind.as_ref().map(|kind| json!({ "kind": kind.kind, "version": kind.version }));
    let proof = entry.inclusion_proof.as_ref().map(|proof| {
        json!({
            "logIndex": proof.log_index.to_string(),
            "rootHash": base64::encode(&proof.root_hash),
            "treeSize": proof.tree_size.to_string(),
            "hashes": proof.hashes.iter().map(base64::encode).collect::<Vec<_>>(),
            "checkpoint": { "envelope": proof.checkpoint },
        })
    });
    json!({
        "logIndex": entry.log_index.to_string(),
        "logId": { "keyId": base64::encode(&entry.log_id) },
        "kindVersion": kind,
        "integratedTime": entry.integrated_time.map_or(0, |time| time.seconds()).to_string(),
        "inclusionPromise": null,
        "inclusionProof": proof,
        "canonicalizedBody": base64::encode(&entry.canonicalized_body),
    })
}

async fn create(State(rekor): State<Arc<RekorV2>>, request: Result<Bytes, BytesRejection>) -> Response {
    match rekor.create(request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_v2(),
    }
}

async fn checkpoint(State(rekor): State<Arc<RekorV2>>) -> Response {
    match rekor.checkpoint() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        Err(error) => Refusal::from(error).into_v2(),
    }
}

async fn tile(State(rekor): State<Arc<RekorV2>>, Path(path): Path<String>) -> Response {
    let Some(tile) = Tile::parse(&path) else {
        return Refusal::new(StatusCode::BAD_REQUEST, "this is not the path of a tile").into_v2();
    };
    match rekor.issuer.log.tile(tile) {
        Ok(Some(bytes)) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Ok(None) => Refusal::not_found("such tile").into_v2(),
        Err(error) => Refusal::from(error).into_v2(),
    }
}

#[cfg(test)]
mod tests;
