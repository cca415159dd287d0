//! What a registry asked for, and what it was answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::challenge::{self, Challenge};
use super::keychain::{Credentials, Keychain, Lookup, USED};
use super::realm::{self, Withheld};
use super::token::{self, Ask};
use crate::crypto::Secret;
use crate::http::{Address, Exchange, Total};
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
    /// Whether whoever may do this may do the `other` too.
    fn covers(&self, other: &Self) -> bool {
        self != other
            && self.repository.is_some()
            && self.repository == other.repository
            && other.from.is_none()
            && other.actions.split(',').all(|wanted| self.actions.split(',').any(|action| action == wanted))
    }

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
    /// Whether the certificates of registries are looked at.
    pub certified: bool,
    /// How long a request may take.
    pub total: Total,
}

/// What is known of one registry. Requests that run at the same time share it: no lock is held while a registry is asked, and
/// while a token server is asked, only those wait who want the same token.
#[derive(Debug)]
pub struct Session {
    registry: Registry,
    challenge: Mutex<Option<Challenge>>,
    lookups: tokio::sync::Mutex<HashMap<Option<String>, Arc<Lookup>>>,
    tokens: Mutex<HashMap<Access, Arc<Slot>>>,
    withheld: Mutex<Option<(String, Withheld)>>,
}

/// The place of one token.
type Slot = tokio::sync::Mutex<Held>;

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Token(Secret),
    /// The token server gives none, and is not asked again.
    Refused(Refusal),
}

impl Session {
    /// Nothing is known yet.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            challenge: Mutex::default(),
            lookups: tokio::sync::Mutex::default(),
            tokens: Mutex::default(),
            withheld: Mutex::default(),
        }
    }

    /// The header to begin with: none before the registry asked for something.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn header(&self, access: &Access, rules: &Rules<'_>) -> Result<Option<Secret>, Error> {
        let challenge = locked(&self.challenge).clone();
        match challenge {
            None => Ok(None),
            Some(challenge) => self.answer_to(&challenge, access, rules, None).await,
        }
    }

    /// The header that answers the challenges of `headers`; `None` where there is nothing to answer with. The token in
    /// `used`, which the registry does not take any more, is not used again.
    ///
    /// # Errors
    /// A source of credentials or the token server is of no use.
    pub async fn answer(
        &self,
        headers: &[String],
        access: &Access,
        rules: &Rules<'_>,
        used: Option<&Secret>,
    ) -> Result<Option<Secret>, Error> {
        let offered: Vec<_> = headers.iter().flat_map(|header| challenge::parse(header)).collect();
        let bearer = offered.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
        let Some(chosen) = bearer.or_else(|| offered.first()).cloned() else { return Ok(None) };
        let answer = self.answer_to(&chosen, access, rules, used).await?;
        *locked(&self.challenge) = Some(chosen);
        Ok(answer)
    }

    /// Whether the registry asked for anything.
    pub fn is_challenged(&self) -> bool {
        locked(&self.challenge).is_some()
    }

    /// All that is known of why the registry refused.
    ///
    /// # Errors
    /// A source of credentials is of no use.
    pub async fn refusal(&self, access: &Access, rules: &Rules<'_>) -> Result<Refusal, Error> {
        let withheld = locked(&self.withheld).clone();
        let lookup = self.usable(access, rules).await?;
        Ok(Refusal { looked: lookup.looked.clone(), withheld, ..Refusal::default() })
    }

    async fn lookup(&self, access: &Access, keychain: &Keychain) -> Result<Arc<Lookup>, Error> {
        let path = access.repository.clone();
        // Held while a helper runs: nobody wants two of the same helper at once.
        let mut lookups = self.lookups.lock().await;
        if let Some(known) = lookups.get(&path) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(keychain.lookup(&self.registry, path.as_deref()).await?);
        lookups.insert(path, Arc::clone(&found));
        Ok(found)
    }

    /// What was found, without what may not go to the registry as it is reached.
    async fn usable(&self, access: &Access, rules: &Rules<'_>) -> Result<Arc<Lookup>, Error> {
        let lookup = self.lookup(access, rules.keychain).await?;
        let why = match () {
            () if !lookup.is_ambient => return Ok(lookup),
            () if !rules.tls => "not used, as they go nowhere without TLS",
            () if !rules.certified => {
                "not used, as they go nowhere where certificates are not checked (--allow-insecure-registry)"
            }
            () => return Ok(lookup),
        };
        let mut looked = lookup.looked.clone();
        // The last one is where they were found.
        if let Some(last) = looked.last_mut() {
            *last = format!("{}: {why}", last.strip_suffix(USED).unwrap_or(last));
        }
        Ok(Arc::new(Lookup { looked, ..Lookup::default() }))
    }

    async fn answer_to(
        &self,
        challenge: &Challenge,
        access: &Access,
        rules: &Rules<'_>,
        used: Option<&Secret>,
    ) -> Result<Option<Secret>, Error> {
        let lookup = self.usable(access, rules).await?;
        self.answer_with(challenge, access, rules, used, &lookup).await
    }

    async fn answer_with(
        &self,
        challenge: &Challenge,
        access: &Access,
        rules: &Rules<'_>,
        used: Option<&Secret>,
        lookup: &Lookup,
    ) -> Result<Option<Secret>, Error> {
        let credentials = lookup.credentials.as_ref();
        if let Some(Credentials::RegistryToken(token)) = credentials {
            return Ok(Some(token::bearer(token.expose())));
        }
        match (challenge, credentials) {
            (Challenge::Bearer { realm, service }, _) => {
                let server = (&Address::parse(realm)?, service.as_deref());
                self.token(server, access, rules, lookup, used).await
            }
            (Challenge::Basic, Some(Credentials::Basic { username, password })) => {
                Ok(Some(token::basic(username, password)))
            }
            (Challenge::Basic, _) => Ok(None),
        }
    }

    /// The token for `access`: fetched once, whoever asks how often.
    async fn token(
        &self,
        (realm, service): (&Address, Option<&str>),
        access: &Access,
        rules: &Rules<'_>,
        lookup: &Lookup,
        used: Option<&Secret>,
    ) -> Result<Option<Secret>, Error> {
        let (access, mut held) = self.slot(access).await;
        match &*held {
            Held::Token(token) if !is_same(used, token) => return Ok(Some(again(token))),
            Held::Refused(refusal) => return Err(Error::refused(refusal.clone())),
            Held::Token(_) | Held::Nothing => {}
        }
        let may = realm::check(&self.registry, rules.tls, realm, rules.allowed);
        *locked(&self.withheld) = may.err().map(|why| (realm.to_string(), why));
        // A realm with a user in it is no realm; one without TLS that is not the registry's own may be anybody's.
        if realm.has_credentials() || (may.is_err() && !realm.is_https()) {
            return Ok(None);
        }
        let scopes = access.scopes();
        let credentials = lookup.credentials.as_ref().filter(|_| may.is_ok());
        let ask = Ask { realm, service, scopes: &scopes, credentials };
        let own = realm.host().eq_ignore_ascii_case(self.registry.host());
        let exchange = if own { rules.own } else { rules.other };
        match token::fetch(&ask, exchange, rules.total).await {
            Ok(token) => {
                let header = again(&token);
                *held = Held::Token(token);
                Ok(Some(header))
            }
            Err(Error::Refused(refusal)) => {
                let withheld = locked(&self.withheld).clone();
                let registry = self.registry.to_string();
                let refusal = Refusal { registry, looked: lookup.looked.clone(), withheld, ..*refusal };
                *held = Held::Refused(refusal.clone());
                Err(Error::refused(refusal))
            }
            Err(error) => Err(error),
        }
    }

    /// The place of a token that is good for `access`: one that is there already and good for more, or its own.
    async fn slot(&self, access: &Access) -> (Access, OwnedMutexGuard<Held>) {
        let slot = |access: &Access| Arc::clone(locked(&self.tokens).entry(access.clone()).or_default());
        let wider: Vec<_> =
            locked(&self.tokens).keys().filter(|known| known.covers(access)).cloned().collect();
        for wider in wider {
            let held = slot(&wider).lock_owned().await;
            if let Held::Token(_) = &*held {
                return (wider, held);
            }
        }
        (access.clone(), slot(access).lock_owned().await)
    }
}

