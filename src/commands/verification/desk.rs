//! What files are judged with, one or several at a time.

use futures_util::lock::{Mutex, MutexGuard};

use super::lazy_root::LazyRoot;
use super::lookup::Lookup;
use crate::commands::artifact::Reading;
use crate::commands::candidates::{Candidate, candidates};
use crate::commands::{Context, Error, ErrorKind, Expected, SignatureRequest, Subject, TrustRequest};
use crate::crypto::UnixTime;
use crate::payload::Artifact;
use crate::verify::VerificationPolicy;

/// Bytes of a bundle that is judged only where no other such one is: so many large ones do not stand in memory at the same time.
const LARGE: u64 = 8 << 20;

/// The trusted root, the logs that are asked, and whoever is told: the same for all files of a run.
pub(in crate::commands) struct Desk<'a> {
    pub root: LazyRoot<'a>,
    pub lookup: Lookup,
    pub now: UnixTime,
    is_shared: bool,
    large: Mutex<()>,
}

impl<'a> Desk<'a> {
    /// For one file.
    pub fn new(trust: &'a TrustRequest, context: &'a mut Context) -> Self {
        Self {
            now: context.now,
            lookup: Lookup::new(trust, context),
            root: LazyRoot::new(trust, context),
            is_shared: false,
            large: Mutex::new(()),
        }
    }

    /// For several files at a time: each is read by a thread of its own, so that the others go on meanwhile.
    pub fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// Waits for the end of another file with large bundles, if this one has such a one too.
    pub async fn turn(&self, signature: &SignatureRequest) -> Option<MutexGuard<'_, ()>> {
        let mut bundles = signature.bundle.iter().chain(&signature.other_bundles);
        let is_large = bundles.any(|bundle| bundle.metadata().is_ok_and(|found| found.len() > LARGE));
        if is_large { Some(self.large.lock().await) } else { None }
    }

    /// The candidates in what was named.
    pub async fn candidates(
        &self,
        signature: &SignatureRequest,
        expected: &Expected,
    ) -> Result<Vec<Candidate>, Error> {
        self.root.with(|context| candidates(signature, expected, context)).await
    }

    /// The artifact, with all that any candidate asks of it by any of these policies.
    pub async fn artifact(
        &self,
        subject: &Subject,
        candidates: &[Candidate],
        policies: &[&VerificationPolicy],
    ) -> Result<Option<Artifact>, Error> {
        let reading = self.root.with(|context| Reading::of(subject, candidates, policies, context)).await?;
        match reading {
            Some(reading) if self.is_shared => {
                let read = tokio::task::spawn_blocking(|| reading.finish()).await;
                let lost =
                    |error| Error::new(ErrorKind::Other, "a file was not read to its end").caused_by(&error);
                read.map_err(lost)?.map(Some)
            }
            reading => reading.map(Reading::finish).transpose(),
        }
    }
}
