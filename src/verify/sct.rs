//! Was the certificate shown to a certificate transparency log?

use super::evidence::Voices;
use super::{ChainProof, Evidence, Reason, Requirement, Verifier};
use crate::bundle::SignedEntity;
use crate::crypto::UnixTime;
use crate::trust::TrustedRoot;
use crate::x509::sct;

/// How many SCTs of one certificate are looked at.
const MAX_SCTS: usize = 32;

/// Distinct trusted logs vouch for the certificate. Made by [`scts`] alone.
#[derive(Debug, Clone)]
pub struct SctProof {
    logs: Vec<(String, UnixTime)>,
}

impl SctProof {
    /// Address of each log, and when it says that it was shown the certificate.
    pub fn logs(&self) -> impl Iterator<Item = (&str, UnixTime)> {
        self.logs.iter().map(|(log, time)| (log.as_str(), *time))
    }
}

impl std::fmt::Display for SctProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let logs: Vec<String> = self.logs.iter().map(|(log, time)| format!("{log} at {time}")).collect();
        write!(f, "{}", logs.join(", "))
    }
}

/// Judges the SCTs of a certificate whose chain is already verified.
pub(super) fn scts(
    entity: &SignedEntity,
    chain: &Evidence<ChainProof>,
    verifier: &Verifier<'_>,
) -> Result<Evidence<SctProof>, Reason> {
    let chain = match (chain, verifier.policy.sct) {
        (Evidence::Waived(waiver), _) => return Ok(Evidence::Waived(*waiver)),
        (_, Requirement::Waived(waiver)) => return Ok(Evidence::Waived(waiver)),
        (Evidence::Proven(chain), Requirement::Required { .. }) => chain,
    };
    witnessed(chain, &entity.detached_scts, verifier.policy.sct, verifier.root).map(Evidence::Proven)
}

/// Judges the SCTs in and beside a certificate whose chain is already verified.
pub(super) fn witnessed(
    chain: &ChainProof,
    detached_scts: &[Vec<u8>],
    requirement: Requirement,
    root: &TrustedRoot,
) -> Result<SctProof, Reason> {
    let mut scts = sct::embedded(chain.leaf()).map_err(Reason::SctMalformed)?;
    for detached in detached_scts {
        scts.push(sct::parse_detached(detached).map_err(Reason::SctMalformed)?);
    }
    if scts.len() > MAX_SCTS {
        return Err(Reason::TooMany { what: "SCTs", count: scts.len(), limit: MAX_SCTS });
    }
    let mut logs = Vec::new();
    let mut voices = Voices::default();
    for sct in &scts {
        // An SCT of a log that is not trusted says nothing, for or against.
        let Some(log) = root.ct_logs.iter().find(|l| l.key.key_id() == sct.log_id) else { continue };
        let log_id = hex::encode(sct.log_id);
        if !sct::verify(sct, chain.leaf(), chain.issuer(), &log.key) {
            return Err(Reason::SctInvalid { log_id });
        }
        if !log.valid_for.contains(sct.time) {
            return Err(Reason::SctWindow { log_id, time: sct.time });
        }
        voices.add(log.key.spki_der(), &log.base_url);
        logs.push((log.base_url.clone(), sct.time));
    }
    let (required, found) = (requirement.threshold(), voices.count());
    if found < required {
        return Err(Reason::SctMissing { required, found });
    }
    Ok(SctProof { logs })
}
