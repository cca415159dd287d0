use super::*;
use crate::crypto::base64;

const CERTIFICATE_FILE: &[u8] = include_bytes!("../../../testdata/mock-sigstore/v3.blob.keyless.crt");
const TIMESTAMP_FILE: &[u8] = include_bytes!("../../../testdata/mock-sigstore/v3.blob.keyless-tsa.tsr.json");
const ENVELOPE_FILE: &[u8] = include_bytes!("../../../testdata/mock-sigstore/v3.att-dsse.key-p256.dsse.json");

#[test]
fn signatures_in_every_spelling() {
    let signature: Vec<u8> = (0..=255).rev().collect();
    let text = base64::encode(&signature);
    let folded: String =
        text.as_bytes().chunks(64).map(|l| format!("{}\r\n", std::str::from_utf8(l).unwrap())).collect();
    let url_safe = text.replace('+', "-").replace('/', "_").replace('=', "");
    for spelled in [text.clone(), format!("{text}\n"), format!(" {text}\r\n\n"), folded, url_safe] {
        assert_eq!(decode_signature(spelled.as_bytes()).unwrap(), signature, "{spelled:?}");
    }
    assert_eq!(decode_signature(&signature).unwrap(), signature);
    // A raw signature that begins as JSON or PEM would.
    for first in [b'{', b'-', b'<'] {
        let mut raw = signature.clone();
        raw[0] = first;
        assert_eq!(decode_signature(&raw).unwrap(), raw);
    }
}

#[test]
fn what_is_no_signature_says_what_it_looks_like() {
    for (document, reason) in [
        (&b""[..], "the file is empty"),
        (b" \n", "the file is empty"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "not base64; it looks like PEM (`CERTIFICATE`)"),
        (b"{\"a\":1}", "not base64; it looks like a JSON object"),
        (
            b"<!DOCTYPE html><html>",
            "not base64; it looks like an HTML page; was an error page or a login page saved in place of the file?",
        ),
        (b"no signature", "not base64; it looks like plain text"),
        (b"some file", "not base64; it looks like plain text"),
        (b"some\tfile", "not base64; it looks like plain text"),
        (b"some \n file", "not base64; it looks like plain text"),
        (b"====", "not base64; it looks like plain text"),
    ] {
        assert_eq!(decode_signature(document).unwrap_err().to_string(), format!("signature: {reason}"));
    }
    assert!(decode_signature(&vec![b'A'; 64 * 1024 + 1]).unwrap_err().reason.contains("above the limit"));
    assert!(decode_signature(&vec![0; 64 * 1024 + 1]).is_err());
}

#[test]
fn certificates_in_every_spelling() {
    let [certificate] = decode_certificates(CERTIFICATE_FILE).unwrap().try_into().unwrap();
    let pem = certificate.to_pem();
    for spelled in [
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        format!("subject: somebody\n{pem}").into_bytes(),
        base64::encode(&pem).into_bytes(),
        format!("{}\n", base64::encode(&pem)).into_bytes(),
        certificate.der().to_vec(),
        base64::encode(certificate.der()).into_bytes(),
    ] {
        assert_eq!(decode_certificates(&spelled).unwrap(), std::slice::from_ref(&certificate));
    }
    let two = format!("{pem}{pem}");
    assert_eq!(decode_certificates(two.as_bytes()).unwrap().len(), 2);
    assert_eq!(decode_certificates(base64::encode(&two).as_bytes()).unwrap().len(), 2);
    let mut trailing = certificate.der().to_vec();
    trailing.push(0);
    for bad in [
        &b""[..],
        b"hello, world",
        b"aGk=",
        b"\x30\x00\xff",
        b"<html>",
        b"-----BEGIN PUBLIC KEY-----\naGk=\n-----END PUBLIC KEY-----\n",
        pem.repeat(33).as_bytes(),
        &trailing,
        &vec![b'A'; 1024 * 1024 + 1],
    ] {
        assert!(decode_certificates(bad).is_err(), "{:?}", bad.get(..20));
    }
    assert_eq!(
        decode_certificates(b"<html>").unwrap_err().to_string(),
        "certificate: neither PEM nor base64 of it; it looks like an HTML page; was an error page or a login page saved \
         in place of the file?"
    );
}

#[test]
fn envelopes_keep_their_bytes() {
    let text = ENVELOPE_FILE.trim_ascii();
    let printed = [text, b"\n"].concat();
    let marked = [b"\xef\xbb\xbf", text].concat();
    let encoded = base64::encode(text);
    for spelled in [text, &printed, &marked, encoded.as_bytes()] {
        assert_eq!(decode_envelope(spelled).unwrap().bytes, text);
    }
    for bad in [&b""[..], b"{}", b"aGk=", b"\xff\xfe", b"[]", b"{\"payload\":\"\"}"] {
        assert!(decode_envelope(bad).is_err(), "{bad:?}");
    }
    assert_eq!(
        decode_envelope(b"aGVsbG8gd29ybGQhISEh").unwrap_err().to_string(),
        "DSSE envelope: neither JSON nor base64 of it; it looks like base64 text, such as a detached signature or \
         certificate"
    );
}

