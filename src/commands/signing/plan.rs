//! Which services a signature needs, decided before any of them is asked.

use std::path::Path;

use super::super::statement::unusable;
use super::super::trust::{signing_material, signing_root};
use super::super::{Context, Error, ErrorKind, TrustRequest};
use super::{EntryType, NamedServices, SignWith, Witness};
use crate::crypto::UnixTime;
#[cfg(feature = "http")]
use crate::http::Address;
use crate::http::Redacted;
use crate::storage::read_file;
use crate::trust::{LOG_VERSIONS, SelectError, Service, SigningConfig, TrustedRoot};
use crate::verify::{Requirement, Waiver};

/// The largest signing config.
const MAX_SIGNING_CONFIG: u64 = 1 << 20;
/// Sigstore's public instance, as `--use-signing-config=false` means it.
const PUBLIC_CERTIFICATE_AUTHORITY: &str = "https://fulcio.sigstore.dev";
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
/// Where people log in when nobody says where.
const PUBLIC_OIDC_ISSUER: &str = "https://oauth2.sigstore.dev/auth";

/// Where signatures are to be kept, which decides what they can hold.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carriers {
    /// In Sigstore bundles.
    pub bundle: bool,
    /// In cosign's older formats: layers under tags, its JSON, detached files.
    pub older: bool,
    /// Whether there is room for a timestamp there.
    pub older_timestamp: bool,
    /// Whether a file of its own is to hold the timestamp.
    pub timestamp_file: bool,
}

/// What a signature is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// A Sigstore bundle.
    Bundle,
    /// One of cosign's older formats.
    Older,
}

/// The services of one run.
#[derive(Debug)]
pub(super) struct Plan {
    /// Who certifies the key, if somebody does.
    pub identity: Option<IdentityServices>,
    /// Who witnesses what goes into bundles.
    pub bundle: Witnesses,
    /// Who witnesses what goes into the older formats.
    pub older: Witnesses,
    /// What their answers are checked against; empty where nobody is asked.
    pub root: TrustedRoot,
    /// Why there is no log, if there is none.
    pub unlogged: Waiver,
}

/// Who makes an identity into a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdentityServices {
    /// The address of the certificate authority.
    pub certificate_authority: String,
    /// The issuer of identity tokens, for those who log in; none where the signing config names none.
    pub oidc_issuer: Option<String>,
}

/// Who witnesses, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Witnesses {
    /// The addresses of the timestamp authorities.
    pub timestamp_authorities: Vec<String>,
    /// The logs.
    pub logs: Vec<PlannedLog>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedLog {
    /// Its address.
    pub url: String,
    /// The version of its interface: 1 or 2.
    pub version: u32,
}

impl Plan {
    /// Decides; reads the signing config and the trusted root as far as they are needed, from files or from the repository of
    /// trust material.
    ///
    /// # Errors
    /// They cannot be had; a service is missing, or can be used no more; what was asked for does not fit what it is kept in.
    pub async fn make(with: &SignWith, carriers: Carriers, context: &mut Context) -> Result<Self, Error> {
        let source = Source::of(with, context).await?;
        let identity = with.needs_certificate().then(|| source.identity(context.now)).transpose()?;
        let asked = Asked { with, certified: identity.is_some(), now: context.now };
        let witnesses = |carrier, room| -> Result<Witnesses, Error> {
            if room { source.witnesses(&asked, carrier, carriers) } else { Ok(Witnesses::default()) }
        };
        let bundle = witnesses(Carrier::Bundle, carriers.bundle)?;
        let older = witnesses(Carrier::Older, carriers.older)?;
        let stamped = [&bundle, &older].into_iter().any(|w| !w.timestamp_authorities.is_empty());
        if carriers.timestamp_file && !stamped {
            return Err(Error::usage(
                "there is a file for a timestamp, and no timestamp authority to ask for one",
            )
            .hint("name one with --timestamp-server-url URL"));
        }
        let is_named = matches!(with.witness, Witness::Named(_));
        check_addresses(identity.as_ref(), [&bundle, &older], is_named)?;
        let asks = identity.is_some() || bundle.is_somebody() || older.is_somebody();
        let root = match source.root {
            Some(root) => root,
            None if asks => signing_root(&trust(with), context).await?,
            None => TrustedRoot::default(),
        };
        let unlogged = match &with.witness {
            Witness::Nobody(flag) => Waiver::Flag(flag),
            Witness::Named(_) => Waiver::Flag("--tlog-upload=false"),
            Witness::SigningConfig(_) | Witness::Default => {
                Waiver::NotNeeded("the signing config lists no log")
            }
        };
        let plan = Self { identity, bundle, older, root, unlogged };
        plan.knows_somebody()?;
        Ok(plan)
    }

