//! PEM blocks (RFC 7468), read under a limit.

use super::DecodeError;

/// One PEM block.
pub struct Block {
    /// The label, such as `CERTIFICATE`.
    pub label: String,
    /// The decoded content.
    pub contents: Vec<u8>,
}

/// All blocks of a text, in order; text between blocks is skipped. `what` names the document in errors.
///
/// # Errors
/// A block that is not well-formed, more than `limit` blocks.
pub fn decode(_what: &'static str, _text: &[u8], _limit: usize) -> Result<Vec<Block>, DecodeError> {
    todo!()
}

/// One block as text: lines of 64 characters, a final newline.
pub fn encode(_label: &str, _contents: &[u8]) -> String {
    todo!()
}
