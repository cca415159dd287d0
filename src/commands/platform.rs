//! One image of an index, by its platform.

use super::images::Image;
use super::{Error, ErrorKind};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Kind, Platform};

/// A platform as users name it: an operating system, perhaps an architecture, perhaps a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformRequest {
    /// The operating system, by Go's name.
    pub os: String,
    /// The architecture, by Go's name.
    pub architecture: Option<String>,
    /// The variant, such as `v7`.
    pub variant: Option<String>,
}

impl PlatformRequest {
    fn fits(&self, platform: &Platform) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        self.os == platform.os
            && same(&self.architecture, Some(&platform.architecture))
            && same(&self.variant, platform.variant.as_deref())
    }
}

impl std::fmt::Display for PlatformRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.os)?;
        for part in [&self.architecture, &self.variant].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}

/// The digest of the image itself, or of the one for this platform in the index that it is.
///
/// # Errors
/// There is no such image (kind `NoSuchArtifact`), none for the platform, or several (kind `Usage`); its place is of no use.
pub(super) async fn subject(image: &Image, platform: Option<&PlatformRequest>) -> Result<Digest, Error> {
    let Some(wanted) = platform else { return image.digest().await };
    let manifest = image.manifest().await?;
    let Kind::Index { manifests } = &manifest.kind else {
        let message = format!("`{}` is one image, and not several for different platforms", image.typed);
        return Err(Error::usage(message).hint("leave --platform out"));
    };
    let fits = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|found| wanted.fits(found));
    let mut fitting = manifests.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.digest.clone()),
        (None, _) => {
            let message = format!("`{}` has no image for the platform {wanted}", image.typed);
            Err(Error::new(ErrorKind::NoSuchArtifact, message).cause(there_are(manifests)))
        }
        (Some(_), Some(_)) => {
            let message = format!("`{}` has several images for the platform {wanted}", image.typed);
            Err(Error::usage(message).cause(there_are(manifests)).hint("name the image by its digest"))
        }
    }
}

/// The platforms of an index, in words.
pub(super) fn there_are(manifests: &[Descriptor]) -> String {
    let names: Vec<_> = manifests.iter().filter_map(|entry| entry.platform.as_ref().map(name)).collect();
    match names.len() {
        0 => "it names no platforms".to_owned(),
        _ => format!("it has {}", names.join(", ")),
    }
}

fn name(platform: &Platform) -> String {
    let variant = platform.variant.as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{}/{}{variant}", platform.os, platform.architecture)
}
