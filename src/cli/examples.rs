//! Examples in help, as data. They run in this order in one folder that holds `artifact.txt`, `predicate.json`, a private key `other.pem` and an
//! image layout `app`, with `COSIGN_PASSWORD` set; a test does so.

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
        "attest",
        Example {
            what: "sign a statement about an image, and remove older ones of its type",
            line: "attest --key cosign.key --offline --type slsaprovenance1 --predicate predicate.json --replace oci:app",
        },
    ),
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

/// The examples of `command`.
pub fn of(command: &str) -> Vec<Example> {
    EXAMPLES.iter().filter(|(name, _)| *name == command).map(|(_, example)| *example).collect()
}
