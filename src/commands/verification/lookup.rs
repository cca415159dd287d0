//! The log entries of signatures that come without one: looked up in the log, by the signature itself.

#[cfg(feature = "http")]
pub(in crate::commands) use asked::{LookedUp, Lookup, known_logs, proposals};
#[cfg(not(feature = "http"))]
pub(in crate::commands) use nobody::{LookedUp, Lookup};

#[cfg(feature = "http")]
mod asked {
    use std::cell::RefCell;
    use std::collections::{HashMap, HashSet};
    use std::time::Duration;

    use crate::bundle::{Content, Profile, SignedEntity, VerificationMaterial};
    use crate::commands::candidates::Candidate;
    use crate::commands::hints::ENTRY_IN_LOG;
    use crate::commands::verification::unlogged::{alone, key};
    use crate::commands::{Context, Error, TrustRequest};
    use crate::crypto::{HashAlgorithm, KeyType, PublicKey, sha256};
    use crate::http::Redacted;
    use crate::payload::Artifact;
    use crate::services::rekor::{Proposed, Verifier as Signatory, v1};
    use crate::services::{self, Client, Connection};
    use crate::tlog::Entry;
    use crate::trust::TrustedRoot;
    use crate::verify::{self, ExpectedSigner, Requirement, Verifier, could_be};

    /// How long a log that fails is asked again.
    const RETRY: Duration = Duration::from_secs(10);
    /// The most entries that an index finds and that are looked at.
    const MAX_LOOKED_AT: usize = 50;
    /// The most different signatures of an image, or of a file, that a log is asked about: whoever writes to a registry, and copies there what
    /// the expected signer made, must not make others ask for ever.
    const MAX_ASKED_ABOUT: usize = 50;

    /// Asks logs of version 1, unless nobody is to be asked.
    pub(in crate::commands) struct Lookup {
        client: Option<Client>,
        /// The log that the user names.
        url: Option<String>,
        /// Logs that could not be asked, which are asked no more in this run.
        failed: RefCell<Vec<(String, Error)>>,
    }

    /// What came of looking entries up.
    #[derive(Default)]
    pub(in crate::commands) struct LookedUp {
        /// What is to be told.
        pub said: Vec<String>,
        /// The candidates of which an entry was found.
        pub found: Vec<String>,
        /// The first log that could not be asked: without it, nobody knows whether there is an entry.
        error: Option<Error>,
        /// Whether nobody was to be asked.
        is_offline: bool,
        /// Logs that were asked and have no entry, by their addresses, redacted; a few.
        empty: Vec<String>,
        /// Why entries that a log gave out do not count; a few.
        doubts: Vec<String>,
        /// The signatures that logs were asked about, and the entries that they have.
        asked_about: HashMap<Distinct, Option<Entry>>,
        /// What stands for them where they are counted.
        counted: HashSet<Distinct>,
        /// What stands for those that lacked their entry, too, and that no log was asked about.
        passed_over: HashSet<Distinct>,
    }

    impl LookedUp {
        /// What came of others, too; what is to be told of them is told already.
        pub fn add(&mut self, other: Self) {
            self.found.extend(other.found);
            self.error = self.error.take().or(other.error);
            self.is_offline |= other.is_offline;
            other.empty.into_iter().for_each(|url| note(&mut self.empty, url));
            other.doubts.into_iter().for_each(|doubt| note(&mut self.doubts, doubt));
            self.asked_about.extend(other.asked_about);
            self.counted.extend(other.counted);
            self.passed_over.extend(other.passed_over);
        }

        /// The error where nothing verified, for this reason as it seems: nobody knows what a log would have said that could not be
        /// asked, and whether one was asked makes a difference for what to do.
        pub fn explain(self, mut error: Error) -> Error {
            if let Some(unasked) = self.error {
                return unasked;
            }
            if let Some(hint) = error.hints.iter_mut().find(|hint| *hint == ENTRY_IN_LOG) {
                *hint = match self.empty.as_slice() {
                    _ if self.is_offline => {
                        "no log was asked, because of --offline: without it, the entry is looked up"
                            .to_owned()
                    }
                    [] => "no log is known that could be asked: name it with --rekor-url URL".to_owned(),
                    asked => format!(
                        "{} was asked and has no such entry: if it is in another log, name that with --rekor-url URL",
                        asked.join(", ")
                    ),
                };
                error.causes.extend(self.doubts);
                if !self.passed_over.is_empty() {
                    error.causes.push(format!(
                        "{} different signatures have no log entry: those of {MAX_ASKED_ABOUT} were looked up, which is the limit",
                        self.counted.len() + self.passed_over.len()
                    ));
                }
            }
            error
        }
    }

