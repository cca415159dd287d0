//! `io.jwt.*`: JSON Web Tokens (RFC 7519) in their compact form (RFC 7515 section 3.1), read and verified by keys that the
//! policy brings along.

use regorus::Value;

use super::{Function, text};
use crate::crypto::legacy_digest::hmac;
use crate::crypto::{
    HashAlgorithm, KeyType, Node, PublicKey, SignatureScheme, Signed, UnixTime, base64, jwk,
};
use crate::x509::Certificate;
use HashAlgorithm::{Sha256, Sha384, Sha512};

pub(super) const FUNCTIONS: &[Function] = &[
    ("io.jwt.decode", 1, decode),
    ("io.jwt.verify_es256", 2, |given| verify(given, Algorithm::Es(Sha256))),
    ("io.jwt.verify_es384", 2, |given| verify(given, Algorithm::Es(Sha384))),
    ("io.jwt.verify_es512", 2, |given| verify(given, Algorithm::Es(Sha512))),
    ("io.jwt.verify_hs256", 2, |given| verify(given, Algorithm::Hs(Sha256))),
    ("io.jwt.verify_hs384", 2, |given| verify(given, Algorithm::Hs(Sha384))),
    ("io.jwt.verify_hs512", 2, |given| verify(given, Algorithm::Hs(Sha512))),
    ("io.jwt.verify_ps256", 2, |given| verify(given, Algorithm::Ps(Sha256))),
    ("io.jwt.verify_ps384", 2, |given| verify(given, Algorithm::Ps(Sha384))),
    ("io.jwt.verify_ps512", 2, |given| verify(given, Algorithm::Ps(Sha512))),
    ("io.jwt.verify_rs256", 2, |given| verify(given, Algorithm::Rs(Sha256))),
    ("io.jwt.verify_rs384", 2, |given| verify(given, Algorithm::Rs(Sha384))),
    ("io.jwt.verify_rs512", 2, |given| verify(given, Algorithm::Rs(Sha512))),
];

/// Signature algorithms (RFC 7518 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Es(HashAlgorithm),
    Hs(HashAlgorithm),
    Ps(HashAlgorithm),
    Rs(HashAlgorithm),
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        let (kind, size) = name.split_at_checked(2)?;
        let hash = match size {
            "256" => Sha256,
            "384" => Sha384,
            "512" => Sha512,
            _ => return None,
        };
        match kind {
            "ES" => Some(Self::Es(hash)),
            "HS" => Some(Self::Hs(hash)),
            "PS" => Some(Self::Ps(hash)),
            "RS" => Some(Self::Rs(hash)),
            _ => None,
        }
    }

    /// Whether `key` made `signature` over `message`.
    fn holds(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let check =
            |scheme, signature: &[u8]| key.verify(scheme, Signed::Message(message), signature).is_ok();
        match self {
            Self::Hs(_) => false,
            Self::Ps(hash) => check(SignatureScheme::RsaPss(hash), signature),
            Self::Rs(hash) => check(SignatureScheme::RsaPkcs1(hash), signature),
            Self::Es(hash) => {
                // The curve goes with the hash (RFC 7518 section 3.4).
                let curve = match hash {
                    Sha256 => KeyType::P256,
                    Sha384 => KeyType::P384,
                    _ => KeyType::P521,
                };
                let der = jwk::ecdsa_signature(key.key_type(), signature);
                key.key_type() == curve && der.is_some_and(|der| check(SignatureScheme::Ecdsa(hash), &der))
            }
        }
    }
}

/// A token in its parts.
struct Token<'a> {
    header: Value,
    payload: Value,
    signature: Vec<u8>,
    /// What is signed: header and payload as they stand.
    message: &'a str,
}

impl<'a> Token<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, payload) = message.split_once('.').filter(|(_, payload)| !payload.contains('.'))?;
        let document = |part: &str| {
            let text = String::from_utf8(url(part)?).ok()?;
            Value::from_json_str(&text).ok().filter(|value| value.as_object().is_ok())
        };
        let header = document(header)?;
        // One that is encrypted, or holds another token, is not read.
        if member(&header, "enc").is_some() || member(&header, "cty").is_some() {
            return None;
        }
        Some(Self { payload: document(payload)?, header, signature: url(signature)?, message })
    }

    fn has_mac(&self, hash: HashAlgorithm, secret: &str) -> bool {
        hmac(hash.into(), secret.as_bytes(), self.message.as_bytes()) == self.signature
    }

    fn is_signed(&self, algorithm: Algorithm, keys: &[(Option<String>, PublicKey)]) -> bool {
        let named = member(&self.header, "kid").and_then(|kid| kid.as_string().ok()).cloned();
        let with_name: Vec<_> =
            keys.iter().filter(|(name, _)| name.is_some() && name.as_deref() == named.as_deref()).collect();
        let keys = if with_name.is_empty() { keys.iter().collect() } else { with_name };
        keys.iter().any(|(_, key)| algorithm.holds(key, self.message.as_bytes(), &self.signature))
    }
}

