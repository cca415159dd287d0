//! `signing-config create`.

use std::path::{Path, PathBuf};

use super::outputs::Destination;
use super::trust::published_config;
use super::{Context, Error, ErrorKind, Files};
use crate::storage::read_file;
use crate::trust::{Selection, Service, SigningConfig};

/// The largest signing config that is read.
const MAX_SIGNING_CONFIG: u64 = 1 << 20;

/// What `signing-config create` is asked for.
#[derive(Debug)]
pub struct SigningConfigCreateRequest {
    /// What it begins with.
    pub base: ConfigBase,
    /// Whether the TUF repository is not asked: what is cached is taken, or what is embedded.
    pub offline: bool,
    /// Certificate authorities.
    pub certificate_authorities: Vec<Service>,
    /// OpenID Connect providers.
    pub oidc_providers: Vec<Service>,
    /// Transparency logs.
    pub logs: Vec<Service>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
    /// How many of the logs to use; without it, as the base has it.
    pub log_selection: Option<Selection>,
    /// How many of the timestamp authorities to use; without it, as the base has it.
    pub timestamp_selection: Option<Selection>,
    /// The file to write; without it the document is returned.
    pub out: Option<PathBuf>,
}

/// What a signing config begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigBase {
    /// No service.
    Nothing,
    /// The services of the TUF repository, to which others are added.
    Public(DefaultConfig),
    /// The services of this file, of which each kind can be replaced.
    File(PathBuf),
}

/// Which services of the TUF repository are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultConfig {
    /// Whether the signing config is taken that puts a log of Rekor v2 first.
    pub rekor_v2: bool,
    /// Certificate authorities.
    pub certificate_authorities: bool,
    /// OpenID Connect providers.
    pub oidc_providers: bool,
    /// Transparency logs, and how many of them to use.
    pub logs: bool,
    /// Timestamp authorities, and how many of them to use.
    pub timestamp_authorities: bool,
}

impl SigningConfigCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let base = match &self.base {
            ConfigBase::File(path) => Some(path.as_path()).filter(|path| path.as_os_str() != "-"),
            ConfigBase::Nothing | ConfigBase::Public(_) => None,
        };
        Files::default().and_read("signing config", base).and_written("signing config", self.out.as_deref())
    }
}

/// Makes a signing config. The same request gives the same bytes.
///
/// # Errors
/// The base cannot be read (kind `TrustMaterial`) or had (`Network`, `TrustMaterial`); the file cannot be written (`Format`).
pub async fn signing_config_create(
    request: &SigningConfigCreateRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    let out = Destination::open(request.out.as_deref())?;
    let config = compose(request, context).await?;
    let text = config.to_json();
    // Nothing is handed out that signing would not take.
    SigningConfig::from_json(text.as_bytes()).map_err(|error| {
        Error::new(ErrorKind::Format, "such a signing config could not be read").caused_by(&error)
    })?;
    for (what, selection, services) in [
        ("transparency logs", config.log_selection, &config.logs),
        ("timestamp authorities", config.timestamp_selection, &config.timestamp_authorities),
    ] {
        if let Selection::Exact(count) = selection
            && usize::try_from(count).is_ok_and(|count| count > services.len())
        {
            let there = services.len();
            context
                .narrator
                .warn(&format!("nobody can sign with {count} {what} of the {there} that are named"));
        }
    }
    out.line(text)
}

async fn compose(
    request: &SigningConfigCreateRequest,
    context: &mut Context,
) -> Result<SigningConfig, Error> {
    let mut config = base(request, context).await?;
    let replace = matches!(request.base, ConfigBase::File(_));
    for (list, given) in [
        (&mut config.certificate_authorities, &request.certificate_authorities),
        (&mut config.oidc_providers, &request.oidc_providers),
        (&mut config.logs, &request.logs),
        (&mut config.timestamp_authorities, &request.timestamp_authorities),
    ] {
        if replace && !given.is_empty() {
            list.clear();
        }
        list.extend_from_slice(given);
    }
    config.log_selection = request.log_selection.unwrap_or(config.log_selection);
    config.timestamp_selection = request.timestamp_selection.unwrap_or(config.timestamp_selection);
    Ok(config)
}

async fn base(request: &SigningConfigCreateRequest, context: &mut Context) -> Result<SigningConfig, Error> {
    let wanted = match &request.base {
        ConfigBase::Nothing => return Ok(SigningConfig::default()),
        ConfigBase::File(path) => return from_file(path),
        ConfigBase::Public(wanted) => wanted,
    };
    let mut config = published_config(wanted.rekor_v2, request.offline, context).await?;
    if !wanted.certificate_authorities {
        config.certificate_authorities.clear();
    }
    if !wanted.oidc_providers {
        config.oidc_providers.clear();
    }
    if !wanted.logs {
        config.logs.clear();
        config.log_selection = Selection::Undefined;
    }
    if !wanted.timestamp_authorities {
        config.timestamp_authorities.clear();
        config.timestamp_selection = Selection::Undefined;
    }
    Ok(config)
}

fn from_file(path: &Path) -> Result<SigningConfig, Error> {
    let text = read_file("signing config", path, MAX_SIGNING_CONFIG).map_err(|e| Error::trust_file(&e))?;
    SigningConfig::from_json(&text).map_err(|error| {
        let unusable = format!("signing config `{}` cannot be used", path.display());
        Error::new(ErrorKind::TrustMaterial, unusable).caused_by(&error)
    })
}
