//! Log entries: about this signature, in a trusted log, made while the log's key was in use.

use super::entry::{Signatory, compare};
use super::{Evidence, ExpectedSigner, Reason, Requirement, TimeProof, VerificationPolicy, Verifier};
use crate::bundle::{BundleVersion, Profile, SignedEntity, VerificationMaterial};
use crate::crypto::{Digest, UnixTime};
use crate::tlog::body::{self, Body};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::{Entry, InclusionProof, merkle, promise};
use crate::trust::Log;

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
    index: u64,
}

/// Distinct trusted logs hold the signature. Made by [`windows`] alone.
#[derive(Debug, Clone)]
pub struct LogProof {
    entries: Vec<(String, u64)>,
}

impl LogProof {
    /// Address of the log and index in it, for each entry.
    pub fn entries(&self) -> impl Iterator<Item = (&str, u64)> {
        self.entries.iter().map(|(log, index)| (log.as_str(), *index))
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
        let body = body::parse(&entry.canonicalized_body)
            .map_err(|error| Reason::LogBody { entry: position, error })?;
        if let Some(declared) = &entry.kind
            && *declared != body.kind
        {
            let text = |k: &crate::tlog::KindVersion| format!("{} {}", k.kind, k.version);
            return Err(Reason::LogKind {
                entry: position,
                declared: text(declared),
                body: text(&body.kind),
            });
        }
        let artifact_digest = compare(position, &body, &entity.content, &signatory)?;
        Ok(Compared { body, artifact_digest })
    };
    entity.log_entries.iter().enumerate().map(compared).collect()
}

/// Checks that every entry is in a trusted log. When the log is waived, entries of logs that are not trusted are passed
/// over; they prove nothing and give no time.
pub(super) fn inclusion<'a>(
    entity: &SignedEntity,
    bodies: &[Compared],
    verifier: &Verifier<'a>,
) -> Result<Vec<Included<'a>>, Reason> {
    let mut included = Vec::new();
    for (position, (entry, compared)) in entity.log_entries.iter().zip(bodies).enumerate() {
        let Some(log) = verifier.root.logs.iter().find(|l| l.log_id == entry.log_id) else {
            match verifier.policy.log {
                Requirement::Waived(_) => continue,
                Requirement::Required { .. } => {
                    return Err(Reason::LogUnknown { entry: position, log_id: hex::encode(&entry.log_id) });
                }
            }
        };
        let claim = Claim { position, entry, log, profile: entity.profile };
        let promised_time = if is_rekor_v2(&compared.body) { claim.rekor_v2()? } else { claim.rekor_v1()? };
        included.push(Included { position, log, promised_time, index: entry.log_index });
    }
    let found = distinct_logs(&included);
    let required = verifier.policy.log.threshold();
    if found < required { Err(Reason::LogEntryMissing { required, found }) } else { Ok(included) }
}

/// CVE-2026-49834: a log is its key; two entries of one log, or one log under two names, are one voice.
fn distinct_logs(included: &[Included<'_>]) -> usize {
    let mut keys: Vec<&[u8]> = included.iter().map(|i| i.log.key.spki_der()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// Rekor v2 logs `hashedrekord` and `dsse` in version 0.0.2; `intoto` 0.0.2 is Rekor v1's.
fn is_rekor_v2(body: &Body) -> bool {
    body.kind.version == "0.0.2" && body.kind.kind != "intoto"
}

struct Claim<'a> {
    position: usize,
    entry: &'a Entry,
    log: &'a Log,
    profile: Profile,
}

impl Claim<'_> {
    /// Rekor v1: an inclusion promise, an inclusion proof, or both; whatever is there has to hold. Returns the promised
    /// time: nothing but the promise signs it, so without a promise there is none.
    fn rekor_v1(&self) -> Result<Option<UnixTime>, Reason> {
        let entry = self.position;
        let needs_promise = matches!(self.profile, Profile::Bundle(BundleVersion::V0_1));
        let needs_proof = matches!(self.profile, Profile::Bundle(BundleVersion::V0_2 | BundleVersion::V0_3));
        if self.entry.inclusion_promise.is_none() && (needs_promise || self.entry.inclusion_proof.is_none()) {
            return Err(Reason::LogProofMissing {
                entry,
                missing: "inclusion promise (signed entry timestamp)",
            });
        }
        match &self.entry.inclusion_proof {
            Some(proof) if proof.checkpoint.is_some() || needs_proof => self.proof(proof, None)?,
            // An old bundle's proof without a checkpoint proves nothing, but it must not be nonsense.
            Some(proof) => self.merkle(proof)?,
            None if needs_proof => return Err(Reason::LogProofMissing { entry, missing: "inclusion proof" }),
            None => {}
        }
        if self.entry.inclusion_promise.is_none() {
            return Ok(None);
        }
        if promise::verify(self.entry, &self.log.key) {
            Ok(self.entry.integrated_time)
        } else {
            Err(Reason::InclusionPromise { entry })
        }
    }

    /// Rekor v2: an inclusion proof under a checkpoint with the log's name. There is no promise and no time.
    fn rekor_v2(&self) -> Result<Option<UnixTime>, Reason> {
        let entry = self.position;
        let proof = self.entry.inclusion_proof.as_ref();
        let proof = proof.ok_or(Reason::LogProofMissing { entry, missing: "inclusion proof" })?;
        if proof.log_index != self.entry.log_index {
            let (entry_index, proof_index) = (self.entry.log_index, proof.log_index);
            return Err(Reason::LogIndex { entry, entry_index, proof_index });
        }
        self.proof(proof, Some(&checkpoint_name(self.log)))?;
        Ok(None)
    }

    /// The proof holds, and the log has signed the tree that it leads to.
    fn proof(&self, proof: &InclusionProof, name: Option<&str>) -> Result<(), Reason> {
        let entry = self.position;
        self.merkle(proof)?;
        let text =
            proof.checkpoint.as_ref().ok_or(Reason::LogProofMissing { entry, missing: "checkpoint" })?;
        let checkpoint =
            Checkpoint::parse(text).map_err(|error| Reason::CheckpointMalformed { entry, error })?;
        if checkpoint.tree_size != proof.tree_size || checkpoint.root_hash != proof.root_hash {
            return Err(Reason::CheckpointTree { entry });
        }
        if let Some(expected) = name
            && checkpoint.origin != expected
        {
            return Err(Reason::CheckpointOrigin {
                entry,
                found: checkpoint.origin,
                expected: expected.into(),
            });
        }
        // Rekor v1 signs under its host name and puts the tree's number into the origin line.
        let name_fits = |n: &str| match name {
            Some(expected) => n == expected,
            None => checkpoint
                .origin
                .strip_prefix(n)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(" - ")),
        };
        let signed = checkpoint
            .signatures
            .iter()
            .any(|s| name_fits(&s.name) && checkpoint.is_signed_by(&s.name, &self.log.key));
        if signed { Ok(()) } else { Err(Reason::CheckpointSignature { entry }) }
    }

    fn merkle(&self, proof: &InclusionProof) -> Result<(), Reason> {
        merkle::verify_inclusion(&self.entry.canonicalized_body, proof)
            .map_err(|error| Reason::InclusionProof { entry: self.position, error })
    }
}

/// The name under which a Rekor v2 log signs: the origin that the trusted root states, else the host of its address.
fn checkpoint_name(log: &Log) -> String {
    let host = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned()
    };
    log.origin.clone().unwrap_or_else(|| host(&log.base_url))
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
        })),
    }
}
