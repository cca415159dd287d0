//! Algorithms of signatures and keys, by the numbers that Go gives them, and public keys.

use regorus::Value;

use super::reader::{Der, Fault, NULL, Read, SEQUENCE};
use super::values::{bytes, number, object};
use crate::crypto::{HashAlgorithm, PublicKey, SignatureScheme};
use HashAlgorithm::{Sha256, Sha384, Sha512};

/// How a certificate is signed: Go's number, and the scheme where it is one that Go trusts.
pub(super) type Signature = (u64, Option<SignatureScheme>);

/// Object identifiers (RFC 3279, 4055, 5758, 8410) with Go's number.
const SIGNATURES: &[(&[u64], Signature)] = &[
    (&[1, 2, 840, 113_549, 1, 1, 4], (2, None)),
    (&[1, 2, 840, 113_549, 1, 1, 5], (3, None)),
    (&[1, 3, 14, 3, 2, 29], (3, None)),
    (&[1, 2, 840, 113_549, 1, 1, 11], (4, Some(SignatureScheme::RsaPkcs1(Sha256)))),
    (&[1, 2, 840, 113_549, 1, 1, 12], (5, Some(SignatureScheme::RsaPkcs1(Sha384)))),
    (&[1, 2, 840, 113_549, 1, 1, 13], (6, Some(SignatureScheme::RsaPkcs1(Sha512)))),
    (&[1, 2, 840, 10040, 4, 3], (7, None)),
    (&[2, 16, 840, 1, 101, 3, 4, 3, 2], (8, None)),
    (&[1, 2, 840, 10045, 4, 1], (9, None)),
    (&[1, 2, 840, 10045, 4, 3, 2], (10, Some(SignatureScheme::Ecdsa(Sha256)))),
    (&[1, 2, 840, 10045, 4, 3, 3], (11, Some(SignatureScheme::Ecdsa(Sha384)))),
    (&[1, 2, 840, 10045, 4, 3, 4], (12, Some(SignatureScheme::Ecdsa(Sha512)))),
];
const PSS: [u64; 7] = [1, 2, 840, 113_549, 1, 1, 10];
const ED25519: [u64; 4] = [1, 3, 101, 112];
/// The arcs above the identifiers of ML-DSA, ML-KEM and their kin.
const POST_QUANTUM: [u64; 7] = [2, 16, 840, 1, 101, 3, 4];

/// An AlgorithmIdentifier: the algorithm, and its parameters as they stand.
pub(super) fn identifier(mut fields: Der<'_>) -> Read<(Vec<u64>, &[u8])> {
    let algorithm = fields.identifier()?;
    let parameters = if fields.is_empty() { &[] } else { fields.any()?.whole };
    Ok((algorithm, parameters))
}

/// What signs a certificate.
pub(super) fn signature(algorithm: &[u64], parameters: &[u8]) -> Read<Signature> {
    if algorithm == ED25519 {
        return Ok(match parameters {
            [] => (16, Some(SignatureScheme::Ed25519)),
            _ => (0, None),
        });
    }
    if algorithm == PSS {
        return pss(parameters);
    }
    match SIGNATURES.iter().find(|(known, _)| *known == algorithm) {
        Some((_, signature)) => Ok(*signature),
        None if algorithm.starts_with(&POST_QUANTUM) => Err(unknown("signature", algorithm)),
        None => Ok((0, None)),
    }
}

/// RSASSA-PSS with the parameters that are usual (RFC 4055 section 3.1): one hash, and a salt as long as it.
fn pss(parameters: &[u8]) -> Read<Signature> {
    for (hash, number) in [(Sha256, 13), (Sha384, 14), (Sha512, 15)] {
        let (arc, salt) = match hash {
            Sha256 => (1, 32),
            Sha384 => (2, 48),
            _ => (3, 64),
        };
        let hash_algorithm = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc, 5, 0];
        let mut usual = vec![0x30, 52, 0xa0, 15];
        usual.extend(hash_algorithm);
        usual.extend([0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 8]);
        usual.extend(hash_algorithm);
        usual.extend([0xa2, 3, 2, 1, salt]);
        if usual == parameters {
            return Ok((number, Some(SignatureScheme::RsaPss(hash))));
        }
    }
    Err(Fault::Undecided("a certificate signed by RSASSA-PSS with unusual parameters".to_owned()))
}

