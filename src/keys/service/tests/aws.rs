//! KMS in this process, as Amazon's documentation of its API describes it, with real keys; it looks at every signature.

use serde_json::{Value, json as object};

use super::*;
use crate::cloud::aws::scripted::Signer;
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, Signed, base64, sign_at_once,
};

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const SECRET: &str = "a-key-that-is-secret";
const TOKEN: &str = "a-session-token-that-is-secret";

fn arn() -> String {
    format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}")
}

/// What KMS calls a kind of key, and what it signs with here.
fn kind_of(kind: KeyType) -> (&'static str, &'static str, SignatureScheme, HashAlgorithm) {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    match kind {
        KeyType::P256 => ("ECC_NIST_P256", "ECDSA_SHA_256", SignatureScheme::Ecdsa(Sha256), Sha256),
        KeyType::P384 => ("ECC_NIST_P384", "ECDSA_SHA_384", SignatureScheme::Ecdsa(Sha384), Sha384),
        KeyType::P521 => ("ECC_NIST_P521", "ECDSA_SHA_512", SignatureScheme::Ecdsa(Sha512), Sha512),
        _ => ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", SignatureScheme::RsaPkcs1(Sha256), Sha256),
    }
}

/// KMS with one key, `alias/release`, whose answers `change` may spoil by the name of their action.
fn kms(kind: KeyType, mut change: impl FnMut(&str, &mut Value) -> Option<Reply> + Send + 'static) -> Served {
    let key = PrivateKey::generate(kind).unwrap();
    serve(move |seen| {
        assert_eq!(
            (&*seen.line, seen.header("content-type")),
            ("POST /", Some("application/x-amz-json-1.1"))
        );
        let date = "20270115T080000Z";
        let (region, service) = ("eu-west-1", "kms");
        Signer { id: "AKID", secret: SECRET, token: Some(TOKEN), region, service, date }
            .has_signed(seen)
            .unwrap();
        let action = seen.header("x-amz-target").unwrap().strip_prefix("TrentService.").unwrap().to_owned();
        let body = seen.json();
        let mut answer = answered(&key, kind, &action, &body);
        change(&action, &mut answer).unwrap_or_else(|| match answer.get("__type") {
            Some(_) => json(400, &answer),
            None => json(200, &answer),
        })
    })
}

fn answered(key: &PrivateKey, kind: KeyType, action: &str, body: &Value) -> Value {
    let (spec, algorithm, _, hash) = kind_of(kind);
    let names = [ID.to_owned(), arn(), "alias/release".to_owned()];
    if !names.iter().any(|name| body["KeyId"] == **name) {
        return object!({ "__type": "NotFoundException", "message": "it is not found" });
    }
    match action {
        "GetPublicKey" => {
            assert_eq!(body.as_object().unwrap().len(), 1);
            object!({
                "KeyId": arn(), "PublicKey": base64::encode(key.public_key().spki_der()), "KeySpec": spec,
                "CustomerMasterKeySpec": spec, "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["RSASSA_PSS_SHA_256", algorithm],
            })
        }
        "DescribeKey" => object!({ "KeyMetadata": {
            "KeyId": ID, "Arn": arn(), "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled",
        } }),
        "Sign" => {
            assert_eq!(
                (&body["MessageType"], &body["SigningAlgorithm"]),
                (&"DIGEST".into(), &algorithm.into())
            );
            let digest = base64::decode(body["Message"].as_str().unwrap()).unwrap();
            let input = SigningInput::Digest(Digest::new(hash, &digest).unwrap());
            let signature = base64::encode(sign_at_once(key, &input).unwrap());
            object!({ "KeyId": arn(), "Signature": signature, "SigningAlgorithm": algorithm })
        }
        other => panic!("{other}"),
    }
}

fn world(server: &Served) -> World {
    World::new(&[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_KMS", &server.url),
    ])
}

fn message() -> SigningInput {
    SigningInput::message(b"what is to be signed".to_vec())
}

#[test]
fn keys_of_every_kind_and_name_sign() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }] {
        for name in ["alias/release", ID, &arn()] {
            let server = kms(kind, |_, _| None);
            let (public_key, signature) =
                world(&server).sign(&format!("awskms:///{name}"), &message()).unwrap();
            let signed = Signed::Message(b"what is to be signed");
            public_key.verify(kind_of(kind).2, signed, &signature).unwrap();
        }
    }
}

