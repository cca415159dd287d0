//! What only a log can give: the entry of a signature, or the proof that an entry lacks. Nothing is taken that does not hold
//! against the trusted root.

use std::path::PathBuf;

#[cfg(feature = "http")]
pub(super) use asked::FromLog;
#[cfg(not(feature = "http"))]
pub(super) use nobody::FromLog;

/// Which log, and what it has to hold against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// The log, of version 1; `None` is that of the trusted root.
    pub url: Option<String>,
    /// A trusted root file; `None` is the one of the TUF repository.
    pub trusted_root: Option<PathBuf>,
}

#[cfg(feature = "http")]
mod asked {
    use super::LogRequest;
    use crate::bundle::{SignedEntity, VerificationMaterial};
    use crate::commands::trust::signing_root;
    use crate::commands::verification::lookup::{known_logs, proposals};
    use crate::commands::{Context, Error, ErrorKind, TrustRequest};
    use crate::crypto::{PublicKey, UnixTime};
    use crate::payload::Artifact;
    use crate::services::rekor::{Verifier, v1};
    use crate::services::{Client, Connection};
    use crate::tlog::Entry;
    use crate::trust::TrustedRoot;
    use crate::verify::{self, Rejection};

    /// Logs to ask.
    pub(in crate::commands::bundle) struct FromLog {
        client: Client,
        urls: Vec<String>,
        root: TrustedRoot,
        now: UnixTime,
    }

    impl FromLog {
        /// Reads the trusted root.
        ///
        /// # Errors
        /// It cannot be had, or nothing says which log to ask.
        pub async fn open(request: &LogRequest, context: &mut Context) -> Result<Self, Error> {
            let trust =
                TrustRequest { trusted_root: request.trusted_root.clone(), ..TrustRequest::default() };
            let root = signing_root(&trust, context).await?;
            let urls = request.url.clone().map_or_else(|| known_logs(&root), |url| vec![url]);
            if urls.is_empty() {
                let message = format!("the trusted root ({}) names no address of a log", root.source);
                return Err(
                    Error::new(ErrorKind::TrustMaterial, message).hint("name the log with --rekor-url URL")
                );
            }
            let client = Client::new(Connection { total: context.settings.timeout, ..Connection::default() });
            Ok(Self { client, urls, root, now: context.now })
        }

        /// The entry of a signature by this key.
        ///
        /// # Errors
        /// No log has one, or none that holds; a log cannot be asked.
        pub async fn entry(
            &self,
            entity: &SignedEntity,
            artifact: &Artifact,
            key: &PublicKey,
        ) -> Result<Entry, Error> {
            let leaf = match &entity.material {
                VerificationMaterial::Certificate(chain) => chain.first(),
                VerificationMaterial::PublicKey { .. } => None,
            };
            let signatory =
                leaf.map_or_else(|| Verifier::PublicKey(key.clone()), |l| Verifier::Certificate(l.clone()));
            let mut refused = None;
            for url in &self.urls {
                for proposed in proposals(entity, Some(artifact), key, &signatory) {
                    for entry in v1::find(&self.client, url, &proposed).await? {
                        match verify::logged(&entry, &self.root, self.now) {
                            Ok(_) => return Ok(entry),
                            Err(rejection) => refused = Some(unproven(url, &rejection)),
                        }
                    }
                }
            }
            Err(refused.unwrap_or_else(|| {
                let message = format!("there is no log entry of this signature at {}", self.urls.join(", "));
                Error::new(ErrorKind::NoneValid, message)
                    .hint("name another log with --rekor-url URL, or make a bundle without a log entry with --ignore-tlog")
            }))
        }

        /// The same entry, with the proof and the checkpoint that it lacks.
        ///
        /// # Errors
        /// No log has it, or not this one; what comes does not hold; a log cannot be asked.
        pub async fn proven(&self, entry: Entry) -> Result<Entry, Error> {
            let mut refused = None;
            for url in &self.urls {
                let found = v1::by_index(&self.client, url, entry.log_index).await;
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        refused.get_or_insert(Error::from(error));
                        continue;
                    }
                };
                if (&found.canonicalized_body, &found.log_id) != (&entry.canonicalized_body, &entry.log_id) {
                    let message = format!("the entry at index {} of {url} is another one", entry.log_index);
                    refused = Some(Error::new(ErrorKind::NoneValid, message));
                    continue;
                }
                // The older format does not say the kind of an entry; its body does.
                let kind = entry.kind.clone().or(found.kind);
                let whole = Entry { inclusion_proof: found.inclusion_proof, kind, ..entry.clone() };
                match verify::logged(&whole, &self.root, self.now) {
                    Ok(_) => return Ok(whole),
                    Err(rejection) => refused = Some(unproven(url, &rejection)),
                }
            }
            Err(refused.unwrap_or_else(|| Error::new(ErrorKind::Other, "no log was asked")))
        }
    }

    fn unproven(url: &str, rejection: &Rejection) -> Error {
        Error::new(ErrorKind::NoneValid, format!("the log entry that {url} gave does not hold"))
            .cause(rejection.reason().to_string())
            .hint("name the trusted root of this log with --trusted-root FILE")
    }
}

#[cfg(not(feature = "http"))]
mod nobody {
    use super::LogRequest;
    use crate::bundle::SignedEntity;
    use crate::commands::{Context, Error, ErrorKind};
    use crate::crypto::PublicKey;
    use crate::payload::Artifact;
    use crate::tlog::Entry;

    /// In a build without the HTTP client there is nobody to ask.
    pub(in crate::commands::bundle) struct FromLog(std::convert::Infallible);

    impl FromLog {
        #[expect(clippy::unused_async, reason = "as with the HTTP client")]
        pub async fn open(_: &LogRequest, _: &mut Context) -> Result<Self, Error> {
            let message = "this program was built without the HTTP client: it can ask no log";
            Err(Error::new(ErrorKind::Other, message))
        }

        pub async fn entry(&self, _: &SignedEntity, _: &Artifact, _: &PublicKey) -> Result<Entry, Error> {
            match self.0 {}
        }

        pub async fn proven(&self, _: Entry) -> Result<Entry, Error> {
            match self.0 {}
        }
    }
}
