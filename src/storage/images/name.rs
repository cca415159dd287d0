//! What users call an image.

use std::path::PathBuf;

use crate::registry::{Reference, ReferenceError, Target};

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
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// It is no reference.
    #[error("{0}")]
    Reference(#[from] ReferenceError),
}

impl ImageName {
    /// Reads a name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Ok(Self::Registry(Reference::parse(text)?))
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
