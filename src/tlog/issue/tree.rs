//! Merkle trees that grow (RFC 9162 section 2.1).

use super::super::merkle::{Hash, leaf_hash, node_hash};
use crate::crypto::sha256;

/// A whole tree in memory, for logs that issue proofs. Client code never builds one.
#[derive(Debug, Clone, Default)]
pub struct Tree(Vec<Hash>);

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.0.len() as u64
    }

    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: &[u8]) -> u64 {
        self.0.push(leaf_hash(leaf));
        self.size() - 1
    }

    /// The root; of an empty tree the hash of nothing.
    pub fn root(&self) -> Hash {
        subtree_root(&self.0)
    }

    /// The audit path of a leaf, leaf to root; `None` when there is no such leaf.
    pub fn inclusion_path(&self, index: u64) -> Option<Vec<Hash>> {
        let index = usize::try_from(index).ok().filter(|i| *i < self.0.len())?;
        let mut path = Vec::new();
        audit_path(&self.0, index, &mut path);
        Some(path)
    }
}

/// `MTH` of RFC 9162 section 2.1.1.
fn subtree_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&subtree_root(left), &subtree_root(right))
        }
    }
}

/// `PATH` of RFC 9162 section 2.1.3.1.
fn audit_path(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    if index < k {
        audit_path(left, index, path);
        path.push(subtree_root(right));
    } else {
        audit_path(right, index - k, path);
        path.push(subtree_root(left));
    }
}

/// The largest power of two smaller than `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}
