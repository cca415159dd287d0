//! Who witnesses a signature: timestamp authorities and logs. In a build without the HTTP client there are none, and none can
//! be made.

#[cfg(feature = "http")]
pub use asked::{Log, LogKind, StatementEntry, TimestampAuthority};
#[cfg(not(feature = "http"))]
pub use nobody::{Log, TimestampAuthority};

#[cfg(feature = "http")]
mod asked {
    use std::sync::Arc;

    use crate::bundle::{Content, Profile, SignedEntity, VerificationMaterial};
    use crate::crypto::{Digest, PublicKey};
    use crate::payload::{Envelope, encoding_digest};
    use crate::services::rekor::{self, Proposed, Verifier};
    use crate::services::{Client, Service, shown, tsa};
    use crate::sign::{Error, Judge, needs_message};
    use crate::tlog::Entry;
    use crate::verify::{self, Rejection};
    use crate::x509::Certificate;

    /// A timestamp authority.
    #[derive(Debug, Clone)]
    pub struct TimestampAuthority {
        /// How it is reached.
        pub client: Arc<Client>,
        /// Where.
        pub url: String,
    }

    /// A log.
    #[derive(Debug, Clone)]
    pub struct Log {
        /// How it is reached.
        pub client: Arc<Client>,
        /// Where.
        pub url: String,
        /// What it is.
        pub kind: LogKind,
    }

    /// What a log is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LogKind {
        /// Rekor v1, with the kind of entry that statements get.
        V1(StatementEntry),
        /// Rekor v2.
        V2,
    }

    /// The kind of entry that statements get in Rekor v1.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum StatementEntry {
        /// `dsse`.
        Dsse,
        /// `intoto`.
        Intoto,
    }

    fn leaf(entity: &SignedEntity) -> Option<&Certificate> {
        match &entity.material {
            VerificationMaterial::Certificate(chain) => chain.first(),
            VerificationMaterial::PublicKey { .. } => None,
        }
    }

    fn untrusted(service: Service, url: &str, rejection: &Rejection) -> Error {
        Error::Untrusted { service, url: shown(url), reason: Box::new(rejection.reason().clone()) }
    }

    impl TimestampAuthority {
        /// Has the signature timestamped; in the older formats, the envelope of a statement.
        pub(in crate::sign) async fn timestamp(
            &self,
            entity: &SignedEntity,
            judge: Judge<'_>,
        ) -> Result<Vec<u8>, Error> {
            let stamped = match (&entity.content, entity.profile) {
                (Content::Envelope(envelope), Profile::Legacy) => &envelope.bytes,
                (content, _) => content.signature(),
            };
            let timestamp = tsa::timestamp(&self.client, &self.url, stamped).await?;
            verify::timestamp(&timestamp, stamped, leaf(entity), judge.root, judge.now)
                .map_err(|rejection| untrusted(Service::TimestampAuthority, &self.url, &rejection))?;
            Ok(timestamp)
        }
    }

    /// The entry with the whole identifier of its log, where it has but the beginning, as checkpoints do.
    fn known(entry: Entry, judge: Judge<'_>) -> Entry {
        let is_whole = |entry: &Entry| judge.root.logs.iter().any(|log| log.log_id == entry.log_id);
        if entry.log_id.len() != 4 || is_whole(&entry) {
            return entry;
        }
        let candidates = judge.root.logs.iter().filter(|log| log.log_id.starts_with(&entry.log_id));
        let mut completed = candidates.map(|log| Entry { log_id: log.log_id.clone(), ..entry.clone() });
        let found = completed.find(|entry| verify::logged(entry, judge.root, judge.now).is_ok());
        found.unwrap_or(entry)
    }

    impl Log {
        /// Publishes the signature.
        pub(in crate::sign) async fn enter(
            &self,
            entity: &SignedEntity,
            key: &PublicKey,
            judge: Judge<'_>,
        ) -> Result<Entry, Error> {
            let proposed = self.proposed(entity, key);
            let entry = match self.kind {
                LogKind::V1(_) => rekor::v1::upload(&self.client, &self.url, &proposed).await?,
                LogKind::V2 => known(rekor::v2::upload(&self.client, &self.url, &proposed).await?, judge),
            };
            verify::logged(&entry, judge.root, judge.now)
                .map_err(|rejection| untrusted(Service::Rekor, &self.url, &rejection))?;
            Ok(entry)
        }

        fn proposed(&self, entity: &SignedEntity, key: &PublicKey) -> Proposed {
            let verifier = leaf(entity).cloned().map(Verifier::Certificate);
            let verifier = verifier.unwrap_or_else(|| Verifier::PublicKey(key.clone()));
            let record = |digest: Digest, signature: &[u8], verifier| Proposed::HashedRekord {
                digest,
                signature: signature.to_vec(),
                verifier,
            };
            let hash = key.key_type().default_hash();
            match &entity.content {
                Content::Message { digest, signature } => {
                    // Whoever signs here always states one.
                    record(digest.clone().unwrap_or_else(|| hash.digest(&[])), signature, verifier)
                }
                Content::SimpleSigning { payload, signature } => {
                    record(hash.digest(&payload.bytes), signature, verifier)
                }
                // As cosign and sigstore-go log statements in Rekor v2, which keeps the entry small; they read no other kind there.
                Content::Envelope(envelope) if self.kind == LogKind::V2 && !needs_message(key.key_type()) => {
                    let Envelope { payload, payload_type, .. } = &envelope.parsed;
                    record(encoding_digest(hash, payload_type, payload), entity.content.signature(), verifier)
                }
                Content::Envelope(envelope) => {
                    let (envelope, verifiers) = (envelope.bytes.clone(), vec![verifier]);
                    match self.kind {
                        LogKind::V1(StatementEntry::Intoto) => Proposed::Intoto { envelope, verifiers },
                        _ => Proposed::Dsse { envelope, verifiers },
                    }
                }
            }
        }
    }
}

#[cfg(not(feature = "http"))]
mod nobody {
    use std::convert::Infallible;

    use crate::bundle::SignedEntity;
    use crate::crypto::{PublicKey, SignError};
    use crate::sign::Judge;
    use crate::tlog::Entry;

    /// No timestamp authority.
    #[derive(Debug, Clone)]
    pub struct TimestampAuthority(Infallible);

    /// No log.
    #[derive(Debug, Clone)]
    pub struct Log(Infallible);

    impl TimestampAuthority {
        pub(in crate::sign) async fn timestamp(
            &self,
            _: &SignedEntity,
            _: Judge<'_>,
        ) -> Result<Vec<u8>, SignError> {
            match self.0 {}
        }
    }

    impl Log {
        pub(in crate::sign) async fn enter(
            &self,
            _: &SignedEntity,
            _: &PublicKey,
            _: Judge<'_>,
        ) -> Result<Entry, SignError> {
            match self.0 {}
        }
    }
}
