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
                SigningInput::message(input)
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

/// All versions of a key come in one answer.
#[test]
fn keys_with_many_versions() {
    let shown = key(KeyType::Rsa { bits: 2048 });
    let public = shown.public_key().to_pem();
    let many = |count: usize| {
        let keys: serde_json::Map<_, _> = (1..=count)
            .map(|version| (version.to_string(), object!({ "public_key": public, "name": "x".repeat(600) })))
            .collect();
        object!({ "data": { "type": "rsa-2048", "latest_version": count, "keys": keys } })
    };
    let answer = many(1000);
    assert!(answer.to_string().len() > 1 << 20);
    let server = serve(move |_| json(200, &answer));
    assert_eq!(world(&server).public_key("hashivault://release").unwrap(), *shown.public_key());
    let answer = many(5000);
    assert!(answer.to_string().len() > 4 << 20);
    let server = serve(move |_| json(200, &answer));
    assert!(failed(world(&server).public_key("hashivault://release")).contains("4194304"));
}

fn message() -> SigningInput {
    SigningInput::message(b"what is to be signed".to_vec())
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

#[test]
fn a_key_is_made_where_there_is_none() {
    let made = key(KeyType::P256);
    let public = made.public_key().clone();
    let mut is_made = false;
    let server = serve(move |seen| match seen.line.as_str() {
        "POST /v1/team/signing/keys/release" => {
            assert_eq!(seen.json(), object!({ "type": "ecdsa-p256" }));
            is_made = true;
            reply(204)
        }
        "GET /v1/team/signing/keys/release" if is_made => json(
            200,
            &object!({ "data": {
                "type": "ecdsa-p256", "latest_version": 1, "keys": { "1": { "public_key": made.public_key().to_pem() } },
            } }),
        ),
        _ => json(404, &object!({ "errors": [] })),
    });
    let made = world(&server).with("TRANSIT_SECRET_ENGINE_PATH", "/team/signing/");
    let _ = made.public_key("hashivault://release").unwrap_err();
    assert_eq!(made.create("hashivault://release").unwrap(), public);
    for path in ["../sys", "a//b", "a?b", "%2e"] {
        let error =
            failed(world(&server).with("TRANSIT_SECRET_ENGINE_PATH", path).create("hashivault://release"));
        assert!(error.contains("TRANSIT_SECRET_ENGINE_PATH cannot be used"), "{error}");
    }
}

#[test]
fn signatures_of_before_are_verified_with_the_version_that_is_named() {
    let server = vault(KeyType::P256, Spoilt::Not);
    let latest = world(&server).public_key("hashivault://release").unwrap();
    let of = |prefix: &str| world(&server).with("VAULT_KEY_PREFIX", prefix);
    let first = of("vault:v1:").public_key("hashivault://release").unwrap();
    assert_ne!(first, latest);
    assert_eq!(of("vault:v2:").public_key("hashivault://release").unwrap(), latest);
    // As with cosign, what is signed is signed by the newest one.
    let (signer, _) = of("vault:v1:").sign("hashivault://release", &message()).unwrap();
    assert_eq!(signer, latest);
    let error = failed(of("vault:v3:").public_key("hashivault://release"));
    assert!(error.contains("it has no version 3, which VAULT_KEY_PREFIX names"), "{error}");
    for wrong in ["v1", "vault:v1", "vault:v0:", "vault:v-1:", "vault:v+1:", "vault:v1:x", "vault:v:"] {
        let error = failed(of(wrong).public_key("hashivault://release"));
        assert!(error.contains("VAULT_KEY_PREFIX cannot be used"), "{wrong}: {error}");
    }
}

#[test]
fn refusals_say_what_is_missing() {
    for (status, said, words) in [
        (
            403,
            "1 error occurred:\n\t* permission denied\n\n",
            "do not grant `read` on `transit/keys/release`",
        ),
        (404, "", "the transit engine at `transit` has no key `release`"),
        (404, "no handler for route 'transit/keys/release'", "no secrets engine is at `transit`"),
        (400, "unsupported path", "status 400"),
        (429, "rate limit quota exceeded", "status 429: rate limit quota exceeded"),
        (472, "", "status 472"),
        (500, "internal error", "status 500"),
        (503, "Vault is sealed", "status 503: Vault is sealed"),
    ] {
        let server = vault(KeyType::P256, Spoilt::Status(status, said));
        let error = failed(world(&server).public_key("hashivault://release"));
        assert!(error.contains(words) && !error.contains('\n') && !error.contains(TOKEN), "{error}");
    }
    let server = vault(KeyType::P256, Spoilt::Not);
    let world = world(&server).with("VAULT_TOKEN", "hvs.another");
    let error = failed(world.create("hashivault://release"));
    assert!(
        error.contains("`update` on `transit/keys/release`") && !error.contains("hvs.another"),
        "{error}"
    );
}

#[test]
fn what_passes_is_tried_again() {
    let (mut times, mut engine) = (0, None);
    let public = key(KeyType::P256);
    let shown = public.public_key().to_pem();
    let server = serve(move |_| {
        times += 1;
        let answer = engine.get_or_insert_with(|| {
            object!({ "data": { "type": "ecdsa-p256", "latest_version": 1, "keys": { "1": { "public_key": shown } } } })
        });
        if times == 1 { reply(429).with("Retry-After", "0") } else { json(200, answer) }
    });
    let found = world(&server).patient().public_key("hashivault://release").unwrap();
    assert_eq!(&found, public.public_key());
    assert_eq!(server.lines().len(), 2);
}

/// Servers for trials have tokens such as `root`, and whoever answers in the place of one could let it be shown.
#[test]
fn a_token_that_is_a_word_is_not_shown_as_the_type_of_a_key() {
    for token in ["root", "my-own-token"] {
        let answer = object!({ "data": { "type": token, "latest_version": 1, "keys": {} } });
        let server = serve(move |_| json(200, &answer));
        let world = World::new(&[("VAULT_ADDR", &server.url), ("VAULT_TOKEN", token)]);
        let error = failed(world.public_key("hashivault://release"));
        assert!(error.contains("of the type ***, which does not sign here"), "{error}");
        assert!(!error.contains(token), "{error}");
    }
}

#[test]
fn what_is_no_key_that_signs_here_is_refused() {
    let pem = key(KeyType::P256).public_key().to_pem();
    let described = |kind: &str, key: &str| object!({ "data": { "type": kind, "latest_version": 1, "keys": { "1": { "public_key": key } } } });
    for (answer, words) in [
        (described("aes256-gcm96", ""), "it is of the type aes256-gcm96, which does not sign here"),
        (described("ml-dsa", &pem), "it is of the type ml-dsa, which does not sign here"),
        (described("ecdsa-p384", &pem), "must be a key of the type ecdsa-p384"),
        (described("rsa-2048", &pem), "must be a key of the type rsa-2048"),
        (described("ed25519", &pem), "public_key"),
        (described("ed25519", "AAAA"), "public key"),
        (described("ecdsa-p256", ""), "public_key"),
        (
            object!({ "data": { "type": "ecdsa-p256", "latest_version": 2, "keys": { "1": { "public_key": pem } } } }),
            "must hold version 2",
        ),
    ] {
        let server = serve(move |_| json(200, &answer));
        let error = failed(world(&server).public_key("hashivault://release"));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn answers_that_are_none_are_refused() {
    let good = object!({ "data": {
        "type": "ecdsa-p256", "latest_version": 1, "keys": { "1": { "public_key": key(KeyType::P256).public_key().to_pem() } },
    } });
    let next = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let answer = std::sync::Arc::clone(&next);
    let server = serve(move |_| reply(200).body(answer.lock().unwrap().clone()));
    *next.lock().unwrap() = good.to_string().into_bytes();
    let _ = world(&server).public_key("hashivault://release").unwrap();
    let endless = format!("{{\"data\":\"{}\"}}", "x".repeat(1 << 20)).into_bytes();
    for bad in crate::http::service::scripted::spoilt(&good).into_iter().chain([endless]) {
        next.lock().unwrap().clone_from(&bad);
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(300)]).into_owned();
        let found = world(&server).public_key("hashivault://release");
        let error = found.err().unwrap_or_else(|| panic!("believed: {shown}"));
        assert!(!chain(&error).contains(TOKEN), "{error}");
    }
}

#[test]
fn a_signature_of_another_version_is_named() {
    let server = vault(KeyType::P256, Spoilt::Signature("vault:v1:AAAA"));
    let error = world(&server).sign("hashivault://release", &message()).unwrap_err();
    assert!(error.contains("must be by the version whose public key was given"), "{error}");
}

#[test]
fn namespaces_and_tokens_come_from_where_the_clients_read_them() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".vault-token"), format!("{TOKEN}\n")).unwrap();
    let home = home.path().to_str().unwrap();
    let server = vault(KeyType::P256, Spoilt::Not);
    let from_file = || world(&server).with("VAULT_TOKEN", "").with("HOME", home);
    let _ = from_file().with("VAULT_NAMESPACE", "team/a").public_key("hashivault://release").unwrap();
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.header("x-vault-namespace"), Some("team/a"));
    let _ = from_file().public_key("hashivault://release").unwrap();
    assert_eq!(server.requests().pop().unwrap().header("x-vault-namespace"), None);
    // OpenBao's variables count where cosign's address is not set.
    let bao = [("BAO_ADDR", server.url.as_str()), ("BAO_TOKEN", TOKEN), ("VAULT_TOKEN", "hvs.another")];
    let _ = World::new(&bao).public_key("hashivault://release").unwrap();
    let both = World::new(&bao).with("VAULT_ADDR", &server.url);
    let error = failed(both.public_key("hashivault://release"));
    assert!(error.contains("status 403"), "{error}");
    let _ = server.requests();
    for (world, words) in [
        (World::new(&[]), "neither VAULT_ADDR nor BAO_ADDR is set"),
        (world(&server).with("VAULT_TOKEN", ""), "there is no home folder with .vault-token"),
        (from_file().with("HOME", "/nonexistent"), ".vault-token` does not exist"),
        (
            world(&server).with("VAULT_ADDR", "http://vault.example"),
            "VAULT_ADDR (http://vault.example) cannot be used: without https",
        ),
        (world(&server).with("VAULT_ADDR", "https://me:secret@vault.example"), "a user name or a password"),
        (world(&server).with("VAULT_ADDR", "vault.example:8200"), "VAULT_ADDR"),
    ] {
        let error = failed(world.public_key("hashivault://release"));
        assert!(error.contains(words) && !error.contains("secret@"), "{error}");
    }
    assert!(server.lines().is_empty(), "nobody was asked");
}

