//! A vault in this process, as Microsoft's documentation of its API describes it, with a real key, and the one who gives tokens for it.

use serde_json::{Value, json as object};

use super::*;
use crate::crypto::jwk::tests::{halves, jwk};
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, Signed, base64, sign_at_once,
};

const SECRET: &str = "a-client-secret-that-is-secret";
const TOKEN: &str = "eyJ0eXAi.a-token-that-is.secret";
const VERSION: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "azurekms://mine.vault.azure.net/release";
const NOW: i64 = 1_800_000_000;

fn kid() -> String {
    format!("https://mine.vault.azure.net/keys/release/{VERSION}")
}

fn kind_of(kind: KeyType) -> (&'static str, SignatureScheme, HashAlgorithm) {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    match kind {
        KeyType::P256 => ("ES256", SignatureScheme::Ecdsa(Sha256), Sha256),
        KeyType::P384 => ("ES384", SignatureScheme::Ecdsa(Sha384), Sha384),
        KeyType::P521 => ("ES512", SignatureScheme::Ecdsa(Sha512), Sha512),
        _ => ("RS256", SignatureScheme::RsaPkcs1(Sha256), Sha256),
    }
}

/// Microsoft Entra, which gives tokens for `resource` to the one application that there is.
fn entra_for(resource: &'static str) -> Served {
    serve(move |seen| {
        assert_eq!(seen.line, "POST /the-tenant/oauth2/v2.0/token");
        let form = seen.form();
        assert_eq!(form["scope"], format!("{resource}/.default"));
        assert_eq!((&*form["grant_type"], &*form["client_id"]), ("client_credentials", "the-client"));
        assert_eq!(form["client_secret"], SECRET);
        json(200, &object!({ "token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN }))
    })
}

/// A vault with the key `release`, whose answers `change` may spoil by what is done: `get`, `sign`, `create`.
fn vault(
    kind: KeyType,
    mut change: impl FnMut(&str, &mut Value) -> Option<Reply> + Send + 'static,
) -> Served {
    let key = PrivateKey::generate(kind).unwrap();
    let mut is_made = false;
    serve(move |seen| {
        if seen.authorization() != Some(&format!("Bearer {TOKEN}")) {
            return unauthorized();
        }
        let line = seen.line.strip_suffix("?api-version=7.4").expect(&seen.line);
        let (action, mut answer) = match line.strip_prefix("GET ").or(line.strip_prefix("POST ")).unwrap() {
            "/keys/release" => ("get", bundle(&key)),
            path if path == format!("/keys/release/{VERSION}") => ("get", bundle(&key)),
            path if path == format!("/keys/release/{VERSION}/sign") => {
                ("sign", signed(&key, kind, &seen.json()))
            }
            "/keys/new/create" => {
                is_made = true;
                let body = seen.json();
                assert_eq!((&body["kty"], &body["crv"]), (&"EC".into(), &"P-256".into()));
                assert_eq!(body["key_ops"], object!(["sign", "verify"]));
                ("create", named_new(bundle(&key)))
            }
            "/keys/new" if is_made => ("get", named_new(bundle(&key))),
            path => {
                let name = path.split('/').nth(2).unwrap();
                let said = format!("A key with (name/id) {name} was not found in this key vault.");
                return failure(404, "KeyNotFound", &said, None);
            }
        };
        let is_post = line.starts_with("POST ");
        assert_eq!(is_post, action != "get", "{line}");
        assert_eq!(seen.header("content-type"), is_post.then_some("application/json"));
        change(action, &mut answer).unwrap_or_else(|| json(200, &answer))
    })
}

fn bundle(key: &PrivateKey) -> Value {
    let mut jwk = jwk(key.public_key());
    jwk["kid"] = kid().into();
    jwk["key_ops"] = object!(["sign", "verify"]);
    object!({ "key": jwk, "attributes": {
        "enabled": true, "created": 1, "updated": 1, "exp": NOW + 1, "nbf": NOW, "recoveryLevel": "Recoverable+Purgeable",
    } })
}

fn named_new(mut bundle: Value) -> Value {
    bundle["key"]["kid"] = kid().replace("release", "new").into();
    bundle
}

fn signed(key: &PrivateKey, kind: KeyType, body: &Value) -> Value {
    let (algorithm, _, hash) = kind_of(kind);
    assert_eq!((body.as_object().unwrap().len(), &body["alg"]), (2, &algorithm.into()));
    let value = body["value"].as_str().unwrap();
    assert!(!value.contains(['+', '/', '=']), "base64url: {value}");
    let digest = Digest::new(hash, &base64::decode(value).unwrap()).unwrap();
    let signature = sign_at_once(key, &SigningInput::Digest(digest)).unwrap();
    let signature = match kind {
        KeyType::Rsa { .. } => signature,
        kind => halves(kind, &signature),
    };
    object!({ "kid": kid(), "value": base64::encode_url(signature) })
}

fn unauthorized() -> Reply {
    failure(401, "Unauthorized", "AKV10032: Invalid issuer.", None).challenge(
        "Bearer authorization=\"https://login.microsoftonline.com/another-tenant\", resource=\"https://vault.azure.net\"",
    )
}

fn failure(status: u16, code: &str, message: &str, inner: Option<&str>) -> Reply {
    let inner = inner.map(|code| object!({ "code": code }));
    json(status, &object!({ "error": { "code": code, "message": message, "innererror": inner } }))
}

fn world(vault: &Served) -> World {
    World::new(&[
        ("AZURE_TENANT_ID", "the-tenant"),
        ("AZURE_CLIENT_ID", "the-client"),
        ("AZURE_CLIENT_SECRET", SECRET),
        ("RCOSIGN_AZURE_VAULT_URL", &vault.url),
        ("AZURE_AUTHORITY_HOST", &entra_for("https://vault.azure.net").url),
    ])
}

fn message() -> SigningInput {
    SigningInput::message(b"what is to be signed".to_vec())
}

#[test]
fn keys_of_every_kind_and_name_sign() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }] {
        for name in [KEY.to_owned(), "azurekms://mine/release".to_owned(), format!("{KEY}/{VERSION}")] {
            for suffix in ["", "-HSM"] {
                let server = vault(kind, move |_, answer| {
                    if let Some(Value::String(kty)) = answer.pointer_mut("/key/kty") {
                        kty.push_str(suffix);
                    }
                    None
                });
                let (public_key, signature) = world(&server).sign(&name, &message()).unwrap();
                let signed = Signed::Message(b"what is to be signed");
                public_key.verify(kind_of(kind).1, signed, &signature).unwrap();
                assert_eq!(server.lines().len(), 2);
            }
        }
    }
}

