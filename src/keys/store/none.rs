//! In place of the stores that hold key pairs, in a build that has no HTTP client to ask them with.

use std::convert::Infallible;

use super::{Error, KeyPair, KeyRef, Sources};
use crate::crypto::Secret;

/// No key: there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreKey(Infallible);

/// One of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The private key, encrypted.
    PrivateKey,
    /// The public key.
    PublicKey,
    /// The password of the private key.
    Password,
}

impl StoreKey {
    /// No scheme is one of a store.
    pub fn parse(_scheme: &str, _rest: &str) -> Option<Result<Self, &'static str>> {
        None
    }

    /// What the user should know before the store is asked.
    pub fn caution(&self, _: &Sources<'_>) -> Option<String> {
        match self.0 {}
    }

    /// The store, to read from.
    pub(super) async fn to_read(&self, _: Sources<'_>) -> Result<Reading, Error> {
        match self.0 {}
    }
}

/// No store to read from.
pub(super) struct Reading(Infallible);

impl Reading {
    /// One of the values.
    pub async fn read(&self, _: Part) -> Result<Option<Secret>, Error> {
        match self.0 {}
    }

    /// The key, which has to be there.
    pub async fn key(&self, _: Part) -> Result<Secret, Error> {
        match self.0 {}
    }
}

impl std::fmt::Display for StoreKey {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}

/// No store.
pub struct Store(Infallible);

impl Store {
    /// Refuses the reference, whatever it is.
    ///
    /// # Errors
    /// [`Error::NoStore`], always.
    #[expect(clippy::unused_async, reason = "the same signature in every build")]
    pub async fn open(reference: &KeyRef, _sources: Sources<'_>) -> Result<Self, Error> {
        Err(Error::NoStore { key: reference.to_string() })
    }

    /// Whether there is a key already, which would be lost.
    pub fn has_key(&self) -> bool {
        match self.0 {}
    }

    /// Puts a key pair and its password there.
    ///
    /// # Errors
    /// None: there is no such store.
    pub async fn write(&self, _: &KeyPair, _: &Secret) -> Result<Vec<String>, Error> {
        match self.0 {}
    }
}

impl std::fmt::Display for Store {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}
