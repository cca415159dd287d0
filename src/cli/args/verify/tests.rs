//! What the verifying commands make of their flags.

use clap::FromArgMatches;

use crate::cli::parse;
use crate::cli::verify_blob::VerifyBlobArgs;
use crate::cli::verify_blob_attestation::VerifyBlobAttestationArgs;
use crate::commands::{Error, ErrorKind, Expected, Signer, Subject, VerifyRequest};

type Made = (Result<VerifyRequest, Error>, Vec<String>);

fn request(line: &str) -> Made {
    let mut words = line.split(' ').map(std::ffi::OsString::from);
    let name = words.next().unwrap();
    let command = crate::cli::tree::command(name.to_str().unwrap()).unwrap();
    let matches = parse::parse(command, words.collect()).unwrap().matches;
    let mut warnings = Vec::new();
    let made = match name.to_str() {
        Some("verify-blob") => VerifyBlobArgs::from_arg_matches(&matches).unwrap().request(&mut warnings),
        _ => VerifyBlobAttestationArgs::from_arg_matches(&matches).unwrap().request(&mut warnings),
    };
    (made, warnings)
}

fn sound(line: &str) -> VerifyRequest {
    let (made, warnings) = request(line);
    assert!(warnings.is_empty(), "{line}: {warnings:?}");
    made.unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[track_caller]
fn refused(line: &str, words: &str) {
    let error = request(line).0.expect_err(line);
    assert_eq!(error.kind, ErrorKind::Usage, "{line}: {error}");
    assert!(error.message.contains(words), "{line}: {error}");
}

const KEYLESS: &str = "--certificate-identity=me --certificate-oidc-issuer=https://i";

#[test]
fn a_key_or_an_identity_says_whose_signature_is_wanted() {
    assert_eq!(sound("verify-blob --key k --bundle b f").signer, Signer::Key("k".into()));
    let request = sound(&format!("verify-blob {KEYLESS} --bundle b f"));
    let Signer::Identity(identity) = request.signer else { panic!("{request:?}") };
    assert_eq!(identity.identity.as_deref(), Some("me"));
    assert_eq!(identity.issuer.as_deref(), Some("https://i"));
}

#[test]
fn nobody_in_particular_is_refused() {
    for flags in [
        "--bundle b",
        "--certificate-oidc-issuer=i --bundle b",
        "--certificate-identity= --certificate-oidc-issuer=i --bundle b",
        "--signature s --certificate c",
    ] {
        refused(&format!("verify-blob {flags} f"), "nobody is named");
    }
    refused("verify-blob --key= --bundle b f", "--key is given and empty");
    refused("verify-blob --certificate-identity=me --bundle b f", "without the issuer");
    refused("verify-blob --certificate-identity-regexp=me --certificate-oidc-issuer= --bundle b f", "issuer");
}

#[test]
fn kyverno_cve_2025_29778_no_identity_flag_is_dropped() {
    let line = "verify-blob --certificate-identity-regexp=a --certificate-oidc-issuer-regexp=b \
                --certificate-github-workflow-trigger=c --certificate-github-workflow-sha=d \
                --certificate-github-workflow-name=e --certificate-github-workflow-repository=f \
                --certificate-github-workflow-ref=g --bundle b f";
    let Signer::Identity(identity) = sound(&line.split_whitespace().collect::<Vec<_>>().join(" ")).signer
    else {
        panic!()
    };
    let workflow = identity.workflow;
    let found = [
        identity.identity_regexp,
        identity.issuer_regexp,
        workflow.trigger,
        workflow.sha,
        workflow.name,
        workflow.repository,
        workflow.reference,
    ];
    assert_eq!(found.map(Option::unwrap), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!((identity.identity, identity.issuer), (None, None));
}

#[test]
fn an_empty_workflow_claim_does_not_pass_unchecked() {
    for claim in ["trigger", "sha", "name", "repository", "ref"] {
        let flag = format!("--certificate-github-workflow-{claim}");
        refused(&format!("verify-blob {KEYLESS} {flag}= --bundle b f"), &flag);
    }
}

#[test]
fn exact_and_expression_together_are_refused() {
    refused(&format!("verify-blob {KEYLESS} --certificate-identity-regexp=.* --bundle b f"), "together");
    refused(&format!("verify-blob {KEYLESS} --certificate-oidc-issuer-regexp=.* --bundle b f"), "together");
}

/// Which of them would be left aside is the difference between the signature that was meant and anybody's.
#[test]
fn a_key_and_an_identity_are_two_signers() {
    for command in ["verify-blob", "verify-blob-attestation"] {
        refused(
            &format!("{command} --key k {KEYLESS} --bundle b f"),
            "--key and --certificate-identity name",
        );
        for flag in
            ["identity", "identity-regexp", "oidc-issuer", "oidc-issuer-regexp", "github-workflow-ref"]
        {
            let flag = format!("--certificate-{flag}");
            refused(&format!("{command} --key k {flag} x --bundle b f"), &flag);
            assert!(request(&format!("{command} --key k {flag}= --bundle b f")).0.is_ok(), "{flag}");
        }
    }
}

#[test]
fn a_key_leaves_authorities_aside_and_says_so() {
    let (made, warnings) = request("verify-blob --key k --ca-roots r --sct s --bundle b f");
    assert_eq!(made.unwrap().signer, Signer::Key("k".into()));
    assert_eq!(warnings, ["--ca-roots, --sct are ignored: --key decides whose signature is accepted"]);
}

#[test]
fn two_keys_are_refused() {
    refused("verify-blob --key k --sk --bundle b f", "--sk");
    refused("verify-blob --key k --certificate c --signature s f", "--certificate");
    let (made, warnings) = request("verify-blob-attestation --key k --certificate c --signature s f");
    assert!(made.is_ok() && warnings[0].contains("--certificate is ignored"));
    assert!(request("verify-blob --key k --sk=false --bundle b f").0.is_ok());
}

#[test]
fn there_must_be_a_signature_and_one_artifact() {
    refused("verify-blob --key k f", "no signature");
    refused("verify-blob --key k --bundle b", "nothing to verify");
    refused("verify-blob --key k --bundle b f g", "`g` is one argument too many");
    refused("verify-blob-attestation --key k --bundle b f g", "`g` is one argument too many");
}

#[test]
fn two_answers_on_who_issues_certificates_are_refused() {
    refused(&format!("verify-blob {KEYLESS} --bundle b --ca-roots r --certificate-chain c f"), "--ca-roots");
    refused(
        &format!("verify-blob {KEYLESS} --bundle b --ca-intermediates r --certificate-chain c f"),
        "--ca-inter",
    );
    refused(&format!("verify-blob {KEYLESS} --bundle b --ca-intermediates r f"), "needs roots");
}

#[test]
fn waivers_name_the_flag_that_was_typed() {
    for flag in ["--no-log", "--insecure-ignore-tlog", "--private-infrastructure"] {
        assert_eq!(sound(&format!("verify-blob --key k --bundle b {flag} f")).waivers.log, Some(flag));
        let off = sound(&format!("verify-blob --key k --bundle b {flag}=false f"));
        assert_eq!(off.waivers.log, None, "{flag}");
    }
    let none = sound("verify-blob --key k --bundle b f");
    assert!(none.waivers == crate::commands::Waivers::default() && !none.require_timestamp);
    let all = sound("verify-blob --key k --bundle b --insecure-ignore-sct --use-signed-timestamps f");
    assert!(all.waivers.sct == Some("--insecure-ignore-sct") && all.require_timestamp);
    let offline = sound("verify-blob --key k --bundle b --offline f");
    assert_eq!(offline.waivers.log, None, "offline waives nothing");
}

#[test]
fn an_attestation_has_a_type_and_a_file_or_a_digest() {
    let line = "verify-blob-attestation --key k --bundle b";
    let request = sound(&format!("{line} f"));
    assert_eq!(request.expected, Expected::Attestation { predicate_type: "custom".into() });
    assert_eq!(request.subject, Subject::Blob("f".into()));
    let hex = "AB".repeat(48);
    let request = sound(&format!("{line} --type spdx --digest {hex} --digestAlg sha384"));
    assert_eq!(request.subject, Subject::Digest { algorithm: "sha384", hex: hex.to_lowercase() });
    assert_eq!(sound(&format!("{line} --check-claims=false")).subject, Subject::None);
    assert_eq!(sound(&format!("{line} --check-claims=false")).waivers.claims, Some("--check-claims=false"));
    refused(line, "nothing to verify");
    refused(&format!("{line} --digest {hex}"), "--digest comes without");
    refused(&format!("{line} --digestAlg sha256"), "--digestAlg comes without");
    refused(&format!("{line} --digest {hex} --digestAlg sha256"), "is not a sha256 digest");
    refused(&format!("{line} --digest {hex} --digestAlg sha384 f"), "both a file and --digest");
}
