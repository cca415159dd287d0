//! Ed25519: pure signatures over streams, and Ed25519ph.

use super::PublicKey;

/// Checks one pure Ed25519 signature while the message streams by, in constant memory.
pub struct Ed25519Stream {}

/// The outcome of an [`Ed25519Stream`]: this key and this signature over the message that was streamed. The only way to
/// get one is to stream the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ed25519Streamed {
    key: PublicKey,
    signature: Vec<u8>,
    valid: bool,
}

impl Ed25519Stream {
    /// Starts a check; `None` when the key is not an Ed25519 key or the signature is not one by its form.
    pub fn new(_key: &PublicKey, _signature: &[u8]) -> Option<Self> {
        todo!()
    }
    /// Takes the next bytes of the message.
    pub fn update(&mut self, _data: &[u8]) {
        todo!()
    }
    /// Ends the check.
    pub fn finish(self) -> Ed25519Streamed {
        todo!()
    }
}
