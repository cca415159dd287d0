//! The candidates of one artifact, each judged for every signer who counts by a policy file.

use super::attached::Attached;
use super::lookup::{LookedUp, Lookup};
use super::needs_root;
use super::scoped::Asked;
use crate::commands::candidates::Candidate;
use crate::commands::report::{CandidateReport, PolicyReport};
use crate::commands::{Error, ErrorKind};
use crate::crypto::UnixTime;
use crate::payload::Artifact;
use crate::policy::scoped::{Accepted, DemandVerdict, Ledger, Plan, Refused};
use crate::trust::TrustedRoot;
use crate::verify::{Reason, Rejection, Verified, Verifier};

/// What came of the candidates of one artifact.
pub(super) struct Weighing<'p> {
    plan: &'p Plan<'p>,
    ledger: Ledger<'p>,
    reports: Vec<CandidateReport>,
    rejected: Vec<String>,
    /// The reason that says most of why a candidate was rejected, by how much it says.
    reason: Option<(usize, &'static str)>,
    looked_up: LookedUp,
    is_online: bool,
    is_complete: bool,
}

impl<'p> Weighing<'p> {
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self {
            plan,
            ledger: Ledger::new(plan),
            reports: Vec::new(),
            rejected: Vec::new(),
            reason: None,
            looked_up: LookedUp::default(),
            is_online: false,
            is_complete: true,
        }
    }

    /// Whether anything that is asked depends on the trusted root.
    pub fn needs_root(&self, candidates: &[Candidate]) -> bool {
        self.plan.leaves().iter().any(|leaf| needs_root(leaf.policy(), candidates))
    }

    /// Judges candidates for each signer who counts; what is to be told comes back.
    pub async fn add(
        &mut self,
        mut candidates: Vec<Candidate>,
        artifact: &Artifact,
        (root, now): (&TrustedRoot, UnixTime),
        lookup: &Lookup,
    ) -> Vec<String> {
        let mut said = Vec::new();
        for leaf in self.plan.leaves() {
            let verifier = Verifier { root, policy: leaf.policy(), now };
            let mut came = lookup.complete(&mut candidates, Some(artifact), &verifier, &self.looked_up).await;
            said.append(&mut came.said);
            self.looked_up.add(came);
        }
        for candidate in &candidates {
            if !self.is_complete {
                break;
            }
            self.judge(candidate, artifact, (root, now));
        }
        said
    }

    fn judge(&mut self, candidate: &Candidate, artifact: &Artifact, trusted: (&TrustedRoot, UnixTime)) {
        let Candidate { source, format, entity } = candidate;
        let mut best: Option<Result<Verified, Rejection>> = None;
        for leaf in self.plan.leaves() {
            let judged = self.ledger.judge(leaf, (self.reports.len(), source), entity, artifact, trusted);
            // A limit ends the search: what was not looked at might say something else.
            self.is_complete &= !matches!(&judged, Err(rejection) if rejection.reason().is_limit());
            best = match (best, judged) {
                (Some(Ok(first)), _) => Some(Ok(first)),
                (Some(Err(first)), Err(second)) if says(&first) >= says(&second) => Some(Err(first)),
                (_, judged) => Some(judged),
            };
        }
        let Some(best) = best else { return };
        match &best {
            Ok(_) => self.is_online |= self.looked_up.found.contains(source),
            Err(rejection) => {
                self.rejected.push(format!("`{source}`: {rejection}"));
                let this = (rejection.specificity(), rejection.reason().code());
                self.reason = self.reason.max(Some(this));
            }
        }
        self.reports.push(CandidateReport::of(source.clone(), format.clone(), &best));
    }

    pub fn spoiled(&mut self, attached: &Attached) {
        for spoiled in &attached.spoiled {
            self.is_complete &= !spoiled.is_limit;
            self.rejected.push(spoiled.to_string());
            self.reports.push(spoiled.report());
        }
    }

    /// The verdict, with the candidates and the demands for the report; the error says which of these are not met.
    pub fn decide(mut self, named: &Asked<'_>, now: UnixTime) -> Weighed {
        let outcome = self.ledger.decide(now, self.is_complete);
        let (demands, result) = (outcome.demands, outcome.result);
        for (number, report) in self.reports.iter_mut().enumerate().filter(|(_, report)| report.verified) {
            if let Some(reasons) = uncounted(number, &demands) {
                report.uncount(reasons);
            }
        }
        // Where something verified it is the policy that refuses, and no check.
        let is_checked = demands.iter().any(|one| !one.counted.is_empty() || !one.uncounted.is_empty());
        let result = result.map_err(|refused| {
            let mut error = named.refused(&demands, self.rejected);
            error.reason = self.reason.filter(|_| !is_checked).map(|(_, code)| code);
            if refused == Refused::Limit {
                error.kind = ErrorKind::LimitExceeded;
                error = error.cause("a limit kept something from being looked at to the end");
            }
            self.looked_up.explain(error)
        });
        Weighed { candidates: self.reports, demands, result, is_online: self.is_online }
    }
}

/// Why a verified candidate counts for no demand; `None` where it counts for one.
fn uncounted(number: usize, demands: &[DemandVerdict]) -> Option<Vec<String>> {
    let mut counted = demands.iter().flat_map(|demand| &demand.counted);
    if counted.any(|fact| fact.candidate == number) {
        return None;
    }
    let facts = demands.iter().flat_map(|demand| &demand.uncounted).filter(|fact| fact.candidate == number);
    let mut reasons: Vec<String> = Vec::new();
    for line in facts.flat_map(|fact| &fact.reason) {
        if !reasons.contains(line) {
            reasons.push(line.clone());
        }
    }
    if reasons.is_empty() {
        reasons.push("no demand of the scope is about it".to_owned());
    }
    Some(reasons)
}

/// What was decided, and what is reported of it.
pub(super) struct Weighed {
    candidates: Vec<CandidateReport>,
    demands: Vec<DemandVerdict>,
    result: Result<Accepted, Error>,
    /// Whether a log was asked for what counts.
    pub is_online: bool,
}

impl Weighed {
    /// Notes the demands, and hands out the rest.
    pub fn report(
        self,
        policy: &mut Option<PolicyReport>,
    ) -> (Vec<CandidateReport>, Result<Accepted, Error>) {
        if let Some(policy) = policy {
            policy.demands = self.demands;
        }
        (self.candidates, self.result)
    }
}

/// How much a rejection says: how far it came; that it is somebody else's signature says least, as each of several signers has that.
fn says(rejection: &Rejection) -> (usize, bool) {
    (rejection.specificity(), !matches!(rejection.reason(), Reason::OtherKey))
}
