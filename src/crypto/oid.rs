//! Object identifiers of key algorithms and curves, and the names of those that are not supported.

use der::asn1::ObjectIdentifier;

use super::KeyType;

/// `rsaEncryption`, RFC 8017 appendix A.
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-ecPublicKey`, RFC 5480 section 2.1.1.
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `id-Ed25519`, RFC 8410 section 3.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// `secp256r1`, RFC 5480 section 2.1.1.1.
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// `secp384r1`.
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// `secp521r1`.
pub(super) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The kind of key on a named curve, or why there is none.
pub(super) fn curve(curve: ObjectIdentifier) -> Result<KeyType, String> {
    match curve {
        P256 => Ok(KeyType::P256),
        P384 => Ok(KeyType::P384),
        P521 => Ok(KeyType::P521),
        other => Err(unsupported(other)),
    }
}

/// Names an algorithm or curve that is not supported.
pub(super) fn unsupported(oid: ObjectIdentifier) -> String {
    let text = oid.to_string();
    let name = match text.as_str() {
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10045.3.1.1" => "elliptic curve P-192",
        "1.2.840.10046.2.1" | "1.2.840.113549.1.3.1" => "Diffie-Hellman",
        "1.2.840.113549.1.1.7" => "RSA-OAEP",
        "1.2.840.113549.1.1.10" => "RSA restricted to PSS",
        "1.2.156.10197.1.301" => "elliptic curve SM2",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.113" => "Ed448",
        "1.3.132.0.10" => "elliptic curve secp256k1",
        "1.3.132.0.33" => "elliptic curve P-224",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        brainpool if brainpool.starts_with("1.3.36.3.3.2.8.1.1.") => "Brainpool elliptic curve",
        _ => {
            return format!(
                "unknown algorithm {text}; supported are ECDSA P-256, P-384, P-521, RSA and Ed25519"
            );
        }
    };
    format!("{name} is not supported; ECDSA P-256, P-384, P-521, RSA and Ed25519 are")
}