    /// Whether any service is asked.
    pub fn asks_somebody(&self) -> bool {
        self.identity.is_some() || self.bundle.is_somebody() || self.older.is_somebody()
    }

    /// Who witnesses what is kept there.
    pub fn witnesses(&self, carrier: Carrier) -> &Witnesses {
        match carrier {
            Carrier::Bundle => &self.bundle,
            Carrier::Older => &self.older,
        }
    }

    /// Whether something gets into records of Sigstore's public instance, which are for everybody and for good. What is in
    /// those of private instances is the user's own affair, as it is since cosign 3.1.2.
    pub fn is_public(&self) -> bool {
        let logs = self.bundle.logs.iter().chain(&self.older.logs).map(|log| log.url.as_str());
        // What is certified is in a certificate transparency log.
        let authority = self.identity.iter().map(|identity| identity.certificate_authority.as_str());
        authority.chain(logs).any(is_public)
    }

    /// The addresses of all services that are asked for what is signed, as they may be shown.
    pub fn asked(&self) -> Vec<String> {
        let identity = self.identity.iter().map(|identity| identity.certificate_authority.clone());
        let witnesses = [&self.bundle, &self.older].into_iter().flat_map(|witnesses| {
            let logs = witnesses.logs.iter().map(|log| log.url.clone());
            witnesses.timestamp_authorities.iter().cloned().chain(logs)
        });
        let mut all: Vec<String> = identity.chain(witnesses).map(|url| Redacted(&url).to_string()).collect();
        all.dedup();
        all
    }

    /// What has to be shown of a signature that is kept there: as many log entries as logs were asked.
    pub fn log_requirement(&self, carrier: Carrier) -> Requirement {
        required(self.witnesses(carrier).logs.len(), self.unlogged)
    }

    /// As many timestamps as authorities were asked.
    pub fn timestamp_requirement(&self, carrier: Carrier) -> Requirement {
        let nobody = Waiver::NotNeeded("no timestamp authority is asked");
        required(self.witnesses(carrier).timestamp_authorities.len(), nobody)
    }

