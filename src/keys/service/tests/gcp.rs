//! Keys of Google Cloud KMS, against a server that looks at every part of a question.

mod server;

use serde_json::{Value, json as object};

use self::server::{KEY, MESSAGE, TOKEN, checksum, kind_of, kms, of_the_machine, refusal, version};
use super::*;
use crate::crypto::{KeyType, PrivateKey, Signed, base64, pem, sign_at_once};

fn world(server: &Served) -> World {
    World::new(&[
        ("GCE_METADATA_HOST", &server.address.to_string()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", &format!("{}/", server.url)),
    ])
}

fn message() -> SigningInput {
    SigningInput::message(MESSAGE.to_vec())
}

fn reference() -> String {
    format!("gcpkms://{KEY}")
}

#[test]
fn keys_of_every_kind_sign_by_the_newest_version_or_the_one_that_is_named() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa { bits: 2048 }] {
        for name in ["", "/versions/3", "/cryptoKeyVersions/3"] {
            let server = kms(kind, |_, _| None);
            let (public_key, signature) = world(&server).sign(&(reference() + name), &message()).unwrap();
            public_key.verify(kind_of(kind).1, Signed::Message(MESSAGE), &signature).unwrap();
            assert!(server.requests().iter().all(|seen| seen.header("x-goog-user-project").is_none()));
        }
    }
}

#[test]
fn the_project_that_pays_is_named() {
    let server = kms(KeyType::P256, |_, _| None);
    let world = world(&server).with("GOOGLE_CLOUD_QUOTA_PROJECT", "other-project");
    assert!(world.sign(&reference(), &message()).is_ok());
    let asked = server.requests();
    let asked: Vec<_> = asked.iter().filter(|seen| seen.line.contains("/v1/projects/")).collect();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|seen| seen.header("x-goog-user-project") == Some("other-project")));
    let error = failed(world.with("GOOGLE_CLOUD_QUOTA_PROJECT", "a b").public_key(&reference()));
    assert!(error.contains("GOOGLE_CLOUD_QUOTA_PROJECT cannot be used: `a b` is no project"), "{error}");
}

/// What becomes of a signature where members of one answer are others, or missing: `asked` is the question.
fn spoilt(asked: &'static str, cases: &[(Value, &str)]) {
    for (members, words) in cases {
        let changed = members.clone();
        let server = kms(KeyType::P256, move |what, answer| {
            if what == asked {
                for (name, value) in changed.as_object().unwrap() {
                    match value {
                        Value::Null => drop(answer.as_object_mut().unwrap().remove(name)),
                        value => answer[name] = value.clone(),
                    }
                }
            }
            None
        });
        let error = world(&server).sign(&reference(), &message()).unwrap_err();
        assert!(error.contains(words), "{asked} {members}: {error}");
        assert!(!error.contains(TOKEN), "{error}");
    }
}

#[test]
fn versions_of_something_else_are_not_used() {
    let other = KEY.replace("release", "other");
    spoilt(
        "list",
        &[
            (
                object!({ "cryptoKeyVersions": [{ "name": format!("{other}/cryptoKeyVersions/1"), "state": "ENABLED", "algorithm": "EC_SIGN_P256_SHA256" }] }),
                "must be a version of",
            ),
            (
                object!({ "cryptoKeyVersions": [version(3, "DISABLED", "EC_SIGN_P256_SHA256"), version(2, "DESTROY_SCHEDULED", "EC_SIGN_P256_SHA256")], "nextPageToken": null }),
                "no version of it is enabled (3 is DISABLED, 2 is DESTROY_SCHEDULED)",
            ),
            (object!({ "cryptoKeyVersions": null, "nextPageToken": null }), "it has no version"),
            (
                object!({ "cryptoKeyVersions": [version(3, "ENABLED", "PQ_SIGN_ML_DSA_65")], "nextPageToken": "" }),
                "post-quantum keys are not supported",
            ),
            (
                object!({ "cryptoKeyVersions": [version(3, "ENABLED", "HMAC_SHA256")], "nextPageToken": "" }),
                "its algorithm is HMAC_SHA256",
            ),
            (
                object!({ "cryptoKeyVersions": [version(3, "ENABLED", "GOOGLE_SYMMETRIC_ENCRYPTION")], "nextPageToken": "" }),
                "it does not sign",
            ),
            (object!({ "cryptoKeyVersions": {} }), "cryptoKeyVersions"),
            (object!({ "nextPageToken": "again" }), "it is not found"),
        ],
    );
}

