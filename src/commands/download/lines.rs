//! The lines of downloads.

use serde::Serialize;

use crate::bundle::{Content, SignedEntity, VerificationMaterial, legacy};
use crate::crypto::{DecodeError, base64, json};
use crate::payload::Envelope;
use crate::x509::Certificate;

/// A JSON document on one line: its own text, without the white space between its tokens.
///
/// # Errors
/// It is not JSON, or has duplicate members.
pub(super) fn one_line(what: &'static str, document: &[u8]) -> Result<String, DecodeError> {
    json::parse(what, document)?;
    let text = std::str::from_utf8(document).map_err(|_| DecodeError::whole(what, "is not UTF-8"))?;
    let (mut out, mut inside, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if inside {
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            inside = c == '"';
        }
        if inside || !matches!(c, ' ' | '\t' | '\r' | '\n') {
            out.push(c);
        }
    }
    Ok(out)
}

/// A signature as cosign 2 shows it: members in the order of its structure. Of a certificate only `Raw` (DER in base64) is
/// written; the rest of what cosign writes there is Go's view of the same bytes, and differs from version to version.
pub(super) fn signature(entity: &SignedEntity) -> String {
    let payload = match &entity.content {
        Content::SimpleSigning { payload, .. } => payload.bytes.as_slice(),
        Content::Envelope(envelope) => envelope.parsed.payload.as_slice(),
        Content::Message { .. } => &[],
    };
    let chain = match &entity.material {
        VerificationMaterial::Certificate(chain) => chain.as_slice(),
        VerificationMaterial::PublicKey { .. } => &[],
    };
    let above: Vec<_> = chain.iter().skip(1).map(Raw::of).collect();
    let bundle = entity.log_entries.iter().find_map(legacy::encode_rekor_bundle);
    let line = Signature {
        signature: base64::encode(entity.content.signature()),
        payload: base64::encode(payload),
        certificate: chain.first().map(Raw::of),
        chain: (!above.is_empty()).then_some(above),
        // The text is JSON that was just written.
        bundle: bundle.and_then(|text| serde_json::from_str(&text).ok()),
        timestamp: entity
            .timestamps
            .first()
            .map(|token| serde_json::json!({ "SignedRFC3161Timestamp": base64::encode(token) })),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

#[derive(Serialize)]
struct Signature {
    #[serde(rename = "Base64Signature")]
    signature: String,
    #[serde(rename = "Payload")]
    payload: String,
    #[serde(rename = "Cert")]
    certificate: Option<Raw>,
    #[serde(rename = "Chain")]
    chain: Option<Vec<Raw>>,
    #[serde(rename = "Bundle")]
    bundle: Option<Box<serde_json::value::RawValue>>,
    #[serde(rename = "RFC3161Timestamp")]
    timestamp: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Raw {
    #[serde(rename = "Raw")]
    der: String,
}

impl Raw {
    fn of(certificate: &Certificate) -> Self {
        Self { der: base64::encode(certificate.der()) }
    }
}

/// An envelope as cosign 2 shows it: `payloadType`, `payload`, `signatures` with `keyid` and `sig`.
pub(super) fn envelope(envelope: &Envelope) -> String {
    let signatures: Vec<_> = envelope
        .signatures
        .iter()
        .map(|s| serde_json::json!({ "keyid": s.keyid, "sig": base64::encode(&s.sig) }))
        .collect();
    serde_json::json!({
        "payloadType": envelope.payload_type,
        "payload": base64::encode(&envelope.payload),
        "signatures": signatures,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_keeps_every_token() {
        let text = b" {\n \"a b\" : [1.0, 1e300 ,\"\\\" \\\\\" ,\" \" ] ,\t\"c\":{} }\r\n";
        assert_eq!(one_line("thing", text).unwrap(), r#"{"a b":[1.0,1e300,"\" \\"," "],"c":{}}"#);
        for bad in [&b""[..], b"{", b"{\"a\":1,\"a\":2}", b"x", b"{} {}"] {
            assert!(one_line("thing", bad).is_err());
        }
    }
}
