//! Merkle trees and inclusion proofs (RFC 6962 section 2.1; RFC 9162 sections 2.1.1 and 2.1.3), with SHA-256.

use super::InclusionProof;
use crate::crypto::sha256;

/// The hash of a leaf or of a node.
pub type Hash = [u8; 32];

/// Why a proof was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The shape is impossible: empty tree, index outside, wrong number or length of hashes.
    #[error("the inclusion proof is impossible: {0}")]
    Shape(String),
    /// The proof leads to another root.
    #[error("the inclusion proof leads to another root than the one it states")]
    Root,
}

/// Checks that `body` is the leaf at the proof's index of the tree with the proof's root.
///
/// The root is only as good as the checkpoint that commits to it: see [`super::checkpoint::Checkpoint::commits_to`].
///
/// # Errors
/// [`InclusionError`].
pub fn verify_inclusion(body: &[u8], proof: &InclusionProof) -> Result<(), InclusionError> {
    let (index, size) = (proof.log_index, proof.tree_size);
    if index >= size {
        return Err(InclusionError::Shape(format!("leaf {index} of a tree with {size} leaves")));
    }
    // The path has one hash for each level at which the leaf's branch and the tree's right edge differ (`inner`), and
    // one for each complete subtree to the left of the edge above that.
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = if inner == u64::BITS { 0 } else { (index >> inner).count_ones() };
    let (have, want) = (proof.hashes.len(), (inner + border) as usize);
    if have != want {
        return Err(InclusionError::Shape(format!(
            "{have} hashes where leaf {index} of {size} leaves needs {want}"
        )));
    }
    let mut hashes = Vec::with_capacity(have);
    for hash in proof.hashes.iter().chain([&proof.root_hash]) {
        let hash = Hash::try_from(hash.as_slice())
            .map_err(|_| InclusionError::Shape(format!("a hash of {} bytes, not 32", hash.len())))?;
        hashes.push(hash);
    }
    let root = hashes.pop();
    if Some(root_of_path(leaf_hash(body), index, size, &hashes)) == root {
        Ok(())
    } else {
        Err(InclusionError::Root)
    }
}

/// The root that an audit path of the right length leads to (RFC 9162 section 2.1.3.2).
fn root_of_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Hash {
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A node without a right sibling is carried up unchanged to the level where it has a left one.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    hash
}

/// `SHA-256(0x00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut input = Vec::with_capacity(1 + leaf.len());
    input.push(0);
    input.extend_from_slice(leaf);
    sha256(&input)
}

/// `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    sha256(&input)
}

#[cfg(test)]
mod tests {
    use super::super::issue::tree::Tree;
    use super::*;

    fn proof(tree: &Tree, index: u64) -> InclusionProof {
        InclusionProof {
            log_index: index,
            tree_size: tree.size(),
            root_hash: tree.root().to_vec(),
            hashes: tree.inclusion_path(index).unwrap().iter().map(|h| h.to_vec()).collect(),
            checkpoint: None,
        }
    }

    fn tree(leaves: u64) -> Tree {
        let mut tree = Tree::new();
        for i in 0..leaves {
            assert_eq!(tree.append(&i.to_be_bytes()), i);
        }
        tree
    }

    /// Every leaf of every tree up to 70 leaves: our proof is accepted by us and by an independent implementation, and
    /// not for any other leaf, index or size.
    #[test]
    fn every_proof_of_small_trees() {
        for size in 1..=70 {
            let tree = tree(size);
            for index in 0..size {
                let body = index.to_be_bytes();
                let good = proof(&tree, index);
                verify_inclusion(&body, &good).unwrap();
                let hash = |bytes: &[u8]| sigstore_types::Sha256Hash::try_from(bytes).unwrap();
                let hashes: Vec<_> = good.hashes.iter().map(|h| hash(h)).collect();
                let (leaf, root) = (sigstore_merkle::hash_leaf(&body), hash(&good.root_hash));
                sigstore_merkle::verify_inclusion_proof(&leaf, index, size, &hashes, &root).unwrap();

                assert_eq!(verify_inclusion(b"other", &good), Err(InclusionError::Root));
                for other in (0..size).filter(|o| *o != index) {
                    assert!(
                        verify_inclusion(&body, &InclusionProof { log_index: other, ..good.clone() })
                            .is_err()
                    );
                }
                for i in 0..good.hashes.len() {
                    let mut bad = good.clone();
                    bad.hashes[i][31] ^= 1;
                    assert_eq!(verify_inclusion(&body, &bad), Err(InclusionError::Root));
                }
            }
        }
    }

    #[test]
    fn impossible_shapes() {
        let good = proof(&tree(5), 4);
        let body = 4u64.to_be_bytes();
        let refused = |change: &dyn Fn(&mut InclusionProof), text: &str| {
            let mut bad = good.clone();
            change(&mut bad);
            let error = verify_inclusion(&body, &bad).unwrap_err().to_string();
            assert_eq!(error, format!("the inclusion proof is impossible: {text}"));
        };
        refused(&|p| p.tree_size = 4, "leaf 4 of a tree with 4 leaves");
        refused(&|p| p.tree_size = 0, "leaf 4 of a tree with 0 leaves");
        refused(&|p| p.log_index = u64::MAX, &format!("leaf {} of a tree with 5 leaves", u64::MAX));
        refused(&|p| p.hashes.push(vec![0; 32]), "2 hashes where leaf 4 of 5 leaves needs 1");
        refused(&|p| p.hashes.clear(), "0 hashes where leaf 4 of 5 leaves needs 1");
        refused(&|p| p.tree_size = 6, "1 hashes where leaf 4 of 6 leaves needs 2");
        refused(&|p| p.hashes[0].truncate(31), "a hash of 31 bytes, not 32");
        refused(&|p| p.root_hash.push(0), "a hash of 33 bytes, not 32");
    }

    /// The largest numbers a proof can state do not overflow.
    #[test]
    fn extreme_sizes() {
        let mut extreme = proof(&tree(1), 0);
        extreme.tree_size = u64::MAX;
        extreme.hashes = vec![vec![0; 32]; 64];
        assert_eq!(verify_inclusion(b"", &extreme), Err(InclusionError::Root));
        extreme.log_index = u64::MAX - 1;
        extreme.hashes.truncate(63);
        assert_eq!(verify_inclusion(b"", &extreme), Err(InclusionError::Root));
    }

    /// The roots that RFC 6962 implementations publish for their common test leaves.
    #[test]
    fn known_roots() {
        let mut tree = Tree::new();
        assert_eq!(
            hex::encode(tree.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (leaf, root) in leaves.iter().zip(roots) {
            tree.append(&hex::decode(leaf).unwrap());
            assert_eq!(hex::encode(tree.root()), root);
        }
    }
}
