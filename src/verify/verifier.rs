//! The one verifying path.

use super::{
    AnnotationProof, ChainProof, Check, ClaimProof, Evidence, LogProof, Reason, Rejection, SctProof,
    SignatureProof, SignerProof, TimeProof, Trail, VerificationPolicy, chain, claim, log, sct, signature,
    signer, time,
};
use crate::bundle::SignedEntity;
use crate::crypto::UnixTime;
use crate::payload::Artifact;
use crate::trust::TrustedRoot;

/// Judges signed entities by one policy and one trusted root at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// What is trusted.
    pub root: &'a TrustedRoot,
    /// What is asked.
    pub policy: &'a VerificationPolicy,
    /// The time of judging. Only used to refuse times in the future, and where a waiver leaves no other time.
    pub now: UnixTime,
}

/// A verified entity: all that policy evaluation and rendering accept. Only [`Verifier::verify`] makes one.
#[derive(Debug, Clone)]
pub struct Verified {
    entity: SignedEntity,
    log: Evidence<LogProof>,
    time: Evidence<TimeProof>,
    chain: Evidence<ChainProof>,
    sct: Evidence<SctProof>,
    signature: SignatureProof,
    claim: Evidence<ClaimProof>,
    annotations: AnnotationProof,
    signer: SignerProof,
    trail: Trail,
}

impl Verifier<'_> {
    /// Judges one entity. `artifact` may be missing only when the policy waives the claim.
    ///
    /// # Errors
    /// The first check that failed, with its reason and the trail up to it.
    pub fn verify(&self, entity: &SignedEntity, artifact: Option<&Artifact>) -> Result<Verified, Rejection> {
        let mut trail = Trail::default();
        // The order is binding: nothing reads a field that an earlier check has to vouch for before that check was made.
        step_silent(&mut trail, Check::Signer, signer::material(entity, self.policy))?;
        let structure = step(&mut trail, Check::Structure, claim::structure(entity, self.policy))?;
        let bodies = step_silent(&mut trail, Check::Log, log::bodies(entity, self.policy))?;
        let entries = step_silent(&mut trail, Check::Log, log::inclusion(entity, &bodies, self))?;
        let time = step_evidence(&mut trail, Check::Time, time::times(entity, &entries, self))?;
        let log = step_evidence(&mut trail, Check::Log, log::windows(&entries, &time, self))?;
        let chain = step_evidence(&mut trail, Check::Chain, chain::chain(entity, &time, self))?;
        let sct = step_evidence(&mut trail, Check::Sct, sct::scts(entity, &chain, self))?;
        let signature = step(
            &mut trail,
            Check::Signature,
            signature::signature(entity, &chain, &bodies, artifact, self.policy),
        )?;
        let (claim, annotations) =
            step_silent(&mut trail, Check::Claim, claim::claim(structure, artifact, self.policy))?;
        trail.note(Check::Claim, &claim);
        let signer = step(&mut trail, Check::Signer, signer::signer(&chain, self.policy))?;
        Ok(Verified {
            entity: entity.clone(),
            log,
            time,
            chain,
            sct,
            signature,
            claim,
            annotations,
            signer,
            trail,
        })
    }
}

/// Notes a check that cannot be waived.
fn step<T: std::fmt::Display + Clone>(
    trail: &mut Trail,
    check: Check,
    result: Result<T, Reason>,
) -> Result<T, Rejection> {
    let proof = step_silent(trail, check, result)?;
    trail.note(check, &Evidence::Proven(proof.clone()));
    Ok(proof)
}

/// Notes a check that may be waived.
fn step_evidence<T: std::fmt::Display>(
    trail: &mut Trail,
    check: Check,
    result: Result<Evidence<T>, Reason>,
) -> Result<Evidence<T>, Rejection> {
    let evidence = step_silent(trail, check, result)?;
    trail.note(check, &evidence);
    Ok(evidence)
}

/// Notes only a failure: for the parts of a check that is finished later.
fn step_silent<T>(trail: &mut Trail, check: Check, result: Result<T, Reason>) -> Result<T, Rejection> {
    result.map_err(|reason| {
        trail.fail(check, reason.clone());
        Rejection::new(check, reason, std::mem::take(trail))
    })
}

impl Rejection {
    /// The same without what was proven before: of a trial by another policy, nothing else counts.
    #[must_use]
    pub fn alone(&self) -> Self {
        let mut trail = Trail::default();
        trail.fail(self.check(), self.reason().clone());
        Self::new(self.check(), self.reason().clone(), trail)
    }
}

impl Verified {
    /// The entity, whose content may be relied on as far as the evidence goes.
    pub fn entity(&self) -> &SignedEntity {
        &self.entity
    }
    /// The log entries.
    pub fn log(&self) -> &Evidence<LogProof> {
        &self.log
    }
    /// The times.
    pub fn time(&self) -> &Evidence<TimeProof> {
        &self.time
    }
    /// The certificate's path.
    pub fn chain(&self) -> &Evidence<ChainProof> {
        &self.chain
    }
    /// The certificate's SCTs.
    pub fn sct(&self) -> &Evidence<SctProof> {
        &self.sct
    }
    /// The signature.
    pub fn signature(&self) -> &SignatureProof {
        &self.signature
    }
    /// The claim.
    pub fn claim(&self) -> &Evidence<ClaimProof> {
        &self.claim
    }
    /// The annotations that were asked for, all of them found, with the claim waived, too.
    pub fn annotations(&self) -> &AnnotationProof {
        &self.annotations
    }
    /// The signer.
    pub fn signer(&self) -> &SignerProof {
        &self.signer
    }
    /// The outcome of every check, in the order in which they ended.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }
}
