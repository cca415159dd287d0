//! Signed entry timestamps (SET), Rekor v1's inclusion promise.

use super::{Entry, log_signature_is_valid};
use crate::crypto::{PublicKey, base64};

/// Integers from here on have another canonical form than their digits (RFC 8785 section 3.2.2.3), and logs stay below.
const NUMBER_LIMIT: u64 = 1 << 53;

/// The bytes that an inclusion promise signs: canonical JSON of body, integratedTime, logID, logIndex. `None` when the
/// entry has no integrated time, or when a number is too large for canonical JSON to carry exactly.
pub fn signed_payload(entry: &Entry) -> Option<Vec<u8>> {
    let time = entry.integrated_time?.seconds();
    if entry.log_index >= NUMBER_LIMIT || time.unsigned_abs() >= NUMBER_LIMIT {
        return None;
    }
    // RFC 8785 sorts the members and allows no space; base64 and hexadecimal digits need no escapes.
    let body = base64::encode(&entry.canonicalized_body);
    let (log_id, index) = (hex::encode(&entry.log_id), entry.log_index);
    Some(
        format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{log_id}","logIndex":{index}}}"#)
            .into_bytes(),
    )
}

/// Whether the entry's promise is there and valid under the log's key.
pub fn verify(entry: &Entry, key: &PublicKey) -> bool {
    match (signed_payload(entry), &entry.inclusion_promise) {
        (Some(payload), Some(promise)) => log_signature_is_valid(key, &payload, promise),
        _ => false,
    }
}
