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

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;
    use crate::crypto::{KeyType, PrivateKey, SigningInput, SigningKey, UnixTime, sign_at_once};

    #[test]
    fn real_promises() {
        for (entry, name, key) in vectors::all() {
            assert_eq!(verify(&entry, &key), entry.inclusion_promise.is_some(), "{name} {}", entry.log_index);
            assert!(!verify(&entry, &vectors::key(vectors::REKOR2)));
        }
        let (entry, ..) = &vectors::all()[1];
        let payload = String::from_utf8(signed_payload(entry).unwrap()).unwrap();
        let end = r#"","integratedTime":1766077479,"logID":"c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d","logIndex":771488337}"#;
        assert!(payload.starts_with(r#"{"body":"eyJ"#) && payload.ends_with(end), "{payload}");
    }

    /// Everything that the promise covers, one thing at a time.
    #[test]
    fn changed_entries() {
        let (good, _, key) = vectors::all()[1].clone();
        let refused = |change: &dyn Fn(&mut Entry)| {
            let mut bad = good.clone();
            change(&mut bad);
            assert!(!verify(&bad, &key), "{bad:?}");
        };
        refused(&|e| e.log_index += 1);
        refused(&|e| e.log_id[0] ^= 1);
        refused(&|e| e.integrated_time = Some(UnixTime::from_seconds(1_766_077_480)));
        refused(&|e| e.integrated_time = None);
        refused(&|e| e.canonicalized_body.push(b' '));
        refused(&|e| e.inclusion_promise = None);
        refused(&|e| e.inclusion_promise = Some(Vec::new()));
        refused(&|e| e.inclusion_promise.as_mut().unwrap()[9] ^= 1);
    }

    #[test]
    fn numbers_that_canonical_json_rounds_are_not_signed() {
        let (mut entry, ..) = vectors::all()[1].clone();
        entry.log_index = NUMBER_LIMIT - 1;
        assert!(String::from_utf8(signed_payload(&entry).unwrap()).unwrap().ends_with(":9007199254740991}"));
        entry.log_index = NUMBER_LIMIT;
        assert!(signed_payload(&entry).is_none());
        entry.log_index = 0;
        entry.integrated_time = Some(UnixTime::from_seconds(i64::MIN));
        assert!(signed_payload(&entry).is_none());
    }

    #[test]
    fn other_kinds_of_log_keys() {
        for kind in [KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519] {
            let key = PrivateKey::generate(kind).unwrap();
            let (mut entry, ..) = vectors::all()[1].clone();
            let payload = signed_payload(&entry).unwrap();
            entry.inclusion_promise =
                Some(sign_at_once(&key, &SigningInput::message(payload.clone())).unwrap());
            assert!(verify(&entry, key.public_key()), "{kind}");
            if matches!(kind, KeyType::P384 | KeyType::P521) {
                let sha256 = SigningInput::Digest(crate::crypto::HashAlgorithm::Sha256.digest(&payload));
                entry.inclusion_promise = Some(sign_at_once(&key, &sha256).unwrap());
                assert!(verify(&entry, key.public_key()), "{kind}");
            }
            entry.log_index += 1;
            assert!(!verify(&entry, key.public_key()), "{kind}");
        }
    }
}
