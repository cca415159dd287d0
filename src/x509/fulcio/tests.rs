use super::super::SubjectAlternativeName;
use super::super::issue::fixtures::{self_signed, span};
use super::super::issue::{Extension, Template};
use super::*;

fn read(all: Vec<Extension>) -> Result<FulcioExtensions, DecodeError> {
    let mut template =
        Template::code_signing(&[SubjectAlternativeName::Uri("https://a.example".into())], span(0, 100));
    template.extensions.extend(all);
    extensions(&self_signed(&template, "leaf"))
}

fn raw(number: u32, text: &str) -> Extension {
    Extension::fulcio_raw(number, text)
}

fn text(number: u32, text: &str) -> Extension {
    Extension::fulcio_text(number, text)
}

#[test]
fn what_each_extension_means() {
    let found = read(vec![
        raw(1, "https://issuer.example"),
        raw(2, "push"),
        raw(3, "abc"),
        raw(4, "name"),
        raw(5, "owner/repository"),
        raw(6, "refs/heads/main"),
        text(8, "https://issuer.example"),
        text(9, "signer"),
        text(23, "production"),
        text(99, "later"),
        Extension::custom("1.3.6.1.4.1.57264.1.98", false, vec![5, 0]),
        Extension::custom("1.3.6.1.4.1.57264.1.8.1", false, vec![5, 0]),
        Extension::custom("1.3.6.1.4.1.57264.2.8", false, vec![5, 0]),
    ]);
    let some = |t: &str| Some(t.to_owned());
    let other = |n: u32, name, value: &str| (format!("1.3.6.1.4.1.57264.1.{n}"), name, value.to_owned());
    let expected = FulcioExtensions {
        issuer: some("https://issuer.example"),
        github_workflow_trigger: some("push"),
        github_workflow_sha: some("abc"),
        github_workflow_name: some("name"),
        github_workflow_repository: some("owner/repository"),
        github_workflow_ref: some("refs/heads/main"),
        others: vec![
            other(9, "Build Signer URI", "signer"),
            other(23, "Deployment Environment", "production"),
            other(99, UNKNOWN, "later"),
        ],
    };
    assert_eq!(found.unwrap(), expected);
}

#[test]
fn either_issuer_is_enough_and_two_agree() {
    assert_eq!(read(vec![]).unwrap(), FulcioExtensions::default());
    assert_eq!(read(vec![raw(1, "a")]).unwrap().issuer.as_deref(), Some("a"));
    assert_eq!(read(vec![text(8, "b")]).unwrap().issuer.as_deref(), Some("b"));
    let contradiction = read(vec![raw(1, "a"), text(8, "b")]).unwrap_err();
    assert_eq!(contradiction.to_string(), "certificate: Fulcio issuer: `a` in .1 and `b` in .8");
    assert!(read(vec![text(8, "b"), raw(1, "a")]).is_err());
}

#[test]
fn malformed_values_are_errors() {
    let custom =
        |n: u32, value: &[u8]| Extension::custom(&format!("1.3.6.1.4.1.57264.1.{n}"), false, value.to_vec());
    for extension in [
        custom(1, b"\xff"),
        custom(6, b"\xc3"),
        custom(8, b"https://issuer.example"),
        custom(8, b"\x0c\x01\xff"),
        custom(8, b"\x0c\x01xy"),
        custom(8, b"\x13\x01x"),
        custom(8, b""),
        custom(12, b"\x0c\x02x"),
        custom(23, b"\x04\x01x"),
    ] {
        let error = read(vec![extension.clone()]).unwrap_err();
        assert_eq!(error.at, format!("extension {}", extension.oid));
    }
}
