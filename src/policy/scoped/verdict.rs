//! Whether what was verified is enough. [`decide`] and [`unsigned`] alone make an [`Accepted`].

use serde::Serialize;

use super::document::{Count, Signers};
use super::plan::{Plan, What};
use super::voices::{Voice, distinct};
use crate::crypto::UnixTime;
use crate::policy::{Decision, Refusal, decide as ask};
use crate::verify::{SignerProof, TimeSource, Verified};

/// A candidate that was verified, and for which demand and signer.
#[derive(Debug)]
pub struct Counted {
    what: What,
    signer: usize,
    candidate: usize,
    source: String,
    pub(super) verified: Verified,
}

impl Counted {
    pub(super) fn new(
        what: What,
        signer: usize,
        (candidate, source): (usize, &str),
        verified: Verified,
    ) -> Self {
        Self { what, signer, candidate, source: source.to_owned(), verified }
    }

    /// What it was verified for.
    pub fn what(&self) -> What {
        self.what
    }

    /// What was verified.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }
}

/// An artifact that a scope accepts. Nobody else can make one.
#[derive(Debug)]
pub struct Accepted {
    scope: String,
    is_unsigned: bool,
    counted: Vec<Counted>,
    until: Option<UnixTime>,
}

impl Accepted {
    /// The scope.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether nothing was asked (`accept: true`).
    pub fn is_unsigned(&self) -> bool {
        self.is_unsigned
    }

    /// Until when all that counts is young enough (`max-age`); `None` where no age is asked for. What built-in rules and policies in a
    /// language say of ages is not in it.
    pub fn until(&self) -> Option<UnixTime> {
        self.until
    }

    /// What counted; a candidate stands here once for each signer for whom it does.
    pub fn counted(&self) -> &[Counted] {
        &self.counted
    }
}

/// Why an artifact is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Something that a scope asks for is not there.
    Unmet,
    /// The same, and a limit kept candidates, or an evaluation, from being looked at to the end.
    Limit,
}

/// The verdict, with what it stands on.
#[derive(Debug)]
pub struct Outcome {
    /// Each demand of the scope, in the order of the file.
    pub demands: Vec<DemandVerdict>,
    /// What came of it.
    pub result: Result<Accepted, Refused>,
}

/// What came of one demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemandVerdict {
    /// `signatures`, or `attestations[0] (TYPE)`.
    pub what: String,
    /// What it asks for, in words: `2 of release, ops`.
    pub asked: String,
    /// How many distinct signers are needed.
    pub needed: usize,
    /// How many there are.
    pub found: usize,
    /// What counts.
    pub counted: Vec<CountedFact>,
    /// What was verified and does not count.
    pub uncounted: Vec<Uncounted>,
    /// Signers of whom nothing counts.
    pub missing: Vec<String>,
    /// Whether it is met.
    #[serde(rename = "met")]
    pub is_met: bool,
}

impl DemandVerdict {
    /// Whether statements that do not satisfy the rules keep it from being met, however many others do.
    pub fn is_spoiled(&self) -> bool {
        self.uncounted.iter().any(|one| one.spoils)
    }
}

/// A verified candidate that counts, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedFact {
    /// The name of the signer in the policy file.
    pub signer: String,
    /// Who it is.
    pub who: String,
    /// Where it is from.
    pub source: String,
    /// When it was signed at the latest, where that is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What built-in rules found to hold, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Which of the candidates it is, by its number.
    #[serde(skip)]
    pub candidate: usize,
}

/// A verified candidate that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncounted {
    /// The name of the signer in the policy file.
    pub signer: String,
    /// Where it is from.
    pub source: String,
    /// Why not, first in one line, then the details.
    pub reason: Vec<String>,
    /// Whether it keeps the demand from being met whoever else signed: each statement has to satisfy the rules, and this one does not
    /// (`must-pass: each`).
    pub spoils: bool,
    /// Which of the candidates it is, by its number.
    #[serde(skip)]
    pub candidate: usize,
}

/// An artifact of a scope that asks for nothing.
pub(super) fn unsigned(scope: &str) -> Accepted {
    Accepted { scope: scope.to_owned(), is_unsigned: true, counted: Vec::new(), until: None }
}

