//! The JSON bundle of cosign 1 and 2.

use super::SignedEntity;
use crate::crypto::DecodeError;

/// Decodes.
pub fn decode(_document: &serde_json::Value) -> Result<Vec<SignedEntity>, DecodeError> {
    todo!()
}

/// Encodes.
pub fn encode(_entity: &SignedEntity) -> String {
    todo!()
}
