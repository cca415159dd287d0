//! Show what belongs to images, as it is stored. Nothing of it is verified.

mod attestation;
mod lines;
mod sbom;
mod signature;

pub use attestation::{DownloadAttestationRequest, download_attestation};
pub use sbom::{DownloadSbomRequest, download_sbom};
pub use signature::{DownloadSignatureRequest, download_signature};

use super::images::{Image, Images};
use super::{Context, Error, ErrorKind, RegistryRequest};
use crate::crypto::Digest;
use crate::storage::images::find::{Document, Found, Unusable, Want, find};

/// In which shape bundles are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Each as the form that it is stored in has it: bundles as bundles, as cosign 3 does.
    #[default]
    Stored,
    /// All as what cosign 2 shows of the tag scheme.
    Legacy,
}

/// As many complaints as are told one by one.
const SHOWN: usize = 10;

/// What was found, and what to show of it.
struct Downloads {
    lines: Vec<String>,
    /// What could not be read.
    unusable: Vec<String>,
    /// Whether some of that is more than one may be.
    is_limit: bool,
    /// What could be read and was not asked for.
    others: usize,
}

impl Downloads {
    /// Each document that was found becomes a line, none, or a complaint.
    fn of(
        found: Vec<Found>,
        mut line: impl FnMut(&Found, &Document) -> Result<Option<String>, Error>,
    ) -> Self {
        let mut downloads = Self { lines: Vec::new(), unusable: Vec::new(), is_limit: false, others: 0 };
        for found in found {
            match &found.document {
                Ok(document) => match line(&found, document) {
                    Ok(Some(text)) => downloads.lines.push(text),
                    Ok(None) => downloads.others += 1,
                    Err(error) => {
                        let causes =
                            error.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
                        downloads.unusable.push(format!("{}: {}{causes}", found.name, error.message));
                    }
                },
                Err(unusable) => {
                    downloads.is_limit |= matches!(unusable, Unusable::Excessive(_));
                    downloads.unusable.push(format!("{}: {unusable}", found.name));
                }
            }
        }
        downloads
    }

    /// The lines. What could not be read is told; where nothing else is there, it is the error.
    fn show(self, none: impl FnOnce() -> Error, context: &mut Context) -> Result<Vec<u8>, Error> {
        if self.lines.is_empty() && self.unusable.is_empty() {
            return Err(none());
        }
        let error = match (self.is_limit, self.lines.is_empty()) {
            (true, _) => Some((ErrorKind::LimitExceeded, "not all of what belongs to the image can be read")),
            (_, true) => Some((ErrorKind::Format, "nothing of what belongs to the image can be read")),
            _ => None,
        };
        if let Some((kind, message)) = error {
            let more = self.unusable.len().saturating_sub(SHOWN);
            let rest = (more > 0).then(|| format!("and {more} more"));
            let causes = self.unusable.into_iter().take(SHOWN).chain(rest);
            return Err(causes.fold(Error::new(kind, message), Error::cause));
        }
        for unusable in self.unusable.iter().take(SHOWN) {
            context.narrator.warn(&format!("left out, because it cannot be read: {unusable}"));
        }
        if let Some(more @ 1..) = self.unusable.len().checked_sub(SHOWN) {
            context.narrator.warn(&format!("left out, because it cannot be read: {more} more"));
        }
        Ok(self.lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect())
    }
}

/// Opens the image that was named.
fn open(typed: &str, registry: &RegistryRequest, context: &Context) -> Result<(Image, u64), Error> {
    let images = Images::new(registry, context)?;
    Ok((images.open(typed)?, images.attachment_limit()?))
}

async fn all(image: &Image, subject: &Digest, want: Want) -> Result<Vec<Found>, Error> {
    Ok(find(&image.home, subject, &want).await?)
}
