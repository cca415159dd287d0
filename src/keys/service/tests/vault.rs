//! A transit engine in this process, as HashiCorp's documentation of its API describes it, with real keys.

use serde_json::json as object;

use super::*;
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, Signed, base64, sign_at_once,
};

const TOKEN: &str = "hvs.a-token-that-is-secret";

/// How an engine differs from a good one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoilt {
    Not,
    /// Signs something else.
    OtherInput,
    /// Answers with the signature of another version.
    OtherKey,
    /// Answers this status with these words.
    Status(u16, &'static str),
    /// A signature that is none.
    Signature(&'static str),
}

fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

fn name_of(kind: KeyType) -> &'static str {
    match kind {
        KeyType::P256 => "ecdsa-p256",
        KeyType::P384 => "ecdsa-p384",
        KeyType::P521 => "ecdsa-p521",
        KeyType::Ed25519 => "ed25519",
        KeyType::Rsa { .. } => "rsa-2048",
    }
}

/// Keys `release` of this kind, in two versions, behind the engine at `transit`; strict about what it is asked.
fn vault(kind: KeyType, spoilt: Spoilt) -> Served {
    let versions = [key(kind), key(kind)];
    serve(move |seen| {
        if seen.header("x-vault-token") != Some(TOKEN) {
            return json(403, &object!({ "errors": ["permission denied"] }));
        }
        assert_eq!(seen.header("x-vault-request"), Some("true"));
        if let Spoilt::Status(status, said) = spoilt {
            return json(status, &object!({ "errors": [said] }));
        }
        if seen.line == "GET /v1/transit/keys/release" {
            return json(200, &described(kind, &versions));
        }
        let Some(hash) = seen.line.strip_prefix("POST /v1/transit/sign/release") else {
            return json(404, &object!({ "errors": [] }));
        };
        assert_eq!(seen.header("content-type"), Some("application/json"));
        let body = seen.json();
        assert_eq!(body["key_version"], 2, "the version whose public key was shown signs");
        let input = base64::decode(body["input"].as_str().unwrap()).unwrap();
        let input = match spoilt {
            Spoilt::OtherInput => input.iter().rev().copied().collect(),
            _ => input,
        };
        let input = match kind {
            KeyType::Ed25519 => {
                assert!(hash.is_empty() && body.get("prehashed").is_none(), "{body}");
                SigningInput::Message(input)
            }
            _ => {
                assert_eq!(body["prehashed"], true);
                let is_rsa = matches!(kind, KeyType::Rsa { .. });
                assert_eq!(body.get("signature_algorithm"), is_rsa.then_some(&"pkcs1v15".into()));
                let algorithm = [
                    ("/sha2-256", HashAlgorithm::Sha256),
                    ("/sha2-384", HashAlgorithm::Sha384),
                    ("/sha2-512", HashAlgorithm::Sha512),
                ];
                let algorithm = algorithm.iter().find(|(name, _)| *name == hash).unwrap().1;
                SigningInput::Digest(Digest::new(algorithm, &input).unwrap())
            }
        };
        let signer = if spoilt == Spoilt::OtherKey { &versions[0] } else { &versions[1] };
        let signature = format!("vault:v2:{}", base64::encode(sign_at_once(signer, &input).unwrap()));
        let signature = match spoilt {
            Spoilt::Signature(text) => text.to_owned(),
            _ => signature,
        };
        json(200, &object!({ "data": { "signature": signature, "key_version": 2 } }))
    })
}

fn described(kind: KeyType, versions: &[PrivateKey; 2]) -> serde_json::Value {
    let shown = |key: &PrivateKey| match kind {
        // The engine shows the 32 bytes of the key itself.
        KeyType::Ed25519 => base64::encode(key.public_key().spki_der().split_at(12).1),
        _ => key.public_key().to_pem(),
    };
    object!({ "data": {
        "type": name_of(kind), "latest_version": 2, "min_available_version": 0, "name": "release",
        "keys": { "1": { "public_key": shown(&versions[0]) }, "2": { "public_key": shown(&versions[1]) } },
    } })
}

fn world(server: &Served) -> World {
    World::new(&[("VAULT_ADDR", &server.url), ("VAULT_TOKEN", TOKEN)])
}

fn message() -> SigningInput {
    SigningInput::Message(b"what is to be signed".to_vec())
}

#[test]
fn keys_of_every_kind_sign() {
    for (kind, scheme) in [
        (KeyType::P256, SignatureScheme::Ecdsa(HashAlgorithm::Sha256)),
        (KeyType::P384, SignatureScheme::Ecdsa(HashAlgorithm::Sha384)),
        (KeyType::P521, SignatureScheme::Ecdsa(HashAlgorithm::Sha512)),
        (KeyType::Rsa { bits: 2048 }, SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)),
        (KeyType::Ed25519, SignatureScheme::Ed25519),
    ] {
        let server = vault(kind, Spoilt::Not);
        let (public_key, signature) = world(&server).sign("hashivault://release", &message()).unwrap();
        public_key.verify(scheme, Signed::Message(b"what is to be signed"), &signature).unwrap();
        assert_eq!(world(&server).public_key("hashivault://release").unwrap(), public_key);
    }
}

#[test]
fn a_signature_is_believed_when_the_public_key_accepts_it() {
    for spoilt in [Spoilt::OtherInput, Spoilt::OtherKey] {
        for kind in [KeyType::P256, KeyType::Ed25519, KeyType::Rsa { bits: 2048 }] {
            let server = vault(kind, spoilt);
            let error = world(&server).sign("hashivault://release", &message()).unwrap_err();
            assert!(
                error.ends_with("the signature that came back is not one of the key: nothing was signed"),
                "{error}"
            );
        }
    }
    for text in ["", "vault:v2:", "vault:v2", "vault:v2:%", "other:v2:AAAA", "AAAA"] {
        let server = vault(KeyType::P256, Spoilt::Signature(text));
        let error = world(&server).sign("hashivault://release", &message()).unwrap_err();
        assert!(error.contains("signature"), "{text}: {error}");
    }
}

#[test]
fn a_digest_by_another_algorithm_is_not_sent() {
    let server = vault(KeyType::P384, Spoilt::Not);
    let digest = SigningInput::Digest(HashAlgorithm::Sha256.digest(b"x"));
    let error = world(&server).sign("hashivault://release", &digest).unwrap_err();
    assert!(error.contains("cannot sign a sha256 digest"), "{error}");
    assert_eq!(server.lines(), ["GET /v1/transit/keys/release"]);
}

#[test]
fn what_the_server_says_is_shown_and_the_token_is_not() {
    for (status, said) in [(403, "permission denied"), (400, "unsupported"), (503, "Vault is sealed")] {
        let server = vault(KeyType::P256, Spoilt::Status(status, said));
        let error = failed(world(&server).public_key("hashivault://release"));
        assert!(error.contains(said) && error.contains(&status.to_string()), "{error}");
        assert!(error.contains("`hashivault://release`") && !error.contains(TOKEN), "{error}");
    }
    let server = vault(KeyType::P256, Spoilt::Not);
    let error = failed(world(&server).public_key("hashivault://absent"));
    assert!(error.contains("status 404"), "{error}");
}
