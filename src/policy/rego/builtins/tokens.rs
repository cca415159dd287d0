//! `io.jwt.*`: JSON Web Tokens (RFC 7519) in their compact form (RFC 7515 section 3.1), read and verified by keys that the
//! policy brings along.

mod keys;

use regorus::Value;

use super::{Outcome, Said, Timed, documents, encodings, text};
use crate::crypto::legacy_digest::hmac;
use crate::crypto::{HashAlgorithm, KeyType, PublicKey, SignatureScheme, Signed, UnixTime, jwk};
use HashAlgorithm::{Sha256, Sha384, Sha512};
use keys::{Key, keys};

pub(super) const FUNCTIONS: &[Said] = &[
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

pub(super) const TIMED: &[Timed] =
    &[("io.jwt.decode_verify", 2, |given, now| Ok(decode_verify(given, now)?.map(|value| (value, None))))];

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
    fn holds(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, String> {
        let check =
            |scheme, signature: &[u8]| key.verify(scheme, Signed::Message(message), signature).is_ok();
        Ok(match self {
            Self::Hs(_) => false,
            Self::Ps(hash) => {
                let is_one = check(SignatureScheme::RsaPss(hash), signature);
                // OPA takes a salt of any length, and this program knows of one alone: that of the hash.
                let size = match key.key_type() {
                    KeyType::Rsa { bits } => bits.div_ceil(8),
                    _ => 0,
                };
                if !is_one && signature.len() == size {
                    return Err(
                        "a token that no key signed by RSASSA-PSS with a salt as long as the hash".to_owned()
                    );
                }
                is_one
            }
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
        })
    }
}

/// A token in its parts, of which each is decoded when it is needed: what is wrong with one matters no earlier.
struct Token<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// What is signed: header and payload as they stand.
    message: &'a str,
}

impl<'a> Token<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, payload) = message.split_once('.').filter(|(_, payload)| !payload.contains('.'))?;
        Some(Self { header, payload, signature, message })
    }

    /// The header. One that is encrypted is an error; one that holds another token is not decided.
    fn header(&self) -> Outcome<Value> {
        let Some(header) = object(self.header)? else { return Ok(None) };
        let is_text =
            |name: &str| member(&header, name).is_none_or(|value| matches!(value, Value::String(_)));
        if member(&header, "cty").is_some() || !["alg", "kid", "typ"].into_iter().all(is_text) {
            return Err("a token of an unusual kind".to_owned());
        }
        Ok(Some(header).filter(|header| member(header, "enc").is_none()))
    }

    fn payload(&self) -> Outcome<Value> {
        object(self.payload)
    }

    fn signature(&self) -> Option<Vec<u8>> {
        encodings::url(self.signature)
    }

    fn has_mac(&self, hash: HashAlgorithm, secret: &str, signature: &[u8]) -> bool {
        hmac(hash.into(), secret.as_bytes(), self.message.as_bytes()) == signature
    }

    /// Whether the first key that has this name signed the token; where none has, whether any key did.
    fn is_signed(
        &self,
        by: Option<&str>,
        algorithm: Algorithm,
        keys: &[Key],
        signature: &[u8],
    ) -> Result<bool, String> {
        let named = keys.iter().find(|(name, _)| by.is_some() && name.as_deref() == by);
        let keys = named.map_or(keys, std::slice::from_ref);
        let holds = |(_, key): &Key| algorithm.holds(key, self.message.as_bytes(), signature);
        let outcomes: Vec<_> = keys.iter().map(holds).collect();
        match outcomes.contains(&Ok(true)) {
            true => Ok(true),
            false => outcomes.into_iter().find(Result::is_err).unwrap_or(Ok(false)),
        }
    }
}

/// An object in base64.
fn object(part: &str) -> Outcome<Value> {
    let Some(bytes) = encodings::url(part) else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| "a token that is not UTF-8".to_owned())?;
    Ok(documents::parsed(&text)?.filter(|value| value.as_object().is_ok()))
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object().ok()?.get(&Value::from(name))
}

fn name<'a>(object: &'a Value, of: &str) -> Option<&'a str> {
    match member(object, of)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A number of whatever kind; regorus gives floats for floats alone.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(_) => value.to_json_str().ok()?.parse().ok(),
        _ => None,
    }
}

/// What members of a header are critical (RFC 7515 section 4.1.11) is not decided.
fn no_critical(header: &Value) -> Result<(), String> {
    match member(header, "crit") {
        Some(_) => Err("a token with critical members".to_owned()),
        None => Ok(()),
    }
}

fn decode(given: &[Value]) -> Outcome<Value> {
    let Some(token) = text(given, 0).and_then(Token::parse) else { return Ok(None) };
    let (Some(header), Some(payload), Some(signature)) =
        (token.header()?, token.payload()?, token.signature())
    else {
        return Ok(None);
    };
    Ok(Some(vec![header, payload, hex::encode(signature).into()].into()))
}

