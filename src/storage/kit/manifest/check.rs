//! What holds for every manifest, written or read.

use std::collections::BTreeSet;

use super::{KitArtifact, Manifest, Role};
use crate::crypto::{DecodeError, Digest, HashAlgorithm};
use crate::storage::kit::WHAT;

/// The most members.
pub(super) const MAX_MEMBERS: usize = 1024;
/// The most bundles of one artifact.
pub(super) const MAX_BUNDLES: usize = 64;
/// The longest name in bytes.
const MAX_NAME: usize = 1024;
/// The bundles of all artifacts, each counted for every artifact that it is of, in bytes: what verification has to read.
const MAX_JUDGED: u64 = 8 << 30;
/// All members together, in bytes.
const MAX_TOTAL: u64 = 1 << 40;

/// Judges what follows from no other rule.
pub(super) fn check(manifest: &Manifest) -> Result<(), DecodeError> {
    let over = |at: &str, reason: String| Err(DecodeError::new(WHAT, at, reason).over_limit());
    let (members, artifacts) = (&manifest.members, &manifest.artifacts);
    for (what, count) in [("members", members.len()), ("artifacts", artifacts.len())] {
        if count > MAX_MEMBERS {
            return over("", format!("{count} {what}, the limit is {MAX_MEMBERS}"));
        }
    }
    for member in members {
        let (role, size) = (member.piece.role, member.piece.size);
        if size > role.limit() {
            let limit = role.limit();
            return over(&member.path, format!("{size} bytes, the limit of a member of its role is {limit}"));
        }
    }
    let total: u64 = members.iter().map(|member| member.piece.size).fold(0, u64::saturating_add);
    if total > MAX_TOTAL {
        return over("", format!("{total} bytes in all, the limit is {MAX_TOTAL}"));
    }
    let mut names = members.iter().map(|m| &m.piece.name).chain(artifacts.iter().map(|a| &a.name));
    if let Some(name) = names.find(|name| name.len() > MAX_NAME) {
        return over("", format!("a name of {} bytes, the limit is {MAX_NAME}", name.len()));
    }
    if artifacts.is_empty() {
        return Err(DecodeError::whole(WHAT, "it has no artifact"));
    }
    artifacts.iter().try_for_each(|artifact| of_artifact(artifact, manifest))?;
    let bundles = artifacts.iter().flat_map(|artifact| &artifact.bundles);
    let sizes = bundles.filter_map(|path| manifest.at(path)).map(|member| member.piece.size);
    let judged = sizes.fold(0, u64::saturating_add);
    if judged > MAX_JUDGED {
        return over("", format!("{judged} bytes of bundles for all artifacts, the limit is {MAX_JUDGED}"));
    }
    if manifest.of(Role::TrustedRoot).count() > 1 {
        return Err(DecodeError::whole(WHAT, "it has more than one trusted root"));
    }
    let used: BTreeSet<&str> =
        artifacts.iter().flat_map(|a| a.bundles.iter().chain(&a.file)).map(String::as_str).collect();
    let owned = |role| matches!(role, Role::Artifact | Role::Bundle);
    match members.iter().find(|m| owned(m.piece.role) && !used.contains(m.path.as_str())) {
        Some(member) => Err(DecodeError::new(WHAT, &member.path, "it belongs to no artifact")),
        None => Ok(()),
    }
}

fn of_artifact(artifact: &KitArtifact, manifest: &Manifest) -> Result<(), DecodeError> {
    let error = |reason: &str| Err(DecodeError::new(WHAT, format!("artifact `{}`", artifact.name), reason));
    let role = |path: &str| manifest.at(path).map(|member| member.piece.role);
    if artifact.digests.is_empty() {
        return error("it has no digest");
    }
    if artifact.bundles.is_empty() {
        return error("it has no bundle");
    }
    if artifact.bundles.len() > MAX_BUNDLES {
        let reason = format!("{} bundles, the limit is {MAX_BUNDLES}", artifact.bundles.len());
        return Err(DecodeError::new(WHAT, format!("artifact `{}`", artifact.name), reason).over_limit());
    }
    if artifact.bundles.iter().any(|path| role(path) != Some(Role::Bundle)) {
        return error("what it names as its bundle is none");
    }
    let Some(path) = &artifact.file else {
        return match Digest::parse(&artifact.name.to_ascii_lowercase()) {
            Ok(name) if !artifact.digests.contains(&name) => error("its name is the digest of another one"),
            _ => Ok(()),
        };
    };
    let Some(member) = manifest.at(path).filter(|member| member.piece.role == Role::Artifact) else {
        return error("what it names as its file is none");
    };
    let sha256 = artifact.digests.iter().find(|digest| digest.algorithm() == HashAlgorithm::Sha256);
    if sha256 != Some(&member.piece.sha256) || member.piece.name != artifact.name {
        return error("its file is another one by name or digest");
    }
    Ok(())
}
