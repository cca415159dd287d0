//! Distinct signers. A key is one signer however many names, files and services have it, and so is an identity however many
//! certificates it gets; a key that stands in a certificate, too, is the same signer as the identity there. An e-mail address is one
//! signer whoever confirmed it: a person with accounts at two providers is no second one. Other names (of workflows, of machines) are
//! given by their issuer, and mean somebody else where another one gives them.

use crate::verify::{SignerProof, Verified};

/// A signer whose signature was verified, by all that tells him from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voice {
    key: Vec<u8>,
    /// The subject, and the issuer where that makes a difference.
    identity: Option<(String, Option<String>)>,
}

impl Voice {
    pub fn of(verified: &Verified) -> Self {
        let identity = match verified.signer() {
            SignerProof::Key(_) => None,
            SignerProof::Identity(proof) => Some(person(proof.subject(), proof.issuer())),
        };
        Self { key: verified.signature().key().spki_der().to_vec(), identity }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.key == other.key || (self.identity.is_some() && self.identity == other.identity)
    }

    #[cfg(test)]
    pub fn new(key: &str, identity: Option<(&str, &str)>) -> Self {
        let identity = identity.map(|(subject, issuer)| person(subject, issuer));
        Self { key: key.as_bytes().to_vec(), identity }
    }
}

/// Who an identity is, to be compared. Nobody is two by the case of the letters alone.
pub(super) fn person(subject: &str, issuer: &str) -> (String, Option<String>) {
    let issuer = (!is_address(subject)).then(|| issuer.to_lowercase());
    (subject.to_lowercase(), issuer)
}

/// Whether a subject is an e-mail address, and no URI.
pub(super) fn is_address(subject: &str) -> bool {
    subject.contains('@') && !subject.contains("://")
}

/// How many of the names are met by signers of whom no two are the same. `met`: a name, by its number, and a signer who
/// signed for it.
pub(super) fn distinct(met: &[(usize, Voice)]) -> usize {
    let persons = persons(met);
    let count = persons.iter().max().map_or(0, |last| last + 1);
    let edges: Vec<(usize, usize)> =
        met.iter().zip(persons).map(|((name, _), person)| (*name, person)).collect();
    let mut names: Vec<usize> = met.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    // A largest matching of names and persons, by augmenting paths.
    let mut taken: Vec<Option<usize>> = vec![None; count];
    names.iter().filter(|name| augment(**name, &edges, &mut taken, &mut vec![false; count])).count()
}

/// The number of the person behind each: who is the same as somebody is the same as all who are the same as that one.
fn persons(met: &[(usize, Voice)]) -> Vec<usize> {
    let mut groups: Vec<Vec<&Voice>> = Vec::new();
    for (_, voice) in met {
        let (same, mut others): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(|known| known.is_same(voice)));
        others.push(same.into_iter().flatten().chain([voice]).collect());
        groups = others;
    }
    let of = |voice: &Voice| groups.iter().position(|group| group.iter().any(|known| known.is_same(voice)));
    met.iter().map(|(_, voice)| of(voice).unwrap_or_default()).collect()
}

/// Finds a person for a name, moving others to somebody else where that is needed.
fn augment(name: usize, edges: &[(usize, usize)], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for (_, person) in edges.iter().filter(|(other, _)| *other == name) {
        match tried.get_mut(*person) {
            Some(tried) if !*tried => *tried = true,
            _ => continue,
        }
        let holder = taken.get(*person).copied().flatten();
        if holder.is_none_or(|holder| augment(holder, edges, taken, tried)) {
            if let Some(place) = taken.get_mut(*person) {
                *place = Some(name);
            }
            return true;
        }
    }
    false
}
