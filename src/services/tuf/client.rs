//! The client's workflow (specification section 5): what is asked for, in which order, and what is kept.

use std::collections::BTreeSet;

use super::Error;
use super::delegation::Delegation;
use super::error::Failure;
use super::metadata::Target;
use super::trusted::{News, Trusted};
use crate::crypto::{UnixTime, sha256};

/// The most bytes of each document.
const MAX_ROOT: u64 = 512_000;
const MAX_TIMESTAMP: u64 = 64 << 10;
const MAX_SNAPSHOT: u64 = 2_000_000;
const MAX_TARGETS: u64 = 5_000_000;
/// The most bytes of a target: a trusted root with all its authorities is some 32 KiB.
const MAX_TARGET: u64 = 16 << 20;
/// The most roots that follow one another in one run.
const MAX_ROOTS: usize = 256;
/// The most roles that are asked for one target.
const MAX_ROLES: usize = 32;

/// Where metadata and targets are fetched.
pub trait Source {
    /// A document by the name of its file; `None` where there is none.
    fn metadata(&self, file: &str, limit: u64) -> impl Future<Output = Result<Option<Vec<u8>>, Failure>>;
    /// A target by its path; `None` where there is none.
    fn target(&self, path: &str, limit: u64) -> impl Future<Output = Result<Option<Vec<u8>>, Failure>>;
}

/// Asks nobody.
pub struct Nowhere;

impl Source for Nowhere {
    async fn metadata(&self, _file: &str, _limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }

    async fn target(&self, _path: &str, _limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }
}

/// Where what holds is kept. What comes from there is judged as if it came from anywhere.
pub trait Store {
    /// A file; `None` where there is none that can be read.
    fn load(&self, file: &str, limit: u64) -> Option<Vec<u8>>;
    /// Keeps a file. What cannot be kept is the store's own affair: nothing depends on it.
    fn store(&self, file: &str, bytes: &[u8]);
}

/// A client of one repository.
pub struct Client<'a, S> {
    source: &'a S,
    store: &'a dyn Store,
    trusted: Trusted,
    /// The root that is believed, as it came.
    root: Vec<u8>,
    /// Digests of the roots that were believed one after the other.
    passed: Vec<[u8; 32]>,
    /// Nothing is kept any more: somebody else was here with something newer.
    overtaken: bool,
}

impl<'a, S: Source> Client<'a, S> {
    /// Begins with a root that somebody vouches for.
    ///
    /// # Errors
    /// It is malformed, or not signed by its own keys.
    pub fn new(root: &[u8], now: UnixTime, source: &'a S, store: &'a dyn Store) -> Result<Self, Error> {
        let trusted = Trusted::begin(root, now)?;
        let passed = vec![sha256(root)];
        Ok(Self { source, store, trusted, root: root.to_vec(), passed, overtaken: false })
    }

