//! What was proven, what was waived, and the trail of both that reports are written from.

use super::{Reason, Waiver};

/// A proof, or the waiver that stands in for it.
#[derive(Debug, Clone)]
pub enum Evidence<T> {
    /// Proven; the proof says what.
    Proven(T),
    /// Not demanded, and not there.
    Waived(Waiver),
}

impl<T> Evidence<T> {
    /// The proof, if there is one.
    pub fn proven(&self) -> Option<&T> {
        match self {
            Self::Proven(proof) => Some(proof),
            Self::Waived(_) => None,
        }
    }
}

/// The distinct logs or authorities that vouch for something (CVE-2026-49834). Whoever has the key of one that was counted
/// already, or its name, is not counted again: two entries of one log, or one log under two names, are one voice.
#[derive(Debug, Default)]
pub(super) struct Voices<'a>(Vec<(Vec<u8>, &'a str)>);

impl<'a> Voices<'a> {
    /// Counts a witness by its key (or what stands for it) and its name; an empty name is none.
    pub(super) fn add(&mut self, key: &[u8], name: &'a str) {
        if self.0.iter().all(|(k, n)| k != key && (*n != name || name.is_empty())) {
            self.0.push((key.to_vec(), name));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The checks, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The document is one that can be judged: counts, kinds of content.
    Structure,
    /// Log entries are about this signature and in the log.
    Log,
    /// Times at which the signature is known to have existed.
    Time,
    /// The certificate leads to a trusted authority at each of the times.
    Chain,
    /// The certificate was shown to a certificate transparency log.
    Sct,
    /// The signature is valid over the raw bytes.
    Signature,
    /// What is signed names the artifact, and has the annotations that were asked for.
    Claim,
    /// The signer is the expected one.
    Signer,
}

impl Check {
    /// All checks in order.
    pub const ALL: [Self; 8] = [
        Self::Structure,
        Self::Log,
        Self::Time,
        Self::Chain,
        Self::Sct,
        Self::Signature,
        Self::Claim,
        Self::Signer,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Log => "log",
            Self::Time => "time",
            Self::Chain => "chain",
            Self::Sct => "sct",
            Self::Signature => "signature",
            Self::Claim => "claim",
            Self::Signer => "signer",
        }
    }
}

/// How one check came out.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Proven; what exactly, in words.
    Proven(String),
    /// Not demanded.
    Waived(Waiver),
    /// Failed; the last outcome of a trail.
    Failed(Reason),
}

/// The outcomes of the checks that were reached, in order.
#[derive(Debug, Clone, Default)]
pub struct Trail(Vec<(Check, Outcome)>);

impl Trail {
    pub(super) fn note<T: std::fmt::Display>(&mut self, check: Check, evidence: &Evidence<T>) {
        self.0.push((
            check,
            match evidence {
                Evidence::Proven(proof) => Outcome::Proven(proof.to_string()),
                Evidence::Waived(waiver) => Outcome::Waived(*waiver),
            },
        ));
    }

    pub(super) fn fail(&mut self, check: Check, reason: Reason) {
        self.0.push((check, Outcome::Failed(reason)));
    }

    /// The outcomes.
    pub fn outcomes(&self) -> impl Iterator<Item = (Check, &Outcome)> {
        self.0.iter().map(|(check, outcome)| (*check, outcome))
    }
}