fn unknown(what: &str, algorithm: &[u64]) -> Fault {
    let dotted: Vec<String> = algorithm.iter().map(u64::to_string).collect();
    Fault::Undecided(format!("a certificate with the {what} algorithm {}", dotted.join(".")))
}

/// A public key: Go's number of its kind, and its value.
pub(super) fn key(algorithm: &[u64], parameters: &[u8], content: &[u8]) -> Read<(u64, Value)> {
    match algorithm {
        [1, 2, 840, 113_549, 1, 1, 1] => Ok((1, rsa(parameters, content)?)),
        [1, 2, 840, 10040, 4, 1] => Ok((2, dsa(parameters, content)?)),
        [1, 2, 840, 10045, 2, 1] => Ok((3, ecdsa(parameters, content)?)),
        [1, 3, 101, 112] => match (parameters, content.len()) {
            ([], 32) => Ok((4, bytes(content))),
            _ => Err(Fault::Wrong),
        },
        _ if algorithm.starts_with(&POST_QUANTUM) || algorithm == [1, 3, 101, 110] => {
            Err(unknown("key", algorithm))
        }
        _ => Ok((0, Value::Null)),
    }
}

fn positive(der: &mut Der<'_>) -> Read<Value> {
    match der.integer()? {
        [0] | [0x80..=0xff, ..] => Err(Fault::Wrong),
        content => number(content),
    }
}

fn rsa(parameters: &[u8], content: &[u8]) -> Read<Value> {
    if parameters != [NULL, 0] {
        return Err(Fault::Wrong);
    }
    let mut fields = Der(content).within(SEQUENCE)?;
    let (modulus, exponent) = (fields.integer()?, fields.small()?);
    if matches!(modulus, [0] | [0x80..=0xff, ..]) || exponent <= 0 {
        return Err(Fault::Wrong);
    }
    Ok(object([("E", exponent.into()), ("N", number(modulus)?)]))
}

fn dsa(parameters: &[u8], content: &[u8]) -> Read<Value> {
    let y = positive(&mut Der(content))?;
    let mut fields = Der(parameters).within(SEQUENCE)?;
    let (p, q) = (positive(&mut fields)?, positive(&mut fields)?);
    Ok(object([("G", positive(&mut fields)?), ("P", p), ("Q", q), ("Y", y)]))
}

/// A point (SEC 1 section 2.3.4) that is not compressed and lies on its curve.
fn ecdsa(parameters: &[u8], content: &[u8]) -> Read<Value> {
    let curve = Der(parameters).identifier()?;
    let (head, size) = match curve.as_slice() {
        [1, 2, 840, 10045, 3, 1, 7] => ("3059301306072a8648ce3d020106082a8648ce3d030107034200", 32),
        [1, 3, 132, 0, 34] => ("3076301006072a8648ce3d020106052b81040022036200", 48),
        [1, 3, 132, 0, 35] => ("30819b301006072a8648ce3d020106052b8104002303818600", 66),
        [1, 3, 132, 0, 33] => return Err(Fault::Undecided("a key on the curve P-224".to_owned())),
        _ => return Err(Fault::Wrong),
    };
    let [4, point @ ..] = content else { return Err(Fault::Wrong) };
    let (x, y) = point.split_at_checked(size).filter(|(_, y)| y.len() == size).ok_or(Fault::Wrong)?;
    let mut spki = hex::decode(head).map_err(|_| Fault::Wrong)?;
    spki.extend(content);
    PublicKey::from_spki_der(&spki).map_err(|_| Fault::Wrong)?;
    Ok(object([("Curve", Value::new_object()), ("X", number(x)?), ("Y", number(y)?)]))
}