#[test]
fn the_region_of_an_arn_goes_before_that_of_the_environment() {
    let server = kms(KeyType::P256, |_, _| None);
    let elsewhere = world(&server).with("AWS_REGION", "us-east-1");
    assert!(elsewhere.public_key(&format!("awskms:///{}", arn())).is_ok());
}

#[test]
fn an_answer_about_something_else_is_not_used() {
    for (action, member, value, words) in [
        (
            "GetPublicKey",
            "KeyId",
            object!(arn().replace("90ab", "90ac")),
            "AWS KMS answered with another one",
        ),
        (
            "GetPublicKey",
            "KeyUsage",
            object!("KEY_AGREEMENT"),
            "it is for KEY_AGREEMENT, not for SIGN_VERIFY",
        ),
        ("GetPublicKey", "KeySpec", object!("ECC_NIST_P384"), "its public key is an"),
        ("GetPublicKey", "KeySpec", object!("ECC_SECG_P256K1"), "ECC_SECG_P256K1, which does not sign here"),
        ("GetPublicKey", "KeySpec", object!("SM2"), "of the kind SM2"),
        ("GetPublicKey", "KeySpec", object!("ML_DSA_65"), "of the kind ML_DSA_65"),
        ("GetPublicKey", "KeySpec", object!("HMAC_256"), "of the kind HMAC_256"),
        ("GetPublicKey", "SigningAlgorithms", object!([]), "it does not sign with ECDSA_SHA_256"),
        ("GetPublicKey", "PublicKey", object!("AAAA"), "the public key that the service gave cannot be used"),
        ("GetPublicKey", "PublicKey", Value::Null, "PublicKey"),
        (
            "Sign",
            "KeyId",
            object!(arn().replace("90ab", "90ac")),
            "must be the key whose public half was given",
        ),
        ("Sign", "SigningAlgorithm", object!("ECDSA_SHA_384"), "must be ECDSA_SHA_256"),
        ("Sign", "Signature", object!("AAAA"), "nothing was signed"),
        ("Sign", "Signature", object!(""), "Signature"),
    ] {
        let server = kms(KeyType::P256, move |asked, answer| {
            if asked == action {
                answer[member] = value.clone();
            }
            None
        });
        let error = world(&server).sign(&format!("awskms:///{ID}"), &message()).unwrap_err();
        assert!(error.contains(words), "{action} {member}: {error}");
    }
}

#[test]
fn what_kms_refuses_is_said_without_secrets() {
    for (status, code) in [
        (400, "AccessDeniedException"),
        (400, "DisabledException"),
        (400, "KMSInvalidStateException"),
        (400, "ExpiredTokenException"),
        (400, "InvalidSignatureException"),
        (400, "NotFoundException"),
        (403, "UnrecognizedClientException"),
        (400, "com.amazonaws.kms#InvalidArnException"),
    ] {
        let server = kms(KeyType::P256, move |action, _| {
            let said = object!({ "__type": code, "Message": format!("no: {TOKEN}") });
            (action == "Sign").then(|| json(status, &said))
        });
        let error = world(&server).sign("awskms:///alias/release", &message()).unwrap_err();
        assert!(error.contains(&format!("{}: no: ***", code.rsplit('#').next().unwrap())), "{error}");
        assert!(!error.contains(SECRET) && !error.contains(TOKEN), "{error}");
        assert_eq!(
            error.contains("the permission kms:Sign is needed"),
            code == "AccessDeniedException",
            "{error}"
        );
    }
    let symmetric = kms(KeyType::P256, |action, _| {
        let said = object!({ "__type": "UnsupportedOperationException", "message": "" });
        (action == "GetPublicKey").then(|| json(400, &said))
    });
    let error = failed(world(&symmetric).public_key("awskms:///alias/release"));
    assert!(
        error.contains("it is for ENCRYPT_DECRYPT, not for SIGN_VERIFY (its kind is SYMMETRIC_DEFAULT)"),
        "{error}"
    );
}

#[test]
fn who_is_throttled_asks_again() {
    let mut asked = 0;
    let server = kms(KeyType::P256, move |_, _| {
        asked += 1;
        let said = object!({ "__type": "ThrottlingException", "message": "slow down" });
        (asked == 1).then(|| json(400, &said))
    });
    assert!(world(&server).patient().public_key("awskms:///alias/release").is_ok());
    assert_eq!(server.lines().len(), 2);
    let server = kms(KeyType::P256, |_, _| Some(json(400, &object!({ "__type": "ThrottlingException" }))));
    let error = failed(world(&server).public_key("awskms:///alias/release"));
    assert!(error.contains("ThrottlingException"), "{error}");
}

