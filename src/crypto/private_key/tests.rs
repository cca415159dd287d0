use super::*;
use crate::crypto::public_key::Parsed;
use crate::crypto::{Digests, SignatureScheme, Signed};

fn signature(key: &PrivateKey, input: SigningInput) -> Result<Vec<u8>, SignError> {
    key.sign_now(&input)
}

#[test]
fn every_kind_signs_and_round_trips() {
    for key_type in
        [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
    {
        let key = PrivateKey::generate(key_type).unwrap();
        assert_eq!(key.public_key().key_type(), key_type);
        let again = PrivateKey::from_der(key.to_pkcs8().unwrap().expose()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        let message = b"message";
        for hash in HashAlgorithm::ALL {
            let digest = hash.digest(message);
            let scheme = match key_type {
                KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
                KeyType::Ed25519 => SignatureScheme::Ed25519ph,
                _ => SignatureScheme::Ecdsa(hash),
            };
            let signed = signature(&again, SigningInput::Digest(digest.clone()));
            let possible = match key_type {
                KeyType::Rsa { .. } => hash != HashAlgorithm::Sha224,
                KeyType::Ed25519 => hash == HashAlgorithm::Sha512,
                _ => true,
            };
            assert_eq!(signed.is_ok(), possible, "{key_type} {hash}");
            let Ok(signed) = signed else { continue };
            let stream = Digests::from(digest);
            key.public_key().verify(scheme, Signed::Message(message), &signed).unwrap();
            key.public_key()
                .verify(scheme, Signed::Stream { digests: &stream, ed25519: &[] }, &signed)
                .unwrap();
            assert!(key.public_key().verify(scheme, Signed::Message(b"messagf"), &signed).is_err());
        }
    }
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/testdata/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_encoding_of_openssl_is_read() {
    let p256 = PublicKey::from_pem(&file("p256.pub.pem")).unwrap();
    for name in
        ["p256.parameters-sec1.pem", "p256.pkcs8.pem", "p256.no-public.sec1.pem", "p256.compressed.sec1.pem"]
    {
        assert_eq!(PrivateKey::from_pem(&file(name)).unwrap().public_key(), &p256, "{name}");
    }
    for (name, key_type) in [
        ("p384.sec1.pem", KeyType::P384),
        ("p521.sec1.pem", KeyType::P521),
        ("ed25519.pkcs8.pem", KeyType::Ed25519),
        ("rsa2048.pkcs1.pem", KeyType::Rsa { bits: 2048 }),
        ("rsa3072.pkcs8.pem", KeyType::Rsa { bits: 3072 }),
    ] {
        let text = file(name);
        let key = PrivateKey::from_pem(&text).unwrap();
        assert_eq!(key.public_key().key_type(), key_type, "{name}");
        let der = pem::decode("", &text, 1).unwrap().remove(0).contents;
        assert_eq!(PrivateKey::from_der(&der).unwrap().public_key(), key.public_key(), "{name}");
    }
}

#[test]
fn every_other_kind_is_refused_by_its_name() {
    for (name, reason) in [
        ("refused/secp256k1.sec1.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/secp256k1.pkcs8.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/p224.sec1.pem", "elliptic curve P-224 is not supported"),
        ("refused/p256-explicit.sec1.pem", "elliptic curve by parameters"),
        ("refused/p256-old-encryption.sec1.pem", "PEM block `EC PRIVATE KEY` with OpenSSL's old encryption"),
        ("refused/rsa1024.pkcs8.pem", "RSA modulus of 1024 bits"),
        ("refused/rsa-three-primes.pkcs1.pem", "RSA key with more than two primes"),
        ("refused/rsa-pss.pkcs8.pem", "RSA restricted to PSS is not supported"),
        ("refused/dsa.pkcs8.pem", "DSA is not supported"),
        ("refused/x25519.pkcs8.pem", "X25519 is not supported"),
        ("refused/ed448.pkcs8.pem", "Ed448 is not supported"),
        ("refused/certificate.pem", "PEM block `CERTIFICATE` is not a supported private key"),
        ("p256.encrypted-pkcs8.pem", "PEM block `ENCRYPTED PRIVATE KEY` is not a supported private key"),
        ("cosign-3.key", "PEM block `ENCRYPTED SIGSTORE PRIVATE KEY` is not a supported private key"),
        ("p256.pub.pem", "this is a public key (PEM block `PUBLIC KEY`)"),
        ("rsa2048.pkcs1.pub.pem", "this is a public key (PEM block `RSA PUBLIC KEY`)"),
        ("README.md", "no PEM block"),
    ] {
        let error = PrivateKey::from_pem(&file(name)).unwrap_err().to_string();
        assert!(error.starts_with("private key: ") && error.contains(reason), "{name}: {error}");
    }
    let two = [file("p384.sec1.pem"), file("p521.sec1.pem")].concat();
    assert!(PrivateKey::from_pem(&two).unwrap_err().to_string().contains("more than one PEM block"));
}

/// Go writes and reads these; cosign reads nothing else.
#[test]
fn pkcs8_is_version_1_without_a_public_key_attribute() {
    for key_type in
        [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
    {
        let der = PrivateKey::generate(key_type).unwrap().to_pkcs8().unwrap();
        let info = PrivateKeyInfo::try_from(der.expose()).unwrap();
        assert_eq!((info.version(), info.public_key), (pkcs8::Version::V1, None), "{key_type}");
    }
}

#[test]
fn pkcs8_version_2_is_read_and_its_public_key_compared() {
    let key = PrivateKey::from_pem(&file("ed25519.pkcs8.pem")).unwrap();
    let Parsed::Ed25519(public) = key.public_key().parsed() else { panic!() };
    let pkcs8 = key.to_pkcs8().unwrap();
    let mut info = PrivateKeyInfo::try_from(pkcs8.expose()).unwrap();
    info.public_key = Some(public.as_bytes());
    assert_eq!(PrivateKey::from_der(&info.to_der().unwrap()).unwrap().public_key(), key.public_key());
    info.public_key = Some(&[9; 32]);
    let error = PrivateKey::from_der(&info.to_der().unwrap()).unwrap_err().to_string();
    assert_eq!(error, "private key: the public key inside does not belong to the private key");
}

#[test]
fn a_foreign_public_key_inside_is_refused() {
    let der = pem::decode("", &file("p384.sec1.pem"), 1).unwrap().remove(0).contents;
    let mut key = EcPrivateKey::from_der(&der).unwrap();
    let other = PrivateKey::generate(KeyType::P384).unwrap();
    let Parsed::Ecdsa(point) = other.public_key().parsed() else { panic!() };
    key.public_key = Some(BitStringRef::from_bytes(point.as_ref()).unwrap());
    let error = PrivateKey::from_der(&key.to_der().unwrap()).unwrap_err().to_string();
    assert_eq!(error, "private key: the public key inside does not belong to the private key");
}

#[test]
fn curves_are_named_once_or_twice_alike() {
    let der = pem::decode("", &file("p384.sec1.pem"), 1).unwrap().remove(0).contents;
    let mut key = EcPrivateKey::from_der(&der).unwrap();
    key.public_key = None;
    key.parameters = None;
    let nameless = key.to_der().unwrap();
    assert!(PrivateKey::from_der(&nameless).unwrap_err().to_string().contains("no curve is named"));
    key.parameters = Some((&oid::P384).into());
    let inner = key.to_der().unwrap();
    let pkcs8 = |curve: &ObjectIdentifier, inner: &[u8]| {
        let algorithm = pkcs8::AlgorithmIdentifierRef { oid: oid::EC, parameters: Some(curve.into()) };
        PrivateKey::from_der(&PrivateKeyInfo::new(algorithm, inner).to_der().unwrap())
    };
    assert_eq!(pkcs8(&oid::P384, &nameless).unwrap().public_key().key_type(), KeyType::P384);
    assert_eq!(pkcs8(&oid::P384, &inner).unwrap().public_key().key_type(), KeyType::P384);
    assert!(pkcs8(&oid::P521, &inner).unwrap_err().to_string().contains("two different curves"));
    // The scalar of P-384 has more digits than P-256 takes.
    assert!(pkcs8(&oid::P256, &nameless).unwrap_err().to_string().contains("too long"));
}

#[test]
fn scalars_out_of_range_and_of_other_lengths() {
    let key = |scalar: &[u8]| {
        let key = EcPrivateKey {
            version: 1,
            private_key: OctetStringRef::new(scalar).unwrap(),
            parameters: Some((&oid::P256).into()),
            public_key: None,
        };
        PrivateKey::from_der(&key.to_der().unwrap())
    };
    let one = key(&[1]).unwrap();
    let padded = [vec![0; 40], vec![1]].concat();
    assert_eq!(key(&padded).unwrap().public_key(), one.public_key());
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    for scalar in [&[][..], &[0; 32], &order, &[0xff; 32], &[1; 33]] {
        assert!(key(scalar).is_err(), "{scalar:?}");
    }
}

#[test]
fn damaged_der_is_refused_without_a_panic() {
    for name in ["p256.pkcs8.pem", "ed25519.pkcs8.pem", "rsa2048.pkcs1.pem", "p521.sec1.pem"] {
        let der = pem::decode("", &file(name), 2).unwrap().remove(0).contents;
        for length in 0..der.len() {
            assert!(PrivateKey::from_der(&der[..length]).is_err(), "{name} {length}");
        }
        assert!(PrivateKey::from_der(&[&der[..], &[0]].concat()).is_err(), "{name}");
        let public = PrivateKey::from_der(&der).unwrap();
        for i in 0..der.len().min(200) {
            let mut der = der.clone();
            der[i] ^= 0x41;
            // Some changes give another sound key (another Ed25519 seed), none may give the same with other numbers.
            if let Ok(key) = PrivateKey::from_der(&der) {
                assert!(key.public_key() != public.public_key() || name.starts_with("rsa"), "{name} {i}");
            }
        }
    }
}

#[test]
fn nothing_secret_is_shown() {
    let key = PrivateKey::from_pem(&file("ed25519.pkcs8.pem")).unwrap();
    let text = format!("{key:?} {:?}", key.to_pkcs8().unwrap());
    assert!(text.starts_with("PrivateKey(PublicKey(Ed25519, ") && text.ends_with(" Secret(..)"), "{text}");
}
