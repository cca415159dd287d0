//! Tokens made for the purpose, each with one thing wrong.

use super::super::issue::{Fault, SignerName, SigningCertificate, Template};
use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey, UnixTime};
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::fixtures::{issued, key, p256, second, self_signed, span};
use crate::x509::issue::{self, ExtendedKeyUsage, Issuer};
use crate::x509::path::PathError;

const SIGNED: &[u8] = b"a signature";

/// A root, an intermediate and a leaf that stamps; valid from second 0 to second 100.
struct Tsa {
    root: Certificate,
    intermediate: Certificate,
    leaf: Certificate,
}

impl Tsa {
    fn new() -> Self {
        let root = self_signed(&issue::Template::root("root", span(0, 100)), "root");
        let intermediate = issue::Template::intermediate("tsa", ExtendedKeyUsage::TimeStamping, span(0, 100));
        let intermediate = issued(&intermediate, "intermediate", ("root", &root));
        let leaf = issued(&leaf(), "leaf", ("intermediate", &intermediate));
        Self { root, intermediate, leaf }
    }

    /// Another leaf below the intermediate, for the key of this name.
    fn issue(&self, template: &issue::Template, subject: &'static str) -> Certificate {
        issued(template, subject, ("intermediate", &self.intermediate))
    }

    fn code_signing(&self, subject: &'static str) -> Certificate {
        // An authority for everything, so that the path is not what refuses.
        let names = [SubjectAlternativeName::Email("a@example.com".to_owned())];
        let template = issue::Template::code_signing(&names, span(0, 100)).serial(&[7]);
        issued(&template, subject, ("root", &self.root))
    }

    /// The verdict of an authority that lists the intermediate and the leaf.
    fn verify(&self, der: &[u8]) -> Result<UnixTime, TimestampError> {
        self.verify_listing(der, &[self.leaf.clone(), self.intermediate.clone()])
    }

    fn verify_listing(&self, der: &[u8], others: &[Certificate]) -> Result<UnixTime, TimestampError> {
        let authority = Authority { anchors: std::slice::from_ref(&self.root), others };
        verify(&Token::from_der(der).unwrap(), SIGNED, authority)
    }
}

fn leaf() -> issue::Template {
    issue::Template::time_stamping("stamp", span(0, 100)).serial(&[5])
}

fn template() -> Template {
    Template::new(SIGNED, second(50))
}

fn stamp(template: &Template, signer: &'static str, certificate: &Certificate) -> Vec<u8> {
    template.response(p256(signer), certificate).unwrap()
}

#[test]
fn sound_tokens_of_every_form() {
    let tsa = Tsa::new();
    let mut forms = vec![template(), template().embedding(&[tsa.leaf.clone(), tsa.intermediate.clone()])];
    forms.push(Template { signer: SignerName::SubjectKeyIdentifier, ..template() });
    for signing_certificate in [SigningCertificate::Absent, SigningCertificate::V1, SigningCertificate::V2] {
        forms.push(Template { signing_certificate, ..template() });
    }
    forms.push(Template { time: UnixTime::new(second(50).seconds(), 120_000_000), ..template() });
    forms.push(Template { nonce: Some(vec![0x80, 1]), serial: vec![0xff; 20], ..template() });
    forms.push(template().faulty(Fault::KeyAlgorithm));
    forms.push(Template { imprint: HashAlgorithm::Sha384.digest(SIGNED), ..template() });
    forms.push(Template { imprint: HashAlgorithm::Sha512.digest(SIGNED), ..template() });
    for form in forms {
        assert_eq!(tsa.verify(&stamp(&form, "leaf", &tsa.leaf)), Ok(form.time), "{form:?}");
        let bare = form.token(p256("leaf"), &tsa.leaf).unwrap();
        assert_eq!(tsa.verify(&bare), Ok(form.time), "{form:?}");
        let token = Token::from_der(&bare).unwrap();
        assert_eq!((token.gen_time(), token.nonce()), (form.time, form.nonce.as_deref()));
        assert_eq!((token.serial(), token.imprint()), (hex::encode(&form.serial), &form.imprint));
    }
}

