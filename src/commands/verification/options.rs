//! A digest of all that decides whether an image verifies, so that what one run has verified is not taken for verified by a run that asks for
//! something else.

use std::path::Path;

use super::images::Judge;
use super::request::{Search, VerifyImagesRequest};
use crate::commands::context::Variables;
use crate::commands::{Error, Files, RegistryRequest, TrustRequest};
use crate::crypto::sha256;
use crate::storage::read_file;
use crate::trust::TrustedRoot;

/// Bytes of a file that decides: data of policies are the largest.
const MAX_BYTES: u64 = 64 << 20;

/// Variables that decide by their values. What is in the folder that `TUF_ROOT` names is the trusted root, which is compared itself.
const VALUES: [&str; 4] = ["COSIGN_MAX_ATTACHMENT_SIZE", "COSIGN_REPOSITORY", "TUF_MIRROR", "TUF_ROOT"];
/// Variables that name files that decide.
const FILES: [&str; 5] = [
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
    "TUF_ROOT_JSON",
];

/// The digest. `judge` has the keys that were read, `trust` is what the policy file says, or else the request; `root` is the trusted root if
/// one was needed so far.
///
/// # Errors
/// A file that decides cannot be read.
pub(super) fn digest(
    request: &VerifyImagesRequest,
    judge: &Judge,
    trust: &TrustRequest,
    root: Option<&TrustedRoot>,
    variables: &Variables,
) -> Result<[u8; 32], Error> {
    // Every member is named: a new one has to be put on one side or the other.
    let VerifyImagesRequest {
        command,
        images: _,
        list: _,
        file: _,
        local,
        expected,
        signer,
        trust: _,
        require_timestamp,
        waivers,
        annotations,
        beside,
        search: Search { bundles, tags, layers, limited_by: _, workers: _ },
        children,
        policy: policies,
        sbom,
        output: _,
        reports: _,
        resume: _,
        shard: _,
        registry: RegistryRequest { tag_prefix, .. },
    } = request;
    let asked = (command, local, expected, signer, trust, require_timestamp, waivers, annotations);
    let looked_for = (beside, (bundles, tags, layers), children, policies, sbom, tag_prefix);
    // Where the root came from is said in words that go with the time, such as the age of a cache.
    let root = root.map(|root| TrustedRoot { source: String::new(), ..root.clone() });
    let mut text = format!("{}\n{asked:?}\n{looked_for:?}\n{root:?}\n", env!("CARGO_PKG_VERSION"));
    let mut files = request.deciding(Files::default());
    match judge {
        Judge::Signer { policy, rules: _ } => text.push_str(&format!("{policy:?}\n")),
        Judge::Scopes(loaded) => {
            text.push_str(&format!("{:?}\n", loaded.ready.signers));
            files = files.and_named(&loaded.files);
        }
    }
    for name in VALUES {
        text.push_str(&format!("{name}={:?}\n", variables(name)));
    }
    let named = FILES.map(|name| (name, variables(name)));
    for (name, value) in &named {
        text.push_str(&format!("{name}={value:?}\n"));
        files = files.and_read(name, value.as_deref().map(Path::new));
    }
    for (what, path) in files.read() {
        text.push_str(&format!("{what} {path:?} "));
        // A key of a service, or a text in place of a file, is no file; the policy and the request have what they say.
        if path.as_os_str() == "-" || path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(Error::usage(format!(
                "--resume cannot tell whether the {what} `{}` changed",
                path.display()
            ))
            .cause("it is no file that can be read again")
            .hint("put it into a file"));
        }
        if path.is_file() {
            let bytes = read_file("file", path, MAX_BYTES).map_err(|error| Error::file(&error))?;
            text.push_str(&hex::encode(sha256(&bytes)));
        }
        text.push('\n');
    }
    Ok(sha256(text.as_bytes()))
}
