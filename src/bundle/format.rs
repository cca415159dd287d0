//! Which format a document is in, by its content.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::detached::Detached;
use super::{MAX_DOCUMENT, Raw, SignedEntity, legacy, looks, sigstore};
use crate::crypto::{DecodeError, json};
use crate::payload::Envelope;

const WHAT: &str = "bundle";

/// The formats that a single document may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Sigstore protobuf bundle v0.1, v0.2, v0.3.
    Sigstore,
    /// The JSON bundle of cosign 1 and 2 (`base64Signature`, `cert`, `rekorBundle`).
    Legacy,
    /// A bare DSSE envelope.
    Envelope,
}

/// A decoded document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What it was.
    pub format: Format,
    /// What it holds. Legacy documents whose envelope has several signatures give one entity for each.
    pub entities: Vec<SignedEntity>,
}

/// Recognises and decodes a document. An unreadable document is an error that says what it looked like; no other format
/// is tried then.
///
/// # Errors
/// Empty, larger than [`MAX_DOCUMENT`], not a JSON object, none of the formats or the members of two, and the errors of
/// the format's own decoder.
pub fn decode(document: &[u8]) -> Result<Decoded, DecodeError> {
    // White space at the start stays: it counts in the lines that errors name.
    let document = super::without_mark(document);
    let text = document.trim_ascii();
    if text.is_empty() {
        return Err(DecodeError::whole(WHAT, looks::EMPTY));
    }
    if text.len() > MAX_DOCUMENT {
        let reason = format!("{} bytes, above the limit of {MAX_DOCUMENT}", text.len());
        return Err(DecodeError::whole(WHAT, reason).over_limit());
    }
    if !text.starts_with(b"{") {
        let seen = looks::like(text);
        return Err(DecodeError::whole(WHAT, format!("not a JSON object; it looks like {seen}")));
    }
    let value = match json::parse(WHAT, document) {
        Err(_) if looks::several_json_objects(text) => {
            return Err(DecodeError::whole(WHAT, format!("not a single document but {}", looks::like(text))));
        }
        parsed => parsed?,
    };
    let Value::Object(members) = &value else {
        return Err(DecodeError::whole(WHAT, "not a JSON object"));
    };
    let format = recognise(members)?;
    let entities = match format {
        Format::Sigstore => vec![sigstore::decode(&value)?],
        Format::Legacy => legacy::decode(&value)?,
        Format::Envelope => {
            let parsed = Envelope::from_value("DSSE envelope", "", &value)?;
            drop(value);
            Detached::default().envelope(Raw { bytes: text.to_vec(), parsed })?
        }
    };
    Ok(Decoded { format, entities })
}

fn recognise(members: &Map<String, Value>) -> Result<Format, DecodeError> {
    let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    let sigstore = ["mediaType", "media_type", "verificationMaterial", "verification_material"];
    let found = [
        (has(&sigstore), Format::Sigstore),
        (has(&["base64Signature"]), Format::Legacy),
        (has(&["payloadType", "payload_type"]), Format::Envelope),
    ];
    let mut found = found.iter().filter(|(there, _)| *there).map(|(_, format)| *format);
    match (found.next(), found.next()) {
        (Some(format), None) => Ok(format),
        (Some(_), Some(_)) => Err(DecodeError::whole(WHAT, "it has the members of two formats at once")),
        (None, _) => Err(DecodeError::whole(WHAT, unknown(members))),
    }
}

/// What an unknown JSON object is, where its members tell.
fn unknown(members: &Map<String, Value>) -> String {
    let has = |name: &str| members.contains_key(name);
    let guess = if has("attestations") {
        "the answer of a forge's attestation service; the bundles are inside, one in each `bundle`"
    } else if has("SignedRFC3161Timestamp") {
        "a detached timestamp"
    } else if has("SignedEntryTimestamp") {
        "a log entry on its own"
    } else if has("_type") {
        "an in-toto statement without a signature"
    } else if has("Base64Signature") {
        "the output of `cosign download signature`"
    } else if has("critical") {
        "the payload of an image signature"
    } else if members.is_empty() {
        "an empty object"
    } else {
        return format!("not a bundle but a JSON object with {}", names(members));
    };
    format!("not a bundle but {guess}")
}

fn names(members: &Map<String, Value>) -> String {
    let shown: Vec<_> =
        members.keys().take(5).map(|n| format!("`{}`", n.chars().take(40).collect::<String>())).collect();
    let more = if members.len() > shown.len() { " and more" } else { "" };
    format!("{}{more}", shown.join(", "))
}
