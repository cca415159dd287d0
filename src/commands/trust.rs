//! Which root a verification trusts: a file, PEM files, cosign's variables, or the embedded constants.

use std::path::Path;

use super::{Context, Error, ErrorKind, TrustRequest};
use crate::storage::read_file;
use crate::trust::{
    PemOverrides, PemText, SigningConfig, TrustedRoot, embedded_public_root, embedded_public_signing_config,
};

/// A trusted root with all its authorities is some 10 KiB.
const MAX_TRUSTED_ROOT: u64 = 16 << 20;
/// Certificates and keys in PEM.
const MAX_PEM: u64 = 1 << 20;

/// One piece of trust material in [`PemOverrides`].
type Slot = fn(&mut PemOverrides) -> &mut Option<PemText>;

/// The variables by which cosign takes single pieces of trust material, each with what it replaces.
const VARIABLES: [(&str, Slot); 4] = [
    ("SIGSTORE_ROOT_FILE", |o| &mut o.root_file),
    ("SIGSTORE_REKOR_PUBLIC_KEY", |o| &mut o.rekor_public_key),
    ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", |o| &mut o.ct_log_public_key),
    ("SIGSTORE_TSA_CERTIFICATE_FILE", |o| &mut o.tsa_certificate),
];

/// Builds the trusted root. A file that the user named is all that is trusted; the flags for single pieces replace
/// those pieces; without a file, cosign's variables replace theirs, and the embedded public root gives the rest.
///
/// # Errors
/// Of kind `TrustMaterial`, naming the file, the flag or the variable.
pub async fn trusted_root(request: &TrustRequest, context: &mut Context) -> Result<TrustedRoot, Error> {
    let mut overrides = PemOverrides::default();
    let base = match &request.trusted_root {
        Some(path) => parse(&read("trusted root", path, MAX_TRUSTED_ROOT)?, &path.display().to_string())?,
        None => {
            for (name, slot) in VARIABLES {
                // A path need not be Unicode; one that is passed over would leave the public root in its place.
                if let Some(path) = (context.variables)(name).filter(|v| !v.is_empty()) {
                    let path = Path::new(&path);
                    *slot(&mut overrides) = Some(pem(&format!("{name} ({})", path.display()), path)?);
                }
            }
            embedded_public_root().map_err(|e| {
                Error::new(ErrorKind::TrustMaterial, "the embedded public root cannot be used").caused_by(&e)
            })?
        }
    };
    let root = overridden(base, overrides, request, context)?;
    if request.trusted_root.is_none() {
        context.narrator.say(&format!("Trusted root: {}", root.source));
    }
    Ok(root)
}

/// What a signature is made with where nobody names the services: the trusted root, as for [`trusted_root`], and the signing
/// config that the same repository gives. `request.trusted_root` replaces the first of them alone.
///
/// # Errors
/// As [`trusted_root`]; the repository has no signing config that this program can read.
pub async fn signing_material(
    request: &TrustRequest,
    context: &mut Context,
) -> Result<(TrustedRoot, SigningConfig), Error> {
    let root = trusted_root(request, context).await?;
    let config = embedded_public_signing_config(false).map_err(|e| {
        Error::new(ErrorKind::TrustMaterial, "the embedded signing config cannot be used").caused_by(&e)
    })?;
    Ok((root, config))
}

/// The trusted root in a document that did not come from a file of the user, with the pieces that the flags replace;
/// `source` is its name in messages.
///
/// # Errors
/// As [`trusted_root`].
pub(super) fn given_root(
    text: &[u8],
    source: &str,
    request: &TrustRequest,
    context: &mut Context,
) -> Result<TrustedRoot, Error> {
    let root = overridden(parse(text, source)?, PemOverrides::default(), request, context)?;
    context.narrator.say(&format!("Trusted root: {}", root.source));
    Ok(root)
}

