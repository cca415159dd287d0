//! `import-key-pair`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{filled, key::KubeArgs, none, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, ImportKeyPairRequest};

/// Encrypt an existing private key for signing
#[derive(Debug, clap::Args)]
pub struct ImportKeyPairArgs {
    /// Nothing; see `request`.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// PEM file with the private key: PKCS#8, SEC1 or PKCS#1
    #[arg(long, short = 'k', value_name = "FILE", help_heading = "Key")]
    pub key: Option<String>,
    /// Write the key pair to PREFIX.key and PREFIX.pub (default import-cosign)
    #[arg(long, short = 'o', value_name = "PREFIX", help_heading = "Output")]
    pub output_key_prefix: Option<PathBuf>,
    /// Replace existing files without asking
    #[arg(long, short = 'y', help_heading = "Output")]
    pub yes: Option<bool>,
    /// Programs.
    #[command(flatten)]
    pub kube: KubeArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for ImportKeyPairArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::ImportKeyPair(self.request()?))
    }
}

impl ImportKeyPairArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// No key; an argument.
    pub fn request(&self) -> Result<ImportKeyPairRequest, Error> {
        none(&self.extra)?;
        let Some(key) = filled(&self.key) else {
            return Err(Error::usage("there is no key to import")
                .hint("name the PEM file of the private key with --key FILE"));
        };
        Ok(ImportKeyPairRequest {
            key,
            output_key_prefix: filled(&self.output_key_prefix)
                .unwrap_or_else(|| PathBuf::from("import-cosign")),
            assume_yes: self.yes.unwrap_or_default(),
        })
    }
}