#[test]
fn a_public_key_of_something_else_is_not_used() {
    let other_key = PrivateKey::generate(KeyType::P256).unwrap();
    let strange = pem::encode("PUBLIC KEY", other_key.public_key().spki_der());
    let p384 = PrivateKey::generate(KeyType::P384).unwrap();
    let longer = pem::encode("PUBLIC KEY", p384.public_key().spki_der());
    spoilt(
        "publicKey",
        &[
            (object!({ "name": format!("{KEY}/cryptoKeyVersions/2") }), "name: must be projects/"),
            (object!({ "name": null }), "name"),
            (object!({ "pemCrc32c": "1" }), "did not arrive whole"),
            (object!({ "pemCrc32c": null }), "pemCrc32c"),
            (object!({ "pem": strange }), "did not arrive whole"),
            (object!({ "pem": longer, "pemCrc32c": checksum(longer.as_bytes()) }), "its public key is an"),
            (
                object!({ "pem": "x", "pemCrc32c": checksum(b"x") }),
                "the public key that the service gave cannot be used",
            ),
            (
                object!({ "algorithm": "EC_SIGN_P384_SHA384" }),
                "signs with EC_SIGN_P384_SHA384, and its public key is an",
            ),
            (object!({ "algorithm": "EC_SIGN_SECP256K1_SHA256" }), "keys on secp256k1 are not supported"),
            (object!({ "algorithm": "RSA_SIGN_PSS_2048_SHA256" }), "signatures by PSS are refused"),
            (object!({ "algorithm": "<b>" }), "no word of an enumeration"),
        ],
    );
}

#[test]
fn a_signature_of_something_else_is_not_used() {
    let other = KEY.replace("release", "other");
    spoilt(
        "sign",
        &[
            (object!({ "name": format!("{KEY}/cryptoKeyVersions/1") }), "name: must be projects/"),
            (object!({ "name": format!("{other}/cryptoKeyVersions/3") }), "name: must be projects/"),
            (object!({ "verifiedDigestCrc32c": false }), "must say that what was sent arrived whole"),
            (object!({ "verifiedDigestCrc32c": null }), "must say that what was sent arrived whole"),
            (object!({ "signatureCrc32c": "4294967296" }), "did not arrive whole"),
            (object!({ "signatureCrc32c": "-1" }), "did not arrive whole"),
            (object!({ "signatureCrc32c": null }), "signatureCrc32c"),
            (object!({ "signature": "AAAA", "signatureCrc32c": checksum(&[0; 3]) }), "nothing was signed"),
            (object!({ "signature": "", "signatureCrc32c": "0" }), "signature: is empty"),
        ],
    );
}

/// The signature of another key, with everything else as it has to be.
#[test]
fn a_signature_by_another_key_is_not_used() {
    let other = PrivateKey::generate(KeyType::P256).unwrap();
    let server = kms(KeyType::P256, move |what, answer| {
        if what == "sign" {
            let signature = sign_at_once(&other, &message()).unwrap();
            answer["signature"] = base64::encode(&signature).into();
            answer["signatureCrc32c"] = checksum(&signature).into();
        }
        None
    });
    let error = world(&server).sign(&reference(), &message()).unwrap_err();
    assert!(error.contains("nothing was signed"), "{error}");
}

#[test]
fn what_cloud_kms_refuses_is_said_with_the_permission_and_without_secrets() {
    for (asked, permission) in [
        ("list", "cloudkms.cryptoKeyVersions.list"),
        ("publicKey", "cloudkms.cryptoKeyVersions.viewPublicKey"),
        ("sign", "cloudkms.cryptoKeyVersions.useToSign"),
    ] {
        for (status, said) in [
            (401, format!("Request had invalid authentication credentials: {TOKEN}")),
            (403, format!("Permission '{permission}' denied on resource 'x' (or it may not exist).")),
            (403, "Cloud Key Management Service (KMS) API has not been used in project 1 before".to_owned()),
            (403, "Request had insufficient authentication scopes.".to_owned()),
            (404, "CryptoKeyVersion not found.".to_owned()),
            (400, "it is not enabled, current state is: DISABLED.".to_owned()),
            (429, "Quota exceeded for quota metric".to_owned()),
            (500, "Internal error encountered.".to_owned()),
            (503, "The service is currently unavailable.".to_owned()),
        ] {
            let told = said.clone();
            let server = kms(KeyType::P256, move |what, _| (what == asked).then(|| refusal(status, &told)));
            let error = world(&server).sign(&reference(), &message()).unwrap_err();
            assert!(error.contains(&format!("status {status}: {}", said.replace(TOKEN, "***"))), "{error}");
            assert!(!error.contains(TOKEN), "{error}");
            let is_named = error.contains(&format!("the permission {permission} on {KEY}"));
            assert_eq!(is_named, said.starts_with("Permission"), "{error}");
        }
    }
}

