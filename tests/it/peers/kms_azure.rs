//! Keys of Azure Key Vault: a vault of this process holds them, and the real cosign verifies what they sign with the public key.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rcosign::internals::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey as _, base64,
};
use serde_json::{Value, json};

use super::all_forms::Held;
use crate::faulty::server::{Act, Answer, Request, Server};
use crate::support::Sandbox;

const KEY: &str = "azurekms://mine.vault.azure.net/release";
const KID: &str = "https://mine.vault.azure.net/keys/release/0123456789abcdef0123456789abcdef";

/// Microsoft Entra and a vault in one.
fn azure(kind: KeyType) -> Server {
    let key = PrivateKey::generate(kind).unwrap();
    let is_made = AtomicBool::new(false);
    Server::start(move |request| Act::Say(answer(&key, request, &is_made)))
}

fn answer(key: &PrivateKey, request: &Request, is_made: &AtomicBool) -> Answer {
    if request.is("POST /tenant/oauth2/v2.0/token") {
        return Answer::json(200, &json!({ "token_type": "Bearer", "access_token": "the-token" }));
    }
    assert_eq!(request.header("authorization"), Some("Bearer the-token"));
    match request.line.split('?').next().unwrap() {
        "GET /keys/release" if !is_made.load(Relaxed) => {
            Answer::json(404, &json!({ "error": { "code": "KeyNotFound", "message": "it was not found" } }))
        }
        "GET /keys/release" => Answer::json(200, &bundle(key)),
        "POST /keys/release/create" => {
            is_made.store(true, Relaxed);
            Answer::json(200, &bundle(key))
        }
        "POST /keys/release/0123456789abcdef0123456789abcdef/sign" => {
            let body = request.json();
            let digest = base64::decode(body["value"].as_str().unwrap()).unwrap();
            let digest = Digest::new(HashAlgorithm::Sha256, &digest).unwrap();
            let signature = key.sign_now(&SigningInput::Digest(digest)).unwrap();
            let signature = match key.public_key().key_type() {
                KeyType::P256 => halves(&signature),
                _ => signature,
            };
            Answer::json(200, &json!({ "kid": KID, "value": base64::encode_url(signature) }))
        }
        line => panic!("{line}"),
    }
}

fn bundle(key: &PrivateKey) -> Value {
    let spki = key.public_key().spki_der();
    let mut jwk = match key.public_key().key_type() {
        KeyType::P256 => {
            let (x, y) = spki[spki.len() - 64..].split_at(32);
            json!({ "kty": "EC", "crv": "P-256", "x": base64::encode_url(x), "y": base64::encode_url(y) })
        }
        _ => {
            let modulus = &spki[spki.len() - 5 - 256..spki.len() - 5];
            json!({ "kty": "RSA", "n": base64::encode_url(modulus), "e": "AQAB" })
        }
    };
    jwk["kid"] = KID.into();
    jwk["key_ops"] = json!(["sign", "verify"]);
    json!({ "key": jwk, "attributes": { "enabled": true } })
}

/// The two numbers of a signature on P-256, 32 bytes each.
fn halves(der: &[u8]) -> Vec<u8> {
    let (mut raw, mut rest) = (Vec::new(), &der[2..]);
    for _ in 0..2 {
        let (number, after) = rest[2..].split_at(rest[1].into());
        let number = &number[usize::from(number.len() == 33)..];
        raw.resize(raw.len() + 32 - number.len(), 0);
        raw.extend_from_slice(number);
        rest = after;
    }
    raw
}

#[test]
fn a_key_is_made_signs_and_the_real_cosign_verifies() {
    for (kind, name) in [(KeyType::P256, "p256"), (KeyType::Rsa { bits: 2048 }, "rsa2048")] {
        let server = azure(kind);
        let sandbox = Sandbox::new()
            .env("AZURE_TENANT_ID", "tenant")
            .env("AZURE_CLIENT_ID", "client")
            .env("AZURE_CLIENT_SECRET", "secret")
            .env("AZURE_AUTHORITY_HOST", &server.url)
            .env("RCOSIGN_AZURE_VAULT_URL", &server.url);
        let _ = sandbox.run(&["generate-key-pair", "--kms", KEY]).ok();
        assert_eq!(sandbox.run(&["public-key", "--key", KEY]).ok().bytes, sandbox.read("cosign.pub"));
        Held { sandbox: &sandbox, key: &["--key", KEY], kind: name, secret: None }.signs_everything();
    }
}
