//! The clouds of Azure: the public one and those that are apart (Azure documentation, "Azure Government: compare" and "Azure in China:
//! endpoints").

use super::super::{Error, Settings};
use crate::http::service::asking::guarded;

/// Which cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The one of everybody.
    Public,
    /// Azure in China.
    China,
    /// Azure Government.
    UsGovernment,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::China, Self::UsGovernment];

    /// By its name in `AZURE_ENVIRONMENT` and in files of the Azure CLI, in whatever case.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "azurecloud" | "azurepubliccloud" => Self::Public,
            "azurechinacloud" => Self::China,
            "azureusgovernment" | "azureusgovernmentcloud" => Self::UsGovernment,
            _ => return None,
        })
    }

    /// What its hosts end with, of vaults and of managed HSMs; a resource is `https://` and this.
    pub fn vaults(self) -> [&'static str; 2] {
        match self {
            Self::Public => ["vault.azure.net", "managedhsm.azure.net"],
            Self::China => ["vault.azure.cn", "managedhsm.azure.cn"],
            Self::UsGovernment => ["vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net"],
        }
    }

    /// What hosts of its registries end with.
    pub fn registries(self) -> &'static str {
        match self {
            Self::Public => "azurecr.io",
            Self::China => "azurecr.cn",
            Self::UsGovernment => "azurecr.us",
        }
    }

    /// Azure Resource Manager as a resource, whose tokens registries take.
    pub fn manager(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::China => "https://management.chinacloudapi.cn",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
        }
    }

    fn authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::China => "https://login.chinacloudapi.cn",
            Self::UsGovernment => "https://login.microsoftonline.us",
        }
    }
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "AzureCloud",
            Self::China => "AzureChinaCloud",
            Self::UsGovernment => "AzureUSGovernment",
        })
    }
}

/// A cloud, and who gives tokens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The cloud.
    pub environment: Environment,
    /// The address of Microsoft Entra, without a slash at its end.
    pub authority: String,
    /// Whether a variable names that address.
    pub is_named: bool,
}

impl Place {
    /// The cloud that `AZURE_ENVIRONMENT` names, else the one that `host` is in, else the public one; with the authority of
    /// `AZURE_AUTHORITY_HOST`, if it is set.
    ///
    /// # Errors
    /// A variable cannot be used, or names another cloud than the one of the host.
    pub fn read(settings: &Settings<'_>, host: Option<Environment>) -> Result<Self, Error> {
        const ENVIRONMENT: &str = "AZURE_ENVIRONMENT";
        const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
        let named = match settings.variable(ENVIRONMENT)? {
            None => None,
            Some(name) => Some(Environment::named(&name).ok_or_else(|| {
                let all = Environment::ALL.map(|cloud| cloud.to_string()).join(", ");
                Error::setting(ENVIRONMENT, format!("it is none of {all}"))
            })?),
        };
        if let (Some(named), Some(host)) = (named, host)
            && named != host
        {
            return Err(Error::setting(
                ENVIRONMENT,
                format!("it says {named}, and what is asked for is in {host}"),
            ));
        }
        let environment = named.or(host).unwrap_or(Environment::Public);
        let (authority, is_named) = match settings.variable(AUTHORITY)? {
            // Some write it without a scheme.
            Some(url) if !url.contains("://") => (format!("https://{url}"), true),
            Some(url) => (url, true),
            None => (environment.authority().to_owned(), false),
        };
        guarded(AUTHORITY, &authority)?;
        Ok(Self { environment, authority: authority.trim_end_matches('/').to_owned(), is_named })
    }
}
