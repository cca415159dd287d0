//! `copy`.

use std::ffi::OsString;

use super::args::{platform::platform, registry::RegistryArgs, root::RootArgs, values};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Attachment, CopyRequest, Error};

/// Copy an image with all that belongs to it
///
/// The children of an index, signatures, attestations, SBOMs, and whatever else refers to the image or to a child come along.
/// At the destination nothing is lost: signatures and attestations that are there stay, and get those of the source beside them.
/// What is there already is not transferred again. Either image may be in a layout, `oci:DIR:TAG`; the source may be in an
/// archive, `oci-archive:FILE`.
#[derive(Debug, clap::Args)]
pub struct CopyArgs {
    /// Image to copy, and its new name
    #[arg(value_names = ["SOURCE", "DESTINATION"], num_args = 0..)]
    pub images: Vec<OsString>,
    /// Replace another image, or another SBOM, that has the name at the destination
    #[arg(long, short = 'f', help_heading = "Output")]
    pub force: Option<bool>,
    /// Do not copy the image, and of what belongs to it these alone: sig, att, sbom (can be repeated)
    #[arg(long, value_name = "KIND", value_parser = kinds, help_heading = "Output")]
    pub only: Vec<Kinds>,
    /// Do not copy the image, and of what belongs to it signatures alone
    #[arg(long, help_heading = "Output")]
    pub sig_only: Option<bool>,
    /// Copy the image of this platform out of an index, with what belongs to it
    #[arg(long, value_name = "OS/ARCH[/VARIANT]", help_heading = "Output")]
    pub platform: Option<String>,
    /// Say what would be copied, and copy nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: Option<bool>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

/// One value of `--only`, which may be a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<Attachment>);

/// Reads `sig,att,sbom`. `[]` is how cosign shows that nothing is given.
fn kinds(text: &str) -> Result<Kinds, String> {
    let kind = |word: &String| match word.as_str() {
        "att" => Ok(Attachment::Attestation),
        "sbom" => Ok(Attachment::Sbom),
        "sig" => Ok(Attachment::Signature),
        _ => Err(format!("`{word}` is none of sig, att, sbom")),
    };
    if matches!(text, "" | "[]") {
        return Ok(Kinds(Vec::new()));
    }
    values::comma_separated(text)?.iter().map(kind).collect::<Result<_, _>>().map(Kinds)
}

impl CommandArgs for CopyArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let names: Vec<_> = self.images.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let [source, destination] = names.as_slice() else {
            let message = match names.len() {
                0 => "there is no image to copy".to_owned(),
                1 => "the copy has no name".to_owned(),
                _ => format!("`{}` is one argument too many", names.get(2).map_or("", String::as_str)),
            };
            return Err(
                Error::usage(message).hint("name the image and its new name: `copy SOURCE DESTINATION`")
            );
        };
        let mut only: Vec<Attachment> = self.only.iter().flat_map(|kinds| kinds.0.iter().copied()).collect();
        if self.sig_only.unwrap_or_default() {
            if only.iter().any(|kind| *kind != Attachment::Signature) {
                return Err(Error::usage("--sig-only and --only ask for different things")
                    .hint("leave --sig-only out, and name all kinds with --only"));
            }
            only.push(Attachment::Signature);
        }
        Ok(Request::Copy(Box::new(CopyRequest {
            source: source.clone(),
            destination: destination.clone(),
            only,
            platform: platform(&self.platform)?,
            force: self.force.unwrap_or_default(),
            dry_run: self.dry_run.unwrap_or_default(),
            registry: self.registry.request()?,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_cosign() {
        use Attachment::{Attestation, Sbom, Signature};
        assert_eq!(kinds("sig,att,sbom").unwrap().0, [Signature, Attestation, Sbom]);
        assert_eq!(kinds("").unwrap().0, []);
        for text in ["sign", "sig,", "sig att", "SIG"] {
            assert!(kinds(text).is_err(), "{text}");
        }
    }
}
