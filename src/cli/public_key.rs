//! `public-key`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{filled, key::KeyArgs, none, not_empty, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, PublicKeyRequest};

/// Show the public key of a private key
#[derive(Debug, clap::Args)]
pub struct PublicKeyArgs {
    /// Nothing; see `request`.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Write the public key to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub outfile: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PublicKeyArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::PublicKey(self.request()?))
    }
}

impl PublicKeyArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// No key, two keys, or a key that this version cannot reach; an argument.
    pub fn request(&self) -> Result<PublicKeyRequest, Error> {
        none(&self.extra)?;
        let _ = not_empty("--key", &self.key.key)?;
        let Some(key) = self.key.reference()? else {
            return Err(Error::usage("there is no key to show").hint("name the private key with --key KEY"));
        };
        Ok(PublicKeyRequest { key, outfile: filled(&self.outfile) })
    }
}
