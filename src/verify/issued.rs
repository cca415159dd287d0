//! What services have just issued, judged alone: a certificate before anything is signed with it, an entry of a log wherever
//! there is no entity yet. Neither stands in for [`Verifier::verify`](super::Verifier::verify).

use super::{
    ChainProof, Check, Evidence, Reason, Rejection, Requirement, SctProof, Trail, chain, log, sct, time,
};
use crate::bundle::{BundleVersion, Profile};
use crate::crypto::UnixTime;
use crate::tlog::Entry;
use crate::trust::TrustedRoot;
use crate::x509::Certificate;

/// By how much the clock of whoever asks may be behind those of services, in seconds.
const MAX_SKEW: i64 = 300;

/// Judges a certificate that was issued just now: it leads to a trusted authority, is valid, and trusted certificate transparency
/// logs that were in use saw it. Where that is waived, the SCTs that trusted logs are said to have made hold all the same. A certificate whose validity begins within five minutes from `now` is judged at its beginning.
///
/// # Errors
/// The first check that failed: the chain, the SCTs.
pub fn certificate(
    leaf: &Certificate,
    detached_scts: &[Vec<u8>],
    requirement: Requirement,
    root: &TrustedRoot,
    now: UnixTime,
) -> Result<(ChainProof, Evidence<SctProof>), Rejection> {
    let mut trail = Trail::default();
    let ahead = leaf.not_before().seconds().saturating_sub(now.seconds());
    let time = if (1..=MAX_SKEW).contains(&ahead) { leaf.not_before() } else { now };
    let chain = chain::path_at(leaf, time, root).map_err(|r| rejection(Check::Chain, r, &mut trail))?;
    trail.note(Check::Chain, &Evidence::Proven(chain.clone()));
    let scts = match requirement {
        // What none has to vouch for, one that is trusted must not speak against.
        Requirement::Waived(waiver) => {
            sct::witnessed(&chain, detached_scts, requirement, root)
                .map_err(|r| rejection(Check::Sct, r, &mut trail))?;
            Evidence::Waived(waiver)
        }
        Requirement::Required { .. } => Evidence::Proven(
            sct::witnessed(&chain, detached_scts, requirement, root)
                .map_err(|r| rejection(Check::Sct, r, &mut trail))?,
        ),
    };
    Ok((chain, scts))
}

/// An entry that is in a trusted log. Made by [`logged`] alone.
#[derive(Debug, Clone)]
pub struct Logged {
    log: String,
    index: u64,
    time: Option<UnixTime>,
}

impl Logged {
    /// The address of the log, as the trusted root labels it.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// The index that is proven: in the log as a whole where there is a promise, else in its tree.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The time that the log promises.
    pub fn time(&self) -> Option<UnixTime> {
        self.time
    }
}

/// Judges an entry as a log has just handed it out: its body is of a known kind, a trusted log holds it (proof, checkpoint, and
/// promise where there is one), it was not made more than five minutes from `now`, and the log's key was in use at its promised
/// time, or is now where it has none.
/// What the entry is about is not looked at.
///
/// # Errors
/// The reason, which is always one of the log.
pub fn logged(entry: &Entry, root: &TrustedRoot, now: UnixTime) -> Result<Logged, Rejection> {
    let judged = || {
        let body = log::parsed(0, entry)?;
        let profile = Profile::Bundle(BundleVersion::V0_3);
        let included = log::included_in(0, entry, &body, profile, root)?;
        let time = included.promised_time.unwrap_or(now);
        if time.seconds().saturating_sub(now.seconds()) > MAX_SKEW {
            return Err(Reason::Future { from: format!("the log {}", included.log.base_url), time, now });
        }
        if !included.log.valid_for.contains(time) {
            return Err(Reason::LogWindow { entry: 0, time });
        }
        let (log, index) = (included.log.base_url.clone(), included.index);
        Ok(Logged { log, index, time: included.promised_time })
    };
    judged().map_err(|reason| rejection(Check::Log, reason, &mut Trail::default()))
}

/// Judges a timestamp as an authority has just handed it out: a trusted authority made it over these bytes, not more than five
/// minutes from `now`. With a certificate, that was valid then. Returns its time.
///
/// # Errors
/// The first check that failed: the time, the chain.
pub fn timestamp(
    der: &[u8],
    signed: &[u8],
    leaf: Option<&Certificate>,
    root: &TrustedRoot,
    now: UnixTime,
) -> Result<UnixTime, Rejection> {
    let mut trail = Trail::default();
    let judged = time::confirmed(der, signed, root, now, MAX_SKEW);
    let time = judged.map_err(|reason| rejection(Check::Time, reason, &mut trail))?;
    if let Some(leaf) = leaf {
        chain::path_at(leaf, time, root).map_err(|reason| rejection(Check::Chain, reason, &mut trail))?;
    }
    Ok(time)
}

fn rejection(check: Check, reason: Reason, trail: &mut Trail) -> Rejection {
    trail.fail(check, reason.clone());
    Rejection::new(check, reason, std::mem::take(trail))
}
