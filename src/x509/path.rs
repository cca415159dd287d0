//! Certification paths (RFC 5280 section 6).
//!
//! The search goes from the leaf towards the anchors over names and signatures, and whatever it finds is then judged as a
//! whole by [`judge`](super::path_rules::judge). Every certificate of a path has to be valid at the time, the anchor
//! included (the hybrid model that Sigstore's client specification asks for); revocation and policies are not looked at.

use super::path_rules::{Rules, judge};
use super::{Certificate, certificate};
use crate::crypto::UnixTime;

/// What the leaf is used for: the extended key usage that it has to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// id-kp-codeSigning. A certificate without extended key usages allows every use (RFC 5280 section 4.2.1.12), the leaf
    /// included: certificates of private authorities have none.
    CodeSigning,
    /// id-kp-timeStamping: the leaf's only extended key usage, in a critical extension (RFC 3161 section 2.3).
    TimeStamping,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CodeSigning => "code signing",
            Self::TimeStamping => "time stamping",
        })
    }
}

/// A verified path, leaf first, anchor last. Only [`verify`] makes one.
#[derive(Debug, Clone)]
pub struct Path {
    certificates: Vec<Certificate>,
    issuer: Certificate,
}

impl Path {
    /// Leaf first, anchor last.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The leaf's issuer (the leaf itself when it is its own anchor).
    pub fn issuer(&self) -> &Certificate {
        &self.issuer
    }
}

/// Why no path was found; ordered by how much it says (later variants are more specific).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No certificate at hand has the name of the issuer.
    #[error("no trusted authority issued the certificate `{subject}` (issuer `{issuer}`)")]
    UnknownIssuer {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// The issuer's name in it, RFC 4514.
        issuer: String,
    },
    /// An authority of the issuer's name is known, but the certificate is not signed by its key.
    #[error("the signature on certificate `{subject}` is not by the trusted authority `{issuer}`")]
    Signature {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// The authority's name, RFC 4514.
        issuer: String,
    },
    /// A certificate breaks a rule of RFC 5280, or one of this search.
    #[error("certificate `{subject}` is malformed or not allowed here: {reason}")]
    Invalid {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// Which rule.
        reason: String,
    },
    /// The leaf is for something else (RFC 5280 sections 4.2.1.3 and 4.2.1.12).
    #[error("certificate `{subject}` does not allow {usage}")]
    Usage {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// What was asked.
        usage: Usage,
    },
    /// A certificate begins later.
    #[error("certificate `{subject}` is not yet valid at {time}: valid from {not_before}")]
    NotYetValid {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// The time that was asked about.
        time: UnixTime,
        /// The first moment of its validity.
        not_before: UnixTime,
    },
    /// A certificate ended earlier.
    #[error("certificate `{subject}` is not valid at {time}: it expired at {not_after}")]
    Expired {
        /// The certificate's subject, RFC 4514.
        subject: String,
        /// The time that was asked about.
        time: UnixTime,
        /// The last moment of its validity.
        not_after: UnixTime,
    },
    /// Too many certificates of one name: the search was given up.
    #[error("the search for a certificate path was stopped after {steps} steps")]
    Budget {
        /// Signatures or candidates that were looked at.
        steps: usize,
    },
}

impl PathError {
    /// How much the reason says; budget errors above all.
    pub fn specificity(&self) -> u8 {
        match self {
            Self::UnknownIssuer { .. } => 0,
            Self::Signature { .. } => 1,
            Self::Invalid { .. } => 2,
            Self::Usage { .. } => 3,
            Self::NotYetValid { .. } => 4,
            Self::Expired { .. } => 5,
            Self::Budget { .. } => 6,
        }
    }
}

/// The most signatures that one search checks, as in Go's and webpki's searches (CVE-2018-16875 and its like: candidates
/// of one name multiply).
const MAX_SIGNATURES: usize = 100;
/// The most comparisons of issuer with candidate.
const MAX_CANDIDATES: usize = 250_000;
/// The longest path, leaf and anchor included.
const MAX_LENGTH: usize = 10;

/// Finds a path from `leaf` over any of `intermediates` to one of `anchors`, every certificate of it, the anchor
/// included, valid at `time`.
///
/// `intermediates` are not trusted and may hold anything. A leaf that is itself an anchor is accepted as a path of one
/// certificate if its signature is by its own key.
///
/// # Errors
/// The most specific reason over all paths that were tried.
pub fn verify(
    leaf: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    time: UnixTime,
    usage: Usage,
) -> Result<Path, PathError> {
    let rules = Rules::new(time, usage);
    let mut search = Search { intermediates, anchors, rules, signatures: 0, candidates: 0, reason: None };
    if anchors.contains(leaf) && leaf.is_self_issued() && search.issued(leaf, leaf)? {
        match judge(&[leaf], &mut search.rules) {
            Ok(()) => return Ok(path(&[leaf], leaf)),
            Err(reason) => search.note(reason),
        }
    }
    if let Some(path) = search.extend(leaf, &mut vec![leaf])? {
        return Ok(path);
    }
    let unknown = || PathError::UnknownIssuer { subject: certificate::label(leaf), issuer: leaf.issuer() };
    Err(search.reason.unwrap_or_else(unknown))
}

