//! Tokens in the compact form of JSON Web Signature (RFC 7515), by ES256 and nothing else (RFC 7518 section 3.4).

use serde_json::{Value, json};

use crate::crypto::{
    DecodeError, HashAlgorithm, PrivateKey, PublicKey, SignError, SignatureScheme, Signed, SigningInput,
    SigningKey as _, base64, json as strict,
};

/// What errors call it.
const WHAT: &str = "identity token";
/// The longest token, in bytes. One with all claims of a workflow has some two thousand.
const MAX_LENGTH: usize = 1 << 16;
/// Bytes of each of the two numbers of a signature on P-256.
const WIDTH: usize = 32;

/// How a key set calls the key: the start of its identifier.
pub fn key_id(key: &PublicKey) -> String {
    hex::encode(key.key_id().get(..8).unwrap_or_default())
}

/// The key as a JSON Web Key (RFC 7517). It has to be one on P-256.
pub fn jwk(key: &PublicKey) -> Value {
    // The encoding of a key on P-256 ends with the two coordinates (RFC 5480 section 2.2).
    let spki = key.spki_der();
    let (_, point) = spki.split_at(spki.len().saturating_sub(2 * WIDTH));
    let (x, y) = point.split_at(point.len() / 2);
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key_id(key),
        "x": base64::encode_url(x), "y": base64::encode_url(y),
    })
}

