//! Registries that requests name: the room `registry` meets the context.

use std::path::PathBuf;
use std::time::Duration;

use super::bundle::flag as tied;
use super::{Context, Error, ErrorKind, Files};
use crate::crypto::Secret;
use crate::registry::{Repository, check_tag_prefix};

#[cfg(feature = "http")]
pub(super) use client::client;

/// How long what fails is tried again, unless somebody says otherwise.
pub const DEFAULT_RETRY: Duration = Duration::from_secs(30);

/// How registries are reached, and with which credentials.
#[derive(Debug)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "this build asks nobody"))]
pub struct RegistryRequest {
    /// Registries may be spoken to without TLS.
    pub plain_http: bool,
    /// Any certificate of a registry will do.
    pub accept_any_certificate: bool,
    /// PEM file of certificate authorities in place of the platform's.
    pub authorities: Option<PathBuf>,
    /// PEM files of the certificate to show, and of its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The name that a registry's certificate must bear.
    pub server_name: Option<String>,
    /// Hosts of token servers that may get credentials.
    pub token_servers: Vec<String>,
    /// How long what fails is tried again.
    pub retry_for: Duration,
    /// What the tags of attachments begin with.
    pub tag_prefix: String,
    /// The credentials that were given.
    pub credentials: Option<RegistryCredentials>,
    /// Those of Kubernetes and of clouds are wanted.
    pub cloud_credentials: bool,
}

/// Credentials for the registries that a command names.
#[derive(Debug)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "this build asks nobody"))]
pub enum RegistryCredentials {
    /// A token for the registry itself.
    Token(Secret),
    /// A user and a password.
    User {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
}

impl RegistryRequest {
    /// The same, with tags of attachments that begin with this text.
    ///
    /// # Errors
    /// Of kind `Usage`: no tag begins so.
    pub fn with_tag_prefix(self, prefix: String) -> Result<Self, Error> {
        check_tag_prefix(&prefix).map_err(|error| {
            Error::usage(format!("with the prefix `{prefix}` there is no tag (--attachment-tag-prefix)"))
                .caused_by(&error)
                .hint("a prefix has letters, digits, `_`, `-` and `.`, 52 at most")
        })?;
        Ok(Self { tag_prefix: prefix, ..self })
    }

    /// The flags that ask for the same, each after a blank, as a shell takes them; of what is secret the flag alone, with a word in
    /// the place of the value.
    pub(super) fn flags(&self) -> String {
        let mut flags = String::new();
        let mut add = |flag: &str, value: Option<&str>, otherwise: &str| match value {
            None => flags.push_str(&format!(" --{flag}")),
            Some(value) => flags.push_str(&tied(flag, value, otherwise)),
        };
        if self.plain_http {
            add("allow-http-registry", None, "");
        }
        if self.accept_any_certificate {
            add("allow-insecure-registry", None, "");
        }
        let (certificate, key) = self.certificate.as_ref().map(|(one, other)| (one, other)).unzip();
        for (flag, file) in [
            ("registry-cacert", self.authorities.as_ref()),
            ("registry-client-cert", certificate),
            ("registry-client-key", key),
        ] {
            if let Some(file) = file {
                // What is not Unicode is not shown as it is.
                add(flag, Some(file.to_str().unwrap_or("\u{fffd}")), "FILE");
            }
        }
        if let Some(name) = &self.server_name {
            add("registry-server-name", Some(name), "NAME");
        }
        self.token_servers.iter().for_each(|host| add("registry-auth-host", Some(host), "HOST"));
        if !self.tag_prefix.is_empty() {
            add("attachment-tag-prefix", Some(&self.tag_prefix), "PREFIX");
        }
        if self.retry_for != DEFAULT_RETRY {
            add("retry-for", Some(&format!("{}ms", self.retry_for.as_millis())), "");
        }
        if self.cloud_credentials {
            add("k8s-keychain", None, "");
        }
        match &self.credentials {
            None => {}
            Some(RegistryCredentials::Token(_)) => add("registry-token", Some("TOKEN"), ""),
            Some(RegistryCredentials::User { username, .. }) => {
                add("registry-username", Some(username), "USER");
                add("registry-password", Some("PASSWORD"), "");
            }
        }
        flags
    }

