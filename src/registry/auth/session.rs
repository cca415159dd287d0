//! What a registry asked for, and what it was answered.

use std::collections::HashMap;
use std::time::Duration;

use super::challenge::{self, Challenge};
use super::keychain::{Credentials, Keychain, Lookup};
use super::realm::{self, Withheld};
use super::token::{self, Ask};
use crate::crypto::Secret;
use crate::http::{Address, Exchange};
use crate::registry::Registry;
use crate::registry::error::{Error, Refusal};

/// What a request needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Access {
    /// The repository; `None` is the registry as such.
    pub repository: Option<String>,
    /// What is to be done there, such as `pull` or `pull,push`.
    pub actions: &'static str,
    /// Another repository of the registry, to read from.
    pub from: Option<String>,
}

impl Access {
    fn scopes(&self) -> Vec<String> {
        let own = self.repository.as_ref().map(|path| format!("repository:{path}:{}", self.actions));
        let from = self.from.as_ref().map(|path| format!("repository:{path}:pull"));
        own.into_iter().chain(from).collect()
    }
}

/// What a session needs of the world.
pub struct Rules<'a> {
    /// Where credentials come from.
    pub keychain: &'a Keychain,
    /// Hosts of token servers that the user allows.
    pub allowed: &'a [String],
    /// To the registry's own host.
    pub own: &'a Exchange,
    /// To all others.
    pub other: &'a Exchange,
    /// Whether the registry is reached by TLS.
    pub tls: bool,
    /// How long a request may take.
    pub total: Duration,
}

/// What is known of one registry.
#[derive(Debug)]
pub struct Session {
    registry: Registry,
    challenge: Option<Challenge>,
    lookups: HashMap<Option<String>, Lookup>,
    tokens: HashMap<Access, Secret>,
    withheld: Option<(String, Withheld)>,
}

impl Session {
    /// Nothing is known yet.
    pub fn new(registry: Registry) -> Self {
        Self { registry, challenge: None, lookups: HashMap::new(), tokens: HashMap::new(), withheld: None }
    }

    /// The header to begin with: none before the registry asked for something.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn header(&mut self, access: &Access, rules: &Rules<'_>) -> Result<Option<Secret>, Error> {
        match self.challenge.clone() {
            None => Ok(None),
            Some(challenge) => self.answer_to(&challenge, access, rules).await,
        }
    }

    /// The header that answers the challenges of `headers`; `None` where there is nothing to answer with. A token that was
    /// used already, and that the registry does not take any more, is not used again.
    ///
    /// # Errors
    /// A source of credentials or the token server is of no use.
    pub async fn answer(
        &mut self,
        headers: &[String],
        access: &Access,
        rules: &Rules<'_>,
    ) -> Result<Option<Secret>, Error> {
        let offered: Vec<_> = headers.iter().flat_map(|header| challenge::parse(header)).collect();
        let bearer = offered.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
        let Some(chosen) = bearer.or_else(|| offered.first()).cloned() else { return Ok(None) };
        self.tokens.remove(access);
        let answer = self.answer_to(&chosen, access, rules).await?;
        self.challenge = Some(chosen);
        Ok(answer)
    }

    /// Whether the registry asked for anything.
    pub fn is_challenged(&self) -> bool {
        self.challenge.is_some()
    }

    /// All that is known of why the registry refused.
    pub async fn refusal(&mut self, access: &Access, keychain: &Keychain) -> Result<Refusal, Error> {
        let withheld = self.withheld.clone();
        let lookup = self.lookup(access, keychain).await?;
        Ok(Refusal { looked: lookup.looked.clone(), withheld, ..Refusal::default() })
    }

    async fn lookup(&mut self, access: &Access, keychain: &Keychain) -> Result<&Lookup, Error> {
        let path = access.repository.clone();
        if !self.lookups.contains_key(&path) {
            let found = keychain.lookup(&self.registry, path.as_deref()).await?;
            self.lookups.insert(path.clone(), found);
        }
        self.lookups.get(&path).ok_or(Error::CredentialsNotText)
    }

    async fn answer_to(
        &mut self,
        challenge: &Challenge,
        access: &Access,
        rules: &Rules<'_>,
    ) -> Result<Option<Secret>, Error> {
        if let Some(token) = self.tokens.get(access) {
            return Ok(Some(again(token)));
        }
        self.lookup(access, rules.keychain).await?;
        let path = access.repository.clone();
        let Some(lookup) = self.lookups.get(&path) else { return Ok(None) };
        let credentials = lookup.credentials.as_ref();
        if let Some(Credentials::RegistryToken(token)) = credentials {
            return Ok(Some(token::bearer(token.expose())));
        }
        let Challenge::Bearer { realm, service } = challenge else {
            return Ok(match credentials {
                Some(Credentials::Basic { username, password }) => Some(token::basic(username, password)),
                _ => None,
            });
        };
        let realm = Address::parse(realm)?;
        let may = realm::check(&self.registry, rules.tls, &realm, rules.allowed);
        self.withheld = may.err().map(|why| (realm.to_string(), why));
        // A realm with a user in it is no realm; one without TLS that is not the registry's own may be anybody's.
        if realm.has_credentials() || (may.is_err() && !realm.is_https()) {
            return Ok(None);
        }
        let scopes = access.scopes();
        let ask = Ask {
            realm: &realm,
            service: service.as_deref(),
            scopes: &scopes,
            credentials: credentials.filter(|_| may.is_ok()),
        };
        let own = realm.host().eq_ignore_ascii_case(self.registry.host());
        let exchange = if own { rules.own } else { rules.other };
        let fetched = token::fetch(&ask, exchange, rules.total).await;
        let token = match fetched {
            Ok(token) => token,
            Err(Error::Refused(refusal)) => {
                let looked = lookup.looked.clone();
                let withheld = self.withheld.clone();
                let registry = self.registry.to_string();
                return Err(Error::refused(Refusal { registry, looked, withheld, ..*refusal }));
            }
            Err(error) => return Err(error),
        };
        let header = again(&token);
        self.tokens.insert(access.clone(), token);
        Ok(Some(header))
    }
}

fn again(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}