/// KMS without a key, which makes one and names it; `named` is its answer to the name.
fn empty(named: fn() -> Reply) -> Served {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let mut is_made = false;
    serve(move |seen| {
        let body = seen.json();
        match seen.header("x-amz-target").unwrap() {
            "TrentService.GetPublicKey" if is_made => {
                json(200, &answered(&key, KeyType::P256, "GetPublicKey", &body))
            }
            "TrentService.GetPublicKey" => {
                json(400, &object!({ "__type": "NotFoundException", "message": "none" }))
            }
            "TrentService.CreateKey" => {
                assert_eq!(
                    (&body["KeySpec"], &body["KeyUsage"]),
                    (&"ECC_NIST_P256".into(), &"SIGN_VERIFY".into())
                );
                assert!(!std::mem::replace(&mut is_made, true), "a key is made once");
                json(200, &object!({ "KeyMetadata": { "KeyId": ID, "Arn": arn() } }))
            }
            "TrentService.CreateAlias" => {
                assert_eq!(body, object!({ "AliasName": "alias/release", "TargetKeyId": arn() }));
                named()
            }
            other => panic!("{other}"),
        }
    })
}

#[test]
fn a_key_is_made_with_its_alias_once() {
    let server = empty(|| reply(200));
    let made = world(&server).create("awskms:///alias/release").unwrap();
    assert_eq!(world(&server).create("awskms:///alias/release").unwrap(), made, "one that is there stays");
    let server = empty(|| json(400, &object!({ "__type": "LimitExceededException", "message": "too many" })));
    let error = failed(world(&server).create("awskms:///alias/release"));
    assert!(
        error.contains(&format!("the key was made as `{}`", arn())) && error.contains("too many"),
        "{error}"
    );
    for name in [ID, &arn()] {
        let error = failed(world(&server).create(&format!("awskms:///{name}")));
        assert!(error.contains("needs an alias"), "{error}");
    }
}

#[test]
fn nothing_is_sent_without_https() {
    let world = World::new(&[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", "r-1"),
    ]);
    let error = failed(world.with("AWS_ENDPOINT_URL", "http://kms.example/").public_key("awskms:///alias/x"));
    assert!(error.contains("AWS_ENDPOINT_URL") && error.contains("without https"), "{error}");
    // The form with an endpoint is https always: a server without TLS is not talked to.
    let server = serve(|_| reply(200));
    let error =
        failed(super::aws::world(&server).public_key(&format!("awskms://{}/alias/x", server.address)));
    assert!(error.contains(&format!("https://{}/", server.address)), "{error}");
    assert!(server.lines().is_empty());
}

/// Whoever is asked too often until the time is over has to know that, and not that nobody answers.
#[cfg(unix)]
#[test]
fn who_is_throttled_is_told_so_when_the_time_is_over() {
    let mut is_first = true;
    let server = serve(move |_| {
        if std::mem::take(&mut is_first) {
            return json(400, &object!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
        }
        std::thread::sleep(Duration::from_secs(4));
        reply(200)
    });
    let world = super::aws::world(&server).patient().within(Duration::from_secs(2));
    let error = failed(world.public_key("awskms:///alias/release"));
    assert!(error.contains("ThrottlingException: Rate exceeded"), "{error}");
}

#[test]
fn an_unchecked_certificate_is_told() {
    let cautions = |value: &str, key: &str| {
        let key = KeyRef::parse(key).unwrap();
        let KeyRef::Service(key) = key else { panic!("{key}") };
        World::new(&[("AWS_TLS_INSECURE_SKIP_VERIFY", value)]).asks(async |sources| key.cautions(&sources))
    };
    let unchecked = "AWS_TLS_INSECURE_SKIP_VERIFY is set: the certificate";
    assert!(cautions("true", "awskms:///alias/x")[0].starts_with(unchecked));
    assert!(cautions("false", "awskms:///alias/x").is_empty());
    assert!(cautions("false", "awskms://kms.us-east-1.amazonaws.com/alias/x").is_empty());
    let foreign = "`kms.example:4566` in the name of the key is neither Amazon's nor";
    assert!(cautions("false", "awskms://kms.example:4566/alias/x")[0].starts_with(foreign));
    assert_eq!(cautions("true", "awskms://kms.example:4566/alias/x").len(), 2);
}
