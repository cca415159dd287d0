//! Keys of Vault: a transit engine in this process, written from HashiCorp's documentation of its API and strict about it, holds real keys.
//! The real cosigns verify what they sign.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rcosign::internals::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey as _, decode_base64, sign_at_once,
};
use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::{Value, json};

use super::{Form, KINDS, peers};
use crate::faulty::server::{Act, Answer, Request, Server};
use crate::support::Sandbox;

const TOKEN: &str = "hvs.a-token";

fn encode(bytes: &[u8]) -> String {
    rcosign::internals::crypto::base64::encode(bytes)
}

/// The engine at `team/transit`, with a key of each kind that the tests have.
fn engine() -> Server {
    let plain = |kind: &super::Kind| PrivateKey::from_pem(&std::fs::read(kind.plain()).unwrap()).unwrap();
    let keys = KINDS.iter().map(|kind| (kind.name.to_owned(), plain(kind)));
    let keys = Mutex::new(keys.collect::<BTreeMap<_, _>>());
    Server::start(move |request| Act::Say(answer(request, &mut keys.lock().unwrap())))
}

fn failed(status: u16, said: &str) -> Answer {
    Answer::json(status, &json!({ "errors": [said] }))
}

fn answer(request: &Request, keys: &mut BTreeMap<String, PrivateKey>) -> Answer {
    assert_eq!(request.header("x-vault-request"), Some("true"), "{request:?}");
    if request.header("x-vault-token") != Some(TOKEN) || request.header("x-vault-namespace") != Some("ns1") {
        return failed(403, "permission denied");
    }
    let (method, path) = request.line.split_once(' ').unwrap();
    let Some(path) = path.strip_prefix("/v1/team/transit/") else {
        return failed(404, &format!("no handler for route {path:?}"));
    };
    let mut parts = path.split('/');
    let (what, name) = (parts.next().unwrap(), parts.next().unwrap());
    let hash = parts.next();
    assert_eq!(parts.next(), None, "{path}");
    let writes = matches!(method, "POST" | "PUT");
    match what {
        "keys" if method == "GET" => match keys.get(name) {
            Some(key) => Answer::json(200, &shown(name, key)),
            None => Answer::json(404, &json!({ "errors": [] })),
        },
        "keys" if writes => {
            assert_eq!(request.json(), json!({ "type": "ecdsa-p256" }));
            let key =
                keys.entry(name.to_owned()).or_insert_with(|| PrivateKey::generate(KeyType::P256).unwrap());
            Answer::json(200, &shown(name, key))
        }
        "sign" if writes => match keys.get(name) {
            Some(key) => sign(key, hash, &request.json()),
            None => failed(400, "signing key not found"),
        },
        _ => failed(405, "unsupported operation"),
    }
}

fn kind(key: &PrivateKey) -> String {
    match key.public_key().key_type() {
        KeyType::P256 => "ecdsa-p256".to_owned(),
        KeyType::P384 => "ecdsa-p384".to_owned(),
        KeyType::P521 => "ecdsa-p521".to_owned(),
        KeyType::Ed25519 => "ed25519".to_owned(),
        KeyType::Rsa { bits } => format!("rsa-{bits}"),
    }
}

fn shown(name: &str, key: &PrivateKey) -> Value {
    let public = key.public_key();
    let (text, curve) = match public.key_type() {
        // The 32 bytes of the key itself.
        KeyType::Ed25519 => (encode(public.spki_der().split_at(12).1), "ed25519"),
        KeyType::P256 => (public.to_pem(), "P-256"),
        _ => (public.to_pem(), "other"),
    };
    json!({
        "request_id": "1", "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": {
            "type": kind(key), "name": name, "latest_version": 1, "min_available_version": 0, "exportable": false,
            "keys": { "1": { "name": curve, "public_key": text, "creation_time": "2026-01-01T00:00:00Z" } },
            "supports_signing": true,
        },
        "warnings": null,
    })
}

/// What is signed, where the engine takes it; `Err` is its refusal.
fn input(key: &PrivateKey, hash: Option<&str>, body: &Value) -> Result<SigningInput, Answer> {
    let known = ["input", "prehashed", "key_version", "signature_algorithm"];
    for (name, _) in body.as_object().unwrap() {
        assert!(known.contains(&name.as_str()), "{body}");
    }
    if body["key_version"] != 1 {
        return Err(failed(400, "invalid key version"));
    }
    let Some(input) = body["input"].as_str().and_then(decode_base64) else {
        return Err(failed(400, "unable to decode input as base64"));
    };
    let is_digest = body["prehashed"] == true;
    if key.public_key().key_type() == KeyType::Ed25519 {
        if is_digest {
            return Err(failed(400, "only Pure Ed25519 signatures supported"));
        }
        return Ok(SigningInput::message(input));
    }
    let algorithm = match hash {
        None | Some("sha2-256") => HashAlgorithm::Sha256,
        Some("sha2-384") => HashAlgorithm::Sha384,
        Some("sha2-512") => HashAlgorithm::Sha512,
        Some(_) => return Err(failed(400, "unsupported hash algorithm")),
    };
    if !is_digest {
        return Ok(SigningInput::Digest(algorithm.digest(&input)));
    }
    let digest = Digest::new(algorithm, &input);
    digest.map(SigningInput::Digest).map_err(|_| failed(400, "input is not as long as the digest"))
}