#[test]
fn a_key_is_made_once() {
    let server = vault(KeyType::P256, |_, _| None);
    let name = "azurekms://mine.vault.azure.net/new";
    let made = world(&server).create(name).unwrap();
    assert_eq!(world(&server).create(name).unwrap(), made);
    let asked = server.lines();
    assert_eq!(asked.iter().filter(|line| line.contains("create")).count(), 1, "{asked:?}");
    let error = failed(world(&server).create(&format!("{name}/{}", "0".repeat(32))));
    assert!(error.contains("404") && error.contains("was not found"), "{error}");
    assert!(!server.lines().iter().any(|line| line.contains("create")));
}

#[test]
fn an_answer_about_something_else_is_not_used() {
    let other_version = kid().replace('f', "e");
    for (action, member, value, words) in [
        (
            "get",
            "/key/kid",
            kid().replace("mine", "other"),
            "must be a version of https://mine.vault.azure.net/keys/release",
        ),
        ("get", "/key/kid", kid().replace("release", "other"), "must be a version of"),
        ("get", "/key/kid", kid().replace("https", "http"), "must be a version of"),
        ("get", "/key/kid", format!("{}/x", kid()), "must be a version of"),
        ("get", "/key/kid", kid().replace("azure.net", "azure.net@evil"), "must be a version of"),
        ("get", "/key/kid", "nonsense".to_owned(), "must be a version of"),
        ("get", "/key/kty", "oct".to_owned(), "it is symmetric (oct)"),
        ("get", "/key/kty", "oct-HSM".to_owned(), "it is symmetric (oct)"),
        ("get", "/key/kty", "OKP".to_owned(), "it is of the kind OKP"),
        ("get", "/key/crv", "P-256K".to_owned(), "it is on the curve secp256k1"),
        ("get", "/key/crv", "P-384".to_owned(), "another length"),
        ("get", "/key/x", "AAAA".to_owned(), "another length"),
        ("sign", "/kid", other_version, "must be the version whose public half was given"),
        ("sign", "/kid", kid().replace("release", "other"), "must be a version of"),
        ("sign", "/value", "AAAA".to_owned(), "another length than signatures of"),
        ("sign", "/value", base64::encode_url([1; 64]), "not one of the key: nothing was signed"),
        ("sign", "/value", String::new(), "is empty"),
        ("sign", "/value", "%".to_owned(), "not base64"),
    ] {
        let server = vault(KeyType::P256, move |of, answer| {
            if of == action {
                *answer.pointer_mut(member).unwrap() = value.clone().into();
            }
            None
        });
        let error = world(&server).sign(KEY, &message()).unwrap_err();
        assert!(error.contains(words), "{member}: {error}");
    }
    let other = vault(KeyType::P256, |_, _| None);
    let error = failed(world(&other).public_key(&format!("{KEY}/{}", "1".repeat(32))));
    assert!(error.contains("was not found"), "{error}");
    let changed = vault(KeyType::P256, |_, answer| {
        answer["key"]["kid"] = kid().replace('f', "e").into();
        None
    });
    let error = failed(world(&changed).public_key(&format!("{KEY}/{VERSION}")));
    assert!(error.contains("must be a version of"), "another version than the one asked for: {error}");
}