#[test]
fn timestamps_in_both_spellings() {
    let der = decode_timestamp(TIMESTAMP_FILE).unwrap();
    assert_eq!(der[0], 0x30);
    assert_eq!(decode_timestamp(&der).unwrap(), der);
    for (bad, reason) in [
        (&b""[..], "the file is empty"),
        (b"{}", "SignedRFC3161Timestamp: is missing"),
        (b"{\"SignedRFC3161Timestamp\":\"\"}", "SignedRFC3161Timestamp: is empty"),
        (b"{\"SignedRFC3161Timestamp\":1}", "SignedRFC3161Timestamp: is a number, not a string"),
        (
            b"aGVsbG8gd29ybGQhISEh",
            "neither JSON nor DER; it looks like base64 text, such as a detached signature or certificate",
        ),
        (b"\x31\x80\xff", "neither JSON nor DER; it looks like binary data"),
    ] {
        assert_eq!(decode_timestamp(bad).unwrap_err().to_string(), format!("RFC 3161 timestamp: {reason}"));
    }
    assert!(decode_timestamp(&vec![0x30; 256 * 1024 + 1]).is_err());
}

#[test]
fn parts_make_one_entity() {
    let certificates = decode_certificates(CERTIFICATE_FILE).unwrap();
    let parts = Detached {
        certificates: certificates.clone(),
        scts: vec![vec![1]],
        timestamps: vec![vec![2]],
        ..Detached::default()
    };
    let entity = parts.clone().message(vec![3]);
    assert_eq!(entity.content, Content::Message { digest: None, signature: vec![3] });
    assert_eq!(entity.material, VerificationMaterial::Certificate(certificates));
    assert_eq!((entity.detached_scts, entity.timestamps), (vec![vec![1]], vec![vec![2]]));
    assert_eq!(entity.profile, Profile::Legacy);
    let key = Detached::default().message(vec![3]);
    assert_eq!(key.material, VerificationMaterial::PublicKey { hint: String::new(), embedded: None });
    assert_eq!(parts.envelope(decode_envelope(ENVELOPE_FILE).unwrap()).unwrap().len(), 1);
}

#[test]
fn many_signatures_may_not_multiply_a_large_payload() {
    let signature = crate::payload::EnvelopeSignature { keyid: String::new(), sig: vec![1] };
    let envelope = |payload: usize, signatures: usize| Raw {
        bytes: Vec::new(),
        parsed: Envelope {
            payload: vec![0; payload],
            payload_type: "t".into(),
            signatures: vec![signature.clone(); signatures],
        },
    };
    assert_eq!(Detached::default().envelope(envelope(10, 32)).unwrap().len(), 32);
    assert!(Detached::default().envelope(envelope(10, 33)).is_err());
    assert!(Detached::default().envelope(envelope(20 * 1024 * 1024, 32)).is_err());
    assert_eq!(Detached::default().envelope(envelope(20 * 1024 * 1024, 1)).unwrap().len(), 1);
}

#[test]
fn a_file_named_as_a_signature_may_hold_an_envelope() {
    let envelope = include_bytes!("../../../testdata/cosign-2.x/p256.att.dsse.json");
    let read = decode_envelope(envelope).unwrap();
    let encoded = crate::crypto::base64::encode(envelope);
    for document in [&envelope[..], encoded.as_bytes(), format!("{encoded}\n").as_bytes()] {
        let SignatureFile::Envelope(found) = decode_signature_file(document).unwrap() else { panic!() };
        assert_eq!(found.parsed, read.parsed);
    }
    let signature = include_bytes!("../../../testdata/cosign-2.x/p256.sig");
    let raw = decode_signature(signature).unwrap();
    for document in [&signature[..], &raw] {
        assert_eq!(decode_signature_file(document).unwrap(), SignatureFile::Signature(raw.clone()));
    }
    // A raw signature may begin as JSON does.
    let mut brace = raw;
    brace[0] = b'{';
    assert_eq!(decode_signature_file(&brace).unwrap(), SignatureFile::Signature(brace));
    for unreadable in [&b""[..], b"{", b"{}", b"not base64!", b"e30=", &[b'A'; 70_000]] {
        assert!(decode_signature_file(unreadable).is_err(), "{unreadable:?}");
    }
}
