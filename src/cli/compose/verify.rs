//! `compose verify`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::root::RootArgs;
use super::super::args::verify_images::{SignaturesArgs, VerifyImagesArgs};
use super::super::dockerfile::verify::request;
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, ImageFile};

/// Verify the images of Compose files
///
/// A later file goes over an earlier one, as with `docker compose -f A -f B`. The images are those of all services, whatever their profiles, and those that are
/// mounted. A service that is built is named, and not looked at: see `dockerfile verify`. Variables have the values of the environment, else those of
/// --env-file, else those of the file .env beside the first file; one without a value or a default is an error. So are include, and extends of another
/// file. What is said of images by `verify` holds for each of them.
#[derive(Debug, clap::Args)]
pub struct ComposeVerifyArgs {
    /// Compose file (can be repeated); `-` is standard input
    #[arg(value_name = "FILE...")]
    pub files: Vec<OsString>,
    /// File of variables in place of .env (can be repeated; a later one goes first)
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub env_file: Vec<PathBuf>,
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

impl CommandArgs for ComposeVerifyArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        if self.files.is_empty() || self.files.iter().any(|file| file.is_empty()) {
            return Err(Error::usage("there is no Compose file to read")
                .hint("name it after the command: `compose verify compose.yaml`"));
        }
        if self.files.iter().filter(|file| *file == "-").count() > 1 {
            return Err(
                Error::usage("standard input is one file, and `-` names it twice").hint("name a file")
            );
        }
        let file = ImageFile::Compose {
            paths: self.files.iter().map(PathBuf::from).collect(),
            env_files: self.env_file.clone(),
        };
        request("compose verify", file, &self.verify, &self.signatures, warnings)
    }
}
