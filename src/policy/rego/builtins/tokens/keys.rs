//! The keys that a policy brings along for tokens: those whose form leaves no doubt.

use serde_json::Value;

use super::super::{Outcome, x509};
use crate::crypto::{Node, PublicKey, json, jwk};
use crate::x509::Certificate;

/// A key, with its name where it has one.
pub(super) type Key = (Option<String>, PublicKey);

fn unknown() -> String {
    "a key of another kind or form than the usual".to_owned()
}

/// The keys in a text: one certificate, a public key, a JSON Web Key or a set of them (RFC 7517). Those that cannot be read here, and
/// those with members beside the usual, are not decided.
pub(super) fn keys(text: &str) -> Outcome<Vec<Key>> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return of_json(text);
    }
    if !text.contains("BEGIN") {
        return Ok(None);
    }
    Ok(of_pem(text)?.map(|key| vec![(None, key)]))
}

fn of_json(text: &str) -> Outcome<Vec<Key>> {
    // A member that is there twice has no one value.
    let document = json::parse("JSON Web Key", text.as_bytes()).map_err(|_| unknown())?;
    match (document.get("keys"), document.as_object().map_or(0, serde_json::Map::len)) {
        (None, _) => Ok(Some(vec![web_key(&document)?])),
        (Some(Value::Array(set)), 1) if set.is_empty() => Ok(None),
        (Some(Value::Array(set)), 1) => set.iter().map(web_key).collect::<Result<_, _>>().map(Some),
        _ => Err(unknown()),
    }
}

fn web_key(value: &Value) -> Result<Key, String> {
    let members = value.as_object().ok_or_else(unknown)?;
    let member = |name: &str| members.get(name).and_then(Value::as_str);
    let (numbers, named): (&[&str], &[&str]) = match member("kty") {
        Some("EC") => (&["x", "y"], &["crv", "kid", "kty", "use"]),
        Some("RSA") => (&["e", "n"], &["kid", "kty", "use"]),
        _ => return Err(unknown()),
    };
    // Base64 without padding (RFC 7518 section 2).
    let is_number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let is_usual = |(name, value): (&String, &Value)| {
        let (name, Some(text)) = (name.as_str(), value.as_str()) else { return false };
        named.contains(&name) && (name != "use" || text == "sig")
            || numbers.contains(&name) && is_number(text)
    };
    if !members.iter().all(is_usual) {
        return Err(unknown());
    }
    let node = Node::root("JSON Web Key", value);
    let key = match member("kty") {
        Some("EC") => jwk::ec_public_key(&node),
        _ => jwk::rsa_public_key(&node),
    };
    Ok((member("kid").map(str::to_owned), key.map_err(|_| unknown())?))
}

/// The key of the one block of a text in PEM, behind which nothing may stand.
fn of_pem(text: &str) -> Outcome<PublicKey> {
    let blocks = x509::undoubted_blocks(text).ok_or_else(unknown)?;
    let end = text.find("-----END ").and_then(|at| text.get(at..));
    let behind = end.and_then(|end| end.split_once('\n')).map_or("", |(_, behind)| behind);
    let [block] = blocks.as_slice() else { return Ok(None) };
    if !behind.is_empty() {
        return Ok(None);
    }
    if text.starts_with('\u{feff}') {
        return Err(unknown());
    }
    let key = match block.label.as_str() {
        "CERTIFICATE" => Certificate::from_der(&block.contents).and_then(|found| found.public_key()),
        "PUBLIC KEY" => PublicKey::from_spki_der(&block.contents),
        _ => return Ok(None),
    };
    key.map(Some).map_err(|_| unknown())
}
