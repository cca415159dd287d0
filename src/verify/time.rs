//! When did the signature exist? Times that somebody trusted has signed, and no others.

use super::evidence::Voices;
use super::log::Included;
use super::{Evidence, ExpectedSigner, NonEmpty, Reason, Requirement, Verifier, Waiver};
use crate::bundle::{Content, Profile, SignedEntity};
use crate::crypto::UnixTime;
use crate::timestamp::{Authority, TimestampError, Token, verify};
use crate::trust::CertificateAuthority;
#[cfg(feature = "http")]
use crate::trust::TrustedRoot;

/// Where a verified time comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeSource {
    /// The inclusion promise of this log (its address).
    Log(String),
    /// A token of this timestamp authority (its address).
    TimestampAuthority(String),
    /// The moment of judging, because the user waived the log and there is no timestamp.
    Now(Waiver),
}

/// A time at which the signature is known to have existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// The time.
    pub time: UnixTime,
    /// Who says so.
    pub source: TimeSource,
}

/// At least one verified time. Made by [`times`] alone.
#[derive(Debug, Clone)]
pub struct TimeProof {
    times: NonEmpty<VerifiedTime>,
}

impl TimeProof {
    /// The times.
    pub fn iter(&self) -> impl Iterator<Item = &VerifiedTime> {
        self.times.iter()
    }
}

impl std::fmt::Display for TimeProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, VerifiedTime { time, source }) in self.times.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            match source {
                TimeSource::Log(log) => write!(f, "{time} by log {log}")?,
                TimeSource::TimestampAuthority(authority) => {
                    write!(f, "{time} by timestamp authority {authority}")?
                }
                TimeSource::Now(waiver) => write!(f, "{time} is now; a trusted time is {waiver}")?,
            }
        }
        Ok(())
    }
}

/// Collects the times of the log entries and verifies the timestamps.
pub(super) fn times(
    entity: &SignedEntity,
    entries: &[Included<'_>],
    verifier: &Verifier<'_>,
) -> Result<Evidence<TimeProof>, Reason> {
    let mut times = timestamps(entity, verifier)?;
    for entry in entries {
        if let Some(time) = entry.promised_time {
            let from = || format!("log entry {}", entry.position);
            times.push(VerifiedTime {
                time: past(time, verifier.now, from)?,
                source: TimeSource::Log(entry.log.base_url.clone()),
            });
        }
    }
    if times.is_empty() {
        match (&verifier.policy.signer, verifier.policy.log) {
            (ExpectedSigner::Key(_), _) => {
                return Ok(Evidence::Waived(Waiver::NotNeeded("a key has no validity period")));
            }
            (ExpectedSigner::Identity(_), Requirement::Waived(waiver)) => {
                times.push(VerifiedTime { time: verifier.now, source: TimeSource::Now(waiver) });
            }
            (ExpectedSigner::Identity(_), Requirement::Required { .. }) => return Err(Reason::NoTime),
        }
    }
    let first = times.remove(0);
    Ok(Evidence::Proven(TimeProof { times: NonEmpty::new(first, times) }))
}

/// Verifies every timestamp. One by an authority that is not trusted says nothing; any other one has to hold.
fn timestamps(entity: &SignedEntity, verifier: &Verifier<'_>) -> Result<Vec<VerifiedTime>, Reason> {
    let stamped = stamped(entity);
    let mut times = Vec::new();
    let mut voices = Voices::default();
    for (timestamp, der) in entity.timestamps.iter().enumerate() {
        let token = Token::from_der(der).map_err(|error| Reason::TimestampMalformed { timestamp, error })?;
        let signed = signed_by(&token, &stamped);
        if let Some(stamp) = judge(timestamp, &token, signed, &verifier.root.timestamp_authorities)? {
            let time = past(stamp.time, verifier.now, || format!("timestamp {timestamp}"))?;
            voices.add(&stamp.voice.to_be_bytes(), &stamp.authority.uri);
            let source = TimeSource::TimestampAuthority(stamp.authority.uri.clone());
            times.push(VerifiedTime { time, source });
        }
    }
    let (required, found) = (verifier.policy.timestamp.threshold(), voices.count());
    if found < required { Err(Reason::TimestampMissing { required, found }) } else { Ok(times) }
}

/// What a timestamp alone says: its time, which a trusted authority has signed over these bytes, and which is at most `leeway`
/// seconds after `now`.
#[cfg(feature = "http")]
pub(super) fn confirmed(
    der: &[u8],
    signed: &[u8],
    root: &TrustedRoot,
    now: UnixTime,
    leeway: i64,
) -> Result<UnixTime, Reason> {
    let token = Token::from_der(der).map_err(|error| Reason::TimestampMalformed { timestamp: 0, error })?;
    let stamp = judge(0, &token, signed, &root.timestamp_authorities)?;
    let stamp = stamp.ok_or(Reason::TimestampMissing { required: 1, found: 0 })?;
    let time = stamp.time;
    if time > now.plus_seconds(leeway) {
        return Err(Reason::Future { from: "the timestamp".to_owned(), time, now });
    }
    Ok(time)
}

/// The imprint has to be of one of them; which one, the token says. If it is of none, any will show that.
pub(super) fn signed_by<'a>(token: &Token, stamped: &[&'a [u8]]) -> &'a [u8] {
    let imprint = token.imprint();
    let signed = stamped.iter().find(|bytes| imprint.algorithm().digest(bytes) == *imprint);
    signed.or(stamped.first()).copied().unwrap_or_default()
}

