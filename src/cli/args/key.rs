//! Which key.

use super::super::piv_tool::SLOTS;
use super::{filled, one_of};
use crate::commands::{Error, Settings};

/// Whether programs may be started for keys.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Key")]
pub struct PluginArgs {
    /// For a key `NAME://...` of a kind that is not known here, start the program `sigstore-kms-NAME` of the PATH, as cosign does
    #[arg(long)]
    pub allow_kms_plugin: Option<bool>,
    /// Of clusters.
    #[command(flatten)]
    pub kube: KubeArgs,
}

/// Whether a program may be started for a cluster.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Key")]
pub struct KubeArgs {
    /// For a key k8s://..., start the program that the kubeconfig names for credentials (exec), as kubectl does
    #[arg(long)]
    pub allow_kube_exec: Option<bool>,
}

/// The settings with what these flags allow, on any command that has them.
pub fn allowing(settings: Settings, matches: &clap::ArgMatches) -> Settings {
    let is_set = |name| matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or_default();
    Settings {
        allow_kms_plugin: is_set("allow_kms_plugin"),
        allow_kube_exec: is_set("allow_kube_exec"),
        ..settings
    }
}

/// Which key.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Key")]
pub struct KeyArgs {
    /// Key to use: a file, env://NAME, an https:// address, or one elsewhere: pkcs11:, awskms://, gcpkms://, azurekms://, hashivault://, k8s:// or gitlab://
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Use the key of a PIV token that is plugged in; the PIN is that of COSIGN_PIV_PIN, or else the terminal is asked
    #[arg(long)]
    pub sk: Option<bool>,
    /// Slot of the PIV token: authentication, signature, card-authentication or key-management (default signature)
    #[arg(long, value_name = "SLOT", value_parser = one_of(SLOTS))]
    pub slot: Option<String>,
    /// Programs.
    #[command(flatten)]
    pub plugins: PluginArgs,
}

impl KeyArgs {
    /// The flags, and whether they are given.
    pub fn given(&self) -> [(&'static str, bool); 3] {
        [
            ("--key", filled(&self.key).is_some()),
            ("--sk", self.sk.is_some()),
            ("--slot", filled(&self.slot).is_some()),
        ]
    }

    /// The key reference, if a key was named.
    ///
    /// # Errors
    /// Both `--key` and `--sk`.
    pub fn reference(&self) -> Result<Option<String>, Error> {
        let key = filled(&self.key);
        if let (Some(_), Some(slot), false) = (&key, filled(&self.slot), self.sk.unwrap_or_default()) {
            return Err(Error::usage(format!("--slot {slot} is of a PIV token, and --key names another key"))
                .hint("leave one of them out: --key for a key that is named, --sk with --slot for one in a PIV token"));
        }
        match (key, self.sk.unwrap_or_default()) {
            (Some(_), true) => Err(Error::usage("--key and --sk name two different keys")
                .hint("leave one of them out: --key for a file or a variable, --sk for a hardware token")),
            (None, true) => Ok(Some(format!("piv://{}", filled(&self.slot).unwrap_or_default()))),
            (key, false) => Ok(key),
        }
    }
}
