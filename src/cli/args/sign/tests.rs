//! What the signing commands make of their flags.

use clap::FromArgMatches;

use crate::cli::attest_blob::AttestBlobArgs;
use crate::cli::parse;
use crate::cli::sign_blob::SignBlobArgs;
use crate::commands::{
    AttestBlobRequest, BundleForm, EntryType, Error, ErrorKind, NamedServices, SignBlobRequest,
    SigningKeyName, StatementSource, Witness,
};

fn matches(line: &str) -> clap::ArgMatches {
    let mut words = line.split(' ').map(std::ffi::OsString::from);
    let command = crate::cli::tree::command(words.next().unwrap().to_str().unwrap()).unwrap();
    parse::parse(command, words.collect()).unwrap().matches
}

fn sign(flags: &str) -> Result<SignBlobRequest, Error> {
    SignBlobArgs::from_arg_matches(&matches(&format!("sign-blob {flags}"))).unwrap().request()
}

fn attest(flags: &str) -> Result<AttestBlobRequest, Error> {
    AttestBlobArgs::from_arg_matches(&matches(&format!("attest-blob {flags}"))).unwrap().request()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(made: Result<T, Error>, kind: ErrorKind, words: &str) {
    let error = made.expect_err(words);
    assert!(error.kind == kind && error.message.contains(words), "{error}");
    assert!(!error.hints.is_empty() || words.contains("once only"), "{error}");
}

#[test]
fn who_witnesses_follows_from_the_flags() {
    let nobody = |flag| Witness::Nobody(flag);
    for (flags, witness) in [
        ("--offline", nobody("--offline")),
        ("--tlog-upload=false", nobody("--tlog-upload=false")),
        ("--tlog-upload=false --use-signing-config=false", nobody("--tlog-upload=false")),
        ("--offline --tlog-upload=false --use-signing-config=false", nobody("--offline")),
        ("--signing-config c", Witness::SigningConfig("c".into())),
        ("--tlog-upload=false --rekor-url https://r --oidc-issuer https://o", nobody("--tlog-upload=false")),
        ("", Witness::Default),
        ("--use-signing-config", Witness::Default),
        ("--tlog-upload", Witness::Default),
        // Without a certificate there is nobody to name for it.
        ("--fulcio-url https://f --oidc-issuer https://o", Witness::Default),
    ] {
        assert_eq!(sign(&format!("--key k {flags} f")).unwrap().with.witness, witness, "{flags}");
    }
}

/// The command lines of cosign 2 that cosign 3 refuses because of its default signing config.
#[test]
fn services_that_are_named_win_without_another_flag() {
    let upload = NamedServices { upload: true, ..NamedServices::default() };
    let url = |url: &str| Some(url.to_owned());
    for (flags, named) in [
        ("--key k --rekor-url https://r", NamedServices { log: url("https://r"), ..upload.clone() }),
        (
            "--key k --timestamp-server-url https://t --tlog-upload=false",
            NamedServices { timestamp_authority: url("https://t"), ..NamedServices::default() },
        ),
        ("--key k --use-signing-config=false", NamedServices { public: true, ..upload.clone() }),
        ("--tlog-upload=false", NamedServices::default()),
        ("--oidc-issuer https://o", NamedServices { oidc_issuer: url("https://o"), ..upload.clone() }),
        (
            "--fulcio-url https://f --rekor-url https://r --oidc-issuer https://o",
            NamedServices {
                certificate_authority: url("https://f"),
                log: url("https://r"),
                oidc_issuer: url("https://o"),
                ..upload.clone()
            },
        ),
        (
            "--key k --issue-certificate --fulcio-url https://f",
            NamedServices { certificate_authority: url("https://f"), ..upload.clone() },
        ),
    ] {
        assert_eq!(sign(&format!("{flags} f")).unwrap().with.witness, Witness::Named(named), "{flags}");
    }
}

#[test]
fn without_a_key_one_is_made() {
    let request = sign("--identity-token t --yes --signing-algorithm ed25519 --bundle b f").unwrap();
    let SigningKeyName::Ephemeral(Some(algorithm)) = request.with.key else { panic!() };
    assert_eq!((algorithm.name, request.with.yes), ("ed25519", true));
    assert_eq!(request.with.token.given.as_deref(), Some("t"));
    assert_eq!(request.with.witness, Witness::Default);
    let request = attest("--statement s --rekor-entry-type intoto --insecure-skip-verify").unwrap();
    assert_eq!(request.with.key, SigningKeyName::Ephemeral(None));
    assert!(request.with.entry_type == EntryType::Intoto && request.with.without_sct);
    refused(sign("--certificate c f"), ErrorKind::Usage, "needs the key");
    refused(sign("--key k --issue-certificate --certificate c f"), ErrorKind::Usage, "together");
    refused(sign("--sk --key k f"), ErrorKind::Usage, "two different keys");
}

#[test]
fn a_folder_has_room_for_many_bundles() {
    let request = sign("--key k --bundle-dir d a b").unwrap();
    assert_eq!((request.bundle_dir, request.outputs.print), (Some("d".into()), false));
    for (flags, words) in [
        ("--bundle b", "together"),
        ("--new-bundle-format=false", "Sigstore bundles"),
        ("--output-signature s", "room for one"),
        ("-", "standard input"),
    ] {
        refused(sign(&format!("--key k --bundle-dir d {flags} a b")), ErrorKind::Usage, words);
    }
}

#[test]
fn offline_admits_no_service_and_needs_a_key() {
    refused(sign("--offline f"), ErrorKind::Usage, "needs a key");
    for service in [
        "--signing-config c",
        "--use-signing-config",
        "--tlog-upload",
        "--issue-certificate",
        "--identity-token t",
        "--fulcio-url u",
        "--rekor-url u",
        "--timestamp-server-url u",
    ] {
        refused(
            sign(&format!("--key k --offline {service} f")),
            ErrorKind::Usage,
            "--offline asks no service",
        );
        let statement = format!("--key k --offline {service} --statement s");
        refused(attest(&statement), ErrorKind::Usage, "--offline asks no service");
    }
}

#[test]
fn a_signing_config_excludes_other_services() {
    for other in ["--tlog-upload=false", "--rekor-url u", "--fulcio-url u", "--oidc-issuer u"] {
        refused(sign(&format!("--key k --signing-config c {other} f")), ErrorKind::Usage, "together");
        refused(sign(&format!("--key k --use-signing-config {other} f")), ErrorKind::Usage, "together");
    }
    for use_it in ["--use-signing-config", "--use-signing-config=false"] {
        refused(sign(&format!("--key k --signing-config c {use_it} f")), ErrorKind::Usage, "together");
    }
}

#[test]
fn standard_output_gets_the_signature_unless_a_file_does() {
    for (flags, print) in [
        ("--offline", true),
        ("--offline --output-signature s", false),
        ("--offline --output s", false),
        ("--offline --bundle b", true),
        ("--offline --bundle b --output-signature s", false),
        ("--offline --bundle b --new-bundle-format=false", true),
        ("--tlog-upload=false --use-signing-config=false --bundle b", true),
    ] {
        assert_eq!(sign(&format!("--key k {flags} f")).unwrap().outputs.print, print, "{flags}");
    }
}

#[test]
fn nothing_that_is_asked_for_is_left_out() {
    let flags = "--key k --offline --bundle b --output-signature s --output-cert c --rfc3161-timestamp t --b64=false f";
    let request = sign(flags).unwrap();
    assert_eq!(request.outputs.bundle, Some(("b".into(), BundleForm::Sigstore)));
    assert_eq!(request.outputs.signature, Some("s".into()));
    assert_eq!(request.outputs.certificate, Some("c".into()));
    assert_eq!(request.outputs.timestamp, Some("t".into()));
    assert!(!request.base64);
    let request =
        sign("--key k --offline --new-bundle-format=false --bundle b --cert c --cert-chain d f").unwrap();
    assert_eq!(request.outputs.bundle, Some(("b".into(), BundleForm::Legacy)));
    assert_eq!(request.with.certificate, Some("c".into()));
    assert_eq!(request.with.certificate_chain, Some("d".into()));
    let request = sign("--key k --offline --output-signature s --output t f").unwrap();
    assert_eq!(request.outputs.signature, Some("s".into()));
    let request = sign("--key k --offline --signing-algorithm ecdsa-sha2-384-nistp384 f").unwrap();
    assert_eq!(request.algorithm.map(|a| a.name), Some("ecdsa-sha2-384-nistp384"));
}

#[test]
fn one_output_has_room_for_one_blob() {
    assert_eq!(sign("--key k --offline a b -").unwrap().blobs.len(), 3);
    for output in ["--bundle b", "--output-signature s", "--output-certificate c"] {
        refused(sign(&format!("--key k --offline {output} a b")), ErrorKind::Usage, "room for one");
    }
    refused(sign("--key k --offline - a -"), ErrorKind::Usage, "once only");
    refused(sign("--key k --offline"), ErrorKind::Usage, "nothing to sign");
}

#[test]
fn a_statement_comes_from_a_predicate_or_whole() {
    let key = "--key k --offline";
    let request = attest(&format!("{key} --predicate p --type spdxjson f")).unwrap();
    let StatementSource::Predicate { predicate_type, blob, digest, .. } = request.source else { panic!() };
    assert_eq!((predicate_type.as_str(), blob.to_str(), digest), ("spdxjson", Some("f"), None));
    assert!(matches!(
        attest(&format!("{key} --statement s")).unwrap().source,
        StatementSource::Statement { blob: None, .. }
    ));
    refused(attest(&format!("{key} f")), ErrorKind::Usage, "nothing to state");
    refused(attest(&format!("{key} --predicate p")), ErrorKind::Usage, "about no file");
    refused(attest(&format!("{key} --predicate p f g")), ErrorKind::Usage, "one argument too many");
    refused(attest(&format!("{key} --predicate p --statement s f")), ErrorKind::Usage, "together");
    refused(attest(&format!("{key} --statement s --type spdx")), ErrorKind::Usage, "--type and --statement");
    refused(attest(&format!("{key} --statement s --hash x")), ErrorKind::Usage, "--hash and --statement");
}
