//! Public keys and signatures as JSON Web Keys and JSON Web Signatures write them (RFC 7517, RFC 7518).

use der::Encode;
use der::asn1::UintRef;

use super::{DecodeError, KeyType, Node, PublicKey, oid};

/// An EC key of its curve and coordinates (RFC 7518 section 6.2.1).
///
/// # Errors
/// Another curve than P-256, P-384 and P-521; a coordinate of another length than the curve has; no point of the curve.
pub fn ec_public_key(jwk: &Node<'_>) -> Result<PublicKey, DecodeError> {
    let name = jwk.member("crv")?;
    let (curve, key) = match name.text()? {
        "P-256" => (oid::P256, KeyType::P256),
        "P-384" => (oid::P384, KeyType::P384),
        "P-521" => (oid::P521, KeyType::P521),
        other => {
            let shown: String = other.chars().take(40).collect();
            return Err(name.error(format!("is `{shown}`, and must be P-256, P-384 or P-521")));
        }
    };
    let mut point = vec![4];
    for coordinate in ["x", "y"] {
        let node = jwk.member(coordinate)?;
        let bytes = node.base64()?;
        if bytes.len() != coordinate_length(key) {
            return Err(node.error("has another length than a coordinate of the curve"));
        }
        point.extend_from_slice(&bytes);
    }
    PublicKey::from_point(curve, &point)
}

/// An RSA key of its modulus and exponent (RFC 7518 section 6.3.1).
///
/// # Errors
/// As [`PublicKey::from_spki_der`].
pub fn rsa_public_key(jwk: &Node<'_>) -> Result<PublicKey, DecodeError> {
    let (modulus, exponent) = (jwk.member("n")?, jwk.member("e")?);
    let (n, e) = (modulus.non_empty_base64()?, exponent.non_empty_base64()?);
    let fail = |node: &Node<'_>| node.error("is no number of an RSA key");
    let n = UintRef::new(&n).map_err(|_| fail(&modulus))?;
    let e = UintRef::new(&e).map_err(|_| fail(&exponent))?;
    PublicKey::from_pkcs1(&sequence(n, e).ok_or_else(|| fail(&modulus))?)
}

/// An ECDSA signature in DER (RFC 3279 section 2.2.3) out of its two halves, one behind the other (RFC 7518 section 3.4); `None` where
/// they are not of the length that the key's signatures have.
pub fn ecdsa_signature(key: KeyType, raw: &[u8]) -> Option<Vec<u8>> {
    let length = coordinate_length(key);
    let (r, s) = raw.split_at_checked(length).filter(|(_, s)| s.len() == length)?;
    sequence(UintRef::new(r).ok()?, UintRef::new(s).ok()?)
}

fn sequence(first: UintRef<'_>, second: UintRef<'_>) -> Option<Vec<u8>> {
    let content = [first.to_der().ok()?, second.to_der().ok()?].concat();
    der::asn1::AnyRef::new(der::Tag::Sequence, &content).ok()?.to_der().ok()
}

fn coordinate_length(key: KeyType) -> usize {
    match key {
        KeyType::P256 => 32,
        KeyType::P384 => 48,
        _ => 66,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::{
        HashAlgorithm, PrivateKey, SignatureScheme, Signed, SigningInput, SigningKey, base64, sign_at_once,
    };

    /// The JSON Web Key of a public key, with the members of its kind alone.
    pub(crate) fn jwk(key: &PublicKey) -> Value {
        let spki = key.spki_der();
        let curve = match key.key_type() {
            KeyType::P256 => "P-256",
            KeyType::P384 => "P-384",
            KeyType::P521 => "P-521",
            _ => {
                let n = &spki[spki.len() - 5 - 256..spki.len() - 5];
                return json!({ "kty": "RSA", "n": base64::encode_url(n), "e": "AQAB" });
            }
        };
        let length = coordinate_length(key.key_type());
        let (x, y) = spki[spki.len() - 2 * length..].split_at(length);
        json!({ "kty": "EC", "crv": curve, "x": base64::encode_url(x), "y": base64::encode_url(y) })
    }

    /// The two halves of a signature in DER, one behind the other.
    pub(crate) fn halves(key: KeyType, signature: &[u8]) -> Vec<u8> {
        use der::{Decode, Reader};
        let mut reader = der::SliceReader::new(signature).unwrap();
        let (r, s) = reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))).unwrap();
        let mut raw = Vec::new();
        for half in [r, s] {
            raw.resize(raw.len() + coordinate_length(key) - half.as_bytes().len(), 0);
            raw.extend_from_slice(half.as_bytes());
        }
        raw
    }

    fn read(jwk: &Value) -> Result<PublicKey, DecodeError> {
        let node = Node::root("key", jwk);
        match jwk["kty"].as_str() {
            Some("EC") => ec_public_key(&node),
            _ => rsa_public_key(&node),
        }
    }

    const KINDS: [KeyType; 4] = [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }];

    #[test]
    fn keys_come_out_as_they_went_in() {
        for kind in KINDS {
            let key = PrivateKey::generate(kind).unwrap();
            assert_eq!(read(&jwk(key.public_key())).unwrap(), *key.public_key());
        }
    }

    #[test]
    fn keys_that_are_wrong_in_one_way_are_refused() {
        for kind in KINDS {
            let good = jwk(PrivateKey::generate(kind).unwrap().public_key());
            let members: Vec<_> = good.as_object().unwrap().keys().filter(|n| *n != "kty").cloned().collect();
            for member in members {
                let text = good[&member].as_str().unwrap().to_owned();
                for other in [
                    json!(null),
                    json!(""),
                    json!("%"),
                    json!(1),
                    json!("AQ"),
                    json!(format!("AAAA{text}AAAA")),
                ] {
                    let mut wrong = good.clone();
                    wrong[&member] = other;
                    assert!(read(&wrong).is_err(), "{wrong}");
                }
            }
        }
        let mut other = jwk(PrivateKey::generate(KeyType::P256).unwrap().public_key());
        other["crv"] = "P-256K".into();
        assert!(read(&other).unwrap_err().to_string().contains("`P-256K`"));
        other["crv"] = "P-256".into();
        other["x"] = other["y"].clone();
        assert!(read(&other).is_err(), "no point of the curve");
    }

    #[test]
    fn signatures_of_halves_are_accepted_and_of_others_are_not_made() {
        for kind in [KeyType::P256, KeyType::P384, KeyType::P521] {
            let key = PrivateKey::generate(kind).unwrap();
            let hash: HashAlgorithm = kind.default_hash();
            for round in 0..8u8 {
                let digest = SigningInput::Digest(hash.digest(&[round]));
                let raw = halves(kind, &sign_at_once(&key, &digest).unwrap());
                let again = ecdsa_signature(kind, &raw).unwrap();
                key.public_key()
                    .verify(SignatureScheme::Ecdsa(hash), Signed::Message(&[round]), &again)
                    .unwrap();
                assert_eq!(ecdsa_signature(kind, &raw[1..]), None);
                assert_eq!(ecdsa_signature(kind, &[&raw[..], &[0]].concat()), None);
            }
            assert_eq!(ecdsa_signature(kind, b""), None);
        }
    }
}
