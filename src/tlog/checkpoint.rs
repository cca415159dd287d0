//! Checkpoints (C2SP tlog-checkpoint v1) and their signatures (C2SP signed-note v1).

use super::{InclusionProof, log_signature_is_valid};
use crate::crypto::{DecodeError, KeyType, PublicKey, base64, sha256};

/// A checkpoint with more bytes is refused; sixteen post-quantum signatures fit (signed-note, "Format").
const SIZE_LIMIT: usize = 256 * 1024;
/// A checkpoint with more signature lines is refused.
const SIGNATURE_LIMIT: usize = 64;
const WHAT: &str = "checkpoint";

/// A parsed checkpoint. Nothing in it is verified.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The origin line.
    pub origin: String,
    /// Number of leaves.
    pub tree_size: u64,
    /// Root hash, 32 bytes.
    pub root_hash: Vec<u8>,
    /// Signatures: name, key identifier (four bytes), signature bytes after it. Never empty. Witnesses' cosignatures are
    /// among them.
    pub signatures: Vec<NoteSignature>,
    /// The signed text, up to and with the newline before the blank line.
    pub signed: Vec<u8>,
}

/// One signature line of a signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The signer's name.
    pub name: String,
    /// The key identifier.
    pub key_id: [u8; 4],
    /// The signature; a cosignature has its time in front.
    pub signature: Vec<u8>,
}

/// Why a checkpoint is not one that a log signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It speaks for another log.
    #[error("the checkpoint is of the log `{found}`, not of `{expected}`")]
    Origin {
        /// The log's name.
        expected: String,
        /// The origin line.
        found: String,
    },
    /// No signature line carries both the log's name and the identifier of its key.
    #[error(
        "the checkpoint carries no signature by the key of the log `{name}`; its signature lines are of {found}"
    )]
    UnknownKey {
        /// The log's name.
        name: String,
        /// Names and key identifiers of the lines that are there.
        found: String,
    },
    /// A line that claims to be by this key is not valid over the text.
    #[error("the signature of the log `{name}` on the checkpoint is not valid")]
    Signature {
        /// The log's name.
        name: String,
    },
}

impl Checkpoint {
    /// Parses a checkpoint.
    ///
    /// # Errors
    /// More than 256 KiB or 64 signatures; control characters; no blank line, no signature, no final newline; fewer than
    /// three lines or an empty one; a tree size that is not a plain decimal number; a root hash that is not 32 bytes; a
    /// signature line that is not well-formed.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        if text.len() > SIZE_LIMIT {
            return Err(DecodeError::whole(WHAT, format!("{} bytes, the limit is {SIZE_LIMIT}", text.len())));
        }
        if text.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(DecodeError::whole(WHAT, "has control characters"));
        }
        // The last empty line divides text and signatures (signed-note, "Format").
        let (signed, signatures) = match text.rfind("\n\n") {
            Some(end) => (&text[..=end], &text[end + 2..]),
            None => return Err(DecodeError::whole(WHAT, "no blank line between text and signatures")),
        };
        let mut lines = signed.trim_end_matches('\n').split('\n');
        let mut line = |name: &str| {
            lines
                .next()
                .filter(|l| !l.is_empty())
                .ok_or_else(|| DecodeError::new(WHAT, name, "is missing or empty"))
        };
        let origin = line("origin")?.to_owned();
        let tree_size = parse_size(line("tree size")?)?;
        let root_hash = base64::decode_standard(line("root hash")?.as_bytes()).filter(|h| h.len() == 32);
        let root_hash =
            root_hash.ok_or_else(|| DecodeError::new(WHAT, "root hash", "is not base64 of 32 bytes"))?;
        if lines.any(str::is_empty) || signed.ends_with("\n\n") {
            return Err(DecodeError::new(WHAT, "extension", "is empty"));
        }
        Ok(Self {
            origin,
            tree_size,
            root_hash,
            signatures: parse_signatures(signatures)?,
            signed: signed.into(),
        })
    }

    /// The name of the log as its origin line has it: Rekor v1 writes `<name> - <tree ID>`, everybody else the name.
    pub fn origin_name(&self) -> &str {
        match self.origin.rsplit_once(" - ") {
            Some((name, tree)) if !tree.is_empty() && tree.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.origin,
        }
    }

    /// Checks that the log `name`, whose key this is, signed the checkpoint. Cosignatures of witnesses are ignored, and
    /// so is every line under another name or key identifier.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify(&self, name: &str, key: &PublicKey) -> Result<(), CheckpointError> {
        if self.origin != name && self.origin_name() != name {
            return Err(CheckpointError::Origin { expected: name.to_owned(), found: self.origin.clone() });
        }
        let ids = key_ids(name, key);
        let mut lines =
            self.signatures.iter().filter(|s| s.name == name && ids.contains(&s.key_id)).peekable();
        if lines.peek().is_none() {
            let line = |s: &NoteSignature| format!("`{}` ({})", s.name, hex::encode(s.key_id));
            let found = self.signatures.iter().map(line).collect::<Vec<_>>().join(", ");
            return Err(CheckpointError::UnknownKey { name: name.to_owned(), found });
        }
        // One false signature under a known key spoils the whole note (signed-note, "Signatures").
        if lines.all(|s| log_signature_is_valid(key, &self.signed, &s.signature)) {
            Ok(())
        } else {
            Err(CheckpointError::Signature { name: name.to_owned() })
        }
    }

    /// Whether the checkpoint commits to the tree that an inclusion proof is about.
    pub fn commits_to(&self, proof: &InclusionProof) -> bool {
        self.tree_size == proof.tree_size && self.root_hash == proof.root_hash
    }
}

