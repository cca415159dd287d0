//! `verify-blob`.

use std::ffi::OsString;

use super::args::verify::{FilesArgs, VerifyArgs};
use super::args::{at_most_one, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, Expected, Subject, VerifyRequest};

/// Verify the signature of a file, or of several
///
/// Each file is judged by its own bundle: FILE.sigstore.json, if it is there, or as --bundle says with {} for the file. Of several files, the exit code is that of the worst.
/// All proofs come from the bundle or from the files that the flags name. Fetched are the trusted root, where none is named, and the log entry of a
/// detached signature; with --offline, nothing.
#[derive(Debug, clap::Args)]
pub struct VerifyBlobArgs {
    /// File that was signed (can be repeated); `-` is standard input, `sha256:HEX`, if no file is called so, stands for a file with that digest
    #[arg(value_name = "BLOB")]
    pub blob: Vec<OsString>,
    /// Several files.
    #[command(flatten)]
    pub files: FilesArgs,
    /// Signer, signature, trust, report.
    #[command(flatten)]
    pub verify: VerifyArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for VerifyBlobArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        match self.files.request(&self.blob, &self.verify, Expected::Signature, warnings)? {
            Some(files) => Ok(Request::VerifyFiles(Box::new(files))),
            None => Ok(Request::Verify(Box::new(self.request(warnings)?))),
        }
    }
}

impl VerifyBlobArgs {
    /// What is asked for; warnings are added to `warnings`.
    ///
    /// # Errors
    /// Not exactly one file, nobody named as the signer, no signature, flags that contradict each other.
    pub fn request(&self, warnings: &mut Vec<String>) -> Result<VerifyRequest, Error> {
        let Some(blob) = at_most_one(&self.blob, "one file is verified at a time")? else {
            return Err(
                Error::usage("there is nothing to verify").hint("name a file, or `-` for standard input")
            );
        };
        self.verify.request(Subject::Blob(blob.clone()), Expected::Signature, warnings)
    }
}
