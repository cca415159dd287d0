//! Merkle trees that grow (RFC 9162 section 2.1): root, audit path and consistency proof of any size that the tree has had, in
//! logarithmic time.

use super::super::merkle::{Hash, leaf_hash, node_hash};
use crate::crypto::sha256;

/// A whole tree in memory, for logs that issue proofs. Client code never builds one. It takes 64 bytes for each leaf.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// At `levels[k][i]` the root of the full subtree with the leaves from `i * 2^k` on, `2^k` of them.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: &[u8]) -> u64 {
        self.append_hash(leaf_hash(leaf))
    }

    /// Appends a leaf of which this is the hash, and returns its index.
    pub fn append_hash(&mut self, leaf: Hash) -> u64 {
        let index = self.size();
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else { break };
            hashes.push(hash);
            // Each pair that is complete is a node of the level above.
            match hashes.as_slice() {
                [.., left, right] if hashes.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => break,
            }
        }
        index
    }

    /// The root; of an empty tree the hash of nothing.
    pub fn root(&self) -> Hash {
        self.range_root(0, self.size())
    }

    /// The root when the tree had this many leaves; `None` when it has never had so many.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| self.range_root(0, size))
    }

    /// The audit path of a leaf, leaf to root; `None` when there is no such leaf.
    pub fn inclusion_path(&self, index: u64) -> Option<Vec<Hash>> {
        self.inclusion_path_at(index, self.size())
    }

    /// The audit path of a leaf when the tree had this many leaves (`PATH` of RFC 9162 section 2.1.3.1), leaf to root; `None`
    /// when there was no such leaf or no such tree.
    pub fn inclusion_path_at(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut start, mut end, mut path) = (0, size, Vec::new());
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.range_root(middle, end));
                end = middle;
            } else {
                path.push(self.range_root(start, middle));
                start = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves (`PROOF` of RFC 9162 section
    /// 2.1.4.1): empty when they are the same or the old one is empty; `None` when the tree has never had so many leaves, or
    /// the old one is larger.
    pub fn consistency_path(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        if old == 0 || old == new {
            return Some(Vec::new());
        }
        // `whole`: the part of the old tree in this range is all of the old tree, whose root the reader has.
        let (mut start, mut end, mut whole, mut path) = (0, new, true, Vec::new());
        while end > old {
            let middle = start + split(end - start);
            if old <= middle {
                path.push(self.range_root(middle, end));
                end = middle;
            } else {
                path.push(self.range_root(start, middle));
                start = middle;
                whole = false;
            }
        }
        if !whole {
            path.push(self.range_root(start, end));
        }
        path.reverse();
        Some(path)
    }

    /// Roots of full subtrees of `2^level` leaves, one after another from the `first` on, `count` of them; `None` when the tree
    /// has not that many.
    pub fn full_subtrees(&self, level: u32, first: u64, count: u64) -> Option<&[Hash]> {
        let (first, end) = (usize::try_from(first).ok()?, usize::try_from(first.checked_add(count)?).ok()?);
        self.levels.get(usize::try_from(level).ok()?)?.get(first..end)
    }

    /// `MTH` of RFC 9162 section 2.1.1 for the leaves from `start` up to `end`, which are in the tree; `start` is a multiple of
    /// a power of two that is no smaller than the range. A full subtree is looked up, so that only the right edge is walked.
    fn range_root(&self, start: u64, end: u64) -> Hash {
        let count = end - start;
        if count == 0 {
            return sha256(&[]);
        }
        if count.is_power_of_two() {
            let level = count.trailing_zeros();
            if let Some([hash]) = self.full_subtrees(level, start >> level, 1) {
                return *hash;
            }
        }
        let middle = start + split(count);
        node_hash(&self.range_root(start, middle), &self.range_root(middle, end))
    }
}

/// The largest power of two smaller than `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn tree(count: u64) -> Tree {
        let mut tree = Tree::new();
        for (i, leaf) in leaves(count).into_iter().enumerate() {
            assert_eq!(tree.append_hash(leaf), i as u64);
        }
        tree
    }

    /// `MTH` as the specification writes it down.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    /// `PATH` as the specification writes it down.
    fn naive_path(leaves: &[Hash], index: usize) -> Vec<Hash> {
        if leaves.len() < 2 {
            return Vec::new();
        }
        let k = split(leaves.len() as u64) as usize;
        let (left, right) = leaves.split_at(k);
        let (mut path, other) = if index < k {
            (naive_path(left, index), naive_root(right))
        } else {
            (naive_path(right, index - k), naive_root(left))
        };
        path.push(other);
        path
    }

    /// `SUBPROOF` as the specification writes it down.
    fn naive_proof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![naive_root(leaves)] };
        }
        let k = split(leaves.len() as u64) as usize;
        let (left, right) = leaves.split_at(k);
        let (mut proof, other) = if old <= k {
            (naive_proof(old, left, whole), naive_root(right))
        } else {
            (naive_proof(old - k, right, false), naive_root(left))
        };
        proof.push(other);
        proof
    }

    /// The check of a consistency proof (RFC 9162 section 2.1.4.2).
    fn consistent(old: u64, new: u64, old_root: Hash, new_root: Hash, proof: &[Hash]) -> bool {
        let mut path = proof.to_vec();
        if old.is_power_of_two() {
            path.insert(0, old_root);
        }
        let (mut node, mut last) = (old - 1, new - 1);
        while node & 1 == 1 {
            node >>= 1;
            last >>= 1;
        }
        let Some((first, rest)) = path.split_first() else { return false };
        let (mut from, mut to) = (*first, *first);
        for hash in rest {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                from = node_hash(hash, &from);
                to = node_hash(hash, &to);
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                to = node_hash(&to, hash);
            }
            node >>= 1;
            last >>= 1;
        }
        from == old_root && to == new_root && last == 0
    }

    #[test]
    fn every_small_tree_is_what_the_specification_says() {
        let leaves = leaves(66);
        let tree = tree(66);
        for size in 0..=66u64 {
            let now = &leaves[..size as usize];
            assert_eq!(tree.root_at(size), Some(naive_root(now)), "{size}");
            for index in 0..size {
                assert_eq!(
                    tree.inclusion_path_at(index, size),
                    Some(naive_path(now, index as usize)),
                    "{index} of {size}"
                );
            }
            for old in 1..=size {
                let proof = tree.consistency_path(old, size).unwrap();
                assert_eq!(proof, naive_proof(old as usize, now, true), "{old} to {size}");
                let (from, to) = (tree.root_at(old).unwrap(), tree.root_at(size).unwrap());
                if old < size {
                    assert!(consistent(old, size, from, to, &proof), "{old} to {size}");
                    assert!(!consistent(old, size, to, to, &proof), "{old} to {size}");
                }
            }
        }
    }

    #[test]
    fn there_is_no_proof_of_what_is_not_there() {
        let tree = tree(5);
        assert_eq!(tree.root_at(6), None);
        assert_eq!(tree.inclusion_path(5), None);
        assert_eq!(tree.inclusion_path_at(3, 3), None);
        assert_eq!(tree.inclusion_path_at(0, 6), None);
        assert_eq!(tree.consistency_path(5, 4), None);
        assert_eq!(tree.consistency_path(1, 6), None);
        assert_eq!(tree.consistency_path(0, 5), Some(Vec::new()));
        assert_eq!(tree.full_subtrees(0, 4, 2), None);
        assert_eq!(tree.full_subtrees(1, 2, 1), None);
        assert_eq!(tree.full_subtrees(64, 0, 1), None);
        assert_eq!(tree.full_subtrees(0, u64::MAX, 1), None);
        assert_eq!(tree.full_subtrees(2, 0, 1).map(<[_]>::len), Some(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn larger_trees_are_what_the_specification_says(
            size in 1u64..3000, seen in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        ) {
            let (leaves, tree) = (leaves(size), tree(size));
            let then = seen.index(size as usize) as u64 + 1;
            let index = at.index(then as usize);
            let now = &leaves[..then as usize];
            prop_assert_eq!(tree.root(), naive_root(&leaves));
            prop_assert_eq!(tree.root_at(then), Some(naive_root(now)));
            prop_assert_eq!(tree.inclusion_path_at(index as u64, then), Some(naive_path(now, index)));
            prop_assert_eq!(tree.consistency_path(then, size), Some(naive_proof(then as usize, &leaves, true)));
        }
    }
}
