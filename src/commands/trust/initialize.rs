//! `initialize`.

use std::path::Path;

use super::anchor::{Given, Purpose};
use super::cache::Cache;
use super::repository::{MAX_ROOT, Repository};
use crate::commands::{Context, Error, ErrorKind, Files};
use crate::crypto::{Digest, HashAlgorithm};
use crate::http::{self, Redacted};
use crate::services::tuf;
use crate::storage::read_file;

/// What `initialize` is asked for.
#[derive(Debug)]
pub struct InitializeRequest {
    /// The address of the repository; without it, the public one.
    pub mirror: Option<String>,
    /// Its root, a file or an address; without it, the one that is cached or built in.
    pub root: Option<String>,
    /// The digest of the root: hexadecimal of SHA-256, or with `sha256:` or `sha512:` before it.
    pub root_checksum: Option<String>,
    /// Sigstore's staging instance.
    pub staging: bool,
}

impl InitializeRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let file = self.root.as_deref().filter(|root| !is_address(root)).map(Path::new);
        Files::default().and_read("root of a TUF repository", file)
    }
}

/// Asks a repository, keeps what it says, and chooses it for what comes. Nothing is chosen where something fails.
///
/// # Errors
/// The root cannot be read or is not the right one; the repository cannot be asked, is not to be believed or expired; nothing can
/// be kept.
pub async fn initialize(request: &InitializeRequest, context: &mut Context) -> Result<(), Error> {
    let digest = request.root_checksum.as_deref().map(checksum).transpose()?;
    let cache = Cache::of(context)?;
    if !cache.keeps() {
        return Err(Error::usage("there is no place to keep trust material in")
            .hint("set TUF_ROOT or HOME, and not SIGSTORE_NO_CACHE"));
    }
    let given = match &request.root {
        Some(root) => Some(Given { root: given(root, digest.as_ref(), context).await?, by: "--root" }),
        None => None,
    };
    let mirror = match (&request.mirror, request.staging) {
        (_, true) => tuf::STAGING.mirror.to_owned(),
        (Some(mirror), false) => mirror.clone(),
        (None, false) => tuf::SIGSTORE.mirror.to_owned(),
    };
    if http::without_user(&mirror) != *mirror {
        let message =
            format!("the address of --mirror ({}) has a user or a password in it", Redacted(&mirror));
        return Err(Error::usage(message).cause("it would be kept in the cache, where it can be read").hint(
            "leave them out; where the repository wants them, name it by TUF_MIRROR, with its root by TUF_ROOT_JSON, which is not kept",
        ));
    }
    let repository = Repository::at(cache, mirror, given, Purpose::Choose)?;
    let material = repository.update(context).await.map_err(|error| match error.kind {
        ErrorKind::Network => error.hint(
            "look at the address of the repository (--mirror), the network and the proxy, and try again; nothing was changed",
        ),
        ErrorKind::TrustMaterial if request.root.is_some() => error
            .hint("name the root of this very repository with --root, or the repository that the root is of with --mirror"),
        _ => error,
    })?;
    let Repository { cache, mirror, .. } = &repository;
    // What is not kept is not chosen either.
    let trouble = cache.trouble().or_else(|| {
        cache.choose(mirror);
        cache.trouble()
    });
    if let (Some(trouble), Some(path)) = (trouble, cache.path()) {
        return Err(Error::new(ErrorKind::Format, format!("nothing can be kept in `{path}`")).cause(trouble));
    }
    let mirror = Redacted(mirror);
    for skipped in &material.root.skipped {
        context.narrator.warn(skipped);
    }
    if material.config.is_none() {
        context.narrator.warn(&format!(
            "{mirror} offers no signing config: name the services when you sign, with --signing-config FILE"
        ));
    }
    if let (Some(expires), Some(path)) = (material.expires, cache.path()) {
        context
            .narrator
            .say(&format!("The trusted root of {mirror} is kept in `{path}`, valid until {expires}"));
    }
    Ok(())
}

async fn given(root: &str, digest: Option<&Digest>, context: &mut Context) -> Result<Vec<u8>, Error> {
    let bytes = if is_address(root) {
        if digest.is_none() {
            context.narrator.warn(
                "whoever answers at the address of --root decides what is trusted: give the digest of the root with \
                 --root-checksum",
            );
        }
        let client = http::Client::with_timeout(context.settings.timeout);
        client.get(root, MAX_ROOT).await.map_err(|error| {
            let message = format!("the root could not be fetched from {}", Redacted(root));
            Error::new(ErrorKind::Network, message).caused_by(&error)
        })?
    } else {
        let root = read_file("root of a TUF repository", Path::new(root), MAX_ROOT);
        root.map_err(|error| Error::trust_file(&error))?
    };
    if let Some(digest) = digest {
        let found = digest.algorithm().digest(&bytes);
        if found != *digest {
            return Err(Error::new(
                ErrorKind::TrustMaterial,
                "the root is not the one that --root-checksum means",
            )
            .cause(format!("its digest is {found}, not {digest}")));
        }
    }
    tuf::root_version(&bytes).map_err(|error| {
        let message = format!("`{}` is not the root of a TUF repository", Redacted(root));
        Error::new(ErrorKind::TrustMaterial, message).caused_by(&error)
    })?;
    Ok(bytes)
}

fn is_address(root: &str) -> bool {
    let root = root.to_ascii_lowercase();
    root.starts_with("http://") || root.starts_with("https://")
}

fn checksum(text: &str) -> Result<Digest, Error> {
    let lower = text.trim().to_ascii_lowercase();
    let digest = match lower.split_once(':') {
        None => Digest::from_hex(HashAlgorithm::Sha256, &lower),
        Some(("sha256" | "sha512", _)) => Digest::parse(&lower),
        Some(_) => {
            return Err(Error::usage(format!("--root-checksum: `{text}` is not by SHA-256 or SHA-512")));
        }
    };
    digest
        .map_err(|error| Error::usage(format!("--root-checksum: `{text}` is not a digest")).caused_by(&error))
}
