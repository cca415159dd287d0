//! What is believed of a repository (specification section 5.3 to 5.7): every document is judged here, wherever its bytes come
//! from. Pure.

use std::collections::BTreeMap;

use super::Error;
use super::delegation::Delegation;
use super::metadata::{Document, Kind, Pin, Root, Snapshot, Target, Targets, Timestamp};
use crate::crypto::UnixTime;

/// Documents that hold.
#[derive(Debug, Clone)]
pub(super) struct Trusted {
    now: UnixTime,
    /// Whether what expired may be used: it is noted then.
    lenient: bool,
    expired: Option<(String, UnixTime)>,
    root: Root,
    timestamp: Option<Timestamp>,
    snapshot: Option<Snapshot>,
    /// By the name of the role.
    targets: BTreeMap<String, Document<Targets>>,
}

/// What became of a new timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// It is believed now.
    New,
    /// It has the version of the one before, which stays.
    Same,
}

impl Trusted {
    /// Begins with a root that somebody vouches for.
    ///
    /// # Errors
    /// It is malformed, or not signed by its own keys.
    pub fn begin(root: &[u8], now: UnixTime) -> Result<Self, Error> {
        let document = Document::<Root>::parse("root.json", root)?;
        document.verify("root.json", &document.signed.keys, &document.signed.root)?;
        Ok(Self {
            now,
            lenient: false,
            expired: None,
            root: document.signed,
            timestamp: None,
            snapshot: None,
            targets: BTreeMap::new(),
        })
    }

    /// Lets what expired be used from here on.
    pub fn be_lenient(&mut self) {
        self.lenient = true;
    }

    /// What was used although it expired: the one that expired first.
    pub fn expired(&self) -> Option<&(String, UnixTime)> {
        self.expired.as_ref()
    }

    pub fn root(&self) -> &Root {
        &self.root
    }

    /// When the first of what is believed will expire.
    pub fn expires(&self) -> UnixTime {
        let targets = self.targets.values().map(|document| document.signed.expires);
        let others = [self.timestamp.as_ref().map(|t| t.expires), self.snapshot.as_ref().map(|s| s.expires)];
        targets.chain(others.into_iter().flatten()).fold(self.root.expires, UnixTime::min)
    }

    /// Section 5.3: the root that comes next, signed by those who sign the one before and by those who sign it.
    pub fn update_root(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let next = self.root.version.saturating_add(1);
        let name = format!("{next}.root.json");
        let document = Document::<Root>::parse(&name, bytes)?;
        document.verify(&name, &self.root.keys, &self.root.root)?;
        document.verify(&name, &document.signed.keys, &document.signed.root)?;
        if document.signed.version != next {
            let reason = format!("it is of version {}", document.signed.version);
            return Err(Error::Mismatch { name, reason });
        }
        self.root = document.signed;
        Ok(())
    }

    /// Section 5.3.10: the last root is to be used only before it expires.
    pub fn check_root(&mut self) -> Result<(), Error> {
        let expires = self.root.expires;
        self.fresh("root.json", expires)
    }

    /// The timestamp that was stored, which may have expired: no older one is accepted.
    pub fn remember_timestamp(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let document = self.timestamp_of(bytes)?;
        self.timestamp = Some(document);
        Ok(())
    }

    /// Section 5.4: a new timestamp. Nothing changes where it is refused.
    pub fn update_timestamp(&mut self, bytes: &[u8]) -> Result<News, Error> {
        let name = "timestamp.json";
        let new = self.timestamp_of(bytes)?;
        if let Some(old) = &self.timestamp {
            not_older(name, old.version, new.version)?;
            if new.version == old.version {
                self.check_timestamp()?;
                return Ok(News::Same);
            }
            not_older("snapshot.json", old.snapshot.version, new.snapshot.version)?;
        }
        self.fresh(name, new.expires)?;
        self.timestamp = Some(new);
        Ok(News::New)
    }

