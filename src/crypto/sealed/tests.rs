use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey};

/// Made by `cosign generate-key-pair` 3.1 with the password `pw`.
const COSIGN_3: &str = include_str!("../../../testdata/keys/cosign-3.key");
const COSIGN_3_PUBLIC: &str = include_str!("../../../testdata/keys/cosign-3.pub");

fn password(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// The sealed key with its JSON changed.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let block = pem::decode("", COSIGN_3.as_bytes(), 1).unwrap().remove(0);
    let json = String::from_utf8(block.contents).unwrap();
    assert!(json.contains(from), "{json}");
    pem::encode(LABEL, json.replace(from, to).as_bytes()).into_bytes()
}

fn error(text: &[u8]) -> String {
    open(text, &password("pw")).unwrap_err().to_string()
}

#[test]
fn a_key_of_cosign_opens_under_both_labels() {
    for label in LABELS {
        let key = open(COSIGN_3.replace(LABEL, label).as_bytes(), &password("pw")).unwrap();
        let key = PrivateKey::from_der(key.expose()).unwrap();
        assert_eq!(key.public_key().key_type(), KeyType::P256);
        assert_eq!(key.public_key().to_pem(), COSIGN_3_PUBLIC);
    }
}

#[test]
fn round_trip_with_fresh_salt_and_nonce() {
    let secret = Secret::new(b"any bytes".to_vec());
    let [one, two] = [(); 2].map(|()| seal(&secret, &password("")).unwrap());
    assert_ne!(one, two);
    assert!(one.starts_with(
        "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6"
    ));
    for text in [one, two] {
        assert_eq!(open(text.as_bytes(), &password("")).unwrap().expose(), secret.expose());
        assert!(matches!(open(text.as_bytes(), &password("x")), Err(OpenError::Password)));
    }
}

#[test]
fn wrong_passwords_and_changed_boxes_do_not_open() {
    for wrong in ["", "pw\n", "pW", " pw"] {
        assert!(matches!(open(COSIGN_3.as_bytes(), &password(wrong)), Err(OpenError::Password)), "{wrong:?}");
    }
    let block = pem::decode("", COSIGN_3.as_bytes(), 1).unwrap().remove(0);
    let document: serde_json::Value = serde_json::from_slice(&block.contents).unwrap();
    for pointer in ["/kdf/salt", "/cipher/nonce", "/ciphertext"] {
        let mut document = document.clone();
        let mut bytes = base64::decode(document.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
        bytes[5] ^= 1;
        *document.pointer_mut(pointer).unwrap() = base64::encode(bytes).into();
        let text = pem::encode(LABEL, document.to_string().as_bytes());
        assert!(matches!(open(text.as_bytes(), &password("pw")), Err(OpenError::Password)), "{pointer}");
    }
    let truncated = pem::encode(
        LABEL,
        document.to_string().replace("\"ciphertext\":\"", "\"ciphertext\":\"\",\"_\":\"").as_bytes(),
    );
    assert!(matches!(open(truncated.as_bytes(), &password("pw")), Err(OpenError::Password)));
}

/// A key file from elsewhere cannot make the program take memory or time without end.
#[test]
fn excessive_work_is_refused_at_once() {
    let start = std::time::Instant::now();
    for params in [
        r#""N":1073741824,"r":8,"p":1"#,
        r#""N":524288,"r":8,"p":1"#,
        r#""N":65536,"r":8,"p":9"#,
        r#""N":2,"r":1,"p":18446744073709551615"#,
        r#""N":9223372036854775808,"r":18446744073709551615,"p":18446744073709551615"#,
        r#""N":2,"r":1073741824,"p":1"#,
    ] {
        let text = changed(r#""N":65536,"r":8,"p":1"#, params);
        assert!(matches!(open(&text, &password("pw")), Err(OpenError::ExcessiveWork { .. })), "{params}");
    }
    let text = changed(r#""N":65536"#, r#""N":1073741824"#);
    assert_eq!(
        error(&text),
        "the key asks for scrypt N=1073741824 r=8 p=1, above the limits of 2097152 for N*r and 4194304 for N*r*p"
    );
    assert!(start.elapsed().as_secs() < 2);
}

#[test]
fn what_is_no_sealed_key_is_an_error_that_says_why() {
    for (text, reason) in [
        (
            changed(r#""N":65536"#, r#""N":65535"#),
            "kdf.params: scrypt N=65535 r=8 p=1; N must be a power of two",
        ),
        (changed(r#""N":65536"#, r#""N":0"#), "must be a power of two"),
        (changed(r#""r":8"#, r#""r":0"#), "r and p above 0"),
        (changed(r#""r":8"#, r#""r":-8"#), "invalid value"),
        (changed(r#""N":65536"#, r#""N":65536,"N":65536"#), "kdf.params.N: the member appears twice"),
        (changed("scrypt", "argon2"), "kdf.name: unknown algorithm `argon2`"),
        (changed("nacl/secretbox", "none"), "cipher.name: unknown algorithm `none`"),
        (changed(r#""nonce":""#, r#""nonce":"AAAA"#), "cipher.nonce: is not 24 bytes long"),
        (changed(r#""salt":""#, r#""salt":"*"#), "kdf.salt: is not base64"),
        (changed(r#""ciphertext""#, r#""text""#), "missing field `ciphertext`"),
        (pem::encode(LABEL, b"{").into_bytes(), "not JSON"),
        (
            COSIGN_3.replace(LABEL, "PRIVATE KEY").into_bytes(),
            "PEM block `PRIVATE KEY` is no encrypted cosign key",
        ),
        (COSIGN_3.repeat(2).into_bytes(), "more than one PEM block"),
        (b"hello".to_vec(), "no PEM block"),
    ] {
        let error = error(&text);
        assert!(error.starts_with("encrypted private key: ") && error.contains(reason), "{error} / {reason}");
    }
}