#[test]
fn every_kind_of_key() {
    let kinds = [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];
    for kind in kinds {
        let (top, own): (&PrivateKey, _) = (key(kind, "root"), key(kind, "leaf"));
        let root = issue::Template::root("root", span(0, 100));
        let root = root.issue(top.public_key(), Issuer { key: top, certificate: None }).unwrap();
        let leaf = leaf().issue(own.public_key(), Issuer { key: top, certificate: Some(&root) }).unwrap();
        let authority = Authority { anchors: &[root], others: &[] };
        for form in [template(), template().faulty(Fault::KeyAlgorithm)] {
            let der = form.embedding(std::slice::from_ref(&leaf)).response(own, &leaf).unwrap();
            let token = Token::from_der(&der).unwrap();
            assert_eq!(verify(&token, SIGNED, authority), Ok(second(50)), "{kind}");
            assert_eq!(verify(&token, b"other", authority), Err(TimestampError::Imprint));
        }
    }
}

#[test]
fn malformed_responses_are_errors() {
    let tsa = Tsa::new();
    let refusal = |t: Template| Token::from_der(&stamp(&t, "leaf", &tsa.leaf)).unwrap_err().to_string();
    assert!(refusal(template().faulty(Fault::Status(2))).contains("granted no timestamp: rejection (2)"));
    assert!(refusal(template().faulty(Fault::ContentType)).contains("not a timestamp"));
    assert!(refusal(template().faulty(Fault::Signers(0))).contains("no signer"));
    assert!(refusal(template().faulty(Fault::Signers(2))).contains("more than one signer"));
    assert!(refusal(template().faulty(Fault::DuplicateAttribute)).contains("appears twice"));
    assert!(refusal(template().faulty(Fault::Sha1)).contains("1.3.14.3.2.26 is not accepted"));
    assert!(refusal(template().embedding(&vec![tsa.leaf.clone(); 33])).contains("more than 32"));
    // Granted with modifications.
    tsa.verify(&stamp(&template().faulty(Fault::Status(1)), "leaf", &tsa.leaf)).unwrap();

    let large = Template { serial: vec![1; 65], ..template() };
    assert!(refusal(large).contains("longer than 64 bytes"));
    let huge = vec![0x30; 100_000_000];
    assert!(Token::from_der(&huge).unwrap_err().reason.contains("more than 65536"));
    for bad in [&b""[..], b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x00", b"\x05\x00", b"\x30\x80\x00\x00"] {
        assert!(Token::from_der(bad).is_err(), "{bad:x?}");
    }
    // 20,000 sequences in one another.
    let deep = (0..20_000).fold(Vec::new(), |inner: Vec<u8>, _| {
        if inner.len() > 60_000 { inner } else { crate::x509::asn1::encode(der::Tag::Sequence, &[&inner]) }
    });
    assert!(Token::from_der(&deep).is_err());
}

/// Every byte, every bit: never another time than the one that was signed, and no panic.
#[test]
fn changed_bytes_never_change_the_time() {
    let tsa = Tsa::new();
    let der = stamp(&template().embedding(std::slice::from_ref(&tsa.leaf)), "leaf", &tsa.leaf);
    let mut accepted = 0;
    for place in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[place] ^= 1 << bit;
            let Ok(token) = Token::from_der(&changed) else { continue };
            let authority = Authority {
                anchors: std::slice::from_ref(&tsa.root),
                others: std::slice::from_ref(&tsa.intermediate),
            };
            if let Ok(time) = verify(&token, SIGNED, authority) {
                assert_eq!(time, second(50), "byte {place}, bit {bit}");
                accepted += 1;
            }
        }
    }
    // What nobody signs and nobody needs: the status' other granted value, two version numbers, the 13 bytes of the list of
    // digest algorithms, which the signer's own repeats.
    assert_eq!(accepted, 1 + 2 * 7 + 13 * 8);
    for length in 0..der.len() {
        assert!(Token::from_der(&der[..length]).is_err());
    }
    assert!(Token::from_der(&[der, vec![0]].concat()).is_err());
}

