//! An entry out of the tree itself (C2SP tlog-tiles), with the inclusion proof that the log does not give out.

use std::collections::HashMap;
use std::time::Duration;

use super::super::{Error, SERVICE, answer, mismatch};
use crate::crypto::DecodeError;
use crate::http::service::{Ask, below};
use crate::http::{self, Address, Method};
use crate::services::Client;
use crate::tlog::merkle::{Hash, node_hash};
use crate::tlog::{Checkpoint, Entry, InclusionProof, KindVersion, body, verify_inclusion};

/// How many hashes or entries a full tile has, and how many levels of the tree it spans.
const FULL: u64 = 256;
const LEVELS: u32 = 8;
/// The longest bundle of entries: each has its length in two bytes.
const MAX_BUNDLE: u64 = FULL * (2 + 0xffff);
const MAX_CHECKPOINT: u64 = 256 << 10;
const MAX_TILE: u64 = FULL * 32;

/// The entry at `index`, with body, and proof with checkpoint. Its log is known by the four bytes that the checkpoint names it by.
///
/// # Errors
/// No answer, or one that is not a part of a tree that has the entry.
pub async fn entry(client: &Client, url: &str, index: u64) -> Result<Entry, Error> {
    let (text, checkpoint) = covering(client, url, index).await?;
    let mut tree = Tiles { client, url, size: checkpoint.tree_size, known: HashMap::new() };
    let canonicalized_body = tree.leaf(index).await?;
    let mut hashes = Vec::new();
    for (start, end) in siblings(index, checkpoint.tree_size) {
        hashes.push(tree.root(start, end).await?.to_vec());
    }
    let address = below(SERVICE, url, "/api/v2/checkpoint")?;
    let signature = checkpoint.signatures.iter().find(|line| line.name == checkpoint.origin);
    let log_id = signature
        .ok_or_else(|| mismatch(&address, "the checkpoint is not signed under the name of the log"))?
        .key_id
        .to_vec();
    let proof = InclusionProof {
        log_index: index,
        tree_size: checkpoint.tree_size,
        root_hash: checkpoint.root_hash,
        hashes,
        checkpoint: Some(text),
    };
    verify_inclusion(&canonicalized_body, &proof)
        .map_err(|error| mismatch(&address, format!("its tiles do not lead to its checkpoint: {error}")))?;
    let kind = body::parse(&canonicalized_body).map_err(answer(&address))?.kind;
    Ok(Entry {
        log_index: index,
        log_id,
        kind: Some(KindVersion { kind: kind.kind, version: kind.version }),
        integrated_time: None,
        canonicalized_body,
        inclusion_promise: None,
        inclusion_proof: Some(proof),
    })
}

/// A checkpoint of a tree that has the entry: one in between may give out an older one.
async fn covering(client: &Client, url: &str, index: u64) -> Result<(String, Checkpoint), Error> {
    let mut pause = Duration::from_millis(250);
    loop {
        let address = below(SERVICE, url, "/api/v2/checkpoint")?;
        let text = client.ask(&ask(&address, MAX_CHECKPOINT)).await?.body;
        let text = String::from_utf8(text)
            .map_err(|_| answer(&address)(DecodeError::whole("checkpoint", "is not text")))?;
        let checkpoint = Checkpoint::parse(&text).map_err(answer(&address))?;
        if checkpoint.tree_size > index {
            return Ok((text, checkpoint));
        }
        if pause >= Duration::from_secs(4) {
            let size = checkpoint.tree_size;
            return Err(mismatch(&address, format!("its tree of {size} entries has none at {index}")));
        }
        http::pause(pause).await;
        pause *= 2;
    }
}

fn ask(address: &Address, limit: u64) -> Ask<'_> {
    Ask {
        service: SERVICE,
        method: Method::Get,
        address,
        content_type: "application/octet-stream",
        accept: "*/*",
        authorization: None,
        secret: None,
        headers: &[],
        body: &[],
        accepted: &[],
        limit,
        repeat: true,
    }
}

/// The parts of a tree whose roots are the audit path of a leaf (`PATH` of RFC 9162 section 2.1.3.1), leaf to root.
fn siblings(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end, mut parts) = (0, size, Vec::new());
    while end.saturating_sub(start) > 1 {
        let middle = start + split(end - start);
        if index < middle {
            parts.push((middle, end));
            end = middle;
        } else {
            parts.push((start, middle));
            start = middle;
        }
    }
    parts.reverse();
    parts
}

