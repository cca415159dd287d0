//! Registries: how they are reached, and with which credentials.

use std::path::PathBuf;
use std::time::Duration;

use super::{filled, values};
use crate::commands::{DEFAULT_RETRY, Error, RegistryCredentials, RegistryRequest};
use crate::crypto::Secret;

/// Flags of every command that names an image.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Registry")]
pub struct RegistryArgs {
    /// User for the registries of this command; needs --registry-password
    #[arg(long, value_name = "USER")]
    pub registry_username: Option<String>,
    /// Password for them; other users of this machine can see flags, so better use COSIGN_REGISTRY_PASSWORD or `login`
    #[arg(long, value_name = "PASSWORD")]
    pub registry_password: Option<String>,
    /// Token for them, sent as it is, in place of user and password
    #[arg(long, value_name = "TOKEN")]
    pub registry_token: Option<String>,
    /// In a pod, take the image pull secrets of its service account too; and stop where credentials of a cloud are refused
    #[arg(long)]
    pub k8s_keychain: Option<bool>,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Begin the tags of attachments with this text
    #[arg(long, value_name = "PREFIX")]
    pub attachment_tag_prefix: Option<String>,
}

/// How registries are reached.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Registry")]
pub struct ConnectionArgs {
    /// Take any TLS certificate of a registry
    #[arg(long)]
    pub allow_insecure_registry: Option<bool>,
    /// Speak to registries without TLS where they do not speak it; those on this machine need no flag for that
    #[arg(long)]
    pub allow_http_registry: Option<bool>,
    /// Trust these certificate authorities for registries, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub registry_cacert: Option<PathBuf>,
    /// Show this certificate to registries; needs --registry-client-key
    #[arg(long, value_name = "FILE")]
    pub registry_client_cert: Option<PathBuf>,
    /// Private key of that certificate, not encrypted
    #[arg(long, value_name = "FILE")]
    pub registry_client_key: Option<PathBuf>,
    /// Name that a registry's TLS certificate must bear, in place of the registry's own
    #[arg(long, value_name = "NAME")]
    pub registry_server_name: Option<String>,
    /// Host of a token server that may get the credentials although it is of another site (can be repeated)
    #[arg(long, value_name = "HOST")]
    pub registry_auth_host: Vec<String>,
    /// Try again for this time what fails and may well work a moment later (default 30s)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub retry_for: Option<Duration>,
}

impl RegistryArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// Halves of credentials, two of them, and what this version cannot do.
    pub fn request(&self) -> Result<RegistryRequest, Error> {
        let request = RegistryRequest {
            cloud_credentials: self.k8s_keychain.unwrap_or_default(),
            ..self.connection.request(self.credentials()?)?
        };
        request.with_tag_prefix(self.attachment_tag_prefix.clone().unwrap_or_default())
    }

    fn credentials(&self) -> Result<Option<RegistryCredentials>, Error> {
        let secret = |text: String| Secret::new(text.into_bytes());
        let (username, password) = (filled(&self.registry_username), filled(&self.registry_password));
        match (filled(&self.registry_token), username, password) {
            (None, None, None) => Ok(None),
            (Some(token), None, None) => Ok(Some(RegistryCredentials::Token(secret(token)))),
            (None, Some(username), Some(password)) => {
                Ok(Some(RegistryCredentials::User { username, password: secret(password) }))
            }
            (Some(_), ..) => {
                Err(Error::usage("--registry-token and --registry-username are two different credentials")
                    .hint("leave one of them out"))
            }
            (None, Some(_), None) => Err(Error::usage("--registry-username needs a password")
                .hint("add --registry-password, or set COSIGN_REGISTRY_PASSWORD")),
            (None, None, Some(_)) => Err(Error::usage("--registry-password needs a user")
                .hint("add --registry-username, or set COSIGN_REGISTRY_USERNAME")),
        }
    }
}

impl ConnectionArgs {
    /// What is asked for, with these credentials.
    ///
    /// # Errors
    /// A certificate without its key, or the reverse; a name or a host that is none.
    pub fn request(&self, credentials: Option<RegistryCredentials>) -> Result<RegistryRequest, Error> {
        let certificate = match (filled(&self.registry_client_cert), filled(&self.registry_client_key)) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(_), None) => {
                return Err(Error::usage("--registry-client-cert needs its private key")
                    .hint("add --registry-client-key FILE"));
            }
            (None, Some(_)) => {
                return Err(Error::usage("--registry-client-key needs its certificate")
                    .hint("add --registry-client-cert FILE"));
            }
        };
        let server_name = filled(&self.registry_server_name);
        if let Some(name) = &server_name {
            check_host("--registry-server-name", name)?;
        }
        for host in &self.registry_auth_host {
            check_host("--registry-auth-host", host)?;
        }
        Ok(RegistryRequest {
            plain_http: self.allow_http_registry.unwrap_or_default(),
            accept_any_certificate: self.allow_insecure_registry.unwrap_or_default(),
            authorities: filled(&self.registry_cacert),
            certificate,
            server_name,
            token_servers: self.registry_auth_host.clone(),
            retry_for: self.retry_for.unwrap_or(DEFAULT_RETRY),
            tag_prefix: String::new(),
            credentials,
            cloud_credentials: false,
        })
    }
}

/// A name in the domain name system: no address, no port, no path.
fn check_host(flag: &str, name: &str) -> Result<(), Error> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    if name.bytes().all(known) && !name.split('.').any(str::is_empty) && !is_address {
        return Ok(());
    }
    Err(Error::usage(format!("`{name}` is not the name of a server ({flag})"))
        .hint("a name such as `auth.example`, without a scheme, a port or a path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_alone() {
        for name in ["auth.example", "localhost", "a_b.example"] {
            assert!(check_host("--x", name).is_ok(), "{name}");
        }
        for name in ["", "https://a", "a:1", "a/b", "10.0.0.1", "::1", "a..b", ".a", "a b"] {
            assert!(check_host("--x", name).is_err(), "{name}");
        }
    }
}