#[test]
fn a_version_that_has_no_public_key_says_why() {
    for (state, algorithm, words) in [
        ("DISABLED", "EC_SIGN_P256_SHA256", "version 3 of it is DISABLED"),
        ("DESTROYED", "EC_SIGN_P256_SHA256", "version 3 of it is DESTROYED"),
        ("PENDING_GENERATION", "EC_SIGN_P256_SHA256", "version 3 of it is PENDING_GENERATION"),
        ("ENABLED", "PQ_SIGN_ML_DSA_65", "post-quantum keys are not supported"),
        ("ENABLED", "HMAC_SHA256", "its algorithm is HMAC_SHA256"),
        ("ENABLED", "EC_SIGN_P256_SHA256", "status 400: no"),
    ] {
        let server = kms(KeyType::P256, move |what, answer| match what {
            "publicKey" => Some(refusal(400, "no")),
            _ => {
                *answer = version(3, state, algorithm);
                None
            }
        });
        let error = failed(world(&server).public_key(&format!("{}/versions/3", reference())));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn answers_that_are_garbage_too_large_or_elsewhere_are_refused() {
    for (answer, words) in [
        (reply(200).body("<html></html>"), "not JSON"),
        (reply(200), "not JSON"),
        (reply(200).body("{}"), "is missing"),
        (reply(200).body("x".repeat(1 << 20)), "larger than"),
        (reply(200).body(r#"{"name":"a","name":"b"}"#), "twice"),
        (reply(302).with("Location", "http://127.0.0.2:1/"), "where nobody follows"),
    ] {
        let server = kms(KeyType::P256, move |what, _| (what == "publicKey").then(|| answer.clone()));
        let error = failed(world(&server).public_key(&reference()));
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn who_asks_too_often_asks_again() {
    for status in [429, 503] {
        let mut asked = 0;
        let server = kms(KeyType::P256, move |what, _| {
            asked += usize::from(what == "publicKey");
            (what == "publicKey" && asked == 1).then(|| refusal(status, "later"))
        });
        assert!(world(&server).patient().public_key(&reference()).is_ok());
        assert_eq!(server.lines().iter().filter(|line| line.ends_with("/publicKey")).count(), 2);
    }
}

#[test]
fn pages_without_an_end_have_one() {
    let server = kms(KeyType::P256, |_, answer| {
        *answer = object!({ "nextPageToken": "a&b" });
        None
    });
    let error = failed(world(&server).public_key(&reference()));
    assert!(error.contains("more than 50 pages of versions"), "{error}");
}

/// Cloud KMS where nothing is, which makes rings and keys; a new key is `state` when it is looked at for the first time. `change`
/// may spoil answers.
fn empty(state: &'static str, mut change: impl FnMut(&Seen) -> Option<Reply> + Send + 'static) -> Served {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let (mut has_ring, mut has_key, mut state) = (false, false, state);
    serve(move |seen| {
        if let Some(answer) = of_the_machine(seen) {
            return answer;
        }
        assert_eq!(seen.authorization(), Some(&*format!("Bearer {TOKEN}")));
        const RING: &str = "projects/p-1/locations/global/keyRings/ring";
        const ALGORITHM: &str = "EC_SIGN_P256_SHA256";
        let answer = match &*seen.line {
            line if line == format!("GET /v1/{KEY}") && has_key => {
                json(200, &object!({ "name": KEY, "purpose": "ASYMMETRIC_SIGN" }))
            }
            line if line == format!("GET /v1/{RING}") && has_ring => json(200, &object!({ "name": RING })),
            "POST /v1/projects/p-1/locations/global/keyRings?keyRingId=ring" => {
                assert_eq!(seen.json(), object!({}));
                assert!(!std::mem::replace(&mut has_ring, true), "a ring is made once");
                json(200, &object!({ "name": RING }))
            }
            line if line == format!("POST /v1/{RING}/cryptoKeys?cryptoKeyId=release") => {
                let body =
                    object!({ "purpose": "ASYMMETRIC_SIGN", "versionTemplate": { "algorithm": ALGORITHM } });
                assert_eq!((has_ring, seen.json()), (true, body));
                assert!(!std::mem::replace(&mut has_key, true), "a key is made once");
                json(200, &object!({ "name": KEY, "purpose": "ASYMMETRIC_SIGN" }))
            }
            line if line == format!("GET /v1/{KEY}/cryptoKeyVersions?pageSize=200") && has_key => {
                let state = std::mem::replace(&mut state, "ENABLED");
                json(200, &object!({ "cryptoKeyVersions": [version(1, state, ALGORITHM)] }))
            }
            line if line == format!("GET /v1/{KEY}/cryptoKeyVersions/1/publicKey") && has_key => {
                let pem = pem::encode("PUBLIC KEY", key.public_key().spki_der());
                let (sum, name) = (checksum(pem.as_bytes()), format!("{KEY}/cryptoKeyVersions/1"));
                json(200, &object!({ "pem": pem, "algorithm": ALGORITHM, "pemCrc32c": sum, "name": name }))
            }
            _ => refusal(404, "not found"),
        };
        change(seen).unwrap_or(answer)
    })
}

#[test]
fn a_key_is_made_with_its_ring_once() {
    for state in ["ENABLED", "PENDING_GENERATION"] {
        let server = empty(state, |_| None);
        let made = world(&server).patient().create(&reference()).unwrap();
        let asked = server.lines();
        assert_eq!(asked.iter().filter(|line| line.starts_with("POST ")).count(), 2);
        let again = world(&server).create(&reference()).unwrap();
        assert_eq!(again, made, "one that is there stays");
        assert!(!server.lines().iter().any(|line| line.starts_with("POST ")));
    }
    // Who is not waited for says where it is.
    let server = empty("PENDING_GENERATION", |seen| {
        let is_list = seen.line.ends_with("?pageSize=200");
        is_list.then(|| {
            json(
                200,
                &object!({ "cryptoKeyVersions": [version(1, "PENDING_GENERATION", "EC_SIGN_P256_SHA256")] }),
            )
        })
    });
    let error = failed(world(&server).create(&reference()));
    assert!(error.contains("no version of it is enabled (1 is PENDING_GENERATION)"), "{error}");
    // Somebody else was faster.
    let server = empty("ENABLED", |seen| seen.line.starts_with("POST ").then(|| refusal(409, "exists")));
    assert!(world(&server).create(&reference()).is_ok());
}

#[test]
fn a_key_that_cannot_be_made_says_why() {
    for (line, permission) in [
        (
            "POST /v1/projects/p-1/locations/global/keyRings?",
            "cloudkms.keyRings.create on projects/p-1/locations/global",
        ),
        (
            "POST /v1/projects/p-1/locations/global/keyRings/ring/cryptoKeys?",
            "cloudkms.cryptoKeys.create on projects/p-1",
        ),
        (
            "GET /v1/projects/p-1/locations/global/keyRings/ring/cryptoKeys/release",
            "cloudkms.cryptoKeys.get on projects/p-1",
        ),
    ] {
        let server = empty("ENABLED", move |seen| {
            seen.line.starts_with(line).then(|| refusal(403, "Permission 'x' denied on resource 'y'."))
        });
        let error = failed(world(&server).create(&reference()));
        assert!(error.contains(&format!("the permission {permission}")), "{error}");
    }
    let server = empty("ENABLED", |seen| {
        (seen.line == format!("GET /v1/{KEY}"))
            .then(|| json(200, &object!({ "name": KEY, "purpose": "ENCRYPT_DECRYPT" })))
    });
    let error = failed(world(&server).create(&reference()));
    assert!(error.contains("for ENCRYPT_DECRYPT, not for ASYMMETRIC_SIGN"), "{error}");
    let error = failed(world(&server).create(&format!("{}/versions/1", reference())));
    assert!(error.contains("leave the version out of the name"), "{error}");
}

#[test]
fn a_message_for_an_ed25519_key_is_small() {
    let server = kms(KeyType::Ed25519, |_, _| None);
    let large = SigningInput::message(vec![7; (1 << 16) + 1]);
    let error = world(&server).sign(&reference(), &large).unwrap_err();
    assert!(error.contains("at most 64 KiB"), "{error}");
    assert!(!server.lines().iter().any(|line| line.contains("asymmetricSign")));
    let largest = SigningInput::message(vec![7; 1 << 16]);
    assert!(world(&server).sign(&reference(), &largest).is_ok());
}

#[test]
fn nothing_is_sent_without_https_and_nobody_is_asked_without_credentials() {
    let server = kms(KeyType::P256, |_, _| None);
    let world = world(&server);
    let error = failed(
        world
            .with("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", "http://kms.example/")
            .public_key(&reference()),
    );
    assert!(
        error.contains("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS") && error.contains("without https"),
        "{error}"
    );
    assert!(server.lines().is_empty());
    let error = failed(World::new(&[("NO_GCE_CHECK", "true")]).public_key(&reference()));
    for words in
        ["GOOGLE_APPLICATION_CREDENTIALS is not set", "gcloud auth application-default login", "NO_GCE_CHECK"]
    {
        assert!(error.contains(words), "{error}");
    }
    let error = failed(World::new(&[("GCE_METADATA_HOST", "127.0.0.1:1")]).public_key(&reference()));
    assert!(error.contains("no metadata server answers at http://127.0.0.1:1"), "{error}");
}
