//! What signatures are made with: key, certificate, witnesses.

use std::path::PathBuf;

use super::super::SigningAlgorithm;

/// What a signature is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignWith {
    /// The key.
    pub key: SigningKeyName,
    /// PEM file with a certificate for that key.
    pub certificate: Option<PathBuf>,
    /// PEM file with the certificates above it.
    pub certificate_chain: Option<PathBuf>,
    /// Whether the certificate authority is asked for a certificate for the key; always for an ephemeral one.
    pub issue_certificate: bool,
    /// Who witnesses.
    pub witness: Witness,
    /// Where the identity token comes from.
    pub token: TokenSource,
    /// How the timestamp authority is reached.
    pub timestamp_tls: TimestampTls,
    /// The kind of log entry of statements.
    pub entry_type: EntryType,
    /// The file of the trusted root that the services' answers are checked against.
    pub trusted_root: Option<PathBuf>,
    /// Whether a certificate without certificate timestamps is taken (`--insecure-skip-verify`).
    pub without_sct: bool,
    /// Whether every question is answered with yes.
    pub yes: bool,
}

/// Which key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKeyName {
    /// The one that this key reference names.
    Reference(String),
    /// One that is made for this run, certified for an identity and forgotten; `None` is P-256.
    Ephemeral(Option<SigningAlgorithm>),
}

/// Who is to witness a signature, and to certify keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// Nobody: the key alone, no service is asked. Holds the flag that said so.
    Nobody(&'static str),
    /// The services that this signing config names; it may name none.
    SigningConfig(PathBuf),
    /// The services of the signing config that the repository of trust material has.
    Default,
    /// Services that the user named.
    Named(NamedServices),
}

/// Services by their addresses. What is `None` comes from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedServices {
    /// The certificate authority.
    pub certificate_authority: Option<String>,
    /// The issuer of identity tokens.
    pub oidc_issuer: Option<String>,
    /// The log, of version 1.
    pub log: Option<String>,
    /// The timestamp authority; there is none where none is named.
    pub timestamp_authority: Option<String>,
    /// Whether there is a log at all.
    pub upload: bool,
    /// Whether what is not named is at Sigstore's public addresses (`--use-signing-config=false`), and not in the default
    /// signing config.
    pub public: bool,
}

/// Where an identity token comes from. What is `None` was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenSource {
    /// The token, or a file that holds it.
    pub given: Option<String>,
    /// The provider that is asked, and no other.
    pub provider: Option<String>,
    /// Whether the environment is not looked at.
    pub without_ambient: bool,
    /// How to log in.
    pub flow: Option<String>,
    /// The client.
    pub client_id: Option<String>,
    /// The file with the client's secret.
    pub client_secret: Option<PathBuf>,
    /// Where the issuer sends the browser to.
    pub redirect_url: Option<String>,
}

/// How a timestamp authority is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimestampTls {
    /// PEM file with the certificates of authorities in place of the platform's.
    pub authorities: Option<PathBuf>,
    /// PEM file with the certificate to show.
    pub certificate: Option<PathBuf>,
    /// PEM file with its key.
    pub key: Option<PathBuf>,
    /// The name that the server's certificate must bear.
    pub server_name: Option<String>,
}

/// The kind of log entry that statements get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EntryType {
    /// `dsse`.
    #[default]
    Dsse,
    /// `intoto`, which Rekor v1 alone has.
    Intoto,
}

impl SignWith {
    /// The flag that says where an identity token is, where a key signs that nobody certifies.
    pub(super) fn unused_token(&self) -> Option<&'static str> {
        let given = self.token.given.as_ref().map(|_| "--identity-token");
        let flag = given.or_else(|| self.token.provider.as_ref().map(|_| "--oidc-provider"));
        flag.filter(|_| !self.needs_certificate())
    }

    /// Whether the certificate authority is asked.
    pub(super) fn needs_certificate(&self) -> bool {
        self.issue_certificate || matches!(self.key, SigningKeyName::Ephemeral(_))
    }
}
