//! Needs together: what asks for both, or for more.

use super::draft::{Need, Proofs, Requires, Signatures};

/// What asks for both.
///
/// # Errors
/// In words: why no scope can ask for both.
pub(super) fn and(one: Need, other: Need) -> Result<Need, &'static str> {
    Ok(match (one, other) {
        (Need::Refuse, _) | (_, Need::Refuse) => Need::Refuse,
        (Need::Accept, need) | (need, Need::Accept) => need,
        (Need::Require(one), Need::Require(other)) => Need::Require(Box::new(requires(*one, *other)?)),
    })
}

fn requires(one: Requires, other: Requires) -> Result<Requires, &'static str> {
    let signatures = match (one.signatures, other.signatures) {
        (None, one) | (one, None) => one,
        (Some(one), Some(other)) => Some(signatures(one, other)?),
    };
    let mut attestations = one.attestations;
    for attestation in other.attestations {
        if !attestations.contains(&attestation) {
            attestations.push(attestation);
        }
    }
    let signed_as = match (one.signed_as, other.signed_as) {
        (None, name) | (name, None) => name,
        (Some(one), Some(other)) if one == other => Some(one),
        _ => return Err("a scope asks for one name under which images were signed, and these ask for two"),
    };
    Ok(Requires { signatures, attestations, proofs: strictest(one.proofs, other.proofs), signed_as })
}

/// What either asks for.
pub(super) fn strictest(one: Proofs, other: Proofs) -> Proofs {
    Proofs {
        log: one.log || other.log,
        timestamp: one.timestamp || other.timestamp,
        sct: one.sct || other.sct,
    }
}

/// Whoever is in both lists of one alone satisfies both; all of several are asked for by name.
fn signatures(one: Signatures, other: Signatures) -> Result<Signatures, &'static str> {
    let is_any = |signatures: &Signatures| !signatures.all && signatures.of.len() > 1;
    let within = |few: &Signatures, many: &Signatures| few.of.iter().all(|signer| many.of.contains(signer));
    match (is_any(&one), is_any(&other)) {
        (true, true) if within(&one, &other) => Ok(one),
        (true, true) if within(&other, &one) => Ok(other),
        (true, true) => {
            Err("a scope asks for one list of signers, and these ask for one signer out of each of two")
        }
        // All of some satisfy a list that has one of them.
        (false, true) if one.of.iter().any(|signer| other.of.contains(signer)) => Ok(one),
        (true, false) if other.of.iter().any(|signer| one.of.contains(signer)) => Ok(other),
        (false, true) | (true, false) => {
            Err("a scope asks for one list of signers, and these ask for a signer and one out of others")
        }
        (false, false) => {
            let mut of = one.of;
            for signer in other.of {
                if !of.contains(&signer) {
                    of.push(signer);
                }
            }
            Ok(Signatures { all: of.len() > 1, of })
        }
    }
}
