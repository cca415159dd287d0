//! `sign-blob`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::sign::{SignArgs, SigningKinds};
use super::args::{filled, one_of, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, SIGNING_ALGORITHMS, SignBlobRequest, SignOutputs};

/// The names of the algorithms, for clap.
const ALGORITHMS: [&str; SIGNING_ALGORITHMS.len()] = {
    let mut names = [""; SIGNING_ALGORITHMS.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = SIGNING_ALGORITHMS[i].name;
        i += 1;
    }
    names
};

/// Sign files
///
/// The signature goes to standard output, unless --output-signature says where.
#[derive(Debug, clap::Args)]
pub struct SignBlobArgs {
    /// File to sign (can be repeated); `-` is standard input
    #[arg(value_name = "BLOB...")]
    pub blobs: Vec<OsString>,
    /// Algorithm of the key that is made, or that the key must be for: ecdsa-sha2-256-nistp256 without the flag
    #[arg(long, value_name = "ALGORITHM", value_parser = one_of(&ALGORITHMS), help_heading = "Key")]
    pub signing_algorithm: Option<String>,
    /// Key, outputs, services.
    #[command(flatten)]
    pub sign: SignArgs,
    /// Write the signature as base64; false writes its bytes
    #[arg(long, help_heading = "Output")]
    pub b64: Option<bool>,
    /// The same as --output-signature, by its older name
    #[arg(long = "output", value_name = "FILE", help_heading = "Output")]
    pub output_old: Option<PathBuf>,
    /// Write the RFC 3161 timestamp to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub rfc3161_timestamp: Option<PathBuf>,
    /// Write a bundle for each file to this folder, which is there: NAME.sigstore.json
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub bundle_dir: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SignBlobArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::SignBlob(self.request()?))
    }
}

impl SignBlobArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// Nothing to sign, flags that contradict each other, several files for one output, and what this version cannot do.
    pub fn request(&self) -> Result<SignBlobRequest, Error> {
        let algorithm = filled(&self.signing_algorithm)
            .and_then(|name| SIGNING_ALGORITHMS.into_iter().find(|known| known.name == name));
        let with = self.sign.with(SigningKinds { algorithm, ..SigningKinds::default() })?;
        let signature = filled(&self.sign.output.output_signature).or_else(|| filled(&self.output_old));
        let mut outputs = self.sign.outputs(signature, filled(&self.rfc3161_timestamp));
        let bundle_dir = filled(&self.bundle_dir);
        // Whoever has a folder filled does not read standard output.
        outputs.print &= bundle_dir.is_none();
        self.check_blobs(&outputs)?;
        Ok(SignBlobRequest {
            blobs: self.blobs.clone(),
            with,
            outputs,
            bundle_dir,
            base64: self.b64.unwrap_or(true),
            algorithm,
        })
    }

    fn check_blobs(&self, outputs: &SignOutputs) -> Result<(), Error> {
        if self.blobs.is_empty() {
            return Err(
                Error::usage("there is nothing to sign").hint("name a file, or `-` for standard input")
            );
        }
        if filled(&self.bundle_dir).is_some() {
            self.check_bundle_dir(outputs)?;
        }
        if self.blobs.iter().filter(|blob| *blob == "-").count() > 1 {
            return Err(Error::usage("standard input (`-`) can be signed once only"));
        }
        let single = [
            ("--bundle", outputs.bundle.is_some()),
            ("--output-signature", outputs.signature.is_some()),
            ("--output-certificate", outputs.certificate.is_some()),
            ("--rfc3161-timestamp", outputs.timestamp.is_some()),
        ];
        match single.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if self.blobs.len() > 1 => Err(Error::usage(format!(
                "{} files are to be signed, and {flag} has room for one",
                self.blobs.len()
            ))
            .hint("--bundle-dir DIR writes a bundle for each")),
            _ => Ok(()),
        }
    }

    fn check_bundle_dir(&self, outputs: &SignOutputs) -> Result<(), Error> {
        if outputs.bundle.is_some() {
            return Err(Error::usage("--bundle and --bundle-dir cannot be used together")
                .hint("--bundle-dir DIR writes a bundle for each file"));
        }
        if self.sign.output.new_bundle_format == Some(false) {
            return Err(Error::usage(
                "--bundle-dir is for Sigstore bundles, and --new-bundle-format=false is not",
            )
            .hint("leave --new-bundle-format out"));
        }
        match self.blobs.iter().any(|blob| blob == "-") {
            true => Err(Error::usage("standard input has no name for its bundle in --bundle-dir")
                .hint("name a file for it with --bundle FILE")),
            false => Ok(()),
        }
    }
}
