//! Rekor v1 (`openapi.yaml` of sigstore/rekor).

mod decode;

use std::time::Duration;

use serde_json::{Value, json};

use self::decode::{entries, entry_lists, uuids};
use super::proposed::envelope;
use super::{Error, MAX_ENTRY, Proposed, SERVICE, Verifier, answer, mismatch};
use crate::crypto::Digest;
use crate::http::service::{Ask, Reply, below};
use crate::http::{self, Address, Method};
use crate::services::Client;
use crate::tlog::propose::{self, LoggedEnvelope};
use crate::tlog::{Entry, LoggedVerifier};

const ENTRIES: &str = "/api/v1/log/entries";
/// How many entries are asked for at once: a log takes no longer list.
const BATCH: usize = 10;
/// The most entries that one search may find.
pub const MAX_FOUND: usize = 1000;

/// Logs a signature, and returns its entry: body, promise, and proof with checkpoint. Where it is logged already, the entry that
/// is there is fetched. Either one is about this very signature.
///
/// # Errors
/// No answer; the log does not take it ([`Error::Status`], [`Error::TooLarge`]); an answer that is not an entry, lacks a part of
/// it, or is about something else; an envelope that is none.
pub async fn upload(client: &Client, url: &str, proposed: &Proposed) -> Result<Entry, Error> {
    /// There is an equivalent entry.
    const CONFLICT: u16 = 409;
    let address = below(SERVICE, url, ENTRIES)?;
    let body = proposal(proposed).map_err(|reason| unfit(&address, reason))?.to_string();
    let reply = post(client, &address, &body, &[CONFLICT]).await?;
    let entry = if reply.status == CONFLICT {
        there_already(client, url, proposed, &reply).await?
    } else {
        let mut found = entries(&reply.body).map_err(answer(&address))?;
        match (found.pop(), found.pop()) {
            (Some((_, entry)), None) => entry,
            _ => return Err(mismatch(&address, "it gave not one entry")),
        }
    };
    proposed.compare(&entry).map_err(|reason| mismatch(&address, reason))?;
    let missing = match &entry {
        Entry { inclusion_promise: None, .. } => "signed entry timestamp",
        Entry { integrated_time: None, .. } => "integrated time",
        Entry { inclusion_proof: None, .. } => "inclusion proof",
        Entry { inclusion_proof: Some(proof), .. } if proof.checkpoint.is_none() => "checkpoint",
        _ => return Ok(entry),
    };
    Err(mismatch(&address, format!("the entry has no {missing}")))
}

/// The entry that stands in the way: where the answer says, else by what was proposed.
async fn there_already(
    client: &Client,
    url: &str,
    proposed: &Proposed,
    reply: &Reply,
) -> Result<Entry, Error> {
    // Only the identifier is taken from the answer: whoever is asked is whom the user named.
    let location = reply.location.as_deref().and_then(|l| l.rsplit('/').next()).and_then(Uuid::parse);
    let said = || {
        crate::http::service::said(&reply.body)?.split(|c: char| !c.is_ascii_hexdigit()).find_map(Uuid::parse)
    };
    if let Some(uuid) = location.or_else(said) {
        return queued(client, url, &uuid).await;
    }
    let found = find(client, url, proposed).await?.into_iter().next();
    let address = below(SERVICE, url, ENTRIES)?;
    found.ok_or_else(|| mismatch(&address, "it says that there is such an entry already, and not where"))
}

/// The entry of this identifier, which the log knows and may still have to take in.
async fn queued(client: &Client, url: &str, uuid: &Uuid) -> Result<Entry, Error> {
    let mut pause = Duration::from_millis(250);
    loop {
        match by_uuid(client, url, uuid).await {
            Err(Error::Status { status: 404, .. }) if pause < Duration::from_secs(4) => {}
            answered => return answered,
        }
        http::pause(pause).await;
        pause *= 2;
    }
}

/// The entries about this very signature, the oldest first.
///
/// Logs find whatever has one of the things that they are asked for (CVE-2024-51746): here only what has all of them counts.
///
/// # Errors
/// As [`upload`].
pub async fn find(client: &Client, url: &str, proposed: &Proposed) -> Result<Vec<Entry>, Error> {
    let address = below(SERVICE, url, "/api/v1/log/entries/retrieve")?;
    let proposal = proposal(proposed).map_err(|reason| unfit(&address, reason))?;
    let found = lists(client, &address, &json!({ "entries": [proposal] })).await?;
    let mut found: Vec<Entry> = found.into_iter().filter(|entry| proposed.compare(entry).is_ok()).collect();
    found.sort_by_key(|entry| (entry.integrated_time.map(|t| t.seconds()), entry.log_index));
    Ok(found)
}

/// The entry of this identifier.
///
/// # Errors
/// No answer, none such ([`Error::Status`] with 404), an answer that is not an entry, or another one.
pub async fn by_uuid(client: &Client, url: &str, uuid: &Uuid) -> Result<Entry, Error> {
    let address = below(SERVICE, url, &format!("{ENTRIES}/{}", uuid.0))?;
    let entry = one(client, &address).await?;
    if uuid.names(&entry) { Ok(entry) } else { Err(mismatch(&address, "it gave another entry")) }
}

