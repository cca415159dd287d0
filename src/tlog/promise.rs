//! Signed entry timestamps, Rekor v1's inclusion promise.

use super::Entry;
use crate::crypto::PublicKey;

/// The bytes that an inclusion promise signs: canonical JSON of body, integratedTime, logID, logIndex. `None` when the
/// entry has no integrated time.
pub fn signed_payload(_entry: &Entry) -> Option<Vec<u8>> {
    todo!()
}

/// Whether the entry's promise is there and valid under the log's key.
pub fn verify(_entry: &Entry, _key: &PublicKey) -> bool {
    todo!()
}