    /// Keeps one more, of a few.
    fn note(kept: &mut Vec<String>, one: String) {
        const A_FEW: usize = 5;
        if kept.len() < A_FEW && !kept.contains(&one) {
            kept.push(one);
        }
    }

    impl Lookup {
        pub fn new(request: &TrustRequest, context: &Context) -> Self {
            let url = request.log.clone();
            let total = context.settings.timeout;
            let connection = Connection { total, retry_for: total.min(RETRY), ..Connection::default() };
            Self {
                client: (!request.offline).then(|| Client::new(connection)),
                url,
                failed: RefCell::default(),
            }
        }

        /// Adds the entry to each candidate that needs one and has none, as far as a log has it. Sigstore bundles hold all that
        /// belongs to them: one without an entry is not completed. Of a signature that does not hold, or is not by the expected signer,
        /// no log hears. What came of others of the same image counts towards the limit.
        pub async fn complete(
            &self,
            candidates: &mut [Candidate],
            artifact: Option<&Artifact>,
            verifier: &Verifier<'_>,
            before: &LookedUp,
        ) -> LookedUp {
            let mut came = LookedUp::default();
            let Some(client) = &self.client else {
                came.is_offline = true;
                return came;
            };
            if matches!(verifier.policy.log, Requirement::Waived(_)) {
                return came;
            }
            for Candidate { source, entity, .. } in candidates {
                // Whoever writes to a registry must not make others ask a log about everything that is there.
                if entity.profile != Profile::Legacy
                    || !entity.log_entries.is_empty()
                    || !could_be(entity, verifier.policy, verifier.root)
                {
                    continue;
                }
                let Some((key, signatory)) = signatory(entity, &verifier.policy.signer) else { continue };
                if alone(verifier, entity, artifact, &key).is_err() {
                    continue;
                }
                // Copies of one signature have the same entry, or none.
                let this = distinct(entity, &key, entity.content.signature());
                let known = before.asked_about.get(&this).or_else(|| came.asked_about.get(&this));
                if let Some(known) = known.cloned() {
                    came.found.extend(known.is_some().then(|| source.clone()));
                    entity.log_entries.extend(known);
                    continue;
                }
                let counted = distinct(entity, &key, unmalleable(&key, entity.content.signature()));
                let is_counted = before.counted.contains(&counted) || came.counted.contains(&counted);
                if !is_counted && before.counted.len() + came.counted.len() >= MAX_ASKED_ABOUT {
                    came.passed_over.insert(counted);
                    continue;
                }
                came.counted.insert(counted);
                let wanted = Wanted { artifact, key, signatory, verifier };
                let entry = self.look_up(client, (source, entity), &wanted, &mut came).await;
                came.asked_about.insert(this, entry.clone());
                if let Some(entry) = entry {
                    came.found.push(source.clone());
                    entity.log_entries.push(entry);
                }
            }
            came
        }

        /// The entry of one candidate, in the first log that has it.
        async fn look_up(
            &self,
            client: &Client,
            (source, entity): (&str, &SignedEntity),
            wanted: &Wanted<'_>,
            came: &mut LookedUp,
        ) -> Option<Entry> {
            for url in self.urls(wanted.verifier.root) {
                let shown = Redacted(&url).to_string();
                if let Some((_, error)) = self.failed.borrow().iter().find(|(failed, _)| *failed == url) {
                    came.error.get_or_insert(error.clone());
                    continue;
                }
                let found = match find(client, &url, entity, wanted).await {
                    Ok(Found { entry: None, doubt }) => {
                        doubt.into_iter().for_each(|doubt| {
                            note(&mut came.doubts, format!("an entry at {shown} does not count: {doubt}"));
                        });
                        search(client, &url, entity, wanted).await
                    }
                    found => found.map(|found| found.entry),
                };
                match found {
                    Ok(Some(entry)) => {
                        came.said.push(found_at(&entry, &shown, wanted.verifier));
                        return Some(entry);
                    }
                    Ok(None) => {
                        came.said.push(format!("There is no log entry of `{source}` at {shown}"));
                        note(&mut came.empty, shown);
                    }
                    Err(error) => {
                        let ways = [
                            "try again later, or name another log with --rekor-url URL",
                            "--no-log verifies without a log entry, --offline asks no log",
                        ];
                        let error = Error { hints: ways.map(str::to_owned).into(), ..error };
                        self.failed.borrow_mut().push((url, error.clone()));
                        came.error.get_or_insert(error);
                    }
                }
            }
            None
        }

