//! `trusted-root create`.

use std::path::{Path, PathBuf};

use super::super::outputs::Destination;
use super::super::trust::published_root;
use super::super::{Context, Error, ErrorKind, Files};
use super::view::inspection;
use crate::crypto::{KeyType, PublicKey, UnixTime};
use crate::storage::read_file;
use crate::tlog;
use crate::trust::{CertificateAuthority, Listed, Log, RootDocument, TrustedRoot, Window};
use crate::x509::Certificate;

/// Certificates and keys in PEM.
const MAX_PEM: u64 = 1 << 20;

/// What `trusted-root create` is asked for.
#[derive(Debug)]
pub struct TrustedRootCreateRequest {
    /// What is taken from the trusted root of the TUF repository.
    pub defaults: DefaultRoot,
    /// Whether the repository is not asked: what is cached is taken, or the embedded public root.
    pub offline: bool,
    /// Certificate authorities.
    pub certificate_authorities: Vec<AuthoritySource>,
    /// Transparency logs.
    pub logs: Vec<LogSource>,
    /// Certificate transparency logs; their origins are not looked at.
    pub ct_logs: Vec<LogSource>,
    /// Timestamp authorities, the certificate that signs timestamps first.
    pub timestamp_authorities: Vec<AuthoritySource>,
    /// The file to write; without it the document is returned.
    pub out: Option<PathBuf>,
}

/// Which services of a trusted root are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DefaultRoot {
    /// Certificate authorities.
    pub certificate_authorities: bool,
    /// Transparency logs.
    pub logs: bool,
    /// Certificate transparency logs.
    pub ct_logs: bool,
    /// Timestamp authorities.
    pub timestamp_authorities: bool,
}

/// An authority and the file with its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoritySource {
    /// What messages call it: the flag and its value.
    pub named: String,
    /// The service's address.
    pub uri: String,
    /// PEM, the root last.
    pub chain: PathBuf,
    /// When it may first be relied on.
    pub start: AuthorityStart,
    /// When it may last be relied on.
    pub end: Option<UnixTime>,
}

/// When an authority may first be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorityStart {
    /// At this time.
    At(UnixTime),
    /// When the first certificate of its chain becomes valid.
    First,
    /// When the last certificate of its chain becomes valid.
    Anchor,
}

/// A log and the file with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// What messages call it: the flag and its value.
    pub named: String,
    /// The service's address.
    pub base_url: String,
    /// PEM.
    pub key: PathBuf,
    /// When the key may be relied on; a start is there.
    pub valid_for: Window,
    /// The name under which a log of Rekor v2 signs checkpoints.
    pub origin: Option<String>,
}

impl TrustedRootCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let chains = self.certificate_authorities.iter().chain(&self.timestamp_authorities).map(|a| &a.chain);
        let keys = self.logs.iter().chain(&self.ct_logs).map(|log| &log.key);
        let files =
            chains.fold(Files::default(), |files, path| files.and_read("certificate chain", named(path)));
        let files = keys.fold(files, |files, path| files.and_read("public key", named(path)));
        files.and_written("trusted root", self.out.as_deref())
    }

    fn inputs(&self) -> impl Iterator<Item = &PathBuf> {
        let authorities = self.certificate_authorities.iter().chain(&self.timestamp_authorities);
        authorities.map(|a| &a.chain).chain(self.logs.iter().chain(&self.ct_logs).map(|log| &log.key))
    }
}

/// A file; `-` is standard input.
fn named(path: &Path) -> Option<&Path> {
    Some(path).filter(|path| path.as_os_str() != "-")
}

