use super::*;
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
