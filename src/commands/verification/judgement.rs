//! What became of the candidates of one image. They are judged a few at a time and let go: what is kept is what verified, why the
//! others were refused, and the one of them that says most.

use std::ops::ControlFlow;

use super::attached::{Attached, Spoiled};
use super::lookup::LookedUp;
use super::nothing::{is_asked, kind, types};
use super::{Candidate, Verdict, unlogged};
use crate::commands::Expected;
use crate::commands::report::CandidateReport;
use crate::payload::Artifact;
use crate::verify::{Rejection, Verifier};

/// The candidates so far.
#[derive(Default)]
pub(super) struct Judgement {
    pub verdict: Verdict,
    /// What became of each.
    pub reports: Vec<CandidateReport>,
    /// What could not be judged.
    pub spoiled: Vec<Spoiled>,
    /// Where each of the rejections is from.
    pub sources: Vec<String>,
    /// How many of them are of the kind that was asked for.
    pub rejected: usize,
    /// The candidate whose rejection says most, and the number of that.
    best: Option<(usize, Candidate)>,
    /// Whether there was one of the kind that was asked for.
    pub is_asked: bool,
    /// What there was, each once, and not too many.
    pub kinds: Vec<String>,
    /// Whether a limit ended the search.
    ended: bool,
    /// What came of looking up entries that were missing.
    pub looked_up: LookedUp,
    /// Whether one of those that verified has its entry from there.
    pub is_online: bool,
}

impl Judgement {
    /// Judges these as well.
    pub fn add(
        &mut self,
        attached: Attached,
        expected: &Expected,
        verifier: &Verifier<'_>,
        artifact: &Artifact,
    ) {
        self.spoiled.extend(attached.spoiled);
        for candidate in attached.candidates {
            let is_asked = is_asked(&candidate, expected);
            self.is_asked |= is_asked;
            self.kinds = types(std::mem::take(&mut self.kinds).into_iter().chain([kind(&candidate)]));
            if self.ended {
                continue;
            }
            let judged = unlogged::judged(verifier, &candidate.entity, Some(artifact));
            self.reports.push(CandidateReport::of(
                candidate.source.clone(),
                candidate.format.clone(),
                &judged,
            ));
            let is_rejected = judged.is_err();
            self.is_online |= !is_rejected && self.looked_up.found.contains(&candidate.source);
            self.ended = matches!(self.verdict.add(judged), ControlFlow::Break(()));
            if is_rejected {
                self.rejected += usize::from(is_asked);
                self.sources.push(candidate.source.clone());
                self.compare(candidate);
            }
        }
    }

    /// Keeps the candidate of the last rejection, if that says as much as any.
    fn compare(&mut self, candidate: Candidate) {
        let Some(last) = self.verdict.rejections.last() else { return };
        if self.best().is_none_or(|(best, _)| last.specificity() >= best.specificity()) {
            self.best = Some((self.verdict.rejections.len() - 1, candidate));
        }
    }

    /// The rejection that says most, with its candidate.
    pub fn best(&self) -> Option<(&Rejection, &Candidate)> {
        let (number, candidate) = self.best.as_ref()?;
        Some((self.verdict.rejections.get(*number)?, candidate))
    }

    /// Whether everything that was found was looked at: no limit kept it from that.
    pub fn is_complete(&self) -> bool {
        !self.ended && self.spoiled.iter().all(|spoiled| !spoiled.is_limit)
    }

    /// What became of all that was found.
    pub fn take_reports(&mut self) -> Vec<CandidateReport> {
        let mut reports = std::mem::take(&mut self.reports);
        reports.extend(self.spoiled.iter().map(Spoiled::report));
        reports
    }
}
