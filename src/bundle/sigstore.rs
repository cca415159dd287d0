//! Sigstore protobuf bundles as proto3 JSON.

use super::SignedEntity;
use crate::crypto::DecodeError;

/// Decodes v0.1, v0.2, v0.3.
pub fn decode(_document: &serde_json::Value) -> Result<SignedEntity, DecodeError> {
    todo!()
}

/// Encodes as v0.3, compact, members in cosign's order.
pub fn encode(_entity: &SignedEntity) -> String {
    todo!()
}
