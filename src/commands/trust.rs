//! Which root a verification trusts: a file, PEM files, cosign's variables, or the embedded constants.

use std::path::{Path, PathBuf};

use super::{Context, Error, ErrorKind, TrustRequest};
use crate::storage::read_file;
use crate::trust::{EMBEDDED_ROOT_DATE, PemOverrides, TrustedRoot, embedded_public_root};

/// A trusted root with all its authorities is some 10 KiB.
const MAX_TRUSTED_ROOT: u64 = 16 << 20;
/// Certificates and keys in PEM.
const MAX_PEM: u64 = 1 << 20;

/// The variables by which cosign takes single pieces of trust material, each with what it replaces.
const VARIABLES: [(&str, fn(&mut PemOverrides) -> &mut Option<Vec<u8>>); 4] = [
    ("SIGSTORE_ROOT_FILE", |o| &mut o.certificate_authorities),
    ("SIGSTORE_REKOR_PUBLIC_KEY", |o| &mut o.log_keys),
    ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", |o| &mut o.ct_log_keys),
    ("SIGSTORE_TSA_CERTIFICATE_FILE", |o| &mut o.timestamp_authorities),
];

/// Builds the trusted root. A file that the user named is all that is trusted; the flags for single pieces replace
/// those pieces; without a file, cosign's variables replace theirs, and the embedded public root gives the rest.
///
/// # Errors
/// Of kind `TrustMaterial`, naming the file, the flag or the variable.
pub fn trusted_root(request: &TrustRequest, context: &mut Context) -> Result<TrustedRoot, Error> {
    let mut overrides = PemOverrides::default();
    let base = if let Some(path) = &request.trusted_root {
        let text = read("trusted root", path, MAX_TRUSTED_ROOT)?;
        TrustedRoot::from_json(&text, &path.display().to_string())
            .map_err(|e| Error::new(ErrorKind::TrustMaterial, unusable("trusted root", path)).caused_by(&e))?
    } else {
        for (name, slot) in VARIABLES {
            if let Some(path) = context.variable(name).filter(|v| !v.is_empty()) {
                let read = read("trust material", Path::new(&path), MAX_PEM);
                *slot(&mut overrides) = Some(read.map_err(|e| e.cause(format!("named by {name}")))?);
            }
        }
        embedded_public_root()
            .map_err(|e| Error::new(ErrorKind::TrustMaterial, "the embedded public root is not usable").caused_by(&e))?
    };
    flags(request, &mut overrides)?;
    if request.trusted_root.is_none() && overrides.covers_less_than_all() {
        context
            .narrator
            .say(&format!("Trusting the embedded public-good root of {EMBEDDED_ROOT_DATE}; name another with --trusted-root"));
    }
    overrides
        .apply(base)
        .map_err(|e| Error::new(ErrorKind::TrustMaterial, "the given trust material is not usable").caused_by(&e))
}

fn flags(request: &TrustRequest, overrides: &mut PemOverrides) -> Result<(), Error> {
    let pem = |path: &Option<PathBuf>| path.as_ref().map(|p| read("certificates", p, MAX_PEM)).transpose();
    if let Some(roots) = pem(&request.ca_roots)? {
        overrides.certificate_authorities = Some(roots);
    }
    if let Some(intermediates) = pem(&request.ca_intermediates)? {
        overrides.ca_intermediates = Some(intermediates);
    }
    if let Some(chain) = pem(&request.certificate_chain)? {
        overrides.certificate_authorities = None;
        overrides.certificate_chain = Some(chain);
    }
    if let Some(chain) = pem(&request.timestamp_certificate_chain)? {
        overrides.timestamp_authorities = Some(chain);
    }
    Ok(())
}

fn read(what: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    read_file(what, path, limit).map_err(|e| Error::new(ErrorKind::TrustMaterial, e.to_string()).sources_of(&e))
}

fn unusable(what: &str, path: &Path) -> String {
    format!("{what} `{}` is not usable", path.display())
}
