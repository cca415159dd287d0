use super::*;
use crate::bundle::{BundleVersion, Content, Profile, VerificationMaterial};

const SIGSTORE: &str = include_str!("../../../testdata/cosign-3.x/p256.bundle.json");
const LEGACY: &str = include_str!("../../../testdata/cosign-2.x/p256.legacy.json");
const ENVELOPE: &str = include_str!("../../../testdata/mock-sigstore/v3.att-dsse.key-p256.dsse.json");

fn refused(document: impl AsRef<[u8]>) -> String {
    let error = decode(document.as_ref()).unwrap_err().to_string();
    error.strip_prefix("bundle: ").unwrap_or(&error).to_owned()
}

#[test]
fn each_format_is_recognised_by_its_content() {
    for (text, format) in
        [(SIGSTORE, Format::Sigstore), (LEGACY, Format::Legacy), (ENVELOPE, Format::Envelope)]
    {
        let want = decode(text.as_bytes()).unwrap();
        assert_eq!((want.format, want.entities.len()), (format, 1));
        for around in [format!("\n\n {text}\r\n"), format!("\u{feff}{text}")] {
            assert_eq!(decode(around.as_bytes()).unwrap(), want);
        }
    }
    let sigstore = decode(SIGSTORE.as_bytes()).unwrap();
    assert_eq!(sigstore.entities[0].profile, Profile::Bundle(BundleVersion::V0_3));
}

#[test]
fn bare_envelopes_give_an_entity_for_each_signature() {
    let text = r#"{"payloadType":"t","payload":"aGk=","signatures":[{"sig":"AQ=="},{"sig":"Ag=="}]}"#;
    let entities = decode(format!("{text}\n").as_bytes()).unwrap().entities;
    assert_eq!(entities.len(), 2);
    for entity in &entities {
        assert_eq!(entity.profile, Profile::Legacy);
        assert!(matches!(&entity.material, VerificationMaterial::PublicKey { embedded: None, .. }));
        assert!(matches!(&entity.content, Content::Envelope(raw) if raw.bytes == text.as_bytes()));
    }
    assert!(
        refused(r#"{"payloadType":"t","payload":"aGk=","signatures":[]}"#).contains("signatures: is empty")
    );
}

#[test]
fn what_is_no_bundle_says_what_it_looks_like() {
    let der = [0x30, 0x45, 0x02, 0x21, 0x00, 0xff];
    for (document, reason) in [
        (&b""[..], "the file is empty"),
        (b"\xef\xbb\xbf\n", "the file is empty"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA", "not a JSON object; it looks like PEM (`PUBLIC KEY`)"),
        (
            b"<html><body>404",
            "not a JSON object; it looks like an HTML page; was an error page or a login page saved in place of the file?",
        ),
        (b"<?xml version='1.0'?>", "not a JSON object; it looks like XML"),
        (b"\x1f\x8b\x08", "not a JSON object; it looks like a gzip file; unpack it first"),
        (b"PK\x03\x04", "not a JSON object; it looks like a zip file; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "not a JSON object; it looks like a zstd file; unpack it first"),
        (
            b"MEUCIQDfoobarfoobarfoobar==\n",
            "not a JSON object; it looks like base64 text, such as a detached signature or certificate",
        ),
        (
            &der,
            "not a JSON object; it looks like binary DER, such as a detached signature, certificate or timestamp",
        ),
        (
            b"\xff\xfe{\0}\0",
            "not a JSON object; it looks like UTF-16 text, as Windows PowerShell writes it with `>`; save it as UTF-8",
        ),
        (b"\xff\x00", "not a JSON object; it looks like binary data"),
        (b"Not Found", "not a JSON object; it looks like plain text"),
        (b"[{}]", "not a JSON object; it looks like a JSON list"),
        (b"{}", "not a bundle but an empty object"),
        (
            b"{\"_type\":\"https://in-toto.io/Statement/v1\"}",
            "not a bundle but an in-toto statement without a signature",
        ),
        (b"{\"SignedRFC3161Timestamp\":\"\"}", "not a bundle but a detached timestamp"),
        (b"{\"SignedEntryTimestamp\":\"\"}", "not a bundle but a log entry on its own"),
        (b"{\"Base64Signature\":\"\"}", "not a bundle but the output of `cosign download signature`"),
        (b"{\"critical\":{}}", "not a bundle but the payload of an image signature"),
        (
            b"{\"attestations\":[]}",
            "not a bundle but the answer of a forge's attestation service; the bundles are inside, one in each `bundle`",
        ),
        (b"{\"a\":1,\"b\":2}", "not a bundle but a JSON object with `a`, `b`"),
    ] {
        assert_eq!(refused(document), reason);
    }
    let many: String = (0..9).map(|i| format!("\"{}{i}\":1,", "x".repeat(50))).collect();
    let many = refused(format!("{{{}}}", many.trim_end_matches(',')));
    assert!(many.ends_with("` and more") && many.len() < 350, "{many}");
    assert!(
        refused(r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#)
            .contains("mediaType")
    );
}

#[test]
fn broken_json_is_an_error_with_its_place() {
    assert_eq!(
        refused("{\"mediaType\":\n \"a\",}"),
        "not JSON: a comma behind which nothing follows at line 2 column 6"
    );
    assert!(refused(&SIGSTORE[..100]).contains("at line 1 column 100"));
    assert_eq!(
        refused("\n\n{,"),
        "not JSON: the name of a member is expected, in quotation marks, and there is `,` at line 3 column 2"
    );
    let doubled = SIGSTORE.replacen('{', "{\"mediaType\":\"x\",", 1);
    assert_eq!(refused(doubled), "mediaType: the member appears twice");
    assert!(
        refused(format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200))).contains("nested deeper than 127")
    );
    assert!(refused(b"{\"mediaType\":\"\xff\"}").starts_with("not JSON"));
}

/// Many bundles in one file are not read as the first of them.
#[test]
fn json_lines_are_refused_by_name() {
    for text in [format!("{SIGSTORE}\n{SIGSTORE}\n"), format!("{SIGSTORE}{SIGSTORE}")] {
        assert_eq!(
            refused(text),
            "not a single document but several JSON documents, one after the other (JSON Lines); give one of them per \
             file"
        );
    }
    assert!(refused(format!("{SIGSTORE} x")).starts_with("not JSON: "));
}

/// A document in two formats at once, and one that breaks in its format: no other format is tried.
#[test]
fn no_format_takes_the_place_of_another() {
    let both = SIGSTORE.replacen('{', "{\"base64Signature\":\"aGk=\",", 1);
    assert_eq!(refused(both), "it has the members of two formats at once");
    let both = ENVELOPE.replacen('{', "{\"base64Signature\":\"aGk=\",", 1);
    assert_eq!(refused(both), "it has the members of two formats at once");
    for (text, name) in
        [(SIGSTORE, "verificationMaterial"), (LEGACY, "base64Signature"), (ENVELOPE, "payload")]
    {
        let mut value: Value = serde_json::from_str(text).unwrap();
        value[name] = Value::Bool(true);
        let error = decode(value.to_string().as_bytes()).unwrap_err();
        assert!(error.at.starts_with(name), "{error}");
    }
}
