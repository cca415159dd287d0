//! What both versions are made of: a log, what signs for it, and its clock.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::log::{Log, LogError, Record, Ticket};
use super::super::{Clock, FolderError};
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, PrivateKeyError, SignError, SigningInput, UnixTime,
    sign_at_once,
};
use crate::tlog::issue::LogSigner;
use crate::tlog::merkle::{Hash, leaf_hash};
use crate::tlog::{Entry, InclusionProof, LoggedVerifier};

/// What was logged, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// When it was taken, in whole seconds.
    pub time: UnixTime,
    /// The canonical body.
    pub body: Vec<u8>,
}

/// Why a log cannot be opened, or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum RekorError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its entries cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// A key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// What was made of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is the entry of this index.
    New(u64),
    /// There was such an entry, of this index.
    There(u64),
}

/// A log that issues entries.
pub(super) struct Issuer {
    pub(super) log: Log,
    pub(super) signer: LogSigner,
    clock: Arc<Clock>,
    /// The last time that was given out since it was opened, in seconds: no entry is older than one before it of these.
    last: Mutex<i64>,
}

impl Issuer {
    /// A log with what signs for it. A log without an entry gets a first one, which `first` makes of a digest and the
    /// signature of a key that nobody keeps: the index of the first entry is zero, which proto3 JSON leaves out, and clients
    /// have refused bundles without an index.
    pub(super) fn open(
        log: Log,
        signer: LogSigner,
        clock: Arc<Clock>,
        first: impl FnOnce(&Digest, &[u8], &LoggedVerifier) -> Vec<u8>,
    ) -> Result<Self, RekorError> {
        // Not that of the last entry: a clock may have been wrong on purpose, and is right again.
        let issuer = Self { log, signer, clock, last: Mutex::new(0) };
        if issuer.log.size() == 0 {
            let key = PrivateKey::generate(KeyType::P256)?;
            let digest = HashAlgorithm::Sha256.digest(b"the first entry of a log for tests\n");
            let signature = sign_at_once(&key, &SigningInput::Digest(digest.clone()))?;
            let verifier = LoggedVerifier::PublicKey(crate::crypto::SigningKey::public_key(&key).clone());
            let attached = Attached { time: issuer.now(), keys: Vec::new() };
            issuer.log.append_blocking(first(&digest, &signature, &verifier), attached.to_bytes())?;
        }
        Ok(issuer)
    }

    /// The time, which never goes back as long as the log is open.
    pub(super) fn now(&self) -> UnixTime {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = self.clock.now().seconds().max(*last);
        UnixTime::from_seconds(*last)
    }

    /// Takes a body, and returns when its entry is on the disk. `taken` is told of a new entry before that, which may not come to be:
    /// then another one has its index.
    pub(super) async fn take(
        &self,
        body: Vec<u8>,
        keys: Vec<String>,
        taken: impl FnOnce(u64, &Hash, &[String]),
    ) -> Result<Taken, RekorError> {
        let (what, ticket) = self.place(body, keys, taken)?;
        self.log.committed(&ticket).await?;
        Ok(what)
    }

    fn place(
        &self,
        body: Vec<u8>,
        keys: Vec<String>,
        taken: impl FnOnce(u64, &Hash, &[String]),
    ) -> Result<(Taken, Ticket), LogError> {
        // Held until the entry has its place, so that there are no two of a kind, and times are in the order of indices.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = leaf_hash(&body);
        if let Some(ticket) = self.log.find_ticket(&hash) {
            return Ok((Taken::There(ticket.index), ticket));
        }
        *last = self.clock.now().seconds().max(*last);
        let attached = Attached { time: UnixTime::from_seconds(*last), keys };
        let ticket = self.log.submit(body, attached.to_bytes())?;
        taken(ticket.index, &hash, &attached.keys);
        Ok((Taken::New(ticket.index), ticket))
    }

    /// What was logged at this index; `None` when there is no such entry.
    pub(super) fn logged(&self, index: u64) -> Result<Option<Logged>, RekorError> {
        let record = self.log.entry(index)?;
        Ok(record
            .map(|Record { leaf, attached }| Logged { time: Attached::parse(&attached).time, body: leaf }))
    }

    /// The entry at this index, with a proof for the tree as it is now; `None` when there is none.
    pub(super) fn entry(&self, index: u64) -> Result<Option<Entry>, RekorError> {
        let Some(Record { leaf, attached }) = self.log.entry(index)? else { return Ok(None) };
        let size = self.log.size();
        let (Some(root), Some(path)) = (self.log.root(size), self.log.inclusion_path(index, size)) else {
            return Ok(None);
        };
        let proof = InclusionProof {
            log_index: index,
            tree_size: size,
            root_hash: root.to_vec(),
            hashes: path.iter().map(|hash| hash.to_vec()).collect(),
            checkpoint: Some(self.signer.checkpoint(size, &root, self.now())?),
        };
        Ok(Some(self.signer.entry(leaf, proof, Attached::parse(&attached).time)?))
    }

    /// Size and root of the tree as it is now, and the checkpoint that says so.
    pub(super) fn head(&self) -> Result<(u64, [u8; 32], String), RekorError> {
        let size = self.log.size();
        let root = self.log.root(size).unwrap_or_default();
        let checkpoint = self.signer.checkpoint(size, &root, self.now())?;
        Ok((size, root, checkpoint))
    }
}

/// What is kept beside a body.
pub(super) struct Attached {
    /// When it was taken, in whole seconds.
    pub(super) time: UnixTime,
    /// By what it is found: digests and the subjects of certificates.
    pub(super) keys: Vec<String>,
}

impl Attached {
    fn to_bytes(&self) -> Vec<u8> {
        json!({ "integratedTime": self.time.seconds(), "keys": self.keys }).to_string().into_bytes()
    }

    /// What was written by this program, and is protected by the checksums of the log.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let keys = value.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            time: UnixTime::from_seconds(
                value.get("integratedTime").and_then(Value::as_i64).unwrap_or_default(),
            ),
            keys: keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }
}
