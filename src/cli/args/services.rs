//! Services that take part in signing.

use std::path::PathBuf;

use super::{filled, one_of};
use crate::commands::{Error, NamedServices, TimestampTls, TokenSource, Witness};

const AUTH_FLOWS: &[&str] = &["normal", "device", "token", "client_credentials"];

/// Services that take part in signing.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Services")]
pub struct ServiceArgs {
    /// Sign with the key alone: no signing service is asked, and nothing gets into a log
    #[arg(long)]
    pub offline: Option<bool>,
    /// Take the addresses of the services from this file; one that lists none signs with the key alone
    #[arg(long, value_name = "FILE")]
    pub signing_config: Option<PathBuf>,
    /// Take the addresses of the services from the signing config of the public instance, or of the one that `initialize` named;
    /// this is so without the flag, too
    ///
    /// false takes the addresses that are built in.
    #[arg(long)]
    pub use_signing_config: Option<bool>,
    /// Publish the signature in a transparency log; false does not
    #[arg(long)]
    pub tlog_upload: Option<bool>,
    /// Trusted root against which the answers of the services are checked
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Answer yes to every question
    #[arg(long, short = 'y')]
    pub yes: Option<bool>,
    /// Address of the certificate authority
    #[arg(long, value_name = "URL")]
    pub fulcio_url: Option<String>,
    /// Ask the certificate authority for a certificate although a key is given
    #[arg(long)]
    pub issue_certificate: Option<bool>,
    /// Identity token, or a file that holds it
    #[arg(long, value_name = "TOKEN")]
    pub identity_token: Option<String>,
    /// Way to an identity token: normal, device, token or client_credentials
    #[arg(long, value_name = "FLOW", value_parser = one_of(AUTH_FLOWS))]
    pub fulcio_auth_flow: Option<String>,
    /// Take a certificate that no trusted certificate transparency log has seen; a timestamp of one that is wrong is refused all the same
    #[arg(long)]
    pub insecure_skip_verify: Option<bool>,
    /// Address of the OIDC issuer
    #[arg(long, value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// OIDC client
    #[arg(long, value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// File with the secret of the OIDC client
    #[arg(long, value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// Address to which the OIDC issuer sends the browser back
    #[arg(long, value_name = "URL")]
    pub oidc_redirect_url: Option<String>,
    /// Source of the identity token: spiffe, google, github-actions, filesystem, buildkite-agent
    #[arg(long, value_name = "PROVIDER")]
    pub oidc_provider: Option<String>,
    /// Do not look for an identity token in the environment
    #[arg(long)]
    pub oidc_disable_ambient_providers: Option<bool>,
    /// Address of the transparency log, of version 1
    #[arg(long, value_name = "URL")]
    pub rekor_url: Option<String>,
    /// Address of the timestamp authority
    #[arg(long, value_name = "URL")]
    pub timestamp_server_url: Option<String>,
    /// Certificates that the timestamp authority's TLS certificate chains to
    #[arg(long, value_name = "FILE")]
    pub timestamp_client_cacert: Option<PathBuf>,
    /// Client certificate for the timestamp authority
    #[arg(long, value_name = "FILE")]
    pub timestamp_client_cert: Option<PathBuf>,
    /// Key of the client certificate for the timestamp authority
    #[arg(long, value_name = "FILE")]
    pub timestamp_client_key: Option<PathBuf>,
    /// Name that the timestamp authority's TLS certificate must bear
    #[arg(long, value_name = "NAME")]
    pub timestamp_server_name: Option<String>,
}

