//! Rekor v1 (`openapi.yaml` of sigstore/rekor): entries by their identifiers, indices and proposals; the search index; the tree
//! with its checkpoint and consistency proofs.

mod accept;
mod search;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use self::accept::accept;
use self::search::Index;
use super::super::log::Log;
use super::super::routes::Routes;
use super::super::{Clock, Folder};
use super::issuer::{Attached, Issuer, Logged, Taken};
use super::refusal::{Refusal, document, with_json};
use super::{REQUEST_LIMITS, RekorError};
use crate::crypto::{KeyType, Node, PublicKey, SigningKey as _, base64};
use crate::tlog::Entry;
use crate::tlog::issue::{LogSigner, body};
use crate::tlog::merkle::{Hash, leaf_hash};

/// The most entries that are asked for at once.
const RETRIEVE_LIMIT: usize = 10;

/// The service. Its key is on P-256.
pub struct RekorV1 {
    issuer: Issuer,
    tree_id: u64,
    index: Index,
}

impl RekorV1 {
    /// Opens the log in this folder, which is made the first time. `name` signs its checkpoints.
    ///
    /// # Errors
    /// The folder, the key or the log cannot be used.
    pub fn open(folder: &Folder, clock: Arc<Clock>, name: &str) -> Result<Self, RekorError> {
        let key = folder.key("rekor", KeyType::P256)?;
        // Any positive number of 63 bits; the key has as good a one as any, and always the same.
        let [a, b, c, d, e, f, g, h, ..] = key.public_key().key_id();
        let tree_id = (u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1) | 1;
        let log = Log::open(folder, "rekor")?;
        let index = Index::default();
        for at in 0..log.size() {
            if let Some(record) = log.entry(at)? {
                index.add(at, &leaf_hash(&record.leaf), &Attached::parse(&record.attached).keys);
            }
        }
        let signer = LogSigner::rekor_v1(name, key, tree_id, 0);
        let issuer = Issuer::open(log, signer, clock, body::hashedrekord_001)?;
        Ok(Self { issuer, tree_id, index })
    }

    /// The log's key.
    pub fn public_key(&self) -> &PublicKey {
        self.issuer.signer.public_key()
    }

    /// The log's identifier, as entries name it.
    pub fn log_id(&self) -> [u8; 32] {
        self.issuer.signer.log_id()
    }

    /// The name that signs its checkpoints; their origin has the tree's identifier besides.
    pub fn name(&self) -> &str {
        self.issuer.signer.name()
    }

    /// The identifier of its tree.
    pub fn tree_id(&self) -> u64 {
        self.tree_id
    }

    /// The entries, the canonical bodies as leaves.
    pub fn log(&self) -> &Log {
        &self.issuer.log
    }

    /// The checkpoint of the tree as it is now.
    ///
    /// # Errors
    /// The key does not sign.
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

    /// The entry at this index with promise, proof and checkpoint; `None` when there is none.
    ///
    /// # Errors
    /// The log cannot be read, the key does not sign.
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, RekorError> {
        self.issuer.entry(index)
    }

    /// The identifier of an entry with this leaf: the tree's in 16 hexadecimal digits, and the hash of the leaf in 64.
    pub fn uuid(&self, leaf: &Hash) -> String {
        format!("{:016x}{}", self.tree_id, hex::encode(leaf))
    }

