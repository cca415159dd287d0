//! What users call an image.
//!
//! `oci:`, `oci-archive:` and `docker-archive:` are the transports of skopeo and podman (containers-transports(5)), and are read
//! as there: the path ends at the first colon, so that what follows may be a whole reference. A path with a colon in it
//! cannot be written, but for the drive of Windows.
//!
//! Where such a name also is a reference for cosign, a port decides: `oci:5000/app` is the registry `oci:5000`, as ever, and
//! `oci:./5000/app` is the folder. Everything else after the colon is a path: Docker Hub's image `oci` is
//! `library/oci:TAG` here.

use std::path::PathBuf;

use crate::registry::{Reference, ReferenceError, Target, image_digest};

/// What users call an image: a reference, or a layout or an archive and what is meant in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageName {
    /// `[HOST/]PATH[:TAG][@DIGEST]`, in a registry.
    Registry(Reference),
    /// `oci:DIR[:TAG|@DIGEST]`: a layout in a folder. `None`: the one image that is in it.
    Layout(PathBuf, Option<Target>),
    /// `oci-archive:FILE[:TAG|@DIGEST]` or `docker-archive:FILE[:TAG|@DIGEST]`: a layout in a tar archive.
    Archive(PathBuf, Option<Target>),
}

/// A text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// It is one of a place that is not read.
    #[error(
        "images of `{transport}:` are not read; those of registries, `oci:`, `oci-archive:` and `docker-archive:` are"
    )]
    Transport {
        /// The name of the place.
        transport: String,
    },
    /// There is no path.
    #[error("no path follows `{scheme}:`")]
    NoPath {
        /// What stands before it.
        scheme: String,
    },
    /// What follows the path names nothing in a layout.
    #[error("`{name}` is not the name of an image in a layout: {reason}")]
    Inner {
        /// What follows the path.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Standard input cannot be read twice.
    #[error("standard input cannot be read in any order; save the archive to a file first")]
    StandardInput,
}

const LAYOUT: &str = "oci";
const ARCHIVES: [&str; 2] = ["oci-archive", "docker-archive"];
/// What skopeo and podman read besides, as far as it is no reference anyway.
const OTHERS: [&str; 5] = ["containers-storage", "docker-daemon", "ostree", "sif", "tarball"];
/// Longer than any reference.
const MAX_INNER: usize = 512;

impl ImageName {
    /// Reads a name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let Some((scheme, rest)) = text.split_once(':').filter(|(_, rest)| !is_port(rest)) else {
            return Ok(Self::Registry(Reference::parse(text)?));
        };
        if scheme == LAYOUT {
            let (path, target) = split(scheme, rest)?;
            return Ok(Self::Layout(path, target));
        }
        if ARCHIVES.contains(&scheme) {
            let (path, target) = split(scheme, rest)?;
            return match path.to_str() {
                Some("-" | "/dev/stdin") => Err(NameError::StandardInput),
                _ => Ok(Self::Archive(path, target)),
            };
        }
        Reference::parse(text).map(Self::Registry).map_err(|error| {
            if OTHERS.contains(&scheme) {
                return NameError::Transport { transport: scheme.to_owned() };
            }
            error.into()
        })
    }
}

impl ImageName {
    /// Something else in the same layout or archive; a reference is its own answer.
    #[must_use]
    pub fn with(&self, target: Target) -> Self {
        match self {
            Self::Registry(reference) => Self::Registry(reference.clone()),
            Self::Layout(path, _) => Self::Layout(path.clone(), Some(target)),
            Self::Archive(path, _) => Self::Archive(path.clone(), Some(target)),
        }
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, path, target) = match self {
            Self::Registry(reference) => return reference.fmt(f),
            Self::Layout(path, target) => ("oci", path, target),
            Self::Archive(path, target) => ("oci-archive", path, target),
        };
        write!(f, "{scheme}:{}", path.display())?;
        match target {
            None => Ok(()),
            Some(Target::Tag(tag)) => write!(f, ":{tag}"),
            Some(Target::Digest(digest)) => write!(f, "@{digest}"),
        }
    }
}