impl ServiceArgs {
    /// Who is to witness a signature made with the key `key`, or without one. Services that are named win over the default
    /// signing config, without a word to say so.
    ///
    /// # Errors
    /// Flags that contradict each other.
    pub fn witness(&self, key: Option<&str>) -> Result<Witness, Error> {
        self.check_offline(key)?;
        self.check_signing_config()?;
        if self.offline.unwrap_or_default() {
            return Ok(Witness::Nobody("--offline"));
        }
        if let Some(file) = filled(&self.signing_config) {
            return Ok(Witness::SigningConfig(file));
        }
        let certified = key.is_none() || self.issue_certificate.unwrap_or_default();
        let upload = self.tlog_upload.unwrap_or(true);
        let timestamp_authority = filled(&self.timestamp_server_url);
        if !certified && !upload && timestamp_authority.is_none() {
            return Ok(Witness::Nobody("--tlog-upload=false"));
        }
        // Without a certificate there is nothing to name its authority for.
        let named = NamedServices {
            certificate_authority: filled(&self.fulcio_url).filter(|_| certified),
            oidc_issuer: filled(&self.oidc_issuer).filter(|_| certified),
            log: filled(&self.rekor_url).filter(|_| upload),
            timestamp_authority,
            upload,
            public: self.use_signing_config == Some(false),
        };
        let unnamed = NamedServices { upload: true, ..NamedServices::default() };
        Ok(if named == unnamed { Witness::Default } else { Witness::Named(named) })
    }

    /// Where an identity token comes from.
    pub fn token(&self) -> TokenSource {
        TokenSource {
            given: filled(&self.identity_token),
            provider: filled(&self.oidc_provider),
            without_ambient: self.oidc_disable_ambient_providers.unwrap_or_default(),
            flow: filled(&self.fulcio_auth_flow),
            client_id: filled(&self.oidc_client_id),
            client_secret: filled(&self.oidc_client_secret_file),
            redirect_url: filled(&self.oidc_redirect_url),
        }
    }

    /// How the timestamp authority is reached.
    pub fn timestamp_tls(&self) -> TimestampTls {
        TimestampTls {
            authorities: filled(&self.timestamp_client_cacert),
            certificate: filled(&self.timestamp_client_cert),
            key: filled(&self.timestamp_client_key),
            server_name: filled(&self.timestamp_server_name),
        }
    }

    /// `--offline` admits no service, and needs a key.
    fn check_offline(&self, key: Option<&str>) -> Result<(), Error> {
        if !self.offline.unwrap_or_default() {
            return Ok(());
        }
        let service = [
            ("--signing-config", filled(&self.signing_config).is_some()),
            ("--use-signing-config", self.use_signing_config.unwrap_or_default()),
            ("--tlog-upload", self.tlog_upload.unwrap_or_default()),
            ("--issue-certificate", self.issue_certificate.unwrap_or_default()),
            ("--identity-token", filled(&self.identity_token).is_some()),
            ("--fulcio-url", filled(&self.fulcio_url).is_some()),
            ("--rekor-url", filled(&self.rekor_url).is_some()),
            ("--timestamp-server-url", filled(&self.timestamp_server_url).is_some()),
        ]
        .into_iter()
        .find(|(_, given)| *given);
        if let Some((flag, _)) = service {
            return Err(Error::usage(format!("--offline asks no service, and {flag} names one"))
                .hint(format!("leave out --offline or {flag}")));
        }
        if key.is_none() {
            return Err(Error::usage("--offline needs a key to sign with").hint("add --key FILE"));
        }
        Ok(())
    }

    /// A signing config says all there is to say about services (cosign 2.6.0 and later; logs since 3.0.3).
    fn check_signing_config(&self) -> Result<(), Error> {
        let flag = match (filled(&self.signing_config), self.use_signing_config) {
            (Some(_), Some(_)) => {
                return Err(Error::usage(
                    "--signing-config and --use-signing-config cannot be used together",
                )
                .hint("--signing-config FILE alone takes the services from FILE"));
            }
            (Some(_), None) => "--signing-config",
            (None, Some(true)) => "--use-signing-config",
            (None, _) => return Ok(()),
        };
        let other = [
            ("--tlog-upload=false", self.tlog_upload == Some(false)),
            ("--rekor-url", filled(&self.rekor_url).is_some()),
            ("--fulcio-url", filled(&self.fulcio_url).is_some()),
            ("--oidc-issuer", filled(&self.oidc_issuer).is_some()),
            ("--timestamp-server-url", filled(&self.timestamp_server_url).is_some()),
        ]
        .into_iter()
        .find(|(_, given)| *given);
        match other {
            Some((other, _)) => Err(Error::usage(format!("{flag} and {other} cannot be used together"))
                .hint(format!("a signing config names the services to use: leave out {flag} or {other}"))),
            None => Ok(()),
        }
    }
}
