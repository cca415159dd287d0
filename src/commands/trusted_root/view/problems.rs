//! What looks wrong in a trusted root.

use super::Kind;
use crate::commands::facts::Problem;
use crate::crypto::UnixTime;
use crate::tlog::checkpoint::log_id;
use crate::trust::{CertificateAuthority, Listed, Log, Window};
use crate::x509::Certificate;

pub(super) fn of_authority(
    authority: &CertificateAuthority,
    timestamps: bool,
    now: UnixTime,
) -> Vec<Problem> {
    let mut problems = Vec::from_iter(empty_window(authority.valid_for));
    let chain: Vec<&Certificate> = authority.intermediates.iter().chain(&authority.anchors).collect();
    for pair in chain.windows(2) {
        if let [below, above] = pair
            && !below.is_issued_by(above)
        {
            let message =
                format!("certificate {} was not issued by {}, which follows it", name(below), name(above));
            problems.push(Problem { code: "chain-order", message });
        }
    }
    for (i, certificate) in chain.iter().enumerate() {
        if authority.valid_for.contains(now) && certificate.not_after() < now {
            let end = certificate.not_after();
            let message = format!(
                "certificate {} expired on {end}, and the authority is still relied on",
                name(certificate)
            );
            problems.push(Problem { code: "certificate-expired", message });
        }
        let signs_timestamps = timestamps && i == 0;
        if !certificate.is_ca() && !signs_timestamps {
            let message = format!("certificate {} is not that of an authority", name(certificate));
            problems.push(Problem { code: "certificate-no-authority", message });
        }
    }
    if timestamps
        && !chain.iter().any(|certificate| certificate.is_for_time_stamping() && !certificate.is_ca())
    {
        let message = "no certificate is for time stamping (extended key usage)".to_owned();
        problems.push(Problem { code: "certificate-usage", message });
    }
    problems
}

fn name(certificate: &Certificate) -> String {
    match certificate.subject() {
        subject if subject.is_empty() => format!("number {}", certificate.serial()),
        subject => format!("`{subject}`"),
    }
}

pub(super) fn empty_window(window: Window) -> Option<Problem> {
    let message = || "its time ends before it starts".to_owned();
    window.is_empty().then(|| Problem { code: "window-empty", message: message() })
}

/// What the identifier of a log is made of: its key (RFC 6962 section 3.2, Rekor v1), or its key and its name (Rekor v2).
pub(super) fn made_of(log: &Log, kind: Kind) -> Result<String, String> {
    if log.log_id == log.key.key_id() {
        return Ok("SHA-256 of the key".to_owned());
    }
    if kind == Kind::Certificates {
        return Err(
            "its identifier is not the SHA-256 of its key: no certificate timestamp can be by it".to_owned()
        );
    }
    let name = log.checkpoint_name();
    if log.log_id == log_id(&name, &log.key) {
        return Ok(format!("checkpoint key of `{name}`"));
    }
    let or_name = match log_id("", &log.key) == log.key.key_id() {
        // Of ECDSA keys all identifiers are made alike.
        true => String::new(),
        false => format!(", nor that of a checkpoint key of `{name}`"),
    };
    Err(format!("its identifier is not the SHA-256 of its key{or_name}"))
}

pub(super) fn same_ids(list: &[Listed<Log>], what: &str) -> Vec<Problem> {
    let logs: Vec<&Log> = list.iter().filter_map(|listed| listed.service.as_ref().ok()).collect();
    let mut problems = Vec::new();
    for (i, log) in logs.iter().enumerate() {
        if let Some(other) = logs.iter().take(i).find(|other| other.log_id == log.log_id) {
            let id = hex::encode(&log.log_id);
            let (one, other) = (&other.base_url, &log.base_url);
            let message = format!("the {what} `{one}` and `{other}` have the same identifier {id}");
            problems.push(Problem { code: "log-id-repeated", message });
        }
    }
    problems
}
