use super::*;
use crate::crypto::{PrivateKey, SigningInput, SigningKey, sign_at_once};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/testdata/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn sign(key: &PrivateKey, digest: Digest) -> Vec<u8> {
    sign_at_once(key, &SigningInput::Digest(digest)).unwrap()
}

#[test]
fn pem_round_trips_byte_for_byte() {
    for name in ["p256.pub.pem", "rsa2048.pub.pem", "cosign-2.pub", "cosign-3.pub"] {
        let text = String::from_utf8(file(name)).unwrap();
        assert_eq!(PublicKey::from_pem(text.as_bytes()).unwrap().to_pem(), text, "{name}");
    }
    let [pkcs1, spki] =
        ["rsa2048.pkcs1.pub.pem", "rsa2048.pub.pem"].map(|n| PublicKey::from_pem(&file(n)).unwrap());
    assert_eq!(pkcs1, spki);
    assert_eq!(spki.key_type(), KeyType::Rsa { bits: 2048 });
}

#[test]
fn every_other_kind_is_refused_by_its_name() {
    for (name, reason) in [
        ("refused/secp256k1.pub.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/p256-explicit.pub.pem", "elliptic curve by parameters"),
        ("refused/p256-compressed.pub.pem", "not an uncompressed point of ECDSA P-256"),
        ("refused/rsa1024.pub.pem", "RSA modulus of 1024 bits"),
        ("refused/rsa-pss.pub.pem", "RSA restricted to PSS is not supported"),
        ("refused/dsa.pub.pem", "DSA is not supported"),
        ("refused/ed448.pub.pem", "Ed448 is not supported"),
        ("refused/certificate.pem", "PEM block `CERTIFICATE` is not a public key"),
        ("p256.pkcs8.pem", "this is a private key (PEM block `PRIVATE KEY`)"),
        ("cosign-3.key", "this is a private key (PEM block `ENCRYPTED SIGSTORE PRIVATE KEY`)"),
        ("README.md", "no PEM block"),
    ] {
        let error = PublicKey::from_pem(&file(name)).unwrap_err().to_string();
        assert!(error.starts_with("public key: ") && error.contains(reason), "{name}: {error}");
    }
    let two = [file("p256.pub.pem"), file("cosign-3.pub")].concat();
    assert!(PublicKey::from_pem(&two).unwrap_err().to_string().contains("more than one PEM block"));
}

#[test]
fn damaged_der_is_refused_without_a_panic() {
    for name in ["p256.pub.pem", "rsa2048.pub.pem"] {
        let key = PublicKey::from_pem(&file(name)).unwrap();
        let der = key.spki_der();
        for length in 0..der.len() {
            assert!(PublicKey::from_spki_der(&der[..length]).is_err(), "{name} {length}");
        }
        assert!(PublicKey::from_spki_der(&[der, &[0]].concat()).is_err());
        for i in 0..der.len() {
            let mut der = der.to_vec();
            der[i] ^= 0x10;
            if let Ok(changed) = PublicKey::from_spki_der(&der) {
                assert_ne!(changed, key);
            }
        }
    }
    // A point that is not on the curve: invalid-curve attacks.
    let mut point = [4; 65];
    point[64] = 7;
    assert!(PublicKey::from_point(oid::P256, &point).unwrap_err().to_string().contains("not on the curve"));
    assert!(PublicKey::from_point(oid::P256, &[0]).is_err(), "the point at infinity");
}

#[test]
fn rsa_keys_with_odd_numbers_are_refused() {
    let good = pem::decode("", &file("rsa2048.pkcs1.pub.pem"), 1).unwrap().remove(0).contents;
    let numbers = RsaPublicKey::from_der(&good).unwrap();
    let with = |modulus: &[u8], exponent: &[u8]| {
        let key = RsaPublicKey {
            modulus: UintRef::new(modulus).unwrap(),
            exponent: UintRef::new(exponent).unwrap(),
        };
        PublicKey::from_pkcs1(&key.to_der().unwrap())
    };
    assert!(with(numbers.modulus.as_bytes(), &[3]).is_ok());
    for exponent in [&[0][..], &[1], &[2], &[1, 0, 0], &[0x80, 0, 0, 1], &[1, 0, 0, 0, 1], &[1; 40]] {
        assert!(with(numbers.modulus.as_bytes(), exponent).is_err(), "{exponent:?}");
    }
    let mut even = numbers.modulus.as_bytes().to_vec();
    *even.last_mut().unwrap() &= 0xfe;
    assert!(with(&even, &[1, 0, 1]).is_err(), "an even modulus");
    assert!(with(&[0xff; 1025], &[1, 0, 1]).unwrap_err().to_string().contains("8200 bits"));
}

