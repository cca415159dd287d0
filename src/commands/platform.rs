//! One image of an index, by its platform.

use super::images::Image;
use super::{Error, ErrorKind};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Kind, Manifest, Platform};

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
/// There is no such image (kind `NoSuchArtifact`); its place is of no use; as [`choose`].
pub(super) async fn subject(image: &Image, platform: Option<&PlatformRequest>) -> Result<Digest, Error> {
    let Some(wanted) = platform else { return image.digest().await };
    Ok(choose(image, &image.manifest().await?, wanted)?.digest.clone())
}

/// The one entry of an index for this platform.
///
/// # Errors
/// It is no index, or has none for the platform (kind `NoSuchArtifact`), or several (kind `Usage`).
pub(super) fn choose<'m>(
    image: &Image,
    manifest: &'m Manifest,
    wanted: &PlatformRequest,
) -> Result<&'m Descriptor, Error> {
    let Kind::Index { manifests } = &manifest.kind else {
        return Err(Error::new(ErrorKind::NoSuchArtifact, format!("`{}` is not an index", image.typed))
            .cause("only an index has manifests for several platforms")
            .hint("leave --platform out"));
    };
    let fits = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|found| wanted.fits(found));
    let mut fitting = manifests.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            let message = format!("`{}` has nothing for the platform {wanted}", image.typed);
            Err(Error::new(ErrorKind::NoSuchArtifact, message).cause(there_are(manifests)))
        }
        (Some(_), Some(_)) => {
            let message = format!("`{}` has several manifests for the platform {wanted}", image.typed);
            Err(Error::usage(message)
                .cause(there_are(manifests))
                .hint("name the whole platform, OS/ARCHITECTURE/VARIANT, or the manifest by its digest"))
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

/// A platform as users name it.
pub(super) fn name(platform: &Platform) -> String {
    let variant = platform.variant.as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{}/{}{variant}", platform.os, platform.architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_fits_everything() {
        let arm = Platform {
            os: "linux".to_owned(),
            architecture: "arm".to_owned(),
            variant: Some("v7".to_owned()),
        };
        let wanted = |architecture: Option<&str>, variant: Option<&str>| PlatformRequest {
            os: "linux".to_owned(),
            architecture: architecture.map(str::to_owned),
            variant: variant.map(str::to_owned),
        };
        for fits in [wanted(None, None), wanted(Some("arm"), None), wanted(Some("arm"), Some("v7"))] {
            assert!(fits.fits(&arm), "{fits}");
        }
        let plain = Platform { variant: None, ..arm.clone() };
        assert!(!wanted(Some("arm"), Some("v7")).fits(&plain));
        assert!(!wanted(Some("arm64"), None).fits(&arm));
        assert!(!PlatformRequest { os: "windows".to_owned(), ..wanted(None, None) }.fits(&arm));
        assert_eq!((name(&arm), name(&plain)), ("linux/arm/v7".to_owned(), "linux/arm".to_owned()));
    }
}
