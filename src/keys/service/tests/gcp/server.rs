//! Cloud KMS in this process, as Google's documentation of its API describes it, with real keys; it looks at every part of a
//! question.

use serde_json::{Value, json as object};

use super::super::*;
use crate::crypto::{Digest, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, base64, pem, sign_at_once};

pub const TOKEN: &str = "ya29.a-token-that-is-secret";
pub const KEY: &str = "projects/p-1/locations/global/keyRings/ring/cryptoKeys/release";
pub const MESSAGE: &[u8] = b"what is to be signed";

/// CRC-32C by division of polynomials, bit by bit and from the front, as it is defined (RFC 3720 section 12.1).
pub fn checksum(bytes: &[u8]) -> String {
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |at| byte >> at & 1 == 1));
    let mut rest: u32 = !0;
    for bit in bits {
        let top = rest >> 31 == 1;
        rest = (rest << 1) ^ if top != bit { 0x1edc_6f41 } else { 0 };
    }
    (!rest.reverse_bits()).to_string()
}

/// What Cloud KMS calls what a kind of key signs with.
pub fn kind_of(kind: KeyType) -> (&'static str, SignatureScheme) {
    use HashAlgorithm::{Sha256, Sha384};
    match kind {
        KeyType::P256 => ("EC_SIGN_P256_SHA256", SignatureScheme::Ecdsa(Sha256)),
        KeyType::P384 => ("EC_SIGN_P384_SHA384", SignatureScheme::Ecdsa(Sha384)),
        KeyType::Ed25519 => ("EC_SIGN_ED25519", SignatureScheme::Ed25519),
        _ => ("RSA_SIGN_PKCS1_2048_SHA256", SignatureScheme::RsaPkcs1(Sha256)),
    }
}

/// An error as Google's APIs have it.
pub fn refusal(status: u16, message: &str) -> Reply {
    let word = match status {
        400 => "FAILED_PRECONDITION",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        429 => "RESOURCE_EXHAUSTED",
        _ => "UNAVAILABLE",
    };
    let details = object!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X", "domain": "googleapis.com" }]);
    json(
        status,
        &object!({ "error": { "code": status, "message": message, "status": word, "details": details } }),
    )
}

/// Cloud KMS with one key, whose answers `change` may spoil by the last word of their question. Its third version is the newest
/// one that is enabled.
pub fn kms(
    kind: KeyType,
    mut change: impl FnMut(&str, &mut Value) -> Option<Reply> + Send + 'static,
) -> Served {
    let key = PrivateKey::generate(kind).unwrap();
    serve(move |seen| {
        if let Some(answer) = of_the_machine(seen) {
            return answer;
        }
        assert_eq!(seen.authorization(), Some(&*format!("Bearer {TOKEN}")));
        let (what, mut answer) = answered(&key, kind, seen);
        change(what, &mut answer).unwrap_or_else(|| match answer.is_null() {
            true => refusal(404, "it is not found"),
            false => json(200, &answer),
        })
    })
}

/// The metadata server, which is told nothing.
pub fn of_the_machine(seen: &Seen) -> Option<Reply> {
    seen.line.contains("/computeMetadata/").then(|| {
        assert_eq!(seen.line, "GET /computeMetadata/v1/instance/service-accounts/default/token");
        assert_eq!((seen.header("metadata-flavor"), seen.authorization()), (Some("Google"), None));
        json(200, &object!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599 }))
    })
}

pub fn version(number: u64, state: &str, algorithm: &str) -> Value {
    object!({
        "name": format!("{KEY}/cryptoKeyVersions/{number}"), "state": state, "algorithm": algorithm,
        "protectionLevel": "SOFTWARE", "createTime": "2026-01-01T00:00:00Z",
    })
}

pub fn answered(key: &PrivateKey, kind: KeyType, seen: &Seen) -> (&'static str, Value) {
    let (algorithm, _) = kind_of(kind);
    let at = format!("/v1/{KEY}/cryptoKeyVersions");
    let newest = format!("{KEY}/cryptoKeyVersions/3");
    let (method, path) = seen.line.split_once(' ').unwrap();
    match (method, path.strip_prefix(&at)) {
        ("GET", Some("?pageSize=200")) => (
            "list",
            object!({
                "cryptoKeyVersions": [version(1, "ENABLED", algorithm), version(10, "DISABLED", algorithm)],
                "nextPageToken": "a&b", "totalSize": 4,
            }),
        ),
        ("GET", Some("?pageSize=200&pageToken=a%26b")) => (
            "list",
            object!({ "cryptoKeyVersions": [version(3, "ENABLED", algorithm), version(2, "DESTROYED", algorithm)], "totalSize": 4 }),
        ),
        ("GET", Some("/3/publicKey")) => {
            let pem = pem::encode("PUBLIC KEY", key.public_key().spki_der());
            let sum = checksum(pem.as_bytes());
            (
                "publicKey",
                object!({ "pem": pem, "algorithm": algorithm, "pemCrc32c": sum, "name": newest, "protectionLevel": "SOFTWARE" }),
            )
        }
        ("GET", Some("/3")) => ("version", version(3, "ENABLED", algorithm)),
        ("POST", Some("/3:asymmetricSign")) => ("sign", signed(key, kind, &seen.json(), &newest)),
        _ => ("absent", Value::Null),
    }
}

pub fn signed(key: &PrivateKey, kind: KeyType, body: &Value, name: &str) -> Value {
    assert_eq!(body.as_object().unwrap().len(), 2);
    let bytes = |value: &Value| base64::decode(value.as_str().unwrap()).unwrap();
    let (input, verified) = if kind == KeyType::Ed25519 {
        let data = bytes(&body["data"]);
        assert_eq!(body["dataCrc32c"], *checksum(&data));
        (SigningInput::message(data), "verifiedDataCrc32c")
    } else {
        let hash = kind.default_hash();
        assert_eq!(body["digest"].as_object().unwrap().len(), 1);
        let member = if hash == HashAlgorithm::Sha384 { "sha384" } else { "sha256" };
        let digest = bytes(&body["digest"][member]);
        assert_eq!(body["digestCrc32c"], *checksum(&digest));
        (SigningInput::Digest(Digest::new(hash, &digest).unwrap()), "verifiedDigestCrc32c")
    };
    let signature = sign_at_once(key, &input).unwrap();
    object!({
        "name": name, "signature": base64::encode(&signature), "signatureCrc32c": checksum(&signature),
        verified: true, "protectionLevel": "SOFTWARE",
    })
}