    /// The API.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .get("/api/v1/log", head)
            .get("/api/v1/log/publicKey", public_key)
            .get("/api/v1/log/proof", proof)
            .post("/api/v1/log/entries", create)
            .get("/api/v1/log/entries", by_index)
            .post("/api/v1/log/entries/retrieve", retrieve)
            .get("/api/v1/log/entries/{uuid}", by_uuid)
            .post("/api/v1/index/retrieve", find)
            .get("/ping", || async { "pong" })
            .elsewhere(|| async { Refusal::not_found("such path").into_v1() })
            .router()
            .layer(DefaultBodyLimit::max(REQUEST_LIMITS[0]))
    }

    /// `LogEntry`: one entry under its identifier.
    fn document(&self, entry: &Entry) -> Value {
        let proof = entry.inclusion_proof.as_ref().map(|proof| {
            json!({
                "checkpoint": proof.checkpoint,
                "hashes": proof.hashes.iter().map(hex::encode).collect::<Vec<_>>(),
                "logIndex": proof.log_index,
                "rootHash": hex::encode(&proof.root_hash),
                "treeSize": proof.tree_size,
            })
        });
        let promise = entry.inclusion_promise.as_deref().map(base64::encode);
        json!({ self.uuid(&leaf_hash(&entry.canonicalized_body)): {
            "body": base64::encode(&entry.canonicalized_body),
            "integratedTime": entry.integrated_time.map(|time| time.seconds()),
            "logID": hex::encode(&entry.log_id),
            "logIndex": entry.log_index,
            "verification": { "inclusionProof": proof, "signedEntryTimestamp": promise },
        } })
    }

    fn document_at(&self, index: u64) -> Result<Value, Refusal> {
        let entry = self.issuer.entry(index)?;
        entry.map(|entry| self.document(&entry)).ok_or_else(|| Refusal::not_found("such entry"))
    }

    /// The index of the entry that an identifier names, with the tree's or without.
    fn named(&self, uuid: &str) -> Result<Option<u64>, Refusal> {
        let malformed =
            || Refusal::new(StatusCode::BAD_REQUEST, "an entry's UUID has 64 or 80 hexadecimal digits");
        let bytes = hex::decode(uuid).map_err(|_| malformed())?;
        let (tree, hash) = match bytes.len() {
            32 => (&[][..], bytes.as_slice()),
            40 => bytes.split_at(8),
            _ => return Err(malformed()),
        };
        let ours = tree.is_empty() || tree == self.tree_id.to_be_bytes();
        let hash = Hash::try_from(hash).map_err(|_| malformed())?;
        Ok(self.issuer.log.find(&hash).filter(|index| ours && *index < self.issuer.log.size()))
    }
}

async fn create(State(rekor): State<Arc<RekorV1>>, body: Result<Bytes, BytesRejection>) -> Response {
    match rekor.create(body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_v1(),
    }
}

impl RekorV1 {
    async fn create(&self, body: Result<Bytes, BytesRejection>) -> Result<Response, Refusal> {
        let accepted = accept(&document(body)?)?;
        let uuid = self.uuid(&leaf_hash(&accepted.body));
        let location = format!("/api/v1/log/entries/{uuid}");
        let taken = self
            .issuer
            .take(accepted.body, accepted.keys, |index, leaf, keys| self.index.add(index, leaf, keys));
        match taken.await? {
            Taken::New(index) => {
                let response = with_json(StatusCode::CREATED, &self.document_at(index)?);
                Ok(([(header::LOCATION, location), (header::ETAG, uuid)], response).into_response())
            }
            Taken::There(_) => {
                let reason =
                    format!("an equivalent entry already exists in the transparency log with UUID {uuid}");
                let response = Refusal::new(StatusCode::CONFLICT, reason).into_v1();
                Ok(([(header::LOCATION, location)], response).into_response())
            }
        }
    }
}

async fn by_uuid(State(rekor): State<Arc<RekorV1>>, Path(uuid): Path<String>) -> Response {
    let found = rekor.named(&uuid).and_then(|index| {
        rekor.document_at(index.ok_or_else(|| Refusal::not_found("entry with this UUID"))?)
    });
    reply(found)
}

async fn by_index(
    State(rekor): State<Arc<RekorV1>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    reply(number(&query, "logIndex", None).and_then(|index| rekor.document_at(index)))
}

async fn head(State(rekor): State<Arc<RekorV1>>) -> Response {
    reply(rekor.issuer.head().map_err(Refusal::from).map(|(size, root, checkpoint)| {
        json!({
            "inactiveShards": [],
            "rootHash": hex::encode(root),
            "signedTreeHead": checkpoint,
            "treeID": rekor.tree_id.to_string(),
            "treeSize": size,
        })
    }))
}

