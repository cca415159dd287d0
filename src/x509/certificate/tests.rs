use super::super::asn1::encode;
use super::super::encode::{encode_oid, encode_unsigned};
use super::super::issue::fixtures::{p256, self_signed, span};
use super::super::issue::{Extension, Issuer, Template};
use super::*;
use crate::crypto::SigningKey;

fn template() -> Template {
    Template::code_signing(&[SubjectAlternativeName::Email("a@example.com".to_owned())], span(0, 100))
}

fn der(template: &Template) -> Vec<u8> {
    template.issue_der(p256("leaf").public_key(), Issuer { key: p256("leaf"), certificate: None }).unwrap()
}

/// The reason why a template's certificate is refused.
#[track_caller]
fn refusal(template: &Template) -> String {
    Certificate::from_der(&der(template)).unwrap_err().to_string()
}

fn with(oid: &str, value: Vec<u8>) -> Template {
    template().with(Extension::custom(oid, false, value))
}

#[test]
fn encodings_are_kept_and_compared() {
    let der = der(&template());
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.der(), der);
    assert_eq!(certificate, certificate.clone());
    assert_ne!(certificate, self_signed(&template().serial(&[2]), "leaf"));
    assert_eq!(certificate.spki_der(), p256("leaf").public_key().spki_der());
    assert_eq!(&certificate.public_key().unwrap(), p256("leaf").public_key());
}

#[test]
fn sizes_truncations_and_trailing_bytes_are_refused() {
    let der = der(&template());
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
    }
    assert!(Certificate::from_der(&[der.as_slice(), &[0]].concat()).is_err());
    let large = with("1.2.3", vec![0; MAX_LENGTH]);
    assert!(refusal(&large).ends_with("bytes, more than 65536"));
}