/// The entry at this index in the log as a whole.
///
/// # Errors
/// As [`by_uuid`].
pub async fn by_index(client: &Client, url: &str, index: u64) -> Result<Entry, Error> {
    let address = below(SERVICE, url, ENTRIES)?.with_query(&[("logIndex", &index.to_string())]);
    let entry = one(client, &address).await?;
    if entry.log_index == index {
        return Ok(entry);
    }
    Err(mismatch(&address, format!("it gave the entry at index {}", entry.log_index)))
}

/// The identifiers of the entries that an index has for the artifact with this digest (SHA-256) by this signer, which nobody
/// vouches for.
///
/// # Errors
/// No answer, one that is not a list of identifiers, more than [`MAX_FOUND`].
pub async fn search(
    client: &Client,
    url: &str,
    digest: &Digest,
    verifier: &Verifier,
) -> Result<Vec<Uuid>, Error> {
    let address = below(SERVICE, url, "/api/v1/index/retrieve")?;
    let key = json!({ "format": "x509", "content": propose::pem_base64(&verifier.logged()) });
    let query = json!({ "hash": digest.to_string(), "publicKey": key, "operator": "and" });
    let reply = post(client, &address, &query.to_string(), &[]).await?;
    uuids(&reply.body, MAX_FOUND).map_err(answer(&address))
}

/// The entries of these identifiers, as far as the log has them, and no others.
///
/// # Errors
/// As [`by_uuid`].
pub async fn retrieve(client: &Client, url: &str, uuids: &[Uuid]) -> Result<Vec<Entry>, Error> {
    let address = below(SERVICE, url, "/api/v1/log/entries/retrieve")?;
    let mut found = Vec::new();
    for batch in uuids.chunks(BATCH) {
        let names: Vec<&str> = batch.iter().map(|uuid| uuid.0.as_str()).collect();
        for entry in lists(client, &address, &json!({ "entryUUIDs": names })).await? {
            if !batch.iter().any(|uuid| uuid.names(&entry)) {
                return Err(mismatch(&address, "it gave another entry"));
            }
            found.push(entry);
        }
    }
    Ok(found)
}

/// The identifier of an entry: the hash of its leaf in 64 hexadecimal digits, after the 16 of its tree where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uuid(String);

impl Uuid {
    /// Reads an identifier; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = matches!(text.len(), 64 | 80) && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Whether it is this entry's.
    fn names(&self, entry: &Entry) -> bool {
        self.0.ends_with(&hex::encode(crate::tlog::merkle::leaf_hash(&entry.canonicalized_body)))
    }
}

impl std::fmt::Display for Uuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn proposal(proposed: &Proposed) -> Result<Value, String> {
    match proposed {
        Proposed::HashedRekord { digest, signature, verifier } => {
            Ok(propose::hashedrekord_001(digest, signature, &verifier.logged()))
        }
        Proposed::Dsse { envelope, verifiers } => with_envelope(envelope, verifiers, propose::dsse_001),
        Proposed::Intoto { envelope, verifiers } => with_envelope(envelope, verifiers, propose::intoto_002),
    }
}

fn with_envelope(
    json: &[u8],
    verifiers: &[Verifier],
    propose: fn(LoggedEnvelope<'_>) -> Value,
) -> Result<Value, String> {
    let parsed = envelope(json, verifiers)?;
    let verifiers: Vec<LoggedVerifier> = verifiers.iter().map(Verifier::logged).collect();
    let signatures: Vec<_> =
        parsed.signatures.iter().map(|s| s.sig.as_slice()).zip(verifiers.iter()).collect();
    let (payload, payload_type) = (&parsed.payload, &parsed.payload_type);
    Ok(propose(LoggedEnvelope { json, payload, payload_type, signatures: &signatures }))
}

fn unfit(address: &Address, reason: String) -> Error {
    Error::Unfit { service: SERVICE, url: address.to_string(), reason }
}

async fn one(client: &Client, address: &Address) -> Result<Entry, Error> {
    let ask = Ask { method: Method::Get, body: &[], ..question(address) };
    let reply = client.ask(&ask).await?;
    let mut found = entries(&reply.body).map_err(answer(address))?;
    match (found.pop(), found.pop()) {
        (Some((_, entry)), None) => Ok(entry),
        _ => Err(mismatch(address, "it gave not one entry")),
    }
}

async fn lists(client: &Client, address: &Address, query: &Value) -> Result<Vec<Entry>, Error> {
    let reply = post(client, address, &query.to_string(), &[]).await?;
    entry_lists(&reply.body, MAX_FOUND).map_err(answer(address))
}

async fn post(client: &Client, address: &Address, body: &str, accepted: &[u16]) -> Result<Reply, Error> {
    client.ask(&Ask { body: body.as_bytes(), accepted, ..question(address) }).await
}

fn question(address: &Address) -> Ask<'_> {
    Ask {
        service: SERVICE,
        method: Method::Post,
        address,
        content_type: "application/json",
        accept: "application/json",
        authorization: None,
        secret: None,
        headers: &[],
        body: &[],
        accepted: &[],
        limit: MAX_ENTRY,
        repeat: true,
    }
}

/// The entries of an answer, for tests.
#[cfg(test)]
pub(super) fn decoded(text: &[u8]) -> Result<Vec<Entry>, crate::crypto::DecodeError> {
    Ok(entries(text)?.into_iter().map(|(_, entry)| entry).collect())
}
