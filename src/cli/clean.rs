//! `clean`.

use std::ffi::OsString;

use super::args::{at_most_one, one_of, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{CleanRequest, CleanWhat, Error};

const TYPES: &[&str] = &["all", "attestation", "referrer", "sbom", "signature"];

/// Remove what belongs to an image
///
/// Signatures, attestations and SBOMs are removed, whether they are under tags or refer to the image. What refers to the image and is
/// none of these stays. Nothing that was removed can be brought back.
#[derive(Debug, clap::Args)]
pub struct CleanArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Do not ask
    #[arg(long, short = 'f')]
    pub force: Option<bool>,
    /// What is removed: signature, attestation, sbom, referrer for bundles and whatever else refers to the image, or all
    /// (default all)
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of(TYPES))]
    pub what: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for CleanArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one image is cleaned at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(
                Error::usage("there is no image to clean").hint("name it after the command: `clean IMAGE`")
            );
        };
        let what = match self.what.as_deref() {
            Some("attestation") => CleanWhat::Attestations,
            Some("referrer") => CleanWhat::Referrers,
            Some("sbom") => CleanWhat::Sboms,
            Some("signature") => CleanWhat::Signatures,
            // A script's variable that happened to be empty is not a wish to remove everything.
            Some("") => {
                return Err(
                    Error::usage("--type is given and empty").hint("leave --type out to remove everything")
                );
            }
            _ => CleanWhat::All,
        };
        Ok(Request::Clean(Box::new(CleanRequest {
            image: image.to_string_lossy().into_owned(),
            what,
            force: self.force.unwrap_or_default(),
            registry: self.registry.request()?,
        })))
    }
}
