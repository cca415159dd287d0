//! Encoders for requests, and for the issuers of certificates, SCTs and timestamps.

#[cfg(any(test, feature = "sandbox"))]
use der::Encode;
use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::encode;
use super::oid;
#[cfg(any(test, feature = "sandbox"))]
use crate::crypto::UnixTime;
use crate::crypto::{HashAlgorithm, KeyType};

/// Encodes an object identifier.
pub(crate) fn encode_oid(oid: &ObjectIdentifier) -> Vec<u8> {
    encode(Tag::ObjectIdentifier, &[oid.as_bytes()])
}

/// Encodes a number that is not negative, given as big-endian bytes.
pub(crate) fn encode_unsigned(bytes: &[u8]) -> Vec<u8> {
    let significant: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
    let pad: &[u8] = if significant.first().is_none_or(|b| b & 0x80 != 0) { &[0] } else { &[] };
    encode(Tag::Integer, &[pad, &significant])
}

/// Encodes a BIT STRING of whole octets.
pub(crate) fn encode_bit_octets(bytes: &[u8]) -> Vec<u8> {
    encode(Tag::BitString, &[&[0], bytes])
}

/// Encodes a time as RFC 5280 section 4.1.2.5 wants it: UTCTime before 2050, GeneralizedTime after. A time before 1970
/// becomes 1970.
#[cfg(any(test, feature = "sandbox"))]
pub(crate) fn encode_time(time: UnixTime) -> Vec<u8> {
    let since = std::time::Duration::from_secs(u64::try_from(time.seconds()).unwrap_or(0));
    let utc = der::asn1::UtcTime::from_unix_duration(since).and_then(|t| t.to_der());
    let general = || der::asn1::GeneralizedTime::from_unix_duration(since).and_then(|t| t.to_der());
    utc.or_else(|_| general()).unwrap_or_default()
}

/// The AlgorithmIdentifier of a hash.
#[cfg(any(test, feature = "sandbox"))]
pub(crate) fn encode_hash(hash: HashAlgorithm) -> Vec<u8> {
    encode(Tag::Sequence, &[&encode_oid(&hash_oid(hash))])
}

/// The object identifier of a hash.
pub(crate) fn hash_oid(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha384 => oid::SHA_384,
        HashAlgorithm::Sha512 => oid::SHA_512,
        HashAlgorithm::Sha256 | HashAlgorithm::Sha224 => oid::SHA_256,
    }
}

/// The AlgorithmIdentifier of the signatures that a key of this kind makes with its own hash
/// ([`KeyType::default_hash`]).
pub(crate) fn encode_signature(key: KeyType) -> Vec<u8> {
    let (oid, parameters): (_, &[u8]) = match key {
        KeyType::P256 => (oid::ECDSA_WITH_SHA_256, &[]),
        KeyType::P384 => (oid::ECDSA_WITH_SHA_384, &[]),
        KeyType::P521 => (oid::ECDSA_WITH_SHA_512, &[]),
        KeyType::Rsa { .. } => (oid::SHA_256_WITH_RSA, &[0x05, 0x00]),
        KeyType::Ed25519 => (oid::ED25519, &[]),
    };
    encode(Tag::Sequence, &[&encode_oid(&oid), parameters])
}

/// The identifier of a bare key, which stands for a signature algorithm only where the hash stands beside it.
#[cfg(any(test, feature = "sandbox"))]
pub(crate) fn encode_key(key: KeyType) -> Vec<u8> {
    let (oid, parameters): (_, &[u8]) = match key {
        KeyType::P256 | KeyType::P384 | KeyType::P521 => (oid::EC_PUBLIC_KEY, &[]),
        KeyType::Rsa { .. } => (oid::RSA_ENCRYPTION, &[0x05, 0x00]),
        KeyType::Ed25519 => (oid::ED25519, &[]),
    };
    encode(Tag::Sequence, &[&encode_oid(&oid), parameters])
}