fn verify(given: &[Value], algorithm: Algorithm) -> Outcome<Value> {
    let (Some(token), Some(key)) = (text(given, 0).and_then(Token::parse), text(given, 1)) else {
        return Ok(None);
    };
    let Some(signature) = token.signature() else { return Ok(None) };
    if let Algorithm::Hs(hash) = algorithm {
        return Ok(Some(token.has_mac(hash, key, &signature).into()));
    }
    let (Some(keys), Some(header)) = (keys(key)?, token.header()?) else { return Ok(None) };
    no_critical(&header)?;
    Ok(Some(token.is_signed(name(&header, "kid"), algorithm, &keys, &signature)?.into()))
}

/// What a token is verified with: keys, or a secret.
enum Trusted {
    Keys(Vec<Key>),
    Secret(String),
}

/// `io.jwt.decode_verify`: `[true, header, payload]`, or `[false, {}, {}]` for a token that does not hold.
fn decode_verify(given: &[Value], now: UnixTime) -> Outcome<Value> {
    let Some(constraints) = given.get(1).and_then(|value| value.as_object().ok()) else { return Ok(None) };
    let known = ["alg", "aud", "cert", "iss", "secret", "time"];
    let names = constraints.keys().all(|name| name.as_string().is_ok_and(|name| known.contains(&&**name)));
    let said = |name: &str| constraints.get(&Value::from(name));
    let key = match (said("cert"), said("secret")) {
        (Some(Value::String(cert)), None) => match keys(cert)? {
            Some(keys) => Trusted::Keys(keys),
            None => return Ok(None),
        },
        (None, Some(Value::String(secret))) if !secret.is_empty() => Trusted::Secret(secret.to_string()),
        _ => return Ok(None),
    };
    let is_text =
        |name: &str| said(name).is_none_or(|value| matches!(value, Value::String(text) if !text.is_empty()));
    if !names {
        return Ok(None);
    }
    if !["alg", "aud", "iss"].into_iter().all(is_text) {
        return Err("constraints of a token that are no text".to_owned());
    }
    let time = match said("time") {
        Some(time) => match number(time).filter(|time| *time >= 0.0) {
            Some(time) => time,
            None => return Ok(None),
        },
        None => now.seconds() as f64 * 1e9,
    };
    let Some(token) = text(given, 0).and_then(Token::parse) else { return Ok(None) };
    let Some(header) = token.header()? else { return Ok(None) };
    let shown = |payload: Option<Value>| {
        let parts = match payload {
            Some(payload) => vec![true.into(), header.clone(), payload],
            None => vec![false.into(), Value::new_object(), Value::new_object()],
        };
        Ok(Some(parts.into()))
    };
    match holds(&token, &header, &key, said("alg"))? {
        None => return Ok(None),
        Some(false) => return shown(None),
        Some(true) => {}
    }
    let Some(payload) = token.payload()? else { return Ok(None) };
    match claims(&payload, said("iss"), said("aud"), time / 1e9)? {
        None => Ok(None),
        Some(true) => shown(Some(payload)),
        Some(false) => shown(None),
    }
}

/// Whether the signature holds, by the algorithm that the header names and the constraint allows.
fn holds(token: &Token<'_>, header: &Value, key: &Trusted, allowed: Option<&Value>) -> Outcome<bool> {
    let Some(named) = name(header, "alg") else { return Ok(Some(false)) };
    no_critical(header)?;
    if allowed.is_some_and(|allowed| *allowed != Value::from(named)) {
        return Ok(Some(false));
    }
    let Some(signature) = token.signature() else { return Ok(None) };
    let Some(algorithm) = Algorithm::named(named) else {
        return Err(format!("a token signed by the algorithm {named}"));
    };
    Ok(match (algorithm, key) {
        (Algorithm::Hs(hash), Trusted::Secret(secret)) => Some(token.has_mac(hash, secret, &signature)),
        // A secret is no key to those.
        (_, Trusted::Secret(_)) => None,
        (Algorithm::Hs(_), Trusted::Keys(_)) => Some(false),
        (algorithm, Trusted::Keys(keys)) => {
            Some(token.is_signed(name(header, "kid"), algorithm, keys, &signature)?)
        }
    })
}

/// Whether the claims hold at `time`, in seconds; `None` where one is of another type.
fn claims(payload: &Value, issuer: Option<&Value>, audience: Option<&Value>, time: f64) -> Outcome<bool> {
    match (member(payload, "iss"), issuer) {
        (_, None) => {}
        (Some(said @ Value::String(_)), Some(issuer)) if said == issuer => {}
        (Some(Value::String(_)) | None, Some(_)) => return Ok(Some(false)),
        (Some(_), Some(_)) => return Err("a token whose issuer is no text".to_owned()),
    }
    let heard = match (member(payload, "aud"), audience) {
        (None, None) => true,
        (Some(Value::Array(all)), Some(wanted)) => all.contains(wanted),
        (Some(one), Some(wanted)) => one == wanted,
        _ => false,
    };
    if !heard {
        return Ok(Some(false));
    }
    for (name, is_end) in [("exp", true), ("nbf", false)] {
        let Some(limit) = member(payload, name) else { continue };
        let Some(limit) = number(limit) else { return Ok(None) };
        if (time < limit) != is_end {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}