    fn timestamp_of(&self, bytes: &[u8]) -> Result<Timestamp, Error> {
        let name = "timestamp.json";
        let document = Document::<Timestamp>::parse(name, bytes)?;
        document.verify(name, &self.root.keys, &self.root.timestamp)?;
        Ok(document.signed)
    }

    pub fn timestamp_version(&self) -> Option<u64> {
        self.timestamp.as_ref().map(|timestamp| timestamp.version)
    }

    /// The version of a timestamp that the root's keys signed, whatever else it says.
    pub fn version_of_timestamp(&self, bytes: &[u8]) -> Option<u64> {
        self.timestamp_of(bytes).ok().map(|timestamp| timestamp.version)
    }

    /// That the timestamp is there and did not expire.
    pub fn check_timestamp(&mut self) -> Result<(), Error> {
        let name = "timestamp.json";
        match self.timestamp.as_ref().map(|timestamp| timestamp.expires) {
            Some(expires) => self.fresh(name, expires),
            None => Err(Error::Missing { name: name.to_owned() }),
        }
    }

    /// What the timestamp announces as the snapshot.
    pub fn snapshot_pin(&self) -> Result<&Pin, Error> {
        let missing = || Error::Missing { name: "timestamp.json".to_owned() };
        self.timestamp.as_ref().map(|timestamp| &timestamp.snapshot).ok_or_else(missing)
    }