/// Judges what was verified by the plan.
pub(super) fn decide(plan: &Plan<'_>, counted: Vec<Counted>, now: UnixTime, is_complete: bool) -> Outcome {
    let requirements = plan.requirements;
    let mut ledger = Vec::new();
    if let Some(signers) = &requirements.signatures {
        let tally = Tally::new("signatures".to_owned(), signers, requirements.max_age);
        ledger.push((What::Signature, tally));
    }
    for (position, demand) in requirements.attestations.iter().enumerate() {
        let name = format!("attestations[{position}] ({})", demand.predicate_type);
        let max_age = demand.max_age.or(requirements.max_age);
        ledger.push((What::Attestation(position), Tally::new(name, &demand.signers, max_age)));
    }
    let (mut demands, mut kept, mut is_limit) = (Vec::new(), Vec::new(), !is_complete);
    let mut until: Option<UnixTime> = None;
    let mut counted: Vec<Option<Counted>> = counted.into_iter().map(Some).collect();
    // An empty list of demands is refused where it is read; here it must not become consent.
    let mut is_met = !ledger.is_empty();
    for (what, tally) in ledger {
        let own: Vec<Counted> =
            counted.iter_mut().filter_map(|slot| slot.take_if(|counted| counted.what == what)).collect();
        let judged = tally.judge(plan, what, own, now, is_complete);
        is_met &= judged.demand.is_met;
        is_limit |= judged.is_limit;
        until = until.into_iter().chain(judged.until).min();
        demands.push(judged.demand);
        kept.extend(judged.counts);
    }
    let result = match (is_met, is_limit) {
        (true, _) => {
            Ok(Accepted { scope: plan.scope.name.clone(), is_unsigned: false, counted: kept, until })
        }
        (false, true) => Err(Refused::Limit),
        (false, false) => Err(Refused::Unmet),
    };
    Outcome { demands, result }
}

/// One demand.
struct Tally<'p> {
    name: String,
    signers: &'p Signers,
    max_age: Option<i64>,
}

/// What came of it.
struct Judged {
    demand: DemandVerdict,
    counts: Vec<Counted>,
    /// When the first of them is too old.
    until: Option<UnixTime>,
    is_limit: bool,
}

impl<'p> Tally<'p> {
    fn new(name: String, signers: &'p Signers, max_age: Option<i64>) -> Self {
        Self { name, signers, max_age }
    }

    fn judge(
        self,
        plan: &Plan<'_>,
        what: What,
        own: Vec<Counted>,
        now: UnixTime,
        is_complete: bool,
    ) -> Judged {
        let (mut counts, mut evidences, mut uncounted) = (Vec::new(), Vec::new(), Vec::new());
        let (mut is_blocked, mut is_limit) = (false, false);
        let rules = Rules::of(plan, what);
        if rules.must_see_all() && !is_complete {
            (is_blocked, is_limit) = (true, true);
        }
        for one in own {
            let named = || plan.requirements.signed_as.as_ref().filter(|_| what == What::Signature);
            let misnamed = || named()?.objection(&one.verified, &plan.subject);
            let mut spoils = false;
            let reason = match self.too_old(&one.verified, now).or_else(misnamed) {
                Some(reason) => Some(vec![reason]),
                None => match rules.ask(&one.verified) {
                    Ok(evidence) => {
                        evidences.push(evidence);
                        None
                    }
                    Err(refusal) => {
                        spoils = rules.must_see_all();
                        is_blocked |= spoils;
                        is_limit |= refusal.is_limit;
                        Some(refusal.lines)
                    }
                },
            };
            match reason {
                None => counts.push(one),
                Some(reason) => uncounted.push(Uncounted {
                    signer: plan.ready.document.signer_name(one.signer).to_owned(),
                    source: one.source,
                    reason,
                    spoils,
                    candidate: one.candidate,
                }),
            }
        }
        let met: Vec<(usize, Voice)> =
            counts.iter().map(|one| (one.signer, Voice::of(&one.verified))).collect();
        let (found, needed) = (distinct(&met), self.signers.needed());
        let until = self.max_age.and_then(|age| {
            let times = counts.iter().filter_map(|one: &Counted| signed_at(&one.verified));
            times.map(|time| time.plus_seconds(age)).min()
        });
        let name = |signer: &usize| plan.ready.document.signer_name(*signer).to_owned();
        let is_there = |signer: &&usize| counts.iter().any(|one: &Counted| one.signer == **signer);
        let demand = DemandVerdict {
            asked: asked(self.signers, &self.signers.of.iter().map(name).collect::<Vec<_>>()),
            needed,
            found,
            missing: self.signers.of.iter().filter(|signer| !is_there(signer)).map(name).collect(),
            counted: counts.iter().zip(evidences).map(|(one, evidence)| fact(plan, one, evidence)).collect(),
            uncounted,
            is_met: needed > 0 && found >= needed && !is_blocked,
            what: self.name,
        };
        Judged { demand, counts, until, is_limit }
    }

