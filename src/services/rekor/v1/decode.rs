//! What Rekor v1 answers with: entries by their identifiers. Numbers are JSON numbers, hashes hexadecimal.

use super::Uuid;
use crate::crypto::{DecodeError, Node, UnixTime, json};
use crate::tlog::{Entry, InclusionProof, body};

const WHAT: &str = "log entry";
/// The most hashes of an inclusion proof: the height of a tree with 2^64 leaves.
const MAX_PROOF: usize = 64;

/// The entries of an object that has them by their identifiers.
pub(super) fn entries(text: &[u8]) -> Result<Vec<(Uuid, Entry)>, DecodeError> {
    let value = json::parse(WHAT, text)?;
    by_uuid(&Node::root(WHAT, &value), 1)
}

/// The entries of a list of such objects.
pub(super) fn entry_lists(text: &[u8], limit: usize) -> Result<Vec<Entry>, DecodeError> {
    let value = json::parse(WHAT, text)?;
    let mut found = Vec::new();
    for item in Node::root(WHAT, &value).items(limit)? {
        found.extend(by_uuid(&item, limit)?.into_iter().map(|(_, entry)| entry));
    }
    Ok(found)
}

/// A list of identifiers.
pub(super) fn uuids(text: &[u8], limit: usize) -> Result<Vec<Uuid>, DecodeError> {
    const WHAT: &str = "list of log entries";
    let value = json::parse(WHAT, text)?;
    let uuid = |node: &Node<'_>| {
        Uuid::parse(node.text()?).ok_or_else(|| node.error("is not the identifier of an entry"))
    };
    Node::root(WHAT, &value).items(limit)?.iter().map(uuid).collect()
}

fn by_uuid(object: &Node<'_>, limit: usize) -> Result<Vec<(Uuid, Entry)>, DecodeError> {
    let one = |(name, node): (&str, Node<'_>)| {
        let uuid = Uuid::parse(name).ok_or_else(|| object.error("an entry has no identifier"))?;
        Ok((uuid, entry(&node)?))
    };
    object.members(limit)?.into_iter().map(one).collect()
}

/// `LogEntry`. What only some logs send, such as `attestation`, is not looked at.
fn entry(node: &Node<'_>) -> Result<Entry, DecodeError> {
    let verification = node.optional("verification")?;
    let part = |name| verification.as_ref().map(|v| v.optional(name)).transpose().map(Option::flatten);
    let body = node.member("body")?.non_empty_base64()?;
    let time = node.member("integratedTime")?;
    let seconds = i64::try_from(count(&time)?).map_err(|_| time.error("is not a time"))?;
    let log_id = node.member("logID")?;
    Ok(Entry {
        log_index: count(&node.member("logIndex")?)?,
        log_id: hash(&log_id)?,
        // What the body says it is; a kind that is not known here has no name.
        kind: body::parse(&body).ok().map(|body| body.kind),
        integrated_time: (seconds > 0).then(|| UnixTime::from_seconds(seconds)),
        canonicalized_body: body,
        inclusion_promise: part("signedEntryTimestamp")?.map(|set| set.non_empty_base64()).transpose()?,
        inclusion_proof: part("inclusionProof")?.as_ref().map(inclusion_proof).transpose()?,
    })
}

fn inclusion_proof(node: &Node<'_>) -> Result<InclusionProof, DecodeError> {
    let hashes = node.member("hashes")?.items(MAX_PROOF)?;
    let checkpoint = node.optional("checkpoint")?.map(|c| c.text().map(str::to_owned)).transpose()?;
    Ok(InclusionProof {
        log_index: count(&node.member("logIndex")?)?,
        tree_size: count(&node.member("treeSize")?)?,
        root_hash: hash(&node.member("rootHash")?)?,
        hashes: hashes.iter().map(hash).collect::<Result<_, _>>()?,
        checkpoint: checkpoint.filter(|text| !text.is_empty()),
    })
}

fn count(node: &Node<'_>) -> Result<u64, DecodeError> {
    let number = node.value().as_u64().filter(|n| i64::try_from(*n).is_ok());
    number.ok_or_else(|| node.error("is not a number of 0 to 2^63-1"))
}

fn hash(node: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let bytes = hex::decode(node.text()?).ok().filter(|bytes| bytes.len() == 32);
    bytes.ok_or_else(|| node.error("is not 32 bytes in hexadecimal"))
}
