//! Sigstore signing config v0.2 (`dev.sigstore.trustroot.v1.SigningConfig`, sigstore/protobuf-specs).

mod select;
#[cfg(test)]
#[cfg(feature = "public-root")]
mod tests;

pub use select::{LOG_VERSIONS, SelectError};

use serde_json::{Map, Value, json};

use super::{Window, encode, trusted_root::window};
use crate::crypto::proto_json::{Enumerator, Message};
use crate::crypto::{self, DecodeError};

const WHAT: &str = "signing config";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
const MAX_SIZE: usize = 1024 * 1024;
const MAX_SERVICES: usize = 256;

/// Which services to sign with, as the document says; `select` chooses among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningConfig {
    /// Certificate authorities (Fulcio).
    pub certificate_authorities: Vec<Service>,
    /// OpenID Connect providers.
    pub oidc_providers: Vec<Service>,
    /// Transparency logs (Rekor).
    pub logs: Vec<Service>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
    /// How many of the logs to use.
    pub log_selection: Selection,
    /// How many of the timestamp authorities to use.
    pub timestamp_selection: Selection,
}

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Its address.
    pub url: String,
    /// The major version of its interface.
    pub major_api_version: u32,
    /// When it may be used.
    pub valid_for: Window,
    /// Who runs it; services of one operator are not independent.
    pub operator: String,
}

/// How many services of a kind to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Selection {
    /// The document does not say; an error only where there are services to select from.
    #[default]
    Undefined,
    /// Every one.
    All,
    /// Any one.
    Any,
    /// Exactly as many, of different operators.
    Exact(u32),
}

impl SigningConfig {
    /// Parses the JSON (proto3 JSON freedoms as in bundles).
    ///
    /// # Errors
    /// Another media type (v0.1 had another shape), a service without address or interface version, an unknown selector,
    /// `EXACT` without a count, more than 1 MiB or 256 services of a kind; unknown, repeated or wrongly typed members.
    pub fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        if text.len() > MAX_SIZE {
            let reason = format!("{} bytes, above the limit of {MAX_SIZE}", text.len());
            return Err(DecodeError::whole(WHAT, reason));
        }
        let value = crypto::json::parse(WHAT, text)?;
        let fields =
            &["mediaType", "caUrls", "oidcUrls", "rekorTlogUrls", "rekorTlogConfig", "tsaUrls", "tsaConfig"];
        let config = Message::document(WHAT, &value, fields)?;
        let media_type = config.required_text("mediaType")?;
        if media_type != MEDIA_TYPE {
            let reason = format!("not that of a signing config v0.2: `{media_type}`");
            return Err(config.error("mediaType", reason));
        }
        Ok(Self {
            certificate_authorities: services(&config, "caUrls")?,
            oidc_providers: services(&config, "oidcUrls")?,
            logs: services(&config, "rekorTlogUrls")?,
            timestamp_authorities: services(&config, "tsaUrls")?,
            log_selection: selection(&config, "rekorTlogConfig")?,
            timestamp_selection: selection(&config, "tsaConfig")?,
        })
    }

    /// The JSON, members in the order in which cosign writes them, without a final newline.
    pub fn to_json(&self) -> String {
        let mut members = Map::new();
        members.insert("mediaType".to_owned(), MEDIA_TYPE.into());
        let mut list = |name: &str, services: &[Service]| {
            if !services.is_empty() {
                members.insert(name.to_owned(), services.iter().map(service_json).collect());
            }
        };
        list("caUrls", &self.certificate_authorities);
        list("oidcUrls", &self.oidc_providers);
        list("rekorTlogUrls", &self.logs);
        members.insert("rekorTlogConfig".to_owned(), selection_json(self.log_selection));
        if !self.timestamp_authorities.is_empty() {
            let services = self.timestamp_authorities.iter().map(service_json).collect();
            members.insert("tsaUrls".to_owned(), services);
        }
        members.insert("tsaConfig".to_owned(), selection_json(self.timestamp_selection));
        Value::Object(members).to_string()
    }
}

fn service_json(service: &Service) -> Value {
    let mut members = Map::new();
    encode::text(&mut members, "url", &service.url);
    members.insert("majorApiVersion".to_owned(), service.major_api_version.into());
    encode::window(&mut members, service.valid_for);
    encode::text(&mut members, "operator", &service.operator);
    Value::Object(members)
}

fn selection_json(selection: Selection) -> Value {
    match selection {
        Selection::Undefined => json!({}),
        Selection::All => json!({ "selector": "ALL" }),
        Selection::Any => json!({ "selector": "ANY" }),
        Selection::Exact(count) => json!({ "selector": "EXACT", "count": count }),
    }
}

fn services(config: &Message<'_>, field: &str) -> Result<Vec<Service>, DecodeError> {
    let service = |message: &Message<'_>| {
        let major_api_version = message.uint32("majorApiVersion")?;
        if major_api_version == 0 {
            return Err(message.error("majorApiVersion", "missing"));
        }
        Ok(Service {
            url: message.required_text("url")?.to_owned(),
            major_api_version,
            valid_for: window(message)?.unwrap_or_default(),
            operator: message.text("operator")?.to_owned(),
        })
    };
    let fields = &["url", "majorApiVersion", "validFor", "operator"];
    config.messages(field, MAX_SERVICES, fields)?.iter().map(service).collect()
}

fn selection(config: &Message<'_>, field: &str) -> Result<Selection, DecodeError> {
    const SELECTORS: [&str; 4] = ["SERVICE_SELECTOR_UNDEFINED", "ALL", "ANY", "EXACT"];
    let Some(message) = config.message(field, &["selector", "count"])? else {
        return Ok(Selection::Undefined);
    };
    let count = message.uint32("count")?;
    match message.enumerator("selector", &SELECTORS)? {
        Enumerator::Known(1) => Ok(Selection::All),
        Enumerator::Known(2) => Ok(Selection::Any),
        Enumerator::Known(3) if count > 0 => Ok(Selection::Exact(count)),
        Enumerator::Known(3) => Err(message.error("count", "missing; `EXACT` requires it")),
        Enumerator::Known(_) => Ok(Selection::Undefined),
        Enumerator::Unknown(written) => {
            Err(message.error("selector", format!("unknown selector `{written}`")))
        }
    }
}