    /// A root that knows nobody of a kind cannot vouch for what they answer: said before anything is public.
    fn knows_somebody(&self) -> Result<(), Error> {
        let root = &self.root;
        let all = [&self.bundle, &self.older];
        let missing = [
            ("certificate authority", self.identity.is_some() && root.certificate_authorities.is_empty()),
            ("transparency log", all.iter().any(|w| !w.logs.is_empty()) && root.logs.is_empty()),
            (
                "timestamp authority",
                all.iter().any(|w| !w.timestamp_authorities.is_empty())
                    && root.timestamp_authorities.is_empty(),
            ),
        ];
        match missing.into_iter().find(|(_, missing)| *missing) {
            Some((what, _)) => {
                let message = format!("the trusted root ({}) knows no {what}", root.source);
                Err(Error::new(ErrorKind::TrustMaterial, message)
                    .hint("name one that knows the services with --trusted-root FILE"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(feature = "http")]
fn is_public(url: &str) -> bool {
    /// The instance, and the one for trying it out.
    const HOSTS: [&str; 2] = ["sigstore.dev", "sigstage.dev"];
    // What will be contacted counts, however it is written.
    let Ok(address) = Address::parse(url) else { return false };
    let host = address.host().trim_end_matches('.');
    HOSTS
        .iter()
        .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Nothing is sent anywhere in a build without the HTTP client.
#[cfg(not(feature = "http"))]
fn is_public(_: &str) -> bool {
    false
}

/// Addresses that cannot be used are found out before anybody logs in, or is asked for anything. `is_named`: the user wrote them.
#[cfg(feature = "http")]
fn check_addresses(
    identity: Option<&IdentityServices>,
    witnesses: [&Witnesses; 2],
    is_named: bool,
) -> Result<(), Error> {
    let kind = if is_named { ErrorKind::Usage } else { ErrorKind::TrustMaterial };
    let authority = identity.map(|identity| ("certificate authority", &identity.certificate_authority));
    let others = witnesses.into_iter().flat_map(|witnesses| {
        let authorities = witnesses.timestamp_authorities.iter().map(|url| ("timestamp authority", url));
        authorities.chain(witnesses.logs.iter().map(|log| ("transparency log", &log.url)))
    });
    for (what, url) in authority.into_iter().chain(others) {
        let unusable = || Error::new(kind, format!("the address of the {what} cannot be used"));
        let address = Address::parse(url).map_err(|e| unusable().caused_by(&e))?;
        if what == "certificate authority" && !address.is_confidential() {
            let cause =
                format!("without https everybody on the way to {address} could read the identity token");
            return Err(unusable().cause(cause).hint("name its https address"));
        }
    }
    Ok(())
}

#[cfg(not(feature = "http"))]
fn check_addresses(_: Option<&IdentityServices>, _: [&Witnesses; 2], _: bool) -> Result<(), Error> {
    Ok(())
}

/// The certificate is valid for minutes, and nobody would know that it was used in them.
fn unverifiable(carrier: Carrier) -> Error {
    let message = "a signature with a certificate of a certificate authority, and neither a log entry nor a timestamp, \
                   cannot be verified once the certificate is over";
    Error::usage(message).hint(match carrier {
        Carrier::Bundle => "have it logged, or name a timestamp authority: --timestamp-server-url URL, or `tsaUrls` in the signing config",
        Carrier::Older => "have it logged, or write a Sigstore bundle with --bundle FILE or the timestamp with --rfc3161-timestamp FILE, and name a timestamp authority with --timestamp-server-url URL",
    })
}

fn required(count: usize, otherwise: Waiver) -> Requirement {
    match count {
        0 => Requirement::Waived(otherwise),
        threshold => Requirement::Required { threshold },
    }
}

fn trust(with: &SignWith) -> TrustRequest {
    TrustRequest { trusted_root: with.trusted_root.clone(), ..TrustRequest::default() }
}

/// Where the addresses come from.
struct Source {
    named: Option<NamedServices>,
    config: Option<SigningConfig>,
    /// The trusted root, where it came along.
    root: Option<TrustedRoot>,
}

/// What is asked of the witnesses.
struct Asked<'a> {
    with: &'a SignWith,
    certified: bool,
    now: UnixTime,
}

impl Source {
    async fn of(with: &SignWith, context: &mut Context) -> Result<Self, Error> {
        let nothing = Self { named: None, config: None, root: None };
        match &with.witness {
            Witness::Nobody(_) => Ok(nothing),
            Witness::SigningConfig(path) => Ok(Self { config: Some(from_file(path)?), ..nothing }),
            Witness::Named(named) if named.is_enough(with.needs_certificate()) => {
                Ok(Self { named: Some(named.clone()), ..nothing })
            }
            Witness::Default | Witness::Named(_) => {
                let (root, config) = signing_material(&trust(with), context).await.map_err(|error| {
                    let ways = if with.needs_certificate() {
                        ["name the services yourself: --signing-config FILE --trusted-root FILE", ""]
                    } else {
                        [
                            "sign with the key alone: add --offline",
                            "or name the services yourself: --signing-config FILE, whose file may list none",
                        ]
                    };
                    ways.into_iter().filter(|way| !way.is_empty()).fold(error, Error::hint)
                })?;
                let named = match &with.witness {
                    Witness::Named(named) => Some(named.clone()),
                    _ => None,
                };
                Ok(Self { named, config: Some(config), root: Some(root) })
            }
        }
    }

    fn identity(&self, now: UnixTime) -> Result<IdentityServices, Error> {
        let named = self.named.clone().unwrap_or_default();
        let certificate_authority = match (named.certificate_authority, &self.config) {
            (Some(url), _) => url,
            (None, Some(config)) => {
                config.certificate_authority(now).map_err(|e| unselected(&e))?.url.clone()
            }
            (None, None) => PUBLIC_CERTIFICATE_AUTHORITY.to_owned(),
        };
        // Only those who log in need it, and they are told when it is not there.
        let listed = || match &self.config {
            // The public one has nothing to do with the services of another instance.
            Some(config) => config.oidc_provider(now).ok().map(|service| service.url.clone()),
            None => Some(PUBLIC_OIDC_ISSUER.to_owned()),
        };
        let oidc_issuer = named.oidc_issuer.or_else(listed);
        Ok(IdentityServices { certificate_authority, oidc_issuer })
    }

    fn witnesses(&self, asked: &Asked<'_>, carrier: Carrier, carriers: Carriers) -> Result<Witnesses, Error> {
        let listed = |named: &NamedServices| {
            let is_alone = !named.upload && named.timestamp_authority.is_none();
            asked.certified && is_alone && named.certificate_authority.is_none()
        };
        let mut timestamp_authorities = match (&self.named, &self.config) {
            // Somebody has to say when the certificate was used: without a log, who stands beside its authority.
            (Some(named), Some(config)) if listed(named) => {
                let found = config.timestamp_authorities_to_use(asked.now).map_err(|e| unselected(&e))?;
                found.into_iter().map(|service| service.url.clone()).collect()
            }
            (Some(named), _) => named.timestamp_authority.iter().cloned().collect(),
            (None, Some(config)) => {
                let found = config.timestamp_authorities_to_use(asked.now).map_err(|e| unselected(&e))?;
                found.into_iter().map(|service| service.url.clone()).collect()
            }
            (None, None) => Vec::new(),
        };
        if carrier == Carrier::Older && !carriers.older_timestamp && !timestamp_authorities.is_empty() {
            if self.named.as_ref().is_some_and(|named| named.timestamp_authority.is_some()) {
                return Err(Error::usage("--timestamp-server-url names an authority, and nothing the file for its timestamp")
                    .hint("write a Sigstore bundle with --bundle FILE, or the timestamp with --rfc3161-timestamp FILE (attest-blob: --rfc3161-timestamp-bundle FILE)"));
            }
            timestamp_authorities.clear();
        }
        let logs = self.logs(asked, carrier, timestamp_authorities.is_empty())?;
        if carrier == Carrier::Older {
            let counts = [("log entry", logs.len()), ("timestamp", timestamp_authorities.len())];
            if let Some((what, count)) = counts.into_iter().find(|(_, count)| *count > 1) {
                let message = format!(
                    "the signing config wants {count} of each {what}, and cosign's older formats hold one"
                );
                return Err(Error::usage(message)
                    .hint("write Sigstore bundles: leave out --new-bundle-format=false and --write tag"));
            }
        }
        let witnesses = Witnesses { timestamp_authorities, logs };
        if asked.certified && !witnesses.is_somebody() {
            return Err(unverifiable(carrier));
        }
        Ok(witnesses)
    }

    fn logs(&self, asked: &Asked<'_>, carrier: Carrier, untimed: bool) -> Result<Vec<PlannedLog>, Error> {
        let v1 = |url: &str| vec![PlannedLog { url: url.to_owned(), version: 1 }];
        match &self.named {
            Some(NamedServices { upload: false, .. }) => return Ok(Vec::new()),
            Some(NamedServices { log: Some(url), .. }) => return Ok(v1(url)),
            Some(NamedServices { public: true, .. }) => return Ok(v1(PUBLIC_LOG)),
            _ => {}
        }
        let Some(config) = &self.config else { return Ok(Vec::new()) };
        // A log of version 2 says no time, and its entries have no promise.
        let why_one = [
            (carrier == Carrier::Older, "cosign's older formats hold entries of logs of version 1 alone"),
            (
                asked.certified && untimed,
                "without a timestamp, only a log of version 1 says when a certificate was used",
            ),
            (
                asked.with.entry_type == EntryType::Intoto,
                "only logs of version 1 have entries of the kind intoto",
            ),
        ];
        let why_one = why_one.into_iter().find(|(is_so, _)| *is_so).map(|(_, why)| why);
        let versions = if why_one.is_some() { &[1] } else { LOG_VERSIONS };
        let chosen = config.logs_to_use(versions, asked.now).map_err(|error| {
            let new = unselected(&error);
            match (why_one, config.logs_to_use(LOG_VERSIONS, asked.now)) {
                (Some(why), Ok(_)) => new.cause(why).hint(match carrier {
                    Carrier::Older => "write a Sigstore bundle with --bundle FILE, or name a log of version 1: --rekor-url URL",
                    Carrier::Bundle => "name a log of version 1 with --rekor-url URL, or a timestamp authority with --timestamp-server-url URL",
                }),
                _ => new,
            }
        })?;
        let planned =
            |service: &Service| PlannedLog { url: service.url.clone(), version: service.major_api_version };
        Ok(chosen.into_iter().map(planned).collect())
    }
}

impl Witnesses {
    fn is_somebody(&self) -> bool {
        !self.logs.is_empty() || !self.timestamp_authorities.is_empty()
    }
}

impl NamedServices {
    /// Whether nothing has to be looked up in a signing config. The issuer is only for those who log in.
    fn is_enough(&self, certified: bool) -> bool {
        let authority = !certified || self.certificate_authority.is_some();
        let log = !self.upload || self.log.is_some();
        self.public || (authority && log)
    }
}

fn from_file(path: &Path) -> Result<SigningConfig, Error> {
    let text = read_file("signing config", path, MAX_SIGNING_CONFIG).map_err(|e| Error::trust_file(&e))?;
    SigningConfig::from_json(&text).map_err(|e| {
        Error { kind: ErrorKind::TrustMaterial, ..unusable("signing config", path) }.caused_by(&e)
    })
}

fn unselected(error: &SelectError) -> Error {
    Error::with_sources(ErrorKind::TrustMaterial, error)
        .hint("name a signing config with the services to use: --signing-config FILE")
}
