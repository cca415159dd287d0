//! Does the certificate lead to a trusted authority at every verified time?

use super::{Evidence, ExpectedSigner, Reason, TimeProof, Verifier, Waiver, signer};
use crate::bundle::SignedEntity;
use crate::crypto::UnixTime;
use crate::trust::TrustedRoot;
use crate::x509::Certificate;
use crate::x509::path::{self, Path, PathError, Usage};

/// The signing certificate leads to a trusted authority. Made by [`chain`] alone.
#[derive(Debug, Clone)]
pub struct ChainProof {
    leaf: Certificate,
    path: Path,
    authority: String,
}

impl ChainProof {
    /// The signing certificate.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }
    /// The certificates, leaf first, trusted anchor last.
    pub fn certificates(&self) -> &[Certificate] {
        self.path.certificates()
    }
    /// Its issuer.
    pub fn issuer(&self) -> &Certificate {
        self.path.issuer()
    }
    /// The address of the authority, as the trusted root labels it.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl std::fmt::Display for ChainProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "issued by {} ({})", self.issuer().subject(), self.authority)
    }
}

/// Judges the certificate at each of the times.
pub(super) fn chain(
    entity: &SignedEntity,
    time: &Evidence<TimeProof>,
    verifier: &Verifier<'_>,
) -> Result<Evidence<ChainProof>, Reason> {
    if matches!(verifier.policy.signer, ExpectedSigner::Key(_)) {
        return Ok(Evidence::Waived(Waiver::NotNeeded("the signer was named by a key")));
    }
    let leaf = signer::leaf(entity)?;
    let times = time.proven().ok_or(Reason::NoTime)?;
    let mut proof: Option<ChainProof> = None;
    for verified in times.iter() {
        let found = path_at(leaf, verified.time, verifier.root)?;
        proof.get_or_insert(found);
    }
    proof.map(Evidence::Proven).ok_or(Reason::NoTime)
}

/// A path to an authority that is valid at `time`. The document's own chain plays no part: an intermediate that the
/// trusted root has retired must not come back inside a bundle.
pub(super) fn path_at(leaf: &Certificate, time: UnixTime, root: &TrustedRoot) -> Result<ChainProof, Reason> {
    let mut best: Option<PathError> = None;
    let authorities = root.certificate_authorities.iter();
    for authority in authorities.filter(|a| !a.anchors.is_empty() && a.valid_for.contains(time)) {
        match path::verify(leaf, &authority.intermediates, &authority.anchors, time, Usage::CodeSigning) {
            Ok(path) => return Ok(ChainProof { leaf: leaf.clone(), path, authority: authority.uri.clone() }),
            Err(error) if best.as_ref().is_none_or(|b| error.specificity() > b.specificity()) => {
                best = Some(error)
            }
            Err(_) => {}
        }
    }
    Err(best.map_or(Reason::NoAuthority { time }, Reason::Path))
}

/// Whether there is any time at which the certificate leads to a trusted authority, as long as none is verified. All that has to hold
/// at once begins to do so when the last of it begins.
#[cfg(feature = "http")]
pub(super) fn ever(leaf: &Certificate, root: &TrustedRoot) -> bool {
    let of_root = root.certificate_authorities.iter().flat_map(|authority| {
        let certificates = authority.intermediates.iter().chain(&authority.anchors);
        authority.valid_for.start.into_iter().chain(certificates.map(Certificate::not_before))
    });
    let within = |time: &UnixTime| (leaf.not_before()..=leaf.not_after()).contains(time);
    std::iter::once(leaf.not_before())
        .chain(of_root.filter(within))
        .any(|time| path_at(leaf, time, root).is_ok())
}
