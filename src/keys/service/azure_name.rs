//! How keys of Azure Key Vault are named: `azurekms://VAULT/KEY[/VERSION]`.

use crate::cloud::azure::Environment;

const NAMED: &str = "a key of Azure Key Vault is named azurekms://VAULT.vault.azure.net/KEY or azurekms://VAULT.vault.azure.net/KEY/VERSION; of a managed HSM, azurekms://HSM.managedhsm.azure.net/KEY";

/// `VAULT/KEY[/VERSION]` of `azurekms://`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    vault: String,
    host: Option<(Environment, Kind)>,
    key: String,
    version: Option<String>,
}

/// What holds keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A vault.
    Vault,
    /// A managed HSM.
    Hsm,
}

impl KeyName {
    /// A vault by its host, or by its name alone; a key; at will its version.
    ///
    /// # Errors
    /// Anything else. Tokens go to vaults: a host that is not one of Azure's is refused.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('/');
        let (Some(vault), Some(key), version, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NAMED);
        };
        let vault = vault.to_ascii_lowercase();
        let (name, host) = match vault.split_once('.') {
            None => (vault.as_str(), None),
            Some((name, suffix)) => (name, Some(of(suffix).ok_or(NAMED)?)),
        };
        let is_label = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        // Key Vault: 3 to 24 characters of a vault's name, 127 of a key's.
        let is_vault = (1..=63).contains(&name.len())
            && is_label(name)
            && !name.starts_with('-')
            && !name.ends_with('-');
        let is_key = (1..=127).contains(&key.len()) && is_label(key);
        let version = version.filter(|version| !version.is_empty());
        let is_version = |text: &str| {
            text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !is_vault || !is_key || !version.is_none_or(is_version) {
            return Err(NAMED);
        }
        Ok(Self { host, key: key.to_owned(), version: version.map(str::to_owned), vault })
    }

    /// The cloud that the host is in.
    pub fn environment(&self) -> Option<Environment> {
        self.host.map(|(environment, _)| environment)
    }

    /// What holds the key.
    pub fn kind(&self) -> Kind {
        self.host.map_or(Kind::Vault, |(_, kind)| kind)
    }

    /// The host; a name alone is one of a vault in this cloud.
    pub fn host(&self, environment: Environment) -> String {
        match self.host {
            Some(_) => self.vault.clone(),
            None => format!("{}.{}", self.vault, suffix(environment, Kind::Vault)),
        }
    }

    /// The name of the key in its vault.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The version that is asked for; otherwise the newest.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// What hosts of a kind end with.
pub fn suffix(environment: Environment, kind: Kind) -> &'static str {
    let [vault, hsm] = environment.vaults();
    match kind {
        Kind::Vault => vault,
        Kind::Hsm => hsm,
    }
}

fn of(domain: &str) -> Option<(Environment, Kind)> {
    let all = Environment::ALL.into_iter().flat_map(|cloud| [(cloud, Kind::Vault), (cloud, Kind::Hsm)]);
    all.into_iter().find(|(cloud, kind)| suffix(*cloud, *kind) == domain)
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.vault, self.key)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_vaults_and_hsms() {
        for (text, host, version) in [
            ("v/k", "v.vault.azure.net", None),
            ("v.vault.azure.net/k", "v.vault.azure.net", None),
            ("V.Vault.Azure.Net/K/", "v.vault.azure.net", None),
            ("v.vault.azure.cn/k/0a1b", "v.vault.azure.cn", Some("0a1b")),
            ("v-1.vault.usgovcloudapi.net/k-1", "v-1.vault.usgovcloudapi.net", None),
            ("h.managedhsm.azure.net/k", "h.managedhsm.azure.net", None),
        ] {
            let name = KeyName::parse(text).unwrap();
            assert_eq!((&*name.host(Environment::Public), name.version()), (host, version), "{text}");
        }
        assert_eq!(KeyName::parse("v/k").unwrap().host(Environment::China), "v.vault.azure.cn");
        assert_eq!(KeyName::parse("h.managedhsm.azure.net/k").unwrap().kind(), Kind::Hsm);
    }

    #[test]
    fn other_hosts_and_names_are_refused() {
        for text in [
            "",
            "/",
            "v",
            "v/",
            "/k",
            "v/k/v/x",
            "v/k/V",
            "v/k?x",
            "v/k_k",
            "v/..",
            "v/k/..",
            "v/k#",
            "-v/k",
            "v-/k",
            "v@e/k",
            "v:1/k",
            "evil.example/k",
            "v.vault.azure.net.evil.example/k",
            "evilvault.azure.net/k",
            "a.b.vault.azure.net/k",
            "vault.azure.net/k",
            ".vault.azure.net/k",
            "v.vault.azure.net:443/k",
            "u@v.vault.azure.net/k",
            "v%2e.vault.azure.net/k",
            "v.vault.azure.net./k",
            "v/\u{e4}",
        ] {
            assert!(KeyName::parse(text).is_err(), "{text}");
        }
    }
}