fn parse(text: &[u8], source: &str) -> Result<TrustedRoot, Error> {
    TrustedRoot::from_json(text, source).map_err(|e| {
        let unusable = format!("trusted root `{source}` cannot be used");
        let error = Error::new(ErrorKind::TrustMaterial, unusable).caused_by(&e);
        if text.trim_ascii_start().starts_with(b"-----BEGIN ") {
            error.hint("a trusted root is JSON; certificates in PEM are named with --ca-roots")
        } else {
            error
        }
    })
}

/// The root with the pieces that the flags replace.
fn overridden(
    base: TrustedRoot,
    mut overrides: PemOverrides,
    request: &TrustRequest,
    context: &mut Context,
) -> Result<TrustedRoot, Error> {
    for skipped in &base.skipped {
        context.narrator.warn(skipped);
    }
    let flags: [(Slot, &Option<std::path::PathBuf>, &str); 4] = [
        (|o| &mut o.ca_roots, &request.ca_roots, "--ca-roots"),
        (|o| &mut o.ca_intermediates, &request.ca_intermediates, "--ca-intermediates"),
        (|o| &mut o.certificate_chain, &request.certificate_chain, "--certificate-chain"),
        (
            |o| &mut o.timestamp_certificate_chain,
            &request.timestamp_certificate_chain,
            "--timestamp-certificate-chain",
        ),
    ];
    for (slot, path, flag) in flags {
        if let Some(path) = path {
            *slot(&mut overrides) = Some(pem(&format!("{flag} {}", path.display()), path)?);
        }
    }
    overrides.apply(base).map_err(|e| {
        Error::new(ErrorKind::TrustMaterial, "the given trust material cannot be used").caused_by(&e)
    })
}

fn pem(source: &str, path: &Path) -> Result<PemText, Error> {
    let text = read("trust material", path, MAX_PEM).map_err(|e| e.cause(format!("named by {source}")))?;
    Ok(PemText { source: source.to_owned(), text })
}

fn read(what: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    read_file(what, path, limit).map_err(|e| Error::trust_file(&e))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Narrator, Settings};
    use super::*;
    use crate::crypto::UnixTime;
    use crate::keys::Terminal;

    struct Silence;

    impl Narrator for Silence {
        fn say(&mut self, _line: &str) {}
        fn warn(&mut self, _line: &str) {}
    }

    fn root(variable: &'static str, path: OsString) -> Result<TrustedRoot, Error> {
        let mut context = Context {
            settings: Settings { timeout: std::time::Duration::ZERO, verbose: false },
            now: UnixTime::from_seconds(0),
            variables: Box::new(move |name| (name == variable).then(|| path.clone())),
            prompt: Box::new(Terminal::default()),
            narrator: Box::new(Silence),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(trusted_root(&TrustRequest::default(), &mut context))
    }

    #[test]
    fn a_variable_that_names_no_file_is_an_error() {
        for (name, _) in VARIABLES {
            assert_eq!(root(name, "no-such-file".into()).unwrap_err().kind, ErrorKind::TrustMaterial);
            assert!(root(name, OsString::new()).is_ok());
        }
        assert!(root("SIGSTORE_NOTHING", "no-such-file".into()).is_ok());
    }

    /// The public root must not stand in for a private one whose path is not Unicode.
    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_unicode_is_one() {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.pem"));
        let variable = || OsString::from_vec(path.as_os_str().as_bytes().to_vec());
        assert!(root("SIGSTORE_ROOT_FILE", variable()).is_err());
        // Not every file system has such names.
        if std::fs::write(&path, include_bytes!("../../testdata/mock-sigstore/fulcio_root.pem")).is_ok() {
            let root = root("SIGSTORE_ROOT_FILE", variable()).unwrap();
            assert!(
                root.source.contains("certificate authorities from SIGSTORE_ROOT_FILE"),
                "{}",
                root.source
            );
        }
    }
}
