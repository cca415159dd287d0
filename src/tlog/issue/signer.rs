//! The signing side of a log.

use super::super::checkpoint::note_key_hash;
use super::super::merkle::Hash;
use super::super::{Entry, InclusionProof, promise};
use super::kind_of;
use crate::crypto::{
    PrivateKey, PublicKey, SignError, SigningInput, SigningKey, UnixTime, base64, sha256, sign_at_once,
};

/// What signs for a log: its key, its witnesses, and how both do it.
pub struct LogSigner {
    name: String,
    key: PrivateKey,
    flavour: Flavour,
    witnesses: Vec<(String, PrivateKey)>,
}

/// Which service the log is like.
enum Flavour {
    /// Promises, times, and a tree that is one shard of a larger log.
    RekorV1 { tree_id: u64, first_index: u64 },
    /// Checkpoints alone.
    RekorV2,
}

impl LogSigner {
    /// Of a log like Rekor v1. `name` signs the checkpoints, whose origin is `<name> - <tree_id>`; the entries' indices in
    /// the log as a whole begin at `first_index`, those of their proofs at zero.
    pub fn rekor_v1(name: impl Into<String>, key: PrivateKey, tree_id: u64, first_index: u64) -> Self {
        Self::new(name.into(), key, Flavour::RekorV1 { tree_id, first_index })
    }

    /// Of a log like Rekor v2. `name` is the origin of its checkpoints and the name that signs them.
    pub fn rekor_v2(name: impl Into<String>, key: PrivateKey) -> Self {
        Self::new(name.into(), key, Flavour::RekorV2)
    }

    fn new(name: String, key: PrivateKey, flavour: Flavour) -> Self {
        Self { name, key, flavour, witnesses: Vec::new() }
    }

    /// Adds a witness (an Ed25519 key), which cosigns every checkpoint from now on (C2SP tlog-cosignature v1).
    pub fn add_witness(&mut self, name: impl Into<String>, key: PrivateKey) {
        self.witnesses.push((name.into(), key));
    }

    /// The name that signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The log's key.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The log's identifier, as its entries and a trusted root name it.
    pub fn log_id(&self) -> [u8; 32] {
        match self.flavour {
            Flavour::RekorV1 { .. } => self.public_key().key_id(),
            Flavour::RekorV2 => self.note_hash(),
        }
    }

    /// The entry of a body with this proof. A log like Rekor v1 promises it for this time.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn entry(&self, body: Vec<u8>, proof: InclusionProof, time: UnixTime) -> Result<Entry, SignError> {
        let mut entry = Entry {
            log_index: proof.log_index,
            log_id: self.log_id().to_vec(),
            kind: kind_of(&body),
            integrated_time: None,
            canonicalized_body: body,
            inclusion_promise: None,
            inclusion_proof: Some(proof),
        };
        if let Flavour::RekorV1 { first_index, .. } = self.flavour {
            entry.log_index = first_index.saturating_add(entry.log_index);
            entry.integrated_time = Some(UnixTime::from_seconds(time.seconds()));
            self.promise(&mut entry)?;
        }
        Ok(entry)
    }

    /// Signs an entry's promise, as Rekor v1 does.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn promise(&self, entry: &mut Entry) -> Result<(), SignError> {
        if let Some(payload) = promise::signed_payload(entry) {
            entry.inclusion_promise = Some(sign_at_once(&self.key, &SigningInput::message(payload))?);
        }
        Ok(())
    }

    /// The signed and cosigned checkpoint of a tree.
    ///
    /// # Errors
    /// When a key does not sign.
    pub fn checkpoint(&self, size: u64, root: &Hash, now: UnixTime) -> Result<String, SignError> {
        let origin = match self.flavour {
            Flavour::RekorV1 { tree_id, .. } => format!("{} - {tree_id}", self.name),
            Flavour::RekorV2 => self.name.clone(),
        };
        self.sign_note(&format!("{origin}\n{size}\n{}\n", base64::encode(root)), now)
    }

    /// Signs and cosigns any text that ends in a newline as a note (C2SP signed-note).
    ///
    /// # Errors
    /// When a key does not sign.
    pub fn sign_note(&self, text: &str, now: UnixTime) -> Result<String, SignError> {
        let signature = sign_at_once(&self.key, &SigningInput::message(text.into()))?;
        let mut note = format!("{text}\n{}", signature_line(&self.name, self.note_hash(), &signature));
        for (name, key) in &self.witnesses {
            // Section "Ed25519 signed message" of tlog-cosignature; type 0x04 keeps the key identifier apart.
            let time = now.seconds().unsigned_abs();
            let message = format!("cosignature/v1\ntime {time}\n{text}");
            let signature = sign_at_once(key, &SigningInput::message(message.into()))?;
            let hash = cosigner_hash(name, raw_key(key.public_key()));
            note.push_str(&signature_line(name, hash, &[&time.to_be_bytes()[..], &signature].concat()));
        }
        Ok(note)
    }

    /// The hash that identifies the key in notes. Rekor v1 knows the key's own alone.
    fn note_hash(&self) -> [u8; 32] {
        let plain = self.public_key().key_id();
        match self.flavour {
            Flavour::RekorV1 { .. } => plain,
            Flavour::RekorV2 => note_key_hash(&self.name, self.public_key()).unwrap_or(plain),
        }
    }
}

/// The bytes of an Ed25519 key.
fn raw_key(key: &PublicKey) -> &[u8] {
    key.spki_der().last_chunk::<32>().map_or(&[][..], |k| k)
}

fn cosigner_hash(name: &str, raw_key: &[u8]) -> [u8; 32] {
    sha256(&[name.as_bytes(), b"\n\x04", raw_key].concat())
}

/// A witness's key (Ed25519) as verifiers of notes take it: `<name>+<hash>+<key>` (C2SP signed-note, section "Verifier keys"; the type of
/// tlog-cosignature v1).
pub fn verifier_key(name: &str, key: &PublicKey) -> String {
    let raw_key = raw_key(key);
    let [a, b, c, d, ..] = cosigner_hash(name, raw_key);
    format!("{name}+{}+{}", hex::encode([a, b, c, d]), base64::encode([&[4], raw_key].concat()))
}

fn signature_line(name: &str, [a, b, c, d, ..]: [u8; 32], signature: &[u8]) -> String {
    format!("\u{2014} {name} {}\n", base64::encode([&[a, b, c, d][..], signature].concat()))
}