    /// The snapshot that was stored, which may have expired and be older than the one announced: no older version of anything in
    /// it is accepted.
    pub fn remember_snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.snapshot = Some(self.snapshot_of(bytes)?);
        Ok(())
    }

    /// Section 5.5: the snapshot that the timestamp announces.
    pub fn update_snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let name = "snapshot.json";
        self.check_timestamp()?;
        let pin = self.snapshot_pin()?;
        pin.check(name, bytes)?;
        let new = self.snapshot_of(bytes)?;
        same_version(name, pin.version, new.version)?;
        for (name, old) in self.snapshot.iter().flat_map(|snapshot| &snapshot.meta) {
            match new.meta.get(name) {
                Some(new) => not_older(name, old.version, new.version)?,
                None => {
                    let reason = "`snapshot.json` does not list it any more".to_owned();
                    return Err(Error::Mismatch { name: name.clone(), reason });
                }
            }
        }
        self.fresh(name, new.expires)?;
        self.snapshot = Some(new);
        Ok(())
    }

    fn snapshot_of(&self, bytes: &[u8]) -> Result<Snapshot, Error> {
        let name = "snapshot.json";
        let document = Document::<Snapshot>::parse(name, bytes)?;
        document.verify(name, &self.root.keys, &self.root.snapshot)?;
        Ok(document.signed)
    }

    /// That the snapshot is the one announced, and did not expire.
    pub fn check_snapshot(&mut self) -> Result<(), Error> {
        let name = "snapshot.json";
        let announced = self.snapshot_pin()?.version;
        let Some((version, expires)) = self.snapshot.as_ref().map(|s| (s.version, s.expires)) else {
            return Err(Error::Missing { name: name.to_owned() });
        };
        same_version(name, announced, version)?;
        self.fresh(name, expires)
    }

    /// What the snapshot announces as the metadata of a role.
    pub fn targets_pin(&self, role: &str) -> Result<&Pin, Error> {
        let name = format!("{role}.json");
        let pin = self.snapshot.as_ref().and_then(|snapshot| snapshot.meta.get(&name));
        pin.ok_or_else(|| {
            let reason = "`snapshot.json` does not list it".to_owned();
            Error::Mismatch { name, reason }
        })
    }

    /// Section 5.6: the targets that the snapshot announces, signed by those whom the root names.
    pub fn update_targets(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let document = self.targets_of("targets", bytes)?;
        document.verify("targets.json", &self.root.keys, &self.root.targets)?;
        self.fresh("targets.json", document.signed.expires)?;
        self.targets.insert("targets".to_owned(), document);
        Ok(())
    }

    /// Section 5.6.7: what a role delegates to another one.
    pub fn update_delegated(&mut self, from: &str, to: &Delegation, bytes: &[u8]) -> Result<(), Error> {
        let document = self.targets_of(&to.name, bytes)?;
        self.check_delegated(from, to, &document)?;
        self.targets.insert(to.name.clone(), document);
        Ok(())
    }

    /// Whether the role's metadata is at hand, and is what `from` delegates to: others may delegate to the same name by other
    /// keys.
    pub fn is_delegated(&mut self, from: &str, to: &Delegation) -> Result<bool, Error> {
        let Some(document) = self.targets.get(&to.name).cloned() else { return Ok(false) };
        self.check_delegated(from, to, &document)?;
        Ok(true)
    }

    fn check_delegated(
        &mut self,
        from: &str,
        to: &Delegation,
        document: &Document<Targets>,
    ) -> Result<(), Error> {
        let name = format!("{}.json", to.name);
        let delegator = self.targets.get(from).and_then(|document| document.signed.delegations.as_ref());
        let delegator = delegator.ok_or_else(|| Error::Missing { name: format!("{from}.json") })?;
        document.verify(&name, &delegator.keys, &to.role)?;
        self.fresh(&name, document.signed.expires)
    }

    fn targets_of(&mut self, role: &str, bytes: &[u8]) -> Result<Document<Targets>, Error> {
        self.check_snapshot()?;
        let name = format!("{role}.json");
        let pin = self.targets_pin(role)?;
        pin.check(&name, bytes)?;
        let document = Document::<Targets>::parse(&name, bytes)?;
        same_version(&name, pin.version, document.signed.version())?;
        Ok(document)
    }

    /// What a role says of a target.
    pub fn target(&self, role: &str, name: &str) -> Option<&Target> {
        self.targets.get(role)?.signed.targets.get(name)
    }

    /// Every target of the top-level role.
    pub fn all_targets(&self) -> impl Iterator<Item = (&String, &Target)> {
        self.targets.get("targets").into_iter().flat_map(|document| &document.signed.targets)
    }

    /// Whom a role delegates a target to, in order.
    pub fn delegations(&self, role: &str, target: &str) -> Vec<Delegation> {
        let delegations = self.targets.get(role).and_then(|document| document.signed.delegations.as_ref());
        delegations.map(|delegations| delegations.covering(target)).unwrap_or_default()
    }

    /// That the whole chain above the targets holds now.
    pub fn check_all(&mut self) -> Result<(), Error> {
        self.check_root()?;
        self.check_timestamp()?;
        self.check_snapshot()?;
        match self.targets.get("targets").map(|document| document.signed.expires) {
            Some(expires) => self.fresh("targets.json", expires),
            None => Err(Error::Missing { name: "targets.json".to_owned() }),
        }
    }

    /// Expired is what expires now (section 5.1: the time of the update must be before it).
    fn fresh(&mut self, name: &str, expires: UnixTime) -> Result<(), Error> {
        if self.now < expires {
            return Ok(());
        }
        if !self.lenient {
            return Err(Error::Expired { name: name.to_owned(), expires });
        }
        if self.expired.as_ref().is_none_or(|(_, first)| expires < *first) {
            self.expired = Some((name.to_owned(), expires));
        }
        Ok(())
    }
}

fn not_older(name: &str, trusted: u64, found: u64) -> Result<(), Error> {
    if found < trusted {
        return Err(Error::Rollback { name: name.to_owned(), trusted, found });
    }
    Ok(())
}

fn same_version(name: &str, announced: u64, found: u64) -> Result<(), Error> {
    if found != announced {
        let reason = format!("it is of version {found}, and version {announced} was announced");
        return Err(Error::Mismatch { name: name.to_owned(), reason });
    }
    Ok(())
}
