//! Real tokens: `testdata/vectors`.

use super::*;
use crate::crypto::HashAlgorithm;
use crate::x509::Certificate;

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/testdata/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

struct Vector {
    token: Token,
    signed: Vec<u8>,
    chain: Vec<Certificate>,
}

fn load(name: &str) -> Vector {
    Vector {
        token: Token::from_der(&vector(&format!("{name}.tsr"))).unwrap(),
        signed: vector(&format!("{name}.signed")),
        chain: Certificate::chain_from_pem(&vector(&format!("{name}.pem"))).unwrap(),
    }
}

fn authority(chain: &[Certificate]) -> Authority<'_> {
    let (anchor, others) = chain.split_last().unwrap();
    Authority { anchors: std::slice::from_ref(anchor), others }
}

#[test]
fn real_tokens_verify_against_their_own_authority_alone() {
    let (staging, mock) = (load("tsa-staging"), load("tsa-mock"));
    let verify =
        |v: &Vector, a: &Vector| verify(&v.token, &v.signed, authority(&a.chain)).map(|t| t.to_string());
    assert_eq!(verify(&staging, &staging).unwrap(), "2025-06-12T12:02:20Z");
    assert_eq!(verify(&mock, &mock).unwrap(), "2023-02-01T00:00:00Z");
    assert_eq!(verify(&staging, &mock), Err(TimestampError::Authority));
    assert_eq!(verify(&mock, &staging), Err(TimestampError::Authority));
    assert_eq!(staging.token.imprint().algorithm(), HashAlgorithm::Sha256);
    assert_eq!(staging.token.policy(), "1.3.6.1.4.1.57264.2");
    assert_eq!(staging.token.certificates(), &staging.chain[..1]);
    assert!(mock.token.certificates().is_empty());
}

#[test]
fn another_imprint_is_reported_before_an_unknown_authority() {
    let (staging, mock) = (load("tsa-staging"), load("tsa-mock"));
    for chain in [&staging.chain, &mock.chain] {
        let verdict = verify(&staging.token, b"other", authority(chain));
        assert_eq!(verdict, Err(TimestampError::Imprint));
    }
}

#[test]
fn tokens_of_openssl_with_all_optional_fields_and_without() {
    let chain = Certificate::chain_from_pem(&vector("tsa-openssl.pem")).unwrap();
    let full = Token::from_der(&vector("tsa-openssl.tsr")).unwrap();
    let time = verify(&full, b"a signature", authority(&chain)).unwrap();
    assert_eq!(time.to_string(), "2026-11-20T11:35:00.132Z");
    assert_eq!((full.imprint().algorithm(), full.policy()), (HashAlgorithm::Sha384, "1.2.3.4.1"));
    assert_eq!(
        (full.serial().as_str(), hex::encode(full.nonce().unwrap()).as_str()),
        ("02", "57260dd1e1afa348")
    );
    assert_eq!(full.certificates().len(), 2);

    let bare = Token::from_der(&vector("tsa-openssl-bare.tsr")).unwrap();
    assert_eq!(bare.imprint().algorithm(), HashAlgorithm::Sha512);
    assert!(bare.certificates().is_empty() && bare.nonce().is_none());
    verify(&bare, b"a signature", authority(&chain)).unwrap();
    assert_eq!(verify(&bare, b"another signature", authority(&chain)), Err(TimestampError::Imprint));
    assert_eq!(
        verify(&bare, b"a signature", authority(&load("tsa-mock").chain)),
        Err(TimestampError::Authority)
    );
}

#[test]
fn a_bare_token_becomes_a_response() {
    let bare = vector("tsa-openssl-bare.tsr");
    let response = as_response(&bare).unwrap();
    assert!(response.ends_with(&bare) && response.len() > bare.len());
    let chain = Certificate::chain_from_pem(&vector("tsa-openssl.pem")).unwrap();
    verify(&Token::from_der(&response).unwrap(), b"a signature", authority(&chain)).unwrap();
    // A response stays as it is.
    assert_eq!(as_response(&response).unwrap(), response);
    assert!(as_response(&bare[..bare.len() - 1]).is_err() && as_response(b"").is_err());
}

mod issued;

/// A reply as long as its outermost length says, all of it object identifiers.
#[test]
fn cve_2025_66564_a_token_of_100_mb_is_refused_unread() {
    const LENGTH: u32 = 100 << 20;
    let mut der = vec![0x30, 0x84];
    der.extend(LENGTH.to_be_bytes());
    der.resize(6 + LENGTH as usize, 0x06);
    let error = Token::from_der(&der).unwrap_err();
    assert_eq!(error.kind, crate::crypto::DecodeKind::Limit, "{error}");
}
