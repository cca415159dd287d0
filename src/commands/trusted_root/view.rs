//! What a trusted root trusts, for people and programs, and what looks wrong in it.

mod problems;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::super::facts::{CertificateSummary, DocumentFacts, KeyFacts, Part, Problem};
use crate::crypto::UnixTime;
use crate::trust::{CertificateAuthority, Listed, Log, RootDocument, Window};
use crate::x509::Certificate;

/// The name and version of the JSON.
pub const ROOT_INSPECTION_SCHEMA: &str = "rcosign-trusted-root-inspection/v1";

/// What a trusted root trusts, when, and for what. `docs/reference/inspection.md` describes each member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootInspection {
    /// [`ROOT_INSPECTION_SCHEMA`].
    pub schema: &'static str,
    /// The time to which `state` refers, RFC 3339.
    pub time: String,
    /// What looks wrong in the document as a whole.
    pub problems: Vec<Problem>,
    /// Where it came from.
    pub document: DocumentFacts,
    /// Who issues certificates to signers.
    pub certificate_authorities: Vec<AuthorityView>,
    /// Who logs signatures.
    pub transparency_logs: Vec<LogView>,
    /// Who logs certificates.
    pub certificate_transparency_logs: Vec<LogView>,
    /// Who says when.
    pub timestamp_authorities: Vec<AuthorityView>,
}

/// A certificate or timestamp authority.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityView {
    /// Its address.
    pub address: String,
    /// Who runs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
    /// What its keys may sign.
    pub may_sign: &'static str,
    /// When it may be relied on.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowView>,
    /// Its certificates, in the order of the document.
    pub certificates: Vec<CertificateView>,
    /// Why it is left out, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What looks wrong.
    pub problems: Vec<Problem>,
}

/// A log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Its address.
    pub address: String,
    /// Who runs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
    /// What its key may sign.
    pub may_sign: &'static str,
    /// When its key may be relied on.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowView>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyFacts>,
    /// How entries name it, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
    /// What its identifier is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id_is: Option<String>,
    /// Why it is left out, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What looks wrong.
    pub problems: Vec<Problem>,
}

/// A span of time, both ends included; no end means open.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowView {
    /// `current`, `past`, `future`, or `never` where it ends before it starts.
    pub state: &'static str,
    /// The first moment, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last moment, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A certificate of an authority.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateView {
    /// `root` for the one that is trusted by itself, `authority`, or `leaf`.
    pub role: &'static str,
    /// Its names, its own validity, its fingerprint.
    #[serde(flatten)]
    pub summary: CertificateSummary,
    /// Where the present lies in its own validity, as that of a service.
    pub state: &'static str,
    /// Its key.
    pub key: KeyFacts,
}

/// What kind of log it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entries,
    Certificates,
}

/// What `document` trusts at `now`; it was read from `bytes`, which are from `source`.
pub(super) fn inspection(
    document: &RootDocument,
    source: &str,
    bytes: &[u8],
    now: UnixTime,
) -> RootInspection {
    let authorities = |list: &[Listed<CertificateAuthority>], timestamps| {
        list.iter().map(|listed| authority(listed, timestamps, now)).collect()
    };
    let logs = |list: &[Listed<Log>], kind| list.iter().map(|listed| log(listed, kind, now)).collect();
    RootInspection {
        schema: ROOT_INSPECTION_SCHEMA,
        time: UnixTime::from_seconds(now.seconds()).to_string(),
        problems: [
            problems::same_ids(&document.logs, "transparency logs"),
            problems::same_ids(&document.ct_logs, "certificate transparency logs"),
        ]
        .concat(),
        document: DocumentFacts {
            source: source.to_owned(),
            format: None,
            media_type: Some(document.media_type().to_owned()),
            bytes: Part::of(bytes),
        },
        certificate_authorities: authorities(&document.certificate_authorities, false),
        transparency_logs: logs(&document.logs, Kind::Entries),
        certificate_transparency_logs: logs(&document.ct_logs, Kind::Certificates),
        timestamp_authorities: authorities(&document.timestamp_authorities, true),
    }
}

