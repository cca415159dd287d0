//! `generate-key-pair`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{at_most_one, filled, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, GenerateKeyPairRequest};

/// Make a key pair for signing
#[derive(Debug, clap::Args)]
pub struct GenerateKeyPairArgs {
    /// Store to put the key pair into, such as k8s://NAMESPACE/NAME (not available yet in this version)
    #[arg(value_name = "[STORE]")]
    pub store: Vec<OsString>,
    /// Write the key pair to PREFIX.key and PREFIX.pub (default cosign)
    #[arg(long, value_name = "PREFIX", help_heading = "Output")]
    pub output_key_prefix: Option<PathBuf>,
    /// Make the key in a key management service, where it stays, and write PREFIX.pub alone
    #[arg(long, value_name = "KEY", help_heading = "Key")]
    pub kms: Option<String>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for GenerateKeyPairArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::GenerateKeyPair(self.request()?))
    }
}

impl GenerateKeyPairArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// A store of keys: none is served yet, and other words mean nothing here.
    pub fn request(&self) -> Result<GenerateKeyPairRequest, Error> {
        if let Some(store) =
            at_most_one(&self.store, "to write a key pair to files, leave the arguments out")?
        {
            return Err(not_a_file(&store.to_string_lossy()));
        }
        Ok(GenerateKeyPairRequest {
            output_key_prefix: filled(&self.output_key_prefix).unwrap_or_else(|| PathBuf::from("cosign")),
            service: filled(&self.kms),
        })
    }
}

fn not_a_file(store: &str) -> Error {
    let known = ["k8s://", "github://", "gitlab://"].into_iter().find(|scheme| store.starts_with(scheme));
    match known {
        Some(scheme) => Error::not_available(format!("key pairs in a store ({scheme})"))
            .hint("leave the argument out to write a key pair to files"),
        None => Error::usage(format!("`{store}` is not a store for keys"))
            .hint("to choose the names of the files: --output-key-prefix PREFIX"),
    }
}
