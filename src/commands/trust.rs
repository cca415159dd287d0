//! Which root a verification trusts: a file, PEM files, cosign's variables, a TUF repository, or the embedded constants.

#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "what is cached is read, and nothing is fetched")
)]
mod anchor;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "what is cached is read, and nothing is fetched")
)]
mod cache;
mod initialize;
mod legacy;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "what is cached is read, and nothing is fetched")
)]
mod repository;

pub use initialize::{InitializeRequest, initialize};
pub(super) use repository::public_root;

use std::path::Path;

use super::{Context, Error, ErrorKind, TrustRequest};
use crate::storage::read_file;
use crate::trust::{PemOverrides, PemText, RootDocument, SigningConfig, TrustedRoot};
use repository::{Material, Repository};

/// A trusted root with all its authorities is some 10 KiB.
const MAX_TRUSTED_ROOT: u64 = 16 << 20;
/// Certificates and keys in PEM.
const MAX_PEM: u64 = 1 << 20;

/// The way out of every trouble with a repository.
const ANOTHER_ROOT: &str = "name a trusted root with --trusted-root FILE";

/// One piece of trust material in [`PemOverrides`].
type Slot = fn(&mut PemOverrides) -> &mut Option<PemText>;

/// The variables by which cosign takes single pieces of trust material, each with what it replaces.
const VARIABLES: [(&str, Slot); 4] = [
    ("SIGSTORE_ROOT_FILE", |o| &mut o.root_file),
    ("SIGSTORE_REKOR_PUBLIC_KEY", |o| &mut o.rekor_public_key),
    ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", |o| &mut o.ct_log_public_key),
    ("SIGSTORE_TSA_CERTIFICATE_FILE", |o| &mut o.tsa_certificate),
];

/// Builds the trusted root. A file that the user named is all that is trusted. Without one, the root is that of the TUF
/// repository: what is cached while it is valid, else what the repository says now; with `offline` what is cached or embedded.
/// Flags for single pieces, and cosign's variables where there is no file, replace those pieces; where they are all there is to
/// replace, no repository is asked.
///
/// # Errors
/// Of kind `TrustMaterial`, naming the file, the flag or the variable; of kind `Network`: the repository cannot be asked.
pub async fn trusted_root(request: &TrustRequest, context: &mut Context) -> Result<TrustedRoot, Error> {
    let error = match signing_root(request, context).await {
        Ok(root) => return Ok(root),
        Err(error) => error,
    };
    if request.offline || request.trusted_root.is_some() || !is_of_repository(&error) {
        return Err(error);
    }
    Err(or_offline(error, context).await)
}

/// The same where `--offline` is no way out, as somebody has to be asked anyway.
///
/// # Errors
/// As [`trusted_root`].
pub async fn signing_root(request: &TrustRequest, context: &mut Context) -> Result<TrustedRoot, Error> {
    if let Some(path) = &request.trusted_root {
        let base = root_in(path)?;
        return overridden(base, PemOverrides::default(), request, context);
    }
    let overrides = from_variables(context)?;
    let base = if is_whole(&overrides, request) {
        TrustedRoot::default()
    } else {
        let asked = material(request.offline, context).await;
        asked.map_err(|error| error.hint(ANOTHER_ROOT))?.root
    };
    let root = overridden(base, overrides, request, context)?;
    context.narrator.say(&format!("Trusted root: {}", root.source));
    Ok(root)
}

/// What a signature is made with where nobody names the services: the trusted root, as for [`trusted_root`], and the signing
/// config that the same repository gives. `request.trusted_root` replaces the first of them alone.
///
/// # Errors
/// As [`trusted_root`]; the repository has no signing config.
pub async fn signing_material(
    request: &TrustRequest,
    context: &mut Context,
) -> Result<(TrustedRoot, SigningConfig), Error> {
    let Material { root: base, config, .. } = material(request.offline, context).await?;
    let Some(config) = config else {
        let message = format!("there is no signing config beside the trusted root ({})", base.source);
        return Err(Error::new(ErrorKind::TrustMaterial, message)
            .hint("name the services with --signing-config FILE, or each by its own flag"));
    };
    let root = if request.trusted_root.is_some() {
        trusted_root(request, context).await?
    } else {
        let overrides = from_variables(context)?;
        let root = overridden(base, overrides, request, context)?;
        context.narrator.say(&format!("Trusted root: {}", root.source));
        root
    };
    Ok((root, config))
}

/// The trusted root of the repository, as it is published: what is cached while it is valid, else what the repository says now; with
/// `offline` what is cached or embedded. Which it is is said.
///
/// # Errors
/// As [`trusted_root`].
pub(super) async fn published_root(offline: bool, context: &mut Context) -> Result<RootDocument, Error> {
    let Material { root, text, .. } = match material(offline, context).await {
        Ok(found) => found,
        Err(error) if offline => return Err(error),
        Err(error) => return Err(or_offline(error.hint("try again later"), context).await),
    };
    context.narrator.say(&format!("Default services: {}", root.source));
    match text {
        Some(text) => RootDocument::from_json(&text).map_err(|error| {
            let message = format!("the trusted root ({}) cannot be used", root.source);
            Error::new(ErrorKind::TrustMaterial, message).caused_by(&error)
        }),
        None => {
            root.skipped.iter().for_each(|skipped| context.narrator.warn(skipped));
            Ok(RootDocument::from(&root))
        }
    }
}