#[test]
fn settings_of_tls_that_cannot_be_used_are_named() {
    let server = vault(KeyType::P256, Spoilt::Not);
    for (name, value, words) in [
        ("VAULT_CACERT", "/nonexistent.pem", "VAULT_CACERT cannot be used: there is no file"),
        ("VAULT_CAPATH", "/nonexistent", "VAULT_CAPATH cannot be used: the folder"),
        (
            "VAULT_CLIENT_CERT",
            "/x.pem",
            "VAULT_CLIENT_CERT with VAULT_CLIENT_KEY cannot be used: one of them",
        ),
        ("VAULT_CLIENT_KEY", "/x.pem", "VAULT_CLIENT_CERT with VAULT_CLIENT_KEY cannot be used: one of them"),
        ("VAULT_SKIP_VERIFY", "perhaps", "VAULT_SKIP_VERIFY cannot be used: it is neither true nor false"),
    ] {
        let error = failed(world(&server).with(name, value).public_key("hashivault://release"));
        assert!(error.contains(words), "{error}");
    }
    assert!(server.lines().is_empty(), "nobody was asked");
    let cautions = |value: &str| {
        let key = KeyRef::parse("hashivault://release").unwrap();
        let KeyRef::Service(key) = key else { panic!("{key}") };
        world(&server).with("VAULT_SKIP_VERIFY", value).asks(async |sources| key.cautions(&sources))
    };
    assert!(cautions("1")[0].starts_with("VAULT_SKIP_VERIFY is set: the certificate"));
    assert!(cautions("false").is_empty());
}

#[test]
fn no_type_of_key_that_is_no_word_is_shown() {
    for kind in ["evil hvs.a-token-that-is-secret", "hvs.a-token-that-is-secret", &"x".repeat(65)] {
        let answer = object!({ "data": { "type": kind, "latest_version": 1, "keys": {} } });
        let server = serve(move |_| json(200, &answer));
        let error = failed(world(&server).public_key("hashivault://release"));
        assert!(error.contains("is no word") && !error.contains(kind), "{error}");
    }
}