/// The bytes that a timestamp may be over: the raw signature. In the legacy formats the timestamp of an attestation may
/// be over the envelope as it was written, too: cosign 2 makes it so, and it covers the signature as well.
pub(super) fn stamped(entity: &SignedEntity) -> Vec<&[u8]> {
    match &entity.content {
        Content::Message { signature, .. } | Content::SimpleSigning { signature, .. } => vec![signature],
        Content::Envelope(envelope) => {
            let mut stamped: Vec<&[u8]> =
                envelope.parsed.signatures.first().map(|s| s.sig.as_slice()).into_iter().collect();
            // Bytes that were not kept are none that anybody stamped.
            if entity.profile == Profile::Legacy && !envelope.bytes.is_empty() {
                stamped.push(&envelope.bytes);
            }
            stamped
        }
    }
}

/// What an authority has confirmed.
struct Stamp<'a> {
    authority: &'a CertificateAuthority,
    time: UnixTime,
    /// The first authority in the root that the token can be ascribed to, whatever its window: an authority that the root
    /// lists twice, with two windows, is one voice.
    voice: usize,
}

/// Asks each authority about a token, each with its own certificates and its own window. `None`: none of them made it.
fn judge<'a>(
    timestamp: usize,
    token: &Token,
    signed: &[u8],
    authorities: &'a [CertificateAuthority],
) -> Result<Option<Stamp<'a>>, Reason> {
    let mut failure: Option<Reason> = None;
    let mut first = None;
    for (position, authority) in authorities.iter().enumerate() {
        let certificates = Authority { anchors: &authority.anchors, others: &authority.intermediates };
        match verify(token, signed, certificates) {
            Ok(time) => {
                let voice = *first.get_or_insert(position);
                if authority.valid_for.contains(time) {
                    return Ok(Some(Stamp { authority, time, voice }));
                }
                failure = Some(Reason::TimestampWindow { timestamp, time });
            }
            Err(TimestampError::Authority) => {}
            Err(error) => {
                failure.get_or_insert(Reason::Timestamp { timestamp, error });
            }
        }
    }
    failure.map_or(Ok(None), Err)
}

fn past(time: UnixTime, now: UnixTime, from: impl FnOnce() -> String) -> Result<UnixTime, Reason> {
    if time > now { Err(Reason::Future { from: from(), time, now }) } else { Ok(time) }
}
