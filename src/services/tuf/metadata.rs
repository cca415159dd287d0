//! The four kinds of TUF metadata (specification section 4): what they say, and the bytes that are signed.

use std::collections::BTreeMap;

use super::Error;
use super::delegation::Delegations;
use super::key::{Keys, RoleKeys, Signature};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Node, UnixTime, json};

const WHAT: &str = "TUF metadata";
/// The most signatures of a document.
const MAX_SIGNATURES: usize = 1024;
/// The most documents that a snapshot lists, and the most targets of a role.
const MAX_ENTRIES: usize = 20_000;
/// The most digests of one thing.
const MAX_HASHES: usize = 16;

/// A document that was read, and not judged yet.
#[derive(Debug, Clone)]
pub(super) struct Document<T> {
    pub signed: T,
    /// The bytes that the signatures are over.
    message: Vec<u8>,
    signatures: Vec<Signature>,
}

/// What every kind of metadata has.
pub(super) trait Kind: Sized {
    /// What `_type` says.
    const TYPE: &'static str;
    /// Reads what is signed.
    fn of(signed: &Node<'_>) -> Result<Self, DecodeError>;
    /// The version.
    fn version(&self) -> u64;
}

/// Names and versions of whatever is next (sections 4.4 and 4.5).
#[derive(Debug, Clone)]
pub(super) struct Pin {
    pub version: u64,
    pub length: Option<u64>,
    pub hashes: Option<Hashes>,
}

/// Digests of one thing. Those by algorithms that are not known here are passed over; one has to be known.
#[derive(Debug, Clone)]
pub(super) struct Hashes(Vec<Digest>);

/// Section 4.3.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub version: u64,
    pub expires: UnixTime,
    pub consistent_snapshot: bool,
    pub keys: Keys,
    pub root: RoleKeys,
    pub timestamp: RoleKeys,
    pub snapshot: RoleKeys,
    pub targets: RoleKeys,
}

/// Section 4.6.
#[derive(Debug, Clone)]
pub(super) struct Timestamp {
    pub version: u64,
    pub expires: UnixTime,
    pub snapshot: Pin,
}

/// Section 4.4.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub version: u64,
    pub expires: UnixTime,
    /// By the name of the file, such as `targets.json`.
    pub meta: BTreeMap<String, Pin>,
}

/// Section 4.5.
#[derive(Debug, Clone)]
pub(super) struct Targets {
    pub version: u64,
    pub expires: UnixTime,
    pub targets: BTreeMap<String, Target>,
    pub delegations: Option<Delegations>,
}

/// A file that the repository offers.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub length: u64,
    pub hashes: Hashes,
    /// What Sigstore's repositories say of a file that is no trusted root.
    pub sigstore: Option<Custom>,
}

/// `custom.sigstore` of a target, in repositories older than `trusted_root.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Custom {
    /// `Fulcio`, `Rekor`, `CTFE`, `TSA`.
    pub usage: String,
    /// `Active`, `Expired`.
    pub status: String,
}

impl<T: Kind> Document<T> {
    /// Reads a document; `name` is its file.
    ///
    /// # Errors
    /// Not what it should be.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self, Error> {
        Self::read(text).map_err(|source| Error::Malformed { name: name.to_owned(), source })
    }

    fn read(text: &[u8]) -> Result<Self, DecodeError> {
        let value = json::parse(WHAT, text)?;
        let document = Node::root(WHAT, &value);
        let signed = document.member("signed")?;
        let kind = signed.member("_type")?;
        if kind.text()? != T::TYPE {
            return Err(kind.error(format!("is not `{}`", T::TYPE)));
        }
        let specification = signed.member("spec_version")?;
        if specification.text()?.split('.').next() != Some("1") {
            return Err(specification.error("is not of version 1 of the specification"));
        }
        let mut signatures = Vec::new();
        for node in document.member("signatures")?.items(MAX_SIGNATURES)? {
            let (key_id, signature) = (node.member("keyid")?.text()?, node.member("sig")?.text()?);
            signatures.push(Signature { key_id: key_id.to_owned(), signature: signature.to_owned() });
        }
        let message = json::olpc(signed.value())
            .ok_or_else(|| signed.error("has a number that is no integer, which has no canonical form"))?;
        Ok(Self { signed: T::of(&signed)?, message, signatures })
    }

    /// Compares the signatures with who may sign.
    ///
    /// # Errors
    /// Too few of them signed.
    pub fn verify(&self, name: &str, keys: &Keys, role: &RoleKeys) -> Result<(), Error> {
        let found = keys.signers(role, &self.message, &self.signatures);
        if found < role.threshold {
            return Err(Error::Threshold { name: name.to_owned(), found, threshold: role.threshold });
        }
        Ok(())
    }
}

