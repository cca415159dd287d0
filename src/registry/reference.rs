//! Names of images: `HOST/PATH:TAG@DIGEST`, as the tools of the Go world read them, and nothing that they would refuse.
//!
//! What is more than theirs is refused too where it would change what is asked for: path components that are empty or made
//! of dots alone, hosts without a name or with an impossible port, and addresses (`https://...`).

use crate::crypto::{Digest, HashAlgorithm};

/// The registry of names without a host. Docker Hub.
const DEFAULT_REGISTRY: &str = "index.docker.io";
/// Other names of it that people write.
const DEFAULT_ALIAS: &str = "docker.io";
const DEFAULT_TAG: &str = "latest";
const MAX_TAG: usize = 128;
const PATH_LENGTHS: std::ops::RangeInclusive<usize> = 2..=255;
/// The longest name of a host (RFC 1035 section 2.3.4), with brackets and a port.
const MAX_HOST: usize = 263;

/// Why a name is no reference. Displays as the rest of a sentence; the name itself is said by whoever tells of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing is there.
    #[error("the name is empty")]
    Empty,
    /// It is an address.
    #[error("it is an address; a reference begins with the host, without `{scheme}://`")]
    Address {
        /// The scheme.
        scheme: String,
    },
    /// The host is none.
    #[error("`{host}` is not the name of a registry: {reason}")]
    Host {
        /// What stands in its place.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The path is none.
    #[error("`{path}` is not the name of a repository: {reason}")]
    Path {
        /// What stands in its place.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The tag is none.
    #[error("`{tag}` is not a tag: {reason}")]
    Tag {
        /// What stands in its place.
        tag: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The digest is none.
    #[error("`{digest}` is not the digest of an image: {reason}")]
    Digest {
        /// What stands in its place.
        digest: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A registry: a host, perhaps with a port. Displays as it stands in references.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(String);

impl Registry {
    /// Reads `HOST` or `HOST:PORT`; `docker.io` is Docker Hub's `index.docker.io`.
    ///
    /// # Errors
    /// It is neither a name nor an address with a port in 1 to 65535.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ReferenceError::Address { scheme: scheme.to_owned() });
        }
        let fail = |reason| ReferenceError::Host { host: text.to_owned(), reason };
        let (host, port) = split_port(text);
        if text.len() > MAX_HOST {
            return Err(fail("it is too long"));
        }
        if let Some(port) = port {
            let number = port.parse::<u16>().ok().filter(|n| *n > 0);
            if number.is_none() || !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(fail("a port is a number from 1 to 65535"));
            }
        }
        match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => {}
            Some(_) => return Err(fail("what stands in brackets is no IPv6 address")),
            None => check_host(host).map_err(fail)?,
        }
        Ok(Self(if text == DEFAULT_ALIAS { DEFAULT_REGISTRY.to_owned() } else { text.to_owned() }))
    }

    /// The text of references: `index.docker.io`, `localhost:5000`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port; an IPv6 address without brackets.
    #[cfg(any(test, feature = "http"))]
    pub fn host(&self) -> &str {
        let (host, _) = split_port(&self.0);
        host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
    }

    /// Whether it is on this machine: `localhost`, or an address of loopback. Plain HTTP never leaves the machine then.
    #[cfg(any(test, feature = "http"))]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is Docker Hub, which has several names.
    #[cfg(any(test, feature = "http"))]
    pub fn is_docker_hub(&self) -> bool {
        matches!(self.as_str(), DEFAULT_REGISTRY | DEFAULT_ALIAS | "registry-1.docker.io")
    }
}

impl std::fmt::Display for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository in a registry. Displays as `HOST/PATH`, the default registry and `library/` written out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: Registry,
    path: String,
}