/// Signs claims.
///
/// # Errors
/// The key does not sign, or is not on P-256.
pub fn sign(key: &PrivateKey, claims: &Value) -> Result<String, SignError> {
    let header = json!({ "alg": "ES256", "kid": key_id(key.public_key()), "typ": "JWT" });
    let [header, claims] = [header, claims.clone()].map(|part| base64::encode_url(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = key.sign_now(&SigningInput::Message(signed.clone().into_bytes()))?;
    let signature = fixed(&signature).ok_or_else(|| SignError::Backend("not a signature on P-256".into()))?;
    Ok(format!("{signed}.{}", base64::encode_url(signature)))
}

/// The claims of a token that this key signed; nothing else of it is looked at.
///
/// # Errors
/// More than 64 KiB, not three parts in URL-safe base64, another algorithm or key, a critical extension, a signature that is
/// not this key's, claims that are not a JSON object or have a member twice.
pub fn open(key: &PublicKey, token: &str) -> Result<Value, DecodeError> {
    let wrong = |at: &str, reason: &str| DecodeError::new(WHAT, at, reason);
    if token.len() > MAX_LENGTH {
        return Err(wrong("", "longer than 65536 bytes").over_limit());
    }
    let mut parts = token.splitn(4, '.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong("", "not three parts with a dot between each"));
    };
    let part = |at: &str, text: &str| {
        let url_safe = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let bytes = if url_safe { base64::decode(text) } else { None };
        bytes.ok_or_else(|| wrong(at, "not base64 in the URL-safe alphabet"))
    };
    let head = strict::parse(WHAT, &part("header", header)?)?;
    if head.get("alg").and_then(Value::as_str) != Some("ES256") {
        return Err(wrong("header", "signed by another algorithm than ES256"));
    }
    if head.get("crit").is_some() {
        return Err(wrong("header", "critical extensions, of which none is known"));
    }
    if head.get("kid").is_some_and(|kid| kid.as_str() != Some(&key_id(key))) {
        return Err(wrong("header", "signed by a key that is not the issuer's"));
    }
    let signed = token.get(..header.len() + 1 + claims.len()).unwrap_or_default();
    let der = variable(&part("signature", signature)?)
        .ok_or_else(|| wrong("signature", "not of the length that ES256 has"))?;
    key.verify(SignatureScheme::Ecdsa(HashAlgorithm::Sha256), Signed::Message(signed.as_bytes()), &der)
        .map_err(|_| wrong("signature", "not made by the issuer's key over these claims"))?;
    let claims = strict::parse(WHAT, &part("claims", claims)?)?;
    if claims.is_object() { Ok(claims) } else { Err(wrong("claims", "not an object")) }
}

/// A signature in DER (Ecdsa-Sig-Value) as two numbers of fixed width.
fn fixed(der: &[u8]) -> Option<Vec<u8>> {
    let [0x30, length, rest @ ..] = der else { return None };
    if usize::from(*length) != rest.len() {
        return None;
    }
    let (mut rest, mut out) = (rest, Vec::with_capacity(2 * WIDTH));
    for _ in 0..2 {
        let [0x02, length, more @ ..] = rest else { return None };
        let (number, after) = more.split_at_checked(usize::from(*length))?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        out.extend(vec![0; WIDTH.checked_sub(number.len())?]);
        out.extend(number);
        rest = after;
    }
    rest.is_empty().then_some(out)
}

/// The other way round.
fn variable(fixed: &[u8]) -> Option<Vec<u8>> {
    if fixed.len() != 2 * WIDTH {
        return None;
    }
    let number = |bytes: &[u8]| {
        let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
        if digits.first().is_none_or(|b| b & 0x80 != 0) {
            digits.insert(0, 0);
        }
        let mut out = vec![0x02];
        out.extend(u8::try_from(digits.len()));
        out.extend(digits);
        out
    };
    let (r, s) = fixed.split_at(WIDTH);
    let body = [number(r), number(s)].concat();
    let mut out = vec![0x30];
    out.extend(u8::try_from(body.len()));
    out.extend(body);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyType;

    fn parts(header: &Value, claims: &str, signature: &[u8]) -> String {
        let [header, claims] = [header.to_string(), claims.to_owned()].map(base64::encode_url);
        format!("{header}.{claims}.{}", base64::encode_url(signature))
    }

    #[test]
    fn signatures_of_every_shape_are_rewritten_and_back() {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        for n in 0..300 {
            let token = sign(&key, &json!({ "n": n })).unwrap();
            assert_eq!(open(key.public_key(), &token).unwrap()["n"], n);
        }
        for short in [&[0; 64][..], &[&[0; 31][..], &[1], &[0; 31], &[0x80]].concat()] {
            let der = variable(short).unwrap();
            assert_eq!(fixed(&der).unwrap(), short);
        }
        assert!(variable(&[1; 63]).is_none() && variable(&[1; 65]).is_none());
        for bad in [&[][..], &[0x30, 0], &[0x30, 3, 2, 1, 1], &[0x31, 6, 2, 1, 1, 2, 1, 1]] {
            assert!(fixed(bad).is_none(), "{bad:?}");
        }
        let p384 = PrivateKey::generate(KeyType::P384).unwrap();
        assert!(sign(&p384, &json!({})).is_err());
    }

    #[test]
    fn the_key_set_has_the_coordinates() {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let set = jwk(key.public_key());
        let number = |name: &str| base64::decode(set[name].as_str().unwrap()).unwrap();
        let point = [vec![4], number("x"), number("y")].concat();
        assert!(key.public_key().spki_der().ends_with(&point));
    }

    /// CVE-2015-9235, CVE-2018-0114 and their kin: whatever the header says, it is this key and this algorithm.
    #[test]
    fn cve_2015_9235_the_header_chooses_neither_algorithm_nor_key() {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let other = PrivateKey::generate(KeyType::P256).unwrap();
        let refused = |token: &str, reason: &str| {
            let error = open(key.public_key(), token).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
        };
        let good = sign(&key, &json!({ "a": 1 })).unwrap();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let signature = base64::decode(signature).unwrap();
        for alg in ["none", "None", "HS256", "ES384", "RS256", ""] {
            refused(&parts(&json!({ "alg": alg }), "{}", &[]), "another algorithm");
            refused(&parts(&json!({ "alg": alg }), "{}", &signature), "another algorithm");
        }
        refused(&parts(&json!({}), "{}", &signature), "another algorithm");
        refused(&parts(&json!({ "alg": "ES256", "crit": ["b64"] }), "{}", &signature), "critical");
        refused(&parts(&json!({ "alg": "ES256", "kid": "x" }), "{}", &signature), "not the issuer's");
        refused(
            &parts(&json!({ "alg": "ES256", "jwk": jwk(other.public_key()) }), "{}", &signature),
            "not made",
        );
        let foreign = sign(&other, &json!({ "a": 1 })).unwrap();
        refused(&foreign, "not the issuer's");
        // CVE-2022-21449: two zeros are no signature.
        refused(&format!("{signed}.{}", base64::encode_url([0; 64])), "not made");
        refused(&format!("{signed}."), "of the length");
        refused(signed, "not three parts");
        refused(&format!("{good}.x"), "not three parts");
        refused(&good.replacen('.', "=.", 1), "not base64");
        refused(&"x".repeat(MAX_LENGTH + 1), "longer");
        refused(&parts(&json!({ "alg": "ES256" }), "{\"a\":2}", &signature), "not made");
    }
}
