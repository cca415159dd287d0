//! `sign-blob`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{filled, one_of, root::RootArgs, sign::SignArgs};
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
    /// Algorithm that the key must be for, such as ecdsa-sha2-256-nistp256
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
    /// Write the RFC 3161 timestamp to this file (not available yet in this version)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub rfc3161_timestamp: Option<PathBuf>,
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
        let with = self.sign.with()?;
        if filled(&self.rfc3161_timestamp).is_some() {
            return Err(Error::not_available("timestamps (--rfc3161-timestamp)")
                .hint("sign without a timestamp: leave --rfc3161-timestamp out"));
        }
        let signature = filled(&self.sign.output.output_signature).or_else(|| filled(&self.output_old));
        let outputs = self.sign.outputs(signature);
        self.check_blobs(&outputs)?;
        Ok(SignBlobRequest {
            blobs: self.blobs.clone(),
            with,
            outputs,
            base64: self.b64.unwrap_or(true),
            algorithm: filled(&self.signing_algorithm)
                .and_then(|name| SIGNING_ALGORITHMS.into_iter().find(|known| known.name == name)),
        })
    }

    fn check_blobs(&self, outputs: &SignOutputs) -> Result<(), Error> {
        if self.blobs.is_empty() {
            return Err(
                Error::usage("there is nothing to sign").hint("name a file, or `-` for standard input")
            );
        }
        if self.blobs.iter().filter(|blob| *blob == "-").count() > 1 {
            return Err(Error::usage("standard input (`-`) can be signed once only"));
        }
        let single = [
            ("--bundle", outputs.bundle.is_some()),
            ("--output-signature", outputs.signature.is_some()),
            ("--output-certificate", outputs.certificate.is_some()),
        ];
        match single.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if self.blobs.len() > 1 => Err(Error::usage(format!(
                "{} files are to be signed, and {flag} has room for one",
                self.blobs.len()
            ))
            .hint("sign each file on its own, with a file of its own for the result")),
            _ => Ok(()),
        }
    }
}
