//! Which key.

use super::{filled, one_of};
use crate::commands::Error;

const SLOTS: &[&str] = &["authentication", "signature", "card-authentication", "key-management"];

/// Which key.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Key")]
pub struct KeyArgs {
    /// Key to use: a file, `env://NAME` for a variable that holds it, `pkcs11:...` for one in a token, an `https://` address (`http://` is fetched with a warning), or `k8s://NAMESPACE/SECRET` or `gitlab://GROUP/PROJECT` for a pair that is stored there
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Use the key of a hardware token (not available yet in this version)
    #[arg(long)]
    pub sk: Option<bool>,
    /// Slot of the hardware token: authentication, signature, card-authentication or key-management (not available yet
    /// in this version)
    #[arg(long, value_name = "SLOT", value_parser = one_of(SLOTS))]
    pub slot: Option<String>,
}

impl KeyArgs {
    /// The key reference, if a key was named.
    ///
    /// # Errors
    /// Both `--key` and `--sk`; `--sk` alone, which cannot be served yet.
    pub fn reference(&self) -> Result<Option<String>, Error> {
        let key = filled(&self.key);
        match (key, self.sk.unwrap_or_default()) {
            (Some(_), true) => Err(Error::usage("--key and --sk name two different keys")
                .hint("leave one of them out: --key for a file or a variable, --sk for a hardware token")),
            (None, true) => Err(Error::not_available("keys on a hardware token (--sk)")
                .hint("name a key file with --key FILE")),
            (key, false) => Ok(key),
        }
    }
}
