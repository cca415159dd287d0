//! A parsed token.

use crate::crypto::DecodeError;

/// An RFC 3161 token, parsed from a `TimeStampResp` (status granted) or a bare `ContentInfo`. Nothing is verified.
#[derive(Debug, Clone)]
pub struct Token {}

impl Token {
    /// Parses; at most 64 KiB.
    pub fn from_der(_der: &[u8]) -> Result<Self, DecodeError> {
        todo!()
    }
}
