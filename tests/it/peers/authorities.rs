//! Certificates of private authorities, made by openssl: rcosign takes those that cosign takes, but for a table of
//! differences.

use std::path::Path;

use super::{Peer, peers};
use crate::support::Sandbox;

const OPENSSL: &str = "/usr/bin/openssl";
const IDENTITY: &[&str] =
    &["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "https://issuer.example"];
const ANYBODY: &[&str] = &["--certificate-identity-regexp", ".*", "--certificate-oidc-issuer-regexp", ".*"];

/// The issuer extensions of Fulcio, raw and as UTF8String.
const RAW: &str =
    "1.3.6.1.4.1.57264.1.1=DER:68:74:74:70:73:3a:2f:2f:69:73:73:75:65:72:2e:65:78:61:6d:70:6c:65\n";
const UTF8: &str = "1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://issuer.example\n";
const EMAIL: &str = "subjectAltName=email:dev@example.com\n";
const SIGNS: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n";
const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";

/// What is expected of rcosign.
enum Expected {
    /// The answer of the peers, which is this one.
    Same(bool),
    /// Another answer than the peers', which is this one, and why.
    Other(bool, &'static str),
}
use Expected::{Other, Same};

/// The certificates above the leaf: name, issuer, extensions, and further words for openssl.
const AUTHORITIES: &[(&str, &str, &[&str], &[&str])] = &[
    ("inter", "root", &[CA], &[]),
    ("codesign", "root", &[CA, "extendedKeyUsage=codeSigning\n"], &[]),
    ("serverauth", "root", &[CA, "extendedKeyUsage=serverAuth\n"], &[]),
    ("not-ca", "root", &["basicConstraints=critical,CA:FALSE\n"], &[]),
    ("no-constraints", "root", &["keyUsage=critical,keyCertSign\n"], &[]),
    ("no-cert-sign", "root", &["basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"], &[]),
    (
        "pathlen",
        "root",
        &["basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"],
        &[],
    ),
    ("too-deep", "pathlen", &[CA], &[]),
    ("other-mail", "root", &[CA, "nameConstraints=critical,permitted;email:other.example\n"], &[]),
    ("that-mail", "root", &[CA, "nameConstraints=critical,permitted;email:example.com\n"], &[]),
    ("some-dns", "root", &[CA, "nameConstraints=critical,permitted;DNS:example.org\n"], &[]),
    ("no-mail", "root", &[CA, "nameConstraints=critical,excluded;email:example.com\n"], &[]),
    ("sha1", "root", &[CA], &["-sha1"]),
    ("expired", "root", &[CA], &["-days", "-1"]),
];

/// Leaves: name, issuer, extensions, further words for openssl, the flags that name the signer.
type Leaf = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    Expected,
);
const LEAVES: &[Leaf] = &[
    ("base", "inter", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(true)),
    ("sha384", "inter", &[SIGNS, EMAIL, RAW, UTF8], &["-sha384"], IDENTITY, Same(true)),
    ("expired-leaf", "inter", &[SIGNS, EMAIL, RAW, UTF8], &["-days", "-1"], IDENTITY, Same(false)),
    // Usages.
    (
        "no-eku",
        "inter",
        &[EMAIL, RAW, UTF8, "keyUsage=critical,digitalSignature\n"],
        &[],
        IDENTITY,
        Same(true),
    ),
    (
        "any-eku",
        "inter",
        &[EMAIL, RAW, UTF8, "extendedKeyUsage=anyExtendedKeyUsage\n"],
        &[],
        IDENTITY,
        Same(true),
    ),
    ("server", "inter", &[EMAIL, RAW, UTF8, "extendedKeyUsage=serverAuth\n"], &[], IDENTITY, Same(false)),
    ("no-usage", "inter", &[EMAIL, RAW, UTF8, "extendedKeyUsage=codeSigning\n"], &[], IDENTITY, Same(true)),
    (
        "encipherment",
        "inter",
        &[EMAIL, RAW, UTF8, "keyUsage=critical,keyEncipherment\n"],
        &[],
        IDENTITY,
        Other(false, "RFC 5280 section 4.2.1.3: this key does not sign; Go does not look"),
    ),
    (
        "authority",
        "inter",
        &[CA, EMAIL, RAW, UTF8],
        &[],
        IDENTITY,
        Other(false, "as before: it signs certificates alone"),
    ),
    // Extensions that nobody knows.
    (
        "critical",
        "inter",
        &[SIGNS, EMAIL, RAW, UTF8, "1.2.3.4=critical,ASN1:NULL\n"],
        &[],
        IDENTITY,
        Same(false),
    ),
    ("unknown", "inter", &[SIGNS, EMAIL, RAW, UTF8, "1.2.3.4=ASN1:NULL\n"], &[], IDENTITY, Same(true)),
    // Identities.
    ("no-san", "inter", &[SIGNS, RAW, UTF8], &[], ANYBODY, Same(false)),
    (
        "other-name",
        "inter",
        &[SIGNS, RAW, UTF8, "subjectAltName=otherName:1.3.6.1.4.1.57264.1.7;UTF8:dev@example.com\n"],
        &[],
        IDENTITY,
        Same(true),
    ),
    (
        "foreign-name",
        "inter",
        &[SIGNS, RAW, UTF8, "subjectAltName=otherName:1.2.3.4;UTF8:dev@example.com\n"],
        &[],
        IDENTITY,
        Same(false),
    ),
    (
        "second-name",
        "inter",
        &[SIGNS, RAW, UTF8, "subjectAltName=URI:https://x.example,email:dev@example.com\n"],
        &[],
        IDENTITY,
        Same(true),
    ),
    (
        "capitals",
        "inter",
        &[SIGNS, RAW, UTF8, "subjectAltName=email:Dev@example.com\n"],
        &[],
        IDENTITY,
        Same(false),
    ),
    // Issuers of the identity.
    ("no-issuer", "inter", &[SIGNS, EMAIL], &[], IDENTITY, Same(false)),
    ("no-issuer-any", "inter", &[SIGNS, EMAIL], &[], ANYBODY, Same(true)),
    ("raw-issuer", "inter", &[SIGNS, EMAIL, RAW], &[], IDENTITY, Same(true)),
    (
        "new-issuer",
        "inter",
        &[SIGNS, EMAIL, UTF8],
        &[],
        IDENTITY,
        Other(true, "cosign reads the older of the two extensions alone here, in bundles both"),
    ),
    (
        "two-issuers",
        "inter",
        &[SIGNS, EMAIL, RAW, "1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://other.example\n"],
        &[],
        IDENTITY,
        Other(false, "the two extensions contradict each other; cosign looks at one of them"),
    ),
    // What is above.
    ("by-codesign", "codesign", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(true)),
    ("by-serverauth", "serverauth", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-not-ca", "not-ca", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-no-constraints", "no-constraints", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-no-cert-sign", "no-cert-sign", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-pathlen", "pathlen", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(true)),
    ("by-too-deep", "too-deep", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-other-mail", "other-mail", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-that-mail", "that-mail", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(true)),
    ("by-some-dns", "some-dns", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(true)),
    ("by-no-mail", "no-mail", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-sha1", "sha1", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
    ("by-expired", "expired", &[SIGNS, EMAIL, RAW, UTF8], &[], IDENTITY, Same(false)),
];

/// Ways to say what is trusted, for the leaf `base`; a name with `+` stands for a file with these certificates in turn.
const TRUST: &[(&[&str], Expected)] = &[
    (&["--certificate-chain", "root+inter"], Same(true)),
    (&["--certificate-chain", "base+inter+root"], Same(true)),
    // The last one is the root, whatever it is, unless it is the leaf.
    (&["--certificate-chain", "inter"], Same(true)),
    (&["--certificate-chain", "root"], Same(false)),
    (&["--certificate-chain", "base"], Other(false, "a leaf that another certificate issued is no anchor")),
    (&["--ca-roots", "root", "--ca-intermediates", "inter"], Same(true)),
    (&["--ca-roots", "stranger+root", "--ca-intermediates", "inter"], Same(true)),
    (&["--ca-roots", "inter+root"], Same(true)),
    (&["--ca-roots", "root"], Same(false)),
    (&["--ca-roots", "stranger", "--ca-intermediates", "inter"], Same(false)),
    // An intermediate that leads to itself is no root.
    (&["--ca-roots", "stranger", "--ca-intermediates", "inter+root"], Same(false)),
    (&["--ca-roots", "root", "--certificate-chain", "inter+root"], Same(false)),
    (&["--ca-intermediates", "inter+root"], Same(false)),
    (&[], Same(false)),
];

fn openssl(sandbox: &Sandbox, args: &[&str]) {
    let _ = sandbox.program(Path::new(OPENSSL), args).run().ok();
}

fn key(sandbox: &Sandbox, name: &str) {
    let file = format!("{name}.key");
    openssl(sandbox, &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &file]);
}

/// A certificate that is its own issuer.
fn own(sandbox: &Sandbox, name: &str, extensions: &[&str]) {
    key(sandbox, name);
    let head = "[req]\ndistinguished_name=d\nx509_extensions=e\nprompt=no\n";
    let _ = sandbox.file("own.conf", format!("{head}[d]\nCN={name}\n[e]\n{}", extensions.concat()));
    let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
    openssl(
        sandbox,
        &["req", "-x509", "-new", "-key", &key, "-days", "9", "-config", "own.conf", "-out", &file],
    );
}

/// A certificate that `issuer` issues.
fn issue(sandbox: &Sandbox, name: &str, issuer: &str, extensions: &[&str], more: &[&str]) {
    key(sandbox, name);
    let [own_key, request, file, ca, ca_key] =
        [(name, "key"), (name, "csr"), (name, "pem"), (issuer, "pem"), (issuer, "key")]
            .map(|(name, suffix)| format!("{name}.{suffix}"));
    openssl(sandbox, &["req", "-new", "-key", &own_key, "-subj", &format!("/CN={name}"), "-out", &request]);
    let _ = sandbox.file("extensions", extensions.concat());
    let args =
        ["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-out", &file];
    openssl(sandbox, &[&args[..], &["-days", "9", "-extfile", "extensions"], more].concat());
}

/// One file with several certificates, named `A+B`.
fn file_of(sandbox: &Sandbox, names: &str) -> String {
    let file = format!("{names}.pem");
    let texts: String = names.split('+').map(|name| sandbox.text(&format!("{name}.pem"))).collect();
    let _ = sandbox.file(&file, texts);
    file
}

/// Signs with the leaf's key and asks everybody; returns what the peers and rcosign answered.
fn ask(
    sandbox: &Sandbox,
    peers: &[Peer],
    leaf: &str,
    signer: &[&str],
    trust: &[&str],
) -> (Vec<bool>, bool, String) {
    let (key, certificate) = (format!("{leaf}.key"), format!("{leaf}.pem"));
    openssl(sandbox, &["dgst", "-sha256", "-sign", &key, "-out", "signature", "artifact.txt"]);
    let mut args =
        vec!["verify-blob", "--insecure-ignore-tlog", "--insecure-ignore-sct", "--signature", "signature"];
    args.extend(["--certificate", &certificate]);
    args.extend(signer.iter().chain(trust));
    args.push("artifact.txt");
    let theirs = peers.iter().map(|peer| peer.run(sandbox, &args).code == 0).collect();
    let ours = sandbox.run(&args);
    assert!([0, 2, 12].contains(&ours.code), "{leaf} {trust:?}: {} {}", ours.code, ours.stderr);
    (theirs, ours.code == 0, ours.stderr)
}

fn compare(what: &str, expected: &Expected, (theirs, ours, words): (Vec<bool>, bool, String)) {
    let (peers, own, why) = match expected {
        Same(both) => (*both, *both, "as the peers"),
        Other(own, why) => (!*own, *own, *why),
    };
    assert_eq!(ours, own, "{what}: {words} ({why})");
    assert!(
        theirs.iter().all(|answer| *answer == peers),
        "{what}: the peers say {theirs:?}, expected {peers}"
    );
}

#[test]
fn private_authorities_are_judged_as_cosign_judges_them() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = Sandbox::new();
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    own(&sandbox, "root", &[CA]);
    own(&sandbox, "stranger", &[CA]);
    for (name, issuer, extensions, more) in AUTHORITIES {
        issue(&sandbox, name, issuer, extensions, more);
    }
    for (name, issuer, extensions, more, signer, expected) in LEAVES {
        issue(&sandbox, name, issuer, extensions, more);
        let above = if *issuer == "too-deep" { "too-deep+pathlen+root" } else { &format!("{issuer}+root") };
        let chain = file_of(&sandbox, above);
        compare(name, expected, ask(&sandbox, &peers, name, signer, &["--certificate-chain", &chain]));
    }
    for (words, expected) in TRUST {
        let words: Vec<String> = words
            .iter()
            .map(|word| if word.starts_with('-') { (*word).to_owned() } else { file_of(&sandbox, word) })
            .collect();
        let trust: Vec<&str> = words.iter().map(String::as_str).collect();
        compare(&words.join(" "), expected, ask(&sandbox, &peers, "base", IDENTITY, &trust));
    }
    // Certificates that are their own authority.
    for (name, more) in [("self", SIGNS), ("self-ca", "basicConstraints=critical,CA:TRUE\n")] {
        own(&sandbox, name, &[more, EMAIL, RAW, UTF8]);
        let file = format!("{name}.pem");
        for flag in ["--certificate-chain", "--ca-roots"] {
            compare(name, &Same(true), ask(&sandbox, &peers, name, IDENTITY, &[flag, &file]));
            compare(name, &Same(false), ask(&sandbox, &peers, name, IDENTITY, &[flag, "root.pem"]));
        }
    }
}
