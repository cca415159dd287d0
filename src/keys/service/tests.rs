//! What all services have in common for their tests: an environment, and keys behind in-process servers.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use crate::crypto::{PublicKey, Secret, SigningInput, SigningKey, UnixTime};
use crate::http;
pub(in crate::keys) use crate::http::scripted::{Reply, Seen, Served, json, reply, run, serve};
use crate::keys::{
    Error, KeyRef, Passwords, Patience, Prompt, Sources, StdinUse, create_key, find_signing_key,
    load_public_key,
};

#[cfg(feature = "kms-aws")]
mod aws;
mod azure;
mod gcp;
#[cfg(unix)]
mod plugin;
mod vault;

/// An environment, as a list of variables.
pub(in crate::keys) struct World {
    variables: HashMap<&'static str, OsString>,
    http: http::Client,
    retry_for: Duration,
    plugins: Option<fn(&str)>,
    total: Duration,
}

/// Nobody, who is never asked.
struct Nobody;

impl Prompt for Nobody {
    fn is_interactive(&self) -> bool {
        false
    }
    fn password(&mut self, question: &str) -> std::io::Result<Secret> {
        panic!("asked: {question}")
    }
    fn line(&mut self, question: &str) -> std::io::Result<String> {
        panic!("asked: {question}")
    }
    fn stdin(&mut self, _: u64) -> std::io::Result<Vec<u8>> {
        panic!("standard input is read")
    }
}

impl World {
    pub fn new(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
        Self {
            variables,
            http: http::Client::direct(),
            retry_for: Duration::ZERO,
            plugins: None,
            total: Duration::from_secs(10),
        }
    }

    /// The same with another variable; an empty value unsets it.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// The same where what fails in passing is tried again.
    pub fn patient(self) -> Self {
        Self { retry_for: Duration::from_secs(5), ..self }
    }

    /// The same where all of it may take this long.
    #[cfg(unix)]
    pub fn within(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// The same where plug-in programs may be started.
    #[cfg(unix)]
    pub fn allowing(self, tell: fn(&str)) -> Self {
        Self { plugins: Some(tell), ..self }
    }

    pub fn asks<T>(&self, ask: impl AsyncFnOnce(Sources<'_>) -> T) -> T {
        let variables = |name: &str| self.variables.get(name).cloned();
        let patience = Patience { retry_for: self.retry_for, total: self.total };
        let now = UnixTime::new(1_800_000_000, 0);
        let (http, plugins) = (&self.http, self.plugins);
        run(ask(Sources { variables: &variables, http, patience, now, plugins, kube_exec: None }))
    }

    pub fn public_key(&self, reference: &str) -> Result<PublicKey, Error> {
        self.asks(async |sources| load_public_key(&KeyRef::parse(reference)?, sources).await)
    }

    pub fn create(&self, reference: &str) -> Result<PublicKey, Error> {
        self.asks(async |sources| create_key(&KeyRef::parse(reference)?, sources).await)
    }

    /// A signature by the key; the failures of key and signature have both become text.
    pub fn sign(&self, reference: &str, input: &SigningInput) -> Result<(PublicKey, Vec<u8>), String> {
        self.asks(async |sources| {
            let key = signing_key(reference, sources).await.map_err(|error| chain(&error))?;
            let signature = key.sign(input).await.map_err(|error| chain(&error))?;
            Ok((key.public_key().clone(), signature))
        })
    }
}

async fn signing_key(reference: &str, sources: Sources<'_>) -> Result<Box<dyn SigningKey>, Error> {
    let mut nobody = Nobody;
    let mut passwords = Passwords::new(sources.variables, &mut nobody, StdinUse::Free);
    find_signing_key(&KeyRef::parse(reference)?, sources, &mut passwords).await?.open()
}

/// An error with all of its causes.
pub(in crate::keys) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// All that is shown of a failure.
pub(in crate::keys) fn failed<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("this has to fail"),
        Err(error) => chain(&error),
    }
}
