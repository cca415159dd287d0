//! The manifest: every member of the archive, and which bundles belong to which artifact.
//!
//! It has one form. Paths and order follow from names and digests, so that the same files give the same bytes, and a manifest
//! that is read is made again from its facts and compared: what it could hide in its form does not exist.

mod check;
mod json;

pub(super) use json::MAX_MANIFEST;

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use crate::crypto::{DecodeError, Digest, Digests};

/// Name and version of the format.
pub const KIT_SCHEMA: &str = "rcosign-kit/v1";

/// What a member is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A file that was signed.
    Artifact,
    /// A signature with its proofs.
    Bundle,
    /// A public key.
    PublicKey,
    /// A trusted root.
    TrustedRoot,
}

impl Role {
    /// All roles, in the order of their folders.
    pub const ALL: [Self; 4] = [Self::Artifact, Self::Bundle, Self::PublicKey, Self::TrustedRoot];

    /// As the manifest spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Bundle => "bundle",
            Self::PublicKey => "public-key",
            Self::TrustedRoot => "trusted-root",
        }
    }

    /// The folder of its members. In the order of the roles.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Artifact => "artifacts",
            Self::Bundle => "bundles",
            Self::PublicKey => "keys",
            Self::TrustedRoot => "trust",
        }
    }

    /// The largest member, in bytes.
    pub fn limit(self) -> u64 {
        match self {
            // The eleven octal digits of a ustar header.
            Self::Artifact => (8 << 30) - 1,
            Self::Bundle => 256 << 20,
            Self::PublicKey => 1 << 20,
            Self::TrustedRoot => 4 << 20,
        }
    }
}

/// A file that goes into a kit, or came out of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is for.
    pub role: Role,
    /// Its name as the user had it: data for people, never a path.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// A member of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path in the archive, and below the folder that it is unpacked into.
    pub path: String,
    /// What it is.
    pub piece: Piece,
}

/// An artifact on its way into a manifest: its pieces by their positions.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its digests, at least one.
    pub digests: Digests,
    /// The piece with its bytes; `None` leaves them out.
    pub file: Option<usize>,
    /// The pieces with its signatures.
    pub bundles: Vec<usize>,
}

/// An artifact of a kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitArtifact {
    /// Its name as the user had it: data for people, never a path.
    pub name: String,
    /// Its digests, shortest first; at least one.
    pub digests: Vec<Digest>,
    /// The path of its bytes, where the kit has them.
    pub file: Option<String>,
    /// The paths of its bundles, in order; at least one.
    pub bundles: Vec<String>,
}

/// What a kit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    members: Vec<Member>,
    artifacts: Vec<KitArtifact>,
}

impl Manifest {
    /// The manifest of these pieces, and for each of its members the position of the piece that it is. Pieces that are the
    /// same by role, name and content become one member.
    ///
    /// # Errors
    /// Too many or too large pieces; no artifact, an artifact without a bundle, a bundle or a file that belongs to none, two
    /// trusted roots.
    pub fn new(pieces: &[Piece], planned: &[Planned]) -> Result<(Self, Vec<usize>), DecodeError> {
        let mut order: Vec<usize> = (0..pieces.len()).collect();
        let key = |i: usize| pieces.get(i).map(|p| (p.role, &p.name, &p.sha256));
        order.sort_by_key(|i| key(*i));
        let mut taken: BTreeMap<Role, BTreeSet<String>> = BTreeMap::new();
        let mut members: Vec<(Member, usize)> = Vec::new();
        let mut paths = vec![String::new(); pieces.len()];
        for i in order {
            let Some(piece) = pieces.get(i) else { continue };
            let path = match members.last() {
                Some((last, same)) if key(*same) == key(i) => last.path.clone(),
                _ => {
                    let taken = taken.entry(piece.role).or_default();
                    let name = names::free(&names::portable(&piece.name), taken);
                    let path = format!("{}/{name}", piece.role.folder());
                    members.push((Member { path: path.clone(), piece: piece.clone() }, i));
                    path
                }
            };
            if let Some(slot) = paths.get_mut(i) {
                *slot = path;
            }
        }
        members.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        let (members, sources) = members.into_iter().unzip();
        let manifest = Self { members, artifacts: artifacts(planned, &paths) };
        check::check(&manifest)?;
        Ok((manifest, sources))
    }

    /// The members, by path.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The artifacts, by name.
    pub fn artifacts(&self) -> &[KitArtifact] {
        &self.artifacts
    }

    /// The members of one role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.piece.role == role)
    }

    /// The artifacts whose bytes are the member at a path.
    pub fn with_file<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a KitArtifact> {
        self.artifacts.iter().filter(move |artifact| artifact.file.as_deref() == Some(path))
    }

    /// The member at a path.
    pub fn at(&self, path: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.path == path)
    }
}

/// Artifacts in order; those that are the same but for their bundles are one.
fn artifacts(planned: &[Planned], paths: &[String]) -> Vec<KitArtifact> {
    let mut merged: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let path = |i: usize| paths.get(i).cloned().unwrap_or_default();
    for Planned { name, digests, file, bundles } in planned {
        let mut digests: Vec<Digest> = digests.iter().cloned().collect();
        digests.sort_by_key(|digest| digest.algorithm());
        let key = (name.clone(), file.map(path), digests);
        merged.entry(key).or_default().extend(bundles.iter().map(|bundle| path(*bundle)));
    }
    let artifact = |((name, file, digests), bundles): (_, BTreeSet<String>)| KitArtifact {
        name,
        digests,
        file,
        bundles: bundles.into_iter().collect(),
    };
    merged.into_iter().map(artifact).collect()
}
