use super::super::SubjectAlternativeName;
use super::super::issue::fixtures::{key, p256, second, self_signed, span};
use super::super::issue::{CtLog, Extension, Issuer, Template};
use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey};

fn template() -> Template {
    Template::fulcio(
        SubjectAlternativeName::Email("a@example.com".into()),
        "https://issuer.example",
        span(0, 100),
    )
}

fn log(key: &PrivateKey) -> CtLog<'_> {
    CtLog { key, time: second(1), extensions: b"extensions" }
}

/// A root, and a leaf with an SCT of each log.
fn chain(template: &Template, logs: &[CtLog<'_>]) -> (Certificate, Certificate) {
    let root = self_signed(&Template::root("root", span(0, 100)), "root");
    let issuer = Issuer { key: p256("root"), certificate: Some(&root) };
    let leaf = template.issue_with_scts(p256("leaf").public_key(), issuer, logs).unwrap();
    (leaf, root)
}

#[test]
fn embedded_by_every_kind_of_log_key() {
    let kinds = [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];
    let logs: Vec<_> = kinds.iter().map(|kind| log(key(*kind, "log"))).collect();
    let (leaf, root) = chain(&template(), &logs);
    let scts = embedded(&leaf).unwrap();
    assert_eq!(scts.len(), kinds.len());
    for (sct, log) in scts.iter().zip(&logs) {
        let own = log.key.public_key();
        assert_eq!(
            (sct.log_id, sct.time, sct.extensions.as_slice()),
            (own.key_id(), second(1), log.extensions)
        );
        assert!(verify(sct, &leaf, &root, own), "{}", own.key_type());
        assert!(!verify(sct, &leaf, &root, p256("other").public_key()));
        assert!(!verify(sct, &leaf, &leaf, own), "another issuer");
        let detached = Sct { embedded: false, ..sct.clone() };
        assert!(
            !verify(&detached, &leaf, &root, own),
            "one over a precertificate is not one over a certificate"
        );
    }
}

#[test]
fn every_signed_field_counts() {
    let own = p256("log").public_key();
    let (leaf, root) = chain(&template(), &[log(p256("log"))]);
    let [sct] = <[_; 1]>::try_from(embedded(&leaf).unwrap()).unwrap();
    let with = |change: fn(&mut Sct)| {
        let mut sct = sct.clone();
        change(&mut sct);
        verify(&sct, &leaf, &root, own)
    };
    assert!(with(|_| {}));
    assert!(!with(|s| s.timestamp_millis += 1));
    assert!(!with(|s| s.extensions.clear()));
    assert!(!with(|s| s.signature[10] ^= 1));
    assert!(!with(|s| s.signature.clear()));
    for algorithm in [(4, 1), (5, 3), (2, 3), (1, 3), (0, 3), (4, 0), (4, 2), (8, 7), (255, 255)] {
        let sct = Sct { algorithm, ..sct.clone() };
        assert!(!verify(&sct, &leaf, &root, own), "{algorithm:?}");
    }
    let (other, _) = chain(&template().serial(&[9]), &[log(p256("log"))]);
    assert!(!verify(&sct, &other, &root, own), "another certificate");
}

#[test]
fn the_precertificate_is_the_rest_byte_for_byte() {
    let log = log(p256("log"));
    let (leaf, root) = chain(&template(), &[log]);
    let issuer = Issuer { key: p256("root"), certificate: Some(&root) };
    let plain = template().issue(p256("leaf").public_key(), issuer).unwrap();
    assert_eq!(precertificate_tbs(&leaf).unwrap(), plain.tbs());
    assert_eq!(precertificate_tbs(&plain).unwrap(), plain.tbs());

    // A list in the middle of the extensions, and unusual but allowed encodings around it.
    let [sct] = <[_; 1]>::try_from(embedded(&leaf).unwrap()).unwrap();
    let list = leaf.extension(oid::SCT_LIST).unwrap().to_vec();
    let mut middle = template();
    middle.extensions.insert(1, Extension::custom("1.3.6.1.4.1.11129.2.4.2", false, list));
    let middle = middle.issue(p256("leaf").public_key(), issuer).unwrap();
    assert!(verify(&sct, &middle, &root, log.key.public_key()));
}

#[test]
fn detached_in_every_form() {
    let log = log(p256("log"));
    let leaf = self_signed(&template(), "leaf");
    let sct = log.detached(&leaf).unwrap();
    let own = log.key.public_key();
    assert!(verify(&sct, &leaf, &leaf, own));
    let json = sct.to_json();
    let encoded = base64::encode(&json);
    for form in [
        json.clone().into_bytes(),
        format!("\n {json}\n").into_bytes(),
        encoded.clone().into_bytes(),
        format!("{encoded}\n").into_bytes(),
        sct.to_tls().unwrap(),
        base64::encode(sct.to_tls().unwrap()).into_bytes(),
    ] {
        assert_eq!(parse_detached(&form).unwrap(), sct);
    }
    assert!(!verify(&sct, &self_signed(&template().serial(&[2]), "leaf"), &leaf, own));
    // Over the precertificate, though detached: not what Fulcio returns, and not accepted.
    let precertificate = Sct { embedded: false, ..log.precertificate(&leaf, &leaf).unwrap() };
    assert!(!verify(&precertificate, &leaf, &leaf, own));
}

#[test]
fn malformed_detached_ones_are_errors() {
    let sct = log(p256("log")).detached(&self_signed(&template(), "leaf")).unwrap();
    let tls = sct.to_tls().unwrap();
    for length in 0..tls.len() {
        assert!(parse_detached(&tls[..length]).is_err(), "{length}");
    }
    assert!(parse_detached(&[tls.as_slice(), &[0]].concat()).is_err());
    let json = sct.to_json();
    parse_detached(json.replace(r#""extensions":"ZXh0ZW5zaW9ucw==","#, "").as_bytes()).unwrap();
    for (from, to) in [
        (r#""sct_version":0"#, r#""sct_version":1"#),
        (r#""sct_version":0"#, r#""sct_version":"0""#),
        (r#""sct_version":0"#, r#""sct_version":0,"sct_version":0"#),
        (r#""sct_version":0,"#, ""),
        (r#""id":""#, r#""id":"AA"#),
        (r#""timestamp":1"#, r#""timestamp":-1"#),
        (r#""timestamp":1"#, r#""timestamp":99999991"#),
        (r#""extensions":""#, r#""extensions":"!"#),
        (r#""signature":""#, r#""signature":"AAAA"#),
    ] {
        assert!(json.contains(from), "{from}");
        assert!(parse_detached(json.replace(from, to).as_bytes()).is_err(), "{from} -> {to}");
    }
    for bad in [&b""[..], b"null", b"[]", b"{}", b"\xff", b"-----BEGIN", &vec![b'{'; MAX_LENGTH + 1]] {
        assert!(parse_detached(bad).is_err());
    }
}

#[test]
fn malformed_lists_are_errors() {
    let with = |value: Vec<u8>| {
        let template = template().with(Extension::custom("1.3.6.1.4.1.11129.2.4.2", false, value));
        embedded(&self_signed(&template, "leaf"))
    };
    let list = |content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        encode(Tag::OctetString, &[&length, content])
    };
    let sct = log(p256("log")).detached(&self_signed(&template(), "leaf")).unwrap().to_tls().unwrap();
    let entry = |sct: &[u8]| [&u16::try_from(sct.len()).unwrap().to_be_bytes(), sct].concat();
    assert_eq!(with(list(&entry(&sct).repeat(32))).unwrap().len(), 32);
    assert_eq!(embedded(&self_signed(&template(), "leaf")).unwrap(), []);
    let mut version = sct.clone();
    version[0] = 1;
    for bad in [
        vec![],
        encode(Tag::OctetString, &[]),
        list(&[]),
        list(&[0, 0]),
        list(&entry(&sct).repeat(33)),
        list(&entry(&sct)[..40]),
        list(&[entry(&sct), vec![0]].concat()),
        list(&entry(&version)),
        list(&entry(&[sct.as_slice(), &[0]].concat())),
        encode(Tag::OctetString, &[&[0, 1], &entry(&sct)]),
        encode(Tag::OctetString, &[&[0xff, 0xff], &entry(&sct)]),
        encode(Tag::Sequence, &[]),
    ] {
        assert!(with(bad.clone()).is_err(), "{bad:x?}");
    }
}