impl RootInspection {
    /// Everything that looks wrong, each line with the service that it is about.
    pub(super) fn all_problems(&self) -> Vec<String> {
        let line = |what: &str, address: &str, Problem { message, .. }: &Problem| match address {
            "" => format!("{what}: {message}"),
            address => format!("{what} `{address}`: {message}"),
        };
        let authorities = |what: &str, list: &[AuthorityView]| -> Vec<String> {
            list.iter().flat_map(|a| a.problems.iter().map(|p| line(what, &a.address, p))).collect()
        };
        let logs = |what: &str, list: &[LogView]| -> Vec<String> {
            list.iter().flat_map(|l| l.problems.iter().map(|p| line(what, &l.address, p))).collect()
        };
        [
            authorities("certificate authority", &self.certificate_authorities),
            logs("transparency log", &self.transparency_logs),
            logs("certificate transparency log", &self.certificate_transparency_logs),
            authorities("timestamp authority", &self.timestamp_authorities),
            self.problems.iter().map(|problem| problem.message.clone()).collect(),
        ]
        .concat()
    }
}

fn authority(listed: &Listed<CertificateAuthority>, timestamps: bool, now: UnixTime) -> AuthorityView {
    let may_sign = if timestamps { "timestamps (RFC 3161)" } else { "certificates of signers" };
    let mut view = AuthorityView {
        address: listed.address.clone(),
        operator: listed.operator.clone(),
        may_sign,
        window: None,
        certificates: Vec::new(),
        left_out: None,
        problems: Vec::new(),
    };
    match &listed.service {
        Err(reason) => view.left_out = Some(reason.clone()),
        Ok(authority) => {
            view.window = Some(window(authority.valid_for, now));
            let below =
                authority.intermediates.iter().map(|c| (if c.is_ca() { "authority" } else { "leaf" }, c));
            let chain = below.chain(authority.anchors.iter().map(|c| ("root", c)));
            view.certificates = chain.map(|(role, c)| certificate(role, c, now)).collect();
            view.problems = problems::of_authority(authority, timestamps, now);
        }
    }
    view
}

fn certificate(role: &'static str, certificate: &Certificate, now: UnixTime) -> CertificateView {
    let validity = Window { start: Some(certificate.not_before()), end: Some(certificate.not_after()) };
    CertificateView {
        role,
        summary: CertificateSummary::of(certificate),
        state: state(validity, now),
        key: KeyFacts::of_spki(&certificate.spki_der()),
    }
}

fn window(window: Window, now: UnixTime) -> WindowView {
    WindowView {
        state: state(window, now),
        from: window.start.map(|t| t.to_string()),
        until: window.end.map(|t| t.to_string()),
    }
}

fn state(window: Window, now: UnixTime) -> &'static str {
    match window {
        window if window.is_empty() => "never",
        window if window.contains(now) => "current",
        Window { start: Some(start), .. } if now < start => "future",
        _ => "past",
    }
}

fn log(listed: &Listed<Log>, kind: Kind, now: UnixTime) -> LogView {
    let mut view = LogView {
        address: listed.address.clone(),
        operator: listed.operator.clone(),
        may_sign: match kind {
            Kind::Entries => "log entries and checkpoints",
            Kind::Certificates => "certificate timestamps (SCTs)",
        },
        window: None,
        key: None,
        log_id: None,
        log_id_is: None,
        left_out: None,
        problems: Vec::new(),
    };
    match &listed.service {
        Err(reason) => view.left_out = Some(reason.clone()),
        Ok(log) => {
            view.window = Some(window(log.valid_for, now));
            view.key = Some(KeyFacts::of(&log.key));
            view.log_id = Some(hex::encode(&log.log_id));
            view.problems.extend(problems::empty_window(log.valid_for));
            match problems::made_of(log, kind) {
                Ok(made_of) => view.log_id_is = Some(made_of),
                Err(message) => view.problems.push(Problem { code: "log-id", message }),
            }
        }
    }
    view
}
