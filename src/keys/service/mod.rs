//! Keys that never leave the service or the token that holds them: it is asked to sign, and for the public key.
//!
//! Each service has a file: how its keys are named, whose credentials are used, what is sent and what comes back. What
//! holds for all of them is here: which digest is signed, and that no signature is used that the public key does not accept.

#[cfg(feature = "kms-aws")]
mod aws;
#[cfg(feature = "kms-aws")]
mod aws_name;
mod azure;
mod azure_name;
mod backend;
mod error;
mod gcp;
mod plugin;
mod remote;
#[cfg(test)]
pub(super) mod tests;
mod vault;
mod vault_access;

pub(in crate::keys) use backend::{Answered, Backend};
pub use error::Failure;
pub use plugin::PluginKey;
pub(super) use remote::RemoteKey;

use super::Sources;
use crate::cloud::Settings;

/// A key in a service, by the name that the user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceKey {
    /// In the transit engine of HashiCorp Vault or OpenBao: `hashivault://KEY`.
    Vault(vault::KeyName),
    /// In AWS KMS: `awskms://[ENDPOINT]/ID`.
    #[cfg(feature = "kms-aws")]
    Aws(aws_name::KeyName),
    /// Of a program `sigstore-kms-NAME`, which is started where the user allows it: `NAME://KEY`.
    Plugin(PluginKey),
    /// In Google Cloud KMS: `gcpkms://projects/...`.
    Gcp(gcp::KeyName),
    /// In Azure Key Vault or a managed HSM: `azurekms://VAULT/KEY[/VERSION]`.
    Azure(azure_name::KeyName),
}

impl ServiceKey {
    /// The name behind a scheme; `None` where the scheme is not one of a service.
    ///
    /// # Errors
    /// What is wrong with the name, and what it should be.
    pub fn parse(scheme: &str, rest: &str) -> Option<Result<Self, &'static str>> {
        Some(match scheme {
            "hashivault" => vault::KeyName::parse(rest).map(Self::Vault),
            #[cfg(feature = "kms-aws")]
            "awskms" => aws_name::KeyName::parse(rest).map(Self::Aws),
            "gcpkms" => gcp::KeyName::parse(rest).map(Self::Gcp),
            "azurekms" => azure_name::KeyName::parse(rest).map(Self::Azure),
            _ => return None,
        })
    }

    /// What people call the service.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Vault(_) => "Vault",
            #[cfg(feature = "kms-aws")]
            Self::Aws(_) => "AWS KMS",
            Self::Plugin(_) => "a plug-in program",
            Self::Gcp(_) => "Google Cloud KMS",
            Self::Azure(_) => "Azure Key Vault",
        }
    }

    /// Gets ready to ask the service, which it does not do yet.
    pub(super) fn open(&self, sources: &Sources<'_>) -> Result<Box<dyn Backend>, Failure> {
        let settings = settings(sources);
        match self {
            Self::Vault(name) => Ok(Box::new(vault::Vault::open(name, &settings)?)),
            #[cfg(feature = "kms-aws")]
            Self::Aws(name) => Ok(Box::new(aws::Kms::open(name, &settings)?)),
            Self::Plugin(name) => {
                let Some(tell) = sources.plugins else { return Err(Failure::NotAllowed) };
                Ok(Box::new(plugin::Plugin::open(name, sources, tell)?))
            }
            Self::Gcp(name) => Ok(Box::new(gcp::Kms::open(name, &settings)?)),
            Self::Azure(name) => Ok(Box::new(azure::KeyVault::open(name, &settings)?)),
        }
    }
}

impl ServiceKey {
    /// What the user should know before the service is asked.
    pub fn cautions(&self, sources: &Sources<'_>) -> Vec<String> {
        let settings = settings(sources);
        match self {
            Self::Vault(_) => vault::Vault::caution(&settings).into_iter().collect(),
            #[cfg(feature = "kms-aws")]
            Self::Aws(name) => aws::Kms::cautions(name, &settings),
            Self::Gcp(_) => crate::cloud::google::Google::caution(&settings).into_iter().collect(),
            Self::Azure(_) | Self::Plugin(_) => Vec::new(),
        }
    }
}

fn settings<'a>(sources: &Sources<'a>) -> Settings<'a> {
    let Sources { variables, patience, now, .. } = *sources;
    Settings { variables, retry_for: patience.retry_for, total: patience.total, now }
}

impl std::fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vault(name) => write!(f, "hashivault://{name}"),
            #[cfg(feature = "kms-aws")]
            Self::Aws(name) => write!(f, "awskms://{name}"),
            Self::Plugin(key) => key.fmt(f),
            Self::Gcp(name) => write!(f, "gcpkms://{name}"),
            Self::Azure(name) => write!(f, "azurekms://{name}"),
        }
    }
}
