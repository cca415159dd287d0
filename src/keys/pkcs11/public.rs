//! Public keys out of what tokens say of them, and signatures out of what they give: both in the encodings of X.509.

use super::TokenFailure;
use super::token::{Kind, Object};
use crate::crypto::{HashAlgorithm, KeyType, PublicKey};
use crate::x509::Certificate;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
/// id-ecPublicKey (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
/// rsaEncryption with its NULL (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// The curves with their names in DER (RFC 5480 section 2.1.1.1) and the length of a coordinate.
pub(in crate::keys) const CURVES: [(&[u8], usize); 3] = [
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 32),
    (b"\x06\x05\x2b\x81\x04\x00\x22", 48),
    (b"\x06\x05\x2b\x81\x04\x00\x23", 66),
];

/// The public key that an object is, or tells of; `None` where it tells nothing.
///
/// # Errors
/// It tells of a key that does not sign here, or of none.
pub(super) fn of(object: &Object) -> Result<Option<PublicKey>, TokenFailure> {
    let unusable = |what: &str, error: &dyn std::fmt::Display| TokenFailure::Key {
        reason: format!("{what} `{}`: {error}", object.name()),
    };
    if !object.certificate.is_empty() {
        let key = Certificate::from_der(&object.certificate).and_then(|found| found.public_key());
        return key.map(Some).map_err(|error| unusable("of the certificate", &error));
    }
    let spki = match object.kind {
        Some(Kind::Ec) if !object.ec_point.is_empty() => ec(&object.ec_params, &object.ec_point)
            .ok_or_else(|| unusable("of the key", &"its curve is none of P-256, P-384 and P-521"))?,
        Some(Kind::Rsa) if !object.modulus.is_empty() && !object.exponent.is_empty() => {
            rsa(&object.modulus, &object.exponent)
        }
        Some(Kind::Other) => {
            return Err(unusable("of the key", &"it is neither an EC key nor an RSA key"));
        }
        _ if !object.public_key_info.is_empty() => object.public_key_info.clone(),
        _ => return Ok(None),
    };
    PublicKey::from_spki_der(&spki).map(Some).map_err(|error| unusable("of the key", &error))
}

/// A SubjectPublicKeyInfo of CKA_EC_PARAMS and CKA_EC_POINT. The point is an OCTET STRING in DER; some modules leave that
/// wrapping away, and then the length tells.
pub(in crate::keys) fn ec(params: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let (curve, length) = CURVES.into_iter().find(|(name, _)| *name == params)?;
    let raw = 1 + 2 * length;
    let point = match point.len() == raw {
        true => point,
        false => {
            point.get(point.len().checked_sub(raw)?..).filter(|bare| tlv(OCTET_STRING, bare) == point)?
        }
    };
    let algorithm = tlv(SEQUENCE, &[EC_PUBLIC_KEY, curve].concat());
    Some(tlv(SEQUENCE, &[algorithm, bits(point)].concat()))
}

/// A SubjectPublicKeyInfo of CKA_MODULUS and CKA_PUBLIC_EXPONENT: unsigned and big-endian.
pub(in crate::keys) fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = tlv(SEQUENCE, &[integer(modulus), integer(exponent)].concat());
    tlv(SEQUENCE, &[RSA_ENCRYPTION.to_vec(), bits(&key)].concat())
}

/// `Ecdsa-Sig-Value` (RFC 3279 section 2.2.3) of the two halves that CKM_ECDSA gives.
///
/// # Errors
/// The length is not one of a signature with this key.
pub(super) fn ecdsa_signature(key: KeyType, raw: &[u8]) -> Result<Vec<u8>, TokenFailure> {
    let length = match key {
        KeyType::P256 => 32,
        KeyType::P384 => 48,
        _ => 66,
    };
    match raw.split_at_checked(length) {
        Some((r, s)) if s.len() == length => Ok(tlv(SEQUENCE, &[integer(r), integer(s)].concat())),
        _ => Err(TokenFailure::Refused {
            doing: "signing",
            said: format!("{} bytes, which is no signature of such a key", raw.len()),
        }),
    }
}

/// `DigestInfo` (RFC 8017 section 9.2, note 1): what CKM_RSA_PKCS pads.
pub(in crate::keys) fn digest_info(algorithm: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
    // Their identifiers differ in the last byte (RFC 8017 appendix B.1).
    let last = match algorithm {
        HashAlgorithm::Sha224 => 4,
        HashAlgorithm::Sha256 => 1,
        HashAlgorithm::Sha384 => 2,
        HashAlgorithm::Sha512 => 3,
    };
    let mut identifier = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00".to_vec();
    if let Some(byte) = identifier.get_mut(10) {
        *byte = last;
    }
    tlv(SEQUENCE, &[tlv(SEQUENCE, &identifier), tlv(OCTET_STRING, digest)].concat())
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// An INTEGER that is not negative.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let bytes = bytes.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if bytes.first().is_none_or(|b| *b >= 0x80) { &[0] } else { &[] };
    tlv(INTEGER, &[sign, bytes].concat())
}