/// The signing config of the repository, as [`published_root`] takes the root; with `rekor_v2` the one that puts a log of Rekor v2
/// first.
///
/// # Errors
/// As [`trusted_root`]; the repository has no such signing config.
pub(super) async fn published_config(
    rekor_v2: bool,
    offline: bool,
    context: &mut Context,
) -> Result<SigningConfig, Error> {
    let repository = Repository::open(context)?;
    let repository = if rekor_v2 { repository.with_rekor_v2() } else { repository };
    let found = if offline { repository.offline(context).await } else { repository.material(context).await };
    let Material { root, config, .. } = match found {
        Ok(found) => found,
        Err(error) if offline => return Err(error),
        Err(error) => return Err(or_offline(error.hint("try again later"), context).await),
    };
    let Some(config) = config else {
        let which = if rekor_v2 { "signing config with Rekor v2" } else { "signing config" };
        let message = format!("there is no {which} beside the trusted root ({})", root.source);
        return Err(Error::new(ErrorKind::TrustMaterial, message)
            .hint("begin with a file of your own: --base-config FILE, or name the services one by one"));
    };
    context.narrator.say(&format!("Default services: {}", root.source));
    Ok(config)
}

/// Adds what `--offline` would take, if anything is there. A repository that cannot be opened has nothing to offer either.
async fn or_offline(error: Error, context: &Context) -> Error {
    let there = match Repository::open(context) {
        Ok(repository) => repository.there_offline(context.now).await,
        Err(_) => None,
    };
    there.into_iter().fold(error, |error, there| error.hint(format!("or add --offline to take {there}")))
}

fn is_of_repository(error: &Error) -> bool {
    error.hints.iter().any(|hint| hint == ANOTHER_ROOT)
}

async fn material(offline: bool, context: &mut Context) -> Result<Material, Error> {
    let repository = Repository::open(context)?;
    if offline { repository.offline(context).await } else { repository.material(context).await }
}

fn from_variables(context: &Context) -> Result<PemOverrides, Error> {
    let mut overrides = PemOverrides::default();
    for (name, slot) in VARIABLES {
        // A path need not be Unicode; one that is passed over would leave the public root in its place.
        if let Some(path) = (context.variables)(name).filter(|v| !v.is_empty()) {
            let path = Path::new(&path);
            *slot(&mut overrides) = Some(pem(&format!("{name} ({})", path.display()), path)?);
        }
    }
    Ok(overrides)
}

/// Whether authorities, logs and certificate logs are all named one by one, so that nobody has to be asked for any. Timestamp
/// authorities are those that are named then, or none.
fn is_whole(overrides: &PemOverrides, request: &TrustRequest) -> bool {
    let authorities =
        overrides.root_file.is_some() || request.ca_roots.is_some() || request.certificate_chain.is_some();
    authorities && overrides.rekor_public_key.is_some() && overrides.ct_log_public_key.is_some()
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

/// The trusted root in a file that the user named.
pub(super) fn root_in(path: &Path) -> Result<TrustedRoot, Error> {
    parse(&read("trusted root", path, MAX_TRUSTED_ROOT)?, &path.display().to_string())
}

fn parse(text: &[u8], source: &str) -> Result<TrustedRoot, Error> {
    TrustedRoot::from_json(text, source).map_err(|e| {
        let unusable = format!("trusted root `{source}` cannot be used");
        let error = Error::new(ErrorKind::TrustMaterial, unusable).caused_by(&e);
        if text.trim_ascii_start().starts_with(b"-----BEGIN ") {
            error.hint("a trusted root is JSON; certificates in PEM are named with --ca-roots")
        } else if is_several(text) {
            error.hint(
                "there are several roots in it, one in a line, as `gh attestation trusted-root` prints them: give one line to --trusted-root, as `sed -n 1p FILE` takes it",
            )
        } else {
            error
        }
    })
}

/// Whether each of the first two lines is a document of its own.
fn is_several(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.take(2).filter(|line| TrustedRoot::from_json(line, "line").is_ok()).count() == 2
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
            settings: Settings {
                timeout: std::time::Duration::ZERO,
                verbose: false,
                allow_kms_plugin: false,
                allow_kube_exec: false,
            },
            now: UnixTime::from_seconds(0),
            variables: std::sync::Arc::new(move |name| (name == variable).then(|| path.clone())),
            prompt: Box::new(Terminal::default()),
            narrator: Box::new(Silence),
            tell: |_| {},
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime
            .block_on(trusted_root(&TrustRequest { offline: true, ..TrustRequest::default() }, &mut context))
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
