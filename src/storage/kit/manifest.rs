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
        let firsts = firsts(pieces, planned);
        let first = |i: usize| key(i).and_then(|key| firsts.get(&key));
        order.sort_by_key(|i| {
            pieces.get(*i).map(|p| (p.role, &p.name, first(*i).map(|first| first.place), &p.sha256))
        });
        let mut numbers = vec![1; pieces.len()];
        let mut taken: BTreeMap<Role, BTreeSet<String>> = BTreeMap::new();
        let mut members: Vec<(Member, usize)> = Vec::new();
        let mut paths = vec![String::new(); pieces.len()];
        for i in order {
            let Some(piece) = pieces.get(i) else { continue };
            let number;
            let path = match members.last() {
                Some((last, same)) if key(*same) == key(i) => {
                    number = numbers.get(*same).copied().unwrap_or(1);
                    last.path.clone()
                }
                _ => {
                    let taken = taken.entry(piece.role).or_default();
                    // Artifacts come first, so that the bundles can have their numbers.
                    let wanted = match first(i) {
                        Some(First { file: Some(file), .. }) => numbers.get(*file).copied().unwrap_or(1),
                        Some(First { file: None, number, .. }) => *number,
                        None => 1,
                    };
                    let name;
                    (name, number) = names::free(&names::portable(&piece.name), wanted, taken);
                    let path = format!("{}/{name}", piece.role.folder());
                    members.push((Member { path: path.clone(), piece: piece.clone() }, i));
                    path
                }
            };
            if let (Some(slot), Some(its)) = (paths.get_mut(i), numbers.get_mut(i)) {
                (*slot, *its) = (path, number);
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

    /// What the file of an artifact without bytes is called in a folder: its name, with a number where artifacts before it
    /// have the same.
    pub fn file_name(&self, artifact: &KitArtifact) -> String {
        let without = self.artifacts.iter().filter(|artifact| artifact.file.is_none());
        let names = names::told_apart(without.clone().map(|artifact| artifact.name.as_str()));
        let found = without.zip(names).find(|(known, _)| *known == artifact);
        found.map_or_else(|| artifact.name.clone(), |(_, (name, _))| name)
    }

    /// The member at a path.
    pub fn at(&self, path: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.path == path)
    }
}

/// Of a bundle: the first artifact that it is of.
struct First {
    /// Its place among all artifacts, by name and digests.
    place: usize,
    /// The piece with its bytes.
    file: Option<usize>,
    /// The number that its name has without bytes.
    number: u32,
}

/// The first artifact of each bundle, which is told by role, name and digest.
fn firsts<'a>(pieces: &'a [Piece], planned: &[Planned]) -> BTreeMap<(Role, &'a String, &'a Digest), First> {
    let mut sorted: Vec<(&str, Vec<Digest>, &Planned)> =
        planned.iter().map(|p| (p.name.as_str(), in_order(&p.digests), p)).collect();
    sorted.sort_by(|(a, b, _), (c, d, _)| (a, b).cmp(&(c, d)));
    let without = sorted.iter().filter(|(.., p)| p.file.is_none());
    let without: BTreeSet<(&str, &Vec<Digest>)> =
        without.map(|(name, digests, _)| (*name, digests)).collect();
    let numbers = names::told_apart(without.iter().map(|(name, _)| *name));
    let numbers: BTreeMap<_, u32> =
        without.iter().zip(numbers).map(|(id, (_, number))| (*id, number)).collect();
    let mut firsts = BTreeMap::new();
    for (place, (name, digests, planned)) in sorted.iter().enumerate() {
        for piece in planned.bundles.iter().filter_map(|bundle| pieces.get(*bundle)) {
            let number = numbers.get(&(*name, digests)).copied().unwrap_or(1);
            let key = (piece.role, &piece.name, &piece.sha256);
            firsts.entry(key).or_insert(First { place, file: planned.file, number });
        }
    }
    firsts
}

fn in_order(digests: &Digests) -> Vec<Digest> {
    let mut digests: Vec<Digest> = digests.iter().cloned().collect();
    digests.sort_by_key(|digest| digest.algorithm());
    digests
}

/// Artifacts in order; those that are the same but for their bundles are one.
fn artifacts(planned: &[Planned], paths: &[String]) -> Vec<KitArtifact> {
    let mut merged: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let path = |i: usize| paths.get(i).cloned().unwrap_or_default();
    for Planned { name, digests, file, bundles } in planned {
        let key = (name.clone(), file.map(path), in_order(digests));
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
