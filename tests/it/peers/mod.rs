//! Both directions with the real cosigns, 2.5 and 3.1: what they make rcosign takes, and what rcosign makes they take.
//!
//! The programs are `cosign-2` and `cosign-3` in the folder `$RCOSIGN_PEERS`; see [`crate::support::peer`].

mod all_forms;
mod attaching;
mod attestations;
mod authorities;
mod blobs;
#[cfg(unix)]
mod browser;
mod bundles;
mod copying;
mod downloads;
mod faults;
mod identity;
mod image_signing;
mod key_stores;
mod keys;
mod kms_aws;
mod kms_azure;
mod kms_gcp;
#[cfg(unix)]
mod kms_plugin;
mod kms_vault;
mod layouts;
mod lookup;
mod many_signers;
#[cfg(all(target_os = "linux", feature = "piv"))]
mod piv;
mod pkcs11;
mod policies;
mod pushing;
mod registries;
mod registry;
mod reports;
mod repositories;
mod roots;
mod sandbox;
mod services;
mod signing;
mod strangers;
mod uploads;
mod verify_images;
mod witnesses;

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::support::{Output, Sandbox, peer, repository};

/// One of the real cosigns.
#[derive(Debug)]
struct Peer {
    /// 2 or 3.
    version: u8,
    program: PathBuf,
}

/// The peers that are here.
fn peers() -> Vec<Peer> {
    [(2, "cosign-2"), (3, "cosign-3")]
        .into_iter()
        .filter_map(|(version, name)| Some(Peer { version, program: peer(name)? }))
        .collect()
}

/// The forms of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A file with the signature in base64; for an attestation, the envelope.
    Detached,
    /// A file with the raw signature.
    Raw,
    /// The old JSON bundle.
    Legacy,
    /// The protobuf bundle v0.3.
    Bundle,
}

impl Form {
    /// The flags, other than the file's name, with which each program is asked to sign into this form: without a log.
    fn signing(self, signer: Option<&Peer>) -> Vec<&'static str> {
        let mut flags = match signer {
            None => vec!["--offline"],
            Some(Peer { version: 2, .. }) => vec!["--yes", "--tlog-upload=false"],
            Some(_) => vec!["--yes", "--tlog-upload=false", "--use-signing-config=false"],
        };
        match (self, signer) {
            (Self::Bundle, Some(Peer { version: 2, .. })) => flags.push("--new-bundle-format"),
            (Self::Bundle, _) | (Self::Detached | Self::Raw, None) | (_, Some(Peer { version: 2, .. })) => {}
            _ => flags.push("--new-bundle-format=false"),
        }
        if self == Self::Raw {
            flags.push("--b64=false");
        }
        flags
    }

    /// The flag that takes the file when signing, and when verifying.
    fn flags(self) -> (&'static str, &'static str) {
        match self {
            Self::Detached | Self::Raw => ("--output-signature", "--signature"),
            Self::Legacy | Self::Bundle => ("--bundle", "--bundle"),
        }
    }
}

impl Peer {
    /// The flags with which a peer verifies this form without a log.
    fn verifying(&self, form: Form) -> Vec<String> {
        let mut flags = vec!["--insecure-ignore-tlog".to_owned()];
        // 2.5 has to be told, and then wants a trusted root, whatever it says.
        if form == Form::Bundle && self.version == 2 {
            let root = repository().join("testdata/mock-sigstore/trusted_root.json");
            flags
                .extend(["--new-bundle-format", "--trusted-root", root.to_str().unwrap()].map(str::to_owned));
        }
        flags
    }

    fn run(&self, sandbox: &Sandbox, args: &[&str]) -> Output {
        sandbox.program(&self.program, args).run()
    }
}

/// A kind of key.
struct Kind {
    name: &'static str,
    /// The plain key in `testdata/keys`.
    plain: &'static str,
    /// Its digest.
    digest: &'static str,
}

const KINDS: &[Kind] = &[
    Kind { name: "p256", plain: "p256.pkcs8.pem", digest: "sha256" },
    Kind { name: "p384", plain: "p384.sec1.pem", digest: "sha384" },
    Kind { name: "p521", plain: "p521.sec1.pem", digest: "sha512" },
    Kind { name: "rsa2048", plain: "rsa2048.pkcs1.pem", digest: "sha256" },
    Kind { name: "rsa3072", plain: "rsa3072.pkcs8.pem", digest: "sha256" },
    Kind { name: "ed25519", plain: "ed25519.pkcs8.pem", digest: "none" },
];

impl Kind {
    fn plain(&self) -> PathBuf {
        repository().join("testdata/keys").join(self.plain)
    }

    /// What 3.1 has to be told of a key that signs with another digest than SHA-256, and 2.5 cannot be told (`None`).
    fn verifiable_by(&self, peer: &Peer) -> Option<Vec<&'static str>> {
        match (self.digest, peer.version) {
            ("sha256" | "none", _) => Some(Vec::new()),
            (_, 2) => None,
            (digest, _) => Some(vec!["--signature-digest-algorithm", digest]),
        }
    }
}

/// A folder with NAME.key and NAME.pub for each kind, imported by rcosign, and two blobs.
fn sandbox() -> Sandbox {
    // The contents and not the folder, which nobody would clear away.
    static KEYS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let keys = Sandbox::new();
        for kind in KINDS {
            let plain = kind.plain();
            let args =
                ["import-key-pair", "--key", plain.to_str().unwrap(), "--output-key-prefix", kind.name];
            let _ = keys.run(&args).ok();
        }
        keys.names().into_iter().map(|name| (name.clone(), keys.read(&name))).collect()
    });
    let sandbox = Sandbox::new();
    for (name, bytes) in keys {
        let _ = sandbox.file(name, bytes);
    }
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    let _ = sandbox.file("other.txt", "another artifact\n");
    sandbox
}