impl Pin {
    fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let hashes = node.optional("hashes")?.map(|hashes| Hashes::of(&hashes)).transpose()?;
        let length = node.optional("length")?.map(|length| number(&length)).transpose()?;
        Ok(Self { version: positive(&node.member("version")?)?, length, hashes })
    }

    /// Compares the bytes with what is pinned, as far as it is.
    ///
    /// # Errors
    /// They differ.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        if let Some(length) = self.length.filter(|length| *length != bytes.len() as u64) {
            let reason = format!("it has {} bytes, and {length} were announced", bytes.len());
            return Err(Error::Mismatch { name: name.to_owned(), reason });
        }
        self.hashes.as_ref().map_or(Ok(()), |hashes| hashes.check(name, bytes))
    }
}

impl Hashes {
    fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let mut known = Vec::new();
        for (name, node) in node.members(MAX_HASHES)? {
            let algorithm = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];
            if let Some(algorithm) = algorithm.into_iter().find(|algorithm| algorithm.name() == name) {
                let digest = Digest::from_hex(algorithm, &node.text()?.to_ascii_lowercase());
                known.push(digest.map_err(|error| node.error(error.reason))?);
            }
        }
        if known.is_empty() {
            return Err(node.error("names no digest by an algorithm that is known here"));
        }
        Ok(Self(known))
    }

    /// Compares the bytes with every digest.
    ///
    /// # Errors
    /// One differs.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match self.0.iter().find(|digest| digest.algorithm().digest(bytes) != **digest) {
            None => Ok(()),
            Some(digest) => {
                let reason = format!("its digest is not {digest}");
                Err(Error::Mismatch { name: name.to_owned(), reason })
            }
        }
    }

    /// The digest that a name begins with where names do.
    pub fn prefix(&self) -> String {
        self.0.first().map(Digest::hex).unwrap_or_default()
    }
}

impl Kind for Root {
    const TYPE: &'static str = "root";

    fn of(signed: &Node<'_>) -> Result<Self, DecodeError> {
        let consistent_snapshot = match signed.optional("consistent_snapshot")? {
            None => false,
            Some(node) => node.value().as_bool().ok_or_else(|| node.error("is not true or false"))?,
        };
        let roles = signed.member("roles")?;
        let role = |name: &str| RoleKeys::of(&roles.member(name)?);
        Ok(Self {
            version: positive(&signed.member("version")?)?,
            expires: time(&signed.member("expires")?)?,
            consistent_snapshot,
            keys: Keys::of(&signed.member("keys")?)?,
            root: role("root")?,
            timestamp: role("timestamp")?,
            snapshot: role("snapshot")?,
            targets: role("targets")?,
        })
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Kind for Timestamp {
    const TYPE: &'static str = "timestamp";

    fn of(signed: &Node<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: positive(&signed.member("version")?)?,
            expires: time(&signed.member("expires")?)?,
            snapshot: Pin::of(&signed.member("meta")?.member("snapshot.json")?)?,
        })
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Kind for Snapshot {
    const TYPE: &'static str = "snapshot";

    fn of(signed: &Node<'_>) -> Result<Self, DecodeError> {
        let mut meta = BTreeMap::new();
        for (name, node) in signed.member("meta")?.members(MAX_ENTRIES)? {
            meta.insert(name.to_owned(), Pin::of(&node)?);
        }
        Ok(Self {
            version: positive(&signed.member("version")?)?,
            expires: time(&signed.member("expires")?)?,
            meta,
        })
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Kind for Targets {
    const TYPE: &'static str = "targets";

    fn of(signed: &Node<'_>) -> Result<Self, DecodeError> {
        let mut targets = BTreeMap::new();
        for (name, node) in signed.member("targets")?.members(MAX_ENTRIES)? {
            targets.insert(name.to_owned(), target(&node)?);
        }
        let delegations = signed.optional("delegations")?;
        Ok(Self {
            version: positive(&signed.member("version")?)?,
            expires: time(&signed.member("expires")?)?,
            targets,
            delegations: delegations.map(|node| Delegations::of(&node)).transpose()?,
        })
    }

    fn version(&self) -> u64 {
        self.version
    }
}

fn target(node: &Node<'_>) -> Result<Target, DecodeError> {
    Ok(Target {
        length: number(&node.member("length")?)?,
        hashes: Hashes::of(&node.member("hashes")?)?,
        sigstore: custom(node),
    })
}

/// What others put there is no business of ours, whatever its form.
fn custom(target: &Node<'_>) -> Option<Custom> {
    let sigstore = target.optional("custom").ok()??.optional("sigstore").ok()??;
    let text = |name| Some(sigstore.optional(name).ok()??.text().ok()?.to_owned());
    Some(Custom { usage: text("usage")?, status: text("status").unwrap_or_default() })
}

fn number(node: &Node<'_>) -> Result<u64, DecodeError> {
    node.value().as_u64().ok_or_else(|| node.error("is not an integer, 0 at least"))
}

fn positive(node: &Node<'_>) -> Result<u64, DecodeError> {
    node.value().as_u64().filter(|n| *n > 0).ok_or_else(|| node.error("is not an integer, 1 at least"))
}

fn time(node: &Node<'_>) -> Result<UnixTime, DecodeError> {
    UnixTime::parse_rfc3339(node.text()?).map_err(|error| node.error(error.reason))
}
