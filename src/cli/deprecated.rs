//! Flags that cosign 3 calls deprecated: they have a heading of their own in help, and one line when used.

/// Which commands a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Signing,
    Verifying,
    Creating,
    Rooting,
    Imaging,
    Judging,
}

use Scope::{Creating, Imaging, Judging, Rooting, Signing, Verifying};

/// Flag, commands, and what to do instead; by name.
const TABLE: &[(&str, Scope, &str)] = &[
    ("attachment", Signing, "attachments give way to referrers and attestations"),
    ("attachment-tag-prefix", Imaging, "tags give way to the referrers of OCI 1.1"),
    ("attachment-tag-prefix", Signing, "tags give way to the referrers of OCI 1.1"),
    ("attachment", Judging, "name the attachment by its own tag or digest"),
    ("attachment-tag-prefix", Judging, "tags give way to the referrers of OCI 1.1"),
    ("b64", Signing, "the bundle encodes the signature itself: use --bundle"),
    ("ca-intermediates", Verifying, "put the certificates into a trusted root: use --trusted-root"),
    ("ca-intermediates", Judging, "put the certificates into a trusted root: use --trusted-root"),
    ("ca-roots", Verifying, "put the certificates into a trusted root: use --trusted-root"),
    ("ca-roots", Judging, "put the certificates into a trusted root: use --trusted-root"),
    ("certificate", Verifying, "the bundle holds the certificate: use --bundle, and --trusted-root"),
    ("certificate", Judging, "the bundle holds the certificate: use --trusted-root"),
    ("certificate-chain", Verifying, "put the certificates into a trusted root: use --trusted-root"),
    ("certificate-chain", Rooting, "name the certificate authority by pairs: use --fulcio"),
    ("certificate-chain", Judging, "put the certificates into a trusted root: use --trusted-root"),
    ("ctfe-end-time", Rooting, "name the certificate transparency log by pairs: use --ctfe"),
    ("ctfe-key", Rooting, "name the certificate transparency log by pairs: use --ctfe"),
    ("ctfe-start-time", Rooting, "name the certificate transparency log by pairs: use --ctfe"),
    ("ctfe-url", Rooting, "name the certificate transparency log by pairs: use --ctfe"),
    ("experimental-oci11", Imaging, "what refers to an image is shown without it"),
    ("experimental-oci11", Verifying, "it has no effect on files"),
    ("experimental-oci11", Judging, "without it, every form is looked at"),
    ("fulcio-uri", Rooting, "name the certificate authority by pairs: use --fulcio"),
    ("fulcio-url", Signing, "name the certificate authority in a signing config: use --signing-config"),
    ("insecure-skip-verify", Signing, "verifiers want the certificate timestamp that it does without"),
    ("issue-certificate", Signing, "it is going away"),
    ("new-bundle-format", Signing, "the Sigstore bundle becomes the only format that is written"),
    ("new-bundle-format", Verifying, "the format is recognised by its content"),
    ("new-bundle-format", Judging, "without it, every form is looked at"),
    ("oidc-issuer", Signing, "name the issuer in a signing config: use --signing-config"),
    ("output", Signing, "the bundle holds the signature: use --bundle"),
    ("output-attestation", Signing, "the bundle holds the statement: use --bundle"),
    ("output-certificate", Signing, "the bundle holds the certificate: use --bundle"),
    ("output-payload", Signing, "the bundle holds the payload: use --bundle"),
    ("output-signature", Signing, "the bundle holds the signature: use --bundle"),
    ("payload", Signing, "the payload is made"),
    ("private-infrastructure", Verifying, "use --no-log"),
    ("record-creation-timestamp", Signing, "a bundle always records it"),
    ("payload", Judging, "the bundle holds the payload"),
    ("private-infrastructure", Judging, "use --no-log"),
    ("rekor-end-time", Rooting, "name the log by pairs: use --rekor"),
    ("rekor-entry-type", Signing, "it is going away"),
    ("rekor-key", Rooting, "name the log by pairs: use --rekor"),
    ("rekor-start-time", Rooting, "name the log by pairs: use --rekor"),
    ("rekor-url", Creating, "the trusted root names the log"),
    ("rekor-url", Signing, "name the log in a signing config: use --signing-config"),
    ("rekor-url", Verifying, "the bundle holds the proof of the log: use --bundle"),
    ("rekor-url", Rooting, "name the log by pairs: use --rekor"),
    ("replace", Signing, "statements of one type can stand side by side"),
    ("rekor-url", Judging, "the bundle holds the proof of the log"),
    ("rfc3161-timestamp", Signing, "the bundle holds the timestamp: use --bundle"),
    ("rfc3161-timestamp", Verifying, "the bundle holds the timestamp: use --bundle"),
    ("rfc3161-timestamp-bundle", Signing, "the bundle holds the timestamp: use --bundle"),
    ("sct", Verifying, "the certificate in the bundle holds it: use --bundle"),
    ("sign-container-identity", Signing, "a bundle names an image by its digest alone"),
    ("sct", Judging, "the certificate in the bundle holds it"),
    ("signature", Verifying, "the bundle holds the signature: use --bundle"),
    ("signature", Judging, "signatures are looked up in the registry"),
    ("signature-digest-algorithm", Verifying, "the bundle names the digest: use --bundle"),
    ("signature-digest-algorithm", Judging, "the bundle names the digest"),
    (
        "timestamp-certificate-chain",
        Verifying,
        "put the certificates into a trusted root: use --trusted-root",
    ),
    ("timestamp-certificate-chain", Rooting, "name the timestamp authority by pairs: use --tsa"),
    ("timestamp-certificate-chain", Judging, "put the certificates into a trusted root: use --trusted-root"),
    ("timestamp-server-url", Signing, "name the authority in a signing config: use --signing-config"),
    ("timestamp-uri", Rooting, "name the timestamp authority by pairs: use --tsa"),
    (
        "tlog-upload",
        Signing,
        "a key alone signs with --offline, an identity by a signing config without logs",
    ),
];

/// What to do instead of `flag` in `command`, if the flag is deprecated there.
pub fn instead(command: &str, flag: &str) -> Option<&'static str> {
    let scope = match command {
        "sign" | "sign-blob" | "attest" | "attest-blob" => Signing,
        "verify-blob" | "verify-blob-attestation" => Verifying,
        "bundle create" => Creating,
        "trusted-root create" => Rooting,
        "attach attestation"
        | "attach sbom"
        | "attach signature"
        | "clean"
        | "copy"
        | "generate"
        | "load"
        | "save"
        | "triangulate"
        | "tree"
        | "download signature"
        | "download attestation"
        | "download sbom"
        | "upload blob"
        | "upload wasm" => Imaging,
        "verify" | "verify-attestation" | "dockerfile verify" | "manifest verify" | "compose verify" => {
            Judging
        }
        _ => return None,
    };
    TABLE.iter().find(|row| row.0 == flag && row.1 == scope).map(|row| row.2)
}
