//! What one scope asks about one artifact: a verification for each signer and each kind of content, and what came of them.

use super::document::{Demand, Document, Requirements, Scope, Signers};
use super::glob::Subject;
use super::verdict::{self, Accepted, Counted, Outcome};
use crate::bundle::SignedEntity;
use crate::crypto::UnixTime;
use crate::payload::Artifact;
use crate::policy::Policy;
use crate::trust::TrustedRoot;
use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, PredicateTypeRequirement, Rejection, Requirement,
    VerificationPolicy, Verified, Verifier, Waiver,
};

/// What kind of artifact is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Artifacts {
    /// Images.
    Images,
    /// Files.
    Files,
}

/// What a verification is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The signatures of a scope.
    Signature,
    /// One of its attestations, by position.
    Attestation(usize),
}

/// One verification: of one signer, for one kind of content. Every candidate is asked.
#[derive(Debug, Clone)]
pub struct Leaf {
    what: What,
    signer: usize,
    policy: VerificationPolicy,
}

impl Leaf {
    /// What it is for.
    pub fn what(&self) -> What {
        self.what
    }

    /// What the verifier is asked.
    pub fn policy(&self) -> &VerificationPolicy {
        &self.policy
    }
}

/// A policy file with all that it names.
#[derive(Debug)]
pub struct Ready {
    /// What the file says.
    pub document: Document,
    /// Whose signature each signer's is; `None` where no scope names him.
    pub signers: Vec<Option<ExpectedSigner>>,
    /// The policies of each rule, of each attestation, of each scope.
    pub policies: Vec<Vec<Vec<Policy>>>,
    /// The URI of a predicate type as it is written.
    pub uri: fn(&str) -> &str,
}

/// What one scope asks about one kind of artifact.
#[derive(Debug)]
pub struct Plan<'r> {
    pub(super) ready: &'r Ready,
    pub(super) scope: &'r Scope,
    pub(super) requirements: &'r Requirements,
    position: usize,
    pub(super) subject: Subject,
    leaves: Vec<Leaf>,
}

/// What a scope does with an artifact.
#[derive(Debug)]
pub enum Course<'r> {
    /// It is accepted without any signature.
    Accepted(Accepted),
    /// It is refused, whatever it has.
    Refused,
    /// It is verified.
    Verified(Plan<'r>),
}

impl Ready {
    /// What the scope at this position asks about an artifact of this name; `None`: there is no such scope.
    pub fn course(&self, position: usize, artifacts: Artifacts, subject: &Subject) -> Option<Course<'_>> {
        let scope = self.document.scopes.get(position)?;
        Some(match &scope.demand {
            Demand::Accept => Course::Accepted(verdict::unsigned(&scope.name)),
            Demand::Refuse => Course::Refused,
            Demand::Require(requirements) => {
                let leaves = self.leaves(requirements, artifacts);
                let subject = subject.clone();
                Course::Verified(Plan { ready: self, scope, requirements, position, subject, leaves })
            }
        })
    }

    fn leaves(&self, requirements: &Requirements, artifacts: Artifacts) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let mut add = |what, content: ContentRequirement, signers: &Signers| {
            for signer in &signers.of {
                if let Some(expected) = self.signers.get(*signer).cloned().flatten() {
                    let policy = policy(requirements, expected, content.clone(), what);
                    leaves.push(Leaf { what, signer: *signer, policy });
                }
            }
        };
        if let Some(signers) = &requirements.signatures {
            // An attestation is no signature, whatever it says.
            let content = match artifacts {
                Artifacts::Images => ContentRequirement::ImageSignature,
                Artifacts::Files => ContentRequirement::Message,
            };
            add(What::Signature, content, signers);
        }
        for (position, demand) in requirements.attestations.iter().enumerate() {
            let asked = demand.predicate_type.clone();
            let uri = (self.uri)(&asked).to_owned();
            let content = ContentRequirement::Statement(PredicateTypeRequirement { asked, uri });
            add(What::Attestation(position), content, &demand.signers);
        }
        leaves
    }
}

fn policy(
    requirements: &Requirements,
    signer: ExpectedSigner,
    content: ContentRequirement,
    what: What,
) -> VerificationPolicy {
    let timestamp = match requirements.timestamp.requirement("timestamp: not-required") {
        Requirement::Waived(_) => Requirement::Waived(Waiver::NotNeeded("no signed timestamp was asked for")),
        required => required,
    };
    VerificationPolicy {
        signer,
        log: requirements.log.requirement("`log: not-required` in the policy file"),
        timestamp,
        sct: requirements.sct.requirement("`sct: not-required` in the policy file"),
        claim: ClaimRequirement {
            content,
            binding_waived: None,
            annotations: match what {
                What::Signature => requirements.annotations.clone(),
                What::Attestation(_) => Default::default(),
            },
        },
        signature_digest: None,
    }
}

impl<'r> Plan<'r> {
    /// The verifications. Every candidate has to be asked for each of them.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The policies of an attestation.
    pub(super) fn policies(&self, attestation: usize) -> &'r [Policy] {
        let scope = self.ready.policies.get(self.position);
        scope.and_then(|attestations| attestations.get(attestation)).map_or(&[], Vec::as_slice)
    }
}

/// What the candidates of one artifact came to.
#[derive(Debug)]
pub struct Ledger<'p> {
    plan: &'p Plan<'p>,
    counted: Vec<Counted>,
}

impl<'p> Ledger<'p> {
    /// Nothing yet.
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self { plan, counted: Vec::new() }
    }

    /// Verifies a candidate for one of the leaves of the plan, and counts it if it holds. `number` tells it from all others, `source` names it in
    /// messages.
    ///
    /// # Errors
    /// It does not hold.
    pub fn judge(
        &mut self,
        leaf: &Leaf,
        (number, source): (usize, &str),
        entity: &SignedEntity,
        artifact: &Artifact,
        (root, now): (&TrustedRoot, UnixTime),
    ) -> Result<Verified, Rejection> {
        let verified = Verifier { root, policy: &leaf.policy, now }.verify(entity, Some(artifact))?;
        let new = Counted::new(leaf.what, leaf.signer, (number, source), verified.clone());
        self.counted.push(new);
        Ok(verified)
    }

    /// The verdict. `now`: the time that ages are counted from; `is_complete`: no limit kept candidates from being looked at.
    pub fn decide(self, now: UnixTime, is_complete: bool) -> Outcome {
        verdict::decide(self.plan, self.counted, now, is_complete)
    }
}
