//! `generate-key-pair`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{at_most_one, filled, key::PluginArgs, not_empty, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, GenerateKeyPairRequest};

/// Make a key pair for signing
#[derive(Debug, clap::Args)]
pub struct GenerateKeyPairArgs {
    /// Store to put the key pair and its password into: k8s://NAMESPACE/SECRET, gitlab://GROUP/PROJECT, github://OWNER/REPOSITORY
    #[arg(value_name = "[STORE]")]
    pub store: Vec<OsString>,
    /// Write the key pair to PREFIX.key and PREFIX.pub (default cosign)
    #[arg(long, value_name = "PREFIX", help_heading = "Output")]
    pub output_key_prefix: Option<PathBuf>,
    /// Make the key in a key management service, where it stays, and write PREFIX.pub alone
    #[arg(long, value_name = "KEY", help_heading = "Key")]
    pub kms: Option<String>,
    /// Programs.
    #[command(flatten)]
    pub plugins: PluginArgs,
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
    /// Something else than a store; a store and a service at once; a service that is empty, which would make files.
    pub fn request(&self) -> Result<GenerateKeyPairRequest, Error> {
        let store = at_most_one(&self.store, "to write a key pair to files, leave the arguments out")?;
        let store = store.map(|store| known(&store.to_string_lossy())).transpose()?;
        let service = not_empty("--kms", &self.kms)?;
        if store.is_some() && service.is_some() {
            return Err(Error::usage("a store and --kms name two different places for a key")
                .hint("leave one of them out"));
        }
        Ok(GenerateKeyPairRequest {
            output_key_prefix: filled(&self.output_key_prefix).unwrap_or_else(|| PathBuf::from("cosign")),
            service,
            store,
        })
    }
}

fn known(store: &str) -> Result<String, Error> {
    if ["k8s://", "github://", "gitlab://"].iter().any(|scheme| store.starts_with(scheme)) {
        return Ok(store.to_owned());
    }
    Err(Error::usage(format!("`{store}` is not a store for keys")).hint(
        "stores are k8s://NAMESPACE/SECRET, gitlab://PROJECT and github://OWNER/REPOSITORY; to choose the names of files: --output-key-prefix PREFIX",
    ))
}
