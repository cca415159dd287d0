//! Keys of Google Cloud KMS: a server that answers as its REST reference says holds them, and the real cosign verifies what they
//! sign, with the public key. (With the same reference it cannot: it speaks gRPC.)

use rcosign::internals::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey as _, base64, pem, sign_at_once,
};
use serde_json::{Value, json};

use super::all_forms::Held;
use crate::faulty::server::{Act, Answer, Request, Server};
use crate::support::Sandbox;

const KEY: &str = "projects/p-1/locations/global/keyRings/ring/cryptoKeys/release";

/// CRC-32C (RFC 3720 appendix B.4).
fn checksum(bytes: &[u8]) -> String {
    let step = |sum: u32, _| (sum >> 1) ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 };
    (!bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))).to_string()
}

fn serve(kind: KeyType, algorithm: &'static str) -> Server {
    let key = PrivateKey::generate(kind).unwrap();
    Server::start(move |request| {
        if request.is("GET /computeMetadata/v1/instance/service-accounts/default/token") {
            assert_eq!(request.header("metadata-flavor"), Some("Google"));
            return Act::Say(Answer::json(200, &json!({ "access_token": "the-token" })));
        }
        assert_eq!(request.header("authorization"), Some("Bearer the-token"));
        Act::Say(match answered(&key, kind, algorithm, request) {
            Some(answer) => Answer::json(200, &answer),
            None => Answer::json(404, &json!({ "error": { "code": 404, "message": "it is not found" } })),
        })
    })
}

fn answered(key: &PrivateKey, kind: KeyType, algorithm: &str, request: &Request) -> Option<Value> {
    let version = format!("{KEY}/cryptoKeyVersions/1");
    let line = request.line.split('?').next()?;
    if line == format!("GET /v1/{KEY}") {
        return Some(json!({ "name": KEY, "purpose": "ASYMMETRIC_SIGN" }));
    }
    if line == format!("GET /v1/{KEY}/cryptoKeyVersions") {
        return Some(
            json!({ "cryptoKeyVersions": [{ "name": version, "state": "ENABLED", "algorithm": algorithm }] }),
        );
    }
    if line == format!("GET /v1/{version}/publicKey") {
        let pem = pem::encode("PUBLIC KEY", key.public_key().spki_der());
        let sum = checksum(pem.as_bytes());
        return Some(json!({ "name": version, "pem": pem, "pemCrc32c": sum, "algorithm": algorithm }));
    }
    if line != format!("POST /v1/{version}:asymmetricSign") {
        return None;
    }
    let body = request.json();
    let bytes = |value: &Value| base64::decode(value.as_str().unwrap()).unwrap();
    let input = match (kind, kind.default_hash()) {
        (KeyType::Ed25519, _) => SigningInput::message(bytes(&body["data"])),
        (_, hash) => {
            let member = if hash == HashAlgorithm::Sha384 { "sha384" } else { "sha256" };
            SigningInput::Digest(Digest::new(hash, &bytes(&body["digest"][member])).unwrap())
        }
    };
    let signature = sign_at_once(key, &input).unwrap();
    Some(json!({
        "name": version, "signature": base64::encode(&signature), "signatureCrc32c": checksum(&signature),
        "verifiedDigestCrc32c": true, "verifiedDataCrc32c": true,
    }))
}

#[test]
fn what_cloud_kms_signs_verifies_with_the_public_key() {
    let reference = format!("gcpkms://{KEY}");
    for (kind, name, algorithm) in [
        (KeyType::P256, "p256", "EC_SIGN_P256_SHA256"),
        (KeyType::P384, "p384", "EC_SIGN_P384_SHA384"),
        (KeyType::Ed25519, "ed25519", "EC_SIGN_ED25519"),
        (KeyType::Rsa { bits: 2048 }, "rsa2048", "RSA_SIGN_PKCS1_2048_SHA256"),
    ] {
        let server = serve(kind, algorithm);
        let sandbox = Sandbox::new()
            .env("GCE_METADATA_HOST", server.url.trim_start_matches("http://"))
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", &server.url);
        let _ = sandbox.file("a.txt", "the artifact\n");
        let _ = sandbox.run(&["generate-key-pair", "--kms", &reference]).ok();
        assert_eq!(sandbox.run(&["public-key", "--key", &reference]).ok().bytes, sandbox.read("cosign.pub"));
        let version = format!("{reference}/versions/1");
        for key in [&reference, &version] {
            Held { sandbox: &sandbox, key: &["--key", key], kind: name, secret: None }.signs_everything();
        }
        let _ =
            sandbox.run(&["public-key", "--key", &format!("{reference}/versions/2")]).says("it is not found");
    }
}

#[test]
fn without_credentials_it_is_said_where_they_were_looked_for() {
    let sandbox = Sandbox::new().env("NO_GCE_CHECK", "true");
    let said = sandbox.run(&["public-key", "--key", &format!("gcpkms://{KEY}")]).code(6);
    let _ = said.says("the credentials of Google Cloud are not known").says("GOOGLE_APPLICATION_CREDENTIALS");
}