    /// Adds the files that it names.
    pub(super) fn add_to<'a>(&'a self, files: Files<'a>) -> Files<'a> {
        let (certificate, key) = match &self.certificate {
            Some((certificate, key)) => (Some(certificate.as_path()), Some(key.as_path())),
            None => (None, None),
        };
        files
            .and_read("registry's certificate authorities", self.authorities.as_deref())
            .and_read("client certificate", certificate)
            .and_read("key of the client certificate", key)
    }
}

/// The repository that `COSIGN_REPOSITORY` names.
pub(super) fn signature_repository(context: &Context) -> Result<Option<Repository>, Error> {
    const VARIABLE: &str = "COSIGN_REPOSITORY";
    let Some(value) = (context.variables)(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_string_lossy();
    Repository::parse(&text).map(Some).map_err(|error| {
        Error::new(ErrorKind::Usage, format!("`{text}` in the variable {VARIABLE} is not a repository"))
            .caused_by(&error)
            .hint(format!("unset {VARIABLE}, or name a repository as `HOST/PATH`"))
    })
}

/// The error of builds that speak to nobody.
#[cfg(not(feature = "http"))]
pub(super) fn not_built(registry: &str) -> Error {
    Error::new(ErrorKind::Other, format!("the registry {registry} cannot be asked"))
        .cause("this build has no HTTP client; the full build of rcosign has it")
}

#[cfg(feature = "http")]
mod client {
    use super::{Context, Duration, Error, ErrorKind, RegistryCredentials, RegistryRequest, Secret};
    use crate::crypto::DecodeKind;
    use crate::http::{self, Authorities, CertificateFault, ClientCertificate};
    use crate::registry::{
        self, Ambient, Client, Connection, Credentials, GivenCredentials, Keychain, KeychainError, Places,
        Refusal, Withheld,
    };
    use crate::storage::read_file;

    /// How long nothing may be heard of a registry.
    const STALL: Duration = Duration::from_secs(20);
    /// A large bundle of certificates has a few hundred kilobytes.
    const MAX_PEM: u64 = 1 << 22;

    /// A client for the registries of one command.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(in crate::commands) fn client(request: &RegistryRequest, context: &Context) -> Result<Client, Error> {
        let given = request.credentials.as_ref().and_then(given);
        let ambient = Ambient {
            variables: std::sync::Arc::clone(&context.variables),
            is_wanted: request.cloud_credentials,
            retry_for: request.retry_for,
            now: context.now,
            tell: context.tell,
        };
        let keychain = Keychain { given, places: Places::of(&*context.variables), ambient: Some(ambient) };
        Ok(Client::new(connection(request, context)?, keychain))
    }

    fn connection(request: &RegistryRequest, context: &Context) -> Result<Connection, Error> {
        let read = |what, path| read_file(what, path, MAX_PEM).map_err(|e| Error::trust_file(&e));
        let authorities = match &request.authorities {
            Some(path) => Some(Authorities {
                name: format!("`{}`", path.display()),
                pem: read("file of the registry's certificate authorities", path)?,
            }),
            None => None,
        };
        let certificate = match &request.certificate {
            Some((certificate, key)) => Some(ClientCertificate {
                name: format!("the client certificate `{}`", certificate.display()),
                certificate: read("client certificate", certificate)?,
                key: Secret::new(read("key of the client certificate", key)?),
            }),
            None => None,
        };
        Ok(Connection {
            authorities,
            certificate,
            server_name: request.server_name.clone(),
            accept_any_certificate: request.accept_any_certificate,
            plain_http: request.plain_http,
            token_servers: request.token_servers.clone(),
            retry_for: request.retry_for,
            total: context.settings.timeout,
            stall: STALL,
        })
    }

    fn given(credentials: &RegistryCredentials) -> Option<GivenCredentials> {
        let again = |secret: &Secret| Secret::new(secret.expose().to_vec());
        match credentials {
            RegistryCredentials::Token(token) => Some(GivenCredentials {
                credentials: Credentials::RegistryToken(again(token)),
                source: "--registry-token",
            }),
            RegistryCredentials::User { username, password } => Some(GivenCredentials {
                credentials: Credentials::of(username, again(password))?,
                source: "the given user name and password",
            }),
        }
    }

    impl From<registry::Error> for Error {
        fn from(error: registry::Error) -> Self {
            let mut converted = Self::with_sources(kind(&error), &error);
            match &error {
                registry::Error::Http(source) => of_transport(converted, source),
                registry::Error::Refused(refusal) => {
                    converted
                        .causes
                        .extend(refusal.looked.iter().map(|looked| format!("credentials: {looked}")));
                    match &refusal.withheld {
                        Some((server, why)) => withheld(converted, server, *why),
                        None => converted.hint(after_refusal(refusal)),
                    }
                }
                _ => converted,
            }
        }
    }

    impl From<KeychainError> for Error {
        fn from(error: KeychainError) -> Self {
            registry::Error::from(error).into()
        }
    }

    /// What to do about a refusal: it depends on whether there were credentials, and whose they were.
    fn after_refusal(refusal: &Refusal) -> String {
        let registry = &refusal.registry;
        let used = refusal.looked.iter().find(|looked| looked.ends_with(": used"));
        match (used, refusal.status) {
            (None, _) => format!(
                "log in with `login {registry}`, or name credentials with --registry-username and --registry-password"
            ),
            (Some(_), 403) => {
                format!("whoever this is may not do it; log in as somebody who may: `login {registry}`")
            }
            (Some(used), _) if used.starts_with("the given") => {
                "look at the user name and the password".to_owned()
            }
            (Some(used), _) if used.starts_with("--registry-token") => {
                "look at the token; it may have expired".to_owned()
            }
            (Some(_), _) => format!("what is kept there is wrong, or no longer right: `login {registry}`"),
        }
    }

    fn of_transport(mut converted: Error, source: &http::Error) -> Error {
        if let Some(fault) = source.certificate_fault() {
            converted.causes = vec![fault.to_string()];
            return match after_fault(&fault) {
                Some(hint) => converted.hint(hint),
                None => converted,
            };
        }
        // Of what the layers of a transport have to say, the first word and the last are for people, if they say anything.
        let last = converted.causes.pop();
        converted.causes.truncate(1);
        converted.causes.retain(|cause| cause != "error sending request");
        converted.causes.extend(last);
        if source.is_client_refused() {
            return converted.hint(
                "name a certificate of yours with --registry-client-cert FILE and --registry-client-key FILE",
            );
        }
        if source.is_connect() {
            return converted
                .hint("look at the host and the port in the name, and whether the registry runs");
        }
        converted
    }

    /// What to do about a certificate.
    fn after_fault(fault: &CertificateFault) -> Option<&'static str> {
        match fault {
            CertificateFault::UnknownIssuer => {
                Some("if a private authority issued it, name that one with --registry-cacert FILE")
            }
            CertificateFault::Expired(_) => {
                Some("the registry needs a new one; if it has one, look at the clock of this machine")
            }
            CertificateFault::OtherName { .. } => Some(
                "call the registry by a name that the certificate is for, or name it with --registry-server-name NAME",
            ),
            CertificateFault::OfAuthority => Some(
                "name that very certificate with --registry-cacert FILE, or give the registry one of its own (CA:FALSE)",
            ),
            CertificateFault::Other(_) => None,
        }
    }

