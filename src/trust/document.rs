//! A trusted root as a document: nothing of it is lost when it is written again.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::encode::{authority_json, log_json};
use super::trusted_root::{MAX_SIZE, MEDIA_TYPES, Parsed, Service, WHAT, parse};
use super::{CertificateAuthority, Log, TrustedRoot, Window};
use crate::crypto::{DecodeError, UnixTime, json};

/// A trusted root as a document (`dev.sigstore.trustroot.v1.TrustedRoot`): every service with its JSON as it was read. What
/// verifies is made of it by [`RootDocument::into_trusted_root`]; this type is for whoever shows or composes documents.
#[derive(Debug, Clone)]
pub struct RootDocument {
    media_type: String,
    /// Certificate authorities (Fulcio or private).
    pub certificate_authorities: Vec<Listed<CertificateAuthority>>,
    /// Transparency logs (Rekor).
    pub logs: Vec<Listed<Log>>,
    /// Certificate transparency logs.
    pub ct_logs: Vec<Listed<Log>>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Listed<CertificateAuthority>>,
}

/// A service of a document.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// Its address; a label.
    pub address: String,
    /// Who runs it; a label, often empty.
    pub operator: String,
    /// What it says, or why this program leaves it out: one line.
    pub service: Result<T, String>,
    json: Value,
}

impl Default for RootDocument {
    /// A document without services, of the version that cosign writes.
    fn default() -> Self {
        let [media_type, ..] = MEDIA_TYPES;
        Self {
            media_type: media_type.to_owned(),
            certificate_authorities: Vec::new(),
            logs: Vec::new(),
            ct_logs: Vec::new(),
            timestamp_authorities: Vec::new(),
        }
    }
}

impl RootDocument {
    /// Parses the JSON; see [`TrustedRoot::from_json`].
    ///
    /// # Errors
    /// As [`TrustedRoot::from_json`].
    pub fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        if text.len() > MAX_SIZE {
            let reason = format!("{} bytes, above the limit of {MAX_SIZE}", text.len());
            return Err(DecodeError::whole(WHAT, reason));
        }
        let mut value = json::parse(WHAT, text)?;
        let Parsed { media_type, certificate_authorities, logs, ct_logs, timestamp_authorities } =
            parse(&value)?;
        Ok(Self {
            media_type,
            certificate_authorities: listed(
                &mut value,
                &["certificateAuthorities", "certificate_authorities"],
                certificate_authorities,
            ),
            logs: listed(&mut value, &["tlogs"], logs),
            ct_logs: listed(&mut value, &["ctlogs"], ct_logs),
            timestamp_authorities: listed(
                &mut value,
                &["timestampAuthorities", "timestamp_authorities"],
                timestamp_authorities,
            ),
        })
    }

    /// The media type, which tells the version.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The JSON, members in the order in which cosign writes them, without a final newline. Services that were read are
    /// written as they were read.
    pub fn to_json(&self) -> String {
        let mut members = Map::new();
        members.insert("mediaType".to_owned(), self.media_type.as_str().into());
        for (name, list) in [
            ("tlogs", values(&self.logs)),
            ("certificateAuthorities", values(&self.certificate_authorities)),
            ("ctlogs", values(&self.ct_logs)),
            ("timestampAuthorities", values(&self.timestamp_authorities)),
        ] {
            if !list.is_empty() {
                members.insert(name.to_owned(), Value::Array(list));
            }
        }
        Value::Object(members).to_string()
    }

    /// What a verification may rely on; `source` is its name in messages.
    pub fn into_trusted_root(self, source: &str) -> TrustedRoot {
        let mut skipped = Vec::new();
        TrustedRoot {
            source: source.to_owned(),
            certificate_authorities: usable(self.certificate_authorities, &mut skipped),
            logs: usable(self.logs, &mut skipped),
            ct_logs: usable(self.ct_logs, &mut skipped),
            timestamp_authorities: usable(self.timestamp_authorities, &mut skipped),
            skipped,
        }
    }
}

fn listed<T>(document: &mut Value, names: &[&str], services: Vec<Service<T>>) -> Vec<Listed<T>> {
    // At most one of the names is there; absence and `null` are the empty list.
    let elements = names.iter().find_map(|name| match document.get_mut(name).map(Value::take) {
        Some(Value::Array(elements)) => Some(elements),
        _ => None,
    });
    let elements = elements.unwrap_or_default();
    let listed = |(Service { address, operator, service }, json)| Listed { address, operator, service, json };
    services.into_iter().zip(elements).map(listed).collect()
}

fn values<T>(list: &[Listed<T>]) -> Vec<Value> {
    list.iter().map(|listed| listed.json.clone()).collect()
}

fn usable<T>(list: Vec<Listed<T>>, skipped: &mut Vec<String>) -> Vec<T> {
    list.into_iter().filter_map(|listed| listed.service.map_err(|reason| skipped.push(reason)).ok()).collect()
}

impl From<Log> for Listed<Log> {
    fn from(log: Log) -> Self {
        Self {
            address: log.base_url.clone(),
            operator: String::new(),
            json: log_json(&log),
            service: Ok(log),
        }
    }
}

impl From<CertificateAuthority> for Listed<CertificateAuthority> {
    /// The document knows one anchor for each authority: the last one is taken, and the others count as certificates below
    /// it, as they did where the document was read.
    fn from(authority: CertificateAuthority) -> Self {
        let json = authority_json(&authority);
        Self { address: authority.uri.clone(), operator: String::new(), json, service: Ok(authority) }
    }
}

impl From<&TrustedRoot> for RootDocument {
    fn from(root: &TrustedRoot) -> Self {
        let authorities = |list: &[CertificateAuthority]| {
            let single = |authority: &CertificateAuthority| {
                let of = |anchor| CertificateAuthority { anchors: vec![anchor], ..authority.clone() };
                authority.anchors.iter().cloned().map(of).map(Listed::from).collect::<Vec<_>>()
            };
            list.iter().flat_map(single).collect()
        };
        let logs = |list: &[Log]| list.iter().map(|log| Listed::from(started(log))).collect();
        Self {
            certificate_authorities: authorities(&root.certificate_authorities),
            logs: logs(&root.logs),
            ct_logs: logs(&root.ct_logs),
            timestamp_authorities: authorities(&root.timestamp_authorities),
            ..Self::default()
        }
    }
}

fn started(log: &Log) -> Log {
    let start = log.valid_for.start.or(Some(UnixTime::from_seconds(0)));
    Log { valid_for: Window { start, ..log.valid_for }, ..log.clone() }
}
