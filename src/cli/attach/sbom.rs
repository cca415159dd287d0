//! `attach sbom`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{filled, one_of, registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::one_image;
use crate::commands::{AttachSbomRequest, Error};

const TYPES: &[&str] = &["cyclonedx", "spdx", "syft"];
const FORMATS: &[&str] = &["json", "text", "xml"];
const MODES: &[&str] = &["legacy", "oci-1-1"];

/// Attach an SBOM to an image, unsigned
///
/// It replaces the one that is there. Better sign it: `attest --type spdxjson --predicate FILE`.
#[derive(Debug, clap::Args)]
pub struct AttachSbomArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// File with the SBOM; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "SBOM")]
    pub sbom: Option<PathBuf>,
    /// Kind of SBOM: spdx, cyclonedx or syft (default spdx)
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of(TYPES), help_heading = "SBOM")]
    pub kind: Option<String>,
    /// Its format: json, xml or text (default: by the name of the file)
    #[arg(long, value_name = "FORMAT", value_parser = one_of(FORMATS), help_heading = "SBOM")]
    pub input_format: Option<String>,
    /// Where it is published: legacy for a tag, oci-1-1 for a manifest that refers to the image
    #[arg(long, value_name = "MODE", value_parser = one_of(MODES), help_heading = "SBOM")]
    pub registry_referrers_mode: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttachSbomArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = one_image(&self.image, "an SBOM", "attach sbom")?;
        let Some(sbom) = filled(&self.sbom) else {
            return Err(Error::usage("there is no SBOM to attach").hint("name it with --sbom FILE"));
        };
        let (kind, format) = (filled(&self.kind), filled(&self.input_format));
        if let Some(format) = &format {
            let formats: &[&str] = match kind.as_deref() {
                Some("cyclonedx") => &["json", "xml"],
                Some("syft") => &["json"],
                _ => &["json", "text"],
            };
            if !formats.contains(&format.as_str()) {
                let kind = kind.as_deref().unwrap_or("spdx");
                return Err(Error::usage(format!(
                    "an SBOM of the kind `{kind}` has not the format `{format}`"
                ))
                .hint(format!("--input-format is {} there", formats.join(" or "))));
            }
        }
        let is_json = match &format {
            Some(format) => format == "json",
            None => sbom.extension().is_some_and(|extension| extension == "json"),
        };
        let media_type = match (kind.as_deref(), is_json) {
            (Some("cyclonedx"), true) => "application/vnd.cyclonedx+json",
            (Some("cyclonedx"), false) => "application/vnd.cyclonedx+xml",
            (Some("syft"), _) => "application/vnd.syft+json",
            (_, true) => "text/spdx+json",
            (_, false) => "text/spdx",
        };
        Ok(Request::AttachSbom(Box::new(AttachSbomRequest {
            image,
            sbom,
            media_type,
            referring: self.registry_referrers_mode.as_deref() == Some("oci-1-1"),
            registry: self.registry.request()?,
        })))
    }
}
