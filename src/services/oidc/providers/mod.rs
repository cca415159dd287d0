//! Who gives out identity tokens where nobody can log in: systems that build and test, clouds, and files.

mod buildkite;
mod github;
mod google;
mod spiffe;
#[cfg(unix)]
mod workload_api;

use std::ffi::OsString;

use super::super::Client;
use super::given;
use super::{Error, IdentityToken, Places, World, check_time};
use crate::crypto::{Secret, UnixTime};

/// The variable that holds a token. GitLab, CircleCI and everybody else who is told to can put one there.
const TOKEN_VARIABLE: &str = "SIGSTORE_ID_TOKEN";

/// One that may have a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// A variable.
    EnvVar,
    /// GitHub Actions.
    GitHubActions,
    /// The agent of Buildkite.
    Buildkite,
    /// A file.
    Filesystem,
    /// SPIFFE's Workload API.
    Spiffe,
    /// A service account of Google in whose name another one may act.
    GoogleImpersonate,
    /// The service account of Google that the program runs as.
    GoogleWorkloadIdentity,
}

/// In the order in which they are asked: what somebody has set for this very purpose comes first, what a machine has by itself
/// last.
const ALL: [(&str, Provider); 7] = [
    ("envvar", Provider::EnvVar),
    ("github-actions", Provider::GitHubActions),
    ("buildkite-agent", Provider::Buildkite),
    ("filesystem", Provider::Filesystem),
    ("spiffe", Provider::Spiffe),
    ("google-impersonate", Provider::GoogleImpersonate),
    ("google-workload-identity", Provider::GoogleWorkloadIdentity),
];

/// The name that cosign's help has for the two of Google, and its program does not know.
const GOOGLE: &str = "google";

/// Whether a provider has a token here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It has, or it should: what fails now is an error.
    Offered,
    /// It has not; what it lacks, in words.
    Missing(String),
}

/// What providers look at.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The time.
    pub now: UnixTime,
    /// The environment.
    pub variables: &'a dyn Fn(&str) -> Option<OsString>,
    /// Fixed places.
    pub places: &'a Places,
}

impl Surroundings<'_> {
    /// A variable that is set to something; what is not UTF-8 is kept out by what it is used for.
    fn variable(&self, name: &str) -> Option<String> {
        let value = (self.variables)(name)?.to_string_lossy().into_owned();
        (!value.is_empty()).then_some(value)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        let value = Secret::new((self.variables)(name)?.into_encoded_bytes());
        (!value.expose().is_empty()).then_some(value)
    }

    /// Nothing is missing, or the variables that are.
    fn needs(&self, names: &[&str]) -> Offer {
        let missing: Vec<_> = names.iter().copied().filter(|name| self.variable(name).is_none()).collect();
        match missing.as_slice() {
            [] => Offer::Offered,
            [one] => Offer::Missing(format!("{one} is not set")),
            more => Offer::Missing(format!("{} are not set", more.join(" and "))),
        }
    }
}

impl World<'_> {
    /// What providers look at.
    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { now: self.now, variables: self.variables, places: &self.places }
    }
}

impl Provider {
    /// What `--oidc-provider` calls it.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(_, provider)| *provider == self).map_or(GOOGLE, |(name, _)| name)
    }

    /// What the user should know before it is asked.
    pub fn caution(self, around: &Surroundings<'_>) -> Option<String> {
        match self {
            Self::GoogleImpersonate | Self::GoogleWorkloadIdentity => google::caution(around),
            _ => None,
        }
    }

    /// Whether it has a token here. `named` is whether the user wants this one: what a machine has for other purposes is
    /// not taken otherwise.
    pub async fn offer(self, around: &Surroundings<'_>, named: bool) -> Offer {
        match self {
            Self::EnvVar => around.needs(&[TOKEN_VARIABLE]),
            Self::GitHubActions => around.needs(&[github::TOKEN, github::URL]),
            Self::Buildkite => around.needs(&[buildkite::TOKEN]),
            Self::Filesystem => match std::fs::symlink_metadata(&around.places.token_file) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Offer::Missing(format!("there is no file {}", around.places.token_file.display()))
                }
                _ => Offer::Offered,
            },
            Self::Spiffe => spiffe::offer(around),
            Self::GoogleImpersonate => around.needs(&[google::ACCOUNT]),
            Self::GoogleWorkloadIdentity => google::offer(around, named).await,
        }
    }

    async fn ask(
        self,
        client: &Client,
        around: &Surroundings<'_>,
        audience: &str,
    ) -> Result<(Secret, String), Error> {
        let of = |from: &str, token| (token, from.to_owned());
        let name = self.name();
        match self {
            Self::EnvVar => {
                let token = around.secret(TOKEN_VARIABLE).ok_or_else(|| not_set(name, TOKEN_VARIABLE))?;
                Ok(of(TOKEN_VARIABLE, token))
            }
            Self::Filesystem => {
                let path = &around.places.token_file;
                let from = format!("the file {}", path.display());
                let token = given::read(path).map_err(|source| Error::File { what: from.clone(), source })?;
                Ok((token, from))
            }
            Self::GitHubActions => Ok(of(name, github::token(client, around, audience).await?)),
            Self::Buildkite => Ok(of(name, buildkite::token(client, around, audience).await?)),
            Self::Spiffe => Ok(of(name, spiffe::token(around, audience).await?)),
            Self::GoogleImpersonate => {
                Ok(of(name, Box::pin(google::impersonated(client, around, audience)).await?))
            }
            Self::GoogleWorkloadIdentity => {
                Ok(of(name, Box::pin(google::token(client, around, audience)).await?))
            }
        }
    }

    /// The token that is there already, and where it is from.
    fn held(self, around: &Surroundings<'_>) -> Option<(std::io::Result<Secret>, String)> {
        let path = &around.places.token_file;
        match self {
            Self::EnvVar => Some((Ok(around.secret(TOKEN_VARIABLE)?), TOKEN_VARIABLE.to_owned())),
            Self::Filesystem if path.symlink_metadata().is_ok() => {
                Some((given::read(path), format!("the file {}", path.display())))
            }
            _ => None,
        }
    }

    /// Whether it makes tokens when it is asked, and to whom they are told to be made out.
    fn makes(self) -> bool {
        !matches!(self, Self::EnvVar | Self::Filesystem)
    }

    /// A token of this provider, and where it is from.
    ///
    /// # Errors
    /// [`Error::Provider`].
    pub async fn provide(
        self,
        client: &Client,
        around: &Surroundings<'_>,
        audience: &str,
    ) -> Result<(IdentityToken, String), Error> {
        let provided = async {
            let (text, from) = self.ask(client, around, audience).await?;
            let token =
                IdentityToken::parse(text).map_err(|source| Error::Token { from: from.clone(), source })?;
            check_time(&token, &from, around.now)?;
            if self.makes() && !token.audience().iter().any(|found| found == audience) {
                let found = token.audience().to_vec();
                return Err(Error::Audience { from, found, wanted: audience.to_owned() });
            }
            Ok((token, from))
        };
        provided.await.map_err(|error| Error::Provider { name: self.name(), source: Box::new(error) })
    }
}