    /// Why a signature is too old. The earliest of its proven times is what counts: a newer timestamp does not make it younger.
    fn too_old(&self, verified: &Verified, now: UnixTime) -> Option<String> {
        let max_age = self.max_age?;
        let Some(time) = signed_at(verified) else {
            return Some("nothing proves when it was signed, and `max-age` asks for that".to_owned());
        };
        let is_old = time < now.plus_seconds(max_age.saturating_neg());
        is_old.then(|| {
            let limit = span(max_age);
            format!("it was signed by {time}, which is longer ago than `max-age` allows: {limit}")
        })
    }
}

/// A length of time as a policy file writes it, in the largest unit that goes.
fn span(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(unit, _)| seconds % unit == 0);
    let (unit, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / unit)
}

/// When the signature existed already, as somebody trusted says.
fn signed_at(verified: &Verified) -> Option<UnixTime> {
    let times = verified.time().proven()?.iter();
    times.filter(|time| !matches!(time.source, TimeSource::Now(_))).map(|time| time.time).min()
}

/// The rules of a demand.
struct Rules<'p> {
    policies: &'p [crate::policy::Policy],
    asked: &'p str,
    each: bool,
}

struct RuleRefusal {
    lines: Vec<String>,
    is_limit: bool,
}

impl<'p> Rules<'p> {
    fn of(plan: &Plan<'p>, what: What) -> Self {
        let demand = match what {
            What::Signature => None,
            What::Attestation(position) => {
                plan.requirements.attestations.get(position).map(|d| (position, d))
            }
        };
        match demand {
            None => Self { policies: &[], asked: "", each: false },
            Some((position, demand)) => {
                Self { policies: plan.policies(position), asked: &demand.predicate_type, each: demand.each }
            }
        }
    }

    /// Whether one statement that does not satisfy them spoils the others.
    fn must_see_all(&self) -> bool {
        self.each && !self.policies.is_empty()
    }

    /// What built-in rules found to hold, and where.
    fn ask(&self, verified: &Verified) -> Result<Vec<String>, RuleRefusal> {
        let mut evidence = Vec::new();
        for policy in self.policies {
            let decision: Result<Decision<'_>, Refusal> = ask(verified, Some(policy), self.asked);
            match decision {
                Ok(decision) => evidence.extend_from_slice(decision.evidence()),
                Err(Refusal::Unmet(unmet)) => {
                    let first = format!("{}: {}", unmet.by, unmet.reason);
                    return Err(RuleRefusal {
                        lines: [first].into_iter().chain(unmet.details).chain(unmet.hint).collect(),
                        is_limit: false,
                    });
                }
                Err(Refusal::Error(error)) => {
                    return Err(RuleRefusal { lines: vec![error.to_string()], is_limit: error.is_limit() });
                }
            }
        }
        Ok(evidence)
    }
}

fn asked(signers: &Signers, names: &[String]) -> String {
    let names_in_words = names.join(", ");
    match (signers.count, names.len()) {
        (_, 1) => names_in_words,
        (Count::Any, _) => format!("any of {names_in_words}"),
        (Count::All, _) => format!("all of {names_in_words}, each another signer"),
        (Count::AtLeast(number), _) => format!("{number} distinct signers of {names_in_words}"),
    }
}

fn fact(plan: &Plan<'_>, one: &Counted, evidence: Vec<String>) -> CountedFact {
    let who = match one.verified.signer() {
        SignerProof::Key(_) => {
            let id = hex::encode(one.verified.signature().key().key_id());
            format!("key sha256:{}", id.get(..16).unwrap_or(&id))
        }
        proof @ SignerProof::Identity(_) => proof.to_string(),
    };
    CountedFact {
        signer: plan.ready.document.signer_name(one.signer).to_owned(),
        who,
        source: one.source.clone(),
        time: signed_at(&one.verified).map(|time| time.to_string()),
        evidence,
        candidate: one.candidate,
    }
}
