//! `dockerfile verify`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::verify_images::{SignaturesArgs, VerifyImagesArgs};
use super::super::args::{at_most_one, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, Expected, ImageFile, VerifyImagesRequest};

/// Verify the images that a Dockerfile builds on
///
/// These are the images of FROM, of COPY --from and of RUN --mount=from, without the stages of the file itself. Variables have the
/// values of --build-arg, else those that ARG gives them, else those of the environment; one without a value is an error. What is
/// said of images by `verify` holds for each of them.
#[derive(Debug, clap::Args)]
pub struct DockerfileVerifyArgs {
    /// Dockerfile; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: Vec<OsString>,
    /// Verify only the image that the last stage is built on
    #[arg(long, help_heading = "Input")]
    pub base_image_only: Option<bool>,
    /// Value of an ARG of the Dockerfile, as the build gets it (can be repeated)
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Input")]
    pub build_arg: Vec<String>,
    /// Signatures.
    #[command(flatten)]
    pub signatures: SignaturesArgs,
    /// Signer, signatures, trust, report.
    #[command(flatten)]
    pub verify: VerifyImagesArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DockerfileVerifyArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        let file = at_most_one(&self.file, "one Dockerfile is read at a time")?;
        let Some(file) = file.filter(|file| !file.is_empty()) else {
            return Err(Error::usage("there is no Dockerfile to read")
                .hint("name it after the command: `dockerfile verify Dockerfile`"));
        };
        let file = ImageFile::Dockerfile {
            path: PathBuf::from(file),
            base_image_only: self.base_image_only.unwrap_or_default(),
            arguments: arguments(&self.build_arg)?,
        };
        request("dockerfile verify", file, &self.verify, &self.signatures, warnings)
    }
}

/// The request to verify the images of a file.
///
/// # Errors
/// As for `verify`; folders cannot be named by such a file.
pub fn request(
    command: &'static str,
    file: ImageFile,
    verify: &VerifyImagesArgs,
    signatures: &SignaturesArgs,
    warnings: &mut Vec<String>,
) -> Result<Request, Error> {
    if verify.search.local_image.unwrap_or_default() {
        return Err(Error::usage(
            "--local-image is about folders, and such a file names images in registries",
        )
        .hint("leave --local-image out, or verify each folder with `verify --local-image`"));
    }
    let request = verify.request(command, Vec::new(), Expected::Signature, Some(signatures), warnings)?;
    Ok(Request::VerifyImages(Box::new(VerifyImagesRequest { file: Some(file), ..request })))
}

/// Values by name.
fn arguments(flags: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut found = BTreeMap::new();
    for flag in flags {
        let Some((name, value)) = flag.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::usage(format!("`{flag}` gives no value to a name (--build-arg)"))
                .hint("a value is written `--build-arg NAME=VALUE`"));
        };
        if found.insert(name.to_owned(), value.to_owned()).is_some_and(|before| before != value) {
            return Err(Error::usage(format!("`{name}` is given twice, with two values (--build-arg)"))
                .hint("leave one of them out"));
        }
    }
    Ok(found)
}
