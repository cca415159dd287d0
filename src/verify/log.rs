//! Log entries: about this signature, in a trusted log, made while the log's key was in use.

use super::entry::{Signatory, compare};
use super::evidence::Voices;
use super::{Evidence, ExpectedSigner, Reason, Requirement, TimeProof, VerificationPolicy, Verifier};
use crate::bundle::{BundleVersion, Profile, SignedEntity, VerificationMaterial};
use crate::crypto::{Digest, UnixTime};
use crate::tlog::body::{self, Body};
use crate::tlog::checkpoint::{Checkpoint, CheckpointError};
use crate::tlog::{Entry, InclusionProof, merkle, promise};
use crate::trust::{Log, TrustedRoot};

/// A body that was compared with the content.
pub(super) struct Compared {
    body: Body,
    /// The artifact has to have this digest: the document does not state one that could have been compared.
    pub artifact_digest: Option<Digest>,
}

/// An entry that is in its log.
pub(super) struct Included<'a> {
    /// Position in the document.
    pub position: usize,
    /// The trusted log.
    pub log: &'a Log,
    /// The log's own time, when an inclusion promise vouches for it.
    pub promised_time: Option<UnixTime>,
    /// The index that is proven: in the log as a whole where there is a promise, else in the tree.
    pub index: u64,
}

/// Distinct trusted logs hold the signature. Made by [`windows`] alone.
#[derive(Debug, Clone)]
pub struct LogProof {
    entries: Vec<(String, u64)>,
    positions: Vec<usize>,
}

impl LogProof {
    /// Address of the log and index in it, for each entry.
    pub fn entries(&self) -> impl Iterator<Item = (&str, u64)> {
        self.entries.iter().map(|(log, index)| (log.as_str(), *index))
    }

    /// Which of the document's entries these are, counted from 0; those of other logs prove nothing.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.positions.iter().copied()
    }
}

impl std::fmt::Display for LogProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries: Vec<String> =
            self.entries.iter().map(|(log, index)| format!("{log} index {index}")).collect();
        f.write_str(&entries.join(", "))
    }
}

/// Compares the body of every entry with the content: the log may be waived, an entry of another signature is refused
/// all the same.
pub(super) fn bodies(entity: &SignedEntity, policy: &VerificationPolicy) -> Result<Vec<Compared>, Reason> {
    let mut signatory = Vec::new();
    if let ExpectedSigner::Key(key) = &policy.signer {
        signatory.push(Signatory::Key(key));
    }
    if let VerificationMaterial::Certificate(chain) = &entity.material {
        signatory.extend(chain.first().map(Signatory::Certificate));
    }
    let compared = |(position, entry): (usize, &Entry)| {
        let body = parsed(position, entry)?;
        let artifact_digest = compare(position, &body, &entity.content, &signatory)?;
        Ok(Compared { body, artifact_digest })
    };
    entity.log_entries.iter().enumerate().map(compared).collect()
}

/// The body of an entry, which is of the kind that the document says.
pub(super) fn parsed(position: usize, entry: &Entry) -> Result<Body, Reason> {
    let body =
        body::parse(&entry.canonicalized_body).map_err(|error| Reason::LogBody { entry: position, error })?;
    if let Some(declared) = &entry.kind
        && *declared != body.kind
    {
        let text = |k: &crate::tlog::KindVersion| format!("{} {}", k.kind, k.version);
        return Err(Reason::LogKind { entry: position, declared: text(declared), body: text(&body.kind) });
    }
    Ok(body)
}

/// Checks that every entry of a trusted log is in it. Entries of other logs are passed over, as they prove nothing and
/// give no time (their bodies were compared all the same); they have a reason of their own when too few others are left.
pub(super) fn inclusion<'a>(
    entity: &SignedEntity,
    bodies: &[Compared],
    verifier: &Verifier<'a>,
) -> Result<Vec<Included<'a>>, Reason> {
    let mut included = Vec::new();
    let mut unknown = None;
    let mut voices = Voices::default();
    for (position, (entry, compared)) in entity.log_entries.iter().zip(bodies).enumerate() {
        match included_in(position, entry, &compared.body, entity.profile, verifier.root) {
            Ok(found) => {
                voices.add(found.log.key.spki_der(), &found.log.base_url);
                included.push(found);
            }
            Err(reason @ Reason::LogUnknown { .. }) => {
                unknown.get_or_insert(reason);
            }
            Err(reason) => return Err(reason),
        }
    }
    let (required, found) = (verifier.policy.log.threshold(), voices.count());
    if found < required {
        return Err(unknown.unwrap_or(Reason::LogEntryMissing { required, found }));
    }
    Ok(included)
}

/// Checks that one entry is in its log.
pub(super) fn included_in<'a>(
    position: usize,
    entry: &Entry,
    body: &Body,
    profile: Profile,
    root: &'a TrustedRoot,
) -> Result<Included<'a>, Reason> {
    let log = root.logs.iter().find(|log| log.log_id == entry.log_id);
    let unknown = || Reason::LogUnknown { entry: position, log_id: hex::encode(&entry.log_id) };
    let claim = Claim { position, entry, log: log.ok_or_else(unknown)?, profile };
    if is_rekor_v2(body) { claim.rekor_v2() } else { claim.rekor_v1() }
}

/// Rekor v2 logs `hashedrekord` and `dsse` in version 0.0.2; `intoto` 0.0.2 is Rekor v1's.
pub(super) fn is_rekor_v2(body: &Body) -> bool {
    body.kind.version == "0.0.2" && body.kind.kind != "intoto"
}

struct Claim<'e, 'r> {
    position: usize,
    entry: &'e Entry,
    log: &'r Log,
    profile: Profile,
}