/// Makes a trusted root. The same request gives the same bytes. What looks wrong in it is said, and the root is made.
///
/// # Errors
/// - kind `Format`: a certificate or key that cannot be read or is of no use here; a file that cannot be written
/// - kind `Network` or `TrustMaterial`: the default services cannot be had
/// - kind `Usage`: a window that ends before it starts, one log twice, standard input for two files
pub async fn trusted_root_create(
    request: &TrustedRootCreateRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    if request.inputs().filter(|path| named(path).is_none()).count() > 1 {
        return Err(Error::usage("standard input cannot be two files").hint("name one of them by a path"));
    }
    let out = Destination::open(request.out.as_deref())?;
    let mut document = defaults(request, context).await?;
    for source in &request.certificate_authorities {
        document.certificate_authorities.push(authority(source, chain(source)?)?.into());
    }
    add_logs(&mut document.logs, &request.logs, context)?;
    hint_at_origins(&request.logs, &document.logs, context);
    add_logs(&mut document.ct_logs, &request.ct_logs, context)?;
    for source in &request.timestamp_authorities {
        let chain = chain(source)?;
        timestamping(source, &chain)?;
        document.timestamp_authorities.push(authority(source, chain)?.into());
    }
    let text = document.to_json();
    // Nothing is handed out that verification would not take.
    TrustedRoot::from_json(text.as_bytes(), "the new trusted root").map_err(|error| {
        Error::new(ErrorKind::Format, "such a trusted root could not be read").caused_by(&error)
    })?;
    for problem in inspection(&document, "the new trusted root", text.as_bytes(), context.now).all_problems()
    {
        context.narrator.warn(&problem);
    }
    let authorities = document.certificate_authorities.len() + document.timestamp_authorities.len();
    if authorities + document.logs.len() + document.ct_logs.len() == 0 {
        context
            .narrator
            .warn("this trusted root trusts nobody: name services, or begin with --with-default-services");
    }
    out.line(text)
}

async fn defaults(request: &TrustedRootCreateRequest, context: &mut Context) -> Result<RootDocument, Error> {
    let wanted = request.defaults;
    if wanted == DefaultRoot::default() {
        return Ok(RootDocument::default());
    }
    let mut document = published_root(request.offline, context).await?;
    document.certificate_authorities.retain(|_| wanted.certificate_authorities);
    document.logs.retain(|_| wanted.logs);
    document.ct_logs.retain(|_| wanted.ct_logs);
    document.timestamp_authorities.retain(|_| wanted.timestamp_authorities);
    Ok(document)
}

fn chain(source: &AuthoritySource) -> Result<Vec<Certificate>, Error> {
    let AuthoritySource { named, chain, .. } = source;
    let text =
        read_file("certificate chain", chain, MAX_PEM).map_err(|e| named_by(Error::file(&e), named))?;
    Certificate::chain_from_pem(&text)
        .map_err(|error| unusable("certificate chain", chain, named).caused_by(&error))
}

fn named_by(error: Error, named: &str) -> Error {
    error.cause(format!("named by {named}"))
}

fn unusable(what: &str, path: &Path, named: &str) -> Error {
    let path = path.display();
    Error::new(ErrorKind::Format, format!("{named}: the {what} in `{path}` cannot be used"))
}

fn authority(source: &AuthoritySource, mut chain: Vec<Certificate>) -> Result<CertificateAuthority, Error> {
    let first = chain.first().map(Certificate::not_before);
    let anchor = chain.pop();
    let start = match source.start {
        AuthorityStart::At(time) => Some(time),
        AuthorityStart::First => first,
        AuthorityStart::Anchor => anchor.as_ref().map(Certificate::not_before),
    };
    let valid_for = Window { start, end: source.end };
    not_empty(valid_for, &source.named)?;
    let anchors = Vec::from_iter(anchor);
    Ok(CertificateAuthority { uri: source.uri.clone(), anchors, intermediates: chain, valid_for })
}

fn not_empty(window: Window, named: &str) -> Result<(), Error> {
    match window {
        Window { start: Some(start), end: Some(end) } if window.is_empty() => {
            Err(Error::usage(format!("{named}: the end, {end}, lies before the start, {start}"))
                .hint("correct the times: nothing could ever be verified"))
        }
        _ => Ok(()),
    }
}

