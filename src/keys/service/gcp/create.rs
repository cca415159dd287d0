//! New keys, with the ring that they are on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Failure, Kms, Question};
use crate::crypto::{Node, PublicKey};
use crate::http::service::Error;

/// Between two looks at a key that is being made.
const PAUSE: Duration = Duration::from_millis(500);

impl Kms {
    /// Makes the key, and its ring, where they are missing.
    ///
    /// # Errors
    /// They cannot be made, or the key is for something else.
    pub(super) async fn make(&self) -> Result<PublicKey, Failure> {
        let name = &self.name;
        if name.version().is_some() {
            return Err(Failure::Key {
                reason: "a key that is made has a first version by itself: leave the version out of the name"
                    .to_owned(),
            });
        }
        let purpose = |answer: &Node<'_>| answer.member("purpose")?.text().map(str::to_owned);
        let held = Question::get(name.key(), "", "cloudkms.cryptoKeys.get");
        match self.ask(&held, purpose).await {
            Ok(purpose) if purpose == "ASYMMETRIC_SIGN" => return self.get().await,
            Ok(purpose) => {
                let reason = format!("it is there and for {purpose}, not for ASYMMETRIC_SIGN");
                return Err(Failure::Key { reason });
            }
            Err(failure) if status(&failure) == Some(404) => {}
            Err(failure) => return Err(failure),
        }
        let ring = Question::get(name.ring(), "", "cloudkms.keyRings.get");
        match self.ask(&ring, |_| Ok(())).await {
            Ok(()) => {}
            Err(failure) if status(&failure) == Some(404) => {
                let at = format!("{}/keyRings", name.parent());
                let id = [("keyRingId", name.ids().0)];
                self.put(at, &id, json!({}), ("cloudkms.keyRings.create", name.parent())).await?;
            }
            Err(failure) => return Err(failure),
        }
        let at = format!("{}/cryptoKeys", name.ring());
        let id = [("cryptoKeyId", name.ids().1)];
        let body = json!({
            "purpose": "ASYMMETRIC_SIGN", "versionTemplate": { "algorithm": "EC_SIGN_P256_SHA256" },
        });
        self.put(at, &id, body, ("cloudkms.cryptoKeys.create", name.ring())).await?;
        self.made().await
    }

    /// Makes something, which somebody else may have made meanwhile.
    async fn put(
        &self,
        path: String,
        query: &[(&str, &str)],
        body: Value,
        (permission, resource): (&'static str, String),
    ) -> Result<(), Failure> {
        let question = Question { path, query, body: Some(body), again: false, permission, resource };
        match self.ask(&question, |_| Ok(())).await {
            Err(failure) if status(&failure) == Some(409) => Ok(()),
            made => made,
        }
    }

    /// The key that was made, as soon as it is ready.
    async fn made(&self) -> Result<PublicKey, Failure> {
        let started = Instant::now();
        loop {
            let versions = self.versions().await?;
            let is = |state: &str| versions.iter().any(|version| version.state == state);
            if is("ENABLED") || !is("PENDING_GENERATION") || started.elapsed() >= self.retry_for {
                return self.get().await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn status(failure: &Failure) -> Option<u16> {
    match failure {
        Failure::Service(Error::Status { status, .. }) => Some(*status),
        Failure::Absent { .. } => Some(404),
        _ => None,
    }
}