impl<'r> Claim<'_, 'r> {
    /// Rekor v1: an inclusion promise, an inclusion proof, or both; whatever is there has to hold. Nothing but the promise
    /// signs the time and the index in the log as a whole, so without a promise there is no time, and the index is the
    /// proof's.
    fn rekor_v1(&self) -> Result<Included<'r>, Reason> {
        let entry = self.position;
        let promised = self.entry.inclusion_promise.is_some();
        let needs_promise = self.profile == Profile::Bundle(BundleVersion::V0_1);
        let needs_proof =
            matches!(self.profile, Profile::Bundle(BundleVersion::V0_2 | BundleVersion::V0_3)) || !promised;
        if needs_promise && !promised {
            let missing = "inclusion promise (signed entry timestamp)";
            return Err(Reason::LogProofMissing { entry, missing });
        }
        match &self.entry.inclusion_proof {
            Some(proof) if proof.checkpoint.is_some() || needs_proof => self.proof(proof, None)?,
            // Beside a promise, an old document's proof without a checkpoint proves nothing more; it must not be false.
            Some(proof) => merkle(entry, self.entry, proof)?,
            None if needs_proof => return Err(Reason::LogProofMissing { entry, missing: "inclusion proof" }),
            None => {}
        }
        if !promised {
            return Ok(self.included(None));
        }
        if promise::verify(self.entry, &self.log.key) {
            Ok(self.included(self.entry.integrated_time))
        } else {
            Err(Reason::InclusionPromise { entry })
        }
    }

    /// Rekor v2: an inclusion proof under a checkpoint with the log's name. There is no promise and no time.
    fn rekor_v2(&self) -> Result<Included<'r>, Reason> {
        let proof = rekor_v2_proof(self.position, self.entry)?;
        self.proof(proof, Some(&self.log.checkpoint_name()))?;
        Ok(self.included(None))
    }

    fn included(&self, promised_time: Option<UnixTime>) -> Included<'r> {
        let proof_index = self.entry.inclusion_proof.as_ref().map(|p| p.log_index);
        let index = match promised_time {
            Some(_) => self.entry.log_index,
            None => proof_index.unwrap_or(self.entry.log_index),
        };
        Included { position: self.position, log: self.log, promised_time, index }
    }

    /// The proof holds, and the log has signed the tree that it leads to. Rekor v1 signs under whatever name its host has,
    /// so no `name` is compared there: the key is what counts.
    fn proof(&self, proof: &InclusionProof, name: Option<&str>) -> Result<(), Reason> {
        let entry = self.position;
        let checkpoint = committed(entry, self.entry, proof)?;
        let name = name.unwrap_or(checkpoint.origin_name());
        checkpoint.verify(name, &self.log.key).map_err(|error| match error {
            CheckpointError::Origin { expected, found } => {
                Reason::CheckpointOrigin { entry, found, expected }
            }
            error => Reason::CheckpointSignature { entry, error },
        })
    }
}

/// The proof that a Rekor v2 entry has to have, for the entry's own index.
pub(super) fn rekor_v2_proof(position: usize, entry: &Entry) -> Result<&InclusionProof, Reason> {
    let proof = entry.inclusion_proof.as_ref();
    let proof = proof.ok_or(Reason::LogProofMissing { entry: position, missing: "inclusion proof" })?;
    if proof.log_index != entry.log_index {
        let (entry_index, proof_index) = (entry.log_index, proof.log_index);
        return Err(Reason::LogIndex { entry: position, entry_index, proof_index });
    }
    Ok(proof)
}

/// The proof leads to the tree that the checkpoint, of whoever it is, commits to.
pub(super) fn committed(
    position: usize,
    entry: &Entry,
    proof: &InclusionProof,
) -> Result<Checkpoint, Reason> {
    merkle(position, entry, proof)?;
    let missing = Reason::LogProofMissing { entry: position, missing: "checkpoint" };
    let text = proof.checkpoint.as_ref().ok_or(missing)?;
    let checkpoint =
        Checkpoint::parse(text).map_err(|error| Reason::CheckpointMalformed { entry: position, error })?;
    if checkpoint.commits_to(proof) {
        Ok(checkpoint)
    } else {
        Err(Reason::CheckpointTree { entry: position })
    }
}

/// The proof leads from the entry to its root hash.
pub(super) fn merkle(position: usize, entry: &Entry, proof: &InclusionProof) -> Result<(), Reason> {
    merkle::verify_inclusion(&entry.canonicalized_body, proof)
        .map_err(|error| Reason::InclusionProof { entry: position, error })
}

/// Checks that each log's key was in use when the entry was made: at the promised time, else at each verified time, else
/// (a key's signature without any time) now.
pub(super) fn windows(
    entries: &[Included<'_>],
    time: &Evidence<TimeProof>,
    verifier: &Verifier<'_>,
) -> Result<Evidence<LogProof>, Reason> {
    for included in entries {
        let times: Vec<UnixTime> = match (included.promised_time, time) {
            (Some(promised), _) => vec![promised],
            (None, Evidence::Proven(proof)) => proof.iter().map(|t| t.time).collect(),
            (None, Evidence::Waived(_)) => vec![verifier.now],
        };
        if let Some(time) = times.into_iter().find(|t| !included.log.valid_for.contains(*t)) {
            return Err(Reason::LogWindow { entry: included.position, time });
        }
    }
    match verifier.policy.log {
        Requirement::Waived(waiver) if entries.is_empty() => Ok(Evidence::Waived(waiver)),
        _ => Ok(Evidence::Proven(LogProof {
            entries: entries.iter().map(|i| (i.log.base_url.clone(), i.index)).collect(),
            positions: entries.iter().map(|i| i.position).collect(),
        })),
    }
}
