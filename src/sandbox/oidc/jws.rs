//! Tokens in the compact form of JSON Web Signature (RFC 7515), by RS256 and nothing else (RFC 7518 section 3.3): cosign 3 takes
//! a token of any other algorithm for the name of a file.

use serde_json::{Value, json};

use crate::crypto::{
    DecodeError, HashAlgorithm, KeyType, PrivateKey, PublicKey, SignError, SignatureScheme, Signed,
    SigningInput, SigningKey as _, base64, json as strict,
};

/// What errors call it.
const WHAT: &str = "identity token";
/// The longest token, in bytes. One with all claims of a workflow has some two thousand.
const MAX_LENGTH: usize = 1 << 16;
/// The kind of key that signs tokens.
pub const KEY_TYPE: KeyType = KeyType::Rsa { bits: 2048 };
/// Bytes of the modulus of such a key, and how its encoding ends: the exponent 65537 (RFC 8017 appendix A.1.1).
const MODULUS: usize = 256;
const EXPONENT: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// How a key set calls the key: the start of its identifier.
pub fn key_id(key: &PublicKey) -> String {
    hex::encode(key.key_id().get(..8).unwrap_or_default())
}

/// The key as a JSON Web Key (RFC 7517). It has to be one of [`KEY_TYPE`] with the usual exponent, as all that are made here are.
pub fn jwk(key: &PublicKey) -> Value {
    let numbers = key.spki_der().strip_suffix(&EXPONENT).unwrap_or_default();
    let (_, modulus) = numbers.split_at(numbers.len().saturating_sub(MODULUS));
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id(key),
        "n": base64::encode_url(modulus), "e": base64::encode_url([1, 0, 1]),
    })
}

/// Signs claims.
///
/// # Errors
/// The key does not sign, or is not an RSA key.
pub fn sign(key: &PrivateKey, claims: &Value) -> Result<String, SignError> {
    if !matches!(key.public_key().key_type(), KeyType::Rsa { .. }) {
        return Err(SignError::Input {
            key: key.public_key().key_type(),
            input: "a token by RS256".to_owned(),
        });
    }
    let header = json!({ "alg": "RS256", "kid": key_id(key.public_key()), "typ": "JWT" });
    let [header, claims] = [header, claims.clone()].map(|part| base64::encode_url(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = key.sign_now(&SigningInput::message(signed.clone().into_bytes()))?;
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
    if head.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(wrong("header", "signed by another algorithm than RS256"));
    }
    if head.get("crit").is_some() {
        return Err(wrong("header", "critical extensions, of which none is known"));
    }
    if head.get("kid").is_some_and(|kid| kid.as_str() != Some(&key_id(key))) {
        return Err(wrong("header", "signed by a key that is not the issuer's"));
    }
    let signed = token.get(..header.len() + 1 + claims.len()).unwrap_or_default();
    let signature = part("signature", signature)?;
    key.verify(
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256),
        Signed::Message(signed.as_bytes()),
        &signature,
    )
    .map_err(|_| wrong("signature", "not made by the issuer's key over these claims"))?;
    let claims = strict::parse(WHAT, &part("claims", claims)?)?;
    if claims.is_object() { Ok(claims) } else { Err(wrong("claims", "not an object")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(header: &Value, claims: &str, signature: &[u8]) -> String {
        let [header, claims] = [header.to_string(), claims.to_owned()].map(base64::encode_url);
        format!("{header}.{claims}.{}", base64::encode_url(signature))
    }

    fn rsa(name: &'static str) -> &'static PrivateKey {
        crate::x509::issue::fixtures::key(KEY_TYPE, name)
    }

    #[test]
    fn what_is_signed_is_opened_by_keys_of_this_kind_alone() {
        let key = rsa("oidc");
        let token = sign(key, &json!({ "n": 7 })).unwrap();
        assert_eq!(open(key.public_key(), &token).unwrap()["n"], 7);
        let list = sign(key, &json!([1])).unwrap();
        assert!(open(key.public_key(), &list).unwrap_err().to_string().contains("not an object"));
        assert!(sign(&PrivateKey::generate(KeyType::P256).unwrap(), &json!({})).is_err());
    }

    #[test]
    fn the_key_set_has_modulus_and_exponent() {
        let key = rsa("oidc").public_key();
        let set = jwk(key);
        let number = |name: &str| base64::decode(set[name].as_str().unwrap()).unwrap();
        assert_eq!((number("n").len(), number("e")), (MODULUS, vec![1, 0, 1]));
        assert!(number("n")[0] & 0x80 != 0, "all its bits");
        assert!(key.spki_der().ends_with(&[number("n"), EXPONENT.to_vec()].concat()));
    }

    /// CVE-2015-9235, CVE-2018-0114 and their kin: whatever the header says, it is this key and this algorithm.
    #[test]
    fn cve_2015_9235_the_header_chooses_neither_algorithm_nor_key() {
        let (key, other) = (rsa("oidc"), rsa("oidc-other"));
        let refused = |token: &str, reason: &str| {
            let error = open(key.public_key(), token).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
        };
        let good = sign(key, &json!({ "a": 1 })).unwrap();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let signature = base64::decode(signature).unwrap();
        for alg in ["none", "None", "HS256", "ES256", "PS256", "RS512", ""] {
            refused(&parts(&json!({ "alg": alg }), "{}", &[]), "another algorithm");
            refused(&parts(&json!({ "alg": alg }), "{}", &signature), "another algorithm");
        }
        refused(&parts(&json!({}), "{}", &signature), "another algorithm");
        refused(&parts(&json!({ "alg": "RS256", "crit": ["b64"] }), "{}", &signature), "critical");
        refused(&parts(&json!({ "alg": "RS256", "kid": "x" }), "{}", &signature), "not the issuer's");
        refused(
            &parts(&json!({ "alg": "RS256", "jwk": jwk(other.public_key()) }), "{}", &signature),
            "not made",
        );
        let foreign = sign(other, &json!({ "a": 1 })).unwrap();
        refused(&foreign, "not the issuer's");
        refused(&format!("{signed}.{}", base64::encode_url([0; 256])), "not made");
        refused(&format!("{signed}."), "not made");
        refused(signed, "not three parts");
        refused(&format!("{good}.x"), "not three parts");
        refused(&good.replacen('.', "=.", 1), "not base64");
        refused(&"x".repeat(MAX_LENGTH + 1), "longer");
        refused(&parts(&json!({ "alg": "RS256" }), "{\"a\":2}", &signature), "not made");
    }
}