fn sign(key: &PrivateKey, hash: Option<&str>, body: &Value) -> Answer {
    let input = match input(key, hash, body) {
        Ok(input) => input,
        Err(refusal) => return refusal,
    };
    if matches!(key.public_key().key_type(), KeyType::Rsa { .. }) {
        assert_eq!(body["signature_algorithm"], "pkcs1v15", "the engine makes PSS unless it is told");
    }
    let signature = format!("vault:v1:{}", encode(&sign_at_once(key, &input).unwrap()));
    Answer::json(200, &json!({ "data": { "signature": signature, "key_version": 1 } }))
}

fn world(engine: &Server) -> Sandbox {
    let sandbox = Sandbox::new()
        .env("VAULT_ADDR", &engine.url)
        .env("VAULT_TOKEN", TOKEN)
        .env("VAULT_NAMESPACE", "ns1")
        .env("TRANSIT_SECRET_ENGINE_PATH", "team/transit");
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    let _ = sandbox.file("p.json", "{\"a\":1}");
    sandbox
}

const VERIFY: [&str; 4] = ["verify-blob", "--insecure-ignore-tlog", "--bundle", "b.json"];

#[test]
fn the_cosigns_verify_files_signed_by_every_kind_of_key() {
    let engine = engine();
    for kind in KINDS {
        let sandbox = world(&engine);
        let key = format!("hashivault://{}", kind.name);
        let _ = sandbox.run(&["public-key", "--key", &key, "--outfile", "k.pub"]).ok();
        let sign = ["sign-blob", "--offline", "--key", &key, "--bundle", "b.json", "artifact.txt"];
        let _ = sandbox.run(&sign).ok();
        for key in [key.as_str(), "k.pub"] {
            let _ = sandbox.run(&[&VERIFY[..], &["--key", key, "artifact.txt"]].concat()).ok();
            let _ = sandbox.run(&[&VERIFY[..], &["--key", key, "p.json"]].concat()).code(12);
        }
        for peer in peers() {
            let Some(more) = kind.verifiable_by(&peer) else { continue };
            let flags = peer.verifying(Form::Bundle);
            let flags: Vec<_> = flags.iter().map(String::as_str).collect();
            let words = ["verify-blob", "--key", "k.pub", "--bundle", "b.json"];
            let said = peer.run(&sandbox, &[&words[..], &flags, &more, &["artifact.txt"]].concat());
            assert_eq!(said.code, 0, "{} {}: {}", kind.name, peer.version, said.stderr);
        }
    }
}

#[test]
fn the_cosigns_verify_images_and_attestations() {
    let (engine, registry) = (engine(), Registry::start(Options::default()).unwrap());
    for name in ["p256", "rsa2048"] {
        let (sandbox, key) = (world(&engine), format!("hashivault://{name}"));
        let image = registry.contents().plant_image(name, "v1");
        let image = format!("{}/{name}@{image}", registry.address());
        let _ = sandbox.run(&["public-key", "--key", &key, "--outfile", "k.pub"]).ok();
        let forms = ["--offline", "--write", "bundle,tag", "--key", &key];
        let _ = sandbox.run(&[&["sign"], &forms[..], &[&image]].concat()).ok();
        let attest = ["attest", "--predicate", "p.json", "--type", "custom"];
        let _ = sandbox.run(&[&attest[..], &forms, &[&image]].concat()).ok();
        for words in [&["verify"][..], &["verify-attestation", "--type", "custom"]] {
            for key in ["k.pub", &key] {
                let own = [words, &["--no-log", "--key", key, &image]].concat();
                let _ = sandbox.run(&own).ok();
            }
            for peer in peers() {
                let args = [words, &["--insecure-ignore-tlog", "--key", "k.pub", &image]].concat();
                let _ = peer.run(&sandbox, &args).ok();
            }
        }
    }
}

#[test]
fn a_key_is_made_once() {
    let (sandbox, make) = (world(&engine()), ["generate-key-pair", "--kms", "hashivault://new"]);
    let _ = sandbox.run(&["public-key", "--key", "hashivault://new"]).code(3);
    let _ = sandbox.run(&make).ok().says("Public key written to cosign.pub");
    let _ = sandbox.run(&[&make[..], &["--output-key-prefix", "again"]].concat()).ok();
    assert_eq!(sandbox.read("again.pub"), sandbox.read("cosign.pub"));
    let shown = sandbox.run(&["public-key", "--key", "hashivault://new"]).ok();
    assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
}

#[test]
fn refusals_have_their_exit_codes() {
    let engine = engine();
    let sandbox = world(&engine);
    let ask = |name: &str, value: &str, key: &str| {
        sandbox.rcosign(&["public-key", "--key", key]).env(name, value).run()
    };
    let _ = ask("A", "", "hashivault://absent")
        .says("the transit engine at `team/transit` has no key `absent`")
        .code(3);
    let _ = ask("VAULT_TOKEN", "hvs.b", "hashivault://p256").says("do not grant `read`").code(6);
    let _ = ask("VAULT_TOKEN", "", "hashivault://p256").says(".vault-token` does not exist").code(6);
    let _ = ask("VAULT_ADDR", "", "hashivault://p256").says("neither VAULT_ADDR nor BAO_ADDR is set").code(2);
    let _ = ask("TRANSIT_SECRET_ENGINE_PATH", "x", "hashivault://p256")
        .says("no secrets engine is at `x`")
        .code(3);
    let _ =
        ask("A", "", "hashivault://p256/versions/1").says("a key of Vault is named hashivault://KEY").code(2);
}
