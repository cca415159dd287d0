//! A repository behind an address.

use super::{Failure, Source};
use crate::http::service::Ask;
use crate::http::{Address, Method};
use crate::services::{self, Service};

/// A repository behind an address. Nobody is followed elsewhere, and no credential is sent.
#[derive(Debug)]
pub struct Remote<'a> {
    client: &'a services::Client,
    metadata: String,
    targets: String,
}

impl<'a> Remote<'a> {
    /// The repository at `mirror`; its targets are in the folder `targets` there.
    ///
    /// # Errors
    /// Not an address.
    pub fn new(client: &'a services::Client, mirror: &str) -> Result<Self, services::Error> {
        Self::at(client, mirror, &format!("{}/targets", mirror.trim_end_matches('/')))
    }

    /// A repository whose targets are elsewhere.
    ///
    /// # Errors
    /// Not an address.
    pub fn at(client: &'a services::Client, metadata: &str, targets: &str) -> Result<Self, services::Error> {
        for address in [metadata, targets] {
            Address::parse(address)
                .map_err(|source| services::Error::Http { service: Service::Tuf, source })?;
        }
        let base = |address: &str| address.trim_end_matches('/').to_owned();
        Ok(Self { client, metadata: base(metadata), targets: base(targets) })
    }

    async fn get(&self, address: String, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        /// Buckets answer so for what is not there, according to who may list them.
        const ABSENT: [u16; 2] = [403, 404];
        let ask = Ask {
            service: Service::Tuf,
            method: Method::Get,
            address: &Address::parse(&address)?,
            content_type: "",
            accept: "*/*",
            authorization: None,
            secret: None,
            headers: &[],
            body: &[],
            accepted: &ABSENT,
            limit,
            repeat: true,
        };
        let reply = self.client.ask(&ask).await.map_err(|error| match error {
            // Who is asked is said by whoever asks.
            services::Error::Http { source, .. } => Failure::from(source),
            other => other.into(),
        })?;
        Ok((!ABSENT.contains(&reply.status)).then_some(reply.body))
    }
}

impl Source for Remote<'_> {
    async fn metadata(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.get(format!("{}/{file}", self.metadata), limit).await
    }

    async fn target(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        let path: Vec<_> = path.split('/').map(super::client::escaped).collect();
        self.get(format!("{}/{}", self.targets, path.join("/")), limit).await
    }
}