async fn public_key(State(rekor): State<Arc<RekorV1>>) -> Response {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], rekor.public_key().to_pem()).into_response()
}

async fn proof(State(rekor): State<Arc<RekorV1>>, Query(query): Query<HashMap<String, String>>) -> Response {
    reply(rekor.proof(&query))
}

async fn retrieve(State(rekor): State<Arc<RekorV1>>, body: Result<Bytes, BytesRejection>) -> Response {
    reply(document(body).and_then(|query| rekor.retrieve(&query)))
}

async fn find(State(rekor): State<Arc<RekorV1>>, body: Result<Bytes, BytesRejection>) -> Response {
    reply(document(body).and_then(|query| rekor.find(&query)))
}

impl RekorV1 {
    fn proof(&self, query: &HashMap<String, String>) -> Result<Value, Refusal> {
        let bad = |reason: String| Refusal::new(StatusCode::BAD_REQUEST, reason);
        let (first, last) = (number(query, "firstSize", Some(1))?, number(query, "lastSize", None)?);
        if query.get("treeID").is_some_and(|id| *id != self.tree_id.to_string()) {
            return Err(bad("there is no tree with this treeID".to_owned()));
        }
        if first == 0 || first > last {
            return Err(bad(format!(
                "firstSize({first}) must be positive and no more than lastSize({last})"
            )));
        }
        let size = self.issuer.log.size();
        let (Some(path), Some(root)) =
            (self.issuer.log.consistency_path(first, last), self.issuer.log.root(size))
        else {
            return Err(bad(format!(
                "the tree size requested({last}) is greater than what there is({size})"
            )));
        };
        let hashes: Vec<String> = path.iter().map(hex::encode).collect();
        Ok(json!({ "hashes": hashes, "rootHash": hex::encode(root) }))
    }

    fn retrieve(&self, query: &Value) -> Result<Value, Refusal> {
        let top = Node::root("query", query);
        let list = |name: &str| match top.optional(name)? {
            Some(list) => list.items(usize::MAX),
            None => Ok(Vec::new()),
        };
        let (uuids, indices, entries) = (list("entryUUIDs")?, list("logIndexes")?, list("entries")?);
        if uuids.len() + indices.len() + entries.len() > RETRIEVE_LIMIT {
            let reason = format!("more than max allowed {RETRIEVE_LIMIT} entries in request");
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
        }
        let mut found = Vec::new();
        for uuid in &uuids {
            found.extend(self.named(uuid.text()?)?);
        }
        for entry in &entries {
            found.extend(self.issuer.log.find(&leaf_hash(&accept(entry.value())?.body)));
        }
        for index in &indices {
            found.push(index.value().as_u64().ok_or_else(|| index.error("is not the index of an entry"))?);
        }
        let size = self.issuer.log.size();
        let documents = found.into_iter().filter(|index| *index < size).map(|index| self.document_at(index));
        Ok(Value::Array(documents.collect::<Result<_, _>>()?))
    }

    fn find(&self, query: &Value) -> Result<Value, Refusal> {
        let found = self.index.find(&Node::root("query", query), self.issuer.log.size())?;
        // One that could not be written is not there, and another one has its index.
        let there =
            found.into_iter().filter(|(index, leaf)| self.issuer.log.leaf_hash(*index) == Some(*leaf));
        Ok(there.map(|(_, leaf)| Value::from(self.uuid(&leaf))).collect())
    }
}

fn reply(answer: Result<Value, Refusal>) -> Response {
    match answer {
        Ok(value) => with_json(StatusCode::OK, &value),
        Err(refusal) => refusal.into_v1(),
    }
}

/// A plain number of a query.
fn number(query: &HashMap<String, String>, name: &str, otherwise: Option<u64>) -> Result<u64, Refusal> {
    let found = match query.get(name) {
        Some(text) => text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())),
        None => otherwise,
    };
    found.ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("{name} in query is required, a whole number"))
    })
}

#[cfg(test)]
mod tests;
