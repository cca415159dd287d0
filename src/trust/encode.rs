//! The parts of trusted roots and signing configs as JSON, in the form in which cosign's protobuf library writes them.

use serde_json::{Map, Value, json};

use super::{CertificateAuthority, Log, Window};
use crate::crypto::{KeyType, UnixTime, base64};

/// `TransparencyLogInstance` of sigstore_trustroot.proto.
pub(super) fn log_json(log: &Log) -> Value {
    let mut members = Map::new();
    text(&mut members, "baseUrl", &log.base_url);
    text(&mut members, "hashAlgorithm", "SHA2_256");
    let mut key = Map::new();
    text(&mut key, "rawBytes", &base64::encode(log.key.spki_der()));
    text(&mut key, "keyDetails", key_details(log.key.key_type()));
    window(&mut key, log.valid_for);
    members.insert("publicKey".to_owned(), Value::Object(key));
    members.insert("logId".to_owned(), json!({ "keyId": base64::encode(&log.log_id) }));
    Value::Object(members)
}

/// `CertificateAuthority` of sigstore_trustroot.proto. The subject is that of the anchor, as cosign has it.
pub(super) fn authority_json(authority: &CertificateAuthority) -> Value {
    let mut subject = Map::new();
    if let Some(anchor) = authority.anchors.last() {
        text(&mut subject, "organization", &anchor.organization());
        text(&mut subject, "commonName", &anchor.common_name());
    }
    let chain = authority.intermediates.iter().chain(&authority.anchors);
    let chain: Vec<Value> = chain.map(|c| json!({ "rawBytes": base64::encode(c.der()) })).collect();
    let mut members = Map::new();
    members.insert("subject".to_owned(), Value::Object(subject));
    text(&mut members, "uri", &authority.uri);
    members.insert("certChain".to_owned(), json!({ "certificates": chain }));
    window(&mut members, authority.valid_for);
    Value::Object(members)
}

/// A string member; proto3 JSON leaves the empty one out.
pub(super) fn text(members: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        members.insert(name.to_owned(), value.into());
    }
}

/// `validFor`, where the window has an end or a start.
pub(super) fn window(members: &mut Map<String, Value>, window: Window) {
    let mut range = Map::new();
    for (name, time) in [("start", window.start), ("end", window.end)] {
        if let Some(time) = time {
            range.insert(name.to_owned(), timestamp(time).into());
        }
    }
    if !range.is_empty() {
        members.insert("validFor".to_owned(), Value::Object(range));
    }
}

/// RFC 3339 with 0, 3, 6 or 9 digits of fraction (ProtoJSON, `google.protobuf.Timestamp`).
fn timestamp(time: UnixTime) -> String {
    let shown = time.to_string();
    match shown.strip_suffix('Z').and_then(|t| t.split_once('.')) {
        Some((whole, fraction)) => {
            let width = fraction.len().div_ceil(3) * 3;
            format!("{whole}.{fraction:0<width$}Z")
        }
        None => shown,
    }
}

/// `dev.sigstore.common.v1.PublicKeyDetails` of a key that signs a log.
fn key_details(key: KeyType) -> &'static str {
    match key {
        KeyType::P256 => "PKIX_ECDSA_P256_SHA_256",
        KeyType::P384 => "PKIX_ECDSA_P384_SHA_384",
        KeyType::P521 => "PKIX_ECDSA_P521_SHA_512",
        KeyType::Ed25519 => "PKIX_ED25519",
        KeyType::Rsa { bits: 2048 } => "PKIX_RSA_PKCS1V15_2048_SHA256",
        KeyType::Rsa { bits: 3072 } => "PKIX_RSA_PKCS1V15_3072_SHA256",
        KeyType::Rsa { bits: 4096 } => "PKIX_RSA_PKCS1V15_4096_SHA256",
        // The older name, which says nothing of the length.
        KeyType::Rsa { .. } => "PKIX_RSA_PKCS1V5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_have_groups_of_three_digits() {
        for (time, shown) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500Z"),
            ("2026-01-01T00:00:00.0001Z", "2026-01-01T00:00:00.000100Z"),
            ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456789Z"),
            ("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.250Z"),
        ] {
            assert_eq!(timestamp(UnixTime::parse_rfc3339(time).unwrap()), shown);
        }
    }
}