#[test]
fn keys_that_are_disabled_or_over_do_not_sign() {
    for (member, value, words, may_verify) in [
        ("enabled", object!(false), "it is disabled", false),
        ("exp", object!(NOW), "it expired at 2027-01-15T08:00:00Z, and signs no more", true),
        ("nbf", object!(NOW + 1), "it does not sign before 2027-01-15T08:00:01Z", true),
        ("nbf", object!("soon"), "must be a time", false),
    ] {
        let server = vault(KeyType::P256, move |action, answer| {
            if action == "get" {
                answer["attributes"][member] = value.clone();
            }
            None
        });
        let error = world(&server).sign(KEY, &message()).unwrap_err();
        assert!(error.contains(words), "{error}");
        assert!(!server.lines().iter().any(|line| line.contains("/sign")));
        assert_eq!(world(&server).public_key(KEY).is_ok(), may_verify, "{member}");
    }
    let server = vault(KeyType::P256, |_, answer| {
        answer["key"]["key_ops"] = object!(["wrapKey", "unwrapKey"]);
        None
    });
    let error = world(&server).sign(KEY, &message()).unwrap_err();
    assert!(error.contains("its operations are wrapKey, unwrapKey"), "{error}");
}

#[test]
fn every_refusal_is_said_with_what_is_missing() {
    type Case = (&'static str, u16, &'static str, Option<&'static str>, &'static str);
    let cases: [Case; 10] = [
        (
            "get",
            403,
            "Forbidden",
            Some("AccessDenied"),
            "the permission keys/get is needed: the role `Key Vault Crypto User`",
        ),
        ("sign", 403, "Forbidden", Some("ForbiddenByRbac"), "the permission keys/sign is needed: the role"),
        ("sign", 403, "Forbidden", None, "or the access policy `sign` of keys"),
        ("get", 403, "Forbidden", Some("ForbiddenByFirewall"), "the firewall of the vault"),
        ("get", 403, "Forbidden", Some("ForbiddenByConnection"), "private endpoint"),
        ("get", 403, "Forbidden", Some("KeyDisabled"), "the key is disabled"),
        ("sign", 403, "Forbidden", Some("KeyOperationForbidden"), "the key is not to sign, or not now"),
        ("get", 401, "Unauthorized", None, "the vault does not take the token"),
        ("sign", 400, "BadParameter", None, "status 400"),
        ("sign", 409, "Conflict", None, "status 409"),
    ];
    for (action, status, code, inner, words) in cases {
        let server = vault(KeyType::P256, move |of, _| {
            let said = format!("what is wrong, and {TOKEN}");
            (of == action).then(|| failure(status, code, &said, inner))
        });
        let error = world(&server).sign(KEY, &message()).unwrap_err();
        assert!(error.contains(words) && error.contains("what is wrong"), "{status} {inner:?}: {error}");
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(!error.contains("token-that") && !error.contains(SECRET), "{error}");
    }
    let server = vault(KeyType::P256, |_, _| None);
    let other = entra_for("https://vault.azure.net");
    let error =
        failed(world(&server).with("AZURE_AUTHORITY_HOST", &other.url).public_key("azurekms://mine/absent"));
    assert!(error.contains("status 404") && error.contains("absent was not found"), "{error}");
}