/// Every byte, every bit: an error or a certificate, no panic, in the parser and in all that reads the parsed.
#[test]
fn changed_bytes_never_panic() {
    let names = [
        SubjectAlternativeName::Uri("https://example.com/x".to_owned()),
        SubjectAlternativeName::Ip("192.0.2.1".to_owned()),
        SubjectAlternativeName::Other("user!domain".to_owned()),
    ];
    let mut template = Template::code_signing(&names, span(0, 100));
    template.common_name = "leaf".to_owned();
    let sound = der(&template.with(Extension::fulcio_text(8, "https://issuer.example")));
    for place in 0..sound.len() {
        for bit in 0..8 {
            let mut der = sound.clone();
            der[place] ^= 1 << bit;
            let Ok(certificate) = Certificate::from_der(&der) else { continue };
            let _ =
                (certificate.public_key(), certificate.subject_alternative_names(), certificate.subject());
            let _ =
                (super::super::fulcio::extensions(&certificate), super::super::sct::embedded(&certificate));
            let verdict = certificate.is_signed_by(&certificate);
            assert_ne!(verdict, Ok(true), "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn versions_and_their_extensions() {
    assert!(Certificate::from_der(&der(&Template { version: 1, ..template() })).is_ok());
    assert!(refusal(&Template { version: 4, ..template() }).contains("unknown version number 3"));
    // Version 2 in a certificate that has extensions.
    let mut changed = der(&template());
    let version = changed.windows(5).position(|w| w == [0xa0, 3, 2, 1, 2]).unwrap();
    changed[version + 4] = 1;
    assert!(Certificate::from_der(&changed).unwrap_err().reason.contains("version 2"));
}

#[test]
fn the_algorithm_stands_twice_and_is_the_same() {
    let mut der = der(&template());
    let ecdsa_with_sha256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
    let place = der.windows(8).position(|w| w == ecdsa_with_sha256).unwrap();
    der[place + 7] = 3;
    assert!(Certificate::from_der(&der).unwrap_err().reason.contains("differs from the one inside"));
}

#[test]
fn extensions_are_bounded_and_each_is_there_once() {
    let mut twice = template();
    twice.extensions.push(Extension::custom("1.2.3", false, vec![]));
    twice.extensions.push(Extension::custom("1.2.3", false, vec![]));
    assert_eq!(refusal(&twice), "certificate: extensions: extension 1.2.3 appears twice");
    let mut many = template();
    many.extensions
        .extend((0..MAX_EXTENSIONS).map(|n| Extension::custom(&format!("1.2.3.{n}"), false, vec![])));
    assert!(refusal(&many).contains("more than 128"));
}

#[test]
fn extensions_that_govern_paths_are_well_formed() {
    for (oid, value) in [
        ("2.5.29.19", vec![]),
        ("2.5.29.19", b"\x30\x03\x01\x01\x01".to_vec()), // BOOLEAN 01
        ("2.5.29.19", b"\x30\x06\x01\x01\xff\x02\x01\xff".to_vec()), // path length -1
        ("2.5.29.15", b"\x04\x01\x80".to_vec()),
        ("2.5.29.37", b"\x30\x00".to_vec()),
        ("2.5.29.37", b"\x30\x02\x05\x00".to_vec()),
        ("2.5.29.14", b"\x30\x00".to_vec()),
        ("2.5.29.35", b"\x04\x00".to_vec()),
    ] {
        assert!(Certificate::from_der(&der(&with(oid, value.clone()))).is_err(), "{oid} {value:x?}");
    }
}

#[test]
fn serial_numbers() {
    let serial = |bytes: &[u8]| Certificate::from_der(&der(&template().serial(bytes))).map(|c| c.serial());
    assert_eq!(serial(&[0x80, 0, 1]).unwrap(), "800001");
    assert_eq!(serial(&[5]).unwrap(), "05");
    assert_eq!(serial(&[]).unwrap(), "00");
    assert!(serial(&[0xff; 20]).is_ok());
    assert!(serial(&[0x7f; 22]).unwrap_err().reason.contains("longer than 20 bytes"));
}

#[test]
fn keys_of_other_kinds_are_errors_where_they_are_used() {
    let mut der = der(&template());
    // secp256k1 in the place of secp256r1 is one byte shorter; an unknown curve of the same length is enough.
    let curve = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let place = der.windows(8).position(|w| w == curve).unwrap();
    der[place + 7] = 1;
    let certificate = Certificate::from_der(&der).unwrap();
    assert!(certificate.public_key().is_err());
    assert!(certificate.is_signed_by(&certificate).is_err());
}

fn names(value: Vec<u8>) -> Result<Vec<SubjectAlternativeName>, DecodeError> {
    Certificate::from_der(&der(&with("2.5.29.17", value))).unwrap().subject_alternative_names()
}

#[test]
fn alternative_names_of_all_kinds() {
    use SubjectAlternativeName::{Dns, Email, Ip, Other, Uri};
    let all = [
        Email("a@example.com".to_owned()),
        Uri("https://example.com/x".to_owned()),
        Dns("example.com".to_owned()),
        Ip("192.0.2.1".to_owned()),
        Ip("2001:db8::1".to_owned()),
        Other("user!domain".to_owned()),
    ];
    let certificate = self_signed(&Template::code_signing(&all, span(0, 100)), "leaf");
    assert_eq!(certificate.subject_alternative_names().unwrap(), all);
    assert_eq!(
        self_signed(&template().without("2.5.29.17"), "leaf").subject_alternative_names().unwrap(),
        []
    );

    // An otherName of another type, an X.400 address, a directory name, a registered identifier.
    let foreign =
        encode(constructed(0), &[b"\x06\x03\x2a\x03\x04", &encode(constructed(0), &[b"\x0c\x01x"])]);
    let others = [foreign, b"\xa3\x00\xa4\x02\x30\x00\x88\x01\x2a".to_vec()].concat();
    let email = b"\x81\x05a@b.c";
    assert_eq!(names(encode(Tag::Sequence, &[&others, email])).unwrap(), [Email("a@b.c".to_owned())]);
}

#[test]
fn malformed_alternative_names_are_errors() {
    let sequence = |content: &[u8]| encode(Tag::Sequence, &[content]);
    let username = |value: &[u8]| {
        let oid = encode_oid(&oid::FULCIO_USERNAME);
        sequence(&encode(constructed(0), &[&oid, &encode(constructed(0), &[value])]))
    };
    assert!(names(username(b"\x0c\x01x")).is_ok());
    for value in [
        vec![],
        sequence(b""),
        [sequence(b"\x81\x01x"), vec![0]].concat(),
        sequence(b"\x81\x00"),
        sequence(b"\x81\x02\xc3\xa9"),
        sequence(b"\x86\x03x\x00y"),
        sequence(b"\x82\x02x\x1b"),
        sequence(b"\x87\x05\x01\x02\x03\x04\x05"),
        sequence(b"\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00"),
        sequence(b"\x0c\x01x"),
        sequence(b"\x89\x01x"),
        sequence(b"\xa1\x03\x16\x01x"),
        sequence(b"\xa4\x00"),
        username(b"\x13\x01x"),
        username(b"\x0c\x00"),
        username(b"\x0c\x01\x1b"),
        username(b"\x0c\x01\xff"),
        username(b"\x0c\x01x\x0c\x01y"),
        username(b""),
        sequence(&encode(constructed(0), &[&encode_oid(&oid::FULCIO_USERNAME), &encode_unsigned(&[1])])),
    ] {
        assert!(names(value.clone()).is_err(), "{value:x?}");
    }
}

#[test]
fn pem_chains() {
    let one = self_signed(&template(), "leaf");
    let two = self_signed(&template().serial(&[2]), "leaf");
    let text = format!("subject=x\n{}\n{}", one.to_pem(), two.to_pem());
    assert_eq!(Certificate::chain_from_pem(text.as_bytes()).unwrap(), [one.clone(), two]);
    let refusal = |text: &str| Certificate::chain_from_pem(text.as_bytes()).unwrap_err().to_string();
    assert!(refusal("").contains("no PEM block"));
    assert!(refusal(&one.to_pem().repeat(33)).contains("32"));
    let key = p256("leaf").public_key().to_pem();
    assert!(refusal(&(one.to_pem() + &key)).contains("block 2: PEM `PUBLIC KEY`, not `CERTIFICATE`"));
    assert!(refusal(&pem::encode("CERTIFICATE", b"\x30\x00")).contains("block 1"));
    assert!(refusal(&"x".repeat(MAX_PEM_LENGTH + 1)).contains("1048577 bytes"));
}

#[test]
fn labels() {
    assert_eq!(label(&self_signed(&template(), "leaf")), "a@example.com");
    assert_eq!(label(&self_signed(&template().without("2.5.29.17"), "leaf")), "serial 01");
    assert_eq!(label(&self_signed(&Template::root("root", span(0, 1)), "root")), "CN=root,O=sandbox");
}