/// Nothing is half done where one of these is held.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_same(used: Option<&Secret>, token: &Secret) -> bool {
    used.is_some_and(|used| used.expose() == token.expose())
}

fn again(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_nobody_gave_goes_to_certified_registries_alone() {
        let exchange = Exchange::new(&crate::http::Settings {
            authorities: None,
            certificate: None,
            server_name: None,
            accept_any_certificate: false,
            proxy: false,
            stall: Duration::from_secs(1),
        })
        .unwrap();
        let keychain = Keychain::default();
        let access = Access { repository: None, actions: "pull", from: None };
        for (is_ambient, tls, certified, goes) in [
            (true, true, true, true),
            (true, true, false, false),
            (true, false, true, false),
            (false, true, false, true),
        ] {
            let session = Session::new(Registry::parse("gcr.io").unwrap());
            let credentials = Some(Credentials::Basic {
                username: "_token".to_owned(),
                password: Secret::new(b"x".to_vec()),
            });
            let looked = vec!["`x`: no entry".to_owned(), "Google Cloud: used".to_owned()];
            let lookup = Lookup { credentials, is_ambient, looked };
            session.lookups.lock().await.insert(None, Arc::new(lookup));
            let time = Duration::from_secs(1);
            let (own, other) = (&exchange, &exchange);
            let total = Total { time, named: time };
            let rules = Rules { keychain: &keychain, allowed: &[], own, other, tls, certified, total };
            let header = session.answer(&["Basic realm=x".to_owned()], &access, &rules, None).await.unwrap();
            assert_eq!(header.is_some(), goes, "{is_ambient} {tls} {certified}");
            let looked = session.refusal(&access, &rules).await.unwrap().looked;
            let last = match (goes, tls) {
                (true, _) => "Google Cloud: used",
                (false, false) => "Google Cloud: not used, as they go nowhere without TLS",
                (false, true) => {
                    "Google Cloud: not used, as they go nowhere where certificates are not checked (--allow-insecure-registry)"
                }
            };
            assert_eq!(looked, ["`x`: no entry", last]);
        }
    }
}
