//! What certificates and keys say.

use serde::Serialize;
use serde_json::{Map, Value};

use super::known::Known;
use crate::commands::facts::{CertificateSummary, KeyFacts, NameFacts, Part};
use crate::x509::sct::{self, Sct};
use crate::x509::{Certificate, fulcio};

/// The extensions that have members of their own; of the others only identifier and size are shown.
const SHOWN: [&str; 7] =
    ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37", "1.3.6.1.4.1.11129.2.4.2"];
/// The arc of Fulcio's extensions, shown by their names.
const FULCIO: &str = "1.3.6.1.4.1.57264.1.";

/// A certificate.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    #[serde(flatten)]
    summary: CertificateSummary,
    subject_alternative_names: Vec<NameFacts>,
    key: KeyFacts,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_algorithm: Option<String>,
    key_usage: Vec<&'static str>,
    extended_key_usage: Vec<String>,
    is_authority: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority_key_id: Option<String>,
    /// Fulcio's extensions: name and value.
    fulcio: Map<String, Value>,
    scts: Vec<SctFacts>,
    other_extensions: Vec<OtherExtension>,
    size: usize,
}

/// An extension that is not shown otherwise.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherExtension {
    oid: String,
    critical: bool,
    #[serde(flatten)]
    value: Part,
}

/// A signed certificate timestamp.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SctFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    log_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Part>,
    /// The bytes of one that lies beside the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Part>,
}

impl CertificateFacts {
    /// Of this certificate.
    pub fn of(certificate: &Certificate, known: &Known) -> Self {
        let fulcio = fulcio_by_name(certificate);
        let shown = |oid: &str| SHOWN.contains(&oid) || (!fulcio.is_empty() && oid.starts_with(FULCIO));
        let others = certificate
            .all_extensions()
            .into_iter()
            .filter(|e| !shown(&e.oid))
            .map(|e| OtherExtension { value: Part::of(&e.value), oid: e.oid, critical: e.critical });
        let scts = sct::embedded(certificate).unwrap_or_default();
        Self {
            summary: CertificateSummary::of(certificate),
            subject_alternative_names: NameFacts::all_of(certificate),
            key: KeyFacts::of_spki(&certificate.spki_der()),
            signature_algorithm: certificate.signature_scheme().ok().map(|s| s.to_string()),
            key_usage: certificate.key_usage(),
            extended_key_usage: certificate.extended_key_usage().unwrap_or_default(),
            is_authority: certificate.is_ca(),
            path_length: certificate.path_length(),
            subject_key_id: certificate.subject_key_id().map(hex::encode),
            authority_key_id: certificate.authority_key_id().map(hex::encode),
            other_extensions: others.collect(),
            scts: scts.iter().map(|s| SctFacts::of(s, known)).collect(),
            size: certificate.der().len(),
            fulcio,
        }
    }
}

/// Names as Fulcio's `oid-info` titles them. An extension whose name is not known has its identifier for one.
fn fulcio_by_name(certificate: &Certificate) -> Map<String, Value> {
    let Ok(extensions) = fulcio::extensions(certificate) else { return Map::new() };
    let named = [
        ("Issuer", extensions.issuer),
        ("GitHub Workflow Trigger", extensions.github_workflow_trigger),
        ("GitHub Workflow SHA", extensions.github_workflow_sha),
        ("GitHub Workflow Name", extensions.github_workflow_name),
        ("GitHub Workflow Repository", extensions.github_workflow_repository),
        ("GitHub Workflow Ref", extensions.github_workflow_ref),
    ];
    let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let others = extensions
        .others
        .into_iter()
        .map(|(oid, name, value)| (if name.starts_with("unknown") { oid } else { name.to_owned() }, value));
    named.chain(others).map(|(name, value)| (name, Value::String(value))).collect()
}

impl SctFacts {
    fn of(sct: &Sct, known: &Known) -> Self {
        Self {
            log_id: Some(hex::encode(sct.log_id)),
            listed_as: known.ct_log(&sct.log_id),
            time: Some(sct.time.to_string()),
            extensions: Some(&sct.extensions).filter(|e| !e.is_empty()).map(|e| Part::of(e)),
            signature: Some(Part::of(&sct.signature)),
            document: None,
        }
    }

    /// Of one that lies beside the certificate.
    pub fn detached(bytes: &[u8], known: &Known) -> Self {
        let blank = Self {
            log_id: None,
            listed_as: None,
            time: None,
            extensions: None,
            signature: None,
            document: None,
        };
        let facts = sct::parse_detached(bytes).map_or(blank, |sct| Self::of(&sct, known));
        Self { document: Some(Part::of(bytes)), ..facts }
    }
}