/// A timestamp authority begins with the certificate that signs timestamps, and that one is not its own authority.
fn timestamping(source: &AuthoritySource, chain: &[Certificate]) -> Result<(), Error> {
    let error = match chain {
        [first, ..] if first.is_ca() => {
            unusable("certificate chain", &source.chain, &source.named).cause(format!(
                "its first certificate (`{}`) is that of an authority, not the one that signs timestamps",
                first.subject()
            ))
        }
        [_, _, ..] => return Ok(()),
        _ => unusable("certificate chain", &source.chain, &source.named)
            .cause("it has one certificate; the authority that issued it is missing"),
    };
    Err(error.hint("the file holds the certificate that signs timestamps first, and its root last"))
}

/// Adds logs. One of a default log's identifier takes its place, as in cosign.
fn add_logs(list: &mut Vec<Listed<Log>>, sources: &[LogSource], context: &mut Context) -> Result<(), Error> {
    let mut added: Vec<(Vec<u8>, &str)> = Vec::new();
    for source in sources {
        let log = log(source)?;
        if let Some((_, other)) = added.iter().find(|(id, _)| *id == log.log_id) {
            return Err(Error::usage(format!("{} and {other} are the same log", source.named))
                .cause(format!("log id {}", hex::encode(&log.log_id)))
                .hint("name each log once; a window covers all of its time"));
        }
        added.push((log.log_id.clone(), &source.named));
        let same = |listed: &&mut Listed<Log>| {
            listed.service.as_ref().is_ok_and(|default| default.log_id == log.log_id)
        };
        match list.iter_mut().find(same) {
            Some(default) => {
                context.narrator.say(&format!("{} takes the place of a default log", source.named));
                *default = log.into();
            }
            None => list.push(log.into()),
        }
    }
    Ok(())
}

/// Entries of Rekor v2 name a log by its key and its origin, unless the key is ECDSA.
fn hint_at_origins(sources: &[LogSource], list: &[Listed<Log>], context: &mut Context) {
    for source in sources.iter().filter(|source| source.origin.is_none()) {
        let mut logs = list.iter().filter_map(|listed| listed.service.as_ref().ok());
        let log = logs.find(|log| log.base_url == source.base_url && log.valid_for == source.valid_for);
        if log.is_some_and(|log| tlog::checkpoint::log_id("", &log.key) != log.key.key_id()) {
            let named = &source.named;
            context
                .narrator
                .say(&format!("{named} is taken for a log of Rekor v1; one of Rekor v2 needs `origin`"));
        }
    }
}

fn log(source: &LogSource) -> Result<Log, Error> {
    let LogSource { named, key: path, .. } = source;
    not_empty(source.valid_for, named)?;
    let text = read_file("public key", path, MAX_PEM).map_err(|e| named_by(Error::file(&e), named))?;
    let key = PublicKey::from_pem(&text).map_err(|error| {
        let error = unusable("public key", path, named).caused_by(&error);
        if text.windows(b"PRIVATE KEY".len()).any(|words| words == b"PRIVATE KEY") {
            error.hint("`public-key --key FILE` shows the public key that belongs to a private one")
        } else {
            error
        }
    })?;
    if let KeyType::Rsa { bits } = key.key_type()
        && ![2048, 3072, 4096].contains(&bits)
    {
        return Err(unusable("public key", path, named)
            .cause(format!("RSA keys of logs have 2048, 3072 or 4096 bits, and this one has {bits}")));
    }
    let log_id = match &source.origin {
        Some(origin) => tlog::checkpoint::log_id(origin, &key),
        None => key.key_id(),
    };
    Ok(Log {
        base_url: source.base_url.clone(),
        origin: None,
        log_id: log_id.to_vec(),
        key,
        valid_for: source.valid_for,
    })
}
