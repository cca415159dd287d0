//! The search index: entries by the digests in them and by who signed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use super::accept::signer_key;
use crate::crypto::{DecodeError, Node};
use crate::tlog::body::verifier_v1;
use crate::tlog::merkle::Hash;

/// Which entries are found by what.
#[derive(Debug, Default)]
pub(super) struct Index(RwLock<HashMap<String, BTreeSet<(u64, Hash)>>>);

impl Index {
    /// Finds the entry of this index, with this hash of its leaf, by these keys from now on.
    pub(super) fn add(&self, index: u64, leaf: &Hash, keys: &[String]) {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            map.entry(key.clone()).or_default().insert((index, *leaf));
        }
    }

    /// The entries below `size`, with the hashes of their leaves, that a query (`SearchIndex`) finds: all that match one of its parts, or, with the operator
    /// `and`, every part.
    pub(super) fn find(&self, query: &Node<'_>, size: u64) -> Result<BTreeSet<(u64, Hash)>, DecodeError> {
        let mut asked = Vec::new();
        if let Some(hash) = query.optional("hash")? {
            asked.push(hash_key(&hash)?);
        }
        if let Some(email) = query.optional("email")? {
            asked.push(email.non_empty_text()?.to_lowercase());
        }
        if let Some(key) = query.optional("publicKey")? {
            let format = key.member("format")?;
            if format.text()? != "x509" {
                return Err(format.error("is not `x509`, the one format that is supported"));
            }
            asked.push(signer_key(&verifier_v1(&key.member("content")?)?));
        }
        let all = match query.optional("operator")? {
            Some(operator) => match operator.text()? {
                "and" => true,
                "or" | "" => false,
                _ => return Err(operator.error("is neither `and` nor `or`")),
            },
            None => false,
        };
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = asked.iter().map(|key| map.get(key).cloned().unwrap_or_default());
        let found = if all {
            found.reduce(|a, b| a.intersection(&b).copied().collect())
        } else {
            found.reduce(|a, b| a.union(&b).copied().collect())
        };
        let Some(mut found) = found else {
            return Err(query.error("asks for neither `hash` nor `email` nor `publicKey`"));
        };
        // What is not on the disk yet is not there.
        found.split_off(&(size, Hash::default()));
        Ok(found)
    }
}

/// A digest with its algorithm in front, or without, which is told by its length then.
fn hash_key(node: &Node<'_>) -> Result<String, DecodeError> {
    let text = node.text()?.to_lowercase();
    let (name, hex) = text.split_once(':').unwrap_or(("", &text));
    let by_length = match hex.len() {
        40 => "sha1",
        64 => "sha256",
        96 => "sha384",
        128 => "sha512",
        _ => "",
    };
    if by_length.is_empty()
        || !(name.is_empty() || name == by_length)
        || !hex.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Err(node.error("is not a digest in hexadecimal, with or without `sha256:` in front"));
    }
    Ok(format!("{by_length}:{hex}"))
}