impl Repository {
    /// Reads `[HOST/]PATH`. What stands before the first slash is a host when it holds a dot or a colon.
    ///
    /// # Errors
    /// The host or the path is none.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ReferenceError::Address { scheme: scheme.to_owned() });
        }
        let (registry, path) = match text.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) => (Registry::parse(host)?, path),
            _ => (Registry(DEFAULT_REGISTRY.to_owned()), text),
        };
        check_path(path).map_err(|reason| ReferenceError::Path { path: path.to_owned(), reason })?;
        let implicit = registry.as_str() == DEFAULT_REGISTRY && !path.contains('/');
        let path = if implicit { format!("library/{path}") } else { path.to_owned() };
        Ok(Self { registry, path })
    }

    /// Its registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Its path in the registry: `library/ubuntu`.
    #[cfg(any(test, feature = "http"))]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag in this repository.
    ///
    /// # Errors
    /// `tag` is none.
    pub fn tagged(&self, tag: &str) -> Result<TagReference, ReferenceError> {
        check_tag(tag).map_err(|reason| ReferenceError::Tag { tag: tag.to_owned(), reason })?;
        Ok(TagReference { repository: self.clone(), tag: tag.to_owned() })
    }
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// A tag in a repository. Displays as `HOST/PATH:TAG`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagReference {
    repository: Repository,
    tag: String,
}

impl std::fmt::Display for TagReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

/// What names a manifest in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Its digest: what is found has it, or is refused.
    Digest(Digest),
    /// A tag: what it names may change at any time.
    Tag(String),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(f),
            Self::Tag(tag) => f.write_str(tag),
        }
    }
}

/// A reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    repository: Repository,
    target: Target,
}

impl Reference {
    /// Reads `[HOST/]PATH[:TAG][@DIGEST]`. Where both are there the digest is what is meant; the tag is only checked for
    /// being one.
    ///
    /// # Errors
    /// A part is not what it should be.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let digest = digest.map(image_digest).transpose()?;
        // A colon before a slash belongs to a port.
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (name, None),
        };
        let repository = Repository::parse(repository)?;
        let tag = repository.tagged(tag.unwrap_or(DEFAULT_TAG))?.tag;
        let target = digest.map_or(Target::Tag(tag), Target::Digest);
        Ok(Self { repository, target })
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// What is meant in it.
    pub fn target(&self) -> &Target {
        &self.target
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.target {
            Target::Digest(digest) => write!(f, "{}@{digest}", self.repository),
            Target::Tag(tag) => write!(f, "{}:{tag}", self.repository),
        }
    }
}

/// Reads the digest of an image. They are named by SHA-256 everywhere; a tool that read another digest here would be alone
/// with it.
///
/// # Errors
/// It is none, or another one.
pub fn image_digest(text: &str) -> Result<Digest, ReferenceError> {
    let fail = |reason: String| ReferenceError::Digest { digest: text.to_owned(), reason };
    let digest = Digest::parse(text).map_err(|error| fail(error.reason))?;
    match digest.algorithm() {
        HashAlgorithm::Sha256 => Ok(digest),
        other => Err(fail(format!("it is a {other}; images are named by their sha256"))),
    }
}

/// Host and port; the colons of an IPv6 address in brackets are its own.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() || host.split('.').any(str::is_empty) {
        return Err("a part of the name is empty");
    }
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err("a name has letters, digits, `-`, `_` and `.` only");
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if !PATH_LENGTHS.contains(&path.len()) {
        return Err("it has from 2 to 255 characters");
    }
    if path.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("it is written in lower case");
    }
    let known =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'/');
    if !path.bytes().all(known) {
        return Err("it has small letters, digits, `_`, `-`, `.` and `/` only");
    }
    if path.split('/').any(|part| part.bytes().all(|b| b == b'.')) {
        return Err("a part between slashes is empty or made of dots");
    }
    Ok(())
}

pub(super) fn check_tag(tag: &str) -> Result<(), &'static str> {
    if tag.is_empty() || tag.len() > MAX_TAG {
        return Err("it has from 1 to 128 characters");
    }
    if !tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return Err("it has letters, digits, `_`, `-` and `.` only");
    }
    // `.` and `..` would be steps in the path of a request.
    if tag.bytes().all(|b| b == b'.') {
        return Err("it is made of dots");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