/// URL-safe base64 without padding, and no other.
fn url(text: &str) -> Option<Vec<u8>> {
    let strange = text.contains(['+', '/', '=']);
    if strange { None } else { base64::decode(text) }
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object().ok()?.get(&Value::from(name))
}

/// A number of whatever kind; regorus gives floats for floats alone.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(_) => value.to_json_str().ok()?.parse().ok(),
        _ => None,
    }
}

fn decode(given: &[Value]) -> Option<Value> {
    let Token { header, payload, signature, .. } = Token::parse(text(given, 0)?)?;
    Some(vec![header, payload, hex::encode(signature).into()].into())
}

fn verify(given: &[Value], algorithm: Algorithm) -> Option<Value> {
    let (token, key) = (Token::parse(text(given, 0)?)?, text(given, 1)?);
    let holds = match algorithm {
        Algorithm::Hs(hash) => token.has_mac(hash, key),
        _ => token.is_signed(algorithm, &keys(key)?),
    };
    Some(holds.into())
}

/// The keys in a text: certificates, a public key, a JSON Web Key or a set of them.
fn keys(text: &str) -> Option<Vec<(Option<String>, PublicKey)>> {
    if let Ok(document) = serde_json::from_str::<serde_json::Value>(text) {
        let one = |value: &serde_json::Value| {
            let node = Node::root("JSON Web Key", value);
            let key = match value.get("kty")?.as_str()? {
                "EC" => jwk::ec_public_key(&node).ok()?,
                "RSA" => jwk::rsa_public_key(&node).ok()?,
                _ => return None,
            };
            Some((value.get("kid").and_then(|kid| kid.as_str()).map(str::to_owned), key))
        };
        return match document.get("keys") {
            Some(set) => set.as_array()?.iter().map(one).collect(),
            None => Some(vec![one(&document)?]),
        };
    }
    if text.contains("BEGIN CERTIFICATE") {
        let chain = Certificate::chain_from_pem(text.as_bytes()).ok()?;
        return chain.iter().map(|one| Some((None, one.public_key().ok()?))).collect();
    }
    Some(vec![(None, PublicKey::from_pem(text.as_bytes()).ok()?)])
}

/// `io.jwt.decode_verify`: `[true, header, payload]`, or `[false, {}, {}]` for a token that does not hold.
pub(super) fn decode_verify(given: &[Value], now: UnixTime) -> Option<Value> {
    let constraints = given.get(1)?.as_object().ok()?;
    let known = ["alg", "aud", "cert", "iss", "secret", "time"];
    let names = constraints.keys().all(|name| name.as_string().is_ok_and(|name| known.contains(&&**name)));
    let said = |name: &str| constraints.get(&Value::from(name));
    let key = match (said("cert"), said("secret")) {
        (Some(Value::String(cert)), None) => Ok(keys(cert)?),
        (None, Some(Value::String(secret))) => Err(secret.clone()),
        _ => return None,
    };
    if !names {
        return None;
    }
    let token = Token::parse(text(given, 0)?)?;
    let time = match said("time") {
        Some(time) => number(time)?,
        None => now.seconds() as f64 * 1e9,
    };
    let holds = holds(&token, &key, said("alg"))
        && claims(&token.payload, said("iss"), said("aud"), time).unwrap_or(false);
    let Token { header, payload, .. } = token;
    let shown = if holds { [header, payload] } else { [Value::new_object(), Value::new_object()] };
    Some([vec![holds.into()], shown.to_vec()].concat().into())
}

/// Whether the signature holds, by the algorithm that the header names and the constraint allows.
fn holds(
    token: &Token<'_>,
    key: &Result<Vec<(Option<String>, PublicKey)>, regorus::Rc<str>>,
    allowed: Option<&Value>,
) -> bool {
    let Some(Value::String(name)) = member(&token.header, "alg") else { return false };
    if allowed.is_some_and(|allowed| *allowed != Value::String(name.clone())) {
        return false;
    }
    match (Algorithm::named(name), key) {
        (Some(Algorithm::Hs(hash)), Err(secret)) => token.has_mac(hash, secret),
        (Some(Algorithm::Hs(_)), Ok(_)) | (None, _) | (Some(_), Err(_)) => false,
        (Some(algorithm), Ok(keys)) => token.is_signed(algorithm, keys),
    }
}

/// Whether the claims hold at `time`, nanoseconds; `None` where one is of another type.
fn claims(payload: &Value, issuer: Option<&Value>, audience: Option<&Value>, time: f64) -> Option<bool> {
    if issuer.is_some() && member(payload, "iss") != issuer {
        return Some(false);
    }
    let heard = match (member(payload, "aud"), audience) {
        (None, None) => true,
        (Some(Value::Array(all)), Some(wanted)) => all.contains(wanted),
        (Some(one), Some(wanted)) => one == wanted,
        _ => false,
    };
    let after = match member(payload, "exp") {
        Some(end) => time < number(end)? * 1e9,
        None => true,
    };
    let before = match member(payload, "nbf") {
        Some(start) => time >= number(start)? * 1e9,
        None => true,
    };
    Some(heard && after && before)
}
