//! Flags of the commands that sign images.

use std::ffi::OsString;
use std::path::PathBuf;

use super::sign::{SignerArgs, SigningKinds};
use super::{filled, one_of, registry::RegistryArgs, services::ServiceArgs};
use crate::commands::{Error, Form, ImageSigning};

const FORMS: &[&str] = &["bundle", "tag"];

/// Flags of the commands that sign images.
#[derive(Debug, clap::Args)]
pub struct ImageSigningArgs {
    /// Take more images from this file, one in a line; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "Images")]
    pub from_file: Option<PathBuf>,
    /// Sign each image of an index too
    #[arg(long, short = 'r', help_heading = "Images")]
    pub recursive: Option<bool>,
    /// Who signs.
    #[command(flatten)]
    pub signer: SignerArgs,
    /// Write the bundle to this file too
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub bundle: Option<PathBuf>,
    /// Publish bundles that refer to the image; false publishes layers under a tag, as cosign 2 does
    #[arg(long, help_heading = "Output")]
    pub new_bundle_format: Option<bool>,
    /// Publish in this form (can be repeated): bundle, or tag for what cosign 2 reads
    #[arg(long, value_name = "FORM", value_parser = one_of(FORMS), value_delimiter = ',', help_heading = "Output")]
    pub write: Vec<String>,
    /// Record when what stands under a tag was made; a bundle always does
    #[arg(long, help_heading = "Output")]
    pub record_creation_timestamp: Option<bool>,
    /// Services.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

impl ImageSigningArgs {
    /// What is asked for. `layered` is what takes the place of a tag.
    ///
    /// # Errors
    /// No image; flags that contradict each other; what this version cannot do.
    pub fn request(
        &self,
        images: &[OsString],
        tag: Form,
        upload: bool,
        kinds: SigningKinds,
    ) -> Result<ImageSigning, Error> {
        let images: Vec<String> = images
            .iter()
            .filter(|image| !image.is_empty())
            .map(|image| image.to_string_lossy().into_owned())
            .collect();
        let from_file = filled(&self.from_file);
        if images.is_empty() && from_file.is_none() {
            return Err(Error::usage("there is no image to sign")
                .hint("name it after the command, or a list of them with --from-file FILE"));
        }
        Ok(ImageSigning {
            images,
            from_file,
            recursive: self.recursive.unwrap_or_default(),
            with: self.signer.with(&self.services, kinds)?,
            forms: self.forms(tag)?,
            upload,
            bundle: filled(&self.bundle),
            record_creation: self.record_creation_timestamp.unwrap_or_default(),
            registry: self.registry.request()?,
        })
    }

    /// How signatures are kept, the one that is tried first in front.
    fn forms(&self, tag: Form) -> Result<Vec<Form>, Error> {
        let named: Vec<&str> =
            self.write.iter().map(String::as_str).filter(|form| !form.is_empty()).collect();
        if named.is_empty() {
            return Ok(vec![if self.new_bundle_format == Some(false) { tag } else { Form::Bundle }]);
        }
        if self.new_bundle_format.is_some() {
            return Err(Error::usage("--write and --new-bundle-format cannot be used together")
                .hint("--write alone says it: --write bundle, --write tag, --write bundle,tag"));
        }
        let forms = [("bundle", Form::Bundle), ("tag", tag)];
        Ok(forms.into_iter().filter(|(name, _)| named.contains(name)).map(|(_, form)| form).collect())
    }
}