/// Whether what follows a colon is a port and the path of a repository.
fn is_port(rest: &str) -> bool {
    let port = rest.split_once('/').map(|(port, _)| port);
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The path, and what is meant in the layout there. Where a tag and a digest are there, the digest is what is meant, as in
/// references.
fn split(scheme: &str, rest: &str) -> Result<(PathBuf, Option<Target>), NameError> {
    let (rest, digest) = match rest.rsplit_once('@') {
        Some((before, digest)) if digest.starts_with("sha") && digest.contains(':') => {
            (before, Some(image_digest(digest)?))
        }
        _ => (rest, None),
    };
    // `C:\layout:tag`, on any system: no image is called `\layout` or `/layout`.
    let is_drive =
        matches!(rest.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let from = if is_drive { 2 } else { 0 };
    let colon = rest.get(from..).and_then(|rest| rest.find(':')).map(|at| at + from);
    let (path, inner) = match colon.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) {
        Some((path, inner)) => (path, Some(inner)),
        None => (rest, None),
    };
    if path.is_empty() {
        return Err(NameError::NoPath { scheme: scheme.to_owned() });
    }
    if let Some(inner) = inner {
        check_inner(inner).map_err(|reason| NameError::Inner { name: inner.to_owned(), reason })?;
    }
    let tag = inner.map(|inner| Target::Tag(inner.to_owned()));
    Ok((PathBuf::from(path), digest.map(Target::Digest).or(tag)))
}

/// The grammar of `org.opencontainers.image.ref.name` (OCI image specification 1.1, "Pre-Defined Annotation Keys"), and tags
/// that begin with a mark.
fn check_inner(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.starts_with('@') {
        return Err("images in a layout are not counted; name the image by its tag or its digest");
    }
    if name.len() > MAX_INNER {
        return Err("it is too long");
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._:@+/".contains(&b);
    if !name.bytes().all(known) {
        return Err("it has letters, digits and `-._:@+/` only");
    }
    if name.starts_with('/') || name.ends_with('/') {
        return Err("it begins or ends with a slash");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn read(text: &str) -> String {
        match ImageName::parse(text) {
            Ok(ImageName::Registry(reference)) => format!("registry {reference}"),
            Ok(ImageName::Layout(path, target)) => show("layout", &path, target.as_ref()),
            Ok(ImageName::Archive(path, target)) => show("archive", &path, target.as_ref()),
            Err(error) => format!("refused: {error}"),
        }
    }

    fn show(kind: &str, path: &std::path::Path, target: Option<&Target>) -> String {
        let target = match target {
            None => "-".to_owned(),
            Some(Target::Tag(tag)) => format!("tag {tag}"),
            Some(Target::Digest(_)) => "digest".to_owned(),
        };
        format!("{kind} {} {target}", path.display())
    }

    #[test]
    fn names_of_places() {
        for (text, expected) in [
            ("oci:dir", "layout dir -"),
            ("oci:dir:v1", "layout dir tag v1"),
            ("oci:/a/b.c/d:v1", "layout /a/b.c/d tag v1"),
            ("oci:./5000/x", "layout ./5000/x -"),
            ("oci:5000", "layout 5000 -"),
            ("oci:5000x/y", "layout 5000x/y -"),
            ("oci:dir:docker.io/library/busybox:1.36", "layout dir tag docker.io/library/busybox:1.36"),
            ("oci:dir:_x", "layout dir tag _x"),
            (&format!("oci:dir@{DIGEST}"), "layout dir digest"),
            (&format!("oci:dir:v1@{DIGEST}"), "layout dir digest"),
            (&format!("oci:a@b/dir@{DIGEST}"), "layout a@b/dir digest"),
            ("oci:a@b/dir:v1", "layout a@b/dir tag v1"),
            (r"oci:C:\dir", r"layout C:\dir -"),
            (r"oci:C:\dir:v1", r"layout C:\dir tag v1"),
            ("oci:c:/dir:v1", "layout c:/dir tag v1"),
            (&format!(r"oci:C:\dir@{DIGEST}"), r"layout C:\dir digest"),
            ("oci:c:v1", "layout c tag v1"),
            ("oci-archive:a.tar", "archive a.tar -"),
            ("oci-archive:a.tar:v1", "archive a.tar tag v1"),
            ("docker-archive:/x/a.tar:busybox:1", "archive /x/a.tar tag busybox:1"),
            (&format!("docker-archive:a.tar@{DIGEST}"), "archive a.tar digest"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    /// Nothing that names an image of a registry for other tools is taken for a file, but for Docker Hub's `oci`.
    #[test]
    fn names_of_registries_stay_what_they_are() {
        let name = "index.docker.io/library";
        for (text, expected) in [
            ("oci:5000/app", "registry oci:5000/app:latest".to_owned()),
            ("oci:5000/app:v1", "registry oci:5000/app:v1".to_owned()),
            ("oci-archive:80/x/y", "registry oci-archive:80/x/y:latest".to_owned()),
            ("oci", format!("registry {name}/oci:latest")),
            ("library/oci:v1", format!("registry {name}/oci:v1")),
            ("oci/x:v1", "registry index.docker.io/oci/x:v1".to_owned()),
            ("oci.example/app:v1", "registry oci.example/app:v1".to_owned()),
            ("dir:v1", format!("registry {name}/dir:v1")),
            ("localhost:5000/app", "registry localhost:5000/app:latest".to_owned()),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for (text, words) in [
            ("", "the name is empty"),
            ("oci:", "no path follows `oci:`"),
            ("oci::v1", "no path"),
            (&format!("oci:@{DIGEST}"), "no path"),
            ("oci-archive:", "no path follows `oci-archive:`"),
            ("oci:dir:", "it is empty"),
            ("oci:dir:@0", "not counted"),
            ("oci:dir:a b", "letters"),
            ("oci:dir:/x", "slash"),
            ("oci:dir:x\ny", "letters"),
            (&format!("oci:dir:{}", "x".repeat(513)), "too long"),
            ("oci:dir@sha256:00", "not the digest"),
            (&format!("oci:dir@{}", DIGEST.to_uppercase().replace("SHA", "sha")), "not the digest"),
            (&format!("oci:dir@sha512:{}", "0".repeat(128)), "named by their sha256"),
            ("oci-archive:-", "standard input"),
            ("docker-archive:/dev/stdin:v1", "standard input"),
            ("oci:0/", "port"),
            ("docker-daemon:app:v1", "images of `docker-daemon:` are not read"),
            ("containers-storage:localhost/app:v1", "images of `containers-storage:`"),
            ("docker://r.example/app", "without `docker://`"),
        ] {
            let found = read(text);
            assert!(found.starts_with("refused: ") && found.contains(words), "{text}: {found}");
        }
    }

    #[test]
    fn a_name_is_shown_as_it_is_typed() {
        for text in ["oci:dir:v1", "oci-archive:a.tar", &format!("oci:dir@{DIGEST}"), "r.example/app:v1"] {
            assert_eq!(ImageName::parse(text).unwrap().to_string(), text);
        }
    }
}