/// The identifiers under which a log's key may sign notes: the one that signed-note assigns to the key type ("Signature
/// types"), and the leading bytes of the key's SHA-256, which is what Rekor v1 writes for every key type.
pub(super) fn key_ids(name: &str, key: &PublicKey) -> [[u8; 4]; 2] {
    let plain = leading(key.key_id());
    [note_key_hash(name, key).map_or(plain, leading), plain]
}

/// The identifier of a Rekor v2 log that signs its checkpoints under `name`: the key hash of signed-note, all of it; for ECDSA
/// keys, which sign under any name with the same identifier, the SHA-256 of the SubjectPublicKeyInfo.
pub fn log_id(name: &str, key: &PublicKey) -> [u8; 32] {
    note_key_hash(name, key).unwrap_or_else(|| key.key_id())
}

/// The full hash whose leading bytes identify a key in signed notes; Rekor v2 uses all of it as its log identifier.
/// `None` for key types whose hash is that of the SubjectPublicKeyInfo alone (ECDSA).
pub(super) fn note_key_hash(name: &str, key: &PublicKey) -> Option<[u8; 32]> {
    let spki = key.spki_der();
    let (signature_type, encoded): (&[u8], &[u8]) = match key.key_type() {
        KeyType::P256 | KeyType::P384 | KeyType::P521 => return None,
        // The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key (RFC 8410 section 4).
        KeyType::Ed25519 => (&[0x01], spki.last_chunk::<32>()?),
        // Rekor v2's own type for RSA, under signed-note's identifier for unassigned types.
        KeyType::Rsa { .. } => (b"\xffPKIX-RSA-PKCS#1v1.5", spki),
    };
    Some(sha256(&[name.as_bytes(), b"\n", signature_type, encoded].concat()))
}

fn leading(hash: [u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

fn parse_size(text: &str) -> Result<u64, DecodeError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let size = if plain { text.parse().ok() } else { None };
    size.ok_or_else(|| DecodeError::new(WHAT, "tree size", format!("`{text}` is not a plain decimal number")))
}

fn parse_signatures(text: &str) -> Result<Vec<NoteSignature>, DecodeError> {
    let Some(text) = text.strip_suffix('\n') else {
        return Err(DecodeError::new(WHAT, "signatures", "are missing or do not end in a newline"));
    };
    let lines = text.split('\n');
    if lines.clone().count() > SIGNATURE_LIMIT {
        return Err(DecodeError::new(WHAT, "signatures", format!("are more than {SIGNATURE_LIMIT}")));
    }
    let parse = |(i, line)| {
        parse_signature(line)
            .ok_or_else(|| DecodeError::new(WHAT, format!("signatures[{i}]"), "is not `— <name> <base64>`"))
    };
    lines.enumerate().map(parse).collect()
}

fn parse_signature(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return None;
    }
    let bytes = base64::decode_standard(encoded.as_bytes())?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    (!signature.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}

#[cfg(test)]
mod tests;