        /// The log that the user names, else those of version 1 that the root knows.
        fn urls(&self, root: &TrustedRoot) -> Vec<String> {
            match &self.url {
                Some(url) => vec![url.clone()],
                None => known_logs(root),
            }
        }
    }

    /// What a signature is told from others by: all that its entry depends on. Other annotations, and another chain above the
    /// certificate, make no other signature.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct Distinct([Vec<u8>; 3]);

    fn distinct(entity: &SignedEntity, key: &PublicKey, signature: &[u8]) -> Distinct {
        let by = match &entity.material {
            VerificationMaterial::Certificate(chain) => chain.first().map(|leaf| leaf.der().to_vec()),
            VerificationMaterial::PublicKey { .. } => None,
        };
        let about = match &entity.content {
            Content::Message { .. } => Vec::new(),
            Content::SimpleSigning { payload, .. } => sha256(&payload.bytes).to_vec(),
            Content::Envelope(envelope) => sha256(&envelope.bytes).to_vec(),
        };
        Distinct([by.unwrap_or_else(|| key.spki_der().to_vec()), about, signature.to_vec()])
    }

    /// The part of a signature that nobody can change without the private key: the first number of one of ECDSA, whose second
    /// one, s, anybody makes n - s of (BIP 146 tells of it); all of others.
    fn unmalleable<'a>(key: &PublicKey, signature: &'a [u8]) -> &'a [u8] {
        if !matches!(key.key_type(), KeyType::P256 | KeyType::P384 | KeyType::P521) {
            return signature;
        }
        // RFC 3279 section 2.2.3: a SEQUENCE of two INTEGERs. The length of that for P-521 takes two bytes.
        let body = match signature {
            [_, 0x81, _, body @ ..] | [_, _, body @ ..] => body,
            _ => return signature,
        };
        let [_, length, numbers @ ..] = body else { return signature };
        numbers.get(..usize::from(*length)).unwrap_or(signature)
    }

    /// Says which entry was found; what does not hold is not named after its log.
    fn found_at(entry: &Entry, url: &str, verifier: &Verifier<'_>) -> String {
        match verify::logged(entry, verifier.root, verifier.now) {
            Ok(logged) => {
                let time = logged.time().map(|time| format!(" of {time}")).unwrap_or_default();
                let log = if logged.log().is_empty() { "the log" } else { logged.log() };
                format!("Entry {}{time} in {log} was found at {url}", logged.index())
            }
            Err(_) => format!("An entry was found at {url}"),
        }
    }

    /// The addresses of the logs of version 1 that a root knows, each once. Those of version 2 have another kind of identifier.
    pub(in crate::commands) fn known_logs(root: &TrustedRoot) -> Vec<String> {
        let is_one = |log: &&crate::trust::Log| log.log_id == log.key.key_id() && !log.base_url.is_empty();
        let mut urls: Vec<String> = Vec::new();
        for log in root.logs.iter().filter(is_one) {
            if !urls.contains(&log.base_url) {
                urls.push(log.base_url.clone());
            }
        }
        urls
    }

    /// Whose signature it has to be, as the log has it.
    fn signatory(entity: &SignedEntity, expected: &ExpectedSigner) -> Option<(PublicKey, Signatory)> {
        let key = key(entity, expected)?;
        let signatory = match (expected, &entity.material) {
            (ExpectedSigner::Identity(_), VerificationMaterial::Certificate(chain)) => {
                Signatory::Certificate(chain.first()?.clone())
            }
            _ => Signatory::PublicKey(key.clone()),
        };
        Some((key, signatory))
    }

    /// The entries that the signature may have, the likeliest first.
    pub(in crate::commands) fn proposals(
        entity: &SignedEntity,
        artifact: Option<&Artifact>,
        key: &PublicKey,
        signatory: &Signatory,
    ) -> Vec<Proposed> {
        let own = key.key_type().default_hash();
        let record = |digest, signature: &[u8]| Proposed::HashedRekord {
            digest,
            signature: signature.to_vec(),
            verifier: signatory.clone(),
        };
        match &entity.content {
            Content::Message { signature, digest } => {
                let known = artifact.map(|artifact| &artifact.digests);
                let of = |algorithm| known.and_then(|digests| digests.get(algorithm)).cloned();
                let mut digests: Vec<_> = digest.iter().cloned().collect();
                digests.extend([own, HashAlgorithm::Sha256].into_iter().filter_map(of));
                digests.dedup();
                digests.into_iter().map(|digest| record(digest, signature)).collect()
            }
            Content::SimpleSigning { payload, signature } => {
                let mut algorithms = vec![own, HashAlgorithm::Sha256];
                algorithms.dedup();
                algorithms
                    .iter()
                    .map(|algorithm| record(algorithm.digest(&payload.bytes), signature))
                    .collect()
            }
            Content::Envelope(envelope) => {
                let (envelope, verifiers) = (envelope.bytes.clone(), vec![signatory.clone()]);
                vec![
                    Proposed::Dsse { envelope: envelope.clone(), verifiers: verifiers.clone() },
                    Proposed::Intoto { envelope, verifiers },
                ]
            }
        }
    }

    /// What an entry has to be about.
    struct Wanted<'a> {
        artifact: Option<&'a Artifact>,
        key: PublicKey,
        signatory: Signatory,
        verifier: &'a Verifier<'a>,
    }

    /// What a log has.
    struct Found {
        /// An entry that holds.
        entry: Option<Entry>,
        /// Why another one does not.
        doubt: Option<String>,
    }

    /// The first entry that a log has and proves: it is asked now, so that there is no reason to be content with its promise.
    async fn find(
        client: &Client,
        url: &str,
        entity: &SignedEntity,
        wanted: &Wanted<'_>,
    ) -> Result<Found, Error> {
        let Wanted { artifact, key, signatory, verifier } = wanted;
        let mut doubt = None;
        for proposed in &proposals(entity, *artifact, key, signatory) {
            for entry in v1::find(client, url, proposed).await? {
                match verify::logged(&entry, verifier.root, verifier.now) {
                    Ok(_) => return Ok(Found { entry: Some(entry), doubt: None }),
                    Err(rejection) => doubt = Some(rejection.to_string()),
                }
            }
        }
        Ok(Found { entry: None, doubt })
    }

    /// The entry that a log's index leads to: one of an older kind, which cannot be asked for by what it holds. What an index
    /// finds may be anybody's (CVE-2024-51746): here only an entry with which the signature verifies counts.
    async fn search(
        client: &Client,
        url: &str,
        entity: &SignedEntity,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Entry>, Error> {
        let Wanted { artifact, signatory, verifier, .. } = wanted;
        let artifact = *artifact;
        let digest = match &entity.content {
            Content::Message { .. } => {
                artifact.and_then(|artifact| artifact.digests.get(HashAlgorithm::Sha256)).cloned()
            }
            Content::SimpleSigning { payload, .. } => Some(HashAlgorithm::Sha256.digest(&payload.bytes)),
            Content::Envelope(envelope) => Some(HashAlgorithm::Sha256.digest(&envelope.parsed.payload)),
        };
        let Some(digest) = digest else { return Ok(None) };
        let mut uuids = match v1::search(client, url, &digest, signatory).await {
            // Not every log has an index.
            Err(services::Error::Status { status: 400 | 404 | 405 | 501, .. }) => return Ok(None),
            found => found?,
        };
        uuids.truncate(MAX_LOOKED_AT);
        let found = v1::retrieve(client, url, &uuids).await?;
        Ok(found.into_iter().find(|entry| {
            let trial = SignedEntity { log_entries: vec![entry.clone()], ..entity.clone() };
            verify::logged(entry, verifier.root, verifier.now).is_ok()
                && verifier.verify(&trial, artifact).is_ok()
        }))
    }
}

#[cfg(not(feature = "http"))]
mod nobody {
    use crate::commands::candidates::Candidate;
    use crate::commands::{Context, Error, TrustRequest};
    use crate::payload::Artifact;
    use crate::verify::Verifier;

    /// In a build without the HTTP client there is nobody to ask.
    pub(in crate::commands) struct Lookup;

    /// Nothing came of it.
    #[derive(Default)]
    pub(in crate::commands) struct LookedUp {
        pub said: Vec<String>,
        pub found: Vec<String>,
    }

    impl LookedUp {
        /// Nothing came of others either.
        pub fn add(&mut self, _: Self) {}

        /// The error as it is.
        pub fn explain(self, error: Error) -> Error {
            error
        }
    }

    impl Lookup {
        pub fn new(_: &TrustRequest, _: &Context) -> Self {
            Self
        }

        #[expect(clippy::unused_async, reason = "as with the HTTP client")]
        pub async fn complete(
            &self,
            _: &mut [Candidate],
            _: Option<&Artifact>,
            _: &Verifier<'_>,
            _: &LookedUp,
        ) -> LookedUp {
            LookedUp::default()
        }
    }
}