#[test]
fn signed_attributes_describe_the_content() {
    let tsa = Tsa::new();
    let malformed = |fault: Fault, reason: &str| {
        let verdict = tsa.verify(&stamp(&template().faulty(fault), "leaf", &tsa.leaf));
        assert!(matches!(&verdict, Err(TimestampError::Malformed(r)) if r.contains(reason)), "{verdict:?}");
    };
    malformed(Fault::NoSignedAttributes, "no signed attributes");
    malformed(Fault::NoContentTypeAttribute, "no content-type attribute");
    malformed(Fault::ContentTypeAttribute, "not that of timestamps");
    malformed(Fault::NoMessageDigestAttribute, "no message-digest attribute");
    malformed(Fault::SigningCertificate(tsa.intermediate.clone()), "names another certificate");
    let verdict = tsa.verify(&stamp(&template().faulty(Fault::MessageDigestAttribute), "leaf", &tsa.leaf));
    assert_eq!(verdict, Err(TimestampError::Signature));
    let by_sha1 = Template { signing_certificate: SigningCertificate::V1, ..template() };
    let verdict =
        tsa.verify(&stamp(&by_sha1.faulty(Fault::SigningCertificate(tsa.root.clone())), "leaf", &tsa.leaf));
    assert!(matches!(verdict, Err(TimestampError::Malformed(_))));
}

#[test]
fn broken_signatures_and_imprints_are_reported_before_the_authority() {
    let tsa = Tsa::new();
    let other = Template::new(b"other", second(50)).embedding(std::slice::from_ref(&tsa.leaf));
    let unknown = Authority { anchors: &[], others: &[] };
    let token = Token::from_der(&stamp(&other, "leaf", &tsa.leaf)).unwrap();
    assert_eq!(verify(&token, SIGNED, unknown), Err(TimestampError::Imprint));
    // Signed by another key than the certificate's.
    let embedding = template().embedding(std::slice::from_ref(&tsa.leaf));
    let token = Token::from_der(&stamp(&embedding, "impostor", &tsa.leaf)).unwrap();
    assert_eq!(verify(&token, SIGNED, unknown), Err(TimestampError::Signature));
    let token = Token::from_der(&stamp(&embedding, "leaf", &tsa.leaf)).unwrap();
    assert_eq!(verify(&token, SIGNED, unknown), Err(TimestampError::Authority));
    // Without a certificate, nothing can be said of the signature.
    assert_eq!(tsa.verify(&stamp(&template(), "impostor", &tsa.leaf)), Err(TimestampError::Signature));
}

#[test]
fn cve_2026_44310_no_certificate_anywhere() {
    let tsa = Tsa::new();
    let token = Token::from_der(&stamp(&template(), "leaf", &tsa.leaf)).unwrap();
    assert!(token.certificates().is_empty());
    let verdict = verify(&token, SIGNED, Authority { anchors: &[], others: &[] });
    assert_eq!(verdict, Err(TimestampError::Authority));
}

#[test]
fn cve_2026_39984_constraints_are_those_of_the_certificate_that_signed() {
    let tsa = Tsa::new();
    // Forged certificates before the right one do not matter: one of nobody, and one with the right one's name and number.
    let forged = self_signed(&issue::Template::code_signing(&[], span(0, 100)), "forger");
    let impostor = issue::Template::time_stamping("stamp", span(0, 100)).serial(&[5]);
    let impostor = impostor.issue(
        p256("forger").public_key(),
        Issuer { key: p256("forger"), certificate: Some(&tsa.intermediate) },
    );
    let bag = [forged.clone(), impostor.unwrap(), tsa.leaf.clone()];
    tsa.verify_listing(
        &stamp(&template().embedding(&bag), "leaf", &tsa.leaf),
        std::slice::from_ref(&tsa.intermediate),
    )
    .unwrap();

    // Signed by a certificate of the same root without the usage, the right one beside it, in either order.
    let signer = tsa.code_signing("signer");
    for bag in [[tsa.leaf.clone(), signer.clone()], [signer.clone(), tsa.leaf.clone()]] {
        let token = stamp(&template().embedding(&bag), "signer", &signer);
        let verdict = tsa.verify_listing(&token, std::slice::from_ref(&tsa.intermediate));
        assert!(matches!(verdict, Err(TimestampError::Certificate(PathError::Usage { .. }))), "{verdict:?}");
        assert_eq!(tsa.verify(&token), Err(TimestampError::Authority), "the authority lists its leaf");
        // Naming the right one does not help: its key does not verify the signature.
        let token = stamp(&template().embedding(&bag), "signer", &tsa.leaf);
        assert_eq!(tsa.verify(&token), Err(TimestampError::Signature));
    }
    // The forger's own, of which the token says that it is the authority's.
    let token = stamp(&template().embedding(&[forged.clone(), tsa.leaf.clone()]), "forger", &forged);
    assert_eq!(tsa.verify(&token), Err(TimestampError::Authority));
    assert_eq!(tsa.verify_listing(&token, &[]), Err(TimestampError::Authority));
}