/// The provider of this name, which has a token here.
///
/// # Errors
/// There is none of this name, or it has nothing to offer here.
pub async fn named(name: &str, around: &Surroundings<'_>) -> Result<Provider, Error> {
    let known = |wanted: &str| ALL.iter().find(|(name, _)| *name == wanted).map(|(_, provider)| *provider);
    let candidates = match (name, known(name)) {
        (GOOGLE, _) => vec![Provider::GoogleImpersonate, Provider::GoogleWorkloadIdentity],
        (_, Some(provider)) => vec![provider],
        (_, None) => return Err(Error::UnknownProvider { name: name.to_owned() }),
    };
    let mut missing = Vec::new();
    let mut name = GOOGLE;
    for provider in &candidates {
        match provider.offer(around, true).await {
            Offer::Offered => return Ok(*provider),
            Offer::Missing(what) => missing.push(what),
        }
        if candidates.len() == 1 {
            name = provider.name();
        }
    }
    Err(Error::NotOffered { name, missing: missing.join("; ") })
}

/// The first provider that has a token here. If it fails, no other one is asked.
pub async fn ambient(around: &Surroundings<'_>) -> Option<Provider> {
    for (_, provider) in ALL {
        if provider.offer(around, false).await == Offer::Offered {
            return Some(provider);
        }
    }
    None
}

/// Refuses the variable for a token where it is set and empty: whoever set it meant a token to be there, and nobody to log in.
///
/// # Errors
/// [`Error::Empty`].
pub fn refuse_empty(around: &Surroundings<'_>) -> Result<(), Error> {
    match (around.variables)(TOKEN_VARIABLE) {
        Some(value) if value.is_empty() => Err(Error::Empty { variable: TOKEN_VARIABLE }),
        _ => Ok(()),
    }
}

/// Every provider with what it offers here.
pub async fn offers(around: &Surroundings<'_>) -> Vec<(&'static str, Offer)> {
    let mut offers = Vec::new();
    for (name, provider) in ALL {
        offers.push((name, provider.offer(around, false).await));
    }
    offers
}

/// What is wrong with tokens that are there already, each with its provider.
pub fn flaws(around: &Surroundings<'_>) -> Vec<(&'static str, String)> {
    let given = [Provider::EnvVar, Provider::Filesystem].into_iter();
    let flaws = given.filter_map(|provider| {
        let (text, from) = provider.held(around)?;
        let checked = text
            .map_err(|source| Error::File { what: from.clone(), source })
            .and_then(|text| {
                IdentityToken::parse(text).map_err(|source| Error::Token { from: from.clone(), source })
            })
            .and_then(|token| check_time(&token, &from, around.now));
        let error = checked.err()?;
        let reason =
            std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Some((provider.name(), format!("{error}{reason}")))
    });
    flaws.collect()
}

/// The names that `--oidc-provider` takes.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name).chain([GOOGLE])
}

/// A variable that went away, or that a provider needs beside the one that it is found by.
fn not_set(name: &'static str, variable: &str) -> Error {
    Error::NotOffered { name, missing: format!("{variable} is not set") }
}

#[cfg(test)]
mod tests;
