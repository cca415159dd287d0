use super::*;
use crate::crypto::{
    HashAlgorithm, PrivateKey, SignatureError, SignatureScheme, Signed, SigningInput, SigningKey,
    sign_at_once,
};

/// RFC 8032 section 7.1, tests 1 and 2, and section 7.3: seed, public key, message, signature.
const PURE: [[&str; 4]; 2] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24\
         655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee\
         b00d291612bb0c00",
    ],
];
const PH: [&str; 4] = [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "616263",
    "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad1\
     1c2a26083406",
];
/// The order of the group, little-endian (RFC 8032 section 5.1).
const L: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn bytes(vector: [&str; 4]) -> [Vec<u8>; 4] {
    vector.map(|text| hex::decode(text).unwrap())
}

fn pkcs8(seed: &[u8]) -> Vec<u8> {
    [&hex::decode("302e020100300506032b657004220420").unwrap(), seed].concat()
}

fn sign(seed: &[u8], input: SigningInput) -> Vec<u8> {
    let key = PrivateKey::from_der(&pkcs8(seed)).unwrap();
    sign_at_once(&key, &input).unwrap()
}

#[test]
fn rfc_8032_pure() {
    for [seed, public, message, signature] in PURE.map(bytes) {
        assert_eq!(sign(&seed, SigningInput::message(message.clone())), signature);
        let key = PublicKey::from_ed25519(&public).unwrap();
        key.verify(SignatureScheme::Ed25519, Signed::Message(&message), &signature).unwrap();
        let ph = key.verify(SignatureScheme::Ed25519ph, Signed::Message(&message), &signature);
        assert_eq!(ph, Err(SignatureError::Invalid(key.key_type())));
    }
}

#[test]
fn rfc_8032_prehashed() {
    let [seed, public, message, signature] = bytes(PH);
    let digest = HashAlgorithm::Sha512.digest(&message);
    assert_eq!(sign(&seed, SigningInput::Digest(digest.clone())), signature);
    let key = PublicKey::from_ed25519(&public).unwrap();
    let digests = digest.into();
    for signed in [Signed::Message(&message), Signed::Stream { digests: &digests, ed25519: &[] }] {
        key.verify(SignatureScheme::Ed25519ph, signed, &signature).unwrap();
        assert!(key.verify(SignatureScheme::Ed25519, signed, &signature).is_err());
    }
}

#[test]
fn streams_answer_for_their_own_key_and_signature_only() {
    let [one, two] = PURE.map(bytes);
    let message = vec![7; 100_000];
    let signature = sign(&one[0], SigningInput::message(message.clone()));
    let (key, other) = (PublicKey::from_ed25519(&one[1]).unwrap(), PublicKey::from_ed25519(&two[1]).unwrap());
    let stream = |key: &PublicKey, signature: &[u8], message: &[u8]| {
        let mut stream = Ed25519Stream::new(key, signature).unwrap();
        message.chunks(777).for_each(|chunk| stream.update(chunk));
        stream.finish()
    };
    let digests = crate::crypto::Digests::default();
    let verify = |streamed: &[Ed25519Streamed], key: &PublicKey, signature: &[u8]| {
        key.verify(
            SignatureScheme::Ed25519,
            Signed::Stream { digests: &digests, ed25519: streamed },
            signature,
        )
    };
    let unavailable = Err(SignatureError::Unavailable { scheme: SignatureScheme::Ed25519 });
    let invalid = Err(SignatureError::Invalid(key.key_type()));

    let good = stream(&key, &signature, &message);
    let mut changed = signature.clone();
    changed[3] ^= 1;
    let wrong = [stream(&key, &changed, &message), stream(&other, &signature, &message)];
    assert_eq!(verify(&[wrong[0].clone(), good.clone()], &key, &signature), Ok(()));
    assert_eq!(verify(&[], &key, &signature), unavailable);
    assert_eq!(verify(std::slice::from_ref(&good), &key, &changed), unavailable);
    assert_eq!(verify(&[good], &other, &signature), unavailable);
    assert_eq!(verify(&wrong, &key, &changed), invalid);
    assert_eq!(verify(&wrong, &other, &signature), invalid);
    assert_eq!(verify(&[stream(&key, &signature, &message[1..])], &key, &signature), invalid);
    assert!(Ed25519Stream::new(&key, &signature[..63]).is_none());
    let p256 = PrivateKey::generate(crate::crypto::KeyType::P256).unwrap();
    assert!(Ed25519Stream::new(p256.public_key(), &signature).is_none());
}

/// Section 5.1.7 step 1: S must be below L, or a second signature could be made of every signature.
#[test]
fn signatures_are_not_malleable() {
    let [_, public, message, mut signature] = bytes(PURE[1]);
    let key = PublicKey::from_ed25519(&public).unwrap();
    let mut carry = 0;
    for (s, l) in signature[32..].iter_mut().zip(hex::decode(L).unwrap()) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        *s = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert!(key.verify(SignatureScheme::Ed25519, Signed::Message(&message), &signature).is_err());
    assert!(Ed25519Stream::new(&key, &signature).is_none_or(|s| {
        let mut s = s;
        s.update(&message);
        !s.finish().valid
    }));
    for length in [0, 32, 63, 65] {
        signature.resize(length, 0);
        assert!(key.verify(SignatureScheme::Ed25519, Signed::Message(&message), &signature).is_err());
    }
}

/// Under a key of small order one signature fits every message.
#[test]
fn keys_of_small_order_are_refused() {
    for point in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0100000000000000000000000000000000000000000000000000000000000080",
    ] {
        let error = PublicKey::from_ed25519(&hex::decode(point).unwrap()).unwrap_err().to_string();
        assert!(error.contains("small order"), "{error}");
    }
    assert!(PublicKey::from_ed25519(&[2; 31]).is_err());
    // y = 2 is on no point of the curve.
    let mut off = [0; 32];
    off[0] = 2;
    assert!(PublicKey::from_ed25519(&off).is_err());
}
