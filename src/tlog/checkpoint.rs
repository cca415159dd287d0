//! Checkpoints (C2SP tlog-checkpoint v1) and their signatures (C2SP signed-note v1).

use crate::crypto::{DecodeError, PublicKey};

/// A parsed checkpoint. Nothing in it is verified.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The origin line.
    pub origin: String,
    /// Number of leaves.
    pub tree_size: u64,
    /// Root hash.
    pub root_hash: Vec<u8>,
    /// Signatures: name, key identifier (four bytes), signature bytes after it.
    pub signatures: Vec<NoteSignature>,
    /// The signed text, up to and with the newline before the blank line.
    pub signed: Vec<u8>,
}

/// One signature line of a signed note.
#[derive(Debug, Clone)]
pub struct NoteSignature {
    /// The signer's name.
    pub name: String,
    /// The key identifier.
    pub key_id: [u8; 4],
    /// The signature; a cosignature has its time in front.
    pub signature: Vec<u8>,
}

impl Checkpoint {
    /// Parses a checkpoint.
    pub fn parse(_text: &str) -> Result<Self, DecodeError> {
        todo!()
    }
    /// Whether a signature line of this name, made by this log key, is valid over the signed text.
    pub fn is_signed_by(&self, _name: &str, _key: &PublicKey) -> bool {
        todo!()
    }
}