/// Every refusal that matters for a signature value, in the manner of the Wycheproof vectors.
#[test]
fn changed_signatures_are_refused() {
    for key_type in
        [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
    {
        let key = PrivateKey::generate(key_type).unwrap();
        let hash = key_type.default_hash();
        let scheme = match key_type {
            KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
            KeyType::Ed25519 => SignatureScheme::Ed25519ph,
            _ => SignatureScheme::Ecdsa(hash),
        };
        let signature = sign(&key, hash.digest(b"message"));
        let verify = |key: &PrivateKey, message: &[u8], signature: &[u8]| {
            key.public_key().verify(scheme, Signed::Message(message), signature)
        };
        verify(&key, b"message", &signature).unwrap();
        let invalid = Err(SignatureError::Invalid(key_type));
        assert_eq!(verify(&key, b"message ", &signature), invalid);
        assert_eq!(verify(&PrivateKey::generate(key_type).unwrap(), b"message", &signature), invalid);
        for i in 0..signature.len() {
            let mut changed = signature.clone();
            changed[i] ^= 1;
            assert_eq!(verify(&key, b"message", &changed), invalid, "{key_type} byte {i}");
            assert_eq!(verify(&key, b"message", &signature[..i]), invalid, "{key_type} {i} bytes");
        }
        for extended in
            [[&signature[..], &[0]].concat(), [&[0], &signature[..]].concat(), vec![0; signature.len()]]
        {
            assert_eq!(verify(&key, b"message", &extended), invalid, "{key_type}");
        }
    }
}

/// ECDSA values that careless verifiers accept ("psychic signatures", CVE-2022-21449, and encodings other than DER).
#[test]
fn cve_2022_21449_degenerate_ecdsa_signatures_are_refused() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    for text in [
        "3006020100020100".to_string(),
        "3006020101020100".to_string(),
        "3006020100020101".to_string(),
        "3006020101020101".to_string(),
        format!("3026022100{order}020101"),
        format!("3026020101022100{order}"),
        "3006020181020181".to_string(),
        "30800201010201010000".to_string(),
        "3000".to_string(),
        String::new(),
    ] {
        let signature = hex::decode(&text).unwrap();
        let result = key.public_key().verify(
            SignatureScheme::Ecdsa(HashAlgorithm::Sha256),
            Signed::Message(b""),
            &signature,
        );
        assert_eq!(result, Err(SignatureError::Invalid(KeyType::P256)), "{text}");
    }
    // A sound signature whose length is written in two bytes (BER, not DER).
    let signature = sign(&key, HashAlgorithm::Sha256.digest(b""));
    let long = [&[0x30, 0x81], &signature[1..]].concat();
    let verify = |signature: &[u8]| {
        key.public_key().verify(
            SignatureScheme::Ecdsa(HashAlgorithm::Sha256),
            Signed::Message(b""),
            signature,
        )
    };
    assert!(verify(&signature).is_ok());
    assert!(verify(&long).is_err());
}

#[test]
fn the_hash_of_a_signature_is_part_of_it() {
    let rsa = PrivateKey::from_pem(&file("rsa2048.pkcs1.pem")).unwrap();
    let p384 = PrivateKey::from_pem(&file("p384.sec1.pem")).unwrap();
    let message = b"message";
    for made in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        for asked in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let scheme = |key: &PrivateKey, scheme| {
                key.public_key()
                    .verify(scheme, Signed::Message(message), &sign(key, made.digest(message)))
                    .is_ok()
            };
            assert_eq!(scheme(&rsa, SignatureScheme::RsaPkcs1(asked)), made == asked, "{made} {asked}");
            assert_eq!(scheme(&p384, SignatureScheme::Ecdsa(asked)), made == asked, "{made} {asked}");
            assert!(!scheme(&rsa, SignatureScheme::RsaPss(asked)), "{made} {asked}");
        }
    }
}

#[test]
fn schemes_of_other_keys_and_missing_digests_are_told_apart() {
    let key = PublicKey::from_pem(&file("p256.pub.pem")).unwrap();
    let digests = Digests::from(HashAlgorithm::Sha256.digest(b""));
    let stream = Signed::Stream { digests: &digests, ed25519: &[] };
    for scheme in [
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256),
        SignatureScheme::RsaPss(HashAlgorithm::Sha256),
        SignatureScheme::Ed25519,
        SignatureScheme::Ed25519ph,
    ] {
        assert_eq!(
            key.verify(scheme, stream, b""),
            Err(SignatureError::Scheme { key: KeyType::P256, scheme })
        );
    }
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha384);
    assert_eq!(key.verify(scheme, stream, b""), Err(SignatureError::Unavailable { scheme }));
    let rsa = PublicKey::from_pem(&file("rsa2048.pub.pem")).unwrap();
    let scheme = SignatureScheme::RsaPkcs1(HashAlgorithm::Sha224);
    let unsupported = Err(SignatureError::Scheme { key: KeyType::Rsa { bits: 2048 }, scheme });
    assert_eq!(rsa.verify(scheme, Signed::Message(b""), b""), unsupported);
}

/// Signatures by OpenSSL, over hashes that are longer and shorter than the curve's order too.
#[test]
fn openssl_signs_with_every_hash() {
    let vectors = String::from_utf8(file("openssl-signatures.tsv")).unwrap();
    for line in vectors.lines() {
        let [key, hash, scheme, signature] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let key = PrivateKey::from_pem(&file(key)).unwrap();
        let hash = HashAlgorithm::from_name(hash).unwrap();
        let scheme = match scheme {
            "pkcs1" => SignatureScheme::RsaPkcs1(hash),
            "pss" => SignatureScheme::RsaPss(hash),
            _ => SignatureScheme::Ecdsa(hash),
        };
        let signature = hex::decode(signature).unwrap();
        let verify = |message: &[u8]| key.public_key().verify(scheme, Signed::Message(message), &signature);
        assert_eq!(verify(b"hello\n"), Ok(()), "{line}");
        assert!(verify(b"hello").is_err(), "{line}");
    }
    assert_eq!(vectors.lines().count(), 18);
}
