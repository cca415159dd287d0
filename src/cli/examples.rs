//! Examples in help, as data. They run in the order of help in one folder that holds `artifact.txt`, `predicate.json`, a
//! private key `other.pem`, an image layout `app`, `sbom.spdx.json`, `module.wasm`, `Dockerfile`, `compose.yaml` and `pod.yaml`, which
//! name the image `registry.example/app:v1`, `images.txt`, which lists it, `policy.yaml` and `policy.test.yaml`, which are about it,
//! `cluster-image-policy.yaml`, which is a cluster's,
//! with `COSIGN_PASSWORD` set; a test does so.

/// One example.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What it does.
    pub what: &'static str,
    /// The arguments, as typed in a shell.
    pub line: &'static str,
}

/// Command and example, in the order in which they run.
pub const EXAMPLES: &[(&str, Example)] = &[
    ("generate-key-pair", Example { what: "write cosign.key and cosign.pub", line: "generate-key-pair" }),
    (
        "generate-key-pair",
        Example {
            what: "write release.key and release.pub",
            line: "generate-key-pair --output-key-prefix release",
        },
    ),
    (
        "public-key",
        Example {
            what: "show the public key that belongs to cosign.key",
            line: "public-key --key cosign.key",
        },
    ),
    (
        "sign-blob",
        Example {
            what: "sign with a key and no service, into a bundle",
            line: "sign-blob --key cosign.key --offline --bundle artifact.sigstore.json artifact.txt",
        },
    ),
    (
        "sign-blob",
        Example {
            what: "print the signature alone",
            line: "sign-blob --key cosign.key --offline artifact.txt",
        },
    ),
    (
        "sign-blob",
        Example {
            what: "write the signature alone to a file",
            line: "sign-blob --key cosign.key --offline --output-signature artifact.sig artifact.txt",
        },
    ),
    (
        "verify-blob",
        Example {
            what: "verify the bundle",
            line: "verify-blob --key cosign.pub --no-log --bundle artifact.sigstore.json artifact.txt",
        },
    ),
    (
        "verify-blob",
        Example {
            what: "verify the bundle, and write a report of every check",
            line: "verify-blob --key cosign.pub --no-log --bundle artifact.sigstore.json --report json=report.json \
                   artifact.txt",
        },
    ),
    (
        "attest-blob",
        Example {
            what: "sign a predicate about a file, into a bundle",
            line: "attest-blob --key cosign.key --offline --type slsaprovenance1 --predicate predicate.json --bundle \
                   artifact.att.json artifact.txt",
        },
    ),
    (
        "attest-blob",
        Example {
            what: "the same, into a bundle in cosign's older format",
            line: "attest-blob --key cosign.key --offline --type slsaprovenance1 --predicate predicate.json \
                   --new-bundle-format=false --bundle artifact.old.json artifact.txt",
        },
    ),
    (
        "verify-blob-attestation",
        Example {
            what: "verify it",
            line: "verify-blob-attestation --key cosign.pub --no-log --type slsaprovenance1 --bundle artifact.att.json \
                   artifact.txt",
        },
    ),
    (
        "sign",
        Example {
            what: "sign an image, here one in the folder `app`, with a key and no service",
            line: "sign --key cosign.key --offline oci:app",
        },
    ),
    (
        "sign",
        Example {
            what: "say something of it, in what cosign 2 reads too, unless it is said already",
            line: "sign --key cosign.key --offline --annotations build=42 --write bundle,tag --skip-existing oci:app",
        },
    ),
    (
        "sign",
        Example {
            what: "sign an image in a registry",
            line: "sign --key cosign.key --offline registry.example/app:v1",
        },
    ),
    (
        "sign",
        Example {
            what: "sign into a file, and publish nothing",
            line: "sign --key cosign.key --offline --upload=false --bundle app.sigstore.json oci:app",
        },
    ),
    (
        "verify",
        Example {
            what: "verify it, and say what was signed with it",
            line: "verify --key cosign.pub --no-log --annotations build=42 oci:app",
        },
    ),
    (
        "verify",
        Example {
            what: "verify all images of a list, and write a report of every check",
            line: "verify --key cosign.pub --no-log --from-file images.txt --report json=images.json",
        },
    ),
    (
        "verify",
        Example {
            what: "verify an image by a policy file, which says who must have signed it",
            line: "verify --policy-file policy.yaml registry.example/app:v1",
        },
    ),
    (
        "attest",
        Example {
            what: "sign a statement about an image, and remove older ones of its type",
            line: "attest --key cosign.key --offline --type slsaprovenance1 --predicate predicate.json --replace oci:app",
        },
    ),
    (
        "attest",
        Example {
            what: "state something into a file, and publish nothing",
            line: "attest --key cosign.key --offline --no-upload --type slsaprovenance1 --predicate predicate.json --bundle app.att.json oci:app",
        },
    ),
    (
        "verify-attestation",
        Example {
            what: "verify the statement; standard output gets its envelope",
            line: "verify-attestation --key cosign.pub --no-log --type slsaprovenance1 oci:app",
        },
    ),
    (
        "dockerfile verify",
        Example {
            what: "verify the images that a Dockerfile builds on",
            line: "dockerfile verify --key cosign.pub --no-log Dockerfile",
        },
    ),
    (
        "manifest verify",
        Example {
            what: "verify the images of a pod",
            line: "manifest verify --key cosign.pub --no-log pod.yaml",
        },
    ),
    (
        "compose verify",
        Example {
            what: "verify the images of a Compose file, and write a report for a CI server",
            line: "compose verify --key cosign.pub --no-log --report junit=report.xml compose.yaml",
        },
    ),
    (
        "policy check",
        Example { what: "look for mistakes in a policy file", line: "policy check policy.yaml" },
    ),
    (
        "policy explain",
        Example {
            what: "show why an image is accepted",
            line: "policy explain --policy-file policy.yaml registry.example/app:v1",
        },
    ),
    (
        "policy import",
        Example {
            what: "write a policy file from those of a cluster",
            line: "policy import --output-file imported.yaml cluster-image-policy.yaml",
        },
    ),
    ("policy test", Example { what: "judge the cases in a file", line: "policy test policy.test.yaml" }),
    (
        "login",
        Example {
            what: "log in, with the password from standard input",
            line: "login --username user --password-stdin registry.example",
        },
    ),
    (
        "attach signature",
        Example {
            what: "attach a bundle that was made with `sign --upload=false --bundle`",
            line: "attach signature --bundle app.sigstore.json oci:app",
        },
    ),
    (
        "attach attestation",
        Example {
            what: "attach an attestation that was made with `attest --no-upload --bundle`",
            line: "attach attestation --attestation app.att.json oci:app",
        },
    ),
    (
        "attach sbom",
        Example {
            what: "attach an SBOM, unsigned; `attest --type spdxjson` signs it",
            line: "attach sbom --sbom sbom.spdx.json oci:app",
        },
    ),
    (
        "download signature",
        Example {
            what: "show the signatures of an image, a line each, unverified",
            line: "download signature oci:app",
        },
    ),
    (
        "download attestation",
        Example {
            what: "show the envelopes of one type, unverified",
            line: "download attestation --predicate-type slsaprovenance1 --output-format legacy oci:app",
        },
    ),
    ("download sbom", Example { what: "show the attached SBOM, unverified", line: "download sbom oci:app" }),
    ("tree", Example { what: "show what belongs to an image", line: "tree oci:app" }),
    ("tree", Example { what: "the same, for programs", line: "tree --output json oci:app" }),
    (
        "bundle create",
        Example {
            what: "make a bundle of a signature in a file of its own",
            line: "bundle create --ignore-tlog --artifact artifact.txt --signature artifact.sig --key cosign.pub --out \
                   made.sigstore.json",
        },
    ),
    (
        "bundle upgrade",
        Example {
            what: "convert an older bundle",
            line: "bundle upgrade artifact.old.json --out artifact.new.json",
        },
    ),
    (
        "triangulate",
        Example {
            what: "say under which tag the signatures of an image are",
            line: "triangulate \
                   registry.example/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
    ),
    (
        "generate",
        Example {
            what: "show what a signature of an image is made over",
            line: "generate --annotations build=42 \
                   registry.example/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
    ),
    (
        "copy",
        Example {
            what: "copy an image with all that belongs to it, here from folder to folder",
            line: "copy oci:app oci:mirror:v1",
        },
    ),
    (
        "copy",
        Example {
            what: "copy from repository to repository, of one registry or two",
            line: "copy registry.example/app:v1 registry.example/mirror:v1",
        },
    ),
    (
        "save",
        Example {
            what: "write an image with all that belongs to it into the folder saved",
            line: "save --dir saved oci:mirror:v1",
        },
    ),
    (
        "load",
        Example {
            what: "push it from there; a registry takes it as `HOST/PATH:TAG`",
            line: "load --dir saved oci:loaded:v2",
        },
    ),
    (
        "upload blob",
        Example {
            what: "put a file into an image layout",
            line: "upload blob --files artifact.txt oci:files:artifact",
        },
    ),
    (
        "upload wasm",
        Example {
            what: "put a WebAssembly module into an image layout",
            line: "upload wasm --file module.wasm oci:files:module",
        },
    ),
    (
        "clean",
        Example {
            what: "remove the SBOM that was attached to an image, and ask nobody",
            line: "clean --force --type sbom oci:app",
        },
    ),
    (
        "import-key-pair",
        Example {
            what: "encrypt the private key in other.pem, into import-cosign.key and import-cosign.pub",
            line: "import-key-pair --key other.pem",
        },
    ),
    (
        "trusted-root create",
        Example {
            what: "write the public root, without its transparency logs",
            line: "trusted-root create --with-default-services --no-default-rekor --out trusted-root.json",
        },
    ),
    (
        "trusted-root create",
        Example {
            what: "trust the public services, and a transparency log of one's own",
            line: "trusted-root create --with-default-services --rekor \
                   url=https://rekor.example,public-key=release.pub,start-time=2026-01-01T00:00:00Z",
        },
    ),
    (
        "trusted-root inspect",
        Example { what: "show whom a trusted root trusts", line: "trusted-root inspect trusted-root.json" },
    ),
    (
        "trusted-root inspect",
        Example { what: "show the built-in public root as JSON", line: "trusted-root inspect --output json" },
    ),
    (
        "signing-config create",
        Example {
            what: "write a config that names no service, to sign without a network",
            line: "signing-config create --out signing-config.json",
        },
    ),
    (
        "signing-config create",
        Example {
            what: "use the public services, but no transparency log",
            line: "signing-config create --with-default-services --no-default-rekor",
        },
    ),
    (
        "pack",
        Example {
            what: "gather a file and its bundles for a place without a network",
            line: "pack --out kit.tar --bundle artifact.sigstore.json --bundle artifact.att.json artifact.txt",
        },
    ),
    (
        "pack",
        Example {
            what: "leave the file out, and take the public root along",
            line: "pack --out digests.tar --digests-only --with-default-trusted-root --bundle artifact.sigstore.json \
                   artifact.txt",
        },
    ),
    (
        "unpack",
        Example {
            what: "verify what is in the kit, then unpack it into the new folder kit",
            line: "unpack --verify --key cosign.pub --no-log --dir kit kit.tar",
        },
    ),
    (
        "unpack",
        Example {
            what: "verify the file at hand with the bundles of the kit, and unpack nothing",
            line: "unpack --verify --key cosign.pub --no-log --artifacts . digests.tar",
        },
    ),
    (
        "sandbox demo",
        Example { what: "see signing by identity, with nothing set up and no network", line: "sandbox demo" },
    ),
    (
        "sandbox up",
        Example {
            what: "start a Sigstore in the folder `sigstore`, in the background",
            line: "sandbox up --detach --dir sigstore",
        },
    ),
    (
        "sandbox run",
        Example {
            what: "show the variables by which a command uses its sandbox",
            line: "sandbox run -- env",
        },
    ),
    (
        "sandbox run",
        Example {
            what: "see what a pipeline, here `true`, does when Rekor fails three times and Fulcio is slow",
            line: "sandbox run --fault rekor=503:3 --fault fulcio=slow:10s -- true",
        },
    ),
    (
        "sandbox token",
        Example {
            what: "make a token as a GitHub workflow gets it",
            line: "sandbox token --dir sigstore --github-workflow octo/app --issuer \
                   https://token.actions.githubusercontent.com",
        },
    ),
    (
        "sandbox status",
        Example {
            what: "show where its services are, and how much is in its logs",
            line: "sandbox status --dir sigstore",
        },
    ),
    ("sandbox down", Example { what: "end it", line: "sandbox down --dir sigstore" }),
    (
        "debug providers",
        Example { what: "show where an identity token would come from", line: "debug providers" },
    ),
    (
        "explain",
        Example { what: "say what a code of a report means, and what to do", line: "explain log-unknown" },
    ),
    ("explain", Example { what: "list the codes", line: "explain" }),
    (
        "env",
        Example { what: "show what is set, without explanations", line: "env --show-descriptions=false" },
    ),
    ("completion", Example { what: "show the script for bash", line: "completion bash" }),
    (
        "bundle inspect",
        Example { what: "show what is in a bundle", line: "bundle inspect artifact.sigstore.json" },
    ),
    (
        "bundle inspect",
        Example {
            what: "print the command that verifies an attestation",
            line: "bundle inspect --suggest artifact.att.json",
        },
    ),
    (
        "bundle inspect",
        Example {
            what: "print the predicate of an attestation, unverified",
            line: "bundle inspect --predicate artifact.att.json",
        },
    ),
    (
        "bundle diff",
        Example {
            what: "show what two bundles differ in; here nothing",
            line: "bundle diff artifact.sigstore.json artifact.sigstore.json",
        },
    ),
    ("version", Example { what: "show the version as JSON", line: "version --json" }),
    ("help", Example { what: "show the flags of sign-blob", line: "help sign-blob" }),
    ("help", Example { what: "show what verification checks", line: "help verification" }),
    ("help", Example { what: "write the manual into the folder man", line: "help --man man" }),
];

/// What is said of an example that asks the public services, where somebody has to log in: a test reads it as the program does, and does
/// not run it.
#[cfg(test)]
const BY_SERVICES: &str = "(asks Sigstore's public services)";

/// Examples that ask the public services. They come first.
const PUBLIC: &[(&str, Example)] = &[
    (
        "sign-blob",
        Example {
            what: "sign without a key, as whoever logs in (asks Sigstore's public services)",
            line: "sign-blob --bundle artifact.sigstore.json artifact.txt",
        },
    ),
    (
        "attest-blob",
        Example {
            what: "sign a predicate about a file without a key (asks Sigstore's public services)",
            line: "attest-blob --type slsaprovenance1 --predicate predicate.json --bundle artifact.att.json artifact.txt",
        },
    ),
    (
        "sign",
        Example {
            what: "sign an image without a key, as whoever logs in (asks Sigstore's public services)",
            line: "sign registry.example/app:v1",
        },
    ),
    (
        "attest",
        Example {
            what: "sign a statement about an image without a key (asks Sigstore's public services)",
            line: "attest --type slsaprovenance1 --predicate predicate.json registry.example/app:v1",
        },
    ),
];

/// The examples of `command`.
pub fn of(command: &str) -> Vec<Example> {
    let all = PUBLIC.iter().chain(EXAMPLES);
    all.filter(|(name, _)| *name == command).map(|(_, example)| *example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{parse, tree};

    /// They are read to the end, up to what would be carried out, and are marked, so that nobody runs them unawares.
    #[test]
    fn examples_that_ask_the_public_services_are_understood() {
        for (name, Example { what, line }) in PUBLIC {
            assert!(what.ends_with(BY_SERVICES) && line.split(' ').next() == Some(name), "{what}: {line}");
            let words = line.split(' ').skip(1).map(Into::into).collect();
            let parsed = parse::parse(tree::command(name).unwrap(), words).unwrap();
            let mut warnings = Vec::new();
            let request = tree::request(name, &parsed.matches, &mut warnings);
            assert!(request.is_ok() && warnings.is_empty() && parsed.warnings.is_empty(), "{line}");
        }
        for (_, Example { what, .. }) in EXAMPLES {
            assert!(!what.contains(BY_SERVICES), "{what}");
        }
    }
}