/// Looks at a leaf by itself: validity at `time`, usage, critical extensions, version. That nothing is found is no path
/// and proves nothing; it finds what every path would fail for.
///
/// # Errors
/// The first thing that is wrong.
pub fn flaw(leaf: &Certificate, time: UnixTime, usage: Usage) -> Result<(), PathError> {
    judge(&[leaf], &mut Rules::new(time, usage))
}

fn path(certificates: &[&Certificate], issuer: &Certificate) -> Path {
    Path { certificates: certificates.iter().map(|c| (*c).clone()).collect(), issuer: issuer.clone() }
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    anchors: &'a [Certificate],
    rules: Rules,
    /// Signatures checked.
    signatures: usize,
    /// Candidates compared by name.
    candidates: usize,
    /// The most specific reason so far.
    reason: Option<PathError>,
}

impl<'a> Search<'a> {
    /// Goes on from `last`, the end of `trail`. The recursion is as deep as [`MAX_LENGTH`].
    fn extend(
        &mut self,
        last: &'a Certificate,
        trail: &mut Vec<&'a Certificate>,
    ) -> Result<Option<Path>, PathError> {
        let mut found_issuer = false;
        for anchor in self.named_issuers(last, self.anchors)? {
            if trail.contains(&anchor) || !self.issued(last, anchor)? {
                continue;
            }
            found_issuer = true;
            trail.push(anchor);
            let issuer = trail.get(1).copied().unwrap_or(anchor);
            match judge(trail, &mut self.rules) {
                Ok(()) => return Ok(Some(path(trail, issuer))),
                Err(reason @ PathError::Budget { .. }) => return Err(reason),
                Err(reason) => self.note(reason),
            }
            trail.pop();
        }
        for candidate in self.named_issuers(last, self.intermediates)? {
            // RFC 5280 section 6.1: no certificate appears twice; nor does a name with the same key, which leads nowhere
            // that its first appearance does not.
            let seen =
                |c: &&Certificate| c.subject_der() == candidate.subject_der() && c.spki() == candidate.spki();
            if trail.iter().any(seen) || !self.issued(last, candidate)? {
                continue;
            }
            found_issuer = true;
            if trail.len() + 2 > MAX_LENGTH {
                return Err(self.exhausted());
            }
            trail.push(candidate);
            if let Some(path) = self.extend(candidate, trail)? {
                return Ok(Some(path));
            }
            trail.pop();
        }
        if !found_issuer {
            self.note(PathError::UnknownIssuer { subject: certificate::label(last), issuer: last.issuer() });
        }
        Ok(None)
    }

    /// The certificates of `pool` that have the name of the issuer; those whose key identifier fits come first, which is
    /// only a hint (RFC 5280 section 4.2.1.1).
    fn named_issuers(
        &mut self,
        child: &Certificate,
        pool: &'a [Certificate],
    ) -> Result<Vec<&'a Certificate>, PathError> {
        self.candidates += pool.len();
        if self.candidates > MAX_CANDIDATES {
            return Err(self.exhausted());
        }
        let mut named: Vec<_> = pool.iter().filter(|c| c.subject_der() == child.issuer_der()).collect();
        let wanted = child.authority_key_identifier();
        named.sort_by_key(|c| wanted.is_some() && c.subject_key_identifier() != wanted);
        Ok(named)
    }

    /// Whether `child` is signed by the key of `issuer`.
    fn issued(&mut self, child: &Certificate, issuer: &Certificate) -> Result<bool, PathError> {
        if self.signatures == MAX_SIGNATURES {
            return Err(self.exhausted());
        }
        self.signatures += 1;
        let subject = || certificate::label(child);
        match child.is_signed_by(issuer) {
            Ok(true) => return Ok(true),
            Ok(false) => {
                self.note(PathError::Signature { subject: subject(), issuer: certificate::label(issuer) })
            }
            Err(e) => self.note(PathError::Invalid { subject: subject(), reason: e.to_string() }),
        }
        Ok(false)
    }

    fn exhausted(&self) -> PathError {
        PathError::Budget { steps: self.signatures }
    }

    fn note(&mut self, reason: PathError) {
        if self.reason.as_ref().is_none_or(|r| r.specificity() < reason.specificity()) {
            self.reason = Some(reason);
        }
    }
}

#[cfg(test)]
mod tests;
