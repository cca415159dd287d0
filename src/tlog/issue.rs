//! A transparency log that issues entries with promises, proofs and checkpoints as Rekor v1 and Rekor v2 do: the signing side
//! ([`LogSigner`]), and a whole log in memory for tests ([`IssuingLog`]). It shares encodings with the verifying side, never
//! its checks, and has no clock and no random source of its own.

pub mod body;
mod signer;
pub mod tree;

use serde_json::Value;

pub use self::signer::{LogSigner, verifier_key};
use self::tree::Tree;
use super::{Entry, InclusionProof, KindVersion};
use crate::crypto::{PrivateKey, PublicKey, SignError, UnixTime};

/// A log in memory that issues entries.
pub struct IssuingLog {
    signer: LogSigner,
    tree: Tree,
}

impl IssuingLog {
    /// A log like Rekor v1, as [`LogSigner::rekor_v1`] has it.
    pub fn rekor_v1(name: impl Into<String>, key: PrivateKey, tree_id: u64, first_index: u64) -> Self {
        Self { signer: LogSigner::rekor_v1(name, key, tree_id, first_index), tree: Tree::new() }
    }

    /// A log like Rekor v2, as [`LogSigner::rekor_v2`] has it.
    pub fn rekor_v2(name: impl Into<String>, key: PrivateKey) -> Self {
        Self { signer: LogSigner::rekor_v2(name, key), tree: Tree::new() }
    }

    /// Adds a witness, as [`LogSigner::add_witness`] does.
    pub fn add_witness(&mut self, name: impl Into<String>, key: PrivateKey) {
        self.signer.add_witness(name, key);
    }

    /// The log's key.
    pub fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// The log's identifier, as its entries and a trusted root name it.
    pub fn log_id(&self) -> [u8; 32] {
        self.signer.log_id()
    }

    /// Logs a body, whatever it is, and returns its entry: with promise, proof and checkpoint from Rekor v1, with proof
    /// and checkpoint from Rekor v2. The proof is for the tree as it is now; `now` is the entry's time (Rekor v1) and the
    /// time of the witnesses.
    ///
    /// # Errors
    /// When a key does not sign.
    pub fn append(&mut self, body: Vec<u8>, now: UnixTime) -> Result<Entry, SignError> {
        let index = self.tree.append(&body);
        let path = self.tree.inclusion_path(index).unwrap_or_default();
        let proof = InclusionProof {
            log_index: index,
            tree_size: self.tree.size(),
            root_hash: self.tree.root().to_vec(),
            hashes: path.iter().map(|h| h.to_vec()).collect(),
            checkpoint: Some(self.checkpoint(now)?),
        };
        self.signer.entry(body, proof, now)
    }

    /// Signs an entry's promise anew, as Rekor v1 does; for entries that were changed.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn promise(&self, entry: &mut Entry) -> Result<(), SignError> {
        self.signer.promise(entry)
    }

    /// The signed and cosigned checkpoint of the tree as it is now.
    ///
    /// # Errors
    /// When a key does not sign.
    pub fn checkpoint(&self, now: UnixTime) -> Result<String, SignError> {
        self.signer.checkpoint(self.tree.size(), &self.tree.root(), now)
    }

    /// Signs and cosigns any text that ends in a newline as a note (C2SP signed-note).
    ///
    /// # Errors
    /// When a key does not sign.
    pub fn sign_note(&self, text: &str, now: UnixTime) -> Result<String, SignError> {
        self.signer.sign_note(text, now)
    }
}

/// What a body says it is, when it says so.
fn kind_of(body: &[u8]) -> Option<KindVersion> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(ToOwned::to_owned);
    Some(KindVersion { kind: text("kind")?, version: text("apiVersion")? })
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::note_key_hash;
    use super::super::{Checkpoint, promise, verify_inclusion};
    use super::*;
    use crate::crypto::{HashAlgorithm, KeyType, SigningKey as _};

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    /// Every entry of both kinds of log, by every kind of key, is what verification accepts.
    #[test]
    fn issued_entries_verify() {
        for kind in
            [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
        {
            let key = || PrivateKey::generate(kind).unwrap();
            let logs = [
                IssuingLog::rekor_v1("log.example", key(), 42, 1000),
                IssuingLog::rekor_v2("log.example", key()),
            ];
            for (mut log, v1) in logs.into_iter().zip([true, false]) {
                log.add_witness("witness.example", PrivateKey::generate(KeyType::Ed25519).unwrap());
                for index in 0..9 {
                    let entry =
                        log.append(format!(r#"{{"kind":"k","apiVersion":"{index}"}}"#).into(), NOW).unwrap();
                    let proof = entry.inclusion_proof.as_ref().unwrap();
                    assert_eq!((proof.log_index, proof.tree_size), (index, index + 1));
                    assert_eq!(
                        entry.kind,
                        Some(KindVersion { kind: "k".into(), version: index.to_string() })
                    );
                    verify_inclusion(&entry.canonicalized_body, proof).unwrap();
                    let checkpoint = Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap();
                    checkpoint.verify("log.example", log.public_key()).unwrap();
                    assert!(checkpoint.commits_to(proof));
                    assert_eq!(checkpoint.signatures.len(), 2);
                    assert_eq!(entry.log_id[..4], checkpoint.signatures[0].key_id);
                    if v1 {
                        assert_eq!(
                            (entry.log_index, checkpoint.origin.as_str()),
                            (1000 + index, "log.example - 42")
                        );
                        assert!(promise::verify(&entry, log.public_key()));
                    } else {
                        assert_eq!((entry.log_index, checkpoint.origin.as_str()), (index, "log.example"));
                        assert_eq!((entry.integrated_time, &entry.inclusion_promise), (None, &None));
                    }
                }
            }
        }
    }

    /// The identifiers that the public instances have (their trusted root states them).
    #[test]
    fn real_log_identifiers() {
        use super::super::vectors;
        let [.., (v2, name, key)] = vectors::all();
        assert_eq!(note_key_hash(name, &key).unwrap().as_slice(), v2.log_id);
        assert_eq!(vectors::key(vectors::REKOR1).key_id().as_slice(), vectors::all()[0].0.log_id);
    }

    #[test]
    fn a_witness_signs_what_the_specification_says() {
        let witness = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let (key, mut log) = (
            witness.public_key().clone(),
            IssuingLog::rekor_v2("a", PrivateKey::generate(KeyType::P256).unwrap()),
        );
        log.add_witness("w", witness);
        let checkpoint = Checkpoint::parse(&log.checkpoint(NOW).unwrap()).unwrap();
        let (time, signature) = checkpoint.signatures[1].signature.split_first_chunk::<8>().unwrap();
        assert_eq!(u64::from_be_bytes(*time), 1_700_000_000);
        let message = [b"cosignature/v1\ntime 1700000000\n", checkpoint.signed.as_slice()].concat();
        key.verify(
            crate::crypto::SignatureScheme::Ed25519,
            crate::crypto::Signed::Message(&message),
            signature,
        )
        .unwrap();
    }

    #[test]
    fn anything_can_be_logged() {
        let mut log = IssuingLog::rekor_v1("a", PrivateKey::generate(KeyType::P256).unwrap(), 1, u64::MAX);
        let entry = log.append(HashAlgorithm::Sha256.digest(b"").bytes().to_vec(), NOW).unwrap();
        assert_eq!((entry.kind, entry.inclusion_promise, entry.log_index), (None, None, u64::MAX));
    }
}