#[test]
fn what_fails_in_passing_is_tried_again() {
    for status in [429, 500, 503] {
        let mut count = 0;
        let server = vault(KeyType::P256, move |_, _| {
            count += 1;
            (count == 1).then(|| failure(status, "Throttled", "later", None).with("Retry-After", "0"))
        });
        assert!(world(&server).patient().public_key(KEY).is_ok(), "{status}");
    }
    let server = vault(KeyType::P256, |_, _| Some(failure(503, "Unavailable", "later", None)));
    let error = failed(world(&server).public_key(KEY));
    assert!(error.contains("status 503: later"), "{error}");
}

#[test]
fn garbage_is_no_answer() {
    for body in ["", "null", "[]", "{", "<html></html>", "{\"key\":{}}", "{\"key\":1,\"key\":2}", "\u{fffd}"]
    {
        for action in ["get", "sign"] {
            let server = vault(KeyType::P256, move |of, _| (of == action).then(|| reply(200).body(body)));
            assert!(world(&server).sign(KEY, &message()).is_err(), "{body}");
        }
    }
    let server = vault(KeyType::P256, |_, _| Some(reply(200).body(vec![b' '; 1 << 20])));
    let error = failed(world(&server).public_key(KEY));
    assert!(error.contains("larger") || error.contains("limit") || error.contains("more than"), "{error}");
    let server = vault(KeyType::P256, |_, answer| {
        let good = answer.clone();
        Some(crate::http::scripted::json(302, &good).with("Location", "https://evil.example/"))
    });
    let error = failed(world(&server).public_key(KEY));
    assert!(error.contains("nobody follows"), "{error}");
}

#[test]
fn the_token_is_for_the_cloud_of_the_vault() {
    for (name, resource, environment) in [
        ("azurekms://mine.vault.azure.cn/release", "https://vault.azure.cn", ""),
        ("azurekms://mine/release", "https://vault.usgovcloudapi.net", "AzureUSGovernment"),
        ("azurekms://mine.managedhsm.azure.net/release", "https://managedhsm.azure.net", "AZUREPUBLICCLOUD"),
        (
            "azurekms://mine.vault.usgovcloudapi.net/release",
            "https://vault.usgovcloudapi.net",
            "AZUREUSGOVERNMENTCLOUD",
        ),
    ] {
        let host = format!("mine.{}", resource.strip_prefix("https://").unwrap());
        let server = vault(KeyType::P256, move |_, answer| {
            answer["key"]["kid"] = kid().replace("mine.vault.azure.net", &host).into();
            None
        });
        let world = world(&server)
            .with("AZURE_AUTHORITY_HOST", &entra_for(resource).url)
            .with("AZURE_ENVIRONMENT", environment);
        world.public_key(name).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
    }
    let server = vault(KeyType::P256, |_, _| None);
    let error = failed(world(&server).with("AZURE_ENVIRONMENT", "AzureChinaCloud").public_key(KEY));
    assert!(error.contains("it says AzureChinaCloud, and what is asked for is in AzureCloud"), "{error}");
    let error = failed(world(&server).with("AZURE_ENVIRONMENT", "Mars").public_key(KEY));
    assert!(error.contains("none of AzureCloud, AzureChinaCloud, AzureUSGovernment"), "{error}");
    assert_eq!(server.lines(), [""; 0]);
}

#[test]
fn nobody_is_sent_a_token_in_the_clear() {
    let server = vault(KeyType::P256, |_, _| None);
    for (name, value) in [
        ("RCOSIGN_AZURE_VAULT_URL", "http://vault.example"),
        ("AZURE_AUTHORITY_HOST", "http://login.example"),
        ("AZURE_AUTHORITY_HOST", "https://me:word@login.example"),
    ] {
        let error = failed(world(&server).with(name, value).public_key(KEY));
        assert!(error.contains(name) && !error.contains("word@"), "{error}");
    }
}