#[test]
fn a_listed_leaf_is_the_only_one() {
    let tsa = Tsa::new();
    let other = tsa.issue(&leaf().serial(&[6]), "other");
    let token = stamp(&template().embedding(std::slice::from_ref(&other)), "other", &other);
    assert_eq!(tsa.verify(&token), Err(TimestampError::Authority));
    tsa.verify_listing(&token, std::slice::from_ref(&tsa.intermediate)).unwrap();
    // Renewed for the same key and under the same name and number: still another certificate.
    let renewed = tsa.issue(&issue::Template { validity: span(0, 200), ..leaf() }, "leaf");
    let token = stamp(&template().embedding(std::slice::from_ref(&renewed)), "leaf", &renewed);
    assert!(matches!(tsa.verify(&token), Err(TimestampError::Authority)));
}

#[test]
fn embedded_certificates_are_intermediates_and_never_anchors() {
    let tsa = Tsa::new();
    let all = [tsa.leaf.clone(), tsa.intermediate.clone(), tsa.root.clone()];
    let token = stamp(&template().embedding(&all), "leaf", &tsa.leaf);
    tsa.verify_listing(&token, &[]).unwrap();
    let parsed = Token::from_der(&token).unwrap();
    let stranger = [self_signed(&issue::Template::root("root", span(0, 100)), "stranger")];
    for anchors in [&[][..], &stranger] {
        let verdict = verify(&parsed, SIGNED, Authority { anchors, others: &[] });
        assert_eq!(verdict, Err(TimestampError::Authority));
        // An authority that lists the leaf but does not reach it is misconfigured, and that is another message.
        let verdict = verify(&parsed, SIGNED, Authority { anchors, others: &all[..2] });
        assert!(matches!(verdict, Err(TimestampError::Certificate(_))), "{verdict:?}");
    }
    // A self-signed leaf as the only anchor.
    let alone = self_signed(&leaf(), "alone");
    let token = Token::from_der(&stamp(&template(), "alone", &alone)).unwrap();
    verify(&token, SIGNED, Authority { anchors: &[alone], others: &[] }).unwrap();
}

#[test]
fn every_certificate_is_valid_at_the_time() {
    let tsa = Tsa::new();
    let at = |time| tsa.verify(&stamp(&Template::new(SIGNED, time), "leaf", &tsa.leaf));
    assert_eq!((at(second(0)), at(second(100))), (Ok(second(0)), Ok(second(100))));
    assert!(matches!(at(second(-1)), Err(TimestampError::Certificate(PathError::NotYetValid { .. }))));
    let late = UnixTime::new(second(100).seconds(), 500_000_000);
    assert!(matches!(at(late), Err(TimestampError::Certificate(PathError::Expired { .. }))));
}

#[test]
fn other_readers_understand_what_is_issued() {
    use der::Decode;
    let tsa = Tsa::new();
    let form = Template {
        nonce: Some(vec![9]),
        ..template().embedding(&[tsa.leaf.clone(), tsa.intermediate.clone()])
    };
    let response = stamp(&form, "leaf", &tsa.leaf);
    let response = x509_tsp::TimeStampResp::from_der(&response).unwrap();
    let token = response.time_stamp_token.unwrap();
    let signed = token.content.decode_as::<cms::signed_data::SignedData>().unwrap();
    assert_eq!((signed.certificates.unwrap().0.len(), signed.signer_infos.0.len()), (2, 1));
    let content = signed.encap_content_info.econtent.unwrap();
    let info = x509_tsp::TstInfo::from_der(content.value()).unwrap();
    assert_eq!(info.message_imprint.hashed_message.as_bytes(), form.imprint.bytes());
    assert_eq!(info.nonce.unwrap().as_bytes(), [9]);
    assert_eq!(info.gen_time.to_unix_duration().as_secs(), second(50).seconds().unsigned_abs());
}