/// Tag, length and value (X.690 sections 8.1 and 10.1).
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    match u8::try_from(value.len()) {
        Ok(short @ ..0x80) => encoded.push(short),
        _ => {
            let length = value.len().to_be_bytes();
            let zeros = length.iter().take_while(|b| **b == 0).count();
            let length = length.get(zeros..).unwrap_or_default();
            // A length has eight bytes at most.
            encoded.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
            encoded.extend_from_slice(length);
        }
    }
    encoded.extend_from_slice(value);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Digests, PrivateKey, SignatureScheme, Signed, SigningInput, SigningKey};

    /// The parts of a SubjectPublicKeyInfo, as a token keeps them.
    fn object(key: &PublicKey) -> Object {
        let spki = key.spki_der();
        for (curve, length) in CURVES {
            if spki.windows(curve.len()).any(|w| w == curve) {
                let point = &spki[spki.len() - 1 - 2 * length..];
                return Object {
                    kind: Some(Kind::Ec),
                    ec_params: curve.to_vec(),
                    ec_point: tlv(OCTET_STRING, point),
                    ..Object::default()
                };
            }
        }
        let modulus = spki[spki.len() - 5 - 256..spki.len() - 5].to_vec();
        Object { kind: Some(Kind::Rsa), modulus, exponent: vec![0, 1, 0, 1], ..Object::default() }
    }

    #[test]
    fn keys_come_out_as_they_went_in() {
        for kind in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }] {
            let key = PrivateKey::generate(kind).unwrap();
            let object = object(key.public_key());
            assert_eq!(of(&object).unwrap().as_ref(), Some(key.public_key()), "{kind}");
            if object.kind == Some(Kind::Ec) {
                let raw = object.ec_point.len() - if kind == KeyType::P521 { 3 } else { 2 };
                let ec_point = object.ec_point[object.ec_point.len() - raw..].to_vec();
                let bare = Object { ec_point, ..object.clone() };
                assert_eq!(of(&bare).unwrap().as_ref(), Some(key.public_key()), "{kind}");
                for change in 0..object.ec_point.len() {
                    let mut wrong = object.clone();
                    wrong.ec_point[change] ^= 1;
                    assert_ne!(of(&wrong).ok().flatten().as_ref(), Some(key.public_key()), "{kind} {change}");
                    let mut short = object.clone();
                    short.ec_point.truncate(change);
                    assert_ne!(of(&short).ok().flatten().as_ref(), Some(key.public_key()), "{kind} {change}");
                }
            }
            let told = Object { public_key_info: key.public_key().spki_der().to_vec(), ..Object::default() };
            assert_eq!(of(&told).unwrap().as_ref(), Some(key.public_key()));
        }
        assert_eq!(of(&Object { kind: Some(Kind::Ec), ..Object::default() }).unwrap(), None);
        let curve = Object {
            kind: Some(Kind::Ec),
            ec_params: b"\x06\x05\x2b\x81\x04\x00\x0a".to_vec(),
            ec_point: vec![4; 67],
            ..Object::default()
        };
        assert!(of(&curve).unwrap_err().to_string().contains("none of P-256"));
        let other = Object { kind: Some(Kind::Other), ..Object::default() };
        assert!(of(&other).unwrap_err().to_string().contains("neither an EC key nor an RSA key"));
    }

    #[test]
    fn halves_of_signatures() {
        let raw = |r: &[u8], s: &[u8]| {
            let mut raw = [0; 64];
            raw[32 - r.len()..32].copy_from_slice(r);
            raw[64 - s.len()..].copy_from_slice(s);
            raw
        };
        let der = |r: &[u8], s: &[u8]| ecdsa_signature(KeyType::P256, &raw(r, s)).unwrap();
        assert_eq!(der(&[1], &[0x80]), b"\x30\x07\x02\x01\x01\x02\x02\x00\x80");
        assert_eq!(der(&[0xff; 32], &[0x7f; 32]).len(), 2 + 2 + 33 + 2 + 32);
        let long = ecdsa_signature(KeyType::P521, &[0xff; 132]).unwrap();
        assert_eq!(long[..6], [0x30, 0x81, 138, 0x02, 67, 0]);
        for length in [0, 1, 63, 65, 96, 128] {
            assert!(ecdsa_signature(KeyType::P256, &vec![1; length]).is_err(), "{length}");
        }
    }

    /// What CKM_RSA_PKCS pads is what a signature of ours holds: signed by our own key and opened by its public half.
    #[test]
    fn digest_infos() {
        for (algorithm, length, start) in [
            (HashAlgorithm::Sha256, 32, "3031300d060960864801650304020105000420"),
            (HashAlgorithm::Sha384, 48, "3041300d060960864801650304020205000430"),
            (HashAlgorithm::Sha512, 64, "3051300d060960864801650304020305000440"),
        ] {
            let whole = digest_info(algorithm, &vec![7; length]);
            assert_eq!(hex::encode(&whole[..19]), start);
            assert_eq!(whole[19..], vec![7; length]);
        }
    }

    /// The halves of a signature of ours are a signature again.
    #[test]
    fn a_signature_survives_being_taken_apart() {
        let key = PrivateKey::generate(KeyType::P384).unwrap();
        let digest = HashAlgorithm::Sha384.digest(b"x");
        let der = key.sign_now(&SigningInput::Digest(digest.clone())).unwrap();
        let half = |start: usize| {
            let length = usize::from(der[start + 1]);
            let bytes = &der[start + 2..start + 2 + length];
            let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
            ([vec![0; 48 - bytes.len()], bytes.to_vec()].concat(), start + 2 + length)
        };
        let (r, next) = half(2);
        let (s, _) = half(next);
        let again = ecdsa_signature(KeyType::P384, &[r, s].concat()).unwrap();
        assert_eq!(again, der);
        let digests = Digests::from(digest);
        let signed = Signed::Stream { digests: &digests, ed25519: &[] };
        key.public_key().verify(SignatureScheme::Ecdsa(HashAlgorithm::Sha384), signed, &again).unwrap();
    }
}