    fn withheld(error: Error, server: &str, why: Withheld) -> Error {
        match why {
            Withheld::OtherSite => error
                .cause(format!(
                    "the token server {server} belongs to another site, and was given no credentials"
                ))
                .hint("if it may have them, name its host with --registry-auth-host HOST"),
            Withheld::WithoutTls => {
                error.cause(format!("the token server {server} has no TLS, and was given no credentials"))
            }
        }
    }

    fn kind(error: &registry::Error) -> ErrorKind {
        use registry::Error as E;
        match error {
            E::Http(http::Error::Roots { .. } | http::Error::ClientCertificate { .. }) => {
                ErrorKind::TrustMaterial
            }
            E::Http(http::Error::TooLarge { .. }) | E::TooLarge { .. } | E::Endless { .. } => {
                ErrorKind::LimitExceeded
            }
            E::Source { source, .. } => source.downcast_ref::<E>().map_or(ErrorKind::Format, kind),
            E::Http(_) | E::Status { .. } | E::Elsewhere { .. } | E::NoDelete { .. } => ErrorKind::Network,
            E::Refused(_)
            | E::CredentialsNotText
            | E::Keychain(KeychainError::Helper { .. } | KeychainError::Ambient { .. }) => {
                ErrorKind::Authentication
            }
            E::Keychain(KeychainError::TooLarge { .. }) => ErrorKind::LimitExceeded,
            E::Document { source, .. } if source.kind == DecodeKind::Limit => ErrorKind::LimitExceeded,
            E::Keychain(_) | E::Document { .. } | E::Digest { .. } | E::Size { .. } | E::Short { .. } => {
                ErrorKind::Format
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_say_how_a_registry_is_reached_and_nothing_secret() {
        let secret = || Secret::new(b"S3CRET".to_vec());
        let with = |credentials| RegistryRequest {
            plain_http: false,
            accept_any_certificate: false,
            authorities: Some("my ca's.pem".into()),
            certificate: Some(("c.pem".into(), "-k.pem".into())),
            server_name: None,
            token_servers: vec!["a.example".to_owned(), "b.example".to_owned()],
            retry_for: DEFAULT_RETRY,
            tag_prefix: String::new(),
            credentials,
            cloud_credentials: false,
        };
        let files =
            r" --registry-cacert 'my ca'\''s.pem' --registry-client-cert c.pem --registry-client-key=-k.pem";
        let all = format!("{files} --registry-auth-host a.example --registry-auth-host b.example");
        assert_eq!(with(None).flags(), all);
        let patient = RegistryRequest { retry_for: Duration::from_millis(90_500), ..with(None) };
        assert_eq!(patient.flags(), format!("{all} --retry-for 90500ms"));
        let token = with(Some(RegistryCredentials::Token(secret()))).flags();
        assert_eq!(token, format!("{all} --registry-token TOKEN"));
        // What a terminal would obey is not shown.
        let user = RegistryCredentials::User { username: "a\u{1b}[2J".to_owned(), password: secret() };
        let expected = format!("{all} --registry-username USER --registry-password PASSWORD");
        assert_eq!(with(Some(user)).flags(), expected);
    }
}