    /// Lets what expired be used, and notes it; see [`expired`](Self::expired).
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.trusted.be_lenient();
        self
    }

    /// What was used although it expired, and when it did.
    pub fn expired(&self) -> Option<&(String, UnixTime)> {
        self.trusted.expired()
    }

    /// When the first of what is believed expires.
    pub fn expires(&self) -> UnixTime {
        self.trusted.expires()
    }

    /// The root that is believed now, as it came.
    pub fn root(&self) -> &[u8] {
        &self.root
    }

    /// Whether a root is one of those that were believed one after the other, byte for byte.
    pub fn has_passed(&self, root: &[u8]) -> bool {
        self.passed.contains(&sha256(root))
    }

    /// Whether a timestamp that the root's keys signed is newer than the one that is believed.
    pub fn is_overtaken_by(&self, timestamp: &[u8]) -> bool {
        self.trusted.version_of_timestamp(timestamp) > self.trusted.timestamp_version()
    }

    /// Believes what is stored, if it is whole and holds, without asking anybody.
    ///
    /// # Errors
    /// It is not.
    pub fn load(&mut self) -> Result<(), Error> {
        self.trusted.check_root()?;
        let load = |file: &str, limit| {
            self.store.load(file, limit).ok_or_else(|| Error::Missing { name: file.to_owned() })
        };
        let timestamp = load("timestamp.json", MAX_TIMESTAMP)?;
        let (snapshot, targets) = (load("snapshot.json", MAX_SNAPSHOT)?, load("targets.json", MAX_TARGETS)?);
        self.trusted.update_timestamp(&timestamp)?;
        self.trusted.update_snapshot(&snapshot)?;
        self.trusted.update_targets(&targets)
    }

    /// Believes what the repository says now.
    ///
    /// # Errors
    /// It cannot be fetched or does not hold. What did hold before the trouble is kept.
    pub async fn refresh(&mut self) -> Result<(), Error> {
        self.roots().await?;
        self.trusted.check_root()?;
        self.timestamp().await?;
        self.snapshot().await?;
        self.targets().await
    }

    /// Section 5.3: roots, one after the other, each vouched for by the one before.
    async fn roots(&mut self) -> Result<(), Error> {
        // Programs that find no root in the store have nothing to begin with.
        if self.store.load("root.json", MAX_ROOT).as_ref() != Some(&self.root) {
            self.keep("root.json", &self.root);
        }
        for _ in 0..MAX_ROOTS {
            let file = format!("{}.root.json", self.trusted.root().version.saturating_add(1));
            let Some(bytes) = self.optional(&file, MAX_ROOT).await? else { return Ok(()) };
            self.trusted.update_root(&bytes)?;
            self.keep("root.json", &bytes);
            self.passed.push(sha256(&bytes));
            self.root = bytes;
        }
        Err(Error::TooMany { what: "roots one after the other", limit: MAX_ROOTS })
    }

    async fn timestamp(&mut self) -> Result<(), Error> {
        let file = "timestamp.json";
        if let Some(stored) = self.store.load(file, MAX_TIMESTAMP) {
            // One that the root's keys did not sign says nothing: keys are changed in order to get rid of it.
            let _ = self.trusted.remember_timestamp(&stored);
        }
        let bytes = self.required(file, MAX_TIMESTAMP).await?;
        if self.trusted.update_timestamp(&bytes)? == News::New {
            // Others may have been faster: their version must not get lost.
            let stored = self.store.load(file, MAX_TIMESTAMP);
            let stored = stored.and_then(|stored| self.trusted.version_of_timestamp(&stored));
            self.overtaken = stored > self.trusted.timestamp_version();
            self.keep(file, &bytes);
        }
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<(), Error> {
        self.trusted.check_timestamp()?;
        if let Some(stored) = self.store.load("snapshot.json", MAX_SNAPSHOT) {
            let _ = self.trusted.remember_snapshot(&stored);
            let pin = self.trusted.snapshot_pin()?;
            if pin.check("snapshot.json", &stored).is_ok() && self.trusted.check_snapshot().is_ok() {
                return Ok(());
            }
        }
        let pin = self.trusted.snapshot_pin()?;
        let (file, limit) = (self.versioned("snapshot.json", pin.version), limit(pin.length, MAX_SNAPSHOT));
        let bytes = self.required(&file, limit).await?;
        self.trusted.update_snapshot(&bytes)?;
        self.keep("snapshot.json", &bytes);
        Ok(())
    }

    async fn targets(&mut self) -> Result<(), Error> {
        let file = "targets.json";
        if let Some(stored) = self.store.load(file, MAX_TARGETS)
            && self.trusted.update_targets(&stored).is_ok()
        {
            return Ok(());
        }
        let bytes = self.role("targets").await?;
        self.trusted.update_targets(&bytes)?;
        self.keep(file, &bytes);
        Ok(())
    }

    /// The metadata of a role, from the repository.
    async fn role(&self, role: &str) -> Result<Vec<u8>, Error> {
        let pin = self.trusted.targets_pin(role)?;
        let file = self.versioned(&format!("{}.json", escaped(role)), pin.version);
        self.required(&file, limit(pin.length, MAX_TARGETS)).await
    }

    /// Finds a target and returns its bytes: those that are stored where they are the right ones, else those of the repository,
    /// which are stored.
    ///
    /// # Errors
    /// Nobody who may speak for it offers it; it cannot be fetched, or is not what was announced.
    pub async fn target(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        check_name(name)?;
        self.trusted.check_all()?;
        let target = self.find(name).await?;
        if target.length > MAX_TARGET {
            let reason = format!("it has {} bytes, and {MAX_TARGET} are the most here", target.length);
            return Err(Error::Mismatch { name: name.to_owned(), reason });
        }
        let stored = format!("targets/{}", escaped(name));
        if let Some(bytes) = self.store.load(&stored, target.length)
            && check_target(name, &target, &bytes).is_ok()
        {
            return Ok(bytes);
        }
        let path = match (self.trusted.root().consistent_snapshot, name.rsplit_once('/')) {
            (false, _) => name.to_owned(),
            (true, Some((folder, file))) => format!("{folder}/{}.{file}", target.hashes.prefix()),
            (true, None) => format!("{}.{name}", target.hashes.prefix()),
        };
        let bytes = self.source.target(&path, target.length).await;
        let bytes = bytes.map_err(|source| Error::Fetch { name: name.to_owned(), source })?;
        let bytes = bytes.ok_or_else(|| Error::Missing { name: name.to_owned() })?;
        check_target(name, &target, &bytes)?;
        self.keep(&stored, &bytes);
        Ok(bytes)
    }

    /// Names of the top-level targets that were marked for a use, in order, with their status; see [`super::metadata::Custom`].
    pub fn targets_of_use(&self, usage: &str) -> Vec<(String, String)> {
        let marked = |(name, target): (&String, &Target)| {
            let custom = target.sigstore.as_ref().filter(|custom| custom.usage == usage)?;
            Some((name.clone(), custom.status.clone()))
        };
        self.trusted.all_targets().filter_map(marked).collect()
    }

    /// Section 5.6.7: depth first, in the order of the delegations; a terminating one is the last.
    async fn find(&mut self, name: &str) -> Result<Target, Error> {
        let mut waiting: Vec<(String, Option<Delegation>)> = vec![("targets".to_owned(), None)];
        let mut visited = BTreeSet::new();
        while let Some((from, delegation)) = waiting.pop() {
            let role = delegation.as_ref().map_or("targets", |delegation| &delegation.name).to_owned();
            if visited.contains(&role) {
                continue;
            }
            if visited.len() == MAX_ROLES {
                return Err(Error::TooMany { what: "roles to ask for one target", limit: MAX_ROLES });
            }
            if let Some(delegation) = &delegation {
                self.delegated(&from, delegation).await?;
            }
            if let Some(target) = self.trusted.target(&role, name) {
                return Ok(target.clone());
            }
            let mut next = Vec::new();
            for delegation in self.trusted.delegations(&role, name) {
                let last = delegation.terminating;
                next.push((role.clone(), Some(delegation)));
                if last {
                    waiting.clear();
                    break;
                }
            }
            waiting.extend(next.into_iter().rev());
            visited.insert(role);
        }
        Err(Error::NoTarget { name: name.to_owned() })
    }

    /// Gets hold of the metadata of a delegated role, as `from` delegates to it.
    async fn delegated(&mut self, from: &str, delegation: &Delegation) -> Result<(), Error> {
        if self.trusted.is_delegated(from, delegation)? {
            return Ok(());
        }
        let file = format!("{}.json", escaped(&delegation.name));
        if let Some(stored) = self.store.load(&file, MAX_TARGETS)
            && self.trusted.update_delegated(from, delegation, &stored).is_ok()
        {
            return Ok(());
        }
        let bytes = self.role(&delegation.name).await?;
        self.trusted.update_delegated(from, delegation, &bytes)?;
        self.keep(&file, &bytes);
        Ok(())
    }

    fn keep(&self, file: &str, bytes: &[u8]) {
        if !self.overtaken {
            self.store.store(file, bytes);
        }
    }

    fn versioned(&self, file: &str, version: u64) -> String {
        if self.trusted.root().consistent_snapshot { format!("{version}.{file}") } else { file.to_owned() }
    }

    async fn optional(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let fetched = self.source.metadata(file, limit).await;
        fetched.map_err(|source| Error::Fetch { name: file.to_owned(), source })
    }

    async fn required(&self, file: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.optional(file, limit).await?.ok_or_else(|| Error::Missing { name: file.to_owned() })
    }
}

/// What is announced, where it is less than what is fetched at most.
fn limit(announced: Option<u64>, most: u64) -> u64 {
    announced.map_or(most, |announced| announced.min(most))
}

fn check_target(name: &str, target: &Target, bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() as u64 != target.length {
        let reason = format!("it has {} bytes, and {} were announced", bytes.len(), target.length);
        return Err(Error::Mismatch { name: name.to_owned(), reason });
    }
    target.hashes.check(name, bytes)
}

/// Names that could lead out of a folder on any system (CVE-2026-24137). Slashes are escaped in names of files, and yet.
fn check_name(name: &str) -> Result<(), Error> {
    let parts_are_names = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if parts_are_names && !name.contains(['\\', ':']) && !name.contains(char::is_control) {
        return Ok(());
    }
    Err(Error::Name { name: name.to_owned() })
}

/// A role's or a target's name as the name of a file and a part of an address: whatever is not a letter, a digit or one of
/// `-._~` is escaped (RFC 3986 section 2.1).
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