/// The largest power of two below a number above one.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The path of a tile with `width` hashes or entries.
fn path(index: u64, width: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    if width < FULL { format!("{text}.p/{width}") } else { text }
}

/// A tree of a size, as far as it was looked at.
struct Tiles<'a> {
    client: &'a Client,
    url: &'a str,
    size: u64,
    known: HashMap<(u32, u64), Vec<Hash>>,
}

impl Tiles<'_> {
    /// What is at a place of which the tree has `count` hashes or entries in all.
    async fn fetch(
        &self,
        kind: &str,
        index: u64,
        count: u64,
        limit: u64,
    ) -> Result<(Address, Vec<u8>), Error> {
        let width = count.saturating_sub(index.saturating_mul(FULL)).min(FULL);
        let address =
            |width| below(SERVICE, self.url, &format!("/api/v2/tile/{kind}/{}", path(index, width)));
        let partial = address(width)?;
        match self.client.ask(&ask(&partial, limit)).await {
            // The part may be gone since there is the whole.
            Err(Error::Status { status: 404, .. }) if width < FULL => {
                let full = address(FULL)?;
                let body = self.client.ask(&ask(&full, limit)).await?.body;
                Ok((full, body))
            }
            answered => Ok((partial, answered?.body)),
        }
    }

    /// The body of an entry.
    async fn leaf(&self, index: u64) -> Result<Vec<u8>, Error> {
        let (address, bundle) = self.fetch("entries", index / FULL, self.size, MAX_BUNDLE).await?;
        let mut rest = bundle.as_slice();
        for _ in 0..index % FULL {
            rest = after(rest).map(|(_, rest)| rest).unwrap_or_default();
        }
        let short = || answer(&address)(DecodeError::whole("bundle of entries", "ends before the entry"));
        after(rest).map(|(leaf, _)| leaf.to_vec()).ok_or_else(short)
    }

    /// The root of the leaves from `start` to `end` (exclusive), the way the tree has them.
    async fn root(&mut self, start: u64, end: u64) -> Result<Hash, Error> {
        // Complete parts, each as large as what is left of the leaves allows.
        let (mut at, mut parts) = (start, Vec::new());
        while at < end {
            let level = (end - at).ilog2();
            parts.push(self.complete(level, at >> level).await?);
            at += 1 << level;
        }
        let mut parts = parts.into_iter().rev();
        let last = parts.next().unwrap_or_default();
        Ok(parts.fold(last, |right, left| node_hash(&left, &right)))
    }

    /// The root of a complete part with `2^level` leaves.
    async fn complete(&mut self, level: u32, index: u64) -> Result<Hash, Error> {
        let (row, above) = (level / LEVELS, level % LEVELS);
        let first = index << above;
        let tile = first / FULL;
        if !self.known.contains_key(&(row, tile)) {
            let count = self.size >> (row * LEVELS);
            let (address, bytes) = self.fetch(&row.to_string(), tile, count, MAX_TILE).await?;
            let (hashes, rest) = bytes.as_chunks::<32>();
            let wanted = count.saturating_sub(tile * FULL).min(FULL);
            if !rest.is_empty() || (hashes.len() as u64) < wanted {
                let reason = format!("has {} bytes, which are not {wanted} hashes", bytes.len());
                return Err(answer(&address)(DecodeError::whole("tile", reason)));
            }
            self.known.insert((row, tile), hashes.to_vec());
        }
        let start = usize::try_from(first % FULL).unwrap_or_default();
        let found = self.known.get(&(row, tile)).and_then(|tile| tile.get(start..start + (1 << above)));
        let mut hashes = found.unwrap_or_default().to_vec();
        while hashes.len() > 1 {
            hashes = hashes.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        // A tile that is too short was refused, and a wrong hash leads to another root.
        Ok(hashes.first().copied().unwrap_or_default())
    }
}

/// The first of the entries of a bundle, and those after it.
fn after(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (index, width, wanted) in [
            (0, 256, "000"),
            (0, 1, "000.p/1"),
            (999, 256, "999"),
            (1000, 256, "x001/000"),
            (1_234_067, 8, "x001/x234/067.p/8"),
        ] {
            assert_eq!(path(index, width), wanted);
        }
    }
}
